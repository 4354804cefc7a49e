//! Forward selection of few predictors that tell most.

use ndarray::Array1;

use super::Path;
use crate::regress::{Correlations, Gram, HeldOutFit, held_out};
use crate::{Error, Result};

/// Predictors in the order in which they were chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Forward {
    /// Numbers of the chosen predictors.
    pub chosen: Vec<usize>,
    /// Share of the variance of all targets that the first 1, 2, … chosen explain on these rows.
    pub r2: Vec<f64>,
    /// Predictors passed over for being too close to one already chosen: `(predictor, chosen, r)`.
    pub too_close: Vec<(usize, usize, f64)>,
}

/// Chooses up to `most` predictors one by one, each time the one that adds most to the explained variance
/// of all targets together, leaving out those with `|r| > cap` to one already chosen.
///
/// Stops early when nothing is left that varies and is allowed. The lower number wins ties. Give
/// correlations of training rows only ([`forward_held_out`] does), or the held-out figure is flattered.
pub fn forward(c: &Correlations, most: usize, cap: f64) -> Result<Forward> {
    if !(cap > 0.0 && cap <= 1.0) {
        return Err(Error::Setting {
            what: "cap on the correlation of chosen predictors".into(),
            needed: "in (0, 1]".into(),
            found: cap.to_string(),
        });
    }
    let whole = c.squares.sum();
    if whole <= 0.0 {
        return Err(Error::Undefined {
            what: "forward selection".into(),
            why: "the targets are constant".into(),
        });
    }
    let mut open: Vec<usize> = (0..c.predictors.nrows()).collect();
    let mut path = Path::new(c);
    let mut out = Forward {
        chosen: vec![],
        r2: vec![],
        too_close: vec![],
    };
    let worth = |gain: &Array1<f64>| gain.dot(&c.squares) / whole;
    while out.chosen.len() < most {
        let mut best: Option<(usize, f64)> = None;
        for j in &open {
            let Some(gain) = path.push(*j) else { continue };
            path.pop();
            let gain = worth(&gain);
            if best.is_none_or(|(_, most)| gain > most) {
                best = Some((*j, gain));
            }
        }
        let Some((j, gain)) = best else { break };
        path.push(j);
        out.r2.push(out.r2.last().copied().unwrap_or(0.0) + gain);
        out.chosen.push(j);
        open.retain(|k| {
            let r = c.predictors[[*k, j]];
            let close = *k != j && r.abs() > cap;
            if close {
                out.too_close.push((*k, j, r));
            }
            *k != j && !close
        });
    }
    Ok(out)
}

/// Forward selection repeated inside every training set.
#[derive(Debug, Clone, PartialEq)]
pub struct ForwardHeldOut {
    /// The choice made without each fold, `[fold]`.
    pub by_fold: Vec<Forward>,
    /// Held-out errors of the first 1, 2, … chosen predictors, `[size − 1]`; where a fold's choice stopped
    /// early, its last model stands in.
    pub by_size: Vec<HeldOutFit>,
}

/// Chooses on the other folds' rows and measures on the fold, for each of `folds` and each size up to
/// `most`: choosing is part of what is held out.
pub fn forward_held_out(folds: &[Gram], most: usize, cap: f64) -> Result<ForwardHeldOut> {
    let choose = |f| forward(&Gram::without(folds, f)?.correlations(), most, cap);
    let by_fold = (0..folds.len()).map(choose).collect::<Result<Vec<_>>>()?;
    let longest = by_fold.iter().map(|f| f.chosen.len()).max().unwrap_or(0);
    let mut by_size = Vec::with_capacity(longest);
    for size in 1..=longest {
        let mut whole: Option<HeldOutFit> = None;
        for (f, choice) in by_fold.iter().enumerate() {
            let chosen = &choice.chosen[..size.min(choice.chosen.len())];
            let one = held_out_fold(folds, f, chosen)?;
            let sum = whole.get_or_insert_with(|| HeldOutFit {
                error: one.error.clone() * 0.0,
                total: one.total.clone() * 0.0,
            });
            sum.error.row_mut(f).assign(&one.error.row(f));
            sum.total.row_mut(f).assign(&one.total.row(f));
        }
        by_size.extend(whole);
    }
    Ok(ForwardHeldOut { by_fold, by_size })
}

/// Held-out errors of fold `f` alone, in its row.
fn held_out_fold(folds: &[Gram], f: usize, predictors: &[usize]) -> Result<HeldOutFit> {
    let pair = [folds[f].clone(), Gram::without(folds, f)?];
    let fit = held_out(&pair, predictors, 0.0)?;
    let place = |rows: &ndarray::Array2<f64>| {
        let mut out = ndarray::Array2::zeros((folds.len(), rows.ncols()));
        out.row_mut(f).assign(&rows.row(0));
        out
    };
    Ok(HeldOutFit {
        error: place(&fit.error),
        total: place(&fit.total),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{correlations, sample};
    use super::*;
    use crate::regress::Design;
    use ndarray::{Array2, array};

    #[test]
    fn three_predictors_by_hand() {
        // The second is nearly the first; the third is unrelated to both.
        let c = Correlations {
            predictors: array![[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]],
            targets: array![[0.7], [0.6], [0.3]],
            squares: array![2.0],
        };
        let found = forward(&c, 3, 0.8).unwrap();
        assert_eq!(found.chosen, [0, 2]);
        assert!((found.r2[0] - 0.49).abs() < 1e-14 && (found.r2[1] - 0.58).abs() < 1e-14);
        assert_eq!(found.too_close, [(1, 0, 0.9)]);
        assert_eq!(forward(&c, 3, 1.0).unwrap().chosen, [0, 2, 1]);
        assert_eq!(forward(&c, 1, 0.8).unwrap().chosen, [0]);
        assert!(forward(&c, 1, 0.0).is_err() && forward(&c, 1, f64::NAN).is_err());
    }

    #[test]
    fn constant_predictors_are_never_chosen() {
        let (x, y) = sample(30, 3, 2);
        let mut flat = x.clone();
        flat.column_mut(1).fill(4.0);
        let found = forward(&correlations(&flat, &y), 3, 1.0).unwrap();
        assert_eq!(found.chosen.len(), 2);
        assert!(!found.chosen.contains(&1));
        assert!(forward(&correlations(&x, &Array2::ones((30, 1))), 2, 1.0).is_err());
    }

    #[test]
    fn choosing_is_held_out_too() {
        let (x, y) = sample(60, 5, 3);
        let folds: Vec<usize> = (0..60).map(|i| i % 4).collect();
        let grams = Design::new(x.view(), y.view(), &folds)
            .unwrap()
            .grams(None)
            .unwrap();
        let found = forward_held_out(&grams, 5, 1.0).unwrap();
        assert_eq!((found.by_fold.len(), found.by_size.len()), (4, 5));
        // With all predictors chosen, order no longer matters.
        let all = held_out(&grams, &[0, 1, 2, 3, 4], 0.0).unwrap();
        assert!((found.by_size[4].total_r2() - all.total_r2()).abs() < 1e-10);
        // Seeing the test rows never helps a choice made without them.
        let without = Gram::without(&grams, 2).unwrap();
        assert_eq!(
            found.by_fold[2],
            forward(&without.correlations(), 5, 1.0).unwrap()
        );
    }
}
