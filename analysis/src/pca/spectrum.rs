//! Measures of a spectrum's shape. Arguments are explained variances, descending.

use ndarray::{Array1, ArrayView1, ArrayView2, Axis};

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

/// The participation ratio of the population that rows were drawn from, given the products of all rows with
/// each other, `[row, row]`. [`participation_ratio`] of the rows themselves is too small: it cannot exceed
/// their number.
///
/// Both numerator and denominator are unbiased whatever the distribution (Himeno & Yamada 2014, for
/// independent rows). NaN below four rows, or where the estimate of the denominator is not positive.
pub fn unbiased_participation_ratio(gram: ArrayView2<'_, f64>) -> f64 {
    let rows = gram.nrows();
    let n = rows as f64;
    if rows < 4 {
        return f64::NAN;
    }
    let mean = gram.sum_axis(Axis(1)) / n;
    let all = mean.sum() / n;
    let (mut squares, mut trace, mut fourth) = (0.0, 0.0, 0.0);
    for ((i, j), v) in gram.indexed_iter() {
        let centred = v - mean[i] - mean[j] + all;
        squares += centred * centred;
        if i == j {
            trace += centred;
            fourth += centred * centred;
        }
    }
    let (trace, squares) = (trace / (n - 1.0), squares / (n - 1.0).powi(2));
    let fourth = n * fourth / (n - 1.0);
    let above = 2.0 * squares + (n * n - 3.0 * n + 1.0) * trace * trace - fourth;
    let below = (n - 1.0) * (n - 2.0) * squares + trace * trace - fourth;
    if below > 0.0 { above / below } else { f64::NAN }
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
    use rand::RngExt as _;

    #[test]
    fn the_unbiased_ratio_finds_the_dimension_that_few_rows_hide() {
        let (mut plain, mut corrected) = (0.0, 0.0);
        let draws = 400;
        for draw in 0..draws {
            let mut rng = crate::rng::stream(5, "participation-test", draw);
            let x = ndarray::Array2::from_shape_fn((14, 6), |_| {
                (0..12).map(|_| rng.random_range(-0.5..0.5)).sum::<f64>()
            });
            let centred = &x - &(x.sum_axis(Axis(0)) / 14.0);
            let values = crate::linalg::symmetric_eigenvalues(centred.t().dot(&centred).view());
            plain += participation_ratio(values.unwrap().view()) / draws as f64;
            // An offset and a turn change nothing.
            let moved = &x + 3.0;
            corrected += unbiased_participation_ratio(moved.dot(&moved.t()).view()) / draws as f64;
        }
        assert!(
            plain < 4.6 && (corrected - 6.0).abs() < 0.5,
            "{plain} {corrected}"
        );
        assert!(unbiased_participation_ratio(array![[1.0]].view()).is_nan());
        assert!(unbiased_participation_ratio(ndarray::Array2::ones((5, 5)).view()).is_nan());
    }

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
