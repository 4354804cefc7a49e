//! Intervals that hold for other words and other speakers.

use std::collections::BTreeMap;

use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::stats::{crossed_counts, percentile, wilson};
use phonoscope_analysis::{Estimate, rng};

/// Level of the intervals.
const LEVEL: f64 = 0.95;

/// Words and speakers of items, numbered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Crossed {
    words: Vec<usize>,
    speakers: Vec<usize>,
    sizes: [usize; 2],
}

impl Crossed {
    /// Of items, each with its word and its speaker.
    pub(crate) fn new<'a>(items: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut words, mut speakers) = (BTreeMap::new(), BTreeMap::new());
        let (mut by_word, mut by_speaker) = (Vec::new(), Vec::new());
        for (word, speaker) in items {
            let (n, m) = (words.len(), speakers.len());
            by_word.push(*words.entry(word).or_insert(n));
            by_speaker.push(*speakers.entry(speaker).or_insert(m));
        }
        Self {
            sizes: [words.len(), speakers.len()],
            words: by_word,
            speakers: by_speaker,
        }
    }

    /// Number of words, and of speakers.
    pub(crate) fn sizes(&self) -> [usize; 2] {
        self.sizes
    }

    /// The statistic of all items and its interval; `statistic` is given how often each item counts.
    /// Nothing where it does not exist.
    pub(crate) fn estimate(
        &self,
        draws: usize,
        seed: u64,
        statistic: impl Fn(&[f64]) -> f64,
    ) -> Option<Estimate> {
        let value = statistic(&vec![1.0; self.words.len()]);
        if !value.is_finite() {
            return None;
        }
        let draw = |index: usize| {
            let mut rng = rng::stream(seed, "stress crossed bootstrap", index as u64);
            let counts = crossed_counts([&self.words, &self.speakers], self.sizes, &mut rng);
            statistic(&counts)
        };
        let replicates: Vec<f64> = (0..draws).map(draw).collect();
        let interval = percentile(&replicates, LEVEL);
        Some(Estimate {
            value,
            lo: interval.lo,
            hi: interval.hi,
            n: self.sizes[0].min(self.sizes[1]),
            level: LEVEL,
            method: Method::CrossedBootstrap,
        })
    }

    /// [`Crossed::estimate`] of a share. One that all items have, or none, does not vary however often they are
    /// drawn: its interval is then Wilson's of as many trials as there are words or speakers, whichever are fewer.
    pub(crate) fn estimate_share(
        &self,
        draws: usize,
        seed: u64,
        statistic: impl Fn(&[f64]) -> f64,
    ) -> Option<Estimate> {
        let found = self.estimate(draws, seed, statistic)?;
        let everybody = found.value == 1.0;
        if found.lo < found.hi || !(everybody || found.value == 0.0) {
            return Some(found);
        }
        let hits = if everybody { found.n } else { 0 };
        let (lo, hi) = wilson(hits, found.n, LEVEL)?;
        Some(Estimate {
            lo,
            hi,
            method: Method::Wilson,
            ..found
        })
    }
}

/// Weighted mean of the recalls of the classes that occur.
pub(crate) fn balanced_accuracy(classes: &[usize], right: &[bool], counts: &[f64]) -> f64 {
    let recall = |class: usize| {
        let own = classes.iter().zip(right).zip(counts);
        let own = own.filter(|((c, _), _)| **c == class);
        let (hits, all) = own.fold((0.0, 0.0), |(hits, all), ((_, right), count)| {
            (hits + if *right { *count } else { 0.0 }, all + count)
        });
        hits / all
    };
    let known: Vec<f64> = [recall(0), recall(1)]
        .into_iter()
        .filter(|r| r.is_finite())
        .collect();
    known.iter().sum::<f64>() / known.len() as f64
}

/// Weighted share.
pub(crate) fn share(right: &[bool], counts: &[f64]) -> f64 {
    mean(right.iter().map(|right| f64::from(*right)), counts)
}

/// Weighted mean of the values that are finite.
pub(crate) fn mean(values: impl Iterator<Item = f64>, counts: &[f64]) -> f64 {
    let finite = values.zip(counts).filter(|(value, _)| value.is_finite());
    let (sum, all) = finite.fold((0.0, 0.0), |(sum, all), (value, count)| {
        (sum + value * count, all + count)
    });
    sum / all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recalls_are_averaged() {
        let right = [true, true, false, true];
        let found = balanced_accuracy(&[1, 1, 1, 0], &right, &[1.0; 4]);
        assert!((found - (2.0 / 3.0 + 1.0) / 2.0).abs() < 1e-12);
        assert_eq!(
            balanced_accuracy(&[1, 1], &[true, false], &[3.0, 1.0]),
            0.75
        );
        assert!(balanced_accuracy(&[], &[], &[]).is_nan());
    }

    #[test]
    fn intervals_are_wider_where_words_repeat() {
        // Four words said ten times each, all tokens of a word alike.
        let values: Vec<f64> = (0..40).map(|i| f64::from(i / 10 % 2)).collect();
        let names: Vec<[String; 2]> = (0..40)
            .map(|i| [format!("w{}", i / 10), format!("s{i}")])
            .collect();
        let few = Crossed::new(names.iter().map(|n| (n[0].as_str(), n[1].as_str())));
        let many = Crossed::new(names.iter().map(|n| (n[1].as_str(), n[1].as_str())));
        assert_eq!(few.sizes(), [4, 40]);
        let width = |crossed: &Crossed| {
            let statistic = |counts: &[f64]| mean(values.iter().copied(), counts);
            let found = crossed.estimate(500, 1, statistic).unwrap();
            assert_eq!(found.value, 0.5);
            found.hi - found.lo
        };
        assert!(width(&few) > 1.5 * width(&many));
        assert_eq!(few.estimate(10, 1, |_| f64::NAN), None);
    }

    #[test]
    fn all_right_is_not_certainly_right() {
        let names: Vec<String> = (0..29).map(|i| i.to_string()).collect();
        let crossed = Crossed::new(names.iter().map(|n| (n.as_str(), n.as_str())));
        let of = |right: [bool; 29]| crossed.estimate_share(50, 1, |c| share(&right, c)).unwrap();
        let all = of([true; 29]);
        assert!((all.lo - 0.8830).abs() < 1e-4 && all.hi == 1.0, "{all:?}");
        let none = of([false; 29]);
        assert!(
            none.lo == 0.0 && (none.hi - 0.1170).abs() < 1e-4,
            "{none:?}"
        );
        let mut most = [true; 29];
        most[0] = false;
        assert_eq!(of(most).method, Method::CrossedBootstrap);
    }
}
