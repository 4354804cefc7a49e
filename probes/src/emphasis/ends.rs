//! The ends of intervals.

use phonoscope_analysis::stats::{self, Interval};

use super::spread::{Figure, Scale};

impl Figure {
    pub(super) fn interval(&self, level: f64) -> Interval {
        let around = |value: f64, to: &dyn Fn(f64) -> f64| {
            let error = self.error(to);
            let half = error.quantile(level) * error.variance.sqrt();
            (value - half, value + half)
        };
        let (lo, hi) = match self.scale {
            Scale::R2 if self.value < 1.0 => {
                let to = |v: f64| (1.0 - v).ln();
                let (lo, hi) = around(to(self.value), &to);
                (1.0 - hi.exp(), 1.0 - lo.exp())
            }
            Scale::Positive if self.value > 0.0 => {
                let (lo, hi) = around(self.value.ln(), &f64::ln);
                (lo.exp(), hi.exp())
            }
            Scale::Share => self.share_interval(level),
            Scale::Pairwise(count) => self.pairwise_interval(count, level),
            _ => around(self.value, &|v| v),
        };
        Interval { lo, hi }
    }

    /// Wilson's interval with Student's quantile. A share of 0 or 1 has no variance of its own; there the
    /// speakers are the trials.
    fn share_interval(&self, level: f64) -> (f64, f64) {
        let error = self.error(&|v| v);
        let spread = self.value * (1.0 - self.value);
        let (trials, quantile) = if spread > 0.0 && error.variance > 0.0 {
            (spread / error.variance, error.quantile(level))
        } else {
            let df = self.n as f64 - 1.0;
            (self.n as f64, stats::t_quantile(0.5 + level / 2.0, df))
        };
        stats::score_interval(self.value, trials, quantile)
    }

    /// Let c = (1 − v) / count: the squared length that a mean of as many directions has when they share none. The
    /// variance of the mean cosine v is a (θ + c / 2), which grows with the true cosine θ; the jackknife finds
    /// a (v + c), as it counts twice what two directions owe to each other. The ends solve
    /// (v − θ)² = t² a (θ + c / 2), so that a cosine that happens to be small does not look certain, and are skewed as
    /// sums of squares are.
    fn pairwise_interval(&self, count: usize, level: f64) -> (f64, f64) {
        let error = self.error_left(&|v| v, 1.0);
        let chance = (1.0 - self.value) / count as f64;
        let growth = error.variance / (self.value + chance).max(chance / 4.0);
        let reach = error.quantile(level).powi(2) * growth;
        let middle = self.value + reach / 2.0;
        let half = (middle * middle - self.value * self.value + reach * chance / 2.0).max(0.0);
        // Below −c / 2 no cosine has an error; chance can put the value itself there.
        ((middle - half.sqrt()).min(self.value), middle + half.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::super::spread::tests::figure;
    use super::*;

    #[test]
    fn intervals_stay_where_the_figure_can_be() {
        let spread = [vec![0.9, 1.0, 0.95, 0.97], vec![], vec![]];
        let share = figure(0.96, Scale::Share, spread.clone());
        let e = share.estimate(0.95, (0.0, 1.0)).unwrap();
        assert!(
            e.lo > 0.0 && e.lo < 0.96 && e.hi > 0.96 && e.hi < 1.0,
            "{e:?}"
        );
        // All of eight: what Wilson's interval with Student's quantile says of eight trials.
        let all = figure(1.0, Scale::Share, [vec![1.0; 8], vec![], vec![]]);
        let e = all.estimate(0.95, (0.0, 1.0)).unwrap();
        let t2 = stats::t_quantile(0.975, 7.0).powi(2);
        assert!(
            (e.lo - 8.0 / (8.0 + t2)).abs() < 1e-12 && e.hi > 1.0 - 1e-12,
            "{e:?}"
        );
        let r2 = figure(0.96, Scale::R2, spread);
        assert!(
            r2.estimate(0.95, (f64::NEG_INFINITY, f64::INFINITY))
                .unwrap()
                .hi
                < 1.0
        );
    }

    #[test]
    fn ends_of_a_pairwise_cosine_are_as_far_off_as_their_own_errors_allow() {
        let spread = [vec![0.08, 0.11, 0.1, 0.13, 0.09], vec![], vec![]];
        for (value, count) in [(0.1, 50), (0.9, 20)] {
            let f = figure(value, Scale::Pairwise(count), spread.clone());
            let e = f.interval(0.95);
            let error = f.error_left(&|v| v, 1.0);
            let chance = (1.0 - value) / count as f64;
            let growth = error.variance / (value + chance);
            for end in [e.lo, e.hi] {
                let far = (value - end).powi(2);
                let allowed = error.quantile(0.95).powi(2) * growth * (end + chance / 2.0);
                assert!((far - allowed).abs() < 1e-9, "{value}: {far} {allowed}");
            }
            assert!(e.lo < value && e.hi - value > value - e.lo, "{e:?}");
        }
        let e = figure(-0.01, Scale::Pairwise(60), spread).interval(0.95);
        assert!(e.lo <= -0.01 && e.hi > 0.0, "{e:?}");
    }
}
