//! Logarithmic magnitude spectrogram without mel bands, of a fixed number of frames.

use std::sync::Arc;

use ndarray::{ArrayD, IxDyn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plans::Plans;
use super::{MAX_VALUES, SAMPLE_RATE_HZ, outside, shaped};
use crate::Result;
use crate::signal::{Padding, Stft, WindowShape, window};

const NAME: &str = "log_spectrum";

/// Settings of [`super::FrontEnd::LogSpectrum`]. The defaults are those of the lexical-stress
/// classifiers of arXiv 2508.07229.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogSpectrum {
    /// Points of the transform and of its window, in samples: `n_fft / 2 + 1` bins.
    pub n_fft: usize,
    /// Samples from one frame to the next.
    pub hop_length: usize,
    /// Shape of the (periodic) window.
    pub window_type: WindowShape,
    /// Longer audio is cut here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_secs: Option<f64>,
    /// Audio that is a word ends where the word ends. Whoever cuts the word out of a recording has to see
    /// to that; [`super::FrontEnd::compute`] hears all that it is given.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub word_alone: bool,
    /// Frames of the result: fewer are filled up with zeros at the end, more are cut.
    pub frames: usize,
    /// What happens to the whole matrix, its zeros included.
    pub normalise: MatrixNormalise,
}

/// What happens to a whole spectrogram.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatrixNormalise {
    /// Nothing.
    None,
    /// Mean 0 and standard deviation 1 over all bins and frames; nothing where all are equal.
    #[default]
    MeanStd,
}

impl Default for LogSpectrum {
    fn default() -> Self {
        Self {
            n_fft: 320,
            hop_length: 160,
            window_type: WindowShape::Hamming,
            clip_secs: Some(0.5),
            word_alone: false,
            frames: 101,
            normalise: MatrixNormalise::MeanStd,
        }
    }
}

type Key = (usize, usize, WindowShape);

impl LogSpectrum {
    fn stft(&self) -> Result<Arc<Stft>> {
        static PLANS: Plans<Key, Stft> = Plans::new();
        let key = (self.n_fft, self.hop_length, self.window_type);
        PLANS.get(&key, || {
            let shape = window::periodic(self.window_type, self.n_fft);
            Stft::windowed(self.n_fft, self.hop_length, &shape)
        })
    }

    pub(super) fn check(&self) -> Result<()> {
        let wrong = |what: &str, needed: &str, found: String| outside(NAME, what, needed, found);
        if !self.n_fft.is_multiple_of(2) || !(2..=1 << 16).contains(&self.n_fft) {
            let found = self.n_fft.to_string();
            return Err(wrong("n_fft", "even, from 2 to 65536", found));
        }
        if !(1..=self.n_fft).contains(&self.hop_length) {
            let found = self.hop_length.to_string();
            return Err(wrong("hop_length", "from 1 to n_fft", found));
        }
        if self.frames == 0 || self.frames.saturating_mul(self.bins()) > MAX_VALUES {
            let found = self.frames.to_string();
            return Err(wrong("frames", "at least 1, and within memory", found));
        }
        match self.clip_secs {
            Some(secs) if !(secs > 0.0 && secs <= 3600.0) => Err(wrong(
                "clip_secs",
                "above 0 and at most 3600",
                secs.to_string(),
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn describe(&self) -> String {
        let clip = match self.clip_secs {
            Some(secs) => format!("first {secs} s; "),
            None => String::new(),
        };
        let alone = if self.word_alone {
            "of a word alone; "
        } else {
            ""
        };
        let normalise = match self.normalise {
            MatrixNormalise::None => "",
            MatrixNormalise::MeanStd => "; mean 0 and deviation 1 over the whole matrix",
        };
        format!(
            "log spectrum: 16 kHz; {clip}{alone}{} {}, hop {}, centred on zeros, magnitude; ln(1 + x); \
             zeros up to {} frames{normalise}; bins first",
            self.window_type.name(),
            self.n_fft,
            self.hop_length,
            self.frames
        )
    }

    /// Bins of a frame.
    pub fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// Width of a bin.
    pub fn bin_hz(&self) -> f64 {
        f64::from(SAMPLE_RATE_HZ) / self.n_fft as f64
    }

    /// Samples of so many that are heard.
    pub fn heard_samples(&self, n_samples: usize) -> usize {
        match self.clip_secs {
            Some(secs) => n_samples.min((secs * f64::from(SAMPLE_RATE_HZ)).round() as usize),
            None => n_samples,
        }
    }

    /// Magnitudes `[frame, bin]` of all of the audio, with neither logarithm nor a fixed length.
    ///
    /// # Errors
    /// [`crate::Error::Setting`] for settings that make no sense.
    pub fn magnitudes(&self, samples: &[f32]) -> Result<ndarray::Array2<f32>> {
        self.check()?;
        let audio: Vec<f64> = samples.iter().map(|x| f64::from(*x)).collect();
        let power = self.stft()?.power(&audio, Padding::Zeros)?;
        Ok(power.mapv(|p| p.sqrt() as f32))
    }

    /// The model's input from magnitudes `[frame, bin]`, as `[bin · frame]`, bins slowest.
    pub fn finish(&self, magnitudes: ndarray::ArrayView2<'_, f32>) -> Vec<f32> {
        let bins = self.bins();
        let mut values = vec![0.0f32; bins * self.frames];
        let (mut sum, mut squares) = (0.0f64, 0.0f64);
        for (frame, row) in magnitudes.outer_iter().take(self.frames).enumerate() {
            for (bin, magnitude) in row.iter().take(bins).enumerate() {
                let value = f64::from(*magnitude).ln_1p();
                sum += value;
                squares += value * value;
                if let Some(to) = values.get_mut(bin * self.frames + frame) {
                    *to = value as f32;
                }
            }
        }
        if self.normalise == MatrixNormalise::MeanStd {
            let n = values.len() as f64;
            let mean = sum / n;
            let deviation = (squares / n - mean * mean).max(0.0).sqrt();
            if deviation > 1e-12 {
                let scaled = |x: &mut f32| *x = ((f64::from(*x) - mean) / deviation) as f32;
                values.iter_mut().for_each(scaled);
            }
        }
        values
    }

    /// `[1, 1, bin, frame]`.
    pub(super) fn compute(&self, samples: &[f32]) -> Result<ArrayD<f32>> {
        let heard = samples.get(..self.heard_samples(samples.len()));
        let values = self.finish(self.magnitudes(heard.unwrap_or(samples))?.view());
        shaped(IxDyn(&[1, 1, self.bins(), self.frames]), values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(n: usize) -> Vec<f32> {
        (0..n)
            .map(|i| (0.5 * (std::f64::consts::TAU * 1000.0 * i as f64 / 16000.0).sin()) as f32)
            .collect()
    }

    #[test]
    fn half_a_second_has_51_frames_and_the_rest_is_level() {
        let data = LogSpectrum::default().compute(&tone(16_000)).unwrap();
        assert_eq!(data.shape(), [1, 1, 161, 101]);
        let n = data.len() as f64;
        let mean = data.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
        let square = data.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / n;
        assert!(mean.abs() < 1e-5 && (square - 1.0).abs() < 1e-4);
        let padding = data[[0, 0, 0, 51]];
        for bin in 0..161 {
            for frame in 51..101 {
                assert_eq!(data[[0, 0, bin, frame]], padding);
            }
        }
        // 1 kHz is bin 20; a Hamming window of 320 has the sum 0.54 · 320.
        let loud = |bin: usize| data[[0, 0, bin, 25]];
        assert!(loud(20) > loud(19) && loud(20) > loud(21) && loud(30) < loud(20) - 2.0);
        let raw = LogSpectrum {
            normalise: MatrixNormalise::None,
            ..LogSpectrum::default()
        };
        let peak = raw.compute(&tone(16_000)).unwrap()[[0, 0, 20, 25]];
        let expected = (1.0 + 0.5 * 0.5 * 0.54 * 320.0_f32).ln();
        assert!((peak - expected).abs() < 1e-3, "{peak} {expected}");
    }

    #[test]
    fn what_follows_the_clip_changes_nothing_and_silence_stays_zero() {
        let front_end = LogSpectrum::default();
        let long = front_end.compute(&tone(12_000)).unwrap();
        assert_eq!(long, front_end.compute(&tone(8000)).unwrap());
        let silence = front_end.compute(&[0.0; 4000]).unwrap();
        assert!(silence.iter().all(|x| *x == 0.0));
        for wrong in [
            LogSpectrum {
                n_fft: 321,
                ..LogSpectrum::default()
            },
            LogSpectrum {
                hop_length: 0,
                ..LogSpectrum::default()
            },
            LogSpectrum {
                frames: 0,
                ..LogSpectrum::default()
            },
            LogSpectrum {
                clip_secs: Some(f64::NAN),
                ..LogSpectrum::default()
            },
        ] {
            assert!(wrong.compute(&tone(8000)).is_err(), "{wrong:?}");
        }
    }
}
