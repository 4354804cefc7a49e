//! Whether the floor is one: how often samples of one distribution stay within it.

use ndarray::s;
use phonoscope_analysis::distance::{Gaussian, ledoit_wolf, w2};
use phonoscope_analysis::stats;
use phonoscope_analysis::task::Task;

use super::corpus::Corpus;
use super::tests::{normal, quick};
use super::{QualityInput, QualityItem, QualitySettings, distances};

const SIMULATIONS: u64 = 600;

fn items(reference: usize, system: usize) -> Vec<QualityItem> {
    let one = |name: &str, k: usize| QualityItem {
        id: format!("{name}{k}"),
        system: name.into(),
        ..QualityItem::default()
    };
    let of_reference = (0..reference).map(|k| one("reference", k));
    of_reference
        .chain((0..system).map(|k| one("new", k)))
        .collect()
}

/// A new sample as large as half the reference, from the same distribution: its distance to a half lies below
/// the 95 % quantile of the floor in 95 ± 2 % of simulations; and the p of swapped utterances is below 0.05 in
/// 5 ± 2 %.
#[test]
fn samples_of_one_distribution_stay_within_the_floor() {
    let (n, dim) = (60, 4);
    let input = QualityInput {
        items: items(n, n / 2),
        reference: "reference".into(),
        ratings: vec![],
        matching: vec![],
        models: vec![],
    };
    let settings = QualitySettings {
        halves: 99,
        swaps: 39,
        ..quick()
    };
    let (mut within, mut rejected) = (0, 0);
    for seed in 0..SIMULATIONS {
        let x = normal(n + n / 2, dim, "floor-simulation", seed);
        let settings = QualitySettings {
            seed,
            ..settings.clone()
        };
        let corpus = Corpus::new(&input, &settings).unwrap();
        let deals = distances::halves(x.view(), &corpus, &settings, &Task::silent()).unwrap();
        let floors: Vec<f64> = deals.iter().map(|d| d.floor).collect();
        let (observed, _) = deals[0].systems[0].unwrap();
        within += usize::from(observed <= stats::quantile(&floors[1..], 0.95));
        let null = distances::swapped(
            x.view(),
            &corpus,
            &corpus.systems[0],
            &settings,
            &Task::silent(),
        )
        .unwrap();
        let from = distances::rooted(x.view(), &corpus.reference).unwrap();
        let full = distances::between(x.view(), &from, &corpus.systems[0].rows).unwrap();
        rejected += usize::from(stats::permutation_p(full.squared(), &null) <= 0.05);
    }
    let share = |count: usize| count as f64 / SIMULATIONS as f64;
    assert!(
        (share(within) - 0.95).abs() <= 0.02,
        "within {}",
        share(within)
    );
    assert!(
        (share(rejected) - 0.05).abs() <= 0.02,
        "rejected {}",
        share(rejected)
    );
}

/// Known W2 between normals of different means and covariances: what is found at several n, shrunk or not, and
/// what `excess` takes away. With fewer rows than columns only the shrunk estimate is usable.
#[test]
#[ignore = "fails: distances or their floor with few rows are not as stated"]
fn known_distances_come_back_with_the_bias_stated() {
    let dim = 6;
    // Means 1 apart in every column, standard deviations 1 and 2: W2² = 6 + 6.
    let truth = 12.0;
    let mut found = vec![];
    for n in [4, 60, 1000] {
        let a = normal(n, dim, "bias-a", n as u64);
        let b = normal(n, dim, "bias-b", n as u64) * 2.0 + 1.0;
        let shrunk = |x: &ndarray::Array2<f64>| ledoit_wolf(x.view()).unwrap().gaussian;
        let plain = |x: &ndarray::Array2<f64>| Gaussian::of_rows(x.view()).unwrap();
        let shrunk = w2(&shrunk(&a), &shrunk(&b)).unwrap().squared();
        let plain = w2(&plain(&a), &plain(&b)).unwrap().squared();
        let half = |x: &ndarray::Array2<f64>, from: usize| {
            ledoit_wolf(x.slice(s![from..from + n / 2, ..]))
                .unwrap()
                .gaussian
        };
        let floor = w2(&half(&a, 0), &half(&a, n / 2)).unwrap().squared();
        found.push((shrunk, plain, floor));
    }
    let [few, some, many] = found[..] else {
        panic!()
    };
    assert!(
        (many.0 - truth).abs() < 0.9 && (many.1 - truth).abs() < 0.9,
        "{many:?}"
    );
    assert!((some.0 - truth).abs() < 4.0, "{some:?}");
    // Four rows in six columns: finite, and far too uncertain to quote.
    assert!(few.0.is_finite() && few.0 > 0.0, "{few:?}");
    // The floor falls as 1 / n.
    assert!(few.2 > some.2 && some.2 > 4.0 * many.2, "{found:?}");
}
