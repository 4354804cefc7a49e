//! The encoder of Whisper: two convolutions, fixed positions, pre-norm transformer blocks.
//!
//! Source: Radford et al. 2022, "Robust speech recognition via large-scale weak supervision";
//! names of the weights as in CTranslate2's `WhisperSpec`.

use super::{IR_VERSION, OPSET, PRODUCER, count_layers, dim, linear, transpose};
use crate::weights::Weights;
use crate::wire::{Attribute, Dim, ElementType, Suffix};
use crate::{Error, Result};

const EPSILON: f32 = 1e-5;
const KERNEL: usize = 3;

/// Sizes of the network, read off its weights.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    n_mels: usize,
    dim: usize,
    heads: usize,
    hidden: usize,
    positions: usize,
    layers: usize,
}

impl Sizes {
    fn read(weights: &Weights) -> Result<Self> {
        let at = |name: &str, axis: usize| -> Result<usize> {
            Ok(weights.shape(name)?.get(axis).copied().unwrap_or(0))
        };
        let sizes = Self {
            n_mels: at("encoder/conv1/weight", 1)?,
            dim: at("encoder/conv1/weight", 0)?,
            heads: weights.count("encoder/num_heads")?,
            hidden: at("encoder/layer_0/ffn/linear_0/bias", 0)?,
            positions: at("encoder/position_encodings/encodings", 0)?,
            layers: count_layers(weights, |k| format!("encoder/layer_{k}/ffn/linear_0/bias")),
        };
        if sizes.dim == 0 || sizes.dim % sizes.heads != 0 {
            return Err(Error::Weights {
                model: "the graph".to_owned(),
                why: format!(
                    "{} dimensions do not divide into {} heads",
                    sizes.dim, sizes.heads
                ),
            });
        }
        Ok(sizes)
    }

    fn stream(&self) -> [Dim; 3] {
        ["batch".into(), "time".into(), dim(self.dim).into()]
    }
}

/// Writes the graph: `input_features` [batch, mel, frame] in, at most twice as many frames as
/// there are positions; `encoder.final_norm` [batch, time, dim] out; every point of the residual
/// stream, the attention weights and the hidden activations named inside.
pub(super) fn write(weights: &Weights) -> Result<Vec<u8>> {
    let sizes = Sizes::read(weights)?;
    let mut graph = Suffix::new();
    let features = ["batch".into(), dim(sizes.n_mels).into(), "frame".into()];
    graph
        .header(IR_VERSION, OPSET, PRODUCER)
        .graph_name("whisper_encoder")
        .input("input_features", ElementType::Float32, &features)
        .init_f32("sqrt_two", &[], &[std::f32::consts::SQRT_2])
        .init_f32("one", &[], &[1.0])
        .init_f32("half", &[], &[0.5])
        .init_f32(
            "head_scale",
            &[],
            &[((sizes.dim / sizes.heads) as f32).powf(-0.5)],
        )
        .init_i64(
            "split_heads",
            &[4],
            &[0, 0, dim(sizes.heads), dim(sizes.dim / sizes.heads)],
        )
        .init_i64("merge_heads", &[3], &[0, 0, dim(sizes.dim)]);
    stem(&mut graph, weights, &sizes)?;
    let mut stream = "encoder.0.resid_pre".to_owned();
    for layer in 0..sizes.layers {
        stream = block(&mut graph, weights, &sizes, layer, &stream)?;
    }
    let norm = ("encoder/layer_norm", "encoder.final_norm");
    layer_norm(&mut graph, weights, &sizes, &stream, norm)?;
    graph.typed_output("encoder.final_norm", ElementType::Float32, &sizes.stream());
    Ok(graph.finish())
}

/// Convolutions (the second halves the frame rate) and positions, which are cut to the length.
fn stem(graph: &mut Suffix, weights: &Weights, sizes: &Sizes) -> Result<()> {
    let mut current = "input_features".to_owned();
    for (index, input_dim, step) in [(0, sizes.n_mels, 1), (1, sizes.dim, 2)] {
        let source = format!("encoder/conv{}", index + 1);
        let name = format!("conv.{index}");
        let [weight, bias, raw] =
            ["weight", "bias", "pre_act"].map(|part| format!("{name}.{part}"));
        let shape = [sizes.dim, input_dim, KERNEL];
        graph
            .init_f32(
                &weight,
                &shape.map(dim),
                weights.floats(&format!("{source}/weight"), &shape)?,
            )
            .init_f32(
                &bias,
                &[dim(sizes.dim)],
                weights.floats(&format!("{source}/bias"), &[sizes.dim])?,
            )
            .node(
                "Conv",
                &[&current, &weight, &bias],
                &[&raw],
                &[
                    ("kernel_shape", Attribute::Ints(&[dim(KERNEL)])),
                    ("pads", Attribute::Ints(&[1, 1])),
                    ("strides", Attribute::Ints(&[step])),
                ],
            );
        gelu(graph, &raw, &name);
        current = name;
    }
    transpose(graph, "conv.1", "conv.1.by_time", &[0, 2, 1]);
    let positions = [sizes.positions, sizes.dim];
    let table = weights.floats("encoder/position_encodings/encodings", &positions)?;
    graph
        .init_f32("position_table", &positions.map(dim), table)
        .init_i64("index.0", &[1], &[0])
        .init_i64("index.1", &[1], &[1])
        .init_i64("index.2", &[1], &[2])
        .node("Shape", &["conv.1.by_time"], &["stem.shape"], &[])
        .node(
            "Slice",
            &["stem.shape", "index.1", "index.2"],
            &["stem.length"],
            &[],
        )
        .node(
            "Slice",
            &["position_table", "index.0", "stem.length", "index.0"],
            &["positions"],
            &[],
        )
        .node(
            "Add",
            &["conv.1.by_time", "positions"],
            &["encoder.0.resid_pre"],
            &[],
        )
        .inner("encoder.0.resid_pre", ElementType::Float32, &sizes.stream());
    Ok(())
}

/// Adds one block on the residual stream `input`; gives the name of the stream after it.
fn block(
    graph: &mut Suffix,
    weights: &Weights,
    sizes: &Sizes,
    layer: usize,
    input: &str,
) -> Result<String> {
    let source = format!("encoder/layer_{layer}");
    let at = |part: &str| format!("encoder.{layer}.{part}");
    let normed = at("attn.norm");
    let norm = format!("{source}/self_attention/layer_norm");
    layer_norm(graph, weights, sizes, input, (&norm, &normed))?;
    let attention = format!("{source}/self_attention");
    attend(graph, weights, sizes, &attention, &|part| {
        at(&format!("attn.{part}"))
    })?;
    let middle = at("resid_mid");
    graph
        .node("Add", &[input, &at("attn.out")], &[&middle], &[])
        .inner(&middle, ElementType::Float32, &sizes.stream());

    let (n, hidden) = (sizes.dim, sizes.hidden);
    let mlp = |part: &str| at(&format!("mlp.{part}"));
    let norm = format!("{source}/ffn/layer_norm");
    layer_norm(graph, weights, sizes, &middle, (&norm, &mlp("norm")))?;
    let up = dense(weights, &format!("{source}/ffn/linear_0"), [hidden, n])?;
    linear(graph, &mlp("norm"), &mlp("pre_act"), up, n);
    let active = at("mlp_act");
    gelu(graph, &mlp("pre_act"), &active);
    let down = dense(weights, &format!("{source}/ffn/linear_1"), [n, hidden])?;
    linear(graph, &active, &mlp("out"), down, hidden);
    let wide: [Dim; 3] = ["batch".into(), "time".into(), dim(hidden).into()];
    let after = at("resid_post");
    graph
        .inner(&active, ElementType::Float32, &wide)
        .node("Add", &[&middle, &mlp("out")], &[&after], &[])
        .inner(&after, ElementType::Float32, &sizes.stream());
    Ok(after)
}

/// Adds self-attention on the value `at("norm")`, ending in `at("out")`.
fn attend(
    graph: &mut Suffix,
    weights: &Weights,
    sizes: &Sizes,
    source: &str,
    at: &dyn Fn(&str) -> String,
) -> Result<()> {
    let n = sizes.dim;
    // One matrix holds queries, keys and values.
    let (matrix, bias) = dense(weights, &format!("{source}/linear_0"), [3 * n, n])?;
    let parts = matrix.chunks_exact(n * n).zip(bias.chunks_exact(n));
    for ((part, order), values) in [
        ("q", [0, 2, 1, 3]),
        ("k", [0, 2, 3, 1]),
        ("v", [0, 2, 1, 3]),
    ]
    .into_iter()
    .zip(parts)
    {
        let [flat, split, heads] =
            ["", ".split", ".heads"].map(|step| at(&format!("{part}{step}")));
        linear(graph, &at("norm"), &flat, values, n);
        graph.node("Reshape", &[&flat, "split_heads"], &[&split], &[]);
        transpose(graph, &split, &heads, &order);
    }
    let last = [("axis", Attribute::Int(-1))];
    let heads: [Dim; 4] = [
        "batch".into(),
        dim(sizes.heads).into(),
        "time".into(),
        "key".into(),
    ];
    graph
        .node(
            "MatMul",
            &[&at("q.heads"), &at("k.heads")],
            &[&at("scores.raw")],
            &[],
        )
        .node(
            "Mul",
            &[&at("scores.raw"), "head_scale"],
            &[&at("scores")],
            &[],
        )
        .node("Softmax", &[&at("scores")], &[&at("probs")], &last)
        .inner(&at("probs"), ElementType::Float32, &heads)
        .node(
            "MatMul",
            &[&at("probs"), &at("v.heads")],
            &[&at("mix.heads")],
            &[],
        );
    transpose(graph, &at("mix.heads"), &at("mix.split"), &[0, 2, 1, 3]);
    graph.node(
        "Reshape",
        &[&at("mix.split"), "merge_heads"],
        &[&at("mix")],
        &[],
    );
    let readout = dense(weights, &format!("{source}/linear_1"), [n, n])?;
    linear(graph, &at("mix"), &at("out"), readout, n);
    Ok(())
}

/// Weight `[out, in]` and bias of a linear layer.
fn dense<'a>(
    weights: &'a Weights,
    source: &str,
    shape: [usize; 2],
) -> Result<(&'a [f32], &'a [f32])> {
    Ok((
        weights.floats(&format!("{source}/weight"), &shape)?,
        weights.floats(&format!("{source}/bias"), &shape[..1])?,
    ))
}

fn layer_norm(
    graph: &mut Suffix,
    weights: &Weights,
    sizes: &Sizes,
    input: &str,
    (source, output): (&str, &str),
) -> Result<()> {
    let [scale, shift] = ["scale", "shift"].map(|part| format!("{output}.{part}"));
    let shape = [sizes.dim];
    graph
        .init_f32(
            &scale,
            &shape.map(dim),
            weights.floats(&format!("{source}/gamma"), &shape)?,
        )
        .init_f32(
            &shift,
            &shape.map(dim),
            weights.floats(&format!("{source}/beta"), &shape)?,
        )
        .node(
            "LayerNormalization",
            &[input, &scale, &shift],
            &[output],
            &[
                ("axis", Attribute::Int(-1)),
                ("epsilon", Attribute::Float(EPSILON)),
            ],
        );
    Ok(())
}

/// Adds the exact GELU, x·(1 + erf(x/√2))/2, in the form that runtimes recognise and fuse.
fn gelu(graph: &mut Suffix, input: &str, output: &str) {
    let step = |part: &str| format!("{output}.gelu.{part}");
    graph
        .node("Div", &[input, "sqrt_two"], &[&step("scaled")], &[])
        .node("Erf", &[&step("scaled")], &[&step("erf")], &[])
        .node("Add", &[&step("erf"), "one"], &[&step("gate")], &[])
        .node("Mul", &[input, &step("gate")], &[&step("double")], &[])
        .node("Mul", &[&step("double"), "half"], &[output], &[]);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::weights::{Elements, Weight};
    use crate::wire::survey;

    fn weights(layers: usize) -> Weights {
        let (n, mels, hidden) = (6, 5, 8);
        let mut weights = Weights::default();
        let mut add = |name: String, shape: &[usize]| {
            let elements = Elements::Floats(vec![0.5; shape.iter().product()]);
            weights.insert(
                name,
                Weight {
                    shape: shape.to_vec(),
                    elements,
                },
            );
        };
        for (conv, input) in [(1, mels), (2, n)] {
            add(format!("encoder/conv{conv}/weight"), &[n, input, 3]);
            add(format!("encoder/conv{conv}/bias"), &[n]);
        }
        add("encoder/position_encodings/encodings".to_owned(), &[10, n]);
        let mut norms = vec!["encoder/layer_norm".to_owned()];
        for k in 0..layers {
            for (part, out, input) in [
                ("self_attention/linear_0", 3 * n, n),
                ("self_attention/linear_1", n, n),
                ("ffn/linear_0", hidden, n),
                ("ffn/linear_1", n, hidden),
            ] {
                add(format!("encoder/layer_{k}/{part}/weight"), &[out, input]);
                add(format!("encoder/layer_{k}/{part}/bias"), &[out]);
            }
            let parts = ["self_attention/layer_norm", "ffn/layer_norm"];
            norms.extend(parts.map(|part| format!("encoder/layer_{k}/{part}")));
        }
        for norm in norms {
            add(format!("{norm}/gamma"), &[n]);
            add(format!("{norm}/beta"), &[n]);
        }
        let heads = Weight {
            shape: vec![],
            elements: Elements::Integers(vec![2]),
        };
        weights.insert("encoder/num_heads", heads);
        weights
    }

    #[test]
    fn the_graph_names_every_point_of_the_residual_stream() {
        let model = write(&weights(2)).unwrap();
        assert_eq!(model, write(&weights(2)).unwrap());
        let found = survey(&model).unwrap();
        let inner: Vec<_> = found.inner.iter().map(|v| v.name.as_str()).collect();
        assert_eq!(
            inner,
            [
                "encoder.0.resid_pre",
                "encoder.0.attn.probs",
                "encoder.0.resid_mid",
                "encoder.0.mlp_act",
                "encoder.0.resid_post",
                "encoder.1.attn.probs",
                "encoder.1.resid_mid",
                "encoder.1.mlp_act",
                "encoder.1.resid_post",
            ]
        );
        let dims = |i: usize| found.inner[i].dims.clone().unwrap();
        assert_eq!(
            dims(1),
            ["batch".into(), 2.into(), "time".into(), "key".into()]
        );
        assert_eq!(dims(3), ["batch".into(), "time".into(), 8.into()]);
        assert_eq!(found.outputs[0].name, "encoder.final_norm");
    }

    #[test]
    fn every_value_is_made_once_before_it_is_used() {
        let found = survey(&write(&weights(3)).unwrap()).unwrap();
        let mut made: BTreeSet<&str> = found.inputs.iter().map(|v| v.name.as_str()).collect();
        made.extend(found.initializers.iter().map(|t| t.name.as_str()));
        let mut names = BTreeSet::new();
        for node in &found.nodes {
            assert!(names.insert(&node.name), "node {} twice", node.name);
            for input in &node.inputs {
                assert!(
                    made.contains(input.as_str()),
                    "{} uses {input} too early",
                    node.name
                );
            }
            for output in &node.outputs {
                assert!(made.insert(output), "{output} is made twice");
            }
        }
        let softmaxes = found
            .nodes
            .iter()
            .filter(|n| n.operator == "Softmax")
            .count();
        assert_eq!(softmaxes, 3);
    }

    #[test]
    fn weights_that_do_not_fit_are_named() {
        let mut odd = weights(1);
        let elements = Elements::Floats(vec![0.0; 4]);
        odd.insert(
            "encoder/layer_0/self_attention/linear_0/bias",
            Weight {
                shape: vec![4],
                elements,
            },
        );
        let error = write(&odd).unwrap_err().to_string();
        assert!(
            error.contains("linear_0/bias` has shape [4], needed [18]"),
            "{error}"
        );
        let mut heads = weights(1);
        let elements = Elements::Integers(vec![4]);
        heads.insert(
            "encoder/num_heads",
            Weight {
                shape: vec![],
                elements,
            },
        );
        assert!(write(&heads).unwrap_err().to_string().contains("4 heads"));
    }
}
