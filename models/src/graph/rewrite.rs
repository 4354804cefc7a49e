//! Renaming what a graph mentions, in nodes and in the bodies inside them.

use std::collections::BTreeMap;

use crate::wire::{Fields, Value, put_bytes};
use crate::{Error, Result};

use super::message::Piece;

/// Bodies within bodies that are entered.
const DEEPEST: usize = 16;

/// New names by old ones.
pub(super) type Renamed = BTreeMap<String, String>;

/// What to rename. Everything else is copied as it stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rewrite<'a> {
    /// Values, wherever they are made, read or declared.
    pub(super) values: Option<&'a Renamed>,
    /// Files that hold weights.
    pub(super) files: Option<&'a Renamed>,
}

/// The message types that names are found in.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Node,
    Attribute,
    Graph,
    Tensor,
    ValueInfo,
    Entry,
}

impl Rewrite<'_> {
    /// A `NodeProto`.
    pub(super) fn node(&self, node: &[u8]) -> Result<Vec<u8>> {
        self.message(Kind::Node, node, 0)
    }

    /// A `TensorProto`.
    pub(super) fn tensor(&self, tensor: &[u8]) -> Result<Vec<u8>> {
        self.message(Kind::Tensor, tensor, 0)
    }

    /// A `ValueInfoProto`.
    pub(super) fn value(&self, value: &[u8]) -> Result<Vec<u8>> {
        self.message(Kind::ValueInfo, value, 0)
    }

    fn message(&self, kind: Kind, message: &[u8], depth: usize) -> Result<Vec<u8>> {
        if depth > DEEPEST {
            return Err(Error::malformed(
                "graph",
                format!("bodies lie more than {DEEPEST} deep"),
            ));
        }
        let mut out = Vec::with_capacity(message.len() + 64);
        for field in Fields::new(message) {
            let (number, value) = field?;
            let Value::Bytes(bytes) = value else {
                Piece::Kept(number, value).write(&mut out);
                continue;
            };
            let inner = match (kind, number) {
                (Kind::Node, 5) => Some((Kind::Attribute, depth)),
                (Kind::Attribute, 5 | 10) => Some((Kind::Tensor, depth)),
                (Kind::Attribute, 6 | 11) => Some((Kind::Graph, depth + 1)),
                (Kind::Graph, 1) => Some((Kind::Node, depth)),
                (Kind::Graph, 5) => Some((Kind::Tensor, depth)),
                (Kind::Graph, 11..=13) => Some((Kind::ValueInfo, depth)),
                (Kind::Tensor, 13) => Some((Kind::Entry, depth)),
                _ => None,
            };
            match inner {
                Some((inner, depth)) => {
                    put_bytes(&mut out, number, &self.message(inner, bytes, depth)?);
                }
                None => match self.renamed(kind, number, bytes) {
                    Some(name) => put_bytes(&mut out, number, name.as_bytes()),
                    None => put_bytes(&mut out, number, bytes),
                },
            }
        }
        Ok(out)
    }

    fn renamed(&self, kind: Kind, number: u32, bytes: &[u8]) -> Option<&String> {
        let names = match (kind, number) {
            (Kind::Node, 1 | 2) | (Kind::Tensor, 8) | (Kind::ValueInfo, 1) => self.values,
            (Kind::Entry, 2) => self.files,
            _ => None,
        };
        names?.get(std::str::from_utf8(bytes).ok()?)
    }
}

/// A `NodeProto` that is itself called `name`.
pub(super) fn with_name(node: &[u8], name: &str) -> Result<Vec<u8>> {
    const NAME: u32 = 3;
    let mut out = Vec::with_capacity(node.len() + name.len() + 8);
    for field in Fields::new(node) {
        match field? {
            (NAME, _) => {}
            (number, value) => Piece::Kept(number, value).write(&mut out),
        }
    }
    if !name.is_empty() {
        put_bytes(&mut out, NAME, name.as_bytes());
    }
    Ok(out)
}

/// A `NodeProto` whose output `from` is called `to`.
pub(super) fn with_output(node: &[u8], from: &str, to: &str) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(node.len() + to.len());
    for field in Fields::new(node) {
        match field? {
            (2, Value::Bytes(name)) if name == from.as_bytes() => {
                put_bytes(&mut out, 2, to.as_bytes());
            }
            (number, value) => Piece::Kept(number, value).write(&mut out),
        }
    }
    Ok(out)
}
