//! Processor time of a relevance map on networks of the shape of VGG with made-up weights: the forward
//! pass alone, and composites in the optimised and the literal emission. One thread, one item a run;
//! the shortest of several runs, which a busy machine disturbs least. Networks are written into the
//! system's folder for temporary files, and the command of the peer script that runs Zennit on the
//! same files is printed. Targets: EpsilonGammaBox on the toy in a fifth of Zennit's time, on VGG16 in
//! half of it.
//!
//! `cargo bench -p phonoscope-models --bench relevance -- vgg16` adds VGG16 at 224 x 224 (2 GB of
//! memory); other words than `vgg16` pick cases whose line contains them.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot run says so, and prints what it measured"
)]

use std::env;
use std::fs;
use std::time::Instant;

use ndarray::{Array2, ArrayD, IxDyn};
use phonoscope_analysis::task::{Cancel, Task};
use phonoscope_models::engine::{Engine, EngineChoice, open_engine};
use phonoscope_models::relevance::{Bounds, Emission, Explainer, Method, Options, Target};
use phonoscope_models::wire::{Attribute, ElementType, Suffix};
use phonoscope_models::{Cache, GraphBytes, Network};

const COMPOSITES: [&str; 4] = [
    "epsilon_1e-6",
    "EpsilonPlus",
    "EpsilonGammaBox",
    "EpsilonAlpha2Beta1Flat",
];
/// Processor time that the runs of one case may take, series of runs at least, and how long a series lasts at least.
const BUDGET_MS: f64 = 4000.0;
const LEAST_RUNS: usize = 3;
const SERIES_MS: f64 = 200.0;

/// Channels of 3 × 3 convolutions with ReLUs, 0 for a 2 × 2 max-pool; then dense layers.
struct Shape {
    name: &'static str,
    input: [i64; 3],
    stages: &'static [i64],
    dense: &'static [i64],
}

const TOY: Shape = Shape {
    name: "toy",
    input: [1, 128, 128],
    stages: &[16, 16, 0, 32, 32, 0, 64, 64, 0, 64, 0],
    dense: &[128, 5],
};
const VGG16: Shape = Shape {
    name: "vgg16",
    input: [3, 224, 224],
    stages: &[
        64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0,
    ],
    dense: &[4096, 4096, 1000],
};

/// Numbers of mean zero whose products neither grow nor shrink.
fn weights(count: i64, fan_in: i64, state: &mut u32) -> Vec<f32> {
    let scale = (6.0 / fan_in as f32).sqrt();
    (0..count)
        .map(|_| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((*state >> 8) as f32 / (1 << 23) as f32 - 1.0) * scale
        })
        .collect()
}

fn network(shape: &Shape) -> GraphBytes {
    let mut graph = Suffix::new();
    let [mut channels, mut height, mut width] = shape.input;
    let dims = ["item".into(), channels.into(), height.into(), width.into()];
    graph
        .header(8, 17, "phonoscope bench")
        .graph_name(shape.name)
        .input("x", ElementType::Float32, &dims);
    let (mut x, mut state) = ("x".to_owned(), 1);
    for (place, &outputs) in shape.stages.iter().enumerate() {
        let y = format!("stage{place}");
        if outputs == 0 {
            let two = [2, 2];
            let pool = [
                ("kernel_shape", Attribute::Ints(&two)),
                ("strides", Attribute::Ints(&two)),
            ];
            graph.node("MaxPool", &[&x], &[&y], &pool);
            (height, width) = (height / 2, width / 2);
        } else {
            let (w, b, z) = (format!("{y}.w"), format!("{y}.b"), format!("{y}.z"));
            let numbers = weights(outputs * channels * 9, channels * 9, &mut state);
            graph
                .init_f32(&w, &[outputs, channels, 3, 3], &numbers)
                .init_f32(&b, &[outputs], &vec![0.01; outputs as usize])
                .node(
                    "Conv",
                    &[&x, &w, &b],
                    &[&z],
                    &[("pads", Attribute::Ints(&[1; 4]))],
                )
                .node("Relu", &[&z], &[&y], &[]);
            channels = outputs;
        }
        x = y;
    }
    graph.node("Flatten", &[&x], &["flat"], &[]);
    (x, channels) = ("flat".to_owned(), channels * height * width);
    for (place, &outputs) in shape.dense.iter().enumerate() {
        let last = place + 1 == shape.dense.len();
        let z = if last {
            "logits".to_owned()
        } else {
            format!("dense{place}.z")
        };
        let (w, b) = (format!("dense{place}.w"), format!("dense{place}.b"));
        let numbers = weights(outputs * channels, channels, &mut state);
        graph
            .init_f32(&w, &[outputs, channels], &numbers)
            .init_f32(&b, &[outputs], &vec![0.01; outputs as usize])
            .node(
                "Gemm",
                &[&x, &w, &b],
                &[&z],
                &[("transB", Attribute::Int(1))],
            );
        if !last {
            x = format!("dense{place}");
            graph.node("Relu", &[&z], &[&x], &[]);
        }
        channels = outputs;
    }
    graph.output("logits");
    GraphBytes::new(graph.finish())
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

/// Largest memory that the program has had, in MiB, where the system tells.
fn peak_mib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}

/// The shortest processor time of `run`, in ms: of series that last [`SERIES_MS`], as some systems tell the time that
/// threads have run in steps of 4 ms only.
fn shortest_ms(mut run: impl FnMut()) -> f64 {
    let clock = Instant::now();
    let (mut shortest, mut spent) = (f64::INFINITY, 0.0);
    let mut series = 0;
    // The first run warms up.
    run();
    while series < LEAST_RUNS || spent < BUDGET_MS {
        let (began, at) = (now(clock), clock.elapsed().as_secs_f64());
        let mut runs = 0.0;
        while runs == 0.0 || (clock.elapsed().as_secs_f64() - at) * 1e3 < SERIES_MS {
            run();
            runs += 1.0;
        }
        let ms = (now(clock) - began) as f64 / 1e6;
        shortest = f64::min(shortest, ms / runs);
        spent += ms;
        series += 1;
    }
    shortest
}

fn measure(engine: &dyn Engine, shape: &Shape, asked: &[String]) {
    let graph = network(shape);
    let file = env::temp_dir().join(format!("phonoscope-{}.onnx", shape.name));
    fs::write(&file, graph.bytes()).expect("the folder for temporary files can be written");
    println!(
        "peer: python benches/peers/relevance.py {} {}",
        file.display(),
        COMPOSITES.join(" ")
    );
    let sizes: Vec<usize> = [1]
        .iter()
        .chain(&shape.input)
        .map(|size| *size as usize)
        .collect();
    let x = ArrayD::from_shape_fn(IxDyn(&sizes), |at| {
        ((at[1] * 131 + at[2] * 7919 + at[3] * 31) % 997) as f32 / 997.0
    });
    let cancel = Cancel::new();
    let wanted = |line: &str| asked.is_empty() || asked.iter().any(|word| line.contains(word));
    let tell = |line: String, ms: f64| {
        let peak = peak_mib().map_or("-".to_owned(), |mib| format!("{mib} MiB"));
        println!("{}\t{line}\t{ms:.1} ms\tpeak {peak}", engine.info());
    };
    let line = format!("{} forward", shape.name);
    if wanted(&line) {
        let logits = ["logits".to_owned()];
        let mut session = engine.open(&graph, &logits).expect("the network opens");
        let mut run = || drop(session.run(&[("x", x.view())], &cancel).expect("it runs"));
        tell(line, shortest_ms(&mut run));
    }
    let classes = *shape.dense.last().expect("there is a last layer") as usize;
    let mut weights = Array2::zeros((1, classes));
    weights[[0, 1]] = 1.0;
    for composite in COMPOSITES {
        for emission in [Emission::Optimised, Emission::Literal] {
            let line = format!("{} {composite} {emission:?}", shape.name);
            if !wanted(&line) {
                continue;
            }
            let options = Options {
                target: Target::Given,
                emission,
                ledger: false,
                bounds: Bounds::Stated {
                    low: vec![0.0],
                    high: vec![1.0],
                },
                ..Options::new(Method::Relevance(composite.parse().expect("it is known")))
            };
            let mut explainer = Explainer::open(engine, &graph, None, &sizes, options)
                .expect("the network can be explained");
            let mut run = || {
                let got = explainer.explain_weighted(x.view(), &weights, &cancel);
                drop(got.expect("it runs"));
            };
            tell(line, shortest_ms(&mut run));
        }
    }
}

fn main() {
    let words: Vec<String> = env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let (large, asked): (Vec<String>, Vec<String>) =
        words.into_iter().partition(|word| word == VGG16.name);
    match open_engine(
        EngineChoice::OnnxRuntime,
        &Cache::locate(),
        Network::Offline,
        &Task::silent(),
    ) {
        Ok(engine) => {
            measure(&*engine, &TOY, &asked);
            if !large.is_empty() {
                measure(&*engine, &VGG16, &asked);
            }
        }
        Err(error) => println!("skipped: {error}"),
    }
}
