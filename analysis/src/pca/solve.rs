//! Centring, scaling and eigenvalues shared by the fit and its resampling.

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut1, Axis};

use super::Scaling;
use crate::linalg;
use crate::{Error, Result};

/// Rows made ready for a decomposition.
pub(super) struct Centred {
    /// Centred and scaled rows, each times the root of its weight, `[row, dim]`.
    pub(super) rows: Array2<f64>,
    pub(super) mean: Array1<f64>,
    pub(super) scale: Option<Array1<f64>>,
}

pub(super) fn at_least(found: usize, needed: usize, what: &str) -> Result<()> {
    if found >= needed {
        return Ok(());
    }
    Err(Error::TooFew {
        what: what.into(),
        needed,
        found,
    })
}

/// Whether a column's spread is only rounding.
fn is_constant(variance: f64, mean: f64) -> bool {
    variance.sqrt() <= 16.0 * f64::EPSILON * mean.abs()
}

/// An error when no column varies.
pub(super) fn some_variance(variance: &Array1<f64>, mean: &Array1<f64>) -> Result<()> {
    if variance.iter().zip(mean).all(|(v, m)| is_constant(*v, *m)) {
        return Err(Error::Undefined {
            what: "PCA".into(),
            why: "all rows are equal".into(),
        });
    }
    Ok(())
}

/// What `scaling` divides columns by; `variance` has denominator `n - 1`.
pub(super) fn scale(
    variance: &Array1<f64>,
    mean: &Array1<f64>,
    n: usize,
    scaling: Scaling,
) -> Option<Array1<f64>> {
    let shrink = match scaling {
        Scaling::Centred => return None,
        Scaling::Standardised => 1.0,
        Scaling::StandardisedPopulation => (n as f64 - 1.0) / n as f64,
    };
    let sd = |(v, m): (&f64, &f64)| match is_constant(*v, *m) {
        true => 1.0,
        false => (v * shrink).sqrt(),
    };
    Some(variance.iter().zip(mean).map(sd).collect())
}

/// Centres and scales `x: [row, dim]`; `weights` count how often each row is taken (once by default).
pub(super) fn centre(
    x: ArrayView2<'_, f64>,
    weights: Option<&[f64]>,
    scaling: Scaling,
) -> Result<Centred> {
    linalg::finite(x, "PCA")?;
    let weights = weights.map(|w| Array1::from(w.to_vec()));
    let count = weights.as_ref().map_or(x.nrows() as f64, |w| w.sum());
    let mean_of = |rows: ArrayView2<'_, f64>| match &weights {
        Some(w) => w.dot(&rows) / count,
        None => rows.sum_axis(Axis(0)) / count,
    };
    let mut mean = mean_of(x);
    let mut rows = &x - &mean;
    let rest = mean_of(rows.view());
    rows -= &rest;
    mean += &rest;
    if let Some(w) = &weights {
        rows *= &w.mapv(f64::sqrt).insert_axis(Axis(1));
    }
    let variance = rows.map_axis(Axis(0), |c| c.dot(&c)) / (count - 1.0);
    some_variance(&variance, &mean)?;
    let scale = scale(&variance, &mean, count as usize, scaling);
    if let Some(scale) = &scale {
        rows /= scale;
    }
    Ok(Centred { rows, mean, scale })
}

/// Number of leading eigenvalues that are more than rounding; `size` is the longer side of the data.
pub(super) fn rank(eigenvalues: &Array1<f64>, size: usize) -> usize {
    let first = eigenvalues.first().copied().unwrap_or(0.0);
    let floor = first * f64::EPSILON * size as f64;
    eigenvalues.iter().take_while(|v| **v > floor).count()
}

/// Flips `axis` so that its entry of largest absolute value is positive.
pub(super) fn fix_sign(mut axis: ArrayViewMut1<'_, f64>) {
    let largest = axis.iter().fold(
        0.0_f64,
        |best, v| if v.abs() > best.abs() { *v } else { best },
    );
    if largest < 0.0 {
        axis.mapv_inplace(|v| -v);
    }
}

/// Turns eigenvalues (descending) into shares of their sum, rounding noise below zero cut off.
pub(super) fn shares(mut eigenvalues: Array1<f64>) -> Array1<f64> {
    eigenvalues.mapv_inplace(|v| v.max(0.0));
    let total = eigenvalues.sum();
    eigenvalues / total
}
