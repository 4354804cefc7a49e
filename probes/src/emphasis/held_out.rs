//! Held-out predictions on folds that share neither speakers nor words.

use ndarray::{Array2, ArrayView2, Axis};
use phonoscope_analysis::regress::BlockedRidge;
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

/// Held-out predictions and what they are compared with.
pub(super) struct Predicted {
    /// `[row, target]`.
    pub(super) ridge: Array2<f64>,
    /// Mean of the rows fitted, `[row, target]`.
    pub(super) mean: Array2<f64>,
    /// From the first components, `[k][row, target]`; of the leading `observed` targets.
    pub(super) components: Vec<Array2<f64>>,
}

/// Predicts every row of `x: [row, predictor]` by ridge regressions of `y: [row, target]`, each with the penalty
/// that predicts blocks of `speaker_fold` of the rows fitted best from one another. Of the first `observed`
/// targets also least squares on the first `k` components of the rows fitted.
pub(super) fn predict(
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    cells: &[Cell],
    speaker_fold: &[usize],
    (observed, ks): (usize, &[usize]),
) -> Result<Predicted> {
    use rayon::prelude::*;
    type Made = (Array2<f64>, Vec<Array2<f64>>);
    let made: Vec<Result<Made>> = cells
        .par_iter()
        .map(|cell| {
            let (train, targets) = (
                x.select(Axis(0), &cell.train),
                y.select(Axis(0), &cell.train),
            );
            let test = x.select(Axis(0), &cell.test);
            let blocks: Vec<usize> = cell.train.iter().map(|i| speaker_fold[*i]).collect();
            let fit = BlockedRidge::new(train.view())?;
            let penalties = match blocks.iter().any(|b| *b != blocks[0]) {
                true => fit.penalties(targets.view(), &blocks, &PENALTIES)?,
                false => vec![1.0; y.ncols()],
            };
            let leading = targets.slice(ndarray::s![.., ..observed]);
            let of_components = ks
                .iter()
                .map(|k| Ok(fit.predict_from_components(test.view(), leading, *k)?))
                .collect::<Result<_>>()?;
            Ok((
                fit.predict(test.view(), targets.view(), &penalties)?,
                of_components,
            ))
        })
        .collect();
    let mut out = Predicted {
        ridge: Array2::zeros(y.dim()),
        mean: Array2::zeros(y.dim()),
        components: vec![Array2::zeros((y.nrows(), observed)); ks.len()],
    };
    for (cell, made) in cells.iter().zip(made) {
        let (ridge, of_components) = made?;
        let mean = y.select(Axis(0), &cell.train).sum_axis(Axis(0)) / cell.train.len() as f64;
        for (i, row) in cell.test.iter().enumerate() {
            out.ridge.row_mut(*row).assign(&ridge.row(i));
            out.mean.row_mut(*row).assign(&mean);
            for (all, own) in out.components.iter_mut().zip(&of_components) {
                all.row_mut(*row).assign(&own.row(i));
            }
        }
    }
    Ok(out)
}

/// Values dealt out anew within speakers; those of speakers with a single row among each other.
pub(super) fn shuffled<T: Clone>(values: &[T], speakers: &[usize], rng: &mut Stream) -> Vec<T> {
    let mut of = std::collections::BTreeMap::<usize, Vec<usize>>::new();
    for (row, speaker) in speakers.iter().enumerate() {
        of.entry(*speaker).or_default().push(row);
    }
    let (alone, several): (Vec<Vec<usize>>, Vec<Vec<usize>>) =
        of.into_values().partition(|rows| rows.len() == 1);
    let mut out = values.to_vec();
    for rows in several.iter().chain(std::iter::once(&alone.concat())) {
        let mut own: Vec<T> = rows.iter().map(|r| values[*r].clone()).collect();
        own.shuffle(rng);
        for (row, value) in rows.iter().zip(own) {
            out[*row] = value;
        }
    }
    out
}
