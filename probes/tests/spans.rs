//! Runs of words, phones and segments, and runs that meet trouble, with rten and a graph whose answers
//! are known: the mean of every 10 ms, and its negative.

#![expect(
    clippy::unwrap_used,
    reason = "functions that serve the tests may fail and speak as tests do"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};
use phonoscope_analysis::frontend::FrontEnd;
use phonoscope_analysis::task::{Cancel, Task};
use phonoscope_datasets::{Manifest, audio};
use phonoscope_models::engine::{Engine, EngineChoice, EngineInfo, Session, open_engine};
use phonoscope_models::wire::{Attribute, ElementType, Suffix};
use phonoscope_models::{
    Axis, Cache, Field, GraphBytes, InputBinding, InputRole, Model, Network, Tap, Timing,
};
use phonoscope_probes::Error;
use phonoscope_probes::extract::{
    Alignments, ExtractSettings, Extracted, Frames, Rows, SpanKind, extract, select_taps,
};
use phonoscope_probes::report::Status;
use phonoscope_probes::store::{Outcome, Run};

/// Samples in a frame.
const FRAME: usize = 160;
/// Length of the recording that makes the fragile engine panic.
const CURSED: usize = 5 * FRAME;

fn graph() -> GraphBytes {
    let weights: Vec<f32> = [1.0, -1.0]
        .iter()
        .flat_map(|sign| vec![sign / FRAME as f32; FRAME])
        .collect();
    let mut graph = Suffix::new();
    graph
        .header(8, 17, "test")
        .graph_name("means")
        .input(
            "x",
            ElementType::Float32,
            &["batch".into(), "sample".into()],
        )
        .init_i64("one", &[1], &[1])
        .init_f32("w", &[2, 1, FRAME as i64], &weights)
        .node("Unsqueeze", &["x", "one"], &["samples"], &[])
        .node(
            "Conv",
            &["samples", "w"],
            &["means"],
            &[
                ("strides", Attribute::Ints(&[FRAME as i64])),
                ("pads", Attribute::Ints(&[0, 0])),
                ("dilations", Attribute::Ints(&[1])),
            ],
        )
        .node("Tanh", &["means"], &["y"], &[])
        .typed_output("y", ElementType::Float32, &[]);
    GraphBytes::new(graph.finish())
}

fn model() -> Model {
    Model {
        name: "means".into(),
        graph: graph(),
        unpacked: vec![],
        source: "this test".into(),
        weights_sha256: String::new(),
        weights_dir: None,
        inputs: vec![InputBinding {
            name: "x".into(),
            role: InputRole::Features,
        }],
        front_end: FrontEnd::waveform(),
        taps: vec![Tap {
            name: "conv.0".into(),
            tensor: "means".into(),
            axes: vec![Axis::Batch, Axis::Dim, Axis::Time],
            dim: Some(2),
            timing: Some(Timing {
                stride: FRAME as u32,
                field: Field::Steps(FRAME as u32),
            }),
            meaning: String::new(),
        }],
        embedding: None,
        licence: String::new(),
        citation: String::new(),
        trained_on: String::new(),
    }
}

fn rten() -> Arc<dyn Engine> {
    let task = Task::silent();
    open_engine(
        EngineChoice::Rten,
        &Cache::locate(),
        Network::Offline,
        &task,
    )
    .unwrap()
}

/// rten, but for one recording.
struct Fragile(Arc<dyn Engine>);

struct FragileSession(Box<dyn Session>);

impl Engine for Fragile {
    fn info(&self) -> &EngineInfo {
        self.0.info()
    }

    fn open_beside(
        &self,
        graph: &GraphBytes,
        outputs: &[String],
        weights: Option<&Path>,
    ) -> phonoscope_models::Result<Box<dyn Session>> {
        let session = self.0.open_beside(graph, outputs, weights)?;
        Ok(Box::new(FragileSession(session)))
    }
}

impl Session for FragileSession {
    fn run(
        &mut self,
        inputs: &[(&str, ArrayViewD<'_, f32>)],
        cancel: &Cancel,
    ) -> phonoscope_models::Result<Vec<ArrayD<f32>>> {
        assert!(inputs.iter().all(|(_, x)| x.len() != CURSED), "cursed");
        self.0.run(inputs, cancel)
    }
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A recording of 10 ms a level.
    fn recording(&self, name: &str, levels: &[f32]) {
        let samples: Vec<f32> = levels.iter().flat_map(|l| vec![*l; FRAME]).collect();
        audio::write_wav(&self.path(name), &samples, audio::SAMPLE_RATE_HZ).unwrap();
    }

    fn manifest(&self, rows: &str) -> Manifest {
        let path = self.path("manifest.tsv");
        std::fs::write(&path, rows).unwrap();
        Manifest::read(&path).unwrap()
    }

    fn extract(&self, engine: &dyn Engine, manifest: &Manifest, rows: Rows) -> Extracted {
        self.try_extract(engine, manifest, rows).unwrap()
    }

    fn try_extract(
        &self,
        engine: &dyn Engine,
        manifest: &Manifest,
        rows: Rows,
    ) -> Result<Extracted, Error> {
        let model = model();
        let settings = ExtractSettings {
            taps: select_taps(&model, &[], rows.kind()).unwrap(),
            rows,
            twin: None,
            sessions: 2,
            shard_items: 2,
            second_opinion: Ok(rten()),
        };
        let (out, task) = (self.path("run"), Task::silent());
        extract(&model, engine, manifest, "m", &settings, &out, &task)
    }

    fn files(&self, run: &str) -> BTreeMap<String, Vec<u8>> {
        let entries = std::fs::read_dir(self.path(run)).unwrap().flatten();
        let named = entries.map(|e| (e.file_name().to_string_lossy().into_owned(), e.path()));
        named
            .filter(|(name, _)| name != ".lock")
            .map(|(name, path)| (name, std::fs::read(path).unwrap()))
            .collect()
    }
}

/// First feature of every used row, with its id.
fn values(run: &Run) -> Vec<(String, f64)> {
    let (rows, matrix) = run.tap("conv.0").unwrap();
    assert!(matrix.rows().into_iter().all(|r| r[0] == -r[1]));
    let ids = rows.iter().map(|at| run.items[*at].id.clone());
    ids.zip(matrix.column(0).to_vec()).collect()
}

fn close(found: &[(String, f64)], expected: &[(&str, f64)]) {
    let ids = found.iter().map(|(id, _)| id.as_str());
    assert!(ids.eq(expected.iter().map(|(id, _)| *id)), "{found:?}");
    for ((id, x), (_, y)) in found.iter().zip(expected) {
        assert!((x - y).abs() < 1e-6, "{id}: {x}, expected {y}");
    }
}

#[test]
fn words_are_the_means_of_their_frames() {
    let place = Place::new();
    place.recording("a.wav", &[0.1, 0.2, 0.4, 0.4, 0.0, 0.3]);
    place.recording("b.wav", &[0.5, 0.7]);
    place.recording("c.wav", &[0.5, 0.7]);
    let manifest = place.manifest("path\tspeaker\na.wav\ts\nb.wav\tt\nc.wav\tu\n");
    let times = "id\ttier\tstart\tend\tlabel\n\
                 a\twords\t0\t0.02\tone\na\twords\t0.02\t0.04\ttwo\na\twords\t0.04\t0.05\t\n\
                 a\twords\t0.052\t0.054\tshort\nb\twords\t0\t0.02\tthree\n";
    std::fs::write(place.path("times.tsv"), times).unwrap();
    let alignments = Alignments::open(&place.path("times.tsv")).unwrap();
    let rows = Rows::new(SpanKind::Word, Some(Arc::new(alignments)), Frames::Audio).unwrap();
    let done = place.extract(rten().as_ref(), &manifest, rows);
    let run = Run::open(&place.path("run")).unwrap();
    close(
        &values(&run),
        &[("a#0", 0.15), ("a#1", 0.4), ("a#2", 0.3), ("b#0", 0.6)],
    );
    let second = run.items[1].span.clone().unwrap();
    assert_eq!(
        (second.parent.as_str(), second.label.as_deref()),
        ("a", Some("two"))
    );
    assert_eq!(
        (second.start_secs, second.end_secs),
        (Some(0.02), Some(0.04))
    );
    assert_eq!(run.items[1].metadata, [Some("s".to_owned())]);
    let last = run.items.last().unwrap();
    assert_eq!(
        (last.id.as_str(), last.is_used()),
        ("c", false),
        "it has no alignment"
    );
    let spans = done.trust.coverage.spans.unwrap();
    assert_eq!((spans.kind.as_str(), spans.used), ("word", 4));
}

#[test]
fn alignments_beside_the_recordings_are_part_of_what_a_run_is_of() {
    let place = Place::new();
    let write = |name: &str, words: &str| std::fs::write(place.path(name), words).unwrap();
    for name in ["a", "b"] {
        place.recording(&format!("{name}.wav"), &[0.1, 0.2, 0.4, 0.4]);
        write(
            &format!("{name}.ctm"),
            &format!("{name} 1 0.00 0.02 word\n"),
        );
    }
    let hash = |rows: &str| {
        Alignments::beside(&place.manifest(rows))
            .sha256()
            .to_owned()
    };
    let both = "path\na.wav\nb.wav\n";
    let first = hash(both);
    assert_eq!((first.len(), hash(both)), (64, first.clone()));
    assert_ne!(hash("path\na.wav\n"), first, "fewer rows");
    let named = "path\talignment\na.wav\tb.ctm\nb.wav\tb.ctm\n";
    assert_ne!(hash(named), first, "other files");
    write("b.ctm", "b 1 0.00 0.03 word\n");
    assert_ne!(hash(both), first, "other times");

    let manifest = place.manifest(both);
    let rows = |manifest: &Manifest| {
        let beside = Some(Arc::new(Alignments::beside(manifest)));
        Rows::new(SpanKind::Word, beside, Frames::Audio).unwrap()
    };
    place.extract(rten().as_ref(), &manifest, rows(&manifest));
    let run = Run::open(&place.path("run")).unwrap();
    close(&values(&run), &[("a#0", 0.15), ("b#0", 0.7 / 3.0)]);
    let of_run = run.description.spans.clone().unwrap().sha256;
    assert_eq!(of_run.as_deref(), Some(hash(both).as_str()));
    // The same folder is not continued with other times.
    write("b.ctm", "b 1 0.00 0.02 word\n");
    let again = place.try_extract(rten().as_ref(), &manifest, rows(&manifest));
    assert!(matches!(again, Err(Error::OtherRun { .. })), "{again:?}");
}

#[test]
fn segments_are_heard_within_their_recording() {
    let place = Place::new();
    place.recording("a.wav", &[0.1, 0.2, 0.4, 0.6]);
    let manifest = place.manifest(
        "id\tpath\tstart\tend\nu\ta.wav\t0\t0.02\nv\ta.wav\t0.02\t0.04\nw\ta.wav\t0.03\t0.09\n",
    );
    let rows = Rows::new(SpanKind::Segment, None, Frames::Audio).unwrap();
    let done = place.extract(rten().as_ref(), &manifest, rows);
    let run = Run::open(&place.path("run")).unwrap();
    close(&values(&run), &[("u", 0.15), ("v", 0.5)]);
    let outside = &run.items[2].outcome;
    assert!(
        matches!(outside, Outcome::Skipped { reason, .. } if reason.contains("ends behind")),
        "{outside:?}"
    );
    assert_eq!(done.trust.coverage.used, 2);
    let stored = done.trust.checks.iter().find(|c| c.id == "store_integrity");
    assert_eq!(stored.unwrap().status, Status::Pass, "{stored:?}");
}

#[test]
fn as_many_frames_of_each_segment_are_averaged_as_asked() {
    let place = Place::new();
    place.recording("a.wav", &[0.1, 0.2, 0.4, 0.6, 0.3, 0.5]);
    let manifest =
        place.manifest("id\tpath\tstart\tend\nlong\ta.wav\t0\t0.06\nshort\ta.wav\t0.02\t0.03\n");
    let two = std::num::NonZeroUsize::new(2).unwrap();
    let rows = Rows::new(SpanKind::Segment, None, Frames::Audio)
        .unwrap()
        .with_equal_frames(two);
    place.extract(rten().as_ref(), &manifest, rows);
    let run = Run::open(&place.path("run")).unwrap();
    // Of six frames the second and the fifth; of one the same twice.
    close(&values(&run), &[("long", 0.25), ("short", 0.4)]);
    assert!(
        run.description
            .pooling
            .contains("2 of them, at equal steps"),
        "{}",
        run.description.pooling
    );
}

#[test]
fn a_local_network_passes_every_check_with_a_verdict() {
    let place = Place::new();
    let mut rows = String::from("path\n");
    for i in 0..5u8 {
        let levels: Vec<f32> = (0..20 + i).map(|k| f32::from(k % 7) * 0.1).collect();
        place.recording(&format!("{i}.wav"), &levels);
        rows += &format!("{i}.wav\n");
    }
    let manifest = place.manifest(&rows);
    let done = place.extract(rten().as_ref(), &manifest, Rows::default());
    let found: BTreeMap<&str, Status> = done
        .trust
        .checks
        .iter()
        .map(|c| (c.id.as_str(), c.status))
        .collect();
    for id in [
        "coverage",
        "determinism",
        "store_integrity",
        "tap_neutrality",
        "engine_agreement",
        "padding_invariance",
        "batch_invariance",
    ] {
        assert_eq!(
            found.get(id),
            Some(&Status::Pass),
            "{id}: {:?}",
            done.trust.checks
        );
    }
    for check in &done.trust.checks {
        assert!(
            check.verdict.ends_with('.'),
            "{}: {}",
            check.id,
            check.verdict
        );
    }
    let padding = done
        .trust
        .checks
        .iter()
        .find(|c| c.id == "padding_invariance");
    assert_eq!(padding.unwrap().taps[0].tap, "conv.0");
}

#[test]
fn a_recording_that_makes_the_program_panic_is_skipped() {
    let place = Place::new();
    let mut rows = String::from("path\n");
    for i in 0..6usize {
        let frames = if i == 2 { CURSED / FRAME } else { 8 + i };
        place.recording(&format!("{i}.wav"), &vec![0.25; frames]);
        rows += &format!("{i}.wav\n");
    }
    let manifest = place.manifest(&rows);
    let done = place.extract(&Fragile(rten()), &manifest, Rows::default());
    let skipped = &done.trust.coverage.skipped;
    assert_eq!(skipped.len(), 1, "{skipped:?}");
    assert!(
        skipped[0].id == "2" && skipped[0].reason.contains("cursed"),
        "{skipped:?}"
    );
}

#[test]
fn what_could_not_be_opened_is_tried_again_and_ends_with_the_same_bytes() {
    let place = Place::new();
    let mut rows = String::from("path\n");
    for i in 0..5 {
        place.recording(&format!("{i}.wav"), &vec![0.1 * i as f32; 10 + i]);
        rows += &format!("{i}.wav\n");
    }
    let manifest = place.manifest(&rows);
    place.extract(rten().as_ref(), &manifest, Rows::default());
    let undisturbed = place.files("run");
    std::fs::rename(place.path("run"), place.path("whole")).unwrap();

    std::fs::rename(place.path("3.wav"), place.path("away")).unwrap();
    let part = place.extract(rten().as_ref(), &manifest, Rows::default());
    assert_eq!(part.trust.coverage.used, 4);
    let same = place.extract(rten().as_ref(), &manifest, Rows::default());
    assert_eq!(same.resumed, 5, "nothing to try while the file is away");
    std::fs::rename(place.path("away"), place.path("3.wav")).unwrap();
    let whole = place.extract(rten().as_ref(), &manifest, Rows::default());
    assert_eq!((whole.trust.coverage.used, whole.resumed), (5, 4));
    assert!(place.files("run") == undisturbed);
}

#[test]
fn audio_replaced_behind_the_manifest_is_noticed_by_a_check() {
    let place = Place::new();
    place.recording("a.wav", &[0.5; 12]);
    let manifest = place.manifest("path\na.wav\n");
    place.extract(rten().as_ref(), &manifest, Rows::default());
    place.recording("a.wav", &[0.25; 12]);
    std::fs::remove_file(place.path("run/trust.json")).unwrap();
    let done = place.extract(rten().as_ref(), &manifest, Rows::default());
    let check = done.trust.checks.iter().find(|c| c.id == "store_integrity");
    let check = check.unwrap();
    assert_eq!(check.status, Status::Fail, "{check:?}");
    assert!(check.verdict.contains("replaced"), "{check:?}");
}

#[test]
fn spans_that_cannot_be_are_refused_in_words() {
    let refused = |model: &Model, kind| match select_taps(model, &[], kind) {
        Err(Error::Request { problem, .. }) => problem,
        other => panic!("{other:?}"),
    };
    let windowed = Model {
        front_end: FrontEnd::Ge2eMel,
        ..model()
    };
    let why = refused(&windowed, SpanKind::Word);
    assert!(why.contains("windows") && why.contains("means"), "{why}");
    let mut summary = model();
    summary.taps[0].axes = vec![Axis::Batch, Axis::Dim];
    summary.taps[0].tensor = "y".into();
    refused(&summary, SpanKind::Phone);
    let one = ["conv.0".to_owned()];
    assert!(select_taps(&summary, &one, SpanKind::Phone).is_err());
    assert!(select_taps(&summary, &one, SpanKind::Utterance).is_ok());
    assert!(Rows::new(SpanKind::Word, None, Frames::Audio).is_err());
}
