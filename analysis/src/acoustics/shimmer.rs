//! Shimmer: how unequal the amplitudes of neighbouring periods are.

use std::f64::consts::PI;

use super::Sound;
use super::periods::{Counted, PeriodLimits, alike};

/// Share of the period on each side over which a pulse's amplitude is measured.
const REACH: f64 = 0.2;

/// Measures of shimmer. Each is a ratio to the mean amplitude unless said otherwise; its count is
/// that of the comparisons it is a mean of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shimmer {
    /// Mean difference of neighbouring amplitudes.
    pub local: Counted,
    /// Mean level difference of neighbouring amplitudes, dB.
    pub local_db: Counted,
    /// Mean difference of an amplitude from the mean of three.
    pub apq3: Counted,
    /// Mean difference of an amplitude from the mean of five.
    pub apq5: Counted,
    /// Mean difference of an amplitude from the mean of eleven.
    pub apq11: Counted,
    /// Mean difference of neighbouring differences: three times `apq3`.
    pub dda: Counted,
    /// Pulses whose amplitude is defined.
    pub amplitudes: usize,
}

/// Which amplitudes count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShimmerLimits {
    /// Which periods count.
    pub periods: PeriodLimits,
    /// Largest ratio of two neighbouring amplitudes.
    pub max_amplitude_factor: f64,
}

impl Default for ShimmerLimits {
    fn default() -> Self {
        Self {
            periods: PeriodLimits::default(),
            max_amplitude_factor: 1.6,
        }
    }
}

/// The amplitude of one pulse.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Amplitude {
    at_secs: f64,
    value: f64,
}

/// Shimmer of a sound with pulses at ascending times.
pub fn measure(sound: &Sound, pulses: &[f64], limits: &ShimmerLimits) -> Shimmer {
    let amplitudes = amplitudes(sound, pulses, &limits.periods);
    let Some((_, all_but_last)) = amplitudes.split_last() else {
        return Shimmer::default();
    };
    let mean = Counted::mean(all_but_last.iter().map(|amplitude| amplitude.value)).value;
    let pairs = || {
        let pairs = amplitudes.windows(2);
        pairs.filter(|pair| limits.hold_all(pair))
    };
    let local = Counted::mean(pairs().map(|pair| (pair[0].value - pair[1].value).abs()));
    let quotient = |points| perturbation(&amplitudes, points, limits).over(mean);
    let apq3 = quotient(3);
    Shimmer {
        local: local.over(mean),
        local_db: Counted::mean(pairs().map(|pair| (pair[1].value / pair[0].value).log10().abs()))
            .times(20.0),
        apq3,
        apq5: quotient(5),
        apq11: quotient(11),
        dda: apq3.times(3.0),
        amplitudes: amplitudes.len(),
    }
}

impl ShimmerLimits {
    /// Whether neighbouring amplitudes are a period apart and alike.
    fn hold_all(&self, amplitudes: &[Amplitude]) -> bool {
        amplitudes.windows(2).all(|pair| {
            self.periods.holds(pair[1].at_secs - pair[0].at_secs)
                && alike(pair[0].value, pair[1].value, self.max_amplitude_factor)
        })
    }
}

/// Mean difference of the middle of `points` amplitudes from their mean.
fn perturbation(amplitudes: &[Amplitude], points: usize, limits: &ShimmerLimits) -> Counted {
    let stretches = amplitudes.windows(points);
    let held = stretches.filter(|stretch| limits.hold_all(stretch));
    Counted::mean(held.map(|stretch| {
        let sum: f64 = stretch.iter().map(|amplitude| amplitude.value).sum();
        (stretch[points / 2].value - sum / points as f64).abs()
    }))
}

/// The amplitudes of the pulses between two periods that count.
fn amplitudes(sound: &Sound, pulses: &[f64], limits: &PeriodLimits) -> Vec<Amplitude> {
    let amplitude = |three: &[f64]| {
        let (left, right) = (three[1] - three[0], three[2] - three[1]);
        if !limits.hold_all(&[left, right]) {
            return None;
        }
        let value = rms(sound, three[1], REACH * left, REACH * right)?;
        Some(Amplitude {
            at_secs: three[1],
            value,
        })
    };
    pulses.windows(3).filter_map(amplitude).collect()
}

/// The root of the mean power under a Hann window that reaches differently far to both sides.
/// None for fewer than three samples.
fn rms(sound: &Sound, at_secs: f64, left_secs: f64, right_secs: f64) -> Option<f64> {
    let samples = sound.samples();
    let first = sound.high(at_secs - left_secs).max(0);
    let last = sound
        .low(at_secs + right_secs)
        .min(samples.len() as isize - 1);
    if last - first < 2 {
        return None;
    }
    let (mut power, mut weights) = (0.0, 0.0);
    let first = first as usize;
    for (index, sample) in samples[first..=last as usize].iter().enumerate() {
        let offset = sound.time_of(first + index) - at_secs;
        let reach = if offset < 0.0 { left_secs } else { right_secs };
        let weight = 0.5 + 0.5 * (PI * offset / reach).cos();
        power += (sample * weight).powi(2);
        weights += weight * weight;
    }
    Some((power / weights).sqrt())
}
