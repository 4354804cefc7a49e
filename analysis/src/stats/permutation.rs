//! Permutation tests.

use crate::{Error, Result};

/// `(1 + b) / (1 + B)`, with `b` of the `B` null values at least `observed`.
///
/// Null values equal up to rounding count, so statistics that take few values are not flattered. With
/// `(1 + B) · α` a whole number, `p <= α` has level exactly α.
///
/// NaN when `observed` is.
pub fn permutation_p(observed: f64, null: &[f64]) -> f64 {
    if observed.is_nan() {
        return f64::NAN;
    }
    let floor = observed - 1e-10 * observed.abs();
    let at_least = null.iter().filter(|v| **v >= floor).count();
    (1 + at_least) as f64 / (1 + null.len()) as f64
}

/// The value an observation must exceed for [`permutation_p`] to be at most `alpha`; infinite when
/// the null is too small for that.
pub fn critical_value(null: &[f64], alpha: f64) -> f64 {
    let rank = (alpha * (1.0 + null.len() as f64) + 1e-9) as usize;
    if rank == 0 || null.is_empty() {
        return f64::INFINITY;
    }
    let mut sorted = null.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    sorted[(rank - 1).min(sorted.len() - 1)]
}

/// A statistic with its permutation null.
#[derive(Debug, Clone, PartialEq)]
pub struct PermutationTest {
    /// The statistic of the data as given.
    pub observed: f64,
    /// The same of permuted data, in the order of the draws.
    pub null: Vec<f64>,
    /// `(1 + b) / (1 + B)`: share of null values at least as large.
    pub p: f64,
}

impl PermutationTest {
    /// Compares `observed` with `null`.
    pub fn new(observed: f64, null: Vec<f64>) -> Self {
        Self {
            p: permutation_p(observed, &null),
            observed,
            null,
        }
    }

    /// Mean of the null: what the statistic is when nothing is there; NaN without draws.
    pub fn null_mean(&self) -> f64 {
        self.null.iter().sum::<f64>() / self.null.len() as f64
    }
}

/// Result of an exhaustive permutation test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExactTest {
    /// Mean of the first sample minus mean of the second.
    pub observed: f64,
    /// Number of ways to deal the values into two such samples.
    pub arrangements: usize,
    /// Share of arrangements whose absolute difference is at least the observed.
    pub p: f64,
}

/// Most arrangements that [`difference_of_means_exact`] walks through.
const MOST_ARRANGEMENTS: usize = 5_000_000;

/// Two-sided exact test of a difference of means over all arrangements (the observed is one of them).
pub fn difference_of_means_exact(a: &[f64], b: &[f64]) -> Result<ExactTest> {
    let what = "exact permutation test";
    if a.is_empty() || b.is_empty() {
        return Err(Error::TooFew {
            what: format!("{what}: values in each sample"),
            needed: 1,
            found: 0,
        });
    }
    let all: Vec<f64> = a.iter().chain(b).copied().collect();
    super::rank::finite(&all, what)?;
    let arrangements = binomial(all.len(), a.len())
        .filter(|n| *n <= MOST_ARRANGEMENTS)
        .ok_or_else(|| Error::Setting {
            what: format!("{what}: number of arrangements"),
            needed: format!("at most {MOST_ARRANGEMENTS}; use random permutations"),
            found: format!("that of {} values", all.len()),
        })?;
    let total: f64 = all.iter().sum();
    let (na, nb) = (a.len() as f64, b.len() as f64);
    let difference = |sum: f64| sum / na - (total - sum) / nb;
    let observed = difference(a.iter().sum());
    let floor = observed.abs() - 1e-12 * (observed.abs() + total.abs() / (na + nb));
    let mut pick: Vec<usize> = (0..a.len()).collect();
    let mut extreme = 0usize;
    loop {
        let sum = pick.iter().map(|i| all[*i]).sum();
        extreme += usize::from(difference(sum).abs() >= floor);
        // Next combination in lexicographic order.
        let movable = (0..pick.len())
            .rev()
            .find(|k| pick[*k] < all.len() - pick.len() + k);
        let Some(k) = movable else { break };
        pick[k] += 1;
        for j in k + 1..pick.len() {
            pick[j] = pick[j - 1] + 1;
        }
    }
    Ok(ExactTest {
        observed,
        arrangements,
        p: extreme as f64 / arrangements as f64,
    })
}

fn binomial(n: usize, k: usize) -> Option<usize> {
    (0..k.min(n - k)).try_fold(1usize, |acc, i| acc.checked_mul(n - i).map(|v| v / (i + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_counts_the_observation_itself_and_ties() {
        let null: Vec<f64> = (1..=19).map(f64::from).collect();
        assert_eq!(permutation_p(20.0, &null), 0.05);
        assert_eq!(permutation_p(19.0 + 1e-12, &null), 0.1);
        assert_eq!(critical_value(&null, 0.05), 19.0);
        assert_eq!(critical_value(&null[..5], 0.05), f64::INFINITY);
        assert_eq!(critical_value(&[], 1.0), f64::INFINITY);
        assert!(permutation_p(f64::NAN, &null).is_nan());
    }

    #[test]
    fn six_arrangements_by_hand() {
        let t = difference_of_means_exact(&[1.0, 2.0], &[3.0, 4.0]).unwrap();
        assert_eq!((t.observed, t.arrangements), (-2.0, 6));
        assert!((t.p - 2.0 / 6.0).abs() < 1e-15);
        assert!(difference_of_means_exact(&[], &[1.0]).is_err());
        assert!(difference_of_means_exact(&[f64::NAN], &[1.0]).is_err());
        assert!(difference_of_means_exact(&[1.0; 40], &[2.0; 40]).is_err());
    }
}
