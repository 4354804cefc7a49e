//! Regression from products of rows, against least squares on the rows.

use ndarray::{Array1, Axis};
use phonoscope_analysis::importance;
use phonoscope_analysis::regress::{self, Gram};

use crate::data::{Golden, assert_close, assert_number};

#[test]
fn least_squares_from_products() {
    let Some(g) = Golden::open() else { return };
    let (x, y) = (g.two("reg_X"), g.one("reg_y").insert_axis(Axis(1)));
    let gram = Gram::of(x.view(), y.view(), None).unwrap();
    let all: Vec<usize> = (0..x.ncols()).collect();
    let c = gram.correlations();
    let fit = gram.fit(&all, 0.0).unwrap();
    let coefficients = g.one("ols_coef_with_intercept").to_vec();
    assert_close("slopes", fit.slopes.iter(), &coefficients[1..]);
    assert_close("intercept", &fit.intercepts, &coefficients[..1]);
    assert_number("R²", gram.r2(&all).unwrap()[0], g.number("/ols/r2"));
    assert_number(
        "residual",
        gram.squared_error(&fit).unwrap()[0],
        g.number("/ols/rss"),
    );
    let vif: Vec<f64> = importance::vif(&c)
        .into_iter()
        .map(|v| v.unwrap())
        .collect();
    assert_close("VIF", &vif, &g.one("ols_vif"));
    let slopes = importance::standardised_slopes(&c);
    assert_close("standardised", &slopes, &g.one("ols_standardised_beta"));
    let shares = importance::shapley(&c).unwrap().shares;
    assert_number("sum of shares", shares.sum(), g.number("/ols/r2"));
    let none = ndarray::Array2::zeros((x.nrows(), 0));
    let test = regress::nested_f(none.view(), x.view(), y.view()).unwrap()[0];
    assert_number("F", test.f, g.number("/ols/F"));
    // The tail of F magnifies its rounding by its logarithm, here 90.
    let p = g.number("/ols/F_p");
    assert!((test.p / p - 1.0).abs() < 1e-8, "{} against {p}", test.p);
}

/// The ridge regression that chooses penalties on blocks gives the same fits, and without each row in turn the
/// same predictions as a fit that never saw it.
#[test]
fn ridge_with_rows_left_out() {
    let Some(g) = Golden::open() else { return };
    let (x, y) = (g.two("reg_X"), g.two("reg_Y"));
    let (coefficients, loo) = (g.three("ridge_coef"), g.two("ridge_loo_mse"));
    let fit = regress::BlockedRidge::new(x.view()).unwrap();
    for (a, alpha) in g.one("ridge_alphas").iter().enumerate() {
        let share = alpha / fit.unit();
        let slopes = fit.slopes(y.view(), &vec![share; y.ncols()]).unwrap();
        let expected = coefficients.index_axis(Axis(0), a).to_owned();
        assert_close("slopes", &slopes.t().to_owned(), &expected);
        let all = fit.left_out(x.view(), y.view(), share).unwrap();
        let squares = |row: usize| {
            let made = all.without(&[row]).unwrap();
            (&y.row(row) - &made.row(row)).mapv(|v| v * v)
        };
        let sum = (0..x.nrows())
            .map(squares)
            .fold(Array1::zeros(y.ncols()), |a, b| a + b);
        let mse = sum / x.nrows() as f64;
        assert_close("left-out error", &mse, &loo.row(a).to_owned());
    }
}
