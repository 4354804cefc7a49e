//! Sounds with known properties, for tests.

use std::f64::consts::PI;

use rand::RngExt as _;

use super::Sound;
use crate::rng;

/// Harmonics of `f0_hz` below 0.4 of the sample rate, up to 20 of them, of equal strength.
pub(super) fn voice(rate_hz: f64, secs: f64, f0_hz: f64) -> Sound {
    let harmonics = ((0.4 * rate_hz / f0_hz) as usize).clamp(1, 20);
    from_function(rate_hz, secs, |t| {
        let harmonic = |k: usize| (2.0 * PI * f0_hz * k as f64 * t + (k * k) as f64).cos();
        (1..=harmonics).map(harmonic).sum::<f64>() * 0.5 / harmonics as f64
    })
}

/// White noise, uniform in -1 to 1 times `amplitude`.
pub(super) fn noise(rate_hz: f64, secs: f64, amplitude: f64) -> Sound {
    let mut stream = rng::stream(11, "synthetic noise", 0);
    from_function(rate_hz, secs, |_| {
        amplitude * stream.random_range(-1.0..1.0)
    })
}

/// A pulse a period of `periods_secs`, each a short bump of its own height.
pub(super) fn pulse_train(rate_hz: f64, periods_secs: &[f64], heights: &[f64]) -> Sound {
    let mut centres = Vec::new();
    let mut at = 0.03;
    for (i, period) in periods_secs.iter().enumerate() {
        centres.push((at, heights[i % heights.len()]));
        at += period;
    }
    from_function(rate_hz, at + 0.03, |t| {
        let near = centres
            .iter()
            .filter(|(centre, _)| (t - centre).abs() < 0.002);
        near.map(|(centre, height)| height * (-((t - centre) / 2e-4).powi(2)).exp())
            .sum()
    })
}

pub(super) fn from_function(rate_hz: f64, secs: f64, mut value: impl FnMut(f64) -> f64) -> Sound {
    let count = (rate_hz * secs).round() as usize;
    Sound::new(
        (0..count)
            .map(|i| value((i as f64 + 0.5) / rate_hz))
            .collect(),
        rate_hz,
    )
}

/// One sound after changing each of its samples.
pub(super) fn mapped(sound: &Sound, change: impl Fn(f64) -> f64) -> Sound {
    let mut changed = sound.clone();
    for sample in changed.samples_mut() {
        *sample = change(*sample);
    }
    changed
}

/// The sum of two sounds of one length.
pub(super) fn sum(a: &Sound, b: &Sound) -> Sound {
    let mut both = a.clone();
    for (sample, other) in both.samples_mut().iter_mut().zip(b.samples()) {
        *sample += other;
    }
    both
}
