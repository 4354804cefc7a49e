//! From residual streams to blocks and their taps.

use std::collections::BTreeSet;

use super::naming;
use super::operator::{Op, operands};
use super::period::{cut, ranges};
use super::residual::{Branch, Junction, Stream, attention_weights};
use super::wiring::{At, Value, Wiring};
use super::{BlockKind, Evidence, Unreachable};

/// A tap before its axes are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Name in the field's words.
    pub(super) name: String,
    /// The value.
    pub(super) value: Value,
    /// What it is.
    pub(super) meaning: String,
}

/// A block before its taps have axes.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Name, for example `encoder.3`.
    pub(super) name: String,
    /// What it is.
    pub(super) kind: BlockKind,
    /// How it was found.
    pub(super) evidence: Evidence,
    /// Its nodes.
    pub(super) nodes: BTreeSet<At>,
    /// Its taps.
    pub(super) taps: Vec<Found>,
}

/// What the residual streams of a graph give.
#[derive(Debug, Default)]
pub(super) struct Stacks {
    /// Blocks in order.
    pub(super) parts: Vec<Part>,
    /// Taps after the last block.
    pub(super) after: Vec<Found>,
    /// What a fused operator hides.
    pub(super) hidden: Vec<Unreachable>,
}

/// The value that stands for the stream after a junction.
#[derive(Debug, Clone, Copy)]
struct Point {
    value: Option<Value>,
    is_normed: bool,
}

/// Finds blocks in streams. `taken` are numbers already given, by prefix.
pub(super) fn stacks(wiring: &Wiring<'_>, streams: &[Stream]) -> Stacks {
    let mut found = Stacks::default();
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for stream in streams {
        let kinds: Vec<Branch> = stream
            .junctions
            .iter()
            .map(|junction| junction.kind)
            .collect();
        let Some((start, sizes)) = cut(&kinds) else {
            continue;
        };
        let prefix = prefix(wiring, stream, &kinds);
        let count = counts.entry(prefix).or_insert(0);
        let period = sizes.first().copied().unwrap_or(1);
        let nodes: Vec<Vec<At>> = ranges(start, &sizes)
            .map(|range| {
                let own = stream.junctions.get(range).unwrap_or_default();
                own.iter()
                    .flat_map(|j| j.region.iter().copied().chain([j.at]))
                    .collect()
            })
            .collect();
        let evidence = if naming::counts(wiring, &nodes) {
            Evidence::Names
        } else {
            Evidence::Structure
        };
        for (index, range) in ranges(start, &sizes).enumerate() {
            let name = format!("{prefix}.{}", *count + index);
            let junctions = stream.junctions.get(range.clone()).unwrap_or_default();
            let points: Vec<Point> = range
                .clone()
                .map(|at| point(wiring, stream, at, start, period))
                .collect();
            let is_first = index == 0;
            let mut part = block(wiring, &name, junctions, &points, &mut found);
            part.evidence = evidence;
            if is_first
                && *count == 0
                && let Some(entry) = junctions.first()
            {
                part.taps.insert(
                    0,
                    Found {
                        name: format!("{name}.resid_pre"),
                        value: entry.skip,
                        meaning: "residual stream where it enters the blocks".to_owned(),
                    },
                );
            }
            found.parts.push(part);
        }
        *count += sizes.len();
        let end = start + sizes.iter().sum::<usize>();
        if let Some(last) = end.checked_sub(1)
            && let Some(junction) = stream.junctions.get(last)
        {
            let point = point(wiring, stream, last, start, period);
            let norm = match point.value {
                Some(value) if !point.is_normed => {
                    junction.normed.or_else(|| wiring.norm_after(value))
                }
                None => junction.normed,
                _ => None,
            };
            if let Some(value) = norm {
                found.after.push(Found {
                    name: format!("{prefix}.final_norm"),
                    value,
                    meaning: format!(
                        "output of the {prefix}: residual stream after the final norm"
                    ),
                });
            }
        }
    }
    found
}

fn prefix(wiring: &Wiring<'_>, stream: &Stream, kinds: &[Branch]) -> &'static str {
    let names = |word: &str| {
        let own = stream
            .junctions
            .iter()
            .flat_map(|junction| &junction.region);
        own.filter(|at| naming::texts(wiring, **at).any(|text| text.contains(word)))
            .count()
    };
    let crossed = kinds.contains(&Branch::Cross);
    if crossed || names("decoder") > names("encoder") {
        "decoder"
    } else {
        "encoder"
    }
}

/// The stream after junction `at`: after its norm where the stream itself goes on from there.
fn point(wiring: &Wiring<'_>, stream: &Stream, at: usize, start: usize, period: usize) -> Point {
    let Some(junction) = stream.junctions.get(at) else {
        return Point {
            value: None,
            is_normed: false,
        };
    };
    let own = stream.norms.get(at);
    let normed = match own {
        Some(norm) => *norm,
        None => {
            // The last junction does as its like in the other blocks.
            let period = period.max(1);
            let place = at.saturating_sub(start) % period;
            let like: Vec<bool> = (start..at)
                .filter(|other| (other - start) % period == place)
                .filter_map(|other| Some(stream.norms.get(other)?.is_some()))
                .collect();
            let kinds = || stream.junctions.iter().map(|junction| junction.kind);
            let norms = like.iter().filter(|norm| **norm).count();
            let is_normed = match like.len() {
                0 => {
                    let within = start..at;
                    let others = within.filter_map(|other| stream.norms.get(other));
                    others.flatten().next().is_some() || kinds().any(|kind| kind == Branch::Conv)
                }
                count => 2 * norms > count,
            };
            let norm = || junction.normed.or_else(|| wiring.norm_after(junction.sum?));
            if is_normed { norm() } else { None }
        }
    };
    match normed {
        Some(value) => Point {
            value: Some(value),
            is_normed: true,
        },
        None => Point {
            value: junction.sum,
            is_normed: false,
        },
    }
}

fn block(
    wiring: &Wiring<'_>,
    name: &str,
    junctions: &[Junction],
    points: &[Point],
    found: &mut Stacks,
) -> Part {
    let kinds: Vec<Branch> = junctions.iter().map(|junction| junction.kind).collect();
    let is_conformer = kinds.contains(&Branch::Conv);
    let mut part = Part {
        name: name.to_owned(),
        kind: if is_conformer {
            BlockKind::Conformer
        } else {
            BlockKind::Transformer
        },
        evidence: Evidence::Structure,
        nodes: BTreeSet::new(),
        taps: Vec::new(),
    };
    let last = junctions.len().saturating_sub(1);
    let attention = kinds
        .iter()
        .position(|kind| *kind == Branch::Attention)
        .unwrap_or(0);
    let mut names = BTreeSet::new();
    for (index, (junction, point)) in junctions.iter().zip(points).enumerate() {
        part.nodes
            .extend(junction.region.iter().copied().chain([junction.at]));
        let mut add = |what: String, value: Value, meaning: String| {
            if names.insert(what.clone()) {
                part.taps.push(Found {
                    name: format!("{name}.{what}"),
                    value,
                    meaning,
                });
            }
        };
        match junction.kind {
            Branch::Attention | Branch::Cross => {
                let (what, words) = match junction.kind {
                    Branch::Cross => ("cross", "attention to the encoder"),
                    _ => ("attn", "attention"),
                };
                let probs = junction
                    .region
                    .iter()
                    .find_map(|at| attention_weights(wiring, *at));
                let fused = junction
                    .region
                    .iter()
                    .find(|at| wiring.op(**at) == Op::Attention);
                if let Some(probs) = probs {
                    add(
                        format!("{what}.probs"),
                        probs,
                        format!("{words} weights; each row sums to one"),
                    );
                } else if let Some(at) = fused {
                    found.hidden.push(Unreachable {
                        name: format!("{name}.{what}.probs"),
                        why: format!(
                            "{words} weights are computed inside the fused operator `{}`",
                            naming::label(wiring, *at)
                        ),
                    });
                }
                add(
                    format!("{what}.out"),
                    junction.branch,
                    format!("what the {words} adds to the residual stream"),
                );
            }
            Branch::Feed => {
                if let Some(value) = activations(wiring, &junction.region) {
                    let first_half = index < attention;
                    let (what, words) = match first_half {
                        true => (
                            "macaron_act",
                            "hidden activations of the first half-step MLP",
                        ),
                        false => ("mlp_act", "hidden activations of the MLP"),
                    };
                    add(what.to_owned(), value, words.to_owned());
                }
            }
            Branch::Conv => add(
                "conv".to_owned(),
                junction.branch,
                "what the convolution module adds to the residual stream".to_owned(),
            ),
            Branch::Other => {}
        }
        let what = match junction.kind {
            _ if index == last => "resid_post",
            Branch::Attention => "resid_mid",
            Branch::Cross => "resid_cross",
            Branch::Conv => "resid_conv",
            Branch::Feed if index < attention => "resid_macaron",
            _ => "resid_inner",
        };
        let place = match what {
            "resid_post" => "after the block",
            "resid_mid" => "after the attention",
            "resid_cross" => "after the attention to the encoder",
            "resid_conv" => "after the convolution module",
            "resid_macaron" => "after the first half-step MLP",
            _ => "within the block",
        };
        match point.value {
            Some(value) => {
                let norm = if point.is_normed {
                    ", after its norm (post-norm)"
                } else {
                    ""
                };
                add(
                    what.to_owned(),
                    value,
                    format!("residual stream {place}{norm}"),
                );
            }
            None => {
                found.hidden.push(Unreachable {
                    name: format!("{name}.{what}"),
                    why: format!(
                        "the sum is inside the fused operator `{}`; it is `{}` + `{}`",
                        naming::label(wiring, junction.at),
                        wiring.name(junction.skip),
                        wiring.name(junction.branch)
                    ),
                });
            }
        }
    }
    part
}

/// The value that the last product with weights of a branch reads.
fn activations(wiring: &Wiring<'_>, region: &[At]) -> Option<Value> {
    let weighted =
        |at: &&At| matches!(wiring.op(**at), Op::Linear | Op::Conv) && wiring.has_weights(**at);
    let at = *region.iter().rev().find(weighted)?;
    let content = wiring.read(at, operands(wiring.node(at)).0)?;
    let content = if wiring.is_data(content) {
        content
    } else {
        wiring.data_reads(at).next()?
    };
    let mut value = wiring.plain(content);
    // Through a change of arrangement to where the activation was made.
    for _ in 0..3 {
        match wiring
            .maker(value)
            .filter(|at| wiring.node(*at).operator == "Reshape")
        {
            Some(at) => value = wiring.plain(wiring.read(at, 0)?),
            None => break,
        }
    }
    Some(value)
}
