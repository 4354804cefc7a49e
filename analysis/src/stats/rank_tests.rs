//! Tests on ranks. All p are from the normal or chi-squared limit, corrected for ties.

use super::description::at_least;
use super::rank::{finite, ranks};
use super::separation::auc;
use super::t_tests::differences;
use super::tails::{chi_squared_upper, normal_cdf};
use crate::{Error, Result};

/// A rank statistic with its p.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankTest {
    /// The statistic.
    pub statistic: f64,
    /// Two-sided p in the limit of many values.
    pub p: f64,
    /// Number of values used.
    pub n: usize,
}

/// Mann–Whitney U of `a` against `b`: number of pairs in which the value of `a` is larger, ties half.
/// P with continuity correction.
pub fn mann_whitney(a: &[f64], b: &[f64]) -> Result<RankTest> {
    let what = "Mann–Whitney test";
    let (na, nb) = (a.len() as f64, b.len() as f64);
    let u = auc(b, a)? * na * nb;
    let n = na + nb;
    let all = [a, b].concat();
    let spread = na * nb / 12.0 * ((n + 1.0) - tie_cubes(&all) / (n * (n - 1.0)));
    if spread.is_nan() || spread <= 0.0 {
        return Err(constant(what));
    }
    let away = (u - na * nb / 2.0).abs() - 0.5;
    Ok(RankTest {
        statistic: u,
        p: (2.0 * normal_cdf(-away / spread.sqrt())).min(1.0),
        n: all.len(),
    })
}

/// Wilcoxon's signed ranks of pairs: the smaller of the rank sums of positive and negative differences.
/// Pairs without difference are left out; no continuity correction.
pub fn wilcoxon(a: &[f64], b: &[f64]) -> Result<RankTest> {
    let what = "Wilcoxon test";
    let mut away = differences(what, a, b)?;
    finite(&away, what)?;
    away.retain(|d| *d != 0.0);
    at_least(&format!("{what}: pairs that differ"), &away, 1)?;
    let size: Vec<f64> = away.iter().map(|d| d.abs()).collect();
    let n = away.len() as f64;
    let up: f64 = ranks(&size)
        .iter()
        .zip(&away)
        .filter(|(_, d)| **d > 0.0)
        .map(|(rank, _)| rank)
        .sum();
    let statistic = up.min(n * (n + 1.0) / 2.0 - up);
    let spread = (n * (n + 1.0) * (2.0 * n + 1.0) - tie_cubes(&size) / 2.0) / 24.0;
    let z = (statistic - n * (n + 1.0) / 4.0) / spread.sqrt();
    Ok(RankTest {
        statistic,
        p: (2.0 * normal_cdf(z)).min(1.0),
        n: away.len(),
    })
}

/// Kruskal–Wallis H of two or more samples.
pub fn kruskal(samples: &[&[f64]]) -> Result<RankTest> {
    let what = "Kruskal–Wallis test";
    if samples.len() < 2 {
        return Err(Error::TooFew {
            what: format!("{what}: samples"),
            needed: 2,
            found: samples.len(),
        });
    }
    for sample in samples {
        finite(sample, what)?;
        at_least(what, sample, 1)?;
    }
    let all = samples.concat();
    let n = all.len() as f64;
    let ranks = ranks(&all);
    let (mut sum, mut start) = (0.0, 0);
    for sample in samples {
        let own: f64 = ranks[start..start + sample.len()].iter().sum();
        sum += own * own / sample.len() as f64;
        start += sample.len();
    }
    let untied = 1.0 - tie_cubes(&all) / (n * (n * n - 1.0));
    if untied.is_nan() || untied <= 0.0 {
        return Err(constant(what));
    }
    let h = (12.0 / (n * (n + 1.0)) * sum - 3.0 * (n + 1.0)) / untied;
    Ok(RankTest {
        statistic: h,
        p: chi_squared_upper(h, samples.len() as f64 - 1.0),
        n: all.len(),
    })
}

/// Σ t³ − t over groups of t equal values.
fn tie_cubes(x: &[f64]) -> f64 {
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    let sizes = sorted.chunk_by(|a, b| a == b).map(|g| g.len() as f64);
    sizes.map(|t| t * t * t - t).sum()
}

fn constant(what: &str) -> Error {
    Error::Undefined {
        what: what.into(),
        why: "all values are equal".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_samples_by_hand() {
        let u = mann_whitney(&[1.0, 2.0], &[2.0, 3.0, 4.0]).unwrap();
        assert_eq!(u.statistic, 0.5);
        let w = wilcoxon(&[3.0, 1.0, 5.0, 2.0], &[1.0, 2.0, 1.0, 2.0]).unwrap();
        // Differences 2, −1, 4: rank sums 5 and 1.
        assert_eq!((w.statistic, w.n), (1.0, 3));
        // Ranks 1 2 | 3 4: H = 12 / 20 · (9/2 + 49/2) − 15 = 2.4.
        let h = kruskal(&[&[1.0, 2.0], &[3.0, 4.0]]).unwrap();
        assert!((h.statistic - 2.4).abs() < 1e-12);
    }

    #[test]
    fn bad_samples_are_errors() {
        assert!(mann_whitney(&[1.0, 1.0], &[1.0]).is_err());
        assert!(mann_whitney(&[], &[1.0]).is_err());
        assert!(wilcoxon(&[1.0], &[1.0]).is_err() && wilcoxon(&[1.0], &[]).is_err());
        assert!(wilcoxon(&[f64::NAN], &[1.0]).is_err());
        assert!(kruskal(&[&[1.0]]).is_err() && kruskal(&[&[1.0], &[1.0]]).is_err());
        assert!(kruskal(&[&[1.0], &[]]).is_err());
    }

    #[test]
    fn p_never_exceeds_one() {
        let same = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(mann_whitney(&same, &same).unwrap().p, 1.0);
        assert_eq!(wilcoxon(&[1.0, 2.0], &[2.0, 1.0]).unwrap().p, 1.0);
    }
}
