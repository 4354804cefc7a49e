//! Procrustes distance, and correlation of distances between rows.

use ndarray::{Array2, ArrayView2, Axis};

use super::{centred_pair, same_rows};
use crate::{Error, Result, embedding, linalg, stats};

/// Most rows for measures that hold `[row, row]` matrices.
pub const MOST_ROWS: usize = 6000;

/// Squared distance left after the best rotation of one matrix onto the other, both centred and scaled to
/// unit norm: `2 − 2·‖Aᵀ·B‖_*`, from 0 (equal up to rotation, scale and shift) to 2.
pub fn procrustes_distance(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<f64> {
    let (x, y) = centred_pair("Procrustes distance", a, b, 2)?;
    let norm = |m: &Array2<f64>| m.iter().map(|v| v * v).sum::<f64>().sqrt();
    let scale = norm(&x) * norm(&y);
    let nuclear = linalg::thin_svd(x.t().dot(&y).view())?.values.sum() / scale;
    Ok((2.0 - 2.0 * nuclear).max(0.0))
}

/// Representational similarity: Spearman correlation of the cosine distances between rows (as they are, not
/// centred) in both matrices (Kriegeskorte, Mur & Bandettini 2008).
pub fn rsa_cosine_spearman(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<f64> {
    let what = "representational similarity";
    same_rows(what, a, b, 3)?;
    few_rows(what, a.nrows())?;
    let distances = |x| Ok(pairs(&embedding::cosines(x)?, |cosine| 1.0 - cosine));
    let (x, y): (Result<Vec<f64>>, Result<Vec<f64>>) = (distances(a), distances(b));
    stats::spearman(&x?, &y?).map(|c| c.r)
}

/// The same with the Pearson correlation of Euclidean distances.
pub fn rsa_euclidean_pearson(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<f64> {
    let what = "representational similarity";
    same_rows(what, a, b, 3)?;
    few_rows(what, a.nrows())?;
    let (x, y) = (squared_distances(a), squared_distances(b));
    stats::pearson(&pairs(&x, f64::sqrt), &pairs(&y, f64::sqrt)).map(|c| c.r)
}

/// Entries above the diagonal, row by row.
fn pairs(m: &Array2<f64>, f: impl Fn(f64) -> f64) -> Vec<f64> {
    let n = m.nrows();
    let mut out = Vec::with_capacity(n * n.saturating_sub(1) / 2);
    for (i, row) in m.outer_iter().enumerate() {
        out.extend(row.iter().skip(i + 1).map(|v| f(*v)));
    }
    out
}

/// Squared Euclidean distances between rows, `[row, row]`; rows are centred first, which keeps digits.
pub(super) fn squared_distances(x: ArrayView2<'_, f64>) -> Array2<f64> {
    let z = &x - &(x.sum_axis(Axis(0)) / x.nrows() as f64);
    let mut d = linalg::gram(z.view());
    let own = d.diag().to_owned();
    for ((i, j), v) in d.indexed_iter_mut() {
        *v = if i == j {
            0.0
        } else {
            (own[i] + own[j] - 2.0 * *v).max(0.0)
        };
    }
    d
}

/// An error when a `[row, row]` matrix would be too large.
pub(super) fn few_rows(what: &str, rows: usize) -> Result<()> {
    if rows <= MOST_ROWS {
        return Ok(());
    }
    Err(Error::Setting {
        what: format!("{what}: rows"),
        needed: format!("at most {MOST_ROWS}; draw a sample of the rows"),
        found: rows.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::noise;
    use super::*;
    use ndarray::array;

    #[test]
    fn small_cases_by_hand() {
        // Unit columns at right angles: nothing in common.
        let (x, y) = (
            array![[1.0], [-1.0], [0.0], [0.0]],
            array![[0.0], [0.0], [1.0], [-1.0]],
        );
        assert!((procrustes_distance(x.view(), y.view()).unwrap() - 2.0).abs() < 1e-14);
        let d = squared_distances(array![[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]].view());
        assert!((d[[0, 1]] - 25.0).abs() < 1e-12 && (d[[1, 2]] - 18.0).abs() < 1e-12);
        assert_eq!(d[[1, 1]], 0.0);
    }

    #[test]
    fn raising_distances_keeps_their_order() {
        let a = noise(20, 3, 1);
        assert!((rsa_cosine_spearman(a.view(), (&a * 2.0).view()).unwrap() - 1.0).abs() < 1e-12);
        let zero = Array2::zeros((20, 3));
        assert!(rsa_cosine_spearman(a.view(), zero.view()).is_err());
        assert!(few_rows("test", MOST_ROWS + 1).is_err());
    }
}
