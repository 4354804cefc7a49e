//! Values as they come in, each name once.

use std::collections::BTreeMap;

use super::{Counts, Measured, Tracks, Wanted};
use crate::acoustics::Sound;

/// A half-filled [`Measured`].
pub(super) struct Sheet {
    measured: Measured,
    wanted: Wanted,
}

impl Sheet {
    pub(super) fn new(sound: &Sound, wanted: Wanted) -> Self {
        Self {
            wanted,
            measured: Measured {
                duration_secs: sound.duration_secs(),
                values: BTreeMap::new(),
                missing: BTreeMap::new(),
                formant_ceiling_hz: None,
                counts: Counts::default(),
                tracks: None,
            },
        }
    }

    /// Enters a value, or that there is none and why. What was not asked for stays out.
    pub(super) fn put(&mut self, name: &'static str, value: Option<f64>, why_not: &str) {
        match value {
            Some(value) if value.is_finite() => {
                if self.wanted.has(name) {
                    self.measured.values.insert(name, value);
                }
            }
            Some(_) => self.leave_out(name, "the value is not finite"),
            None => self.leave_out(name, why_not),
        }
    }

    /// Enters that there is no value, and why.
    pub(super) fn leave_out(&mut self, name: &'static str, why: &str) {
        if self.wanted.has(name) {
            self.measured.missing.insert(name, why.to_owned());
        }
    }

    /// Gives one reason for all wanted names without an entry.
    pub(super) fn leave_out_rest(&mut self, why: &str) {
        for name in self.wanted.names() {
            let is_known =
                self.measured.values.contains_key(name) || self.measured.missing.contains_key(name);
            if !is_known {
                self.leave_out(name, why);
            }
        }
    }

    pub(super) fn counts(&mut self) -> &mut Counts {
        &mut self.measured.counts
    }

    pub(super) fn set_formant_ceiling(&mut self, hz: f64) {
        self.measured.formant_ceiling_hz = Some(hz);
    }

    pub(super) fn set_tracks(&mut self, tracks: Tracks) {
        self.measured.tracks = Some(tracks);
    }

    pub(super) fn finish(self) -> Measured {
        self.measured
    }
}
