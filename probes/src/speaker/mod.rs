//! What the principal components of a speaker-embedding space go with.
//!
//! Items are averaged per speaker, the means decomposed, and every leading component is compared with
//! every metadata column. The speaker is the unit of every interval and permutation.

mod association;
#[cfg(test)]
mod calibration;
mod columns;
mod components;
mod findings;
mod from_run;
mod gathering;
mod intervals;
mod tables;

pub use from_run::{SpeakerReport, from_run, speaker_column};

use ndarray::{Array2, ArrayD};
use phonoscope_analysis::pca::Scaling;
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::Table;

/// One embedding per item, with what is known about the items. All lists are parallel.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeakerInput {
    /// Names of the items, for messages.
    pub item_ids: Vec<String>,
    /// Speaker of each item.
    pub speakers: Vec<String>,
    /// Embeddings, `[item, dim]`.
    pub embeddings: Array2<f64>,
    /// Metadata, in the order of the report.
    pub columns: Vec<MetaColumn>,
}

/// One metadata column, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaColumn {
    /// Its heading.
    pub name: String,
    /// Its entries, one per item; nothing, an empty string and `NA` are missing.
    pub values: Vec<Option<String>>,
}

/// What is done to an embedding before it is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalise {
    /// It is taken as it is.
    None,
    /// It is divided by its Euclidean length.
    L2,
}

/// Settings of [`run`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SpeakerSettings {
    /// Seed of every random stream.
    pub seed: u64,
    /// Permutations of the threshold and of every association; at least 19.
    pub permutations: usize,
    /// Bootstrap draws; at least 20.
    pub bootstrap: usize,
    /// Speaker folds of the held-out variance; at least 2.
    pub folds: usize,
    /// Most components shown and tested; at least 1.
    pub components: usize,
    /// Coverage of the intervals, in (0, 1).
    pub level: f64,
    /// What is done to an embedding before it is averaged per speaker.
    pub normalise: Normalise,
    /// What is done to the dimensions before the decomposition.
    pub scaling: Scaling,
    /// A column of words with more classes than this is left out; at least 2.
    pub max_classes: usize,
}

impl Default for SpeakerSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            permutations: 999,
            bootstrap: 1000,
            folds: 5,
            components: 20,
            level: 0.95,
            normalise: Normalise::L2,
            scaling: Scaling::Centred,
            max_classes: 20,
        }
    }
}

impl SpeakerSettings {
    /// Whether every setting is in its range; the fields say which it is.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<()> {
        let least = [
            ("permutations", self.permutations, 19),
            ("bootstrap draws", self.bootstrap, 20),
            ("folds", self.folds, 2),
            ("components", self.components, 1),
            ("max_classes", self.max_classes, 2),
        ];
        for (what, found, needed) in least {
            if found < needed {
                return Err(setting(
                    what,
                    &format!("at least {needed}"),
                    &found.to_string(),
                ));
            }
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(setting("level", "between 0 and 1", &self.level.to_string()));
        }
        Ok(())
    }
}

/// What [`run`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeakerOutcome {
    /// `speakers`, `components`, `associations` and `columns`.
    pub tables: Vec<Table>,
    /// Findings in sentences, most important first.
    pub summary: Vec<String>,
    /// Cautions a reader must see.
    pub warnings: Vec<String>,
    /// Named arrays for the file beside the report: `speaker_embeddings [speaker, dim]`, `mean [dim]`,
    /// `scale [dim]` (when standardised), `components [component, dim]`,
    /// `explained_variance [component]`, `scores [speaker, component]`.
    pub arrays: Vec<(String, ArrayD<f64>)>,
}

/// Decomposes the speaker means of `input` and compares the components with its metadata.
///
/// Needs three speakers and finite embeddings that differ. The same input, settings and seed give the
/// same bits on any number of threads.
pub fn run(
    input: &SpeakerInput,
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<SpeakerOutcome> {
    settings.check()?;
    let speakers = gathering::gather(input, settings.normalise)?;
    let columns = columns::sort_out(&input.columns, &speakers, settings.max_classes);
    let spectrum = components::decompose(&speakers, settings, task)?;
    let scores = spectrum.shown_scores();
    let tested = association::test(scores, &columns, settings, task)?;
    let associations = intervals::with_intervals(scores, &columns, tested, settings, task)?;
    Ok(SpeakerOutcome {
        summary: findings::summary(&speakers, &columns, &spectrum, &associations, settings),
        warnings: findings::warnings(&speakers, &columns, &spectrum, &associations, settings),
        tables: vec![
            tables::speakers(&speakers, &columns, scores),
            tables::components(&spectrum, settings),
            tables::associations(&columns, &associations, settings),
            tables::columns(&columns),
        ],
        arrays: spectrum.arrays(&speakers),
    })
}

fn setting(what: &str, needed: &str, found: &str) -> Error {
    Error::Setting {
        what: what.into(),
        needed: needed.into(),
        found: found.into(),
    }
}
