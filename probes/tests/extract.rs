//! The extraction pipeline with an engine whose behaviour is known.

#![expect(
    clippy::unwrap_used,
    reason = "functions that serve the tests may fail and speak as tests do"
)]

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ndarray::{ArrayD, ArrayViewD};
use phonoscope_analysis::frontend::FrontEnd;
use phonoscope_analysis::task::{Cancel, Progress, Task};
use phonoscope_datasets::{Manifest, audio};
use phonoscope_models::engine::{Engine, EngineInfo, Session};
use phonoscope_models::{Axis, GraphBytes, InputBinding, InputRole, Model, Tap};
use phonoscope_probes::Error;
use phonoscope_probes::extract::{ExtractSettings, Rows, extract};
use phonoscope_probes::store::Run;

const PATIENCE: Duration = Duration::from_secs(30);
/// Length of the recording that never ends.
const ENDLESS: usize = 999;

/// Gives the length of a recording, and works on an endless one until it is told to stop.
struct Lengths(EngineInfo);

struct LengthOf;

impl Engine for Lengths {
    fn info(&self) -> &EngineInfo {
        &self.0
    }

    fn open_beside(
        &self,
        _graph: &GraphBytes,
        _outputs: &[String],
        _weights: Option<&Path>,
    ) -> phonoscope_models::Result<Box<dyn Session>> {
        Ok(Box::new(LengthOf))
    }
}

impl Session for LengthOf {
    fn run(
        &mut self,
        inputs: &[(&str, ArrayViewD<'_, f32>)],
        cancel: &Cancel,
    ) -> phonoscope_models::Result<Vec<ArrayD<f32>>> {
        let samples = inputs.iter().map(|(_, x)| x.len()).sum::<usize>();
        while samples == ENDLESS && !cancel.is_cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(vec![ArrayD::from_elem(vec![1, 1], samples as f32)])
    }
}

fn engine() -> Lengths {
    Lengths(EngineInfo {
        name: "lengths".into(),
        version: "1".into(),
        found: "in this test".into(),
    })
}

fn model() -> Model {
    Model {
        name: "lengths".into(),
        graph: GraphBytes::new(Vec::new()),
        unpacked: vec![],
        source: "this test".into(),
        weights_sha256: String::new(),
        weights_dir: None,
        inputs: vec![InputBinding {
            name: "samples".into(),
            role: InputRole::Features,
        }],
        front_end: FrontEnd::waveform(),
        taps: vec![Tap {
            name: "length".into(),
            tensor: "length".into(),
            axes: vec![Axis::Batch, Axis::Dim],
            dim: Some(1),
            timing: None,
            meaning: String::new(),
        }],
        embedding: None,
        licence: String::new(),
        citation: String::new(),
        trained_on: String::new(),
    }
}

/// Two sessions, an item in a shard.
fn settings(model: &Model) -> ExtractSettings {
    ExtractSettings {
        taps: model.taps.clone(),
        rows: Rows::default(),
        twin: None,
        sessions: 2,
        shard_items: 1,
        second_opinion: Err("not asked for".into()),
    }
}

/// A manifest of recordings with these numbers of samples.
fn recordings(folder: &Path, samples: &[usize]) -> Manifest {
    let mut rows = String::from("path\n");
    for (i, n) in samples.iter().enumerate() {
        let name = format!("{i}.wav");
        audio::write_wav(&folder.join(&name), &vec![0.1; *n], audio::SAMPLE_RATE_HZ).unwrap();
        rows += &format!("{name}\n");
    }
    let path = folder.join("manifest.tsv");
    std::fs::write(&path, rows).unwrap();
    Manifest::read(&path).unwrap()
}

/// Tells of every finished item.
struct Finished(Mutex<Sender<()>>);

impl Progress for Finished {
    fn start(&self, _stage: &str, _unit: &str, _total: Option<u64>) {}
    fn advance(&self, n: u64) {
        (0..n).for_each(|_| self.0.lock().unwrap().send(()).unwrap_or_default());
    }
    fn finish(&self) {}
}

#[test]
fn cancelling_ends_the_workers_that_wait_for_a_slow_recording() {
    let folder = tempfile::tempdir().unwrap();
    let mut samples = vec![1000; 12];
    samples[0] = ENDLESS;
    let manifest = recordings(folder.path(), &samples);
    let model = model();
    let settings = settings(&model);
    let (sender, finished) = channel();
    let task = Task {
        progress: Arc::new(Finished(Mutex::new(sender))),
        cancel: Cancel::new(),
    };
    let cancel = task.cancel.clone();
    let (result, ended) = channel();
    let out = folder.path().join("run");
    std::thread::spawn(move || {
        let got = extract(&model, &engine(), &manifest, "m", &settings, &out, &task);
        result.send(got.map(|_| ())).unwrap_or_default();
    });
    // Shards 1 to 3 may be worked on while shard 0 is open; then the second worker has to wait.
    (0..3).for_each(|_| finished.recv_timeout(PATIENCE).unwrap());
    std::thread::sleep(Duration::from_millis(200));
    cancel.cancel();
    let got = ended
        .recv_timeout(PATIENCE)
        .expect("the extraction did not end");
    assert!(
        matches!(
            got,
            Err(Error::Analysis(phonoscope_analysis::Error::Cancelled))
        ),
        "{got:?}"
    );
}

/// The graph of these tests cannot be surveyed, so checking the run fails after its last item.
#[test]
fn a_run_that_was_not_checked_is_not_finished_and_one_without_results_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let (model, out) = (model(), folder.path().join("run"));
    let manifest = recordings(folder.path(), &[1000, 1000]);
    let away = folder.path().join("away");
    std::fs::create_dir(&away).unwrap();
    let unplug = |from: &Path, to: &Path| {
        for name in ["0.wav", "1.wav"] {
            std::fs::rename(from.join(name), to.join(name)).unwrap();
        }
    };
    let again = || {
        extract(
            &model,
            &engine(),
            &manifest,
            "m",
            &settings(&model),
            &out,
            &Task::silent(),
        )
    };
    unplug(folder.path(), &away);
    let nothing = again().unwrap_err();
    assert!(
        matches!(nothing, Error::NothingUsed { items: 2, .. }),
        "{nothing}"
    );
    unplug(&away, folder.path());
    let unchecked = again().unwrap_err();
    assert!(matches!(unchecked, Error::Model(_)), "{unchecked}");
    let unfinished = Run::open(&out).unwrap_err().to_string();
    assert!(unfinished.contains("not finished"), "{unfinished}");
}
