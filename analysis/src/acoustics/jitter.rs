//! Jitter: how unequal neighbouring periods are.

use super::periods::{Counted, PeriodLimits, between, mean_period};

/// Measures of jitter. Each is a ratio to the mean period unless said otherwise; its count is
/// that of the comparisons it is a mean of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Jitter {
    /// Mean difference of neighbouring periods.
    pub local: Counted,
    /// The same in seconds.
    pub local_absolute_secs: Counted,
    /// Mean difference of a period from the mean of three (relative average perturbation).
    pub rap: Counted,
    /// Mean difference of a period from the mean of five.
    pub ppq5: Counted,
    /// Mean difference of neighbouring differences: three times `rap`.
    pub ddp: Counted,
    /// Mean period in seconds, and how many periods count.
    pub mean_period_secs: Counted,
}

/// Jitter of pulses at ascending times.
///
/// Running speech adds its intonation to jitter; `ppq5` and `rap` resist that better.
pub fn measure(pulses: &[f64], limits: &PeriodLimits) -> Jitter {
    let periods = between(pulses);
    let mean_period_secs = mean_period(&periods, limits);
    let mean = mean_period_secs.value;
    let local_absolute_secs = perturbation(&periods, 2, limits);
    let rap = perturbation(&periods, 3, limits).over(mean);
    Jitter {
        local: local_absolute_secs.over(mean),
        local_absolute_secs,
        rap,
        ppq5: perturbation(&periods, 5, limits).over(mean),
        ddp: rap.times(3.0),
        mean_period_secs,
    }
}

/// Mean difference of the middle of `points` periods from their mean; of two, from each other.
fn perturbation(periods: &[f64], points: usize, limits: &PeriodLimits) -> Counted {
    let stretches = periods
        .windows(points)
        .filter(|stretch| limits.hold_all(stretch));
    if points == 2 {
        return Counted::mean(stretches.map(|pair| (pair[0] - pair[1]).abs()));
    }
    Counted::mean(stretches.map(|stretch| {
        let mean = stretch.iter().sum::<f64>() / points as f64;
        (stretch[points / 2] - mean).abs()
    }))
}
