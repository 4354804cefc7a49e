//! Settings of convolutions and pools that a graph leaves to their defaults.

use std::collections::BTreeMap;

use super::message::{Message, NODE, Piece};
use crate::wire::{Node, Survey, put_bytes, put_int, survey};
use crate::{GraphBytes, Result};

/// Field of `NodeProto`.
const ATTRIBUTE: u32 = 5;

/// The graph with `pads`, `strides` and `dilations` of its one-dimensional convolutions and pools said
/// where they are left out (0, 1 and 1 in every version of the operators): rten takes what is left out
/// for that of two dimensions. Nothing where all are said. Bodies of other nodes stay as they are.
pub(crate) fn with_settings_spelt_out(graph: &GraphBytes) -> Result<Option<GraphBytes>> {
    let survey = survey(graph.bytes())?;
    let wanting: BTreeMap<usize, Vec<u8>> = survey
        .nodes
        .iter()
        .enumerate()
        .map(|(place, node)| (place, left_out(node, &survey)))
        .filter(|(_, settings)| !settings.is_empty())
        .collect();
    if wanting.is_empty() {
        return Ok(None);
    }
    let mut message = Message::new(graph.bytes())?;
    let mut place = 0;
    for piece in &mut message.graph {
        let Some((NODE, node)) = piece.bytes() else {
            continue;
        };
        let said = wanting
            .get(&place)
            .map(|settings| [node, settings].concat());
        place += 1;
        if let Some(said) = said {
            *piece = Piece::Made(NODE, said);
        }
    }
    Ok(Some(GraphBytes::new(message.write())))
}

/// Settings of a one-dimensional node that it leaves out, as fields of the node.
fn left_out(node: &Node, survey: &Survey) -> Vec<u8> {
    let settings: &[(&str, &[i64])] = match node.operator.as_str() {
        "Conv" | "ConvTranspose" => &[("pads", &[0, 0]), ("strides", &[1]), ("dilations", &[1])],
        "MaxPool" | "AveragePool" => &[("pads", &[0, 0]), ("strides", &[1])],
        _ => return vec![],
    };
    if !node.is_standard() || dimensions(node, survey) != Some(1) {
        return vec![];
    }
    let automatic = !matches!(node.text("auto_pad"), None | Some("NOTSET"));
    let mut out = vec![];
    for (name, values) in settings {
        let is_moot = automatic && *name == "pads";
        if node.attribute(name).is_none() && !is_moot {
            put_bytes(&mut out, ATTRIBUTE, &integers(name, values));
        }
    }
    out
}

/// Axes that the window of a node moves along.
fn dimensions(node: &Node, survey: &Survey) -> Option<usize> {
    if let Some(kernel) = node.ints("kernel_shape") {
        return Some(kernel.len());
    }
    let weights = node.inputs.get(1)?;
    let weights = survey.initializers.iter().find(|t| t.name == *weights)?;
    weights.dims.len().checked_sub(2)
}

/// An `AttributeProto` that holds integers.
fn integers(name: &str, values: &[i64]) -> Vec<u8> {
    const NAME: u32 = 1;
    const INTS: u32 = 8;
    const TYPE: u32 = 20;
    const TYPE_INTS: i64 = 7;
    let mut out = vec![];
    put_bytes(&mut out, NAME, name.as_bytes());
    for value in values {
        put_int(&mut out, INTS, *value);
    }
    put_int(&mut out, TYPE, TYPE_INTS);
    out
}
