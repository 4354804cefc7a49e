//! Kaldi's filterbank features (`compute-fbank-feats`), with Kaldi's option names.

mod stacking;

use std::sync::Arc;

use ndarray::{Array2, ArrayD, Axis};
use realfft::{RealFftPlanner, RealToComplex};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use stacking::Lfr;

use super::mel::BandNormalise;
use super::plans::Plans;
use super::{Layout, MAX_VALUES, SAMPLE_RATE_HZ, outside};
use crate::signal::MelBank;
use crate::signal::window::{WindowShape, symmetric};
use crate::{Error, Result};

/// Kaldi's smallest energy: the step of single precision at one.
const LEAST_ENERGY: f64 = f32::EPSILON as f64;
const MAX_FRAME_MILLISECONDS: f64 = 1000.0;

/// Settings of [`super::FrontEnd::KaldiFbank`]: Kaldi's options by their names, with Kaldi's
/// defaults except for 80 bands, no dither and samples in [-1, 1]; then what programs around Kaldi do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KaldiFbank {
    /// Number of mel bands.
    pub num_mel_bins: usize,
    /// Length of a frame, in milliseconds.
    pub frame_length: f64,
    /// From one frame to the next, in milliseconds.
    pub frame_shift: f64,
    /// Lower end of the band, in Hz.
    pub low_freq: f64,
    /// Upper end of the band, in Hz; 0 or less counts from half the sample rate.
    pub high_freq: f64,
    /// `c` of `x[n] − c·x[n − 1]` within each frame.
    pub preemphasis_coefficient: f64,
    /// Shape of the window; Kaldi's `hanning` is `hann`.
    pub window_type: WindowShape,
    /// Noise to add. Only 0 is supported: the same audio must give the same features.
    pub dither: f64,
    /// Whether the mean of each frame is subtracted.
    pub remove_dc_offset: bool,
    /// Whether the log energy of the frame comes before the bands.
    pub use_energy: bool,
    /// Whether that energy is of the samples before pre-emphasis and window.
    pub raw_energy: bool,
    /// Smallest energy, where above 0.
    pub energy_floor: f64,
    /// Whether frames lie within the audio; otherwise they are centred, and ends are mirrored.
    pub snip_edges: bool,
    /// Whether the transform has as many points as the next power of two.
    pub round_to_power_of_two: bool,
    /// Whether the natural logarithm is taken.
    pub use_log_fbank: bool,
    /// Whether the filters sum power; otherwise magnitudes.
    pub use_power: bool,
    /// What samples in [-1, 1] are multiplied by: 1 as torchaudio and 3D-Speaker do, 32768 for the
    /// 16-bit integers of Kaldi itself and WeSpeaker. It matters where energies are near the floor.
    pub scale: f64,
    /// Mean of each band over the utterance.
    pub mean_normalise: MeanNormalise,
    /// Stacking of frames, as FunASR's models want (low frame rate).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lfr: Option<Lfr>,
    /// Order of the axes.
    pub layout: Layout,
}

impl Default for KaldiFbank {
    fn default() -> Self {
        Self {
            num_mel_bins: 80,
            frame_length: 25.0,
            frame_shift: 10.0,
            low_freq: 20.0,
            high_freq: 0.0,
            preemphasis_coefficient: 0.97,
            window_type: WindowShape::Povey,
            dither: 0.0,
            remove_dc_offset: true,
            use_energy: false,
            raw_energy: true,
            energy_floor: 0.0,
            snip_edges: true,
            round_to_power_of_two: true,
            use_log_fbank: true,
            use_power: true,
            scale: 1.0,
            mean_normalise: MeanNormalise::None,
            lfr: None,
            layout: Layout::TimeFirst,
        }
    }
}

/// Whether the mean of each band is subtracted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeanNormalise {
    /// It stays.
    #[default]
    None,
    /// The mean over the utterance is subtracted.
    Utterance,
}

struct Plan {
    fft: Arc<dyn RealToComplex<f64>>,
    window: Vec<f64>,
    mels: MelBank,
}

impl KaldiFbank {
    fn frame_samples(&self) -> usize {
        milliseconds(self.frame_length)
    }

    fn shift_samples(&self) -> usize {
        milliseconds(self.frame_shift)
    }

    fn high_hz(&self) -> f64 {
        if self.high_freq > 0.0 {
            self.high_freq
        } else {
            f64::from(SAMPLE_RATE_HZ) / 2.0 + self.high_freq
        }
    }

    fn n_fft(&self) -> usize {
        if self.round_to_power_of_two {
            self.frame_samples().next_power_of_two()
        } else {
            self.frame_samples()
        }
    }

    fn plan(&self) -> Result<Arc<Plan>> {
        static PLANS: Plans<KaldiFbank, Plan> = Plans::new();
        PLANS.get(self, || {
            let (rate, band) = (f64::from(SAMPLE_RATE_HZ), self.low_freq..self.high_hz());
            Ok(Plan {
                fft: RealFftPlanner::new().plan_fft_forward(self.n_fft()),
                window: symmetric(self.window_type, self.frame_samples()),
                mels: MelBank::kaldi(rate, self.n_fft(), self.num_mel_bins, band)?,
            })
        })
    }

    pub(super) fn check(&self) -> Result<()> {
        let setting = |what: &str, needed: &str, found: String| {
            Err(outside("kaldi_fbank", what, needed, found))
        };
        if !(1.0..=MAX_FRAME_MILLISECONDS).contains(&self.frame_length) {
            return setting(
                "frame_length",
                "1 to 1000 ms",
                self.frame_length.to_string(),
            );
        }
        if !(1.0..=MAX_FRAME_MILLISECONDS).contains(&self.frame_shift) {
            return setting("frame_shift", "1 to 1000 ms", self.frame_shift.to_string());
        }
        if !self.n_fft().is_multiple_of(2) {
            let found = format!("{} samples", self.frame_samples());
            return setting("frame_length", "an even number of samples", found);
        }
        if !(1..=self.n_fft()).contains(&self.num_mel_bins) {
            let needed = format!("1 to {}", self.n_fft());
            return setting("num_mel_bins", &needed, self.num_mel_bins.to_string());
        }
        if !(0.0..=1.0).contains(&self.preemphasis_coefficient) {
            let found = self.preemphasis_coefficient.to_string();
            return setting("preemphasis_coefficient", "0 to 1", found);
        }
        if self.dither != 0.0 {
            let needed = "0, so that the same audio gives the same features";
            return setting("dither", needed, self.dither.to_string());
        }
        if !(self.scale > 0.0 && self.scale.is_finite()) {
            return setting("scale", "above 0", self.scale.to_string());
        }
        if !(self.energy_floor >= 0.0 && self.energy_floor.is_finite()) {
            return setting("energy_floor", "at least 0", self.energy_floor.to_string());
        }
        if let Some(Lfr { m, n }) = self.lfr
            && !((1..=64).contains(&m) && (1..=64).contains(&n))
        {
            return setting("lfr: m and n", "1 to 64", format!("{m} and {n}"));
        }
        self.plan().map(drop)
    }

    pub(super) fn describe(&self) -> String {
        let yes = |name: &str, on: bool| format!(", {}{name}", if on { "" } else { "no " });
        let energy = match (self.use_energy, self.raw_energy) {
            (false, _) => "no energy".to_owned(),
            (true, true) => format!("raw log energy first, floor {}", self.energy_floor),
            (true, false) => format!("log energy first, floor {}", self.energy_floor),
        };
        let edges = if self.snip_edges {
            "edges snipped"
        } else {
            "edges mirrored"
        };
        let lfr = match self.lfr {
            Some(Lfr { m, n }) => format!("; {m} frames stacked every {n}"),
            None => String::new(),
        };
        let mean = match self.mean_normalise {
            MeanNormalise::None => "",
            MeanNormalise::Utterance => "; mean of each band over the utterance subtracted",
        };
        format!(
            "Kaldi fbank: 16 kHz, samples times {}; {}/{} ms, {edges}, {} window{}, pre-emphasis \
             {}, dither 0; n_fft {}, {} mels {}-{} Hz, {}, {}, {energy}{mean}{lfr}{}",
            self.scale,
            self.frame_length,
            self.frame_shift,
            self.window_type.name(),
            yes("DC removal", self.remove_dc_offset),
            self.preemphasis_coefficient,
            self.n_fft(),
            self.num_mel_bins,
            self.low_freq,
            self.high_hz(),
            if self.use_power { "power" } else { "magnitude" },
            if self.use_log_fbank { "ln" } else { "no log" },
            self.layout.words()
        )
    }

    /// Fewest samples that there must be: for one frame.
    pub(super) fn needed_samples(&self) -> usize {
        if self.snip_edges {
            self.frame_samples()
        } else {
            self.shift_samples().div_ceil(2)
        }
    }

    fn n_frames(&self, n_samples: usize) -> usize {
        let shift = self.shift_samples();
        if self.snip_edges {
            n_samples
                .checked_sub(self.frame_samples())
                .map_or(0, |rest| 1 + rest / shift)
        } else {
            (n_samples + shift / 2) / shift
        }
    }

    pub(super) fn steps(&self, n_samples: usize) -> usize {
        let n_frames = self.n_frames(n_samples);
        self.lfr.map_or(n_frames, |lfr| n_frames.div_ceil(lfr.n))
    }

    pub(super) fn step_samples(&self) -> usize {
        self.shift_samples() * self.lfr.map_or(1, |lfr| lfr.n)
    }

    /// `[1, frame, dim]` or `[1, dim, frame]`.
    pub(super) fn compute(&self, samples: &[f32]) -> Result<ArrayD<f32>> {
        let plan = self.plan()?;
        let n_frames = self.n_frames(samples.len());
        let dim = self.num_mel_bins + usize::from(self.use_energy);
        let stacked = self.lfr.map_or(1, |lfr| lfr.m);
        if n_frames.saturating_mul(dim).saturating_mul(stacked) > MAX_VALUES {
            return Err(outside(
                "kaldi_fbank",
                "number of features",
                &format!("at most {MAX_VALUES}"),
                format!("{n_frames} frames of {dim}"),
            ));
        }
        let mut frames = Array2::<f32>::zeros((n_frames, dim));
        let mut block = plan.fft.make_input_vec();
        let mut bins = plan.fft.make_output_vec();
        let mut scratch = plan.fft.make_scratch_vec();
        let mut spectrum = vec![0.0; bins.len()];
        for (frame, mut row) in frames.outer_iter_mut().enumerate() {
            block.fill(0.0);
            let cut = block.iter_mut().take(plan.window.len());
            for (x, at) in cut.zip(self.first_sample(frame)..) {
                *x = mirrored(samples, at).unwrap_or(0.0) * self.scale;
            }
            let energy = self.prepare(&mut block, &plan.window);
            plan.fft
                .process_with_scratch(&mut block, &mut bins, &mut scratch)
                .map_err(|e| Error::Undefined {
                    what: "front end kaldi_fbank: transform".into(),
                    why: e.to_string(),
                })?;
            for (out, bin) in spectrum.iter_mut().zip(&bins) {
                *out = if self.use_power {
                    bin.norm_sqr()
                } else {
                    bin.norm()
                };
            }
            let bands = plan.mels.apply(&spectrum).map(|value| {
                if self.use_log_fbank {
                    value.max(LEAST_ENERGY).ln()
                } else {
                    value
                }
            });
            let energy = self.use_energy.then_some(energy);
            for (out, value) in row.iter_mut().zip(energy.into_iter().chain(bands)) {
                *out = value as f32;
            }
        }
        match self.mean_normalise {
            MeanNormalise::None => {}
            MeanNormalise::Utterance => BandNormalise::Mean.apply(&mut frames),
        }
        if let Some(lfr) = self.lfr {
            frames = lfr.stack(&frames);
        }
        Ok(self.layout.arrange(frames.insert_axis(Axis(0))))
    }

    /// Where a frame begins, in samples from the start of the audio.
    fn first_sample(&self, frame: usize) -> isize {
        let (shift, length) = (self.shift_samples(), self.frame_samples());
        let start = (frame * shift) as isize;
        if self.snip_edges {
            start
        } else {
            start + (shift / 2) as isize - (length / 2) as isize
        }
    }

    /// Removes the mean, emphasises and windows a frame, of which only the first `window.len()`
    /// points count; gives its log energy.
    fn prepare(&self, block: &mut [f64], window: &[f64]) -> f64 {
        let (cut, _zeros) = block.split_at_mut(window.len());
        if self.remove_dc_offset {
            let mean = cut.iter().sum::<f64>() / cut.len() as f64;
            cut.iter_mut().for_each(|x| *x -= mean);
        }
        let log_energy = |cut: &[f64]| {
            let energy: f64 = cut.iter().map(|x| x * x).sum();
            energy.max(LEAST_ENERGY).max(self.energy_floor).ln()
        };
        let raw = log_energy(cut);
        let mut before = cut.first().copied().unwrap_or(0.0);
        for (x, w) in cut.iter_mut().zip(window) {
            let now = *x;
            *x = (now - self.preemphasis_coefficient * before) * w;
            before = now;
        }
        if self.raw_energy {
            raw
        } else {
            log_energy(cut)
        }
    }
}

/// A sample, beyond the ends mirrored with the end sample repeated.
fn mirrored(samples: &[f32], mut at: isize) -> Option<f64> {
    let n = samples.len() as isize;
    if n == 0 {
        return None;
    }
    while at < 0 || at >= n {
        at = if at < 0 { -at - 1 } else { 2 * n - 1 - at };
    }
    let at = usize::try_from(at).ok()?;
    samples.get(at).map(|x| f64::from(*x))
}

fn milliseconds(length: f64) -> usize {
    (f64::from(SAMPLE_RATE_HZ) * 0.001 * length) as usize
}

#[cfg(test)]
mod tests;
