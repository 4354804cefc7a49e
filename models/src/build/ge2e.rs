//! The GE2E speaker encoder of Resemblyzer: LSTM layers, a linear layer, ReLU, L2.
//!
//! Source: Wan et al. 2018, "Generalized end-to-end loss for speaker verification"; layout of the
//! checkpoint as in Resemblyzer's `voice_encoder.py` (Apache-2.0).

use super::{IR_VERSION, OPSET, PRODUCER, count_layers, dim, linear, transpose};
use crate::Result;
use crate::weights::Weights;
use crate::wire::{Attribute, Dim, ElementType, Suffix};

/// Order of torch's LSTM gates (input, forget, cell, output) that ONNX wants: input, output,
/// forget, cell.
const GATES: [usize; 4] = [0, 3, 1, 2];

/// Writes the graph: `mel` [window, time, mel] in; `embedding` [window, dim] out; inside
/// `lstm.K` [window, time, dim] and `pre_relu` [window, dim].
pub(super) fn write(weights: &Weights) -> Result<Vec<u8>> {
    let layers = count_layers(weights, |k| format!("lstm.weight_ih_l{k}")).max(1);
    let first = weights.shape("lstm.weight_ih_l0")?;
    let n_mels = first.get(1).copied().unwrap_or(0);
    let hidden = first.first().copied().unwrap_or(0) / GATES.len();
    let embedding_dim = weights.shape("linear.bias")?.first().copied().unwrap_or(0);

    let mut graph = Suffix::new();
    graph
        .header(IR_VERSION, OPSET, PRODUCER)
        .graph_name("ge2e")
        .input("mel", ElementType::Float32, &sequence(n_mels))
        .init_i64("axis.direction", &[1], &[1])
        .init_i64("axis.last", &[1], &[0]);
    transpose(&mut graph, "mel", "mel.by_time", &[1, 0, 2]);
    let mut current = "mel.by_time".to_owned();
    for layer in 0..layers {
        let input_dim = if layer == 0 { n_mels } else { hidden };
        current = lstm(&mut graph, weights, layer, &current, [input_dim, hidden])?;
    }
    let last = format!("lstm.{}.last_hidden", layers - 1);
    graph.node("Squeeze", &[&last, "axis.last"], &["summary"], &[]);
    let readout = (
        weights.floats("linear.weight", &[embedding_dim, hidden])?,
        weights.floats("linear.bias", &[embedding_dim])?,
    );
    linear(&mut graph, "summary", "pre_relu", readout, hidden);
    let norm = [("axis", Attribute::Int(1)), ("p", Attribute::Int(2))];
    let vector: [Dim; 2] = ["window".into(), dim(embedding_dim).into()];
    graph
        .node("Relu", &["pre_relu"], &["post_relu"], &[])
        .node("LpNormalization", &["post_relu"], &["embedding"], &norm)
        .inner("pre_relu", ElementType::Float32, &vector)
        .typed_output("embedding", ElementType::Float32, &vector);
    Ok(graph.finish())
}

fn sequence(size: usize) -> [Dim; 3] {
    ["window".into(), "time".into(), dim(size).into()]
}

/// Adds layer `layer` on the value `input` [time, window, dim]; gives the name of its hidden
/// states, with the same axes. The tap `lstm.K` has them as [window, time, dim].
fn lstm(
    graph: &mut Suffix,
    weights: &Weights,
    layer: usize,
    input: &str,
    [input_dim, hidden]: [usize; 2],
) -> Result<String> {
    let tap = format!("lstm.{layer}");
    let rows = GATES.len() * hidden;
    let matrix = |kind: &str, columns: usize| -> Result<Vec<f32>> {
        let values = weights.floats(&format!("lstm.weight_{kind}_l{layer}"), &[rows, columns])?;
        Ok(gates(values, hidden * columns))
    };
    let bias = |kind: &str| -> Result<Vec<f32>> {
        let values = weights.floats(&format!("lstm.bias_{kind}_l{layer}"), &[rows])?;
        Ok(gates(values, hidden))
    };
    let [w, r, b] = ["input_weight", "hidden_weight", "bias"].map(|part| format!("{tap}.{part}"));
    graph
        .init_f32(
            &w,
            &[1, dim(rows), dim(input_dim)],
            &matrix("ih", input_dim)?,
        )
        .init_f32(&r, &[1, dim(rows), dim(hidden)], &matrix("hh", hidden)?)
        .init_f32(
            &b,
            &[1, dim(2 * rows)],
            &[bias("ih")?, bias("hh")?].concat(),
        );
    let made = ["directions", "last_hidden", "last_cell", "by_time"];
    let [directions, last_hidden, last_cell, by_time] = made.map(|part| format!("{tap}.{part}"));
    graph
        .node(
            "LSTM",
            &[input, &w, &r, &b],
            &[&directions, &last_hidden, &last_cell],
            &[("hidden_size", Attribute::Int(dim(hidden)))],
        )
        .node(
            "Squeeze",
            &[&directions, "axis.direction"],
            &[&by_time],
            &[],
        );
    transpose(graph, &by_time, &tap, &[1, 0, 2]);
    graph.inner(&tap, ElementType::Float32, &sequence(hidden));
    Ok(by_time)
}

/// The blocks of a stack of four gates, of `size` values each, in ONNX's order.
fn gates(stack: &[f32], size: usize) -> Vec<f32> {
    let block = |gate: usize| {
        stack
            .get(gate * size..(gate + 1) * size)
            .unwrap_or_default()
    };
    GATES
        .iter()
        .flat_map(|gate| block(*gate))
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::{Elements, Weight};
    use crate::wire::survey;

    fn weights(hidden: usize, n_mels: usize) -> Weights {
        let mut weights = Weights::default();
        let mut add = |name: String, shape: &[usize]| {
            let n: usize = shape.iter().product();
            let elements = Elements::Floats((0..n).map(|i| i as f32).collect());
            weights.insert(
                name,
                Weight {
                    shape: shape.to_vec(),
                    elements,
                },
            );
        };
        for layer in 0..3 {
            let input = if layer == 0 { n_mels } else { hidden };
            add(format!("lstm.weight_ih_l{layer}"), &[4 * hidden, input]);
            add(format!("lstm.weight_hh_l{layer}"), &[4 * hidden, hidden]);
            add(format!("lstm.bias_ih_l{layer}"), &[4 * hidden]);
            add(format!("lstm.bias_hh_l{layer}"), &[4 * hidden]);
        }
        add("linear.weight".to_owned(), &[hidden, hidden]);
        add("linear.bias".to_owned(), &[hidden]);
        weights
    }

    #[test]
    fn the_graph_has_three_layers_named_as_taps() {
        let model = write(&weights(4, 5)).unwrap();
        assert_eq!(model, write(&weights(4, 5)).unwrap());
        let found = survey(&model).unwrap();
        let operators: Vec<_> = found.nodes.iter().map(|n| n.operator.as_str()).collect();
        let layer = ["LSTM", "Squeeze", "Transpose"];
        let head = ["Squeeze", "MatMul", "Add", "Relu", "LpNormalization"];
        assert_eq!(
            operators,
            [&["Transpose"][..], &layer, &layer, &layer, &head].concat()
        );
        let inner: Vec<_> = found.inner.iter().map(|v| v.name.as_str()).collect();
        assert_eq!(inner, ["lstm.0", "lstm.1", "lstm.2", "pre_relu"]);
        assert_eq!(found.inputs[0].dims.as_deref(), Some(&sequence(5)[..]));
        assert_eq!(found.outputs[0].name, "embedding");
        // 3 layers of gates, and the readout: (5 + 4 + 2)·16 + 2·(4 + 4 + 2)·16 + 4·4 + 4, and 2 axes
        let elements: u64 = found.initializers.iter().map(|t| t.elements()).sum();
        assert_eq!(elements, 176 + 320 + 20 + 2);
    }

    #[test]
    fn gates_are_reordered_from_torch_to_onnx() {
        let ifgo = [0., 0., 1., 1., 2., 2., 3., 3.];
        assert_eq!(gates(&ifgo, 2), [0., 0., 3., 3., 1., 1., 2., 2.]);
    }

    #[test]
    fn a_missing_or_misshapen_weight_is_named() {
        let error = write(&Weights::default()).unwrap_err().to_string();
        assert!(error.contains("lstm.weight_ih_l0"), "{error}");
        let mut odd = weights(4, 5);
        let elements = Elements::Floats(vec![0.0; 3]);
        odd.insert(
            "lstm.bias_hh_l1",
            Weight {
                shape: vec![3],
                elements,
            },
        );
        let error = write(&odd).unwrap_err().to_string();
        assert!(
            error.contains("`lstm.bias_hh_l1` has shape [3], needed [16]"),
            "{error}"
        );
    }
}
