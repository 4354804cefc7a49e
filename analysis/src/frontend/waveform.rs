//! Samples as they are: whole, or in windows of a fixed length.

use ndarray::{ArrayD, Axis, IxDyn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MAX_VALUES, outside, shaped};
use crate::{Error, Result};

/// Added to the variance before its square root, as wav2vec 2.0's feature extractor does.
const VARIANCE_FLOOR: f64 = 1e-7;
/// Longest window: ten minutes.
const MAX_WINDOW_SAMPLES: usize = 600 * super::SAMPLE_RATE_HZ as usize;

/// Settings of [`super::FrontEnd::Waveform`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Waveform {
    /// Level of the samples.
    pub normalise: Normalise,
    /// What the samples are multiplied by; 32768 for models that want 16-bit integers.
    pub scale: f64,
    /// Windows of a fixed length, for models that take no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<WaveformWindows>,
    /// Axes of the result.
    pub channel: Channel,
}

/// Whether there is an axis for the one channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// `[batch, sample]`.
    #[default]
    None,
    /// `[batch, 1, sample]`, as networks that begin with a convolution often want it.
    Axis,
}

impl Default for Waveform {
    fn default() -> Self {
        Self {
            normalise: Normalise::None,
            scale: 1.0,
            windows: None,
            channel: Channel::None,
        }
    }
}

/// Level of the samples of an utterance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalise {
    /// As recorded.
    #[default]
    None,
    /// `(x − mean) / √(variance + 1e-7)` over the utterance.
    ZeroMeanUnitVariance,
}

impl Normalise {
    /// Brings the samples to this level.
    pub(super) fn apply(self, samples: &mut [f64]) {
        if self == Self::None || samples.is_empty() {
            return;
        }
        let n = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / n;
        let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let deviation = (variance + VARIANCE_FLOOR).sqrt();
        for x in samples {
            *x = (*x - mean) / deviation;
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::None => "",
            Self::ZeroMeanUnitVariance => {
                "; zero mean and unit variance over the utterance (1e-7 added to the variance)"
            }
        }
    }
}

/// Windows of a fixed length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaveformWindows {
    /// Length of a window.
    pub samples: usize,
    /// From the start of one window to the start of the next.
    pub hop_samples: usize,
    /// What is done with audio that is shorter than a window.
    #[serde(default)]
    pub short: ShortAudio,
    /// How many windows there are.
    #[serde(default)]
    pub count: WindowCount,
}

impl WaveformWindows {
    /// DNSMOS's: 9.01 s every second, short clips doubled.
    pub const DNSMOS: Self = Self {
        samples: 144_160,
        hop_samples: 16_000,
        short: ShortAudio::Double,
        count: WindowCount::Dnsmos,
    };
}

/// What is done with audio that is shorter than a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShortAudio {
    /// It is an error.
    #[default]
    Refuse,
    /// Zeros follow it.
    Zeros,
    /// It is appended to itself until it is long enough: 2, 4, 8 … times its length.
    Double,
}

/// How many windows there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowCount {
    /// All that lie within the audio.
    #[default]
    Complete,
    /// DNSMOS's count: with `h` whole hops of audio and windows of `w` hops, `h − w` cut towards
    /// zero, plus one.
    Dnsmos,
}

impl Waveform {
    pub(super) fn check(&self) -> Result<()> {
        let setting =
            |what: &str, needed: &str, found: String| Err(outside("waveform", what, needed, found));
        if !(self.scale.is_finite() && self.scale > 0.0) {
            return setting("scale", "above 0", self.scale.to_string());
        }
        let Some(windows) = &self.windows else {
            return Ok(());
        };
        if !(1..=MAX_WINDOW_SAMPLES).contains(&windows.samples) {
            let found = format!("{} samples", windows.samples);
            return setting("windows", "between 1 sample and 10 minutes", found);
        }
        if windows.hop_samples == 0 {
            return setting("hop between windows", "at least 1 sample", "0".into());
        }
        Ok(())
    }

    pub(super) fn describe(&self) -> String {
        let mut text = String::from("waveform: mono samples at 16 kHz in [-1, 1]");
        text.push_str(self.normalise.words());
        if self.scale != 1.0 {
            text.push_str(&format!("; multiplied by {}", self.scale));
        }
        if let Some(windows) = &self.windows {
            let short = match windows.short {
                ShortAudio::Refuse => "shorter audio refused",
                ShortAudio::Zeros => "shorter audio followed by zeros",
                ShortAudio::Double => "shorter audio doubled until long enough",
            };
            let count = match windows.count {
                WindowCount::Complete => "complete ones only",
                WindowCount::Dnsmos => "as many as DNSMOS takes",
            };
            text.push_str(&format!(
                "; windows of {} samples every {}, {short}, {count}",
                windows.samples, windows.hop_samples
            ));
        }
        if self.channel == Channel::Axis {
            text.push_str("; with an axis for the channel");
        }
        text
    }

    pub(super) fn time_axis(&self) -> usize {
        match self.channel {
            Channel::None => 1,
            Channel::Axis => 2,
        }
    }

    /// Fewest samples that there must be.
    pub(super) fn needed_samples(&self) -> usize {
        match &self.windows {
            Some(windows) if windows.short == ShortAudio::Refuse => windows.samples,
            _ => 1,
        }
    }

    /// `[1, sample]` or `[window, sample]`, or with an axis of length 1 before the last.
    pub(super) fn compute(&self, samples: &[f32]) -> Result<ArrayD<f32>> {
        let mut level: Vec<f64> = samples.iter().map(|x| f64::from(*x)).collect();
        self.normalise.apply(&mut level);
        let level: Vec<f32> = level.iter().map(|x| (x * self.scale) as f32).collect();
        let cut = match &self.windows {
            None => shaped(IxDyn(&[1, level.len()]), level)?,
            Some(windows) => windows.cut(level)?,
        };
        Ok(match self.channel {
            Channel::None => cut,
            Channel::Axis => cut.insert_axis(Axis(1)),
        })
    }
}

impl WaveformWindows {
    fn cut(&self, mut level: Vec<f32>) -> Result<ArrayD<f32>> {
        match self.short {
            ShortAudio::Refuse => {}
            ShortAudio::Zeros => level.resize(level.len().max(self.samples), 0.0),
            ShortAudio::Double => {
                while !level.is_empty() && level.len() < self.samples {
                    level.extend_from_within(..);
                }
            }
        }
        let Some(rest) = level.len().checked_sub(self.samples) else {
            return Err(Error::TooFew {
                what: "front end waveform: samples".into(),
                needed: self.samples,
                found: level.len(),
            });
        };
        let complete = 1 + rest / self.hop_samples;
        let count = match self.count {
            WindowCount::Complete => complete,
            WindowCount::Dnsmos => {
                let hops = (level.len() / self.hop_samples) as f64;
                let window = self.samples as f64 / self.hop_samples as f64;
                // The difference is at least −1, as the audio is no shorter than the window.
                let beyond = (hops - window).trunc() as usize;
                complete.min(beyond + 1)
            }
        };
        if count.saturating_mul(self.samples) > MAX_VALUES {
            let needed = format!("so many that all windows have at most {MAX_VALUES} samples");
            return Err(outside(
                "waveform",
                "hop between windows",
                &needed,
                format!("{}, which gives {count} windows", self.hop_samples),
            ));
        }
        let mut windows = Vec::with_capacity(count * self.samples);
        for start in (0..count).map(|i| i * self.hop_samples) {
            windows.extend(level.iter().skip(start).take(self.samples));
        }
        shaped(IxDyn(&[count, self.samples]), windows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use proptest::prelude::*;

    fn windowed(windows: WaveformWindows) -> Waveform {
        Waveform {
            windows: Some(windows),
            ..Waveform::default()
        }
    }

    #[test]
    fn zero_mean_and_unit_variance_by_hand() {
        let front_end = Waveform {
            normalise: Normalise::ZeroMeanUnitVariance,
            ..Waveform::default()
        };
        let out = front_end.compute(&[0.0, 0.5]).unwrap();
        let expected = 0.25 / (0.0625f64 + 1e-7).sqrt();
        assert_abs_diff_eq!(f64::from(out[[0, 1]]), expected, epsilon = 1e-7);
        assert_eq!(out[[0, 0]], -out[[0, 1]]);
        let silence = front_end.compute(&[0.0; 4]).unwrap();
        assert!(silence.iter().all(|x| *x == 0.0));
    }

    #[test]
    fn a_channel_gets_its_axis() {
        let front_end = Waveform {
            channel: Channel::Axis,
            ..Waveform::default()
        };
        assert_eq!(front_end.compute(&[0.1; 7]).unwrap().shape(), [1, 1, 7]);
        assert_eq!(front_end.time_axis(), 2);
    }

    #[test]
    fn scale_makes_integers() {
        let front_end = Waveform {
            scale: 32768.0,
            ..Waveform::default()
        };
        let out = front_end.compute(&[0.5, -1.0]).unwrap();
        assert_eq!(out.as_slice().unwrap(), [16384.0, -32768.0]);
    }

    #[test]
    fn windows_by_hand() {
        let windows = |short, count| WaveformWindows {
            samples: 3,
            hop_samples: 2,
            short,
            count,
        };
        let ramp: Vec<f32> = (0..6u8).map(f32::from).collect();
        let complete = windowed(windows(ShortAudio::Refuse, WindowCount::Complete));
        let out = complete.compute(&ramp).unwrap();
        assert_eq!(
            out.as_slice().unwrap(),
            [0.0, 1.0, 2.0, 2.0, 3.0, 4.0],
            "the third window lacks a sample"
        );
        assert!(complete.compute(&ramp[..2]).is_err());
        let zeros = windowed(windows(ShortAudio::Zeros, WindowCount::Complete));
        let out = zeros.compute(&[7.0]).unwrap();
        assert_eq!(out.as_slice().unwrap(), [7.0, 0.0, 0.0]);
        let double = windowed(windows(ShortAudio::Double, WindowCount::Complete));
        let out = double.compute(&[7.0, 8.0]).unwrap();
        assert_eq!(out.as_slice().unwrap(), [7.0, 8.0, 7.0]);
    }

    #[test]
    fn dnsmos_takes_the_windows_that_its_formula_gives() {
        // Seconds of audio and windows: 7.1 s doubles to 14.2; 4.1 s to 16.4; 10.9 s could hold two.
        let front_end = windowed(WaveformWindows::DNSMOS);
        for (n_samples, expected) in [
            (113_600, 5),
            (65_600, 7),
            (144_160, 1),
            (160_160, 1),
            (174_400, 1),
            (176_000, 2),
        ] {
            let out = front_end.compute(&vec![0.1; n_samples]).unwrap();
            assert_eq!(out.shape(), [expected, 144_160], "{n_samples} samples");
        }
    }

    #[test]
    fn senseless_settings_are_named() {
        let mut windows = WaveformWindows::DNSMOS;
        windows.hop_samples = 0;
        assert!(windowed(windows.clone()).check().is_err());
        windows.hop_samples = 1;
        let error = windowed(windows.clone()).compute(&[0.1; 160_000]);
        assert!(error.unwrap_err().to_string().contains("windows"));
        windows.samples = usize::MAX;
        assert!(windowed(windows).check().is_err());
    }

    proptest! {
        #[test]
        fn windows_are_slices_of_the_audio(n in 1usize..500, samples in 1usize..60, hop in 1usize..80) {
            let audio: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let windows = WaveformWindows { samples, hop_samples: hop, short: ShortAudio::Zeros, count: WindowCount::Complete };
            let out = windowed(windows).compute(&audio).unwrap();
            for (w, row) in out.outer_iter().enumerate() {
                for (i, x) in row.iter().enumerate() {
                    let expected = audio.get(w * hop + i).copied().unwrap_or(0.0);
                    prop_assert_eq!(*x, expected);
                }
            }
        }
    }
}
