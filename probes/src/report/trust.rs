//! What was measured about a run: coverage, determinism, neutrality of taps, agreement of engines.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The trust report of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Measurements, each with its threshold.
    pub checks: Vec<Check>,
    /// What was read and what was not.
    pub coverage: Coverage,
}

/// One measured property of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Stable name, for example `tap_neutrality`.
    pub id: String,
    /// What was compared with what.
    pub meaning: String,
    /// The verdict.
    pub status: Status,
    /// The measured figure.
    pub value: Option<f64>,
    /// Largest figure that passes.
    pub threshold: Option<f64>,
    /// Unit of both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Number of things compared.
    pub n: usize,
    /// Which item was worst, or why the check could not run.
    pub detail: String,
}

/// Verdict of a [`Check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Within its threshold.
    Pass,
    /// Worth a look; not an error.
    Warn,
    /// Outside its threshold.
    Fail,
    /// Could not be measured; `detail` says why.
    NotRun,
}

/// Items read and skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Rows of the manifest.
    pub items: usize,
    /// Rows that gave a result.
    pub used: usize,
    /// Rows that did not, in manifest order.
    pub skipped: Vec<Skipped>,
    /// Activation values that were not finite.
    pub not_finite: usize,
    /// Speakers with at least one used row.
    pub speakers: usize,
    /// For each metadata column of few classes, used items and speakers per class.
    pub groups: BTreeMap<String, Vec<GroupCount>>,
}

/// A row that gave no result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// Its id in the manifest.
    pub id: String,
    /// Why, in one line.
    pub reason: String,
}

/// Size of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupCount {
    /// The class.
    pub class: String,
    /// Used items in it.
    pub items: usize,
    /// Speakers in it.
    pub speakers: usize,
}
