//! Random-weight twins run on both engines.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it measured"
)]

#[path = "common/engines.rs"]
mod common;

use std::env;

use ndarray::{Array, Array2, ArrayD, IxDyn};
use phonoscope_analysis::task::{Cancel, Task};
use phonoscope_models::engine::Engine;
use phonoscope_models::wire::{Attribute, ElementType, Suffix};
use phonoscope_models::{Cache, Error, GraphBytes, Network, TwinKind, load, twin};

use common::engines;

fn run(engine: &dyn Engine, graph: &GraphBytes, input: &str, x: &ArrayD<f32>) -> ArrayD<f32> {
    let outputs = ["y".to_owned()];
    let mut session = engine.open(graph, &outputs).unwrap();
    let mut got = session.run(&[(input, x.view())], &Cancel::new()).unwrap();
    got.remove(0)
}

/// Numbers between -0.5 and 0.5 without a pattern.
fn numbers(n: usize, key: u32) -> Vec<f32> {
    let mut state = key;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from((state >> 20) as u16) / 4096.0 - 0.5
    };
    std::iter::repeat_with(next).take(n).collect()
}

/// Convolution, batch norm, recurrence and a quantised matrix.
fn network() -> GraphBytes {
    let variance: Vec<f32> = numbers(16, 4).iter().map(|v| v * v + 0.01).collect();
    let quantised: Vec<u8> = numbers(64, 9)
        .iter()
        .map(|v| (v * 200.0) as i8 as u8)
        .collect();
    let mut graph = Suffix::new();
    graph
        .header(8, 17, "test")
        .graph_name("mixed")
        .input(
            "x",
            ElementType::Float32,
            &[1.into(), 8.into(), "time".into()],
        )
        .init_f32("conv.weight", &[16, 8, 3], &numbers(384, 1))
        .init_f32("conv.bias", &[16], &numbers(16, 2))
        .init_f32("norm.gain", &[16], &numbers(16, 3))
        .init_f32("norm.variance", &[16], &variance)
        .init_f32("norm.mean", &[16], &numbers(16, 5))
        .init_f32("gru.w", &[1, 24, 16], &numbers(384, 6))
        .init_f32("gru.r", &[1, 24, 8], &numbers(192, 7))
        .init_raw("dense.weight", ElementType::Int8, &[8, 8], &quantised)
        .init_f32("dense.scale", &[], &[0.02])
        .init_raw("dense.zero", ElementType::Int8, &[], &[0])
        .init_i64("axis", &[1], &[1])
        .node(
            "Conv",
            &["x", "conv.weight", "conv.bias"],
            &["c"],
            &[
                ("pads", Attribute::Ints(&[1, 1])),
                ("strides", Attribute::Ints(&[1])),
                ("dilations", Attribute::Ints(&[1])),
            ],
        )
        .node(
            "BatchNormalization",
            &["c", "norm.gain", "conv.bias", "norm.mean", "norm.variance"],
            &["n"],
            &[],
        )
        .node(
            "Transpose",
            &["n"],
            &["t"],
            &[("perm", Attribute::Ints(&[2, 0, 1]))],
        )
        .node(
            "GRU",
            &["t", "gru.w", "gru.r"],
            &["g"],
            &[
                ("hidden_size", Attribute::Int(8)),
                ("linear_before_reset", Attribute::Int(1)),
            ],
        )
        .node("Squeeze", &["g", "axis"], &["s"], &[])
        .node(
            "DequantizeLinear",
            &["dense.weight", "dense.scale", "dense.zero"],
            &["dense"],
            &[],
        )
        .node("MatMul", &["s", "dense"], &["y"], &[])
        .output("y");
    GraphBytes::new(graph.finish())
}

#[test]
fn twins_run_and_answer_otherwise_on_every_engine() {
    let original = network();
    let x = Array::from_shape_vec(IxDyn(&[1, 8, 20]), numbers(160, 8)).unwrap();
    for engine in engines() {
        let trained = run(engine.as_ref(), &original, "x", &x);
        for kind in TwinKind::ALL {
            let made = twin(&original, kind, 1).unwrap();
            assert_eq!(made.redrawn, 8, "{:?}", made.kept);
            let got = run(engine.as_ref(), &made.graph, "x", &x);
            assert_eq!(got.shape(), trained.shape());
            assert!(got.iter().all(|value| value.is_finite()), "{kind}");
            let apart = (&got - &trained).mapv(f32::abs).mean().unwrap();
            let size = trained.mapv(f32::abs).mean().unwrap();
            println!("{} {kind}: differs by {apart} of {size}", engine.info());
            assert!(apart > 0.1 * size, "{kind}: {apart} of {size}");
        }
    }
}

/// A network whose weights read one class off the input linearly: its twins do not.
#[test]
fn what_the_weights_know_is_gone_in_the_twin() {
    const DIM: usize = 64;
    let direction = numbers(DIM, 1);
    let mut weight = numbers(DIM * 8, 2);
    for (row, along) in weight.chunks_exact_mut(8).zip(&direction) {
        row[0] = *along;
    }
    let mut graph = Suffix::new();
    let sizes = ["item".into(), 64.into()];
    graph
        .header(8, 17, "test")
        .graph_name("reader")
        .input("x", ElementType::Float32, &sizes)
        .init_f32("w", &[64, 8], &weight)
        .node("MatMul", &["x", "w"], &["y"], &[])
        .output("y");
    let original = GraphBytes::new(graph.finish());
    // Two classes that lie apart along the direction, in noise across it.
    let items = 200;
    let noise = numbers(items * DIM, 3);
    let x = Array2::from_shape_fn((items, DIM), |(item, d)| {
        let class = if item % 2 == 0 { 1.0 } else { -1.0 };
        0.5 * class * direction[d] + noise[item * DIM + d]
    })
    .into_dyn();
    // How far the first output holds the classes apart, in standard deviations of the classes.
    let apart = |y: &ArrayD<f32>| {
        let column = y.index_axis(ndarray::Axis(1), 0);
        let of = |class: usize| -> Vec<f32> {
            let values = column.iter().skip(class).step_by(2);
            values.copied().collect()
        };
        let moments = |values: &[f32]| {
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            let square = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>();
            (mean, square / values.len() as f32)
        };
        let ((a, va), (b, vb)) = (moments(&of(0)), moments(&of(1)));
        (a - b).abs() / ((va + vb) / 2.0).sqrt()
    };
    for engine in engines() {
        let trained = apart(&run(engine.as_ref(), &original, "x", &x));
        assert!(trained > 5.0, "{trained}");
        for kind in TwinKind::ALL {
            let drawn: Vec<f32> = (1..=9)
                .map(|seed| {
                    let made = twin(&original, kind, seed).unwrap();
                    apart(&run(engine.as_ref(), &made.graph, "x", &x))
                })
                .collect();
            let mut sorted = drawn.clone();
            sorted.sort_by(f32::total_cmp);
            assert!(sorted[4] < trained / 3.0, "{kind}: {sorted:?} of {trained}");
        }
    }
}

#[test]
fn the_twin_of_ge2e_is_another_encoder_of_the_same_form() {
    let network = match env::var_os("PHONOSCOPE_TEST_FETCH") {
        Some(_) => Network::Allowed,
        None => Network::Offline,
    };
    let model = match load("ge2e", &Cache::locate(), network, &Task::silent()) {
        Ok(model) => model,
        Err(Error::Offline { what, .. }) => {
            println!("skipped: {what} is not in the cache");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let samples: Vec<f32> = numbers(24_000, 1).iter().map(|v| v * 0.2).collect();
    let features = model.front_end.compute(&samples).unwrap();
    let outputs = ["embedding".to_owned()];
    let embed = |model: &phonoscope_models::Model, engine: &dyn Engine| {
        let mut session = model.open(engine, &outputs).unwrap();
        let feed = model.feed(features.data.view(), None).unwrap();
        let views: Vec<_> = feed
            .iter()
            .map(|(name, value)| (name.as_str(), value.view()))
            .collect();
        session.run(&views, &Cancel::new()).unwrap().remove(0)
    };
    for kind in TwinKind::ALL {
        let made = model.twin(kind, 1).unwrap();
        assert_eq!(made.name, format!("ge2e ({kind}, seed 1)"));
        assert_eq!(
            (&made.taps, &made.embedding),
            (&model.taps, &model.embedding)
        );
        assert_eq!(made.weights_sha256, made.graph.sha256());
        assert_ne!(made.weights_sha256, model.weights_sha256);
        assert_eq!(
            made.twin(kind, 1).unwrap().graph.bytes().len(),
            made.graph.bytes().len()
        );
        for engine in engines() {
            let (trained, random) = (
                embed(&model, engine.as_ref()),
                embed(&made, engine.as_ref()),
            );
            assert_eq!(trained.shape(), random.shape());
            assert!(random.iter().all(|value| value.is_finite()));
            let dot: f32 = trained.iter().zip(&random).map(|(a, b)| a * b).sum();
            let cosine = dot / trained.shape()[0] as f32;
            println!("{} {kind}: cosine to the trained {cosine}", engine.info());
            assert!(cosine < 0.9, "{cosine}");
        }
    }
}
