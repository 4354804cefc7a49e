//! What is known of a tap from speakers who are not pushed.

use ndarray::{Array1, ArrayView2, Axis as At, concatenate};
use phonoscope_analysis::regress::BlockedRidge;

use super::design::{Design, Kind};
use super::held_out::PENALTIES;
use super::input::{Edit, EmphasisInput};
use super::intervene::refuse;
use crate::error::Result;

/// What is known of a tap from the speakers who are not pushed.
pub(super) struct Learnt {
    /// Mean emphasis residual.
    pub(super) mean: Array1<f64>,
    /// Mean length of emphasis residuals.
    pub(super) length: f64,
    /// Slopes of log duration ratio and of F0 shift, where they could be learnt.
    pub(super) slopes: [Option<Array1<f64>>; 2],
}

impl Learnt {
    /// What the residuals of `learners` say of a tap with these states.
    pub(super) fn of(
        design: &Design,
        input: &EmphasisInput,
        states: ArrayView2<'_, f64>,
        learners: &[usize],
    ) -> Result<Self> {
        let residuals = design.residuals(states, design.main(), learners);
        let mean = residuals.sum_axis(At(0)) / learners.len() as f64;
        let length = residuals
            .outer_iter()
            .map(|r| r.dot(&r).sqrt())
            .sum::<f64>()
            / learners.len() as f64;
        if mean.iter().all(|v| *v == 0.0) {
            return Err(refuse("the mean residual is zero".into()));
        }
        let slope = |edit: Edit| -> Option<Array1<f64>> {
            let (mut rows, mut y, mut blocks) = (vec![], vec![], vec![]);
            let folds = design.speaker_fold.as_ref()?;
            for condition in design.of_kind(Kind::Emphasis) {
                for pair in learners {
                    let Some(value) = design.target(input, edit, condition, *pair) else {
                        continue;
                    };
                    rows.push(design.residuals(states, condition, &[*pair]));
                    y.push(value);
                    blocks.push(folds[design.pairs[*pair].speaker]);
                }
            }
            let views: Vec<_> = rows.iter().map(|r| r.view()).collect();
            let x = concatenate(At(0), &views).ok()?;
            let y = Array1::from(y).insert_axis(At(1));
            let fit = BlockedRidge::new(x.view()).ok()?;
            let penalty = fit.penalties(y.view(), &blocks, &PENALTIES).ok()?;
            Some(fit.slopes(y.view(), &penalty).ok()?.column(0).to_owned())
        };
        Ok(Self {
            mean,
            length,
            slopes: [slope(Edit::Duration), slope(Edit::F0)],
        })
    }
}

pub(super) fn reading_of(of: &Learnt, reading: usize, change: &Array1<f64>) -> f64 {
    let along = change.dot(&of.mean);
    let squares = of.mean.dot(&of.mean);
    match reading {
        0 => along / squares,
        1 => {
            let length = change.dot(change).sqrt();
            if length > 0.0 {
                along / (length * squares.sqrt())
            } else {
                f64::NAN
            }
        }
        2 => of.slopes[0].as_ref().map_or(f64::NAN, |s| change.dot(s)),
        _ => of.slopes[1].as_ref().map_or(f64::NAN, |s| change.dot(s)),
    }
}
