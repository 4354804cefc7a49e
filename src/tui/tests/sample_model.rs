//! A small made-up model.

use phonoscope_models::{Axis, Block, BlockKind, Evidence, Field, Tap, Timing};

use super::super::ModelView;

/// Four blocks behind a convolution.
pub(crate) fn model() -> ModelView {
    let tap = |name: &str, axes: &[Axis], stride, field| Tap {
        name: name.into(),
        tensor: format!("/model/{name}"),
        axes: axes.to_vec(),
        dim: Some(384),
        timing: Some(Timing { stride, field }),
        meaning: format!("what {name} is"),
    };
    let stream = [Axis::Batch, Axis::Time, Axis::Dim];
    let mut taps = vec![tap(
        "conv.0",
        &[Axis::Batch, Axis::Dim, Axis::Time],
        1,
        Field::Steps(3),
    )];
    let mut blocks = vec![Block {
        name: "conv.0".into(),
        kind: BlockKind::Conv,
        evidence: Evidence::Structure,
        nodes: 2,
        parameters: 92_544,
        taps: vec!["conv.0".into()],
    }];
    for layer in 0..4 {
        let names = ["attn.probs", "resid_mid", "resid_post"];
        let names = names.map(|part| format!("encoder.{layer}.{part}"));
        taps.extend(
            names
                .iter()
                .map(|name| tap(name, &stream, 2, Field::Unbounded)),
        );
        blocks.push(Block {
            name: format!("encoder.{layer}"),
            kind: BlockKind::Transformer,
            evidence: Evidence::Names,
            nodes: 43,
            parameters: 1_774_080,
            taps: names.to_vec(),
        });
    }
    taps.push(tap("encoder.final_norm", &stream, 2, Field::Unbounded));
    ModelView {
        name: "whisper-like".into(),
        facts: vec![("licence".into(), "MIT".into())],
        blocks,
        taps,
        step_secs: Some(0.01),
        unreachable: vec![],
        notes: vec!["weights are int8 in 3 of 4 matrix products".into()],
    }
}
