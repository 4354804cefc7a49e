//! Where the samples of an original go when its time is stretched.

use super::Curve;

/// Pieces into which a duration that changes along a line is cut.
const PIECES: usize = 32;

/// A map from the time of an original to that of its edited form, both in samples and straight between
/// knots.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeMap {
    /// Times in the original and in the edited form, strictly ascending.
    knots: Vec<(f64, f64)>,
    /// Whether the piece behind each knot keeps its duration.
    kept: Vec<bool>,
    samples: usize,
}

impl TimeMap {
    /// The map for a duration ratio over time, of a sound of so many samples. Pieces whose duration
    /// is kept move by whole samples.
    pub(super) fn new(ratio: &Curve, samples: usize, rate_hz: f64) -> Self {
        let end_secs = samples as f64 / rate_hz;
        let (mut knots, mut kept) = (vec![(0.0, 0.0)], Vec::new());
        let mut at = (0.0_f64, 0.0_f64);
        for [(start, first), (end, last)] in ratio.lines(0.0, end_secs) {
            if end <= start {
                continue;
            }
            let keeps = first == 1.0 && last == 1.0;
            let count = if first == last { 1 } else { PIECES };
            if keeps && let Some(knot) = knots.last_mut() {
                at.1 = at.0 + (at.1 - at.0).round();
                *knot = at;
            }
            for piece in 0..count {
                let share = (piece as f64 + 0.5) / count as f64;
                let step = (end - start) * rate_hz / count as f64;
                at.0 += step;
                at.1 += step * (first + share * (last - first));
                knots.push(at);
                kept.push(keeps);
            }
        }
        Self {
            knots,
            kept,
            samples: at.1.round() as usize,
        }
    }

    /// Samples of the edited form.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The time in the edited form; what lies outside goes on as the nearest piece.
    pub fn forward(&self, x: f64) -> f64 {
        self.mapped(x, |knot| knot)
    }

    /// The time in the original.
    pub fn inverse(&self, y: f64) -> f64 {
        self.mapped(y, |(x, y)| (y, x))
    }

    /// Whether time runs as in the original around a time of that.
    pub(super) fn keeps(&self, x: f64) -> bool {
        let piece = self.piece(x, |knot| knot.0);
        self.kept.get(piece).copied().unwrap_or(true)
    }

    fn piece(&self, x: f64, axis: impl Fn(&(f64, f64)) -> f64) -> usize {
        let behind = self.knots.partition_point(|knot| axis(knot) <= x);
        behind
            .saturating_sub(1)
            .min(self.knots.len().saturating_sub(2))
    }

    fn mapped(&self, x: f64, turned: impl Fn((f64, f64)) -> (f64, f64)) -> f64 {
        let piece = self.piece(x, |&knot| turned(knot).0);
        let (Some(&a), Some(&b)) = (self.knots.get(piece), self.knots.get(piece + 1)) else {
            return x;
        };
        let (a, b) = (turned(a), turned(b));
        if self.kept.get(piece).copied().unwrap_or(false) {
            return a.1 + (x - a.0);
        }
        a.1 + (x - a.0) * (b.1 - a.1) / (b.0 - a.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretched_middle_moves_what_follows_by_whole_samples() {
        let ratio = Curve::plateau(1.0, 1.503, (0.1, 0.2), 0.0);
        let map = TimeMap::new(&ratio, 16_000, 16_000.0);
        assert_eq!(map.forward(800.0), 800.0);
        assert!((map.forward(2400.0) - (1600.0 + 800.0 * 1.503)).abs() < 0.25);
        let moved = map.forward(8000.0) - 8000.0;
        assert_eq!(moved, (1600.0_f64 * 0.503).round());
        assert_eq!(map.samples(), 16_000 + moved as usize);
        assert!(map.keeps(100.0) && !map.keeps(2000.0) && map.keeps(9000.0));
        for x in [0.0, 12.5, 1700.0, 3100.0, 15_999.0] {
            assert!((map.inverse(map.forward(x)) - x).abs() < 1e-9);
        }
    }

    #[test]
    fn a_ratio_that_changes_along_a_line_lasts_its_integral() {
        let ratio = Curve::new(vec![(0.0, 1.0), (1.0, 3.0)]).unwrap();
        let map = TimeMap::new(&ratio, 8000, 8000.0);
        assert_eq!(map.samples(), 16_000);
        // The integral of 1 + 2 t up to 0.5 s is 0.75 s.
        assert!((map.forward(4000.0) - 6000.0).abs() < 1e-6);
    }
}
