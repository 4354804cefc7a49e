//! Front end of the Whisper encoders.

use std::f64::consts::LOG10_E;
use std::sync::Arc;

use ndarray::{ArrayD, IxDyn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plans::Plans;
use super::waveform::Normalise;
use super::{HOP_SAMPLES, N_FFT, SAMPLE_RATE_HZ, outside, shaped};
use crate::Result;
use crate::signal::{MelBank, Padding, Stft};

/// Longest audio the position tables of the models cover.
const MAX_SAMPLES: usize = 30 * SAMPLE_RATE_HZ as usize;
const POWER_FLOOR: f64 = 1e-10;
const RANGE_LOG10: f64 = 8.0;

/// Settings of [`super::FrontEnd::WhisperLogMel`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WhisperLogMel {
    /// Length the audio is brought to, with zeros at its end.
    pub pad: WhisperPad,
    /// Number of mel bands: 80, or 128 from large-v3 on.
    pub mels: usize,
    /// Only the last so many seconds; shorter audio gets zeros at its **start**. As smart-turn
    /// does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_secs: Option<f64>,
    /// Level of the samples, after `window_secs` has cut or filled them.
    pub normalise: Normalise,
}

impl Default for WhisperLogMel {
    fn default() -> Self {
        Self {
            pad: WhisperPad::default(),
            mels: 80,
            window_secs: None,
            normalise: Normalise::None,
        }
    }
}

impl WhisperLogMel {
    /// Smart-turn's: the last 8 s, to zero mean and unit variance.
    pub const SMART_TURN: Self = Self {
        pad: WhisperPad::Multiple320,
        mels: 80,
        window_secs: Some(8.0),
        normalise: Normalise::ZeroMeanUnitVariance,
    };
}

/// Zeros added at the end of the audio before [`super::FrontEnd::WhisperLogMel`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhisperPad {
    /// Up to a multiple of 320 samples, so that every encoder position (20 ms) is whole.
    #[default]
    Multiple320,
    /// Up to 30 s, as in training.
    Seconds30,
}

struct Plan {
    stft: Stft,
    mels: MelBank,
}

fn plan(n_mels: usize) -> Result<Arc<Plan>> {
    static PLANS: Plans<usize, Plan> = Plans::new();
    PLANS.get(&n_mels, || {
        let rate = f64::from(SAMPLE_RATE_HZ);
        Ok(Plan {
            stft: Stft::new(N_FFT, HOP_SAMPLES)?,
            mels: MelBank::slaney(rate, N_FFT, n_mels, 0.0, rate / 2.0)?,
        })
    })
}

impl WhisperLogMel {
    pub(super) fn check(&self) -> Result<()> {
        if !(1..=N_FFT).contains(&self.mels) {
            let found = self.mels.to_string();
            return Err(outside("whisper_log_mel", "mels", "1 to 400", found));
        }
        match self.window_secs {
            Some(secs) if !(0.025..=30.0).contains(&secs) => Err(outside(
                "whisper_log_mel",
                "window_secs",
                "0.025 to 30",
                secs.to_string(),
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn describe(&self) -> String {
        let window = match self.window_secs {
            Some(secs) => format!("; last {secs} s, zeros before shorter audio"),
            None => String::new(),
        };
        let normalise = self.normalise.words();
        let pad = match self.pad {
            WhisperPad::Multiple320 => "a multiple of 320 samples",
            WhisperPad::Seconds30 => "30 s",
        };
        format!(
            "Whisper log-mel: 16 kHz{window}{normalise}; zeros up to {pad}; Hann 400, hop 160, \
             centred with reflected ends, last frame dropped, power; {} Slaney mels 0-8000 Hz; \
             log10, floor 1e-10 and 8 below the maximum; (x + 4) / 4",
            self.mels
        )
    }

    fn window_samples(&self) -> Option<usize> {
        let secs = self.window_secs?;
        Some((secs * f64::from(SAMPLE_RATE_HZ)).round() as usize)
    }

    /// Samples after cutting and padding.
    pub(super) fn padded_samples(&self, n_samples: usize) -> usize {
        let n_samples = self.window_samples().unwrap_or(n_samples);
        match self.pad {
            WhisperPad::Multiple320 => n_samples.next_multiple_of(2 * HOP_SAMPLES),
            WhisperPad::Seconds30 => MAX_SAMPLES,
        }
    }

    /// Scaled log-mel `[1, mel, frame]`.
    pub(super) fn compute(&self, samples: &[f32]) -> Result<ArrayD<f32>> {
        let plan = plan(self.mels)?;
        let mut audio: Vec<f64> = Vec::new();
        match self.window_samples() {
            Some(window) => {
                audio.resize(window.saturating_sub(samples.len()), 0.0);
                let skipped = samples.len().saturating_sub(window);
                audio.extend(samples.iter().skip(skipped).map(|x| f64::from(*x)));
            }
            None if samples.len() > MAX_SAMPLES => {
                let secs = samples.len() as f64 / f64::from(SAMPLE_RATE_HZ);
                let found = format!("{secs:.2} s");
                return Err(outside(
                    "whisper_log_mel",
                    "duration",
                    "at most 30 s",
                    found,
                ));
            }
            None => audio.extend(samples.iter().map(|x| f64::from(*x))),
        }
        self.normalise.apply(&mut audio);
        audio.resize(self.padded_samples(samples.len()), 0.0);

        let n_frames = audio.len() / HOP_SAMPLES;
        let mut logs = vec![0.0; self.mels * n_frames];
        let mut power = vec![0.0; plan.stft.n_bins()];
        plan.stft
            .for_each_frame(&audio, Padding::Reflect, 0..n_frames, |frame, spectrum| {
                for (p, value) in power.iter_mut().zip(spectrum) {
                    *p = value.norm_sqr();
                }
                let row = logs.iter_mut().skip(frame).step_by(n_frames);
                for (out, value) in row.zip(plan.mels.apply(&power)) {
                    *out = value.max(POWER_FLOOR).ln() * LOG10_E;
                }
            })?;

        let floor = logs.iter().copied().fold(f64::MIN, f64::max) - RANGE_LOG10;
        let scaled = logs
            .iter()
            .map(|value| ((value.max(floor) + 4.0) / 4.0) as f32);
        shaped(IxDyn(&[1, self.mels, n_frames]), scaled.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padded(pad: WhisperPad) -> WhisperLogMel {
        WhisperLogMel {
            pad,
            ..WhisperLogMel::default()
        }
    }

    fn noise(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919) % 997) as f32 / 997.0).collect()
    }

    #[test]
    fn silence_is_the_floor_everywhere() {
        let log_mel = WhisperLogMel::default().compute(&[0.0; 500]).unwrap();
        assert_eq!(log_mel.shape(), [1, 80, 4]);
        assert!(log_mel.iter().all(|x| *x == -1.5));
    }

    #[test]
    fn thirty_seconds_have_3000_frames_and_more_is_refused() {
        let samples = vec![0.1; MAX_SAMPLES];
        for pad in [WhisperPad::Multiple320, WhisperPad::Seconds30] {
            let log_mel = padded(pad).compute(&samples).unwrap();
            assert_eq!(log_mel.shape(), [1, 80, 3000]);
        }
        let long = vec![0.1; MAX_SAMPLES + 1];
        let error = padded(WhisperPad::Seconds30).compute(&long).unwrap_err();
        assert!(error.to_string().contains("at most 30 s"), "{error}");
    }

    #[test]
    fn padding_to_thirty_seconds_changes_only_the_end() {
        let samples = noise(9600);
        let short = padded(WhisperPad::Multiple320).compute(&samples).unwrap();
        let long = padded(WhisperPad::Seconds30).compute(&samples).unwrap();
        for frame in 0..58 {
            for mel in 0..80 {
                assert_eq!(short[[0, mel, frame]], long[[0, mel, frame]]);
            }
        }
    }

    #[test]
    fn a_window_keeps_the_end_and_fills_the_start() {
        let windowed = WhisperLogMel {
            window_secs: Some(0.1),
            ..WhisperLogMel::default()
        };
        let samples = noise(4000);
        let last = WhisperLogMel::default().compute(&samples[2400..]).unwrap();
        assert_eq!(windowed.compute(&samples).unwrap(), last);
        let filled = [vec![0.0; 600], samples[..1000].to_vec()].concat();
        let filled = WhisperLogMel::default().compute(&filled).unwrap();
        assert_eq!(windowed.compute(&samples[..1000]).unwrap(), filled);
    }

    #[test]
    fn smart_turn_sees_eight_seconds_whatever_the_level() {
        let quiet: Vec<f32> = noise(40_000).iter().map(|x| x / 4.0).collect();
        let loud = WhisperLogMel::SMART_TURN.compute(&noise(40_000)).unwrap();
        let quiet = WhisperLogMel::SMART_TURN.compute(&quiet).unwrap();
        assert_eq!(loud.shape(), [1, 80, 800]);
        for (a, b) in loud.iter().zip(&quiet) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }
}
