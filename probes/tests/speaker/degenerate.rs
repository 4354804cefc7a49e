//! Corpora with something wrong: each is handled in words.

use phonoscope_analysis::task::Task;
use phonoscope_probes::speaker::{SpeakerInput, SpeakerSettings, run};

use super::simulated::{column, found, has, input, is_whole, normals, quick, table, values};

fn corpus(speakers: usize, dims: usize) -> SpeakerInput {
    let x = normals(speakers, 3, 11, "corpus-x");
    let mut y = normals(speakers, dims, 12, "corpus-y");
    y.column_mut(0).scaled_add(2.0, &x.column(0));
    let mut input = input(y, &x);
    let sexes = (0..speakers).map(|i| ["f", "m"][i % 2].to_owned());
    let ages = (0..speakers).map(|i| (20 + i * 7 % 50).to_string());
    input.columns = vec![column("sex", sexes), column("age", ages)];
    input
}

/// All analyses but the network.
fn whole() -> SpeakerSettings {
    SpeakerSettings {
        sensitivity: true,
        ..quick()
    }
}

#[test]
fn fewer_speakers_than_dimensions() {
    let outcome = found(&corpus(40, 64), &whole());
    is_whole(&outcome);
    assert!(
        outcome
            .warnings
            .join("\n")
            .contains("40 speakers for 64 dimensions")
    );
    let sensitivity = table(&outcome, "sensitivity");
    assert_eq!(values(sensitivity, "r_squared").len(), 6);
    assert_eq!(values(sensitivity, "sex_auc").len(), 6);
}

#[test]
fn one_sex_only() {
    let mut input = corpus(40, 8);
    input.columns[0].values.fill(Some("f".into()));
    let outcome = found(&input, &whole());
    is_whole(&outcome);
    assert!(!has(&outcome, "sex") && !has(&outcome, "suspicious_labels"));
    assert!(
        outcome
            .warnings
            .join("\n")
            .contains("`sex` is not compared: constant")
    );
    // Ages are then predicted over everybody.
    let age = table(&outcome, "age");
    assert_eq!(age.column("group").unwrap().text_at(0), Some("all"));
}

#[test]
fn too_few_of_one_sex() {
    let mut input = corpus(40, 8);
    for (i, sex) in input.columns[0].values.iter_mut().enumerate() {
        *sex = Some(if i < 5 { "m" } else { "f" }.into());
    }
    let outcome = found(&input, &whole());
    is_whole(&outcome);
    assert!(has(&outcome, "sex") && !has(&outcome, "sex_slopes"));
    let warned = outcome.warnings.join("\n");
    assert!(
        warned.contains("no regression within sex=m: 5 speakers"),
        "{warned}"
    );
    assert!(
        warned.contains("age is not predicted for sex=m"),
        "{warned}"
    );
}

#[test]
fn a_constant_descriptor_and_an_unvoiced_speaker() {
    let mut input = corpus(40, 8);
    input.descriptors[1].values.fill(Some(0.1));
    input.descriptors[0].values[4] = None;
    let outcome = found(&input, &whole());
    is_whole(&outcome);
    let warned = outcome.warnings.join("\n");
    assert!(
        warned.contains("`d1` is not used: constant over speakers"),
        "{warned}"
    );
    assert!(
        warned.contains("1 speakers lack a descriptor (for example spk4"),
        "{warned}"
    );
    let r2 = table(&outcome, "regression").column("r_squared").unwrap();
    assert_eq!(r2.estimate_at(0).unwrap().n, 39);
    let used = table(&outcome, "descriptors").column("used").unwrap();
    assert_eq!(
        [0, 1, 2].map(|d| used.text_at(d).unwrap()),
        ["yes", "no", "yes"]
    );

    for value in input.descriptors[2].values.iter_mut().take(20) {
        *value = None;
    }
    let outcome = found(&input, &whole());
    let warned = outcome.warnings.join("\n");
    assert!(
        warned.contains("`d2` is not used: missing for 20 of 40 speakers"),
        "{warned}"
    );
}

#[test]
fn three_speakers() {
    let outcome = found(&corpus(3, 8), &whole());
    is_whole(&outcome);
    assert!(!has(&outcome, "regression") && has(&outcome, "components"));
    let warned = outcome.warnings.join("\n");
    assert!(
        warned.contains("descriptors are not compared with the embeddings"),
        "{warned}"
    );
}

#[test]
fn one_utterance_a_speaker_leaves_no_pairs() {
    let outcome = found(&corpus(30, 8), &whole());
    let verification = table(&outcome, "verification");
    assert!(values(verification, "eer").is_empty());
    let note = verification.column("note").unwrap().text_at(0).unwrap();
    assert!(note.contains("one utterance"), "{note}");
}

#[test]
fn speakers_who_share_recordings_stay_in_one_fold() {
    let mut input = corpus(40, 8);
    for (i, recording) in input.recordings.iter_mut().enumerate() {
        *recording = Some(format!("sha{}", if i == 17 { 3 } else { i }));
    }
    let outcome = found(&input, &whole());
    is_whole(&outcome);
    let warned = outcome.warnings.join("\n");
    assert!(
        warned.contains("speakers spk3, spk17 share recordings"),
        "{warned}"
    );
    assert_eq!(outcome.checks[0].id, "fold_leakage");
    // Everybody is one person: nothing can be held out.
    input.recordings.fill(Some("one".into()));
    let why = run(&input, &whole(), &Task::silent())
        .unwrap_err()
        .to_string();
    assert!(why.contains("share no recording"), "{why}");
}

#[test]
fn folds_that_share_a_speaker_or_a_recording_are_refused() {
    let mut input = corpus(40, 8);
    input.folds = Some((0..40).map(|i| format!("fold{}", i % 4)).collect());
    let outcome = found(&input, &whole());
    assert!(
        outcome.checks[0]
            .detail
            .contains("4 folds, as the corpus has them")
    );
    let why = |input: &SpeakerInput| {
        run(input, &whole(), &Task::silent())
            .unwrap_err()
            .to_string()
    };
    // The second item is of the first speaker, and lies in another fold.
    let mut shared = input.clone();
    shared.speakers[1] = "spk0".into();
    let said = why(&shared);
    assert!(
        said.contains("1 speakers lie in more than one fold (for example spk0)"),
        "{said}"
    );
    for i in [0, 1] {
        input.recordings[i] = Some("same".into());
    }
    let said = why(&input);
    assert!(
        said.contains("1 recordings lie in more than one fold"),
        "{said}"
    );
}

#[test]
fn controls_that_are_off_are_named() {
    let settings = SpeakerSettings {
        nulls: false,
        ..quick()
    };
    let outcome = found(&corpus(40, 8), &settings);
    is_whole(&outcome);
    let said = outcome.warnings.join("\n");
    assert!(
        said.contains("switched off: the network") && said.contains("sensitivity"),
        "{said}"
    );
    assert!(values(table(&outcome, "regression"), "null_95").is_empty());
}
