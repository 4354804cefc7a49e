//! Ordinary least squares with an intercept.

use std::f64::consts::PI;

use nalgebra::DMatrix;
use ndarray::{Array1, ArrayView1, ArrayView2, Axis};

use super::checked;
use crate::stats::{f_upper, t_two_sided};
use crate::{Error, Result};

/// A least-squares fit `y = intercept + x · slopes`.
///
/// Arrays called `[coefficient]` hold the intercept first, then the predictors.
#[derive(Debug, Clone, PartialEq)]
pub struct Ols {
    /// Intercept and slopes, `[coefficient]`.
    pub coefficients: Array1<f64>,
    /// Standard errors, `[coefficient]`.
    pub standard_errors: Array1<f64>,
    /// Coefficient over standard error, `[coefficient]`.
    pub t: Array1<f64>,
    /// Two-sided p of each t, `[coefficient]`.
    pub p: Array1<f64>,
    /// Slopes in standard deviations of y per standard deviation of x, `[predictor]`.
    pub standardised: Array1<f64>,
    /// Variance inflation factors, `[predictor]`: 1 for a predictor unrelated to the others.
    pub vif: Array1<f64>,
    /// Weight of each row on its own fitted value, `[row]`.
    pub leverage: Array1<f64>,
    /// y minus fitted, `[row]`.
    pub residuals: Array1<f64>,
    /// Share of variance explained.
    pub r2: f64,
    /// The same, corrected for the number of predictors.
    pub adjusted_r2: f64,
    /// Residual sum of squares.
    pub rss: f64,
    /// Total sum of squares.
    pub tss: f64,
    /// Residual variance (denominator n − predictors − 1).
    pub sigma2: f64,
    /// F of all slopes together.
    pub f: f64,
    /// P of that F.
    pub f_p: f64,
    /// Akaike's criterion of the normal likelihood, with coefficients and variance as parameters.
    pub aic: f64,
    /// Bayesian criterion, same parameters.
    pub bic: f64,
    /// Sum of squared leave-one-out residuals.
    pub press: f64,
    /// 1 − press / tss.
    pub loo_r2: f64,
}

/// Fits `y: [row]` on `x: [row, predictor]`; needs more rows than coefficients.
///
/// A constant or collinear predictor, or a constant y, is an error that names it.
pub fn ols(x: ArrayView2<'_, f64>, y: ArrayView1<'_, f64>) -> Result<Ols> {
    let what = "least squares";
    checked(what, x, y.insert_axis(Axis(1)))?;
    let (n, k) = x.dim();
    if n < k + 2 {
        return Err(Error::TooFew {
            what: format!("{what} with {k} predictors: rows"),
            needed: k + 2,
            found: n,
        });
    }
    let nf = n as f64;
    let x_mean = x.sum_axis(Axis(0)) / nf;
    let y_mean = y.sum() / nf;
    let mut z = &x - &x_mean;
    let norms = z.map_axis(Axis(0), |c| c.dot(&c).sqrt());
    if let Some(j) =
        (0..k).find(|j| norms[*j] <= 16.0 * f64::EPSILON * (nf.sqrt() * x_mean[*j]).abs())
    {
        return Err(undefined(&format!("predictor {j} (from 0) is constant")));
    }
    z /= &norms;
    let centred_y = &y - y_mean;
    let tss = centred_y.dot(&centred_y);
    if tss.sqrt() <= 16.0 * f64::EPSILON * (nf.sqrt() * y_mean).abs() {
        return Err(undefined("y is constant"));
    }

    let qr = DMatrix::from_fn(n, k, |i, j| z[[i, j]]).qr();
    let (q, r) = (qr.q(), qr.r());
    if let Some(j) = (0..k).find(|j| r[(*j, *j)].abs() < 1e-10) {
        return Err(undefined(&format!(
            "predictor {j} (from 0) is a linear combination of those before it"
        )));
    }
    let r_inverse = r
        .solve_upper_triangular(&DMatrix::identity(k, k))
        .ok_or_else(|| undefined("the predictors are collinear"))?;
    let qy = q.tr_mul(&DMatrix::from_fn(n, 1, |i, _| centred_y[i]));
    let scaled = &r_inverse * qy;
    let inverse = &r_inverse * r_inverse.transpose();

    let slopes = Array1::from_shape_fn(k, |j| scaled[(j, 0)] / norms[j]);
    let residuals = &centred_y - &z.dot(&(&slopes * &norms));
    let rss = residuals.dot(&residuals);
    let leverage = Array1::from_shape_fn(n, |i| 1.0 / nf + q.row(i).norm_squared());
    let df = (n - k - 1) as f64;
    let sigma2 = rss / df;
    let shift = &x_mean / &norms;
    let mut intercept_factor = 1.0 / nf;
    for a in 0..k {
        for b in 0..k {
            intercept_factor += shift[a] * inverse[(a, b)] * shift[b];
        }
    }
    let vif = Array1::from_shape_fn(k, |j| inverse[(j, j)]);
    let intercept = y_mean - slopes.dot(&x_mean);
    let coefficients: Array1<f64> = std::iter::once(intercept)
        .chain(slopes.iter().copied())
        .collect();
    let standard_errors: Array1<f64> = std::iter::once(intercept_factor)
        .chain((0..k).map(|j| vif[j] / norms[j].powi(2)))
        .map(|factor| (sigma2 * factor).sqrt())
        .collect();
    let t = &coefficients / &standard_errors;
    let press: f64 = residuals
        .iter()
        .zip(&leverage)
        .map(|(e, h)| (e / (1.0 - h)).powi(2))
        .sum();
    let f = (tss - rss) / k as f64 / sigma2;
    let deviance = nf * ((2.0 * PI * rss / nf).ln() + 1.0);
    let parameters = (k + 2) as f64;
    Ok(Ols {
        p: t.mapv(|t| t_two_sided(t, df)),
        t,
        coefficients,
        standard_errors,
        standardised: &slopes * &norms / tss.sqrt(),
        vif,
        leverage,
        residuals,
        r2: 1.0 - rss / tss,
        adjusted_r2: 1.0 - sigma2 / (tss / (nf - 1.0)),
        rss,
        tss,
        sigma2,
        f,
        f_p: f_upper(f, k as f64, df),
        aic: deviance + 2.0 * parameters,
        bic: deviance + nf.ln() * parameters,
        press,
        loo_r2: 1.0 - press / tss,
    })
}

fn undefined(why: &str) -> Error {
    Error::Undefined {
        what: "least squares".into(),
        why: why.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_line_by_hand() {
        let x = array![[1.0], [2.0], [3.0], [4.0]];
        let fit = ols(x.view(), array![2.0, 4.0, 5.0, 9.0].view()).unwrap();
        assert!((fit.coefficients[0] + 0.5).abs() < 1e-12);
        assert!((fit.coefficients[1] - 2.2).abs() < 1e-12);
        assert!((fit.rss - 1.8).abs() < 1e-12 && (fit.vif[0] - 1.0).abs() < 1e-12);
        assert!((fit.leverage.sum() - 2.0).abs() < 1e-12);
    }

    #[test]
    fn degenerate_designs_are_named() {
        let y = array![1.0, 2.0, 4.0, 3.0, 7.0];
        let why = |x: ndarray::Array2<f64>| ols(x.view(), y.view()).unwrap_err().to_string();
        let column = |f: fn(f64) -> f64| move |i: usize| f(i as f64);
        let two =
            |a: fn(f64) -> f64, b: fn(f64) -> f64| {
                ndarray::Array2::from_shape_fn((5, 2), |(i, j)| {
                    if j == 0 { column(a)(i) } else { column(b)(i) }
                })
            };
        assert!(why(two(|i| i, |_| 0.1)).contains("predictor 1 (from 0) is constant"));
        assert!(why(two(|i| i, |i| 3.0 - 2.0 * i)).contains("linear combination"));
        assert!(why(two(|i| i, |_| f64::NAN)).contains("NaN"));
        assert!(why(ndarray::Array2::zeros((5, 4))).contains("needs at least 6"));
        assert!(
            ols(
                two(|i| i, |i| i * i).view(),
                array![0.1, 0.1, 0.1, 0.1, 0.1].view()
            )
            .is_err()
        );
    }
}
