//! Layers outside residual blocks: convolutions, recurrent layers, dense layers.

use std::collections::BTreeSet;

use super::blocks::{Found, Part};
use super::layout::{Layouts, Role};
use super::naming;
use super::operator::{Cell, Op};
use super::residual::attention_weights;
use super::wiring::{At, Value, Wiring};
use super::{BlockKind, Evidence};

/// All layers that are in no block of `taken`, in order.
pub(super) fn layers(
    wiring: &Wiring<'_>,
    layouts: &Layouts<'_, '_>,
    taken: &BTreeSet<At>,
) -> Vec<Part> {
    let mut found = Vec::new();
    let (mut convs, mut denses, mut recurrents) = (0, 0, [0; 3]);
    for at in wiring
        .order
        .iter()
        .copied()
        .filter(|at| !taken.contains(at))
    {
        match wiring.op(at) {
            Op::Conv | Op::Upconv if wiring.has_weights(at) => {
                let words = match wiring.op(at) {
                    Op::Upconv => "transposed convolution",
                    _ => "convolution",
                };
                if let Some(part) =
                    settled(wiring, at, format!("conv.{convs}"), BlockKind::Conv, words)
                {
                    found.push(part);
                    convs += 1;
                }
            }
            Op::Linear if wiring.has_weights(at) => {
                let name = format!("dense.{denses}");
                if let Some(part) = settled(wiring, at, name, BlockKind::Dense, "dense layer") {
                    found.push(part);
                    denses += 1;
                }
            }
            Op::Recurrent(cell) => {
                let (index, word) = match cell {
                    Cell::Lstm => (0, "lstm"),
                    Cell::Gru => (1, "gru"),
                    Cell::Rnn => (2, "rnn"),
                };
                let Some(count) = recurrents.get_mut(index) else {
                    continue;
                };
                if let Some(part) = recurrent(wiring, layouts, at, &format!("{word}.{count}")) {
                    found.push(part);
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    found
}

/// Blocks with attention that only names tell apart: no residual stream goes through them.
pub(super) fn named(wiring: &Wiring<'_>, taken: &BTreeSet<At>) -> Vec<Part> {
    let groups = naming::numbered(wiring, taken);
    let attends =
        |at: &At| wiring.op(*at) == Op::Attention || attention_weights(wiring, *at).is_some();
    if !groups.iter().all(|group| group.iter().any(attends)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, group) in groups.into_iter().enumerate() {
        let name = format!("block.{index}");
        let nodes: BTreeSet<At> = group.iter().copied().collect();
        let mut taps = Vec::new();
        if let Some(value) = group.iter().find_map(|at| attention_weights(wiring, *at)) {
            taps.push(Found {
                name: format!("{name}.attn.probs"),
                value,
                meaning: "attention weights; each row sums to one".to_owned(),
            });
        }
        let leaves = |value: &Value| {
            let readers = wiring.readers(*value);
            let goes_on = readers.iter().any(|reader| !nodes.contains(reader));
            wiring.is_data(*value) && (readers.is_empty() || goes_on)
        };
        let made = group.iter().filter_map(|at| wiring.makes.get(*at));
        let made = made.flatten().flatten().copied().filter(leaves);
        if let Some(value) = made.max_by_key(|value| wiring.birth(*value)) {
            taps.push(Found {
                name: format!("{name}.out"),
                value,
                meaning: "last value of the block that is read outside it".to_owned(),
            });
        }
        found.push(Part {
            name,
            kind: BlockKind::Transformer,
            evidence: Evidence::Names,
            nodes,
            taps,
        });
    }
    found
}

fn settled(
    wiring: &Wiring<'_>,
    at: At,
    name: String,
    kind: BlockKind,
    words: &str,
) -> Option<Part> {
    let made = wiring.made(at, 0).filter(|value| wiring.is_data(*value))?;
    let (value, way) = wiring.settled(made);
    let after = match way
        .iter()
        .rev()
        .map(|at| wiring.node(*at).operator.as_str())
        .next()
    {
        None => String::new(),
        Some(_) if value == made => String::new(),
        Some(_) => " after what directly follows it (bias, norm, activation)".to_owned(),
    };
    Some(Part {
        taps: vec![Found {
            name: name.clone(),
            value,
            meaning: format!("output of the {words}{after}"),
        }],
        name,
        kind,
        evidence: Evidence::Structure,
        nodes: way.into_iter().chain([at]).collect(),
    })
}

fn recurrent(wiring: &Wiring<'_>, layouts: &Layouts<'_, '_>, at: At, name: &str) -> Option<Part> {
    let steps = wiring
        .made(at, 0)
        .filter(|value| !wiring.readers(*value).is_empty());
    let (start, meaning) = match steps {
        Some(value) => (value, "hidden states, step by step"),
        None => (wiring.made(at, 1)?, "hidden state after the last step"),
    };
    let mut nodes = BTreeSet::from([at]);
    let mut value = start;
    for _ in 0..4 {
        let clean = |value: Value| {
            let roles: Vec<Role> = layouts
                .of(value)
                .extents()
                .iter()
                .map(|axis| axis.role)
                .collect();
            matches!(
                roles.as_slice(),
                [Role::Batch | Role::Window, Role::Time, Role::Dim]
            )
        };
        let next = wiring
            .content_readers(value)
            .filter(|reader| {
                wiring.op(*reader) == Op::Arrange && wiring.node(*reader).operator != "Unsqueeze"
            })
            .filter_map(|reader| Some((reader, wiring.made(reader, 0)?)))
            .max_by_key(|(reader, made)| (clean(*made), std::cmp::Reverse(*reader)));
        let Some((reader, made)) = next else { break };
        if clean(value) {
            break;
        }
        nodes.insert(reader);
        value = made;
    }
    let both = wiring.node(at).text("direction") == Some("bidirectional");
    let directions = if both {
        ", forwards and backwards side by side"
    } else {
        ""
    };
    Some(Part {
        name: name.to_owned(),
        kind: BlockKind::Recurrent,
        evidence: Evidence::Structure,
        nodes,
        taps: vec![Found {
            name: name.to_owned(),
            value,
            meaning: format!("{meaning}{directions}"),
        }],
    })
}
