//! Edited and degraded speech through the front door.

use crate::place::{Place, shared};

#[test]
fn words_of_the_stress_corpus_are_edited_and_the_figures_printed() {
    let Some(shared) = shared() else { return };
    let place = Place::new();
    let manifest = shared.join("speech/librispeech-stress/manifest.tsv");
    let run = |more: &[&str]| {
        let data = [
            "data",
            "synth",
            "emphasis",
            "--data",
            manifest.to_str().unwrap(),
        ];
        let rest = ["--rows", "3", "--f0", "2..3", "--seed", "5"];
        place.run([&data[..], &rest, more].concat())
    };
    let ran = run(&["--out", "edited", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["schema"], "phonoscope.emphasis_corpus/1");
    let words = json["words"].as_u64().unwrap();
    assert_eq!(words + json["skipped"].as_array().unwrap().len() as u64, 3);
    assert_eq!(json["recordings"], 9 * words);
    assert_eq!(json["ranges"]["f0_st"]["high"], 3.0);
    let ran = run(&["--out", "again"]);
    assert!(ran.stdout.contains("emphasis_f0") && ran.stdout.contains("within 1 st"));
    let manifest = |name: &str| std::fs::read(place.path(name).join("manifest.tsv")).unwrap();
    assert!(manifest("edited") == manifest("again"));
    let checked = place.run(["data", "check", "edited/manifest.tsv"]);
    assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);
}

#[test]
fn corpora_are_degraded_and_bad_requests_refused_with_what_is_needed() {
    let place = Place::new();
    let manifest = place.voices(2, 1, 1.0);
    let run = |kinds: &str, out: &str| {
        place.run([
            "data", "degrade", "--data", &manifest, "--kinds", kinds, "--out", out, "--json",
        ])
    };
    let ran = run("noise_white=20/5,clip", "worse");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["schema"], "phonoscope.degraded_corpus/1");
    assert_eq!(json["systems"].as_array().unwrap().len(), 1 + 2 + 4);
    assert_eq!(json["systems"][2]["system"], "noise_white_snr5");
    let text = std::fs::read_to_string(place.path("worse/manifest.tsv")).unwrap();
    assert_eq!(text.lines().count(), 1 + 7 * 2);
    let checked = place.run(["data", "check", "worse/manifest.tsv", "--json"]);
    let checked: serde_json::Value = serde_json::from_str(&checked.stdout).unwrap();
    assert_eq!(checked["items"].as_array().unwrap().len(), 14);
    for (kinds, needed) in [
        ("hiss", "noise_white, noise_speech"),
        ("clip=5/1", "the mildest first"),
        ("quantise=99", "a whole number from 2 to 15"),
    ] {
        let ran = run(kinds, "bad");
        assert!(
            ran.code == 2 && ran.stderr.contains(needed),
            "{}",
            ran.stderr
        );
    }
    let ran = place.run([
        "data", "synth", "emphasis", "--data", &manifest, "--out", "none",
    ]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("no alignment"), "{}", ran.stderr);
    let ran = place.run([
        "data", "synth", "emphasis", "--data", &manifest, "--out", "none", "--f0", "6..1",
    ]);
    assert!(
        ran.code == 2 && ran.stderr.contains("the lower first"),
        "{}",
        ran.stderr
    );
}
