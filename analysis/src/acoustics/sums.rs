//! Sums in four independent lanes: fast without reordering by the compiler, the same everywhere.

/// The sum of `term` over pairs of two slices.
pub(crate) fn pairs(a: &[f64], b: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    let (a_fours, a_rest) = a.as_chunks::<4>();
    let (b_fours, b_rest) = b.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (a, b) in a_fours.iter().zip(b_fours) {
        for lane in 0..4 {
            sums[lane] += term(a[lane], b[lane]);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(&a, &b)| term(a, b)).sum();
    sums.iter().sum::<f64>() + rest
}

/// The inner product of two slices of one length.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    pairs(a, b, |a, b| a * b)
}

/// The mean; zero for nothing.
pub(crate) fn mean(a: &[f64]) -> f64 {
    if a.is_empty() {
        0.0
    } else {
        pairs(a, a, |a, _| a) / a.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::{dot, mean};

    #[test]
    fn lanes_and_rests_are_all_counted() {
        for n in 0..12 {
            let a: Vec<f64> = (0..n).map(f64::from).collect();
            let expected: f64 = a.iter().map(|x| x * x).sum();
            assert_eq!(dot(&a, &a), expected);
        }
        assert_eq!(mean(&[1.0, 2.0, 3.0, 4.0, 5.0]), 3.0);
        assert_eq!(mean(&[]), 0.0);
    }
}
