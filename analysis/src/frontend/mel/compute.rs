//! How mel spectrograms are computed.

use std::sync::Arc;

use ndarray::{Array2, Array3, ArrayD, Axis, s};

use super::{
    BandNormalise, Compression, DEFAULT_FLOOR, Floor, LastFrame, MelSpectrogram, MelWindows,
    Spectrum, WindowForm,
};
use crate::frontend::plans::Plans;
use crate::frontend::{MAX_VALUES, SAMPLE_RATE_HZ, outside};
use crate::signal::window::{periodic, symmetric};
use crate::signal::{MelBank, Padding, Stft};
use crate::{Error, Result};

/// Added to the standard deviation before dividing by it, as NeMo does.
const DEVIATION_FLOOR: f64 = 1e-5;

pub(super) struct Plan {
    stft: Stft,
    mels: MelBank,
}

impl MelSpectrogram {
    pub(super) fn plan(&self) -> Result<Arc<Plan>> {
        static PLANS: Plans<MelSpectrogram, Plan> = Plans::new();
        PLANS.get(self, || {
            let window = match self.window_form {
                WindowForm::Periodic => periodic(self.window, self.win_length),
                WindowForm::Symmetric => symmetric(self.window, self.win_length),
            };
            let (rate, band) = (f64::from(SAMPLE_RATE_HZ), self.low_hz..self.high_hz);
            let (scale, norm) = (self.mel_scale, self.mel_norm);
            Ok(Plan {
                stft: Stft::windowed(self.n_fft, self.hop_length, &window)?,
                mels: MelBank::new(scale, norm, rate, self.n_fft, self.mels, band)?,
            })
        })
    }

    fn n_frames(&self, n_samples: usize) -> usize {
        let all = match self.pad {
            Padding::Zeros | Padding::Reflect => 1 + n_samples / self.hop_length,
            Padding::None => n_samples
                .checked_sub(self.n_fft)
                .map_or(0, |rest| 1 + rest / self.hop_length),
        };
        match self.last_frame {
            LastFrame::Keep => all,
            LastFrame::Drop => all.saturating_sub(1),
        }
    }

    /// Frames of an utterance, or of one of its windows.
    pub(in crate::frontend) fn steps(&self, n_samples: usize) -> usize {
        match &self.windows {
            Some(windows) => windows.frames,
            None => self.n_frames(n_samples),
        }
    }

    /// `[window, frame, mel]`, the last two swapped in the layout `dim_first`.
    pub(in crate::frontend) fn compute(
        &self,
        name: &str,
        compression: Compression,
        samples: &[f32],
    ) -> Result<ArrayD<f32>> {
        let Plan { stft, mels } = &*self.plan()?;
        let gain = match self.min_level_dbfs {
            Some(level) => gain_to_level(name, samples, level)?,
            None => 1.0,
        };
        let mut audio: Vec<f64> = samples.iter().map(|x| f64::from(*x) * gain).collect();
        if self.preemphasis != 0.0 {
            for i in (1..audio.len()).rev() {
                audio[i] -= self.preemphasis * audio[i - 1];
            }
        }
        let (n_windows, n_frames) = match &self.windows {
            Some(windows) => {
                let n_windows = windows.count(samples.len(), self);
                let last_start = n_windows.saturating_sub(1).saturating_mul(windows.stride);
                (n_windows, last_start.saturating_add(windows.frames))
            }
            None => (1, self.n_frames(samples.len())),
        };
        let in_windows = n_windows.saturating_mul(self.steps(samples.len()));
        if n_frames.max(in_windows).saturating_mul(self.mels) > MAX_VALUES {
            return Err(outside(
                name,
                "number of features",
                &format!("at most {MAX_VALUES}"),
                format!("{n_frames} frames of {} in {n_windows} windows", self.mels),
            ));
        }

        let mut frames = Array2::<f32>::zeros((n_frames, self.mels));
        let mut spectrum = vec![0.0; stft.n_bins()];
        let floor = self.floor.unwrap_or(DEFAULT_FLOOR);
        stft.for_each_frame(&audio, self.pad, 0..n_frames, |frame, bins| {
            for (out, bin) in spectrum.iter_mut().zip(bins) {
                *out = match self.spectrum {
                    Spectrum::Power => bin.norm_sqr(),
                    Spectrum::Magnitude => bin.norm(),
                };
            }
            for (out, value) in frames.row_mut(frame).iter_mut().zip(mels.apply(&spectrum)) {
                let floored = match floor {
                    Floor::Add(least) => value + least,
                    Floor::AtLeast(least) => value.max(least),
                };
                *out = match compression {
                    Compression::None => value,
                    Compression::Log10 => floored.log10() * self.factor,
                    Compression::Ln => floored.ln() * self.factor,
                } as f32;
            }
        })?;
        self.normalise.apply(&mut frames);

        let features = match &self.windows {
            None => frames.insert_axis(Axis(0)),
            Some(windows) => windows.cut(&frames, n_windows),
        };
        Ok(self.layout.arrange(features))
    }
}

impl BandNormalise {
    /// Normalises each column of `frames` `[frame, band]`.
    pub(in crate::frontend) fn apply(self, frames: &mut Array2<f32>) {
        if self == Self::None || frames.nrows() == 0 {
            return;
        }
        let n = frames.nrows() as f64;
        for mut band in frames.columns_mut() {
            let mean = band.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
            let squares = band.iter().map(|x| (f64::from(*x) - mean).powi(2));
            let divisor = match self {
                Self::None | Self::Mean => 1.0,
                Self::MeanStd => {
                    (squares.sum::<f64>() / (n - 1.0).max(1.0)).sqrt() + DEVIATION_FLOOR
                }
            };
            band.mapv_inplace(|x| ((f64::from(x) - mean) / divisor) as f32);
        }
    }
}

impl MelWindows {
    /// Number of windows over audio of so many samples.
    pub(super) fn count(&self, n_samples: usize, mel: &MelSpectrogram) -> usize {
        let Some(share) = self.keep_from else {
            let rest = mel.n_frames(n_samples).checked_sub(self.frames);
            return rest.map_or(0, |rest| 1 + rest / self.stride);
        };
        let hop = mel.hop_length;
        let n_frames = (n_samples + 1).div_ceil(hop);
        let starts = (n_frames + self.stride).saturating_sub(self.frames).max(1);
        let n_windows = starts.div_ceil(self.stride);
        let last_start = (n_windows - 1)
            .saturating_mul(self.stride)
            .saturating_mul(hop);
        let covered = n_samples.saturating_sub(last_start) as f64;
        if n_windows > 1 && covered < share * (self.frames as f64 * hop as f64) {
            n_windows - 1
        } else {
            n_windows
        }
    }

    fn cut(&self, frames: &Array2<f32>, n_windows: usize) -> Array3<f32> {
        let mut windows = Array3::zeros((n_windows, self.frames, frames.ncols()));
        for (i, mut window) in windows.outer_iter_mut().enumerate() {
            let start = i * self.stride;
            window.assign(&frames.slice(s![start..start + self.frames, ..]));
        }
        windows
    }
}

/// Factor that brings audio below `level_dbfs` RMS up to it; 1 for louder audio.
pub(super) fn gain_to_level(name: &str, samples: &[f32], level_dbfs: f64) -> Result<f64> {
    let sum: f64 = samples.iter().map(|x| f64::from(*x).powi(2)).sum();
    let rms = (sum / samples.len() as f64).sqrt();
    if rms == 0.0 {
        return Err(Error::Undefined {
            what: format!("front end {name}: level"),
            why: "every sample is 0 (digital silence)".into(),
        });
    }
    let wanted = 10f64.powf(level_dbfs / 20.0);
    Ok((wanted / rms).max(1.0))
}
