//! Linear scales with ticks at 1-2-5 steps, and short number words.

/// A linear map from an interval of data to `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Data value at 0.
    pub lo: f64,
    /// Data value at 1; always greater than `lo`.
    pub hi: f64,
}

/// A labelled position on a [`Scale`].
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Data value.
    pub value: f64,
    /// The value in words, all ticks of a scale with the same number of decimals.
    pub label: String,
}

impl Scale {
    /// The smallest scale that holds the finite values; nothing when there are none. A single
    /// value gets a scale of width 1 (or of 10 % of its size) around it.
    pub fn over(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let (lo, hi) = values
            .into_iter()
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| {
                (lo.min(v), hi.max(v))
            });
        (lo <= hi).then(|| Self::new(lo, hi))
    }

    /// The scale from `lo` to `hi`, widened where it would be empty.
    pub fn new(lo: f64, hi: f64) -> Self {
        let (lo, hi) = if lo <= hi { (lo, hi) } else { (hi, lo) };
        if hi - lo > f64::EPSILON * lo.abs().max(hi.abs()) {
            return Self { lo, hi };
        }
        let half = (lo.abs() * 0.05).max(0.5);
        Self {
            lo: lo - half,
            hi: hi + half,
        }
    }

    /// The scale with `share` of its width added at both ends.
    #[must_use]
    pub fn padded(self, share: f64) -> Self {
        let pad = (self.hi - self.lo) * share;
        Self {
            lo: self.lo - pad,
            hi: self.hi + pad,
        }
    }

    /// Where `value` lies: 0 at `lo`, 1 at `hi`, outside when it is outside.
    pub fn unit(&self, value: f64) -> f64 {
        (value - self.lo) / (self.hi - self.lo)
    }

    /// The value at a place of `[0, 1]`.
    pub fn at(&self, unit: f64) -> f64 {
        self.lo + unit * (self.hi - self.lo)
    }

    /// At most `most` ticks at steps of 1, 2 or 5 times a power of ten, inside the scale.
    pub fn ticks(&self, most: usize) -> Vec<Tick> {
        if most == 0 {
            return Vec::new();
        }
        let raw = (self.hi - self.lo) / most as f64;
        let power = raw.log10().floor();
        let mut step = 10f64.powf(power);
        for factor in [1.0, 2.0, 5.0, 10.0, 20.0] {
            step = factor * 10f64.powf(power);
            let count = (self.hi / step).floor() - (self.lo / step).ceil() + 1.0;
            if count <= most as f64 {
                break;
            }
        }
        let first = (self.lo / step - 1e-9).ceil() as i64;
        let last = (self.hi / step + 1e-9).floor() as i64;
        let decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
        (first..=last)
            .take(most)
            .map(|k| {
                let value = k as f64 * step;
                Tick {
                    value,
                    label: tick_label(value, step, decimals),
                }
            })
            .collect()
    }
}

fn tick_label(value: f64, step: f64, decimals: usize) -> String {
    if value != 0.0 && (step < 1e-4 || value.abs() >= 1e6) {
        return format!("{value:.0e}");
    }
    format!("{value:.decimals$}").replace('-', "−")
}

/// `value` with `digits` significant digits, without exponent between 0.001 and 999,999.
///
/// Used wherever a number is shown to people; exports keep every digit.
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return String::from("–");
    }
    if value == 0.0 {
        return String::from("0");
    }
    let exponent = value.abs().log10().floor() as i32;
    if !(-3..6).contains(&exponent) {
        return format!("{value:.*e}", digits.saturating_sub(1)).replace('-', "−");
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    format!("{value:.decimals$}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(lo: f64, hi: f64, most: usize) -> Vec<String> {
        Scale::new(lo, hi)
            .ticks(most)
            .into_iter()
            .map(|t| t.label)
            .collect()
    }

    #[test]
    fn ticks_step_by_one_two_or_five() {
        assert_eq!(
            labels(0.0, 1.0, 6),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(labels(-0.31, 0.42, 4), ["−0.2", "0.0", "0.2", "0.4"]);
        assert_eq!(labels(0.0, 50.0, 6), ["0", "10", "20", "30", "40", "50"]);
        assert_eq!(labels(3.0, 3.0, 3), ["2.5", "3.0", "3.5"]);
        assert!(labels(0.0, 1.0, 0).is_empty());
        for (lo, hi) in [(0.0, 7e-9), (-3e8, 5e8), (1e-3, 1.1e-3), (99.0, 101.0)] {
            let ticks = Scale::new(lo, hi).ticks(5);
            assert!((1..=5).contains(&ticks.len()), "{lo}..{hi}: {ticks:?}");
            assert!(
                ticks
                    .iter()
                    .all(|t| t.value >= lo - 1e-9 && t.value <= hi * 1.0001)
            );
        }
    }

    #[test]
    fn a_scale_is_never_empty() {
        let scale = Scale::over([f64::NAN, 0.0]).unwrap();
        assert!(scale.hi > scale.lo);
        assert_eq!(Scale::over([f64::NAN]), None);
        assert!((Scale::new(-1.0, 3.0).unit(1.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn numbers_keep_their_significant_digits() {
        assert_eq!(significant(0.994_9, 3), "0.995");
        assert_eq!(significant(1234.56, 3), "1235");
        assert_eq!(significant(-0.012_345, 3), "−0.0123");
        assert_eq!(significant(1.5e-7, 2), "1.5e−7");
        assert_eq!(significant(f64::NAN, 3), "–");
    }
}
