//! A conformer: half-step MLPs around attention and a convolution module.

use phonoscope_models::wire::Attribute;
use phonoscope_models::{Axis, BlockKind, Field, Timing};

use super::parts::{
    Conv1d, DIM, HIDDEN, NormForm, attention, conv1d, linear, norm, swish, transpose,
};
use super::scribe::{Scribe, Style};
use super::{found_exactly, tap};

const BANDS: i64 = 8;

fn half_step(s: &mut Scribe, scope: &str, x: &str) -> [String; 2] {
    let normed = norm(s, scope, x, DIM, NormForm::Whole);
    let up = linear(s, &format!("{scope} up"), &normed, [DIM, HIDDEN]);
    let active = swish(s, scope, &up);
    let down = linear(s, &format!("{scope} down"), &active, [HIDDEN, DIM]);
    let half = s.number(0.5);
    let scaled = s.op(scope, "Mul", &[&down, &half], &[]);
    [active, s.op(scope, "Add", &[x, &scaled], &[])]
}

fn convolve(s: &mut Scribe, scope: &str, x: &str) -> String {
    let normed = norm(s, scope, x, DIM, NormForm::Whole);
    let by_dim = transpose(s, scope, &normed, &[0, 2, 1]);
    let point = Conv1d {
        sizes: [2 * DIM, DIM, 1],
        stride: 1,
        pads: [0, 0],
        group: 1,
    };
    let both = conv1d(s, &format!("{scope} pointwise1"), &by_dim, &point);
    let axis = [("axis", Attribute::Int(1))];
    let [value, gate] = s.ops(scope, "Split", &[&both], &axis);
    let gate = s.op(scope, "Sigmoid", &[&gate], &[]);
    let gated = s.op(scope, "Mul", &[&value, &gate], &[]);
    let within = Conv1d {
        sizes: [DIM, 1, 3],
        stride: 1,
        pads: [1, 1],
        group: DIM,
    };
    let wide = conv1d(s, &format!("{scope} depthwise"), &gated, &within);
    let [scale, spread] = [s.scale(&[DIM]), s.scale(&[DIM])];
    let [shift, mean] = [s.weight(scope, &[DIM]), s.weight(scope, &[DIM])];
    let inputs = [&wide, &scale, &shift, &mean, &spread].map(String::as_str);
    let normed = s.op(scope, "BatchNormalization", &inputs, &[]);
    let active = swish(s, scope, &normed);
    let point = Conv1d {
        sizes: [DIM, DIM, 1],
        stride: 1,
        pads: [0, 0],
        group: 1,
    };
    let mixed = conv1d(s, &format!("{scope} pointwise2"), &active, &point);
    transpose(s, scope, &mixed, &[0, 2, 1])
}

/// Two blocks after a subsampling of four.
pub(super) fn conformer(style: Style, layers: usize) -> Scribe {
    let mut s = Scribe::new(style);
    let s = &mut s;
    let x = s.input("features", &["batch".into(), "time".into(), BANDS.into()]);
    let one = s.ints(&[1]);
    let mut x = s.op("subsample", "Unsqueeze", &[&x, &one], &[]);
    for index in 0..2 {
        let scope = format!("subsample conv.{index}");
        let channels = if index == 0 { 1 } else { 4 };
        let weight = s.weight(&scope, &[4, channels, 3, 3]);
        let attributes = [
            ("kernel_shape", Attribute::Ints(&[3, 3])),
            ("strides", Attribute::Ints(&[2, 2])),
            ("pads", Attribute::Ints(&[1, 1, 1, 1])),
        ];
        let made = s.op(&scope, "Conv", &[&x, &weight], &attributes);
        x = s.op(&scope, "Relu", &[&made], &[]);
        let mark = x.clone();
        s.mark(format!("conv.{index}"), &mark);
    }
    let by_time = transpose(s, "subsample", &x, &[0, 2, 1, 3]);
    let flat = s.ints(&[0, 0, -1]);
    let frames = s.op("subsample", "Reshape", &[&by_time, &flat], &[]);
    let mut x = linear(s, "subsample out", &frames, [4 * BANDS / 4, DIM]);
    s.mark("dense.0", &x);
    s.mark("encoder.0.resid_pre", &x);
    for layer in 0..layers {
        let scope = |part: &str| format!("encoder layers.{layer} {part}");
        let at = |part: &str| format!("encoder.{layer}.{part}");
        let [active, entered] = half_step(s, &scope("ff1"), &x);
        s.mark(at("macaron_act"), &active);
        s.mark(at("resid_macaron"), &entered);
        let normed = norm(s, &scope("norm_att"), &entered, DIM, NormForm::Whole);
        let [probs, out] = attention(s, &scope("self_attn"), &normed);
        s.mark(at("attn.probs"), &probs);
        s.mark(at("attn.out"), &out);
        let middle = s.op(&scope("att"), "Add", &[&entered, &out], &[]);
        s.mark(at("resid_mid"), &middle);
        let convolved = convolve(s, &scope("conv"), &middle);
        s.mark(at("conv"), &convolved);
        let after = s.op(&scope("conv"), "Add", &[&middle, &convolved], &[]);
        s.mark(at("resid_conv"), &after);
        let [active, sum] = half_step(s, &scope("ff2"), &after);
        s.mark(at("mlp_act"), &active);
        x = norm(s, &scope("norm_out"), &sum, DIM, NormForm::Whole);
        s.mark(at("resid_post"), &x);
    }
    s.output(&x);
    std::mem::replace(s, Scribe::new(style))
}

#[test]
fn every_part_of_a_conformer_is_found() {
    for style in Style::ALL {
        for layers in [1, 2, 3] {
            let map = found_exactly(&conformer(style, layers));
            let kinds = map
                .blocks
                .iter()
                .filter(|block| block.kind == BlockKind::Conformer);
            assert_eq!(kinds.count(), layers, "{style:?}");
            let entry = tap(&map, "encoder.0.resid_pre");
            assert_eq!(entry.axes, [Axis::Batch, Axis::Time, Axis::Dim]);
            assert_eq!(
                entry.timing,
                Some(Timing {
                    stride: 4,
                    field: Field::Steps(7)
                })
            );
            let conv = tap(&map, "conv.0");
            assert_eq!(conv.axes, [Axis::Batch, Axis::Dim, Axis::Time, Axis::Freq]);
            let post = tap(&map, "encoder.0.resid_post");
            assert_eq!(
                post.timing,
                Some(Timing {
                    stride: 4,
                    field: Field::Unbounded
                })
            );
            assert!(post.meaning.contains("post-norm"));
            assert!(
                !tap(&map, "encoder.0.resid_mid")
                    .meaning
                    .contains("post-norm")
            );
        }
    }
}
