//! Changed values and what follows from them.

use ndarray::{Array2, ArrayD, Axis, Ix2, arr1};
use phonoscope_models::GraphBytes;
use phonoscope_models::engine::Engine;
use phonoscope_models::graph::{Edit, Intervened, Intervention, intervened};
use phonoscope_models::wire::{Attribute, ElementType, Suffix};

use crate::graphs::{Float32, array, dense, encoder, model, numbers, recurrent};
use crate::{difference, engines, run};

fn changed(graph: &GraphBytes, edits: &[(&str, Edit)]) -> Intervened {
    let edits: Vec<_> = edits
        .iter()
        .map(|(tensor, edit)| Intervention {
            tensor: (*tensor).to_owned(),
            edit: *edit,
        })
        .collect();
    intervened(graph, &edits).unwrap()
}

/// Runs an edited graph, whose edits are given these values in order.
fn go(
    engine: &dyn Engine,
    edited: &Intervened,
    taps: &[&str],
    input: (&str, &ArrayD<f32>),
    values: &[&ArrayD<f32>],
) -> Vec<ArrayD<f32>> {
    let mut feed = vec![input];
    let inputs = edited.inputs.iter().flatten().map(String::as_str);
    feed.extend(inputs.zip(values.iter().copied()));
    assert_eq!(feed.len(), values.len() + 1);
    run(engine, &edited.graph, taps, &feed)
}

/// Graphs with their input and values along the way, the last of which is the output.
fn cases() -> Vec<(GraphBytes, &'static str, ArrayD<f32>, Vec<&'static str>)> {
    vec![
        (
            dense(),
            "x",
            array(&[5, 8], 7),
            vec!["product", "active", "y"],
        ),
        (
            encoder(),
            "x",
            array(&[2, 80, 61], 8),
            vec!["turned", "norm", "probs", "y"],
        ),
        (
            recurrent(),
            "mel",
            array(&[2, 30, 40], 9),
            vec!["flat.0", "last", "embedding"],
        ),
    ]
}

#[test]
fn adding_zero_and_patching_with_itself_change_no_bit() {
    for engine in engines() {
        for (graph, input, x, taps) in cases() {
            let plain = run(&*engine, &graph, &taps, &[(input, &x)]);
            let zero = ArrayD::zeros(ndarray::IxDyn(&[1]));
            for (tap, value) in taps.iter().zip(&plain) {
                let added = changed(&graph, &[(tap, Edit::Add)]);
                let got = go(&*engine, &added, &taps, (input, &x), &[&zero]);
                assert_eq!(got, plain, "{}: {tap} + 0", engine.info());
                let patched = changed(&graph, &[(tap, Edit::Replace)]);
                let got = go(&*engine, &patched, &taps, (input, &x), &[value]);
                assert_eq!(got, plain, "{}: {tap} as it is", engine.info());
            }
        }
    }
}

#[test]
fn zero_is_a_patch_of_zeros_also_where_values_are_not_finite() {
    for engine in engines() {
        for (graph, input, mut x, taps) in cases() {
            x.fill(f32::INFINITY);
            let zeroed = changed(&graph, &[(taps[1], Edit::Zero)]);
            let patched = changed(&graph, &[(taps[1], Edit::Replace)]);
            let after = &taps[1..2];
            let got = go(&*engine, &zeroed, after, (input, &x), &[]);
            let zeros = ArrayD::zeros(got[0].raw_dim());
            let expected = go(&*engine, &patched, after, (input, &x), &[&zeros]);
            assert_eq!(got, expected, "{}", engine.info());
            assert_eq!(got[0], zeros, "{}", engine.info());
        }
    }
}

#[test]
fn a_direction_moves_a_linear_output_by_its_product() {
    let v = Array2::from_shape_vec((16, 4), numbers(64, 3)).unwrap() * 0.5;
    let x = array(&[5, 8], 7);
    let delta = arr1(&numbers(16, 77));
    for engine in engines() {
        let edited = changed(&dense(), &[("active", Edit::Add)]);
        let taps = ["product", "sum", "active", "y"];
        let plain = run(&*engine, &dense(), &taps, &[("x", &x)]);
        let delta_given = delta.clone().into_dyn();
        let got = go(&*engine, &edited, &taps, ("x", &x), &[&delta_given]);
        assert_eq!(got[..2], plain[..2], "{}: upstream", engine.info());
        let moved = &plain[2] + &delta;
        assert_eq!(got[2], moved, "{}: the tap shows it", engine.info());
        let effect = (&got[3] - &plain[3]).into_dimensionality::<Ix2>().unwrap();
        for row in effect.axis_iter(Axis(0)) {
            let off = (&row - &delta.dot(&v)).mapv(f32::abs);
            assert!(off.iter().all(|d| *d < 1e-5), "{}: {off}", engine.info());
        }
        let before = run(
            &*engine,
            &edited.graph,
            &[&edited.before[0]],
            &[
                ("x", &x),
                (edited.inputs[0].as_deref().unwrap(), &delta_given),
            ],
        );
        assert_eq!(before[0], plain[2]);
    }
}

#[test]
fn several_edits_act_at_once_and_in_order() {
    let x = array(&[5, 8], 7);
    let (two, patch) = (
        ArrayD::from_elem(ndarray::IxDyn(&[]), 2.0),
        array(&[5, 16], 3),
    );
    for engine in engines() {
        let edits = [
            ("sum", Edit::Replace),
            ("active", Edit::Add),
            ("active", Edit::Add),
            ("y", Edit::Add),
        ];
        let edited = changed(&dense(), &edits);
        let values = [&patch, &two, &two, &two];
        let got = go(&*engine, &edited, &["active", "y"], ("x", &x), &values);
        let active = patch.mapv(|v| v.max(0.0) + 4.0);
        assert!(difference(&got[0], &active) < 1e-6, "{}", engine.info());
        let onward = changed(&dense(), &[("active", Edit::Replace)]);
        let y = go(&*engine, &onward, &["y"], ("x", &x), &[&got[0]]);
        assert!(
            difference(&got[1], &(&y[0] + 2.0)) < 1e-5,
            "{}",
            engine.info()
        );
    }
}

#[test]
fn inputs_weights_and_outputs_can_be_changed() {
    let x = array(&[5, 8], 7);
    let (delta, bias) = (array(&[5, 8], 8), array(&[16], 9));
    for engine in engines() {
        let edited = changed(&dense(), &[("x", Edit::Add), ("b", Edit::Replace)]);
        assert_eq!(edited.after, ["x/edited", "b/edited"]);
        let taps = ["x/edited", "product", "sum"];
        let got = go(&*engine, &edited, &taps, ("x", &x), &[&delta, &bias]);
        let plain = run(&*engine, &dense(), &["product"], &[("x", &(&x + &delta))]);
        assert_eq!(got[0], &x + &delta, "{}", engine.info());
        assert_eq!(got[1], plain[0], "{}", engine.info());
        assert_eq!(got[2], &got[1] + &bias, "{}", engine.info());
        let silenced = changed(&dense(), &[("y", Edit::Zero)]);
        let got = go(&*engine, &silenced, &["y"], ("x", &x), &[]);
        assert!(got[0].iter().all(|v| *v == 0.0) && got[0].shape() == [5, 4]);
    }
}

/// Weights in eight bits, both ways: `x` → Relu `h` → QuantizeLinear `q` → DequantizeLinear `dq` →
/// MatMul `m`, and from there DynamicQuantizeLinear `r` → MatMulInteger `n` → `y`.
pub(super) fn quantised() -> GraphBytes {
    let mut graph = model("quantised");
    let weights: Vec<u8> = numbers(32, 4)
        .iter()
        .map(|w| (w * 100.0) as i8 as u8)
        .collect();
    graph
        .init_f32("scale", &[], &[0.02])
        .init_raw("zero", ElementType::Uint8, &[], &[3])
        .init_raw("none", ElementType::Int8, &[], &[0])
        .init_raw("w", ElementType::Int8, &[8, 4], &weights)
        .init_raw("v", ElementType::Int8, &[4, 8], &weights)
        .input("x", Float32, &["time".into(), 8.into()])
        .node("Relu", &["x"], &["h"], &[])
        .node("QuantizeLinear", &["h", "scale", "zero"], &["q"], &[])
        .node("DequantizeLinear", &["q", "scale", "zero"], &["dq"], &[])
        .node("DequantizeLinear", &["w", "scale", "none"], &["wdq"], &[])
        .node("MatMul", &["dq", "wdq"], &["m"], &[])
        .node("DynamicQuantizeLinear", &["m"], &["r", "rs", "rz"], &[])
        .node("MatMulInteger", &["r", "v", "rz"], &["n"], &[])
        .node("Cast", &["n"], &["nf"], &[("to", Attribute::Int(1))])
        .node("Mul", &["nf", "rs"], &["y"], &[])
        .output("y");
    GraphBytes::new(graph.finish())
}

#[test]
pub(super) fn quantised_graphs_are_changed_where_they_hold_floats() {
    let x = array(&[5, 8], 7);
    let step = ArrayD::from_elem(ndarray::IxDyn(&[]), 0.02);
    let zero = ArrayD::from_elem(ndarray::IxDyn(&[]), 0.0);
    for engine in engines() {
        let taps = ["h", "q", "dq", "m", "y"];
        let plain = run(&*engine, &quantised(), &taps, &[("x", &x)]);
        let edited = changed(&quantised(), &[("h", Edit::Add)]);
        let got = go(&*engine, &edited, &taps, ("x", &x), &[&step]);
        let steps = &got[1] - &plain[1];
        // Sums that fall between two steps may round either way.
        assert!(steps.iter().all(|s| (0.0..=2.0).contains(s)), "{steps}");
        assert!(steps.iter().filter(|s| **s == 1.0).count() > steps.len() / 2);
        for (at, tap) in [(0, "h"), (2, "dq"), (3, "m"), (4, "y")] {
            let added = changed(&quantised(), &[(tap, Edit::Add)]);
            let patched = changed(&quantised(), &[(tap, Edit::Replace)]);
            for same in [
                go(&*engine, &added, &taps, ("x", &x), &[&zero]),
                go(&*engine, &patched, &taps, ("x", &x), &[&plain[at]]),
            ] {
                if tap == "dq" {
                    // What stands between the two takes the product of integers apart.
                    assert!(difference(&same[3], &plain[3]) < 1e-5);
                } else {
                    assert_eq!(same, plain, "{}: {tap}", engine.info());
                }
            }
        }
    }
    for (tensor, element, instead) in [("q", "u8", "`h`"), ("n", "i32", "floats")] {
        let edit = Intervention {
            tensor: tensor.to_owned(),
            edit: Edit::Add,
        };
        let error = intervened(&quantised(), &[edit]).unwrap_err();
        assert!(
            error.to_string().contains(&format!("holds {element}")),
            "{error}"
        );
        assert!(error.hint().unwrap().contains(instead), "{error:?}");
    }
}

#[test]
fn halves_are_changed_by_floats() {
    let mut graph = Suffix::new();
    graph
        .header(8, 17, "phonoscope tests")
        .graph_name("half")
        .input("x", Float32, &["time".into()])
        .node("Cast", &["x"], &["half"], &[("to", Attribute::Int(10))])
        .node("Neg", &["half"], &["y"], &[])
        .typed_output("y", ElementType::Float16, &["time".into()]);
    let graph = GraphBytes::new(graph.finish());
    let x = array(&[4], 7);
    let quarter = ArrayD::from_elem(ndarray::IxDyn(&[]), 0.25);
    for engine in engines() {
        let edits = [("half", Edit::Add), ("y", Edit::Zero), ("y", Edit::Add)];
        let edited = changed(&graph, &edits);
        let taps = ["half", "y"];
        let got = go(&*engine, &edited, &taps, ("x", &x), &[&quarter, &quarter]);
        assert!(
            difference(&got[0], &(&x + 0.25)) < 2e-3,
            "{}",
            engine.info()
        );
        assert!(got[1].iter().all(|v| *v == 0.25), "{}", engine.info());
    }
}

#[test]
fn a_tensor_that_is_not_there_names_its_neighbours() {
    let edit = Intervention {
        tensor: "actve".to_owned(),
        edit: Edit::Zero,
    };
    let error = intervened(&dense(), &[edit]).unwrap_err();
    assert!(error.to_string().contains("`actve`"), "{error}");
    assert!(error.hint().unwrap().contains("active"), "{error:?}");
}
