//! Ridge regression: `‖y − x·w − b‖² + α‖w‖²`, the intercept unpenalised.

use ndarray::{Array1, Array2, Array3, ArrayView2, Axis, s};

use super::{checked, total_squares};
use crate::{Error, Result, linalg};

/// Ridge fits for a list of penalties, from one decomposition.
#[derive(Debug, Clone, PartialEq)]
pub struct Ridge {
    /// Slopes, `[alpha, target, predictor]`.
    pub coefficients: Array3<f64>,
    /// Intercepts, `[alpha, target]`.
    pub intercepts: Array2<f64>,
    /// Mean squared leave-one-out error, exact, `[alpha, target]`.
    pub loo_mse: Array2<f64>,
}

/// Cross-validated ridge for a list of penalties.
#[derive(Debug, Clone, PartialEq)]
pub struct RidgeCv {
    /// R² inside each held-out fold, around that fold's mean, `[alpha, target, fold]`.
    pub fold_r2: Array3<f64>,
    /// R² of all held-out predictions together, around the overall mean, `[alpha, target]`.
    pub out_of_fold_r2: Array2<f64>,
    /// Index of the penalty with the highest mean of `fold_r2`, `[target]`; the first on ties.
    pub best: Vec<usize>,
}

/// Fits `y: [row, target]` on `x: [row, predictor]` for every penalty in `alphas` (none negative).
///
/// Directions in which the predictors do not vary get no weight, so a penalty of 0 gives the shortest
/// least-squares solution.
///
/// Predictors are centred, not scaled: standardise them first if their units differ.
pub fn ridge(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>, alphas: &[f64]) -> Result<Ridge> {
    let what = "ridge regression";
    checked(what, x, y)?;
    if alphas.is_empty() || alphas.iter().any(|a| !(*a >= 0.0 && a.is_finite())) {
        return Err(Error::Setting {
            what: "ridge penalties".into(),
            needed: "one or more numbers, none negative".into(),
            found: format!("{alphas:?}"),
        });
    }
    let (n, k) = x.dim();
    if n < 2 {
        return Err(Error::TooFew {
            what: format!("{what}: rows"),
            needed: 2,
            found: n,
        });
    }
    let (x_mean, y_mean) = (mean(x), mean(y));
    let z = &x - &x_mean;
    let centred_y = &y - &y_mean;
    let svd = linalg::thin_svd(z.view())?;
    let rotated = svd.u.t().dot(&centred_y);
    let u_squared = svd.u.mapv(|v| v * v);

    let first = svd.values.first().copied().unwrap_or(0.0);
    let floor = first * f64::EPSILON * n.max(k) as f64;
    let targets = y.ncols();
    let mut out = Ridge {
        coefficients: Array3::zeros((alphas.len(), targets, k)),
        intercepts: Array2::zeros((alphas.len(), targets)),
        loo_mse: Array2::zeros((alphas.len(), targets)),
    };
    for (a, alpha) in alphas.iter().enumerate() {
        let gain = svd
            .values
            .mapv(|s| if s > floor { s / (s * s + alpha) } else { 0.0 });
        let slopes = svd
            .vt
            .t()
            .dot(&(&rotated * &gain.view().insert_axis(Axis(1))));
        let residuals = &centred_y - &z.dot(&slopes);
        let leverage = u_squared.dot(&(&gain * &svd.values)) + 1.0 / n as f64;
        let without = &residuals / &(1.0 - leverage).insert_axis(Axis(1));
        let mse = without.mapv(|e| e * e).sum_axis(Axis(0)) / n as f64;
        out.loo_mse.row_mut(a).assign(&mse);
        out.intercepts
            .row_mut(a)
            .assign(&(&y_mean - &x_mean.dot(&slopes)));
        out.coefficients
            .slice_mut(s![a, .., ..])
            .assign(&slopes.t());
    }
    Ok(out)
}

/// Cross-validates [`ridge`] over `folds` (one number per row; keep each speaker in one fold).
pub fn ridge_cv(
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    alphas: &[f64],
    folds: &[usize],
) -> Result<RidgeCv> {
    checked("ridge regression", x, y)?;
    if folds.len() != x.nrows() {
        return Err(Error::Shape {
            what: "fold numbers".into(),
            expected: x.nrows().to_string(),
            found: folds.len().to_string(),
        });
    }
    let count = folds.iter().max().map_or(0, |f| f + 1);
    let shape = (alphas.len(), y.ncols());
    let mut fold_r2 = Array3::zeros((shape.0, shape.1, count));
    let mut squares = Array2::<f64>::zeros(shape);
    for fold in 0..count {
        let (inside, outside): (Vec<usize>, Vec<usize>) =
            (0..x.nrows()).partition(|i| folds[*i] == fold);
        let of = |m: ArrayView2<'_, f64>, rows: &[usize]| m.select(Axis(0), rows);
        let fit = ridge(of(x, &outside).view(), of(y, &outside).view(), alphas)?;
        let (test_x, test_y) = (of(x, &inside), of(y, &inside));
        let total = total_squares(test_y.view());
        for a in 0..shape.0 {
            let slopes = fit.coefficients.slice(s![a, .., ..]);
            let predicted = test_x.dot(&slopes.t()) + fit.intercepts.row(a);
            let errors = (&test_y - &predicted).mapv(|e| e * e).sum_axis(Axis(0));
            for t in 0..shape.1 {
                squares[[a, t]] += errors[t];
                fold_r2[[a, t, fold]] = 1.0 - errors[t] / total[t];
            }
        }
    }
    let total = Array1::from(total_squares(y));
    let score = fold_r2.sum_axis(Axis(2));
    let best = (0..shape.1)
        .map(|t| {
            (0..shape.0).fold(0, |best, a| match score[[a, t]] > score[[best, t]] {
                true => a,
                false => best,
            })
        })
        .collect();
    Ok(RidgeCv {
        out_of_fold_r2: 1.0 - squares / &total,
        fold_r2,
        best,
    })
}

fn mean(x: ArrayView2<'_, f64>) -> Array1<f64> {
    x.sum_axis(Axis(0)) / x.nrows() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn one_predictor_by_hand_and_bad_settings() {
        // Centred: x = −1, 0, 1; Σxy = 2, Σx² = 2, so the slope is 2 / (2 + α).
        let (x, y) = (array![[1.0], [2.0], [3.0]], array![[0.0], [1.0], [2.0]]);
        let fit = ridge(x.view(), y.view(), &[2.0]).unwrap();
        assert!((fit.coefficients[[0, 0, 0]] - 0.5).abs() < 1e-14);
        assert!(fit.intercepts[[0, 0]].abs() < 1e-14);
        assert!(ridge(x.view(), y.view(), &[]).is_err());
        assert!(ridge(x.view(), y.view(), &[-1.0]).is_err());
        assert!(ridge_cv(x.view(), y.view(), &[1.0], &[0, 1]).is_err());
        assert!(ridge_cv(x.view(), y.view(), &[1.0], &[0, 0, 0]).is_err());
    }

    #[test]
    fn leave_one_out_equals_folds_of_one() {
        let x = array![[1.0, 0.3], [2.0, -1.0], [4.0, 0.5], [3.0, 2.0], [0.5, 1.0]];
        let y = array![[1.0], [0.0], [2.5], [2.0], [1.5]];
        let fit = ridge(x.view(), y.view(), &[0.7]).unwrap();
        let cv = ridge_cv(x.view(), y.view(), &[0.7], &[0, 1, 2, 3, 4]).unwrap();
        let mse = (1.0 - cv.out_of_fold_r2[[0, 0]]) * total_squares(y.view())[0] / 5.0;
        assert!((mse - fit.loo_mse[[0, 0]]).abs() < 1e-12);
    }
}
