//! Bad input.

use super::*;
use phonoscope_datasets::Manifest;

#[test]
fn what_cannot_be_probed_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let (words, mut model, engine) = (words(dir.path(), 4), planted(dir.path()), engine());
    let why = |model: &Model, settings: StressSettings| {
        let input = StressInput {
            model,
            shuffled: None,
            words: &words,
            engine: &*engine,
        };
        stress(&input, &settings, &Task::silent())
            .unwrap_err()
            .to_string()
    };
    let wrong = why(
        &model,
        StressSettings {
            composites: vec!["magic".into()],
            ..settings()
        },
    );
    assert!(wrong.contains("`magic`"), "{wrong}");
    let wrong = why(
        &model,
        StressSettings {
            test_fold: Some(9),
            ..settings()
        },
    );
    assert!(wrong.contains("test fold 9"), "{wrong}");
    model.front_end = phonoscope_analysis::frontend::FrontEnd::waveform();
    let wrong = why(&model, settings());
    assert!(wrong.contains("spectrogram of fixed length"), "{wrong}");
}

/// Words of [`words`] with other columns, or other sounds.
fn changed(folder: &Path, change: impl Fn(&str) -> String) -> Words {
    words(folder, 12);
    let path = folder.join("manifest.tsv");
    let text = change(&std::fs::read_to_string(&path).unwrap());
    std::fs::write(&path, text).unwrap();
    Words::of(&Manifest::read(&path).unwrap()).unwrap()
}

fn probed(model: &Model, words: &Words) -> Result<StressFound> {
    let engine = engine();
    let input = StressInput {
        model,
        shuffled: None,
        words,
        engine: &*engine,
    };
    let quick = StressSettings {
        sanity_words: 0,
        twin: false,
        composites: vec!["EpsilonPlus".into()],
        ..settings()
    };
    stress(&input, &quick, &Task::silent())
}

#[test]
fn words_without_times_of_vowels_are_scored_and_the_report_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let model = planted(dir.path());
    let words = changed(dir.path(), |text| text.replace("vowel1_start", "other"));
    let found = probed(&model, &words).unwrap();
    let group = [("group", "all but minimal pairs"), ("method", "network")];
    let accuracy = value(
        &found.tables,
        "stress_accuracy",
        &group,
        "balanced_accuracy",
    );
    assert_eq!(accuracy, 1.0);
    let regions = found.tables.iter().find(|t| t.id == "stress_regions");
    assert_eq!(regions.unwrap().rows(), 0);
    let told = found.warnings.join("\n");
    assert!(told.contains("12 × no times of vowels"), "{told}");
}

#[test]
fn a_word_of_one_vowel_is_left_out_and_listed() {
    let dir = tempfile::tempdir().unwrap();
    let model = planted(dir.path());
    let words = changed(dir.path(), |text| {
        text.replacen("\t0.28\t0.43\n", "\tNA\tNA\n", 1)
    });
    let found = probed(&model, &words).unwrap();
    let skipped = &found.trust.coverage.skipped;
    let reason = skipped.iter().find(|s| s.id == "w0").map(|s| &*s.reason);
    assert_eq!(reason, Some("the word has no second vowel"));
}

#[test]
fn an_unvoiced_vowel_has_no_band_of_f0_and_the_word_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let model = planted(dir.path());
    let words = words(dir.path(), 12);
    let mut rng = stream(2, "whisper", 0);
    for n in 0..12 {
        let samples: Vec<f32> = (0..8000).map(|_| rng.random_range(-0.1..0.1)).collect();
        audio::write_wav(&dir.path().join(format!("w{n}.wav")), &samples, 16_000).unwrap();
    }
    let found = probed(&model, &words).unwrap();
    let told = found.warnings.join("\n");
    assert!(told.contains("× stressed vowel unvoiced"), "{told}");
    let items = found
        .tables
        .iter()
        .find(|t| t.id == "stress_items")
        .unwrap();
    let missing = items.column("missing").unwrap();
    let unvoiced = (0..items.rows()).filter(|row| {
        let told = missing.text_at(*row).unwrap_or_default();
        told.contains("stressed vowel unvoiced")
    });
    let unvoiced = unvoiced.count();
    assert!(unvoiced >= 10, "{unvoiced}");
    let bands = found
        .tables
        .iter()
        .find(|t| t.id == "stress_bands")
        .unwrap();
    let pitch =
        (0..bands.rows()).filter(|row| bands.column("band").unwrap().text_at(*row) == Some("F0"));
    for row in pitch {
        let words = bands.column("words").unwrap().value(row).unwrap();
        assert!(words <= (12 - unvoiced) as f64 + 1.0, "{words}");
    }
}

#[test]
fn a_network_of_another_input_or_another_number_of_classes_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let words = words(dir.path(), 4);
    let network = |name: &str, frames: usize, classes: usize| Feedforward {
        name: name.into(),
        input: "x".into(),
        shape: [1, 161, frames],
        layers: vec![
            ("flat".into(), Layer::Flatten),
            (
                "logits".into(),
                Layer::Dense {
                    weights: vec![0.01; 161 * frames * classes],
                    bias: vec![0.0; classes],
                },
            ),
        ],
    };
    let short = loaded(dir.path(), &network("short", 50, 2));
    let error = probed(&short, &words).unwrap_err().to_string();
    assert!(error.contains("50") && error.contains("101"), "{error}");
    let three = loaded(dir.path(), &network("three", 101, 3));
    let error = probed(&three, &words).unwrap_err().to_string();
    assert!(error.contains('3') || error.contains("three"), "{error}");
}
