//! The catalogue's networks, whole, against activations of reference programs, on both engines.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it measured"
)]

#[path = "../common/engines.rs"]
mod common;
mod figures;

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{ArrayD, ArrayView1, ArrayViewD, Axis};
use ndarray_npy::NpzReader;
use phonoscope_analysis::task::{Cancel, Task};
use phonoscope_datasets::audio;
use phonoscope_models::engine::Engine;
use phonoscope_models::{Cache, Error, Model, Network, Normalise, inspect, load};

use common::engines;

/// Tolerances of the golden folder's own README: the references ran on another machine, with
/// another decoder and front end.
const LEAST_COSINE: f64 = 0.9999;
const EMBEDDING: f32 = 2e-3;
const RESIDUAL: f32 = 5e-3;
/// Both engines run 32-bit kernels: of the largest value of the tap (some channels of Whisper's last
/// residuals are three orders beyond the rest).
const ENGINES: f32 = 1e-4;

type Arrays = BTreeMap<String, ArrayD<f32>>;

fn shared() -> PathBuf {
    env::var_os("PHONOSCOPE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    )
}

fn golden() -> Option<Arrays> {
    let path = shared().join("golden/models/activations.npz");
    let Ok(file) = File::open(&path) else {
        println!("skipped: no {}", path.display());
        return None;
    };
    let mut archive = NpzReader::new(file).unwrap();
    let names = archive.names().unwrap();
    let read = |name: String| {
        let array = archive.by_name(&name).unwrap();
        (name.trim_end_matches(".npy").to_owned(), array)
    };
    Some(names.into_iter().map(read).collect())
}

/// The recordings of the golden file, in name order.
fn recordings(golden: &Arrays) -> Vec<(String, Vec<f32>)> {
    let mut names: Vec<&str> = golden
        .keys()
        .filter_map(|key| key.split('/').next())
        .collect();
    names.dedup();
    let folder = shared().join("speech/librispeech-251");
    let read = |name: &str| {
        let samples = audio::read(&folder.join(name)).unwrap().samples;
        (name.to_owned(), samples)
    };
    names.into_iter().map(read).collect()
}

/// Models that are fetched only with `PHONOSCOPE_TEST_FETCH=all`, for their size.
const LARGE: [&str; 1] = ["whisper-base"];

/// A model of the catalogue, fetched where the tests may; `None` when it is not to be had.
fn model(name: &str) -> Option<Model> {
    let network = match env::var("PHONOSCOPE_TEST_FETCH") {
        Ok(which) if which == "all" || !LARGE.contains(&name) => Network::Allowed,
        _ => Network::Offline,
    };
    match load(name, &Cache::locate(), network, &Task::silent()) {
        Ok(model) => Some(model),
        Err(Error::Offline { what, .. }) => {
            println!("skipped: {what} is not in the cache");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn largest_difference(a: ArrayViewD<'_, f32>, b: ArrayViewD<'_, f32>) -> f32 {
    assert_eq!(a.shape(), b.shape());
    let largest = a.iter().zip(&b).map(|(x, y)| (x - y).abs());
    largest.fold(0.0, |most, d| if d.is_nan() { d } else { most.max(d) })
}

fn cosine(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    let dot = |a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>| -> f64 {
        a.iter()
            .zip(&b)
            .map(|(x, y)| f64::from(*x) * f64::from(*y))
            .sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// What an engine made of each recording, tap by tap.
struct Run {
    engine: String,
    arrays: Vec<Vec<ArrayD<f32>>>,
}

/// Operators that rten has not: a network with one of them runs on ONNX Runtime alone.
fn beyond_rten(model: &Model) -> Option<String> {
    let operators = inspect(&model.graph).unwrap().operators;
    let known = [
        "com.microsoft.DynamicQuantizeLSTM",
        "com.microsoft.FusedConv",
    ];
    operators
        .into_keys()
        .find(|name| known.contains(&name.as_str()))
}

fn run(
    model: &Model,
    engine: &dyn Engine,
    tensors: &[String],
    recordings: &[(String, Vec<f32>)],
) -> Result<Vec<Vec<ArrayD<f32>>>, Error> {
    let mut session = model.open(engine, tensors)?;
    let one = |(_, samples): &(String, Vec<f32>)| {
        let features = model.front_end.compute(samples).unwrap();
        let feed = model.feed(features.data.view(), None)?;
        let inputs: Vec<_> = feed.iter().map(|(n, v)| (n.as_str(), v.view())).collect();
        session.run(&inputs, &Cancel::new())
    };
    recordings.iter().map(one).collect()
}

/// Runs every recording through a network on the engines that can; prints how far they are apart.
/// `agreement` is how far they may be, of the largest value of the tap; `None` only prints.
fn activations(
    name: &str,
    taps: &[&str],
    recordings: &[(String, Vec<f32>)],
    engines: &[Arc<dyn Engine>],
    agreement: Option<f32>,
) -> Option<Vec<Run>> {
    let model = model(name)?;
    let tensors: Vec<String> = taps
        .iter()
        .map(|tap| model.tap(tap).unwrap().tensor.clone())
        .collect();
    let mut runs = Vec::new();
    for engine in engines {
        let info = engine.info().to_string();
        let arrays = run(&model, engine.as_ref(), &tensors, recordings);
        match (arrays, beyond_rten(&model)) {
            (Ok(arrays), _) => runs.push(Run {
                engine: info,
                arrays,
            }),
            (Err(error), Some(operator)) if engine.info().name == "rten" => {
                println!("{name} on {info}: cannot run ({operator}): {error}");
            }
            (Err(error), _) => panic!("{name} on {info}: {error}"),
        }
    }
    if let [ours, theirs] = runs.as_slice() {
        for (k, tap) in taps.iter().enumerate() {
            let pairs = ours.arrays.iter().zip(&theirs.arrays);
            let apart = pairs
                .map(|(a, b)| largest_difference(a[k].view(), b[k].view()))
                .fold(0.0, f32::max);
            let values = ours.arrays.iter().flat_map(|a| &a[k]);
            let scale = values.map(|v| v.abs()).fold(0.0, f32::max);
            println!("{name} {tap}: engines differ by {apart:e} of {scale}");
            if let Some(agreement) = agreement {
                assert!(
                    apart <= agreement * scale,
                    "{name} {tap}: {apart} of {scale}"
                );
            }
        }
    }
    Some(runs)
}

/// Pools the embedding of windows as the catalogue says and compares it with the reference.
fn embeddings_agree(
    name: &str,
    key: &str,
    normalise: Normalise,
    (tolerance, agreement): (f32, Option<f32>),
) {
    let Some(golden) = golden() else { return };
    let recordings = recordings(&golden);
    let Some(runs) = activations(name, &["embedding"], &recordings, &engines(), agreement) else {
        return;
    };
    for run in &runs {
        let mut worst = (f64::INFINITY, 0.0f32);
        for ((file, _), arrays) in recordings.iter().zip(&run.arrays) {
            let mut embedding = arrays[0].mean_axis(Axis(0)).unwrap();
            if normalise == Normalise::L2 {
                let length = embedding.iter().map(|v| v * v).sum::<f32>().sqrt();
                embedding /= length;
            }
            let expected = &golden[&format!("{file}/{key}")];
            let flat = |a: &ArrayD<f32>| a.to_shape(a.len()).unwrap().into_owned();
            let cosine = cosine(flat(&embedding).view(), flat(expected).view());
            let apart = largest_difference(embedding.view(), expected.view());
            worst = (worst.0.min(cosine), worst.1.max(apart));
            assert!(
                cosine >= LEAST_COSINE && apart <= tolerance,
                "{file}: {cosine} {apart}"
            );
        }
        println!(
            "{name} on {}: least cosine {}, largest difference {:e}",
            run.engine, worst.0, worst.1
        );
    }
}

#[test]
fn ge2e_embeddings_are_those_of_the_reference() {
    embeddings_agree("ge2e", "ge2e", Normalise::L2, (EMBEDDING, Some(ENGINES)));
}

#[test]
fn campplus_embeddings_are_those_of_the_reference() {
    // The reference is the embedding before it is scaled.
    embeddings_agree(
        "campplus",
        "campplus",
        Normalise::None,
        (EMBEDDING, Some(ENGINES)),
    );
}

#[test]
fn dvector_embeddings_are_those_of_the_reference() {
    // The reference was made where 8-bit products are summed exactly. ONNX Runtime's kernels for older
    // processors saturate pairs of them at 16 bits.
    #[cfg(target_arch = "x86_64")]
    let exact = is_x86_feature_detected!("avx512vnni") || is_x86_feature_detected!("avxvnni");
    #[cfg(not(target_arch = "x86_64"))]
    let exact = true;
    let tolerance = if exact { EMBEDDING } else { 2.0 * EMBEDDING };
    println!("dvector: 8-bit sums are exact here: {exact}");
    embeddings_agree(
        "dvector",
        "dvector",
        Normalise::L2,
        (tolerance, Some(ENGINES)),
    );
}

#[test]
fn whisper_residuals_are_those_of_the_reference() {
    let Some(golden) = golden() else { return };
    let recordings = recordings(&golden);
    let taps = [
        ("resid.0", "encoder.0.resid_pre"),
        ("resid.1", "encoder.0.resid_post"),
        ("resid.2", "encoder.1.resid_post"),
        ("resid.3", "encoder.2.resid_post"),
        ("resid.4", "encoder.3.resid_post"),
        ("encoder_out", "encoder.final_norm"),
    ];
    let names = taps.map(|(_, tap)| tap);
    let runs = activations(
        "whisper-tiny.en",
        &names,
        &recordings,
        &engines(),
        Some(ENGINES),
    );
    for run in runs.into_iter().flatten() {
        for (k, (point, tap)) in taps.iter().enumerate() {
            let mut worst = 0.0f32;
            for ((file, _), arrays) in recordings.iter().zip(&run.arrays) {
                let stream = arrays[k].index_axis(Axis(0), 0);
                let of = |what: &str| &golden[&format!("{file}/whisper_tiny_en/{point}/{what}")];
                let mean = stream.mean_axis(Axis(0)).unwrap();
                let at = largest_difference(stream.index_axis(Axis(0), 50), of("frame50").view());
                let apart = at.max(largest_difference(mean.view(), of("mean").view()));
                assert!(apart <= RESIDUAL, "{file} {tap}: {apart}");
                worst = worst.max(apart);
            }
            println!(
                "whisper-tiny.en {tap} on {}: largest difference {worst:e}",
                run.engine
            );
        }
    }
}
