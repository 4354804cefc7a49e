use std::fs;
use std::path::Path;

use phonoscope_analysis::task::Task;

use super::*;
use crate::cache::Cache;
use crate::fetch::Network;
use crate::load::{FileChoice, load, load_file};
use crate::wire::{Dim, Suffix};

fn own_graph() -> Vec<u8> {
    let mut graph = Suffix::new();
    let wide: [Dim; 2] = ["time".into(), 3.into()];
    graph
        .header(8, 17, "test")
        .graph_name("own")
        .input("x", ElementType::Float32, &wide)
        .init_f32("w", &[3, 2], &[0.5; 6])
        .init_i64("axis", &[1], &[0])
        .node("Relu", &["x"], &["hidden"], &[])
        .node("MatMul", &["hidden", "w"], &["logits"], &[])
        .node("Shape", &["logits"], &["sizes"], &[])
        .inner("sizes", ElementType::Int64, &[2.into()])
        .typed_output("logits", ElementType::Float32, &["time".into(), 2.into()]);
    graph.finish()
}

fn fed_samples() -> FileChoice {
    FileChoice {
        front_end: Some(FrontEnd::waveform()),
        ..FileChoice::default()
    }
}

fn own_model(bytes: &[u8]) -> Result<Model> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.onnx");
    fs::write(&path, bytes).unwrap();
    Ok(load_file(&path, &fed_samples())?.model)
}

#[test]
fn the_hash_is_that_of_the_standard() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(GraphBytes::new(*b"abc").sha256(), abc);
}

#[test]
fn a_users_own_file_has_the_taps_of_its_layer_map() {
    let model = own_model(&own_graph()).unwrap();
    assert_eq!(
        (model.name.as_str(), model.inputs[0].name.as_str()),
        ("own", "x")
    );
    let taps: Vec<_> = model
        .taps
        .iter()
        .map(|tap| (tap.name.as_str(), tap.tensor.as_str(), tap.dim))
        .collect();
    assert_eq!(taps, [("dense.0", "logits", Some(2))]);
    assert_eq!(model.weights_sha256, model.graph.sha256());
    let summary = crate::inspect(&model.graph).unwrap();
    assert_eq!(summary.parameters, 6);
    assert_eq!(summary.operators.values().sum::<usize>(), 3);
    assert_eq!(summary.opsets["ai.onnx"], 17);
    assert_eq!(summary.values.len(), 3);
    assert_eq!(
        summary.inputs[0].shape.as_deref(),
        Some(&["time".to_owned(), "3".to_owned()][..])
    );
}

/// A graph that adds a state to samples, with this first axis.
fn with_state(rows: Dim, state: Option<&[Dim]>) -> Vec<u8> {
    let mut graph = Suffix::new();
    graph.header(8, 17, "test").graph_name("pieces").input(
        "x",
        ElementType::Float32,
        &[rows, "time".into()],
    );
    match state {
        Some(dims) => graph.input("state", ElementType::Float32, dims).node(
            "Add",
            &["x", "state"],
            &["y"],
            &[],
        ),
        None => graph.node("Relu", &["x"], &["y"], &[]),
    };
    graph.output("y");
    graph.finish()
}

#[test]
fn a_graph_of_one_row_or_with_a_state_takes_windows_one_by_one() {
    let state = [1.into(), 1.into()];
    for (rows, state, expected) in [
        ("n".into(), None, false),
        (1.into(), None, true),
        ("n".into(), Some(&state[..]), true),
    ] {
        let model = own_model(&with_state(rows, state)).unwrap();
        assert_eq!(model.takes_single_rows(), expected, "{:?}", model.inputs);
    }
}

#[test]
fn files_that_are_no_model_or_need_more_say_so() {
    let text = own_model(b"path\tspeaker\n").unwrap_err();
    assert!(
        text.to_string().contains("own.onnx is not an ONNX model"),
        "{text}"
    );
    assert!(text.hint().is_some());
    let missing = load_file(Path::new("no/such.onnx"), &fed_samples()).unwrap_err();
    assert!(
        missing.to_string().starts_with("cannot read no/such.onnx"),
        "{missing}"
    );
    let mut more = Suffix::new();
    more.input("y", ElementType::Float32, &[Dim::Unknown]);
    let two = own_model(&[own_graph(), more.finish()].concat()).unwrap_err();
    assert!(matches!(two, Error::NoFrontEnd { .. }));
    assert!(two.to_string().contains("`y` f32 [?]"), "{two}");
    assert!(two.hint().unwrap().contains("--input"));
}

#[test]
fn taps_are_selected_by_name_by_pattern_and_by_raw_name() {
    let mut model = own_model(&own_graph()).unwrap();
    let names = |model: &Model, patterns: &[&str]| -> Result<Vec<String>> {
        let patterns: Vec<String> = patterns.iter().map(|&p| p.to_owned()).collect();
        Ok(model
            .select(&patterns)?
            .into_iter()
            .map(|tap| tap.name)
            .collect())
    };
    assert_eq!(names(&model, &["d*", "*"]).unwrap(), ["dense.0"]);
    assert_eq!(
        names(&model, &["hidden", "dense.0", "hidden"]).unwrap(),
        ["dense.0", "hidden"]
    );
    model.taps = raw_taps(&survey(model.graph.bytes()).unwrap());
    assert_eq!(names(&model, &["l*", "*"]).unwrap(), ["hidden", "logits"]);
    let error = names(&model, &["logit"]).unwrap_err();
    assert!(error.to_string().contains("cannot tap `logit`"), "{error}");
    assert!(error.hint().unwrap().contains("logits"));
    assert!(model.tap("nothing").is_err());
}

#[test]
fn an_odd_file_asks_for_a_front_end_and_an_unknown_name_lists_the_known() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    let path = folder.path().join("own.onnx");
    fs::write(&path, own_graph()).unwrap();
    let load = |name: &str| load(name, &cache, Network::Offline, &Task::silent()).unwrap_err();
    let error = load(path.to_str().unwrap());
    assert!(matches!(error, Error::NoFrontEnd { .. }));
    assert!(error.to_string().contains("`x` f32 [time, 3]"), "{error}");
    assert!(matches!(load("gee2e"), Error::UnknownModel { .. }));
    assert!(matches!(load("ge2e"), Error::Offline { .. }));
}
