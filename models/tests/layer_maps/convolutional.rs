//! Convolutional classifiers, and graphs without any known layer.

use phonoscope_models::wire::{Attribute, ElementType};
use phonoscope_models::{Axis, Field, Timing};

use super::scribe::{Scribe, Style};
use super::{found_exactly, mapped, tap};

/// Three convolutions on `[batch, 1, band, time]`, a mean over everything, two dense layers.
pub(super) fn classifier(style: Style) -> Scribe {
    let mut s = Scribe::new(style);
    let mut x = s.input(
        "image",
        &["batch".into(), 1.into(), 16.into(), "time".into()],
    );
    let square = [
        ("kernel_shape", Attribute::Ints(&[3, 3])),
        ("pads", Attribute::Ints(&[1, 1, 1, 1])),
    ];
    for index in 0..3 {
        let scope = format!("conv2d_{index}");
        let channels = if index == 0 { 1 } else { 4 };
        let weight = s.weight(&scope, &[4, channels, 3, 3]);
        x = s.op(&scope, "Conv", &[&x, &weight], &square);
        if index < 2 {
            let [scale, spread] = [s.scale(&[4]), s.scale(&[4])];
            let [shift, mean] = [s.weight(&scope, &[4]), s.weight(&scope, &[4])];
            let inputs = [&x, &scale, &shift, &mean, &spread].map(String::as_str);
            x = s.op(&scope, "BatchNormalization", &inputs, &[]);
        }
        x = s.op(&scope, "Relu", &[&x], &[]);
        let mark = x.clone();
        s.mark(format!("conv.{index}"), &mark);
        if index < 2 {
            let halves = [
                ("kernel_shape", Attribute::Ints(&[2, 2])),
                ("strides", Attribute::Ints(&[2, 2])),
            ];
            x = s.op(&scope, "MaxPool", &[&x], &halves);
        }
    }
    let mean = s.op("pool", "GlobalAveragePool", &[&x], &[]);
    let flat = s.op("pool", "Flatten", &[&mean], &[]);
    let (weight, bias) = (s.weight("fc0", &[6, 4]), s.weight("fc0", &[6]));
    let flip = [("transB", Attribute::Int(1))];
    let made = s.op("fc0", "Gemm", &[&flat, &weight, &bias], &flip);
    let hidden = s.op("fc0", "Tanh", &[&made], &[]);
    s.mark("dense.0", &hidden);
    let (weight, bias) = (s.weight("fc1", &[2, 6]), s.weight("fc1", &[2]));
    let logits = s.op("fc1", "Gemm", &[&hidden, &weight, &bias], &flip);
    s.mark("dense.1", &logits);
    s.output(&logits);
    s
}

#[test]
fn convolutions_are_numbered_and_read_after_norm_and_activation() {
    for style in Style::ALL {
        let map = found_exactly(&classifier(style));
        for (index, (stride, field)) in [(1, 3), (2, 8), (4, 18)].into_iter().enumerate() {
            let conv = tap(&map, &format!("conv.{index}"));
            assert_eq!(conv.axes, [Axis::Batch, Axis::Dim, Axis::Freq, Axis::Time]);
            let timing = Timing {
                stride,
                field: Field::Steps(field),
            };
            assert_eq!((conv.dim, conv.timing), (Some(4), Some(timing)));
        }
        let dense = tap(&map, "dense.0");
        assert_eq!(
            (dense.axes.as_slice(), dense.dim),
            (&[Axis::Batch, Axis::Dim][..], Some(6))
        );
        assert_eq!(dense.timing, None);
    }
}

#[test]
fn frames_cut_by_reshaping_have_their_hop_and_length() {
    // Half-overlapping frames of 16 samples every 8: two shifted cuts side by side.
    let mut s = Scribe::new(Style::Numbers);
    let x = s.input("samples", &["batch".into(), 160.into()]);
    let [start, shift, end, last] = [[0], [8], [152], [160]].map(|list| s.ints(&list));
    let axis = s.ints(&[1]);
    let shape = s.ints(&[-1, 19, 8]);
    let first = s.op("a", "Slice", &[&x, &start, &end, &axis], &[]);
    let second = s.op("a", "Slice", &[&x, &shift, &last, &axis], &[]);
    let first = s.op("a", "Reshape", &[&first, &shape], &[]);
    let second = s.op("a", "Reshape", &[&second, &shape], &[]);
    let frames = s.op(
        "a",
        "Concat",
        &[&first, &second],
        &[("axis", Attribute::Int(2))],
    );
    let weight = s.weight("a", &[16, 9]);
    let bins = s.op("a", "MatMul", &[&frames, &weight], &[]);
    s.mark("dense.0", &bins);
    s.output(&bins);
    let map = found_exactly(&s);
    let bins = tap(&map, "dense.0");
    assert_eq!(bins.axes, [Axis::Batch, Axis::Time, Axis::Dim]);
    assert_eq!(
        bins.timing,
        Some(Timing {
            stride: 8,
            field: Field::Steps(16)
        })
    );
}

#[test]
fn an_unknown_graph_says_so() {
    let mut s = Scribe::new(Style::Dynamo);
    let x = s.input("x", &["batch".into(), "time".into()]);
    let sizes = s.op("a", "Abs", &[&x], &[]);
    let sum = s.op("a", "Add", &[&sizes, &x], &[]);
    let out = s.op("a", "Sin", &[&sum], &[]);
    s.output(&out);
    let map = mapped(&s);
    assert!(map.blocks.is_empty() && map.taps.is_empty());
    assert!(map.notes[0].contains("raw names"), "{:?}", map.notes);
}

#[test]
fn inputs_are_told_apart() {
    let mut s = Scribe::new(Style::Numbers);
    let x = s.input("waveform", &["batch".into(), "samples".into()]);
    s.typed_input(
        "attention_mask",
        ElementType::Int64,
        &["batch".into(), "samples".into()],
    );
    s.input("h0", &[1.into(), 1.into(), 4.into()]);
    s.typed_input("sr", ElementType::Int64, &[]);
    let one = s.ints(&[1]);
    let x = s.op("a", "Unsqueeze", &[&x, &one], &[]);
    let weight = s.weight("a", &[4, 1, 3]);
    let out = s.op("a", "Conv", &[&x, &weight], &[]);
    s.output(&out);
    let map = mapped(&s);
    let words: Vec<(&str, &str)> = map
        .inputs
        .iter()
        .map(|i| (i.name.as_str(), i.meaning.as_str()))
        .collect();
    for ((name, meaning), (wanted, word)) in words.iter().zip([
        ("waveform", "waveform"),
        ("attention_mask", "mask"),
        ("h0", "state"),
        ("sr", "sample rate"),
    ]) {
        assert!(
            *name == wanted && meaning.contains(word),
            "{name}: {meaning}"
        );
    }
    assert_eq!(map.inputs[0].axes, [Axis::Batch, Axis::Time]);
}
