//! Sound networks for the tests to damage.

use phonoscope_models::GraphBytes;
use phonoscope_models::wire::{Attribute, ElementType, Suffix, put_bytes, put_int};

/// Numbers without a pattern.
pub(crate) fn numbers(n: usize) -> Vec<f32> {
    let mut state = 12_345u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from((state >> 20) as u16) / 4096.0 - 0.5
    };
    std::iter::repeat_with(next).take(n).collect()
}

pub(crate) fn header(name: &str) -> Suffix {
    let mut graph = Suffix::new();
    graph.header(8, 17, "test").graph_name(name).input(
        "x",
        ElementType::Float32,
        &["time".into(), 4.into()],
    );
    graph
}

/// Two layers with types, shapes, attributes and integers.
pub(crate) fn dense() -> Vec<u8> {
    let mut graph = header("dense");
    graph
        .init_f32("w", &[4, 3], &numbers(12))
        .init_f32("bias", &[3], &numbers(3))
        .init_i64("axes", &[1], &[-1])
        .node("MatMul", &["x", "w"], &["product"], &[])
        .node("Add", &["product", "bias"], &["sum"], &[])
        .inner("sum", ElementType::Float32, &["time".into(), 3.into()])
        .node(
            "ReduceMean",
            &["sum"],
            &["mean"],
            &[("axes", Attribute::Ints(&[-1]))],
        )
        .node("Sub", &["sum", "mean"], &["y"], &[])
        .typed_output("y", ElementType::Float32, &["time".into(), 3.into()]);
    graph.finish()
}

/// An attribute that holds a message.
pub(crate) fn attribute(name: &str, field: u32, kind: i64, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes(&mut out, 1, name.as_bytes());
    put_bytes(&mut out, field, content);
    put_int(&mut out, 20, kind);
    out
}

pub(crate) fn node(
    operator: &str,
    inputs: &[&str],
    outputs: &[&str],
    attributes: &[Vec<u8>],
) -> Vec<u8> {
    let mut out = Vec::new();
    inputs
        .iter()
        .for_each(|name| put_bytes(&mut out, 1, name.as_bytes()));
    outputs
        .iter()
        .for_each(|name| put_bytes(&mut out, 2, name.as_bytes()));
    put_bytes(&mut out, 4, operator.as_bytes());
    attributes
        .iter()
        .for_each(|attribute| put_bytes(&mut out, 5, attribute));
    out
}

/// A model and pieces of its graph: `(field, content)`.
pub(crate) fn with(graph: Suffix, pieces: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut more = Vec::new();
    pieces
        .iter()
        .for_each(|(field, content)| put_bytes(&mut more, *field, content));
    let mut model = graph.finish();
    put_bytes(&mut model, 7, &more);
    model
}

/// A tensor of floats: sizes as claimed, data as given.
pub(crate) fn tensor(name: &str, dims: &[i64], data: &[f32]) -> Vec<u8> {
    let mut out = Vec::new();
    dims.iter().for_each(|dim| put_int(&mut out, 1, *dim));
    put_int(&mut out, 2, 1);
    put_bytes(&mut out, 8, name.as_bytes());
    let raw: Vec<u8> = data.iter().flat_map(|value| value.to_le_bytes()).collect();
    put_bytes(&mut out, 9, &raw);
    out
}

/// An `If` with a body that stores a weight, and a `Constant`.
pub(crate) fn branching() -> Vec<u8> {
    let mut body = Vec::new();
    put_bytes(
        &mut body,
        1,
        &node("MatMul", &["x", "inner"], &["branch"], &[]),
    );
    put_bytes(&mut body, 5, &tensor("inner", &[4, 3], &numbers(12)));
    let mut info = Vec::new();
    put_bytes(&mut info, 1, b"branch");
    put_bytes(&mut body, 12, &info);
    let flag = {
        let mut out = Vec::new();
        put_int(&mut out, 2, 9);
        put_bytes(&mut out, 9, &[1]);
        attribute("value", 5, 4, &out)
    };
    let branches = [
        attribute("then_branch", 6, 5, &body),
        attribute("else_branch", 6, 5, &body),
    ];
    let mut graph = header("branching");
    graph.output("y");
    with(
        graph,
        &[
            (1, node("Constant", &[], &["flag"], &[flag])),
            (1, node("If", &["flag"], &["y"], &branches)),
        ],
    )
}

/// A weight in another file.
pub(crate) fn external(file: &str, offset: &str, length: &str) -> GraphBytes {
    let entry = |key: &str, value: &str| {
        let mut out = Vec::new();
        put_bytes(&mut out, 1, key.as_bytes());
        put_bytes(&mut out, 2, value.as_bytes());
        out
    };
    let mut weight = Vec::new();
    [4, 3].iter().for_each(|dim| put_int(&mut weight, 1, *dim));
    put_int(&mut weight, 2, 1);
    put_bytes(&mut weight, 8, b"w");
    for entry in [
        entry("location", file),
        entry("offset", offset),
        entry("length", length),
    ] {
        put_bytes(&mut weight, 13, &entry);
    }
    put_int(&mut weight, 14, 1);
    let mut graph = header("external");
    graph.node("MatMul", &["x", "w"], &["y"], &[]).output("y");
    GraphBytes::new(with(graph, &[(5, weight)]))
}
