//! From an ONNX graph to the network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::integers::{Ints, computed};
use super::weights::{Constant, made, stored};
use super::{Id, Network, Node, Op, Value, fold};
use crate::names::nearest;
use crate::relevance::tensor::Tensor;
use crate::wire::{self, Dim, Survey};
use crate::{Error, Result};

/// Most elements that one value may have.
pub(super) const LARGEST: usize = 1 << 28;
const NEAR: usize = 5;

/// What is asked of a reading.
#[derive(Debug, Clone, Copy)]
pub(in crate::relevance) struct Reading<'a> {
    /// The serialised model.
    pub(in crate::relevance) model: &'a [u8],
    /// Folder of the files that hold weights.
    pub(in crate::relevance) folder: Option<&'a Path>,
    /// Shape of the input, batch first.
    pub(in crate::relevance) shape: &'a [usize],
    /// The output to explain; the only one if not given.
    pub(in crate::relevance) output: Option<&'a str>,
    /// Keeps batch norms as layers of their own.
    pub(in crate::relevance) norms_apart: bool,
}

/// Reads a network for one shape of its input.
pub(in crate::relevance) fn read(asked: Reading<'_>) -> Result<Network> {
    let survey = wire::survey(asked.model)?;
    let input = only_input(&survey, asked.shape)?;
    let logits = logits(&survey, asked.output)?;
    let mut reader = Reader {
        model: asked.model,
        values: Vec::new(),
        nodes: Vec::new(),
        variables: BTreeMap::new(),
        constants: stored(asked.model, &survey, asked.folder)?,
    };
    let id = reader.value(&input, asked.shape.to_vec());
    reader.variables.insert(input, id);
    let needed = needed(&survey, &logits);
    for (node, needed) in survey.nodes.iter().zip(needed) {
        if needed {
            reader.node(node)?;
        }
    }
    let Some(logits) = reader.variables.get(&logits).copied() else {
        return Err(refused(&logits, "it does not depend on the input", None));
    };
    let mut network = Network {
        values: reader.values,
        nodes: reader.nodes,
        input: id,
        logits,
    };
    check_batch(&network)?;
    fold::fold(&mut network, asked.norms_apart);
    Ok(network)
}

/// A refusal to explain `name`.
pub(in crate::relevance) fn refused(name: &str, why: &str, how: Option<&str>) -> Error {
    Error::Surgery {
        action: "explain",
        name: name.to_owned(),
        why: why.to_owned(),
        how: how.map(str::to_owned),
    }
}

fn only_input(survey: &Survey, shape: &[usize]) -> Result<String> {
    let inputs: Vec<_> = survey.free_inputs().collect();
    let [input] = inputs.as_slice() else {
        let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        return Err(Error::Shape {
            what: "inputs of the graph".to_owned(),
            expected: "one, to be explained".to_owned(),
            found: format!("{} ({})", names.len(), names.join(", ")),
        });
    };
    let dims = input.dims.as_deref();
    let fits = dims.is_none_or(|dims| {
        dims.len() == shape.len()
            && dims.iter().zip(shape).all(|(dim, size)| match dim {
                Dim::Fixed(fixed) => usize::try_from(*fixed).is_ok_and(|fixed| fixed == *size),
                Dim::Named(_) | Dim::Unknown => true,
            })
    });
    let elements = shape
        .iter()
        .try_fold(1usize, |n, size| n.checked_mul(*size));
    if fits && elements.is_some_and(|n| (1..=LARGEST).contains(&n)) {
        return Ok(input.name.clone());
    }
    let expected: Vec<String> = dims
        .unwrap_or_default()
        .iter()
        .map(Dim::to_string)
        .collect();
    Err(Error::Shape {
        what: format!("input `{}`", input.name),
        expected: format!("[{}]", expected.join(", ")),
        found: format!("{shape:?}"),
    })
}

/// The value behind the last softmax or sigmoid: what a class scores before it competes.
fn logits(survey: &Survey, output: Option<&str>) -> Result<String> {
    let mut name = match (output, survey.outputs.as_slice()) {
        (Some(name), _) => {
            if !survey.values().any(|value| value == name) {
                return Err(Error::UnknownTensor {
                    name: name.to_owned(),
                    model: crate::error::UNNAMED.to_owned(),
                    near: nearest(name, survey.values(), NEAR),
                });
            }
            name.to_owned()
        }
        (None, [only]) => only.name.clone(),
        (None, outputs) => {
            let names: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
            return Err(Error::Shape {
                what: "outputs of the graph".to_owned(),
                expected: "one, or a choice of one to explain".to_owned(),
                found: format!("{} ({})", names.len(), names.join(", ")),
            });
        }
    };
    // Each step goes to an earlier node, so that no cycle is followed.
    for node in survey.nodes.iter().rev() {
        let ends = matches!(
            node.operator.as_str(),
            "Softmax" | "LogSoftmax" | "Sigmoid" | "Identity"
        );
        if ends
            && node.is_standard()
            && node.outputs.first() == Some(&name)
            && let Some(input) = node.inputs.first()
        {
            input.clone_into(&mut name);
        }
    }
    Ok(name)
}

/// Which nodes the value depends on.
fn needed(survey: &Survey, value: &str) -> Vec<bool> {
    let mut wanted: BTreeSet<&str> = BTreeSet::from([value]);
    let mut needed = vec![false; survey.nodes.len()];
    for (place, node) in survey.nodes.iter().enumerate().rev() {
        if node
            .outputs
            .iter()
            .any(|name| wanted.contains(name.as_str()))
        {
            needed[place] = true;
            wanted.extend(node.inputs.iter().map(String::as_str));
        }
    }
    needed
}

/// Relevance of one item must not mix with that of another.
fn check_batch(network: &Network) -> Result<()> {
    if network.batch() == 1 {
        return Ok(());
    }
    let mixes = |node: &&Node| match &node.op {
        Op::Transpose(order) => order.first() != Some(&0),
        Op::Concat(axis) => *axis == 0,
        Op::Mean(axes) => axes.contains(&0),
        Op::Pad { before, after } => before.first() != Some(&0) || after.first() != Some(&0),
        Op::Affine { scale, shift, .. } => {
            let rank = network.dims(node.output).len();
            let by_item = |constant: &Tensor| {
                constant.dims.len() == rank && constant.dims.first().is_some_and(|n| *n > 1)
            };
            scale.iter().chain(shift).any(by_item)
        }
        _ => false,
    };
    match network.nodes.iter().find(mixes) {
        Some(node) => Err(refused(
            &node.name,
            "it mixes the items of a batch",
            Some("explain one item at a time"),
        )),
        None => Ok(()),
    }
}

/// A network while it is read.
pub(super) struct Reader<'a> {
    pub(super) model: &'a [u8],
    pub(super) values: Vec<Value>,
    pub(super) nodes: Vec<Node>,
    pub(super) variables: BTreeMap<String, Id>,
    pub(super) constants: BTreeMap<String, Constant>,
}

impl Reader<'_> {
    pub(super) fn value(&mut self, name: &str, dims: Vec<usize>) -> Id {
        self.values.push(Value {
            name: name.to_owned(),
            dims,
        });
        self.values.len() - 1
    }

    fn node(&mut self, node: &wire::Node) -> Result<()> {
        if self.is_known(node)? {
            return Ok(());
        }
        if !node.is_standard() {
            return Err(self.no_rule(node, &format!("{}.{}", node.domain, node.operator)));
        }
        self.operator(node)
            .map_err(|why| refused(node_name(node), &why, None))?
            .then_some(())
            .ok_or_else(|| self.no_rule(node, &node.operator))
    }

    fn no_rule(&self, node: &wire::Node, operator: &str) -> Error {
        refused(
            node_name(node),
            &format!("there is no relevance rule for the operator `{operator}`"),
            Some(
                "relevance is for networks of convolutions, dense layers, pools, sums and \
                 activations that rise; `docs/guide/relevance.md` lists them",
            ),
        )
    }

    /// Takes up what a node makes of constants alone; whether it does.
    fn is_known(&mut self, node: &wire::Node) -> Result<bool> {
        let Some(output) = node.outputs.first() else {
            return Ok(true);
        };
        let found = match node.operator.as_str() {
            "Constant" => match made(self.model, node)? {
                Some(constant) => constant,
                None => return Ok(false),
            },
            "Shape" => match self.shape(node) {
                Some(ints) => Constant::Ints(ints),
                None => return Ok(false),
            },
            _ => {
                let given = node.inputs.iter().filter(|name| !name.is_empty());
                let constants: Option<Vec<&Constant>> =
                    given.map(|name| self.constants.get(name)).collect();
                match constants.as_deref() {
                    Some([Constant::Floats(tensor), ..])
                        if matches!(node.operator.as_str(), "Identity" | "Cast") =>
                    {
                        Constant::Floats(tensor.clone())
                    }
                    Some(all) => {
                        let ints: Option<Vec<&Ints>> = all
                            .iter()
                            .map(|constant| match constant {
                                Constant::Ints(ints) => Some(ints),
                                Constant::Floats(_) => None,
                            })
                            .collect();
                        match ints.and_then(|ints| computed(node, &ints)) {
                            Some(ints) => Constant::Ints(ints),
                            None => return Ok(false),
                        }
                    }
                    None => return Ok(false),
                }
            }
        };
        self.constants.insert(output.clone(), found);
        Ok(true)
    }

    fn shape(&self, node: &wire::Node) -> Option<Ints> {
        let id = self.variables.get(node.inputs.first()?)?;
        let dims = &self.values.get(*id)?.dims;
        let rank = i64::try_from(dims.len()).ok()?;
        let bound = |at: i64| if at < 0 { at + rank } else { at }.clamp(0, rank);
        let from = usize::try_from(bound(node.int("start").unwrap_or(0))).ok()?;
        let to = usize::try_from(bound(node.int("end").unwrap_or(rank))).ok()?;
        Some(Ints::list(super::wide(dims.get(from..to.max(from))?)))
    }

    /// The variable that a node reads at a place.
    pub(super) fn variable(&self, node: &wire::Node, place: usize) -> Result<Id, String> {
        let name = node.inputs.get(place).map_or("", String::as_str);
        match self.variables.get(name) {
            Some(id) => Ok(*id),
            None if self.constants.contains_key(name) => {
                Err(format!("its input `{name}` is a constant"))
            }
            None => Err(format!("its input `{name}` is made by no node before it")),
        }
    }

    /// The stored floats that a node reads at a place; `None` where the input is left out.
    pub(super) fn floats(&self, node: &wire::Node, place: usize) -> Result<Option<Tensor>, String> {
        let Some(name) = node.inputs.get(place).filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        match self.constants.get(name) {
            Some(Constant::Floats(tensor)) => Ok(Some(tensor.clone())),
            _ => Err(format!(
                "its input `{name}` is not a stored tensor of floats"
            )),
        }
    }

    /// The known integers that a node reads at a place, or else has as an attribute.
    pub(super) fn integers(
        &self,
        node: &wire::Node,
        place: usize,
        attribute: &str,
    ) -> Result<Option<Vec<i64>>, String> {
        if let Some(list) = node.ints(attribute) {
            return Ok(Some(list.to_vec()));
        }
        let Some(name) = node.inputs.get(place).filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        match self.constants.get(name) {
            Some(Constant::Ints(ints)) => Ok(Some(ints.data.clone())),
            _ => Err(format!("its input `{name}` is not known before it runs")),
        }
    }

    /// Adds a step whose output has these sizes and the name of the node's.
    pub(super) fn push(
        &mut self,
        node: &wire::Node,
        op: Op,
        inputs: Vec<Id>,
        dims: Vec<usize>,
    ) -> Result<(), String> {
        let output = node.outputs.first().cloned().unwrap_or_default();
        let id = self.inner(node, &output, op, inputs, dims)?;
        self.variables.insert(output, id);
        Ok(())
    }

    /// Adds a step whose output no node of the graph reads by name.
    pub(super) fn inner(
        &mut self,
        node: &wire::Node,
        value: &str,
        op: Op,
        inputs: Vec<Id>,
        dims: Vec<usize>,
    ) -> Result<Id, String> {
        let elements = dims.iter().try_fold(1usize, |n, size| n.checked_mul(*size));
        if !elements.is_some_and(|n| (1..=LARGEST).contains(&n)) {
            return Err(format!("its output would have the shape {dims:?}"));
        }
        let output = self.value(value, dims);
        self.nodes.push(Node {
            name: node_name(node).to_owned(),
            op,
            inputs,
            output,
        });
        Ok(output)
    }
}

/// Name of a node for people.
fn node_name(node: &wire::Node) -> &str {
    let names = [&node.name].into_iter().chain(&node.outputs);
    let mut named = names.filter(|name| !name.is_empty());
    named.next().map_or("", String::as_str)
}
