//! What was planted is found, with its strength and dimension.

use ndarray::Array1;

use super::corpus::{Corpus, normal, probe, quick, row, system, table};

/// A direction of this strength added to every emphasised version.
fn along_first(
    strength: f64,
) -> impl Fn(&str, super::corpus::Token, &mut phonoscope_analysis::rng::Stream, &mut Array1<f64>) {
    move |condition, _, _, state| {
        if condition.starts_with("emphasis") {
            state[0] += strength;
        }
    }
}

#[test]
fn a_planted_direction_has_its_cosine() {
    let corpus = Corpus::default();
    // Noise of a residual: two versions, 24 directions.
    let length = (2.0 * 24.0 * 0.3_f64.powi(2)).sqrt();
    for strength in [0.5, 2.0, 8.0] {
        let (input, states) = corpus.make(1, along_first(strength));
        let made = probe(&input, vec![vec![states]], &quick());
        let t = table(&made, "emphasis_direction");
        let r = row(t, &["emphasis_all"]);
        let found = t
            .column("cosine_speaker_out")
            .unwrap()
            .estimate_at(r)
            .unwrap();
        // The direction of 78 others is itself known up to the noise.
        let error = length / 78.0_f64.sqrt();
        let expected = strength * strength
            / ((strength * strength + length * length).sqrt()
                * (strength * strength + error * error).sqrt());
        assert!(
            (found.value - expected).abs() < 0.05,
            "{strength}: {} {expected}",
            found.value
        );
        assert!(found.lo < found.value && found.value < found.hi);
        for p in ["flips_p", "neutral_p", "repaired_p"] {
            assert!(t.column(p).unwrap().value(r).unwrap() <= 0.01, "{p}");
        }
        let pairwise = t.column("cosine_pairwise").unwrap().value(r).unwrap();
        let expected = strength * strength / (strength * strength + length * length);
        assert!(
            (pairwise - expected).abs() < 0.05,
            "{strength}: {pairwise} {expected}"
        );
        // A direction is no change of rate.
        let control = row(t, &["control_rate"]);
        assert!(
            t.column("cosine_speaker_out")
                .unwrap()
                .value(control)
                .unwrap()
                < 0.15
        );
    }
}

#[test]
fn a_planted_dimension_is_found_and_few_pairs_hide_it() {
    let corpus = Corpus {
        noise: 0.0,
        speakers: 60,
        ..Corpus::default()
    };
    let (input, states) = corpus.make(2, |condition, _, rng, state| {
        if condition == "emphasis_all" {
            (0..6).for_each(|k| state[k] += normal(rng));
        }
        if condition == "emphasis_f0" {
            (0..12).for_each(|k| state[k] += normal(rng));
        }
    });
    let made = probe(&input, vec![vec![states]], &quick());
    let t = table(&made, "emphasis_dimension");
    for (condition, dimension) in [("emphasis_all", 6.0), ("emphasis_f0", 12.0)] {
        let r = row(t, &[condition]);
        let plain = t.column("participation_ratio").unwrap().value(r).unwrap();
        let found = t
            .column("participation_ratio_unbiased")
            .unwrap()
            .estimate_at(r)
            .unwrap();
        assert!(plain < dimension, "{plain}");
        assert!(
            found.lo < dimension && dimension < found.hi,
            "{condition}: {found:?}"
        );
        assert!(t.column("k95").unwrap().value(r).unwrap() <= dimension);
    }
    let curve = table(&made, "emphasis_dimension_curve");
    let values: Vec<f64> = (0..curve.rows())
        .filter(|r| curve.column("condition").unwrap().text_at(*r) == Some("emphasis_f0"))
        .filter_map(|r| curve.column("participation_ratio").unwrap().value(r))
        .collect();
    assert!(
        values.len() == 5 && values.windows(2).all(|w| w[0] < w[1]),
        "{values:?}"
    );
}

#[test]
fn duration_comes_out_of_residuals_and_words_do_not() {
    let (input, states) = Corpus::default().make(3, |condition, token, _, state| {
        if condition.starts_with("emphasis") {
            state[0] += 16.0 * token.duration;
            state[1] += 2.0 * token.f0;
        }
    });
    let made = probe(&input, vec![vec![states]], &quick());
    let t = table(&made, "emphasis_duration");
    let of = |words: &[&str], column: &str| t.column(column).unwrap().value(row(t, words)).unwrap();
    assert!(of(&["emphasis_all", "duration"], "r2") > 0.8);
    assert!(of(&["emphasis_all", "f0"], "r2") > 0.8);
    assert!(of(&["all emphasis pooled", "duration"], "r2") > 0.8);
    assert!(of(&["control_rate", "duration"], "r2") < 0.2);
    assert!(of(&["emphasis_all", "duration"], "null_mean") < 0.1);
    assert!(of(&["emphasis_all", "duration"], "p") < 0.05);
    // The neutral length cannot know the edit.
    assert!(of(&["emphasis_all", "duration"], "r2_neutral_length") < 0.1);
    let rebuilt = table(&made, "emphasis_reconstruction");
    let two = (0..rebuilt.rows()).find(|r| {
        let text = |c: &str| rebuilt.column(c).unwrap().text_at(*r);
        text("condition") == Some("emphasis_all")
            && text("target") == Some("f0")
            && rebuilt.column("components").unwrap().value(*r) == Some(2.0)
    });
    assert!(rebuilt.column("r2").unwrap().value(two.unwrap()).unwrap() > 0.8);
    let words = table(&made, "emphasis_word");
    let accuracy = |from: &str| {
        words
            .column("accuracy")
            .unwrap()
            .value(row(words, &[from]))
            .unwrap()
    };
    assert!(accuracy("state neutral_a") > 0.9 && accuracy("state emphasis_all") > 0.9);
    assert!(accuracy("residual emphasis_all") < 0.3);
    let p = |from: &str| {
        words
            .column("p")
            .unwrap()
            .value(row(words, &[from]))
            .unwrap()
    };
    assert!(p("state neutral_a") <= 0.01 && p("residual emphasis_all") > 0.01);
}

#[test]
fn a_state_that_only_counts_frames_is_seen_through() {
    let corpus = Corpus {
        noise: 0.02,
        ..Corpus::default()
    };
    let (input, states) = corpus.make(4, |_, token, _, state| {
        state.fill(0.0);
        state[0] = token.length_secs.ln();
    });
    let made = probe(&input, vec![vec![states]], &quick());
    let t = table(&made, "emphasis_duration");
    let r = row(t, &["emphasis_all", "duration"]);
    assert!(t.column("r2").unwrap().value(r).unwrap() > 0.99);
    let over = t
        .column("over_both_lengths")
        .unwrap()
        .estimate_at(r)
        .unwrap();
    assert!(over.value.abs() < 0.01, "{over:?}");
    let s = table(&made, "emphasis_specificity");
    let response = s
        .column("response")
        .unwrap()
        .estimate_at(row(s, &["control_rate"]))
        .unwrap();
    assert!(response.lo < 1.0 && response.hi > 0.9, "{response:?}");
    let text = made.warnings.join("\n");
    assert!(text.contains("counting its frames"), "{text}");
    assert!(
        text.contains("answers to `control_rate` as strongly"),
        "{text}"
    );
    assert!(made.summary.join("\n").contains("which is no less"));
}

#[test]
fn a_cue_carries_over_and_a_specific_direction_ignores_controls() {
    let (input, states) = Corpus::default().make(5, |condition, _, _, state| match condition {
        "emphasis_all" => {
            state[0] += 6.0;
            state[1] += 6.0;
        }
        "emphasis_duration" => state[0] += 6.0,
        "emphasis_f0" => state[1] += 6.0,
        "control_rate" => state[2] += 6.0,
        _ => {}
    });
    let made = probe(&input, vec![vec![states]], &quick());
    let t = table(&made, "emphasis_transfer");
    let find = |learnt: &str, tested: &str, split: &str| {
        (0..t.rows())
            .find(|r| {
                let text = |c: &str| t.column(c).unwrap().text_at(*r);
                text("learnt_on") == Some(learnt)
                    && text("tested_on") == Some(tested)
                    && text("held_out") == Some(split)
            })
            .unwrap()
    };
    let share = |r: usize| t.column("share").unwrap().value(r).unwrap();
    for split in ["other speakers", "other words", "other speakers and words"] {
        assert!(share(find("emphasis_all", "emphasis_all", split)) > 0.95);
        assert!(share(find("emphasis_all", "emphasis_f0", split)) > 0.95);
        let across = share(find("emphasis_duration", "emphasis_f0", split));
        assert!((0.3..0.7).contains(&across), "{across}");
    }
    let s = table(&made, "emphasis_specificity");
    let response = |tested: &str| {
        s.column("response")
            .unwrap()
            .estimate_at(row(s, &[tested]))
            .unwrap()
    };
    for control in ["control_rate", "control_pitch", "neutral_b"] {
        let e = response(control);
        assert!(
            e.value.abs() < 0.1 && e.lo < 0.05 && e.hi > -0.05,
            "{control}: {e:?}"
        );
    }
    assert!((response("emphasis_duration").value - 0.5).abs() < 0.1);
}

#[test]
fn systems_are_compared_on_the_same_pairs() {
    let corpus = Corpus::default();
    let (mut input, strong) = corpus.make(6, along_first(4.0));
    let (_, weak) = corpus.make(6, along_first(0.5));
    input.systems = vec![system("strong"), system("weak")];
    let made = probe(&input, vec![vec![strong.clone()], vec![weak]], &quick());
    let t = table(&made, "emphasis_comparison");
    let r = row(t, &["strong", "weak", "cosine_excess", "best taps"]);
    let difference = t.column("difference").unwrap().estimate_at(r).unwrap();
    assert!(difference.lo > 0.1, "{difference:?}");
    // A system against itself.
    let made = probe(&input, vec![vec![strong.clone()], vec![strong]], &quick());
    let t = table(&made, "emphasis_comparison");
    let r = row(t, &["strong", "weak", "cosine_excess", "best taps"]);
    let same = t.column("difference").unwrap().estimate_at(r).unwrap();
    assert_eq!((same.value, same.lo, same.hi), (0.0, 0.0, 0.0));
}
