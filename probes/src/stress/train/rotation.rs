//! The same training for every fold in turn, so that many words are told by a network that does not
//! know them.

use std::path::{Path, PathBuf};

use phonoscope_analysis::task::Task;

use super::scores::{PartFigures, Score, figures_of};
use super::settings::{Part, TrainSettings};
use super::{Limits, Trained, train};
use crate::error::{Error, Result};
use crate::stress::Words;

/// What the networks of all folds say of what each has not trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct Rotation {
    /// Scores, each from the network of its fold: of words whose speaker, spelling or both were not
    /// trained on.
    pub scores: Vec<Score>,
    /// Words followed in training, by fold.
    pub trained_on: Vec<usize>,
}

/// Trains a network for every fold but the test fold of `settings`, each with that fold for its test,
/// and pools their scores with those of `trained`. `checkpoint` gives the checkpoint of a fold.
///
/// # Errors
/// [`Error::Request`] without a test fold; those of [`train`].
pub fn rotate(
    words: &Words,
    data_sha256: &str,
    settings: &TrainSettings,
    trained: &Trained,
    (limits, checkpoint): (Limits<'_>, &dyn Fn(usize) -> PathBuf),
    task: &Task,
) -> Result<Rotation> {
    let first = rotating(settings)?;
    let mut scores = held_out(&trained.scores);
    let mut trained_on = vec![0; words.folds];
    trained_on[first] = trained.trained_on;
    for ahead in 1..words.folds {
        let turned = |fold: usize| (fold + ahead) % words.folds;
        let fold = turned(first);
        let settings = TrainSettings {
            test_fold: Some(fold),
            validation_fold: settings.validation_fold.map(turned),
            ..settings.clone()
        };
        let path = checkpoint(fold);
        let limits = Limits {
            checkpoint: Some(Path::new(&path)),
            ..limits
        };
        let other = train(words, data_sha256, &settings, limits, task)?;
        scores.extend(held_out(&other.scores));
        trained_on[fold] = other.trained_on;
    }
    Ok(Rotation { scores, trained_on })
}

/// The fold to begin with.
fn rotating(settings: &TrainSettings) -> Result<usize> {
    settings.test_fold.ok_or_else(|| Error::Request {
        problem: "without a test fold there is nothing to rotate".into(),
        hint: "give --test-fold, or leave --rotate out".into(),
    })
}

/// The scores that each word has from one fold alone.
fn held_out(scores: &[Score]) -> Vec<Score> {
    let once = |score: &&Score| {
        let parts = [
            Part::Test,
            Part::UnseenWord,
            Part::UnseenSpeaker,
            Part::PairUnseenSpeaker,
        ];
        parts.contains(&score.part)
    };
    scores.iter().filter(once).cloned().collect()
}

impl Rotation {
    /// Figures of all folds together, with intervals over words and speakers.
    pub fn figures(&self, draws: usize, seed: u64) -> Vec<PartFigures> {
        let rows: [(_, &[Part]); 5] = [
            (
                ("unseen_words", "word unseen"),
                &[Part::Test, Part::UnseenWord],
            ),
            (named(Part::Test), &[Part::Test]),
            (named(Part::UnseenWord), &[Part::UnseenWord]),
            (named(Part::UnseenSpeaker), &[Part::UnseenSpeaker]),
            (named(Part::PairUnseenSpeaker), &[Part::PairUnseenSpeaker]),
        ];
        let figures = rows.into_iter().filter_map(|(name, parts)| {
            let own = self.scores.iter().filter(|s| parts.contains(&s.part));
            let own: Vec<&Score> = own.collect();
            (!own.is_empty()).then(|| figures_of(name, &own, draws, seed))
        });
        figures.collect()
    }
}

fn named(part: Part) -> (&'static str, &'static str) {
    (part.name(), part.words())
}
