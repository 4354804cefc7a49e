//! Writing additions to an ONNX graph, or a whole graph.

use super::{Dim, ElementType, put_bytes, put_f32, put_int};

/// Value of a node's attribute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Attribute<'a> {
    /// An integer.
    Int(i64),
    /// A float.
    Float(f32),
    /// A string.
    Text(&'a str),
    /// A list of integers.
    Ints(&'a [i64]),
    /// The body of a branch or loop, from [`Suffix::body`].
    Graph(&'a [u8]),
}

impl Attribute<'_> {
    fn write(&self, name: &str) -> Vec<u8> {
        let mut out = Vec::new();
        put_bytes(&mut out, 1, name.as_bytes());
        let kind = match self {
            Self::Float(value) => {
                put_f32(&mut out, 2, *value);
                1
            }
            Self::Int(value) => {
                put_int(&mut out, 3, *value);
                2
            }
            Self::Text(value) => {
                put_bytes(&mut out, 4, value.as_bytes());
                3
            }
            Self::Graph(body) => {
                put_bytes(&mut out, 6, body);
                5
            }
            Self::Ints(values) => {
                values.iter().for_each(|value| put_int(&mut out, 8, *value));
                7
            }
        };
        put_int(&mut out, 20, kind);
        out
    }
}

/// Bytes that, put after a serialised model, add outputs, nodes, weights and inputs to its graph.
///
/// With [`Suffix::header`] and [`Suffix::graph_name`] they are a model of their own. Names are not
/// checked: a value name must be unique in the merged graph, and an output that is already one must
/// not be added again.
#[derive(Debug, Clone, Default)]
pub struct Suffix {
    graph: Vec<u8>,
    model: Vec<u8>,
}

impl Suffix {
    /// Nothing to add yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// IR version, producer and the version of the default operator set, for a whole model.
    pub fn header(&mut self, ir_version: i64, opset: i64, producer: &str) -> &mut Self {
        put_int(&mut self.model, 1, ir_version);
        put_bytes(&mut self.model, 2, producer.as_bytes());
        let mut set = Vec::new();
        put_bytes(&mut set, 1, b"");
        put_int(&mut set, 2, opset);
        put_bytes(&mut self.model, 8, &set);
        self
    }

    /// Name of the graph, for a whole model.
    pub fn graph_name(&mut self, name: &str) -> &mut Self {
        put_bytes(&mut self.graph, 2, name.as_bytes());
        self
    }

    /// Makes an existing value an output; its type and shape are left to the runtime.
    pub fn output(&mut self, name: &str) -> &mut Self {
        let mut info = Vec::new();
        put_bytes(&mut info, 1, name.as_bytes());
        put_bytes(&mut self.graph, 12, &info);
        self
    }

    /// Makes an existing value an output, with its type and shape.
    pub fn typed_output(&mut self, name: &str, element: ElementType, dims: &[Dim]) -> &mut Self {
        self.value_info(12, name, element, dims)
    }

    /// Adds a graph input.
    pub fn input(&mut self, name: &str, element: ElementType, dims: &[Dim]) -> &mut Self {
        self.value_info(11, name, element, dims)
    }

    /// Adds a graph input of any shape.
    pub fn shapeless_input(&mut self, name: &str, element: ElementType) -> &mut Self {
        let mut tensor = Vec::new();
        put_int(&mut tensor, 1, element.number().into());
        self.declared(11, name, &tensor)
    }

    /// Declares type and shape of an inner value, for readers; runtimes infer them.
    pub fn inner(&mut self, name: &str, element: ElementType, dims: &[Dim]) -> &mut Self {
        self.value_info(13, name, element, dims)
    }

    /// Adds a node of the default operator set. Its name is made from the operator and the first
    /// output, and so is as unique as that.
    pub fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        outputs: &[&str],
        attributes: &[(&str, Attribute<'_>)],
    ) -> &mut Self {
        let first = outputs.first().copied().unwrap_or_default();
        let name = format!("{operator}:{first}");
        self.named_node(&name, operator, inputs, outputs, attributes)
    }

    /// Adds a node of the default operator set under a name, which must be unique in the graph.
    pub fn named_node(
        &mut self,
        name: &str,
        operator: &str,
        inputs: &[&str],
        outputs: &[&str],
        attributes: &[(&str, Attribute<'_>)],
    ) -> &mut Self {
        let mut node = Vec::new();
        for input in inputs {
            put_bytes(&mut node, 1, input.as_bytes());
        }
        for output in outputs {
            put_bytes(&mut node, 2, output.as_bytes());
        }
        put_bytes(&mut node, 3, name.as_bytes());
        put_bytes(&mut node, 4, operator.as_bytes());
        for (name, value) in attributes {
            put_bytes(&mut node, 5, &value.write(name));
        }
        put_bytes(&mut self.graph, 1, &node);
        self
    }

    /// Adds weights: `data` in row-major order, `dims` empty for a scalar.
    pub fn init_f32(&mut self, name: &str, dims: &[i64], data: &[f32]) -> &mut Self {
        let raw: Vec<u8> = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.init_raw(name, ElementType::Float32, dims, &raw)
    }

    /// Adds a constant integer tensor: `data` in row-major order, `dims` empty for a scalar.
    pub fn init_i64(&mut self, name: &str, dims: &[i64], data: &[i64]) -> &mut Self {
        let raw: Vec<u8> = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.init_raw(name, ElementType::Int64, dims, &raw)
    }

    /// Adds a constant tensor of any type: `raw` as it is stored, little-endian and row-major.
    pub fn init_raw(
        &mut self,
        name: &str,
        element: ElementType,
        dims: &[i64],
        raw: &[u8],
    ) -> &mut Self {
        let mut out = Vec::with_capacity(raw.len() + name.len() + 40);
        dims.iter().for_each(|dim| put_int(&mut out, 1, *dim));
        put_int(&mut out, 2, element.number().into());
        put_bytes(&mut out, 8, name.as_bytes());
        put_bytes(&mut out, 9, raw);
        put_bytes(&mut self.graph, 5, &out);
        self
    }

    /// The graph alone, as the body of a branch or loop.
    pub fn body(self) -> Vec<u8> {
        self.graph
    }

    /// The bytes: put them after a model's, or use them as a model if a header was given.
    pub fn finish(self) -> Vec<u8> {
        let mut out = self.model;
        put_bytes(&mut out, 7, &self.graph);
        out
    }

    fn value_info(
        &mut self,
        field: u32,
        name: &str,
        element: ElementType,
        dims: &[Dim],
    ) -> &mut Self {
        let mut shape = Vec::new();
        for dim in dims {
            let mut out = Vec::new();
            match dim {
                Dim::Fixed(size) => put_int(&mut out, 1, *size),
                Dim::Named(name) => put_bytes(&mut out, 2, name.as_bytes()),
                Dim::Unknown => {}
            }
            put_bytes(&mut shape, 1, &out);
        }
        let mut tensor = Vec::new();
        put_int(&mut tensor, 1, element.number().into());
        put_bytes(&mut tensor, 2, &shape);
        self.declared(field, name, &tensor)
    }

    /// Writes a `ValueInfoProto` around a `TypeProto.Tensor`.
    fn declared(&mut self, field: u32, name: &str, tensor: &[u8]) -> &mut Self {
        let mut kind = Vec::new();
        put_bytes(&mut kind, 1, tensor);
        let mut info = Vec::new();
        put_bytes(&mut info, 1, name.as_bytes());
        put_bytes(&mut info, 2, &kind);
        put_bytes(&mut self.graph, field, &info);
        self
    }
}
