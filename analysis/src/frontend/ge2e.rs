//! Front end of the GE2E speaker encoder.

use std::sync::OnceLock;

use ndarray::{Array2, Array3, s};

use super::{HOP_SAMPLES, N_FFT, SAMPLE_RATE_HZ};
use crate::signal::{MelBank, Padding, Stft};
use crate::{Error, Result};

pub(super) const DESCRIPTION: &str = "GE2E mel: 16 kHz; raised to -30 dBFS RMS if below; Hann 400, \
     hop 160, centred on zeros, power; 40 Slaney mels 0-8000 Hz, no log; windows of 160 frames \
     every 77, last one zero-padded and kept from 75 % coverage";

const N_MELS: usize = 40;
const WINDOW_FRAMES: usize = 160;
/// 1.3 windows per second, rounded to whole frames.
const STEP_FRAMES: usize = 77;
const MIN_COVERAGE: f64 = 0.75;
const MIN_LEVEL_DBFS: f64 = -30.0;

struct Plan {
    stft: Stft,
    mels: MelBank,
}

fn plan() -> Result<&'static Plan> {
    static PLAN: OnceLock<Result<Plan>> = OnceLock::new();
    let plan = PLAN.get_or_init(|| {
        let rate = f64::from(SAMPLE_RATE_HZ);
        Ok(Plan {
            stft: Stft::new(N_FFT, HOP_SAMPLES)?,
            mels: MelBank::slaney(rate, N_FFT, N_MELS, 0.0, rate / 2.0)?,
        })
    });
    plan.as_ref().map_err(Clone::clone)
}

/// Mel power `[window, frame, mel]`.
pub(super) fn compute(samples: &[f32]) -> Result<Array3<f32>> {
    let Plan { stft, mels } = plan()?;
    let gain = gain_to_level(samples)?;
    let raised: Vec<f64> = samples.iter().map(|x| f64::from(*x) * gain).collect();

    let n_windows = n_windows(samples.len());
    let n_frames = (n_windows - 1) * STEP_FRAMES + WINDOW_FRAMES;
    let mut frames = Array2::<f32>::zeros((n_frames, N_MELS));
    let mut power = vec![0.0; stft.n_bins()];
    stft.for_each_frame(&raised, Padding::Zeros, 0..n_frames, |frame, spectrum| {
        for (p, value) in power.iter_mut().zip(spectrum) {
            *p = value.norm_sqr();
        }
        for (out, value) in frames.row_mut(frame).iter_mut().zip(mels.apply(&power)) {
            *out = value as f32;
        }
    })?;

    let mut windows = Array3::zeros((n_windows, WINDOW_FRAMES, N_MELS));
    for (i, mut window) in windows.outer_iter_mut().enumerate() {
        let start = i * STEP_FRAMES;
        window.assign(&frames.slice(s![start..start + WINDOW_FRAMES, ..]));
    }
    Ok(windows)
}

/// Factor that brings audio below [`MIN_LEVEL_DBFS`] RMS up to it; 1 for louder audio.
fn gain_to_level(samples: &[f32]) -> Result<f64> {
    let sum: f64 = samples.iter().map(|x| f64::from(*x).powi(2)).sum();
    let rms = (sum / samples.len() as f64).sqrt();
    if rms == 0.0 {
        return Err(Error::Undefined {
            what: "front end ge2e_mel: level".into(),
            why: "every sample is 0 (digital silence)".into(),
        });
    }
    let wanted = 10f64.powf(MIN_LEVEL_DBFS / 20.0);
    Ok((wanted / rms).max(1.0))
}

/// Windows that cover `n_samples`, without a last one that is covered too little.
fn n_windows(n_samples: usize) -> usize {
    let n_frames = (n_samples + 1).div_ceil(HOP_SAMPLES);
    let starts = (n_frames + STEP_FRAMES)
        .saturating_sub(WINDOW_FRAMES)
        .max(1);
    let n_windows = starts.div_ceil(STEP_FRAMES);
    let last_start = (n_windows - 1) * STEP_FRAMES * HOP_SAMPLES;
    let covered = n_samples.saturating_sub(last_start) as f64;
    let needed = MIN_COVERAGE * (WINDOW_FRAMES * HOP_SAMPLES) as f64;
    if n_windows > 1 && covered < needed {
        n_windows - 1
    } else {
        n_windows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn window_counts_by_hand() {
        // One window up to 160 frames; a second from 161 frames, kept once 75 % covered:
        // (77 + 120) · 160 = 31,520 samples.
        for (n_samples, expected) in [
            (400, 1),
            (25_600, 1),
            (31_519, 1),
            (31_520, 2),
            (113_600, 8),
            (128_000, 9),
        ] {
            assert_eq!(n_windows(n_samples), expected, "{n_samples} samples");
        }
    }

    #[test]
    fn quiet_audio_is_raised_and_loud_audio_left() {
        assert_relative_eq!(
            gain_to_level(&[1e-3, -1e-3]).unwrap(),
            31.622_776,
            epsilon = 1e-4
        );
        assert_relative_eq!(gain_to_level(&[0.5, -0.5]).unwrap(), 1.0);
        assert!(matches!(compute(&[0.0; 400]), Err(Error::Undefined { .. })));
    }

    #[test]
    fn level_of_quiet_audio_does_not_matter() {
        let loud: Vec<f32> = (0..20_000)
            .map(|i| ((i % 77) as f32 - 38.0) * 1e-4)
            .collect();
        let soft: Vec<f32> = loud.iter().map(|x| x / 8.0).collect();
        let (a, b) = (compute(&loud).unwrap(), compute(&soft).unwrap());
        for (a, b) in a.iter().zip(&b) {
            assert_relative_eq!(*a, *b, max_relative = 1e-6);
        }
    }

    #[test]
    fn windows_overlap() {
        let noise: Vec<f32> = (0..60_000)
            .map(|i| ((i * 7919) % 997) as f32 / 997.0 - 0.5)
            .collect();
        let mel = compute(&noise).unwrap();
        assert_eq!(mel.slice(s![0, 77.., ..]), mel.slice(s![1, ..83, ..]));
    }
}
