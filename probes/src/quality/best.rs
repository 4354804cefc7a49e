//! Which layers differ from the best, corrected for having looked at all of them.

use phonoscope_analysis::Estimate;
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::stats;

/// A layer against the best one.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct AgainstBest {
    /// The best layer's value less this one's.
    pub(super) difference: Option<Estimate>,
    /// That a difference as large, standardised, of any two layers comes of resampling alone.
    pub(super) p: Option<f64>,
    /// Share of the resamples in which this layer is the best.
    pub(super) share_best: Option<f64>,
}

/// Fewest usable resamples.
const FEWEST: usize = 20;

/// Compares every layer with the one of the largest value. `replicates` are `[draw][layer]`, the same resample
/// in all layers of a draw; draws with a value that does not exist are left out. Differences are standardised, and
/// each is compared with the largest standardised deviation in each draw of the difference of *any two* layers
/// (max-statistic, single step; Westfall & Young 1993): the best layer was found in the same data, and whichever
/// it had been, its differences are among those. `share_best` tells how firm the choice is.
pub(super) fn against_best(
    values: &[f64],
    replicates: &[Vec<f64>],
    n: usize,
    level: f64,
) -> Vec<AgainstBest> {
    let mut out = vec![AgainstBest::default(); values.len()];
    let known: Vec<usize> = (0..values.len())
        .filter(|l| values[*l].is_finite())
        .collect();
    let best = known.iter().copied().max_by(|a, b| {
        // The first of equals.
        values[*a].total_cmp(&values[*b]).then(b.cmp(a))
    });
    let usable: Vec<&Vec<f64>> = replicates
        .iter()
        .filter(|draw| {
            known
                .iter()
                .all(|l| draw.get(*l).is_some_and(|v| v.is_finite()))
        })
        .collect();
    let Some(best) = best.filter(|_| usable.len() >= FEWEST && known.len() > 1) else {
        return out;
    };
    let draws = usable.len() as f64;
    let mut most = vec![0.0_f64; usable.len()];
    let mut standard = vec![f64::NAN; values.len()];
    for (k, first) in known.iter().copied().enumerate() {
        for second in known.iter().copied().skip(k + 1) {
            let (high, low) = match second == best {
                true => (second, first),
                false => (first, second),
            };
            let difference = values[high] - values[low];
            let gap: Vec<f64> = usable.iter().map(|d| d[high] - d[low]).collect();
            if high == best {
                let interval = stats::percentile(&gap, level);
                out[low].difference = Some(Estimate {
                    value: difference,
                    lo: interval.lo.min(difference),
                    hi: interval.hi.max(difference),
                    n,
                    level,
                    method: Method::Bootstrap,
                });
            }
            let mean = gap.iter().sum::<f64>() / draws;
            let squares: f64 = gap.iter().map(|g| (g - mean).powi(2)).sum();
            let sd = (squares / (draws - 1.0)).sqrt();
            if sd <= 1e-12 {
                continue;
            }
            if high == best {
                standard[low] = difference / sd;
            }
            for (most, gap) in most.iter_mut().zip(&gap) {
                *most = most.max((gap - difference).abs() / sd);
            }
        }
    }
    for l in known.iter().copied() {
        let leads = |d: &&&Vec<f64>| known.iter().all(|k| d[l] >= d[*k]);
        out[l].share_best = Some(usable.iter().filter(leads).count() as f64 / draws);
        if standard[l].is_finite() {
            out[l].p = Some(stats::permutation_p(standard[l], &most));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt as _;

    /// Values of `layers` around these means, with this spread, as a sample mean and its resamples would be.
    fn drawn(means: &[f64], spread: f64, seed: u64) -> (Vec<f64>, Vec<Vec<f64>>) {
        let mut rng = phonoscope_analysis::rng::stream(seed, "best-test", 0);
        let mut normal = move || {
            let u: f64 = rng.random_range(f64::EPSILON..1.0);
            spread * stats::normal_quantile(u)
        };
        let values: Vec<f64> = means.iter().map(|m| m + normal()).collect();
        let draws = (0..400).map(|_| values.iter().map(|v| v + normal()).collect());
        (values.clone(), draws.collect())
    }

    #[test]
    fn a_worse_layer_differs_and_an_equal_one_does_not() {
        let (values, draws) = drawn(&[0.9, 0.88, 0.2], 0.05, 1);
        let found = against_best(&values, &draws, 12, 0.95);
        let best = usize::from(values[1] > values[0]);
        assert!(found[best].difference.is_none() && found[best].p.is_none());
        assert!(found[1 - best].p.unwrap() > 0.05, "{found:?}");
        assert!(found[2].p.unwrap() < 0.01 && found[2].difference.unwrap().lo > 0.3);
        assert!(found[0].share_best.unwrap() > 0.2 && found[2].share_best.unwrap() < 0.01);
    }

    #[test]
    fn layers_that_are_alike_are_rarely_told_apart() {
        let wrong = (0..200)
            .filter(|seed| {
                let (values, draws) = drawn(&[0.5; 6], 0.1, 100 + seed);
                let found = against_best(&values, &draws, 12, 0.95);
                found.iter().any(|f| f.p.is_some_and(|p| p <= 0.05))
            })
            .count();
        // 5 % of 200 are 10, give or take 3: the choice of the best in the same data is paid for.
        assert!(wrong <= 19, "{wrong} of 200");
    }

    #[test]
    fn degenerate_values_give_nothing() {
        let same = vec![vec![0.5, 0.5]; 100];
        let found = against_best(&[0.5, 0.5], &same, 5, 0.95);
        assert!(found.iter().all(|f| f.p.is_none()));
        assert_eq!(found[1].share_best, Some(1.0));
        assert!(
            against_best(&[f64::NAN, 1.0], &same, 5, 0.95)[0]
                .difference
                .is_none()
        );
        assert!(against_best(&[], &[], 5, 0.95).is_empty());
        assert!(
            against_best(&[0.1, 0.2], &same[..3], 5, 0.95)[0]
                .p
                .is_none()
        );
    }
}
