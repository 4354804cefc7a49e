//! Permutation threshold for the number of components (parallel analysis).

use ndarray::{Array1, ArrayView2, Axis};
use rand::seq::SliceRandom as _;

use super::{Scaling, solve};
use crate::stats::{self, draws};
use crate::task::Task;
use crate::{Result, linalg};

/// Shares of variance against those of the same columns without their correlations.
#[derive(Debug, Clone, PartialEq)]
pub struct ParallelAnalysis {
    /// Observed shares of variance, descending, `[rank]` with `min(rows - 1, dim)` ranks.
    pub ratio: Array1<f64>,
    /// Critical value of each rank at 5 %: `ratio > threshold` exactly where `p <= 0.05`.
    pub threshold: Array1<f64>,
    /// `(1 + b) / (1 + B)`, with `b` draws whose share at the same rank is at least the observed.
    pub p: Array1<f64>,
    /// Number of leading components above their threshold, up to the first that is not.
    pub passing: usize,
}

/// Compares the spectrum of `x: [row, dim]` with `permutations` draws in which every column is
/// permuted independently (Horn 1965; Buja & Eyuboglu 1992).
///
/// The first rank is an exact 5 % test of "columns are independent". Later ranks are tested against
/// the spectrum of the same null, not of what is left when the leading components are removed: strong
/// leading components make them conservative. Draw `i` uses stream `i`: any number of threads
/// gives the same bits.
pub fn parallel_analysis(
    x: ArrayView2<'_, f64>,
    scaling: Scaling,
    permutations: usize,
    seed: u64,
    task: &Task,
) -> Result<ParallelAnalysis> {
    let (n, d) = x.dim();
    solve::at_least(n, 3, "permutation threshold: rows")?;
    let ranks = (n - 1).min(d);
    // Permuting a column changes neither its mean nor its spread: centre once.
    let columns = solve::centre(x, None, scaling)?.rows.reversed_axes();
    let columns = columns.as_standard_layout().into_owned();
    let spectrum = |columns: ArrayView2<'_, f64>| -> Result<Array1<f64>> {
        let product = if n < d {
            linalg::scatter(columns)
        } else {
            linalg::gram(columns)
        };
        let shares = solve::shares(linalg::symmetric_eigenvalues(product.view())?);
        Ok(shares.iter().take(ranks).copied().collect())
    };
    let ratio = spectrum(columns.view())?;
    let null = draws(
        draws::Plan {
            stage: "permutation threshold",
            stream: "pca.parallel_analysis",
            seed,
            draws: permutations,
        },
        task,
        |rng| {
            let mut shuffled = columns.clone();
            for mut column in shuffled.axis_iter_mut(Axis(0)) {
                if let Some(values) = column.as_slice_mut() {
                    values.shuffle(rng);
                }
            }
            spectrum(shuffled.view())
        },
    )?;
    let (mut threshold, mut p) = (Array1::zeros(ranks), Array1::zeros(ranks));
    for k in 0..ranks {
        let at_rank: Vec<f64> = null.iter().map(|draw| draw[k]).collect();
        p[k] = stats::permutation_p(ratio[k], &at_rank);
        threshold[k] = stats::critical_value(&at_rank, stats::ALPHA);
    }
    let passing = p.iter().take_while(|p| **p <= stats::ALPHA).count();
    Ok(ParallelAnalysis {
        ratio,
        threshold,
        p,
        passing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use rand::RngExt as _;
    use std::f64::consts::PI;

    fn noise(rows: usize, dim: usize, index: u64) -> Array2<f64> {
        let mut rng = crate::rng::stream(2, "parallel-test", index);
        Array2::from_shape_fn((rows, dim), |_| {
            (0..6).map(|_| rng.random_range(-1.0..1.0)).sum()
        })
    }

    fn passing(x: &Array2<f64>, permutations: usize) -> usize {
        let found = parallel_analysis(x.view(), Scaling::Centred, permutations, 5, &Task::silent());
        found.unwrap().passing
    }

    #[test]
    fn pure_noise_rarely_passes_and_planted_directions_do() {
        // 400 corpora: the upper 99.5 % point of a binomial with rate 0.05 is 32.
        let (corpora, most) = (400, 32);
        let wide_or_tall = |i: u64| {
            if i.is_multiple_of(2) {
                (12, 16)
            } else {
                (24, 5)
            }
        };
        let false_first = (0..corpora)
            .filter(|i| {
                let (n, d) = wide_or_tall(*i);
                passing(&noise(n, d, *i), 99) > 0
            })
            .count();
        assert!(false_first <= most, "{false_first} of {corpora}");
        let mut x = noise(60, 10, 0);
        for (i, mut row) in x.outer_iter_mut().enumerate() {
            for j in 0..5 {
                row[j] += 3.0 * (i as f64 * PI / 30.0).sin();
                row[j + 5] += 3.0 * (i as f64 * PI / 15.0).cos();
            }
        }
        assert_eq!(passing(&x, 99), 2);
    }

    #[test]
    fn threshold_and_p_say_the_same() {
        let found = parallel_analysis(
            noise(20, 6, 1).view(),
            Scaling::Standardised,
            199,
            5,
            &Task::silent(),
        )
        .unwrap();
        for k in 0..found.ratio.len() {
            assert_eq!(
                found.ratio[k] > found.threshold[k],
                found.p[k] <= stats::ALPHA
            );
        }
        assert!((found.ratio.sum() - 1.0).abs() < 1e-12);
    }
}
