//! Who makes and who reads each value, and where values come from.

use std::cell::Cell;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use super::operator::{Op, operands};
use crate::wire::{ElementType, Node, Setting, Survey, Tensor};

/// How far back weights that the graph computes with are followed, in values.
const ARITHMETIC: usize = 64;

/// Index of a value.
pub(super) type Value = usize;
/// Index of a node in the survey.
pub(super) type At = usize;

/// What a value depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// Weights only.
    Weights,
    /// Sizes, masks, lengths and scales, but no content.
    Side,
    /// The content of an input.
    Data,
}

/// A graph with its values numbered. Nodes on cycles have no place in `order`.
pub(super) struct Wiring<'a> {
    /// The graph.
    pub(super) survey: &'a Survey,
    /// Nodes, each after those that it reads from.
    pub(super) order: Vec<At>,
    /// Place of each node in `order`.
    pub(super) place: Vec<Option<usize>>,
    /// What each node is.
    pub(super) op: Vec<Op>,
    /// Values read by each node; `None` for an input left out.
    pub(super) reads: Vec<Vec<Option<Value>>>,
    /// Values made by each node.
    pub(super) makes: Vec<Vec<Option<Value>>>,
    /// Stored tensor of each value.
    pub(super) stored: Vec<Option<&'a Tensor>>,
    names: Vec<&'a str>,
    maker: Vec<Option<At>>,
    readers: Vec<Vec<At>>,
    source: Vec<Source>,
    numbers: HashMap<&'a str, Value>,
    /// Times that a node or a value was looked at.
    looks: Cell<u64>,
}

impl<'a> Wiring<'a> {
    /// Numbers the values of a graph.
    pub(super) fn new(survey: &'a Survey) -> Self {
        let count = survey.nodes.len();
        let mut wiring = Self {
            survey,
            order: Vec::with_capacity(count),
            place: vec![None; count],
            op: survey.nodes.iter().map(Op::of).collect(),
            reads: Vec::with_capacity(count),
            makes: Vec::with_capacity(count),
            stored: Vec::new(),
            names: Vec::new(),
            maker: Vec::new(),
            readers: Vec::new(),
            source: Vec::new(),
            numbers: HashMap::new(),
            looks: Cell::new(0),
        };
        for tensor in &survey.initializers {
            let value = wiring.number(&tensor.name);
            wiring.store(value, tensor);
        }
        for input in &survey.inputs {
            wiring.number(&input.name);
        }
        for (at, node) in survey.nodes.iter().enumerate() {
            let reads = wiring.numbered(&node.inputs);
            for value in reads.iter().flatten() {
                if let Some(readers) = wiring.readers.get_mut(*value)
                    && readers.last() != Some(&at)
                {
                    readers.push(at);
                }
            }
            let makes = wiring.numbered(&node.outputs);
            for value in makes.iter().flatten() {
                if let Some(maker) = wiring.maker.get_mut(*value) {
                    maker.get_or_insert(at);
                }
                if let Some(Setting::Tensor(tensor)) = node.attribute("value")
                    && node.operator == "Constant"
                {
                    wiring.store(*value, tensor);
                }
            }
            wiring.reads.push(reads);
            wiring.makes.push(makes);
        }
        wiring.sort();
        wiring.trace_sources();
        wiring
    }

    fn number(&mut self, name: &'a str) -> Value {
        let next = self.names.len();
        let value = *self.numbers.entry(name).or_insert(next);
        if value == next {
            self.names.push(name);
            self.maker.push(None);
            self.readers.push(Vec::new());
            self.stored.push(None);
        }
        value
    }

    fn numbered(&mut self, names: &'a [String]) -> Vec<Option<Value>> {
        let number = |name: &'a String| (!name.is_empty()).then(|| self.number(name));
        names.iter().map(number).collect()
    }

    fn store(&mut self, value: Value, tensor: &'a Tensor) {
        if let Some(stored) = self.stored.get_mut(value) {
            stored.get_or_insert(tensor);
        }
    }

    /// Orders the nodes by dependence, by file order among independent ones.
    fn sort(&mut self) {
        let own_inputs = |at: At| {
            let reads = self.reads.get(at).into_iter().flatten().flatten();
            reads.copied().collect::<BTreeSet<Value>>()
        };
        let made_by_node = |value: &Value| self.maker.get(*value).copied().flatten().is_some();
        let mut missing: Vec<usize> = (0..self.reads.len())
            .map(|at| own_inputs(at).iter().filter(|v| made_by_node(v)).count())
            .collect();
        let ready = missing.iter().enumerate().filter(|(_, count)| **count == 0);
        let mut ready: BinaryHeap<std::cmp::Reverse<At>> =
            ready.map(|(at, _)| std::cmp::Reverse(at)).collect();
        while let Some(std::cmp::Reverse(at)) = ready.pop() {
            if let Some(place) = self.place.get_mut(at) {
                *place = Some(self.order.len());
            }
            self.order.push(at);
            let makes = self.makes.get(at).into_iter().flatten().flatten();
            for value in makes.copied().collect::<BTreeSet<Value>>() {
                if self.maker.get(value).copied().flatten() != Some(at) {
                    continue;
                }
                for reader in self.readers.get(value).into_iter().flatten() {
                    if let Some(count) = missing.get_mut(*reader).filter(|count| **count > 0) {
                        *count -= 1;
                        if *count == 0 {
                            ready.push(std::cmp::Reverse(*reader));
                        }
                    }
                }
            }
        }
    }

    fn trace_sources(&mut self) {
        self.source = vec![Source::Weights; self.names.len()];
        for input in self.survey.free_inputs() {
            if let Some(value) = self.numbers.get(input.name.as_str())
                && let Some(source) = self.source.get_mut(*value)
            {
                let side = is_side(&input.name) || input.element == Some(ElementType::Bool);
                *source = if side { Source::Side } else { Source::Data };
            }
        }
        for &at in &self.order {
            let inputs = self.reads.get(at).into_iter().flatten().flatten();
            let most = inputs.filter_map(|value| self.source.get(*value)).max();
            let from = match (self.op.get(at), most) {
                (Some(Op::Body), _) => Source::Data,
                (Some(Op::Shape), Some(Source::Data)) => Source::Side,
                (_, most) => most.copied().unwrap_or(Source::Weights),
            };
            let dynamic = self.node(at).operator == "DynamicQuantizeLinear";
            let makes = self.makes.get(at).into_iter().flatten().enumerate();
            for (index, value) in makes.filter_map(|(index, value)| Some((index, (*value)?))) {
                if let Some(source) = self.source.get_mut(value) {
                    *source = if dynamic && index > 0 {
                        Source::Side
                    } else {
                        from
                    };
                }
            }
        }
    }

    /// How many times a node or a value was looked at: what the work on the graph has cost so far.
    pub(super) fn looks(&self) -> u64 {
        self.looks.get()
    }

    fn look(&self) {
        self.looks.set(self.looks.get().saturating_add(1));
    }

    /// The node.
    pub(super) fn node(&self, at: At) -> &'a Node {
        self.look();
        static NONE: std::sync::OnceLock<Node> = std::sync::OnceLock::new();
        let none = || NONE.get_or_init(Node::default);
        self.survey.nodes.get(at).unwrap_or_else(none)
    }

    /// What the node is.
    pub(super) fn op(&self, at: At) -> Op {
        self.look();
        self.op.get(at).copied().unwrap_or(Op::Other)
    }

    /// Number of values.
    pub(super) fn values(&self) -> usize {
        self.names.len()
    }

    /// Name of a value.
    pub(super) fn name(&self, value: Value) -> &'a str {
        self.names.get(value).copied().unwrap_or_default()
    }

    /// The value of this name.
    pub(super) fn value(&self, name: &str) -> Option<Value> {
        self.numbers.get(name).copied()
    }

    /// The node that makes a value, unless it lies on a cycle.
    pub(super) fn maker(&self, value: Value) -> Option<At> {
        self.look();
        let maker = self.maker.get(value).copied().flatten()?;
        self.place.get(maker).copied().flatten().map(|_| maker)
    }

    /// Place of the node that makes a value, 1 for the first; 0 where no node makes it.
    pub(super) fn birth(&self, value: Value) -> usize {
        let place = |at: At| self.place.get(at).copied().flatten();
        self.maker(value).and_then(place).map_or(0, |p| p + 1)
    }

    /// The nodes that read a value, in file order.
    pub(super) fn readers(&self, value: Value) -> &[At] {
        self.readers
            .get(value)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The nodes that read a value's content.
    pub(super) fn content_readers(&self, value: Value) -> impl Iterator<Item = At> {
        let reading = |at: &&At| self.op(**at) != Op::Shape;
        self.readers(value).iter().filter(reading).copied()
    }

    /// What a value depends on.
    pub(super) fn source(&self, value: Value) -> Source {
        self.look();
        self.source.get(value).copied().unwrap_or(Source::Weights)
    }

    /// Whether a value carries content of an input.
    pub(super) fn is_data(&self, value: Value) -> bool {
        self.source(value) == Source::Data
    }

    /// Input `index` of a node.
    pub(super) fn read(&self, at: At, index: usize) -> Option<Value> {
        self.reads.get(at)?.get(index).copied().flatten()
    }

    /// Output `index` of a node.
    pub(super) fn made(&self, at: At, index: usize) -> Option<Value> {
        self.makes.get(at)?.get(index).copied().flatten()
    }

    /// Inputs of a node that carry content.
    pub(super) fn data_reads(&self, at: At) -> impl Iterator<Item = Value> {
        let reads = self.reads.get(at).into_iter().flatten().flatten();
        reads.copied().filter(|value| self.is_data(*value))
    }

    /// The value before changes of number format.
    pub(super) fn plain(&self, mut value: Value) -> Value {
        for _ in 0..32 {
            let Some(at) = self.maker(value).filter(|at| self.op(*at) == Op::Pass) else {
                break;
            };
            match self.read(at, 0) {
                Some(before) if self.source(before) == self.source(value) => value = before,
                _ => break,
            }
        }
        value
    }

    /// The stored tensor that a value of weights comes from, through changes of format and
    /// arrangement.
    pub(super) fn weight(&self, mut value: Value) -> Option<&'a Tensor> {
        for _ in 0..16 {
            if let Some(tensor) = self.stored.get(value).copied().flatten() {
                return Some(tensor);
            }
            let at = self.maker(value)?;
            if !matches!(self.op(at), Op::Pass | Op::Arrange) {
                return None;
            }
            value = self.read(at, 0)?;
        }
        None
    }

    /// The stored tensors that a value of weights is computed from, with their own values; as far back as
    /// [`ARITHMETIC`] values.
    pub(super) fn weights_behind(&self, value: Value) -> Vec<(Value, &'a Tensor)> {
        let (mut found, mut seen, mut open) = (Vec::new(), BTreeSet::new(), vec![value]);
        while let Some(value) = open.pop().filter(|_| seen.len() < ARITHMETIC) {
            if !seen.insert(value) || self.source(value) != Source::Weights {
                continue;
            }
            if let Some(tensor) = self.stored.get(value).copied().flatten() {
                found.push((value, tensor));
            } else if let Some(at) = self.maker(value) {
                open.extend(self.reads.get(at).into_iter().flatten().flatten());
            }
        }
        found
    }

    /// The stored weights of a matrix product or convolution of content, where it has any.
    pub(super) fn weights(&self, at: At) -> Option<&'a Tensor> {
        if !matches!(self.op(at), Op::Linear | Op::Conv | Op::Upconv) {
            return None;
        }
        let (first, second) = operands(self.node(at));
        let (first, second) = (self.read(at, first)?, self.read(at, second)?);
        let of = |value: Value, content: Value| {
            let stored = self.is_data(content) && self.source(value) == Source::Weights;
            stored.then(|| self.weight(value)).flatten()
        };
        let found = of(second, first).or_else(|| of(first, second))?;
        (found.dims.len() > 1).then_some(found)
    }
}

/// Whether an input of this name says how the others are to be read.
pub(super) fn is_side(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let whole = ["sr", "fmin", "fmax"].contains(&name.as_str());
    let parts = ["mask", "length", "lens", "sample_rate", "_len"];
    whole || is_state(&name) || parts.iter().any(|part| name.contains(part))
}

/// Whether an input of this lower-case name is the state of a recurrent layer or a cache.
pub(super) fn is_state(name: &str) -> bool {
    let whole = ["h", "c", "h0", "c0", "hn", "cn", "h_0", "c_0"].contains(&name);
    let state = name.starts_with("state") || name.ends_with("_state") || name.ends_with("_states");
    let part = name.contains("cache") || name.contains("past");
    whole || part || state && !name.contains("hidden")
}
