//! Distances between two samples of numbers.

use crate::stats::finite_sample;
use crate::{Error, Result};

/// 1-Wasserstein ("earth mover's") distance, in the unit of the samples.
pub fn w1_1d(a: &[f64], b: &[f64]) -> Result<f64> {
    let (a, b) = sorted_pair("W1", a, b)?;
    Ok(transport(&a, &b, f64::abs))
}

/// 2-Wasserstein distance, in the unit of the samples.
pub fn w2_1d(a: &[f64], b: &[f64]) -> Result<f64> {
    let (a, b) = sorted_pair("W2", a, b)?;
    Ok(transport(&a, &b, |d| d * d).sqrt())
}

/// Energy distance (Székely & Rizzo 2013): `√(2 ∫ (F − G)²)`.
pub fn energy(a: &[f64], b: &[f64]) -> Result<f64> {
    let (a, b) = sorted_pair("energy distance", a, b)?;
    let mut sum = 0.0;
    steps(&a, &b, |width, gap| sum += width * gap * gap);
    Ok((2.0 * sum).sqrt())
}

/// Kolmogorov–Smirnov distance: the largest difference of the distribution functions.
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> Result<f64> {
    let (a, b) = sorted_pair("Kolmogorov–Smirnov distance", a, b)?;
    let mut most = 0.0_f64;
    steps(&a, &b, |_, gap| most = most.max(gap.abs()));
    Ok(most)
}

fn sorted_pair(what: &str, a: &[f64], b: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
    let sorted = |x: &[f64]| -> Result<Vec<f64>> {
        finite_sample(x, what)?;
        if x.is_empty() {
            return Err(Error::TooFew {
                what: format!("{what}: values in a sample"),
                needed: 1,
                found: 0,
            });
        }
        let mut x = x.to_vec();
        x.sort_by(f64::total_cmp);
        Ok(x)
    };
    Ok((sorted(a)?, sorted(b)?))
}

/// Mean cost of moving sorted `a` onto sorted `b`, quantile by quantile.
fn transport(a: &[f64], b: &[f64], cost: impl Fn(f64) -> f64) -> f64 {
    let (na, nb) = (a.len() as u64, b.len() as u64);
    // In units of 1 / (na · nb) a value of `a` weighs nb and one of `b` weighs na: whole numbers.
    let (mut i, mut j, mut left, mut right) = (0, 0, nb, na);
    let mut sum = 0.0;
    while i < a.len() && j < b.len() {
        let moved = left.min(right);
        sum += moved as f64 * cost(a[i] - b[j]);
        left -= moved;
        right -= moved;
        if left == 0 {
            (i, left) = (i + 1, nb);
        }
        if right == 0 {
            (j, right) = (j + 1, na);
        }
    }
    sum / (na as f64 * nb as f64)
}

/// Calls `visit` with the width of every stretch between neighbouring values and the difference of the
/// distribution functions on it.
fn steps(a: &[f64], b: &[f64], mut visit: impl FnMut(f64, f64)) {
    let (mut i, mut j) = (0, 0);
    let value = |x: &[f64], k: usize| x.get(k).copied().unwrap_or(f64::INFINITY);
    while i < a.len() || j < b.len() {
        let at = value(a, i).min(value(b, j));
        while value(a, i) == at {
            i += 1;
        }
        while value(b, j) == at {
            j += 1;
        }
        let next = value(a, i).min(value(b, j));
        let gap = i as f64 / a.len() as f64 - j as f64 / b.len() as f64;
        // Beyond the last value both functions are 1.
        visit(if next.is_finite() { next - at } else { 0.0 }, gap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_samples_by_hand() {
        let (a, b) = ([0.0, 1.0], [0.0, 3.0]);
        assert_eq!(w1_1d(&a, &b).unwrap(), 1.0);
        assert_eq!(w2_1d(&a, &b).unwrap(), 2.0_f64.sqrt());
        assert_eq!(kolmogorov_smirnov(&a, &b).unwrap(), 0.5);
        // F − G is ½ on [1, 3].
        assert_eq!(energy(&a, &b).unwrap(), 1.0);
        assert_eq!(w1_1d(&[1.0], &[0.0, 2.0, 4.0]).unwrap(), 5.0 / 3.0);
        assert!(w1_1d(&[], &[1.0]).is_err() && energy(&[f64::NAN], &[1.0]).is_err());
    }

    proptest! {
        #[test]
        fn moving_a_sample_costs_the_way(x in prop::collection::vec(-9.0..9.0_f64, 1..20)) {
            let moved: Vec<f64> = x.iter().map(|v| v + 2.5).collect();
            prop_assert!((w1_1d(&x, &moved).unwrap() - 2.5).abs() < 1e-9);
            prop_assert!((w2_1d(&x, &moved).unwrap() - 2.5).abs() < 1e-9);
            prop_assert_eq!(energy(&x, &x).unwrap(), 0.0);
            let twice = [&x[..], &x[..]].concat();
            prop_assert!(w1_1d(&x, &twice).unwrap() < 1e-12);
        }
    }
}
