//! What a model is fed: front ends matched to the programs the models were trained with.
//!
//! All take mono samples at [`SAMPLE_RATE_HZ`] in [-1, 1]. Transform plans and filterbanks are
//! built on first use and shared; [`FrontEnd::compute`] may run on many threads at once.

mod ge2e;
mod whisper;

use ndarray::{ArrayD, IxDyn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Sample rate of every front end.
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// How samples become a model's input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FrontEnd {
    /// The samples themselves: `[1, sample]`.
    Waveform,
    /// Mel power, no logarithm, in overlapping windows: `[window, frame = 160, mel = 40]`.
    ///
    /// Audio below −30 dBFS RMS is raised to it. 400-point periodic Hann every 160 samples,
    /// centred on zero-padded audio, power; 40 Slaney mels from 0 to 8 kHz. Windows of 160 frames
    /// start every 77 frames; the last is zero-padded, and left out when audio covers less than
    /// 75 % of it and it is not the only one. As Resemblyzer 0.1.4 does, without its removal of
    /// silence.
    Ge2eMel,
    /// Log-mel spectrogram of the whole utterance: `[1, mel = 80, frame]`, 10 ms a frame.
    ///
    /// 400-point periodic Hann every 160 samples, centred with reflected ends, last frame dropped,
    /// power; 80 Slaney mels from 0 to 8 kHz; log10 floored at 1e-10 and at 8 below the loudest
    /// value, then (x + 4) / 4. As OpenAI's Whisper does.
    WhisperLogMel {
        /// Length the audio is brought to, with zeros at its end.
        #[serde(default)]
        pad: WhisperPad,
    },
}

/// Zeros added at the end of the audio before [`FrontEnd::WhisperLogMel`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhisperPad {
    /// Up to a multiple of 320 samples, so that every encoder position (20 ms) is whole.
    #[default]
    Multiple320,
    /// Up to 30 s, as in training.
    Seconds30,
}

/// Model input made by [`FrontEnd::compute`].
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Axes as documented at the variant of [`FrontEnd`] that made it.
    pub data: ArrayD<f32>,
}

impl FrontEnd {
    /// One line with every parameter, for reports.
    pub fn describe(&self) -> String {
        match self {
            Self::Waveform => "waveform: mono samples at 16 kHz in [-1, 1]".into(),
            Self::Ge2eMel => ge2e::DESCRIPTION.into(),
            Self::WhisperLogMel { pad } => whisper::describe(*pad),
        }
    }

    /// Which axis of the features counts time.
    pub fn time_axis(&self) -> usize {
        match self {
            Self::Waveform | Self::Ge2eMel => 1,
            Self::WhisperLogMel { .. } => 2,
        }
    }

    /// Samples from one step of the time axis to the next.
    pub fn step_samples(&self) -> usize {
        match self {
            Self::Waveform => 1,
            Self::Ge2eMel | Self::WhisperLogMel { .. } => HOP_SAMPLES,
        }
    }

    /// Whether the first axis counts overlapping windows of one utterance.
    pub fn is_windowed(&self) -> bool {
        matches!(self, Self::Ge2eMel)
    }

    /// Features of `samples` (mono, 16 kHz, in [-1, 1]).
    ///
    /// # Errors
    /// [`Error::TooFew`] for no samples, or fewer than one 400-sample window for the mel front
    /// ends; [`Error::Undefined`] for a sample that is not a number or infinite, or digital
    /// silence where a level is needed; [`Error::Setting`] for more than 30 s before
    /// [`FrontEnd::WhisperLogMel`], whose models have no positions beyond.
    pub fn compute(&self, samples: &[f32]) -> Result<Features> {
        let needed = match self {
            Self::Waveform => 1,
            Self::Ge2eMel | Self::WhisperLogMel { .. } => N_FFT,
        };
        let what = || format!("front end {}: ", self.name());
        if samples.len() < needed {
            return Err(Error::TooFew {
                what: what() + "samples",
                needed,
                found: samples.len(),
            });
        }
        if let Some(at) = samples.iter().position(|x| !x.is_finite()) {
            return Err(Error::Undefined {
                what: what() + "features",
                why: format!("sample {at} is not a finite number"),
            });
        }
        let data = match self {
            Self::Waveform => {
                let shape = IxDyn(&[1, samples.len()]);
                ArrayD::from_shape_vec(shape, samples.to_vec()).map_err(|e| Error::Shape {
                    what: what() + "samples",
                    expected: format!("[1, {}]", samples.len()),
                    found: e.to_string(),
                })?
            }
            Self::Ge2eMel => ge2e::compute(samples)?.into_dyn(),
            Self::WhisperLogMel { pad } => whisper::compute(samples, *pad)?.into_dyn(),
        };
        if data.iter().any(|x| !x.is_finite()) {
            return Err(Error::Undefined {
                what: what() + "features",
                why: "samples lie so far outside [-1, 1] that their power overflows".into(),
            });
        }
        Ok(Features { data })
    }

    /// Name as in the serialised form.
    fn name(&self) -> &'static str {
        match self {
            Self::Waveform => "waveform",
            Self::Ge2eMel => "ge2e_mel",
            Self::WhisperLogMel { .. } => "whisper_log_mel",
        }
    }
}

const N_FFT: usize = 400;
const HOP_SAMPLES: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHISPER: FrontEnd = FrontEnd::WhisperLogMel {
        pad: WhisperPad::Multiple320,
    };

    #[test]
    fn serialised_form_is_the_catalogue_s() {
        let json = serde_json::to_string(&WHISPER).unwrap();
        assert_eq!(json, r#"{"kind":"whisper_log_mel","pad":"multiple320"}"#);
        let back: FrontEnd = serde_json::from_str(r#"{"kind":"whisper_log_mel"}"#).unwrap();
        assert_eq!(back, WHISPER);
        let ge2e: FrontEnd = serde_json::from_str(r#"{"kind":"ge2e_mel"}"#).unwrap();
        assert_eq!(ge2e, FrontEnd::Ge2eMel);
    }

    #[test]
    fn waveform_is_a_batch_of_one() {
        let features = FrontEnd::Waveform.compute(&[0.5, -0.25]).unwrap();
        assert_eq!(features.data.shape(), [1, 2]);
        assert_eq!(features.data.as_slice().unwrap(), [0.5, -0.25]);
    }

    #[test]
    fn bad_samples_are_errors_that_name_the_front_end() {
        for front_end in [FrontEnd::Waveform, FrontEnd::Ge2eMel, WHISPER] {
            let empty = front_end.compute(&[]).unwrap_err();
            assert!(matches!(empty, Error::TooFew { found: 0, .. }));
            assert!(empty.to_string().contains(front_end.name()), "{empty}");
            let mut samples = vec![0.1; 1000];
            samples[7] = f32::NAN;
            let nan = front_end.compute(&samples).unwrap_err().to_string();
            assert!(nan.contains("sample 7"), "{nan}");
            samples[7] = f32::INFINITY;
            assert!(front_end.compute(&samples).is_err());
        }
        for front_end in [FrontEnd::Ge2eMel, WHISPER] {
            assert!(matches!(
                front_end.compute(&[0.1; 399]),
                Err(Error::TooFew { needed: 400, .. })
            ));
            assert!(front_end.compute(&[0.1; 400]).is_ok());
        }
        let huge = FrontEnd::Ge2eMel.compute(&[1e30; 400]).unwrap_err();
        assert!(huge.to_string().contains("[-1, 1]"), "{huge}");
    }

    proptest! {
        #[test]
        fn any_length_gives_the_documented_shape(n in 400usize..60_000) {
            let samples: Vec<f32> = (0..n).map(|i| ((i * i) % 1009) as f32 / 1009.0 - 0.5).collect();
            let mel = FrontEnd::Ge2eMel.compute(&samples).unwrap().data;
            prop_assert_eq!(&mel.shape()[1..], &[160, 40]);
            prop_assert!(mel.iter().all(|x| *x >= 0.0));
            let log_mel = WHISPER.compute(&samples).unwrap().data;
            prop_assert_eq!(log_mel.shape(), &[1, 80, 2 * n.div_ceil(320)]);
            let top = log_mel.iter().copied().fold(f32::MIN, f32::max);
            prop_assert!(log_mel.iter().all(|x| *x >= top - 2.0 - 1e-5));
        }
    }
}
