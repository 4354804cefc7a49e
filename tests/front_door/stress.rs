//! The shipped classifier of stress, its demo, and training a small one.

use phonoscope_probes::report::Report;

use crate::place::Place;

const DEMO: [&str; 10] = [
    "--engine",
    "rten",
    "--offline",
    "demo",
    "stress",
    "--no-tui",
    "--bootstrap",
    "20",
    "--sanity-words",
    "0",
];

#[test]
fn the_demo_explains_the_shipped_classifier_without_a_network() {
    let place = Place::new();
    let ran = place.run([&DEMO[..], &["--out", "d"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("Balanced accuracy"), "{}", ran.stdout);
    assert!(place.path("d/words/ATTRIBUTION").is_file());
    let report = Report::read(&place.path("d/report.json")).unwrap();
    let coverage = &report.trust.coverage;
    assert_eq!((report.probe.as_str(), coverage.used), ("stress", 40));
    let model = report.provenance.model.unwrap();
    assert_eq!(model.name, "stress-librispeech");
    assert!(model.source.contains("inside the program"));
    let accuracy = report.tables.iter().find(|t| t.id == "stress_accuracy");
    let accuracy = accuracy.unwrap();
    let row = |group: &str| {
        let is = |id: &str, row, wanted| {
            accuracy.column(id).and_then(|c| c.text_at(row)) == Some(wanted)
        };
        (0..accuracy.rows()).find(|r| is("group", *r, group) && is("method", *r, "network"))
    };
    let unseen = row("test: speaker and word unseen").unwrap();
    assert_eq!(accuracy.column("tokens").unwrap().value(unseen), Some(24.0));
}

#[test]
fn a_classifier_is_trained_and_written_with_its_cards() {
    let place = Place::new();
    let manifest = phonoscope_datasets::clips::stress::unpack(&place.path("words")).unwrap();
    let train = [
        "train",
        "stress",
        "--data",
        manifest.to_str().unwrap(),
        "--out",
        "mine.onnx",
        "--test-fold",
        "none",
        "--val-fold",
        "none",
        "--epochs",
        "1",
        "--batch",
        "8",
        "--clip",
        "0.6",
        "--word-alone",
        "--networks",
        "2",
        "--contrasts",
        "0.5",
        "--bootstrap",
        "10",
        "--data-licence",
        "CC BY 4.0",
    ];
    let ran = place.run(train);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("minimal pair"), "{}", ran.stdout);
    let card = std::fs::read_to_string(place.path("mine.md")).unwrap();
    assert!(card.contains("--data-licence 'CC BY 4.0'"), "{card}");
    assert!(card.contains("of 2 networks `small`"), "{card}");
    assert!(card.contains("and ends where it ends"), "{card}");
    let heard = std::fs::read_to_string(place.path("mine.toml")).unwrap();
    assert!(
        heard.contains("clip_secs = 0.6\nword_alone = true"),
        "{heard}"
    );
    assert!(place.path("mine.scores.tsv").is_file() && place.path("mine.toml").is_file());
    assert!(!place.path("mine.checkpoint.safetensors").exists());
    let first = std::fs::read(place.path("mine.onnx")).unwrap();
    assert_eq!(place.run(train).code, 0);
    assert_eq!(first, std::fs::read(place.path("mine.onnx")).unwrap());
}

#[test]
fn what_training_cannot_use_is_told_in_words() {
    let place = Place::new();
    let manifest = |name: &str, text: &str| {
        place.write(name, text);
        place.run(["train", "stress", "--data", name, "--out", "m.onnx"])
    };
    manifest("a.tsv", "path\tspeaker\tword\nx.wav\ts\tupon\n").fails(2, "no column `stress`");
    let one_vowel = "path\tspeaker\tword\tstress\tstart\tend\tvowel1_start\tvowel1_end\tvowel2_start\tvowel2_end\n\
                     x.wav\ts\tcat\tinitial\t0\t0.4\t0.1\t0.2\tNA\tNA\n";
    manifest("b.tsv", one_vowel).fails(2, "the word has no second vowel");
    let train = ["train", "stress", "--data", "b.tsv", "--out", "m.onnx"];
    let with = |more: &[&str]| place.run([&train[..], more].concat());
    with(&["--rotate", "--test-fold", "none"]).fails(2, "needs a test fold");
    with(&["--networks", "0"]).fails(2, "--networks is 0");
    with(&["--clip", "0"]).fails(2, "--clip is 0");
}
