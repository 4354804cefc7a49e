//! What the principal components of a speaker-embedding space go with.
//!
//! Items are averaged per speaker, the means decomposed, and every leading component is compared with
//! every metadata column. The speaker is the unit of every interval and permutation.

mod across;
mod across_tables;
mod age;
mod age_table;
mod association;
mod baselines;
#[cfg(test)]
mod calibration;
mod card_tables;
mod cards;
mod chosen;
mod columns;
mod components;
mod conditions;
mod descriptor_table;
mod descriptors;
mod errors;
mod findings;
mod folds;
mod from_run;
mod gathering;
mod input;
mod intervals;
mod labels;
mod regression;
mod selection;
mod sensitivity;
mod sensitivity_table;
mod sex;
mod sex_tables;
mod system;
mod tables;
mod verification;

pub use descriptor_table::{DescriptorTable, JoinKey};
pub use from_run::{Asked, SpeakerReport, from_runs, speaker_column, system_name};
pub use input::{
    ControlInput, DescriptorInput, MetaColumn, Normalise, Part, SpeakerInput, SystemInput,
    Transform, is_of_recording,
};

use ndarray::ArrayD;
use phonoscope_analysis::pca::Scaling;
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::learn::mlp::MlpSettings;
use crate::report::{Check, Table};

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
    /// What is done to the dimensions before the decomposition.
    pub scaling: Scaling,
    /// A column of words with more classes than this is left out; at least 2.
    pub max_classes: usize,
    /// Most descriptors that the forward selection chooses; at least 1.
    pub selection: usize,
    /// Largest |r| between two chosen descriptors, in (0, 1].
    pub cap: f64,
    /// Whether the network is fitted beside the linear regression.
    pub mlp: bool,
    /// The network, fold `f` with its seed plus `f`.
    pub network: MlpSettings,
    /// Whether permutation nulls of regressions, ages and comparisons of systems are drawn.
    pub nulls: bool,
    /// Whether the main conclusions are drawn again from other arrangements of the embeddings.
    pub sensitivity: bool,
    /// Whether the main conclusions are drawn from the given controls as well.
    pub baselines: bool,
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
            scaling: Scaling::Centred,
            max_classes: 20,
            selection: 9,
            cap: 0.8,
            mlp: true,
            network: MlpSettings::default(),
            nulls: true,
            sensitivity: true,
            baselines: true,
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
            ("selected descriptors", self.selection, 1),
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
        if !(self.cap > 0.0 && self.cap <= 1.0) {
            return Err(setting("cap", "in (0, 1]", &self.cap.to_string()));
        }
        Ok(())
    }
}

impl SpeakerSettings {
    /// Controls that do not run, in words.
    fn switched_off(&self) -> Option<String> {
        let controls = [
            (self.mlp, "the network beside the linear regression"),
            (
                self.nulls,
                "permutation nulls of regressions, cards, ages and systems",
            ),
            (self.sensitivity, "the sensitivity panel"),
            (
                self.baselines,
                "the network with random weights and the log-mel baseline",
            ),
        ];
        let off: Vec<&str> = controls
            .iter()
            .filter(|(on, _)| !on)
            .map(|(_, w)| *w)
            .collect();
        (!off.is_empty()).then(|| format!("switched off: {}", off.join("; ")))
    }
}

/// What [`run`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeakerOutcome {
    /// Tables of each system, and of the corpus.
    pub tables: Vec<Table>,
    /// Findings in sentences, most important first.
    pub summary: Vec<String>,
    /// Cautions a reader must see.
    pub warnings: Vec<String>,
    /// What was checked on the way.
    pub checks: Vec<Check>,
    /// Named arrays for the file beside the report: `speaker_embeddings [speaker, dim]`, `mean [dim]`,
    /// `scale [dim]` (when standardised), `components [component, dim]`,
    /// `explained_variance [component]`, `scores [speaker, component]`; `SYSTEM.` stands before the
    /// name where there are several systems.
    pub arrays: Vec<(String, ArrayD<f64>)>,
}

/// Decomposes the speaker means of every system and compares the components with what is known of the
/// speakers.
///
/// Needs three speakers and finite embeddings that differ. The same input, settings and seed give the
/// same bits on any number of threads. Folds that share a speaker or a recording are refused.
pub fn run(
    input: &SpeakerInput,
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<SpeakerOutcome> {
    settings.check()?;
    let Some(first) = input.systems.first() else {
        return Err(Error::TooFew {
            what: "speaker probe: embedding systems".into(),
            needed: 1,
            found: 0,
        });
    };
    let speakers = gathering::gather(input, first)?;
    let corpus = system::Corpus {
        input,
        columns: columns::sort_out(&input.columns, &speakers, settings.max_classes),
        folds: folds::Folds::new(input, &speakers, settings)?,
        descriptors: descriptors::Descriptors::gather(input, &speakers),
        settings,
    };
    let mut out = SpeakerOutcome {
        tables: vec![],
        summary: vec![],
        warnings: vec![],
        checks: vec![corpus.folds.check(input.folds.is_some())],
        arrays: vec![],
    };
    let several = input.systems.len() > 1;
    let named = |name: &str, words: String| match several {
        true => format!("{name}: {words}"),
        false => words,
    };
    let (mut all, mut verified) = (vec![], vec![]);
    for system in &input.systems {
        let mut found = system::probe(&corpus, system, task)?;
        verified.extend(verification::verify(system, &found.speakers, settings)?);
        let own = std::mem::take(&mut found.summary).into_iter();
        out.summary
            .extend(own.map(|words| named(&system.name, words)));
        let own = std::mem::take(&mut found.warnings).into_iter();
        out.warnings
            .extend(own.map(|words| named(&system.name, words)));
        let arrays = found.spectrum.arrays(&found.speakers).into_iter();
        out.arrays.extend(arrays.map(|(name, array)| match several {
            true => (format!("{}.{name}", system.name), array),
            false => (name, array),
        }));
        let own = std::mem::take(&mut found.tables).into_iter();
        out.tables
            .extend(own.map(|table| table.of_system(&system.name)));
        all.push((system.name.clone(), found));
    }
    if several {
        let across = across::compare(&all, settings, task)?;
        out.summary.extend(findings::between(&across));
        out.tables.extend(across_tables::tables(&across, settings));
    }
    out.tables.push(verification::table(&verified));
    out.warnings.extend(corpus.warnings(&speakers));
    out.warnings.extend(settings.switched_off());
    out.tables.extend(corpus.tables()?);
    Ok(out)
}

fn setting(what: &str, needed: &str, found: &str) -> Error {
    Error::Setting {
        what: what.into(),
        needed: needed.into(),
        found: found.into(),
    }
}
