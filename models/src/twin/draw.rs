//! Drawing numbers: a normal of the same mean and standard deviation, or the same numbers shuffled.

use phonoscope_analysis::rng::{Stream, normal_pair};
use rand::Rng as _;

/// Mean and standard deviation (of the numbers themselves: divided by n).
pub(super) fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    (mean, square.sqrt())
}

/// As many draws from a normal of the same mean and standard deviation.
pub(super) fn redrawn(values: &[f64], rng: &mut Stream) -> Vec<f64> {
    let (mean, sd) = moments(values);
    let mut out = Vec::with_capacity(values.len());
    while out.len() < values.len() {
        let [a, b] = normal_pair(rng);
        out.push(mean + sd * a);
        out.push(mean + sd * b);
    }
    out.truncate(values.len());
    out
}

/// As [`redrawn`], within the range that the numbers have: some processors' kernels for quantised
/// weights count on a range that is narrower than the type's.
pub(super) fn redrawn_within(values: &[f64], rng: &mut Stream) -> Vec<f64> {
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut out = redrawn(values, rng);
    for value in &mut out {
        *value = value.round().max(lowest).min(highest);
    }
    out
}

/// As many times the mean.
pub(super) fn levelled(values: &[f64]) -> Vec<f64> {
    vec![moments(values).0; values.len()]
}

/// The same numbers in another order (Fisher and Yates).
pub(super) fn permuted(values: &[f64], rng: &mut Stream) -> Vec<f64> {
    let mut out = values.to_vec();
    for last in (1..out.len()).rev() {
        out.swap(last, below(rng, last as u64 + 1) as usize);
    }
    out
}

/// A number in `0..bound`, each equally likely (Lemire's method; `bound` is not zero).
fn below(rng: &mut Stream, bound: u64) -> u64 {
    let reject = bound.wrapping_neg() % bound;
    loop {
        let wide = u128::from(rng.next_u64()) * u128::from(bound);
        if wide as u64 >= reject {
            return (wide >> 64) as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_analysis::rng::stream;

    #[test]
    fn draws_have_the_moments_of_a_normal() {
        let n = 40_000;
        let values: Vec<f64> = (0..n).map(|i| 3.0 + f64::from(i % 2)).collect();
        let drawn = redrawn(&values, &mut stream(1, "w", 0));
        let (mean, sd) = moments(&drawn);
        // Four standard errors: sd/√n of the mean, sd/√2n of the standard deviation.
        let error = 4.0 * 0.5 / f64::from(n).sqrt();
        assert!((mean - 3.5).abs() < error, "{mean}");
        assert!((sd - 0.5).abs() < error, "{sd}");
        let within = drawn.iter().filter(|v| (*v - 3.5).abs() < 0.5).count();
        let share = within as f64 / f64::from(n);
        assert!((share - 0.6827).abs() < 0.01, "{share} within one sd");
    }

    #[test]
    fn a_permutation_keeps_the_numbers_and_reaches_every_order() {
        let values = [1.0, 2.0, 3.0];
        let mut seen = std::collections::BTreeMap::new();
        for seed in 0..600 {
            let out = permuted(&values, &mut stream(seed, "w", 0));
            *seen.entry(format!("{out:?}")).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 6);
        // 100 expected each; the standard deviation is 9.1.
        assert!(
            seen.values().all(|count| (60..140).contains(count)),
            "{seen:?}"
        );
        assert!(permuted(&[], &mut stream(1, "w", 0)).is_empty());
    }

    #[test]
    fn integers_stay_whole_and_in_their_range() {
        let values: Vec<f64> = (0..1000).map(|i| f64::from(i % 100) - 50.0).collect();
        let drawn = redrawn_within(&values, &mut stream(1, "w", 0));
        assert!(
            drawn
                .iter()
                .all(|v| v.fract() == 0.0 && (-50.0..=49.0).contains(v))
        );
        assert!(drawn.contains(&-50.0) && drawn.contains(&49.0));
    }

    #[test]
    fn equal_numbers_stay_equal() {
        assert_eq!(redrawn(&[1.0; 5], &mut stream(1, "w", 0)), [1.0; 5]);
    }
}
