//! Ridge regression whose penalty is chosen inside every training set.

use ndarray::Array2;

use super::gram::{Gram, Linear};
use super::multivariate::{HeldOutFit, held_out};
use crate::{Error, Result};

/// Held-out ridge regressions of many targets, each with its own penalty in each fold.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuned {
    /// The model that predicts each fold, fitted on all others.
    pub models: Vec<Linear>,
    /// Chosen penalty, as a share of the weight of the training rows, `[fold, target]`.
    pub penalties: Array2<f64>,
    /// Squared errors on the folds.
    pub fit: HeldOutFit,
}

/// Predicts every fold by a ridge regression on all predictors, fitted on the other folds with the penalty
/// of `shares` that predicts those folds best from one another. A penalty is a share of the weight of the
/// training rows, on standardised predictors (see [`Gram::fit`]); the first wins ties.
///
/// Targets are chosen for one by one, so permuted copies of a target are a null of the whole procedure.
/// Needs three folds.
pub fn tuned_ridge(folds: &[Gram], shares: &[f64]) -> Result<Tuned> {
    let what = "ridge regression with a chosen penalty";
    let needed = [("folds", folds.len(), 3), ("penalties", shares.len(), 1)];
    for (unit, found, needed) in needed {
        if found < needed {
            return Err(Error::TooFew {
                what: format!("{what}: {unit}"),
                needed,
                found,
            });
        }
    }
    let (p, targets) = folds
        .first()
        .map_or((0, 0), |g| (g.predictors(), g.targets()));
    let all: Vec<usize> = (0..p).collect();
    let mut out = Tuned {
        models: vec![],
        penalties: Array2::zeros((folds.len(), targets)),
        fit: HeldOutFit {
            error: Array2::zeros((folds.len(), targets)),
            total: Array2::zeros((folds.len(), targets)),
        },
    };
    for (f, fold) in folds.iter().enumerate() {
        let others: Vec<Gram> = folds
            .iter()
            .enumerate()
            .filter(|(g, _)| *g != f)
            .map(|(_, gram)| gram.clone())
            .collect();
        let train = Gram::without(folds, f)?;
        let mut best = vec![(f64::INFINITY, 0usize); targets];
        for (s, share) in shares.iter().enumerate() {
            let inner = held_out(&others, &all, share * train.weight())?;
            for (best, error) in best.iter_mut().zip(inner.error.columns()) {
                if error.sum() < best.0 {
                    *best = (error.sum(), s);
                }
            }
        }
        let mut model: Option<Linear> = None;
        for (s, share) in shares.iter().enumerate() {
            let own: Vec<usize> = (0..targets).filter(|t| best[*t].1 == s).collect();
            if own.is_empty() {
                continue;
            }
            let fitted = train.fit(&all, share * train.weight())?;
            let mixed = model.get_or_insert_with(|| fitted.clone());
            for t in own {
                mixed.slopes.column_mut(t).assign(&fitted.slopes.column(t));
                mixed.intercepts[t] = fitted.intercepts[t];
                out.penalties[[f, t]] = *share;
            }
        }
        let model = model.unwrap_or_else(|| Linear {
            slopes: Array2::zeros((p, targets)),
            intercepts: ndarray::Array1::zeros(targets),
        });
        if fold.weight() > 0.0 {
            out.fit
                .error
                .row_mut(f)
                .assign(&fold.squared_error(&model)?);
            out.fit
                .total
                .row_mut(f)
                .assign(&fold.squares_around(&train));
        }
        out.models.push(model);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regress::Design;
    use rand::RngExt as _;

    /// Two targets: the sum of all predictors, and noise.
    fn grams(rows: usize, predictors: usize) -> Vec<Gram> {
        let mut rng = crate::rng::stream(3, "tuned-test", 0);
        let x = Array2::from_shape_fn((rows, predictors), |_| rng.random_range(-1.0..1.0));
        let y = Array2::from_shape_fn((rows, 2), |(i, t)| {
            let noise: f64 = rng.random_range(-1.0..1.0);
            if t == 0 {
                x.row(i).sum() + 0.1 * noise
            } else {
                noise
            }
        });
        let folds: Vec<usize> = (0..rows).map(|i| i % 4).collect();
        let design = Design::new(x.view(), y.view(), &folds).unwrap();
        design.grams(None).unwrap()
    }

    #[test]
    fn a_signal_takes_the_small_penalty_and_noise_the_large() {
        let found = tuned_ridge(&grams(80, 30), &[1e-3, 1e3]).unwrap();
        assert!(found.penalties.column(0).iter().all(|s| *s == 1e-3));
        assert!(found.penalties.column(1).iter().all(|s| *s == 1e3));
        let r2 = found.fit.r2();
        assert!(r2[0] > 0.9 && r2[1].abs() < 0.1, "{r2}");
    }

    #[test]
    fn one_penalty_is_plain_held_out_ridge() {
        let grams = grams(40, 3);
        let found = tuned_ridge(&grams, &[0.0]).unwrap();
        let plain = held_out(&grams, &[0, 1, 2], 0.0).unwrap();
        assert_eq!(found.fit, plain);
        assert!(tuned_ridge(&grams[..2], &[0.0]).is_err() && tuned_ridge(&grams, &[]).is_err());
    }
}
