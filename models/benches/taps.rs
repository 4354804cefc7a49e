//! What tapping and pooling cost on an encoder of the shape of Whisper tiny.en with made-up
//! weights. Sessions that differ only in what they read run in turn, each round from another one
//! on. Printed are the median time and the median, over rounds, of the ratio to the mean of both
//! plain sessions of the same round, with its 95 % interval (order statistics). How far the plain
//! ones are from one says what the ratios are worth. Targets: residual taps 1.02, one pooled
//! residual point per layer 1.15.
//!
//! Times are those of the program's threads on the processor where the system tells (Linux), else
//! by the clock.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot run says so, and prints what it measured"
)]

use std::fs;
use std::time::Instant;

use ndarray::{ArrayD, ArrayViewD, IxDyn};
use phonoscope_analysis::task::{Cancel, Task};
use phonoscope_models::build::Builder;
use phonoscope_models::engine::{Engine, EngineChoice, Session, open_engine};
use phonoscope_models::graph::pooled;
use phonoscope_models::{Axis, Cache, Field, GraphBytes, Network, Tap, Timing};

const DIM: u32 = 384;
const HIDDEN: u32 = 1536;
const LAYERS: u32 = 4;
const MELS: u32 = 80;
const POSITIONS: u32 = 1500;
const HEADS: i32 = 6;
/// Input frames a second.
const FRAME_RATE_HZ: usize = 100;
const DURATION_SECS: usize = 10;
const SPANS: usize = 8;
const ROUNDS: usize = 40;
/// Runs in a row of one session, as some systems tell the time that threads have run in steps of 4 ms only.
const RUNS: usize = 4;

/// A CTranslate2 file with the variables of the encoder.
fn weights() -> Vec<u8> {
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend((text.len() as u16 + 1).to_le_bytes());
        out.extend(text.as_bytes());
        out.push(0);
    };
    let mut variables: Vec<(String, Vec<u32>)> = Vec::new();
    let mut add = |name: String, shape: &[u32]| variables.push((name, shape.to_vec()));
    for (conv, input) in [(1, MELS), (2, DIM)] {
        add(format!("encoder/conv{conv}/weight"), &[DIM, input, 3]);
        add(format!("encoder/conv{conv}/bias"), &[DIM]);
    }
    add(
        "encoder/position_encodings/encodings".to_owned(),
        &[POSITIONS, DIM],
    );
    let mut norms = vec!["encoder/layer_norm".to_owned()];
    for k in 0..LAYERS {
        let layer = format!("encoder/layer_{k}");
        for (part, out, input) in [
            ("self_attention/linear_0", 3 * DIM, DIM),
            ("self_attention/linear_1", DIM, DIM),
            ("ffn/linear_0", HIDDEN, DIM),
            ("ffn/linear_1", DIM, HIDDEN),
        ] {
            add(format!("{layer}/{part}/weight"), &[out, input]);
            add(format!("{layer}/{part}/bias"), &[out]);
        }
        norms.extend(["self_attention", "ffn"].map(|part| format!("{layer}/{part}/layer_norm")));
    }
    for norm in norms {
        add(format!("{norm}/gamma"), &[DIM]);
        add(format!("{norm}/beta"), &[DIM]);
    }
    let mut out = 6u32.to_le_bytes().to_vec();
    text(&mut out, "WhisperSpec");
    out.extend(3u32.to_le_bytes());
    out.extend((variables.len() as u32 + 1).to_le_bytes());
    let mut state = 1u32;
    for (name, shape) in variables {
        text(&mut out, &name);
        out.push(shape.len() as u8);
        shape.iter().for_each(|n| out.extend(n.to_le_bytes()));
        let count: u32 = shape.iter().product();
        out.push(0);
        out.extend((4 * count).to_le_bytes());
        for _ in 0..count {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = ((state >> 8) as f32 / (1 << 23) as f32 - 1.0) * 0.05;
            out.extend(value.to_le_bytes());
        }
    }
    text(&mut out, "encoder/num_heads");
    out.extend([0, 3]);
    out.extend(4u32.to_le_bytes());
    out.extend(HEADS.to_le_bytes());
    out.extend(0u32.to_le_bytes());
    out
}

/// Nanoseconds that the program's threads have run.
fn now(began: Instant) -> u64 {
    let threads = fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let run = threads.filter_map(|thread| {
        let schedule = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        schedule.split(' ').next()?.parse::<u64>().ok()
    });
    match run.sum() {
        0 => began.elapsed().as_nanos() as u64,
        run => run,
    }
}

/// The median and the order statistics that hold it with 95 % certainty.
fn median(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let count = values.len() as f64;
    let reach = 0.98 * count.sqrt();
    [count / 2.0, count / 2.0 - reach, count / 2.0 + reach]
        .map(|rank| values.get(rank as usize).copied().unwrap_or(f64::NAN))
}

struct Case<'a> {
    what: &'static str,
    session: Box<dyn Session>,
    feed: Vec<(&'a str, ArrayViewD<'a, f32>)>,
    times_ms: Vec<f64>,
}

fn measure(engine: &dyn Engine, graph: &GraphBytes) {
    let frames = DURATION_SECS * FRAME_RATE_HZ;
    let steps = frames / 2;
    let features = ArrayD::from_shape_fn(IxDyn(&[1, MELS as usize, frames]), |at| {
        ((at[1] * 131 + at[2] * 7919) % 997) as f32 / 997.0 - 0.5
    });
    let spans = ArrayD::from_shape_fn(IxDyn(&[SPANS, 2]), |at| {
        let width = steps / SPANS;
        (at[0] * width + if at[1] == 0 { 0 } else { width - 1 }) as f32
    });
    let last = "encoder.final_norm".to_owned();
    let points = |parts: &[&str]| -> Vec<String> {
        let layers =
            (0..LAYERS).flat_map(|k| parts.iter().map(move |p| format!("encoder.{k}.{p}")));
        layers.chain([last.clone()]).collect()
    };
    let taps: Vec<Tap> = (0..LAYERS)
        .map(|k| Tap {
            name: format!("encoder.{k}.resid_post"),
            tensor: format!("encoder.{k}.resid_post"),
            axes: vec![Axis::Batch, Axis::Time, Axis::Dim],
            dim: Some(DIM as usize),
            timing: Some(Timing {
                stride: 2,
                field: Field::Unbounded,
            }),
            meaning: String::new(),
        })
        .collect();
    let pooled = pooled(graph, &taps).expect("residual points can be pooled");
    let with_last: Vec<String> = pooled.outputs.iter().chain([&last]).cloned().collect();
    let pool = pooled.inputs.first().expect("there is one stride");
    let open = |graph: &GraphBytes, outputs: &[String]| {
        engine.open(graph, outputs).expect("the encoder opens")
    };
    let input = ("input_features", features.view());
    let case = |what, session, feed| Case {
        what,
        session,
        feed,
        times_ms: Vec::new(),
    };
    let plain = vec![input.clone()];
    let mut cases = [
        case(
            "plain",
            open(graph, std::slice::from_ref(&last)),
            plain.clone(),
        ),
        case(
            "resid_post of every layer",
            open(graph, &points(&["resid_post"])),
            plain.clone(),
        ),
        case(
            "both residual points of every layer",
            open(graph, &points(&["resid_mid", "resid_post"])),
            plain.clone(),
        ),
        case(
            "resid_post of every layer, pooled over 8 spans",
            open(&pooled.graph, &with_last),
            vec![input, (pool.name.as_str(), spans.view())],
        ),
        case(
            "plain again",
            open(graph, std::slice::from_ref(&last)),
            plain,
        ),
    ];
    let cancel = Cancel::new();
    let clock = Instant::now();
    for round in 0..=ROUNDS {
        cases.rotate_left(1);
        for case in &mut cases {
            let began = now(clock);
            for _ in 0..RUNS {
                case.session
                    .run(&case.feed, &cancel)
                    .expect("the encoder runs");
            }
            // The first round warms up.
            if round > 0 {
                case.times_ms
                    .push((now(clock) - began) as f64 / (1e6 * RUNS as f64));
            }
        }
    }
    let turned = (ROUNDS + 1) % cases.len();
    cases.rotate_right(turned);
    let [plain, .., again] = &cases;
    let engine = engine.info();
    for case in &cases {
        let [time, ..] = median(case.times_ms.clone());
        let untapped = plain.times_ms.iter().zip(&again.times_ms);
        let ratios = (case.times_ms.iter().zip(untapped))
            .map(|(tapped, (one, other))| 2.0 * tapped / (one + other));
        let [ratio, low, high] = median(ratios.collect());
        println!(
            "{engine}\t{DURATION_SECS} s\t{time:.1} ms\t{ratio:.3} [{low:.3}, {high:.3}]\t{}",
            case.what
        );
    }
}

fn main() {
    let graph = Builder::WhisperEncoder
        .build(&weights())
        .expect("the weights have the shapes of an encoder");
    let graph = GraphBytes::new(graph);
    for choice in [EngineChoice::OnnxRuntime, EngineChoice::Rten] {
        match open_engine(choice, &Cache::locate(), Network::Offline, &Task::silent()) {
            Ok(engine) => measure(&*engine, &graph),
            Err(error) => println!("skipped: {error}"),
        }
    }
}
