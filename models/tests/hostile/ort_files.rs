//! Damaged files in ONNX Runtime's format.

use phonoscope_models::wire::survey;
use phonoscope_models::{build, ort_to_onnx};
use proptest::prelude::*;

use crate::allocation::bounded;
use crate::writer::{Field, attribute, dense, floats, graph, node, session, value};
use crate::{allowance, damaged};

/// A graph with a body, types and all kinds of lists.
fn nested() -> Vec<u8> {
    let body = |inner: Option<Field>| {
        let attributes = inner.map(|body| attribute("then_branch", 5, 7, body));
        graph(
            vec![floats("inner", &[2], &[1.0, 2.0])],
            vec![value("branch", &[Some(2)])],
            vec![node(
                "If",
                &["inner"],
                &["branch"],
                attributes.into_iter().collect(),
            )],
            &[],
            &["branch"],
        )
    };
    let body = body(Some(Field::Table(body(None))));
    let attributes = vec![
        attribute("then_branch", 5, 7, Field::Table(body)),
        attribute("float", 1, 3, Field::F32(0.5)),
        attribute("floats", 6, 8, Field::Floats(vec![1.5])),
        attribute("ints", 7, 9, Field::Longs(vec![3, -4])),
    ];
    let nodes = vec![node("If", &["x"], &["y"], attributes)];
    session(graph(
        vec![],
        vec![value("x", &[None])],
        nodes,
        &["x"],
        &["y"],
    ))
}

fn read_all(bytes: &[u8]) {
    let made = bounded(allowance(bytes), || ort_to_onnx(bytes));
    if let Ok(model) = made {
        survey(&model).ok();
    }
    build::moonshine(bytes).ok();
}

#[test]
fn damaged_files_are_answered_or_refused() {
    for whole in [dense(), nested()] {
        assert!(ort_to_onnx(&whole).is_ok());
        damaged(&whole).for_each(|bytes| read_all(&bytes));
        for end in 0..whole.len() {
            read_all(&whole[..end]);
        }
    }
}

#[test]
fn references_that_lie_are_refused() {
    let whole = dense();
    for at in 0..whole.len().saturating_sub(4) {
        for lie in [0u32, 1, 4, 8, 0x7fff_ffff, u32::MAX] {
            let mut bytes = whole.clone();
            bytes[at..at + 4].copy_from_slice(&lie.to_le_bytes());
            read_all(&bytes);
        }
    }
}

#[test]
fn bodies_shared_many_times_are_refused() {
    let mut body = graph(vec![], vec![], vec![], &[], &["y"]);
    for _ in 0..8 {
        let hundred = attribute("bodies", 10, 12, Field::Repeated(body, 100));
        body = graph(
            vec![],
            vec![],
            vec![node("Many", &[], &["y"], vec![hundred])],
            &[],
            &["y"],
        );
    }
    let bytes = session(body);
    let error = bounded(allowance(&bytes), || ort_to_onnx(&bytes)).unwrap_err();
    assert!(error.to_string().contains("too often"), "{error}");
}

#[test]
fn weights_shared_many_times_are_refused() {
    let weight = floats("w", &[1 << 12], &[0.0; 1 << 12]);
    let mut root = graph(
        vec![],
        vec![],
        vec![node("Relu", &["x"], &["y"], vec![])],
        &["x"],
        &["y"],
    );
    root[0] = Field::Repeated(weight, 500);
    let bytes = session(root);
    let error = bounded(allowance(&bytes), || ort_to_onnx(&bytes)).unwrap_err();
    assert!(error.to_string().contains("too often"), "{error}");
}

#[test]
fn bodies_nested_without_end_are_refused() {
    let mut body = graph(vec![], vec![], vec![], &[], &["y"]);
    for _ in 0..40 {
        let inner = attribute("then_branch", 5, 7, Field::Table(body));
        body = graph(
            vec![],
            vec![],
            vec![node("If", &[], &["y"], vec![inner])],
            &[],
            &["y"],
        );
    }
    let error = ort_to_onnx(&session(body)).unwrap_err().to_string();
    assert!(error.contains("deep"), "{error}");
}

proptest! {
    #[test]
    fn any_bytes_are_answered_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let marked = [&[8, 0, 0, 0], &b"ORTM"[..], &bytes].concat();
        read_all(&bytes);
        read_all(&marked);
    }

    #[test]
    fn any_words_are_answered_or_refused(words in prop::collection::vec(0u16..64, 0..400)) {
        let words = words.into_iter().flat_map(u16::to_le_bytes);
        let marked: Vec<u8> = b"\x08\0\0\0ORTM".iter().copied().chain(words).collect();
        read_all(&marked);
    }

    #[test]
    fn any_damage_is_answered_or_refused(
        at in any::<prop::sample::Index>(),
        more in any::<prop::sample::Index>(),
        to in any::<u32>(),
    ) {
        let mut bytes = nested();
        let end = bytes.len() - 4;
        for at in [at.index(end), more.index(end)] {
            bytes[at..at + 4].copy_from_slice(&to.to_le_bytes());
        }
        read_all(&bytes);
    }
}
