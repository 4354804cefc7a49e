//! Stated receptive fields against measured ones: which input steps change a step of a tap.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::{ArrayD, Axis as At, IxDyn};
use phonoscope_analysis::frontend::FrontEnd;
use phonoscope_analysis::task::{Cancel, Task};
use phonoscope_models::engine::{Engine, EngineChoice, Session, open_engine};
use phonoscope_models::map::{layer_map, layer_map_with};
use phonoscope_models::wire::{Dim, Node, survey};
use phonoscope_models::{
    Axis, Cache, Catalogue, Entry, Field, FileChoice, InputRole, LayerMap, Model, Network,
    Standing, Timing, load_file, quantisation,
};

use super::catalogue::model;
use super::conformer::conformer;
use super::convolutional::classifier;
use super::parts::{GeluForm, NormForm};
use super::recurrent::stack;
use super::residual::{Context, dense_time_delay, resnet};
use super::scribe::{Scribe, Style};
use super::transformer::{post_norm, pre_norm};

/// Input steps of a measurement, where the graph leaves them open.
const FRAMES: usize = 320;
const SAMPLES: usize = 16_000;
const BANDS: usize = 80;
/// Input steps beyond which only every third tap is measured, for the time that it takes.
const LONG: usize = 50_000;

/// A tap with what the map says of it.
struct Stated {
    name: String,
    tensor: String,
    time: usize,
    timing: Timing,
}

/// What was measured of one step in the middle of a tap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// It changes with these input steps, first and last, and with none outside.
    Steps {
        first: usize,
        last: usize,
        of: usize,
    },
    /// Whether it changes with the first or the last quarter of the input.
    Far(bool),
}

/// Every tap with a time axis: the model's own, then those of the map. Second: those without timing, but
/// for taps in windows that the graph cuts itself, whose steps do not lie over the input.
fn stated(model: &Model, map: &LayerMap) -> (Vec<Stated>, Vec<String>) {
    let taps: Vec<_> = model.taps.iter().chain(&map.taps).collect();
    let tensors: Vec<&str> = taps.iter().map(|tap| tap.tensor.as_str()).collect();
    let found = survey(model.graph.bytes()).unwrap();
    let places = layer_map_with(&found, &tensors).1;
    let inputs = || map.inputs.iter().flat_map(|input| &input.axes);
    let cuts = !inputs().any(|axis| *axis == Axis::Window);
    let (mut stated, mut open) = (Vec::new(), Vec::new());
    let mut known = BTreeSet::new();
    for (tap, place) in taps.into_iter().zip(places) {
        let Some(time) = tap.axes.iter().position(|axis| *axis == Axis::Time) else {
            continue;
        };
        if !known.insert(tap.tensor.clone()) {
            continue;
        }
        match place.unwrap().timing_on(&tap.axes) {
            Some(timing) => stated.push(Stated {
                name: tap.name.clone(),
                tensor: tap.tensor.clone(),
                time,
                timing,
            }),
            None if cuts && tap.axes.contains(&Axis::Window) => {}
            None => open.push(tap.name.clone()),
        }
    }
    (stated, open)
}

/// The shape of one item, and its time axis.
fn shape(model: &Model, map: &LayerMap) -> (Vec<usize>, usize) {
    let found = survey(model.graph.bytes()).unwrap();
    let features = model
        .inputs
        .iter()
        .find(|input| input.role == InputRole::Features);
    let name = &features.unwrap().name;
    let axes = &map
        .inputs
        .iter()
        .find(|input| input.name == *name)
        .unwrap()
        .axes;
    let declared = found
        .free_inputs()
        .find(|input| input.name == *name)
        .unwrap();
    let time = axes.iter().position(|axis| *axis == Axis::Time).unwrap();
    let free = if axes.contains(&Axis::Dim) {
        FRAMES
    } else {
        SAMPLES
    };
    let sizes = declared.dims.iter().flatten().enumerate();
    let size = |(index, dim): (usize, &Dim)| match dim {
        Dim::Fixed(size) => usize::try_from(*size).unwrap(),
        _ if index == time => free,
        _ if matches!(axes.get(index), Some(Axis::Dim | Axis::Freq)) => BANDS,
        _ => 1,
    };
    (sizes.map(size).collect(), time)
}

/// Uniform noise in [−1, 1), another for each seed.
fn noise(shape: &[usize], seed: u64) -> ArrayD<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64 ^ (seed << 17);
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        // Knuth's linear congruential generator (MMIX).
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1u64 << 24) as f32 - 0.5) * 2.0
    })
}

/// The middle step of each tap for features.
fn middles(
    model: &Model,
    session: &mut dyn Session,
    taps: &[Stated],
    features: &ArrayD<f32>,
) -> Vec<ArrayD<f32>> {
    let feed = model.feed(features.view(), None).unwrap();
    let views: Vec<_> = feed
        .iter()
        .map(|(name, array)| (name.as_str(), array.view()))
        .collect();
    let arrays = session.run(&views, &Cancel::new()).unwrap();
    let middle = |(array, tap): (&ArrayD<f32>, &Stated)| {
        let steps = array.len_of(At(tap.time));
        array.index_axis(At(tap.time), steps / 2).to_owned()
    };
    arrays.iter().zip(taps).map(middle).collect()
}

/// What changes the middle step of each tap. For those stated as bounded, by bisection over how much of
/// the input, from its start or from its end, is replaced by other noise.
fn measured(model: &Model, engine: &dyn Engine, map: &LayerMap, taps: &[Stated]) -> Vec<Seen> {
    let (shape, time) = shape(model, map);
    let steps = shape[time];
    let tensors: Vec<String> = taps.iter().map(|tap| tap.tensor.clone()).collect();
    let mut session = model.open(engine, &tensors).unwrap();
    let (here, other) = (noise(&shape, 1), noise(&shape, 2));
    let base = middles(model, session.as_mut(), taps, &here);
    let mut known: BTreeMap<(bool, usize), Vec<bool>> = BTreeMap::new();
    // Whether a tap changes where the first (or last) `count` steps are replaced.
    let mut changes = |from_start: bool, count: usize, tap: usize| {
        let row = known.entry((from_start, count)).or_insert_with(|| {
            let mut features = here.clone();
            for step in 0..count {
                let at = if from_start { step } else { steps - 1 - step };
                let replaced = other.index_axis(At(time), at);
                features.index_axis_mut(At(time), at).assign(&replaced);
            }
            let got = middles(model, session.as_mut(), taps, &features);
            got.iter().zip(&base).map(|(a, b)| a != b).collect()
        });
        row[tap]
    };
    let mut seen = Vec::with_capacity(taps.len());
    for (index, tap) in taps.iter().enumerate() {
        if tap.timing.field == Field::Unbounded {
            let quarter = steps / 4;
            seen.push(Seen::Far(
                changes(true, quarter, index) || changes(false, quarter, index),
            ));
            continue;
        }
        let [before, after] = [true, false].map(|from_start| {
            let (mut none, mut some) = (0, steps);
            let depends = changes(from_start, steps, index);
            assert!(depends, "{} does not depend on the input", tap.name);
            while some - none > 1 {
                let middle = none + (some - none) / 2;
                if changes(from_start, middle, index) {
                    some = middle;
                } else {
                    none = middle;
                }
            }
            some
        });
        seen.push(Seen::Steps {
            first: before - 1,
            last: steps - after,
            of: steps,
        });
    }
    seen
}

/// Compares the fields of a model's taps with a measurement: none sees more than stated; those stated
/// as bounded see exactly that, unless `loosely`; those stated as unbounded see far, unless a recurrent
/// layer forgets. The number of fields that are exactly as stated.
fn holds(name: &str, model: &Model, engine: &dyn Engine, loosely: &dyn Fn(&str) -> bool) -> usize {
    let found = survey(model.graph.bytes()).unwrap();
    let map = layer_map(&found);
    let (mut taps, open) = stated(model, &map);
    assert!(open.is_empty(), "{name}: no timing for {open:?}");
    let (shape, time) = shape(model, &map);
    if shape[time] > LONG {
        println!("{name}: every third tap, for its input's length");
        taps = taps.into_iter().step_by(3).collect();
    }
    let seen = measured(model, engine, &map, &taps);
    let recurrent = ["LSTM", "GRU", "RNN", "DynamicQuantizeLSTM"];
    let is_recurrent = |node: &Node| recurrent.contains(&node.operator.as_str());
    let forgets = found.nodes.iter().any(is_recurrent);
    let mut exact = 0;
    for (tap, seen) in taps.iter().zip(&seen) {
        let told = format!(
            "{name}: {}: stated {:?}, measured {seen:?}",
            tap.name, tap.timing
        );
        println!("{told}");
        match (tap.timing.field, *seen) {
            (Field::Steps(stated), Seen::Steps { first, last, of }) => {
                let (stated, steps) = (stated as usize, last - first + 1);
                assert!(steps <= stated, "{told}");
                let whole = first > 0 && last + 1 < of && !loosely(&tap.name);
                assert!(!whole || steps == stated, "{told}");
                exact += usize::from(whole);
            }
            (_, seen) => assert!(forgets || seen == Seen::Far(true), "{told}"),
        }
    }
    exact
}

fn rten() -> std::sync::Arc<dyn Engine> {
    let task = Task::silent();
    open_engine(
        EngineChoice::Rten,
        &Cache::locate(),
        Network::Offline,
        &task,
    )
    .unwrap()
}

/// A written graph as a model.
fn written(graph: &Scribe) -> Model {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.onnx");
    std::fs::write(&path, graph.model()).unwrap();
    let choice = FileChoice {
        front_end: Some(FrontEnd::waveform()),
        ..FileChoice::default()
    };
    load_file(&path, &choice).unwrap().model
}

#[test]
fn written_graphs_see_what_is_stated() {
    let style = Style::Numbers;
    let (whole, erf) = (NormForm::Whole, GeluForm::Erf);
    let (segments, exact) = (true, false);
    let graphs = [
        ("pre-norm", pre_norm(style, whole, erf, false), 1, exact),
        ("post-norm", post_norm(style), 0, exact),
        ("conformer", conformer(style, 2), 1, exact),
        ("gru", stack(style, "GRU", 2), 0, exact),
        ("classifier", classifier(style), 3, exact),
        ("resnet", resnet(style, &[2, 2, 1], false), 16, exact),
        ("gated resnet", resnet(style, &[1, 1], true), 3, exact),
        (
            "masked by the utterance",
            dense_time_delay(style, Context::Utterance),
            3,
            exact,
        ),
        // A step at the edge of its segment sees only to one side: the field holds for any step.
        (
            "masked by segments",
            dense_time_delay(style, Context::Segment),
            0,
            segments,
        ),
    ];
    for (name, graph, least, loosely) in graphs {
        let bounded = holds(name, &written(&graph), rten().as_ref(), &|_| loosely);
        assert!(bounded >= least, "{name}: {bounded} exact");
    }
}

/// Every model of the catalogue that is in the cache. Quantised ones may round a change away.
#[test]
fn the_catalogue_sees_what_is_stated() {
    let mut exact = 0;
    let task = Task::silent();
    let catalogue = Catalogue::builtin().unwrap();
    let checked = |entry: &&Entry| entry.standing() == Standing::Checked;
    for entry in catalogue.entries().iter().filter(checked) {
        let Some(model) = model(&entry.name) else {
            continue;
        };
        let engine = open_engine(
            EngineChoice::Auto,
            &Cache::locate(),
            Network::Offline,
            &task,
        );
        let rounds = quantisation(&survey(model.graph.bytes()).unwrap()).is_some();
        exact += holds(&entry.name, &model, engine.unwrap().as_ref(), &|_| {
            // Its transform's window is 400 samples of 512, the rest multiplied by zero: all after it sees less
            // than stated.
            rounds || entry.name == "openwakeword-embedding"
        });
    }
    println!("{exact} fields of the catalogue are exactly as stated");
}
