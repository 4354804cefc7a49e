//! Which stored tensors make up a layer with weights.

use std::collections::BTreeMap;

use crate::wire::{ElementType, survey};
use crate::{GraphBytes, Result};

/// A layer with weights, as far as parameter randomisation asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightLayer {
    /// Name of the value that its operator makes.
    pub name: String,
    /// Its operator.
    pub operator: String,
    /// Stored tensors that it reads, and those of the batch norm behind it.
    pub tensors: Vec<String>,
}

const WITH_WEIGHTS: [&str; 4] = ["Conv", "ConvTranspose", "Gemm", "MatMul"];

/// The layers with weights of the main graph, from input to output. A batch norm and a sum with a
/// stored tensor belong to the layer before them.
///
/// # Errors
/// [`crate::Error::NotOnnx`] when the graph cannot be read.
pub fn weight_layers(graph: &GraphBytes) -> Result<Vec<WeightLayer>> {
    let found = survey(graph.bytes())?;
    let stored: BTreeMap<&str, u64> = found
        .initializers
        .iter()
        .filter(|tensor| tensor.element == ElementType::Float32)
        .map(|tensor| (tensor.name.as_str(), tensor.elements()))
        .collect();
    let mut layers: Vec<WeightLayer> = Vec::new();
    // Number of the layer that each value comes from.
    let mut from: BTreeMap<&str, usize> = BTreeMap::new();
    for node in &found.nodes {
        let own = node.inputs.iter().filter(|name| {
            stored
                .get(name.as_str())
                .is_some_and(|elements| *elements > 1)
        });
        let own: Vec<String> = own.cloned().collect();
        let before = node
            .inputs
            .iter()
            .find_map(|name| from.get(name.as_str()).copied());
        let place = if WITH_WEIGHTS.contains(&node.operator.as_str()) && !own.is_empty() {
            layers.push(WeightLayer {
                name: node.outputs.first().cloned().unwrap_or_default(),
                operator: node.operator.clone(),
                tensors: own,
            });
            Some(layers.len() - 1)
        } else {
            if let Some(layer) = before.and_then(|place| layers.get_mut(place)) {
                layer.tensors.extend(own);
            }
            before
        };
        if let Some(place) = place {
            from.extend(node.outputs.iter().map(|name| (name.as_str(), place)));
        }
    }
    Ok(layers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::{TwinKind, partial_twin, twin};
    use crate::wire::Suffix;
    use std::collections::BTreeSet;

    #[test]
    fn one_layer_changes_and_the_rest_stays() {
        let mut made = Suffix::new();
        made.header(8, 17, "test").graph_name("g");
        made.input("x", ElementType::Float32, &["n".into(), 2.into()])
            .init_f32("w", &[2, 2], &[1.0, 2.0, 3.0, 4.0])
            .init_f32("b", &[2], &[0.5, 0.25])
            .init_f32("v", &[2, 2], &[4.0, 3.0, 2.0, 1.0])
            .node("MatMul", &["x", "w"], &["p"], &[])
            .node("Add", &["p", "b"], &["q"], &[])
            .node("Relu", &["q"], &["r"], &[])
            .node("MatMul", &["r", "v"], &["y"], &[])
            .output("y");
        let graph = GraphBytes::new(made.finish());
        let layers = weight_layers(&graph).unwrap();
        assert_eq!(layers.len(), 2);
        assert_eq!(layers[0].tensors, ["w", "b"]);
        let last: BTreeSet<String> = layers[1].tensors.iter().cloned().collect();
        let part = partial_twin(&graph, None, (TwinKind::Redrawn, 1), &last).unwrap();
        assert_eq!(part.redrawn, 1);
        let all = layers
            .iter()
            .flat_map(|layer| layer.tensors.clone())
            .collect();
        let whole = partial_twin(&graph, None, (TwinKind::Redrawn, 1), &all).unwrap();
        let twin = twin(&graph, TwinKind::Redrawn, 1).unwrap();
        assert_eq!(whole.graph, twin.graph);
        assert_ne!(part.graph, whole.graph);
    }
}
