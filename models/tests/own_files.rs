//! A user's own file with its card, its flags and its files of weights.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

use phonoscope_analysis::frontend::{FrontEnd, WhisperPad};
use phonoscope_analysis::task::Task;
use phonoscope_models::engine::{EngineChoice, open_engine};
use phonoscope_models::wire::{Attribute, ElementType, Suffix};
use phonoscope_models::{
    Cache, Card, Error, FileChoice, GivenRole, InputRole, Model, Network, graph_of_file, load_file,
};

/// A graph that takes samples and scales them by an input of one number.
fn scaling() -> Vec<u8> {
    let mut graph = Suffix::new();
    graph
        .header(8, 17, "test")
        .graph_name("own")
        .input("audio", ElementType::Float32, &["B".into(), "N".into()])
        .input("gain", ElementType::Float32, &[])
        .node("Mul", &["audio", "gain"], &["scaled"], &[])
        .node("Relu", &["scaled"], &["y"], &[])
        .typed_output("y", ElementType::Float32, &["B".into(), "N".into()]);
    graph.finish()
}

struct Place(tempfile::TempDir);

impl Place {
    fn with(graph: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("own.onnx"), graph).unwrap();
        Self(folder)
    }

    fn model(&self) -> PathBuf {
        self.0.path().join("own.onnx")
    }

    fn card(&self, text: &str) -> &Self {
        fs::write(self.0.path().join("own.toml"), text).unwrap();
        self
    }

    fn load(&self, choice: &FileChoice) -> Result<Model, Error> {
        load_file(&self.model(), choice).map(|loaded| loaded.model)
    }
}

#[test]
fn what_is_guessed_is_told_and_recorded() {
    let place = Place::with(&scaling());
    let choice = FileChoice {
        inputs: vec![("gain".into(), GivenRole::Number(2.0))],
        ..FileChoice::default()
    };
    let loaded = load_file(&place.model(), &choice).unwrap();
    assert_eq!(loaded.model.front_end, FrontEnd::waveform());
    let words = &loaded.remarks[0];
    assert!(
        words.contains("guessed from input `audio` f32 [B, N]"),
        "{words}"
    );
    assert!(
        loaded
            .model
            .source
            .starts_with("own.onnx; front end guessed")
    );
    assert_eq!(loaded.model.licence, "not stated");

    let said = FileChoice {
        front_end: Some(FrontEnd::waveform()),
        ..choice
    };
    let loaded = load_file(&place.model(), &said).unwrap();
    assert!(loaded.remarks.is_empty(), "{:?}", loaded.remarks);
    assert_eq!(loaded.model.source, "own.onnx");
}

#[test]
fn a_bound_constant_reaches_the_graph() {
    let place = Place::with(&scaling());
    place.card(
        "[[input]]\nname = \"gain\"\nrole = { kind = \"constant\", value = 2, dims = [] }\n\
         [[tap]]\nname = \"loud\"\ntensor = \"scaled\"\n",
    );
    let model = place.load(&FileChoice::default()).unwrap();
    assert!(model.source.starts_with("own.onnx with card own.toml"));
    assert_eq!(model.taps[0].name, "loud");
    let cache = Cache::at(place.0.path().join("cache"));
    let task = Task::silent();
    let engine = open_engine(EngineChoice::Rten, &cache, Network::Offline, &task).unwrap();
    let mut session = model.open(engine.as_ref(), &["scaled".into()]).unwrap();
    let features = model.front_end.compute(&[0.25, -0.5]).unwrap().data;
    let feed = model.feed(features.view(), None).unwrap();
    let views: Vec<_> = feed
        .iter()
        .map(|(name, x)| (name.as_str(), x.view()))
        .collect();
    let out = session.run(&views, &task.cancel).unwrap();
    assert_eq!(out[0].as_slice().unwrap(), [0.5, -1.0]);
}

#[test]
fn cards_flags_and_graph_must_agree() {
    let place = Place::with(&scaling());
    let gain = |value| ("gain".to_owned(), GivenRole::Number(value));
    let flags = FileChoice {
        front_end: Some(FrontEnd::waveform()),
        inputs: vec![gain(1.0)],
        ..FileChoice::default()
    };
    let error = |place: &Place, choice: &FileChoice| {
        let error = place.load(choice).unwrap_err();
        assert!(error.is_input(), "{error}");
        error.to_string()
    };
    place.card("front_end = { kind = \"waveform\" }");
    assert!(error(&place, &flags).contains("both say the front end"));
    place.card("[[input]]\nname = \"gain\"\nrole = { kind = \"length\" }\n");
    assert!(error(&place, &flags).contains("`gain` is given twice"));
    place.card("[[input]]\nname = \"pain\"\nrole = { kind = \"length\" }\n");
    let unknown = error(&place, &FileChoice::default());
    assert!(
        unknown.contains("no input `pain`") && unknown.contains("`gain`"),
        "{unknown}"
    );
    place.card("[[tap]]\nname = \"a\"\ntensor = \"scale\"\n");
    assert!(error(&place, &flags).contains("near: scaled"));
    place.card("[embedding]\ntap = \"nothing\"\nnormalise = \"l2\"\n");
    assert!(error(&place, &flags).contains("`nothing`"));
    place.card("nam = 1");
    assert!(error(&place, &flags).contains("line 1"));
    place.card("");
    let twice = FileChoice {
        inputs: vec![
            ("audio".into(), GivenRole::Features),
            ("gain".into(), GivenRole::Features),
        ],
        ..FileChoice::default()
    };
    assert!(error(&place, &twice).contains("several inputs"));
    let padded = FileChoice {
        pad: Some(WhisperPad::Seconds30),
        ..flags
    };
    assert!(error(&place, &padded).contains("whisper_log_mel"));
    assert!(error(&place, &FileChoice::default()).contains("`gain` is not understood"));
    let missing = FileChoice {
        card: Some("no/such.toml".into()),
        ..FileChoice::default()
    };
    assert!(matches!(place.load(&missing), Err(Error::Io { .. })));
}

#[test]
fn an_embedding_may_be_named_by_its_tensor() {
    let place = Place::with(&scaling());
    place.card(
        "embedding = { tap = \"scaled\", normalise = \"none\" }\n\
         [[input]]\nname = \"gain\"\nrole = { kind = \"constant\", value = 1, dims = [] }\n",
    );
    let model = place.load(&FileChoice::default()).unwrap();
    assert_eq!(model.tap("scaled").unwrap().tensor, "scaled");
}

#[test]
fn a_model_s_own_card_gives_the_model_again() {
    let place = Place::with(&scaling());
    let choice = FileChoice {
        inputs: vec![("gain".into(), GivenRole::Number(0.5))],
        ..FileChoice::default()
    };
    let model = place.load(&choice).unwrap();
    Card::of(&model)
        .write(&Card::beside(&place.model()))
        .unwrap();
    let again = place.load(&FileChoice::default()).unwrap();
    assert_eq!(again.inputs, model.inputs);
    assert_eq!(again.front_end, model.front_end);
    assert_eq!(again.taps, model.taps);
    let gain = InputRole::Constant {
        value: 0.5,
        dims: Vec::new(),
    };
    assert_eq!(again.inputs[1].role, gain);
}

/// A graph that doubles at 16 kHz and trebles at other rates.
fn branching() -> Vec<u8> {
    let branch = |factor: f32| {
        let mut body = Suffix::new();
        body.graph_name("branch")
            .init_f32("factor", &[1], &[factor])
            .node("Mul", &["audio", "factor"], &["louder"], &[])
            .node("Relu", &["louder"], &["kept"], &[])
            .output("kept");
        body.body()
    };
    let (yes, no) = (branch(2.0), branch(3.0));
    let branches = [
        ("then_branch", Attribute::Graph(&yes)),
        ("else_branch", Attribute::Graph(&no)),
    ];
    let mut graph = Suffix::new();
    graph
        .header(8, 17, "test")
        .graph_name("own")
        .init_i64("wide", &[], &[16_000])
        .input("audio", ElementType::Float32, &["B".into(), "N".into()])
        .input("sr", ElementType::Int64, &[])
        .node("Equal", &["sr", "wide"], &["is_wide"], &[])
        .named_node("rate", "If", &["is_wide"], &["chosen"], &branches)
        .node("Neg", &["chosen"], &["y"], &[])
        .typed_output("y", ElementType::Float32, &["B".into(), "N".into()]);
    graph.finish()
}

#[test]
fn a_branch_that_a_bound_number_decides_is_unpacked() {
    let place = Place::with(&branching());
    let at = |rate| FileChoice {
        front_end: Some(FrontEnd::waveform()),
        inputs: vec![("sr".into(), GivenRole::Number(rate))],
        ..FileChoice::default()
    };
    let engine = {
        let (cache, task) = (Cache::at(place.0.path().join("cache")), Task::silent());
        open_engine(EngineChoice::Rten, &cache, Network::Offline, &task).unwrap()
    };
    let mut stored = Vec::new();
    for (rate, branch, factor) in [(16_000.0, "then", 2.0), (8_000.0, "else", 3.0)] {
        let loaded = load_file(&place.model(), &at(rate)).unwrap();
        let model = loaded.model;
        let told = format!("the `If` node `rate` (`{branch}_branch`)");
        assert_eq!(model.unpacked, std::slice::from_ref(&told));
        let words = loaded.remarks.iter().find(|words| words.contains(&told));
        assert!(words.unwrap().starts_with("1 branch"), "{words:?}");
        // What was inside the branch can be read, by its raw name.
        let tap = model.select(&["louder".to_owned()]).unwrap().remove(0);
        let outputs = [tap.tensor, "y".into()];
        let mut session = model.open(engine.as_ref(), &outputs).unwrap();
        let features = model.front_end.compute(&[0.25, -0.5]).unwrap().data;
        let feed = model.feed(features.view(), None).unwrap();
        let views: Vec<_> = feed.iter().map(|(n, x)| (n.as_str(), x.view())).collect();
        let out = session.run(&views, &Task::silent().cancel).unwrap();
        assert_eq!(out[0].as_slice().unwrap(), [0.25 * factor, -0.5 * factor]);
        assert_eq!(out[1].as_slice().unwrap(), [-0.25 * factor, 0.0]);
        assert_ne!(model.graph.sha256(), model.weights_sha256);
        stored.push(model.weights_sha256);
    }
    assert_eq!(stored[0], stored[1], "one file");
    // Without a number for it, nobody knows the branch: the graph stays as it is.
    let alone = graph_of_file(&place.model()).unwrap();
    assert!(alone.unpacked.is_empty());
    assert_eq!(alone.graph.bytes(), branching());
}

/// The bytes of an external weight `w` of shape [2], in the file of this name.
fn external(file: &str) -> Vec<u8> {
    use phonoscope_models::wire::{put_bytes, put_int};
    let entry = |key: &str, value: &str| {
        let mut entry = Vec::new();
        put_bytes(&mut entry, 1, key.as_bytes());
        put_bytes(&mut entry, 2, value.as_bytes());
        entry
    };
    let mut tensor = Vec::new();
    put_int(&mut tensor, 1, 2);
    put_int(&mut tensor, 2, 1);
    put_bytes(&mut tensor, 8, b"w");
    put_bytes(&mut tensor, 13, &entry("location", file));
    put_bytes(&mut tensor, 13, &entry("length", "8"));
    put_int(&mut tensor, 14, 1);
    let mut graph = Vec::new();
    put_bytes(&mut graph, 5, &tensor);
    let mut model = Vec::new();
    put_bytes(&mut model, 7, &graph);
    let mut rest = Suffix::new();
    rest.header(8, 17, "test")
        .graph_name("own")
        .input("audio", ElementType::Float32, &["B".into(), "N".into()])
        .node("Mul", &["audio", "w"], &["y"], &[])
        .typed_output("y", ElementType::Float32, &["B".into(), "N".into()]);
    model.extend(rest.finish());
    model
}

#[test]
fn weights_in_files_beside_the_graph_are_found_checked_and_hashed() {
    let place = Place::with(&external("own.weights"));
    assert!(matches!(
        place.load(&FileChoice::default()),
        Err(Error::External { .. })
    ));
    let weights = place.0.path().join("own.weights");
    fs::write(&weights, [0; 8]).unwrap();
    let model = place.load(&FileChoice::default()).unwrap();
    assert_eq!(model.weights_dir.as_deref(), Some(place.0.path()));
    assert_ne!(model.weights_sha256, model.graph.sha256());
    fs::write(&weights, [1; 8]).unwrap();
    let other = place.load(&FileChoice::default()).unwrap();
    assert_ne!(other.weights_sha256, model.weights_sha256);
    assert_eq!(other.graph.sha256(), model.graph.sha256());

    for file in ["../own.weights", "/etc/hostname"] {
        let place = Place::with(&external(file));
        assert!(matches!(
            place.load(&FileChoice::default()),
            Err(Error::External { .. })
        ));
    }
    assert!(load_file(Path::new("no/such.onnx"), &FileChoice::default()).is_err());
}
