//! What is in a graph, for people and for `--json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::wire::{ElementType, Setting, Survey, ValueInfo, survey};
use crate::{GraphBytes, Result};

/// An input, output or inner value of a graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Name in the graph.
    pub name: String,
    /// Element type, for example `f32`, where the graph declares it.
    pub element: Option<String>,
    /// Sizes and names of the axes, where the graph declares them; `?` for a free one.
    pub shape: Option<Vec<String>>,
}

impl From<&ValueInfo> for Port {
    fn from(value: &ValueInfo) -> Self {
        let dims = value.dims.as_ref();
        Self {
            name: value.name.clone(),
            element: value.element.map(|element| element.to_string()),
            shape: dims.map(|dims| dims.iter().map(ToString::to_string).collect()),
        }
    }
}

/// What is in a graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphSummary {
    /// Size of the serialised model.
    pub bytes: usize,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Program that wrote it.
    pub producer: String,
    /// Version of the ONNX format.
    pub ir_version: i64,
    /// Versions of the operator sets by domain; `ai.onnx` is the default one.
    pub opsets: BTreeMap<String, i64>,
    /// Inputs that a caller must give.
    pub inputs: Vec<Port>,
    /// Outputs.
    pub outputs: Vec<Port>,
    /// How many nodes there are of each operator; bodies of loops and branches are not counted.
    pub operators: BTreeMap<String, usize>,
    /// Number of stored weights, integers that steer the graph (64-bit and Boolean) left out.
    pub parameters: u64,
    /// Every value that a node makes, in the order of the graph: what can be tapped.
    pub values: Vec<Port>,
}

/// Summarises a graph without running it.
///
/// # Errors
/// [`crate::Error::NotOnnx`] when the bytes are no ONNX model.
pub fn inspect(graph: &GraphBytes) -> Result<GraphSummary> {
    let found = survey(graph.bytes())?;
    let domain = |name: &str| if name.is_empty() { "ai.onnx" } else { name }.to_owned();
    let mut operators = BTreeMap::new();
    for node in &found.nodes {
        let name = if node.domain.is_empty() || node.domain == "ai.onnx" {
            node.operator.clone()
        } else {
            format!("{}.{}", node.domain, node.operator)
        };
        *operators.entry(name).or_insert(0) += 1;
    }
    Ok(GraphSummary {
        bytes: graph.bytes().len(),
        sha256: graph.sha256().to_owned(),
        producer: found.producer.clone(),
        ir_version: found.ir_version,
        opsets: found
            .opsets
            .iter()
            .map(|(name, version)| (domain(name), *version))
            .collect(),
        inputs: found.free_inputs().map(Port::from).collect(),
        outputs: found.outputs.iter().map(Port::from).collect(),
        operators,
        parameters: parameters(&found),
        values: values(&found).map(|value| Port::from(&value)).collect(),
    })
}

/// Of initialisers, and of `Constant` nodes that hold more than one number.
fn parameters(found: &Survey) -> u64 {
    let steering = [ElementType::Int64, ElementType::Bool];
    let constants = found
        .nodes
        .iter()
        .filter(|node| node.operator == "Constant");
    let constants = constants.filter_map(|node| match node.attribute("value") {
        Some(Setting::Tensor(tensor)) if tensor.elements() > 1 => Some(&**tensor),
        _ => None,
    });
    let weights = found
        .initializers
        .iter()
        .chain(constants)
        .filter(|tensor| !steering.contains(&tensor.element));
    weights
        .map(|tensor| tensor.elements())
        .fold(0, u64::saturating_add)
}

/// Every value that a node makes, with type and shape where declared.
pub(crate) fn values(found: &Survey) -> impl Iterator<Item = ValueInfo> {
    let declared = found.inner.iter().chain(&found.outputs);
    let declared: BTreeMap<&str, &ValueInfo> =
        declared.map(|value| (value.name.as_str(), value)).collect();
    found.values().map(move |name| match declared.get(name) {
        Some(value) => (*value).clone(),
        None => ValueInfo {
            name: name.to_owned(),
            element: None,
            dims: None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::layer_map;
    use crate::wire::{Dim, Node, Tensor};

    fn node(operator: &str, inputs: &[&str], output: &str) -> Node {
        Node {
            operator: operator.to_owned(),
            inputs: inputs.iter().map(|name| (*name).to_owned()).collect(),
            outputs: vec![output.to_owned()],
            ..Node::default()
        }
    }

    fn constant(output: &str, dims: &[i64]) -> Node {
        let tensor = Tensor {
            name: String::new(),
            element: ElementType::Float32,
            dims: dims.to_vec(),
            external: None,
            external_bytes: (0, None),
            raw: None,
            values: None,
        };
        Node {
            attributes: vec![("value".to_owned(), Setting::Tensor(Box::new(tensor)))],
            ..node("Constant", &[], output)
        }
    }

    /// Some exporters keep weights in nameless constants, and put them together from parts.
    #[test]
    fn weights_in_constants_are_counted() {
        let found = Survey {
            nodes: vec![
                constant("scale", &[]),
                constant("upper", &[5, 16]),
                constant("lower", &[3, 16]),
                node("Concat", &["upper", "lower"], "w"),
                constant("r", &[4, 16]),
                node("LSTM", &["x", "w", "r"], "y"),
                constant("v", &[16, 4]),
                node("MatMul", &["y", "v"], "z"),
                node("Mul", &["z", "scale"], "out"),
            ],
            inputs: vec![ValueInfo {
                name: "x".to_owned(),
                element: Some(ElementType::Float32),
                dims: Some(vec![
                    Dim::Unknown,
                    Dim::Named("time".to_owned()),
                    Dim::Fixed(8),
                ]),
            }],
            ..Survey::default()
        };
        assert_eq!(parameters(&found), (8 + 4) * 16 + 16 * 4);
        let blocks = layer_map(&found).blocks;
        let weights: u64 = blocks.iter().map(|block| block.parameters).sum();
        assert_eq!(weights, (8 + 4) * 16 + 16 * 4, "{blocks:?}");
    }
}
