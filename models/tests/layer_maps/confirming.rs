//! Dry runs: what the map says is what a run shows.

use phonoscope_analysis::frontend::{FrontEnd, ShortAudio, Waveform, WaveformWindows, WindowCount};
use phonoscope_analysis::task::{Cancel, Task};
use phonoscope_models::engine::{EngineChoice, open_engine};
use phonoscope_models::map::{confirm, layer_map};
use phonoscope_models::wire::{Attribute, ElementType, Suffix, survey};
use phonoscope_models::{
    Axis, Cache, Confirmed, FileChoice, LayerMap, Network, Outcome, load_file,
};

use super::conformer::conformer;
use super::convolutional::classifier;
use super::parts::{GeluForm, NormForm};
use super::recurrent::stack;
use super::residual::{Context, dense_time_delay, resnet};
use super::scribe::{Scribe, Style};
use super::transformer::{post_norm, pre_norm};

/// The map of a graph, changed by `change`, against a run on the engine that is built in.
fn confirmed(bytes: &[u8], change: impl Fn(&mut LayerMap)) -> Confirmed {
    confirmed_with(bytes, FrontEnd::waveform(), change)
}

fn confirmed_with(bytes: &[u8], front_end: FrontEnd, change: impl Fn(&mut LayerMap)) -> Confirmed {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.onnx");
    std::fs::write(&path, bytes).unwrap();
    let choice = FileChoice {
        front_end: Some(front_end),
        ..FileChoice::default()
    };
    let model = load_file(&path, &choice).unwrap().model;
    let engine = open_engine(
        EngineChoice::Rten,
        &Cache::locate(),
        Network::Offline,
        &Task::silent(),
    )
    .unwrap();
    let mut map = layer_map(&survey(bytes).unwrap());
    change(&mut map);
    confirm(&model, &map, engine.as_ref(), &Cancel::new()).unwrap()
}

#[test]
fn every_written_graph_runs_as_mapped() {
    let style = Style::Numbers;
    let graphs: [(&str, Scribe); 10] = [
        (
            "pre-norm",
            pre_norm(style, NormForm::Whole, GeluForm::Erf, false),
        ),
        (
            "in pieces",
            pre_norm(style, NormForm::Pieces, GeluForm::Erf, false),
        ),
        ("post-norm", post_norm(style)),
        ("conformer", conformer(style, 2)),
        ("lstm", stack(style, "LSTM", 2)),
        ("gru", stack(style, "GRU", 1)),
        ("classifier", classifier(style)),
        ("resnet", resnet(style, &[2, 2, 1], false)),
        ("gated resnet", resnet(style, &[1, 1], true)),
        ("masked", dense_time_delay(style, Context::Utterance)),
    ];
    for (name, graph) in graphs {
        let run = confirmed(&graph.model(), |_| {});
        let wrong: Vec<_> = run
            .taps
            .iter()
            .filter(|tap| tap.outcome != Outcome::Agreed)
            .collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
        assert_eq!(
            (run.taps.len(), run.steps.len()),
            (graph.marks.len(), 2),
            "{name}"
        );
    }
}

/// A network that takes pieces of 576 samples is tried with these, where its front end says so.
#[test]
fn windows_of_one_length_are_tried() {
    let mut graph = Suffix::new();
    graph
        .header(8, 17, "test")
        .graph_name("pieces")
        .input("x", ElementType::Float32, &["n".into(), "time".into()])
        .init_i64("one", &[1], &[1])
        .init_i64("whole", &[2], &[1, 4 * 9])
        .init_f32("w", &[4, 1, 64], &[0.5; 4 * 64])
        .init_f32("v", &[4 * 9, 2], &[0.5; 4 * 9 * 2])
        .node("Unsqueeze", &["x", "one"], &["wave"], &[])
        .node(
            "Conv",
            &["wave", "w"],
            &["y"],
            &[
                ("strides", Attribute::Ints(&[64])),
                ("pads", Attribute::Ints(&[0, 0])),
                ("dilations", Attribute::Ints(&[1])),
            ],
        )
        .node("Reshape", &["y", "whole"], &["row"], &[])
        .node("MatMul", &["row", "v"], &["z"], &[])
        .output("z");
    let bytes = graph.finish();
    let run = confirmed(&bytes, |_| {});
    assert_eq!(run.steps, Vec::<usize>::new(), "{run:?}");
    let pieces = WaveformWindows {
        samples: 576,
        hop_samples: 512,
        short: ShortAudio::Zeros,
        count: WindowCount::Complete,
    };
    let front_end = FrontEnd::Waveform(Waveform {
        windows: Some(pieces),
        ..Waveform::default()
    });
    let run = confirmed_with(&bytes, front_end, |_| {});
    assert_eq!(run.steps, [576], "{run:?}");
    assert_eq!(run.taps[0].shapes, [[1, 4, 9]]);
}

#[test]
fn a_wrong_map_is_corrected() {
    let graph = pre_norm(Style::Dynamo, NormForm::Whole, GeluForm::Erf, false);
    let run = confirmed(&graph.model(), |map| {
        for tap in &mut map.taps {
            match tap.name.as_str() {
                "conv.1" => tap.axes = vec![Axis::Batch, Axis::Time, Axis::Dim],
                "encoder.0.resid_mid" => tap.dim = Some(9),
                "encoder.0.resid_pre" => {
                    if let Some(timing) = &mut tap.timing {
                        timing.stride = 3;
                    }
                }
                _ => {}
            }
        }
    });
    assert_eq!(run.counts(), [run.taps.len() - 3, 3, 0]);
    let checked = |name: &str| {
        run.taps
            .iter()
            .find(|checked| checked.tap.name == name)
            .unwrap()
    };
    let conv = checked("conv.1");
    assert_eq!(conv.tap.axes, [Axis::Batch, Axis::Dim, Axis::Time]);
    assert_eq!(checked("encoder.0.resid_mid").tap.dim, Some(8));
    let entry = checked("encoder.0.resid_pre");
    assert_eq!(entry.tap.timing.map(|timing| timing.stride), Some(2));
    assert!(matches!(&entry.outcome, Outcome::Corrected { why } if why.contains("measured 2")));
}

#[test]
fn what_the_engine_refuses_is_not_seen() {
    let mut s = Scribe::new(Style::Numbers);
    let x = s.input("x", &["batch".into(), "time".into(), 8.into()]);
    let weight = s.weight("a", &[8, 8]);
    let [y] = s.contrib("a", "NobodyKnowsThis", &[&x], [true]);
    let out = s.op("a", "MatMul", &[&y, &weight], &[]);
    s.output(&out);
    let run = confirmed(&s.model(), |_| {});
    assert_eq!(run.counts(), [0, 0, 1]);
}
