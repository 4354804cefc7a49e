//! Regression of ordered classes.

use nalgebra::DMatrix;
use ndarray::{Array1, Array2, ArrayView2, Axis, s};

use super::minimise::{Objective, minimise};
use super::{checked, sigmoid};
use crate::{Error, Result, linalg};

/// A fitted proportional-odds model: `P(class ≤ k) = 1 / (1 + exp(x·w − θ_k))`.
#[derive(Debug, Clone, PartialEq)]
pub struct Ordinal {
    /// The classes, ascending: their order is the order of the model.
    pub classes: Vec<usize>,
    /// Slopes, `[predictor]`: a positive one raises the class.
    pub coefficients: Array1<f64>,
    /// Thresholds between neighbouring classes, ascending, `[class − 1]`.
    pub thresholds: Array1<f64>,
}

impl Ordinal {
    /// `x·w` of each row of `x: [row, predictor]`, `[row]`: higher means a higher class.
    pub fn scores(&self, x: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
        if x.ncols() != self.coefficients.len() {
            return Err(Error::Shape {
                what: "ordinal regression: predictors".into(),
                expected: self.coefficients.len().to_string(),
                found: x.ncols().to_string(),
            });
        }
        linalg::finite(x, "ordinal regression: predictors")?;
        Ok(x.dot(&self.coefficients))
    }

    /// Chance of each class, `[row, class]`.
    pub fn probabilities(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        let scores = self.scores(x)?;
        let k = self.classes.len();
        let edge = |i: usize| match i {
            0 => f64::NEG_INFINITY,
            i if i == k => f64::INFINITY,
            i => self.thresholds[i - 1],
        };
        Ok(Array2::from_shape_fn((scores.len(), k), |(row, class)| {
            between(edge(class) - scores[row], edge(class + 1) - scores[row])
        }))
    }
}

/// Fits ordered `labels` on `x: [row, predictor]` (McCullagh 1980): minimises
/// `Σ −ln P(label) + ‖w‖² / (2C)`, thresholds unpenalised. Standardise predictors first if their units differ.
pub fn ordinal(x: ArrayView2<'_, f64>, labels: &[usize], c: f64) -> Result<Ordinal> {
    let what = "ordinal regression";
    let (classes, places) = checked(what, x, labels, c)?;
    let mean = x.sum_axis(Axis(0)) / x.nrows() as f64;
    let (d, n) = (x.ncols(), labels.len() as f64);
    let mut start = Array1::zeros(d + classes.len() - 1);
    for k in 0..classes.len() - 1 {
        let below = places.iter().filter(|p| **p <= k).count() as f64;
        start[d + k] = (below / (n - below)).ln();
    }
    let problem = Problem {
        x: &x - &mean,
        places,
        penalty: 1.0 / c,
    };
    let found = minimise(what, &problem, start)?;
    let coefficients = found.slice(s![..d]).to_owned();
    let shift = coefficients.dot(&mean);
    Ok(Ordinal {
        classes,
        thresholds: found.slice(s![d..]).mapv(|t| t + shift),
        coefficients,
    })
}

/// `F(upper) − F(lower)` of the logistic distribution, without cancellation on either side.
fn between(lower: f64, upper: f64) -> f64 {
    if lower > 0.0 {
        sigmoid(-lower) - sigmoid(-upper)
    } else {
        sigmoid(upper) - sigmoid(lower)
    }
}

struct Problem {
    /// Centred predictors, `[row, predictor]`.
    x: Array2<f64>,
    /// Place of each row's class.
    places: Vec<usize>,
    penalty: f64,
}

/// Derivatives of one row's log likelihood by its upper and lower edge.
struct Row {
    upper: f64,
    lower: f64,
    upper_upper: f64,
    upper_lower: f64,
    lower_lower: f64,
}

impl Problem {
    /// Edges of each row's class less its score.
    fn edges(&self, at: &Array1<f64>) -> Vec<(f64, f64)> {
        let d = self.x.ncols();
        let scores = self.x.dot(&at.slice(s![..d]));
        let edge = |k: usize| at.get(d + k).copied();
        let one = |(place, score): (&usize, &f64)| {
            let lower = place
                .checked_sub(1)
                .and_then(edge)
                .unwrap_or(f64::NEG_INFINITY);
            let upper = edge(*place).unwrap_or(f64::INFINITY);
            (lower - score, upper - score)
        };
        self.places.iter().zip(&scores).map(one).collect()
    }

    fn rows(&self, at: &Array1<f64>) -> Vec<Row> {
        let density = |v: f64| sigmoid(v) * sigmoid(-v);
        let slope = |v: f64| density(v) * (sigmoid(-v) - sigmoid(v));
        let one = |(lower, upper): (f64, f64)| {
            let p = between(lower, upper).max(f64::MIN_POSITIVE);
            let (u, l) = (density(upper) / p, density(lower) / p);
            Row {
                upper: u,
                lower: -l,
                upper_upper: slope(upper) / p - u * u,
                upper_lower: u * l,
                lower_lower: -slope(lower) / p - l * l,
            }
        };
        self.edges(at).into_iter().map(one).collect()
    }
}

impl Objective for Problem {
    fn value(&self, at: &Array1<f64>) -> f64 {
        let d = self.x.ncols();
        let mut loss = 0.0;
        for (lower, upper) in self.edges(at) {
            if lower >= upper {
                return f64::INFINITY;
            }
            loss -= between(lower, upper).ln();
        }
        let w = at.slice(s![..d]);
        loss + 0.5 * self.penalty * w.dot(&w)
    }

    fn gradient(&self, at: &Array1<f64>) -> Array1<f64> {
        let d = self.x.ncols();
        let rows = self.rows(at);
        let by_score: Array1<f64> = rows.iter().map(|r| r.upper + r.lower).collect();
        let mut out = Array1::zeros(at.len());
        let mut w = out.slice_mut(s![..d]);
        w.assign(&self.x.t().dot(&by_score));
        w.scaled_add(self.penalty, &at.slice(s![..d]));
        for (row, place) in rows.iter().zip(&self.places) {
            if d + place < at.len() {
                out[d + place] -= row.upper;
            }
            if *place > 0 {
                out[d + place - 1] -= row.lower;
            }
        }
        out
    }

    fn hessian(&self, at: &Array1<f64>) -> DMatrix<f64> {
        let d = self.x.ncols();
        let rows = self.rows(at);
        let mut out = DMatrix::zeros(at.len(), at.len());
        let curve = |r: &Row| -(r.upper_upper + 2.0 * r.upper_lower + r.lower_lower);
        let weights: Array1<f64> = rows.iter().map(curve).collect();
        let block = self.x.t().dot(&(&self.x * &weights.insert_axis(Axis(1))));
        for ((i, j), v) in block.indexed_iter() {
            out[(i, j)] = v + if i == j { self.penalty } else { 0.0 };
        }
        for ((row, place), x) in rows.iter().zip(&self.places).zip(self.x.outer_iter()) {
            let up = (d + place < at.len()).then_some(d + place);
            let down = place.checked_sub(1).map(|k| d + k);
            for (edge, cross, own) in [
                (up, row.upper_upper + row.upper_lower, row.upper_upper),
                (down, row.lower_lower + row.upper_lower, row.lower_lower),
            ] {
                let Some(e) = edge else { continue };
                out[(e, e)] -= own;
                for (j, v) in x.iter().enumerate() {
                    out[(e, j)] += cross * v;
                    out[(j, e)] += cross * v;
                }
            }
            if let (Some(u), Some(l)) = (up, down) {
                out[(u, l)] -= row.upper_lower;
                out[(l, u)] -= row.upper_lower;
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::logistic;
    use super::super::minimise::{lbfgs, newton};
    use super::*;
    use ndarray::array;
    use rand::RngExt as _;

    fn planted() -> (Array2<f64>, Vec<usize>) {
        let mut rng = crate::rng::stream(5, "ordinal-test", 0);
        let x = Array2::from_shape_fn((3000, 2), |_| rng.random_range(-2.0..2.0));
        let labels = x
            .outer_iter()
            .map(|row| {
                let u: f64 = rng.random_range(1e-9..1.0);
                let latent = 1.5 * row[0] - 0.5 * row[1] + (u / (1.0 - u)).ln();
                10 + 10 * usize::from(latent > -1.0) + 10 * usize::from(latent > 2.0)
            })
            .collect();
        (x, labels)
    }

    #[test]
    fn two_classes_are_logistic_regression() {
        let x = array![[0.0, 1.0], [1.0, 3.0], [2.0, 0.0], [3.0, 2.0], [4.0, 1.0]];
        let labels = [0, 1, 0, 1, 1];
        let a = ordinal(x.view(), &labels, 0.7).unwrap();
        let b = logistic(x.view(), &labels, 0.7).unwrap();
        for j in 0..2 {
            assert!((a.coefficients[j] - b.coefficients[[0, j]]).abs() < 1e-9);
        }
        assert!((a.thresholds[0] + b.intercepts[0]).abs() < 1e-9);
    }

    #[test]
    fn planted_slopes_and_thresholds_come_back() {
        let (x, labels) = planted();
        let fit = ordinal(x.view(), &labels, 1e6).unwrap();
        assert!((fit.coefficients[0] - 1.5).abs() < 0.15, "{fit:?}");
        assert!((fit.coefficients[1] + 0.5).abs() < 0.1);
        assert!((fit.thresholds[0] + 1.0).abs() < 0.15 && (fit.thresholds[1] - 2.0).abs() < 0.2);
        let p = fit.probabilities(x.view()).unwrap();
        assert!(p.iter().all(|v| (0.0..=1.0).contains(v)));
        assert!(p.sum_axis(Axis(1)).iter().all(|s| (s - 1.0).abs() < 1e-12));
        // At the optimum expected counts of the lowest class meet the observed ones nearly.
        let lowest = labels.iter().filter(|l| **l == 10).count() as f64;
        assert!((p.column(0).sum() - lowest).abs() < 0.02 * lowest);
    }

    #[test]
    fn newton_and_lbfgs_meet() {
        let (x, labels) = planted();
        let problem = Problem {
            x: x.slice(s![..200, ..]).to_owned(),
            places: labels[..200].iter().map(|l| l / 10 - 1).collect(),
            penalty: 0.1,
        };
        let start = array![0.0, 0.0, -1.0, 1.0];
        let a = newton("test", &problem, start.clone()).unwrap();
        let b = lbfgs("test", &problem, start).unwrap();
        assert!((&a - &b).iter().all(|d| d.abs() < 1e-7), "{a} {b}");
    }

    #[test]
    fn bad_input_is_an_error() {
        let x = array![[1.0], [2.0], [3.0]];
        assert!(ordinal(x.view(), &[1, 1, 1], 1.0).is_err());
        assert!(ordinal(x.view(), &[1, 2], 1.0).is_err());
        assert!(ordinal(x.view(), &[1, 2, 3], -1.0).is_err());
        let fit = ordinal(x.view(), &[1, 2, 3], 1.0).unwrap();
        assert!(fit.probabilities(array![[1.0, 1.0]].view()).is_err());
        assert!(fit.thresholds[0] < fit.thresholds[1]);
    }
}
