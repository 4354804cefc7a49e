//! What cannot be read out of a graph, and what a reader should know about it.

use super::Unreachable;
use super::naming::label;
use super::operator::Op;
use super::wiring::Wiring;
use crate::wire::{ElementType, Setting};

/// Bodies of branches and loops, and functions.
pub(super) fn bodies(wiring: &Wiring<'_>) -> Vec<Unreachable> {
    let mut found = Vec::new();
    for at in 0..wiring.survey.nodes.len() {
        let node = wiring.node(at);
        let bodies = node
            .attributes
            .iter()
            .filter_map(|(_, setting)| match setting {
                Setting::Graph(body) => Some(body.nodes.len()),
                _ => None,
            });
        let inside: usize = bodies.sum();
        if wiring.op(at) == Op::Body {
            found.push(Unreachable {
                name: label(wiring, at).to_owned(),
                why: format!(
                    "{inside} operators are inside the body of this {}; values there exist only \
                     while it runs",
                    node.operator
                ),
            });
        }
    }
    found
}

/// Number formats and what was not understood.
pub(super) fn notes(wiring: &Wiring<'_>) -> Vec<String> {
    let survey = wiring.survey;
    let mut found = Vec::new();
    let count = |names: &[&str]| {
        let known = |operator: &str| names.contains(&operator);
        survey
            .nodes
            .iter()
            .filter(|node| known(&node.operator))
            .count()
    };
    let pairs = count(&["QuantizeLinear"]);
    if pairs > 0 {
        found.push(format!(
            "quantised: {pairs} values are rounded to 8-bit integers on the way (QuantizeLinear); \
             fine differences of activations are rounding"
        ));
    } else if count(&["DequantizeLinear"]) > 0 {
        found.push("quantised: weights are stored as 8-bit integers".to_owned());
    }
    let dynamic = count(&[
        "MatMulInteger",
        "MatMulIntegerToFloat",
        "DynamicQuantizeMatMul",
        "DynamicQuantizeLSTM",
        "ConvInteger",
        "QLinearMatMul",
        "QLinearConv",
        "QAttention",
        "QGemm",
    ]);
    if dynamic > 0 {
        found.push(format!(
            "quantised: {dynamic} operators compute with 8-bit integers; fine differences of \
             activations are rounding"
        ));
    }
    if count(&["MatMulNBits", "MatMulBnb4"]) > 0 {
        found.push("quantised: weights of matrix products have a few bits each".to_owned());
    }
    let halves = survey
        .initializers
        .iter()
        .filter(|t| t.element == ElementType::Float16)
        .count();
    if halves > 0 {
        found.push(format!(
            "half precision: {halves} weights are 16-bit floats"
        ));
    }
    if survey.functions > 0 {
        found.push(format!(
            "{} local functions: values inside them cannot be read out",
            survey.functions
        ));
    }
    if wiring.order.len() < survey.nodes.len() {
        found.push(format!(
            "{} operators read from each other in a circle and were left out",
            survey.nodes.len() - wiring.order.len()
        ));
    }
    found
}
