//! Whether residuals point the same way.
//!
//! Everything rests on the products of unit residuals, summed over speakers, so a permutation costs no more
//! than the number of pairs times the number of speakers.

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate};
use phonoscope_analysis::linalg;
use phonoscope_analysis::stats::{self, draws};
use phonoscope_analysis::task::Task;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::EmphasisSettings;
use super::cosines::Cosines;
use super::design::{Design, Kind};
use super::resampling::Resampling;
use super::spread::{Figure, Scale, distinct};
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
    pub(super) pairwise: Figure,
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
        let by_source = Cosines::new(&products, &of_source);
        let by_speaker = Cosines::new(&products, &of_speaker);
        let scales = [Scale::Cosine, Scale::Pairwise(pairs.len()), Scale::Cosine];
        let made = self.resampling.figures(&pairs, &scales, |kept| {
            let own: Vec<bool> = pairs.iter().map(|p| kept[*p]).collect();
            let found = by_speaker.of(&own);
            vec![
                found.to_others,
                found.pairwise,
                by_source.of(&own).to_others,
            ]
        });
        let Ok([speaker_out, pairwise, source_out]) = <[Figure; 3]>::try_from(made) else {
            return Ok(None);
        };
        let mut out = Direction {
            condition,
            pairs: pairs.len(),
            still: all.len() - pairs.len(),
            pairwise,
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
        let first = rows_of(&first, &first_kept);
        let second = rows_of(&second, &second_kept);
        let stacked = concatenate![Axis(0), first, second];
        let swapped = Swapped::new(&stacked, &group, self.resampling.speakers);
        let observed = swapped.difference(&vec![false; self.resampling.speakers]);
        let products = [&first, &second].map(|rows| linalg::gram(rows.view()));
        let [of_first, of_second] = [0, 1].map(|side| Cosines::new(&products[side], &group));
        out.excess = Some(self.resampling.jackknife(&pairs, Scale::Cosine, |kept| {
            let own: Vec<bool> = pairs.iter().map(|p| kept[*p]).collect();
            of_first.of(&own).to_others - of_second.of(&own).to_others
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
