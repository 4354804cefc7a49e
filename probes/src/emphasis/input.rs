//! What the probe is given: versions of words, and where their states come from.

use ndarray::Array2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// One version of a word: a row of the manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Id in the manifest.
    pub id: String,
    /// Path in the manifest.
    pub path: String,
    /// The word token that it is a version of; nothing makes it unusable.
    pub pair: Option<String>,
    /// What was done to the word, for example `neutral_a` or `emphasis_all`.
    pub condition: Option<String>,
    /// Who speaks.
    pub speaker: Option<String>,
    /// Which word it is.
    pub word: Option<String>,
    /// The recording that the version was made from.
    pub source: Option<String>,
    /// Length of the word's span in seconds.
    pub length_secs: Option<f64>,
    /// How much the word was changed, by [`Edit`].
    pub edits: [Option<f64>; Edit::COUNT],
    /// Whether the span is silent: its log-mel features do not vary.
    pub silent: bool,
}

/// A change of a word that a residual may tell.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// Duration of the edited region over that of the same region in the recording.
    Duration,
    /// F0 in semitones.
    F0,
    /// Level in decibels.
    Level,
}

impl Edit {
    /// Number of edits.
    pub const COUNT: usize = 3;
    /// All of them, in the order of the report.
    pub const ALL: [Self; Self::COUNT] = [Self::Duration, Self::F0, Self::Level];

    /// Column of the manifest that holds what was asked for.
    pub fn column(self) -> &'static str {
        match self {
            Self::Duration => "duration_ratio",
            Self::F0 => "f0_shift_st",
            Self::Level => "level_shift_db",
        }
    }

    /// Columns that hold what was measured, which is preferred; the first that there is counts.
    pub fn achieved(self) -> [&'static str; 2] {
        match self {
            Self::Duration => ["achieved_duration_ratio", "duration_ratio_achieved"],
            Self::F0 => ["achieved_f0_shift_st", "f0_shift_st_achieved"],
            Self::Level => ["achieved_level_shift_db", "level_shift_db_achieved"],
        }
    }

    /// The number that is predicted, from that in the manifest; nothing where it does not exist.
    pub fn target(self, value: f64) -> Option<f64> {
        match self {
            Self::Duration => (value > 0.0).then(|| value.ln()),
            Self::F0 | Self::Level => Some(value),
        }
        .filter(|v| v.is_finite())
    }
}

/// Where the numbers of an edit come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditColumn {
    /// The edit.
    pub edit: Edit,
    /// Column of the manifest, where there is one.
    pub column: Option<String>,
    /// Whether it was measured rather than asked for.
    pub measured: bool,
}

/// What a system is in the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A model that is asked about.
    Model,
    /// Its copy with redrawn weights.
    Redrawn,
    /// Its copy with permuted weights.
    Permuted,
    /// Features without a model.
    Baseline,
}

impl Part {
    /// As it is written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Redrawn => "redrawn twin",
            Self::Permuted => "permuted twin",
            Self::Baseline => "baseline",
        }
    }
}

/// A tap of a system.
#[derive(Debug, Clone, PartialEq)]
pub struct TapInfo {
    /// Its name.
    pub name: String,
    /// How much of the input one of its frames can depend on, in words.
    pub receptive_field: String,
}

/// A system: a model, a twin of one, or a baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemInfo {
    /// Name in the report.
    pub name: String,
    /// What it is.
    pub part: Part,
    /// The model that a twin is of.
    pub twin_of: Option<String>,
    /// What it was trained to do, in words, where the catalogue tells.
    pub task: Option<String>,
    /// Its taps, from the input on.
    pub taps: Vec<TapInfo>,
}

impl SystemInfo {
    /// Depth of a tap, from 0 (the first) to 1 (the last).
    pub fn depth(&self, tap: usize) -> f64 {
        tap as f64 / self.taps.len().saturating_sub(1).max(1) as f64
    }
}

/// Everything but the states.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmphasisInput {
    /// The rows, in the order of the manifest.
    pub versions: Vec<Version>,
    /// Rows without states, with the reason.
    pub skipped: Vec<(String, String)>,
    /// Where the edits' numbers come from.
    pub edits: Vec<EditColumn>,
    /// The systems.
    pub systems: Vec<SystemInfo>,
}

/// Gives states tap by tap, so that no more than one tap is in memory.
pub trait States: Sync {
    /// States of a tap, `[version, dim]`, in the order of [`EmphasisInput::versions`].
    ///
    /// # Errors
    /// When they cannot be read.
    fn states(&self, system: usize, tap: usize) -> Result<Array2<f64>>;
}

/// States in memory, `[system][tap]`.
impl States for Vec<Vec<Array2<f64>>> {
    fn states(&self, system: usize, tap: usize) -> Result<Array2<f64>> {
        let found = self.get(system).and_then(|taps| taps.get(tap));
        found.cloned().ok_or_else(|| crate::Error::Request {
            problem: format!("there is no tap {tap} of system {system}"),
            hint: "give states of every tap".into(),
        })
    }
}
