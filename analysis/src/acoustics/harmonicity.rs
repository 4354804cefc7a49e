//! Harmonics-to-noise ratio: how much stronger the periodic part of a sound is than the rest.
//!
//! The correlation `r` of a frame with itself one period later is the periodic share of its power,
//! so that the ratio is `10 log10(r / (1 - r))` dB (Boersma 1993).

use super::pitch::{self, Method};
use super::{Frames, Sound};
use crate::{Error, Result};

/// Ratios above this are numerically meaningless: show them as "at least".
pub const DISPLAY_CAP_DB: f64 = 50.0;

/// Strengths are kept this far from 0 and 1.
const STRENGTH_MARGIN: f64 = 1e-15;

/// Settings of a harmonicity track; the presets are Praat's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Cross-correlation or autocorrelation.
    pub method: Method,
    /// From frame to frame.
    pub step_secs: f64,
    /// Lowest pitch, Hz.
    pub floor_hz: f64,
    /// Share of the recording's peak below which a frame is silent.
    pub silence_threshold: f64,
    /// Longest periods in a window.
    pub periods: f64,
}

impl Settings {
    /// Cross-correlation over one period: resolves fast changes.
    pub const fn cc() -> Self {
        Self {
            method: Method::CrossCorrelation,
            step_secs: 0.01,
            floor_hz: 75.0,
            silence_threshold: 0.1,
            periods: 1.0,
        }
    }

    /// Autocorrelation in Gaussian windows of 4.5 periods: higher dynamic range.
    pub const fn ac() -> Self {
        Self {
            method: Method::Autocorrelation,
            periods: 4.5,
            ..Self::cc()
        }
    }
}

/// The harmonics-to-noise ratio in frames.
#[derive(Clone, Debug, PartialEq)]
pub struct Harmonicity {
    /// Where the frames are centred.
    pub frames: Frames,
    /// Highest correlation of each frame, `[frame]`; None where silent.
    pub strength: Vec<Option<f64>>,
}

impl Harmonicity {
    /// The ratio of frame `index`, dB; None where silent or beyond the track.
    pub fn db(&self, index: usize) -> Option<f64> {
        self.strength.get(index).copied().flatten().map(ratio_db)
    }

    /// The ratios of the frames that are not silent, dB.
    pub fn sounding_db(&self) -> impl Iterator<Item = f64> {
        self.strength.iter().copied().flatten().map(ratio_db)
    }

    /// Number of frames that are not silent.
    pub fn sounding(&self) -> usize {
        self.strength.iter().flatten().count()
    }

    /// The mean ratio of the frames that are not silent, dB; None if all are.
    pub fn mean_db(&self) -> Option<f64> {
        let sounding = self.sounding();
        (sounding > 0).then(|| self.sounding_db().sum::<f64>() / sounding as f64)
    }

    /// The standard deviation (n - 1) of the same, dB; None for fewer than two frames.
    pub fn sd_db(&self) -> Option<f64> {
        let mean = self.mean_db()?;
        let squares: f64 = self.sounding_db().map(|db| (db - mean) * (db - mean)).sum();
        let sounding = self.sounding();
        (sounding > 1).then(|| (squares / (sounding - 1) as f64).sqrt())
    }
}

/// `10 log10(r / (1 - r))`.
pub fn ratio_db(strength: f64) -> f64 {
    let r = strength.clamp(STRENGTH_MARGIN, 1.0 - STRENGTH_MARGIN);
    10.0 * (r / (1.0 - r)).log10()
}

/// Tracks the harmonics-to-noise ratio of a sound.
///
/// # Errors
/// As [`pitch::track`].
pub fn track(sound: &Sound, settings: &Settings) -> Result<Harmonicity> {
    let search = pitch::Settings {
        method: settings.method,
        step_secs: Some(settings.step_secs),
        floor_hz: settings.floor_hz,
        ceiling_hz: 0.5 / sound.step_secs(),
        periods: settings.periods,
        max_candidates: 15,
        accurate: true,
        silence_threshold: settings.silence_threshold,
        voicing_threshold: 0.0,
        octave_cost: 0.0,
        octave_jump_cost: 0.0,
        voiced_unvoiced_cost: 0.0,
    };
    let pitch = pitch::track(sound, &search).map_err(|error| match error {
        Error::Undefined { why, .. } => Error::Undefined {
            what: "harmonics-to-noise ratio".to_owned(),
            why,
        },
        other => other,
    })?;
    let strength = (0..pitch.len())
        .map(|index| pitch.f0(index).map(|_| pitch.strength[index]))
        .collect();
    Ok(Harmonicity {
        frames: pitch.frames,
        strength,
    })
}
