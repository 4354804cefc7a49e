//! Nothing planted gives p as often as it says, and intervals cover as often as they say.

use ndarray::Array2;
use phonoscope_analysis::Estimate;
use rayon::prelude::*;

use super::super::EmphasisSettings;
use super::super::design::Kind;
use super::super::edits::Rows;
use super::super::words::Source;
use super::corpus::{Corpus, with_bench};

const SETS: usize = 1000;

fn small() -> Corpus {
    Corpus {
        speakers: 24,
        per_speaker: 1,
        words: 4,
        dim: 5,
        noise: 1.0,
        conditions: vec!["neutral_a", "neutral_b", "emphasis_all", "control_rate"],
    }
}

/// Ends of the central 99 % of a binomial of `n` with chance `p`.
fn band(n: usize, p: f64) -> (usize, usize) {
    let (mut below, mut term) = (0.0, (1.0 - p).powi(n as i32));
    let (mut lo, mut hi) = (None, n);
    for k in 0..=n {
        below += term;
        if lo.is_none() && below > 0.005 {
            lo = Some(k);
        }
        if below >= 0.995 {
            hi = k;
            break;
        }
        term *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
    }
    (lo.unwrap_or(0), hi)
}

fn assert_nominal(what: &str, p: &[f64], level: f64) {
    let hits = p.iter().filter(|p| **p <= level + 1e-12).count();
    let (lo, hi) = band(p.len(), level);
    assert!(
        (lo..=hi).contains(&hits),
        "{what}: {hits} of {} at or below {level}, not {lo} to {hi}",
        p.len()
    );
}

#[test]
fn nothing_planted_is_found_at_the_nominal_rate() {
    let settings = EmphasisSettings {
        permutations: 99,
        bootstrap: 20,
        folds: 3,
        ..EmphasisSettings::default()
    };
    let found: Vec<[f64; 5]> = (0..SETS as u64)
        .into_par_iter()
        .map(|seed| {
            let (input, states) = small().make(1000 + seed, |_, _, _, _| {});
            let settings = EmphasisSettings {
                seed,
                ..settings.clone()
            };
            with_bench(&input, &settings, |bench| {
                let view = states.view();
                let d = bench.direction(view, bench.design.main()).unwrap().unwrap();
                let t = bench
                    .told(view, &input, Rows::Within(bench.design.main()))
                    .unwrap();
                let told = |name: &str| {
                    t.iter()
                        .find(|t| t.target.name() == name)
                        .unwrap()
                        .null
                        .unwrap()
                        .p
                };
                let words = bench.words(view).unwrap();
                let residual = words
                    .iter()
                    .find(|w| w.source == Source::Residual(bench.design.main()))
                    .unwrap();
                [
                    d.flips.unwrap().p,
                    d.neutral.unwrap().p,
                    told("duration"),
                    told("f0"),
                    residual.null.unwrap().p,
                ]
            })
        })
        .collect();
    // Twenty shuffles: the smallest p is 1/21, and it has that level.
    let levels = [0.05, 0.05, 1.0 / 21.0, 1.0 / 21.0, 0.05];
    let names = ["sign flips", "swaps", "duration", "f0", "words"];
    for (k, (name, level)) in names.iter().zip(levels).enumerate() {
        let p: Vec<f64> = found.iter().map(|f| f[k]).collect();
        if *name == "words" {
            // Accuracy takes few values, so p is at most as often small as it says.
            let hits = p.iter().filter(|p| **p <= level).count();
            assert!(hits <= band(SETS, level).1, "words: {hits}");
        } else {
            assert_nominal(name, &p, level);
        }
    }
}

/// Share of intervals that hold `truth`, by default the mean over sets: what a set of this size gives on average,
/// which is what a cross-validated figure estimates, not what infinitely many words would give.
fn coverage(found: &[Estimate], truth: Option<f64>) -> f64 {
    let mean = found.iter().map(|e| e.value).sum::<f64>() / found.len() as f64;
    let truth = truth.unwrap_or(mean);
    let covered = found.iter().filter(|e| e.lo <= truth && truth <= e.hi);
    covered.count() as f64 / found.len() as f64
}

const FIGURES: [&str; 9] = [
    "pairwise",
    "cosine",
    "excess",
    "dimension",
    "r2",
    "auc",
    "share",
    "response",
    "words",
];

/// Place among them.
const RESPONSE: usize = 7;

/// Shares of intervals that hold the truth, with a direction of this strength planted in states where words and
/// speakers differ too.
fn shares(sets: usize, strength: f64, corpus: &Corpus) -> Vec<(&'static str, f64)> {
    let settings = EmphasisSettings {
        nulls: false,
        bootstrap: 20,
        folds: 4,
        ..EmphasisSettings::default()
    };
    let found: Vec<[Option<Estimate>; 9]> = (0..sets as u64)
        .into_par_iter()
        .map(|seed| {
            let (input, states): (_, Array2<f64>) =
                corpus.make(5000 + seed, |condition, token, _, state| {
                    if condition == "emphasis_all" {
                        state[0] += strength * (0.5 + 2.0 * token.duration);
                    }
                });
            let settings = EmphasisSettings {
                seed,
                ..settings.clone()
            };
            with_bench(&input, &settings, |bench| {
                let (view, main) = (states.view(), bench.design.main());
                let d = bench.direction(view, main).unwrap().unwrap();
                let dimension = bench.dimension(view, main).unwrap().unwrap();
                let told = bench.told(view, &input, Rows::Within(main)).unwrap();
                let r2 = told.iter().find(|t| t.target.name() == "duration").unwrap();
                let transfers = bench.transfers(view).unwrap();
                let of = |tested: usize| transfers.iter().find(|t| t.tested == tested).unwrap();
                let control = bench.design.of_kind(Kind::Control)[0];
                let words = bench.words(view).unwrap();
                let words = words.iter().find(|w| w.source == Source::Neutral).unwrap();
                [
                    Some(&d.pairwise),
                    Some(&d.speaker_out),
                    d.excess.as_ref(),
                    Some(&dimension.unbiased),
                    Some(&r2.r2),
                    Some(&of(main).auc),
                    Some(&of(main).share),
                    of(control).response.as_ref(),
                    Some(&words.accuracy),
                ]
                .map(|f| f?.estimate(0.95, (f64::NEG_INFINITY, f64::INFINITY)))
            })
        })
        .collect();
    let own = |k: usize| -> Vec<Estimate> { found.iter().filter_map(|f| f[k]).collect() };
    let share = |k: usize| {
        // Directions of noise have no cosine, whatever the number of words.
        let truth = (k == 0 && strength == 0.0).then_some(0.0);
        coverage(&own(k), truth)
    };
    // Where an interval is off, the spread over sets beside the mean error of the intervals tells on which side.
    let spreads = |k: usize| {
        let own = own(k);
        let n = own.len() as f64;
        let mean = own.iter().map(|e| e.value).sum::<f64>() / n;
        let squares = own.iter().map(|e| (e.value - mean).powi(2));
        let errors = own.iter().map(|e| ((e.hi - e.lo) / 3.92).powi(2));
        let root = |sum: f64| (sum / n).sqrt();
        (mean, root(squares.sum()), root(errors.sum()))
    };
    // What a direction answers to, over what it answers to itself, is given where the latter is something.
    let given = own(RESPONSE).len();
    if strength == 0.0 {
        let most = band(sets, 0.05).1;
        assert!(given <= most, "responses in {given} of {sets} sets");
    } else if strength >= 1.0 {
        assert_eq!(given, sets, "responses");
    }
    let out: Vec<(&str, f64)> = (0..FIGURES.len())
        .filter(|k| *k != RESPONSE || given == sets)
        .map(|k| (FIGURES[k], share(k)))
        .collect();
    eprintln!("{corpus:?}, strength {strength}, {sets} sets: {out:?}");
    for (k, name) in FIGURES.iter().enumerate() {
        let (mean, spread, error) = spreads(k);
        eprintln!(
            "{name}: mean {mean:.4}, spread over sets {spread:.4}, error of intervals {error:.4}"
        );
    }
    out
}

fn crossed() -> Corpus {
    Corpus {
        speakers: 48,
        per_speaker: 2,
        words: 24,
        ..small()
    }
}

/// Within `most` of what they say. `PHONOSCOPE_SETS` makes fewer or more sets than a thousand.
fn assert_covers(strength: f64, most: f64) {
    let asked = std::env::var("PHONOSCOPE_SETS").ok();
    let sets = asked.map_or(SETS, |n| n.parse().expect("PHONOSCOPE_SETS: a number"));
    let found = shares(sets, strength, &crossed());
    let off = |(_, share): &(&str, f64)| (share - 0.95).abs() > most;
    assert!(!found.iter().any(off), "strength {strength}: {found:?}");
}

#[test]
#[ignore = "minutes: 1,000 sets"]
fn intervals_cover_as_often_as_they_say() {
    assert_covers(1.0, 0.02);
}

#[test]
#[ignore = "minutes: 1,000 sets"]
fn intervals_of_nothing_cover_as_often_as_they_say() {
    assert_covers(0.0, 0.02);
}

#[test]
#[ignore = "minutes: 1,000 sets"]
fn intervals_of_little_cover_as_often_as_they_say() {
    assert_covers(0.3, 0.03);
}

/// The same, of as many sets as can be made in seconds.
#[test]
fn intervals_cover_about_as_often_as_they_say() {
    let sets = 16;
    let (lo, _) = band(sets, 0.95);
    let found = shares(sets, 1.0, &crossed());
    let low = |(_, share): &(&str, f64)| *share < lo as f64 / sets as f64;
    assert!(!found.iter().any(low), "{found:?}");
}
