//! Regression of many targets at once on held-out rows, cheap enough to bootstrap.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::checked;
use super::gram::{Gram, check_weights};
use crate::{Error, Result};

/// Rows dealt into folds: predictors `[row, predictor]`, targets `[row, target]`.
///
/// Give one row per speaker (or keep each speaker in one fold), then weights that count speakers are
/// the cluster bootstrap, and copies of a speaker never lie on both sides.
#[derive(Debug, Clone)]
pub struct Design<'a> {
    x: ArrayView2<'a, f64>,
    y: ArrayView2<'a, f64>,
    /// Row numbers of each fold.
    rows: Vec<Vec<usize>>,
}

/// Squared errors on rows that were not fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOutFit {
    /// Squared error of the model fitted on the other folds, `[fold, target]`.
    pub error: Array2<f64>,
    /// Squared error of predicting the other folds' mean, `[fold, target]`.
    pub total: Array2<f64>,
}

impl HeldOutFit {
    /// Held-out R² of each target, `1 − Σ error / Σ total` over folds, `[target]`. Negative where the
    /// model is worse than the mean; NaN for a target that never leaves the mean.
    pub fn r2(&self) -> Array1<f64> {
        let (error, total) = (self.error.sum_axis(Axis(0)), self.total.sum_axis(Axis(0)));
        error.iter().zip(&total).map(|(e, t)| 1.0 - e / t).collect()
    }

    /// The same over the sums of squares of all targets: a target counts as much as it varies.
    pub fn total_r2(&self) -> f64 {
        1.0 - self.error.sum() / self.total.sum()
    }
}

impl<'a> Design<'a> {
    /// Checks and deals the rows; `folds` has one number per row, at least two of them in use.
    pub fn new(x: ArrayView2<'a, f64>, y: ArrayView2<'a, f64>, folds: &[usize]) -> Result<Self> {
        checked("held-out regression", x, y)?;
        if folds.len() != x.nrows() {
            return Err(Error::Shape {
                what: "fold numbers".into(),
                expected: x.nrows().to_string(),
                found: folds.len().to_string(),
            });
        }
        let numbers: std::collections::BTreeSet<usize> = folds.iter().copied().collect();
        if numbers.len() < 2 {
            return Err(Error::TooFew {
                what: "held-out regression: folds".into(),
                needed: 2,
                found: numbers.len(),
            });
        }
        let of = |number| (0..folds.len()).filter(|i| folds[*i] == number).collect();
        Ok(Self {
            x,
            y,
            rows: numbers.into_iter().map(of).collect(),
        })
    }

    /// Products of each fold, row `i` taken `weights[i]` times (once by default).
    pub fn grams(&self, weights: Option<&[f64]>) -> Result<Vec<Gram>> {
        if let Some(w) = weights {
            check_weights(w, self.x.nrows())?;
        }
        let one = |rows: &Vec<usize>| {
            let taken = rows.iter().map(|i| weights.map_or(1.0, |w| w[*i]));
            let taken: Vec<f64> = taken.collect();
            let (x, y) = (self.x.select(Axis(0), rows), self.y.select(Axis(0), rows));
            Gram::of_checked(x.view(), y.view(), &taken)
        };
        Ok(self.rows.iter().map(one).collect())
    }
}

/// Held-out errors of least squares on `predictors` from the products of each fold: every fold is
/// predicted by the fit (with its standardisation and `penalty`, see [`Gram::fit`]) of all others.
///
/// A fold that a resample left empty adds nothing.
pub fn held_out(folds: &[Gram], predictors: &[usize], penalty: f64) -> Result<HeldOutFit> {
    each_held_out(folds, |train| train.fit(predictors, penalty))
}

/// The same with any way to fit the training products.
pub fn each_held_out(
    folds: &[Gram],
    fit: impl Fn(&Gram) -> Result<super::Linear>,
) -> Result<HeldOutFit> {
    let targets = folds.first().map_or(0, Gram::targets);
    let mut out = HeldOutFit {
        error: Array2::zeros((folds.len(), targets)),
        total: Array2::zeros((folds.len(), targets)),
    };
    for (f, fold) in folds.iter().enumerate() {
        let train = Gram::without(folds, f)?;
        if fold.weight() > 0.0 {
            let model = fit(&train)?;
            out.error.row_mut(f).assign(&fold.squared_error(&model)?);
            out.total.row_mut(f).assign(&fold.squares_around(&train));
        }
    }
    Ok(out)
}

/// Predictions of rows that were not fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOutRows {
    /// From the fit of the other folds, `[row, target]`.
    pub predicted: Array2<f64>,
    /// The other folds' mean, `[row, target]`.
    pub baseline: Array2<f64>,
}

/// [`held_out`] on all predictors, row by row.
pub fn held_out_rows(
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    folds: &[usize],
    penalty: f64,
) -> Result<HeldOutRows> {
    let design = Design::new(x, y, folds)?;
    let grams = design.grams(None)?;
    let all: Vec<usize> = (0..x.ncols()).collect();
    let mut out = HeldOutRows {
        predicted: Array2::zeros(y.dim()),
        baseline: Array2::zeros(y.dim()),
    };
    for (f, rows) in design.rows.iter().enumerate() {
        let train = Gram::without(&grams, f)?;
        let predicted = train
            .fit(&all, penalty)?
            .predict(x.select(Axis(0), rows).view())?;
        for (local, row) in rows.iter().enumerate() {
            out.predicted.row_mut(*row).assign(&predicted.row(local));
            out.baseline.row_mut(*row).assign(train.target_mean());
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regress::ridge;
    use ndarray::{array, s};
    use rand::RngExt as _;

    fn noise(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
        let mut rng = crate::rng::stream(seed, "multivariate-test", 0);
        Array2::from_shape_fn((rows, columns), |_| rng.random_range(-1.0..1.0))
    }

    #[test]
    fn two_folds_by_hand() {
        // Each half fits a line through two points exactly and predicts the other half.
        let x = array![[0.0], [1.0], [2.0], [3.0]];
        let y = array![[0.0], [1.0], [2.0], [4.0]];
        let design = Design::new(x.view(), y.view(), &[0, 0, 1, 1]).unwrap();
        let fit = held_out(&design.grams(None).unwrap(), &[0], 0.0).unwrap();
        // First half predicts 2 and 3: errors 0 and 1. Second half predicts −2 and 0: errors 2 and 1.
        assert!((fit.error[[1, 0]] - 1.0).abs() < 1e-12);
        assert!((fit.error[[0, 0]] - 5.0).abs() < 1e-12);
        // Training means 3 and 0.5.
        assert!((fit.total[[0, 0]] - 13.0).abs() < 1e-12);
        assert!((fit.total[[1, 0]] - 14.5).abs() < 1e-12);
        assert!((fit.total_r2() - (1.0 - 6.0 / 27.5)).abs() < 1e-12);
        assert_eq!(fit.r2()[0], fit.total_r2());
    }

    #[test]
    fn products_say_what_rows_say() {
        let (x, mut y) = (noise(30, 3, 1), noise(30, 2, 2));
        y.column_mut(0).scaled_add(2.0, &x.column(1));
        let folds: Vec<usize> = (0..30).map(|i| i % 3).collect();
        let design = Design::new(x.view(), y.view(), &folds).unwrap();
        let fit = held_out(&design.grams(None).unwrap(), &[0, 1, 2], 0.0).unwrap();
        let test: Vec<usize> = (0..30).filter(|i| folds[*i] == 1).collect();
        let train: Vec<usize> = (0..30).filter(|i| folds[*i] != 1).collect();
        let of = |m: &Array2<f64>, rows: &[usize]| m.select(Axis(0), rows);
        let by_rows = ridge(of(&x, &train).view(), of(&y, &train).view(), &[0.0]).unwrap();
        let predicted = of(&x, &test).dot(&by_rows.coefficients.slice(s![0, .., ..]).t())
            + by_rows.intercepts.row(0);
        let away: Array2<f64> = of(&y, &test) - predicted;
        let error = away.mapv(|e| e * e).sum_axis(Axis(0));
        for t in 0..2 {
            assert!((error[t] - fit.error[[1, t]]).abs() < 1e-10);
        }
        let rows = held_out_rows(x.view(), y.view(), &folds, 0.0).unwrap();
        let squares = |m: &Array2<f64>| (&y - m).mapv(|v| v * v).sum();
        assert!((squares(&rows.predicted) - fit.error.sum()).abs() < 1e-10);
        assert!((squares(&rows.baseline) - fit.total.sum()).abs() < 1e-10);
    }

    #[test]
    fn a_planted_effect_is_held_out_and_noise_is_not() {
        let (x, mut y) = (noise(300, 4, 3), noise(300, 5, 4));
        let folds: Vec<usize> = (0..300).map(|i| i % 5).collect();
        let total = |y: &Array2<f64>| {
            let design = Design::new(x.view(), y.view(), &folds).unwrap();
            held_out(&design.grams(None).unwrap(), &[0, 1, 2, 3], 0.0)
                .unwrap()
                .total_r2()
        };
        assert!(total(&y) < 0.0);
        y.column_mut(2).scaled_add(3.0, &x.column(0));
        // Variance 9 of 9 + 5 parts is planted.
        assert!((total(&y) - 9.0 / 14.0).abs() < 0.06);
    }

    #[test]
    fn counts_are_copies_and_empty_folds_are_left_out() {
        let (x, y) = (noise(12, 2, 5), noise(12, 2, 6));
        let folds: Vec<usize> = (0..12).map(|i| i / 4).collect();
        let design = Design::new(x.view(), y.view(), &folds).unwrap();
        let mut counts = vec![1.0; 12];
        counts[..4].fill(0.0);
        counts[5] = 3.0;
        let fit = held_out(&design.grams(Some(&counts)).unwrap(), &[0, 1], 0.0).unwrap();
        assert_eq!(fit.error.row(0).sum(), 0.0);
        let rows = [4, 5, 5, 5, 6, 7, 8, 9, 10, 11];
        let folds: Vec<usize> = rows.iter().map(|r| r / 4).collect();
        let (x, y) = (x.select(Axis(0), &rows), y.select(Axis(0), &rows));
        let copies = Design::new(x.view(), y.view(), &folds).unwrap();
        let again = held_out(&copies.grams(None).unwrap(), &[0, 1], 0.0).unwrap();
        assert!((fit.total_r2() - again.total_r2()).abs() < 1e-12);
    }

    #[test]
    fn bad_folds_are_errors() {
        let x = array![[0.0], [1.0], [2.0]];
        let new = |folds: &[usize]| Design::new(x.view(), x.view(), folds).map(|_| ());
        assert!(new(&[0, 1]).is_err() && new(&[0, 0, 0]).is_err());
        assert!(new(&[0, 1, 1]).is_ok());
        // Folds of one row leave one row to fit from two.
        let design = Design::new(x.view(), x.view(), &[7, 9, 9]).unwrap();
        assert!(held_out(&design.grams(None).unwrap(), &[0], 0.0).is_err());
        assert!(design.grams(Some(&[1.0])).is_err());
    }
}
