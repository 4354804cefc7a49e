//! Damaged and senseless ONNX.

use ndarray::Array2;
use phonoscope_analysis::task::Cancel;
use phonoscope_models::graph::with_outputs;
use phonoscope_models::wire::{put_bytes, put_int, survey};
use phonoscope_models::{GraphBytes, TwinKind, inspect, twin};
use proptest::prelude::*;

use crate::allocation::bounded;
use crate::common::rten;
use crate::networks::{attribute, branching, dense, header, node, numbers, tensor, with};
use crate::{allowance, damaged};

/// Everything that reads a graph; each may answer or refuse.
fn read_all(bytes: &[u8]) {
    bounded(allowance(bytes), || {
        let graph = GraphBytes::new(bytes);
        if survey(bytes).is_ok() {
            let summary = inspect(&graph).unwrap();
            let names: Vec<String> = summary.values.into_iter().map(|value| value.name).collect();
            with_outputs(&graph, &names).ok();
        }
        for kind in TwinKind::ALL {
            if let Ok(made) = twin(&graph, kind, 1) {
                survey(made.graph.bytes()).unwrap();
            }
        }
    });
}

#[test]
fn damaged_graphs_are_answered_or_refused() {
    for whole in [dense(), branching()] {
        read_all(&whole);
        damaged(&whole).for_each(|bytes| read_all(&bytes));
        (0..whole.len()).for_each(|end| read_all(&whole[..end]));
    }
}

#[test]
fn an_engine_survives_damaged_graphs() {
    // Panics inside the engine are caught and become errors; their messages are of no use here.
    std::panic::set_hook(Box::new(|_| {}));
    let engine = rten();
    let x = Array2::<f32>::ones((2, 4)).into_dyn();
    let mut opened = 0;
    for whole in [dense(), branching()] {
        for bytes in damaged(&whole).step_by(7) {
            let graph = GraphBytes::new(bytes);
            if let Ok(mut session) = engine.open(&graph, &["y".to_owned()]) {
                opened += 1;
                session.run(&[("x", x.view())], &Cancel::new()).ok();
            }
        }
    }
    drop(std::panic::take_hook());
    assert!(opened > 0);
}

/// The head of a graph of so many bytes.
fn claim(length: u64) -> Vec<u8> {
    const EMBEDDED: u8 = 2;
    let mut out = Vec::new();
    put_int(&mut out, 7, length.cast_signed());
    out[0] |= EMBEDDED;
    out
}

#[test]
fn lengths_that_lie_are_refused() {
    let whole = dense();
    let at = whole.len() - 200;
    for length in [u64::MAX, 1 << 62, u32::MAX.into(), whole.len() as u64] {
        let mut bytes = whole.clone();
        bytes.splice(at..at, claim(length));
        read_all(&bytes);
        let end = [whole.clone(), claim(length)].concat();
        let error = bounded(allowance(&end), || survey(&end))
            .unwrap_err()
            .to_string();
        assert!(error.contains("cut short"), "{error}");
    }
}

#[test]
fn giant_sizes_allocate_nothing() {
    let giant = i64::MAX / 2;
    for dims in [
        &[giant][..],
        &[giant, giant],
        &[1 << 31, 1 << 31],
        &[-1, 4],
        &[0, giant],
    ] {
        let mut graph = header("giant");
        graph.node("MatMul", &["x", "w"], &["y"], &[]).output("y");
        let bytes = with(graph, &[(5, tensor("w", dims, &numbers(12)))]);
        read_all(&bytes);
        let graph = GraphBytes::new(bytes);
        assert!(twin(&graph, TwinKind::Redrawn, 1).is_err(), "{dims:?}");
        if dims != [0, giant] {
            assert!(rten().open(&graph, &["y".to_owned()]).is_err(), "{dims:?}");
        }
    }
}

#[test]
fn bodies_nested_without_end_are_refused() {
    for deep in [17, 1000, 4000] {
        let mut body = Vec::new();
        put_bytes(&mut body, 1, &node("Relu", &["x"], &["inner"], &[]));
        for _ in 0..deep {
            let inner = attribute("then_branch", 6, 5, &body);
            body = Vec::new();
            put_bytes(&mut body, 1, &node("If", &["flag"], &["inner"], &[inner]));
        }
        let mut graph = header("deep");
        graph.output("y");
        let choice = node(
            "If",
            &["flag"],
            &["y"],
            &[attribute("then_branch", 6, 5, &body)],
        );
        let bytes = with(graph, &[(1, choice)]);
        let error = survey(&bytes).unwrap_err().to_string();
        assert!(error.contains("deep"), "{error}");
        let graph = GraphBytes::new(bytes);
        assert!(twin(&graph, TwinKind::Permuted, 1).is_err());
        assert!(rten().open(&graph, &["y".to_owned()]).is_err());
    }
}

#[test]
fn circles_and_repeated_names_end() {
    let mut circle = header("circle");
    circle
        .init_f32("w", &[4, 4], &numbers(16))
        .node("Identity", &["w"], &["a"], &[])
        .node("Concat", &["a", "c"], &["b"], &[])
        .node("Transpose", &["b"], &["c"], &[])
        .node("Identity", &["d"], &["d"], &[])
        .node("MatMul", &["x", "c"], &["y"], &[])
        .output("y");
    let circle = circle.finish();
    read_all(&circle);
    let mut twice = header("twice");
    twice
        .init_f32("w", &[4, 4], &numbers(16))
        .init_f32("w", &[4, 4], &numbers(16))
        .node("MatMul", &["x", "w"], &["y"], &[])
        .node("MatMul", &["x", "w"], &["y"], &[])
        .output("y")
        .output("y");
    let twice = twice.finish();
    read_all(&twice);
    let x = Array2::<f32>::ones((2, 4)).into_dyn();
    let answer = |bytes: Vec<u8>| {
        let graph = GraphBytes::new(bytes);
        rten()
            .open(&graph, &["y".to_owned()])
            .and_then(|mut session| session.run(&[("x", x.view())], &Cancel::new()))
    };
    let error = answer(circle).unwrap_err().to_string();
    assert!(error.starts_with("rten"), "{error}");
    if let Ok(got) = answer(twice) {
        assert_eq!(got[0].shape(), [2, 4]);
    }
}

/// Damage to a sound graph: a byte changed, a stretch cut out, or one doubled.
fn damage() -> impl Strategy<Value = Vec<u8>> {
    let whole = prop::sample::select(vec![dense(), branching()]);
    let place = || any::<prop::sample::Index>();
    (whole, place(), place(), any::<u8>(), 0..4u8).prop_map(|(mut bytes, a, b, to, how)| {
        let (a, b) = (a.index(bytes.len()), b.index(bytes.len()));
        let (low, high) = (a.min(b), a.max(b));
        match how {
            0 => bytes[a] = to,
            1 => drop(bytes.drain(low..high)),
            2 => {
                let part = bytes[low..high].to_vec();
                bytes.splice(low..low, part);
            }
            _ => {
                bytes[a] = to;
                bytes[b] = to.rotate_left(3);
            }
        }
        bytes
    })
}

proptest! {
    #[test]
    fn any_damage_is_answered_or_refused(bytes in damage()) {
        read_all(&bytes);
    }

    #[test]
    fn any_bytes_are_answered_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
    }
}
