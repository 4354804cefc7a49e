//! The models of the catalogue, built from the real weight files.
//!
//! Weights come from the user's cache. With `PHONOSCOPE_TEST_FETCH` set they are fetched if
//! missing; otherwise the test is skipped.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says when it is skipped"
)]

use phonoscope_analysis::task::Task;
use phonoscope_models::{Axis, Cache, Error, GraphSummary, Model, Network, inspect, load};

fn model(name: &str) -> Option<(Model, GraphSummary)> {
    let network = match std::env::var_os("PHONOSCOPE_TEST_FETCH") {
        Some(_) => Network::Allowed,
        None => Network::Offline,
    };
    match load(name, &Cache::locate(), network, &Task::silent()) {
        Ok(model) => {
            let summary = inspect(&model.graph).unwrap();
            Some((model, summary))
        }
        Err(Error::Offline { what, .. }) => {
            eprintln!("skipped: {what} is not in the cache");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn tap_names(model: &Model) -> Vec<&str> {
    model.taps.iter().map(|tap| tap.name.as_str()).collect()
}

#[test]
fn ge2e_has_the_known_structure() {
    let Some((model, summary)) = model("ge2e") else {
        return;
    };
    assert_eq!(model.inputs[0].name, "mel");
    assert_eq!(
        tap_names(&model),
        ["lstm.0", "lstm.1", "lstm.2", "pre_relu", "embedding"]
    );
    assert!(model.taps.iter().all(|tap| tap.dim == Some(256)));
    // 4·256·(40 + 256 + 2) + 2·4·256·(256 + 256 + 2) + 256·256 + 256
    assert_eq!(summary.parameters, 1_423_616);
    assert_eq!(summary.operators["LSTM"], 3);
    assert_eq!(summary.operators.values().sum::<usize>(), 15);
    assert_eq!(summary.opsets["ai.onnx"], 17);
    let mel = summary.inputs[0].shape.as_deref().unwrap();
    assert_eq!(mel, ["window", "time", "40"]);
}

#[test]
fn whisper_tiny_en_has_the_known_structure() {
    let Some((model, summary)) = model("whisper-tiny.en") else {
        return;
    };
    assert_eq!(model.inputs[0].name, "input_features");
    let mut expected = vec!["encoder.0.resid_pre".to_owned()];
    for layer in 0..4 {
        let parts = ["attn.probs", "resid_mid", "mlp_act", "resid_post"];
        expected.extend(parts.map(|part| format!("encoder.{layer}.{part}")));
    }
    expected.push("encoder.final_norm".to_owned());
    assert_eq!(tap_names(&model), expected);
    let probs = model.tap("encoder.2.attn.probs").unwrap();
    assert_eq!(probs.axes, [Axis::Batch, Axis::Head, Axis::Time, Axis::Key]);
    assert_eq!(model.tap("encoder.3.mlp_act").unwrap().dim, Some(1536));
    assert_eq!(model.tap("encoder.3.resid_post").unwrap().dim, Some(384));
    // convolutions 80·3·384 + 384·3·384 + 2·384, positions 1500·384, each of 4 blocks
    // 4·384² + 4·384 + 2·384·1536 + 1536 + 384 + 4·384, final norm 2·384, and 4 constants
    assert_eq!(summary.parameters, 8_209_924);
    for (operator, count) in [
        ("Softmax", 4),
        ("LayerNormalization", 9),
        ("Erf", 6),
        ("Conv", 2),
    ] {
        assert_eq!(summary.operators[operator], count, "{operator}");
    }
    let features = summary.inputs[0].shape.as_deref().unwrap();
    assert_eq!(features, ["batch", "80", "frame"]);
}

#[test]
fn campplus_has_the_known_structure() {
    let Some((model, summary)) = model("campplus") else {
        return;
    };
    assert_eq!(model.inputs[0].name, "fbank");
    // 6 of the head, 52 layers, 3 blocks and 3 transits, and tdnn, frames, stats, embedding
    assert_eq!(model.taps.len(), 6 + 52 + 6 + 4);
    for (tap, dim) in [
        ("tdnn", 128),
        ("block.0.layer.11", 32),
        ("block.0", 512),
        ("transit.0", 256),
        ("block.1", 1024),
        ("block.2", 1024),
        ("stats", 1024),
        ("embedding", 192),
    ] {
        assert_eq!(model.tap(tap).unwrap().dim, Some(dim), "{tap}");
    }
    assert_eq!(summary.operators["Sigmoid"], 52);
    assert!(!summary.operators.contains_key("LpNormalization"));
}

/// What the layer map adds does not hide what the catalogue names.
#[test]
fn shipped_files_have_the_taps_that_the_catalogue_names() {
    for name in ["smart-turn-v3.2", "moonshine-tiny", "dnsmos", "dvector"] {
        let Some((model, _)) = model(name) else {
            continue;
        };
        let catalogue = phonoscope_models::Catalogue::builtin().unwrap();
        let entry = catalogue.get(name).unwrap();
        for tap in entry.tap_names() {
            model.tap(&tap).unwrap();
        }
        let names = tap_names(&model);
        let unique: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{names:?}");
    }
}
