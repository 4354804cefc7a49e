//! Figures with what their intervals are made of, so that differences of figures have intervals too.

use phonoscope_analysis::Estimate;
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::rng;
use phonoscope_analysis::stats;

use super::resampling::Resampling;

/// What a figure is, for the ends of its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// Any number: symmetric about the value.
    Plain,
    /// A mean cosine to a mean direction, or a difference of two: symmetric about the value.
    Cosine,
    /// Mean cosine of two of this many unit vectors: the ends are the cosines that are as far off as their own
    /// errors allow.
    Pairwise(usize),
    /// A share between 0 and 1: Wilson's interval, of as many trials as have the figure's variance.
    Share,
    /// One less a ratio of sums of squares: symmetric about the logarithm of the ratio.
    R2,
    /// A positive number: symmetric about its logarithm.
    Positive,
}

/// A figure, and the same without some of the speakers, words and items.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    pub(super) value: f64,
    /// Speakers that it rests on.
    pub(super) n: usize,
    pub(super) scale: Scale,
    /// Without each group of speakers, of words, of items; group `i` is the same for every figure of a report.
    /// NaN where the figure does not exist or does not depend on the group.
    pub(super) left_out: [Vec<f64>; 3],
    /// Without two groups, by their places.
    pub(super) twice: [Vec<(usize, usize, f64)>; 3],
}

impl Scale {
    /// The least share of the jackknife's variance that is left when what several groups owe to each other is
    /// taken off. What two owe together it counts twice, what three owe three times: a direction that is brought
    /// to length one and tried on others, and a squared error of what was fitted on others.
    fn least_left(self) -> f64 {
        match self {
            Self::Cosine | Self::R2 => 1.0 / 3.0,
            _ => 0.5,
        }
    }
}

/// How far a figure can be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Error {
    pub(super) variance: f64,
    degrees_of_freedom: f64,
}

impl Error {
    /// Student's, of the central `level`.
    pub(super) fn quantile(&self, level: f64) -> f64 {
        stats::t_quantile(0.5 + level / 2.0, self.degrees_of_freedom)
    }
}

/// The variance over groups of one kind.
#[derive(Debug, Clone, Copy)]
struct Over {
    variance: f64,
    groups: f64,
    /// Of a normal sample with a variance as uncertain as this one: few groups that count for much make it so.
    degrees_of_freedom: f64,
}

impl Figure {
    /// The estimate, clamped to `range`; nothing when the value does not exist.
    pub(super) fn estimate(&self, level: f64, range: (f64, f64)) -> Option<Estimate> {
        let interval = self.interval(level);
        let or = |found: f64, end: f64| {
            if found.is_finite() {
                found.clamp(range.0, range.1)
            } else {
                end
            }
        };
        let crossed = !self.left_out[1].is_empty();
        (self.value.is_finite()).then(|| Estimate {
            value: self.value,
            lo: or(interval.lo, range.0),
            hi: or(interval.hi, range.1),
            n: self.n,
            level,
            method: if crossed {
                Method::CrossedJackknife
            } else {
                Method::Jackknife
            },
        })
    }

    /// The jackknife's variance over groups of one kind.
    ///
    /// What a figure owes to two groups together (a direction learnt on one and tried on another) the jackknife
    /// counts twice; leaving out two groups tells how much that is, and it is taken off once (Efron and Stein 1981),
    /// as far as the share `least` of the variance is left.
    fn over(&self, kind: usize, to: &dyn Fn(f64) -> f64, least: f64) -> Over {
        let left_out: Vec<f64> = self.left_out[kind].iter().map(|v| to(*v)).collect();
        let usable: Vec<f64> = left_out.iter().copied().filter(|v| v.is_finite()).collect();
        let variance = stats::jackknife_variance(&usable);
        let groups = usable.len() as f64;
        let value = to(self.value);
        let together: Vec<f64> = self.twice[kind]
            .iter()
            .map(|(a, b, v)| (value - left_out[*a] - left_out[*b] + to(*v)).powi(2))
            .filter(|v| v.is_finite())
            .collect();
        let twice = match together.len() {
            0 => 0.0,
            n => groups * (groups - 1.0) / 2.0 * together.iter().sum::<f64>() / n as f64,
        };
        Over {
            variance: (variance - twice).max(least * variance),
            groups,
            degrees_of_freedom: (groups - 1.0) / ((kurtosis(&usable) - 1.0) / 2.0).max(1.0),
        }
    }

    pub(super) fn error(&self, to: &dyn Fn(f64) -> f64) -> Error {
        self.error_left(to, self.scale.least_left())
    }

    /// The variance over speakers plus that over words less that over items, which both hold (Cameron, Gelbach and
    /// Miller 2011); degrees of freedom by Satterthwaite, items being parts of both.
    pub(super) fn error_left(&self, to: &dyn Fn(f64) -> f64, least: f64) -> Error {
        let [speakers, words, items] = [0, 1, 2].map(|kind| self.over(kind, to, least));
        if self.left_out[1].is_empty() || words.variance.is_nan() || items.variance.is_nan() {
            return Error {
                variance: speakers.variance,
                degrees_of_freedom: speakers.degrees_of_freedom.max(1.0),
            };
        }
        let largest = speakers.variance.max(words.variance);
        let sum = speakers.variance + words.variance;
        let variance = (sum - items.variance).max(largest / 2.0);
        let own = |of: &Over| of.variance.powi(2) / of.degrees_of_freedom;
        let apart = [own(&speakers), own(&words)];
        let shared = items.variance * (2.0 * sum - items.variance) / (items.groups - 1.0);
        let squares = (apart[0] + apart[1] - shared).max(apart[0].max(apart[1]));
        let most = speakers.groups + words.groups - 2.0;
        let df = variance * variance / squares;
        Error {
            variance,
            degrees_of_freedom: if df.is_finite() {
                df.clamp(1.0, most)
            } else {
                most
            },
        }
    }

    /// The difference, group by group.
    pub(super) fn minus(&self, other: &Self) -> Self {
        let pairs = |k: usize| {
            let all = self.left_out[k].iter().zip(&other.left_out[k]);
            all.map(|(a, b)| a - b).collect::<Vec<f64>>()
        };
        Self {
            value: self.value - other.value,
            n: self.n.min(other.n),
            scale: match (self.scale, other.scale) {
                (Scale::Cosine, Scale::Cosine) => Scale::Cosine,
                _ => Scale::Plain,
            },
            left_out: [pairs(0), pairs(1), pairs(2)],
            twice: [0, 1, 2].map(|k| {
                let all = self.twice[k].iter().zip(&other.twice[k]);
                all.map(|((a, b, v), (_, _, w))| (*a, *b, v - w)).collect()
            }),
        }
    }

    /// The figure on draws of speakers and words, as far as it is linear in them, with the variance of its
    /// interval; draw `i` is the same for every figure of a report.
    pub(super) fn draws(&self, resampling: &Resampling) -> Vec<f64> {
        let identity = |v: f64| v;
        let whole = self.error(&identity).variance;
        let influence: Vec<Vec<f64>> = (0..2)
            .map(|k| {
                let usable: Vec<f64> = self.left_out[k]
                    .iter()
                    .copied()
                    .filter(|v| v.is_finite())
                    .collect();
                let g = usable.len() as f64;
                let mean = usable.iter().sum::<f64>() / g;
                let scale = ((g - 1.0) / g).max(0.0).sqrt();
                let of = |v: &f64| {
                    if v.is_finite() {
                        scale * (mean - v)
                    } else {
                        0.0
                    }
                };
                self.left_out[k].iter().map(of).collect()
            })
            .collect();
        let apart: f64 = influence.iter().flatten().map(|v| v * v).sum();
        let scale = if apart > 0.0 && whole.is_finite() {
            (whole / apart).sqrt()
        } else {
            0.0
        };
        (0..resampling.draws)
            .map(|draw| {
                let mut rng = rng::stream(resampling.seed, "emphasis.draws", draw as u64);
                let mut step = 0.0;
                for of in &influence {
                    let counts = stats::resample_counts(of.len(), &mut rng);
                    step += of
                        .iter()
                        .zip(counts)
                        .map(|(v, w)| v * (w - 1.0))
                        .sum::<f64>();
                }
                self.value + scale * step
            })
            .collect()
    }
}

/// Distinct speakers among these.
pub(super) fn distinct(speakers: &[usize]) -> usize {
    speakers
        .iter()
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}

/// Fourth moment over the squared second; 1 of a sample that does not vary.
fn kurtosis(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let moment = |power| values.iter().map(|v| (v - mean).powi(power)).sum::<f64>() / n;
    let found = moment(4) / moment(2).powi(2);
    if found.is_finite() { found } else { 1.0 }
}

#[cfg(test)]
pub(super) mod tests {
    use rand::RngExt as _;

    use super::super::design::Design;
    use super::*;

    pub(in super::super) fn figure(value: f64, scale: Scale, left_out: [Vec<f64>; 3]) -> Figure {
        Figure {
            value,
            n: left_out[0].len(),
            scale,
            left_out,
            twice: [vec![], vec![], vec![]],
        }
    }

    #[test]
    fn variances_of_speakers_and_words_add_up_less_that_of_items() {
        // (G − 1) / G times the sum of squares: 1 of speakers, 4 of words, 2 of items.
        let flat = |size: f64| {
            let step = (0.75 * size).sqrt();
            vec![step, 0.0, f64::NAN, -step]
        };
        let error = |left_out| figure(0.0, Scale::Plain, left_out).error(&|v| v);
        let made = error([flat(1.0), flat(4.0), flat(4.0)]);
        assert!(
            (made.variance - 2.0).abs() < 1e-12,
            "half of the largest: {made:?}"
        );
        let made = error([flat(3.0), flat(4.0), flat(1.0)]);
        assert!((made.variance - 6.0).abs() < 1e-12, "{made:?}");
        // 36 / (16 / 2), more than 9 / 2 + 16 / 2 − 1 · (14 − 1) / 2 would leave.
        assert!((made.degrees_of_freedom - 4.0).abs() < 1e-12, "{made:?}");
        let alone = error([flat(3.0), vec![], vec![]]);
        assert!((alone.variance - 3.0).abs() < 1e-12 && alone.degrees_of_freedom == 2.0);
    }

    /// The square of a mean of nothing: the jackknife's variance is twice the true one.
    #[test]
    fn what_two_groups_share_is_counted_once() {
        let (groups, sets) = (30, 300);
        let (mut squares, mut plain, mut mended) = (0.0, 0.0, 0.0);
        for set in 0..sets {
            let mut rng = rng::stream(set, "spread-test", 0);
            let x: Vec<f64> = (0..groups)
                .map(|_| (0..12).map(|_| rng.random_range(-0.5..0.5)).sum())
                .collect();
            let without = |gone: &[usize]| {
                let kept = (0..groups).filter(|i| !gone.contains(i));
                let (sum, own, n) = kept.fold((0.0, 0.0, 0.0), |(s, o, n), i| {
                    (s + x[i], o + x[i] * x[i], n + 1.0)
                });
                (sum * sum - own) / (n * (n - 1.0))
            };
            let left_out: Vec<f64> = (0..groups).map(|i| without(&[i])).collect();
            let all = (0..groups).flat_map(|i| (0..i).map(move |j| (i, j)));
            let mut f = figure(without(&[]), Scale::Plain, [left_out, vec![], vec![]]);
            squares += f.value * f.value;
            plain += f.over(0, &|v| v, 0.5).variance;
            f.twice[0] = all.map(|(i, j)| (i, j, without(&[i, j]))).collect();
            mended += f.over(0, &|v| v, 0.5).variance;
        }
        assert!(plain / squares > 1.7, "{}", plain / squares);
        assert!(
            (0.9..1.25).contains(&(mended / squares)),
            "{}",
            mended / squares
        );
    }

    #[test]
    fn draws_have_the_variance_of_the_interval() {
        let design = Design {
            speakers: (0..12).map(|s| s.to_string()).collect(),
            ..Design::default()
        };
        let resampling = Resampling::new(&design, 3, 4000);
        let values: Vec<f64> = (0..12).map(|i| f64::from(i * i) / 100.0).collect();
        let f = figure(2.0, Scale::Plain, [values, vec![], vec![]]);
        let draws = f.draws(&resampling);
        let mean = draws.iter().sum::<f64>() / 4000.0;
        let variance = draws.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 4000.0;
        let wanted = f.error(&|v| v).variance;
        assert!((mean - 2.0).abs() < 0.05 * wanted.sqrt().max(0.1), "{mean}");
        assert!((variance / wanted - 1.0).abs() < 0.1, "{variance} {wanted}");
    }
}
