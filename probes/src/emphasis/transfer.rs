//! A direction learnt on some speakers, words and cues, applied to others; and what else it answers to.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use phonoscope_analysis::stats;

use super::design::Kind;
use super::direction::Bench;
use super::held_out::{Cell, Split, cells};
use super::smooth::{Ramp, Rest, step};
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
    /// Mean step along the direction, in standard deviations of neutral versions.
    pub(super) step: Figure,
    /// That, over that of the condition it was learnt on; nothing where the latter is not told from 0.
    pub(super) response: Option<Figure>,
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
const SCALES: [Scale; 5] = [
    Scale::Share,
    Scale::Share,
    Scale::Plain,
    Scale::Plain,
    Scale::Share,
];

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
        let own = of_condition(&whole, learnt);
        let counted: Vec<Counted> = tested
            .iter()
            .map(|c| Counted::new(of_condition(&whole, *c), &own))
            .collect();
        let figures = self.resampling.figures(&all, &scales, |kept| {
            if kept.iter().all(|k| *k) {
                return counted
                    .iter()
                    .flat_map(|c| measures(&c.found, &own))
                    .collect();
            }
            let placed = placed(kept);
            let of_own = Part::new(&own, of_condition(&placed, learnt), kept);
            let parts = tested.iter().zip(&counted);
            parts
                .flat_map(|(condition, counted)| {
                    let found = of_condition(&placed, *condition);
                    counted.without(&Part::new(&counted.found, found, kept), &of_own)
                })
                .collect()
        });
        let own_step = (tested.iter().zip(figures.chunks_exact(SCALES.len())))
            .find(|(condition, _)| **condition == learnt)
            .and_then(|(_, figures)| figures.get(2));
        let has_own_step = own_step.is_some_and(|step| self.is_told_from_none(step));
        let mut out = vec![];
        for (condition, figures) in tested.into_iter().zip(figures.chunks_exact(SCALES.len())) {
            let [auc, share, step, response, over] = figures else {
                continue;
            };
            out.push(Transfer {
                learnt,
                tested: condition,
                split,
                pairs: of_condition(&whole, condition).len(),
                auc: auc.clone(),
                share: share.clone(),
                step: step.clone(),
                response: has_own_step.then(|| response.clone()),
                over: (condition != learnt).then(|| over.clone()),
            });
        }
        out
    }

    /// Whether a figure's interval is on one side of 0.
    fn is_told_from_none(&self, figure: &Figure) -> bool {
        let all = (f64::NEG_INFINITY, f64::INFINITY);
        let estimate = figure.estimate(self.settings.level, all);
        estimate.is_some_and(|e| e.lo > 0.0 || e.hi < 0.0)
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

/// Pair, neutral place and changed place.
type Place = (usize, f64, f64);

fn steps(of: &[Place]) -> Vec<f64> {
    of.iter()
        .map(|(_, neutral, changed)| changed - neutral)
        .collect()
}

fn sides(of: &[Place]) -> (Vec<f64>, Vec<f64>) {
    of.iter()
        .map(|(_, neutral, changed)| (*neutral, *changed))
        .unzip()
}

fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / of.len() as f64
}

/// AUC, share, step, response and AUC over the condition learnt on; `own` holds the places of that condition.
fn measures(found: &[Place], own: &[Place]) -> [f64; 5] {
    if found.is_empty() || own.is_empty() {
        return [f64::NAN; 5];
    }
    let (of, of_own) = (steps(found), steps(own));
    let (neutral, changed) = sides(found);
    let auc = |low: &[f64], high: &[f64]| stats::auc(low, high).unwrap_or(f64::NAN);
    [
        auc(&neutral, &changed),
        of.iter().map(|s| step(*s)).sum::<f64>() / of.len() as f64,
        mean(&of),
        mean(&of) / mean(&of_own),
        auc(&of, &of_own),
    ]
}

/// What is left of a condition's places: as they are on the direction fitted anew, and which are gone.
struct Part {
    places: Vec<Place>,
    steps: Vec<f64>,
    gone: Vec<usize>,
    /// Whether every pair that is kept has a place.
    is_whole: bool,
}

impl Part {
    fn new(all: &[Place], places: Vec<Place>, kept: &[bool]) -> Self {
        let gone: Vec<usize> = (0..all.len()).filter(|k| !kept[all[*k].0]).collect();
        Self {
            is_whole: !places.is_empty() && places.len() + gone.len() == all.len(),
            steps: steps(&places),
            places,
            gone,
        }
    }
}

/// A condition's places on the direction that was learnt from all, and what steps have more than ramps there.
struct Counted {
    found: Vec<Place>,
    sides: (Ramp, Rest),
    step: (Ramp, Vec<f64>),
    over: (Ramp, Rest),
}

impl Counted {
    fn new(found: Vec<Place>, own: &[Place]) -> Self {
        let (of, of_own) = (steps(&found), steps(own));
        let between = |low: &[f64], high: &[f64]| {
            let ramp = Ramp::between(low, high);
            (ramp, Rest::new(ramp, low, high))
        };
        let (neutral, changed) = sides(&found);
        let ramp = Ramp::of(&of);
        Self {
            sides: between(&neutral, &changed),
            step: (ramp, of.iter().map(|s| step(*s) - ramp.at(*s)).collect()),
            over: between(&of, &of_own),
            found,
        }
    }

    /// As [`measures`], of the places that are left.
    fn without(&self, left: &Part, own: &Part) -> [f64; 5] {
        if !left.is_whole || !own.is_whole {
            return [f64::NAN; 5];
        }
        let (neutral, changed) = sides(&left.places);
        let (ramp, rest) = &self.step;
        let gone: f64 = left.gone.iter().map(|k| rest[*k]).sum();
        let share: f64 = left.steps.iter().map(|s| ramp.at(*s)).sum();
        [
            self.sides.0.auc(&neutral, &changed) + self.sides.1.without(&left.gone, &left.gone),
            (share + rest.iter().sum::<f64>() - gone) / left.steps.len() as f64,
            mean(&left.steps),
            mean(&left.steps) / mean(&own.steps),
            self.over.0.auc(&left.steps, &own.steps) + self.over.1.without(&left.gone, &own.gone),
        ]
    }
}

/// Places of the pairs that have the condition.
fn of_condition(placed: &[Placed], condition: usize) -> Vec<Place> {
    let found = placed
        .iter()
        .filter_map(|p| Some((p.pair, p.neutral, (*p.changed.get(condition)?)?)));
    found.collect()
}
