//! Loudness, peak, clipping and silence of a signal.

use serde::Serialize;

/// Samples at or beyond this count as clipped.
const CLIP: f32 = 0.999;

/// Length of the frames whose level is compared: 25 ms at 16 kHz.
const FRAME: usize = 400;

/// A frame this far below the loudest counts as silence.
const SILENCE_BELOW_LOUDEST_DB: f64 = 40.0;

/// How loud a signal is. Decibels are relative to full scale (a constant of 1 has 0 dB).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Level {
    /// Root mean square; none for digital silence.
    pub rms_db: Option<f64>,
    /// Largest absolute value; none for digital silence.
    pub peak_db: Option<f64>,
    /// Share of samples at or beyond 0.999 of full scale.
    pub clipped_fraction: f64,
    /// Share of 25 ms frames at least 40 dB below the loudest frame; 1 for digital silence.
    pub silent_fraction: f64,
}

impl Level {
    /// Measures a signal of at least one sample.
    pub fn of(samples: &[f32]) -> Self {
        let n = samples.len().max(1) as f64;
        let peak = samples.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
        let clipped = samples.iter().filter(|s| s.abs() >= CLIP).count();
        let powers: Vec<f64> = samples.chunks(FRAME).map(power).collect();
        let loudest = powers.iter().copied().fold(0.0, f64::max);
        let floor = loudest * 10.0_f64.powf(-SILENCE_BELOW_LOUDEST_DB / 10.0);
        let silent = powers.iter().filter(|&&p| p <= floor).count();
        Self {
            rms_db: decibels(power(samples)),
            peak_db: decibels(f64::from(peak).powi(2)),
            clipped_fraction: clipped as f64 / n,
            silent_fraction: silent as f64 / powers.len().max(1) as f64,
        }
    }
}

fn power(samples: &[f32]) -> f64 {
    let sum: f64 = samples.iter().map(|&s| f64::from(s).powi(2)).sum();
    sum / samples.len().max(1) as f64
}

fn decibels(power: f64) -> Option<f64> {
    (power > 0.0).then(|| 10.0 * power.log10())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_second_of_a_square_wave_and_half_of_nothing() {
        let mut samples = vec![0.5_f32; 4_000];
        samples.extend([-0.5; 4_000]);
        samples.extend([0.0; 8_000]);
        let level = Level::of(&samples);
        assert!((level.peak_db.unwrap() - 20.0 * 0.5_f64.log10()).abs() < 1e-9);
        assert!((level.rms_db.unwrap() - 10.0 * 0.125_f64.log10()).abs() < 1e-9);
        assert_eq!(level.clipped_fraction, 0.0);
        assert_eq!(level.silent_fraction, 0.5);
    }

    #[test]
    fn digital_silence_has_no_level() {
        let level = Level::of(&[0.0; 800]);
        assert_eq!((level.rms_db, level.peak_db), (None, None));
        assert_eq!(level.silent_fraction, 1.0);
    }

    #[test]
    fn clipped_samples_are_counted() {
        let level = Level::of(&[1.0, -1.0, 0.2, 0.1]);
        assert_eq!(level.clipped_fraction, 0.5);
    }
}
