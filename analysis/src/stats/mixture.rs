//! Two normal components in one sample, and how far apart they are.

use std::f64::consts::PI;

use super::description::{at_least, mean_sd, varying};
use crate::{Error, Result};

/// Two normal components, the one with the smaller mean first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixture {
    /// Share of each component.
    pub weight: [f64; 2],
    /// Mean of each component.
    pub mean: [f64; 2],
    /// Standard deviation of each component.
    pub sd: [f64; 2],
    /// Log likelihood of the sample.
    pub log_likelihood: f64,
    /// Bayesian criterion of one normal less that of two: positive when two describe the sample better.
    pub bic_gain: f64,
    /// Rounds of expectation and maximisation.
    pub rounds: usize,
}

impl Mixture {
    /// Ashman's D of the two components.
    pub fn ashman_d(&self) -> f64 {
        separation(self.mean, self.sd)
    }
}

/// Ashman's D of two labelled samples: `√2 |μ₁ − μ₂| / √(σ₁² + σ₂²)`, above 2 for a clean separation
/// (Ashman, Bird & Zepf 1994).
pub fn ashman_d(a: &[f64], b: &[f64]) -> Result<f64> {
    let what = "Ashman's D";
    let ((ma, sa), (mb, sb)) = (mean_sd(what, a)?, mean_sd(what, b)?);
    if sa.max(sb) <= 16.0 * f64::EPSILON * ma.abs().max(mb.abs()) {
        return Err(Error::Undefined {
            what: what.into(),
            why: "both samples are constant".into(),
        });
    }
    Ok(separation([ma, mb], [sa, sb]))
}

fn separation(mean: [f64; 2], sd: [f64; 2]) -> f64 {
    (2.0 / (sd[0] * sd[0] + sd[1] * sd[1])).sqrt() * (mean[0] - mean[1]).abs()
}

/// Gain in mean log likelihood at which the fit has settled.
const SETTLED: f64 = 1e-10;
/// Most rounds before the fit is given up.
const MOST_ROUNDS: usize = 20_000;
/// Smallest variance of a component as a share of the sample's: a component cannot close in on one value.
const LEAST_SPREAD: f64 = 1e-4;

/// Fits two normal components by expectation and maximisation (Dempster, Laird & Rubin 1977).
///
/// No chance in it: starts from the split of the sorted sample with the least squares within both parts.
/// A component's variance is kept above 1/10 000 of the sample's. Needs four values.
pub fn two_normals(x: &[f64]) -> Result<Mixture> {
    let what = "two normal components";
    at_least(what, x, 4)?;
    let (centre, scale) = varying(what, x)?;
    let mut z: Vec<f64> = x.iter().map(|v| (v - centre) / scale).collect();
    z.sort_by(f64::total_cmp);
    let n = z.len() as f64;
    let split = best_split(&z);
    let mut fit = Components::of([&z[..split], &z[split..]], n);
    let mut before = f64::NEG_INFINITY;
    for round in 1..=MOST_ROUNDS {
        let (next, mean_log) = fit.step(&z, n);
        if mean_log - before < SETTLED {
            return Ok(fit.finish(centre, scale, mean_log * n, n, round));
        }
        (fit, before) = (next, mean_log);
    }
    Err(Error::NotConverged { what: what.into() })
}

/// Length of the lower part of the sorted `z` when the squares within both parts are least.
fn best_split(z: &[f64]) -> usize {
    let whole: f64 = z.iter().sum();
    let n = z.len();
    let (mut sum, mut best) = (0.0, (1, f64::NEG_INFINITY));
    for k in 1..n {
        sum += z[k - 1];
        let rest = whole - sum;
        let between = sum * sum / k as f64 + rest * rest / (n - k) as f64;
        if between > best.1 {
            best = (k, between);
        }
    }
    best.0
}

#[derive(Clone, Copy)]
struct Components {
    weight: [f64; 2],
    mean: [f64; 2],
    variance: [f64; 2],
}

impl Components {
    fn of(parts: [&[f64]; 2], n: f64) -> Self {
        let mean = parts.map(|p| p.iter().sum::<f64>() / p.len() as f64);
        let variance = [0, 1].map(|k| {
            let part: &[f64] = parts[k];
            let squares: f64 = part.iter().map(|v| (v - mean[k]).powi(2)).sum();
            (squares / part.len() as f64).max(LEAST_SPREAD)
        });
        Self {
            weight: parts.map(|p| p.len() as f64 / n),
            mean,
            variance,
        }
    }

    /// One round: the next components, and the mean log likelihood of these.
    fn step(&self, z: &[f64], n: f64) -> (Self, f64) {
        let [a, b] = [0, 1].map(|k| {
            let offset = self.weight[k].ln() - 0.5 * (2.0 * PI * self.variance[k]).ln();
            (offset, self.mean[k], 0.5 / self.variance[k])
        });
        let log =
            |(offset, mean, half): (f64, f64, f64), v: f64| offset - half * (v - mean).powi(2);
        let (mut total, mut sums) = (0.0, [[0.0; 3]; 2]);
        for v in z {
            let (la, lb) = (log(a, *v), log(b, *v));
            let top = la.max(lb);
            let (ea, eb) = ((la - top).exp(), (lb - top).exp());
            total += top + (ea + eb).ln();
            for (sum, share) in sums.iter_mut().zip([ea / (ea + eb), eb / (ea + eb)]) {
                sum[0] += share;
                sum[1] += share * v;
                sum[2] += share * v * v;
            }
        }
        let mut next = *self;
        for (k, [count, first, second]) in sums.into_iter().enumerate() {
            // An empty component stays where it is.
            if count > 1e-9 {
                next.mean[k] = first / count;
                next.variance[k] = (second / count - next.mean[k].powi(2)).max(LEAST_SPREAD);
            }
            next.weight[k] = (count / n).clamp(1e-12, 1.0);
        }
        (next, total / n)
    }

    fn finish(self, centre: f64, scale: f64, log: f64, n: f64, rounds: usize) -> Mixture {
        let order = if self.mean[0] <= self.mean[1] {
            [0, 1]
        } else {
            [1, 0]
        };
        // The standardised sample has variance (n − 1) / n around 0.
        let one = -0.5 * n * ((2.0 * PI * (n - 1.0) / n).ln() + 1.0);
        Mixture {
            weight: order.map(|k| self.weight[k]),
            mean: order.map(|k| centre + scale * self.mean[k]),
            sd: order.map(|k| scale * self.variance[k].sqrt()),
            log_likelihood: log - n * scale.ln(),
            bic_gain: 2.0 * (log - one) - 3.0 * n.ln(),
            rounds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::normal_quantile;

    /// Quantiles of a normal distribution: a sample without chance.
    fn normal(n: usize, mean: f64, sd: f64) -> Vec<f64> {
        let q = |i| mean + sd * normal_quantile((i as f64 + 0.5) / n as f64);
        (0..n).map(q).collect()
    }

    #[test]
    fn labelled_samples_by_hand() {
        // Means 1 and 5, variances 2 and 2: √2 · 4 / 2.
        let d = ashman_d(&[0.0, 2.0], &[4.0, 6.0]).unwrap();
        assert!((d - 8.0_f64.sqrt()).abs() < 1e-14);
        assert!(ashman_d(&[1.0, 1.0], &[2.0, 2.0]).is_err() && ashman_d(&[1.0], &[2.0]).is_err());
    }

    #[test]
    fn planted_components_are_found_at_any_scale() {
        let (low, high) = (normal(300, 100.0, 10.0), normal(100, 200.0, 20.0));
        let fit = two_normals(&[high.clone(), low.clone()].concat()).unwrap();
        assert!((fit.weight[0] - 0.75).abs() < 0.01, "{fit:?}");
        assert!((fit.mean[0] - 100.0).abs() < 1.0 && (fit.mean[1] - 200.0).abs() < 2.0);
        assert!((fit.sd[0] - 10.0).abs() < 1.0 && (fit.sd[1] - 20.0).abs() < 2.0);
        assert!((fit.ashman_d() - ashman_d(&low, &high).unwrap()).abs() < 0.2);
        assert!(fit.bic_gain > 100.0);
        let small: Vec<f64> = [low, high]
            .concat()
            .iter()
            .map(|v| v * 1e-6 - 3.0)
            .collect();
        let again = two_normals(&small).unwrap();
        assert!((again.ashman_d() - fit.ashman_d()).abs() < 1e-4);
        assert!((again.bic_gain - fit.bic_gain).abs() < 1e-4);
    }

    #[test]
    fn one_normal_gains_nothing_from_two() {
        let fit = two_normals(&normal(400, 0.0, 1.0)).unwrap();
        assert!(fit.bic_gain < 0.0 && fit.ashman_d() < 2.0, "{fit:?}");
    }

    #[test]
    fn few_and_equal_values() {
        assert!(two_normals(&[1.0, 2.0, 3.0]).is_err());
        assert!(two_normals(&[1.0; 6]).is_err());
        assert!(two_normals(&[1.0, f64::NAN, 2.0, 3.0]).is_err());
        let two = two_normals(&[0.0, 0.0, 0.0, 1.0, 1.0]).unwrap();
        assert!(two.ashman_d().is_finite() && two.ashman_d() > 10.0);
    }
}
