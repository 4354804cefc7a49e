//! Formants: the resonances of a predictor of frames.

mod burg;
pub mod ceiling;
mod roots;

use burg::Burg;
use roots::Roots;

use super::resample::resample;
use super::window::{gaussian, pre_emphasise};
use super::{Frames, Sound};

/// Samples on each side from which a sound is interpolated at the rate of its formants.
const RESAMPLING_DEPTH: usize = 50;

/// Formants nearer than this to 0 Hz and to the ceiling are artefacts.
const MARGIN_HZ: f64 = 50.0;

/// How formants are looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Where the search ends: about 5000 Hz for men, 5500 Hz for women. The sound is resampled to
    /// twice of it.
    pub ceiling_hz: f64,
    /// Formants looked for; the predictor has two poles for each.
    pub formants: usize,
    /// Effective window length; the Gaussian window is twice as long.
    pub window_secs: f64,
    /// From one frame to the next; a quarter of the window unless given.
    pub step_secs: Option<f64>,
    /// Where pre-emphasis begins.
    pub pre_emphasis_hz: f64,
}

impl Settings {
    /// Praat's: five formants, windows of 25 ms every 6.25 ms, pre-emphasis from 50 Hz.
    pub fn with_ceiling(ceiling_hz: f64) -> Self {
        Self {
            ceiling_hz,
            formants: 5,
            window_secs: 0.025,
            step_secs: None,
            pre_emphasis_hz: 50.0,
        }
    }
}

/// One resonance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Formant {
    /// Centre.
    pub frequency_hz: f64,
    /// Width between the points 3 dB below the peak.
    pub bandwidth_hz: f64,
}

/// The formants of a sound in frames.
#[derive(Clone, Debug, PartialEq)]
pub struct Formants {
    /// Where the frames are centred.
    pub frames: Frames,
    /// Where the search ended.
    pub ceiling_hz: f64,
    /// Frames whose polynomial could not be solved; they have no formants.
    pub unsolved: usize,
    found: Vec<Formant>,
    /// Where each frame's formants end in `found`.
    ends: Vec<usize>,
}

impl Formants {
    /// The formants of a frame, from low to high. How many varies; none in silence and behind the
    /// last frame.
    pub fn frame(&self, index: usize) -> &[Formant] {
        let Some(&end) = self.ends.get(index) else {
            return &[];
        };
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.found[start..end]
    }

    /// Formant `number` (F1 is 1) of every frame that has it and that `chosen` names.
    pub fn series(
        &self,
        number: usize,
        chosen: impl Fn(usize) -> bool,
    ) -> impl Iterator<Item = Formant> {
        let frames = (0..self.frames.count).filter(move |&frame| chosen(frame));
        frames.filter_map(move |frame| self.frame(frame).get(number.checked_sub(1)?).copied())
    }
}

/// The formants of a sound by Burg's method. Formant `i` is the `i`-th resonance of its frame:
/// nothing is tracked.
///
/// None if the sound is shorter than a window, or if the settings ask for no poles.
pub fn track(sound: &Sound, settings: &Settings) -> Option<Formants> {
    let mut sound = resample(sound, 2.0 * settings.ceiling_hz, RESAMPLING_DEPTH);
    pre_emphasise(&mut sound, settings.pre_emphasis_hz);
    let window_secs = 2.0 * settings.window_secs;
    let step_secs = settings.step_secs.unwrap_or(settings.window_secs / 4.0);
    let frames = sound.frames_about_middle(window_secs, step_secs)?;
    let window = gaussian((window_secs / sound.step_secs()).floor() as usize);
    let half = window.len() / 2;
    if settings.formants == 0 || half == 0 {
        return None;
    }
    let mut formants = Formants {
        frames,
        ceiling_hz: settings.ceiling_hz,
        unsolved: 0,
        found: Vec::with_capacity(frames.count * settings.formants),
        ends: Vec::with_capacity(frames.count),
    };
    let (mut burg, mut roots) = (Burg::default(), Roots::default());
    let mut frame = Vec::with_capacity(2 * half);
    let samples = sound.samples();
    for index in 0..frames.count {
        let first = sound.low(frames.centre_secs(index)) + 1 - half as isize;
        let start = first.clamp(0, samples.len() as isize) as usize;
        let end = (first + 2 * half as isize).clamp(0, samples.len() as isize) as usize;
        frame.clear();
        let inside = samples[start..end].iter().zip(&window);
        frame.extend(inside.map(|(x, w)| x * w));
        if burg.fit(&frame, 2 * settings.formants) {
            if roots.find(&burg.coefficients) {
                let before = formants.found.len();
                keep(&roots, sound.sample_rate_hz(), &mut formants.found);
                formants.found[before..].sort_by(|a, b| a.frequency_hz.total_cmp(&b.frequency_hz));
            } else {
                formants.unsolved += 1;
            }
        }
        formants.ends.push(formants.found.len());
    }
    Some(formants)
}

/// The resonances among roots: those of the upper half plane, mirrored into the unit circle.
fn keep(roots: &Roots, rate_hz: f64, found: &mut Vec<Formant>) {
    let (nyquist_hz, hz) = (rate_hz / 2.0, rate_hz / std::f64::consts::TAU);
    for root in roots.found.iter().filter(|root| root.im >= 0.0) {
        let power = root.norm_sqr();
        let power = if power > 1.0 { 1.0 / power } else { power };
        let frequency_hz = root.im.atan2(root.re).abs() * hz;
        if (MARGIN_HZ..=nyquist_hz - MARGIN_HZ).contains(&frequency_hz) {
            found.push(Formant {
                frequency_hz,
                bandwidth_hz: -power.ln() * hz,
            });
        }
    }
}

#[cfg(test)]
mod tests;
