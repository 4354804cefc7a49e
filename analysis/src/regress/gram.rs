//! Weighted products of predictors and targets: all that least squares needs to know of the rows.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::checked;
use crate::{Error, Result, linalg};

/// Smallest eigenvalue of a correlation matrix that counts as a direction in which predictors vary.
pub(crate) const COLLINEAR: f64 = 1e-10;

/// Weight, means and centred products of rows seen so far; mergeable, so that folds and bootstrap
/// draws cost one pass over the rows and no more.
///
/// A weight says how often a row is taken. Merging in a fixed order gives the same bits every time
/// (Chan, Golub & LeVeque 1983).
#[derive(Debug, Clone, PartialEq)]
pub struct Gram {
    /// Sum of the weights.
    weight: f64,
    /// Mean of the predictors, `[predictor]`.
    x_mean: Array1<f64>,
    /// Mean of the targets, `[target]`.
    y_mean: Array1<f64>,
    /// Products of deviations of the predictors, `[predictor, predictor]`.
    xx: Array2<f64>,
    /// Products of deviations of predictors and targets, `[predictor, target]`.
    xy: Array2<f64>,
    /// Squared deviations of the targets, `[target]`.
    yy: Array1<f64>,
}

/// A linear model of many targets: `y = intercepts + x · slopes`.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// Slopes, `[predictor, target]`; 0 for predictors left out.
    pub slopes: Array2<f64>,
    /// Intercepts, `[target]`.
    pub intercepts: Array1<f64>,
}

impl Linear {
    /// Predictions for `x: [row, predictor]`, `[row, target]`.
    pub fn predict(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        if x.ncols() != self.slopes.nrows() {
            return Err(Error::Shape {
                what: "predictors of the linear model".into(),
                expected: self.slopes.nrows().to_string(),
                found: x.ncols().to_string(),
            });
        }
        Ok(x.dot(&self.slopes) + &self.intercepts)
    }
}

/// Predictors and targets on the scale of correlations.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlations {
    /// Of predictors with each other, `[predictor, predictor]`. A constant predictor has zeros, also
    /// on the diagonal.
    pub predictors: Array2<f64>,
    /// Of predictors with targets, `[predictor, target]`; 0 where either is constant.
    pub targets: Array2<f64>,
    /// Sum of squared deviations of each target, `[target]`; exactly 0 for a constant one.
    pub squares: Array1<f64>,
}

impl Correlations {
    /// Means of the rows of `per_target: [target, item]`, weighted by the targets' sums of squares:
    /// turns shares of each target into shares of all variance, `[item]`. NaN when no target varies.
    pub fn total(&self, per_target: ArrayView2<'_, f64>) -> Array1<f64> {
        let whole = self.squares.sum();
        let mut sum = Array1::zeros(per_target.ncols());
        for (row, square) in per_target.outer_iter().zip(&self.squares) {
            if *square > 0.0 {
                sum.scaled_add(square / whole, &row);
            }
        }
        if whole > 0.0 { sum } else { sum * f64::NAN }
    }
}

impl Gram {
    /// Products of `x: [row, predictor]` and `y: [row, target]`; `weights` count how often each row is
    /// taken (once by default; none negative).
    pub fn of(
        x: ArrayView2<'_, f64>,
        y: ArrayView2<'_, f64>,
        weights: Option<&[f64]>,
    ) -> Result<Self> {
        checked("regression", x, y)?;
        let Some(weights) = weights else {
            return Ok(Self::of_checked(x, y, &vec![1.0; x.nrows()]));
        };
        check_weights(weights, x.nrows())?;
        Ok(Self::of_checked(x, y, weights))
    }

    /// The same for arguments already checked.
    pub(super) fn of_checked(
        x: ArrayView2<'_, f64>,
        y: ArrayView2<'_, f64>,
        weights: &[f64],
    ) -> Self {
        let taken: Vec<usize> = (0..weights.len()).filter(|i| weights[*i] > 0.0).collect();
        let weights: Array1<f64> = taken.iter().map(|i| weights[*i]).collect();
        let weight = weights.sum();
        let roots = weights.mapv(f64::sqrt).insert_axis(Axis(1));
        let centred = |side: ArrayView2<'_, f64>| {
            let mut rows = side.select(Axis(0), &taken);
            if weight <= 0.0 {
                return (rows, Array1::zeros(side.ncols()));
            }
            let mut mean = weights.dot(&rows) / weight;
            rows -= &mean;
            let rest = weights.dot(&rows) / weight;
            rows -= &rest;
            mean += &rest;
            rows *= &roots;
            (rows, mean)
        };
        let (zx, x_mean) = centred(x);
        let (zy, y_mean) = centred(y);
        Self {
            weight,
            x_mean,
            y_mean,
            xx: linalg::scatter(zx.view()),
            xy: zx.t().dot(&zy),
            yy: zy.map_axis(Axis(0), |c| c.dot(&c)),
        }
    }

    /// Adds the rows that `other` has seen.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.xy.dim() != other.xy.dim() {
            return Err(Error::Shape {
                what: "predictors and targets of the products to merge".into(),
                expected: format!("{:?}", self.xy.dim()),
                found: format!("{:?}", other.xy.dim()),
            });
        }
        if other.weight <= 0.0 {
            return Ok(());
        }
        if self.weight <= 0.0 {
            self.clone_from(other);
            return Ok(());
        }
        let whole = self.weight + other.weight;
        let shared = self.weight * other.weight / whole;
        let (dx, dy) = (&other.x_mean - &self.x_mean, &other.y_mean - &self.y_mean);
        self.xx += &other.xx;
        self.xy += &other.xy;
        for (i, step) in dx.iter().enumerate() {
            self.xx.row_mut(i).scaled_add(shared * step, &dx);
            self.xy.row_mut(i).scaled_add(shared * step, &dy);
        }
        self.yy += &other.yy;
        self.yy
            .zip_mut_with(&dy, |sum, step| *sum += shared * step * step);
        self.x_mean.scaled_add(other.weight / whole, &dx);
        self.y_mean.scaled_add(other.weight / whole, &dy);
        self.weight = whole;
        Ok(())
    }

    /// All of `parts` but number `left_out`, merged in their order.
    pub fn without(parts: &[Self], left_out: usize) -> Result<Self> {
        let mut rest = parts.iter().enumerate().filter(|(i, _)| *i != left_out);
        let Some((_, first)) = rest.next() else {
            return Err(Error::TooFew {
                what: "held-out regression: folds".into(),
                needed: 2,
                found: parts.len(),
            });
        };
        let mut whole = first.clone();
        rest.try_for_each(|(_, part)| whole.merge(part))?;
        Ok(whole)
    }

    /// Sum of the weights: the number of rows, repetitions counted.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// Mean of the targets, `[target]`.
    pub fn target_mean(&self) -> &Array1<f64> {
        &self.y_mean
    }

    /// Number of predictors.
    pub fn predictors(&self) -> usize {
        self.xy.nrows()
    }

    /// Number of targets.
    pub fn targets(&self) -> usize {
        self.xy.ncols()
    }

    /// Root of each predictor's sum of squares, 0 where it is constant up to rounding, `[predictor]`.
    fn norms(&self) -> Array1<f64> {
        norms(&self.xx.diag().to_owned(), &self.x_mean, self.weight)
    }

    /// Correlations of predictors and targets.
    pub fn correlations(&self) -> Correlations {
        let inverse = |v: f64| if v > 0.0 { 1.0 / v } else { 0.0 };
        let sx = self.norms().mapv(inverse);
        let ny = norms(&self.yy, &self.y_mean, self.weight);
        let sy = ny.mapv(inverse);
        let column = |v: &Array1<f64>| v.clone().insert_axis(Axis(1));
        let mut predictors = &self.xx * &sx * &column(&sx);
        for j in 0..sx.len() {
            predictors[[j, j]] = if sx[j] > 0.0 { 1.0 } else { 0.0 };
        }
        Correlations {
            predictors,
            targets: &self.xy * &sy * &column(&sx),
            squares: ny.mapv(|v| v * v),
        }
    }

    /// Least squares on `predictors` (their numbers), standardised by these rows' spread, with a
    /// `penalty` α (0 for none): minimises `Σ weight·(y − ŷ)² + α Σ (slope · sd)²` for each target, sd
    /// with denominator n.
    ///
    /// Constant predictors and directions in which predictors do not vary get no weight.
    pub fn fit(&self, predictors: &[usize], penalty: f64) -> Result<Linear> {
        if self.weight < 2.0 {
            return Err(Error::TooFew {
                what: "regression: rows".into(),
                needed: 2,
                found: self.weight as usize,
            });
        }
        if !(penalty >= 0.0 && penalty.is_finite()) {
            return Err(Error::Setting {
                what: "penalty".into(),
                needed: "a number, not negative".into(),
                found: penalty.to_string(),
            });
        }
        let norms = self.norms();
        let used = self.used(predictors, &norms)?;
        let mut slopes = Array2::zeros(self.xy.dim());
        if !used.is_empty() {
            let (eigen, rotated) = self.rotated(&used, &norms)?;
            let gain = eigen.values.mapv(|l| match l > COLLINEAR {
                true => 1.0 / (l + penalty / self.weight),
                false => 0.0,
            });
            let scaled = eigen
                .vectors
                .t()
                .dot(&(&rotated * &gain.insert_axis(Axis(1))));
            for (k, j) in used.iter().enumerate() {
                slopes.row_mut(*j).assign(&(&scaled.row(k) / norms[*j]));
            }
        }
        let intercepts = &self.y_mean - &self.x_mean.dot(&slopes);
        Ok(Linear { slopes, intercepts })
    }

    /// Sum of squares of each target that a fit on `predictors` explains on these rows, `[target]`.
    pub fn explained(&self, predictors: &[usize]) -> Result<Array1<f64>> {
        let norms = self.norms();
        let used = self.used(predictors, &norms)?;
        let mut out = Array1::zeros(self.targets());
        if used.is_empty() {
            return Ok(out);
        }
        let (eigen, rotated) = self.rotated(&used, &norms)?;
        for (row, value) in rotated.outer_iter().zip(&eigen.values) {
            if *value > COLLINEAR {
                out.zip_mut_with(&row, |sum, v| *sum += v * v / value);
            }
        }
        Ok(out)
    }

    /// In-sample R² of each target on `predictors`, `[target]`; NaN for a constant target.
    pub fn r2(&self, predictors: &[usize]) -> Result<Array1<f64>> {
        let squares = self.correlations().squares;
        let share = |(explained, whole): (&f64, &f64)| match *whole > 0.0 {
            true => (explained / whole).min(1.0),
            false => f64::NAN,
        };
        Ok(self
            .explained(predictors)?
            .iter()
            .zip(&squares)
            .map(share)
            .collect())
    }

    /// Weighted squared error of `model` on these rows, `[target]`.
    pub fn squared_error(&self, model: &Linear) -> Result<Array1<f64>> {
        if model.slopes.dim() != self.xy.dim() {
            return Err(Error::Shape {
                what: "slopes [predictor, target]".into(),
                expected: format!("{:?}", self.xy.dim()),
                found: format!("{:?}", model.slopes.dim()),
            });
        }
        let off = &self.y_mean - &model.intercepts - &self.x_mean.dot(&model.slopes);
        let inner = &model.slopes * &(self.xx.dot(&model.slopes) - &self.xy * 2.0);
        let error = off.mapv(|m| m * m) * self.weight + &self.yy + inner.sum_axis(Axis(0));
        Ok(error.mapv(|v| v.max(0.0)))
    }

    /// Weighted squared distance of the targets from the means of the rows `other` has seen, `[target]`.
    pub fn squares_around(&self, other: &Self) -> Array1<f64> {
        (&self.y_mean - &other.y_mean).mapv(|m| m * m) * self.weight + &self.yy
    }

    /// Numbers of the predictors among `predictors` that vary.
    fn used(&self, predictors: &[usize], norms: &Array1<f64>) -> Result<Vec<usize>> {
        if let Some(j) = predictors.iter().find(|j| **j >= norms.len()) {
            return Err(Error::Setting {
                what: "number of a predictor".into(),
                needed: format!("below {}", norms.len()),
                found: j.to_string(),
            });
        }
        let varying = predictors.iter().copied().filter(|j| norms[*j] > 0.0);
        Ok(varying.collect())
    }

    /// Eigenvectors of the correlations of `used`, and the targets' products along them.
    fn rotated(
        &self,
        used: &[usize],
        norms: &Array1<f64>,
    ) -> Result<(linalg::SymmetricEigen, Array2<f64>)> {
        let m = used.len();
        let r = Array2::from_shape_fn((m, m), |(a, b)| {
            let (i, j) = (used[a], used[b]);
            self.xx[[i, j]] / (norms[i] * norms[j])
        });
        let mut c = self.xy.select(Axis(0), used);
        for (mut row, j) in c.outer_iter_mut().zip(used) {
            row /= norms[*j];
        }
        let eigen = linalg::symmetric_eigen(r.view())?;
        let rotated = eigen.vectors.dot(&c);
        Ok((eigen, rotated))
    }
}

/// An error unless there are `rows` weights, none negative or missing, and not all zero.
pub(super) fn check_weights(weights: &[f64], rows: usize) -> Result<()> {
    if weights.len() != rows {
        return Err(Error::Shape {
            what: "weights of rows".into(),
            expected: rows.to_string(),
            found: weights.len().to_string(),
        });
    }
    match weights.iter().find(|w| !(**w >= 0.0 && w.is_finite())) {
        None => Ok(()),
        Some(bad) => Err(Error::Setting {
            what: "weights of rows".into(),
            needed: "numbers, none negative".into(),
            found: bad.to_string(),
        }),
    }
}

/// Roots of sums of squares, 0 where they are only the rounding of a mean.
fn norms(squares: &Array1<f64>, mean: &Array1<f64>, weight: f64) -> Array1<f64> {
    let one = |(square, mean): (&f64, &f64)| {
        let norm = square.max(0.0).sqrt();
        match norm <= 16.0 * f64::EPSILON * weight.sqrt() * mean.abs() {
            true => 0.0,
            false => norm,
        }
    };
    squares.iter().zip(mean).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::tests::assert_near;
    use ndarray::{array, s};
    use proptest::prelude::*;

    #[test]
    fn a_line_by_hand() {
        // The line of the OLS test: slope 2.2, intercept −0.5, residual 1.8 of 26.
        let x = array![[1.0], [2.0], [3.0], [4.0]];
        let y = array![[2.0], [4.0], [5.0], [9.0]];
        let g = Gram::of(x.view(), y.view(), None).unwrap();
        let fit = g.fit(&[0], 0.0).unwrap();
        assert!((fit.slopes[[0, 0]] - 2.2).abs() < 1e-12);
        assert!((fit.intercepts[0] + 0.5).abs() < 1e-12);
        assert!((g.squared_error(&fit).unwrap()[0] - 1.8).abs() < 1e-12);
        assert!((g.r2(&[0]).unwrap()[0] - (1.0 - 1.8 / 26.0)).abs() < 1e-12);
        assert!((fit.predict(array![[10.0]].view()).unwrap()[[0, 0]] - 21.5).abs() < 1e-12);
    }

    #[test]
    fn a_weight_is_a_repetition_and_parts_are_the_whole() {
        let x = array![[1.0, 5.0], [2.0, 3.0], [4.0, 4.0], [3.0, 0.0]];
        let y = array![[0.5, 1.0], [1.0, 0.0], [3.0, 2.0], [2.0, 2.0]];
        let weighted = Gram::of(x.view(), y.view(), Some(&[2.0, 0.0, 1.0, 1.0])).unwrap();
        let rows = [0, 0, 2, 3];
        let repeated = Gram::of(
            x.select(Axis(0), &rows).view(),
            y.select(Axis(0), &rows).view(),
            None,
        )
        .unwrap();
        assert_near(&weighted.xx, &repeated.xx, 1e-12);
        assert_near(&weighted.xy, &repeated.xy, 1e-12);
        let part = |a: usize, b: usize| {
            Gram::of(x.slice(s![a..b, ..]), y.slice(s![a..b, ..]), None).unwrap()
        };
        let parts = [part(0, 1), part(1, 4), part(0, 2)];
        let merged = Gram::without(&parts, 2).unwrap();
        let whole = Gram::of(x.view(), y.view(), None).unwrap();
        assert_near(&merged.xx, &whole.xx, 1e-12);
        assert_near(&merged.xy, &whole.xy, 1e-12);
        assert_near(&merged.yy, &whole.yy, 1e-12);
        assert_near(&merged.x_mean, &whole.x_mean, 1e-12);
    }

    #[test]
    fn constant_and_collinear_predictors_get_no_weight() {
        let x = array![
            [1.0, 0.1, 2.0],
            [2.0, 0.1, 4.0],
            [3.0, 0.1, 6.0],
            [5.0, 0.1, 10.0]
        ];
        let y = array![[1.0], [2.5], [2.0], [5.0]];
        let g = Gram::of(x.view(), y.view(), None).unwrap();
        let (one, all) = (g.r2(&[0]).unwrap(), g.r2(&[0, 1, 2]).unwrap());
        assert_near(&one, &all, 1e-12);
        assert_eq!(g.fit(&[0, 1, 2], 0.0).unwrap().slopes[[1, 0]], 0.0);
        assert_eq!(g.correlations().predictors[[1, 1]], 0.0);
        assert!(g.r2(&[3]).is_err() && g.fit(&[0], f64::NAN).is_err());
        let flat = Gram::of(x.view(), array![[0.3], [0.3], [0.3], [0.3]].view(), None).unwrap();
        assert!(flat.r2(&[0]).unwrap()[0].is_nan());
    }

    #[test]
    fn bad_input_is_an_error() {
        let x = array![[1.0], [2.0]];
        let of = |y: Array2<f64>, w: Option<&[f64]>| Gram::of(x.view(), y.view(), w);
        assert!(of(array![[1.0]], None).is_err());
        assert!(of(array![[1.0], [f64::NAN]], None).is_err());
        assert!(of(array![[1.0], [2.0]], Some(&[1.0])).is_err());
        assert!(of(array![[1.0], [2.0]], Some(&[1.0, -1.0])).is_err());
        let one = of(array![[1.0], [2.0]], Some(&[1.0, 0.0])).unwrap();
        assert!(
            one.fit(&[0], 0.0)
                .unwrap_err()
                .to_string()
                .contains("at least 2")
        );
        assert!(Gram::without(&[one], 0).is_err());
    }

    proptest! {
        #[test]
        fn more_predictors_explain_no_less(values in prop::collection::vec(-9.0..9.0_f64, 40)) {
            let all = Array2::from_shape_vec((10, 4), values).unwrap();
            let g = Gram::of(all.slice(s![.., ..3]), all.slice(s![.., 3..]), None).unwrap();
            let r2 = |p: &[usize]| g.r2(p).unwrap()[0];
            prop_assert!(r2(&[0]) <= r2(&[0, 2]) + 1e-9);
            prop_assert!(r2(&[0, 2]) <= r2(&[0, 1, 2]) + 1e-9);
        }
    }
}
