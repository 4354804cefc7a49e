//! How alike two representations of the same rows are.
//!
//! All take `a: [row, dim]` and `b: [row, dim]` whose rows describe the same items in the same order;
//! the dims may differ. Rows are centred column by column first. Every measure is above zero by chance,
//! the more so the more columns there are for the rows: give [`row_permutation`] beside it, and compare
//! systems at equal n.

mod assignment;
mod cca;
mod chance;
mod cka;
mod geometry;
mod subspace;

pub use assignment::{Match, assignment, match_columns, match_null};
pub use cca::{Cca, CcaNull, DimensionTest, cca, cca_null, svcca};
pub use chance::{row_jackknife, row_permutation};
pub use cka::{linear_cka, rbf_cka, unbiased_cka};
pub use geometry::{MOST_ROWS, procrustes_distance, rsa_cosine_spearman, rsa_euclidean_pearson};
pub use subspace::principal_angles;

use ndarray::{Array2, ArrayView2, Axis};

use crate::{Error, Result, linalg};

/// Checks that two matrices describe the same `needed` or more rows and centres their columns.
fn centred_pair(
    what: &str,
    a: ArrayView2<'_, f64>,
    b: ArrayView2<'_, f64>,
    needed: usize,
) -> Result<(Array2<f64>, Array2<f64>)> {
    same_rows(what, a, b, needed)?;
    Ok((centred(what, "first", a)?, centred(what, "second", b)?))
}

fn same_rows(
    what: &str,
    a: ArrayView2<'_, f64>,
    b: ArrayView2<'_, f64>,
    needed: usize,
) -> Result<()> {
    if a.nrows() != b.nrows() {
        return Err(Error::Shape {
            what: format!("{what}: rows of the second matrix"),
            expected: a.nrows().to_string(),
            found: b.nrows().to_string(),
        });
    }
    if a.nrows() < needed {
        return Err(Error::TooFew {
            what: format!("{what}: rows"),
            needed,
            found: a.nrows(),
        });
    }
    linalg::finite(a, &format!("{what}: first matrix"))?;
    linalg::finite(b, &format!("{what}: second matrix"))
}

/// Columns without their means; exactly zero where a column varies by rounding only.
fn centred(what: &str, side: &str, x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    let n = x.nrows() as f64;
    let mean = x.sum_axis(Axis(0)) / n;
    let mut z = &x - &mean;
    z -= &(z.sum_axis(Axis(0)) / n);
    let mut varies = false;
    for (mut column, mean) in z.axis_iter_mut(Axis(1)).zip(&mean) {
        let spread = (column.dot(&column) / n).sqrt();
        if spread <= 16.0 * f64::EPSILON * mean.abs() {
            column.fill(0.0);
        } else {
            varies = true;
        }
    }
    if varies {
        return Ok(z);
    }
    Err(Error::Undefined {
        what: what.into(),
        why: format!("every column of the {side} matrix is constant"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use rand::RngExt as _;

    /// Noise in [−1, 1).
    pub(super) fn noise(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
        let mut rng = crate::rng::stream(seed, "similarity-test", 0);
        Array2::from_shape_fn((rows, columns), |_| rng.random_range(-1.0..1.0))
    }

    #[test]
    fn measures_that_ignore_rotation_scale_and_shift() {
        let a = noise(40, 3, 1);
        let (sin, cos) = 0.7_f64.sin_cos();
        let turn = array![[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]];
        let b = a.dot(&turn) * 3.0 + 5.0;
        let (x, y) = (a.view(), b.view());
        assert!((linear_cka(x, y).unwrap() - 1.0).abs() < 1e-12);
        assert!((unbiased_cka(x, y).unwrap() - 1.0).abs() < 1e-12);
        assert!((rbf_cka(x, y, 0.5).unwrap() - 1.0).abs() < 1e-12);
        assert!((rsa_euclidean_pearson(x, y).unwrap() - 1.0).abs() < 1e-12);
        assert!(procrustes_distance(x, y).unwrap().abs() < 1e-12);
        let c = cca(x, y).unwrap();
        assert!(c.correlations.iter().all(|r| (r - 1.0).abs() < 1e-12));
    }

    #[test]
    fn bad_matrices_are_errors() {
        let good = noise(9, 2, 2);
        let flat = Array2::from_elem((9, 2), 0.1);
        let mut missing = good.clone();
        missing[[4, 1]] = f64::NAN;
        type Measure = fn(ArrayView2<'_, f64>, ArrayView2<'_, f64>) -> Result<f64>;
        let all: [Measure; 7] = [
            linear_cka,
            unbiased_cka,
            |a, b| rbf_cka(a, b, 0.5),
            procrustes_distance,
            rsa_cosine_spearman,
            rsa_euclidean_pearson,
            |a, b| cca(a, b).map(|c| c.mean()),
        ];
        for measure in all {
            assert!(measure(good.view(), missing.view()).is_err());
            let why = measure(good.view(), flat.view()).unwrap_err().to_string();
            assert!(why.contains("constant") || why.contains("equal"), "{why}");
            assert!(measure(good.view(), good.slice(ndarray::s![..8, ..])).is_err());
            let one = good.slice(ndarray::s![..1, ..]);
            assert!(
                measure(one, one)
                    .unwrap_err()
                    .to_string()
                    .contains("at least")
            );
        }
    }
}
