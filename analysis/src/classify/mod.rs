//! Linear classifiers with an L2 penalty, and how well they do on held-out rows.
//!
//! Labels are one number per row, in any range; classes are their distinct values, ascending.

mod confusion;
mod held_out;
mod logistic;
mod minimise;
mod ordinal;

pub use confusion::{Confusion, majority};
pub use held_out::{Held, held_out_logistic, held_out_ordinal};
pub use logistic::{Logistic, logistic};
pub use ordinal::{Ordinal, ordinal};

use ndarray::ArrayView2;

use crate::{Error, Result, linalg};

/// Checks rows, labels and penalty; returns the classes and each row's place among them.
fn checked(
    what: &str,
    x: ArrayView2<'_, f64>,
    labels: &[usize],
    c: f64,
) -> Result<(Vec<usize>, Vec<usize>)> {
    if labels.len() != x.nrows() {
        return Err(Error::Shape {
            what: format!("{what}: labels"),
            expected: x.nrows().to_string(),
            found: labels.len().to_string(),
        });
    }
    if x.ncols() == 0 {
        return Err(Error::TooFew {
            what: format!("{what}: predictors"),
            needed: 1,
            found: 0,
        });
    }
    linalg::finite(x, &format!("{what}: predictors"))?;
    if !(c > 0.0 && c.is_finite()) {
        return Err(Error::Setting {
            what: format!("{what}: C (inverse of the penalty)"),
            needed: "above 0 and finite".into(),
            found: c.to_string(),
        });
    }
    let classes = distinct(labels);
    if classes.len() < 2 {
        return Err(Error::TooFew {
            what: format!("{what}: classes"),
            needed: 2,
            found: classes.len(),
        });
    }
    let places = labels.iter().map(|l| classes.partition_point(|c| c < l));
    Ok((classes.clone(), places.collect()))
}

fn distinct(labels: &[usize]) -> Vec<usize> {
    let mut classes = labels.to_vec();
    classes.sort_unstable();
    classes.dedup();
    classes
}

/// `1 / (1 + e^−v)`.
fn sigmoid(v: f64) -> f64 {
    if v >= 0.0 {
        1.0 / (1.0 + (-v).exp())
    } else {
        let e = v.exp();
        e / (1.0 + e)
    }
}
