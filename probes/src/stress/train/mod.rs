//! Training of a classifier of lexical stress, as `phonoscope train stress` does.
//!
//! What is drawn at a step depends on the seed and the number of the step alone, and everything else
//! lies in the checkpoint: a training that was stopped anywhere and continued ends with the same
//! bytes as one that was not.

mod augment;
mod batch;
mod card;
mod checkpoint;
mod clips;
mod rotation;
mod sampling;
mod scores;
mod settings;
mod training;

use std::collections::BTreeMap;
use std::path::Path;

use phonoscope_analysis::frontend::FrontEnd;
use phonoscope_analysis::rng::stream;
use phonoscope_analysis::task::Task;
use phonoscope_models::build::Feedforward;

use super::contrasts::{Contrasts, difference, regression};
use super::{Stress, Words};
use crate::error::{Error, Result};
use crate::learn::conv::{Network, ensemble};
use crate::report::Skipped;

pub use augment::Augmentation;
pub use card::{CardFacts, model_card};
pub use checkpoint::Epoch;
pub use rotation::{Rotation, rotate};
pub use scores::{PartFigures, Score, figures, scores_tsv};
pub use settings::{Part, TrainSettings};

use batch::Batches;
use checkpoint::fingerprint;
use clips::Clips;
use sampling::Sampler;
use training::Training;

/// Where training keeps its things, and how long it may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// Folder for the scratch file of spectrograms.
    pub scratch: &'a Path,
    /// Checkpoint, which is continued where it is there.
    pub checkpoint: Option<&'a Path>,
    /// Time to spend on steps; training ends after the pass that exceeds it.
    pub most_secs: Option<f64>,
}

/// Why training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All passes were made.
    Epochs,
    /// The validation loss fell no further.
    Patience,
    /// The time was over.
    Time,
}

/// A trained classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The averaged networks, those of the pass with the least validation loss where there was
    /// validation. Their mean score counts.
    pub networks: Vec<Network>,
    /// What the network is fed.
    pub front_end: FrontEnd,
    /// Every pass.
    pub history: Vec<Epoch>,
    /// The pass whose network was kept, from 1.
    pub kept_epoch: usize,
    /// Why it ended.
    pub ended: Ended,
    /// Words followed.
    pub trained_on: usize,
    /// Score of every word that could be heard, in the order of the manifest.
    pub scores: Vec<Score>,
    /// Rows of the manifest that gave nothing.
    pub skipped: Vec<Skipped>,
}

impl Trained {
    /// The classifier as one network, ready to be written as ONNX. Its output is `logits`.
    ///
    /// # Errors
    /// [`Error::Analysis`] for networks that cannot be one.
    pub fn feedforward(&self, name: &str, input: &str) -> Result<Feedforward> {
        Ok(ensemble(&self.networks, name, input)?)
    }
}

/// Trains a classifier on the words of a manifest whose bytes have the hash `data_sha256`.
///
/// # Errors
/// [`Error::Request`] for settings that do not fit the words; [`Error::NothingUsed`] when no
/// recording can be used; those of reading and writing; cancellation, after which the checkpoint
/// holds the last step.
pub fn train(
    words: &Words,
    data_sha256: &str,
    settings: &TrainSettings,
    limits: Limits<'_>,
    task: &Task,
) -> Result<Trained> {
    settings.check(words)?;
    let front_end = settings.front_end();
    let (mut clips, silent) = Clips::compute(&words.words, &front_end, limits.scratch, task)?;
    let mut shuffler = stream(settings.seed, "stress shuffled labels", 0);
    let shuffler = settings.shuffled_labels.then_some(&mut shuffler);
    let classes = sampling::classes(&words.words, shuffler);
    let of_part = |part: Part| -> Vec<usize> {
        let all = words.words.iter().enumerate();
        all.filter(|(number, word)| clips.has(*number) && settings.part(word) == part)
            .map(|(number, _)| number)
            .collect()
    };
    let (trained, validated) = (of_part(Part::Train), of_part(Part::Validation));
    if settings.validation_fold.is_some() && !has_both(&validated, &classes) {
        return Err(Error::Request {
            problem: "the validation fold lacks words of one stress".into(),
            hint: "choose another --val-fold, or none".into(),
        });
    }
    let sampler = Sampler::new(&words.words, &trained, classes.clone())?;
    let batches = Batches::new(words, settings, &front_end, sampler, &trained);
    let mut training = Training {
        batches,
        words,
        settings,
        clips: &mut clips,
        classes: &classes,
        validated: &validated,
        steps_per_epoch: (trained.len() / settings.batch).max(1),
    };
    let fingerprint = fingerprint(settings, data_sha256);
    let (state, ended) = training.run(limits, &fingerprint, task)?;
    let judged = settings.validation_fold.is_some();
    let kept_epoch = if judged {
        state.progress.best_epoch
    } else {
        state.progress.history.len()
    };
    let kept = state
        .members
        .into_iter()
        .map(|m| if judged { m.best } else { m.average });
    let networks: Vec<Network> = kept.collect();
    let mut scores = training.scores(&networks, task)?;
    tell_contrasts(words, settings, &mut scores)?;
    let mut skipped = words.skipped.clone();
    skipped.extend(silent);
    Ok(Trained {
        networks,
        front_end: FrontEnd::LogSpectrum(front_end),
        history: state.progress.history,
        kept_epoch,
        ended,
        trained_on: trained.len(),
        scores,
        skipped,
    })
}

fn has_both(tokens: &[usize], classes: &[usize]) -> bool {
    let has = |class| tokens.iter().any(|token| classes[*token] == class);
    has(0) && has(1)
}

/// What a regression on contrasts of the vowels, fitted on the words trained on, says of all words.
fn tell_contrasts(words: &Words, settings: &TrainSettings, scores: &mut [Score]) -> Result<()> {
    let values = words.words.iter().map(|w| w.vowel_values.map(difference));
    let contrasts: Vec<Option<Contrasts>> = values.collect();
    let classes: Vec<usize> = words.words.iter().map(|w| w.stress.class()).collect();
    let known: Vec<usize> = (0..contrasts.len())
        .filter(|n| contrasts[*n].is_some())
        .collect();
    let follows = |n: &usize| settings.part(&words.words[*n]) == Part::Train;
    let fitted: Vec<usize> = known.iter().copied().filter(follows).collect();
    let Some(told) = regression(&contrasts, &classes, &fitted, &known)? else {
        return Ok(());
    };
    let of_id: BTreeMap<&str, usize> = known
        .iter()
        .zip(told)
        .map(|(n, class)| (words.words[*n].id.as_str(), class))
        .collect();
    for score in scores {
        let class = of_id.get(score.id.as_str());
        score.contrasts = class.map(|class| Stress::ALL[*class]);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
