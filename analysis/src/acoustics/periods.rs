//! Periods between pulses, and which of them count.

/// Which periods count in measures of perturbation; the defaults are Praat's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeriodLimits {
    /// Shortest period, seconds.
    pub shortest_secs: f64,
    /// Longest period, seconds.
    pub longest_secs: f64,
    /// Largest ratio of two neighbouring periods.
    pub max_factor: f64,
}

impl Default for PeriodLimits {
    fn default() -> Self {
        Self {
            shortest_secs: 0.0001,
            longest_secs: 0.02,
            max_factor: 1.3,
        }
    }
}

impl PeriodLimits {
    /// Whether a period is neither too short nor too long.
    pub fn holds(&self, period_secs: f64) -> bool {
        period_secs >= self.shortest_secs && period_secs <= self.longest_secs
    }

    /// Whether neighbouring periods are all in range and alike.
    pub fn hold_all(&self, periods: &[f64]) -> bool {
        periods.iter().all(|&period| self.holds(period))
            && periods
                .windows(2)
                .all(|pair| alike(pair[0], pair[1], self.max_factor))
    }
}

/// Whether the greater of two positive values is at most `max_factor` times the other.
pub(super) fn alike(a: f64, b: f64, max_factor: f64) -> bool {
    a > 0.0 && b > 0.0 && a <= max_factor * b && b <= max_factor * a
}

/// A mean and how many values it is of; None if of none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counted {
    /// The mean.
    pub value: Option<f64>,
    /// Values in it.
    pub count: usize,
}

impl Counted {
    /// The mean of values.
    pub(super) fn mean(values: impl Iterator<Item = f64>) -> Self {
        let (mut sum, mut count) = (0.0, 0usize);
        for value in values {
            sum += value;
            count += 1;
        }
        Self {
            value: (count > 0).then(|| sum / count as f64),
            count,
        }
    }

    /// The mean multiplied; None if that is no number.
    pub(super) fn times(self, factor: f64) -> Self {
        let value = self.value.map(|value| value * factor);
        Self {
            value: value.filter(|value| value.is_finite()),
            ..self
        }
    }

    /// The mean over another; None if that is no number.
    pub(super) fn over(self, other: Option<f64>) -> Self {
        match other {
            Some(other) if other > 0.0 => self.times(1.0 / other),
            _ => Self {
                value: None,
                ..self
            },
        }
    }
}

/// The periods between pulses, seconds.
pub fn between(pulses: &[f64]) -> Vec<f64> {
    pulses.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// The mean of the periods in range, but for those that are unlike both of their neighbours.
pub fn mean_period(periods: &[f64], limits: &PeriodLimits) -> Counted {
    let unlike = |period: f64, neighbour: Option<usize>| {
        neighbour
            .and_then(|index| periods.get(index))
            .is_some_and(|&other| !alike(period, other, limits.max_factor))
    };
    Counted::mean(periods.iter().enumerate().filter_map(|(i, &period)| {
        let stray = unlike(period, i.checked_sub(1)) && unlike(period, Some(i + 1));
        (limits.holds(period) && !stray).then_some(period)
    }))
}
