//! Figures with what their intervals are made of, so that differences of figures have intervals too.

use phonoscope_analysis::Estimate;
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::rng;
use phonoscope_analysis::stats;

/// Speakers left out in turn: each alone up to this many, else as many groups of them.
const MOST_GROUPS: usize = 200;

/// A figure, and the same with other speakers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    pub(super) value: f64,
    /// Speakers that it rests on.
    pub(super) n: usize,
    pub(super) spread: Spread,
}

/// The figure on other draws of the same speakers; draw `i` is the same for every figure.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Spread {
    /// Speakers resampled with replacement.
    Bootstrap(Vec<f64>),
    /// Groups of speakers left out in turn.
    Jackknife(Vec<f64>),
}

impl Figure {
    /// The estimate, clamped to `range`; nothing when the value does not exist.
    pub(super) fn estimate(&self, level: f64, range: (f64, f64)) -> Option<Estimate> {
        let (interval, method) = match &self.spread {
            Spread::Bootstrap(of) => (stats::percentile(of, level), Method::ClusterBootstrap),
            Spread::Jackknife(of) => {
                let usable: Vec<f64> = of.iter().copied().filter(|v| v.is_finite()).collect();
                let interval = stats::jackknife_interval(self.value, &usable, level);
                (interval, Method::Jackknife)
            }
        };
        let or = |found: f64, end: f64| {
            if found.is_finite() {
                found.clamp(range.0, range.1)
            } else {
                end
            }
        };
        (self.value.is_finite()).then(|| Estimate {
            value: self.value,
            lo: or(interval.lo, range.0),
            hi: or(interval.hi, range.1),
            n: self.n,
            level,
            method,
        })
    }

    /// The difference, draw by draw; nothing for figures of different kinds.
    pub(super) fn minus(&self, other: &Self) -> Option<Self> {
        let pairs =
            |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
        let spread = match (&self.spread, &other.spread) {
            (Spread::Bootstrap(a), Spread::Bootstrap(b)) if a.len() == b.len() => {
                Spread::Bootstrap(pairs(a, b))
            }
            (Spread::Jackknife(a), Spread::Jackknife(b)) if a.len() == b.len() => {
                Spread::Jackknife(pairs(a, b))
            }
            _ => return None,
        };
        Some(Self {
            value: self.value - other.value,
            n: self.n.min(other.n),
            spread,
        })
    }
}

/// Draws of speakers, the same for every figure of a report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resampling {
    pub(super) seed: u64,
    pub(super) draws: usize,
    pub(super) speakers: usize,
}

impl Resampling {
    /// How often each speaker is taken in a draw.
    fn weights(&self, draw: usize) -> Vec<f64> {
        stats::resample_counts(
            self.speakers,
            &mut rng::stream(self.seed, "emphasis.bootstrap", draw as u64),
        )
    }

    /// The bootstrap of a statistic of weighted speakers.
    pub(super) fn bootstrap(&self, n: usize, statistic: impl Fn(&[f64]) -> f64 + Sync) -> Figure {
        use rayon::prelude::*;
        let draws = (0..self.draws)
            .into_par_iter()
            .map(|draw| statistic(&self.weights(draw)));
        Figure {
            value: statistic(&vec![1.0; self.speakers]),
            n,
            spread: Spread::Bootstrap(draws.collect()),
        }
    }

    /// A ratio of sums over speakers.
    pub(super) fn ratio(&self, above: &[f64], below: &[f64]) -> Figure {
        let n = below.iter().filter(|b| **b > 0.0).count();
        self.bootstrap(n, |w| {
            let sum = |of: &[f64]| of.iter().zip(w).map(|(v, w)| v * w).sum::<f64>();
            sum(above) / sum(below)
        })
    }

    /// The group of each speaker that the jackknife leaves out together.
    fn groups(&self) -> (Vec<usize>, usize) {
        let count = self.speakers.min(MOST_GROUPS);
        (
            (0..self.speakers).map(|s| s % count.max(1)).collect(),
            count,
        )
    }

    /// The jackknife of a statistic of the speakers that are kept.
    pub(super) fn jackknife(
        &self,
        most: usize,
        n: usize,
        statistic: impl Fn(&[bool]) -> f64 + Sync,
    ) -> Figure {
        use rayon::prelude::*;
        let (mut group, mut count) = self.groups();
        if count > most {
            count = most;
            group = (0..self.speakers).map(|s| s % most).collect();
        }
        let without = (0..count).into_par_iter().map(|out| {
            let kept: Vec<bool> = group.iter().map(|g| *g != out).collect();
            statistic(&kept)
        });
        Figure {
            value: statistic(&vec![true; self.speakers]),
            n,
            spread: Spread::Jackknife(without.collect()),
        }
    }
}

/// Sums of `values` by speaker, `[speaker]`.
pub(super) fn by_speaker(values: &[f64], speakers: &[usize], count: usize) -> Vec<f64> {
    let mut out = vec![0.0; count];
    for (v, s) in values.iter().zip(speakers) {
        if let Some(sum) = out.get_mut(*s) {
            *sum += v;
        }
    }
    out
}

/// Distinct speakers among these.
pub(super) fn distinct(speakers: &[usize]) -> usize {
    speakers
        .iter()
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}
