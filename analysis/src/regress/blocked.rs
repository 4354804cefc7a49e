//! Ridge regression of many targets on more predictors than rows, with penalties chosen on blocks of rows.

use nalgebra::{DMatrix, DVector};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};

use super::checked;
use super::left_out::LeftOut;
use crate::pca::{self, Pca, Scaling};
use crate::{Error, Result};

/// Rows to fit on, decomposed once for all targets and penalties.
///
/// Predictors are centred and not scaled, so that the fit does not depend on the axes that they are written
/// in. The intercept is not penalised. A penalty is a share of the mean squared length of the centred rows.
#[derive(Debug, Clone)]
pub struct BlockedRidge {
    pca: Pca,
    /// Left singular vectors, `[row, component]`.
    left: Array2<f64>,
    /// Mean squared length of the centred rows.
    unit: f64,
}

impl BlockedRidge {
    /// Decomposes `x: [row, predictor]`.
    ///
    /// # Errors
    /// When there are fewer than two rows, all are equal, or entries are not finite.
    pub fn new(x: ArrayView2<'_, f64>) -> Result<Self> {
        let pca = pca::fit(x, Scaling::Centred)?;
        let mut left = pca.scores(x)?;
        for (mut column, value) in left.axis_iter_mut(Axis(1)).zip(&pca.singular_values) {
            column /= *value;
        }
        let squares: f64 = pca.singular_values.iter().map(|v| v * v).sum();
        Ok(Self {
            pca,
            left,
            unit: squares / x.nrows() as f64,
        })
    }

    /// Directions in which the rows vary.
    pub fn rank(&self) -> usize {
        self.pca.components.nrows()
    }

    /// The penalty of `shares` that predicts each target of `y: [row, target]` best when every block of rows
    /// is predicted from the others, `[target]`; the first wins ties. Decompositions are not repeated: the
    /// error on a block follows from the fit on all rows (Allen 1974, for blocks).
    ///
    /// # Errors
    /// When sizes differ, or there are fewer than two blocks or no penalties.
    pub fn penalties(
        &self,
        y: ArrayView2<'_, f64>,
        blocks: &[usize],
        shares: &[f64],
    ) -> Result<Vec<f64>> {
        checked("ridge regression", self.left.view(), y)?;
        let what = "ridge regression with a penalty chosen on blocks";
        if blocks.len() != y.nrows() {
            return Err(Error::Shape {
                what: format!("{what}: numbers of blocks"),
                expected: y.nrows().to_string(),
                found: blocks.len().to_string(),
            });
        }
        let members = members(blocks);
        for (unit, found, needed) in [("blocks", members.len(), 2), ("penalties", shares.len(), 1)]
        {
            if found < needed {
                return Err(Error::TooFew {
                    what: format!("{what}: {unit}"),
                    needed,
                    found,
                });
            }
        }
        let mean = y.sum_axis(Axis(0)) / y.nrows() as f64;
        let centred = &y - &mean;
        let along = self.left.t().dot(&centred);
        let mut best = vec![(f64::INFINITY, f64::NAN); y.ncols()];
        for share in shares {
            let gain = self.shrinkage(*share);
            let residual = &centred - &self.left.dot(&(&along * &gain.view().insert_axis(Axis(1))));
            let mut errors = vec![0.0; y.ncols()];
            for rows in &members {
                self.add_errors(rows, &gain, residual.view(), &mut errors)?;
            }
            for (best, error) in best.iter_mut().zip(errors) {
                if error < best.0 {
                    *best = (error, *share);
                }
            }
        }
        Ok(best.into_iter().map(|(_, share)| share).collect())
    }

    /// Adds the squared errors on the rows of one block of a fit on all others, by target.
    fn add_errors(
        &self,
        rows: &[usize],
        gain: &Array1<f64>,
        residual: ArrayView2<'_, f64>,
        errors: &mut [f64],
    ) -> Result<()> {
        let left = self.left.select(Axis(0), rows);
        let hat = (&left * gain).dot(&left.t());
        let n = self.left.nrows() as f64;
        let rest = DMatrix::from_fn(rows.len(), rows.len(), |i, j| {
            f64::from(i == j) - hat[[i, j]] - 1.0 / n
        });
        let Some(factor) = rest.cholesky() else {
            return Err(Error::Undefined {
                what: "ridge regression".into(),
                why: "a block of rows decides its own predictions; the penalty is too small".into(),
            });
        };
        let own = residual.select(Axis(0), rows);
        for (column, error) in own.axis_iter(Axis(1)).zip(errors) {
            let solved = factor.solve(&DVector::from_iterator(
                column.len(),
                column.iter().copied(),
            ));
            *error += solved.norm_squared();
        }
        Ok(())
    }

    /// `l / (l + penalty)` of each component, where `l` is its squared singular value.
    fn shrinkage(&self, share: f64) -> Array1<f64> {
        let penalty = share * self.unit;
        self.pca.singular_values.mapv(|v| v * v / (v * v + penalty))
    }

    /// Predictions for `test: [row, predictor]` of fits on `y: [fitted row, target]`, `[row, target]`;
    /// `penalties` has one share a target.
    ///
    /// # Errors
    /// When sizes differ.
    pub fn predict(
        &self,
        test: ArrayView2<'_, f64>,
        y: ArrayView2<'_, f64>,
        penalties: &[f64],
    ) -> Result<Array2<f64>> {
        checked("ridge regression", self.left.view(), y)?;
        if penalties.len() != y.ncols() {
            return Err(Error::Shape {
                what: "ridge regression: penalties".into(),
                expected: y.ncols().to_string(),
                found: penalties.len().to_string(),
            });
        }
        let mean = y.sum_axis(Axis(0)) / y.nrows() as f64;
        let mut along = self.left.t().dot(&(&y - &mean));
        for (mut column, share) in along.axis_iter_mut(Axis(1)).zip(penalties) {
            column *= &(self.shrinkage(*share) / &self.pca.singular_values);
        }
        Ok(self.pca.scores(test)?.dot(&along) + &mean)
    }

    /// Predictions for `test: [row, predictor]` of least squares of `y: [fitted row, target]` on the first
    /// `k` principal components of the fitted rows, `[row, target]`.
    ///
    /// # Errors
    /// When sizes differ.
    pub fn predict_from_components(
        &self,
        test: ArrayView2<'_, f64>,
        y: ArrayView2<'_, f64>,
        k: usize,
    ) -> Result<Array2<f64>> {
        checked("regression on components", self.left.view(), y)?;
        let k = k.min(self.rank());
        let mean = y.sum_axis(Axis(0)) / y.nrows() as f64;
        let mut along = self.left.slice(s![.., ..k]).t().dot(&(&y - &mean));
        for (mut row, value) in along.outer_iter_mut().zip(&self.pca.singular_values) {
            row /= *value;
        }
        let scores = self.pca.scores(test)?;
        Ok(scores.slice(s![.., ..k]).dot(&along) + &mean)
    }

    /// Predictions for `test: [row, predictor]` of fits on `y: [fitted row, target]` with one penalty, and of the
    /// same without some of the rows fitted.
    ///
    /// # Errors
    /// When sizes differ.
    pub fn left_out(
        &self,
        test: ArrayView2<'_, f64>,
        y: ArrayView2<'_, f64>,
        penalty: f64,
    ) -> Result<LeftOut<'_>> {
        self.left_out_with(test, y, self.shrinkage(penalty))
    }

    /// The same of least squares on the first `k` principal components of the fitted rows.
    ///
    /// # Errors
    /// When sizes differ.
    pub fn left_out_of_components(
        &self,
        test: ArrayView2<'_, f64>,
        y: ArrayView2<'_, f64>,
        k: usize,
    ) -> Result<LeftOut<'_>> {
        self.left_out_with(test, y, Array1::ones(k.min(self.rank())))
    }

    fn left_out_with(
        &self,
        test: ArrayView2<'_, f64>,
        y: ArrayView2<'_, f64>,
        gain: Array1<f64>,
    ) -> Result<LeftOut<'_>> {
        checked("ridge regression", self.left.view(), y)?;
        let k = gain.len();
        let left = self.left.slice(s![.., ..k]);
        let per_value = &gain / &self.pca.singular_values.slice(s![..k]);
        let scores = self.pca.scores(test)?;
        let scaled = &scores.slice(s![.., ..k]) * &per_value;
        let weights = scaled.dot(&left.t()) + 1.0 / y.nrows() as f64;
        let mean = y.sum_axis(Axis(0)) / y.nrows() as f64;
        let along = left.t().dot(&y);
        let fitted = left.dot(&(&along * &gain.view().insert_axis(Axis(1)))) + &mean;
        Ok(LeftOut {
            predictions: scaled.dot(&along) + &mean,
            residuals: &y - &fitted,
            left,
            gain,
            weights,
        })
    }

    /// Mean squared length of the centred rows, of which penalties are shares.
    pub fn unit(&self) -> f64 {
        self.unit
    }

    /// Slopes `[predictor, target]` of fits on `y: [fitted row, target]`; `penalties` has one share a target.
    ///
    /// # Errors
    /// When sizes differ.
    pub fn slopes(&self, y: ArrayView2<'_, f64>, penalties: &[f64]) -> Result<Array2<f64>> {
        let d = self.pca.mean.len();
        let origin = self.pca.mean.view().insert_axis(Axis(0));
        let steps = &Array2::<f64>::eye(d) + &origin;
        let at_mean = self.predict(origin, y, penalties)?;
        Ok(self.predict(steps.view(), y, penalties)? - &at_mean)
    }
}

/// Rows of each block, blocks ascending.
fn members(blocks: &[usize]) -> Vec<Vec<usize>> {
    let mut of = std::collections::BTreeMap::<usize, Vec<usize>>::new();
    for (row, block) in blocks.iter().enumerate() {
        of.entry(*block).or_default().push(row);
    }
    of.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::tests::assert_near;
    use crate::regress::ols;
    use crate::rng;
    use ndarray::array;
    use rand::RngExt as _;

    fn drawn(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
        let mut rng = rng::stream(seed, "blocked-ridge-test", 0);
        Array2::from_shape_fn((rows, columns), |_| rng.random_range(-1.0..1.0))
    }

    #[test]
    fn one_predictor_by_hand() {
        // x = −1, 0, 1 and y = −2, 0, 2: slope 4 / (2 + penalty); mean squared length 2/3.
        let (x, y) = (array![[-1.0], [0.0], [1.0]], array![[-2.0], [0.0], [2.0]]);
        let fit = BlockedRidge::new(x.view()).unwrap();
        let found = fit.predict(array![[1.0]].view(), y.view(), &[3.0]).unwrap();
        assert!((found[[0, 0]] - 1.0).abs() < 1e-12);
        assert!((fit.slopes(y.view(), &[3.0]).unwrap()[[0, 0]] - 1.0).abs() < 1e-12);
        let whole = fit.predict_from_components(array![[2.0]].view(), y.view(), 1);
        assert!((whole.unwrap()[[0, 0]] - 4.0).abs() < 1e-12);
    }

    #[test]
    fn without_penalty_it_is_least_squares() {
        let (x, y) = (drawn(20, 3, 1), drawn(20, 1, 2));
        let fit = ols(x.view(), y.column(0)).unwrap();
        let found = BlockedRidge::new(x.view()).unwrap();
        let slopes = found.slopes(y.view(), &[0.0]).unwrap();
        assert_near(slopes.column(0), fit.coefficients.iter().skip(1), 1e-9);
    }

    /// The errors on blocks are those of fits that never saw the block, with the penalty held as it is.
    #[test]
    fn the_chosen_penalty_is_the_best_of_repeated_fits() {
        for columns in [3, 40] {
            let (x, noise) = (drawn(24, columns, 3), drawn(24, 5, 4));
            let blocks: Vec<usize> = (0..24).map(|i| i % 4).collect();
            let y =
                Array2::from_shape_fn((24, 5), |(i, t)| x[[i, 0]] * t as f64 + 0.5 * noise[[i, t]]);
            let shares = [0.01, 0.1, 1.0, 10.0];
            let fit = BlockedRidge::new(x.view()).unwrap();
            let chosen = fit.penalties(y.view(), &blocks, &shares).unwrap();
            for (t, chosen) in chosen.iter().enumerate() {
                let errors: Vec<f64> = shares
                    .iter()
                    .map(|share| repeated(&x, &y, &blocks, t, share * fit.unit))
                    .collect();
                let best = (0..4).fold(0, |b, s| if errors[s] < errors[b] { s } else { b });
                assert_eq!(*chosen, shares[best], "{columns} {t} {errors:?}");
            }
        }
    }

    fn repeated(
        x: &Array2<f64>,
        y: &Array2<f64>,
        blocks: &[usize],
        target: usize,
        penalty: f64,
    ) -> f64 {
        let mut error = 0.0;
        for block in 0..4 {
            let of = |inside: bool| -> Vec<usize> {
                (0..24)
                    .filter(|i| (blocks[*i] == block) == inside)
                    .collect()
            };
            let (test, train) = (of(true), of(false));
            let fit = BlockedRidge::new(x.select(Axis(0), &train).view()).unwrap();
            let targets = y.select(Axis(0), &train);
            let predicted = fit
                .predict(
                    x.select(Axis(0), &test).view(),
                    targets.slice(s![.., target..target + 1]),
                    &[penalty / fit.unit],
                )
                .unwrap();
            for (i, p) in test.iter().zip(predicted.column(0)) {
                error += (y[[*i, target]] - p).powi(2);
            }
        }
        error
    }

    #[test]
    fn bad_input_is_an_error() {
        assert!(BlockedRidge::new(Array2::ones((4, 2)).view()).is_err());
        assert!(BlockedRidge::new(Array2::from_elem((4, 2), f64::NAN).view()).is_err());
        let fit = BlockedRidge::new(drawn(6, 2, 5).view()).unwrap();
        let y = drawn(6, 1, 6);
        assert!(fit.penalties(y.view(), &[0; 6], &[1.0]).is_err());
        assert!(fit.penalties(y.view(), &[0, 1], &[1.0]).is_err());
        assert!(fit.penalties(y.view(), &[0, 0, 0, 1, 1, 1], &[]).is_err());
        assert!(fit.predict(y.view(), y.view(), &[1.0]).is_err());
        assert!(fit.predict(drawn(2, 2, 7).view(), y.view(), &[]).is_err());
    }
}
