//! Quantiles with linear interpolation (type 7).

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

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn halfway_points_by_hand() {
        assert_eq!(quantile(&[4.0, 1.0, 2.0], 0.25), 1.5);
        assert_eq!(quantile(&[4.0, 1.0, 2.0], 1.0), 4.0);
        assert_eq!(quantile(&[7.0], 0.3), 7.0);
        assert!(quantile(&[], 0.5).is_nan() && quantile(&[1.0], f64::NAN).is_nan());
    }
}
