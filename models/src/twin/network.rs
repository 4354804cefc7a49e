//! Who makes and who reads each value, in the graph and all bodies and functions in it.

use std::collections::{BTreeMap, BTreeSet};

use crate::wire::{Fields, Value};
use crate::{Error, Result};

/// Bodies within bodies that are entered; no exporter goes this deep.
pub(super) const DEEPEST: usize = 16;

/// Operators that move numbers about without computing with them: whoever reads their output reads
/// the tensor.
const CARRIERS: [&str; 13] = [
    "Identity",
    "Transpose",
    "Reshape",
    "Unsqueeze",
    "Squeeze",
    "Flatten",
    "Cast",
    "Slice",
    "Concat",
    "Split",
    "Expand",
    "QuantizeLinear",
    "DequantizeLinear",
];

/// One node.
#[derive(Debug, Default)]
pub(super) struct Operator {
    pub(super) name: String,
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
}

/// An input of a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) operator: &'a Operator,
    pub(super) position: usize,
}

/// Makers and readers of values by name. Names are unique over all bodies of a sound graph; where
/// they are not, readers of all values of the name are given.
#[derive(Debug, Default)]
pub(super) struct Network {
    operators: Vec<Operator>,
    readers: BTreeMap<String, Vec<(usize, usize)>>,
    makers: BTreeMap<String, usize>,
    inputs: BTreeSet<String>,
}

impl Network {
    pub(super) fn read(model: &[u8]) -> Result<Self> {
        let mut found = Self::default();
        for field in Fields::new(model) {
            match field? {
                (7, Value::Bytes(graph)) => found.graph(graph, 0)?,
                (25, Value::Bytes(function)) => {
                    for field in Fields::new(function) {
                        if let (7, Value::Bytes(node)) = field? {
                            found.node(node, 0)?;
                        }
                    }
                }
                _ => {}
            }
        }
        for (at, operator) in found.operators.iter().enumerate() {
            for (position, input) in operator.inputs.iter().enumerate() {
                let readers = found.readers.entry(input.clone()).or_default();
                readers.push((at, position));
            }
            for output in &operator.outputs {
                found.makers.insert(output.clone(), at);
            }
        }
        Ok(found)
    }

    fn graph(&mut self, graph: &[u8], depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(too_deep());
        }
        for field in Fields::new(graph) {
            match field? {
                (1, Value::Bytes(node)) => self.node(node, depth)?,
                (11, Value::Bytes(value)) if depth == 0 => {
                    for field in Fields::new(value) {
                        if let (1, Value::Bytes(name)) = field? {
                            self.inputs.insert(text(name));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn node(&mut self, node: &[u8], depth: usize) -> Result<()> {
        let mut found = Operator::default();
        for field in Fields::new(node) {
            match field? {
                (1, Value::Bytes(name)) => found.inputs.push(text(name)),
                (2, Value::Bytes(name)) => found.outputs.push(text(name)),
                (4, Value::Bytes(name)) => found.name = text(name),
                (5, Value::Bytes(attribute)) => {
                    for field in Fields::new(attribute) {
                        if let (6 | 11, Value::Bytes(body)) = field? {
                            self.graph(body, depth + 1)?;
                        }
                    }
                }
                _ => {}
            }
        }
        self.operators.push(found);
        Ok(())
    }

    /// Nodes that compute with the value `name`, found through those that only carry it.
    pub(super) fn readers(&self, name: &str) -> Vec<Reader<'_>> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::from([name]);
        let mut todo = vec![name];
        while let Some(name) = todo.pop() {
            for (at, position) in self.readers.get(name).into_iter().flatten() {
                let Some(operator) = self.operators.get(*at) else {
                    continue;
                };
                found.push(Reader {
                    operator,
                    position: *position,
                });
                let concatenated = operator.name == "Concat";
                if CARRIERS.contains(&operator.name.as_str()) && (*position == 0 || concatenated) {
                    let fresh = operator.outputs.iter().map(String::as_str);
                    todo.extend(fresh.filter(|output| seen.insert(output)));
                }
            }
        }
        found
    }

    /// The node that makes the value `name`, and at which place of its outputs.
    pub(super) fn maker(&self, name: &str) -> Option<(&Operator, usize)> {
        let operator = self.operators.get(*self.makers.get(name)?)?;
        let place = operator.outputs.iter().position(|output| output == name)?;
        Some((operator, place))
    }

    /// Whether the value `name` is an input of the graph, carried or not. `stored` tells which
    /// inputs are weights.
    pub(super) fn is_input(&self, name: &str, stored: &BTreeSet<String>) -> bool {
        let mut name = name;
        for _step in 0..self.operators.len() {
            if self.inputs.contains(name) {
                return !stored.contains(name);
            }
            match self.maker(name) {
                Some((operator, _)) if CARRIERS.contains(&operator.name.as_str()) => {
                    match operator.inputs.first() {
                        Some(input) => name = input,
                        None => return false,
                    }
                }
                _ => return false,
            }
        }
        false
    }
}

pub(super) fn too_deep() -> Error {
    Error::malformed("graph", format!("bodies lie more than {DEEPEST} deep"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
