//! Mel spectrograms with every parameter open: power, common or natural logarithm.

mod compute;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Layout, outside};
use crate::Result;
use crate::signal::{MelNorm, MelScale, Padding, WindowShape};

const MAX_N_FFT: usize = 1 << 16;
const DEFAULT_FLOOR: Floor = Floor::AtLeast(1e-10);

/// Settings of [`super::FrontEnd::PowerMel`], [`super::FrontEnd::Log10Mel`] and
/// [`super::FrontEnd::LnMel`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MelSpectrogram {
    /// Points of a transform; even.
    pub n_fft: usize,
    /// Length of the window, which lies in the middle of the points.
    pub win_length: usize,
    /// Samples from one frame to the next.
    pub hop_length: usize,
    /// Shape of the window.
    pub window: WindowShape,
    /// Where the window ends.
    pub window_form: WindowForm,
    /// What lies beyond the ends of the audio; `none` for frames that are not centred.
    pub pad: Padding,
    /// Whether the last frame counts.
    pub last_frame: LastFrame,
    /// What the filters sum.
    pub spectrum: Spectrum,
    /// Number of mel bands.
    pub mels: usize,
    /// Form of the mel scale.
    pub mel_scale: MelScale,
    /// Height of the filters.
    pub mel_norm: MelNorm,
    /// Lower end of the band, in Hz.
    pub low_hz: f64,
    /// Upper end of the band, in Hz.
    pub high_hz: f64,
    /// `c` of `x[n] − c·x[n − 1]`, done first; 0 leaves it out.
    pub preemphasis: f64,
    /// Audio with a lower RMS, in dB below full scale, is raised to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_level_dbfs: Option<f64>,
    /// How the logarithm of nothing is kept away; `{ at_least = 1e-10 }` where left out. Power
    /// mels have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<Floor>,
    /// What the logarithm is multiplied by: 10 for decibels of power.
    pub factor: f64,
    /// What is done to each band over the utterance.
    pub normalise: BandNormalise,
    /// Overlapping windows of so many frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<MelWindows>,
    /// Order of the axes.
    pub layout: Layout,
}

impl Default for MelSpectrogram {
    fn default() -> Self {
        Self {
            n_fft: 400,
            win_length: 400,
            hop_length: 160,
            window: WindowShape::Hann,
            window_form: WindowForm::Periodic,
            pad: Padding::Zeros,
            last_frame: LastFrame::Keep,
            spectrum: Spectrum::Power,
            mels: 80,
            mel_scale: MelScale::Slaney,
            mel_norm: MelNorm::Slaney,
            low_hz: 0.0,
            high_hz: 8000.0,
            preemphasis: 0.0,
            min_level_dbfs: None,
            floor: None,
            factor: 1.0,
            normalise: BandNormalise::None,
            windows: None,
            layout: Layout::TimeFirst,
        }
    }
}

/// Where an analysis window ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowForm {
    /// One sample before a full turn: librosa's, and torch's by default.
    #[default]
    Periodic,
    /// After a full turn, so that both ends are equal.
    Symmetric,
}

/// Whether the last frame counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LastFrame {
    /// It does.
    #[default]
    Keep,
    /// It is dropped: one frame for each whole hop of centred audio, as NeMo and Whisper have it.
    Drop,
}

/// What mel filters sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spectrum {
    /// Squared magnitudes.
    #[default]
    Power,
    /// Magnitudes.
    Magnitude,
}

/// How the logarithm of nothing is kept away.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Floor {
    /// `log(x + value)`.
    Add(f64),
    /// `log(max(x, value))`.
    AtLeast(f64),
}

/// What is done to each band over the utterance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BandNormalise {
    /// Nothing.
    #[default]
    None,
    /// Its mean is subtracted.
    Mean,
    /// Its mean is subtracted, then it is divided by its standard deviation (of the sample) plus
    /// 1e-5.
    MeanStd,
}

/// Overlapping windows of frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MelWindows {
    /// Frames in a window.
    pub frames: usize,
    /// Frames from the start of one window to the start of the next.
    pub stride: usize,
    /// Share of a last window that the audio must cover for it to be kept, its rest made of
    /// zeros in the audio; the first window is always kept. Where left out, only windows that the
    /// frames fill are made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_from: Option<f64>,
}

/// What is done to the output of the filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Log10,
    Ln,
}

impl MelSpectrogram {
    pub(super) fn check(&self, name: &str, compression: Compression) -> Result<()> {
        let setting =
            |what: &str, needed: &str, found: String| Err(outside(name, what, needed, found));
        if !(2..=MAX_N_FFT).contains(&self.n_fft) {
            return setting("n_fft", "even, 2 to 65536", self.n_fft.to_string());
        }
        if !(1..=self.n_fft).contains(&self.win_length) {
            return setting("win_length", "1 to n_fft", self.win_length.to_string());
        }
        if !(1..=self.n_fft).contains(&self.mels) {
            return setting("mels", "1 to n_fft", self.mels.to_string());
        }
        if !(0.0..=1.0).contains(&self.preemphasis) {
            return setting("preemphasis", "0 to 1", self.preemphasis.to_string());
        }
        if let Some(level) = self
            .min_level_dbfs
            .filter(|level| level.is_nan() || *level > 0.0)
        {
            return setting("min_level_dbfs", "at most 0", level.to_string());
        }
        if !self.factor.is_finite() {
            return setting("factor", "a number", self.factor.to_string());
        }
        match (self.floor, compression) {
            (Some(_), Compression::None) => {
                return setting("floor", "left out, as there is no logarithm", "one".into());
            }
            (Some(Floor::Add(value) | Floor::AtLeast(value)), _)
                if !(value > 0.0 && value.is_finite()) =>
            {
                return setting("floor", "above 0", value.to_string());
            }
            _ => {}
        }
        if let Some(windows) = &self.windows {
            if windows.frames == 0 || windows.stride == 0 {
                let found = format!("{} and {}", windows.frames, windows.stride);
                return setting("windows: frames and stride", "at least 1", found);
            }
            if let Some(share) = windows.keep_from {
                if !(0.0..=1.0).contains(&share) {
                    return setting("windows: keep_from", "0 to 1", share.to_string());
                }
                if self.pad != Padding::Zeros {
                    let found = format!("{:?}", self.pad).to_lowercase();
                    return setting("pad", "zeros with keep_from", found);
                }
            }
        }
        self.plan().map(drop)
    }

    pub(super) fn describe(&self, compression: Compression) -> String {
        let mut text = String::from(match compression {
            Compression::None => "mel spectrum: 16 kHz",
            Compression::Log10 => "log10 mel: 16 kHz",
            Compression::Ln => "ln mel: 16 kHz",
        });
        if let Some(level) = self.min_level_dbfs {
            text.push_str(&format!("; raised to {level} dBFS RMS if below"));
        }
        if self.preemphasis != 0.0 {
            text.push_str(&format!("; pre-emphasis {}", self.preemphasis));
        }
        let form = match self.window_form {
            WindowForm::Periodic => "",
            WindowForm::Symmetric => " symmetric",
        };
        let pad = match self.pad {
            Padding::Zeros => "centred on zeros",
            Padding::Reflect => "centred with reflected ends",
            Padding::None => "not centred",
        };
        let last = match self.last_frame {
            LastFrame::Keep => "",
            LastFrame::Drop => ", last frame dropped",
        };
        let spectrum = match self.spectrum {
            Spectrum::Power => "power",
            Spectrum::Magnitude => "magnitude",
        };
        let scale = match self.mel_scale {
            MelScale::Slaney => "Slaney",
            MelScale::Htk => "HTK",
        };
        let norm = match self.mel_norm {
            MelNorm::Slaney => "",
            MelNorm::None => " of height 1",
        };
        text.push_str(&format!(
            "; {}{form} {}, n_fft {}, hop {}, {pad}{last}, {spectrum}; {} {scale} mels{norm} {}-{} Hz",
            self.window.name(),
            self.win_length,
            self.n_fft,
            self.hop_length,
            self.mels,
            self.low_hz,
            self.high_hz
        ));
        text.push_str(&match (compression, self.floor.unwrap_or(DEFAULT_FLOOR)) {
            (Compression::None, _) => ", no log".to_owned(),
            (Compression::Log10, Floor::Add(v)) => format!("; log10(x + {v:e})"),
            (Compression::Log10, Floor::AtLeast(v)) => format!("; log10(max(x, {v:e}))"),
            (Compression::Ln, Floor::Add(v)) => format!("; ln(x + {v:e})"),
            (Compression::Ln, Floor::AtLeast(v)) => format!("; ln(max(x, {v:e}))"),
        });
        if self.factor != 1.0 {
            text.push_str(&format!(", times {}", self.factor));
        }
        text.push_str(match self.normalise {
            BandNormalise::None => "",
            BandNormalise::Mean => "; mean of each band subtracted",
            BandNormalise::MeanStd => "; each band to mean 0 and deviation 1",
        });
        if let Some(windows) = &self.windows {
            text.push_str(&format!(
                "; windows of {} frames every {}, {}",
                windows.frames,
                windows.stride,
                match windows.keep_from {
                    Some(share) => format!(
                        "last one zero-padded and kept from {} % coverage",
                        share * 100.0
                    ),
                    None => "complete ones only".to_owned(),
                }
            ));
        }
        text.push_str(self.layout.words());
        text
    }

    /// Fewest samples that there must be.
    pub(super) fn needed_samples(&self) -> usize {
        let window = match &self.windows {
            Some(windows) if windows.keep_from.is_none() => windows.frames,
            _ => 1,
        };
        let before = match self.last_frame {
            LastFrame::Keep => window - 1,
            LastFrame::Drop => window,
        };
        let before = before.saturating_mul(self.hop_length);
        match self.pad {
            Padding::Zeros => self.win_length.max(before),
            Padding::Reflect => (self.n_fft / 2 + 1).max(before),
            Padding::None => self.n_fft.saturating_add(before),
        }
    }
}

#[cfg(test)]
mod tests;
