//! Weights kept in fewer bits than 32, and what that means for activations.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::wire::{ElementType, Node, Setting, Survey, Tensor};

/// Operators between a stored weight and the product that are looked through.
const STEPS: usize = 8;

/// How a product computes with weights of fewer bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Weights, and often activations, pass `QuantizeLinear` and `DequantizeLinear`; an engine may
    /// compute the product in integers.
    Qdq,
    /// The product itself is one of integers; activations are quantised as they come.
    Integers,
    /// Weights of few bits in blocks, multiplied with floats.
    Blocks,
    /// 16-bit floats.
    Halves,
}

impl std::fmt::Display for Scheme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Qdq => "QDQ",
            Self::Integers => "integer products",
            Self::Blocks => "blocks",
            Self::Halves => "half precision",
        })
    }
}

/// Products whose weights are stored alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuantisedPart {
    /// How the weights are stored: `int8`, `uint8`, `int4`, `float16`, `bfloat16`.
    pub weights: String,
    /// How the product is computed.
    pub scheme: Scheme,
    /// Number of products.
    pub products: usize,
}

/// That a network computes with fewer bits than 32.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quantisation {
    /// Matrix products, convolutions and recurrent layers that have stored weights.
    pub products: usize,
    /// Those of them with weights in fewer bits, by kind, the most frequent first.
    pub parts: Vec<QuantisedPart>,
    /// One sentence for reports.
    pub note: String,
}

/// Whether and how a graph is quantised; nothing for a network of 32-bit floats.
pub fn quantisation(survey: &Survey) -> Option<Quantisation> {
    let mut scope = Scope::default();
    scope.add(&survey.nodes, &survey.initializers);
    let mut products = 0;
    let mut counts: BTreeMap<(Scheme, String), usize> = BTreeMap::new();
    for node in &scope.nodes {
        let Some(stored) = scope.weights(node) else {
            continue;
        };
        products += 1;
        if let Some(kind) = stored {
            *counts.entry(kind).or_default() += 1;
        }
    }
    let mut parts: Vec<QuantisedPart> = counts
        .into_iter()
        .map(|((scheme, weights), products)| QuantisedPart {
            weights,
            scheme,
            products,
        })
        .collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.products));
    let note = note(&parts, products)?;
    Some(Quantisation {
        products,
        parts,
        note,
    })
}

fn note(parts: &[QuantisedPart], products: usize) -> Option<String> {
    let (first, rest) = parts.split_first()?;
    let mut note = format!(
        "weights {} in {} of {products} products ({})",
        first.weights, first.products, first.scheme
    );
    for part in rest {
        note += &format!(", {} in {} ({})", part.weights, part.products, part.scheme);
    }
    let network = if parts.iter().all(|part| part.scheme == Scheme::Halves) {
        "half-precision"
    } else {
        "quantised"
    };
    note += &format!(
        ": activations are those of the {network} network, and differences below its resolution \
         mean nothing"
    );
    Some(note)
}

/// Nodes and weights of a graph and of the bodies in it.
#[derive(Default)]
struct Scope<'a> {
    nodes: Vec<&'a Node>,
    makers: BTreeMap<&'a str, &'a Node>,
    weights: BTreeMap<&'a str, ElementType>,
}

impl<'a> Scope<'a> {
    fn add(&mut self, nodes: &'a [Node], weights: &'a [Tensor]) {
        for tensor in weights {
            self.weights.insert(&tensor.name, tensor.element);
        }
        for node in nodes {
            self.nodes.push(node);
            for output in &node.outputs {
                self.makers.insert(output, node);
            }
            for (_, setting) in &node.attributes {
                if let Setting::Graph(body) = setting {
                    self.add(&body.nodes, &body.initializers);
                }
            }
        }
    }

    /// For a product with stored weights, how they are stored; within, nothing for 32 bits.
    fn weights(&self, node: &Node) -> Option<Option<(Scheme, String)>> {
        let (places, native): (&[usize], _) = match node.operator.as_str() {
            "MatMul" => (&[1, 0], None),
            "Gemm" | "Conv" | "ConvTranspose" | "LSTM" | "GRU" | "RNN" => (&[1], None),
            "FusedMatMul" | "FusedConv" | "FusedGemm" | "Attention" => (&[1], None),
            "MatMulInteger"
            | "ConvInteger"
            | "MatMulIntegerToFloat"
            | "DynamicQuantizeMatMul"
            | "DynamicQuantizeLSTM"
            | "QAttention" => (&[1], Some(Scheme::Integers)),
            "QLinearMatMul" | "QLinearConv" | "QGemm" => (&[3], Some(Scheme::Integers)),
            "MatMulNBits" | "MatMulBnb4" => {
                let bits = node.int("bits").unwrap_or(4);
                return Some(Some((Scheme::Blocks, format!("int{bits}"))));
            }
            _ => return None,
        };
        let (element, scheme) = places.iter().find_map(|place| {
            let name = node.inputs.get(*place)?;
            self.stored(name)
        })?;
        let scheme = native.or(scheme);
        Some(match (few_bits(element), scheme) {
            (Some(name), Some(scheme)) => Some((scheme, name)),
            (Some(name), None) => Some((Scheme::Halves, name)),
            (None, _) => None,
        })
    }

    /// Type of the stored tensor that a value is made from, and whether it is dequantised on the
    /// way.
    fn stored(&self, name: &str) -> Option<(ElementType, Option<Scheme>)> {
        let mut name = name;
        let mut scheme = None;
        for _ in 0..STEPS {
            if let Some(element) = self.weights.get(name) {
                return Some((*element, scheme));
            }
            let maker = self.makers.get(name)?;
            match maker.operator.as_str() {
                "DequantizeLinear" => scheme = Some(Scheme::Qdq),
                "Transpose" | "Reshape" | "Squeeze" | "Unsqueeze" | "Identity" | "Cast" => {}
                "Constant" => {
                    return match maker.attribute("value")? {
                        Setting::Tensor(tensor) => Some((tensor.element, scheme)),
                        _ => None,
                    };
                }
                _ => return None,
            }
            name = maker.inputs.first()?;
        }
        None
    }
}

/// Name of an element type of fewer than 32 bits.
fn few_bits(element: ElementType) -> Option<String> {
    let name = match element {
        ElementType::Int8 => "int8",
        ElementType::Uint8 => "uint8",
        ElementType::Float16 => "float16",
        ElementType::Other(4) => "uint16",
        ElementType::Other(5) => "int16",
        ElementType::Other(16) => "bfloat16",
        ElementType::Other(17..=20) => "float8",
        ElementType::Other(21) => "uint4",
        ElementType::Other(22) => "int4",
        _ => return None,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Attribute, Suffix, survey};

    fn of(graph: Suffix) -> Option<Quantisation> {
        quantisation(&survey(&graph.finish()).unwrap())
    }

    fn graph() -> Suffix {
        let mut graph = Suffix::new();
        graph
            .header(8, 17, "test")
            .graph_name("products")
            .init_f32("scale", &[], &[0.1])
            .init_f32("w", &[2, 2], &[1.0; 4])
            .init_raw("w8", ElementType::Int8, &[2, 2], &[1; 4])
            .init_raw("w16", ElementType::Float16, &[2, 2], &[0; 8])
            .input("x", ElementType::Float32, &["time".into(), 2.into()]);
        graph
    }

    #[test]
    fn floats_are_not_quantised() {
        let mut graph = graph();
        graph
            .node("MatMul", &["x", "w"], &["a"], &[])
            .node("MatMul", &["a", "x"], &["y"], &[])
            .output("y");
        assert_eq!(of(graph), None);
    }

    #[test]
    fn products_are_counted_by_how_their_weights_are_stored() {
        let mut graph = graph();
        graph
            .node("DequantizeLinear", &["w8", "scale"], &["wd"], &[])
            .node("Transpose", &["wd"], &["wt"], &[])
            .node("MatMul", &["x", "wt"], &["a"], &[])
            .node("MatMul", &["a", "wd"], &["b"], &[])
            .node("MatMul", &["b", "w"], &["c"], &[])
            .node("MatMul", &["c", "c"], &["attention"], &[])
            .node(
                "DynamicQuantizeLinear",
                &["attention"],
                &["q", "s", "z"],
                &[],
            )
            .node("MatMulInteger", &["q", "w8", "z"], &["n"], &[])
            .output("n");
        let found = of(graph).unwrap();
        assert_eq!(found.products, 4);
        let parts: Vec<_> = found.parts.iter().map(|p| (p.scheme, p.products)).collect();
        assert_eq!(parts, [(Scheme::Qdq, 2), (Scheme::Integers, 1)]);
        assert!(
            found.note.starts_with(
                "weights int8 in 2 of 4 products (QDQ), int8 in 1 (integer products): "
            ),
            "{}",
            found.note
        );
    }

    #[test]
    fn halves_are_named() {
        let mut graph = graph();
        graph
            .node("Cast", &["w16"], &["wf"], &[("to", Attribute::Int(1))])
            .node("MatMul", &["x", "wf"], &["y"], &[])
            .output("y");
        let found = of(graph).unwrap();
        assert_eq!(found.parts[0].weights, "float16");
        assert!(
            found.note.contains("half-precision network"),
            "{}",
            found.note
        );
    }
}
