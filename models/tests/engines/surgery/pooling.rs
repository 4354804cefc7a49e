//! Means computed in the graph against means computed here.

use ndarray::{Array, ArrayD, Axis as Along, IxDyn, Slice};
use phonoscope_analysis::task::Cancel;
use phonoscope_models::engine::Engine;
use phonoscope_models::graph::{POOL, Pooled, pooled};
use phonoscope_models::wire::{Attribute, Suffix};
use phonoscope_models::{Axis, Error, Field, GraphBytes, Tap, Timing};

use crate::graphs::{Float32, array};
use crate::{engines, run};

/// First and last frame; the last two reach beyond the 23 frames that there are.
const SPANS: [(f32, f32); 6] = [
    (0.0, 22.0),
    (0.0, 0.0),
    (3.0, 9.0),
    (22.0, 22.0),
    (20.0, 40.0),
    (30.0, 40.0),
];
const FRAMES: usize = 23;
/// Rounding of a mean of a few dozen 32-bit floats, relative to the largest value.
const TOLERANCE: f64 = 2e-6;
/// Rounding to 16-bit floats: an engine may leave it out on the way to a mean.
const HALF_TOLERANCE: f64 = 5e-4;

fn tap(tensor: &str, axes: &[Axis], stride: u32) -> Tap {
    Tap {
        name: format!("tap of {tensor}"),
        tensor: tensor.to_owned(),
        axes: axes.to_vec(),
        dim: None,
        timing: Some(Timing {
            stride,
            field: Field::Unbounded,
        }),
        meaning: String::new(),
    }
}

/// `x` [batch, time, head, dim] seen in every order of axes that speech models use.
fn orders(ir_version: i64, opset: i64) -> (GraphBytes, Vec<Tap>) {
    use Axis::{Batch, Dim, Freq, Head, Time};
    let mut graph = Suffix::new();
    graph
        .header(ir_version, opset, "phonoscope tests")
        .graph_name("orders")
        .input(
            "x",
            Float32,
            &["batch".into(), "time".into(), 2.into(), 3.into()],
        );
    let mut taps = vec![tap("same", &[Batch, Time, Head, Dim], 160)];
    graph.node("Relu", &["x"], &["same"], &[]);
    let moved: [(&str, [i64; 4], [Axis; 4], u32); 4] = [
        ("heads", [0, 2, 1, 3], [Batch, Head, Time, Dim], 160),
        ("image", [0, 2, 3, 1], [Batch, Dim, Freq, Time], 320),
        ("recurrent", [1, 2, 0, 3], [Time, Head, Batch, Dim], 160),
        ("odd", [2, 0, 1, 3], [Head, Batch, Time, Dim], 160),
    ];
    for (name, order, axes, stride) in moved {
        graph.node(
            "Transpose",
            &["x"],
            &[name],
            &[("perm", Attribute::Ints(&order))],
        );
        taps.push(tap(name, &axes, stride));
    }
    let reduced: [(&str, &str, &[i64], &[Axis]); 5] = [
        ("rows", "same", &[2], &[Batch, Time, Dim]),
        ("columns", "image", &[2], &[Batch, Dim, Time]),
        ("energy", "same", &[2, 3], &[Batch, Time]),
        ("single", "same", &[0, 2], &[Time, Dim]),
        ("scores", "same", &[0, 2, 3], &[Time]),
    ];
    for (name, of, axes, named) in reduced {
        if opset < 18 {
            let settings = [
                ("axes", Attribute::Ints(axes)),
                ("keepdims", Attribute::Int(0)),
            ];
            graph.node("ReduceMean", &[of], &[name], &settings);
        } else {
            let list = format!("{name}.axes");
            graph.init_i64(&list, &[axes.len() as i64], axes).node(
                "ReduceMean",
                &[of, &list],
                &[name],
                &[("keepdims", Attribute::Int(0))],
            );
        }
        taps.push(tap(name, named, 640));
    }
    graph.output("same");
    (GraphBytes::new(graph.finish()), taps)
}

/// `[batch, span, feature]` of an activation, in 64 bits.
fn on_host(tap: &Tap, activation: &ArrayD<f32>) -> ArrayD<f64> {
    let place = |of: Axis| tap.axes.iter().position(|axis| *axis == of);
    let mut activation = activation.mapv(f64::from);
    let time = place(Axis::Time).unwrap();
    let (batch, time) = match place(Axis::Batch) {
        Some(batch) => (batch, time),
        None => {
            activation.insert_axis_inplace(Along(0));
            (0, time + 1)
        }
    };
    let rest = (0..activation.ndim()).filter(|axis| *axis != batch && *axis != time);
    let order: Vec<usize> = [batch, time].into_iter().chain(rest).collect();
    let activation = activation
        .permuted_axes(order)
        .as_standard_layout()
        .into_owned();
    let (items, frames) = (activation.len_of(Along(0)), activation.len_of(Along(1)));
    let features = activation.len() / items / frames;
    let flat = activation
        .into_shape_with_order((items, frames, features))
        .unwrap();
    let mut means = Array::zeros((items, SPANS.len(), features));
    for (s, (first, last)) in SPANS.iter().enumerate() {
        let end = frames as isize - 1;
        let (first, last) = ((*first as isize).min(end), (*last as isize).min(end));
        let frames = flat.slice_axis(Along(1), Slice::new(first, Some(last + 1), 1));
        means
            .index_axis_mut(Along(1), s)
            .assign(&frames.mean_axis(Along(1)).unwrap());
    }
    means.into_dyn()
}

fn spans() -> ArrayD<f32> {
    Array::from_shape_fn(IxDyn(&[SPANS.len(), 2]), |at| {
        let (first, last) = SPANS[at[0]];
        if at[1] == 0 { first } else { last }
    })
}

fn check(engine: &dyn Engine, graph: &GraphBytes, taps: &[Tap], pooled: &Pooled, tolerance: f64) {
    let x = array(&[2, FRAMES, 2, 3], 5);
    let tensors: Vec<&str> = taps.iter().map(|tap| tap.tensor.as_str()).collect();
    let frames = run(engine, graph, &tensors, &[("x", &x)]);
    let spans = spans();
    let mut feed = vec![("x", x.view())];
    feed.extend(
        pooled
            .inputs
            .iter()
            .map(|input| (input.name.as_str(), spans.view())),
    );
    let means = engine
        .open(&pooled.graph, &pooled.outputs)
        .and_then(|mut session| session.run(&feed, &Cancel::new()))
        .unwrap_or_else(|error| panic!("{}: {error}", engine.info()));
    for ((tap, frames), means) in taps.iter().zip(&frames).zip(&means) {
        let expected = on_host(tap, frames);
        assert_eq!(
            means.shape(),
            expected.shape(),
            "{}: {}",
            engine.info(),
            tap.tensor
        );
        let largest = frames.iter().fold(0.0f64, |m, v| m.max(f64::from(v.abs())));
        for (mean, expected) in means.iter().zip(&expected) {
            let off = (f64::from(*mean) - expected).abs() / largest;
            assert!(
                off <= tolerance,
                "{}: {}: {off:e}",
                engine.info(),
                tap.tensor
            );
        }
    }
}

#[test]
fn means_in_the_graph_are_the_means_of_the_frames() {
    for engine in engines() {
        for (ir_version, opset) in [
            (3, 7),
            (3, 8),
            (4, 9),
            (5, 10),
            (6, 11),
            (7, 12),
            (7, 13),
            (8, 17),
            (8, 18),
            (9, 19),
            (10, 21),
        ] {
            let (graph, taps) = orders(ir_version, opset);
            let pooled = pooled(&graph, &taps).unwrap();
            let named: Vec<_> = pooled
                .inputs
                .iter()
                .map(|i| (i.name.as_str(), i.stride))
                .collect();
            assert_eq!(
                named,
                [(POOL, 160), ("probe/pool/1", 320), ("probe/pool/2", 640)]
            );
            check(&*engine, &graph, &taps, &pooled, TOLERANCE);
        }
    }
}

#[test]
fn a_graph_can_be_pooled_twice() {
    let (graph, taps) = orders(8, 17);
    let once = pooled(&graph, &taps[..2]).unwrap();
    let twice = pooled(&once.graph, &taps[2..]).unwrap();
    assert!(
        once.inputs
            .iter()
            .all(|input| !twice.inputs.contains(input))
    );
    let both = Pooled {
        inputs: [once.inputs, twice.inputs].concat(),
        outputs: [once.outputs, twice.outputs].concat(),
        graph: twice.graph,
    };
    for engine in engines() {
        check(&*engine, &graph, &taps, &both, TOLERANCE);
    }
}

#[test]
fn halves_are_pooled_as_floats() {
    let mut graph = Suffix::new();
    graph
        .header(8, 17, "phonoscope tests")
        .graph_name("half")
        .input(
            "x",
            Float32,
            &["batch".into(), "time".into(), 2.into(), 3.into()],
        )
        .node("Cast", &["x"], &["half"], &[("to", Attribute::Int(10))])
        .node("Neg", &["half"], &["minus"], &[])
        .output("minus");
    let graph = GraphBytes::new(graph.finish());
    let taps = [tap(
        "minus",
        &[Axis::Batch, Axis::Time, Axis::Head, Axis::Dim],
        1,
    )];
    let pooled = pooled(&graph, &taps).unwrap();
    for engine in engines() {
        check(&*engine, &graph, &taps, &pooled, HALF_TOLERANCE);
    }
}

#[test]
fn taps_without_time_are_read_as_they_are() {
    let (graph, _) = orders(8, 17);
    let still = Tap {
        timing: None,
        ..tap("energy", &[Axis::Batch, Axis::Dim], 1)
    };
    let pooled = pooled(&graph, &[still]).unwrap();
    assert_eq!(pooled.outputs, ["energy"]);
    assert_eq!((pooled.graph, pooled.inputs.len()), (graph, 0));
}

#[test]
fn what_cannot_be_pooled_says_why() {
    use Axis::{Batch, Dim, Head, Key, Time, Window};
    let (graph, _) = orders(8, 17);
    let untimed = Tap {
        timing: None,
        ..tap("rows", &[Batch, Time, Dim], 1)
    };
    for (tap, why) in [
        (
            tap("heads", &[Batch, Head, Time, Key], 1),
            "attention weights",
        ),
        (untimed, "frame rate"),
        (
            tap("heads", &[Batch, Window, Time, Dim], 1),
            "both a batch and a window",
        ),
        (
            tap("rows", &[Batch, Time, Time], 1),
            "more than one time axis",
        ),
    ] {
        let error = pooled(&graph, std::slice::from_ref(&tap)).unwrap_err();
        assert!(matches!(error, Error::Surgery { .. }));
        let text = error.to_string();
        assert!(text.contains(why) && text.contains(&tap.name), "{text}");
        assert!(error.hint().is_some() && error.is_input());
    }
    let misspelled = pooled(&graph, &[tap("row", &[Batch, Time, Dim], 1)]).unwrap_err();
    assert!(misspelled.hint().unwrap().contains("rows"), "{misspelled}");
    let declared = {
        let mut more = Suffix::new();
        more.inner("rows", Float32, &["batch".into(), "time".into(), 3.into()]);
        GraphBytes::new([graph.bytes(), &more.finish()].concat())
    };
    let wrong = pooled(&declared, &[tap("rows", &[Batch, Head, Time, Dim], 1)]).unwrap_err();
    assert!(wrong.to_string().contains("3 axes, and 4"), "{wrong}");
}

#[test]
fn an_old_graph_whose_operators_changed_is_refused() {
    let mut graph = Suffix::new();
    graph
        .header(3, 7, "phonoscope tests")
        .graph_name("old")
        .input("x", Float32, &[1.into(), 1.into(), "time".into(), 3.into()])
        .node(
            "Upsample",
            &["x"],
            &["y"],
            &[("mode", Attribute::Text("nearest"))],
        )
        .output("y");
    let graph = GraphBytes::new(graph.finish());
    let taps = [tap(
        "y",
        &[Axis::Batch, Axis::Head, Axis::Time, Axis::Dim],
        1,
    )];
    let error = pooled(&graph, &taps).unwrap_err().to_string();
    assert!(
        error.contains("version 7") && error.contains("`Upsample`"),
        "{error}"
    );
}

#[test]
fn pooling_leaves_the_outputs_bit_identical() {
    let (graph, taps) = orders(8, 17);
    let pooled = pooled(&graph, &taps).unwrap();
    let x = array(&[2, FRAMES, 2, 3], 5);
    let spans = spans();
    for engine in engines() {
        let plain = run(&*engine, &graph, &["same"], &[("x", &x)]);
        let mut feed = vec![("x", &x)];
        let inputs = pooled.inputs.iter();
        feed.extend(inputs.map(|input| (input.name.as_str(), &spans)));
        assert_eq!(run(&*engine, &pooled.graph, &["same"], &feed), plain);
    }
}
