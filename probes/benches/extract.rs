//! Extraction against a loop that only runs the network on features computed beforehand, with the same
//! number of sessions: what decoding, features, pooling and storing cost on top.
//!
//! Needs the recordings of `PHONOSCOPE_SHARED` (default `../shared`) and the model `ge2e`.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use ndarray::{ArrayD, Axis};
use phonoscope_analysis::task::Task;
use phonoscope_datasets::{Manifest, audio};
use phonoscope_models::engine::{Engine, EngineChoice, disable_telemetry, open_engine};
use phonoscope_models::{Cache, Model, Network, load};
use phonoscope_probes::extract::{ExtractSettings, Rows, SpanKind, extract, select_taps};

const SESSIONS: usize = 2;
const ROUNDS: usize = 3;
/// Windows that run at once, as in extraction.
const BATCH: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    disable_telemetry();
    let shared = std::env::var_os("PHONOSCOPE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let path = shared.join("speech/librispeech-251/manifest.tsv");
    if !path.is_file() {
        println!("skipped: there is no {}", path.display());
        return Ok(());
    }
    let (task, cache) = (Task::silent(), Cache::locate());
    let model = load("ge2e", &cache, Network::Allowed, &task)?;
    let engine = open_engine(EngineChoice::Auto, &cache, Network::Allowed, &task)?;
    let manifest = Manifest::read(&path)?;
    let settings = ExtractSettings {
        taps: select_taps(&model, &[], SpanKind::Utterance)?,
        rows: Rows::default(),
        twin: None,
        sessions: SESSIONS,
        shard_items: 64,
        second_opinion: Err("not asked for".into()),
    };
    let features = features(&model, &manifest)?;
    println!(
        "{}, {} items, {SESSIONS} sessions",
        engine.info(),
        features.len()
    );
    for round in 1..=ROUNDS {
        let start = Instant::now();
        network_only(&model, engine.as_ref(), &features, &settings.taps[0].tensor)?;
        let bare = start.elapsed().as_secs_f64();
        let out = tempfile::tempdir()?;
        let start = Instant::now();
        extract(
            &model,
            engine.as_ref(),
            &manifest,
            "m",
            &settings,
            out.path(),
            &task,
        )?;
        let whole = start.elapsed().as_secs_f64();
        println!(
            "round {round}: network only {bare:.2} s, extract with its checks {whole:.2} s, ratio {:.3}",
            whole / bare
        );
    }
    println!("peak memory {}", peak_memory());
    Ok(())
}

fn features(model: &Model, manifest: &Manifest) -> Result<Vec<ArrayD<f32>>, Box<dyn Error>> {
    manifest
        .utterances
        .iter()
        .map(|u| {
            Ok(model
                .front_end
                .compute(&audio::read_utterance(u)?.samples)?
                .data)
        })
        .collect()
}

fn network_only(
    model: &Model,
    engine: &dyn Engine,
    features: &[ArrayD<f32>],
    tensor: &str,
) -> Result<(), Box<dyn Error>> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), phonoscope_models::Error> {
        let cancel = Task::silent().cancel;
        let mut session = engine.open(&model.graph, &[tensor.to_owned()])?;
        while let Some(item) = features.get(next.fetch_add(1, Ordering::Relaxed)) {
            for chunk in item.axis_chunks_iter(Axis(0), BATCH) {
                session.run(&[(model.inputs[0].name.as_str(), chunk)], &cancel)?;
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..SESSIONS).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            worker.join().map_err(|_panic| "a worker panicked")??;
        }
        Ok(())
    })
}

/// Largest resident size of this process so far.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".into(), |l| l.trim().to_owned())
}
