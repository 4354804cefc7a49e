//! Bootstrap intervals of associations.

use ndarray::ArrayView2;
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::stats::{self, Sorted, draws};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Estimate, Result};

use super::SpeakerSettings;
use super::association::{Statistic, Target, Tested, Upper, Values, targets};
use super::columns::SpeakerColumn;

/// One component against one column, with intervals.
pub(super) struct Association {
    pub(super) tested: Tested,
    pub(super) effect: Estimate,
    /// Squared Pearson correlation, for numbers.
    pub(super) r_squared: Option<Estimate>,
}

/// Gives every test its bootstrap interval: speakers resampled, axes and orientation held fixed.
///
/// Resamples in which the statistic does not exist (a class is absent) are left out.
pub(super) fn with_intervals(
    scores: ArrayView2<'_, f64>,
    columns: &[SpeakerColumn],
    tested: Vec<Tested>,
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Vec<Association>> {
    let prepared: Vec<Prepared> = targets(columns)
        .into_iter()
        .map(|target| Prepared::new(target, scores))
        .collect();
    // Where each test finds its column in `prepared`.
    let place = |t: &Tested| prepared.iter().position(|p| p.target.column == t.column);
    let places: Vec<usize> = tested.iter().filter_map(place).collect();
    let n = scores.nrows();
    let plan = draws::Plan {
        stage: "bootstrap of associations",
        stream: "speaker.bootstrap",
        seed: settings.seed,
        draws: settings.bootstrap,
    };
    let replicates = draws(plan, task, |rng| {
        let weights = stats::resample_counts(n, rng);
        let of_target: Vec<Vec<f64>> = prepared.iter().map(|p| p.weights(&weights)).collect();
        let draw = tested.iter().zip(&places);
        let draw = draw.map(|(t, place)| prepared[*place].resampled(t, &of_target[*place]));
        Ok(draw.collect::<Vec<(f64, f64)>>())
    })?;
    let with_interval = |(i, tested): (usize, Tested)| {
        let prepared = &prepared[places[i]];
        let effects: Vec<f64> = replicates.iter().map(|draw| draw[i].0).collect();
        let squares: Vec<f64> = replicates.iter().map(|draw| draw[i].1).collect();
        let n = prepared.target.known.len();
        Association {
            effect: estimate(tested.effect, &effects, tested.statistic, n, settings),
            r_squared: prepared
                .r_squared(tested.component)
                .map(|value| estimate(value, &squares, Statistic::EtaSquared, n, settings)),
            tested,
        }
    };
    Ok(tested.into_iter().enumerate().map(with_interval).collect())
}

/// A column and the scores of its speakers, sorted once.
struct Prepared {
    target: Target,
    scores: Vec<Vec<f64>>,
    sorted: Vec<Sorted>,
}

impl Prepared {
    fn new(target: Target, scores: ArrayView2<'_, f64>) -> Self {
        let scores = target.scores(scores);
        Self {
            sorted: scores.iter().map(|s| Sorted::new(s)).collect(),
            scores,
            target,
        }
    }

    /// Weights of the known speakers, from those of all.
    fn weights(&self, all: &[f64]) -> Vec<f64> {
        self.target.known.iter().map(|i| all[*i]).collect()
    }

    fn r_squared(&self, component: usize) -> Option<f64> {
        let Values::Numbers(numbers, _) = &self.target.values else {
            return None;
        };
        let ones = vec![1.0; numbers.len()];
        let r = stats::weighted_pearson(&self.scores[component], numbers, &ones);
        r.is_finite().then_some(r * r)
    }

    /// The effect, and for numbers R², when known speakers occur `weights` times.
    fn resampled(&self, tested: &Tested, weights: &[f64]) -> (f64, f64) {
        let (sorted, scores) = (
            &self.sorted[tested.component],
            &self.scores[tested.component],
        );
        match &self.target.values {
            Values::Two(second) => {
                let auc = stats::weighted_auc(sorted, second, weights);
                match tested.upper {
                    Some(Upper::First) => (1.0 - auc, f64::NAN),
                    _ => (auc, f64::NAN),
                }
            }
            Values::Classes(of, levels) => {
                let eta = stats::weighted_eta_squared(scores, of, *levels, weights);
                (eta, f64::NAN)
            }
            Values::Numbers(numbers, ranks) => {
                let r = stats::weighted_pearson(scores, numbers, weights);
                (stats::weighted_spearman(sorted, ranks, weights), r * r)
            }
        }
    }
}

/// Percentile interval, debiased for statistics that cannot be negative; the whole scale when no
/// resample had a value.
fn estimate(
    value: f64,
    replicates: &[f64],
    statistic: Statistic,
    n: usize,
    settings: &SpeakerSettings,
) -> Estimate {
    let (interval, method) = match statistic {
        Statistic::EtaSquared => (
            stats::debiased(value, replicates, settings.level),
            Method::DebiasedClusterBootstrap,
        ),
        Statistic::Auc | Statistic::Spearman => (
            stats::percentile(replicates, settings.level),
            Method::ClusterBootstrap,
        ),
    };
    let (least, most) = statistic.range();
    let or = |found: f64, end: f64| match found.is_finite() {
        true => found.clamp(least, most),
        false => end,
    };
    Estimate {
        value,
        lo: or(interval.lo, least),
        hi: or(interval.hi, most),
        n,
        level: settings.level,
        method,
    }
}
