//! Which bootstrap interval of a share of variance covers the share in the population.

use ndarray::Array2;
use phonoscope_analysis::pca::{self, Scaling};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{rng, stats};
use rand::RngExt as _;

/// As many rows as dimensions, variances falling as 1/k: leading shares are too large in such samples,
/// and larger still in their resamples.
#[test]
fn debiased_intervals_cover_where_percentile_intervals_do_not() {
    let (n, dim, corpora, draws) = (40, 40, 120, 120);
    let variances: Vec<f64> = (1..=dim).map(|k| 1.0 / k as f64).collect();
    let total: f64 = variances.iter().sum();
    let truth: Vec<f64> = variances.iter().map(|v| v / total).collect();
    let (mut percentile, mut debiased) = ([0; 2], [0; 2]);
    for corpus in 0..corpora {
        let mut stream = rng::stream(11, "coverage", corpus);
        let x = Array2::from_shape_fn((n, dim), |(_, j)| {
            let normal: f64 = (0..12).map(|_| stream.random_range(-0.5..0.5)).sum();
            normal * variances[j].sqrt()
        });
        let fit = pca::fit(x.view(), Scaling::Centred).unwrap();
        let task = Task::silent();
        let found =
            pca::bootstrap(x.view(), Scaling::Centred, &fit, 1, draws, corpus, &task).unwrap();
        // The first share, and the sum of the first three.
        for (which, k) in [1, 3].into_iter().enumerate() {
            let truth: f64 = truth[..k].iter().sum();
            let estimate = fit.explained_variance_ratio.iter().take(k).sum();
            let sums = found
                .ratio
                .outer_iter()
                .map(|draw| draw.iter().take(k).sum());
            let replicates: Vec<f64> = sums.collect();
            let covers = |i: stats::Interval| i.lo <= truth && truth <= i.hi;
            percentile[which] += usize::from(covers(stats::percentile(&replicates, 0.95)));
            debiased[which] += usize::from(covers(stats::debiased(estimate, &replicates, 0.95)));
        }
    }
    println!("covered of {corpora}: percentile {percentile:?}, debiased {debiased:?}");
    let share = |count: usize| count as f64 / corpora as f64;
    assert!(debiased.iter().all(|c| share(*c) >= 0.85), "{debiased:?}");
    assert!(share(percentile[1]) <= 0.5, "{percentile:?}");
}
