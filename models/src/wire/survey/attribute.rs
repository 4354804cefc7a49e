//! Attributes of nodes, with the bodies of branches and loops.

use super::tensor::read_tensor;
use super::{DEEPEST, Node, Tensor, ValueInfo, read_node, read_value, text};
use crate::wire::{Fields, Value, take_varint};
use crate::{Error, Result};

/// Value of a node's attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// An integer.
    Int(i64),
    /// A float.
    Float(f32),
    /// A string.
    Text(String),
    /// A list of integers.
    Ints(Vec<i64>),
    /// A list of floats.
    Floats(Vec<f32>),
    /// A tensor.
    Tensor(Box<Tensor>),
    /// The body of a branch or loop.
    Graph(Box<Body>),
    /// A kind that nothing here asks for.
    Other,
}

/// The graph inside an `If`, `Loop` or `Scan`. It may read values of the graphs around it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Body {
    /// Operators in file order.
    pub nodes: Vec<Node>,
    /// Weights.
    pub initializers: Vec<Tensor>,
    /// Declared inputs.
    pub inputs: Vec<ValueInfo>,
    /// Declared outputs.
    pub outputs: Vec<ValueInfo>,
}

/// Reads one `AttributeProto` of a node at `depth` bodies below the main graph.
pub(super) fn read_attribute(
    attribute: &[u8],
    model: &[u8],
    depth: usize,
) -> Result<(String, Setting)> {
    let mut name = String::new();
    let (mut kind, mut int, mut float) = (0, None, None);
    let (mut ints, mut floats) = (Vec::new(), Vec::new());
    let mut found = None;
    for field in Fields::new(attribute) {
        match field? {
            (1, Value::Bytes(bytes)) => name = text(bytes),
            (2, Value::Fixed(bytes)) => float = bytes.first_chunk().copied(),
            (3, Value::Int(value)) => int = Some(value.cast_signed()),
            (4, Value::Bytes(bytes)) => found = Some(Setting::Text(text(bytes))),
            (5, Value::Bytes(bytes)) => {
                found = Some(Setting::Tensor(Box::new(read_tensor(bytes, model)?)));
            }
            (6, Value::Bytes(bytes)) => {
                found = Some(Setting::Graph(Box::new(read_body(
                    bytes,
                    model,
                    depth + 1,
                )?)));
            }
            (7, Value::Fixed(bytes)) => floats.extend(bytes.first_chunk().copied()),
            (7, Value::Bytes(packed)) => floats.extend_from_slice(packed.as_chunks().0),
            (8, Value::Int(value)) => ints.push(value.cast_signed()),
            (8, Value::Bytes(mut packed)) => {
                while !packed.is_empty() {
                    let value = take_varint(&mut packed)
                        .map_err(|why| Error::malformed("attribute", why))?;
                    ints.push(value.cast_signed());
                }
            }
            (20, Value::Int(value)) => kind = value,
            _ => {}
        }
    }
    let value = match (kind, found) {
        (_, Some(found)) => found,
        (1, None) => Setting::Float(float.map_or(0.0, f32::from_le_bytes)),
        (2, None) => Setting::Int(int.unwrap_or(0)),
        (3, None) => Setting::Text(String::new()),
        (6, None) => Setting::Floats(floats.into_iter().map(f32::from_le_bytes).collect()),
        (7, None) => Setting::Ints(ints),
        // Files of the first versions have no kind.
        (0, None) => match (int, float, ints.is_empty(), floats.is_empty()) {
            (Some(int), ..) => Setting::Int(int),
            (_, Some(float), ..) => Setting::Float(f32::from_le_bytes(float)),
            (_, _, false, _) => Setting::Ints(ints),
            (.., false) => Setting::Floats(floats.into_iter().map(f32::from_le_bytes).collect()),
            _ => Setting::Other,
        },
        _ => Setting::Other,
    };
    Ok((name, value))
}

fn read_body(graph: &[u8], model: &[u8], depth: usize) -> Result<Body> {
    if depth > DEEPEST {
        return Err(Error::malformed(
            "graph",
            format!("bodies lie more than {DEEPEST} deep"),
        ));
    }
    let mut body = Body::default();
    for field in Fields::new(graph) {
        match field? {
            (1, Value::Bytes(node)) => body.nodes.push(read_node(node, model, depth)?),
            (5, Value::Bytes(tensor)) => body.initializers.push(read_tensor(tensor, model)?),
            (11, Value::Bytes(value)) => body.inputs.push(read_value(value)?),
            (12, Value::Bytes(value)) => body.outputs.push(read_value(value)?),
            _ => {}
        }
    }
    Ok(body)
}
