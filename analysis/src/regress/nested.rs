//! F tests of nested linear models, and of interactions with groups.

use ndarray::{Array2, ArrayView2, Axis, concatenate};

use super::checked;
use super::gram::{COLLINEAR, Gram};
use crate::stats::f_upper;
use crate::{Error, Result, linalg};

/// Whether added predictors explain more of a target than chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FTest {
    /// Gain in explained sum of squares per added predictor over the residual variance; infinite for a
    /// perfect fit.
    pub f: f64,
    /// Added predictors that are not combinations of those before.
    pub df1: f64,
    /// Rows minus all coefficients.
    pub df2: f64,
    /// P(F ≥ f) for normal residuals of equal spread.
    pub p: f64,
    /// Gain in R².
    pub r2_gain: f64,
    /// R² with the added predictors.
    pub r2: f64,
}

/// Tests for each target of `y: [row, target]` whether `added: [row, predictor]` explain anything that
/// `base: [row, predictor]` and an intercept do not: `F = (Δ explained / df1) / (residual / df2)`.
///
/// Collinear predictors count once. `base` may have no columns. A constant target, or added predictors
/// that say nothing new, are errors.
pub fn nested_f(
    base: ArrayView2<'_, f64>,
    added: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
) -> Result<Vec<FTest>> {
    let what = "F test of nested models";
    let x = concatenate(Axis(1), &[base, added]).map_err(|_e| Error::Shape {
        what: format!("{what}: rows of the added predictors"),
        expected: base.nrows().to_string(),
        found: added.nrows().to_string(),
    })?;
    checked(what, x.view(), y)?;
    let gram = Gram::of(x.view(), y, None)?;
    let correlations = gram.correlations();
    if let Some(t) = correlations.squares.iter().position(|s| *s <= 0.0) {
        return Err(undefined(what, &format!("target {t} (from 0) is constant")));
    }
    let first: Vec<usize> = (0..base.ncols()).collect();
    let all: Vec<usize> = (0..x.ncols()).collect();
    let rank = |predictors: &[usize]| -> Result<usize> {
        let r = correlations.predictors.select(Axis(0), predictors);
        let r = r.select(Axis(1), predictors);
        let values = linalg::symmetric_eigenvalues(r.view())?;
        Ok(values.iter().filter(|v| **v > COLLINEAR).count())
    };
    let (few, many) = (rank(&first)?, rank(&all)?);
    if many == few {
        return Err(undefined(
            what,
            "the added predictors are constant or combinations of those before them",
        ));
    }
    if x.nrows() < many + 2 {
        return Err(Error::TooFew {
            what: format!("{what} with {many} predictors: rows"),
            needed: many + 2,
            found: x.nrows(),
        });
    }
    let (df1, df2) = ((many - few) as f64, (x.nrows() - many - 1) as f64);
    let (before, after) = (gram.explained(&first)?, gram.explained(&all)?);
    let test = |t: usize| {
        let whole = correlations.squares[t];
        let gain = (after[t] - before[t]).max(0.0);
        let residual = (whole - after[t]).max(0.0);
        let f = (gain / df1) / (residual / df2);
        FTest {
            f,
            df1,
            df2,
            p: if f.is_infinite() {
                0.0
            } else {
                f_upper(f, df1, df2)
            },
            r2_gain: gain / whole,
            r2: (after[t] / whole).min(1.0),
        }
    };
    Ok((0..gram.targets()).map(test).collect())
}

/// Tests of `predictor × group` products.
#[derive(Debug, Clone, PartialEq)]
pub struct Interactions {
    /// One predictor's products at a time, added to all main effects, `[predictor][target]`; nothing for a
    /// predictor that varies in fewer than two groups.
    pub each: Vec<Option<Vec<FTest>>>,
    /// The products of all predictors together, `[target]`.
    pub all: Vec<FTest>,
}

/// Tests whether the slopes of `y: [row, target]` on `x: [row, predictor]` differ between `groups` (one
/// number per row): nested models, main effects of all predictors and groups against the same with
/// predictor × group products. Predictors are centred first, which changes no test.
pub fn interactions(
    x: ArrayView2<'_, f64>,
    groups: &[usize],
    y: ArrayView2<'_, f64>,
) -> Result<Interactions> {
    let what = "interaction test";
    checked(what, x, y)?;
    if groups.len() != x.nrows() {
        return Err(Error::Shape {
            what: format!("{what}: groups"),
            expected: x.nrows().to_string(),
            found: groups.len().to_string(),
        });
    }
    let levels: std::collections::BTreeSet<usize> = groups.iter().copied().collect();
    if levels.len() < 2 {
        return Err(Error::TooFew {
            what: format!("{what}: groups"),
            needed: 2,
            found: levels.len(),
        });
    }
    let coded: Vec<usize> = levels.into_iter().skip(1).collect();
    let dummies = Array2::from_shape_fn((groups.len(), coded.len()), |(i, g)| {
        f64::from(groups[i] == coded[g])
    });
    let centred = &x - &(x.sum_axis(Axis(0)) / x.nrows() as f64);
    let products = |j: usize| &dummies * &centred.column(j).insert_axis(Axis(1));
    let (p, m) = (x.ncols(), coded.len());
    let mut base = Array2::zeros((x.nrows(), p + m));
    let (mut left, mut right) = base.view_mut().split_at(Axis(1), p);
    left.assign(&centred);
    right.assign(&dummies);
    let mut each = Vec::with_capacity(p);
    let mut whole = Array2::zeros((x.nrows(), p * m));
    for j in 0..p {
        let own = products(j);
        whole
            .slice_mut(ndarray::s![.., j * m..(j + 1) * m])
            .assign(&own);
        each.push(match nested_f(base.view(), own.view(), y) {
            Ok(tests) => Some(tests),
            Err(Error::Undefined { why, .. }) if why.starts_with("the added") => None,
            Err(e) => return Err(e),
        });
    }
    Ok(Interactions {
        each,
        all: nested_f(base.view(), whole.view(), y)?,
    })
}

fn undefined(what: &str, why: &str) -> Error {
    Error::Undefined {
        what: what.into(),
        why: why.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regress::ols;
    use ndarray::{Array1, array};
    use rand::RngExt as _;

    #[test]
    fn one_slope_is_the_f_of_least_squares() {
        let x = array![[1.0, 0.5], [2.0, -1.0], [3.0, 0.0], [4.0, 1.5], [5.0, -0.5]];
        let y = array![2.0, 4.0, 5.0, 9.0, 9.5];
        let fit = ols(x.view(), y.view()).unwrap();
        let y = y.insert_axis(Axis(1));
        let none = Array2::zeros((5, 0));
        let test = nested_f(none.view(), x.view(), y.view()).unwrap()[0];
        assert!((test.f / fit.f - 1.0).abs() < 1e-9 && (test.p - fit.f_p).abs() < 1e-9);
        // The last predictor alone: F is the square of its t.
        let (first, second) = x.view().split_at(Axis(1), 1);
        let test = nested_f(first, second, y.view()).unwrap()[0];
        assert!((test.f / fit.t[2].powi(2) - 1.0).abs() < 1e-9);
        assert!((test.p - fit.p[2]).abs() < 1e-9 && test.df2 == 2.0);
        assert!(nested_f(first, first, y.view()).is_err());
        assert!(nested_f(first, second, Array2::ones((5, 1)).view()).is_err());
        assert!(nested_f(first, Array2::ones((4, 1)).view(), y.view()).is_err());
    }

    /// Two groups of different mean; the slope of target 0 on predictor 0 turns with the group when asked.
    fn voices(seed: u64, turn: f64) -> (Array2<f64>, Vec<usize>, Array2<f64>) {
        let mut rng = crate::rng::stream(seed, "interaction-test", 0);
        let groups: Vec<usize> = (0..80).map(|i| 3 + 4 * (i % 2)).collect();
        let x = Array2::from_shape_fn((80, 2), |_| rng.random_range(-1.0..1.0));
        let y = Array2::from_shape_fn((80, 2), |(i, t)| {
            let sign = if groups[i] == 3 { turn } else { -turn };
            let bend = if t == 0 { sign * x[[i, 0]] } else { 0.0 };
            x[[i, 1]] + groups[i] as f64 + bend + rng.random_range(-1.0..1.0)
        });
        (x, groups, y)
    }

    #[test]
    fn a_planted_interaction_is_found_where_it_is() {
        let (x, groups, y) = voices(1, 1.0);
        let found = interactions(x.view(), &groups, y.view()).unwrap();
        let p = |j: usize, t: usize| found.each[j].as_ref().unwrap()[t].p;
        assert!(p(0, 0) < 1e-6 && found.all[0].p < 1e-6);
        assert!(p(1, 1) > 0.01 && p(0, 1) > 0.01 && found.all[1].p > 0.01);
        assert_eq!(found.all[0].df1, 2.0);
    }

    #[test]
    fn nothing_planted_is_found_at_the_nominal_rate() {
        let found = (0..400).filter(|seed| {
            let (x, groups, y) = voices(100 + seed, 0.0);
            interactions(x.view(), &groups, y.view()).unwrap().all[0].p < 0.05
        });
        // 20 expected; binomial 99 % band 9 to 32.
        assert!((9..=32).contains(&found.count()));
    }

    #[test]
    fn degenerate_groups_and_predictors() {
        let (x, groups, y) = voices(2, 0.0);
        assert!(interactions(x.view(), &[1; 80], y.view()).is_err());
        assert!(interactions(x.view(), &groups[1..], y.view()).is_err());
        let mut flat = x.clone();
        flat.column_mut(0).assign(&Array1::from_elem(80, 0.1));
        let found = interactions(flat.view(), &groups, y.view()).unwrap();
        assert!(found.each[0].is_none() && found.each[1].is_some());
    }
}
