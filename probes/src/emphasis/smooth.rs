//! Figures that count who lies above whom, for their intervals.
//!
//! A count moves in steps. When a direction is fitted anew without one speaker, pairs of places that lay close together
//! change their order, some this way and some that. The sum of such steps grows with the root of the move, not with
//! the move, so the jackknife, which multiplies small moves by the number of groups, takes it for variance, and second
//! differences consist of little else. What fitting anew does to a count is therefore taken from the count smoothed
//! over the kernel of a density estimate, and what leaving items out does from the count itself.

use ndarray::{Array1, Array2, Axis};

/// A step at 0, smoothed by a uniform kernel. Without width it is the step, 1/2 at 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ramp {
    width: f64,
}

impl Ramp {
    /// For `n` values of this standard deviation: the kernel has that of Scott's rule (1992, equation 6.42).
    pub(super) fn new(sd: f64, n: usize) -> Self {
        let kernel = 1.06 * sd * (n as f64).powf(-0.2);
        let width = 12_f64.sqrt() * kernel;
        Self {
            width: if width.is_finite() { width } else { 0.0 },
        }
    }

    /// For these values, as far as they are finite.
    pub(super) fn of(values: &[f64]) -> Self {
        let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        Self::new(variance(&finite).sqrt(), finite.len())
    }

    /// For the differences between one of `low` and one of `high`.
    pub(super) fn between(low: &[f64], high: &[f64]) -> Self {
        let sd = (variance(low) + variance(high)).sqrt();
        Self::new(sd, low.len().min(high.len()))
    }

    /// How far above 0: 0 to 1.
    pub(super) fn at(self, v: f64) -> f64 {
        if self.width > 0.0 {
            (v / self.width + 0.5).clamp(0.0, 1.0)
        } else {
            step(v)
        }
    }

    /// The mean over all pairs of one of `low` and one of `high`; NaN without any.
    pub(super) fn auc(self, low: &[f64], high: &[f64]) -> f64 {
        let mut low = low.to_vec();
        low.sort_by(f64::total_cmp);
        let mut sums = Vec::with_capacity(low.len() + 1);
        let mut sum = 0.0;
        sums.push(sum);
        for v in &low {
            sum += v;
            sums.push(sum);
        }
        let half = self.width / 2.0;
        let mut all = 0.0;
        for v in high {
            let below = low.partition_point(|l| *l < v - half);
            let up_to = low.partition_point(|l| *l <= v + half);
            let near = (up_to - below) as f64;
            let part = if self.width > 0.0 {
                (near * v - (sums[up_to] - sums[below])) / self.width
            } else {
                0.0
            };
            all += below as f64 + 0.5 * near + part;
        }
        all / (low.len() * high.len()) as f64
    }
}

/// 1 above 0, 1/2 at 0, else 0.
pub(super) fn step(v: f64) -> f64 {
    match v.partial_cmp(&0.0) {
        Some(std::cmp::Ordering::Greater) => 1.0,
        Some(std::cmp::Ordering::Less) => 0.0,
        _ => 0.5,
    }
}

fn variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n
}

/// By how much more the step is than the ramp, for all pairs of two samples.
#[derive(Debug, Clone)]
pub(super) struct Rest {
    /// `[low, high]`.
    pairs: Array2<f64>,
    low: Array1<f64>,
    high: Array1<f64>,
}

impl Rest {
    pub(super) fn new(ramp: Ramp, low: &[f64], high: &[f64]) -> Self {
        let pairs = Array2::from_shape_fn((low.len(), high.len()), |(i, j)| {
            let v = high[j] - low[i];
            step(v) - ramp.at(v)
        });
        Self {
            low: pairs.sum_axis(Axis(1)),
            high: pairs.sum_axis(Axis(0)),
            pairs,
        }
    }

    /// The mean over pairs without some of `low` and of `high`, by their places; NaN when none is left.
    pub(super) fn without(&self, low: &[usize], high: &[usize]) -> f64 {
        let both: f64 = low
            .iter()
            .flat_map(|i| high.iter().map(move |j| self.pairs[[*i, *j]]))
            .sum();
        let off = |sums: &Array1<f64>, gone: &[usize]| gone.iter().map(|k| sums[*k]).sum::<f64>();
        let sum = self.low.sum() - off(&self.low, low) - off(&self.high, high) + both;
        let left = (self.low.len() - low.len()) * (self.high.len() - high.len());
        sum / left as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_analysis::{rng, stats};
    use rand::RngExt as _;

    fn drawn(n: usize, seed: u64) -> Vec<f64> {
        let mut rng = rng::stream(seed, "smooth-test", 0);
        (0..n).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    fn by_pairs(low: &[f64], high: &[f64], f: impl Fn(f64) -> f64) -> f64 {
        let sum: f64 = low
            .iter()
            .flat_map(|l| high.iter().map(move |h| h - l))
            .map(f)
            .sum();
        sum / (low.len() * high.len()) as f64
    }

    #[test]
    fn a_ramp_over_all_pairs_is_what_pair_by_pair_gives() {
        let (low, high) = (drawn(13, 1), drawn(9, 2));
        let ramp = Ramp::between(&low, &high);
        assert!(ramp.width > 0.1);
        let expected = by_pairs(&low, &high, |v| ramp.at(v));
        assert!((ramp.auc(&low, &high) - expected).abs() < 1e-12);
        let ties = [0.0, 1.0, 1.0];
        let plain = Ramp::new(0.0, 3).auc(&ties, &ties);
        assert!((plain - stats::auc(&ties, &ties).unwrap()).abs() < 1e-12);
        assert_eq!(
            (ramp.at(f64::INFINITY), ramp.at(f64::NEG_INFINITY)),
            (1.0, 0.0)
        );
    }

    #[test]
    fn the_rest_and_the_ramp_are_the_step() {
        let (low, high) = (drawn(11, 3), drawn(12, 4));
        let ramp = Ramp::between(&low, &high);
        let rest = Rest::new(ramp, &low, &high);
        let (gone_low, gone_high) = ([0, 4], [7]);
        let kept = |of: &[f64], gone: &[usize]| -> Vec<f64> {
            let left = (0..of.len()).filter(|k| !gone.contains(k));
            left.map(|k| of[k]).collect()
        };
        let (l, h) = (kept(&low, &gone_low), kept(&high, &gone_high));
        let found = ramp.auc(&l, &h) + rest.without(&gone_low, &gone_high);
        assert!((found - stats::auc(&l, &h).unwrap()).abs() < 1e-12);
    }

    /// The share of words on one side of a boundary that is the mean of other words. Without smoothing the jackknife finds about
    /// twice the variance that there is, most of it steps.
    #[test]
    fn a_moving_boundary_adds_what_it_moves_and_no_steps() {
        let (n, sets) = (40, 400);
        let (mut values, mut plain, mut smooth) = (vec![], 0.0, 0.0);
        for set in 0..sets {
            let (x, learnt) = (drawn(n, 100 + set), drawn(n, 9000 + set));
            let mean = |gone: usize| {
                (learnt.iter().sum::<f64>() - learnt.get(gone).copied().unwrap_or(0.0))
                    / (n - usize::from(gone < n)) as f64
            };
            let share = |f: &dyn Fn(f64) -> f64, edge: f64| {
                x.iter().map(|v| f(v - edge)).sum::<f64>() / n as f64
            };
            let from_whole: Vec<f64> = x.iter().map(|v| v - mean(n)).collect();
            let ramp = Ramp::of(&from_whole);
            let without = |f: &dyn Fn(f64) -> f64| -> Vec<f64> {
                (0..n).map(|g| share(f, mean(g))).collect()
            };
            values.push(share(&step, mean(n)));
            plain += stats::jackknife_variance(&without(&step)) / sets as f64;
            smooth += stats::jackknife_variance(&without(&|v| ramp.at(v))) / sets as f64;
        }
        // The part of the variance that the boundary makes: density² times the variance of the mean.
        let wanted = 0.25 * (1.0 / 3.0) / n as f64;
        assert!(
            (0.7..1.2).contains(&(smooth / wanted)),
            "{}",
            smooth / wanted
        );
        assert!(plain / wanted > 1.5, "{}", plain / wanted);
        let apart = variance(&values) - 0.25 / n as f64;
        assert!((0.5..1.6).contains(&(apart / wanted)), "{}", apart / wanted);
    }
}
