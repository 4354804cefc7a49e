//! Distance from the reference over the time of an utterance, and its worst moments.

use std::collections::BTreeMap;

use phonoscope_analysis::stats;

/// Length of the running mean.
pub(super) const SMOOTH_SECS: f64 = 0.1;
/// Moments listed of one utterance.
const MOST_MOMENTS: usize = 3;
/// Bins of the histogram of the reference's windows, per factor of two.
const BINS_PER_OCTAVE: f64 = 64.0;
/// Octaves below and above one that the histogram covers.
const OCTAVES: f64 = 16.0;

/// A stretch of an utterance that is farther from the reference than the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moment {
    pub(super) start_secs: f64,
    pub(super) end_secs: f64,
    /// Largest distance in it.
    pub(super) value: f64,
}

/// Distances over time, smoothed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Course {
    /// Mahalanobis distance over the root of the number of directions, a window a frame.
    values: Vec<f64>,
    step_secs: f64,
}

impl Course {
    /// From the squared distance of every frame over the number of directions.
    pub(super) fn new(squares: &[f64], step_secs: f64) -> Self {
        let width = ((SMOOTH_SECS / step_secs).round() as usize).max(1);
        let (before, after) = ((width - 1) / 2, width / 2);
        let n = squares.len();
        let mut sums = vec![0.0];
        for square in squares {
            sums.push(sums.last().copied().unwrap_or(0.0) + square);
        }
        let values = (0..n).map(|t| {
            let (from, to) = (t.saturating_sub(before), (t + after + 1).min(n));
            ((sums[to] - sums[from]) / (to - from) as f64)
                .max(0.0)
                .sqrt()
        });
        Self {
            values: values.collect(),
            step_secs,
        }
    }

    pub(super) fn median(&self) -> f64 {
        stats::quantile(&self.values, 0.5)
    }

    pub(super) fn peak(&self) -> f64 {
        self.values.iter().copied().fold(f64::NAN, f64::max)
    }

    /// Largest distance in the same stretch of a course that is as long, give or take a window.
    fn peak_at(&self, moment: &Moment, as_long: &Self) -> Option<f64> {
        let place = |secs: f64| (secs / self.step_secs).round() as usize;
        if self.values.len().abs_diff(as_long.values.len()) > 1 {
            return None;
        }
        let end = place(moment.end_secs).min(self.values.len());
        let stretch = self.values.get(place(moment.start_secs)..end)?;
        let peak = stretch.iter().copied().fold(f64::NAN, f64::max);
        peak.is_finite().then_some(peak)
    }

    /// The worst moments, worst first: each reaches from a peak as far as the distance stays above half way
    /// between the utterance's median and that peak.
    pub(super) fn moments(&self) -> Vec<Moment> {
        let middle = self.median();
        let mut taken = vec![false; self.values.len()];
        let mut out = vec![];
        while out.len() < MOST_MOMENTS {
            let free = (0..taken.len()).filter(|t| !taken[*t]);
            let Some(peak) =
                free.max_by(|a, b| self.values[*a].total_cmp(&self.values[*b]).then(b.cmp(a)))
            else {
                break;
            };
            let value = self.values[peak];
            let high = |t: &usize| !taken[*t] && self.values[*t] >= (value + middle) / 2.0;
            let start = (0..peak).rev().take_while(high).last().unwrap_or(peak);
            let end = (peak + 1..taken.len())
                .take_while(high)
                .last()
                .unwrap_or(peak);
            if value <= middle {
                break;
            }
            out.push(Moment {
                start_secs: start as f64 * self.step_secs,
                end_secs: (end + 1) as f64 * self.step_secs,
                value,
            });
            // Neighbours of a moment are its slopes, not moments of their own.
            let slack = ((SMOOTH_SECS / self.step_secs).round() as usize).max(1);
            let last = (end + slack).min(taken.len() - 1);
            taken[start.saturating_sub(slack)..=last].fill(true);
        }
        out
    }
}

/// How many values fall into each of many narrow bins of equal ratio.
#[derive(Debug, Clone)]
struct Histogram {
    bins: Vec<u64>,
}

impl Histogram {
    fn new() -> Self {
        Self {
            bins: vec![0; (2.0 * OCTAVES * BINS_PER_OCTAVE) as usize + 1],
        }
    }

    fn bin(value: f64) -> usize {
        let place = (value.max(f64::MIN_POSITIVE).log2() + OCTAVES) * BINS_PER_OCTAVE;
        place.clamp(0.0, 2.0 * OCTAVES * BINS_PER_OCTAVE) as usize
    }

    fn add(&mut self, value: f64) {
        if let Some(bin) = self.bins.get_mut(Self::bin(value)) {
            *bin += 1;
        }
    }

    /// Share of values in the bin of `value` and above, the value itself counted once.
    fn share_at_least(&self, value: f64) -> f64 {
        let all: u64 = self.bins.iter().sum();
        let above: u64 = self.bins.iter().skip(Self::bin(value)).sum();
        (1 + above) as f64 / (1 + all) as f64
    }
}

/// An utterance's worst moments with their p.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) item: usize,
    pub(super) moments: Vec<Moment>,
    /// Of each moment, the largest distance there of the reference utterance of the same pair.
    pub(super) counterparts: Vec<Option<f64>>,
    pub(super) median: f64,
    pub(super) peak: f64,
    pub(super) duration_secs: f64,
}

/// What a recording and its versions have in common: speaker and pair.
pub(super) type Counterpart = (Option<String>, String);

/// The null of the reference, and the worst utterances of systems.
#[derive(Debug, Clone)]
pub(super) struct Courses {
    pub(super) layer: String,
    pub(super) step_secs: f64,
    most: usize,
    windows: Histogram,
    /// Courses of reference utterances by speaker and pair; a few kilobytes each.
    own: BTreeMap<Counterpart, Course>,
    /// Largest distance of each reference utterance, ascending once finished.
    pub(super) peaks: Vec<f64>,
    /// Worst first, no more than `most` and none of them of the reference.
    pub(super) listed: Vec<Listed>,
    /// For each system, utterances followed, and those whose worst window is beyond 95 % of the reference's.
    pub(super) flagged: BTreeMap<usize, (usize, usize)>,
}

impl Courses {
    pub(super) fn new(layer: String, step_secs: f64, most: usize) -> Self {
        Self {
            layer,
            step_secs,
            most,
            windows: Histogram::new(),
            own: BTreeMap::new(),
            peaks: vec![],
            listed: vec![],
            flagged: BTreeMap::new(),
        }
    }

    pub(super) fn add_reference(&mut self, course: &Course, counterpart: Option<Counterpart>) {
        if let Some(counterpart) = counterpart {
            self.own.insert(counterpart, course.clone());
        }
        course.values.iter().for_each(|v| self.windows.add(*v));
        self.peaks
            .extend(Some(course.peak()).filter(|p| p.is_finite()));
    }

    pub(super) fn finish_reference(&mut self) {
        self.peaks.sort_by(f64::total_cmp);
    }

    pub(super) fn add_system(
        &mut self,
        system: usize,
        item: usize,
        course: &Course,
        counterpart: Option<&Counterpart>,
    ) {
        let peak = course.peak();
        if !peak.is_finite() {
            return;
        }
        let beyond = self.p_utterance(peak) <= stats::ALPHA;
        let counts = self.flagged.entry(system).or_default();
        counts.0 += 1;
        counts.1 += usize::from(beyond);
        let place = self.listed.partition_point(|l| l.peak >= peak);
        if place < self.most {
            let moments = course.moments();
            let own = counterpart.and_then(|c| self.own.get(c));
            let there = |m: &Moment| own.and_then(|own| own.peak_at(m, course));
            self.listed.insert(
                place,
                Listed {
                    item,
                    counterparts: moments.iter().map(there).collect(),
                    moments,
                    median: course.median(),
                    peak,
                    duration_secs: course.values.len() as f64 * course.step_secs,
                },
            );
            self.listed.truncate(self.most);
        }
    }

    /// Share of the reference's windows as far or farther.
    pub(super) fn p_window(&self, value: f64) -> f64 {
        self.windows.share_at_least(value)
    }

    /// Share of reference utterances whose worst window is as far or farther.
    pub(super) fn p_utterance(&self, peak: f64) -> f64 {
        let below = self.peaks.partition_point(|p| *p < peak);
        (1 + self.peaks.len() - below) as f64 / (1 + self.peaks.len()) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_stretch_is_found_where_it_is() {
        // 20 ms a frame: 100 frames, bad from 0.8 s to 1.2 s.
        let squares: Vec<f64> = (0..100)
            .map(|t| if (40..60).contains(&t) { 25.0 } else { 1.0 })
            .collect();
        let course = Course::new(&squares, 0.02);
        assert_eq!((course.peak(), course.median()), (5.0, 1.0));
        let moments = course.moments();
        let worst = moments[0];
        assert!(
            (worst.start_secs - 0.8).abs() <= 0.041 && (worst.end_secs - 1.2).abs() <= 0.041,
            "{worst:?}"
        );
        assert_eq!(moments.len(), 1, "{moments:?}");
    }

    #[test]
    fn short_and_flat_courses_have_no_moments() {
        assert!(Course::new(&[], 0.02).moments().is_empty());
        assert!(Course::new(&[], 0.02).peak().is_nan());
        assert!(Course::new(&[2.0; 30], 0.02).moments().is_empty());
        assert_eq!(Course::new(&[4.0], 0.02).peak(), 2.0);
    }

    #[test]
    fn p_counts_windows_and_utterances() {
        let mut courses = Courses::new("l".into(), 0.1, 2);
        for k in 1..=19 {
            let of = (None, format!("u{k}"));
            courses.add_reference(&Course::new(&[f64::from(k).powi(2)], 0.1), Some(of));
        }
        courses.finish_reference();
        assert_eq!(courses.p_utterance(100.0), 0.05);
        assert_eq!(courses.p_utterance(10.0), 11.0 / 20.0);
        assert_eq!(courses.p_window(100.0), 0.05);
        for (item, peak) in [(1, 3.0_f64), (2, 9.0), (3, 5.0)] {
            courses.add_system(0, item, &Course::new(&[1.0, 1.0, peak * peak], 0.1), None);
        }
        let listed: Vec<usize> = courses.listed.iter().map(|l| l.item).collect();
        assert_eq!(listed, [2, 3]);
        assert_eq!(courses.flagged[&0].0, 3);
    }

    #[test]
    fn a_moment_stands_beside_what_its_counterpart_has_there() {
        let mut courses = Courses::new("l".into(), 0.1, 4);
        let of = |name: &str| (Some("s".to_owned()), name.to_owned());
        courses.add_reference(&Course::new(&[1.0, 1.0, 4.0, 1.0], 0.1), Some(of("a")));
        courses.finish_reference();
        let bad = |peak: f64| Course::new(&[1.0, 1.0, peak * peak, 1.0], 0.1);
        courses.add_system(0, 0, &bad(9.0), Some(&of("a")));
        courses.add_system(0, 1, &bad(8.0), Some(&of("b")));
        // Another length: nothing is in the same place.
        let longer = Course::new(&[49.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 0.1);
        courses.add_system(0, 2, &longer, Some(&of("a")));
        let found: Vec<Option<f64>> = courses.listed.iter().map(|l| l.counterparts[0]).collect();
        assert_eq!(found, [Some(2.0), None, None]);
    }
}
