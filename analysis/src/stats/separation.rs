//! How well a number separates classes.

use super::rank::{Sorted, finite, ranks};
use super::tails::f_upper;
use crate::{Error, Result};

/// Area under the ROC curve: the chance that a value of `high` lies above one of `low`, ties half
/// (Mann–Whitney U over the number of pairs).
pub fn auc(low: &[f64], high: &[f64]) -> Result<f64> {
    finite(low, "AUC")?;
    finite(high, "AUC")?;
    if low.is_empty() || high.is_empty() {
        return Err(Error::TooFew {
            what: "AUC: values in each class".into(),
            needed: 1,
            found: 0,
        });
    }
    let all: Vec<f64> = low.iter().chain(high).copied().collect();
    let sum: f64 = ranks(&all)[low.len()..].iter().sum();
    Ok(auc_of_rank_sum(sum, low.len() as f64, high.len() as f64))
}

/// AUC from the sum of the ranks of the `high` class in the joint sample.
pub fn auc_of_rank_sum(rank_sum: f64, low: f64, high: f64) -> f64 {
    (rank_sum - high * (high + 1.0) / 2.0) / (low * high)
}

/// AUC when value `i` occurs `weights[i]` times, from a sample sorted once; `high` tells the class.
/// NaN when a class has no weight.
pub fn weighted_auc(values: &Sorted, high: &[bool], weights: &[f64]) -> f64 {
    let (mut sum, mut nh, mut all) = (0.0, 0.0, 0.0);
    for ((rank, high), w) in values.ranks(weights).iter().zip(high).zip(weights) {
        all += w;
        if *high {
            sum += rank * w;
            nh += w;
        }
    }
    auc_of_rank_sum(sum, all - nh, nh)
}

/// One-way analysis of variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Anova {
    /// Share of the variance that lies between classes, in [0, 1].
    pub eta_squared: f64,
    /// Ratio of the mean squares.
    pub f: f64,
    /// P(F ≥ f) for normal values of equal spread.
    pub p: f64,
}

/// One-way analysis of variance of `values` over `classes` (one number per value).
pub fn anova(values: &[f64], classes: &[usize]) -> Result<Anova> {
    let eta_squared = eta_squared(values, classes)?;
    let levels = classes
        .iter()
        .collect::<std::collections::BTreeSet<_>>()
        .len() as f64;
    let (df1, df2) = (levels - 1.0, values.len() as f64 - levels);
    if df1 < 1.0 || df2 < 1.0 {
        return Err(Error::TooFew {
            what: "ANOVA: values beyond one per class, in at least two classes".into(),
            needed: 1,
            found: 0,
        });
    }
    let f = (eta_squared / df1) / ((1.0 - eta_squared) / df2);
    Ok(Anova {
        eta_squared,
        f,
        p: f_upper(f, df1, df2),
    })
}

/// η²: share of the variance of `values` that lies between `classes` (one number per value). Never
/// negative, so positive by chance: about `(classes − 1) / (values − 1)` when nothing is there.
pub fn eta_squared(values: &[f64], classes: &[usize]) -> Result<f64> {
    let what = "eta squared";
    finite(values, what)?;
    if values.len() != classes.len() {
        return Err(Error::Shape {
            what: format!("{what}: classes"),
            expected: values.len().to_string(),
            found: classes.len().to_string(),
        });
    }
    let levels = classes.iter().max().map_or(0, |c| c + 1);
    let eta = weighted_eta_squared(values, classes, levels, &vec![1.0; values.len()]);
    if eta.is_nan() {
        return Err(Error::Undefined {
            what: what.into(),
            why: "the values are constant".into(),
        });
    }
    Ok(eta)
}

/// η² when value `i` occurs `weights[i]` times; classes are below `levels`. NaN when all values that
/// occur are equal.
pub fn weighted_eta_squared(
    values: &[f64],
    classes: &[usize],
    levels: usize,
    weights: &[f64],
) -> f64 {
    let total: f64 = weights.iter().sum();
    let mean = values.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>() / total;
    let mut per_class = vec![(0.0, 0.0); levels];
    let mut whole = 0.0;
    for ((v, class), w) in values.iter().zip(classes).zip(weights) {
        let away = v - mean;
        whole += w * away * away;
        if let Some((weight, sum)) = per_class.get_mut(*class) {
            *weight += w;
            *sum += w * away;
        }
    }
    let rounding = 64.0 * f64::EPSILON * f64::EPSILON * total * mean * mean;
    if whole.is_nan() || whole <= rounding {
        return f64::NAN;
    }
    let between: f64 = per_class
        .iter()
        .filter(|(weight, _)| *weight > 0.0)
        .map(|(weight, sum)| sum * sum / weight)
        .sum();
    (between / whole).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_cases_by_hand() {
        assert_eq!(auc(&[1.0, 2.0], &[2.0, 3.0]).unwrap(), 3.5 / 4.0);
        assert!(auc(&[], &[1.0]).is_err() && auc(&[f64::NAN], &[1.0]).is_err());
        let values = [0.0, 2.0, 4.0, 6.0];
        assert_eq!(eta_squared(&values, &[0, 0, 1, 1]).unwrap(), 0.8);
        assert_eq!(anova(&values, &[0, 0, 1, 1]).unwrap().f.round(), 8.0);
        assert!(anova(&values, &[0, 1, 2, 3]).is_err() && anova(&values, &[0; 4]).is_err());
        assert!(eta_squared(&[0.1; 3], &[0, 1, 1]).is_err());
        assert!(eta_squared(&values, &[0]).is_err());
    }

    #[test]
    fn weights_are_repetitions() {
        let sorted = Sorted::new(&[1.0, 2.0, 2.0, 3.0]);
        let high = [false, false, true, true];
        let weighted = weighted_auc(&sorted, &high, &[1.0, 2.0, 1.0, 0.0]);
        assert_eq!(weighted, auc(&[1.0, 2.0, 2.0], &[2.0]).unwrap());
        assert!(weighted_auc(&sorted, &high, &[1.0, 1.0, 0.0, 0.0]).is_nan());
        let eta = weighted_eta_squared(&[1.0, 5.0, 6.0], &[0, 1, 1], 2, &[2.0, 1.0, 1.0]);
        let plain = eta_squared(&[1.0, 1.0, 5.0, 6.0], &[0, 0, 1, 1]).unwrap();
        assert!((eta - plain).abs() < 1e-15);
    }
}
