//! Training of a classifier of lexical stress, as `phonoscope train stress` does.
//!
//! What is drawn at a step depends on the seed and the number of the step alone, and everything else
//! lies in the checkpoint: a training that was stopped anywhere and continued ends with the same
//! bytes as one that was not.

mod augment;
mod card;
mod checkpoint;
mod clips;
mod sampling;
mod scores;
mod settings;

use std::path::Path;
use std::time::Instant;

use ndarray::Array3;
use phonoscope_analysis::frontend::{FrontEnd, LogSpectrum};
use phonoscope_analysis::rng::stream;
use phonoscope_analysis::task::Task;
use rand::seq::SliceRandom as _;

use super::{Stress, Words};
use crate::error::{Error, Result};
use crate::learn::conv::{Aim, Network};
use crate::report::Skipped;

pub use augment::Augmentation;
pub use card::{CardFacts, model_card};
pub use checkpoint::Epoch;
pub use scores::{PartFigures, Score, figures, scores_tsv};
pub use settings::{Part, TrainSettings};

use checkpoint::{State, fingerprint};
use clips::Clips;
use sampling::Sampler;

/// Share of all steps in which the step size rises.
const RISE: f64 = 0.2;
/// The first and the last step size, as shares of the largest.
const FIRST_AND_LAST: [f64; 2] = [0.04, 1e-3];
/// Share of the running average that is kept at a step, at most.
const KEPT: f64 = 0.99;
/// Words of one forward pass.
const BLOCK: usize = 32;

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
    /// The averaged network, the one with the least validation loss where there was validation.
    pub network: Network,
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
    let front_end = LogSpectrum::default();
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
    let mut training = Training {
        sampler: Sampler::new(&words.words, &trained, classes.clone())?,
        words,
        settings,
        front_end: &front_end,
        clips: &mut clips,
        classes: &classes,
        validated: &validated,
        steps_per_epoch: (trained.len() / settings.batch).max(1),
    };
    let fingerprint = fingerprint(settings, data_sha256);
    let (state, ended) = training.run(limits, &fingerprint, task)?;
    let kept = match settings.validation_fold {
        Some(_) => state.best,
        None => state.average,
    };
    let kept_epoch = match settings.validation_fold {
        Some(_) => state.progress.best_epoch,
        None => state.progress.history.len(),
    };
    let scores = training.scores(&kept, task)?;
    let mut skipped = words.skipped.clone();
    skipped.extend(silent);
    Ok(Trained {
        network: kept,
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

struct Training<'a> {
    sampler: Sampler,
    words: &'a Words,
    settings: &'a TrainSettings,
    front_end: &'a LogSpectrum,
    clips: &'a mut Clips,
    /// Class of every token.
    classes: &'a [usize],
    /// Tokens for stopping early.
    validated: &'a [usize],
    steps_per_epoch: usize,
}

impl Training<'_> {
    fn run(
        &mut self,
        limits: Limits<'_>,
        fingerprint: &str,
        task: &Task,
    ) -> Result<(State, Ended)> {
        let before = match limits.checkpoint {
            Some(path) => State::read(path, fingerprint, self.settings)?,
            None => None,
        };
        let mut state = match before {
            Some(state) => state,
            None => State::new(self.settings)?,
        };
        let total = self.settings.epochs * self.steps_per_epoch;
        let keep = |state: &State| match limits.checkpoint {
            Some(path) => state.write(path, fingerprint),
            None => Ok(()),
        };
        loop {
            let passes = state.progress.history.len();
            if let Some(ended) = self.ended(&state, limits) {
                return Ok((state, ended));
            }
            let done = state.progress.steps as usize - passes * self.steps_per_epoch;
            let stage = told(passes + 1, state.progress.history.last());
            // The bar counts all steps, so that the time left is that of the whole training.
            task.progress.start(
                &stage,
                "steps",
                Some((total - state.progress.steps as usize) as u64),
            );
            for _ in done..self.steps_per_epoch {
                let began = Instant::now();
                if task.cancel.is_cancelled() {
                    keep(&state)?;
                    task.check()?;
                }
                self.step(&mut state, total)?;
                state.progress.spent_secs += began.elapsed().as_secs_f64();
                task.progress.advance(1);
            }
            task.progress.finish();
            self.close_epoch(&mut state)?;
            keep(&state)?;
        }
    }

    fn ended(&self, state: &State, limits: Limits<'_>) -> Option<Ended> {
        let (passes, best) = (state.progress.history.len(), state.progress.best_epoch);
        let stopped =
            self.settings.validation_fold.is_some() && passes >= best + self.settings.patience;
        if passes >= self.settings.epochs {
            Some(Ended::Epochs)
        } else if stopped {
            Some(Ended::Patience)
        } else if passes > 0
            && limits
                .most_secs
                .is_some_and(|m| state.progress.spent_secs >= m)
        {
            Some(Ended::Time)
        } else {
            None
        }
    }

    fn step(&mut self, state: &mut State, total: usize) -> Result<()> {
        let number = state.progress.steps;
        let mut rng = stream(self.settings.seed, "stress step", number);
        let (x, aim) = self.batch(&mut rng)?;
        let step = state.network.gradients(&x, &aim, &mut rng)?;
        let rate = self.settings.learning_rate * rate(number as usize, total);
        state.adam.step(
            &mut state.network.parameters,
            &step.gradients,
            rate,
            self.settings.weight_decay,
        );
        state.progress.steps += 1;
        let count = state.progress.steps as f64;
        let kept = KEPT.min(count / (9.0 + count));
        state.average.approach(&state.network, (1.0 - kept) as f32);
        let right = step.logits.outer_iter().zip(&aim.classes);
        let right = right.filter(|(row, class)| usize::from(row[1] > row[0]) == **class);
        state.progress.sums[0] += f64::from(step.loss);
        state.progress.sums[1] += right.count() as f64 / aim.classes.len() as f64;
        Ok(())
    }

    /// Changed words, half of each class, in a drawn order.
    fn batch(&mut self, rng: &mut phonoscope_analysis::rng::Stream) -> Result<(Array3<f32>, Aim)> {
        let [bins, frames] = self.settings.architecture.input;
        let mut classes: Vec<usize> = (0..self.settings.batch).map(|item| item % 2).collect();
        classes.shuffle(rng);
        let steps = self.settings.architecture.mark_steps()?;
        let marked = self.settings.marks_weight > 0.0;
        let mut marks = Array3::zeros((classes.len(), self.settings.architecture.marks, steps));
        let mut values = Vec::with_capacity(classes.len() * bins * frames);
        for (item, class) in classes.iter().enumerate() {
            let word = self.sampler.draw(
                *class,
                &self.words.words,
                self.clips,
                &self.settings.augmentation,
                rng,
            )?;
            let heard = self.heard_frames(word.magnitudes.nrows());
            let rows = word.magnitudes.slice(ndarray::s![..heard, ..]);
            let mut input = self.front_end.finish(rows);
            self.settings
                .augmentation
                .masked(&mut input, frames, heard, rng);
            values.extend(input);
            if let (true, Some(vowels)) = (marked, word.vowels) {
                mark(&mut marks, item, vowels, *class, frames);
            }
        }
        let x = Array3::from_shape_vec((classes.len(), bins, frames), values);
        let x = x.map_err(|error| Error::Request {
            problem: format!("spectrograms do not fit the network: {error}"),
            hint: "its input is 161 bins and 101 frames".into(),
        })?;
        let aim = Aim {
            classes,
            smoothing: self.settings.smoothing,
            marks: marked.then_some(marks),
            marks_weight: self.settings.marks_weight,
        };
        Ok((x, aim))
    }

    /// Frames of so many that the front end hears.
    fn heard_frames(&self, frames: usize) -> usize {
        let hop = self.front_end.hop_length;
        let most = 1 + self.front_end.heard_samples(usize::MAX / 2) / hop;
        frames.min(most).min(self.front_end.frames)
    }

    /// Judges the average on the validation words and begins a new pass.
    fn close_epoch(&mut self, state: &mut State) -> Result<()> {
        let steps = self.steps_per_epoch as f64;
        let mut epoch = Epoch {
            loss: state.progress.sums[0] / steps,
            accuracy: state.progress.sums[1] / steps,
            validation_loss: None,
            validation_accuracy: None,
        };
        if self.settings.validation_fold.is_some() {
            let tokens = self.validated.to_vec();
            let logits = self.logits(&state.average, &tokens)?;
            let classes: Vec<usize> = tokens.iter().map(|token| self.classes[*token]).collect();
            let (loss, accuracy) = scores::judged(&logits, &classes);
            (epoch.validation_loss, epoch.validation_accuracy) = (Some(loss), Some(accuracy));
            let best = |epoch: &Epoch| epoch.validation_loss.unwrap_or(f64::INFINITY);
            let before = state.progress.history.iter().map(best);
            if loss < before.fold(f64::INFINITY, f64::min) {
                state.best = state.average.clone();
                state.progress.best_epoch = state.progress.history.len() + 1;
            }
        }
        state.progress.history.push(epoch);
        state.progress.sums = [0.0; 2];
        Ok(())
    }

    /// Scores `[token, class]` of what is heard of tokens.
    fn logits(&mut self, network: &Network, tokens: &[usize]) -> Result<Vec<[f32; 2]>> {
        let [bins, frames] = self.settings.architecture.input;
        let mut all = Vec::with_capacity(tokens.len());
        for block in tokens.chunks(BLOCK) {
            let mut values = Vec::with_capacity(block.len() * bins * frames);
            for token in block {
                values.extend(self.front_end.finish(self.clips.heard(*token)?.view()));
            }
            let x = Array3::from_shape_vec((block.len(), bins, frames), values);
            let x = x.map_err(|error| Error::Request {
                problem: format!("spectrograms do not fit the network: {error}"),
                hint: "its input is 161 bins and 101 frames".into(),
            })?;
            let scores = network.predict(&x)?;
            all.extend(scores.outer_iter().map(|row| [row[0], row[1]]));
        }
        Ok(all)
    }

    fn scores(&mut self, network: &Network, task: &Task) -> Result<Vec<Score>> {
        let all: Vec<usize> = (0..self.words.words.len())
            .filter(|n| self.clips.has(*n))
            .collect();
        let mut scores = Vec::with_capacity(all.len());
        task.progress.start("test", "words", Some(all.len() as u64));
        for block in all.chunks(BLOCK) {
            task.check()?;
            for (token, logits) in block.iter().zip(self.logits(network, block)?) {
                let word = &self.words.words[*token];
                scores.push(Score {
                    id: word.id.clone(),
                    word: word.word.clone(),
                    speaker: word.speaker.clone(),
                    stress: word.stress,
                    part: self.settings.part(word),
                    score: f64::from(logits[1]) - f64::from(logits[0]),
                });
            }
            task.progress.advance(block.len() as u64);
        }
        task.progress.finish();
        Ok(scores)
    }
}

/// What the head for training should mark: first vowel, second vowel, the stressed one, the other.
fn mark(marks: &mut Array3<f32>, item: usize, vowels: [[f32; 2]; 2], class: usize, frames: usize) {
    let (_, kinds, steps) = marks.dim();
    let stressed = if class == Stress::Initial.class() {
        0
    } else {
        1
    };
    let width = frames as f32 / steps.max(1) as f32;
    for step in 0..steps {
        let at = step as f32 * width;
        for (place, vowel) in vowels.iter().enumerate() {
            if at < vowel[0] || at >= vowel[1] {
                continue;
            }
            let role = if place == stressed { 2 } else { 3 };
            for kind in [place, role].into_iter().filter(|kind| *kind < kinds) {
                marks[[item, kind, step]] = 1.0;
            }
        }
    }
}

/// The step size, as a share of the largest.
fn rate(step: usize, total: usize) -> f64 {
    let way = (step as f64 + 0.5) / total.max(1) as f64;
    let [first, last] = FIRST_AND_LAST;
    let half_wave = |way: f64| 0.5 - 0.5 * (std::f64::consts::PI * way).cos();
    if way < RISE {
        first + (1.0 - first) * half_wave(way / RISE)
    } else {
        1.0 - (1.0 - last) * half_wave((way - RISE) / (1.0 - RISE))
    }
}

/// A line for the bar: the pass that runs and how the last one went.
fn told(pass: usize, last: Option<&Epoch>) -> String {
    let before = last.map(|epoch| {
        let validation = epoch
            .validation_accuracy
            .map(|a| format!(", unseen words {a:.3}"));
        format!(
            " (loss {:.3}, balanced accuracy {:.3}{})",
            epoch.loss,
            epoch.accuracy,
            validation.unwrap_or_default()
        )
    });
    format!("pass {pass}{}", before.unwrap_or_default())
}

#[cfg(test)]
mod tests;
