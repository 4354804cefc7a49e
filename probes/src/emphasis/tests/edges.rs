//! What the data cannot give is said in words and counted.

use ndarray::Array2;
use phonoscope_analysis::task::Task;

use super::super::{EmphasisSettings, run};
use super::corpus::{Corpus, as_json, probe, quick, table};

fn nothing(
    _: &str,
    _: super::corpus::Token,
    _: &mut phonoscope_analysis::rng::Stream,
    _: &mut ndarray::Array1<f64>,
) {
}

#[test]
fn same_seed_same_bytes() {
    let (input, states) = Corpus::default().make(1, nothing);
    let first = as_json(&probe(&input, vec![vec![states.clone()]], &quick()));
    assert_eq!(first, as_json(&probe(&input, vec![vec![states]], &quick())));
    assert!(!first.contains("NaN"));
}

#[test]
fn unpaired_and_silent_versions_are_counted() {
    let (mut input, states) = Corpus::default().make(2, nothing);
    input.versions[0].condition = None;
    input.versions[8].silent = true;
    input.versions[15].condition = Some("whispered".into());
    input.versions[16].speaker = None;
    input.versions[23].pair = None;
    input.skipped.push(("lost".into(), "no alignment".into()));
    let made = probe(&input, vec![vec![states]], &quick());
    let text = made.warnings.join("\n");
    for words in [
        "1 versions take no part: it has no condition",
        "1 versions take no part: its span is silent",
        "begins with none of neutral",
        "it has no speaker",
        "it has no pair",
        "1 versions take no part: no alignment",
        "its pair has no neutral version",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(
        made.unused
            .iter()
            .any(|(id, why)| id == "lost" && why == "no alignment")
    );
}

#[test]
fn without_a_second_neutral_or_controls_the_report_says_so() {
    let corpus = Corpus {
        conditions: vec!["neutral", "emphasised"],
        ..Corpus::default()
    };
    let (input, states) = corpus.make(3, nothing);
    let made = probe(&input, vec![vec![states]], &quick());
    let text = made.warnings.join("\n");
    assert!(
        text.contains("neutral–neutral null is not available"),
        "{text}"
    );
    assert!(text.contains("specificity is not available"), "{text}");
    let t = table(&made, "emphasis_direction");
    assert_eq!(t.column("neutral_p").unwrap().value(0), None);
    assert!(t.column("flips_p").unwrap().value(0).is_some());
    assert!(!as_json(&made).contains("NaN"));
}

#[test]
fn one_word_and_one_speaker_are_said_in_words() {
    let one_word = Corpus {
        words: 1,
        ..Corpus::default()
    };
    let (input, states) = one_word.make(4, nothing);
    let made = probe(&input, vec![vec![states]], &quick());
    assert!(made.warnings.join("\n").contains("there is one word"));
    assert!(made.tables.iter().all(|t| t.id != "emphasis_word"));
    let t = table(&made, "emphasis_duration");
    assert_eq!(
        t.column("held_out").unwrap().text_at(0),
        Some("other speakers")
    );

    let one_speaker = Corpus {
        speakers: 1,
        per_speaker: 30,
        ..Corpus::default()
    };
    let (input, states) = one_speaker.make(5, nothing);
    let made = probe(&input, vec![vec![states]], &quick());
    assert!(made.warnings.join("\n").contains("there is one speaker"));

    let two = Corpus {
        speakers: 2,
        per_speaker: 1,
        ..Corpus::default()
    };
    let (input, states) = two.make(6, nothing);
    let error = run(&input, &vec![vec![states]], &quick(), &Task::silent()).unwrap_err();
    assert!(error.to_string().contains("2 speakers"), "{error}");
}

#[test]
fn speakers_of_one_source_stay_together() {
    let (mut input, states) = Corpus::default().make(7, nothing);
    let per_pair = 7;
    for v in &mut input.versions[..4 * per_pair] {
        v.source = Some("shared".into());
    }
    let made = probe(&input, vec![vec![states]], &quick());
    assert!(
        made.summary[0].contains("39 speakers"),
        "{}",
        made.summary[0]
    );
    assert!(made.checks.iter().all(|c| c.value == Some(0.0) && c.n > 0));
}

#[test]
fn states_that_do_not_change_or_are_not_numbers_are_told() {
    let (input, states) = Corpus::default().make(8, nothing);
    let still = probe(&input, vec![vec![Array2::ones(states.dim())]], &quick());
    assert!(
        still
            .warnings
            .join("\n")
            .contains("fewer than three speakers have residuals")
    );
    let mut broken = states;
    broken[[3, 3]] = f64::NAN;
    let made = probe(&input, vec![vec![broken]], &quick());
    assert!(made.warnings.join("\n").contains("so nothing was measured"));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for wrong in [
        EmphasisSettings {
            folds: 1,
            ..quick()
        },
        EmphasisSettings {
            bootstrap: 1,
            ..quick()
        },
        EmphasisSettings {
            permutations: 3,
            ..quick()
        },
    ] {
        assert!(wrong.check().is_err());
    }
}
