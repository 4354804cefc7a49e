//! How well residuals tell by how much a word was changed.

use ndarray::{Array2, ArrayView2, s};
use phonoscope_analysis::rng;

use super::design::Kind;
use super::direction::{Bench, Null};
use super::held_out::{Errors, Held, Split, best_split, shuffled};
use super::input::{Edit, EmphasisInput};
use super::spread::{Figure, Scale};
use crate::error::{Error, Result};

/// Numbers of components that changes are rebuilt from.
pub(super) const COMPONENTS: [usize; 5] = [1, 2, 4, 8, 16];

/// Rows whose residuals are regressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// One condition.
    Within(usize),
    /// All conditions of emphasis together.
    Pooled,
}

/// What is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Length of the word's span over that of its neutral version, as a logarithm.
    Word,
    /// One of the edits.
    Edit(Edit),
}

impl Target {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Word => "word_duration",
            Self::Edit(Edit::Duration) => "duration",
            Self::Edit(Edit::F0) => "f0",
            Self::Edit(Edit::Level) => "level",
        }
    }
}

/// How well one target is told at one tap.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) rows: Rows,
    pub(super) target: Target,
    pub(super) pairs: usize,
    pub(super) split: Split,
    pub(super) r2: Figure,
    pub(super) null: Option<Null>,
    /// From the logarithms of lengths: neutral, changed, both.
    pub(super) lengths: [Option<Figure>; 3],
    /// `r2` less that of both lengths.
    pub(super) over_lengths: Option<Figure>,
    /// From the first components of the residuals, parallel to [`COMPONENTS`].
    pub(super) components: Vec<Figure>,
}

/// Versions whose residuals are regressed.
struct Stack {
    /// Pair of each row.
    pairs: Vec<usize>,
    conditions: Vec<usize>,
}

impl Bench<'_> {
    fn stack(&self, rows: Rows) -> Stack {
        let conditions = match rows {
            Rows::Within(condition) => vec![condition],
            Rows::Pooled => self.design.of_kind(Kind::Emphasis),
        };
        let mut out = Stack {
            pairs: vec![],
            conditions: vec![],
        };
        for condition in conditions {
            let pairs = self.design.having(condition);
            out.conditions
                .extend(std::iter::repeat_n(condition, pairs.len()));
            out.pairs.extend(pairs);
        }
        out
    }

    /// Length of a version of a pair in seconds.
    fn length(&self, input: &EmphasisInput, pair: usize, condition: Option<usize>) -> Option<f64> {
        let pair = &self.design.pairs[pair];
        let at = match condition {
            None => pair.neutral,
            Some(condition) => (*pair.versions.get(condition)?)?,
        };
        input.versions.get(at)?.length_secs.filter(|l| *l > 0.0)
    }

    fn value(
        &self,
        input: &EmphasisInput,
        target: Target,
        pair: usize,
        condition: usize,
    ) -> Option<f64> {
        match target {
            Target::Edit(edit) => self.design.target(input, edit, condition, pair),
            Target::Word => {
                let neutral = self.length(input, pair, None)?;
                Some((self.length(input, pair, Some(condition))? / neutral).ln())
            }
        }
    }

    /// How well the residuals of `rows` tell every target that varies in them.
    pub(super) fn told(
        &self,
        states: ArrayView2<'_, f64>,
        input: &EmphasisInput,
        rows: Rows,
    ) -> Result<Vec<Told>> {
        let stack = self.stack(rows);
        // Targets known of the same rows share their decompositions.
        type Valued = (Target, Vec<f64>);
        let mut shared: Vec<(Vec<usize>, Vec<Valued>)> = vec![];
        let targets = [Target::Word]
            .into_iter()
            .chain(Edit::ALL.map(Target::Edit));
        for target in targets {
            let values: Vec<Option<f64>> = stack
                .pairs
                .iter()
                .zip(&stack.conditions)
                .map(|(pair, condition)| self.value(input, target, *pair, *condition))
                .collect();
            let known: Vec<usize> = (0..values.len()).filter(|i| values[*i].is_some()).collect();
            let y: Vec<f64> = values.into_iter().flatten().collect();
            if !varies(&y) {
                continue;
            }
            match shared.iter_mut().find(|(rows, _)| *rows == known) {
                Some((_, targets)) => targets.push((target, y)),
                None => shared.push((known, vec![(target, y)])),
            }
        }
        let mut out = vec![];
        for (known, targets) in shared {
            let own = Stack {
                pairs: known.iter().map(|i| stack.pairs[*i]).collect(),
                conditions: known.iter().map(|i| stack.conditions[*i]).collect(),
            };
            out.extend(self.told_together(states, input, rows, &own, &targets)?);
            self.task.check()?;
        }
        Ok(out)
    }

    fn told_together(
        &self,
        states: ArrayView2<'_, f64>,
        input: &EmphasisInput,
        rows: Rows,
        stack: &Stack,
        asked: &[(Target, Vec<f64>)],
    ) -> Result<Vec<Told>> {
        let speakers = self.design.speakers_of(&stack.pairs);
        let (Some((split, cells)), Some(fold)) = (
            best_split(self.design, &stack.pairs),
            self.design.speaker_fold.as_ref(),
        ) else {
            return Ok(vec![]);
        };
        let speaker_fold: Vec<usize> = speakers.iter().map(|s| fold[*s]).collect();
        let x = self.residuals_of(states, stack);
        if x.iter().all(|v| *v == 0.0) {
            return Ok(vec![]);
        }
        let draws = match self.settings.nulls {
            true => self.settings.regression_draws(),
            false => 0,
        };
        let targets = self.columns(asked, &speakers, draws);
        let observed = asked.len();
        let masks = self.resampling.masks();
        let held = Held {
            cells: &cells,
            pairs: &stack.pairs,
            speaker_fold: &speaker_fold,
            masks: &masks,
        };
        let made = match held.predict(x.view(), targets.view(), (observed, &COMPONENTS)) {
            Ok(made) => made,
            // Residuals that do not vary among the rows fitted tell nothing.
            Err(Error::Analysis(phonoscope_analysis::Error::Undefined { .. })) => {
                return Ok(vec![]);
            }
            Err(other) => return Err(other),
        };
        let figure = |errors: &Errors| {
            let (value, without) = errors.r2();
            self.resampling
                .figure(&stack.pairs, Scale::R2, value, &without)
        };
        let shuffled_r2 = |column: usize| {
            let off = |of: &Array2<f64>| -> f64 {
                let both = targets.column(column).into_iter().zip(of.column(column));
                both.map(|(y, p)| (y - p).powi(2)).sum()
            };
            1.0 - off(&made.ridge) / off(&made.mean)
        };
        let leading = targets.slice(s![.., ..observed]);
        let lengths = self.lengths(input, stack, leading, &held);
        let mut out = vec![];
        for (t, (target, y)) in asked.iter().enumerate() {
            let own = figure(&made.errors[0][t]);
            let null: Vec<f64> = (0..draws)
                .map(|draw| shuffled_r2(observed + t * draws + draw))
                .collect();
            let lengths = [0, 1, 2].map(|k| Some(figure(lengths[k].as_ref()?.get(t)?)));
            out.push(Told {
                rows,
                target: *target,
                pairs: y.len(),
                split,
                null: (!null.is_empty()).then(|| Null::of(own.value, &null)),
                over_lengths: lengths[2].as_ref().map(|both| own.minus(both)),
                components: made.errors[1..].iter().map(|of| figure(&of[t])).collect(),
                r2: own,
                lengths,
            });
        }
        Ok(out)
    }

    /// The targets, then the shuffles of each, `[row, target or shuffle]`.
    fn columns(
        &self,
        asked: &[(Target, Vec<f64>)],
        speakers: &[usize],
        draws: usize,
    ) -> Array2<f64> {
        let own = asked.iter().map(|(_, y)| y.clone());
        let seed = self.settings.seed;
        let shuffles = asked.iter().flat_map(|(target, y)| {
            let stream = format!("emphasis.targets.{}", target.name());
            (0..draws).map(move |draw| {
                shuffled(y, speakers, &mut rng::stream(seed, &stream, draw as u64))
            })
        });
        let all: Vec<Vec<f64>> = own.chain(shuffles).collect();
        Array2::from_shape_fn((speakers.len(), all.len()), |(i, column)| all[column][i])
    }

    fn residuals_of(&self, states: ArrayView2<'_, f64>, stack: &Stack) -> Array2<f64> {
        let mut x = Array2::zeros((stack.pairs.len(), states.ncols()));
        for (i, (pair, condition)) in stack.pairs.iter().zip(&stack.conditions).enumerate() {
            x.row_mut(i)
                .assign(&self.design.residuals(states, *condition, &[*pair]).row(0));
        }
        x
    }

    /// Errors of least squares of each target on the logarithm of the neutral length, of the changed one, and of
    /// both, on the same folds, `[lengths][target]`.
    fn lengths(
        &self,
        input: &EmphasisInput,
        stack: &Stack,
        y: ArrayView2<'_, f64>,
        held: &Held<'_>,
    ) -> [Option<Vec<Errors>>; 3] {
        let logs: Option<Vec<[f64; 2]>> = stack
            .pairs
            .iter()
            .zip(&stack.conditions)
            .map(|(pair, condition)| {
                let neutral = self.length(input, *pair, None)?;
                let changed = self.length(input, *pair, Some(*condition))?;
                Some([neutral.ln(), changed.ln()])
            })
            .collect();
        let Some(logs) = logs else {
            return [None, None, None];
        };
        let columns: [&[usize]; 3] = [&[0], &[1], &[0, 1]];
        columns.map(|columns| {
            let x =
                Array2::from_shape_fn((logs.len(), columns.len()), |(i, k)| logs[i][columns[k]]);
            held.least_squares(x.view(), y)
        })
    }
}

/// Whether there is anything to predict.
fn varies(y: &[f64]) -> bool {
    let (lo, hi) = y
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| {
            (lo.min(*v), hi.max(*v))
        });
    y.len() >= 8 && hi - lo > 1e-9 * hi.abs().max(1.0)
}
