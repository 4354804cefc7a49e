//! Parts of networks, as exporters write them.

use phonoscope_models::wire::Attribute;

use super::scribe::Scribe;

pub(super) const DIM: i64 = 8;
pub(super) const HIDDEN: i64 = 16;
pub(super) const HEADS: i64 = 2;

/// How a layer norm is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NormForm {
    Whole,
    Pieces,
}

/// How a GELU is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GeluForm {
    Whole,
    Erf,
}

pub(super) fn transpose(s: &mut Scribe, scope: &str, x: &str, order: &[i64]) -> String {
    s.op(
        scope,
        "Transpose",
        &[x],
        &[("perm", Attribute::Ints(order))],
    )
}

pub(super) fn norm(s: &mut Scribe, scope: &str, x: &str, dim: i64, form: NormForm) -> String {
    let (scale, shift) = (s.scale(&[dim]), s.weight(scope, &[dim]));
    if form == NormForm::Whole {
        let last = [("axis", Attribute::Int(-1))];
        return s.op(scope, "LayerNormalization", &[x, &scale, &shift], &last);
    }
    let last = [("axes", Attribute::Ints(&[-1]))];
    let (two, tiny) = (s.number(2.0), s.number(1e-5));
    let mean = s.op(scope, "ReduceMean", &[x], &last);
    let centred = s.op(scope, "Sub", &[x, &mean], &[]);
    let square = s.op(scope, "Pow", &[&centred, &two], &[]);
    let variance = s.op(scope, "ReduceMean", &[&square], &last);
    let raised = s.op(scope, "Add", &[&variance, &tiny], &[]);
    let root = s.op(scope, "Sqrt", &[&raised], &[]);
    let unit = s.op(scope, "Div", &[&centred, &root], &[]);
    let scaled = s.op(scope, "Mul", &[&unit, &scale], &[]);
    s.op(scope, "Add", &[&scaled, &shift], &[])
}

pub(super) fn linear(s: &mut Scribe, scope: &str, x: &str, sizes: [i64; 2]) -> String {
    let (weight, bias) = (s.weight(scope, &sizes), s.weight(scope, &sizes[1..]));
    let product = s.op(scope, "MatMul", &[x, &weight], &[]);
    s.op(scope, "Add", &[&bias, &product], &[])
}

pub(super) fn gelu(s: &mut Scribe, scope: &str, x: &str, form: GeluForm) -> String {
    if form == GeluForm::Whole {
        return s.op(scope, "Gelu", &[x], &[]);
    }
    let (root, one, half) = (
        s.number(std::f32::consts::SQRT_2),
        s.number(1.0),
        s.number(0.5),
    );
    let scaled = s.op(scope, "Div", &[x, &root], &[]);
    let erf = s.op(scope, "Erf", &[&scaled], &[]);
    let gate = s.op(scope, "Add", &[&erf, &one], &[]);
    let double = s.op(scope, "Mul", &[x, &gate], &[]);
    s.op(scope, "Mul", &[&double, &half], &[])
}

pub(super) fn swish(s: &mut Scribe, scope: &str, x: &str) -> String {
    let gate = s.op(scope, "Sigmoid", &[x], &[]);
    s.op(scope, "Mul", &[x, &gate], &[])
}

/// Self-attention in pieces: the weights and the result.
pub(super) fn attention(s: &mut Scribe, scope: &str, x: &str) -> [String; 2] {
    let split = s.ints(&[0, 0, HEADS, DIM / HEADS]);
    let merge = s.ints(&[0, 0, DIM]);
    let scale = s.number((HEADS as f32 / DIM as f32).sqrt());
    let mut heads = |part: &str, order: &[i64]| {
        let scope = format!("{scope} {part}_proj");
        let flat = linear(s, &scope, x, [DIM, DIM]);
        let parts = s.op(&scope, "Reshape", &[&flat, &split], &[]);
        transpose(s, &scope, &parts, order)
    };
    let (q, k, v) = (
        heads("q", &[0, 2, 1, 3]),
        heads("k", &[0, 2, 3, 1]),
        heads("v", &[0, 2, 1, 3]),
    );
    let raw = s.op(scope, "MatMul", &[&q, &k], &[]);
    let scores = s.op(scope, "Mul", &[&raw, &scale], &[]);
    let probs = s.op(
        scope,
        "Softmax",
        &[&scores],
        &[("axis", Attribute::Int(-1))],
    );
    let mixed = s.op(scope, "MatMul", &[&probs, &v], &[]);
    let by_time = transpose(s, scope, &mixed, &[0, 2, 1, 3]);
    let flat = s.op(scope, "Reshape", &[&by_time, &merge], &[]);
    let out = linear(s, &format!("{scope} out_proj"), &flat, [DIM, DIM]);
    [probs, out]
}

/// A convolution over the last axis: output channels, input channels per group, kernel.
pub(super) struct Conv1d {
    pub(super) sizes: [i64; 3],
    pub(super) stride: i64,
    pub(super) pads: [i64; 2],
    pub(super) group: i64,
}

pub(super) fn conv1d(s: &mut Scribe, scope: &str, x: &str, conv: &Conv1d) -> String {
    let weight = s.weight(scope, &conv.sizes);
    let bias = s.weight(scope, &conv.sizes[..1]);
    s.op(
        scope,
        "Conv",
        &[x, &weight, &bias],
        &[
            ("kernel_shape", Attribute::Ints(&[conv.sizes[2]])),
            ("strides", Attribute::Ints(&[conv.stride])),
            ("pads", Attribute::Ints(&conv.pads)),
            ("group", Attribute::Int(conv.group)),
        ],
    )
}
