//! Linear regression, plain and penalised.

mod blocked;
mod gram;
mod left_out;
mod multivariate;
mod nested;
mod ols;
mod ridge;
mod tuned;

pub use blocked::BlockedRidge;
pub(crate) use gram::COLLINEAR;
pub use gram::{Correlations, Gram, Linear};
pub use left_out::LeftOut;
pub use multivariate::{Design, HeldOutFit, HeldOutRows, each_held_out, held_out, held_out_rows};
pub use nested::{FTest, Interactions, interactions, nested_f};
pub use ols::{Ols, ols};
pub use ridge::{Ridge, RidgeCv, ridge, ridge_cv};
pub use tuned::{Tuned, tuned_ridge};

use ndarray::{ArrayView2, Axis};

use crate::{Error, Result, linalg};

/// Checks that `x: [row, predictor]` and `y: [row, target]` belong together and are finite.
fn checked(what: &str, x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> Result<()> {
    if x.nrows() != y.nrows() {
        return Err(Error::Shape {
            what: format!("{what}: rows of the targets"),
            expected: x.nrows().to_string(),
            found: y.nrows().to_string(),
        });
    }
    for (side, found) in [("predictors", x.ncols()), ("targets", y.ncols())] {
        if found == 0 {
            return Err(Error::TooFew {
                what: format!("{what}: {side}"),
                needed: 1,
                found,
            });
        }
    }
    linalg::finite(x, &format!("{what}: predictors"))?;
    linalg::finite(y, &format!("{what}: targets"))
}

/// Total sum of squares around the mean of each column, `[column]`.
fn total_squares(y: ArrayView2<'_, f64>) -> Vec<f64> {
    y.axis_iter(Axis(1))
        .map(|c| {
            let mean = c.sum() / c.len() as f64;
            c.iter().map(|v| (v - mean).powi(2)).sum()
        })
        .collect()
}
