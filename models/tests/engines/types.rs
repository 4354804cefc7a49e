//! Element types other than 32-bit floats.

use ndarray::Array;
use phonoscope_analysis::task::Cancel;
use phonoscope_models::GraphBytes;
use phonoscope_models::wire::{Attribute, ElementType};

use crate::graphs::{Float32, array, model};
use crate::{engines, names, onnxruntime, run};

/// `ids` [time] i64 → Gather `rows` → ArgMax `best` i64 → Greater `late` bool.
fn lookup() -> GraphBytes {
    let mut graph = model("lookup");
    graph
        .init_f32("table", &[3, 2], &[0.0, 1.0, 20.0, 10.0, 200.0, 300.0])
        .init_i64("zero", &[], &[0])
        .input("ids", ElementType::Int64, &["time".into()])
        .node("Gather", &["table", "ids"], &["rows"], &[])
        .node(
            "ArgMax",
            &["rows"],
            &["best"],
            &[("axis", Attribute::Int(1)), ("keepdims", Attribute::Int(0))],
        )
        .node("Greater", &["best", "zero"], &["late"], &[])
        .output("late");
    GraphBytes::new(graph.finish())
}

#[test]
fn integers_and_truth_values_go_in_and_out_as_floats() {
    let ids = Array::from_vec(vec![2.0, 0.0, 1.0]).into_dyn();
    for engine in engines() {
        let got = run(
            &*engine,
            &lookup(),
            &["rows", "best", "late"],
            &[("ids", &ids)],
        );
        let flat = |i: usize| got[i].iter().copied().collect::<Vec<f32>>();
        assert_eq!(flat(0), [200.0, 300.0, 0.0, 1.0, 20.0, 10.0]);
        assert_eq!(flat(1), [1.0, 1.0, 0.0]);
        assert_eq!(flat(2), [1.0, 1.0, 0.0]);
        let mut session = engine.open(&lookup(), &names(&["rows"])).unwrap();
        let half = Array::from_vec(vec![0.5]).into_dyn();
        let error = session
            .run(&[("ids", half.view())], &Cancel::new())
            .unwrap_err();
        assert!(error.to_string().contains("`ids`") && error.to_string().contains("0.5"));
        let beyond = Array::from_vec(vec![3.0]).into_dyn();
        let error = session
            .run(&[("ids", beyond.view())], &Cancel::new())
            .unwrap_err();
        println!("{error}");
    }
}

#[test]
fn half_and_double_floats_are_read_where_the_engine_has_them() {
    let Some(engine) = onnxruntime() else {
        return;
    };
    let mut graph = model("casts");
    graph
        .input("x", Float32, &["time".into()])
        .node("Cast", &["x"], &["half"], &[("to", Attribute::Int(10))])
        .node("Cast", &["x"], &["double"], &[("to", Attribute::Int(11))])
        .node("Cast", &["x"], &["words"], &[("to", Attribute::Int(8))])
        .output("half");
    let graph = GraphBytes::new(graph.finish());
    let x = array(&[4], 1);
    let got = run(&*engine, &graph, &["double", "half"], &[("x", &x)]);
    assert_eq!(got[0], x);
    assert!(got[1].iter().zip(&x).all(|(h, x)| (h - x).abs() < 1e-3));
    let mut session = engine.open(&graph, &names(&["words"])).unwrap();
    let error = session.run(&[("x", x.view())], &Cancel::new()).unwrap_err();
    assert!(error.to_string().contains("`words`"), "{error}");
}

#[test]
fn graphs_of_halves_take_and_give_floats() {
    let weights = [1.5f32, -2.25, 0.125, 3.0, 0.1, 65504.0].map(half::f16::from_f32);
    let raw: Vec<u8> = weights.iter().flat_map(|w| w.to_le_bytes()).collect();
    let mut graph = model("halves");
    graph
        .init_raw("w", ElementType::Float16, &[2, 3], &raw)
        .input("x", ElementType::Float16, &["time".into(), 2.into()])
        .node("MatMul", &["x", "w"], &["h"], &[])
        .node("Relu", &["h"], &["y"], &[])
        .typed_output("y", ElementType::Float16, &["time".into(), 3.into()]);
    let graph = GraphBytes::new(graph.finish());
    let x = Array::from_shape_vec((2, 2), vec![1.0, 0.5, -4.0, 0.0]).unwrap();
    let w = Array::from_shape_vec((2, 3), weights.map(half::f16::to_f32).to_vec()).unwrap();
    let h = x.dot(&w).into_dyn();
    for engine in engines() {
        let got = run(
            &*engine,
            &graph,
            &["h", "y"],
            &[("x", &x.clone().into_dyn())],
        );
        for (got, expected) in got[0].iter().zip(&h) {
            // Eleven bits of a half.
            let off = (got - expected).abs() / expected.abs();
            assert!(off < 5e-4, "{}: {got} {expected}", engine.info());
        }
        assert_eq!(got[1], got[0].mapv(|v| v.max(0.0)), "{}", engine.info());
    }
}
