//! Front end of the Whisper encoders.

use std::sync::OnceLock;

use ndarray::Array3;

use super::{HOP_SAMPLES, N_FFT, SAMPLE_RATE_HZ, WhisperPad};
use crate::signal::{MelBank, Padding, Stft};
use crate::{Error, Result};

const N_MELS: usize = 80;
/// Longest audio the position tables of the models cover.
const MAX_SAMPLES: usize = 30 * SAMPLE_RATE_HZ as usize;
const POWER_FLOOR: f64 = 1e-10;
const RANGE_LOG10: f64 = 8.0;

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

pub(super) fn describe(pad: WhisperPad) -> String {
    let pad = match pad {
        WhisperPad::Multiple320 => "a multiple of 320 samples",
        WhisperPad::Seconds30 => "30 s",
    };
    format!(
        "Whisper log-mel: 16 kHz; zeros up to {pad}; Hann 400, hop 160, centred with reflected \
         ends, last frame dropped, power; 80 Slaney mels 0-8000 Hz; log10, floor 1e-10 and 8 below \
         the maximum; (x + 4) / 4"
    )
}

/// Scaled log-mel `[1, mel, frame]`.
pub(super) fn compute(samples: &[f32], pad: WhisperPad) -> Result<Array3<f32>> {
    let Plan { stft, mels } = plan()?;
    if samples.len() > MAX_SAMPLES {
        return Err(Error::Setting {
            what: "front end whisper_log_mel: duration".into(),
            needed: "at most 30 s".into(),
            found: format!("{:.2} s", samples.len() as f64 / f64::from(SAMPLE_RATE_HZ)),
        });
    }
    let n_samples = match pad {
        WhisperPad::Multiple320 => samples.len().next_multiple_of(2 * HOP_SAMPLES),
        WhisperPad::Seconds30 => MAX_SAMPLES,
    };
    let mut padded: Vec<f64> = samples.iter().map(|x| f64::from(*x)).collect();
    padded.resize(n_samples, 0.0);

    let n_frames = n_samples / HOP_SAMPLES;
    let mut logs = vec![0.0; n_frames * N_MELS];
    let mut rows = logs.chunks_exact_mut(N_MELS);
    let mut power = vec![0.0; stft.n_bins()];
    stft.for_each_frame(&padded, Padding::Reflect, 0..n_frames, |_, spectrum| {
        for (p, value) in power.iter_mut().zip(spectrum) {
            *p = value.norm_sqr();
        }
        for (out, value) in rows.next().into_iter().flatten().zip(mels.apply(&power)) {
            *out = value.max(POWER_FLOOR).log10();
        }
    })?;

    let floor = logs.iter().copied().fold(f64::MIN, f64::max) - RANGE_LOG10;
    Ok(Array3::from_shape_fn(
        (1, N_MELS, n_frames),
        |(_, mel, frame)| {
            let value = logs.get(frame * N_MELS + mel).copied().unwrap_or(floor);
            ((value.max(floor) + 4.0) / 4.0) as f32
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_the_floor_everywhere() {
        let log_mel = compute(&[0.0; 500], WhisperPad::Multiple320).unwrap();
        assert_eq!(log_mel.dim(), (1, 80, 4));
        assert!(log_mel.iter().all(|x| *x == -1.5));
    }

    #[test]
    fn thirty_seconds_have_3000_frames_and_more_is_refused() {
        let samples = vec![0.1; MAX_SAMPLES];
        for pad in [WhisperPad::Multiple320, WhisperPad::Seconds30] {
            assert_eq!(compute(&samples, pad).unwrap().dim(), (1, 80, 3000));
        }
        let long = vec![0.1; MAX_SAMPLES + 1];
        let error = compute(&long, WhisperPad::Seconds30).unwrap_err();
        assert!(error.to_string().contains("at most 30 s"), "{error}");
    }

    #[test]
    fn padding_to_thirty_seconds_changes_only_the_end() {
        let samples: Vec<f32> = (0..9600)
            .map(|i| ((i * 7919) % 997) as f32 / 997.0)
            .collect();
        let short = compute(&samples, WhisperPad::Multiple320).unwrap();
        let long = compute(&samples, WhisperPad::Seconds30).unwrap();
        for frame in 0..58 {
            for mel in 0..80 {
                assert_eq!(short[[0, mel, frame]], long[[0, mel, frame]]);
            }
        }
    }
}
