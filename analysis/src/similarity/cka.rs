//! Centred kernel alignment (Kornblith et al. 2019).

use ndarray::{Array2, ArrayView2, Axis};

use super::geometry::{few_rows, squared_distances};
use super::{centred_pair, same_rows};
use crate::{Error, Result, linalg, stats};

/// Linear CKA: `‖Aᵀ·B‖² / (‖Aᵀ·A‖ · ‖Bᵀ·B‖)` of centred columns, in [0, 1]. Biased upward when columns
/// are many for the rows: prefer [`unbiased_cka`] below about 1000 rows.
pub fn linear_cka(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<f64> {
    let (x, y) = centred_pair("CKA", a, b, 2)?;
    let cross = cross_square(&x, &y);
    Ok(cross / (cross_square(&x, &x) * cross_square(&y, &y)).sqrt())
}

/// Linear CKA from the unbiased estimate of HSIC (Song et al. 2012; Nguyen, Raghu & Kornblith 2021): about 0
/// for unrelated matrices, and then as often negative as positive. Needs four rows.
pub fn unbiased_cka(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<f64> {
    let what = "unbiased CKA";
    let (x, y) = centred_pair(what, a, b, 4)?;
    let spread = unbiased_hsic(&x, &x) * unbiased_hsic(&y, &y);
    if spread <= 0.0 {
        return Err(Error::Undefined {
            what: what.into(),
            why: "the rows of a matrix are unrelated beyond chance (too few rows for its columns)"
                .into(),
        });
    }
    Ok(unbiased_hsic(&x, &y) / spread.sqrt())
}

/// CKA of Gaussian kernels whose width is `share` of the median distance between two rows, in [0, 1]. Holds
/// two `[row, row]` matrices.
pub fn rbf_cka(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>, share: f64) -> Result<f64> {
    let what = "RBF CKA";
    same_rows(what, a, b, 3)?;
    few_rows(what, a.nrows())?;
    if !(share > 0.0 && share.is_finite()) {
        return Err(Error::Setting {
            what: "share of the median distance".into(),
            needed: "above 0".into(),
            found: share.to_string(),
        });
    }
    let (k, l) = (kernel(what, a, share)?, kernel(what, b, share)?);
    let dot = |p: &Array2<f64>, q: &Array2<f64>| p.iter().zip(q).map(|(p, q)| p * q).sum::<f64>();
    Ok(dot(&k, &l) / (dot(&k, &k) * dot(&l, &l)).sqrt())
}

/// Doubly centred Gaussian kernel of the rows.
fn kernel(what: &str, x: ArrayView2<'_, f64>, share: f64) -> Result<Array2<f64>> {
    let mut k = squared_distances(x);
    let n = k.nrows();
    let above = |i: usize| (i + 1..n).map(move |j| (i, j));
    let distances: Vec<f64> = (0..n).flat_map(above).map(|at| k[at].sqrt()).collect();
    let width = share * stats::quantile(&distances, 0.5);
    if width <= 0.0 {
        return Err(Error::Undefined {
            what: what.into(),
            why: "most rows of a matrix are equal".into(),
        });
    }
    k.mapv_inplace(|d| (-d / (2.0 * width * width)).exp());
    let mean = k.sum_axis(Axis(0)) / n as f64;
    let whole = mean.sum() / n as f64;
    k -= &mean;
    k -= &mean.insert_axis(Axis(1));
    k += whole;
    Ok(k)
}

/// `‖xᵀ·y‖²`, by whichever side is smaller.
fn cross_square(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    if x.ncols().max(y.ncols()) <= x.nrows() {
        return x.t().dot(y).iter().map(|v| v * v).sum();
    }
    let (k, l) = (linalg::gram(x.view()), linalg::gram(y.view()));
    k.iter().zip(&l).map(|(k, l)| k * l).sum()
}

/// Unbiased HSIC of linear kernels, times n(n − 3), without a `[row, row]` matrix where columns are few.
fn unbiased_hsic(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    let n = x.nrows() as f64;
    // Columns are centred: the kernels' rows sum to zero, and without their diagonals to minus the diagonal.
    let own = |m: &Array2<f64>| m.map_axis(Axis(1), |r| r.dot(&r));
    let (kd, ld) = (own(x), own(y));
    let both = kd.dot(&ld);
    let trace = cross_square(x, y) - both;
    trace + kd.sum() * ld.sum() / ((n - 1.0) * (n - 2.0)) - 2.0 * both / (n - 2.0)
}

#[cfg(test)]
mod tests {
    use super::super::tests::noise;
    use super::*;
    use ndarray::{array, concatenate};

    #[test]
    fn single_columns_by_hand() {
        // For one column each, CKA is r². Here r = 0.5.
        let (x, y) = (array![[1.0], [0.0], [-1.0]], array![[1.0], [-1.0], [0.0]]);
        assert!((linear_cka(x.view(), y.view()).unwrap() - 0.25).abs() < 1e-14);
    }

    #[test]
    fn wide_and_tall_ways_agree() {
        let (a, b) = (noise(12, 5, 1), noise(12, 4, 2));
        let pad = |m: &Array2<f64>| concatenate![Axis(1), *m, Array2::zeros((12, 20))];
        let (x, y) = (pad(&a), pad(&b));
        for f in [linear_cka, unbiased_cka] {
            let (tall, wide) = (
                f(a.view(), b.view()).unwrap(),
                f(x.view(), y.view()).unwrap(),
            );
            assert!((tall - wide).abs() < 1e-12);
        }
    }

    #[test]
    fn unbiased_is_near_zero_for_noise_where_plain_is_not() {
        let mean = |f: fn(ArrayView2<'_, f64>, ArrayView2<'_, f64>) -> Result<f64>| {
            let one =
                |i: u64| f(noise(30, 20, 2 * i).view(), noise(30, 20, 2 * i + 1).view()).unwrap();
            (0..40).map(one).sum::<f64>() / 40.0
        };
        assert!(mean(linear_cka) > 0.3);
        assert!(mean(unbiased_cka).abs() < 0.03);
    }

    #[test]
    fn settings_are_checked() {
        let a = noise(5, 2, 3);
        assert!(rbf_cka(a.view(), a.view(), 0.0).is_err());
        assert!(
            unbiased_cka(a.slice(ndarray::s![..3, ..]), a.slice(ndarray::s![..3, ..])).is_err()
        );
    }
}
