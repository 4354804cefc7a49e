//! Hartigan's dip: how far a sample is from every distribution with a single peak.

use rand::RngExt as _;

use super::description::{at_least, varying};
use super::draws::{self, draws};
use super::permutation_p;
use crate::Result;
use crate::task::Task;

/// Dip of `x`: the largest distance of its distribution function from the nearest unimodal one
/// (Hartigan & Hartigan 1985, Annals of Statistics 13:70–84). At least `1 / 2n`; needs four values.
pub fn dip(x: &[f64]) -> Result<f64> {
    at_least("dip test", x, 4)?;
    varying("dip test", x)?;
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    Ok(Steps::of(&sorted).dip())
}

/// Dips of uniform samples, the null distribution that Hartigan & Hartigan propose: the least favourable of
/// the unimodal ones in the limit. Simulated, once for all samples of a size.
#[derive(Debug, Clone, PartialEq)]
pub struct DipNull {
    /// Size of the samples.
    pub n: usize,
    /// Their dips, in the order of the draws.
    pub dips: Vec<f64>,
}

impl DipNull {
    /// Simulates `count` uniform samples of `n` values; draw `i` uses stream `i` under `seed`.
    pub fn simulate(n: usize, count: usize, seed: u64, task: &Task) -> Result<Self> {
        at_least("dip test", &vec![0.0; n.min(4)], 4)?;
        let plan = draws::Plan {
            stage: "null of the dip test",
            stream: "stats.dip",
            seed,
            draws: count,
        };
        let dips = draws(plan, task, |rng| {
            // Sums of exponential gaps are sorted uniform values, up to a scale that the dip ignores.
            let mut at = 0.0;
            let mut next = || {
                let u: f64 = rng.random_range(0.0..1.0);
                at -= (1.0 - u).max(f64::MIN_POSITIVE).ln();
                at
            };
            let sorted: Vec<f64> = (0..n).map(|_| next()).collect();
            Ok(Steps::of(&sorted).dip())
        })?;
        Ok(Self { n, dips })
    }

    /// `(1 + b) / (1 + B)` with `b` simulated dips at least as large as `dip`.
    pub fn p(&self, dip: f64) -> f64 {
        permutation_p(dip, &self.dips)
    }
}

/// The steps of a distribution function, in counts: at `x[k]` it rises from `low[k]` to `high[k]`.
struct Steps {
    x: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
}

impl Steps {
    fn of(sorted: &[f64]) -> Self {
        let mut steps = Self {
            x: vec![],
            low: vec![],
            high: vec![],
        };
        let mut below = 0.0;
        for group in sorted.chunk_by(|a, b| a == b) {
            steps.x.push(group[0]);
            steps.low.push(below);
            below += group.len() as f64;
            steps.high.push(below);
        }
        steps
    }

    /// Narrows the interval that holds the mode. Left of it the nearest unimodal function is convex, right
    /// of it concave; both as near as half of the largest gap left outside.
    fn dip(&self) -> f64 {
        let n = self.high.last().copied().unwrap_or(1.0);
        let (mut left, mut right) = (0, self.x.len().saturating_sub(1));
        let mut gap = 1.0_f64;
        while left < right {
            let convex = hull(&self.x, &self.low, left, right, 1.0);
            let concave = hull(&self.x, &self.high, left, right, -1.0);
            let (widest, new_left, new_right) = self.widest(&convex, &concave);
            if widest <= gap {
                break;
            }
            // Where the mode begins the function may jump: only the steps before it count.
            gap = gap.max(self.farthest(&convex, left..new_left, 1.0));
            gap = gap.max(self.farthest(&concave, new_right + 1..right + 1, -1.0));
            if (new_left, new_right) == (left, right) {
                break;
            }
            (left, right) = (new_left, new_right);
        }
        gap / (2.0 * n)
    }

    /// Largest distance between the hulls, at a corner of either, and the corner of the convex hull at or
    /// left of it and the one of the concave hull at or right of it.
    fn widest(&self, convex: &[usize], concave: &[usize]) -> (f64, usize, usize) {
        let ends = (convex[0], concave[concave.len() - 1]);
        let mut best = (0.0, ends.0, ends.1);
        let mut segment = 0;
        for corner in convex {
            while segment + 2 < concave.len() && concave[segment + 1] <= *corner {
                segment += 1;
            }
            let above = self.on(&self.high, concave, segment, *corner);
            let distance = above - self.low[*corner];
            if distance > best.0 {
                let next = concave.iter().find(|k| *k >= corner);
                best = (distance, *corner, next.copied().unwrap_or(ends.1));
            }
        }
        segment = 0;
        for corner in concave {
            while segment + 2 < convex.len() && convex[segment + 1] <= *corner {
                segment += 1;
            }
            let below = self.on(&self.low, convex, segment, *corner);
            let distance = self.high[*corner] - below;
            if distance > best.0 {
                let last = convex.iter().rev().find(|k| *k <= corner);
                best = (distance, last.copied().unwrap_or(ends.0), *corner);
            }
        }
        best
    }

    /// Height of a hull's segment at `x[k]`.
    fn on(&self, y: &[f64], hull: &[usize], segment: usize, k: usize) -> f64 {
        let a = hull[segment];
        let Some(b) = hull.get(segment + 1) else {
            return y[a];
        };
        y[a] + (y[*b] - y[a]) * (self.x[k] - self.x[a]) / (self.x[*b] - self.x[a])
    }

    /// Largest distance of a hull from the far side of the given steps.
    fn farthest(&self, hull: &[usize], steps: std::ops::Range<usize>, sign: f64) -> f64 {
        let (near, far) = match sign > 0.0 {
            true => (&self.low, &self.high),
            false => (&self.high, &self.low),
        };
        let (mut segment, mut most) = (0, 0.0_f64);
        for k in steps {
            while segment + 2 < hull.len() && hull[segment + 1] <= k {
                segment += 1;
            }
            most = most.max(sign * (far[k] - self.on(near, hull, segment, k)));
        }
        most
    }
}

/// Corners of the greatest convex line below the points (`sign` 1) or the least concave one above (−1),
/// over points `left..=right`.
fn hull(x: &[f64], y: &[f64], left: usize, right: usize, sign: f64) -> Vec<usize> {
    let mut corners: Vec<usize> = vec![];
    for k in left..=right {
        while let [.., a, b] = corners[..] {
            let turn = (y[b] - y[a]) * (x[k] - x[b]) - (y[k] - y[b]) * (x[b] - x[a]);
            if sign * turn < 0.0 {
                break;
            }
            corners.pop();
        }
        corners.push(k);
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn even_values_have_the_smallest_dip_and_two_clumps_the_largest() {
        let even: Vec<f64> = (0..10).map(f64::from).collect();
        assert!((dip(&even).unwrap() - 0.05).abs() < 1e-12);
        // Two far clumps of equal size: a quarter, less what the steps inside the clumps give back.
        let clumps: Vec<f64> = (0..200)
            .map(|i| f64::from(i / 100) * 1e6 + f64::from(i % 100))
            .collect();
        assert!((dip(&clumps).unwrap() - 0.25).abs() < 0.01);
    }

    #[test]
    fn dips_of_a_peer() {
        // Dips times 2n of R's diptest (through its Python port), for samples without and with ties.
        for (x, expected) in [
            (
                &[
                    1.0, 2.0, 4.0, 8.0, 9.0, 10.0, 20.0, 21.0, 22.0, 30.0, 31.0, 33.0,
                ][..],
                2.608_695_652_173_913,
            ),
            (
                &[0.1, 0.4, 0.5, 0.9, 1.1, 2.3, 2.4, 5.1, 5.2, 5.9, 6.0],
                3.0,
            ),
            (
                &[0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 5.0, 5.0, 6.0, 6.0, 6.0, 9.0],
                3.8,
            ),
            (
                &[1.0, 1.0, 2.0, 3.0, 7.0, 7.0, 7.0, 8.0, 9.0, 9.0],
                2.666_666_666_666_667,
            ),
        ] {
            let found = dip(x).unwrap() * 2.0 * x.len() as f64;
            assert!(
                (found - expected).abs() < 1e-12,
                "{x:?}: {found} against {expected}"
            );
        }
    }

    #[test]
    fn p_is_nominal_under_the_null_and_small_for_two_peaks() {
        let null = DipNull::simulate(60, 999, 3, &Task::silent()).unwrap();
        let fresh = DipNull::simulate(60, 1000, 4, &Task::silent()).unwrap();
        let rejected = fresh.dips.iter().filter(|d| null.p(**d) <= 0.05).count();
        // 50 expected; binomial 99 % band for a threshold that is itself estimated.
        assert!((25..=75).contains(&rejected), "{rejected}");
        let peaks: Vec<f64> = (0..60)
            .map(|i| f64::from(i % 30) / 30.0 + f64::from(i / 30) * 3.0)
            .collect();
        assert_eq!(null.p(dip(&peaks).unwrap()), 0.001);
    }

    #[test]
    fn bad_samples_are_errors() {
        assert!(dip(&[1.0, 2.0, 3.0]).is_err() && dip(&[2.0; 5]).is_err());
        assert!(dip(&[1.0, 2.0, f64::NAN, 3.0]).is_err());
        assert!(DipNull::simulate(3, 10, 1, &Task::silent()).is_err());
    }

    proptest! {
        #[test]
        fn shift_scale_and_mirror_change_nothing(x in prop::collection::vec(-9.0..9.0_f64, 5..40)) {
            let plain = dip(&x).unwrap();
            let moved: Vec<f64> = x.iter().map(|v| 3.0 - v / 2.0).collect();
            prop_assert!((dip(&moved).unwrap() - plain).abs() < 1e-9);
            let n = x.len() as f64;
            prop_assert!(plain >= 0.5 / n - 1e-12 && plain <= 0.25 + 0.5 / n);
        }
    }
}
