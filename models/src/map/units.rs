//! Units of convolutional networks: convolutions whose result is added to what they read (residual
//! units, as in ResNet) or put beside it (densely connected layers, as in DenseNet and D-TDNN).

use std::collections::BTreeSet;

use super::blocks::{Found, Part};
use super::operator::Op;
use super::residual::{Stream, region};
use super::wiring::{At, Value, Wiring};
use super::{BlockKind, Evidence};

/// Nodes looked at for all units of a graph together, at most.
const EFFORT: usize = 100_000;
/// Nodes of one unit, at most.
const UNIT: usize = 400;
/// Nodes between a unit's input and its sum on the short way, at most.
const SHORT: usize = 4;

/// A sum or joint of two values that come from one.
struct Join {
    /// What the longer way gives.
    branch: Value,
    /// The nodes of the longer way.
    region: Vec<At>,
    /// The nodes of the shorter way, where there are any.
    short: Vec<At>,
}

/// All units that are in no block of `taken` and in no stream with attention, in order.
pub(super) fn units(wiring: &Wiring<'_>, streams: &[Stream], taken: &BTreeSet<At>) -> Vec<Part> {
    if !wiring.order.iter().any(|at| is_convolution(wiring, *at)) {
        return Vec::new();
    }
    let attends = |stream: &&Stream| super::period::cut(&kinds(stream)).is_some();
    let led: BTreeSet<At> = streams
        .iter()
        .filter(attends)
        .flat_map(|stream| stream.junctions.iter().map(|junction| junction.at))
        .collect();
    let mut taken = taken.clone();
    let mut effort = EFFORT;
    let mut found: Vec<Part> = Vec::new();
    for at in wiring.order.iter().copied() {
        let kind = match wiring.op(at) {
            Op::Add if !led.contains(&at) => BlockKind::Residual,
            _ if wiring.node(at).operator == "Concat" => BlockKind::DenselyConnected,
            _ => continue,
        };
        let Some(join) = join(wiring, at, kind, &mut effort) else {
            continue;
        };
        let own = || join.region.iter().chain(&join.short).chain([&at]);
        // The widest way round other units is no unit.
        if own().any(|node| taken.contains(node)) {
            continue;
        }
        let name = format!("unit.{}", found.len());
        if let Some(part) = part(wiring, at, kind, &join, name) {
            taken.extend(&part.nodes);
            found.push(part);
        }
    }
    found
}

fn kinds(stream: &Stream) -> Vec<super::residual::Branch> {
    let junctions = stream.junctions.iter();
    junctions.map(|junction| junction.kind).collect()
}

fn join(wiring: &Wiring<'_>, at: At, kind: BlockKind, effort: &mut usize) -> Option<Join> {
    let mut content = wiring.data_reads(at);
    let (a, b) = (content.next()?, content.next()?);
    if content.next().is_some() || a == b {
        return None;
    }
    let mut convolving = |stem: Value, branch: Value| {
        let region = region(wiring, stem, branch, UNIT, effort)?;
        let convolves = region.iter().any(|at| is_convolution(wiring, *at));
        let plain = region.iter().all(|at| {
            let op = wiring.op(*at);
            let resizes = matches!(wiring.node(*at).operator.as_str(), "Resize" | "Upsample");
            !resizes && !matches!(op, Op::Attention | Op::Recurrent(_) | Op::Upconv | Op::Body)
        });
        (convolves && plain).then_some(region)
    };
    for (skip, branch) in [(a, b), (b, a)] {
        if let Some(region) = convolving(skip, branch) {
            return Some(Join {
                branch,
                region,
                short: Vec::new(),
            });
        }
    }
    if kind != BlockKind::Residual {
        return None;
    }
    // The short way may change the number of channels or steps.
    let mut best: Option<Join> = None;
    for (skip, branch) in [(a, b), (b, a)] {
        let Some((stem, short)) = projected(wiring, skip) else {
            continue;
        };
        if let Some(region) = convolving(stem, branch)
            && best
                .as_ref()
                .is_none_or(|known| region.len() > known.region.len())
        {
            best = Some(Join {
                branch,
                region,
                short,
            });
        }
    }
    best
}

/// The value that `skip` is one convolution of, and the nodes between.
fn projected(wiring: &Wiring<'_>, skip: Value) -> Option<(Value, Vec<At>)> {
    let (mut value, mut nodes) = (skip, Vec::new());
    let mut convolved = false;
    for _ in 0..SHORT {
        let Some(at) = wiring.maker(value) else { break };
        let goes = match wiring.op(at) {
            Op::Conv if !convolved && is_convolution(wiring, at) => {
                convolved = true;
                true
            }
            Op::Pass => !convolved,
            Op::Norm => !convolved && wiring.node(at).operator == "BatchNormalization",
            // Some nets average steps before they narrow.
            Op::Pool => convolved,
            _ => false,
        };
        if !goes {
            break;
        }
        let mut content = wiring.data_reads(at);
        value = content.next()?;
        if content.next().is_some() {
            return None;
        }
        nodes.push(at);
    }
    nodes.reverse();
    convolved.then_some((value, nodes))
}

fn is_convolution(wiring: &Wiring<'_>, at: At) -> bool {
    wiring.op(at) == Op::Conv && wiring.has_weights(at)
}

fn part(wiring: &Wiring<'_>, at: At, kind: BlockKind, join: &Join, name: String) -> Option<Part> {
    let sum = wiring.made(at, 0)?;
    let (whole, after) = match kind {
        BlockKind::Residual => wiring.settled(sum),
        _ => (sum, Vec::new()),
    };
    let mut taps: Vec<Found> = Vec::new();
    let mut add = |what: String, value: Value, meaning: &str| {
        if taps.iter().all(|tap| tap.value != value) {
            taps.push(Found {
                name: format!("{name}.{what}"),
                value,
                meaning: meaning.to_owned(),
            });
        }
    };
    let branch = wiring.plain(join.branch);
    let convolutions = join.region.iter().filter(|at| is_convolution(wiring, **at));
    for (count, conv) in convolutions.enumerate() {
        let Some(made) = wiring.made(*conv, 0) else {
            continue;
        };
        let (value, _) = wiring.settled(made);
        if ![branch, join.branch, whole].contains(&value) {
            add(
                format!("conv.{count}"),
                value,
                "output of a convolution of the unit after what directly follows it",
            );
        }
    }
    match kind {
        BlockKind::Residual => {
            add(
                "out".to_owned(),
                branch,
                "what the unit adds to the residual stream",
            );
            add(
                "resid_post".to_owned(),
                whole,
                "residual stream after the unit",
            );
        }
        _ => {
            add(
                "out".to_owned(),
                branch,
                "what the layer puts beside what it read",
            );
            add(
                "resid_post".to_owned(),
                whole,
                "what the layer read and what it made, side by side",
            );
        }
    }
    let own = join.region.iter().chain(&join.short).copied();
    Some(Part {
        nodes: own.chain([at]).chain(after).collect(),
        name,
        kind,
        evidence: Evidence::Structure,
        taps,
    })
}
