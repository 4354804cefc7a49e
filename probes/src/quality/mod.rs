//! Which layers hear that speech is synthetic, or bad: layer by layer, how far each system's speech is from
//! reference speech, and whether those distances rank systems as listeners do.
//!
//! The utterance is the unit of every distance, whole speakers (or pairs) the unit of every resampling. The
//! analysis follows the abstract of arXiv 2509.04830; its details are ours.

mod asked;
mod best;
#[cfg(test)]
mod calibration;
mod corpus;
mod criteria;
mod distances;
mod findings;
mod frames;
mod from_run;
mod input;
mod layer;
mod layer_tables;
mod log_mel;
mod matching;
mod ranking;
mod severity;
mod shared;
mod similarity;
mod space;
mod tables;
#[cfg(test)]
mod tests;
mod utterances;

pub use asked::{Asked, matching_columns, system_column};
pub use corpus::FEWEST as FEWEST_OF_REFERENCE;
pub use frames::FrameSource;
pub use from_run::from_runs;
pub use input::{ModelInput, QualityInput, QualityItem, Rating};
pub use log_mel::{LogMelRows, log_mel_rows};

use phonoscope_analysis::Error as Wrong;
use phonoscope_analysis::task::Task;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::report::Table;

/// Settings of [`run`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QualitySettings {
    /// Seed of every random stream.
    pub seed: u64,
    /// Directions that distances are taken in: the leading ones of reference and systems together; at least 1.
    pub components: usize,
    /// Random halves of the reference, for the floor; at least 20.
    pub halves: usize,
    /// Draws in which reference and system swap utterances, for the p of a distance; 0 leaves it out.
    pub swaps: usize,
    /// Permutations of ratings and severities; at least 19.
    pub permutations: usize,
    /// Bootstrap draws; at least 20.
    pub bootstrap: usize,
    /// Most blocks of speakers that the jackknife leaves out; at least 2.
    pub blocks: usize,
    /// Directions of sliced W2; at least 2.
    pub directions: usize,
    /// Utterances listed as the worst.
    pub worst: usize,
    /// Coverage of the intervals, in (0, 1).
    pub level: f64,
}

impl Default for QualitySettings {
    fn default() -> Self {
        Self {
            seed: 1,
            components: 64,
            halves: 100,
            swaps: 99,
            permutations: 999,
            bootstrap: 1000,
            blocks: 20,
            directions: 100,
            worst: 50,
            level: 0.95,
        }
    }
}

impl QualitySettings {
    /// Whether every setting is in its range; the fields say which it is.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<()> {
        let least = [
            ("components", self.components, 1),
            ("random halves", self.halves, 20),
            ("permutations", self.permutations, 19),
            ("bootstrap draws", self.bootstrap, 20),
            ("blocks", self.blocks, 2),
            ("directions", self.directions, 2),
        ];
        let wrong = |what: &str, needed: String, found: String| Wrong::Setting {
            what: what.into(),
            needed,
            found,
        };
        for (what, found, needed) in least {
            if found < needed {
                let needed = format!("at least {needed}");
                return Err(wrong(what, needed, found.to_string()).into());
            }
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            let found = self.level.to_string();
            return Err(wrong("level", "between 0 and 1".into(), found).into());
        }
        Ok(())
    }
}

/// What [`run`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityOutcome {
    /// Tables of each model, and of the corpus.
    pub tables: Vec<Table>,
    /// Findings in sentences, most important first.
    pub summary: Vec<String>,
    /// Cautions a reader must see.
    pub warnings: Vec<String>,
}

/// Measures every layer of every model, one layer in memory at a time.
///
/// # Errors
/// When there is no reference, when it or all systems have too few utterances, or when a layer cannot be read.
/// A single system that is too small has a row that says so.
pub fn run(
    input: &QualityInput<'_>,
    settings: &QualitySettings,
    task: &Task,
) -> Result<QualityOutcome> {
    settings.check()?;
    let corpus = corpus::Corpus::new(input, settings)?;
    let mut out = QualityOutcome {
        tables: vec![],
        summary: vec![],
        warnings: corpus.warnings.clone(),
    };
    let several = input.models.len() > 1;
    for model in &input.models {
        let mut layers = vec![];
        for at in 0..model.layers.len() {
            task.check()?;
            layers.push(layer::measure(model, at, &corpus, settings, task)?);
        }
        let mut criteria = criteria::all(&corpus, &layers, settings, task)?;
        let best = utterances::chosen(&layers, &criteria).map(|l| l.name.clone());
        let frames = match &model.frames {
            Some(source) => Some(frames::measure(
                source,
                &corpus,
                best.as_deref(),
                settings,
                task,
            )?),
            None => None,
        };
        let similar = similarity::of_model(model, &corpus, settings)?;
        let mut words = findings::of_model(&corpus, &layers, &criteria, similar.as_ref());
        let named = |w: String| match several {
            true => format!("{}: {w}", model.name),
            false => w,
        };
        let mut of_frames = vec![];
        if let Some(found) = frames {
            words.extend(found.summary);
            out.warnings.extend(found.warnings.into_iter().map(named));
            of_frames = found.tables;
            criteria.extend(found.criteria);
        }
        out.summary.extend(words.into_iter().map(named));
        let mut own = vec![
            layer_tables::layers(&layers, settings),
            layer_tables::distances(&corpus, &layers, settings),
            layer_tables::matching(&layers),
            tables::criteria(&criteria),
            utterances::table(&corpus, &layers, &criteria, settings),
        ];
        own.extend(of_frames);
        own.extend(similar.map(|s| similarity::table(&s)));
        own.retain(|t| t.rows() > 0);
        out.tables
            .extend(own.into_iter().map(|t| t.of_system(&model.name)));
    }
    out.tables.push(tables::systems(&corpus));
    Ok(out)
}
