//! Measures of a spectrum's shape. Arguments are explained variances, descending.

use ndarray::{Array1, ArrayView1};

/// Running sums of shares of variance.
pub fn cumulative(ratio: ArrayView1<'_, f64>) -> Array1<f64> {
    let mut sum = 0.0;
    ratio
        .iter()
        .map(|r| {
            sum += r;
            sum
        })
        .collect()
}

/// Number of leading components that together hold at least `share` of the variance; nothing when
/// all together hold less.
pub fn components_for_share(ratio: ArrayView1<'_, f64>, share: f64) -> Option<usize> {
    let slack = 1e-12;
    cumulative(ratio)
        .iter()
        .position(|c| *c >= share - slack)
        .map(|k| k + 1)
}

/// `(Σλ)² / Σλ²`: number of equal directions with the same spread of variance.
pub fn participation_ratio(variance: ArrayView1<'_, f64>) -> f64 {
    variance.sum().powi(2) / variance.dot(&variance)
}

/// Exponential of the entropy of the shares of variance (Roy & Vetterli 2007).
pub fn effective_rank(variance: ArrayView1<'_, f64>) -> f64 {
    let total = variance.sum();
    let entropy: f64 = variance
        .iter()
        .filter(|v| **v > 0.0)
        .map(|v| -(v / total) * (v / total).ln())
        .sum();
    entropy.exp()
}

/// `Σλ / λ₁`: squared Frobenius norm over squared spectral norm.
pub fn stable_rank(variance: ArrayView1<'_, f64>) -> f64 {
    variance
        .first()
        .map_or(f64::NAN, |first| variance.sum() / first)
}

/// Largest over smallest singular value.
pub fn condition_number(variance: ArrayView1<'_, f64>) -> f64 {
    match (variance.first(), variance.last()) {
        (Some(first), Some(last)) => (first / last).sqrt(),
        _ => f64::NAN,
    }
}

/// `(λₖ − λₖ₊₁) / λₖ`, NaN for the last. A component with a small gap shares its plane with the next:
/// its axis is arbitrary, only the plane means something.
pub fn eigen_gaps(variance: ArrayView1<'_, f64>) -> Array1<f64> {
    (0..variance.len())
        .map(|k| match variance.get(k + 1) {
            Some(next) => (variance[k] - next) / variance[k],
            None => f64::NAN,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn equal_directions_count_themselves() {
        let v = array![2.0, 2.0, 2.0, 2.0];
        assert!((participation_ratio(v.view()) - 4.0).abs() <= 1e-12);
        assert!((effective_rank(v.view()) - 4.0).abs() <= 1e-12);
        assert!((stable_rank(v.view()) - 4.0).abs() <= 1e-12);
        assert_eq!(components_for_share((&v / 8.0).view(), 0.5), Some(2));
        assert_eq!(components_for_share((&v / 9.0).view(), 0.95), None);
        let gaps = eigen_gaps(array![4.0, 1.0].view());
        assert_eq!(gaps[0], 0.75);
        assert!(gaps[1].is_nan() && stable_rank(array![].view()).is_nan());
    }
}
