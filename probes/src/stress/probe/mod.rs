//! The stress probe: what a classifier looks at when it hears where the stress is.
//!
//! Words are taken one by one: scored, explained by every composite and by every network that is
//! compared, and measured; only figures of each word are kept.

mod accuracy_tables;
mod band_tables;
mod bands;
mod baseline;
mod explain;
mod figures;
mod findings;
mod measuring;
mod regions;
mod sanity;
mod tables;

use ndarray::Array2;
use phonoscope_analysis::task::Task;
use phonoscope_models::Model;
use phonoscope_models::engine::Engine;
use phonoscope_models::relevance::Composite;
use phonoscope_models::twin::TwinKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::train::TrainSettings;
use super::words::{Hearing, Words};
use crate::error::{Error, Result};
use crate::relevance::Maps;
use crate::report::{Coverage, Skipped, Table, Trust};

use measuring::{Heard, Measuring};

pub use explain::{Explained, explain};

/// Settings of the stress probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StressSettings {
    /// Composites whose maps are measured; the first is the one of sanity checks and sensitivities.
    pub composites: Vec<String>,
    /// Whether the logit of the predicted class is explained less that of the other, rather than
    /// alone.
    pub difference: bool,
    /// Fold whose speakers and words the classifier was not trained on; words are then told apart by
    /// what was unseen, the baseline is fitted on the rest, and relevance is of words (and pairs)
    /// that were not trained on.
    pub test_fold: Option<usize>,
    /// Whether a network with random weights is measured too.
    pub twin: bool,
    /// Words of the sanity checks; none leaves them out.
    pub sanity_words: usize,
    /// Seeds of randomised weights.
    pub sanity_seeds: usize,
    /// Draws of every interval.
    pub bootstrap: usize,
    /// Seed of everything drawn.
    pub seed: u64,
}

impl Default for StressSettings {
    fn default() -> Self {
        Self {
            composites: vec![Composite::STRESS.into(), "EpsilonGammaBox".into()],
            difference: false,
            test_fold: None,
            twin: true,
            sanity_words: 16,
            sanity_seeds: 3,
            bootstrap: 500,
            seed: 1,
        }
    }
}

/// What the probe is given.
pub struct StressInput<'a> {
    /// The classifier.
    pub model: &'a Model,
    /// A network trained the same way on shuffled labels, where there is one.
    pub shuffled: Option<&'a Model>,
    /// The words.
    pub words: &'a Words,
    /// What runs them.
    pub engine: &'a dyn Engine,
}

impl std::fmt::Debug for StressInput<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StressInput")
            .field("model", &self.model.name)
            .finish_non_exhaustive()
    }
}

/// What the probe found.
#[derive(Debug, Clone, PartialEq)]
pub struct StressFound {
    /// Sentences, most important first.
    pub summary: Vec<String>,
    /// What to know before quoting a number.
    pub warnings: Vec<String>,
    /// Checks and coverage.
    pub trust: Trust,
    /// The numbers.
    pub tables: Vec<Table>,
}

/// Runs the probe.
///
/// # Errors
/// [`Error::Request`] for a model that is no classifier of words by spectrograms, and composites
/// that are unknown; [`Error::NothingUsed`]; those of compiling, which name an operator without a
/// rule; cancellation.
pub fn stress(
    input: &StressInput<'_>,
    settings: &StressSettings,
    task: &Task,
) -> Result<StressFound> {
    check(settings, input.words)?;
    let mut networks = vec![(
        "trained",
        input.model.graph.clone(),
        input.model.weights_dir.clone(),
    )];
    if settings.twin {
        let twin = input.model.twin(TwinKind::Redrawn, settings.seed)?;
        networks.push(("untrained twin", twin.graph, None));
    }
    if let Some(shuffled) = input.shuffled {
        same_input(input.model, shuffled)?;
        let folder = shuffled.weights_dir.clone();
        networks.push(("shuffled labels", shuffled.graph.clone(), folder));
    }
    let mut measuring = Measuring::open(input, settings, &networks)?;
    let (heard, skipped) = measuring.all(input.words, task)?;
    if heard.is_empty() {
        let first = skipped.first();
        return Err(Error::NothingUsed {
            items: input.words.rows,
            id: first.map(|s| s.id.clone()).unwrap_or_default(),
            reason: first.map(|s| s.reason.clone()).unwrap_or_default(),
        });
    }
    let baseline = baseline::contrasts(&heard, settings)?;
    let mut tables = accuracy_tables::accuracy(&heard, &baseline, settings);
    tables.push(tables::regions(&heard, measuring.networks(), settings));
    tables.extend(band_tables::bands(&heard, measuring.networks(), settings));
    tables.extend(tables::ledger(&heard, settings));
    if settings.sanity_words > 0 {
        tables.extend(sanity::tables(
            input,
            &mut measuring,
            &heard,
            settings,
            task,
        )?);
    }
    tables.push(tables::items(&heard, &baseline));
    let summary = findings::summary(&tables, settings);
    let warnings = findings::warnings(&heard, &tables, &skipped, settings);
    let trust = Trust {
        checks: findings::checks(&heard, settings),
        coverage: coverage(input.words, &heard, skipped),
    };
    Ok(StressFound {
        summary,
        warnings,
        trust,
        tables,
    })
}

fn check(settings: &StressSettings, words: &Words) -> Result<()> {
    let wrong = |problem: String, hint: &str| {
        Err(Error::Request {
            problem,
            hint: hint.into(),
        })
    };
    if settings.composites.is_empty() {
        return wrong(
            "no composite is named".into(),
            "give at least one --composite",
        );
    }
    if !(10..=100_000).contains(&settings.bootstrap) || settings.sanity_seeds == 0 {
        return wrong(
            "draws and seeds are out of range".into(),
            "10 to 100000 draws, and at least one seed",
        );
    }
    match settings.test_fold {
        Some(fold) if fold >= words.folds => wrong(
            format!(
                "test fold {fold}, and there are folds 0 to {}",
                words.folds - 1
            ),
            "give the fold that training left out, or none",
        ),
        _ => Ok(()),
    }
}

fn same_input(model: &Model, other: &Model) -> Result<()> {
    if model.front_end == other.front_end {
        return Ok(());
    }
    Err(Error::Request {
        problem: format!(
            "`{}` is fed {}, and `{}` {}",
            model.name,
            model.front_end.describe(),
            other.name,
            other.front_end.describe()
        ),
        hint: "train both with the same front end".into(),
    })
}

fn coverage(words: &Words, heard: &[Heard], skipped: Vec<Skipped>) -> Coverage {
    let speakers: std::collections::BTreeSet<&str> =
        heard.iter().map(|h| h.word.speaker.as_str()).collect();
    Coverage {
        items: words.rows,
        used: heard.len(),
        speakers: speakers.len(),
        skipped,
        ..Coverage::default()
    }
}

/// The training settings that tell parts apart.
fn split(settings: &StressSettings) -> TrainSettings {
    TrainSettings {
        test_fold: settings.test_fold,
        validation_fold: None,
        ..TrainSettings::default()
    }
}

/// Which score of a map is explained.
fn target(settings: &StressSettings) -> Maps {
    if settings.difference {
        Maps::Difference
    } else {
        Maps::Predicted
    }
}

/// A spectrogram `[bin, frame]` of a word.
type Item = Array2<f32>;

#[cfg(test)]
mod tests;
