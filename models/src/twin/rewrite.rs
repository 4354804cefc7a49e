//! Copying a model with its weights drawn anew: the graph, bodies, functions; all else verbatim.

use std::collections::BTreeSet;
use std::path::Path;

use phonoscope_analysis::rng::stream;

use super::draw::{levelled, permuted, redrawn, redrawn_within};
use super::network::{DEEPEST, Network, too_deep};
use super::role::{Reason, Role, role};
use super::stored::Stored;
use super::tables::formula;
use super::{Kept, TwinKind};
use crate::Result;
use crate::wire::{Fields, Value, put_bytes, put_field};

/// What a copying does and has done.
pub(super) struct Rewriting<'a> {
    network: Network,
    /// Names of all initialisers.
    stored: BTreeSet<String>,
    folder: Option<&'a Path>,
    kind: TwinKind,
    seed: u64,
    /// Names of the only tensors that change; all that may, where it is not given.
    pub(super) only: Option<&'a BTreeSet<String>>,
    pub(super) redrawn: Vec<String>,
    pub(super) redrawn_elements: u64,
    pub(super) levelled: Vec<String>,
    pub(super) kept: Vec<Kept>,
}

impl<'a> Rewriting<'a> {
    pub(super) fn new(
        model: &[u8],
        folder: Option<&'a Path>,
        kind: TwinKind,
        seed: u64,
    ) -> Result<Self> {
        Ok(Self {
            network: Network::read(model)?,
            stored: stored_names(model)?,
            folder,
            kind,
            seed,
            only: None,
            redrawn: Vec::new(),
            redrawn_elements: 0,
            levelled: Vec::new(),
            kept: Vec::new(),
        })
    }

    /// The copy of a `ModelProto`.
    pub(super) fn model(&mut self, model: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(model.len());
        for field in Fields::new(model) {
            match field? {
                (7, Value::Bytes(graph)) => put_bytes(&mut out, 7, &self.graph(graph, 0)?),
                (25, Value::Bytes(function)) => {
                    let mut copy = Vec::with_capacity(function.len());
                    for field in Fields::new(function) {
                        match field? {
                            (7, Value::Bytes(node)) => {
                                put_bytes(&mut copy, 7, &self.node(node, 0)?);
                            }
                            (number, value) => put_field(&mut copy, number, value),
                        }
                    }
                    put_bytes(&mut out, 25, &copy);
                }
                (number, value) => put_field(&mut out, number, value),
            }
        }
        Ok(out)
    }

    fn graph(&mut self, graph: &[u8], depth: usize) -> Result<Vec<u8>> {
        if depth > DEEPEST {
            return Err(too_deep());
        }
        let mut out = Vec::with_capacity(graph.len());
        for field in Fields::new(graph) {
            match field? {
                (1, Value::Bytes(node)) => put_bytes(&mut out, 1, &self.node(node, depth)?),
                (5, Value::Bytes(tensor)) => {
                    let name = Stored::read(tensor)?.name;
                    put_bytes(&mut out, 5, &self.tensor(tensor, &name)?);
                }
                (number, value) => put_field(&mut out, number, value),
            }
        }
        Ok(out)
    }

    fn node(&mut self, node: &[u8], depth: usize) -> Result<Vec<u8>> {
        let (mut operator, mut output): (&[u8], Option<&[u8]>) = (b"", None);
        for field in Fields::new(node) {
            match field? {
                (2, Value::Bytes(name)) => output = output.or(Some(name)),
                (4, Value::Bytes(name)) => operator = name,
                _ => {}
            }
        }
        let constant = (operator == b"Constant").then_some(output).flatten();
        let constant = constant.map(|name| String::from_utf8_lossy(name).into_owned());
        let mut out = Vec::with_capacity(node.len());
        for field in Fields::new(node) {
            match field? {
                (5, Value::Bytes(attribute)) => {
                    let copy = self.attribute(attribute, constant.as_deref(), depth)?;
                    put_bytes(&mut out, 5, &copy);
                }
                (number, value) => put_field(&mut out, number, value),
            }
        }
        Ok(out)
    }

    /// `constant` is the name of the value that the attribute's tensor becomes.
    fn attribute(
        &mut self,
        attribute: &[u8],
        constant: Option<&str>,
        depth: usize,
    ) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(attribute.len());
        for field in Fields::new(attribute) {
            match (field?, constant) {
                ((5, Value::Bytes(tensor)), Some(name)) => {
                    put_bytes(&mut out, 5, &self.tensor(tensor, name)?);
                }
                ((number @ (6 | 11), Value::Bytes(body)), _) => {
                    put_bytes(&mut out, number, &self.graph(body, depth + 1)?);
                }
                ((number, value), _) => put_field(&mut out, number, value),
            }
        }
        Ok(out)
    }

    fn tensor(&mut self, bytes: &[u8], name: &str) -> Result<Vec<u8>> {
        let tensor = Stored::read(bytes)?;
        let role = role(&tensor, name, &self.network, &self.stored);
        let keep = |this: &mut Self, reason| {
            this.kept.push(Kept {
                name: name.to_owned(),
                elements: tensor.elements.unwrap_or(0) as u64,
                reason,
            });
            match tensor.external {
                Some(_) => tensor.brought_inside(this.folder),
                None => Ok(bytes.to_vec()),
            }
        };
        if let Role::Kept(reason) = role {
            return keep(self, reason);
        }
        if self.only.is_some_and(|only| !only.contains(name)) {
            return match tensor.external {
                Some(_) => tensor.brought_inside(self.folder),
                None => Ok(bytes.to_vec()),
            };
        }
        let values = tensor.values(self.folder)?;
        if values.iter().any(|value| !value.is_finite()) {
            return keep(self, Reason::NotFinite);
        }
        let float = tensor.number.is_float();
        if let Some(which) = formula(&values, &tensor.dims).filter(|_| float) {
            return keep(self, Reason::Formula(which));
        }
        let mut rng = stream(self.seed, name, 0);
        let positive = role == Role::Spread && values.iter().all(|value| *value >= 0.0);
        let drawn = match self.kind {
            TwinKind::Permuted => permuted(&values, &mut rng),
            TwinKind::Redrawn if positive => {
                self.levelled.push(name.to_owned());
                levelled(&values)
            }
            TwinKind::Redrawn if float => redrawn(&values, &mut rng),
            TwinKind::Redrawn => redrawn_within(&values, &mut rng),
        };
        self.redrawn.push(name.to_owned());
        self.redrawn_elements += values.len() as u64;
        Ok(tensor.with_values(&drawn))
    }
}

fn stored_names(model: &[u8]) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for field in Fields::new(model) {
        if let (7, Value::Bytes(graph)) = field? {
            for field in Fields::new(graph) {
                if let (5, Value::Bytes(tensor)) = field? {
                    names.insert(Stored::read(tensor)?.name);
                }
            }
        }
    }
    Ok(names)
}
