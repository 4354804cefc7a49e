//! Whether residuals point the same way.
//!
//! Everything rests on the products of unit residuals, summed over speakers, so a permutation costs no more
//! than the number of pairs times the number of speakers.

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate};
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::stats::{self, draws, pair_mean};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Estimate, linalg};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::EmphasisSettings;
use super::design::{Design, Kind};
use super::spread::{Figure, Resampling, distinct};
use super::sums::{Sums, Swapped, unit};
use crate::error::Result;

/// Draws of the re-pairing null at most: it is far away whenever anything is there.
pub(super) const MOST_REPAIRED: usize = 199;

/// Direction consistency of one condition at one tap.
#[derive(Debug, Clone)]
pub(super) struct Direction {
    pub(super) condition: usize,
    pub(super) pairs: usize,
    /// Pairs whose residual is zero, which have no direction.
    pub(super) still: usize,
    /// Mean cosine to the mean direction of the other speakers.
    pub(super) speaker_out: Figure,
    /// Mean cosine to the mean direction of the other recordings.
    pub(super) source_out: Figure,
    /// Mean cosine of two residuals of different speakers.
    pub(super) pairwise: Option<Estimate>,
    /// Mean length of residuals, over that of the neutral–neutral ones.
    pub(super) length: f64,
    pub(super) length_over_null: f64,
    pub(super) flips: Option<Null>,
    pub(super) neutral: Option<Null>,
    /// `speaker_out` minus the same of the neutral–neutral residuals of the same pairs.
    pub(super) excess: Option<Figure>,
    pub(super) repaired: Option<Null>,
}

/// A null of a statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Null {
    pub(super) mean: f64,
    /// What 5 % of draws reach.
    pub(super) at_95: f64,
    pub(super) p: f64,
    pub(super) draws: usize,
}

impl Null {
    pub(super) fn of(observed: f64, null: &[f64]) -> Self {
        Self {
            mean: null.iter().sum::<f64>() / null.len() as f64,
            at_95: stats::critical_value(null, stats::ALPHA),
            p: stats::permutation_p(observed, null),
            draws: null.len(),
        }
    }
}

/// What the measures of a tap share.
pub(super) struct Bench<'a> {
    pub(super) design: &'a Design,
    pub(super) settings: &'a EmphasisSettings,
    pub(super) resampling: Resampling,
    pub(super) task: &'a Task,
}

impl Bench<'_> {
    fn ones(&self) -> Array1<f64> {
        Array1::ones(self.resampling.speakers)
    }

    /// Direction consistency of a condition.
    pub(super) fn direction(
        &self,
        states: ArrayView2<'_, f64>,
        condition: usize,
    ) -> Result<Option<Direction>> {
        let (design, speakers) = (self.design, self.resampling.speakers);
        let all = design.having(condition);
        let residuals = design.residuals(states, condition, &all);
        let (rows, kept, lengths) = unit(&residuals);
        let pairs: Vec<usize> = kept.iter().map(|i| all[*i]).collect();
        let of_speaker = design.speakers_of(&pairs);
        if distinct(&of_speaker) < 3 {
            return Ok(None);
        }
        let products = linalg::gram(rows.view());
        let sums = Sums::new(products.view(), &of_speaker, &of_speaker, speakers);
        let of_source = design.sources_of(&pairs);
        let by_source = Sums::new(products.view(), &of_source, &of_source, design.sources);
        let n = distinct(&of_speaker);
        let kept_signs =
            |kept: &[bool]| -> Array1<f64> { kept.iter().map(|k| f64::from(*k)).collect() };
        let speaker_out = self
            .resampling
            .jackknife(usize::MAX, n, |kept| sums.mean_cosine(&kept_signs(kept)));
        let speaker_of_source = |kept: &[bool]| -> Array1<f64> {
            let mut sign = Array1::zeros(design.sources);
            for (source, speaker) in of_source.iter().zip(&of_speaker) {
                sign[*source] = f64::from(kept[*speaker]);
            }
            sign
        };
        let source_out = self.resampling.jackknife(usize::MAX, n, |kept| {
            by_source.mean_cosine(&speaker_of_source(kept))
        });
        let mut out = Direction {
            condition,
            pairs: pairs.len(),
            still: all.len() - pairs.len(),
            pairwise: self.pairwise(&sums, &of_speaker),
            length: lengths.iter().sum::<f64>() / lengths.len() as f64,
            length_over_null: f64::NAN,
            speaker_out,
            source_out,
            flips: None,
            neutral: None,
            excess: None,
            repaired: None,
        };
        if self.settings.nulls {
            out.flips = Some(self.flipped(&sums, out.speaker_out.value)?);
        }
        self.against_neutral(states, condition, &all, &mut out)?;
        if self.settings.nulls && design.conditions[condition].kind == Kind::Emphasis {
            out.repaired = Some(self.repaired(states, condition, &pairs, out.speaker_out.value)?);
        }
        Ok(Some(out))
    }

    fn pairwise(&self, sums: &Sums, of_speaker: &[usize]) -> Option<Estimate> {
        let present: Vec<usize> = of_speaker
            .iter()
            .copied()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        let sizes: Vec<f64> = present
            .iter()
            .map(|s| of_speaker.iter().filter(|o| *o == s).count() as f64)
            .collect();
        let between = sums
            .groups
            .select(Axis(0), &present)
            .select(Axis(1), &present);
        let found = pair_mean(between.view(), &sizes);
        let interval = found.interval(self.settings.level);
        Some(Estimate {
            value: found.value,
            lo: interval.lo.max(-1.0),
            hi: interval.hi.min(1.0),
            n: sizes.len(),
            level: self.settings.level,
            method: Method::UStatistic,
        })
    }

    /// Residuals of whole speakers turned round: what consistency is left when there is no direction.
    fn flipped(&self, sums: &Sums, observed: f64) -> Result<Null> {
        let plan = draws::Plan {
            stage: "sign flips",
            stream: "emphasis.flips",
            seed: self.settings.seed,
            draws: self.settings.permutations,
        };
        let null = draws(plan, self.task, |rng| {
            let sign = (0..self.resampling.speakers)
                .map(|_| if rng.random_bool(0.5) { 1.0 } else { -1.0 });
            Ok(sums.mean_cosine(&sign.collect()))
        })?;
        Ok(Null::of(observed, &null))
    }

    /// The same pairs' neutral–neutral residuals, as a floor and as exchangeable partners.
    fn against_neutral(
        &self,
        states: ArrayView2<'_, f64>,
        condition: usize,
        all: &[usize],
        out: &mut Direction,
    ) -> Result<()> {
        let Some(null) = self.design.null().filter(|null| *null != condition) else {
            return Ok(());
        };
        let both: Vec<usize> = all
            .iter()
            .copied()
            .filter(|p| self.design.pairs[*p].versions[null].is_some())
            .collect();
        let (first, first_kept, _) = unit(&self.design.residuals(states, condition, &both));
        let (second, second_kept, lengths) = unit(&self.design.residuals(states, null, &both));
        let floor = lengths.iter().sum::<f64>() / lengths.len() as f64;
        out.length_over_null = out.length / floor;
        // Only pairs with two directions can change places.
        let usable: Vec<usize> = (0..both.len())
            .filter(|i| first_kept.contains(i) && second_kept.contains(i))
            .collect();
        let rows_of = |rows: &Array2<f64>, kept: &[usize]| {
            let at: Vec<usize> = usable
                .iter()
                .filter_map(|i| kept.iter().position(|k| k == i))
                .collect();
            rows.select(Axis(0), &at)
        };
        let pairs: Vec<usize> = usable.iter().map(|i| both[*i]).collect();
        let group = self.design.speakers_of(&pairs);
        if distinct(&group) < 3 {
            return Ok(());
        }
        let stacked = concatenate![
            Axis(0),
            rows_of(&first, &first_kept),
            rows_of(&second, &second_kept)
        ];
        let swapped = Swapped::new(&stacked, &group, self.resampling.speakers);
        let observed = swapped.difference(&vec![false; self.resampling.speakers]);
        let n = distinct(&group);
        out.excess = Some(self.resampling.jackknife(usize::MAX, n, |kept| {
            let sign: Array1<f64> = kept.iter().map(|k| f64::from(*k)).collect();
            swapped.sums[0][0].mean_cosine(&sign) - swapped.sums[1][1].mean_cosine(&sign)
        }));
        if !self.settings.nulls {
            return Ok(());
        }
        let plan = draws::Plan {
            stage: "swaps with neutral–neutral residuals",
            stream: "emphasis.swaps",
            seed: self.settings.seed,
            draws: self.settings.permutations,
        };
        let null = draws(plan, self.task, |rng| {
            let swap: Vec<bool> = (0..self.resampling.speakers)
                .map(|_| rng.random_bool(0.5))
                .collect();
            Ok(swapped.difference(&swap))
        })?;
        out.neutral = Some(Null {
            mean: swapped.sums[1][1].mean_cosine(&self.ones()),
            ..Null::of(observed, &null)
        });
        Ok(())
    }

    /// The emphasised version of one word less the neutral version of another.
    fn repaired(
        &self,
        states: ArrayView2<'_, f64>,
        condition: usize,
        pairs: &[usize],
        observed: f64,
    ) -> Result<Null> {
        let emphasised = self.design.states(states, Some(condition), pairs);
        let neutral = self.design.states(states, None, pairs);
        let (ee, nn, en) = (
            linalg::gram(emphasised.view()),
            linalg::gram(neutral.view()),
            emphasised.dot(&neutral.t()),
        );
        let group = self.design.speakers_of(pairs);
        let plan = draws::Plan {
            stage: "re-pairing",
            stream: "emphasis.repairing",
            seed: self.settings.seed,
            draws: self.settings.permutations.min(MOST_REPAIRED),
        };
        let n = pairs.len();
        let null = draws(plan, self.task, |rng| {
            // A cycle through all pairs, so that none keeps its own neutral version.
            let mut order: Vec<usize> = (0..n).collect();
            order.shuffle(rng);
            let mut other = vec![0; n];
            for (k, i) in order.iter().enumerate() {
                other[*i] = order[(k + 1) % n];
            }
            let length: Vec<f64> = (0..n)
                .map(|i| {
                    (ee[[i, i]] - 2.0 * en[[i, other[i]]] + nn[[other[i], other[i]]])
                        .max(1e-300)
                        .sqrt()
                })
                .collect();
            let products = Array2::from_shape_fn((n, n), |(i, j)| {
                let (a, b) = (other[i], other[j]);
                (ee[[i, j]] - en[[i, b]] - en[[j, a]] + nn[[a, b]]) / (length[i] * length[j])
            });
            let sums = Sums::new(products.view(), &group, &group, self.resampling.speakers);
            Ok(sums.mean_cosine(&self.ones()))
        })?;
        Ok(Null::of(observed, &null))
    }
}
