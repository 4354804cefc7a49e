//! Analysis windows.

use std::f64::consts::TAU;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Power to which Povey's window raises Hann's.
const POVEY_POWER: f64 = 0.85;

/// Shape of an analysis window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowShape {
    /// `0.5 − 0.5 cos φ`, which Kaldi calls `hanning`.
    #[default]
    #[serde(alias = "hanning")]
    Hann,
    /// `0.54 − 0.46 cos φ`.
    Hamming,
    /// Hann to the power of 0.85, Kaldi's default.
    Povey,
    /// One everywhere.
    Rectangular,
    /// `0.42 − 0.5 cos φ + 0.08 cos 2φ`.
    Blackman,
}

impl WindowShape {
    /// Name as in the serialised form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hann => "hann",
            Self::Hamming => "hamming",
            Self::Povey => "povey",
            Self::Rectangular => "rectangular",
            Self::Blackman => "blackman",
        }
    }

    fn at(self, phase: f64) -> f64 {
        let hann = 0.5 - 0.5 * phase.cos();
        match self {
            Self::Hann => hann,
            Self::Hamming => 0.54 - 0.46 * phase.cos(),
            Self::Povey => hann.powf(POVEY_POWER),
            Self::Rectangular => 1.0,
            Self::Blackman => 0.42 - 0.5 * phase.cos() + 0.08 * (2.0 * phase).cos(),
        }
    }
}

/// Window of `len_samples` points whose phase φ runs from 0 to just before 2π: copies shifted by
/// half a window add up evenly. An empty window for 0 points.
pub fn periodic(shape: WindowShape, len_samples: usize) -> Vec<f64> {
    let len = len_samples as f64;
    (0..len_samples)
        .map(|n| shape.at(TAU * n as f64 / len))
        .collect()
}

/// Window of `len_samples` points whose phase φ runs from 0 to 2π, both included: its ends are
/// equal. One point is φ = 0.
pub fn symmetric(shape: WindowShape, len_samples: usize) -> Vec<f64> {
    let last = len_samples.saturating_sub(1).max(1) as f64;
    (0..len_samples)
        .map(|n| shape.at(TAU * n as f64 / last))
        .collect()
}

/// Periodic Hann window of `len_samples` points: `0.5 − 0.5 cos(2πn / len_samples)`.
///
/// The periodic form starts at 0 and leaves out the closing 0, so that copies shifted by half a
/// window sum to 1. An empty window for 0 points.
pub fn hann_periodic(len_samples: usize) -> Vec<f64> {
    periodic(WindowShape::Hann, len_samples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use proptest::prelude::*;

    #[test]
    fn four_points_by_hand() {
        for (got, expected) in hann_periodic(4).iter().zip([0.0, 0.5, 1.0, 0.5]) {
            assert_abs_diff_eq!(*got, expected, epsilon = 1e-15);
        }
        let symmetric_by_hand = [
            (WindowShape::Hann, [0.0, 1.0, 0.0]),
            (WindowShape::Hamming, [0.08, 1.0, 0.08]),
            (WindowShape::Povey, [0.0, 1.0, 0.0]),
            (WindowShape::Rectangular, [1.0, 1.0, 1.0]),
            (WindowShape::Blackman, [0.0, 1.0, 0.0]),
        ];
        for (shape, expected) in symmetric_by_hand {
            for (got, expected) in symmetric(shape, 3).iter().zip(expected) {
                assert_abs_diff_eq!(*got, expected, epsilon = 1e-15);
            }
        }
        let povey = symmetric(WindowShape::Povey, 5);
        assert_abs_diff_eq!(povey[1], 0.5f64.powf(0.85), epsilon = 1e-15);
    }

    #[test]
    fn degenerate_lengths() {
        assert!(hann_periodic(0).is_empty());
        assert_eq!(hann_periodic(1), [0.0]);
        assert!(symmetric(WindowShape::Hann, 0).is_empty());
        assert_eq!(symmetric(WindowShape::Rectangular, 1), [1.0]);
    }

    proptest! {
        #[test]
        fn halves_overlap_to_one(half in 1usize..600) {
            let window = hann_periodic(2 * half);
            for n in 0..half {
                prop_assert!((window[n] + window[n + half] - 1.0).abs() < 1e-12);
            }
        }

        #[test]
        fn a_symmetric_window_reads_the_same_backwards(len in 2usize..600) {
            for shape in [WindowShape::Hann, WindowShape::Hamming, WindowShape::Povey, WindowShape::Blackman] {
                let window = symmetric(shape, len);
                for (a, b) in window.iter().zip(window.iter().rev()) {
                    prop_assert!((a - b).abs() < 1e-9);
                }
            }
        }
    }
}
