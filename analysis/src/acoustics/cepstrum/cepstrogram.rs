//! Power cepstra in frames.

use realfft::num_complex::Complex;

use super::CepstrogramSettings;
use crate::acoustics::resample::resample;
use crate::acoustics::transform::Transform;
use crate::acoustics::window::{cut, gaussian, pre_emphasise};
use crate::acoustics::{Frames, Sound, sums};

/// Samples on each side from which the sound is interpolated at its new rate.
const RESAMPLING_DEPTH: usize = 50;

/// Makes the power cepstra of a sound, one at a time.
pub(super) struct Cepstrogram {
    pub(super) frames: Frames,
    sound: Sound,
    half_window_secs: f64,
    window: Vec<f64>,
    transform: Transform,
}

impl Cepstrogram {
    /// None if the sound is shorter than a window.
    pub(super) fn new(sound: &Sound, settings: &CepstrogramSettings) -> Option<Self> {
        let window_secs = 6.0 / settings.pitch_floor_hz;
        let frames = sound.frames(window_secs, settings.step_secs)?;
        let rate_hz = 2.0 * settings.max_frequency_hz;
        let mut sound = resample(sound, rate_hz, RESAMPLING_DEPTH);
        pre_emphasise(&mut sound, settings.pre_emphasis_hz);
        let window = gaussian((window_secs * rate_hz).round() as usize);
        Some(Self {
            frames,
            half_window_secs: 0.5 * window_secs,
            transform: Transform::holding(window.len()),
            window,
            sound,
        })
    }

    /// Bins of a cepstrum.
    pub(super) fn bins(&self) -> usize {
        self.transform.spectrum.len()
    }

    /// Quefrency of one bin.
    pub(super) fn step_secs(&self) -> f64 {
        self.sound.step_secs()
    }

    /// The power cepstrum of a frame, `[bin]`.
    pub(super) fn power(&mut self, index: usize, power: &mut Vec<f64>) {
        let start = self.frames.centre_secs(index) - self.half_window_secs;
        let first = self.sound.nearest(start);
        let (frame, rest) = self.transform.signal.split_at_mut(self.window.len());
        cut(&self.sound, first, frame);
        let mean = sums::mean(frame);
        for (sample, weight) in frame.iter_mut().zip(&self.window) {
            *sample = (*sample - mean) * weight;
        }
        rest.fill(0.0);
        self.transform.forward();
        let step = self.sound.step_secs();
        for bin in &mut self.transform.spectrum {
            *bin = Complex::new((step * step * bin.norm_sqr() + 1e-300).ln(), 0.0);
        }
        self.transform.inverse();
        let scale = 1.0 / (step * self.transform.signal.len() as f64);
        let bins = self.transform.spectrum.len();
        power.clear();
        let cepstrum = self.transform.signal[..bins].iter();
        power.extend(cepstrum.map(|c| (c * scale) * (c * scale)));
    }
}
