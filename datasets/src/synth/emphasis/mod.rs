//! Emphasis with a known answer: versions of real words whose duration, pitch and level were edited.
//!
//! Of every word come nine versions ([`Condition`]): two neutral ones, resynthesised independently of
//! each other with small random edits, so that what editing itself does is in all of them; emphasis on
//! the stressed vowel by all cues and by one at a time; and controls that change the whole word, which
//! is no emphasis. How much is drawn for each version from stated ranges ([`Ranges`]). What was asked
//! for is in the manifest beside what is measured on the result ([`Achieved`]).

mod achieved;
mod corpus;
mod summary;
mod target;
mod versions;

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

pub use achieved::{Achieved, Measured, measure};
pub use corpus::{COLUMNS, write};
pub use summary::{ConditionFigures, SCHEMA, Share, Skipped, Spread, Summary};
pub use target::{Target, VowelSource, is_vowel, targets};
pub use versions::{Asked, Version, versions};

use crate::alignment::AlignmentSource;
use crate::synth::SynthError;

/// What is done to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The word resynthesised with small random edits.
    NeutralA,
    /// The same, drawn anew.
    NeutralB,
    /// The stressed vowel longer, higher and louder.
    EmphasisAll,
    /// The stressed vowel longer.
    EmphasisDuration,
    /// The stressed vowel higher.
    EmphasisF0,
    /// The stressed vowel louder.
    EmphasisLevel,
    /// The whole word slower.
    ControlRate,
    /// The whole word higher.
    ControlPitch,
    /// The whole word louder.
    ControlGain,
}

impl Condition {
    /// All of them, in the order of manifests.
    pub const ALL: [Self; 9] = [
        Self::NeutralA,
        Self::NeutralB,
        Self::EmphasisAll,
        Self::EmphasisDuration,
        Self::EmphasisF0,
        Self::EmphasisLevel,
        Self::ControlRate,
        Self::ControlPitch,
        Self::ControlGain,
    ];

    /// The name in manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::NeutralA => "neutral_a",
            Self::NeutralB => "neutral_b",
            Self::EmphasisAll => "emphasis_all",
            Self::EmphasisDuration => "emphasis_duration",
            Self::EmphasisF0 => "emphasis_f0",
            Self::EmphasisLevel => "emphasis_level",
            Self::ControlRate => "control_rate",
            Self::ControlPitch => "control_pitch",
            Self::ControlGain => "control_gain",
        }
    }

    /// Whether the stressed vowel is edited, rather than the whole word.
    pub fn is_on_vowel(self) -> bool {
        matches!(
            self,
            Self::EmphasisAll | Self::EmphasisDuration | Self::EmphasisF0 | Self::EmphasisLevel
        )
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// From where to where an amount is drawn, evenly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    /// Lowest.
    pub low: f64,
    /// Highest.
    pub high: f64,
}

/// How much is edited.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ranges {
    /// Neutral versions: duration of the word, times the original.
    pub neutral_duration: Range,
    /// Neutral versions: pitch of the word, semitones.
    pub neutral_f0_st: Range,
    /// Emphasis: duration of the stressed vowel, times the original.
    pub duration: Range,
    /// Emphasis: pitch of the stressed vowel, semitones.
    pub f0_st: Range,
    /// Emphasis: level of the stressed vowel, dB.
    pub level_db: Range,
    /// Control: duration of the word, times the original.
    pub rate: Range,
    /// Control: pitch of the word, semitones.
    pub pitch_st: Range,
    /// Control: level of the word, dB.
    pub gain_db: Range,
}

impl Default for Ranges {
    fn default() -> Self {
        let range = |low, high| Range { low, high };
        Self {
            neutral_duration: range(0.97, 1.03),
            neutral_f0_st: range(-0.3, 0.3),
            duration: range(1.2, 2.0),
            f0_st: range(1.0, 6.0),
            level_db: range(1.0, 8.0),
            rate: range(1.1, 1.5),
            pitch_st: range(2.0, 6.0),
            gain_db: range(3.0, 8.0),
        }
    }
}

/// How a corpus of edited words is made.
#[derive(Debug)]
pub struct Settings {
    /// How much is edited.
    pub ranges: Ranges,
    /// What is kept of the recording on each side of the word, as far as there is any; 0 to 10 s.
    pub context_secs: f64,
    /// Rows of the manifest to draw; all when missing.
    pub rows: Option<usize>,
    /// Words to draw from a row that stands for more than one; at least one.
    pub words_per_row: usize,
    /// Shorter stressed vowels are skipped.
    pub min_vowel_secs: f64,
    /// Highest peak of a recording, dB below full scale; louder words are scaled, all versions alike.
    pub headroom_db: f64,
    /// Word and phone times, for rows without them.
    pub alignments: AlignmentSource,
    /// Seed of everything drawn.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ranges: Ranges::default(),
            context_secs: 0.1,
            rows: None,
            words_per_row: 1,
            min_vowel_secs: 0.05,
            headroom_db: 1.0,
            alignments: AlignmentSource::beside(),
            seed: 1,
        }
    }
}

impl Settings {
    /// Whether every value is in range.
    ///
    /// # Errors
    /// [`SynthError::Setting`] for the first that is not.
    pub fn check(&self) -> Result<(), SynthError> {
        let Ranges {
            neutral_duration,
            neutral_f0_st,
            duration,
            f0_st,
            level_db,
            rate,
            pitch_st,
            gain_db,
        } = self.ranges;
        let fault = |what: &'static str, needed: String, found: String| {
            Err(SynthError::Setting {
                what,
                needed,
                found,
            })
        };
        for (what, range, low, high) in [
            ("durations of neutral versions", neutral_duration, 0.5, 2.0),
            ("durations of vowels", duration, 0.25, 4.0),
            ("durations of words", rate, 0.25, 4.0),
            ("semitones of neutral versions", neutral_f0_st, -12.0, 12.0),
            ("semitones of vowels", f0_st, -12.0, 12.0),
            ("semitones of words", pitch_st, -12.0, 12.0),
            ("decibels of vowels", level_db, -24.0, 24.0),
            ("decibels of words", gain_db, -24.0, 24.0),
        ] {
            let inside = low <= range.low && range.low <= range.high && range.high <= high;
            if !inside {
                let needed = format!("{low} to {high}, the lower first");
                return fault(what, needed, format!("{} to {}", range.low, range.high));
            }
        }
        for (what, value, low, high) in [
            ("seconds of context", self.context_secs, 0.0, 10.0),
            ("shortest vowel in seconds", self.min_vowel_secs, 0.02, 10.0),
            ("headroom in decibels", self.headroom_db, 0.0, 40.0),
            ("rows", self.rows.unwrap_or(1) as f64, 1.0, 1e12),
            ("words of a row", self.words_per_row as f64, 1.0, 1e6),
        ] {
            if !(low..=high).contains(&value) {
                return fault(what, format!("{low} to {high}"), value.to_string());
            }
        }
        Ok(())
    }
}

/// What was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The manifest that was written.
    pub manifest: PathBuf,
    /// Figures over all versions, and what was left out.
    pub summary: Summary,
}
