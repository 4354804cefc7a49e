//! Analysis windows.

use std::f64::consts::TAU;

/// Periodic Hann window of `len_samples` points: `0.5 − 0.5 cos(2πn / len_samples)`.
///
/// The periodic form starts at 0 and leaves out the closing 0, so that copies shifted by half a
/// window sum to 1. An empty window for 0 points.
pub fn hann_periodic(len_samples: usize) -> Vec<f64> {
    let len = len_samples as f64;
    (0..len_samples)
        .map(|n| 0.5 - 0.5 * (TAU * n as f64 / len).cos())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::hann_periodic;
    use approx::assert_abs_diff_eq;
    use proptest::prelude::*;

    #[test]
    fn four_points_by_hand() {
        for (got, expected) in hann_periodic(4).iter().zip([0.0, 0.5, 1.0, 0.5]) {
            assert_abs_diff_eq!(*got, expected, epsilon = 1e-15);
        }
    }

    #[test]
    fn degenerate_lengths() {
        assert!(hann_periodic(0).is_empty());
        assert_eq!(hann_periodic(1), [0.0]);
    }

    proptest! {
        #[test]
        fn halves_overlap_to_one(half in 1usize..600) {
            let window = hann_periodic(2 * half);
            for n in 0..half {
                prop_assert!((window[n] + window[n + half] - 1.0).abs() < 1e-12);
            }
        }
    }
}
