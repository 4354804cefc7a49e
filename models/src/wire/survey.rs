//! Names, types, shapes and attributes in an ONNX model, without touching the weights.

mod attribute;
mod tensor;

pub use attribute::{Body, Setting};
pub use tensor::Tensor;

use super::{Dim, ElementType, Fields, Value};
use crate::{Error, Result};

use tensor::read_tensor;

/// Bodies within bodies that are entered; no exporter goes this deep.
const DEEPEST: usize = 16;

/// One operator of the main graph.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Node {
    /// Operator, for example `MatMul`.
    pub operator: String,
    /// Name of the node; may be empty.
    pub name: String,
    /// Operator set; empty for the default one.
    pub domain: String,
    /// Names of the values read; an empty name is an input left out.
    pub inputs: Vec<String>,
    /// Names of the values made.
    pub outputs: Vec<String>,
    /// Attributes by name, in file order.
    pub attributes: Vec<(String, Setting)>,
}

impl Node {
    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Setting> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    /// The integer attribute of this name.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.attribute(name)? {
            Setting::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// The integer list attribute of this name.
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        match self.attribute(name)? {
            Setting::Ints(values) => Some(values),
            _ => None,
        }
    }

    /// The text attribute of this name.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.attribute(name)? {
            Setting::Text(value) => Some(value),
            _ => None,
        }
    }

    /// Whether the operator belongs to the default set.
    pub fn is_standard(&self) -> bool {
        self.domain.is_empty() || self.domain == "ai.onnx"
    }
}

/// A named value with its declared type and shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueInfo {
    /// Name of the value.
    pub name: String,
    /// Element type, where declared and a tensor.
    pub element: Option<ElementType>,
    /// Shape, where declared.
    pub dims: Option<Vec<Dim>>,
}

/// What is in a model's main graph. Bodies of `If`, `Loop` and `Scan` are attributes of their nodes
/// ([`Setting::Graph`]).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Survey {
    /// Version of the ONNX format.
    pub ir_version: i64,
    /// Program that wrote the file.
    pub producer: String,
    /// Operator sets as domain (empty for the default one) and version.
    pub opsets: Vec<(String, i64)>,
    /// Name of the graph.
    pub graph_name: String,
    /// Operators in file order.
    pub nodes: Vec<Node>,
    /// Declared inputs; old files list the weights here too, see [`Survey::free_inputs`].
    pub inputs: Vec<ValueInfo>,
    /// Declared outputs.
    pub outputs: Vec<ValueInfo>,
    /// Inner values whose type the file declares.
    pub inner: Vec<ValueInfo>,
    /// Weights.
    pub initializers: Vec<Tensor>,
    /// Number of local functions.
    pub functions: usize,
}

impl Survey {
    /// Inputs that a caller must give: those that are not weights.
    pub fn free_inputs(&self) -> impl Iterator<Item = &ValueInfo> {
        let weights: std::collections::BTreeSet<&str> = self
            .initializers
            .iter()
            .map(|tensor| tensor.name.as_str())
            .collect();
        self.inputs
            .iter()
            .filter(move |value| !weights.contains(value.name.as_str()))
    }

    /// Names of all values that nodes make, in file order: whatever can be tapped.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.nodes
            .iter()
            .flat_map(|node| &node.outputs)
            .map(String::as_str)
            .filter(|name| !name.is_empty())
    }

    /// Version of the default operator set, where declared.
    pub fn default_opset(&self) -> Option<i64> {
        self.opsets
            .iter()
            .find(|(domain, _)| domain.is_empty() || domain == "ai.onnx")
            .map(|(_, version)| *version)
    }
}

/// Surveys a serialised model.
///
/// # Errors
/// [`Error::NotOnnx`] when the bytes are no protobuf message, or one without a graph that has
/// nodes and outputs.
pub fn survey(model: &[u8]) -> Result<Survey> {
    let not_onnx = |why: &str| Error::NotOnnx {
        what: "the graph".to_owned(),
        why: why.to_owned(),
    };
    if model.is_empty() {
        return Err(not_onnx("it is empty"));
    }
    let survey = read_model(model).map_err(|error| not_onnx(&error.to_string()))?;
    if survey.ir_version < 1 || survey.opsets.is_empty() {
        return Err(not_onnx("it has no format version or no operator set"));
    }
    if survey.nodes.is_empty() || survey.outputs.is_empty() {
        return Err(not_onnx("its graph has no nodes or no outputs"));
    }
    Ok(survey)
}

fn read_model(model: &[u8]) -> Result<Survey> {
    let mut survey = Survey::default();
    for field in Fields::new(model) {
        match field? {
            (1, Value::Int(version)) => survey.ir_version = version.cast_signed(),
            (2, Value::Bytes(name)) => survey.producer = text(name),
            (7, Value::Bytes(graph)) => read_graph(graph, model, &mut survey)?,
            (8, Value::Bytes(set)) => survey.opsets.push(read_opset(set)?),
            (25, Value::Bytes(_)) => survey.functions += 1,
            _ => {}
        }
    }
    Ok(survey)
}

fn read_graph(graph: &[u8], model: &[u8], survey: &mut Survey) -> Result<()> {
    for field in Fields::new(graph) {
        match field? {
            (1, Value::Bytes(node)) => survey.nodes.push(read_node(node, model, 0)?),
            (2, Value::Bytes(name)) => survey.graph_name = text(name),
            (5, Value::Bytes(tensor)) => survey.initializers.push(read_tensor(tensor, model)?),
            (11, Value::Bytes(value)) => survey.inputs.push(read_value(value)?),
            (12, Value::Bytes(value)) => survey.outputs.push(read_value(value)?),
            (13, Value::Bytes(value)) => survey.inner.push(read_value(value)?),
            _ => {}
        }
    }
    Ok(())
}

fn read_opset(set: &[u8]) -> Result<(String, i64)> {
    let mut found = (String::new(), 0);
    for field in Fields::new(set) {
        match field? {
            (1, Value::Bytes(domain)) => found.0 = text(domain),
            (2, Value::Int(version)) => found.1 = version.cast_signed(),
            _ => {}
        }
    }
    Ok(found)
}

fn read_node(node: &[u8], model: &[u8], depth: usize) -> Result<Node> {
    let mut found = Node::default();
    for field in Fields::new(node) {
        match field? {
            (1, Value::Bytes(name)) => found.inputs.push(text(name)),
            (2, Value::Bytes(name)) => found.outputs.push(text(name)),
            (3, Value::Bytes(name)) => found.name = text(name),
            (4, Value::Bytes(name)) => found.operator = text(name),
            (5, Value::Bytes(attribute)) => {
                let read = attribute::read_attribute(attribute, model, depth)?;
                found.attributes.push(read);
            }
            (7, Value::Bytes(name)) => found.domain = text(name),
            _ => {}
        }
    }
    Ok(found)
}

fn read_value(value: &[u8]) -> Result<ValueInfo> {
    let mut found = ValueInfo {
        name: String::new(),
        element: None,
        dims: None,
    };
    for field in Fields::new(value) {
        match field? {
            (1, Value::Bytes(name)) => found.name = text(name),
            (2, Value::Bytes(kind)) => {
                for field in Fields::new(kind) {
                    if let (1, Value::Bytes(tensor)) = field? {
                        read_tensor_type(tensor, &mut found)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

fn read_tensor_type(tensor: &[u8], value: &mut ValueInfo) -> Result<()> {
    for field in Fields::new(tensor) {
        match field? {
            (1, Value::Int(number)) => value.element = Some(element(number)),
            (2, Value::Bytes(shape)) => {
                let dims = value.dims.get_or_insert_default();
                for field in Fields::new(shape) {
                    if let (1, Value::Bytes(dim)) = field? {
                        dims.push(read_dim(dim)?);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn read_dim(dim: &[u8]) -> Result<Dim> {
    let mut found = Dim::Unknown;
    for field in Fields::new(dim) {
        match field? {
            (1, Value::Int(size)) => found = Dim::Fixed(size.cast_signed()),
            (2, Value::Bytes(name)) => found = Dim::Named(text(name)),
            _ => {}
        }
    }
    Ok(found)
}

fn element(number: u64) -> ElementType {
    ElementType::from_number(i32::try_from(number).unwrap_or(-1))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Attribute, Suffix};
    use proptest::prelude::*;

    fn model() -> Suffix {
        let mut graph = Suffix::new();
        graph
            .header(8, 17, "test")
            .graph_name("twice")
            .input("x", ElementType::Float32, &["time".into(), 3.into()])
            .init_f32("w", &[3, 2], &[0.0; 6])
            .init_i64("n", &[], &[-4])
            .node("MatMul", &["x", "w"], &["y"], &[])
            .node("Softmax", &["y"], &["z"], &[("axis", Attribute::Int(-1))])
            .inner("y", ElementType::Float32, &[Dim::Unknown, 2.into()])
            .typed_output("z", ElementType::Float32, &["time".into(), 2.into()]);
        graph
    }

    #[test]
    fn a_written_graph_is_surveyed() {
        let found = survey(&model().finish()).unwrap();
        assert_eq!(found.ir_version, 8);
        assert_eq!(found.default_opset(), Some(17));
        assert_eq!(found.graph_name, "twice");
        assert_eq!(found.values().collect::<Vec<_>>(), ["y", "z"]);
        assert_eq!(found.nodes[1].operator, "Softmax");
        assert_eq!(found.nodes[1].name, "Softmax:z");
        assert_eq!(found.inputs[0].dims, Some(vec!["time".into(), 3.into()]));
        assert_eq!(found.inner[0].dims, Some(vec![Dim::Unknown, 2.into()]));
        assert_eq!(found.outputs[0].element, Some(ElementType::Float32));
        assert_eq!(found.nodes[1].int("axis"), Some(-1));
        assert_eq!(found.nodes[0].int("axis"), None);
        let sizes: Vec<_> = found.initializers.iter().map(Tensor::elements).collect();
        assert_eq!(sizes, [6, 1]);
        assert_eq!(found.initializers[1].integers(), Some(vec![-4]));
        assert_eq!(found.initializers[0].values, Some(vec![0.0; 6]));
        assert_eq!(
            found.initializers[0].raw.clone().map(|at| at.len()),
            Some(24)
        );
        assert_eq!(found.initializers[1].element, ElementType::Int64);
    }

    #[test]
    fn a_suffix_appends_to_the_graph_that_it_follows() {
        let mut more = Suffix::new();
        more.output("y").init_f32("x", &[1], &[0.0]);
        let merged = [model().finish(), more.finish()].concat();
        let found = survey(&merged).unwrap();
        let outputs: Vec<_> = found.outputs.iter().map(|o| o.name.as_str()).collect();
        assert_eq!(outputs, ["z", "y"]);
        assert_eq!(found.outputs[1].dims, None);
        assert_eq!(found.nodes.len(), 2);
        assert_eq!(found.free_inputs().count(), 0, "x is a weight now");
    }

    #[test]
    fn what_is_no_model_says_why() {
        for (bytes, why) in [
            (&b""[..], "empty"),
            (b"RIFF....WAVEfmt ", "byte"),
            (b"\x08\x08", "operator set"),
            (b"\x08\x08\x42\x02\x10\x11", "no nodes"),
        ] {
            let error = survey(bytes).unwrap_err();
            assert!(matches!(error, Error::NotOnnx { .. }));
            assert!(error.to_string().contains(why), "{error}");
        }
        let whole = model().finish();
        assert!(survey(&whole[..whole.len() - 1]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _answer = survey(&bytes);
        }

        #[test]
        fn a_damaged_model_gives_an_answer(at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let mut bytes = model().finish();
            let at = at.index(bytes.len());
            bytes[at] = to;
            if let Ok(found) = survey(&bytes) {
                prop_assert!(!found.nodes.is_empty() && !found.outputs.is_empty());
            }
        }
    }
}
