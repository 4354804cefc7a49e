//! Whether residuals still tell which word it was.

use ndarray::{Array2, ArrayView2, Axis};
use phonoscope_analysis::regress::BlockedRidge;
use phonoscope_analysis::stats::draws;
use rayon::prelude::*;

use super::design::Kind;
use super::direction::{Bench, Null};
use super::held_out::{Cell, Split, cells, shuffled};
use super::spread::{Figure, by_speaker, distinct};
use crate::error::Result;

/// Penalty of the classifier, as a share of the mean squared length of the standardised rows.
const PENALTY: f64 = 0.1;

/// What a word is told from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Residuals of a condition.
    Residual(usize),
    /// States of a condition as they are.
    State(usize),
    /// Neutral states as they are.
    Neutral,
}

/// How often the word is told right.
#[derive(Debug, Clone)]
pub(super) struct Words {
    pub(super) source: Source,
    pub(super) pairs: usize,
    pub(super) words: usize,
    /// Share of the commonest word.
    pub(super) chance: f64,
    pub(super) accuracy: Figure,
    pub(super) null: Option<Null>,
}

impl Bench<'_> {
    /// Word identity from residuals and from the states that they are differences of, on the same pairs.
    pub(super) fn words(&self, states: ArrayView2<'_, f64>) -> Result<Vec<Words>> {
        if self.design.words.len() < 2 {
            return Ok(vec![]);
        }
        let emphasis = self.design.of_kind(Kind::Emphasis);
        let mut sources = vec![Source::Neutral];
        for condition in &emphasis {
            sources.extend([Source::State(*condition), Source::Residual(*condition)]);
        }
        sources.extend(self.design.null().map(Source::Residual));
        // The same pairs for all, so that accuracies can be compared.
        let has_word = |p: &usize| self.design.pairs[*p].word.is_some();
        let complete = |p: &usize| {
            emphasis
                .iter()
                .all(|c| self.design.pairs[*p].versions[*c].is_some())
        };
        let pairs: Vec<usize> = (0..self.design.pairs.len())
            .filter(has_word)
            .filter(complete)
            .collect();
        let Some(cells) = cells(self.design, &pairs, Split::Speakers) else {
            return Ok(vec![]);
        };
        let mut out = vec![];
        for source in sources {
            let own: Vec<usize> = match source {
                Source::Residual(c) => pairs
                    .iter()
                    .copied()
                    .filter(|p| self.design.pairs[*p].versions[c].is_some())
                    .collect(),
                _ => pairs.clone(),
            };
            let own_cells = if own.len() == pairs.len() {
                Some(cells.clone())
            } else {
                super::held_out::cells(self.design, &own, Split::Speakers)
            };
            if let Some(own_cells) = own_cells {
                out.extend(self.words_from(states, source, &own, &own_cells)?);
            }
            self.task.check()?;
        }
        Ok(out)
    }

    fn words_from(
        &self,
        states: ArrayView2<'_, f64>,
        source: Source,
        pairs: &[usize],
        cells: &[Cell],
    ) -> Result<Option<Words>> {
        let x = match source {
            Source::Residual(condition) => self.design.residuals(states, condition, pairs),
            Source::State(condition) => self.design.states(states, Some(condition), pairs),
            Source::Neutral => self.design.states(states, None, pairs),
        };
        let labels: Vec<usize> = pairs
            .iter()
            .filter_map(|p| self.design.pairs[*p].word)
            .collect();
        let speakers = self.design.speakers_of(pairs);
        let count = self.design.words.len();
        let weights: Option<Vec<Array2<f64>>> = cells
            .par_iter()
            .map(|cell| weights(x.view(), cell))
            .collect();
        let Some(weights) = weights else {
            return Ok(None);
        };
        let right = |labels: &[usize]| right(&weights, cells, labels, count);
        let correct = right(&labels);
        let per_speaker = by_speaker(&correct, &speakers, self.resampling.speakers);
        let asked = by_speaker(&vec![1.0; pairs.len()], &speakers, self.resampling.speakers);
        let accuracy = Figure {
            n: distinct(&speakers),
            ..self.resampling.ratio(&per_speaker, &asked)
        };
        let null = match self.settings.nulls {
            false => None,
            true => {
                let plan = draws::Plan {
                    stage: "permutation of words",
                    stream: "emphasis.words",
                    seed: self.settings.seed,
                    draws: self.settings.permutations,
                };
                let null = draws(plan, self.task, |rng| {
                    let right = right(&shuffled(&labels, &speakers, rng));
                    Ok(right.iter().sum::<f64>() / right.len() as f64)
                })?;
                Some(Null::of(accuracy.value, &null))
            }
        };
        let commonest = (0..count)
            .map(|w| labels.iter().filter(|l| **l == w).count())
            .max()
            .unwrap_or(0);
        Ok(Some(Words {
            source,
            pairs: pairs.len(),
            words: labels
                .iter()
                .collect::<std::collections::BTreeSet<_>>()
                .len(),
            chance: commonest as f64 / labels.len() as f64,
            accuracy,
            null,
        }))
    }
}

/// How much each row that is fitted adds to the score of its class for each row that is held out, `[held out,
/// fitted]`: ridge regression on indicators, predictors standardised on the rows fitted.
fn weights(x: ArrayView2<'_, f64>, cell: &Cell) -> Option<Array2<f64>> {
    let train = x.select(Axis(0), &cell.train);
    let n = train.nrows() as f64;
    let mean = train.sum_axis(Axis(0)) / n;
    let centred = &train - &mean;
    let sd = centred.map_axis(Axis(0), |c| (c.dot(&c) / n).sqrt());
    let scale = sd.mapv(|v| if v > 1e-12 { 1.0 / v } else { 0.0 });
    let fit = BlockedRidge::new((&centred * &scale).view()).ok()?;
    let test = (&x.select(Axis(0), &cell.test) - &mean) * &scale;
    let each = Array2::<f64>::eye(train.nrows());
    fit.predict(test.view(), each.view(), &vec![PENALTY; train.nrows()])
        .ok()
}

/// 1 for every row whose word has the highest score, by row; the first word wins ties.
fn right(weights: &[Array2<f64>], cells: &[Cell], labels: &[usize], count: usize) -> Vec<f64> {
    let mut out = vec![0.0; labels.len()];
    let mut score = vec![0.0; count];
    for (weights, cell) in weights.iter().zip(cells) {
        let train: Vec<usize> = cell.train.iter().map(|i| labels[*i]).collect();
        let mut known = vec![false; count];
        train.iter().for_each(|w| known[*w] = true);
        for (row, test) in weights.outer_iter().zip(&cell.test) {
            score
                .iter_mut()
                .zip(&known)
                .for_each(|(s, known)| *s = if *known { 0.0 } else { f64::NEG_INFINITY });
            row.iter().zip(&train).for_each(|(v, w)| score[*w] += v);
            let best = (0..count).fold(0, |b, w| if score[w] > score[b] { w } else { b });
            out[*test] = f64::from(best == labels[*test]);
        }
    }
    out
}
