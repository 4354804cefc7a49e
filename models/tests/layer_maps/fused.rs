//! Graphs after ONNX Runtime's optimiser: sums, norms and attention as one operator.

use super::parts::{DIM, HIDDEN};
use super::scribe::{Scribe, Style};
use super::{found_exactly, tap};

const LAYERS: usize = 2;

/// Which output of the fused norms the stream goes on with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    /// The sum: pre-norm.
    Sum,
    /// The norm of the sum: post-norm.
    Normed,
}

fn fused(stream: Stream) -> Scribe {
    let mut s = Scribe::new(Style::Numbers);
    let mut x = s.input("x", &["batch".into(), "time".into(), DIM.into()]);
    s.mark("encoder.0.resid_pre", &x);
    let (scale, shift) = (s.scale(&[DIM]), s.weight("norm", &[DIM]));
    let mut normed = match stream {
        Stream::Sum => {
            let last = [("axis", phonoscope_models::wire::Attribute::Int(-1))];
            s.op("norm", "LayerNormalization", &[&x, &scale, &shift], &last)
        }
        Stream::Normed => x.clone(),
    };
    for layer in 0..LAYERS {
        let at = |part: &str| format!("encoder.{layer}.{part}");
        let is_last = layer + 1 == LAYERS;
        let has_sum = stream == Stream::Sum;
        let (weights, bias) = (
            s.weight("qkv", &[DIM, 3 * DIM]),
            s.weight("qkv", &[3 * DIM]),
        );
        let [mixed] = s.contrib("attn", "Attention", &[&normed, &weights, &bias], [true]);
        let readout = s.weight("out", &[DIM, DIM]);
        let [out] = s.contrib("attn", "FusedMatMul", &[&mixed, &readout], [true]);
        s.mark(at("attn.out"), &out);
        let skip = [&x, &out, &scale, &shift, &shift].map(String::as_str);
        let [next, _, _, sum] = s.contrib(
            "attn",
            "SkipLayerNormalization",
            &skip,
            [true, false, false, has_sum],
        );
        let middle = if has_sum { sum } else { next.clone() };
        s.mark(at("resid_mid"), &middle);
        let up = s.weight("up", &[DIM, HIDDEN]);
        let wide = s.weight("up", &[HIDDEN]);
        let product = s.op("mlp", "MatMul", &[&next, &up], &[]);
        let [active] = s.contrib("mlp", "BiasGelu", &[&product, &wide], [true]);
        s.mark(at("mlp_act"), &active);
        let down = s.weight("down", &[HIDDEN, DIM]);
        let result = s.op("mlp", "MatMul", &[&active, &down], &[]);
        let skip = [&middle, &result, &scale, &shift, &shift].map(String::as_str);
        let keeps = has_sum && !is_last;
        let [after, _, _, sum] = s.contrib(
            "mlp",
            "SkipLayerNormalization",
            &skip,
            [true, false, false, keeps],
        );
        normed = after.clone();
        x = if has_sum { sum } else { after };
        if !(has_sum && is_last) {
            s.mark(at("resid_post"), &x);
        }
    }
    if stream == Stream::Sum {
        s.mark("encoder.final_norm", &normed);
    }
    s.output(&normed);
    s
}

#[test]
fn a_sum_beside_the_last_fused_norm_is_its_sum() {
    let mut s = fused(Stream::Sum);
    let known = |s: &Scribe, tap: &str| {
        let mark = s.marks.iter().find(|(name, _)| name == tap);
        mark.map(|(_, value)| value.clone()).unwrap()
    };
    let middle = known(&s, "encoder.1.resid_mid");
    let result = s.last_of("MatMul");
    let sum = s.op("mlp", "Add", &[&middle, &result], &[]);
    s.output(&sum);
    s.mark("encoder.1.resid_post", &sum);
    let map = found_exactly(&s);
    assert_eq!(map.unreachable.len(), 2, "{:?}", map.unreachable);
}

#[test]
fn sums_are_read_from_fused_norms_of_a_pre_norm_encoder() {
    let map = found_exactly(&fused(Stream::Sum));
    let hidden: Vec<&str> = map
        .unreachable
        .iter()
        .map(|hidden| hidden.name.as_str())
        .collect();
    assert_eq!(
        hidden,
        [
            "encoder.0.attn.probs",
            "encoder.1.attn.probs",
            "encoder.1.resid_post"
        ]
    );
    assert!(
        map.unreachable[0].why.contains("`Attention_"),
        "{:?}",
        map.unreachable
    );
    let middle = &tap(&map, "encoder.1.resid_mid").tensor;
    assert!(
        map.unreachable[2]
            .why
            .contains(&format!("it is `{middle}` + "))
    );
    assert_eq!(tap(&map, "encoder.0.mlp_act").dim, Some(16));
    assert_eq!(tap(&map, "encoder.0.attn.out").dim, Some(8));
}

#[test]
fn norms_are_the_stream_of_a_fused_post_norm_encoder() {
    let map = found_exactly(&fused(Stream::Normed));
    assert!(
        tap(&map, "encoder.1.resid_post")
            .meaning
            .contains("post-norm")
    );
    assert_eq!(map.unreachable.len(), 2);
}
