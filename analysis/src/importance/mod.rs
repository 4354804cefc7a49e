//! What each predictor is worth in a regression of many targets.
//!
//! Everything starts from a [`crate::regress::Gram`] or its [`Correlations`], so that bootstrap
//! draws and folds cost no further look at the rows. Shares are of each target's variance,
//! `[target, predictor]`; [`Correlations::total`] turns them into shares of all variance.

mod forward;
mod shapley;

pub use forward::{Forward, ForwardHeldOut, forward, forward_held_out};
pub use shapley::{MOST_EXACT, Shares, shapley, shapley_sampled};

use ndarray::{Array1, Array2, ArrayView2};

use crate::regress::{COLLINEAR, Correlations};

/// Unique ΔR²: what R² loses when one predictor is left out, `[target, predictor]`.
///
/// 0 for a constant predictor and for one that the others determine; rows of NaN for constant targets.
pub fn unique(c: &Correlations) -> Array2<f64> {
    let p = c.predictors.nrows();
    let mut out = Array2::zeros((c.targets.ncols(), p));
    for j in 0..p {
        let mut path = Path::new(c);
        for k in (0..p).filter(|k| *k != j) {
            path.push(k);
        }
        if let Some(gain) = path.push(j) {
            out.column_mut(j).assign(&gain);
        }
    }
    mark_constant(&mut out, c);
    out
}

/// Variance inflation factor of each predictor: 1 when it is unrelated to the others; nothing when it
/// is constant or the others determine it.
pub fn vif(c: &Correlations) -> Vec<Option<f64>> {
    let p = c.predictors.nrows();
    let one = |j: usize| {
        let mut path = Path::new(c);
        for k in (0..p).filter(|k| *k != j) {
            path.push(k);
        }
        path.pivot(j).map(|left| 1.0 / left)
    };
    (0..p).map(one).collect()
}

/// Standardised slopes on all predictors: standard deviations of the target per standard deviation of the
/// predictor, `[target, predictor]`; 0 for predictors that add nothing to those before them, rows of NaN
/// for constant targets.
pub fn standardised_slopes(c: &Correlations) -> Array2<f64> {
    let p = c.predictors.nrows();
    let mut path = Path::new(c);
    for j in 0..p {
        path.push(j);
    }
    let mut out = Array2::zeros((c.targets.ncols(), p));
    // Back substitution through the triangle of the Cholesky factor.
    for k in (0..path.members.len()).rev() {
        let mut row = path.scores[k].clone();
        for later in k + 1..path.members.len() {
            let slope = out.column(path.members[later]);
            row.scaled_add(-path.factor[later][k], &slope);
        }
        row /= path.factor[k][k];
        out.column_mut(path.members[k]).assign(&row);
    }
    mark_constant(&mut out, c);
    out
}

/// R² of each target on all predictors, `[target]`; NaN for a constant target.
pub fn r2(c: &Correlations) -> Array1<f64> {
    let mut path = Path::new(c);
    let mut out = Array1::zeros(c.targets.ncols());
    for j in 0..c.predictors.nrows() {
        if let Some(gain) = path.push(j) {
            out += &gain;
        }
    }
    out.zip_mut_with(&c.squares, |r2, square| {
        if *square <= 0.0 {
            *r2 = f64::NAN;
        }
    });
    out
}

fn mark_constant(shares: &mut Array2<f64>, c: &Correlations) {
    for (mut row, square) in shares.outer_iter_mut().zip(&c.squares) {
        if *square <= 0.0 {
            row.fill(f64::NAN);
        }
    }
}

/// A growing list of predictors with the Cholesky factor of their correlations: adding one tells what it
/// adds to the R² of every target.
struct Path<'a> {
    r: ArrayView2<'a, f64>,
    c: ArrayView2<'a, f64>,
    members: Vec<usize>,
    /// Rows of the lower triangular factor.
    factor: Vec<Vec<f64>>,
    /// Correlation of each target with the part of each member that is new, `[member][target]`.
    scores: Vec<Array1<f64>>,
}

impl<'a> Path<'a> {
    fn new(c: &'a Correlations) -> Self {
        Self {
            r: c.predictors.view(),
            c: c.targets.view(),
            members: vec![],
            factor: vec![],
            scores: vec![],
        }
    }

    /// Row of the factor that `j` would get, without its last entry, and the share of `j` that is new.
    fn row(&self, j: usize) -> (Vec<f64>, f64) {
        let mut row = Vec::with_capacity(self.members.len() + 1);
        let mut left = self.r[[j, j]];
        for (k, member) in self.members.iter().enumerate() {
            let known: f64 = row
                .iter()
                .zip(&self.factor[k])
                .map(|(a, b): (&f64, &f64)| a * b)
                .sum();
            let entry = (self.r[[j, *member]] - known) / self.factor[k][k];
            left -= entry * entry;
            row.push(entry);
        }
        (row, left)
    }

    /// Share of predictor `j` that the members do not determine; nothing when that is none.
    fn pivot(&self, j: usize) -> Option<f64> {
        Some(self.row(j).1).filter(|left| *left > COLLINEAR)
    }

    /// Adds `j` and tells the gain in R², `[target]`; nothing (and `j` stays out) when `j` is constant or
    /// the members determine it.
    fn push(&mut self, j: usize) -> Option<Array1<f64>> {
        let (mut row, left) = self.row(j);
        if left <= COLLINEAR {
            return None;
        }
        let mut score = self.c.row(j).to_owned();
        for (entry, before) in row.iter().zip(&self.scores) {
            score.scaled_add(-entry, before);
        }
        let root = left.sqrt();
        score /= root;
        let gain = score.mapv(|v| v * v);
        row.push(root);
        self.members.push(j);
        self.factor.push(row);
        self.scores.push(score);
        Some(gain)
    }

    /// Takes back the last [`Path::push`] that succeeded.
    fn pop(&mut self) {
        self.members.pop();
        self.factor.pop();
        self.scores.pop();
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::linalg::tests::assert_near;
    use crate::regress::{Gram, ols};
    use ndarray::{Axis, array, concatenate};
    use rand::RngExt as _;

    /// Correlated predictors and targets that depend on some of them.
    pub(crate) fn sample(
        rows: usize,
        predictors: usize,
        targets: usize,
    ) -> (Array2<f64>, Array2<f64>) {
        let mut rng = crate::rng::stream(11, "importance-test", 0);
        let mut x = Array2::from_shape_fn((rows, predictors), |_| rng.random_range(-1.0..1.0));
        for mut row in x.outer_iter_mut() {
            for j in 1..predictors {
                row[j] += 0.6 * row[j - 1];
            }
        }
        let y = Array2::from_shape_fn((rows, targets), |(i, t)| {
            x[[i, t % predictors]] - 0.5 * x[[i, 0]] + rng.random_range(-1.0..1.0)
        });
        (x, y)
    }

    pub(crate) fn correlations(x: &Array2<f64>, y: &Array2<f64>) -> Correlations {
        Gram::of(x.view(), y.view(), None).unwrap().correlations()
    }

    #[test]
    fn everything_agrees_with_least_squares() {
        let (x, y) = sample(40, 4, 3);
        let c = correlations(&x, &y);
        let inflation = vif(&c);
        for t in 0..3 {
            let fit = ols(x.view(), y.column(t)).unwrap();
            assert_near(standardised_slopes(&c).row(t), &fit.standardised, 1e-10);
            assert!((r2(&c)[t] - fit.r2).abs() < 1e-12);
            for (j, inflation) in inflation.iter().enumerate() {
                assert!((inflation.unwrap() - fit.vif[j]).abs() < 1e-10);
                // ΔR² = t² (1 − R²) / df.
                let lost = fit.t[j + 1].powi(2) * (1.0 - fit.r2) / 35.0;
                assert!((unique(&c)[[t, j]] - lost).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn a_copy_leaves_nothing_unique() {
        let (x, y) = sample(40, 2, 1);
        let twice = concatenate![
            Axis(1),
            x,
            x.slice(ndarray::s![.., ..1]),
            Array2::ones((40, 1))
        ];
        let c = correlations(&twice, &y);
        let lost = unique(&c);
        assert!(lost[[0, 0]].abs() < 1e-12 && lost[[0, 2]] == 0.0 && lost[[0, 3]] == 0.0);
        assert!(lost[[0, 1]] > 0.0);
        let inflation = vif(&c);
        assert!(inflation[0].is_none() && inflation[3].is_none() && inflation[1].is_some());
        assert!((r2(&c)[0] - r2(&correlations(&x, &y))[0]).abs() < 1e-12);
        let flat = correlations(&x, &Array2::ones((40, 1)));
        assert!(unique(&flat)[[0, 0]].is_nan() && r2(&flat)[0].is_nan());
        assert!(flat.total(array![[1.0]].view())[0].is_nan());
    }

    #[test]
    fn totals_weigh_targets_by_their_variance() {
        let c = Correlations {
            predictors: array![[1.0]],
            targets: array![[0.5, 0.1, 0.0]],
            squares: array![3.0, 1.0, 0.0],
        };
        let total = c.total(unique(&c).view());
        assert!((total[0] - (0.25 * 0.75 + 0.01 * 0.25)).abs() < 1e-15);
    }
}
