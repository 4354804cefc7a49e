//! Running means of curves that are straight between their samples.

/// How far beyond their ends curves reach whose samples stand for a whole step each.
pub(super) const HALF_BINS: f64 = 0.5;

/// Weights of the samples in the mean of a sampled curve over a range.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RangeMean {
    /// The first sample with a weight.
    pub(super) first: usize,
    /// Weights of it and the next ones; their sum is one.
    pub(super) weights: Vec<f64>,
}

impl RangeMean {
    /// The mean over positions `from ..= to`, counted from zero, of a curve of `samples` values
    /// that is straight between them and constant beyond its ends. The range is first cut to the
    /// curve's domain, which reaches `beyond` steps over its first and last samples.
    pub(super) fn new(from: f64, to: f64, samples: usize, beyond: f64) -> Self {
        let from = from.max(-beyond);
        let to = to.min(samples as f64 - 1.0 + beyond).max(from);
        let last = samples.saturating_sub(1);
        let first = (from.floor().max(0.0) as usize).min(last);
        let end = (to.ceil().max(0.0) as usize).min(last);
        let mut weights: Vec<f64> = (first..=end)
            .map(|i| {
                hat(to - i as f64, i == 0, i == last) - hat(from - i as f64, i == 0, i == last)
            })
            .collect();
        let total: f64 = weights.iter().sum();
        if total > 0.0 {
            weights.iter_mut().for_each(|w| *w /= total);
        } else {
            weights.truncate(1);
            weights.fill(1.0);
        }
        Self { first, weights }
    }

    /// The mean of a curve.
    pub(super) fn of(&self, curve: &[f64]) -> f64 {
        let inside = curve[self.first..].iter().zip(&self.weights);
        inside.map(|(y, w)| y * w).sum()
    }
}

/// The integral up to `x` of the weight that a sample at zero has: a triangle of width one on each
/// side, or a constant at an end of the curve.
fn hat(x: f64, is_first: bool, is_last: bool) -> f64 {
    if x < 0.0 {
        if is_first {
            return x;
        }
        let left = (1.0 + x).max(0.0);
        0.5 * left * left - 0.5
    } else {
        if is_last {
            return x;
        }
        let right = (1.0 - x).max(0.0);
        0.5 - 0.5 * right * right
    }
}

#[cfg(test)]
mod tests {
    use super::{HALF_BINS, RangeMean};

    #[test]
    fn means_over_ranges_by_hand() {
        let curve = [2.0, 4.0, 0.0, 8.0];
        for (from, to, expected) in [
            (0.0, 1.0, 3.0),
            (0.5, 1.5, (0.5 * 3.5 + 0.5 * 3.0)),
            (-9.0, 0.0, 2.0),
            (2.0, 9.0, (4.0 + 4.0) / 1.5),
            (1.25, 1.25, 4.0),
        ] {
            let mean = RangeMean::new(from, to, 4, HALF_BINS).of(&curve);
            assert!((mean - expected).abs() < 1e-12, "{from} to {to}: {mean}");
        }
        assert_eq!(RangeMean::new(-1.0, 0.5, 4, 0.0).of(&curve), 2.5);
        assert_eq!(RangeMean::new(-1.0, 1.0, 1, 0.0).of(&[7.0]), 7.0);
    }
}
