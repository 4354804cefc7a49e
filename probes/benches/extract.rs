//! Extraction against a loop that only runs the untouched network on features computed beforehand, with
//! the same number of sessions: what decoding, features, taps, pooling and storing cost on top. The
//! checks after it take the same time for any number of items and are told apart.
//!
//! ```text
//! cargo bench -p phonoscope-probes --bench extract                 ratios, one model after the other
//! cargo bench -p phonoscope-probes --bench extract -- MODEL N      of one model, N rounds
//! cargo bench -p phonoscope-probes --bench extract -- memory       peak memory at 251 and 2,510 items
//! ```
//!
//! Rounds run both sides one after the other, in turns. On a machine with other work the ratio of
//! processor times is the steadier figure; where every core is busy it is that of throughputs too.
//!
//! Needs the recordings of `PHONOSCOPE_SHARED` (default `../shared`); fetches the models. Also writes the
//! networks with their taps for `benches/peers/extract.py` and prints the commands.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ndarray::{ArrayD, Axis};
use phonoscope_analysis::task::{Cancel, Progress, Task};
use phonoscope_datasets::{Manifest, audio};
use phonoscope_models::engine::{Engine, EngineChoice, disable_telemetry, open_engine};
use phonoscope_models::graph::with_outputs;
use phonoscope_models::{Cache, Model, Network, load};
use phonoscope_probes::extract::{ExtractSettings, Rows, SpanKind, extract, select_taps};

/// What is extracted: a model, and the taps of it (none: its embedding).
const JOBS: [(&str, &[&str]); 2] = [
    ("whisper-tiny.en", &["encoder.*.resid_post"]),
    ("campplus", &[]),
];
/// The quickest model, for the many items of the measurement of memory.
const QUICK: &str = "ge2e";
const SESSIONS: usize = 2;
const ROUNDS: usize = 5;
/// The stage of an extraction that follows the extraction proper.
const CHECKS: &str = "checking the run";
/// Windows that run at once, as in extraction.
const BATCH: usize = 16;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
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
    let manifest = Manifest::read(&path)?;
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    match (words.next().as_deref(), words.next()) {
        (Some("memory"), _) => memory(),
        (Some("items"), Some(times)) => items(&manifest, times.parse()?),
        (name, rounds) => {
            let rounds = rounds.map_or(Ok(ROUNDS), |rounds| rounds.parse())?;
            ratios(&manifest, &path, name, rounds)
        }
    }
}

/// What both sides of a comparison share.
struct Setup {
    model: Model,
    engine: Arc<dyn Engine>,
    settings: ExtractSettings,
    task: Task,
}

fn setup(name: &str, patterns: &[&str]) -> Result<Setup> {
    let (task, cache) = (Task::silent(), Cache::locate());
    let model = load(name, &cache, Network::Allowed, &task)?;
    let open = |choice| open_engine(choice, &cache, Network::Allowed, &task);
    let patterns: Vec<String> = patterns.iter().map(|&p| p.to_owned()).collect();
    let settings = ExtractSettings {
        taps: select_taps(&model, &patterns, SpanKind::Utterance)?,
        rows: Rows::default(),
        twin: None,
        sessions: SESSIONS,
        shard_items: 64,
        second_opinion: open(EngineChoice::Rten).map_err(|e| e.to_string()),
    };
    let engine = open(EngineChoice::Auto)?;
    Ok(Setup {
        model,
        engine,
        settings,
        task,
    })
}

/// Seconds that something took: by the clock, and of processor time of all threads.
#[derive(Clone, Copy)]
struct Spent {
    wall: f64,
    cpu: f64,
}

/// A moment of this process.
#[derive(Clone, Copy)]
struct Moment(Instant, f64);

impl Moment {
    fn now() -> Self {
        Self(Instant::now(), cpu_secs())
    }

    fn until(self, later: Self) -> Spent {
        Spent {
            wall: (later.0 - self.0).as_secs_f64(),
            cpu: later.1 - self.1,
        }
    }
}

/// Processor time of this process so far, user and system; NaN where the system does not tell.
fn cpu_secs() -> f64 {
    const TICKS_PER_SEC: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let mut numbers = after_name.split_whitespace().skip(11);
    let mut ticks = || numbers.next().and_then(|word| word.parse::<f64>().ok());
    match (ticks(), ticks()) {
        (Some(user), Some(system)) => (user + system) / TICKS_PER_SEC,
        _ => f64::NAN,
    }
}

/// Notes when the checks begin.
#[derive(Default)]
struct Stages(Mutex<Option<Moment>>);

impl Progress for Stages {
    fn start(&self, stage: &str, _unit: &str, _total: Option<u64>) {
        if stage == CHECKS {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Moment::now());
        }
    }
    fn advance(&self, _n: u64) {}
    fn finish(&self) {}
}

impl Setup {
    /// What the extraction took, and what its checks.
    fn extract(&self, manifest: &Manifest) -> Result<[Spent; 2]> {
        let out = tempfile::tempdir()?;
        let stages = Arc::new(Stages::default());
        let task = Task {
            progress: Arc::<Stages>::clone(&stages),
            cancel: Cancel::new(),
        };
        let (model, engine) = (&self.model, self.engine.as_ref());
        let (settings, out) = (&self.settings, out.path());
        let start = Moment::now();
        extract(model, engine, manifest, "m", settings, out, &task)?;
        let end = Moment::now();
        let between = *stages.0.lock().unwrap_or_else(PoisonError::into_inner);
        let between = between.ok_or("the extraction told of no checks")?;
        Ok([start.until(between), between.until(end)])
    }
}

fn ratios(manifest: &Manifest, path: &Path, only: Option<&str>, rounds: usize) -> Result<()> {
    for (name, patterns) in JOBS {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let setup = setup(name, patterns)?;
        let features = features(&setup.model, manifest)?;
        let items = features.len() as f64;
        println!(
            "{name}: {}, {items} items, {} taps, {SESSIONS} sessions",
            setup.engine.info(),
            setup.settings.taps.len()
        );
        let (mut by_clock, mut by_cpu) = (vec![], vec![]);
        for round in 0..rounds {
            let first = (round % 2 == 1)
                .then(|| setup.extract(manifest))
                .transpose()?;
            let start = Moment::now();
            network_only(&setup, &features)?;
            let bare = start.until(Moment::now());
            let [whole, checks] = first.map_or_else(|| setup.extract(manifest), Ok)?;
            by_clock.push(bare.wall / whole.wall);
            by_cpu.push(bare.cpu / whole.cpu);
            println!(
                "  round {}: network only {:.2} s ({:.2} s of processor), extraction {:.2} s ({:.2} s), \
                 {:.2} items/s, checks {:.2} s ({:.2} s); throughput {:.3} of the network's, by \
                 processor time {:.3}",
                round + 1,
                bare.wall,
                bare.cpu,
                whole.wall,
                whole.cpu,
                items / whole.wall,
                checks.wall,
                checks.cpu,
                bare.wall / whole.wall,
                bare.cpu / whole.cpu
            );
        }
        println!("  throughput {}", spread(&mut by_clock));
        println!("  processor time {}", spread(&mut by_cpu));
        if let Some(tap) = setup.settings.taps.last() {
            let graph = with_outputs(&setup.model.graph, std::slice::from_ref(&tap.tensor))?;
            let file = std::env::temp_dir().join(format!("{name}.tapped.onnx"));
            std::fs::write(&file, graph.bytes())?;
            println!(
                "  peer: python benches/peers/extract.py {} {} '{}'",
                path.display(),
                file.display(),
                tap.tensor
            );
        }
    }
    Ok(())
}

/// Median and range of figures.
fn spread(figures: &mut [f64]) -> String {
    figures.sort_by(f64::total_cmp);
    let at = |i: usize| figures.get(i).copied().unwrap_or(f64::NAN);
    let n = figures.len();
    let median = (at(n.saturating_sub(1) / 2) + at(n / 2)) / 2.0;
    format!(
        "of the network's: median {median:.3}, {:.3} to {:.3} in {n} rounds",
        at(0),
        at(n.saturating_sub(1))
    )
}

fn features(model: &Model, manifest: &Manifest) -> Result<Vec<ArrayD<f32>>> {
    let of = |u| -> Result<ArrayD<f32>> {
        let samples = audio::read_utterance(u)?.samples;
        Ok(model.front_end.compute(&samples)?.data)
    };
    manifest.utterances.iter().map(of).collect()
}

fn network_only(setup: &Setup, features: &[ArrayD<f32>]) -> Result<()> {
    let next = AtomicUsize::new(0);
    let outputs = setup.model.declared_outputs()?;
    let work = || -> std::result::Result<(), phonoscope_models::Error> {
        let mut session = setup.model.open(setup.engine.as_ref(), &outputs)?;
        while let Some(item) = features.get(next.fetch_add(1, Ordering::Relaxed)) {
            for chunk in item.axis_chunks_iter(Axis(0), BATCH) {
                let feed = setup.model.feed(chunk, None)?;
                let views: Vec<_> = feed.iter().map(|(n, x)| (n.as_str(), x.view())).collect();
                session.run(&views, &setup.task.cancel)?;
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

/// Peak memory of processes that extract the list once and ten times.
fn memory() -> Result<()> {
    for times in ["1", "10"] {
        let program = std::env::current_exe()?;
        let out = Command::new(program).args(["items", times]).output()?;
        print!("{}", String::from_utf8_lossy(&out.stdout));
        if !out.status.success() {
            return Err(String::from_utf8_lossy(&out.stderr).into());
        }
    }
    Ok(())
}

/// Extracts the list so many times over, and says how much memory that took.
fn items(manifest: &Manifest, times: usize) -> Result<()> {
    let mut many = manifest.clone();
    many.utterances.clear();
    for time in 0..times {
        many.utterances
            .extend(manifest.utterances.iter().cloned().map(|mut u| {
                u.id = format!("{}-{time}", u.id);
                u
            }));
    }
    setup(QUICK, &[])?.extract(&many)?;
    println!(
        "{QUICK}, {} items: peak memory {}",
        many.utterances.len(),
        peak_memory()
    );
    Ok(())
}

/// Largest resident size of this process so far.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".into(), |l| l.trim().to_owned())
}
