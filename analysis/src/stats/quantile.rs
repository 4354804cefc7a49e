//! Quantiles with linear interpolation (type 7, and Hazen's type 5).

/// Quantile `q` in [0, 1] of `x`, type 7 (the default of R and numpy); NaN for no values.
pub fn quantile(x: &[f64], q: f64) -> f64 {
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_of_sorted(&sorted, q)
}

/// The same of values already ascending.
pub fn quantile_of_sorted(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    if q.is_nan() {
        return f64::NAN;
    }
    let place = q.clamp(0.0, 1.0) * last as f64;
    let below = (place as usize).min(last);
    let above = (below + 1).min(last);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

/// Quantile `q` of values already ascending, type 5 (Hazen), as Praat defines quantiles: value `k`
/// of `n` stands at `(k - 0.5) / n`. NaN for no values.
pub fn hazen_of_sorted(sorted: &[f64], q: f64) -> f64 {
    let n = sorted.len() as f64;
    if sorted.len() < 2 || q.is_nan() {
        return quantile_of_sorted(sorted, q);
    }
    // Type 7 puts value k at (k - 1) / (n - 1).
    quantile_of_sorted(sorted, (q * n - 0.5) / (n - 1.0))
}

#[cfg(test)]
mod tests {
    use super::{hazen_of_sorted, quantile};

    #[test]
    fn hazen_by_hand() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(hazen_of_sorted(&sorted, 0.5), 3.0);
        assert_eq!(hazen_of_sorted(&sorted, 0.25), 1.5);
        assert_eq!(hazen_of_sorted(&sorted, 0.0), 1.0);
        assert_eq!(hazen_of_sorted(&sorted, 1.0), 8.0);
        assert_eq!(hazen_of_sorted(&[3.0], 0.9), 3.0);
        assert!(hazen_of_sorted(&[], 0.5).is_nan());
    }

    #[test]
    fn halfway_points_by_hand() {
        assert_eq!(quantile(&[4.0, 1.0, 2.0], 0.25), 1.5);
        assert_eq!(quantile(&[4.0, 1.0, 2.0], 1.0), 4.0);
        assert_eq!(quantile(&[7.0], 0.3), 7.0);
        assert!(quantile(&[], 0.5).is_nan() && quantile(&[1.0], f64::NAN).is_nan());
    }
}
