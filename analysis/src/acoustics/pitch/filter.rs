//! The Gaussian low-pass filter of filtered autocorrelation.

use super::super::Sound;
use super::super::transform::Transform;

/// The sound with its spectrum multiplied by a Gaussian that leaves `attenuation` at `top_hz`.
pub(super) fn low_pass(sound: &Sound, top_hz: f64, attenuation: f64) -> Sound {
    let mut transform = Transform::holding(sound.len());
    transform.load(sound.samples());
    let points = transform.signal.len() as f64;
    let sd_hz = top_hz / (-2.0 * attenuation.ln()).sqrt();
    let bin_hz = sound.sample_rate_hz() / points;
    for (k, bin) in transform.spectrum.iter_mut().enumerate() {
        let u = k as f64 * bin_hz / sd_hz;
        *bin *= (-0.5 * u * u).exp() / points;
    }
    transform.inverse();
    let mut filtered = sound.clone();
    for (sample, passed) in filtered.samples_mut().iter_mut().zip(&transform.signal) {
        *sample = *passed;
    }
    filtered
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::super::super::synthetic::from_function;
    use super::low_pass;

    #[test]
    fn a_tone_at_the_top_keeps_its_share() {
        // 800 Hz lies on a bin of 16384 points, so that nothing leaks.
        let tone = from_function(16_384.0, 1.0, |t| (2.0 * PI * 800.0 * t).sin());
        let passed = low_pass(&tone, 800.0, 0.03);
        for (sample, tone) in passed.samples().iter().zip(tone.samples()) {
            assert!((sample - 0.03 * tone).abs() < 1e-12);
        }
    }
}
