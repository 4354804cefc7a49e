//! Logistic regression of two or more classes.

use nalgebra::DMatrix;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

use super::minimise::{Objective, minimise};
use super::{checked, sigmoid};
use crate::{Error, Result, linalg};

/// A fitted logistic regression.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    /// The classes, ascending.
    pub classes: Vec<usize>,
    /// Slopes of the class scores, `[class, predictor]`; for two classes one row, of the second class against
    /// the first.
    pub coefficients: Array2<f64>,
    /// Intercepts of the class scores, with mean zero, `[class]`; for two classes one.
    pub intercepts: Array1<f64>,
}

impl Logistic {
    /// Chance of each class for the rows of `x: [row, predictor]`, `[row, class]`.
    pub fn probabilities(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        if x.ncols() != self.coefficients.ncols() {
            return Err(Error::Shape {
                what: "logistic regression: predictors".into(),
                expected: self.coefficients.ncols().to_string(),
                found: x.ncols().to_string(),
            });
        }
        linalg::finite(x, "logistic regression: predictors")?;
        let mut p = x.dot(&self.coefficients.t()) + &self.intercepts;
        to_probabilities(&mut p);
        if self.classes.len() > 2 {
            return Ok(p);
        }
        let second = p.column(0);
        Ok(Array2::from_shape_fn((x.nrows(), 2), |(i, k)| match k {
            0 => 1.0 - second[i],
            _ => second[i],
        }))
    }

    /// Most likely class of each row (the lower one on ties), `[row]`.
    pub fn predict(&self, x: ArrayView2<'_, f64>) -> Result<Vec<usize>> {
        let p = self.probabilities(x)?;
        Ok(p.outer_iter()
            .map(|row| self.classes[largest(row)])
            .collect())
    }
}

/// Place of the largest entry, the first on ties.
pub(super) fn largest(row: ArrayView1<'_, f64>) -> usize {
    (0..row.len()).fold(0, |best, k| if row[k] > row[best] { k } else { best })
}

/// Fits `labels` on `x: [row, predictor]`: minimises `Σ −ln P(label) + ‖W‖² / (2C)`, intercepts unpenalised.
///
/// Two classes have one row of slopes, more have one row each (softmax). Standardise predictors first if their
/// units differ. Fitted by Newton's method up to 400 parameters, above by L-BFGS.
pub fn logistic(x: ArrayView2<'_, f64>, labels: &[usize], c: f64) -> Result<Logistic> {
    let what = "logistic regression";
    let (classes, places) = checked(what, x, labels, c)?;
    let mean = x.sum_axis(Axis(0)) / x.nrows() as f64;
    let scores = if classes.len() == 2 { 1 } else { classes.len() };
    let d = x.ncols();
    let problem = Problem {
        x: with_ones(&(&x - &mean)),
        target: Array2::from_shape_fn((x.nrows(), scores), |(i, k)| {
            f64::from(places[i] == if scores == 1 { 1 } else { k })
        }),
        penalty: 1.0 / c,
    };
    let found = minimise(what, &problem, Array1::zeros(scores * (d + 1)))?;
    let rows = Array2::from_shape_fn((scores, d + 1), |(k, j)| found[k * (d + 1) + j]);
    let coefficients = rows.slice(s![.., ..d]).to_owned();
    let mut intercepts = &rows.column(d) - &coefficients.dot(&mean);
    if scores > 1 {
        let shift = intercepts.sum() / scores as f64;
        intercepts -= shift;
    }
    Ok(Logistic {
        classes,
        coefficients,
        intercepts,
    })
}

/// Predictors with a last column of ones.
pub(super) fn with_ones(x: &Array2<f64>) -> Array2<f64> {
    let mut out = Array2::ones((x.nrows(), x.ncols() + 1));
    out.slice_mut(s![.., ..x.ncols()]).assign(x);
    out
}

/// Turns scores into chances, row by row: of the class against the other for one score, of each class else.
fn to_probabilities(scores: &mut Array2<f64>) {
    if scores.ncols() == 1 {
        scores.mapv_inplace(sigmoid);
        return;
    }
    for mut row in scores.outer_iter_mut() {
        let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.mapv_inplace(|v| (v - top).exp());
        let sum = row.sum();
        row /= sum;
    }
}

struct Problem {
    /// Centred predictors and a column of ones, `[row, predictor + 1]`.
    x: Array2<f64>,
    /// 1 for the row's class, `[row, score]`.
    target: Array2<f64>,
    penalty: f64,
}

impl Problem {
    fn scores(&self, at: &Array1<f64>) -> Array2<f64> {
        self.x.dot(&self.rows(at).t())
    }

    /// Parameters as `[score, predictor + 1]`.
    fn rows(&self, at: &Array1<f64>) -> Array2<f64> {
        let width = self.x.ncols();
        Array2::from_shape_fn((self.target.ncols(), width), |(k, j)| at[k * width + j])
    }

    /// Sum of the intercepts when there are several: free to move together, so tied to 0.
    fn common(&self, rows: &Array2<f64>) -> f64 {
        match rows.nrows() {
            1 => 0.0,
            _ => rows.column(rows.ncols() - 1).sum(),
        }
    }
}

impl Objective for Problem {
    fn value(&self, at: &Array1<f64>) -> f64 {
        let (scores, rows) = (self.scores(at), self.rows(at));
        let loss: f64 = scores
            .outer_iter()
            .zip(self.target.outer_iter())
            .map(|(row, target)| {
                let zero = if row.len() == 1 {
                    0.0
                } else {
                    f64::NEG_INFINITY
                };
                let top = row.iter().copied().fold(zero, f64::max);
                let sum: f64 =
                    row.iter().map(|v| (v - top).exp()).sum::<f64>() + (zero - top).exp();
                top + sum.ln() - row.dot(&target)
            })
            .sum();
        let slopes = rows.slice(s![.., ..rows.ncols() - 1]);
        let squares: f64 = slopes.iter().map(|w| w * w).sum();
        loss + 0.5 * self.penalty * squares + 0.5 * self.common(&rows).powi(2)
    }

    fn gradient(&self, at: &Array1<f64>) -> Array1<f64> {
        let rows = self.rows(at);
        let mut p = self.scores(at);
        to_probabilities(&mut p);
        let mut out = (p - &self.target).t().dot(&self.x);
        let last = rows.ncols() - 1;
        out.slice_mut(s![.., ..last])
            .scaled_add(self.penalty, &rows.slice(s![.., ..last]));
        let common = self.common(&rows);
        out.column_mut(last).mapv_inplace(|v| v + common);
        out.iter().copied().collect()
    }

    fn hessian(&self, at: &Array1<f64>) -> DMatrix<f64> {
        let mut p = self.scores(at);
        to_probabilities(&mut p);
        let (count, width) = (p.ncols(), self.x.ncols());
        let mut out = DMatrix::zeros(count * width, count * width);
        for k in 0..count {
            for l in 0..=k {
                let weight = |i: usize| p[[i, k]] * (f64::from(k == l) - p[[i, l]]);
                let weights: Array1<f64> = (0..p.nrows()).map(weight).collect();
                let block = self.x.t().dot(&(&self.x * &weights.insert_axis(Axis(1))));
                for ((i, j), v) in block.indexed_iter() {
                    out[(k * width + i, l * width + j)] = *v;
                    out[(l * width + j, k * width + i)] = *v;
                }
                if count > 1 {
                    let (i, j) = (k * width + width - 1, l * width + width - 1);
                    out[(i, j)] += 1.0;
                    if k != l {
                        out[(j, i)] += 1.0;
                    }
                }
            }
            for j in 0..width - 1 {
                out[(k * width + j, k * width + j)] += self.penalty;
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::minimise::{lbfgs, newton};
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn one_predictor_by_hand() {
        // Rows at ±1, labels split 3 to 1 on each side: without penalty the slope would be ln 3.
        let x = array![[1.0], [1.0], [1.0], [1.0], [-1.0], [-1.0], [-1.0], [-1.0]];
        let labels = [4, 4, 4, 2, 2, 2, 2, 4];
        let fit = logistic(x.view(), &labels, 1e8).unwrap();
        assert_eq!(fit.classes, [2, 4]);
        assert!((fit.coefficients[[0, 0]] - 3.0_f64.ln()).abs() < 1e-6);
        assert!(fit.intercepts[0].abs() < 1e-9);
        let p = fit.probabilities(array![[1.0]].view()).unwrap();
        assert!((p[[0, 1]] - 0.75).abs() < 1e-6 && (p.sum() - 1.0).abs() < 1e-14);
        assert_eq!(fit.predict(x.view()).unwrap(), [4, 4, 4, 4, 2, 2, 2, 2]);
    }

    #[test]
    fn newton_and_lbfgs_meet() {
        let mut rng = crate::rng::stream(2, "logistic-test", 0);
        let x = Array2::from_shape_fn((60, 4), |_| rand::RngExt::random_range(&mut rng, -1.0..1.0));
        let target = Array2::from_shape_fn((60, 3), |(i, k)| f64::from(i % 3 == k));
        let problem = Problem {
            x: with_ones(&x),
            target,
            penalty: 0.5,
        };
        let a = newton("test", &problem, Array1::zeros(15)).unwrap();
        let b = lbfgs("test", &problem, Array1::zeros(15)).unwrap();
        assert!((&a - &b).iter().all(|d| d.abs() < 1e-7), "{a} {b}");
    }

    #[test]
    fn separable_classes_and_many_predictors_settle() {
        let x = array![[-2.0], [-1.0], [1.0], [2.0]];
        let fit = logistic(x.view(), &[0, 0, 1, 1], 1.0).unwrap();
        assert!(fit.coefficients[[0, 0]] > 0.5 && fit.coefficients[[0, 0]] < 5.0);
        // More predictors than rows, and more parameters than Newton takes.
        let mut rng = crate::rng::stream(3, "logistic-test", 0);
        let x = Array2::from_shape_fn((30, 450), |_| {
            rand::RngExt::random_range(&mut rng, -1.0..1.0)
        });
        let labels: Vec<usize> = (0..30).map(|i| i % 2).collect();
        let fit = logistic(x.view(), &labels, 1.0).unwrap();
        assert_eq!(fit.predict(x.view()).unwrap(), labels);
    }

    #[test]
    fn bad_input_is_an_error() {
        let x = array![[1.0], [2.0]];
        assert!(
            logistic(x.view(), &[1, 1], 1.0)
                .unwrap_err()
                .to_string()
                .contains("classes")
        );
        assert!(logistic(x.view(), &[1], 1.0).is_err());
        assert!(logistic(x.view(), &[0, 1], 0.0).is_err());
        assert!(logistic(array![[1.0], [f64::NAN]].view(), &[0, 1], 1.0).is_err());
        let flat = logistic(array![[1.0], [1.0], [1.0]].view(), &[0, 0, 1], 1.0).unwrap();
        assert!(flat.coefficients[[0, 0]].abs() < 1e-9);
        assert!((flat.intercepts[0] - 0.5_f64.ln()).abs() < 1e-8);
        assert!(flat.probabilities(array![[1.0, 2.0]].view()).is_err());
    }

    proptest! {
        #[test]
        fn order_and_offset_of_predictors_do_not_matter(values in prop::collection::vec(-3.0..3.0_f64, 24)) {
            let x = Array2::from_shape_vec((12, 2), values).unwrap();
            let labels: Vec<usize> = (0..12).map(|i| i * 7 % 3).collect();
            let fit = logistic(x.view(), &labels, 2.0).unwrap();
            let other = x.select(Axis(1), &[1, 0]) + 10.0;
            let moved = logistic(other.view(), &labels, 2.0).unwrap();
            for k in 0..3 {
                let d = fit.coefficients[[k, 0]] - moved.coefficients[[k, 1]];
                prop_assert!(d.abs() < 1e-7);
            }
            prop_assert!(fit.intercepts.sum().abs() < 1e-9);
        }
    }
}
