//! A value over time, as straight lines between knots.

use phonoscope_analysis::{Error, Result};

/// Straight lines between knots; the first and the last value hold outside of them. Two knots at one
/// time make a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Times in seconds, ascending, and values; at least one.
    knots: Vec<(f64, f64)>,
}

impl Curve {
    /// The same value at all times.
    pub fn constant(value: f64) -> Self {
        Self {
            knots: vec![(0.0, value)],
        }
    }

    /// A curve through knots: times in seconds, and values.
    ///
    /// # Errors
    /// [`Error::Setting`] without knots, for knots out of order and for what is not finite.
    pub fn new(knots: Vec<(f64, f64)>) -> Result<Self> {
        let finite = knots.iter().all(|(t, v)| t.is_finite() && v.is_finite());
        if knots.is_empty() || !finite || !knots.is_sorted_by(|a, b| a.0 <= b.0) {
            return Err(Error::Setting {
                what: "knots of a curve".to_owned(),
                needed: "finite, in order of time, at least one".to_owned(),
                found: format!("{} of them", knots.len()),
            });
        }
        Ok(Self { knots })
    }

    /// `value` between two times, `rest` elsewhere, and straight lines of `ramp_secs` outside of the
    /// two from one to the other (a step if that is 0). The times and values are finite and in order.
    pub fn plateau(rest: f64, value: f64, (from, to): (f64, f64), ramp_secs: f64) -> Self {
        let knots = vec![
            (from - ramp_secs, rest),
            (from, value),
            (to, value),
            (to + ramp_secs, rest),
        ];
        Self { knots }
    }

    /// The value at a time; at a step, the one behind it.
    pub fn at(&self, secs: f64) -> f64 {
        let behind = self.knots.partition_point(|knot| knot.0 <= secs);
        let before = behind.checked_sub(1).and_then(|i| self.knots.get(i));
        match (before, self.knots.get(behind)) {
            (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (secs - a.0) / (b.0 - a.0),
            (Some(only), None) | (None, Some(only)) => only.1,
            (None, None) => 0.0,
        }
    }

    /// The values at the knots: all others lie between them.
    pub(super) fn values(&self) -> impl Iterator<Item = f64> {
        self.knots.iter().map(|knot| knot.1)
    }

    /// The straight lines between two times, in order: start and end, each a time and a value.
    pub(super) fn lines(&self, from: f64, to: f64) -> Vec<[(f64, f64); 2]> {
        let inside = self.knots.iter().filter(|k| from < k.0 && k.0 < to);
        let mut lines = Vec::new();
        let mut last = (from, self.at(from));
        for &knot in inside {
            if knot.0 > last.0 {
                lines.push([last, knot]);
            }
            last = knot;
        }
        // The value just before the end, should there be a step.
        let end = self.knots.iter().find(|k| k.0 == to);
        lines.push([last, (to, end.map_or_else(|| self.at(to), |k| k.1))]);
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plateaus_ramp_outside_of_their_times() {
        let curve = Curve::plateau(0.0, 6.0, (1.0, 2.0), 0.5);
        let at = [0.0, 0.5, 0.75, 1.0, 1.5, 2.0, 2.25, 3.0].map(|t| curve.at(t));
        assert_eq!(at, [0.0, 0.0, 3.0, 6.0, 6.0, 6.0, 3.0, 0.0]);
        let step = Curve::plateau(1.0, 2.0, (1.0, 2.0), 0.0);
        assert_eq!(
            [0.9, 1.0, 1.9, 2.0].map(|t| step.at(t)),
            [1.0, 2.0, 2.0, 1.0]
        );
        let lines = step.lines(0.0, 3.0);
        let values: Vec<_> = lines.iter().map(|[a, b]| (a.0, b.0, a.1, b.1)).collect();
        assert_eq!(
            values,
            [
                (0.0, 1.0, 1.0, 1.0),
                (1.0, 2.0, 2.0, 2.0),
                (2.0, 3.0, 1.0, 1.0)
            ]
        );
    }

    #[test]
    fn knots_out_of_order_or_not_finite_are_refused() {
        for knots in [vec![], vec![(1.0, 0.0), (0.5, 0.0)], vec![(0.0, f64::NAN)]] {
            assert!(Curve::new(knots).is_err());
        }
        assert_eq!(Curve::constant(3.0).at(-1.0), 3.0);
    }
}
