//! Branches that are always taken, made part of the main graph as it is loaded.

use crate::graph::flattened;
use crate::input::{InputBinding, InputRole};
use crate::model::GraphBytes;
use crate::wire::{Survey, survey};
use crate::{Error, Result};

/// Nodes that are named before the rest is only counted.
const NAMED: usize = 3;

/// A graph whose branches are part of it, as far as they are always taken.
pub(super) struct Unpacked {
    pub(super) graph: GraphBytes,
    /// What is in it.
    pub(super) found: Survey,
    /// The `If` nodes that are gone and their branches, in words.
    pub(super) unpacked: Vec<String>,
}

/// Unpacks what is always taken, given that inputs bound to one number never change. A graph without
/// such branches stays as it is, and so does one whose branches cannot be moved: it runs, and what is
/// hidden in it is refused by name.
pub(super) fn unpacked(
    graph: GraphBytes,
    found: Survey,
    inputs: &[InputBinding],
) -> Result<Unpacked> {
    let as_it_is = |graph, found| Unpacked {
        graph,
        found,
        unpacked: vec![],
    };
    if !found.nodes.iter().any(|node| node.operator == "If") {
        return Ok(as_it_is(graph, found));
    }
    let known: Vec<(&str, f64)> = inputs.iter().filter_map(one_number).collect();
    match flattened(&graph, &known) {
        Ok(flat) if flat.inlined.is_empty() => Ok(as_it_is(graph, found)),
        Ok(flat) => Ok(Unpacked {
            found: survey(flat.graph.bytes())?,
            graph: flat.graph,
            unpacked: flat.inlined,
        }),
        Err(Error::NotOnnx { .. }) => Ok(as_it_is(graph, found)),
        Err(other) => Err(other),
    }
}

/// The input and its number, where it is always given the same one.
fn one_number(input: &InputBinding) -> Option<(&str, f64)> {
    match &input.role {
        InputRole::Constant { value, dims } if dims.iter().product::<usize>() == 1 => {
            Some((input.name.as_str(), f64::from(*value)))
        }
        _ => None,
    }
}

/// What loading unpacked, in a sentence; nothing where nothing was.
pub fn unpacked_in_words(unpacked: &[String]) -> Option<String> {
    let named = unpacked.get(..NAMED.min(unpacked.len()))?.join(", ");
    let more = match unpacked.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let count = match unpacked.len() {
        0 => return None,
        1 => "1 branch that is always taken is".to_owned(),
        many => format!("{many} branches that are always taken are"),
    };
    Some(format!("{count} part of the graph: {named}{more}"))
}
