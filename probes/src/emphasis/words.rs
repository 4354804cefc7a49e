//! Whether residuals still tell which word it was.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use phonoscope_analysis::regress::BlockedRidge;
use phonoscope_analysis::stats::draws;
use rayon::prelude::*;

use super::design::Kind;
use super::direction::{Bench, Null};
use super::held_out::{Cell, Split, Without, cells, shuffled};
use super::smooth::Ramp;
use super::spread::{Figure, Scale};
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
        let told: Option<Vec<Told>> = cells
            .par_iter()
            .map(|cell| self.told_words(x.view(), cell, (pairs, &labels), count))
            .collect();
        let Some(told) = told else {
            return Ok(None);
        };
        let margins: Vec<f64> = told.iter().flat_map(|cell| &cell.whole).copied().collect();
        let ramp = Ramp::of(&margins);
        let count_right = told.iter().flat_map(|cell| &cell.right);
        let value = count_right.sum::<f64>() / margins.len() as f64;
        let share = |at: usize| {
            let cells = told.iter().map(|cell| cell.without(at, ramp));
            let (right, asked) =
                cells.fold((0.0, 0), |(right, asked), (r, a)| (right + r, asked + a));
            right / asked as f64
        };
        let without: Vec<f64> = (0..self.resampling.masks().len()).map(share).collect();
        let accuracy = self.resampling.figure(pairs, Scale::Share, value, &without);
        let weights: Vec<Array2<f64>> = told.into_iter().map(|cell| cell.weights).collect();
        let right = |labels: &[usize]| right(&weights, cells, labels, count);
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

/// Words told of the held-out rows of one cell.
struct Told {
    /// 1 for a row told right, by row.
    right: Vec<f64>,
    /// By how much the row's word scores more than every other, with all rows.
    whole: Vec<f64>,
    /// The same without each group that is left out, for the rows asked, by their places; nothing where the others
    /// determine no fit.
    without: Vec<(Vec<usize>, Option<Vec<f64>>)>,
    /// How much each row that is fitted adds to the score of its class for each row that is held out.
    weights: Array2<f64>,
}

impl Told {
    /// Rows told right without a group, and rows asked.
    fn without(&self, at: usize, ramp: Ramp) -> (f64, usize) {
        let (asked, margins) = &self.without[at];
        let right = margins.as_ref().map_or(f64::NAN, |margins| {
            let both = asked.iter().zip(margins);
            both.map(|(i, m)| self.right[*i] + ramp.at(*m) - ramp.at(self.whole[*i]))
                .sum()
        });
        (right, asked.len())
    }
}

impl Bench<'_> {
    /// Ridge regression on indicators of the words, predictors standardised on the rows fitted (and left so when
    /// some of them are left out).
    fn told_words(
        &self,
        x: ArrayView2<'_, f64>,
        cell: &Cell,
        (pairs, labels): (&[usize], &[usize]),
        count: usize,
    ) -> Option<Told> {
        let train = x.select(Axis(0), &cell.train);
        let n = train.nrows() as f64;
        let mean = train.sum_axis(Axis(0)) / n;
        let centred = &train - &mean;
        let sd = centred.map_axis(Axis(0), |c| (c.dot(&c) / n).sqrt());
        let scale = sd.mapv(|v| if v > 1e-12 { 1.0 / v } else { 0.0 });
        let fit = BlockedRidge::new((&centred * &scale).view()).ok()?;
        let test = (&x.select(Axis(0), &cell.test) - &mean) * &scale;
        let mut indicator = Array2::zeros((cell.train.len(), count));
        for (row, i) in cell.train.iter().enumerate() {
            indicator[[row, labels[*i]]] = 1.0;
        }
        let of = fit.left_out(test.view(), indicator.view(), PENALTY).ok()?;
        let without = Without::new(cell, pairs, &self.resampling.masks());
        let mut fitted = vec![0; count];
        cell.train.iter().for_each(|i| fitted[labels[*i]] += 1);
        let known = |gone: &[usize]| -> Vec<bool> {
            let mut left = fitted.clone();
            gone.iter().for_each(|k| left[labels[cell.train[*k]]] -= 1);
            left.iter().map(|n| *n > 0).collect()
        };
        let margins = |scores: ArrayView2<'_, f64>, known: &[bool], asked: &[usize]| -> Vec<f64> {
            let of = |i: &usize| margin(scores.row(*i), known, labels[cell.test[*i]]);
            asked.iter().map(of).collect()
        };
        let (all, scores) = (known(&[]), of.predictions());
        let is_right = |i: usize| best(scores.row(i).iter().copied(), &all) == labels[cell.test[i]];
        let whole = margins(scores, &all, &without.asked[0]);
        let groups = without.fitted.iter().zip(without.asked).skip(1);
        let left_out = groups
            .map(|(gone, asked)| {
                let margins = if gone.is_empty() {
                    Some(asked.iter().map(|i| whole[*i]).collect())
                } else {
                    let scores = of.without(gone);
                    scores.map(|scores| margins(scores.view(), &known(gone), &asked))
                };
                (asked, margins)
            })
            .collect();
        Some(Told {
            right: (0..cell.test.len())
                .map(|i| f64::from(is_right(i)))
                .collect(),
            whole,
            without: left_out,
            weights: of.weights().to_owned(),
        })
    }
}

/// By how much a known word scores more than every other known one.
fn margin(scores: ArrayView1<'_, f64>, known: &[bool], own: usize) -> f64 {
    if !known[own] {
        return f64::NEG_INFINITY;
    }
    let others = scores.iter().zip(known).enumerate();
    let highest = others
        .filter(|(w, (_, known))| *w != own && **known)
        .fold(f64::NEG_INFINITY, |highest, (_, (score, _))| {
            highest.max(*score)
        });
    scores[own] - highest
}

/// The known word with the highest score; the first wins ties.
fn best(scores: impl Iterator<Item = f64>, known: &[bool]) -> usize {
    let all = scores.zip(known).enumerate();
    let (best, _) = all.filter(|(_, (_, known))| **known).fold(
        (0, f64::NEG_INFINITY),
        |(best, highest), (w, (score, _))| {
            if score > highest {
                (w, score)
            } else {
                (best, highest)
            }
        },
    );
    best
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
            score.fill(0.0);
            row.iter().zip(&train).for_each(|(v, w)| score[*w] += v);
            let best = best(score.iter().copied(), &known);
            out[*test] = f64::from(best == labels[*test]);
        }
    }
    out
}
