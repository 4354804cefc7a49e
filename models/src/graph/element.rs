//! Element types of values, from what the file declares and what operators make.

use std::collections::BTreeMap;

use crate::wire::{ElementType, Node, Setting, Survey};

/// Element types of the values of a graph, as far as they are known.
#[derive(Debug)]
pub(super) struct Elements {
    known: BTreeMap<String, ElementType>,
}

impl Elements {
    pub(super) fn of(survey: &Survey) -> Self {
        let declared = survey
            .inner
            .iter()
            .chain(&survey.inputs)
            .chain(&survey.outputs)
            .filter_map(|value| Some((value.name.clone(), value.element?)));
        let stored = survey
            .initializers
            .iter()
            .map(|tensor| (tensor.name.clone(), tensor.element));
        let mut elements = Self {
            known: declared.chain(stored).collect(),
        };
        // Nodes are sorted in valid files, so one pass sees every value before it is read.
        for node in &survey.nodes {
            for (place, name) in node.outputs.iter().enumerate() {
                if !elements.known.contains_key(name)
                    && let Some(made) = elements.made(node, place)
                {
                    elements.known.insert(name.clone(), made);
                }
            }
        }
        elements
    }

    /// The type of a value, where it is known.
    pub(super) fn get(&self, name: &str) -> Option<ElementType> {
        self.known.get(name).copied()
    }

    fn made(&self, node: &Node, place: usize) -> Option<ElementType> {
        use ElementType::{Bool, Float32, Int32, Int64, Uint8};
        let of = |at: usize| node.inputs.get(at).and_then(|name| self.get(name));
        let number = |name: &str| {
            let number = node.int(name)?;
            Some(ElementType::from_number(i32::try_from(number).ok()?))
        };
        match (node.operator.as_str(), place) {
            ("If" | "Loop" | "Scan" | "Optional" | "SequenceAt", _) => None,
            ("Cast", _) => number("to"),
            ("Constant", _) => match node.attributes.first()? {
                (_, Setting::Tensor(tensor)) => Some(tensor.element),
                (_, Setting::Float(_) | Setting::Floats(_)) => Some(Float32),
                (_, Setting::Int(_) | Setting::Ints(_)) => Some(Int64),
                _ => None,
            },
            ("ConstantOfShape", _) => match node.attribute("value") {
                Some(Setting::Tensor(tensor)) => Some(tensor.element),
                _ => Some(Float32),
            },
            ("Shape" | "Size" | "NonZero" | "ArgMax" | "ArgMin", _) => Some(Int64),
            ("TopK", 1) | ("MaxPool", 1) => Some(Int64),
            (
                "Equal" | "Less" | "LessOrEqual" | "Greater" | "GreaterOrEqual" | "Not" | "And"
                | "Or" | "Xor" | "IsNaN" | "IsInf",
                _,
            )
            | ("Dropout", 1) => Some(Bool),
            ("MatMulInteger" | "ConvInteger", _) => Some(Int32),
            ("DynamicQuantizeLinear", 0) => Some(Uint8),
            ("DynamicQuantizeLinear", 1) => Some(Float32),
            ("DynamicQuantizeLinear", _) | ("QuantizeLinear", _) => of(2).or(Some(Uint8)),
            ("DequantizeLinear", _) | ("Where" | "CastLike", _) => of(1),
            ("QLinearMatMul" | "QLinearConv", _) => of(7),
            ("OneHot", _) => of(2),
            ("RandomNormal" | "RandomUniform", _) => number("dtype").or(Some(Float32)),
            _ => of(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Attribute, Suffix, survey};

    #[test]
    fn types_follow_the_operators() {
        let mut graph = Suffix::new();
        graph
            .header(8, 17, "test")
            .graph_name("types")
            .input("x", ElementType::Float32, &["time".into()])
            .node("Cast", &["x"], &["half"], &[("to", Attribute::Int(10))])
            .node("Add", &["half", "half"], &["sum"], &[])
            .node("Shape", &["sum"], &["shape"], &[])
            .node("Less", &["x", "x"], &["late"], &[])
            .node("Where", &["late", "sum", "half"], &["y"], &[])
            .output("y");
        let elements = Elements::of(&survey(&graph.finish()).unwrap());
        for (name, element) in [
            ("x", Some(ElementType::Float32)),
            ("sum", Some(ElementType::Float16)),
            ("shape", Some(ElementType::Int64)),
            ("late", Some(ElementType::Bool)),
            ("y", Some(ElementType::Float16)),
            ("nowhere", None),
        ] {
            assert_eq!(elements.get(name), element, "{name}");
        }
    }
}
