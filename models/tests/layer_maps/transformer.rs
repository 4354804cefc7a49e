//! Transformers: pre-norm and post-norm, in every style of names.

use phonoscope_models::wire::Attribute;
use phonoscope_models::{Axis, BlockKind, Evidence, Field, Timing};

use super::parts::{
    Conv1d, DIM, GeluForm, HIDDEN, NormForm, attention, conv1d, gelu, linear, norm, transpose,
};
use super::scribe::{Scribe, Style};
use super::{found_exactly, tap};

const LAYERS: usize = 3;

/// Rounds a value to 8-bit integers and back.
fn rounded(s: &mut Scribe, scope: &str, x: &str, quantised: bool) -> String {
    if !quantised {
        return x.to_owned();
    }
    let step = s.number(0.01);
    let integers = s.op(scope, "QuantizeLinear", &[x, &step], &[]);
    s.op(scope, "DequantizeLinear", &[&integers, &step], &[])
}

/// A pre-norm encoder on frames, with what the exporter did to norms and GELUs.
pub(super) fn pre_norm(style: Style, norms: NormForm, gelus: GeluForm, quantised: bool) -> Scribe {
    let mut s = Scribe::new(style);
    let s = &mut s;
    let x = s.input("features", &["batch".into(), 5.into(), "frames".into()]);
    let sizes = [[DIM, 5, 3], [DIM, DIM, 3]];
    let mut x = x;
    for (index, sizes) in sizes.into_iter().enumerate() {
        let scope = format!("encoder conv{index}");
        let conv = Conv1d {
            sizes,
            stride: 1 + index as i64,
            pads: [1, 1],
            group: 1,
        };
        let made = conv1d(s, &scope, &x, &conv);
        x = gelu(s, &scope, &made, gelus);
        let mark = x.clone();
        s.mark(format!("conv.{index}"), &mark);
    }
    let mut x = transpose(s, "encoder", &x, &[0, 2, 1]);
    let table = s.weight("encoder positions", &[1, 1, DIM]);
    x = s.op("encoder", "Add", &[&x, &table], &[]);
    s.mark("encoder.0.resid_pre", &x);
    for layer in 0..LAYERS {
        let scope = format!("encoder layers.{layer}");
        let at = |part: &str| format!("encoder.{layer}.{part}");
        let normed = norm(s, &format!("{scope} norm1"), &x, DIM, norms);
        let normed = rounded(s, &scope, &normed, quantised);
        let [probs, out] = attention(s, &format!("{scope} self_attn"), &normed);
        s.mark(at("attn.probs"), &probs);
        s.mark(at("attn.out"), &out);
        let out = rounded(s, &scope, &out, quantised);
        let middle = s.op(&scope, "Add", &[&x, &out], &[]);
        s.mark(at("resid_mid"), &middle);
        let normed = norm(s, &format!("{scope} norm2"), &middle, DIM, norms);
        let up = linear(s, &format!("{scope} fc1"), &normed, [DIM, HIDDEN]);
        let active = gelu(s, &format!("{scope} act"), &up, gelus);
        s.mark(at("mlp_act"), &active);
        let active = rounded(s, &scope, &active, quantised);
        let down = linear(s, &format!("{scope} fc2"), &active, [HIDDEN, DIM]);
        x = s.op(&scope, "Add", &[&down, &middle], &[]);
        s.mark(at("resid_post"), &x);
    }
    let last = norm(s, "encoder final_norm", &x, DIM, norms);
    s.mark("encoder.final_norm", &last);
    s.output(&last);
    std::mem::replace(s, Scribe::new(style))
}

/// A wav2vec 2.0 in small: convolutions with layer norms over channels, a convolution for
/// positions, post-norm blocks.
pub(super) fn post_norm(style: Style) -> Scribe {
    let mut s = Scribe::new(style);
    let s = &mut s;
    let x = s.input("input_values", &["batch".into(), "samples".into()]);
    let first = s.ints(&[1]);
    let mut x = s.op("features", "Unsqueeze", &[&x, &first], &[]);
    let kernels = [(10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2)];
    for (index, (kernel, stride)) in kernels.into_iter().enumerate() {
        let scope = format!("features conv_layers.{index}");
        let channels = if index == 0 { 1 } else { DIM };
        let conv = Conv1d {
            sizes: [DIM, channels, kernel],
            stride,
            pads: [0, 0],
            group: 1,
        };
        let made = conv1d(s, &scope, &x, &conv);
        let by_time = transpose(s, &scope, &made, &[0, 2, 1]);
        let normed = norm(s, &scope, &by_time, DIM, NormForm::Whole);
        let by_dim = transpose(s, &scope, &normed, &[0, 2, 1]);
        x = gelu(s, &scope, &by_dim, GeluForm::Erf);
        let mark = x.clone();
        s.mark(format!("conv.{index}"), &mark);
    }
    let by_time = transpose(s, "projection", &x, &[0, 2, 1]);
    let normed = norm(s, "projection norm", &by_time, DIM, NormForm::Whole);
    let mut x = linear(s, "projection", &normed, [DIM, DIM]);
    s.mark("dense.0", &x);
    // Positions by a grouped convolution, one step too long, cut off again.
    let scope = "encoder pos_conv";
    let by_dim = transpose(s, scope, &x, &[0, 2, 1]);
    let conv = Conv1d {
        sizes: [DIM, 2, 4],
        stride: 1,
        pads: [2, 2],
        group: DIM / 2,
    };
    let long = conv1d(s, scope, &by_dim, &conv);
    s.mark("conv.7", &long);
    let [start, end, axis] = [[0], [-1], [2]].map(|list| s.ints(&list));
    let cut = s.op(scope, "Slice", &[&long, &start, &end, &axis], &[]);
    let active = gelu(s, scope, &cut, GeluForm::Erf);
    let places = transpose(s, scope, &active, &[0, 2, 1]);
    let sum = s.op("encoder", "Add", &[&x, &places], &[]);
    x = norm(s, "encoder norm", &sum, DIM, NormForm::Whole);
    s.mark("encoder.0.resid_pre", &x);
    for layer in 0..LAYERS {
        let scope = format!("encoder layers.{layer}");
        let at = |part: &str| format!("encoder.{layer}.{part}");
        let [probs, out] = attention(s, &format!("{scope} attention"), &x);
        s.mark(at("attn.probs"), &probs);
        s.mark(at("attn.out"), &out);
        let sum = s.op(&scope, "Add", &[&x, &out], &[]);
        let middle = norm(s, &format!("{scope} norm1"), &sum, DIM, NormForm::Whole);
        s.mark(at("resid_mid"), &middle);
        let up = linear(s, &format!("{scope} fc1"), &middle, [DIM, HIDDEN]);
        let active = gelu(s, &format!("{scope} act"), &up, GeluForm::Erf);
        s.mark(at("mlp_act"), &active);
        let down = linear(s, &format!("{scope} fc2"), &active, [HIDDEN, DIM]);
        let sum = s.op(&scope, "Add", &[&middle, &down], &[]);
        x = norm(s, &format!("{scope} norm2"), &sum, DIM, NormForm::Whole);
        s.mark(at("resid_post"), &x);
    }
    s.output(&x);
    std::mem::replace(s, Scribe::new(style))
}

#[test]
fn a_pre_norm_encoder_is_found_in_every_style() {
    for style in Style::ALL {
        for (norms, gelus) in [
            (NormForm::Whole, GeluForm::Erf),
            (NormForm::Pieces, GeluForm::Whole),
        ] {
            let map = found_exactly(&pre_norm(style, norms, gelus, false));
            let blocks: Vec<_> = map
                .blocks
                .iter()
                .map(|block| (block.name.as_str(), block.kind))
                .collect();
            assert_eq!(
                blocks,
                [
                    ("conv.0", BlockKind::Conv),
                    ("conv.1", BlockKind::Conv),
                    ("encoder.0", BlockKind::Transformer),
                    ("encoder.1", BlockKind::Transformer),
                    ("encoder.2", BlockKind::Transformer),
                ],
                "{style:?}"
            );
            let named = matches!(style, Style::TorchScript | Style::Tf2Onnx);
            // With numbers for values, the weights still say `layers.K` in dynamo's exports.
            let expected = match style {
                _ if named || style == Style::Dynamo => Evidence::Names,
                _ => Evidence::Structure,
            };
            assert_eq!(map.blocks[3].evidence, expected, "{style:?}");
            assert!(
                map.unreachable.is_empty() && map.notes.is_empty(),
                "{map:?}"
            );
        }
    }
}

#[test]
fn axes_sizes_and_timing_follow_from_the_graph() {
    let map = found_exactly(&pre_norm(
        Style::Numbers,
        NormForm::Whole,
        GeluForm::Erf,
        false,
    ));
    let conv = tap(&map, "conv.1");
    assert_eq!(conv.axes, [Axis::Batch, Axis::Dim, Axis::Time]);
    assert_eq!(
        conv.timing,
        Some(Timing {
            stride: 2,
            field: Field::Steps(5)
        })
    );
    let entry = tap(&map, "encoder.0.resid_pre");
    assert_eq!(entry.axes, [Axis::Batch, Axis::Time, Axis::Dim]);
    assert_eq!((entry.dim, entry.timing), (Some(8), conv.timing));
    let probs = tap(&map, "encoder.2.attn.probs");
    assert_eq!(probs.axes, [Axis::Batch, Axis::Head, Axis::Time, Axis::Key]);
    let whole = Some(Timing {
        stride: 2,
        field: Field::Unbounded,
    });
    assert_eq!((probs.dim, probs.timing), (None, whole));
    assert_eq!(tap(&map, "encoder.1.mlp_act").dim, Some(16));
    assert_eq!(tap(&map, "encoder.final_norm").timing, whole);
    // Four products with biases, two more, two norms.
    let weights = 4 * (8 * 8 + 8) + (8 * 16 + 16) + (16 * 8 + 8) + 4 * 8;
    assert!(
        map.blocks[2..]
            .iter()
            .all(|block| block.parameters == weights)
    );
}

#[test]
fn rounding_to_integers_and_back_hides_nothing() {
    for style in Style::ALL {
        let map = found_exactly(&pre_norm(style, NormForm::Whole, GeluForm::Erf, true));
        assert!(
            map.notes[0].starts_with("quantised: 9 values"),
            "{:?}",
            map.notes
        );
    }
}

#[test]
fn a_post_norm_encoder_with_a_waveform_front_is_found_in_every_style() {
    for style in Style::ALL {
        let map = found_exactly(&post_norm(style));
        let last = tap(&map, "conv.6");
        // The frame of wav2vec 2.0: 25 ms every 20 ms.
        assert_eq!(
            last.timing,
            Some(Timing {
                stride: 320,
                field: Field::Steps(400)
            })
        );
        assert_eq!(last.axes, [Axis::Batch, Axis::Dim, Axis::Time]);
        let post = tap(&map, "encoder.2.resid_post");
        assert_eq!(post.axes, [Axis::Batch, Axis::Time, Axis::Dim]);
        assert!(post.meaning.contains("post-norm"), "{}", post.meaning);
        assert!(
            !tap(&map, "encoder.0.resid_pre")
                .meaning
                .contains("post-norm")
        );
    }
}

#[test]
fn one_block_alone_is_found() {
    let mut s = Scribe::new(Style::Numbers);
    let x = s.input("x", &["batch".into(), "time".into(), DIM.into()]);
    s.mark("encoder.0.resid_pre", &x);
    let normed = norm(&mut s, "a", &x, DIM, NormForm::Whole);
    let [probs, out] = attention(&mut s, "a", &normed);
    s.mark("encoder.0.attn.probs", &probs);
    s.mark("encoder.0.attn.out", &out);
    let sum = s.op("a", "Add", &[&x, &out], &[]);
    s.mark("encoder.0.resid_post", &sum);
    let last = s.op("a", "Softmax", &[&sum], &[("axis", Attribute::Int(-1))]);
    s.output(&last);
    found_exactly(&s);
}
