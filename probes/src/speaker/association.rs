//! Association of components with metadata columns.
//!
//! Axes are held fixed: neither the permutations nor the bootstrap refit the decomposition, so p and
//! intervals speak of these axes, not of axes that might have come out.

use ndarray::ArrayView2;
use phonoscope_analysis::Result;
use phonoscope_analysis::stats::{self, Sorted, draws};
use phonoscope_analysis::task::Task;
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
    pub(super) fn range(self) -> (f64, f64) {
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
pub(super) struct Target {
    /// Index into the list of columns.
    pub(super) column: usize,
    /// Speakers with a value.
    pub(super) known: Vec<usize>,
    pub(super) values: Values,
}

/// Parallel to `Target::known`.
pub(super) enum Values {
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
    pub(super) fn scores(&self, scores: ArrayView2<'_, f64>) -> Vec<Vec<f64>> {
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

pub(super) fn targets(columns: &[SpeakerColumn]) -> Vec<Target> {
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
