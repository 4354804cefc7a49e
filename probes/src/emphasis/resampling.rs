//! Who is left out in turn for intervals.

use phonoscope_analysis::rng;
use rand::RngExt as _;

use super::design::Design;
use super::spread::{Figure, Scale, distinct};

/// Groups left out in turn: each speaker or word alone up to this many, else groups of as many each.
const MOST_GROUPS: usize = 200;
/// The same of items.
const MOST_ITEMS: usize = 100;
/// Pairs of groups of each kind that are left out together.
const TWICE: usize = 60;
/// Groups of each kind for figures that are slow to compute.
const FEW_GROUPS: usize = 10;
/// Words below this are too few to stand for others: intervals are then over speakers alone.
pub(super) const FEWEST_WORDS: usize = 8;

/// Groups of pairs that are left out in turn, the same for every figure of a report.
#[derive(Debug, Clone)]
pub(super) struct Resampling {
    pub(super) seed: u64,
    /// Draws in which best taps are chosen anew.
    pub(super) draws: usize,
    pub(super) speakers: usize,
    /// Speaker of each pair of the design.
    speaker: Vec<usize>,
    /// Pairs that are kept, `[speakers, words, items][group][pair]`.
    kept: [Vec<Vec<bool>>; 3],
    /// Two groups that are left out together, and the pairs that are kept then.
    twice: [Vec<(usize, usize, Vec<bool>)>; 3],
}

impl Resampling {
    pub(super) fn new(design: &Design, seed: u64, draws: usize) -> Self {
        let speaker: Vec<usize> = design.pairs.iter().map(|p| p.speaker).collect();
        let words: Option<Vec<usize>> = design.pairs.iter().map(|p| p.word).collect();
        let words = words.filter(|_| design.words.len() >= FEWEST_WORDS);
        let (by_word, by_item) = match &words {
            None => (vec![], vec![]),
            Some(words) => {
                let items: Vec<usize> = (0..design.pairs.len()).collect();
                (
                    kept(words, design.words.len(), MOST_GROUPS),
                    kept(&items, items.len(), MOST_ITEMS),
                )
            }
        };
        let kept = [
            kept(&speaker, design.speakers.len(), MOST_GROUPS),
            by_word,
            by_item,
        ];
        Self {
            seed,
            draws,
            speakers: design.speakers.len(),
            twice: [0, 1, 2].map(|k| twice(&kept[k], seed, k as u64)),
            kept,
            speaker,
        }
    }

    /// The same with few groups of each kind.
    pub(super) fn coarse(&self) -> Self {
        let merged = |fine: &[Vec<bool>]| -> Vec<Vec<bool>> {
            let count = fine.len().min(FEW_GROUPS);
            let mut out = vec![vec![true; self.speaker.len()]; count];
            for (group, mask) in fine.iter().enumerate() {
                let slots = out[group % count].iter_mut();
                slots.zip(mask).for_each(|(all, own)| *all &= own);
            }
            out
        };
        Self {
            kept: [0, 1, 2].map(|k| merged(&self.kept[k])),
            twice: [vec![], vec![], vec![]],
            ..self.clone()
        }
    }

    /// Pairs that are kept, group after group: of speakers, of words, of items; then without two groups.
    pub(super) fn masks(&self) -> Vec<&[bool]> {
        let once = self.kept.iter().flatten();
        let twice = self.twice.iter().flatten().map(|(_, _, mask)| mask);
        once.chain(twice).map(Vec::as_slice).collect()
    }

    /// Figures of a statistic of the pairs that are kept; `pairs` are those that it rests on.
    pub(super) fn figures(
        &self,
        pairs: &[usize],
        scales: &[Scale],
        statistic: impl Fn(&[bool]) -> Vec<f64> + Sync,
    ) -> Vec<Figure> {
        use rayon::prelude::*;
        let all = vec![true; self.speaker.len()];
        let masks = self.masks();
        let without: Vec<Vec<f64>> = masks
            .par_iter()
            .map(|mask| {
                if pairs.iter().all(|p| mask[*p]) {
                    vec![f64::NAN; scales.len()]
                } else {
                    statistic(mask)
                }
            })
            .collect();
        let value = statistic(&all);
        scales
            .iter()
            .enumerate()
            .map(|(k, scale)| {
                let flat: Vec<f64> = without.iter().map(|v| v[k]).collect();
                self.figure(pairs, *scale, value[k], &flat)
            })
            .collect()
    }

    /// A figure from its values without each group, in the order of [`Self::masks`].
    pub(super) fn figure(
        &self,
        pairs: &[usize],
        scale: Scale,
        value: f64,
        without: &[f64],
    ) -> Figure {
        let mut rest = without.iter().copied();
        let mut next = |count: usize| -> Vec<f64> { rest.by_ref().take(count).collect() };
        let left_out = [0, 1, 2].map(|k| next(self.kept[k].len()));
        let twice = [0, 1, 2].map(|k| {
            let values = next(self.twice[k].len());
            let groups = self.twice[k].iter().map(|(a, b, _)| (*a, *b));
            groups.zip(values).map(|((a, b), v)| (a, b, v)).collect()
        });
        let of: Vec<usize> = pairs.iter().map(|p| self.speaker[*p]).collect();
        Figure {
            value,
            n: distinct(&of),
            scale,
            left_out,
            twice,
        }
    }

    /// A figure of a statistic of the pairs that are kept.
    pub(super) fn jackknife(
        &self,
        pairs: &[usize],
        scale: Scale,
        statistic: impl Fn(&[bool]) -> f64 + Sync,
    ) -> Figure {
        let made = self.figures(pairs, &[scale], |kept| vec![statistic(kept)]);
        made.into_iter().next().unwrap_or(Figure {
            value: f64::NAN,
            n: 0,
            scale,
            left_out: [vec![], vec![], vec![]],
            twice: [vec![], vec![], vec![]],
        })
    }

    /// The mean of one value for each of `pairs`.
    pub(super) fn mean(&self, pairs: &[usize], values: &[f64], scale: Scale) -> Figure {
        self.jackknife(pairs, scale, |kept| {
            let used = pairs.iter().zip(values).filter(|(p, _)| kept[**p]);
            let (sum, n) = used.fold((0.0, 0.0), |(sum, n), (_, v)| (sum + v, n + 1.0));
            sum / n
        })
    }
}

/// Masks that leave out one group each, at most `most` of them.
fn kept(group: &[usize], groups: usize, most: usize) -> Vec<Vec<bool>> {
    let size = groups.div_ceil(most).max(1);
    let count = groups.div_ceil(size);
    (0..count)
        .map(|out| group.iter().map(|g| g % count != out).collect())
        .collect()
}

/// Two groups at a time, drawn; the pairs kept without both.
fn twice(kept: &[Vec<bool>], seed: u64, axis: u64) -> Vec<(usize, usize, Vec<bool>)> {
    if kept.len() < 3 {
        return vec![];
    }
    let mut rng = rng::stream(seed, "emphasis.twice", axis);
    (0..TWICE)
        .map(|_| {
            let a = rng.random_range(0..kept.len());
            let b = (a + rng.random_range(1..kept.len())) % kept.len();
            let both = kept[a].iter().zip(&kept[b]).map(|(a, b)| *a && *b);
            (a, b, both.collect())
        })
        .collect()
}
