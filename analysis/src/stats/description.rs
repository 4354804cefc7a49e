//! Location, spread and shape of one sample.

use super::quantile::quantile_of_sorted;
use super::rank::finite;
use crate::{Error, Result};

/// Location, spread and shape of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Description {
    /// Number of values.
    pub n: usize,
    /// Mean.
    pub mean: f64,
    /// Standard deviation, denominator n − 1.
    pub sd: f64,
    /// Third moment over the second to the power 3/2 (denominators n).
    pub skewness: f64,
    /// Fourth moment over the second squared, less 3 (denominators n): 0 for a normal sample.
    pub excess_kurtosis: f64,
    /// Median.
    pub median: f64,
    /// Median distance from the median (not scaled to a standard deviation).
    pub mad: f64,
}

/// Describes `x`; needs two values that differ.
pub fn describe(x: &[f64]) -> Result<Description> {
    let what = "description of a sample";
    let (mean, sd) = varying(what, x)?;
    let n = x.len() as f64;
    let moment = |k: i32| x.iter().map(|v| (v - mean).powi(k)).sum::<f64>() / n;
    let second = moment(2);
    let median = super::quantile(x, 0.5);
    let distances: Vec<f64> = x.iter().map(|v| (v - median).abs()).collect();
    Ok(Description {
        n: x.len(),
        mean,
        sd,
        skewness: moment(3) / second.powf(1.5),
        excess_kurtosis: moment(4) / (second * second) - 3.0,
        median,
        mad: super::quantile(&distances, 0.5),
    })
}

/// Mean of `x` without the lowest and highest share `cut` of the values (rounded down at each end).
pub fn trimmed_mean(x: &[f64], cut: f64) -> Result<f64> {
    let what = "trimmed mean";
    finite(x, what)?;
    at_least(what, x, 1)?;
    if !(0.0..0.5).contains(&cut) {
        return Err(Error::Setting {
            what: "share cut off at each end".into(),
            needed: "in [0, 0.5)".into(),
            found: cut.to_string(),
        });
    }
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    let off = (cut * x.len() as f64) as usize;
    let kept = &sorted[off..x.len() - off];
    Ok(kept.iter().sum::<f64>() / kept.len() as f64)
}

/// Mean and standard deviation (n − 1) of two or more finite values that are not all equal.
pub(super) fn varying(what: &str, x: &[f64]) -> Result<(f64, f64)> {
    let (mean, sd) = mean_sd(what, x)?;
    if sd <= 16.0 * f64::EPSILON * mean.abs() {
        return Err(Error::Undefined {
            what: what.into(),
            why: "a sample is constant".into(),
        });
    }
    Ok((mean, sd))
}

/// The same for samples that may be constant.
pub(super) fn mean_sd(what: &str, x: &[f64]) -> Result<(f64, f64)> {
    finite(x, what)?;
    at_least(what, x, 2)?;
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let squares: f64 = x.iter().map(|v| (v - mean).powi(2)).sum();
    Ok((mean, (squares / (n - 1.0)).sqrt()))
}

/// An error when there are fewer than `needed` values.
pub(super) fn at_least(what: &str, x: &[f64], needed: usize) -> Result<()> {
    if x.len() >= needed {
        return Ok(());
    }
    Err(Error::TooFew {
        what: format!("{what}: values in a sample"),
        needed,
        found: x.len(),
    })
}

/// Interquartile range of values already ascending.
pub fn interquartile_range(sorted: &[f64]) -> f64 {
    quantile_of_sorted(sorted, 0.75) - quantile_of_sorted(sorted, 0.25)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_values_by_hand() {
        let d = describe(&[0.0, 0.0, 0.0, 4.0]).unwrap();
        assert_eq!((d.mean, d.sd, d.median, d.mad), (1.0, 2.0, 0.0, 0.0));
        // Moments 3, 6, 21.
        assert!((d.skewness - 6.0 / 3.0_f64.powf(1.5)).abs() < 1e-14);
        assert!((d.excess_kurtosis - (21.0 / 9.0 - 3.0)).abs() < 1e-14);
        assert_eq!(trimmed_mean(&[9.0, 1.0, 2.0, -50.0], 0.25).unwrap(), 1.5);
        assert_eq!(interquartile_range(&[0.0, 1.0, 2.0, 3.0, 4.0]), 2.0);
    }

    #[test]
    fn bad_samples_are_errors() {
        assert!(describe(&[1.0]).is_err() && describe(&[0.1; 5]).is_err());
        assert!(describe(&[1.0, f64::NAN]).is_err());
        assert!(trimmed_mean(&[], 0.1).is_err() && trimmed_mean(&[1.0], 0.5).is_err());
    }
}
