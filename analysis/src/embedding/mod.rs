//! How well embeddings keep speakers (or other classes) apart.
//!
//! Embeddings are `[row, dim]`, `labels` has one number per row. Cosines are of the rows as they are:
//! centre first if the space has a common offset. Everything but [`pairs`] and [`cosines`] is linear in the
//! number of rows.

mod clusters;
mod pairs;

pub use clusters::{Clusters, clusters, fisher_ratio, silhouette};
pub use pairs::{Pairs, pairs};

use ndarray::{Array2, ArrayView2, Axis};

use crate::{Error, Result, linalg};

/// Cosine of every two rows, `[row, row]`.
pub fn cosines(x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    Ok(linalg::gram(unit_rows(x)?.view()))
}

/// Rows divided by their length; an all-zero row is an error that names it.
pub fn unit_rows(x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    linalg::finite(x, "cosine")?;
    let norms = x.map_axis(Axis(1), |r| r.dot(&r).sqrt());
    if let Some(row) = norms.iter().position(|n| *n <= 0.0) {
        return Err(Error::Undefined {
            what: "cosine".into(),
            why: format!("row {row} (from 0) is all zeros"),
        });
    }
    Ok(&x / &norms.insert_axis(Axis(1)))
}

/// Number of classes, when there is one label per row and `needed` or more of them differ.
fn classes(what: &str, rows: usize, labels: &[usize], needed: usize) -> Result<usize> {
    if labels.len() != rows {
        return Err(Error::Shape {
            what: format!("{what}: labels"),
            expected: rows.to_string(),
            found: labels.len().to_string(),
        });
    }
    let found = labels
        .iter()
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    if found < needed {
        return Err(Error::TooFew {
            what: format!("{what}: classes"),
            needed,
            found,
        });
    }
    Ok(found)
}
