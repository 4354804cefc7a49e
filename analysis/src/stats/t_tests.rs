//! Tests of means, and effect sizes of two samples.

use super::description::{mean_sd, varying};
use super::separation::auc;
use super::tails::{t_quantile, t_two_sided};
use crate::{Error, Result};

/// A difference of means with its t test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TTest {
    /// Mean of the first sample minus mean of the second.
    pub difference: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Difference over standard error.
    pub t: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Two-sided p.
    pub p: f64,
}

impl TTest {
    fn new(difference: f64, standard_error: f64, df: f64) -> Self {
        let t = difference / standard_error;
        Self {
            difference,
            standard_error,
            t,
            df,
            p: t_two_sided(t, df),
        }
    }

    /// Interval of the difference, `(lo, hi)`.
    pub fn interval(&self, level: f64) -> (f64, f64) {
        let half = t_quantile(0.5 + level / 2.0, self.df) * self.standard_error;
        (self.difference - half, self.difference + half)
    }
}

/// Welch's test: samples may differ in spread (Welch 1947; degrees of freedom after Satterthwaite).
pub fn welch(a: &[f64], b: &[f64]) -> Result<TTest> {
    let what = "Welch's test";
    let ((ma, sa), (mb, sb)) = (mean_sd(what, a)?, mean_sd(what, b)?);
    let (na, nb) = (a.len() as f64, b.len() as f64);
    let (va, vb) = (sa * sa / na, sb * sb / nb);
    if va + vb <= f64::EPSILON * f64::EPSILON * 256.0 * ma.abs().max(mb.abs()).powi(2) {
        return Err(constant(what));
    }
    let df = (va + vb).powi(2) / (va * va / (na - 1.0) + vb * vb / (nb - 1.0));
    Ok(TTest::new(ma - mb, (va + vb).sqrt(), df))
}

/// Student's test of two samples of equal spread.
pub fn student(a: &[f64], b: &[f64]) -> Result<TTest> {
    let (ma, mb, pooled) = pooled("Student's test", a, b)?;
    let (na, nb) = (a.len() as f64, b.len() as f64);
    let standard_error = pooled * (1.0 / na + 1.0 / nb).sqrt();
    Ok(TTest::new(ma - mb, standard_error, na + nb - 2.0))
}

/// Student's test of the differences of pairs.
pub fn paired(a: &[f64], b: &[f64]) -> Result<TTest> {
    let what = "paired t test";
    let differences = differences(what, a, b)?;
    let (mean, sd) = varying(what, &differences)?;
    let n = differences.len() as f64;
    Ok(TTest::new(mean, sd / n.sqrt(), n - 1.0))
}

/// Cohen's d: difference of means over the pooled standard deviation.
pub fn cohens_d(a: &[f64], b: &[f64]) -> Result<f64> {
    let (ma, mb, pooled) = pooled("Cohen's d", a, b)?;
    Ok((ma - mb) / pooled)
}

/// Hedges' g: Cohen's d times `1 − 3 / (4·(n − 2) − 1)`, the usual approximation of its small-sample
/// correction (Hedges 1981), with n values in both samples together.
pub fn hedges_g(a: &[f64], b: &[f64]) -> Result<f64> {
    let df = (a.len() + b.len()) as f64 - 2.0;
    Ok(cohens_d(a, b)? * (1.0 - 3.0 / (4.0 * df - 1.0)))
}

/// Cliff's δ: chance that a value of `a` is above one of `b`, minus the chance that it is below.
pub fn cliffs_delta(a: &[f64], b: &[f64]) -> Result<f64> {
    Ok(2.0 * auc(b, a)? - 1.0)
}

/// Differences of pairs.
pub(super) fn differences(what: &str, a: &[f64], b: &[f64]) -> Result<Vec<f64>> {
    if a.len() == b.len() {
        return Ok(a.iter().zip(b).map(|(a, b)| a - b).collect());
    }
    Err(Error::Shape {
        what: format!("{what}: second sample"),
        expected: a.len().to_string(),
        found: b.len().to_string(),
    })
}

/// Means and pooled standard deviation.
fn pooled(what: &str, a: &[f64], b: &[f64]) -> Result<(f64, f64, f64)> {
    let ((ma, sa), (mb, sb)) = (mean_sd(what, a)?, mean_sd(what, b)?);
    let (na, nb) = (a.len() as f64, b.len() as f64);
    let variance = ((na - 1.0) * sa * sa + (nb - 1.0) * sb * sb) / (na + nb - 2.0);
    let pooled = variance.sqrt();
    if pooled <= 16.0 * f64::EPSILON * ma.abs().max(mb.abs()) {
        return Err(constant(what));
    }
    Ok((ma, mb, pooled))
}

fn constant(what: &str) -> Error {
    Error::Undefined {
        what: what.into(),
        why: "both samples are constant".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_samples_by_hand() {
        // Means 2 and 4, variances 1 and 1.
        let (a, b) = ([1.0, 2.0, 3.0], [3.0, 4.0, 5.0]);
        let s = student(&a, &b).unwrap();
        assert!((s.t + 2.0 / (2.0_f64 / 3.0).sqrt()).abs() < 1e-14 && s.df == 4.0);
        let w = welch(&a, &b).unwrap();
        assert!((w.t - s.t).abs() < 1e-14 && (w.df - 4.0).abs() < 1e-12);
        assert_eq!(cohens_d(&a, &b).unwrap(), -2.0);
        assert!((hedges_g(&a, &b).unwrap() + 2.0 * 0.8).abs() < 1e-14);
        assert!((cliffs_delta(&a, &b).unwrap() + 8.0 / 9.0).abs() < 1e-14);
        let p = paired(&[1.0, 2.0, 4.0], &[0.0, 2.0, 2.0]).unwrap();
        // Differences 1, 0, 2: mean 1, standard error 1/√3.
        assert!((p.t - 3.0_f64.sqrt()).abs() < 1e-14);
        // Student's quantile with 2 degrees of freedom at 0.975 is 4.302653.
        let (lo, hi) = p.interval(0.95);
        assert!((hi - 1.0 - 4.302_652_73 / 3.0_f64.sqrt()).abs() < 1e-7);
        assert!((lo + hi - 2.0).abs() < 1e-12);
    }

    #[test]
    fn bad_samples_are_errors() {
        let (flat, one, two) = ([0.1; 3], [1.0], [1.0, 2.0]);
        assert!(welch(&flat, &flat).is_err() && student(&flat, &flat).is_err());
        assert!(welch(&one, &two).is_err() && cohens_d(&one, &two).is_err());
        assert!(paired(&one, &two).is_err() && paired(&two, &two).is_err());
        assert!(welch(&[f64::NAN, 1.0], &two).is_err());
    }

    proptest! {
        #[test]
        fn swapping_samples_turns_the_sign(
            a in prop::collection::vec(-5.0..5.0_f64, 3..9),
            b in prop::collection::vec(-5.0..5.0_f64, 3..9),
        ) {
            let (x, y) = (welch(&a, &b).unwrap(), welch(&b, &a).unwrap());
            prop_assert!((x.t + y.t).abs() < 1e-9 && (x.p - y.p).abs() < 1e-9);
            let (x, y) = (cliffs_delta(&a, &b).unwrap(), cliffs_delta(&b, &a).unwrap());
            prop_assert!((x + y).abs() < 1e-12);
        }
    }
}
