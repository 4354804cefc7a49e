//! Curves over time, as tables and pictures want them.

use crate::acoustics::formants::Formants;
use crate::acoustics::harmonicity::Harmonicity;
use crate::acoustics::intensity::Intensity;
use crate::acoustics::{Frames, Pitch};

/// One curve: a value, or none, at each time.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// What it is, with its unit: `f0_hz`, `f1_hz`, `b1_hz`, `intensity_db`, `hnr_cc_db`, `cpp_db`.
    pub name: String,
    /// Times, `[frame]`.
    pub times_secs: Vec<f64>,
    /// Values, `[frame]`; None where there is none, as pitch in an unvoiced frame.
    pub values: Vec<Option<f64>>,
}

/// All curves of a recording. Each has frames of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tracks {
    /// The curves.
    pub curves: Vec<Track>,
    /// Times of the voice's pulses.
    pub pulses_secs: Vec<f64>,
}

impl Tracks {
    fn push(&mut self, name: &str, frames: Frames, value: impl Fn(usize) -> Option<f64>) {
        self.curves.push(Track {
            name: name.to_owned(),
            times_secs: (0..frames.count).map(|i| frames.centre_secs(i)).collect(),
            values: (0..frames.count).map(value).collect(),
        });
    }

    pub(super) fn push_pitch(&mut self, pitch: &Pitch) {
        self.push("f0_hz", pitch.frames, |i| pitch.f0(i));
    }

    pub(super) fn push_formants(&mut self, formants: &Formants) {
        for number in 0..4 {
            let formant = |i: usize| formants.frame(i).get(number).copied();
            self.push(&format!("f{}_hz", number + 1), formants.frames, |i| {
                Some(formant(i)?.frequency_hz)
            });
            self.push(&format!("b{}_hz", number + 1), formants.frames, |i| {
                Some(formant(i)?.bandwidth_hz)
            });
        }
    }

    pub(super) fn push_intensity(&mut self, intensity: &Intensity) {
        self.push("intensity_db", intensity.frames, |i| {
            intensity.level_db.get(i).copied()
        });
    }

    pub(super) fn push_harmonicity(&mut self, harmonicity: &Harmonicity) {
        self.push("hnr_cc_db", harmonicity.frames, |i| harmonicity.db(i));
    }

    pub(super) fn push_prominence(&mut self, frames: Frames, prominence_db: &[f64]) {
        self.push("cpp_db", frames, |i| prominence_db.get(i).copied());
    }
}
