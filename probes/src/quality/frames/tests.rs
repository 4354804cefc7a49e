//! Half a second of noise or clipping in clean speech, with a graph whose weights are drawn here.

use std::f64::consts::TAU;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use phonoscope_analysis::frontend::{FrontEnd, WhisperLogMel};
use phonoscope_analysis::rng;
use phonoscope_analysis::task::Task;
use phonoscope_datasets::{Manifest, audio};
use phonoscope_models::engine::{Engine, EngineChoice, EngineInfo, Session, open_engine};
use phonoscope_models::wire::{Attribute, ElementType, Suffix};
use phonoscope_models::{
    Axis, Cache, Field, GraphBytes, InputBinding, InputRole, Model, Network, Tap, Timing,
};
use rand::RngExt as _;

use super::FrameSource;
use crate::extract::{ExtractSettings, Rows, SpanKind, extract, select_taps};
use crate::quality::tests::quick;
use crate::quality::{Asked, from_runs};
use crate::report::Report;
use crate::store::Run;

const BANDS: usize = 80;
const WIDTH: usize = 12;
const SECS: f64 = 2.0;

fn model() -> Model {
    let weights: Vec<f32> = crate::quality::tests::normal(WIDTH, BANDS, "frame-weights", 1)
        .iter()
        .map(|w| (*w / 9.0) as f32)
        .collect();
    let mut graph = Suffix::new();
    // All said: one of the engines takes four pads for granted where none are given, also in one dimension.
    let point = [
        ("dilations", Attribute::Ints(&[1])),
        ("kernel_shape", Attribute::Ints(&[1])),
        ("pads", Attribute::Ints(&[0, 0])),
        ("strides", Attribute::Ints(&[1])),
    ];
    graph
        .header(8, 17, "test")
        .graph_name("bands")
        .input(
            "mel",
            ElementType::Float32,
            &["batch".into(), 80.into(), "frame".into()],
        )
        .init_f32("w", &[WIDTH as i64, BANDS as i64, 1], &weights)
        .node("Conv", &["mel", "w"], &["mixed"], &point)
        .node("Tanh", &["mixed"], &["y"], &[])
        .typed_output("y", ElementType::Float32, &[]);
    let tap = |name: &str, tensor: &str| Tap {
        name: name.into(),
        tensor: tensor.into(),
        axes: vec![Axis::Batch, Axis::Dim, Axis::Time],
        dim: Some(WIDTH),
        timing: Some(Timing {
            stride: 1,
            field: Field::Steps(1),
        }),
        meaning: String::new(),
    };
    Model {
        name: "bands".into(),
        graph: GraphBytes::new(graph.finish()),
        unpacked: vec![],
        source: "this test".into(),
        weights_sha256: String::new(),
        weights_dir: None,
        inputs: vec![InputBinding {
            name: "mel".into(),
            role: InputRole::Features,
        }],
        front_end: FrontEnd::WhisperLogMel(WhisperLogMel::default()),
        taps: vec![tap("conv.0", "mixed"), tap("tanh.0", "y")],
        embedding: None,
        licence: String::new(),
        citation: String::new(),
        trained_on: String::new(),
    }
}

/// A buzz with moving harmonics over faint noise.
fn voice(seed: u64) -> Vec<f32> {
    let mut rng = rng::stream(seed, "frame-voice", 0);
    let rate = f64::from(audio::SAMPLE_RATE_HZ);
    let f0 = rng.random_range(90.0..220.0);
    let sway: Vec<(f64, f64)> = (0..8)
        .map(|_| (rng.random_range(1.0..4.0), rng.random_range(0.0..TAU)))
        .collect();
    (0..(SECS * rate) as usize)
        .map(|n| {
            let t = n as f64 / rate;
            let harmonics = sway.iter().zip(1..).map(|((hz, phase), k)| {
                let k = f64::from(k);
                (0.6 + 0.4 * (TAU * hz * t + phase).sin()) * (TAU * k * f0 * t).sin() / k
            });
            (0.08 * harmonics.sum::<f64>() + 0.002 * rng.random_range(-1.0..1.0)) as f32
        })
        .collect()
}

/// Changes the samples from 0.75 s to 1.25 s.
fn damaged(mut samples: Vec<f32>, how: &str) -> Vec<f32> {
    let mut rng = rng::stream(9, "frame-damage", 0);
    let rate = f64::from(audio::SAMPLE_RATE_HZ);
    for x in &mut samples[(0.75 * rate) as usize..(1.25 * rate) as usize] {
        *x = match how {
            "noise" => *x + 0.1 * rng.random_range(-1.0..1.0_f32),
            _ => (30.0 * *x).clamp(-0.3, 0.3),
        };
    }
    samples
}

/// An engine that counts the sessions that it opens, all of which must be of the model's own graph.
struct Counting<'a> {
    engine: &'a dyn Engine,
    graph: String,
    opened: AtomicUsize,
}

impl Engine for Counting<'_> {
    fn info(&self) -> &EngineInfo {
        self.engine.info()
    }

    fn open_beside(
        &self,
        graph: &GraphBytes,
        outputs: &[String],
        weights: Option<&Path>,
    ) -> phonoscope_models::Result<Box<dyn Session>> {
        assert_eq!(graph.sha256(), self.graph);
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.engine.open_beside(graph, outputs, weights)
    }
}

fn report(place: &Path, engine: &dyn Engine, sessions: usize) -> Report {
    let manifest = Manifest::read(&place.join("m.tsv")).unwrap();
    let model = model();
    let taps = select_taps(&model, &["*".into()], SpanKind::Utterance).unwrap();
    let settings = ExtractSettings {
        taps: taps.clone(),
        rows: Rows::default(),
        twin: None,
        sessions,
        shard_items: 16,
        second_opinion: Err("not asked".into()),
    };
    let (out, task) = (place.join(format!("run-{sessions}")), Task::silent());
    extract(&model, engine, &manifest, "m.tsv", &settings, &out, &task).unwrap();
    let counting = Counting {
        engine,
        graph: model.graph.sha256().into(),
        opened: AtomicUsize::new(0),
    };
    let asked = Asked {
        rating: "mos".into(),
        frames: vec![Some(FrameSource {
            model: &model,
            engine: &counting,
            manifest: &manifest,
            taps: &taps,
            sessions,
            followed: Some("conv.0"),
        })],
        ..Asked::default()
    };
    let report = from_runs(&[Run::open(&out).unwrap()], &asked, &quick(), &task).unwrap();
    // However many passes there are, a thread opens one session at most.
    let opened = counting.opened.load(Ordering::Relaxed);
    assert!((1..=sessions).contains(&opened), "{opened}");
    report
}

#[test]
fn a_bad_half_second_is_found_where_it_is() {
    let place = tempfile::tempdir().unwrap();
    let mut rows = "id\tpath\tsystem\tspeaker\n".to_owned();
    let mut add = |id: String, system: &str, speaker: u64, samples: &[f32]| {
        let path = place.path().join(format!("{id}.wav"));
        audio::write_wav(&path, samples, audio::SAMPLE_RATE_HZ).unwrap();
        rows += &format!("{id}\t{id}.wav\t{system}\ts{speaker}\n");
    };
    for speaker in 0..24 {
        add(
            format!("clean-{speaker}"),
            "reference",
            speaker,
            &voice(speaker),
        );
    }
    for speaker in 100..112 {
        add(
            format!("other-{speaker}"),
            "other",
            speaker,
            &voice(speaker),
        );
    }
    for (speaker, how) in (200..206).zip(["noise", "clip"].into_iter().cycle()) {
        let samples = damaged(voice(speaker), how);
        add(format!("{how}-{speaker}"), "damaged", speaker, &samples);
    }
    std::fs::write(place.path().join("m.tsv"), rows).unwrap();
    let task = Task::silent();
    let cache = Cache::at(place.path().join("cache"));
    let engine: Arc<dyn Engine> =
        open_engine(EngineChoice::Rten, &cache, Network::Offline, &task).unwrap();
    let found = report(place.path(), engine.as_ref(), 2);
    let moments = found.table(None, "quality_moments").unwrap();
    let of = |id: &str, row| moments.column(id).and_then(|c| c.value(row)).unwrap();
    let text = |id: &str, row| moments.column(id).and_then(|c| c.text_at(row)).unwrap();
    let first: Vec<usize> = (0..moments.rows())
        .filter(|r| of("moment", *r) == 1.0)
        .collect();
    // The six damaged utterances lead, and their worst moment lies in the damage.
    for row in first.iter().take(6) {
        assert_eq!(text("system", *row), "damaged", "{found:#?}");
        let middle = (of("start_secs", *row) + of("end_secs", *row)) / 2.0;
        assert!(
            (0.7..1.3).contains(&middle),
            "{} at {middle}",
            text("utterance", *row)
        );
        assert!(of("p", *row) <= 0.05, "{}", of("p", *row));
    }
    // Others of the same kind as the reference have no such moments.
    let other = |r: &&usize| text("system", **r) == "other" && of("p", **r) <= 0.05;
    assert!(first.iter().filter(other).count() <= 3);
    let distances = found.table(None, "frame_distances").unwrap();
    let ratio = |system: &str| {
        let row = (0..distances.rows()).find(|r| {
            let text = |id: &str| distances.column(id).and_then(|c| c.text_at(*r));
            text("system") == Some(system) && text("layer") == Some("conv.0")
        });
        distances
            .column("ratio")
            .and_then(|c| c.value(row.unwrap()))
            .unwrap()
    };
    assert!(
        ratio("damaged") > ratio("other"),
        "{} {}",
        ratio("damaged"),
        ratio("other")
    );
    // The number of sessions changes nothing.
    let again = report(place.path(), engine.as_ref(), 1);
    assert_eq!(found.tables, again.tables);
}
