//! Step after step.

use std::time::Instant;

use ndarray::Array3;
use phonoscope_analysis::rng::stream;
use phonoscope_analysis::task::Task;

use super::batch::{Batches, misfit};
use super::checkpoint::{Epoch, Member, State};
use super::clips::Clips;
use super::scores::{Score, judged};
use super::settings::TrainSettings;
use super::{Ended, Limits};
use crate::error::Result;
use crate::learn::conv::Network;
use crate::stress::Words;

/// Share of all steps in which the step size rises.
const RISE: f64 = 0.2;
/// The first and the last step size, as shares of the largest.
const FIRST_AND_LAST: [f64; 2] = [0.04, 1e-3];
/// Share of the running average that is kept at a step, at most.
const KEPT: f64 = 0.99;
/// Words of one forward pass.
const BLOCK: usize = 32;

pub(super) struct Training<'a> {
    pub(super) batches: Batches<'a>,
    pub(super) words: &'a Words,
    pub(super) settings: &'a TrainSettings,
    pub(super) clips: &'a mut Clips,
    /// Class of every token.
    pub(super) classes: &'a [usize],
    /// Tokens for stopping early.
    pub(super) validated: &'a [usize],
    pub(super) steps_per_epoch: usize,
}

impl Training<'_> {
    /// Trains on from the checkpoint, or from the start.
    pub(super) fn run(
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

    /// One step of every network, each with its own words.
    fn step(&mut self, state: &mut State, total: usize) -> Result<()> {
        let number = state.progress.steps;
        let rate = self.settings.learning_rate * rate(number as usize, total);
        let count = (number + 1) as f64;
        let kept = KEPT.min(count / (9.0 + count));
        let members = state.members.len() as f64;
        for (place, member) in state.members.iter_mut().enumerate() {
            let seed = self.settings.member_seed(place);
            let mut rng = stream(seed, "stress step", number);
            let (x, aim) = self.batches.draw(self.clips, &mut rng)?;
            let step = member.network.gradients(&x, &aim, &mut rng)?;
            member.adam.step(
                &mut member.network.parameters,
                &step.gradients,
                rate,
                self.settings.weight_decay,
            );
            member
                .average
                .approach(&member.network, (1.0 - kept) as f32);
            let right = step.logits.outer_iter().zip(&aim.classes);
            let right = right.filter(|(row, class)| usize::from(row[1] > row[0]) == **class);
            state.progress.sums[0] += f64::from(step.loss) / members;
            state.progress.sums[1] += right.count() as f64 / aim.classes.len() as f64 / members;
        }
        state.progress.steps += 1;
        Ok(())
    }

    /// Judges the averages on the validation words and begins a new pass.
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
            let averages = state.members.iter().map(|m| &m.average);
            let averages: Vec<&Network> = averages.collect();
            let logits = self.logits(&averages, &tokens)?;
            let classes: Vec<usize> = tokens.iter().map(|token| self.classes[*token]).collect();
            let (loss, accuracy) = judged(&logits, &classes);
            (epoch.validation_loss, epoch.validation_accuracy) = (Some(loss), Some(accuracy));
            let best = |epoch: &Epoch| epoch.validation_loss.unwrap_or(f64::INFINITY);
            let before = state.progress.history.iter().map(best);
            if loss < before.fold(f64::INFINITY, f64::min) {
                state.members.iter_mut().for_each(Member::keep_as_best);
                state.progress.best_epoch = state.progress.history.len() + 1;
            }
        }
        state.progress.history.push(epoch);
        state.progress.sums = [0.0; 2];
        Ok(())
    }

    /// Scores `[token, class]` of what is heard of tokens: the mean of all networks.
    fn logits(&mut self, networks: &[&Network], tokens: &[usize]) -> Result<Vec<[f32; 2]>> {
        let [bins, frames] = self.settings.architecture.input;
        let front_end = self.batches.front_end;
        let mut all = Vec::with_capacity(tokens.len());
        for block in tokens.chunks(BLOCK) {
            let mut values = Vec::with_capacity(block.len() * bins * frames);
            for token in block {
                values.extend(front_end.finish(self.clips.heard(*token)?.view()));
            }
            let x = Array3::from_shape_vec((block.len(), bins, frames), values);
            let x = x.map_err(|error| misfit(&error))?;
            let mut sums = vec![[0.0; 2]; block.len()];
            for network in networks {
                let scores = network.predict(&x)?;
                for (sum, row) in sums.iter_mut().zip(scores.outer_iter()) {
                    *sum = [sum[0] + row[0], sum[1] + row[1]];
                }
            }
            let count = networks.len() as f32;
            all.extend(sums.into_iter().map(|sum| sum.map(|x| x / count)));
        }
        Ok(all)
    }

    /// The score of every word that can be heard.
    pub(super) fn scores(&mut self, networks: &[Network], task: &Task) -> Result<Vec<Score>> {
        let all: Vec<usize> = (0..self.words.words.len())
            .filter(|n| self.clips.has(*n))
            .collect();
        let networks: Vec<&Network> = networks.iter().collect();
        let mut scores = Vec::with_capacity(all.len());
        task.progress.start("test", "words", Some(all.len() as u64));
        for block in all.chunks(BLOCK) {
            task.check()?;
            for (token, logits) in block.iter().zip(self.logits(&networks, block)?) {
                let word = &self.words.words[*token];
                scores.push(Score {
                    id: word.id.clone(),
                    word: word.word.clone(),
                    speaker: word.speaker.clone(),
                    stress: word.stress,
                    part: self.settings.part(word),
                    score: f64::from(logits[1]) - f64::from(logits[0]),
                    contrasts: None,
                });
            }
            task.progress.advance(block.len() as u64);
        }
        task.progress.finish();
        Ok(scores)
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
