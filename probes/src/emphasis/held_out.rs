//! Held-out predictions on folds that share neither speakers nor words.

use ndarray::{Array2, ArrayView2, Axis, s};
use phonoscope_analysis::regress::{BlockedRidge, LeftOut};
use phonoscope_analysis::rng::Stream;
use rand::seq::SliceRandom as _;

use super::design::Design;
use crate::error::Result;

/// Penalties to choose from, as shares of the mean squared length of the rows.
pub(super) const PENALTIES: [f64; 5] = [1e-3, 1e-2, 0.1, 1.0, 10.0];

/// Who is held out together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    /// Speakers of the held-out rows are not fitted.
    Speakers,
    /// Words of the held-out rows are not fitted.
    Words,
    /// Neither.
    Both,
}

impl Split {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Speakers => "other speakers",
            Self::Words => "other words",
            Self::Both => "other speakers and words",
        }
    }
}

/// Rows to fit on and rows to predict.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell {
    pub(super) train: Vec<usize>,
    pub(super) test: Vec<usize>,
}

/// Cells that hold out every row of `pairs` once; nothing when the data cannot give them.
pub(super) fn cells(design: &Design, pairs: &[usize], split: Split) -> Option<Vec<Cell>> {
    let speakers = design.speaker_fold.as_ref()?;
    let by_speaker: Vec<usize> = pairs
        .iter()
        .map(|p| speakers[design.pairs[*p].speaker])
        .collect();
    let by_word: Option<Vec<usize>> = match (&design.word_fold, split) {
        (_, Split::Speakers) => Some(vec![0; pairs.len()]),
        (None, _) => None,
        (Some(folds), _) => pairs
            .iter()
            .map(|p| Some(folds[design.pairs[*p].word?]))
            .collect(),
    };
    let by_word = by_word?;
    let of = |i: usize| (by_speaker[i], by_word[i]);
    let mut keys: Vec<(usize, usize)> = (0..pairs.len())
        .map(of)
        .map(|(s, w)| {
            if split == Split::Words {
                (0, w)
            } else {
                (s, w)
            }
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let cell = |(s, w): (usize, usize)| {
        let held = |i: &usize| match split {
            Split::Speakers => by_speaker[*i] == s,
            Split::Words => by_word[*i] == w,
            Split::Both => of(*i) == (s, w),
        };
        let free = |i: &usize| match split {
            Split::Speakers => by_speaker[*i] != s,
            Split::Words => by_word[*i] != w,
            Split::Both => by_speaker[*i] != s && by_word[*i] != w,
        };
        Cell {
            train: (0..pairs.len()).filter(free).collect(),
            test: (0..pairs.len()).filter(held).collect(),
        }
    };
    let cells: Vec<Cell> = keys.into_iter().map(cell).collect();
    cells.iter().all(|c| c.train.len() >= 4).then_some(cells)
}

/// The split that keeps most apart, of what the data can give.
pub(super) fn best_split(design: &Design, pairs: &[usize]) -> Option<(Split, Vec<Cell>)> {
    [Split::Both, Split::Speakers]
        .into_iter()
        .find_map(|split| Some((split, cells(design, pairs, split)?)))
}

/// Squared errors of held-out predictions and of the mean of the rows fitted, summed over rows: with all rows, then
/// without each group that is left out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Errors {
    predicted: Vec<f64>,
    mean: Vec<f64>,
}

impl Errors {
    pub(super) fn none(masks: usize) -> Self {
        Self {
            predicted: vec![0.0; masks + 1],
            mean: vec![0.0; masks + 1],
        }
    }

    /// Errors of the targets of a fit on one cell, `[target]`; `y: [row, target]`.
    fn of_cell(
        fit: &LeftOut<'_>,
        y: ArrayView2<'_, f64>,
        cell: &Cell,
        without: &Without,
    ) -> Vec<Self> {
        let masks = without.fitted.len() - 1;
        let mut out = vec![Self::none(masks); y.ncols()];
        let sums = y.select(Axis(0), &cell.train).sum_axis(Axis(0));
        for (at, (gone, asked)) in without.fitted.iter().zip(&without.asked).enumerate() {
            if at > 0 && gone.is_empty() && asked.len() == cell.test.len() {
                for errors in &mut out {
                    errors.predicted[at] = errors.predicted[0];
                    errors.mean[at] = errors.mean[0];
                }
                continue;
            }
            let n = cell.train.len() - gone.len();
            let Some(predictions) = fit.without(gone).filter(|_| n > 0) else {
                out.iter_mut().for_each(|e| e.predicted[at] = f64::NAN);
                continue;
            };
            for (target, errors) in out.iter_mut().enumerate() {
                let left_out: f64 = gone.iter().map(|k| y[[cell.train[*k], target]]).sum();
                let mean = (sums[target] - left_out) / n as f64;
                for i in asked {
                    let value = y[[cell.test[*i], target]];
                    errors.predicted[at] += (value - predictions[[*i, target]]).powi(2);
                    errors.mean[at] += (value - mean).powi(2);
                }
            }
        }
        out
    }

    pub(super) fn add(&mut self, other: &Self) {
        let both = |a: &mut Vec<f64>, b: &[f64]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        both(&mut self.predicted, &other.predicted);
        both(&mut self.mean, &other.mean);
    }

    /// R² with all rows, then without each group.
    pub(super) fn r2(&self) -> (f64, Vec<f64>) {
        let of = |at: usize| 1.0 - self.predicted[at] / self.mean[at];
        (of(0), (1..self.mean.len()).map(of).collect())
    }
}

/// What is left of a cell: with all rows, then without each group.
pub(super) struct Without {
    /// Places among the rows fitted that are left out.
    pub(super) fitted: Vec<Vec<usize>>,
    /// Places among the held-out rows that are asked.
    pub(super) asked: Vec<Vec<usize>>,
}

impl Without {
    /// `pairs` are those of the rows, `masks` the pairs kept.
    pub(super) fn new(cell: &Cell, pairs: &[usize], masks: &[&[bool]]) -> Self {
        let places = |rows: &[usize], mask: Option<&[bool]>, wanted: bool| -> Vec<usize> {
            let is_kept = |row: usize| mask.is_none_or(|m| m[pairs[row]]);
            (0..rows.len())
                .filter(|k| is_kept(rows[*k]) == wanted)
                .collect()
        };
        let all = || std::iter::once(None).chain(masks.iter().map(|m| Some(*m)));
        Self {
            fitted: all().map(|m| places(&cell.train, m, false)).collect(),
            asked: all().map(|m| places(&cell.test, m, true)).collect(),
        }
    }
}

/// Held-out predictions and errors.
pub(super) struct Predicted {
    /// `[row, target]`.
    pub(super) ridge: Array2<f64>,
    /// Mean of the rows fitted, `[row, target]`.
    pub(super) mean: Array2<f64>,
    /// Errors of the observed targets: by ridge regression, then by each number of components, `[target]`.
    pub(super) errors: Vec<Vec<Errors>>,
}

/// Rows that are predicted, and what is left out of them in turn.
pub(super) struct Held<'a> {
    pub(super) cells: &'a [Cell],
    /// Pair of each row.
    pub(super) pairs: &'a [usize],
    pub(super) speaker_fold: &'a [usize],
    pub(super) masks: &'a [&'a [bool]],
}

impl Held<'_> {
    /// Predicts every row of `x: [row, predictor]` by ridge regressions of `y: [row, target]`, each with the
    /// penalty that predicts blocks of `speaker_fold` of the rows fitted best from one another. Of the first
    /// `observed` targets also the errors, those of least squares on the first `k` components of the rows fitted
    /// too; penalties and components stay when groups are left out.
    pub(super) fn predict(
        &self,
        x: ArrayView2<'_, f64>,
        y: ArrayView2<'_, f64>,
        (observed, ks): (usize, &[usize]),
    ) -> Result<Predicted> {
        use rayon::prelude::*;
        type Made = (Array2<f64>, Vec<Vec<Errors>>);
        let made: Vec<Result<Made>> = self
            .cells
            .par_iter()
            .map(|cell| {
                let targets = y.select(Axis(0), &cell.train);
                let test = x.select(Axis(0), &cell.test);
                let blocks: Vec<usize> = cell.train.iter().map(|i| self.speaker_fold[*i]).collect();
                let fit = BlockedRidge::new(x.select(Axis(0), &cell.train).view())?;
                let penalties = match blocks.iter().any(|b| *b != blocks[0]) {
                    true => fit.penalties(targets.view(), &blocks, &PENALTIES)?,
                    false => vec![1.0; y.ncols()],
                };
                let leading = targets.slice(s![.., ..observed]);
                let without = Without::new(cell, self.pairs, self.masks);
                let errors = |of: &LeftOut<'_>, from: usize, to: usize| {
                    Errors::of_cell(of, y.slice(s![.., from..to]), cell, &without)
                };
                let mut by = vec![vec![]; ks.len() + 1];
                for (target, penalty) in penalties.iter().enumerate().take(observed) {
                    let own = leading.slice(s![.., target..target + 1]);
                    let of = fit.left_out(test.view(), own, *penalty)?;
                    by[0].extend(errors(&of, target, target + 1));
                }
                for (k, by) in ks.iter().zip(by.iter_mut().skip(1)) {
                    let of = fit.left_out_of_components(test.view(), leading, *k)?;
                    by.extend(errors(&of, 0, observed));
                }
                Ok((fit.predict(test.view(), targets.view(), &penalties)?, by))
            })
            .collect();
        let none = vec![Errors::none(self.masks.len()); observed];
        let mut out = Predicted {
            ridge: Array2::zeros(y.dim()),
            mean: Array2::zeros(y.dim()),
            errors: vec![none; ks.len() + 1],
        };
        for (cell, made) in self.cells.iter().zip(made) {
            let (ridge, by) = made?;
            let mean = y.select(Axis(0), &cell.train).sum_axis(Axis(0)) / cell.train.len() as f64;
            for (i, row) in cell.test.iter().enumerate() {
                out.ridge.row_mut(*row).assign(&ridge.row(i));
                out.mean.row_mut(*row).assign(&mean);
            }
            let both = out.errors.iter_mut().flatten().zip(by.iter().flatten());
            both.for_each(|(all, own)| all.add(own));
        }
        Ok(out)
    }

    /// Errors of least squares of `y: [row, target]` on a few predictors, `[target]`. Nothing when these do not
    /// vary among the rows fitted.
    pub(super) fn least_squares(
        &self,
        x: ArrayView2<'_, f64>,
        y: ArrayView2<'_, f64>,
    ) -> Option<Vec<Errors>> {
        let mut out = vec![Errors::none(self.masks.len()); y.ncols()];
        for cell in self.cells {
            let fit = BlockedRidge::new(x.select(Axis(0), &cell.train).view()).ok()?;
            let targets = y.select(Axis(0), &cell.train);
            let test = x.select(Axis(0), &cell.test);
            let of = fit
                .left_out_of_components(test.view(), targets.view(), x.ncols())
                .ok()?;
            let without = Without::new(cell, self.pairs, self.masks);
            let own = Errors::of_cell(&of, y, cell, &without);
            out.iter_mut().zip(&own).for_each(|(all, own)| all.add(own));
        }
        Some(out)
    }
}

/// Rows of a speaker below which the speaker's values move among all such speakers: of two rows shuffled among
/// themselves, both stay where they are every other time, and a null drawn so holds half of what is there.
const FEWEST_OWN: usize = 4;

/// Values dealt out anew within speakers; those of speakers with fewer than four rows among each other.
pub(super) fn shuffled<T: Clone>(values: &[T], speakers: &[usize], rng: &mut Stream) -> Vec<T> {
    let mut of = std::collections::BTreeMap::<usize, Vec<usize>>::new();
    for (row, speaker) in speakers.iter().enumerate() {
        of.entry(*speaker).or_default().push(row);
    }
    let (few, enough): (Vec<Vec<usize>>, Vec<Vec<usize>>) =
        of.into_values().partition(|rows| rows.len() < FEWEST_OWN);
    let mut out = values.to_vec();
    for rows in enough.iter().chain(std::iter::once(&few.concat())) {
        let mut own: Vec<T> = rows.iter().map(|r| values[*r].clone()).collect();
        own.shuffle(rng);
        for (row, value) in rows.iter().zip(own) {
            out[*row] = value;
        }
    }
    out
}
