//! Values that are in a file and yet not in its main graph.

use std::collections::BTreeMap;

use crate::Error;
use crate::error::UNNAMED;
use crate::names::nearest;
use crate::wire::{Body, Node, Setting, Survey};

/// How many near names an error offers.
const NEAR: usize = 5;

/// Why the main graph makes no value of this name, as an error about `action`.
pub(super) fn unknown(survey: &Survey, name: &str, action: &'static str) -> Error {
    let near = nearest(name, survey.values(), NEAR);
    if let Some((node, place)) = inside(&survey.nodes, name) {
        return Error::Surgery {
            action,
            name: name.to_owned(),
            why: format!(
                "it is made inside {} ({place}), and only values of the main graph can be reached",
                called(node)
            ),
            how: Some(way_out(node)),
        };
    }
    let fused = fused(survey);
    if fused.is_empty() && survey.functions == 0 {
        return Error::UnknownTensor {
            name: name.to_owned(),
            model: UNNAMED.to_owned(),
            near,
        };
    }
    let mut parts: Vec<String> = fused
        .iter()
        .map(|(operator, count)| format!("{count} × {operator}"))
        .collect();
    if survey.functions > 0 {
        parts.push(format!("{} functions of its own", survey.functions));
    }
    Error::Surgery {
        action,
        name: name.to_owned(),
        why: format!(
            "the graph has no such value; it holds operators that stand for several ({}), and what \
             is inside them cannot be reached",
            parts.join(", ")
        ),
        how: Some(format!(
            "export the model without fusing or optimising it; near: {}",
            near.join(", ")
        )),
    }
}

/// The outermost node in whose bodies a value is made, and where in it.
fn inside<'a>(nodes: &'a [Node], name: &str) -> Option<(&'a Node, String)> {
    nodes.iter().find_map(|node| {
        let place = bodies(node).find_map(|(attribute, body)| {
            if makes(body, name) {
                return Some(format!("`{attribute}`"));
            }
            let (inner, place) = inside(&body.nodes, name)?;
            Some(format!("`{attribute}`, {} in it, {place}", called(inner)))
        });
        place.map(|place| (node, place))
    })
}

fn makes(body: &Body, name: &str) -> bool {
    let is_input = body.inputs.iter().any(|input| input.name == name);
    let mut outputs = body.nodes.iter().flat_map(|node| &node.outputs);
    is_input || outputs.any(|output| output == name)
}

/// The bodies of a node by their attributes' names.
pub(super) fn bodies(node: &Node) -> impl Iterator<Item = (&str, &Body)> {
    node.attributes
        .iter()
        .filter_map(|(name, setting)| match setting {
            Setting::Graph(body) => Some((name.as_str(), &**body)),
            _ => None,
        })
}

/// A node in words.
pub(super) fn called(node: &Node) -> String {
    let name = [&node.name].into_iter().chain(&node.outputs);
    match name.into_iter().find(|name| !name.is_empty()) {
        Some(name) => format!("the `{}` node `{name}`", node.operator),
        None => format!("a nameless `{}` node", node.operator),
    }
}

fn way_out(node: &Node) -> String {
    let outputs: Vec<String> = node
        .outputs
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    let outputs = outputs.join(", ");
    if node.operator == "If" {
        let condition = node.inputs.first().map_or("", String::as_str);
        format!(
            "where its condition `{condition}` never changes, bind the input on which it depends \
             to a constant in the model's card: the branch then becomes part of the main graph; \
             the node itself gives {outputs}"
        )
    } else {
        format!("export the model with the steps unrolled; the node itself gives {outputs}")
    }
}

/// Operators of other sets, which runtimes put in place of several standard ones, with their
/// numbers.
fn fused(survey: &Survey) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for node in &survey.nodes {
        if ["com.microsoft", "com.ms."]
            .iter()
            .any(|set| node.domain.starts_with(set))
        {
            *counts.entry(node.operator.as_str()).or_default() += 1;
        }
    }
    counts
}
