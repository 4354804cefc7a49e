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
        if sizes.dim == 0 || !sizes.dim.is_multiple_of(sizes.heads) {
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
mod tests;
