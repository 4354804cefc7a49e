//! Association of components with metadata columns.
//!
//! Axes are held fixed: neither the permutations nor the bootstrap refit the decomposition, so p and
//! intervals speak of these axes, not of axes that might have come out.

use ndarray::ArrayView2;
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::stats::{self, Sorted, draws};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Estimate, Result};
use rand::seq::SliceRandom as _;

use super::SpeakerSettings;
use super::columns::{Kind, SpeakerColumn};

/// How a column is compared with a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Statistic {
    /// Two classes: chance that one of the upper class lies above one of the lower.
    Auc,
    /// Numbers: rank correlation.
    Spearman,
    /// More classes: share of variance between them.
    EtaSquared,
}

impl Statistic {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auc => "auc",
            Self::Spearman => "spearman",
            Self::EtaSquared => "eta_squared",
        }
    }

    /// The value that stands for no association.
    pub(super) fn no_effect(self) -> f64 {
        match self {
            Self::Auc => 0.5,
            Self::Spearman | Self::EtaSquared => 0.0,
        }
    }

    /// Ends of the scale.
    fn range(self) -> (f64, f64) {
        match self {
            Self::Auc | Self::EtaSquared => (0.0, 1.0),
            Self::Spearman => (-1.0, 1.0),
        }
    }

    fn distance(self, effect: f64) -> f64 {
        (effect - self.no_effect()).abs()
    }
}

/// One component against one column: the test.
pub(super) struct Tested {
    /// From 0.
    pub(super) component: usize,
    /// Index into the list of columns.
    pub(super) column: usize,
    pub(super) statistic: Statistic,
    pub(super) effect: f64,
    /// 95 % point of the distance from no effect under permutation.
    pub(super) null_95: f64,
    pub(super) p: f64,
    /// Benjamini–Hochberg over all tests of the run.
    pub(super) q: f64,
    /// For two classes: which of them lies higher.
    pub(super) upper: Option<Upper>,
}

/// Which of two sorted classes lies higher on a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Upper {
    First,
    Second,
}

/// One component against one column, with intervals.
pub(super) struct Association {
    pub(super) tested: Tested,
    pub(super) effect: Estimate,
    /// Squared Pearson correlation, for numbers.
    pub(super) r_squared: Option<Estimate>,
}

impl Tested {
    /// For two classes, which lies above which.
    pub(super) fn direction(&self, columns: &[SpeakerColumn]) -> Option<String> {
        let Kind::Classes { levels, .. } = &columns.get(self.column)?.kind else {
            return None;
        };
        match (self.upper?, levels.as_slice()) {
            (Upper::First, [first, second]) => Some(format!("{first} above {second}")),
            (Upper::Second, [first, second]) => Some(format!("{second} above {first}")),
            _ => None,
        }
    }
}

/// A column cut down to the speakers that have a value.
struct Target {
    /// Index into the list of columns.
    column: usize,
    /// Speakers with a value.
    known: Vec<usize>,
    values: Values,
}

/// Parallel to `Target::known`.
enum Values {
    /// Whether the speaker is in the second class.
    Two(Vec<bool>),
    Classes(Vec<usize>, usize),
    Numbers(Vec<f64>, Sorted),
}

impl Target {
    fn of(column: usize, from: &SpeakerColumn) -> Option<Self> {
        let known = from.known();
        let values = match &from.kind {
            Kind::Excluded(_) => return None,
            Kind::Number(of) => {
                let numbers: Vec<f64> = known.iter().filter_map(|i| of[*i]).collect();
                let sorted = Sorted::new(&numbers);
                Values::Numbers(numbers, sorted)
            }
            Kind::Classes { levels, of } => {
                let classes: Vec<usize> = known.iter().filter_map(|i| of[*i]).collect();
                match levels.as_slice() {
                    [_, _] => Values::Two(classes.iter().map(|c| *c == 1).collect()),
                    _ => Values::Classes(classes, levels.len()),
                }
            }
        };
        Some(Self {
            column,
            known,
            values,
        })
    }

    fn statistic(&self) -> Statistic {
        match &self.values {
            Values::Two(..) => Statistic::Auc,
            Values::Classes(..) => Statistic::EtaSquared,
            Values::Numbers(..) => Statistic::Spearman,
        }
    }

    /// Scores of the known speakers, one list per component.
    fn scores(&self, scores: ArrayView2<'_, f64>) -> Vec<Vec<f64>> {
        scores
            .columns()
            .into_iter()
            .map(|c| self.known.iter().map(|i| c[*i]).collect())
            .collect()
    }

    /// The same as ranks for statistics of ranks.
    fn ready(&self, scores: ArrayView2<'_, f64>) -> Vec<Vec<f64>> {
        let of = self.scores(scores);
        match self.statistic() {
            Statistic::EtaSquared => of,
            Statistic::Auc | Statistic::Spearman => of.iter().map(|s| stats::ranks(s)).collect(),
        }
    }

    /// The statistic of every component in `ready` when speaker `i` carries the value of `order[i]`.
    fn effects(&self, ready: &[Vec<f64>], order: &[usize]) -> Vec<f64> {
        let ones = vec![1.0; order.len()];
        match &self.values {
            Values::Two(second) => {
                let upper: Vec<bool> = order.iter().map(|i| second[*i]).collect();
                let high = upper.iter().filter(|u| **u).count() as f64;
                let low = upper.len() as f64 - high;
                let sum = |ranks: &[f64]| -> f64 {
                    let picked = ranks.iter().zip(&upper).filter(|(_, u)| **u);
                    picked.map(|(rank, _)| rank).sum()
                };
                let auc = |ranks: &Vec<f64>| stats::auc_of_rank_sum(sum(ranks), low, high);
                ready.iter().map(auc).collect()
            }
            Values::Classes(of, levels) => {
                let of: Vec<usize> = order.iter().map(|i| of[*i]).collect();
                let eta = |s: &Vec<f64>| stats::weighted_eta_squared(s, &of, *levels, &ones);
                ready.iter().map(eta).collect()
            }
            Values::Numbers(_, sorted) => {
                let ranks = sorted.ranks(&ones);
                let ranks: Vec<f64> = order.iter().map(|i| ranks[*i]).collect();
                let rho = |s: &Vec<f64>| stats::weighted_pearson(s, &ranks, &ones);
                ready.iter().map(rho).collect()
            }
        }
    }
}

/// Tests every component of `scores: [speaker, component]` against every column that can be compared.
///
/// The values of a column are permuted over its speakers once per draw, and that draw serves all
/// components. `p = (1 + b) / (1 + B)` counts draws at least as far from no effect, so it is
/// two-sided for AUC and Spearman and upper-tailed for η², which has only one side.
pub(super) fn test(
    scores: ArrayView2<'_, f64>,
    columns: &[SpeakerColumn],
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Vec<Tested>> {
    let mut out = Vec::new();
    for target in targets(columns) {
        let statistic = target.statistic();
        let ready = target.ready(scores);
        let as_is: Vec<usize> = (0..target.known.len()).collect();
        let observed = target.effects(&ready, &as_is);
        let stream = format!("speaker.permutation.{}", columns[target.column].name);
        let plan = draws::Plan {
            stage: "permutation of metadata",
            stream: &stream,
            seed: settings.seed,
            draws: settings.permutations,
        };
        let null = draws(plan, task, |rng| {
            let mut order = as_is.clone();
            order.shuffle(rng);
            Ok(target.effects(&ready, &order))
        })?;
        for (component, effect) in observed.into_iter().enumerate() {
            let at: Vec<f64> = null
                .iter()
                .map(|draw| statistic.distance(draw[component]))
                .collect();
            let (effect, upper) = oriented(effect, statistic);
            out.push(Tested {
                component,
                column: target.column,
                statistic,
                effect,
                null_95: stats::critical_value(&at, stats::ALPHA),
                p: stats::permutation_p(statistic.distance(effect), &at),
                q: f64::NAN,
                upper,
            });
        }
    }
    out.retain(|tested| tested.effect.is_finite());
    out.sort_by_key(|tested| (tested.component, tested.column));
    let p: Vec<f64> = out.iter().map(|tested| tested.p).collect();
    for (tested, q) in out.iter_mut().zip(stats::benjamini_hochberg(&p)) {
        tested.q = q;
    }
    Ok(out)
}

fn targets(columns: &[SpeakerColumn]) -> Vec<Target> {
    let all = columns.iter().enumerate();
    all.filter_map(|(i, column)| Target::of(i, column))
        .collect()
}

/// Turns an AUC so that it is at least one half, and says which class then lies higher.
fn oriented(effect: f64, statistic: Statistic) -> (f64, Option<Upper>) {
    match statistic {
        Statistic::Auc if effect < 0.5 => (1.0 - effect, Some(Upper::First)),
        Statistic::Auc => (effect, Some(Upper::Second)),
        Statistic::Spearman | Statistic::EtaSquared => (effect, None),
    }
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
            effect: estimate(
                tested.effect,
                &effects,
                tested.statistic.range(),
                n,
                settings,
            ),
            r_squared: prepared
                .r_squared(tested.component)
                .map(|value| estimate(value, &squares, (0.0, 1.0), n, settings)),
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

/// Percentile interval; the whole scale when no resample had a value.
fn estimate(
    value: f64,
    replicates: &[f64],
    range: (f64, f64),
    n: usize,
    settings: &SpeakerSettings,
) -> Estimate {
    let interval = stats::percentile(replicates, settings.level);
    let or = |found: f64, end: f64| if found.is_finite() { found } else { end };
    Estimate {
        value,
        lo: or(interval.lo, range.0),
        hi: or(interval.hi, range.1),
        n,
        level: settings.level,
        method: Method::ClusterBootstrap,
    }
}
