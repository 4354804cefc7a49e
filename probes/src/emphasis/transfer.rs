//! A direction learnt on some speakers, words and cues, applied to others; and what else it answers to.

use ndarray::{ArrayView1, ArrayView2, Axis};
use phonoscope_analysis::stats::{self, Sorted};
use rayon::prelude::*;

use super::design::Kind;
use super::direction::Bench;
use super::held_out::{Cell, Split, cells};
use super::spread::{Figure, by_speaker, distinct};
use crate::error::Result;

/// One learnt direction applied to one condition.
#[derive(Debug, Clone)]
pub(super) struct Transfer {
    pub(super) learnt: usize,
    pub(super) tested: usize,
    pub(super) split: Split,
    pub(super) pairs: usize,
    /// Chance that a changed version lies further along than a neutral one, of any two.
    pub(super) auc: Figure,
    /// Share of pairs whose changed version lies further along than its own neutral one.
    pub(super) share: Figure,
    /// Mean step along the direction, over that of the condition it was learnt on.
    pub(super) response: Figure,
    /// Chance that a step of the condition it was learnt on is larger than one of this condition.
    pub(super) over: Option<Figure>,
}

/// Where the versions of a pair lie along a direction that was learnt without them, in standard deviations of
/// neutral versions.
#[derive(Debug, Clone)]
struct Placed {
    pair: usize,
    neutral: f64,
    /// Parallel to the conditions.
    changed: Vec<Option<f64>>,
}

impl Bench<'_> {
    /// Directions learnt on every condition of emphasis, applied to every condition.
    pub(super) fn transfers(&self, states: ArrayView2<'_, f64>) -> Result<Vec<Transfer>> {
        let mut jobs = vec![];
        for learnt in self.design.of_kind(Kind::Emphasis) {
            for split in [Split::Speakers, Split::Words, Split::Both] {
                jobs.push((learnt, split));
            }
        }
        let made: Vec<Vec<Transfer>> = jobs
            .into_par_iter()
            .map(|(learnt, split)| self.of_direction(states, learnt, split))
            .collect();
        self.task.check()?;
        Ok(made.concat())
    }

    fn of_direction(
        &self,
        states: ArrayView2<'_, f64>,
        learnt: usize,
        split: Split,
    ) -> Vec<Transfer> {
        let pairs: Vec<usize> = (0..self.design.pairs.len()).collect();
        let Some(cells) = cells(self.design, &pairs, split) else {
            return vec![];
        };
        let placed: Vec<Placed> = cells
            .iter()
            .flat_map(|cell| self.placed(states, learnt, cell))
            .collect();
        let own: Vec<(usize, f64, f64)> = of_condition(&placed, learnt);
        if own.len() < 4 {
            return vec![];
        }
        (0..self.design.conditions.len())
            .filter_map(|tested| {
                let found = of_condition(&placed, tested);
                (found.len() >= 4).then(|| self.transfer((learnt, tested, split), &own, &found))
            })
            .collect()
    }

    /// The held-out pairs of a cell along the direction of its other pairs.
    fn placed(&self, states: ArrayView2<'_, f64>, learnt: usize, cell: &Cell) -> Vec<Placed> {
        let design = self.design;
        let train: Vec<usize> = cell
            .train
            .iter()
            .copied()
            .filter(|p| design.pairs[*p].versions[learnt].is_some())
            .collect();
        let mean = design.residuals(states, learnt, &train).sum_axis(Axis(0));
        let length = mean.dot(&mean).sqrt();
        if train.len() < 2 || length.is_nan() || length <= 0.0 {
            return vec![];
        }
        let direction = mean / length;
        let neutral = design.states(states, None, &train).dot(&direction);
        let middle = neutral.sum() / neutral.len() as f64;
        let sd = neutral.mapv(|v| (v - middle).powi(2)).sum() / neutral.len() as f64;
        let sd = if sd > 0.0 { sd.sqrt() } else { 1.0 };
        let along = |row: ArrayView1<'_, f64>| (row.dot(&direction) - middle) / sd;
        cell.test
            .iter()
            .map(|p| Placed {
                pair: *p,
                neutral: along(states.row(design.pairs[*p].neutral)),
                changed: design.pairs[*p]
                    .versions
                    .iter()
                    .map(|at| at.map(|at| along(states.row(at))))
                    .collect(),
            })
            .collect()
    }

    fn transfer(
        &self,
        (learnt, tested, split): (usize, usize, Split),
        own: &[(usize, f64, f64)],
        found: &[(usize, f64, f64)],
    ) -> Transfer {
        let count = self.resampling.speakers;
        let speakers = |of: &[(usize, f64, f64)]| -> Vec<usize> {
            of.iter()
                .map(|(p, _, _)| self.design.pairs[*p].speaker)
                .collect()
        };
        let (of_found, of_own) = (speakers(found), speakers(own));
        let steps =
            |of: &[(usize, f64, f64)]| -> Vec<f64> { of.iter().map(|(_, n, c)| c - n).collect() };
        let (step, step_own) = (steps(found), steps(own));
        let n = distinct(&of_found);
        let sum = |values: &[f64], speakers: &[usize]| by_speaker(values, speakers, count);
        let (each, each_own) = (vec![1.0; found.len()], vec![1.0; own.len()]);
        let terms = [
            sum(&step, &of_found),
            sum(&each, &of_found),
            sum(&step_own, &of_own),
            sum(&each_own, &of_own),
        ];
        let response = self.resampling.bootstrap(n, |w| {
            let of = |k: usize| terms[k].iter().zip(w).map(|(v, w)| v * w).sum::<f64>();
            (of(0) / of(1)) / (of(2) / of(3))
        });
        let further: Vec<f64> = step
            .iter()
            .map(|s| {
                if *s > 0.0 {
                    1.0
                } else if *s < 0.0 {
                    0.0
                } else {
                    0.5
                }
            })
            .collect();
        let share = Figure {
            n,
            ..self.resampling.ratio(&sum(&further, &of_found), &terms[1])
        };
        let neutral: Vec<f64> = found.iter().map(|f| f.1).collect();
        let changed: Vec<f64> = found.iter().map(|f| f.2).collect();
        Transfer {
            learnt,
            tested,
            split,
            pairs: found.len(),
            auc: self.auc((&neutral, &of_found), (&changed, &of_found)),
            share,
            response,
            over: (tested != learnt).then(|| self.auc((&step, &of_found), (&step_own, &of_own))),
        }
    }

    /// AUC of two samples whose values belong to speakers.
    fn auc(&self, low: (&[f64], &[usize]), high: (&[f64], &[usize])) -> Figure {
        let values = [low.0, high.0].concat();
        let speakers = [low.1, high.1].concat();
        let is_high: Vec<bool> = (0..values.len()).map(|i| i >= low.0.len()).collect();
        let sorted = Sorted::new(&values);
        self.resampling.bootstrap(distinct(&speakers), |w| {
            let weights: Vec<f64> = speakers.iter().map(|s| w[*s]).collect();
            stats::weighted_auc(&sorted, &is_high, &weights)
        })
    }
}

/// Pair, neutral place and changed place of the pairs that have the condition.
fn of_condition(placed: &[Placed], condition: usize) -> Vec<(usize, f64, f64)> {
    let found = placed
        .iter()
        .filter_map(|p| Some((p.pair, p.neutral, (*p.changed.get(condition)?)?)));
    found.collect()
}
