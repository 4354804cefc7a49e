//! Pitch (F0) after Boersma 1993: candidates from correlations, and a path through them.
//!
//! Which correlation is used is named by [`Method`]; raw autocorrelation is the default, for
//! comparability with published work. The reference is P. Boersma (1993), "Accurate short-term
//! analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled sound",
//! IFA Proceedings 17.

mod candidates;
mod correlation;
mod filter;
mod path;
mod settings;
mod statistics;
#[cfg(test)]
mod tests;

pub use settings::{Method, Settings};
pub use statistics::{SEMITONE_REFERENCE_HZ, Statistics, semitones};

use super::{Frames, Sound};
use crate::{Error, Result};
use candidates::{Candidates, Search};
use correlation::{Correlator, Sizes};

/// A pitch track.
#[derive(Clone, Debug, PartialEq)]
pub struct Pitch {
    /// Where the frames are centred.
    pub frames: Frames,
    /// Pitch of each frame, Hz, `[frame]`; 0 where unvoiced ([`Pitch::f0`] tells the two apart).
    pub f0_hz: Vec<f64>,
    /// Correlation at the chosen lag, `[frame]`; 0 where unvoiced.
    pub strength: Vec<f64>,
    /// Peak of each frame relative to the sound's, at most 1, `[frame]`.
    pub intensity: Vec<f64>,
    /// How it was searched for.
    pub settings: Settings,
}

impl Pitch {
    /// Number of frames.
    pub fn len(&self) -> usize {
        self.f0_hz.len()
    }

    /// Whether there is no frame.
    pub fn is_empty(&self) -> bool {
        self.f0_hz.is_empty()
    }

    /// Pitch of frame `index`, Hz; None if unvoiced or beyond the track.
    pub fn f0(&self, index: usize) -> Option<f64> {
        self.f0_hz.get(index).copied().filter(|f0| *f0 > 0.0)
    }

    /// The pitches of all voiced frames, Hz, in order.
    pub fn voiced(&self) -> impl Iterator<Item = f64> {
        self.f0_hz.iter().copied().filter(|f0| *f0 > 0.0)
    }

    /// Pitch at a time: linear between two voiced frames, otherwise that of the nearest frame,
    /// hence None where the nearest is unvoiced or lies beyond the track.
    pub fn at(&self, secs: f64) -> Option<f64> {
        let place = (secs - self.frames.first_secs) / self.frames.step_secs;
        let below = place.floor();
        let phase = place - below;
        let value = |place: f64| (place >= 0.0).then(|| self.f0(place as usize)).flatten();
        let (near, far, share) = if phase < 0.5 {
            (value(below), value(below + 1.0), phase)
        } else {
            (value(below + 1.0), value(below), 1.0 - phase)
        };
        match (near, far) {
            (Some(near), Some(far)) => Some(near + share * (far - near)),
            (near, _) => near,
        }
    }
}

/// Tracks the pitch of a sound.
///
/// # Errors
/// [`Error::Setting`] for settings that cannot be used; [`Error::Undefined`] for a sound shorter
/// than one window, too low a sample rate, or a sound without any change.
pub fn track(sound: &Sound, settings: &Settings) -> Result<Pitch> {
    settings.check()?;
    let frames = frames(sound, settings)?;
    // Of the sound as it is: the filter lets the edges of a constant ring.
    let peak = global_peak(sound)?;
    match settings.method {
        Method::FilteredAutocorrelation {
            attenuation_at_ceiling,
        } => {
            let filtered = filter::low_pass(sound, settings.ceiling_hz, attenuation_at_ceiling);
            let peak = global_peak(&filtered)?;
            track_in(&filtered, settings, frames, peak)
        }
        _ => track_in(sound, settings, frames, peak),
    }
}

/// Tracks the pitch twice: the second time between 0.75 times the lower quartile of the first track
/// and `ceiling_factor` times its upper quartile, which spares octave errors.
///
/// Factors from 1.5 (even reading) to 2.5 (lively speech) are in use (C. De Looze & D. Hirst 2008,
/// "Detecting changes in key and range for the automatic modelling and coding of intonation",
/// Speech Prosody). The range is found in [`Pitch::settings`].
///
/// # Errors
/// As [`track`], and [`Error::Undefined`] if the first track has no voiced frame.
pub fn track_twice(sound: &Sound, settings: &Settings, ceiling_factor: f64) -> Result<Pitch> {
    let first = track(sound, settings)?.statistics()?;
    let (floor_hz, ceiling_hz) = (0.75 * first.q25_hz, ceiling_factor * first.q75_hz);
    track(sound, &settings.clone().between(floor_hz, ceiling_hz))
}

/// Tracks the pitch in frames of a sound that departs from its mean by `peak` at most.
fn track_in(sound: &Sound, settings: &Settings, frames: Frames, peak: f64) -> Result<Pitch> {
    let step_secs = sound.step_secs();
    let ceiling_hz = settings.ceiling_hz.min(0.5 / step_secs);
    let sizes = Sizes::new(settings, step_secs).ok_or_else(|| {
        undefined(format!(
            "{} Hz holds too few samples a period of {} Hz",
            sound.sample_rate_hz(),
            settings.floor_hz
        ))
    })?;
    let mut correlator = Correlator::new(sound, settings, sizes, peak);
    let mut search = Search::new(settings, sizes, step_secs, ceiling_hz);
    let mut candidates = Candidates::default();
    let mut intensity = Vec::with_capacity(frames.count);
    for index in 0..frames.count {
        intensity.push(correlator.correlate(frames.centre_secs(index)));
        search.push_frame(&correlator.curve, &mut candidates);
    }
    let costs = path::Costs::new(settings, frames.step_secs, ceiling_hz);
    let path = path::best(&candidates, &intensity, &costs);
    Ok(Pitch {
        frames,
        f0_hz: path.iter().map(|place| place.frequency_hz).collect(),
        strength: path.iter().map(|place| place.strength).collect(),
        intensity,
        settings: settings.clone(),
    })
}

/// Cross-correlation needs room for its longest lag.
fn frames(sound: &Sound, settings: &Settings) -> Result<Frames> {
    let window_secs = match settings.method {
        Method::CrossCorrelation => settings.window_secs() + 1.0 / settings.floor_hz,
        _ => settings.window_secs(),
    };
    let step_secs = settings.effective_step_secs();
    sound.frames(window_secs, step_secs).ok_or_else(|| {
        undefined(format!(
            "{:.3} s of sound are shorter than a window of {window_secs:.3} s",
            sound.duration_secs()
        ))
    })
}

/// The largest departure of a sound from its mean.
fn global_peak(sound: &Sound) -> Result<f64> {
    let samples = sound.samples();
    let mean = samples.iter().sum::<f64>() / samples.len() as f64;
    let peak = correlation::peak(samples, mean);
    // The mean of a constant may differ from it in the last digits.
    if !(mean.is_finite() && peak.is_finite()) {
        Err(undefined("a sample is not a number".to_owned()))
    } else if peak <= 1e-9 * mean.abs() || peak == 0.0 {
        Err(undefined("the sound is silent or constant".to_owned()))
    } else {
        Ok(peak)
    }
}

fn undefined(why: String) -> Error {
    Error::Undefined {
        what: "pitch".to_owned(),
        why,
    }
}
