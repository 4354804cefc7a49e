//! The backward pass: relevance, or a gradient, from the logits down to the input.

mod activations;
mod known;
mod ledger;
mod pools;

pub use ledger::LedgerLayer;
pub(super) use ledger::{Ledger, Sums};

use std::collections::BTreeMap;

use known::Known;

use super::emit::{Emitter, Map, Setting};
use super::network::{Activation, Id, Linear, Network, Node, Op, wide};
use super::rules::{Bounds, Layer};
use super::{Composite, Method, Rule};

/// What comes back at one value.
#[derive(Debug, Clone)]
pub(super) struct Share {
    pub(super) value: String,
    /// Whether it is zero wherever the value is.
    aligned: bool,
}

/// The backward pass while it is written.
pub(super) struct Backward<'a> {
    pub(super) network: &'a Network,
    pub(super) method: &'a Method,
    pub(super) bounds: &'a Bounds,
    /// What has come back at each value, from each of its readers.
    shares: BTreeMap<Id, Vec<Share>>,
    /// ReLU outputs by the values that they read, where both are equal wherever relevance is.
    gates: BTreeMap<Id, String>,
    known: Known,
    first: Option<Id>,
    ledger: Option<Ledger>,
}

impl<'a> Backward<'a> {
    pub(super) fn new(
        network: &'a Network,
        method: &'a Method,
        bounds: &'a Bounds,
        e: &Emitter,
        with_ledger: bool,
    ) -> Self {
        let layer = |node: &&Node| matches!(node.op, Op::Linear(_));
        Self {
            network,
            method,
            bounds,
            shares: BTreeMap::new(),
            gates: BTreeMap::new(),
            known: Known::of(network, e.optimises()),
            first: network.nodes.iter().find(layer).map(|node| node.output),
            ledger: with_ledger.then(Ledger::default),
        }
    }

    /// Walks from `seed` at the logits to the input. Gives what came back at every value, and the
    /// ledger.
    pub(super) fn walk(
        mut self,
        e: &mut Emitter,
        seed: String,
    ) -> (BTreeMap<Id, String>, Option<Ledger>) {
        let mut arrived = BTreeMap::new();
        self.give(self.network.logits, seed, false);
        for node in self.network.nodes.iter().rev() {
            let Some(share) = self.arrived(e, node.output) else {
                continue;
            };
            arrived.insert(node.output, share.value.clone());
            let rule = self.rule_of(node);
            if let Some(ledger) = &mut self.ledger {
                ledger.open(node, rule, &share.value, self.network.dims(node.output));
            }
            match self.method {
                Method::Relevance(composite) => self.relevance(e, composite, node, &share),
                _ => self.gradient(e, node, &share),
            }
        }
        if let Some(share) = self.arrived(e, self.network.input) {
            arrived.insert(self.network.input, share.value);
        }
        (arrived, self.ledger)
    }

    /// The sum of what came back at a value.
    fn arrived(&self, e: &mut Emitter, id: Id) -> Option<Share> {
        let (first, rest) = self.shares.get(&id)?.split_first()?;
        let mut sum = first.clone();
        for share in rest {
            sum.value = e.op("Add", &[&sum.value, &share.value]);
            sum.aligned &= share.aligned;
        }
        Some(sum)
    }

    fn give(&mut self, id: Id, value: String, aligned: bool) {
        if let Some(ledger) = &mut self.ledger {
            ledger.given(&value, self.network.dims(id));
        }
        self.shares
            .entry(id)
            .or_default()
            .push(Share { value, aligned });
    }

    fn name(&self, id: Id) -> &'a str {
        &self.network.values[id].name
    }

    /// The rule of a layer with weights.
    fn rule_of(&self, node: &Node) -> Option<Rule> {
        let (Method::Relevance(composite), Op::Linear(linear)) = (self.method, &node.op) else {
            return None;
        };
        Some(match composite.first {
            Some(rule) if self.first == Some(node.output) => rule,
            _ if linear.is_dense() => composite.dense,
            _ => composite.convolution,
        })
    }

    fn relevance(&mut self, e: &mut Emitter, composite: &Composite, node: &Node, r: &Share) {
        let y = self.name(node.output);
        match &node.op {
            Op::Linear(linear) => {
                if let Some(rule) = self.rule_of(node) {
                    self.layer(e, composite, node, linear, (rule, &r.value));
                }
            }
            Op::Affine { scale, norm, .. } => match composite.norms.filter(|_| *norm) {
                Some(epsilon) => {
                    let z = e.stabilised(y, epsilon);
                    let quotient = e.op("Div", &[&r.value, &z]);
                    let c = self.scaled(e, scale.as_ref(), y, quotient);
                    self.proportional(e, node.inputs[0], &c);
                }
                None => self.give(node.inputs[0], r.value.clone(), false),
            },
            Op::Add => {
                let denominator = self.denominator(e, composite, node.output);
                let quotient = e.op("Div", &[&r.value, &denominator]);
                for input in &node.inputs {
                    self.proportional(e, *input, &quotient);
                }
            }
            Op::AveragePool { .. } | Op::Mean(_) => {
                let denominator = self.denominator(e, composite, node.output);
                let quotient = e.op("Div", &[&r.value, &denominator]);
                let c = pools::averaged(e, self.network, node, &quotient);
                self.proportional(e, node.inputs[0], &c);
            }
            Op::Activation(activation) => {
                let x = node.inputs[0];
                let relu = *activation == Activation::Relu;
                if relu && r.aligned && self.network.readers(x) == 1 && x != self.network.logits {
                    self.gates.insert(x, y.to_owned());
                }
                self.give(x, r.value.clone(), relu && r.aligned);
            }
            _ => self.moved(e, node, r),
        }
    }

    /// Gives an input its own number times c.
    fn proportional(&mut self, e: &mut Emitter, input: Id, c: &str) {
        let share = e.op("Mul", &[self.name(input), c]);
        self.give(input, share, true);
    }

    /// A sum's value, stabilised as far as its sign is unknown.
    fn denominator(&self, e: &mut Emitter, composite: &Composite, id: Id) -> String {
        let positive = match self.gates.get(&id) {
            Some(gate) if e.optimises() => Some(gate.as_str()),
            _ => self.known.not_negative(id).then(|| self.name(id)),
        };
        match positive {
            Some(value) => {
                let stabiliser = e.scalar(composite.stabiliser);
                e.op("Add", &[value, &stabiliser])
            }
            None => e.stabilised(self.name(id), composite.stabiliser),
        }
    }

    fn layer(
        &mut self,
        e: &mut Emitter,
        composite: &Composite,
        node: &Node,
        linear: &Linear,
        (rule, r): (Rule, &str),
    ) {
        let (input, output) = (node.inputs[0], node.output);
        let gate = self.gates.get(&output).cloned();
        let layer = Layer {
            map: self.map(node, linear),
            x: self.name(input),
            z: self.name(output),
            gate: gate.as_deref().filter(|_| e.optimises()),
            not_negative: self.known.not_negative(input),
            stabiliser: composite.stabiliser,
            zero_bias: composite.zero_bias,
            bounds: self.bounds,
        };
        let handed = layer.hand_down(e, rule, r);
        if let Some(ledger) = &mut self.ledger {
            let dims = layer.map.channel_dims();
            ledger.swallowed(e, &handed.swallowed, dims, self.network.dims(output));
        }
        self.give(input, handed.relevance, handed.aligned);
    }

    fn map<'m>(&self, node: &Node, linear: &'m Linear) -> Map<'m>
    where
        'a: 'm,
    {
        let network = self.network;
        Map {
            linear,
            key: &network.values[node.output].name,
            from: network.dims(node.inputs[0]),
            to: network.dims(node.output),
        }
    }

    /// What a constant scale makes of a value that comes back.
    fn scaled(
        &self,
        e: &mut Emitter,
        scale: Option<&super::tensor::Tensor>,
        y: &str,
        value: String,
    ) -> String {
        let Some(scale) = scale else { return value };
        let scale = e.floats(&format!("{y}/scale"), || scale.clone());
        e.op("Mul", &[&value, &scale])
    }

    fn gradient(&mut self, e: &mut Emitter, node: &Node, g: &Share) {
        let y = self.name(node.output);
        let value = match &node.op {
            Op::Linear(linear) => {
                let map = self.map(node, linear);
                map.transposed(e, &g.value, &map.own())
            }
            Op::Affine { scale, .. } => self.scaled(e, scale.as_ref(), y, g.value.clone()),
            Op::Add => {
                for input in &node.inputs {
                    self.give(*input, g.value.clone(), false);
                }
                return;
            }
            Op::AveragePool { .. } | Op::Mean(_) => {
                pools::averaged(e, self.network, node, &g.value)
            }
            Op::Activation(activation) => {
                let x = self.name(node.inputs[0]);
                activations::derivative(e, self.method, activation, (x, y), &g.value)
            }
            _ => return self.moved(e, node, g),
        };
        self.give(node.inputs[0], value, false);
    }

    /// Steps that only move numbers.
    fn moved(&mut self, e: &mut Emitter, node: &Node, r: &Share) {
        let input = node.inputs[0];
        let from = wide(self.network.dims(input));
        let value = match &node.op {
            Op::MaxPool(window) => pools::winners(e, self.network, node, window, &r.value),
            Op::Reshape => e.reshape(&r.value, &from),
            Op::Transpose(order) => {
                let mut back = vec![0; order.len()];
                order
                    .iter()
                    .enumerate()
                    .for_each(|(to, from)| back[*from] = to);
                let back = vec![("perm", Setting::Ints(wide(&back)))];
                e.with("Transpose", &[&r.value], back)
            }
            Op::Concat(axis) => {
                let sizes = node.inputs.iter().map(|id| self.network.dims(*id)[*axis]);
                let sizes = e.ints(&wide(&sizes.collect::<Vec<_>>()));
                let axis = vec![("axis", Setting::Int(wide(&[*axis])[0]))];
                let parts = e.many("Split", &[&r.value, &sizes], node.inputs.len(), axis);
                for (input, part) in node.inputs.iter().zip(parts) {
                    self.give(*input, part, r.aligned);
                }
                return;
            }
            Op::Pad { before, .. } => {
                let ends = before.iter().zip(self.network.dims(input));
                let ends: Vec<usize> = ends.map(|(before, size)| before + size).collect();
                let (starts, ends) = (e.ints(&wide(before)), e.ints(&wide(&ends)));
                e.op("Slice", &[&r.value, &starts, &ends])
            }
            _ => return,
        };
        self.give(input, value, r.aligned);
    }
}
