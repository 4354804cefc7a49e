//! What was measured about a run: coverage, determinism, neutrality of taps, agreement of engines,
//! invariances.

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
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Stable name, for example `tap_neutrality`.
    pub id: String,
    /// The system it speaks of, where a report compares several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// What was compared with what.
    pub meaning: String,
    /// The verdict.
    pub status: Status,
    /// The verdict in one plain sentence, with what it means for the reader; empty in reports
    /// written before there were any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub verdict: String,
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
    /// The figure of each tap, in the run's order, where the check looks at taps one by one; `value`
    /// is the largest of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taps: Vec<TapFigure>,
    /// What the check cost, counted in runs of the network; checks that share a run count it once.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub inferences: usize,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// What a check measured at one tap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TapFigure {
    /// Name of the tap.
    pub tap: String,
    /// The figure, in the check's unit.
    pub value: f64,
    /// Id of the item where it was largest.
    pub item: String,
}

/// Verdict of a [`Check`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Within its threshold.
    Pass,
    /// Worth a look; not an error.
    Warn,
    /// Outside its threshold.
    Fail,
    /// Could not be measured; `detail` says why.
    #[default]
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
    /// Words, phones or segments, where the run holds those instead of whole utterances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spans: Option<SpanCoverage>,
}

/// Spans that gave a vector and spans that did not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpanCoverage {
    /// What a span is: `word`, `phone` or `segment`.
    pub kind: String,
    /// Spans that gave a vector.
    pub used: usize,
    /// Spans of used items that gave none, counted by reason.
    pub skipped: BTreeMap<String, usize>,
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
