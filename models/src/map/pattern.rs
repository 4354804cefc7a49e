//! Small patterns of operators: norms and activations, whole or in pieces.

use std::collections::BTreeSet;

use super::operator::Op;
use super::wiring::{At, Source, Value, Wiring};

/// Nodes of a norm or activation in pieces, at most.
const PIECES: usize = 18;

/// Functions that end a layer.
const ACTIVATIONS: [&str; 21] = [
    "Relu",
    "LeakyRelu",
    "Gelu",
    "FastGelu",
    "QuickGelu",
    "Sigmoid",
    "Tanh",
    "Elu",
    "Selu",
    "Celu",
    "HardSigmoid",
    "HardSwish",
    "Swish",
    "Silu",
    "Mish",
    "Softplus",
    "Softsign",
    "Clip",
    "ThresholdedRelu",
    "QLinearLeakyRelu",
    "QLinearSigmoid",
];

impl Wiring<'_> {
    /// The value that `value` is the norm of, where it is one.
    pub(super) fn norm_of(&self, value: Value) -> Option<Value> {
        let at = self.maker(value)?;
        if self.op(at) == Op::Norm {
            return self.read(at, 0).map(|before| self.plain(before));
        }
        if !matches!(self.op(at), Op::Add | Op::Arithmetic) {
            return None;
        }
        // In pieces: everything comes from one value, through its mean and a root.
        let mut candidates = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![at];
        while let Some(at) = open.pop() {
            if seen.len() >= PIECES || !is_piece(self, at) || !seen.insert(at) {
                continue;
            }
            if self.op(at) == Op::Reduce || self.node(at).operator == "Pow" {
                candidates.extend(self.read(at, 0).map(|before| self.plain(before)));
            }
            open.extend(self.data_reads(at).filter_map(|before| self.maker(before)));
        }
        candidates.sort_by_key(|candidate| self.birth(*candidate));
        candidates.dedup();
        candidates
            .into_iter()
            .find(|from| *from != value && self.is_norm_of(value, *from))
    }

    fn is_norm_of(&self, value: Value, from: Value) -> bool {
        let (mut has_mean, mut has_root) = (false, false);
        let mut seen = BTreeSet::new();
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            if value == from {
                continue;
            }
            let Some(at) = self.maker(value).filter(|at| is_piece(self, *at)) else {
                return false;
            };
            if !seen.insert(at) {
                continue;
            }
            if seen.len() > PIECES {
                return false;
            }
            has_mean |= self.op(at) == Op::Reduce;
            has_root |= matches!(self.node(at).operator.as_str(), "Sqrt" | "Rsqrt" | "Pow");
            open.extend(self.data_reads(at));
        }
        has_mean && has_root
    }

    /// The norm of a value that is read next, where there is one.
    pub(super) fn norm_after(&self, value: Value) -> Option<Value> {
        let mut stems = vec![value];
        for at in self.content_readers(value) {
            if self.op(at) == Op::Pass {
                let made = self.made(at, 0);
                let second = made.into_iter().flat_map(|made| self.content_readers(made));
                stems.extend(made);
                stems.extend(
                    second
                        .filter(|at| self.op(*at) == Op::Pass)
                        .filter_map(|at| self.made(at, 0)),
                );
            }
        }
        for stem in &stems {
            let whole = |at: &At| self.op(*at) == Op::Norm && self.read(*at, 0) == Some(*stem);
            if let Some(at) = self.content_readers(*stem).find(whole) {
                return self.made(at, 0);
            }
        }
        let mean = |at: At| self.op(at) == Op::Reduce || self.node(at).operator == "Pow";
        if !self.content_readers(value).any(mean) {
            return None;
        }
        let mut ends = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![value];
        while let Some(next) = open.pop() {
            for at in self.content_readers(next) {
                if seen.len() < 2 * PIECES && is_piece(self, at) && seen.insert(at) {
                    open.extend(self.made(at, 0));
                    ends.extend(self.made(at, 0));
                }
            }
        }
        ends.sort_by_key(|end| std::cmp::Reverse(self.birth(*end)));
        ends.into_iter().find(|end| self.is_norm_of(*end, value))
    }

    /// The value after the norm, bias and activation that directly follow the result `value` of a
    /// layer, and the nodes on the way.
    pub(super) fn settled(&self, value: Value) -> (Value, Vec<At>) {
        let mut done = (value, Vec::new());
        let mut current = value;
        let mut way: Vec<At> = Vec::new();
        let mut active = false;
        for _ in 0..24 {
            let readers: Vec<At> = self.content_readers(current).collect();
            let &[at] = readers.as_slice() else {
                match self.joined_activation(current).filter(|_| !active) {
                    Some((after, nodes)) => {
                        active = true;
                        way.extend(nodes);
                        current = after;
                        done = (current, way.clone());
                        continue;
                    }
                    None => break,
                }
            };
            let Some(after) = self.made(at, 0) else { break };
            let node = self.node(at);
            let alone = self.data_reads(at).count() == 1;
            let is_activation = ACTIVATIONS.contains(&node.operator.as_str())
                || matches!(node.operator.as_str(), "PRelu" | "BiasGelu") && alone;
            let ends = match self.op(at) {
                Op::Pass => false,
                Op::Arrange if !active && node.operator == "Transpose" => false,
                Op::Norm if !active || node.operator == "BatchNormalization" => true,
                Op::Add if alone => !active,
                Op::Arithmetic | Op::Unary if is_activation => {
                    active = true;
                    true
                }
                Op::Arithmetic if alone && matches!(node.operator.as_str(), "Max" | "Min") => true,
                Op::Arithmetic if alone && matches!(node.operator.as_str(), "Mul" | "Div") => {
                    !active
                }
                _ => break,
            };
            way.push(at);
            current = after;
            if ends {
                done = (current, way.clone());
            }
        }
        done
    }

    /// An activation in pieces: the paths from `value` fork and meet again.
    fn joined_activation(&self, value: Value) -> Option<(Value, Vec<At>)> {
        let mut made = BTreeSet::from([value]);
        let mut nodes: BTreeSet<At> = BTreeSet::new();
        let mut bends = false;
        while nodes.len() < PIECES {
            let open: Vec<Value> = made
                .iter()
                .copied()
                .filter(|value| {
                    let readers = || self.content_readers(*value);
                    readers().next().is_none() || readers().any(|at| !nodes.contains(&at))
                })
                .collect();
            if let &[end] = open.as_slice()
                && end != value
                && bends
            {
                let halved = self.halved(end);
                nodes.extend(halved.map(|(_, at)| at));
                let end = halved.map_or(end, |(half, _)| half);
                return Some((end, nodes.into_iter().collect()));
            }
            let next = open
                .iter()
                .flat_map(|value| self.content_readers(*value))
                .filter(|at| !nodes.contains(at) && self.op(*at).is_elementwise())
                .find(|at| self.data_reads(*at).all(|value| made.contains(&value)))?;
            bends |= matches!(
                self.node(next).operator.as_str(),
                "Erf" | "Tanh" | "Sigmoid" | "Softplus" | "Pow" | "Exp" | "HardSigmoid" | "Clip"
            );
            nodes.insert(next);
            made.extend(self.made(next, 0));
        }
        None
    }

    /// Half of a value, where only that is read: the last step of a GELU in pieces.
    fn halved(&self, value: Value) -> Option<(Value, At)> {
        let mut readers = self.content_readers(value);
        let at = readers.next().filter(|_| readers.next().is_none())?;
        let scales = self.op(at) == Op::Arithmetic && self.node(at).operator == "Mul";
        let others = self
            .reads
            .get(at)?
            .iter()
            .flatten()
            .filter(|other| **other != value);
        let mut factors = others.filter_map(|other| self.weight(*other)?.values.as_deref());
        let is_half = factors.next().is_some_and(|factor| factor == [0.5]);
        let half = self.made(at, 0)?;
        (scales && is_half).then_some((half, at))
    }

    /// Whether a node combines content with stored or computed weights.
    pub(super) fn has_weights(&self, at: At) -> bool {
        let convolves = |index: usize| {
            let weights = self.read(at, index);
            weights.is_some_and(|value| self.source(value) == Source::Weights)
        };
        match self.op(at) {
            Op::Linear => self.weights(at).is_some(),
            Op::Conv | Op::Upconv => convolves(super::operator::operands(self.node(at)).1),
            Op::Recurrent(_) => true,
            Op::Attention => !self.node(at).operator.starts_with("MultiHead"),
            _ => false,
        }
    }
}

/// Whether a node may be part of a norm in pieces.
fn is_piece(wiring: &Wiring<'_>, at: At) -> bool {
    match wiring.op(at) {
        Op::Add | Op::Arithmetic | Op::Pass => true,
        Op::Reduce => wiring.node(at).operator == "ReduceMean",
        Op::Unary => {
            let operator = wiring.node(at).operator.as_str();
            matches!(operator, "Sqrt" | "Rsqrt" | "Reciprocal" | "Neg" | "Abs")
        }
        _ => false,
    }
}
