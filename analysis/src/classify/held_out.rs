//! Classifiers fitted on all folds but one.

use ndarray::{Array2, ArrayView2, Axis};

use super::logistic::largest;
use super::{checked, distinct, logistic, ordinal};
use crate::{Error, Result};

/// Predictions for rows that were not fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The classes, ascending.
    pub classes: Vec<usize>,
    /// Chance of each class, `[row, class]`; 0 for a class that the other folds lack.
    pub probabilities: Array2<f64>,
    /// Most likely class of each row.
    pub predicted: Vec<usize>,
}

impl Held {
    /// Mean of −ln P(label); infinite when a row's class was ruled out.
    pub fn log_loss(&self, labels: &[usize]) -> f64 {
        let one = |(row, label): (ndarray::ArrayView1<'_, f64>, &usize)| {
            let place = self.classes.partition_point(|c| c < label);
            -row.get(place).copied().unwrap_or(0.0).ln()
        };
        let sum: f64 = self.probabilities.outer_iter().zip(labels).map(one).sum();
        sum / labels.len() as f64
    }
}

/// Predicts every fold with the [`logistic`] regression of the others. With `standardise`, predictors are
/// centred and scaled by the mean and standard deviation of the rows fitted. Keep each speaker in one fold.
pub fn held_out_logistic(
    x: ArrayView2<'_, f64>,
    labels: &[usize],
    folds: &[usize],
    c: f64,
    standardise: bool,
) -> Result<Held> {
    held_out(
        "logistic regression",
        x,
        labels,
        folds,
        c,
        standardise,
        |train, y, test| {
            let fit = logistic(train, y, c)?;
            let p = fit.probabilities(test)?;
            Ok((fit.classes, p))
        },
    )
}

/// The same with [`ordinal`] regression.
pub fn held_out_ordinal(
    x: ArrayView2<'_, f64>,
    labels: &[usize],
    folds: &[usize],
    c: f64,
    standardise: bool,
) -> Result<Held> {
    held_out(
        "ordinal regression",
        x,
        labels,
        folds,
        c,
        standardise,
        |train, y, test| {
            let fit = ordinal(train, y, c)?;
            let p = fit.probabilities(test)?;
            Ok((fit.classes, p))
        },
    )
}

fn held_out(
    what: &str,
    x: ArrayView2<'_, f64>,
    labels: &[usize],
    folds: &[usize],
    c: f64,
    standardise: bool,
    fit: impl Fn(
        ArrayView2<'_, f64>,
        &[usize],
        ArrayView2<'_, f64>,
    ) -> Result<(Vec<usize>, Array2<f64>)>,
) -> Result<Held> {
    let (classes, _) = checked(what, x, labels, c)?;
    if folds.len() != labels.len() {
        return Err(Error::Shape {
            what: format!("{what}: fold numbers"),
            expected: labels.len().to_string(),
            found: folds.len().to_string(),
        });
    }
    let numbers = distinct(folds);
    if numbers.len() < 2 {
        return Err(Error::TooFew {
            what: format!("{what}: folds"),
            needed: 2,
            found: numbers.len(),
        });
    }
    let mut probabilities = Array2::zeros((labels.len(), classes.len()));
    for fold in numbers {
        let (inside, outside): (Vec<usize>, Vec<usize>) =
            (0..labels.len()).partition(|i| folds[*i] == fold);
        let (mut train, mut test) = (x.select(Axis(0), &outside), x.select(Axis(0), &inside));
        if standardise {
            scale_by(&mut train, &mut test);
        }
        let known: Vec<usize> = outside.iter().map(|i| labels[*i]).collect();
        let (seen, p) = fit(train.view(), &known, test.view())?;
        for (k, class) in seen.iter().enumerate() {
            let place = classes.partition_point(|c| c < class);
            for (local, row) in inside.iter().enumerate() {
                probabilities[[*row, place]] = p[[local, k]];
            }
        }
    }
    let best = |row: ndarray::ArrayView1<'_, f64>| classes[largest(row)];
    Ok(Held {
        predicted: probabilities.outer_iter().map(best).collect(),
        classes,
        probabilities,
    })
}

/// Centres and scales both by the first's mean and standard deviation (n − 1); constant columns are only
/// centred.
fn scale_by(train: &mut Array2<f64>, test: &mut Array2<f64>) {
    let n = train.nrows() as f64;
    let mean = train.sum_axis(Axis(0)) / n;
    *train -= &mean;
    *test -= &mean;
    let squares = train.map_axis(Axis(0), |c| c.dot(&c));
    let sd: ndarray::Array1<f64> = squares
        .iter()
        .zip(&mean)
        .map(|(s, m)| {
            let sd = (s / (n - 1.0)).sqrt();
            if sd > 16.0 * f64::EPSILON * m.abs() {
                sd
            } else {
                1.0
            }
        })
        .collect();
    *train /= &sd;
    *test /= &sd;
}

#[cfg(test)]
mod tests {
    use super::super::{Confusion, majority};
    use super::*;
    use ndarray::array;
    use rand::RngExt as _;

    #[test]
    fn planted_classes_are_told_and_shuffled_ones_are_not() {
        let mut rng = crate::rng::stream(6, "held-out-test", 0);
        let labels: Vec<usize> = (0..120).map(|i| i % 3).collect();
        let x = Array2::from_shape_fn((120, 2), |(i, j)| {
            let centre = if labels[i] == j { 300.0 } else { 0.0 };
            centre + rng.random_range(-200.0..200.0)
        });
        let folds: Vec<usize> = (0..120).map(|i| i / 3 % 4).collect();
        let score = |labels: &[usize]| {
            let held = held_out_logistic(x.view(), labels, &folds, 1.0, true).unwrap();
            Confusion::new(labels, &held.predicted)
                .unwrap()
                .balanced_accuracy()
        };
        assert!(score(&labels) > 0.75);
        let wrong: Vec<usize> = (0..120).map(|i| i / 12 % 3).collect();
        assert!(score(&wrong) < 0.5);
        let held = held_out_ordinal(x.view(), &labels, &folds, 1.0, true).unwrap();
        assert!(held.log_loss(&labels).is_finite());
        let base = Confusion::new(&labels, &majority(&labels, &folds).unwrap()).unwrap();
        assert!((base.balanced_accuracy() - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_class_of_one_fold_has_no_chance_there() {
        let x = array![[0.0], [1.0], [0.1], [1.1], [9.0], [0.2]];
        let held = held_out_logistic(
            x.view(),
            &[0, 1, 0, 1, 2, 0],
            &[0, 0, 1, 1, 1, 0],
            1.0,
            false,
        )
        .unwrap();
        assert_eq!(held.probabilities[[4, 2]], 0.0);
        assert!(held.probabilities[[0, 2]] > 0.0);
        assert!(held.log_loss(&[0, 1, 0, 1, 2, 0]).is_infinite());
    }

    #[test]
    fn bad_folds_are_errors() {
        let x = array![[0.0], [1.0], [2.0]];
        let run = |folds: &[usize]| held_out_logistic(x.view(), &[0, 1, 0], folds, 1.0, true);
        assert!(run(&[0, 0, 0]).is_err() && run(&[0, 1]).is_err());
        // Without the middle row only one class is left to fit.
        assert!(run(&[0, 1, 2]).is_err());
    }
}
