//! A model of one's own: card, flags, guess.

use phonoscope_models::wire::{Attribute, ElementType, Suffix};

use crate::place::{Place, Ran};

/// A graph that takes samples and a gain, and gives their mean.
fn mean_of_samples() -> Vec<u8> {
    let mut graph = Suffix::new();
    let axes = [
        ("axes", Attribute::Ints(&[1])),
        ("keepdims", Attribute::Int(1)),
    ];
    graph
        .header(8, 17, "test")
        .graph_name("own")
        .input("audio", ElementType::Float32, &["B".into(), "N".into()])
        .input("gain", ElementType::Float32, &[])
        .node("Mul", &["audio", "gain"], &["scaled"], &[])
        .node("ReduceMean", &["scaled"], &["y"], &axes)
        .typed_output("y", ElementType::Float32, &["B".into(), 1.into()]);
    graph.finish()
}

fn place() -> Place {
    let place = Place::new();
    place.write("own.onnx", mean_of_samples());
    let samples: Vec<i16> = (0..16_000).map(|i| (i % 100) * 50).collect();
    place.wav("a.wav", &samples);
    place.write("m.tsv", "id\tpath\na\ta.wav\n");
    place
}

fn extract(place: &Place, more: &[&str]) -> Ran {
    let args = [
        "extract",
        "--engine",
        "rten",
        "--offline",
        "--model",
        "own.onnx",
        "--data",
        "m.tsv",
        "--taps",
        "y",
        "--out",
        "own.run",
    ];
    place.run(args.iter().chain(more))
}

#[test]
fn a_guess_is_told_and_recorded() {
    let place = place();
    let ran = extract(&place, &["--input", "gain=2"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let words = "front end guessed from input `audio` f32 [B, N]";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    let run = std::fs::read_to_string(place.path("own.run/run.json")).unwrap();
    assert!(run.contains(words), "{run}");
}

#[test]
fn what_is_not_understood_is_asked_for() {
    let place = place();
    extract(&place, &[]).fails_with_hint(2, "`gain` is not understood", "--input");
    extract(&place, &["--input", "gain"]).fails_with_hint(2, "NAME=ROLE", "number");
    extract(&place, &["--input", "gain=1", "--pad", "30s"]).fails(2, "whisper_log_mel");
    extract(&place, &["--input", "gain=1", "--front-end", "mfcc"]).fails_with_hint(
        2,
        "no front end `mfcc`",
        "kaldi_fbank",
    );
    let shown = place.run(["models", "inspect", "own.onnx"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let told: Vec<&str> = shown.stdout.split_whitespace().collect();
    assert!(
        told.join(" ").contains("`gain` is not understood"),
        "{}",
        shown.stdout
    );
    assert!(shown.stdout.contains("ReduceMean"), "{}", shown.stdout);
}

#[test]
fn a_card_is_started_from_changed_and_used() {
    let place = place();
    let start = place.run(["models", "card", "own.onnx"]);
    assert_eq!(start.code, 0, "{}", start.stderr);
    assert!(start.stdout.contains("kind = \"waveform\""));
    let gain =
        "\n[[input]]\nname = \"gain\"\nrole = { kind = \"constant\", value = 1, dims = [] }\n";
    place.write("own.toml", start.stdout + gain);
    let ran = extract(&place, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!ran.stderr.contains("guessed"), "{}", ran.stderr);
    extract(&place, &["--front-end", "waveform"]).fails(2, "both say the front end");
    place.write("own.toml", "name = \"own\"\ncolour = 1\n");
    extract(&place, &[]).fails_with_hint(
        2,
        "own.toml line 2: unknown field `colour`",
        "models card",
    );
}

#[test]
fn a_branch_that_is_always_taken_is_part_of_what_is_inspected() {
    let place = Place::new();
    let mut body = Suffix::new();
    body.graph_name("branch")
        .node("Neg", &["audio"], &["inner"], &[])
        .node("Relu", &["inner"], &["kept"], &[])
        .output("kept");
    let body = body.body();
    let branches = [
        ("then_branch", Attribute::Graph(&body)),
        ("else_branch", Attribute::Graph(&body)),
    ];
    let mut graph = Suffix::new();
    graph
        .header(8, 17, "test")
        .graph_name("own")
        .init_i64("zero", &[], &[0])
        .init_i64("one", &[], &[1])
        .input("audio", ElementType::Float32, &["B".into(), "N".into()])
        .node("Less", &["zero", "one"], &["always"], &[])
        .named_node("choice", "If", &["always"], &["y"], &branches)
        .typed_output("y", ElementType::Float32, &["B".into(), "N".into()]);
    place.write("own.onnx", graph.finish());
    let told = "the `If` node `choice` (`then_branch`)";
    let shown = place.run(["models", "inspect", "own.onnx", "--engine", "rten"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let words: Vec<&str> = shown.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains(told), "{}", shown.stdout);
    let json = place.run(["models", "inspect", "own.onnx", "--no-run", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["unpacked"], serde_json::json!([told]));
    assert!(json["graph"]["operators"]["If"].is_null(), "{json}");
    assert_eq!(json["graph"]["operators"]["Neg"], 1);
}

#[test]
fn the_catalogue_says_what_its_models_are_fed() {
    let args = ["models", "inspect", "ge2e", "--front-end", "waveform"];
    Place::new()
        .run(args)
        .fails_with_hint(2, "in the catalogue", "./ge2e");
}
