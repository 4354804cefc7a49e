//! Bootstrap intervals from replicates that were drawn elsewhere.
//!
//! Replicates that are NaN (the statistic does not exist in that resample) are left out.

use rand::RngExt as _;

use super::quantile::quantile_of_sorted;
use super::tails::{normal_cdf, normal_quantile, t_quantile};
use crate::rng::Stream;

/// The two ends of an interval; NaN when no replicate was usable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// How often each of `n` rows occurs in a resample of `n` with replacement.
pub fn resample_counts(n: usize, rng: &mut Stream) -> Vec<f64> {
    let mut counts = vec![0.0; n];
    for _ in 0..n {
        counts[rng.random_range(0..n)] += 1.0;
    }
    counts
}

/// How often each row counts in a resample of two crossed groupings (words and speakers): as often as
/// its two groups were drawn, multiplied. `groups` number the groups of each row from zero, without
/// gaps, and `sizes` how many there are.
///
/// Source: Owen (2007), "The pigeonhole bootstrap". Conservative where rows of a group are alike.
pub fn crossed_counts(groups: [&[usize]; 2], sizes: [usize; 2], rng: &mut Stream) -> Vec<f64> {
    let counts = sizes.map(|n| resample_counts(n, rng));
    let of = |which: usize, group: &usize| counts[which].get(*group).copied().unwrap_or(0.0);
    let rows = groups[0].iter().zip(groups[1]);
    rows.map(|(a, b)| of(0, a) * of(1, b)).collect()
}

/// Quantiles of the replicates.
pub fn percentile(replicates: &[f64], level: f64) -> Interval {
    let tail = (1.0 - level) / 2.0;
    at(&sorted(replicates), tail, 1.0 - tail)
}

/// Quantiles of the replicates mirrored at the estimate.
pub fn basic(estimate: f64, replicates: &[f64], level: f64) -> Interval {
    let Interval { lo, hi } = percentile(replicates, level);
    Interval {
        lo: 2.0 * estimate - hi,
        hi: 2.0 * estimate - lo,
    }
}

/// Quantiles of the replicates shifted down by twice their bias, stretched to hold the estimate.
///
/// For statistics that are too large in small samples, and as much larger again in resamples (shares of
/// leading eigenvalues, η²): there percentile intervals can miss the truth and the estimate alike.
pub fn debiased(estimate: f64, replicates: &[f64], level: f64) -> Interval {
    let usable = sorted(replicates);
    let bias = usable.iter().sum::<f64>() / usable.len() as f64 - estimate;
    let tail = (1.0 - level) / 2.0;
    let Interval { lo, hi } = at(&usable, tail, 1.0 - tail);
    Interval {
        lo: estimate.min(lo - 2.0 * bias),
        hi: estimate.max(hi - 2.0 * bias),
    }
}

/// Bias-corrected and accelerated interval (Efron 1987). `leave_one_out` holds the statistic without
/// each row; replicates equal to the estimate count half in the bias correction.
pub fn bca(estimate: f64, replicates: &[f64], leave_one_out: &[f64], level: f64) -> Interval {
    let usable = sorted(replicates);
    let below = usable.iter().filter(|v| **v < estimate).count() as f64;
    let equal = usable.iter().filter(|v| **v == estimate).count() as f64;
    let z0 = normal_quantile((below + 0.5 * equal) / usable.len() as f64);
    let mean = leave_one_out.iter().sum::<f64>() / leave_one_out.len() as f64;
    let moment = |k| {
        leave_one_out
            .iter()
            .map(|v| (mean - v).powi(k))
            .sum::<f64>()
    };
    let spread = moment(2);
    let a = if spread > 0.0 {
        moment(3) / (6.0 * spread.powf(1.5))
    } else {
        0.0
    };
    let tail = (1.0 - level) / 2.0;
    let adjusted = |q: f64| {
        let z = z0 + normal_quantile(q);
        normal_cdf(z0 + z / (1.0 - a * z))
    };
    at(&usable, adjusted(tail), adjusted(1.0 - tail))
}

/// Interval from the statistic without each of several equal blocks of rows: the jackknife's standard error
/// times Student's quantile with one degree of freedom less than there are blocks. NaN below two blocks.
pub fn jackknife_interval(estimate: f64, leave_out: &[f64], level: f64) -> Interval {
    let g = leave_out.len() as f64;
    let half = t_quantile(0.5 + level / 2.0, g - 1.0) * jackknife_variance(leave_out).sqrt();
    Interval {
        lo: estimate - half,
        hi: estimate + half,
    }
}

/// The jackknife's variance of a statistic, from its values without each of several blocks of rows (Tukey 1958).
/// NaN below two blocks.
pub fn jackknife_variance(leave_out: &[f64]) -> f64 {
    let g = leave_out.len() as f64;
    if g < 2.0 {
        return f64::NAN;
    }
    let mean = leave_out.iter().sum::<f64>() / g;
    let squares: f64 = leave_out.iter().map(|v| (v - mean).powi(2)).sum();
    (g - 1.0) / g * squares
}

/// The statistic of `x` without each value in turn.
pub fn jackknife(x: &[f64], statistic: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    (0..x.len())
        .map(|i| statistic(&[&x[..i], &x[i + 1..]].concat()))
        .collect()
}

fn sorted(replicates: &[f64]) -> Vec<f64> {
    let mut usable: Vec<f64> = replicates.iter().copied().filter(|v| !v.is_nan()).collect();
    usable.sort_by(f64::total_cmp);
    usable
}

fn at(sorted: &[f64], lo: f64, hi: f64) -> Interval {
    Interval {
        lo: quantile_of_sorted(sorted, lo),
        hi: quantile_of_sorted(sorted, hi),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_by_hand() {
        let replicates = [1.0, f64::NAN, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(percentile(&replicates, 0.5), Interval { lo: 2.0, hi: 4.0 });
        assert_eq!(basic(2.5, &replicates, 0.5), Interval { lo: 1.0, hi: 3.0 });
        assert_eq!(
            debiased(2.5, &replicates, 0.5),
            Interval { lo: 1.0, hi: 3.0 }
        );
        assert_eq!(
            debiased(1.0, &replicates, 0.5),
            Interval { lo: -2.0, hi: 1.0 }
        );
        assert!(percentile(&[f64::NAN], 0.9).lo.is_nan());
        // Of a mean: the variance over n.
        let without = jackknife(&[1.0, 2.0, 6.0], |x| x.iter().sum::<f64>() / 2.0);
        assert!((jackknife_variance(&without) - 7.0 / 3.0).abs() < 1e-12);
        assert!(jackknife_variance(&[1.0]).is_nan());
        assert!(bca(1.0, &[], &[1.0, 1.0], 0.9).lo.is_nan());
        assert_eq!(
            jackknife(&[1.0, 2.0, 4.0], |x| x.iter().sum()),
            [6.0, 5.0, 3.0]
        );
    }

    #[test]
    fn crossed_counts_are_products() {
        let mut rng = crate::rng::stream(1, "crossed-test", 0);
        let counts = crossed_counts([&[0, 0, 1], &[0, 1, 1]], [2, 2], &mut rng);
        // Both groups are drawn twice in all: (a, 2 − a) × (b, 2 − b).
        let (a, b) = (counts[0] + counts[1], counts[1] + counts[2]);
        assert!([0.0, 2.0, 4.0].contains(&a) && [0.0, 2.0, 4.0].contains(&b));
        let one = crossed_counts([&[0], &[0]], [1, 1], &mut rng);
        assert_eq!(one, [1.0]);
    }

    #[test]
    fn counts_add_up() {
        let counts = resample_counts(12, &mut crate::rng::stream(1, "counts-test", 0));
        assert_eq!(counts.iter().sum::<f64>(), 12.0);
        assert!(resample_counts(0, &mut crate::rng::stream(1, "counts-test", 0)).is_empty());
    }
}
