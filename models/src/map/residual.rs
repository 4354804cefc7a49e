//! The residual stream: sums of a value and a function of itself, one after the other.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::operator::Op;
use super::wiring::{At, Value, Wiring};

/// Nodes of one branch, at most.
const BRANCH: usize = 3_000;
/// Nodes looked at for all branches of a graph together, at most.
const EFFORT: usize = 300_000;
/// Steps back along the stream, at most.
const STEPS: usize = 12;

/// What a branch of the residual stream does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Branch {
    /// Attention of the stream to itself.
    Attention,
    /// Attention of the stream to another value.
    Cross,
    /// Matrix products with a function between them.
    Feed,
    /// A convolution over time within each channel.
    Conv,
    /// Something else.
    Other,
}

/// A sum of the stream and a branch.
#[derive(Debug, Clone)]
pub(super) struct Junction {
    /// The node that adds.
    pub(super) at: At,
    /// The sum, where it has a name.
    pub(super) sum: Option<Value>,
    /// The norm of the sum, where the same node makes it.
    pub(super) normed: Option<Value>,
    /// The stream as it enters the sum.
    pub(super) skip: Value,
    /// What the branch adds.
    pub(super) branch: Value,
    /// The nodes of the branch, in order.
    pub(super) region: Vec<At>,
    /// What the branch does.
    pub(super) kind: Branch,
}

/// A residual stream from junction to junction.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    /// The junctions, in order.
    pub(super) junctions: Vec<Junction>,
    /// For each junction but the last, the norm between it and the next on the stream itself.
    pub(super) norms: Vec<Option<Value>>,
}

/// All residual streams of a graph, longest first among those that share junctions; in the order
/// of their first junctions.
pub(super) fn streams(wiring: &Wiring<'_>) -> Vec<Stream> {
    let junctions = junctions(wiring);
    let mut by_value: BTreeMap<Value, usize> = BTreeMap::new();
    for (index, junction) in junctions.iter().enumerate() {
        for value in junction.sum.iter().chain(&junction.normed) {
            by_value.insert(*value, index);
        }
    }
    // For each junction the one before and the norm in between.
    let before: Vec<Option<(usize, Option<Value>)>> = junctions
        .iter()
        .map(|junction| previous(wiring, junction.skip, &by_value, &junctions))
        .collect();
    let mut depth = vec![1usize; junctions.len()];
    for index in 0..junctions.len() {
        if let Some(Some((parent, _))) = before.get(index)
            && *parent < index
        {
            let deeper = depth.get(*parent).copied().unwrap_or(0) + 1;
            if let Some(own) = depth.get_mut(index) {
                *own = deeper;
            }
        }
    }
    let mut ends: Vec<usize> = (0..junctions.len()).collect();
    ends.sort_by_key(|index| std::cmp::Reverse((depth.get(*index).copied(), *index)));
    let mut taken = vec![false; junctions.len()];
    let mut found = Vec::new();
    for end in ends {
        let mut chain = Vec::new();
        let mut norms = Vec::new();
        let mut next = Some(end);
        while let Some(index) = next {
            match taken.get_mut(index) {
                Some(free) if !*free => *free = true,
                _ => break,
            }
            chain.push(index);
            let step = before
                .get(index)
                .copied()
                .flatten()
                .filter(|(parent, _)| *parent < index);
            norms.push(step.and_then(|(_, norm)| norm));
            next = step.map(|(parent, _)| parent);
        }
        chain.reverse();
        norms.reverse();
        if !chain.is_empty() {
            found.push((chain, norms));
        }
    }
    found.sort_by_key(|(chain, _)| chain.first().copied());
    found
        .into_iter()
        .map(|(chain, norms)| Stream {
            junctions: chain
                .iter()
                .filter_map(|index| junctions.get(*index).cloned())
                .collect(),
            norms: norms.into_iter().skip(1).collect(),
        })
        .collect()
}

/// The junction that the stream `skip` comes from, and the last norm on the way.
fn previous(
    wiring: &Wiring<'_>,
    skip: Value,
    by_value: &BTreeMap<Value, usize>,
    junctions: &[Junction],
) -> Option<(usize, Option<Value>)> {
    let mut value = skip;
    let mut norm = None;
    for _ in 0..2 * STEPS {
        if let Some(index) = by_value.get(&value) {
            let own_norm = junctions
                .get(*index)?
                .normed
                .filter(|normed| *normed == value);
            return Some((*index, norm.or(own_norm)));
        }
        value = match back(wiring, value) {
            Some(before) => before,
            None => {
                let before = wiring.norm_of(value)?;
                norm = norm.or(Some(value));
                before
            }
        };
    }
    None
}

/// The value before a change of format or arrangement, a mask or a scale.
fn back(wiring: &Wiring<'_>, value: Value) -> Option<Value> {
    let at = wiring.maker(value)?;
    let mut content = wiring.data_reads(at);
    let only = content
        .next()
        .filter(|first| content.all(|other| other == *first));
    match wiring.op(at) {
        Op::Pass | Op::Arrange | Op::Where => only,
        Op::Arithmetic if matches!(wiring.node(at).operator.as_str(), "Mul" | "Div") => only,
        _ => None,
    }
}

fn junctions(wiring: &Wiring<'_>) -> Vec<Junction> {
    let mut effort = EFFORT;
    let mut found = Vec::new();
    for at in wiring.order.iter().copied() {
        if !matches!(wiring.op(at), Op::Add | Op::SkipNorm) {
            continue;
        }
        let second = if wiring.node(at).operator == "QLinearAdd" {
            3
        } else {
            1
        };
        let (Some(a), Some(b)) = (wiring.read(at, 0), wiring.read(at, second)) else {
            continue;
        };
        if wiring.op(at) == Op::Add && wiring.data_reads(at).count() != 2 {
            continue;
        }
        if !wiring.is_data(a) || !wiring.is_data(b) || a == b {
            continue;
        }
        let older_first = wiring.birth(wiring.plain(a)) <= wiring.birth(wiring.plain(b));
        let (older, newer) = if older_first { (a, b) } else { (b, a) };
        let tries = [(older, newer), (newer, older)];
        let Some((skip, branch, region)) = tries.into_iter().find_map(|(skip, branch)| {
            let region = region(wiring, skip, branch, BRANCH, &mut effort)?;
            Some((wiring.plain(skip), wiring.plain(branch), region))
        }) else {
            continue;
        };
        let (sum, normed) = match wiring.op(at) {
            Op::SkipNorm => (wiring.made(at, 3), wiring.made(at, 0)),
            _ => (wiring.made(at, 0), None),
        };
        let kind = branch_kind(wiring, &region);
        found.push(Junction {
            at,
            sum,
            normed,
            skip,
            branch,
            region,
            kind,
        });
    }
    sums_beside(wiring, &mut found);
    found
}

/// Where a fused norm does not give its sum, an own addition of the same two values may: then it
/// belongs to the same junction.
fn sums_beside(wiring: &Wiring<'_>, junctions: &mut Vec<Junction>) {
    let mut beside = BTreeSet::new();
    for junction in junctions
        .iter_mut()
        .filter(|junction| junction.sum.is_none())
    {
        let both = |at: &At| {
            let reads: BTreeSet<Value> = wiring.data_reads(*at).map(|v| wiring.plain(v)).collect();
            wiring.op(*at) == Op::Add && reads == BTreeSet::from([junction.skip, junction.branch])
        };
        if let Some(at) = wiring.content_readers(junction.branch).find(both) {
            junction.sum = wiring.made(at, 0);
            beside.insert(at);
        }
    }
    junctions.retain(|junction| !beside.contains(&junction.at));
}

/// The nodes between the stream `skip` and the branch's result `to`; `None` where the branch does
/// not come from the stream, has no weights, or is of more than `most` nodes.
pub(super) fn region(
    wiring: &Wiring<'_>,
    skip: Value,
    to: Value,
    most: usize,
    effort: &mut usize,
) -> Option<Vec<At>> {
    let mut stems = vec![skip];
    let mut value = skip;
    while let Some(before) = back(wiring, value).filter(|_| stems.len() < STEPS) {
        stems.push(before);
        value = before;
    }
    // A fused norm makes the sum and its norm; the branch goes on from the norm.
    for stem in stems.clone() {
        if let Some(at) = wiring.maker(stem)
            && wiring.op(at) == Op::SkipNorm
        {
            stems.extend(wiring.makes.get(at).into_iter().flatten().flatten());
        }
    }
    let oldest = wiring.birth(value);
    let place = |at: At| wiring.place.get(at).copied().flatten();
    let start = wiring.maker(to)?;
    if place(start)? < oldest {
        return None;
    }
    let mut heap = BinaryHeap::from([(place(start)?, start)]);
    let mut seen = BTreeSet::from([start]);
    let mut met: Option<usize> = None;
    let mut visited = Vec::new();
    while let Some((_, at)) = heap.pop() {
        if visited.len() >= most || *effort == 0 {
            return None;
        }
        *effort -= 1;
        visited.push(at);
        for value in wiring.data_reads(at) {
            let stem = stems.iter().position(|stem| *stem == value);
            if let Some(stem) = stem {
                met = Some(met.map_or(stem, |known: usize| known.min(stem)));
                continue;
            }
            if let Some(maker) = wiring.maker(value)
                && place(maker).is_some_and(|place| place >= oldest)
                && seen.insert(maker)
            {
                heap.push((place(maker).unwrap_or(0), maker));
            }
        }
    }
    met?;
    visited.reverse();
    let mut reached: BTreeSet<Value> = stems.into_iter().collect();
    let mut nodes = Vec::new();
    for at in visited {
        if wiring.data_reads(at).any(|value| reached.contains(&value)) {
            reached.extend(wiring.makes.get(at).into_iter().flatten().flatten());
            nodes.push(at);
        }
    }
    let fused = |at: &At| wiring.op(*at) == Op::Attention;
    nodes
        .iter()
        .any(|at| wiring.has_weights(*at) || fused(at))
        .then_some(nodes)
}

fn branch_kind(wiring: &Wiring<'_>, region: &[At]) -> Branch {
    let makes = region.iter().filter_map(|at| wiring.makes.get(*at));
    let made: BTreeSet<Value> = makes.flatten().flatten().copied().collect();
    let fused = region.iter().find(|at| wiring.op(**at) == Op::Attention);
    if let Some(at) = fused {
        let key = wiring.read(*at, 1).filter(|key| wiring.is_data(*key));
        let own = key.is_none_or(|key| made.contains(&key) || wiring.read(*at, 0) == Some(key));
        return if own {
            Branch::Attention
        } else {
            Branch::Cross
        };
    }
    if let Some(probs) = region.iter().find_map(|at| attention_weights(wiring, *at)) {
        let own = scores(wiring, probs)
            .is_none_or(|at| wiring.data_reads(at).all(|value| made.contains(&value)));
        return if own {
            Branch::Attention
        } else {
            Branch::Cross
        };
    }
    let within = |at: &&At| {
        let node = wiring.node(**at);
        let wide = wiring.read(**at, super::operator::operands(node).1);
        let kernel = node
            .ints("kernel_shape")
            .map(|kernel| kernel.iter().any(|k| *k > 1));
        let kernel = kernel.unwrap_or_else(|| {
            let stored = wide.and_then(|weights| wiring.weight(weights));
            stored.is_some_and(|tensor| {
                tensor
                    .dims
                    .get(2..)
                    .is_some_and(|k| k.iter().any(|k| *k > 1))
            })
        });
        wiring.op(**at) == Op::Conv && node.int("group").unwrap_or(1) > 1 && kernel
    };
    if region.iter().any(|at| within(&at)) {
        return Branch::Conv;
    }
    let weighted = region
        .iter()
        .filter(|at| matches!(wiring.op(**at), Op::Linear | Op::Conv) && wiring.has_weights(**at));
    if weighted.count() > 1 {
        Branch::Feed
    } else {
        Branch::Other
    }
}

/// The weights of attention that node `at` makes, where it is the Softmax of an attention.
pub(super) fn attention_weights(wiring: &Wiring<'_>, at: At) -> Option<Value> {
    if wiring.op(at) != Op::Softmax {
        return None;
    }
    let probs = wiring.made(at, 0)?;
    let mut open = vec![(probs, 0)];
    while let Some((value, depth)) = open.pop() {
        for reader in wiring.content_readers(value).take(4) {
            let op = wiring.op(reader);
            if op == Op::Linear
                && wiring.weights(reader).is_none()
                && wiring.data_reads(reader).count() > 1
            {
                return Some(probs);
            }
            let passes = op.is_elementwise() || op == Op::Arrange;
            if passes && depth < 6 {
                open.extend(wiring.made(reader, 0).map(|next| (next, depth + 1)));
            }
        }
    }
    None
}

/// The product of queries and keys that attention weights come from.
fn scores(wiring: &Wiring<'_>, probs: Value) -> Option<At> {
    let mut value = probs;
    for _ in 0..STEPS {
        let at = wiring.maker(value)?;
        if wiring.op(at) == Op::Linear {
            return Some(at);
        }
        value = wiring.data_reads(at).next()?;
    }
    None
}
