//! Intensity: the level in Kaiser-weighted frames.

use std::f64::consts::PI;

use super::{Frames, Sound, sums};

/// Power of the reference pressure, 2e-5 Pa, squared: the level of a sound is relative to it.
pub const REFERENCE_POWER: f64 = 4e-10;

/// What digital silence reads, in dB.
pub const SILENCE_DB: f64 = -300.0;

/// The level of a sound in frames.
#[derive(Clone, Debug, PartialEq)]
pub struct Intensity {
    /// Where the frames are centred.
    pub frames: Frames,
    /// Level of each frame, dB relative to 2e-5 where full scale is 1, `[frame]`; digital silence
    /// is [`SILENCE_DB`].
    pub level_db: Vec<f64>,
}

impl Intensity {
    /// The level of the mean power of the frames, in dB.
    pub fn mean_energy_db(&self) -> f64 {
        let powers = self.level_db.iter().map(|db| 10f64.powf(db / 10.0));
        10.0 * (powers.sum::<f64>() / self.level_db.len() as f64).log10()
    }

    /// The mean of the frames' levels, in dB.
    pub fn mean_db(&self) -> f64 {
        self.level_db.iter().sum::<f64>() / self.level_db.len() as f64
    }

    /// The highest level of a frame, in dB.
    pub fn max_db(&self) -> f64 {
        self.level_db.iter().copied().fold(f64::MIN, f64::max)
    }
}

/// Intensity with a window that smooths the ripple of voices down to `min_pitch_hz`.
///
/// The window is 6.4 of its periods long, and a step (unless given) 0.8 of one, so
/// 8 ms at 100 Hz. `subtract_mean` removes each frame's mean first. None if the sound is shorter
/// than a window.
pub fn track(
    sound: &Sound,
    min_pitch_hz: f64,
    step_secs: Option<f64>,
    subtract_mean: bool,
) -> Option<Intensity> {
    let window_secs = 6.4 / min_pitch_hz;
    let frames = sound.frames(window_secs, step_secs.unwrap_or(0.8 / min_pitch_hz))?;
    let half_secs = 0.5 * window_secs;
    let half = (half_secs / sound.step_secs()).floor() as isize;
    let weights: Vec<f64> = (-half..=half)
        .map(|i| kaiser(i as f64 * sound.step_secs() / half_secs))
        .collect();
    let samples = sound.samples();
    let level = |index: usize| {
        let centre = sound.nearest(frames.centre_secs(index));
        let first = (centre - half).clamp(0, samples.len() as isize);
        let end = (centre + half + 1).clamp(first, samples.len() as isize);
        let weights = &weights[(first + half - centre) as usize..(end + half - centre) as usize];
        level_db(
            &samples[first as usize..end as usize],
            weights,
            subtract_mean,
        )
    };
    Some(Intensity {
        frames,
        level_db: (0..frames.count).map(level).collect(),
    })
}

/// The level of the weighted mean power of one frame.
fn level_db(samples: &[f64], weights: &[f64], subtract_mean: bool) -> f64 {
    let mean = if subtract_mean {
        sums::mean(samples)
    } else {
        0.0
    };
    let power = sums::pairs(samples, weights, |x, w| (x - mean) * (x - mean) * w);
    let power = power / sums::pairs(weights, weights, |w, _| w) / REFERENCE_POWER;
    if power < 1e-30 || power.is_nan() {
        SILENCE_DB
    } else {
        10.0 * power.log10()
    }
}

/// The weight at `u` of the way from the middle of the window to its end.
fn kaiser(u: f64) -> f64 {
    bessel_i0((2.0 * PI * PI + 0.5) * (1.0 - u * u).max(0.0).sqrt())
}

/// The modified Bessel function of order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * f64::EPSILON / 4.0 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_of_full_scale_has_half_its_power() {
        let samples = (0..16_100).map(|i| (2.0 * PI * 200.0 * f64::from(i) / 16_000.0).sin());
        let sound = Sound::new(samples.collect(), 16_000.0);
        let Some(intensity) = track(&sound, 100.0, None, true) else {
            panic!("a second is longer than a window")
        };
        let expected = 10.0 * (0.5 / REFERENCE_POWER).log10();
        assert!((intensity.mean_db() - expected).abs() < 0.01);
        assert!((intensity.mean_energy_db() - expected).abs() < 0.01);
        assert_eq!(intensity.frames.count, 118);
    }

    #[test]
    fn a_constant_is_silent_without_its_mean_only() {
        let sound = Sound::new(vec![0.25; 8_000], 8_000.0);
        let level = |mean| track(&sound, 100.0, None, mean).map(|i| i.mean_db());
        assert_eq!(level(true), Some(SILENCE_DB));
        let expected = 10.0 * (0.0625 / REFERENCE_POWER).log10();
        assert!(level(false).is_some_and(|db| (db - expected).abs() < 1e-9));
    }

    #[test]
    fn what_is_shorter_than_a_window_has_no_intensity() {
        assert!(track(&Sound::new(vec![0.1; 1023], 16_000.0), 100.0, None, true).is_none());
        assert!(track(&Sound::new(vec![], 16_000.0), 100.0, None, true).is_none());
    }

    #[test]
    fn the_bessel_function_has_its_tabulated_values() {
        for (x, expected) in [
            (0.0, 1.0),
            (1.0, 1.266_065_877_752_008_4),
            (10.0, 2_815.716_628_466_254),
        ] {
            assert!((bessel_i0(x) / expected - 1.0).abs() < 1e-14, "at {x}");
        }
    }
}
