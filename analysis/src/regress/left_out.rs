//! What held-out predictions of a ridge regression become when rows that it was fitted on are left out.

use nalgebra::DMatrix;
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Held-out predictions of one fit, and those of fits on fewer rows, without decomposing anew.
///
/// Exact for a penalty that stays what it is, and with it for least squares (penalty 0): leaving out rows `B`
/// changes predictions by `W_B (I − H_B)⁻¹ e_B`, with `W` the weights of fitted rows in held-out predictions, `H`
/// those in their own, and `e` the residuals (Cook and Weisberg 1982, chapter 2.2). Components that a fit is confined to
/// stay those of all rows.
#[derive(Debug, Clone)]
pub struct LeftOut<'a> {
    /// Left singular vectors of the rows fitted, `[row, component]`.
    pub(super) left: ArrayView2<'a, f64>,
    /// What is kept of each component.
    pub(super) gain: Array1<f64>,
    /// `[held-out row, fitted row]`.
    pub(super) weights: Array2<f64>,
    /// `[held-out row, target]`.
    pub(super) predictions: Array2<f64>,
    /// `[fitted row, target]`.
    pub(super) residuals: Array2<f64>,
}

impl LeftOut<'_> {
    /// Predictions with all rows, `[held-out row, target]`.
    pub fn predictions(&self) -> ArrayView2<'_, f64> {
        self.predictions.view()
    }

    /// How much each fitted row's target adds to each prediction, `[held-out row, fitted row]`.
    pub fn weights(&self) -> ArrayView2<'_, f64> {
        self.weights.view()
    }

    /// Predictions without these of the fitted rows, `[held-out row, target]`; nothing where the others do not
    /// determine them.
    pub fn without(&self, rows: &[usize]) -> Option<Array2<f64>> {
        if rows.is_empty() {
            return Some(self.predictions.clone());
        }
        let n = self.left.nrows();
        if rows.len() + 1 >= n {
            return None;
        }
        let left = self.left.select(Axis(0), rows);
        let own = (&left * &self.gain).dot(&left.t()) + 1.0 / n as f64;
        let rest = DMatrix::from_fn(rows.len(), rows.len(), |i, j| {
            f64::from(i == j) - own[[i, j]]
        });
        let off = DMatrix::from_fn(rows.len(), self.residuals.ncols(), |i, t| {
            self.residuals[[rows[i], t]]
        });
        let solved = rest.cholesky()?.solve(&off);
        let solved = Array2::from_shape_fn(solved.shape(), |at| solved[at]);
        let made = &self.predictions - &self.weights.select(Axis(1), rows).dot(&solved);
        made.iter().all(|v| v.is_finite()).then_some(made)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BlockedRidge, ols};
    use crate::rng;
    use ndarray::{Array2, Axis, s};
    use rand::RngExt as _;

    fn drawn(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
        let mut rng = rng::stream(seed, "left-out-test", 0);
        Array2::from_shape_fn((rows, columns), |_| rng.random_range(-1.0..1.0))
    }

    fn others(n: usize, rows: &[usize]) -> Vec<usize> {
        (0..n).filter(|i| !rows.contains(i)).collect()
    }

    #[test]
    fn without_rows_it_predicts_as_a_fit_that_never_saw_them() {
        for columns in [3, 40] {
            let (x, y, test) = (drawn(20, columns, 1), drawn(20, 2, 2), drawn(5, columns, 3));
            let gone = [2, 3, 11];
            let kept = others(20, &gone);
            let fit = BlockedRidge::new(x.view()).unwrap();
            let found = fit.left_out(test.view(), y.view(), 0.1).unwrap();
            let whole = fit.predict(test.view(), y.view(), &[0.1, 0.1]).unwrap();
            assert!(
                (&found.predictions() - &whole)
                    .iter()
                    .all(|v| v.abs() < 1e-10)
            );
            let by_weights = found.weights().dot(&y);
            assert!((&by_weights - &whole).iter().all(|v| v.abs() < 1e-10));
            // The penalty in its own units, as a share of the mean squared length of fewer rows.
            let rows = x.select(Axis(0), &kept);
            let again = BlockedRidge::new(rows.view()).unwrap();
            let share = 0.1 * fit.unit() / again.unit();
            let expected = again
                .predict(
                    test.view(),
                    y.select(Axis(0), &kept).view(),
                    &[share, share],
                )
                .unwrap();
            let without = found.without(&gone).unwrap();
            assert!(
                (&without - &expected).iter().all(|v| v.abs() < 1e-9),
                "{columns}"
            );
        }
    }

    #[test]
    fn least_squares_too_and_what_is_not_determined_is_nothing() {
        let (x, y, test) = (drawn(9, 2, 4), drawn(9, 1, 5), drawn(3, 2, 6));
        let fit = BlockedRidge::new(x.view()).unwrap();
        let found = fit
            .left_out_of_components(test.view(), y.view(), 2)
            .unwrap();
        let kept = others(9, &[0, 5]);
        let expected = ols(
            x.select(Axis(0), &kept).view(),
            y.slice(s![.., 0]).select(Axis(0), &kept).view(),
        )
        .unwrap();
        let without = found.without(&[0, 5]).unwrap();
        for (row, made) in test.outer_iter().zip(without.column(0)) {
            let by_hand = expected.coefficients[0]
                + row[0] * expected.coefficients[1]
                + row[1] * expected.coefficients[2];
            assert!((made - by_hand).abs() < 1e-9);
        }
        assert!(found.without(&[0, 1, 2, 3, 4, 5, 6, 7]).is_none());
        assert_eq!(found.without(&[]).unwrap(), found.predictions());
    }
}
