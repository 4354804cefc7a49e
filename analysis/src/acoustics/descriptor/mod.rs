//! All descriptors of a recording in one go: each with a value, or with the reason why it has none.

mod families;
mod registry;
mod sheet;
mod tracks;
mod wanted;

pub use registry::{DESCRIPTORS, Descriptor, find};
pub use tracks::{Track, Tracks};
pub use wanted::Wanted;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Sound;
use crate::{Error, Result};
use sheet::Sheet;

/// Where the search for formants ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormantCeiling {
    /// The same for every recording.
    Given {
        /// The ceiling, Hz.
        hz: f64,
    },
    /// For each recording that of 4500, 4750 … 6500 Hz at which its formants move least
    /// from frame to frame ([`super::formants::ceiling`]).
    #[default]
    LeastMovement,
}

/// How recordings are measured; everything else has Praat's default settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// Where the search for formants ends.
    pub formant_ceiling: FormantCeiling,
    /// Whether to give tracks as well: those of the families that are measured.
    pub with_tracks: bool,
    /// What is measured.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub wanted: Wanted,
}

impl Settings {
    /// Checks that the settings can be used.
    ///
    /// # Errors
    /// [`Error::Setting`] for a ceiling outside of 1000 to 20,000 Hz.
    pub fn check(&self) -> Result<()> {
        match self.formant_ceiling {
            FormantCeiling::Given { hz } if !(1_000.0..=20_000.0).contains(&hz) => {
                Err(Error::Setting {
                    what: "formant ceiling".to_owned(),
                    needed: "between 1000 and 20000 Hz".to_owned(),
                    found: hz.to_string(),
                })
            }
            _ => Ok(()),
        }
    }
}

/// How much there was to measure; 0 where nothing that was asked for needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Pitch frames.
    pub pitch_frames: usize,
    /// Those with a pitch.
    pub voiced_frames: usize,
    /// Formant frames within voiced stretches.
    pub formant_frames: usize,
    /// Formant frames whose polynomial could not be solved.
    pub unsolved_formant_frames: usize,
    /// Pulses of the voice.
    pub pulses: usize,
    /// Periods that count in jitter.
    pub periods: usize,
    /// Samples at full scale.
    pub clipped_samples: usize,
}

/// The descriptors of one recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Length of the recording.
    pub duration_secs: f64,
    /// Finite values by name.
    pub values: BTreeMap<&'static str, f64>,
    /// Why the other descriptors have no value, by name.
    pub missing: BTreeMap<&'static str, String>,
    /// The ceiling that was used for formants; None if there was no search.
    pub formant_ceiling_hz: Option<f64>,
    /// How much there was to measure.
    pub counts: Counts,
    /// Curves over time, if asked for.
    pub tracks: Option<Tracks>,
}

impl Measured {
    /// The value of a descriptor, if it has one.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.values.get(name).copied()
    }
}

/// Measures the descriptors that are asked for, at the rate that the recording has.
///
/// Every wanted name is in `values` or in `missing`, with the value that it has among all others. A recording without any change,
/// or with samples that are not finite, has no values at all.
///
/// # Errors
/// [`Error::Setting`] for settings that cannot be used; a recording that cannot be measured is no
/// error.
pub fn measure(sound: &Sound, settings: &Settings) -> Result<Measured> {
    settings.check()?;
    let mut sheet = Sheet::new(sound, settings.wanted);
    let unfit = unfit(sound);
    if let Some(why) = unfit {
        sheet.leave_out_rest(why);
    } else {
        families::measure(sound, settings, &mut sheet);
    }
    Ok(sheet.finish())
}

/// Why a recording has nothing to measure.
fn unfit(sound: &Sound) -> Option<&'static str> {
    let samples = sound.samples();
    let Some(&first) = samples.first() else {
        return Some("the recording has no samples");
    };
    if samples.iter().any(|x| !x.is_finite()) {
        return Some("the recording has samples that are not finite");
    }
    if samples.iter().all(|x| *x == first) {
        return Some("the recording is silent: its samples do not change");
    }
    None
}

#[cfg(test)]
mod tests;
