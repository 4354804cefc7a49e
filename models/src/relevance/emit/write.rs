//! The graph as bytes.

use std::collections::BTreeSet;

use super::{Constant, Emitter, Setting};
use crate::GraphBytes;
use crate::relevance::network::wide;
use crate::wire::{Attribute, Dim, ElementType, Suffix};
use crate::{Error, Result};

const IR_VERSION: i64 = 8;
/// The first whose `ReduceMean` has axes as an input.
const OPSET: i64 = 18;
/// Largest serialised message of protobuf, in bytes.
const LARGEST: usize = i32::MAX as usize;

/// A value that the graph gives, and its shape.
#[derive(Debug, Clone)]
pub(in crate::relevance) struct Output {
    pub(in crate::relevance) name: String,
    pub(in crate::relevance) dims: Vec<usize>,
}

impl Emitter {
    /// The model with what its outputs need, and nothing else.
    pub(in crate::relevance) fn write(
        &self,
        inputs: &[Output],
        outputs: &[Output],
    ) -> Result<GraphBytes> {
        let mut wanted: BTreeSet<&str> = outputs.iter().map(|o| o.name.as_str()).collect();
        let mut kept = Vec::new();
        for made in self.made.iter().rev() {
            if made
                .outputs
                .iter()
                .any(|name| wanted.contains(name.as_str()))
            {
                wanted.extend(made.inputs.iter().map(String::as_str));
                kept.push(made);
            }
        }
        let mut graph = Suffix::new();
        graph
            .header(IR_VERSION, OPSET, "phonoscope")
            .graph_name("relevance");
        for input in inputs {
            graph.input(&input.name, ElementType::Float32, &dims(&input.dims));
        }
        let mut size = 0usize;
        for (name, constant) in &self.constants {
            if !wanted.contains(name.as_str()) {
                continue;
            }
            match constant {
                Constant::Floats(tensor) => {
                    size = size.saturating_add(tensor.data.len().saturating_mul(4));
                    if size > LARGEST {
                        return Err(too_large());
                    }
                    graph.init_f32(name, &wide(&tensor.dims), &tensor.data)
                }
                Constant::Ints { dims, data } => graph.init_i64(name, dims, data),
            };
        }
        for made in kept.into_iter().rev() {
            let settings: Vec<_> = made
                .settings
                .iter()
                .map(|(name, setting)| {
                    let value = match setting {
                        Setting::Int(value) => Attribute::Int(*value),
                        Setting::Float(value) => Attribute::Float(*value),
                        Setting::Text(value) => Attribute::Text(value),
                        Setting::Ints(values) => Attribute::Ints(values),
                    };
                    (*name, value)
                })
                .collect();
            graph.node(
                made.operator,
                &strs(&made.inputs),
                &strs(&made.outputs),
                &settings,
            );
        }
        for output in outputs {
            graph.typed_output(&output.name, ElementType::Float32, &dims(&output.dims));
        }
        let bytes = graph.finish();
        if bytes.len() > LARGEST {
            return Err(too_large());
        }
        Ok(GraphBytes::new(bytes))
    }
}

fn strs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

fn dims(sizes: &[usize]) -> Vec<Dim> {
    wide(sizes).into_iter().map(Dim::Fixed).collect()
}

fn too_large() -> Error {
    Error::malformed(
        "the graph with its relevance",
        "its weights are more than the 2 GiB that one ONNX file may have",
    )
}
