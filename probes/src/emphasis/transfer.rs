//! A direction learnt on some speakers, words and cues, applied to others; and what else it answers to.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use phonoscope_analysis::stats;

use super::design::Kind;
use super::direction::Bench;
use super::held_out::{Cell, Split, cells};
use super::spread::{Figure, Scale};
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

/// Products of states with the residuals that a direction is learnt from.
struct Products {
    /// Condition that they are of.
    learnt: usize,
    /// Pairs that the residuals are of.
    learners: Vec<usize>,
    /// Place of a pair among the learners.
    place: Vec<Option<usize>>,
    /// Of the neutral version of each pair, `[pair, learner]`.
    neutral: Array2<f64>,
    /// Of its version of each condition; rows of pairs without one are not read.
    changed: Vec<Array2<f64>>,
}

/// Where a pair's versions lie along a direction that was learnt without it, in standard deviations of neutral
/// versions.
#[derive(Debug, Clone)]
struct Placed {
    pair: usize,
    neutral: f64,
    /// Parallel to the conditions.
    changed: Vec<Option<f64>>,
}

/// Figures of one direction on one condition, in the order of [`Transfer`]'s.
const SCALES: [Scale; 4] = [Scale::Share, Scale::Share, Scale::Plain, Scale::Share];

impl Bench<'_> {
    /// Directions learnt on every condition of emphasis, applied to every condition.
    pub(super) fn transfers(&self, states: ArrayView2<'_, f64>) -> Result<Vec<Transfer>> {
        let mut out = vec![];
        for learnt in self.design.of_kind(Kind::Emphasis) {
            let products = self.products(states, learnt);
            for split in [Split::Speakers, Split::Words, Split::Both] {
                out.extend(self.of_direction(&products, learnt, split));
            }
            self.task.check()?;
        }
        Ok(out)
    }

    fn products(&self, states: ArrayView2<'_, f64>, learnt: usize) -> Products {
        let design = self.design;
        let learners = design.having(learnt);
        let mut place = vec![None; design.pairs.len()];
        learners
            .iter()
            .enumerate()
            .for_each(|(at, pair)| place[*pair] = Some(at));
        let residuals = design.residuals(states, learnt, &learners);
        let all: Vec<usize> = (0..design.pairs.len()).collect();
        let of =
            |condition: Option<usize>| design.states(states, condition, &all).dot(&residuals.t());
        Products {
            learnt,
            learners,
            place,
            neutral: of(None),
            changed: (0..design.conditions.len()).map(|c| of(Some(c))).collect(),
        }
    }

    fn of_direction(&self, products: &Products, learnt: usize, split: Split) -> Vec<Transfer> {
        let all: Vec<usize> = (0..self.design.pairs.len()).collect();
        let Some(cells) = cells(self.design, &all, split) else {
            return vec![];
        };
        let learners: Vec<Learners> = cells
            .iter()
            .map(|cell| Learners::new(products, cell))
            .collect();
        let placed = |kept: &[bool]| -> Vec<Placed> {
            let parts = learners.iter().zip(&cells);
            parts
                .flat_map(|(learners, cell)| self.placed(products, learners, cell, kept))
                .collect()
        };
        let whole = placed(&vec![true; all.len()]);
        let tested: Vec<usize> = (0..self.design.conditions.len())
            .filter(|c| of_condition(&whole, *c).len() >= 4)
            .collect();
        if !tested.contains(&learnt) {
            return vec![];
        }
        let scales: Vec<Scale> = tested.iter().flat_map(|_| SCALES).collect();
        let figures = self.resampling.figures(&all, &scales, |kept| {
            let placed = placed(kept);
            let own = of_condition(&placed, learnt);
            tested
                .iter()
                .flat_map(|c| measures(&of_condition(&placed, *c), &own))
                .collect()
        });
        let mut out = vec![];
        for (condition, figures) in tested.into_iter().zip(figures.chunks_exact(SCALES.len())) {
            let [auc, share, response, over] = figures else {
                continue;
            };
            out.push(Transfer {
                learnt,
                tested: condition,
                split,
                pairs: of_condition(&whole, condition).len(),
                auc: auc.clone(),
                share: share.clone(),
                response: response.clone(),
                over: (condition != learnt).then(|| over.clone()),
            });
        }
        out
    }

    /// The held-out pairs that are kept along the direction of the other pairs that are kept.
    fn placed(
        &self,
        products: &Products,
        learners: &Learners,
        cell: &Cell,
        kept: &[bool],
    ) -> Vec<Placed> {
        let (mut used, mut gone) = (vec![], vec![]);
        for at in &learners.rows {
            if kept[products.learners[*at]] {
                used.push(*at);
            } else {
                gone.push(*at);
            }
        }
        if used.len() < 2 || !learners.has_direction {
            return vec![];
        }
        let along = |of: &Array2<f64>, sums: &Array1<f64>, pair: usize| {
            sums[pair] - gone.iter().map(|at| of[[pair, *at]]).sum::<f64>()
        };
        let neutral = |pair: usize| along(&products.neutral, &learners.neutral, pair);
        let of_learners: Vec<f64> = used
            .iter()
            .map(|at| neutral(products.learners[*at]))
            .collect();
        let n = of_learners.len() as f64;
        let middle = of_learners.iter().sum::<f64>() / n;
        let variance = of_learners
            .iter()
            .map(|v| (v - middle).powi(2))
            .sum::<f64>()
            / n;
        // Without spread places are counted in lengths of the direction.
        let unit = match variance > 0.0 {
            true => variance.sqrt(),
            false => learners.squares.sqrt(),
        };
        let place = |v: f64| (v - middle) / unit;
        cell.test
            .iter()
            .filter(|p| kept[**p])
            .map(|p| {
                let versions = self.design.pairs[*p].versions.iter().enumerate();
                Placed {
                    pair: *p,
                    neutral: place(neutral(*p)),
                    changed: versions
                        .map(|(c, at)| {
                            at.map(|_| place(along(&products.changed[c], &learners.changed[c], *p)))
                        })
                        .collect(),
                }
            })
            .collect()
    }
}

/// The pairs that a cell's direction is learnt from, and all versions along their summed residuals.
struct Learners {
    /// Places among the learners.
    rows: Vec<usize>,
    has_direction: bool,
    /// Squared length of the summed residual.
    squares: f64,
    /// `[pair]`.
    neutral: Array1<f64>,
    /// `[condition][pair]`.
    changed: Vec<Array1<f64>>,
}

impl Learners {
    fn new(products: &Products, cell: &Cell) -> Self {
        let rows: Vec<usize> = cell
            .train
            .iter()
            .filter_map(|p| products.place[*p])
            .collect();
        let sums = |of: &Array2<f64>| of.select(Axis(1), &rows).sum_axis(Axis(1));
        let neutral = sums(&products.neutral);
        let changed: Vec<Array1<f64>> = products.changed.iter().map(sums).collect();
        // The residuals' own sum is what the versions that they are of have more than the neutral ones.
        let of_learnt = &changed[products.learnt] - &neutral;
        let squares: f64 = rows
            .iter()
            .map(|at| of_learnt[products.learners[*at]])
            .sum();
        let size: f64 = rows
            .iter()
            .map(|at| neutral[products.learners[*at]].abs())
            .sum();
        Self {
            has_direction: squares > 1e-12 * size && squares > 0.0,
            squares,
            rows,
            neutral,
            changed,
        }
    }
}

/// AUC, share, response and AUC over the condition learnt on; `own` holds the steps of that condition.
fn measures(found: &[(usize, f64, f64)], own: &[(usize, f64, f64)]) -> [f64; 4] {
    if found.is_empty() || own.is_empty() {
        return [f64::NAN; 4];
    }
    let steps =
        |of: &[(usize, f64, f64)]| -> Vec<f64> { of.iter().map(|(_, n, c)| c - n).collect() };
    let (step, step_own) = (steps(found), steps(own));
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let further: f64 = step
        .iter()
        .map(|s| match s.partial_cmp(&0.0) {
            Some(std::cmp::Ordering::Greater) => 1.0,
            Some(std::cmp::Ordering::Less) => 0.0,
            _ => 0.5,
        })
        .sum();
    let neutral: Vec<f64> = found.iter().map(|f| f.1).collect();
    let changed: Vec<f64> = found.iter().map(|f| f.2).collect();
    let auc = |low: &[f64], high: &[f64]| stats::auc(low, high).unwrap_or(f64::NAN);
    [
        auc(&neutral, &changed),
        further / step.len() as f64,
        mean(&step) / mean(&step_own),
        auc(&step, &step_own),
    ]
}

/// Pair, neutral place and changed place of the pairs that have the condition.
fn of_condition(placed: &[Placed], condition: usize) -> Vec<(usize, f64, f64)> {
    let found = placed
        .iter()
        .filter_map(|p| Some((p.pair, p.neutral, (*p.changed.get(condition)?)?)));
    found.collect()
}
