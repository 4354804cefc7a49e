//! What a model is fed: front ends matched to the programs the models were trained with.
//!
//! All take mono samples at [`SAMPLE_RATE_HZ`] in [-1, 1]. Transform plans and filterbanks are
//! built on first use and shared; [`FrontEnd::compute`] may run on many threads at once.
//! [`parity`] compares features with those of the reference programs.

mod kaldi;
mod log_spectrum;
mod mel;
pub mod parity;
mod plans;
mod preset;
mod waveform;
mod whisper;

use ndarray::{Array3, ArrayD, IxDyn};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

pub use kaldi::{KaldiFbank, Lfr, MeanNormalise};
pub use log_spectrum::{LogSpectrum, MatrixNormalise};
pub use mel::{BandNormalise, Floor, LastFrame, MelSpectrogram, MelWindows, Spectrum, WindowForm};
pub use waveform::{Channel, Normalise, ShortAudio, Waveform, WaveformWindows, WindowCount};
pub use whisper::{WhisperLogMel, WhisperPad};

use crate::{Error, Result};
use mel::Compression;

/// Sample rate of every front end.
pub const SAMPLE_RATE_HZ: u32 = 16_000;

const N_FFT: usize = 400;
const HOP_SAMPLES: usize = 160;
/// Most values in the features of one utterance (1 GiB).
const MAX_VALUES: usize = 1 << 28;

/// How samples become a model's input.
///
/// Every setting has a default, so that `kind` alone is a whole front end, and unknown settings are
/// refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FrontEnd {
    /// The samples themselves: `[1, sample]` or `[window, sample]`, with an axis of length 1 before
    /// the last where the channel has one.
    Waveform(Waveform),
    /// Mel power, no logarithm, in overlapping windows: `[window, frame = 160, mel = 40]`.
    ///
    /// Audio below −30 dBFS RMS is raised to it. 400-point periodic Hann every 160 samples,
    /// centred on zero-padded audio, power; 40 Slaney mels from 0 to 8 kHz. Windows of 160 frames
    /// start every 77 frames; the last is zero-padded, and left out when audio covers less than
    /// 75 % of it and it is not the only one. As Resemblyzer 0.1.4 does, without its removal of
    /// silence.
    #[serde(deserialize_with = "no_settings")]
    Ge2eMel,
    /// Log-mel spectrogram of the whole utterance: `[1, mel, frame]`, 10 ms a frame.
    ///
    /// 400-point periodic Hann every 160 samples, centred with reflected ends, last frame dropped,
    /// power; Slaney mels from 0 to 8 kHz; log10 floored at 1e-10 and at 8 below the loudest
    /// value, then (x + 4) / 4. As OpenAI's Whisper does.
    WhisperLogMel(WhisperLogMel),
    /// Kaldi's log mel filterbank: `[1, frame, mel]`, or `[1, mel, frame]`.
    KaldiFbank(KaldiFbank),
    /// Mel spectrum without logarithm: `[1, frame, mel]`, `[window, frame, mel]`, or the last two
    /// swapped.
    PowerMel(MelSpectrogram),
    /// Common logarithm of a mel spectrum; axes as [`FrontEnd::PowerMel`].
    Log10Mel(MelSpectrogram),
    /// Natural logarithm of a mel spectrum; axes as [`FrontEnd::PowerMel`].
    LnMel(MelSpectrogram),
    /// Logarithm of one plus the magnitude spectrum, of a fixed number of frames:
    /// `[1, 1, bin, frame]`. By default as the lexical-stress classifiers of arXiv 2508.07229 take
    /// it: 161 bins, 101 frames of 10 ms, the first 0.5 s.
    LogSpectrum(LogSpectrum),
}

fn no_settings<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<(), D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct NoSettings {}
    NoSettings::deserialize(deserializer).map(|NoSettings {}| ())
}

/// Order of the axes of time and bands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// `[batch, time, band]`.
    #[default]
    TimeFirst,
    /// `[batch, band, time]`.
    DimFirst,
}

impl Layout {
    fn time_axis(self) -> usize {
        match self {
            Self::TimeFirst => 1,
            Self::DimFirst => 2,
        }
    }

    /// `[batch, time, band]` in this order.
    fn arrange(self, features: Array3<f32>) -> ArrayD<f32> {
        match self {
            Self::TimeFirst => features.into_dyn(),
            Self::DimFirst => {
                let swapped = features.permuted_axes([0, 2, 1]);
                swapped.as_standard_layout().into_owned().into_dyn()
            }
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::TimeFirst => "; time first",
            Self::DimFirst => "; bands first",
        }
    }
}

/// Model input made by [`FrontEnd::compute`].
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Axes as documented at the variant of [`FrontEnd`] that made it.
    pub data: ArrayD<f32>,
}

impl FrontEnd {
    /// The names of the kinds, as serialised.
    pub const KINDS: [&'static str; 8] = [
        "waveform",
        "whisper_log_mel",
        "kaldi_fbank",
        "power_mel",
        "log10_mel",
        "ln_mel",
        "ge2e_mel",
        "log_spectrum",
    ];

    /// The samples as they are.
    pub fn waveform() -> Self {
        Self::Waveform(Waveform::default())
    }

    /// Whisper's log-mel with this padding, 80 bands.
    pub fn whisper(pad: WhisperPad) -> Self {
        Self::WhisperLogMel(WhisperLogMel {
            pad,
            ..WhisperLogMel::default()
        })
    }

    /// The front end of this kind with its default settings, if there is such a kind.
    pub fn of_kind(kind: &str) -> Option<Self> {
        Some(match kind {
            "waveform" => Self::waveform(),
            "ge2e_mel" => Self::Ge2eMel,
            "whisper_log_mel" => Self::WhisperLogMel(WhisperLogMel::default()),
            "kaldi_fbank" => Self::KaldiFbank(KaldiFbank::default()),
            "power_mel" => Self::PowerMel(MelSpectrogram::default()),
            "log10_mel" => Self::Log10Mel(MelSpectrogram::default()),
            "ln_mel" => Self::LnMel(MelSpectrogram::default()),
            "log_spectrum" => Self::LogSpectrum(LogSpectrum::default()),
            _ => return None,
        })
    }

    /// Name as in the serialised form.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waveform(_) => "waveform",
            Self::Ge2eMel => "ge2e_mel",
            Self::WhisperLogMel(_) => "whisper_log_mel",
            Self::KaldiFbank(_) => "kaldi_fbank",
            Self::PowerMel(_) => "power_mel",
            Self::Log10Mel(_) => "log10_mel",
            Self::LnMel(_) => "ln_mel",
            Self::LogSpectrum(_) => "log_spectrum",
        }
    }

    /// One line with every parameter, for reports.
    pub fn describe(&self) -> String {
        match self {
            Self::Waveform(settings) => settings.describe(),
            Self::Ge2eMel => preset::DESCRIPTION.into(),
            Self::WhisperLogMel(settings) => settings.describe(),
            Self::KaldiFbank(settings) => settings.describe(),
            Self::PowerMel(settings) => settings.describe(Compression::None),
            Self::Log10Mel(settings) => settings.describe(Compression::Log10),
            Self::LnMel(settings) => settings.describe(Compression::Ln),
            Self::LogSpectrum(settings) => settings.describe(),
        }
    }

    /// Which axis of the features counts time.
    pub fn time_axis(&self) -> usize {
        match self {
            Self::Waveform(settings) => settings.time_axis(),
            Self::Ge2eMel => 1,
            Self::WhisperLogMel(_) => 2,
            Self::KaldiFbank(settings) => settings.layout.time_axis(),
            Self::LogSpectrum(_) => 3,
            Self::PowerMel(settings) | Self::Log10Mel(settings) | Self::LnMel(settings) => {
                settings.layout.time_axis()
            }
        }
    }

    /// Samples from one step of the time axis to the next.
    pub fn step_samples(&self) -> usize {
        match self {
            Self::Waveform(_) => 1,
            Self::Ge2eMel | Self::WhisperLogMel(_) => HOP_SAMPLES,
            Self::KaldiFbank(settings) => settings.step_samples(),
            Self::LogSpectrum(settings) => settings.hop_length,
            Self::PowerMel(settings) | Self::Log10Mel(settings) | Self::LnMel(settings) => {
                settings.hop_length
            }
        }
    }

    /// Whether the first axis counts overlapping windows of one utterance.
    pub fn is_windowed(&self) -> bool {
        match self {
            Self::Waveform(settings) => settings.windows.is_some(),
            Self::Ge2eMel => true,
            Self::WhisperLogMel(_) | Self::KaldiFbank(_) | Self::LogSpectrum(_) => false,
            Self::PowerMel(settings) | Self::Log10Mel(settings) | Self::LnMel(settings) => {
                settings.windows.is_some()
            }
        }
    }

    /// Steps of the time axis for audio of so many samples; of one window where there are windows.
    pub fn steps_for(&self, n_samples: usize) -> usize {
        match self {
            Self::Waveform(settings) => match &settings.windows {
                Some(windows) => windows.samples,
                None => n_samples,
            },
            Self::Ge2eMel => preset::ge2e().steps(n_samples),
            Self::WhisperLogMel(settings) => settings.padded_samples(n_samples) / HOP_SAMPLES,
            Self::KaldiFbank(settings) => settings.steps(n_samples),
            Self::LogSpectrum(settings) => settings.frames,
            Self::PowerMel(settings) | Self::Log10Mel(settings) | Self::LnMel(settings) => {
                settings.steps(n_samples)
            }
        }
    }

    /// Fewest samples that [`FrontEnd::compute`] takes.
    pub fn needed_samples(&self) -> usize {
        match self {
            Self::Waveform(settings) => settings.needed_samples(),
            Self::Ge2eMel | Self::WhisperLogMel(_) => N_FFT,
            Self::KaldiFbank(settings) => settings.needed_samples(),
            Self::LogSpectrum(settings) => settings.n_fft,
            Self::PowerMel(settings) | Self::Log10Mel(settings) | Self::LnMel(settings) => {
                settings.needed_samples()
            }
        }
    }

    /// Whether the settings make sense.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the first that does not.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Waveform(settings) => settings.check(),
            Self::Ge2eMel => Ok(()),
            Self::WhisperLogMel(settings) => settings.check(),
            Self::KaldiFbank(settings) => settings.check(),
            Self::PowerMel(settings) => settings.check(self.name(), Compression::None),
            Self::Log10Mel(settings) => settings.check(self.name(), Compression::Log10),
            Self::LnMel(settings) => settings.check(self.name(), Compression::Ln),
            Self::LogSpectrum(settings) => settings.check(),
        }
    }

    /// Features of `samples` (mono, 16 kHz, in [-1, 1]).
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer samples than [`FrontEnd::needed_samples`];
    /// [`Error::Undefined`] for a sample that is not a number or infinite, or digital silence
    /// where a level is needed; [`Error::Setting`] for settings that make no sense, and for more
    /// than 30 s before [`FrontEnd::WhisperLogMel`] without a window, whose models have no positions
    /// beyond.
    pub fn compute(&self, samples: &[f32]) -> Result<Features> {
        self.check()?;
        let needed = self.needed_samples();
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
        let mel = |settings: &MelSpectrogram, compression| {
            settings.compute(self.name(), compression, samples)
        };
        let data = match self {
            Self::Waveform(settings) => settings.compute(samples)?,
            Self::Ge2eMel => mel(&preset::ge2e(), Compression::None)?,
            Self::WhisperLogMel(settings) => settings.compute(samples)?,
            Self::KaldiFbank(settings) => settings.compute(samples)?,
            Self::PowerMel(settings) => mel(settings, Compression::None)?,
            Self::Log10Mel(settings) => mel(settings, Compression::Log10)?,
            Self::LnMel(settings) => mel(settings, Compression::Ln)?,
            Self::LogSpectrum(settings) => settings.compute(samples)?,
        };
        if data.iter().any(|x| !x.is_finite()) {
            return Err(Error::Undefined {
                what: what() + "features",
                why: "samples lie so far outside [-1, 1] that their power overflows".into(),
            });
        }
        Ok(Features { data })
    }
}

/// An [`Error::Setting`] about a front end.
fn outside(front_end: &str, what: &str, needed: &str, found: String) -> Error {
    Error::Setting {
        what: format!("front end {front_end}: {what}"),
        needed: needed.to_owned(),
        found,
    }
}

fn shaped(shape: IxDyn, values: Vec<f32>) -> Result<ArrayD<f32>> {
    let found = values.len();
    let expected = format!("{:?}", ndarray::Dimension::slice(&shape));
    ArrayD::from_shape_vec(shape, values).map_err(|_mismatch| Error::Shape {
        what: "features".into(),
        expected,
        found: format!("{found} values"),
    })
}

#[cfg(test)]
mod tests;
