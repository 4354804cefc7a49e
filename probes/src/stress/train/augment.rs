//! Words as they might have been said and recorded.
//!
//! Everything is done to magnitude spectrograms `[frame, bin]`, before the logarithm. Splicing takes
//! the first syllable of one word and the second of another whose stress is the same: the label
//! stays right, and the sequence of sounds is no word that could be learned.

use ndarray::{Array2, ArrayView2, Axis, concatenate, s};
use phonoscope_analysis::rng::{Stream, normal_pair};
use rand::RngExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::clips::Clip;
use crate::stress::VowelValues;
use crate::stress::tracks::LEVEL;

/// How training words are changed. Chances are of a word, ranges are drawn from evenly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Chance that the second syllable comes from another word of the same stress: of the same
    /// speaker for one half, of another of the same sex for the other, levels of both words
    /// matched. Needs times of vowels.
    pub splice: f32,
    /// Largest shift of the start, in frames either way.
    pub shift_frames: usize,
    /// Most frames after the end of the word that may be heard; how many is drawn. With 0 the end
    /// shifts as the start does.
    pub context_frames: usize,
    /// Largest logarithm of the factor on durations.
    pub tempo: f32,
    /// Largest logarithm of the factor on frequencies.
    pub warp: f32,
    /// Largest logarithm of the factor on amplitudes.
    pub gain: f32,
    /// Chance of noise.
    pub noise: f32,
    /// Least and largest ratio of signal to noise.
    pub snr_db: [f32; 2],
    /// Chance of a masked band, and of masked frames.
    pub mask: f32,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            splice: 0.5,
            shift_frames: 2,
            context_frames: 10,
            tempo: 0.25,
            warp: 0.08,
            gain: 1.2,
            noise: 0.5,
            snr_db: [3.0, 30.0],
            mask: 0.3,
        }
    }
}

/// Most bins and frames that are masked.
const MASKED: [usize; 2] = [24, 5];
/// Fall of the noise's amplitude over all bins, at most, in natural logarithms.
const STEEPEST_NOISE: f32 = 3.0;

/// A word after its changes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Changed {
    pub(super) magnitudes: Array2<f32>,
    /// Start and end of both vowels, in frames.
    pub(super) vowels: Option<[[f32; 2]; 2]>,
    /// What was measured of both vowels. Tempo, frequencies and level change both alike.
    pub(super) values: Option<VowelValues>,
}

impl Augmentation {
    /// Cuts a clip to the word, from a drawn start to a drawn end.
    pub(super) fn cut(&self, clip: Clip, rng: &mut Stream) -> Changed {
        let most = self.shift_frames as i64;
        let shift = rng.random_range(-most..=most);
        let after = match self.context_frames {
            0 => rng.random_range(-most..=most) as f32,
            frames => rng.random_range(0..=frames) as f32,
        };
        let rows = clip.magnitudes.nrows();
        let first = (clip.before as i64 + shift).clamp(0, rows as i64 - 1) as usize;
        let end = clip.before + (clip.end + after).max(1.0) as usize;
        let end = end.clamp(first + 1, rows);
        let moved = first as f32 - clip.before as f32;
        Changed {
            magnitudes: clip.magnitudes.slice(s![first..end, ..]).to_owned(),
            vowels: clip.vowels.map(|v| v.map(|v| v.map(|frame| frame - moved))),
            values: clip.values,
        }
    }

    /// The first syllable of `word` and the second of `other`, cut between the vowels of each.
    pub(super) fn spliced(word: &Changed, other: &Changed) -> Option<Changed> {
        let (own, theirs) = (word.vowels?, other.vowels?);
        let between = |v: [[f32; 2]; 2], rows: usize| {
            let middle = (f32::midpoint(v[0][1], v[1][0])).round();
            (middle >= 1.0 && (middle as usize) < rows).then_some(middle as usize)
        };
        let first = between(own, word.magnitudes.nrows())?;
        let second = between(theirs, other.magnitudes.nrows())?;
        let ratio = level(word.magnitudes.view()) / level(other.magnitudes.view());
        let tail = other.magnitudes.slice(s![second.., ..]).mapv(|x| x * ratio);
        let head = word.magnitudes.slice(s![..first, ..]);
        let moved = first as f32 - second as f32;
        Some(Changed {
            magnitudes: concatenate(Axis(0), &[head, tail.view()]).ok()?,
            vowels: Some([own[0], theirs[1].map(|frame| frame + moved)]),
            values: word.values.zip(other.values).map(|(own, theirs)| {
                let mut second = theirs[1];
                if let Some(db) = &mut second[LEVEL] {
                    *db += 20.0 * f64::from(ratio).log10();
                }
                [own[0], second]
            }),
        })
    }

    /// Tempo, frequencies, level and noise.
    pub(super) fn disturbed(&self, word: Changed, rng: &mut Stream) -> Changed {
        let mut factor = |range: f32| {
            if range > 0.0 {
                rng.random_range(-range..range).exp()
            } else {
                1.0
            }
        };
        let (tempo, warp, gain) = (factor(self.tempo), factor(self.warp), factor(self.gain));
        let mut magnitudes = stretched(word.magnitudes.view(), tempo);
        if warp != 1.0 {
            magnitudes = warped(magnitudes.view(), warp);
        }
        magnitudes.mapv_inplace(|x| x * gain);
        if rng.random_range(0.0..1.0f32) < self.noise {
            self.noisy(&mut magnitudes, rng);
        }
        Changed {
            magnitudes,
            values: word.values,
            vowels: word.vowels.map(|v| v.map(|v| v.map(|frame| frame * tempo))),
        }
    }

    /// Adds complex Gaussian noise whose amplitude falls over the bins: what a spectrogram of the
    /// sum of signal and noise holds.
    fn noisy(&self, magnitudes: &mut Array2<f32>, rng: &mut Stream) {
        let [low, high] = self.snr_db;
        let snr_db = if high > low {
            rng.random_range(low..high)
        } else {
            low
        };
        let fall = rng.random_range(0.0..STEEPEST_NOISE);
        let bins = magnitudes.ncols();
        let last = bins.saturating_sub(1).max(1) as f32;
        let slope: Vec<f32> = (0..bins)
            .map(|bin| (-fall * bin as f32 / last).exp())
            .collect();
        let mean_square = slope.iter().map(|x| x * x).sum::<f32>() / bins.max(1) as f32;
        let power = level(magnitudes.view()).powi(2) * 10f32.powf(-snr_db / 10.0);
        let amplitude = (power / mean_square.max(1e-12) / 2.0).sqrt();
        for mut row in magnitudes.outer_iter_mut() {
            for (x, slope) in row.iter_mut().zip(&slope) {
                let [real, imaginary] = normal_pair(rng).map(|n| n as f32 * slope * amplitude);
                *x = (*x + real).hypot(imaginary);
            }
        }
    }

    /// Masks a band and some frames of the finished input `[bin · frame]`, bins slowest, with its
    /// least value.
    pub(super) fn masked(&self, input: &mut [f32], frames: usize, heard: usize, rng: &mut Stream) {
        let bins = input.len() / frames.max(1);
        let least = input.iter().copied().fold(f32::INFINITY, f32::min);
        if rng.random_range(0.0..1.0f32) < self.mask && bins > MASKED[0] {
            let width = rng.random_range(4..=MASKED[0]);
            let first = rng.random_range(0..bins - width);
            input[first * frames..(first + width) * frames].fill(least);
        }
        if rng.random_range(0.0..1.0f32) < self.mask && heard > MASKED[1] {
            let width = rng.random_range(1..=MASKED[1]);
            let first = rng.random_range(0..heard - width);
            for row in input.chunks_exact_mut(frames) {
                row[first..first + width].fill(least);
            }
        }
    }
}

/// Root of the mean square, never zero.
fn level(magnitudes: ArrayView2<'_, f32>) -> f32 {
    let squares: f64 = magnitudes.iter().map(|x| f64::from(*x).powi(2)).sum();
    (squares / magnitudes.len().max(1) as f64).sqrt().max(1e-9) as f32
}

/// Frames at `factor` times their distance, in straight lines between them.
fn stretched(magnitudes: ArrayView2<'_, f32>, factor: f32) -> Array2<f32> {
    let rows = magnitudes.nrows();
    let wanted = ((rows as f32 * factor).round() as usize).max(2);
    let step = rows.saturating_sub(1) as f32 / (wanted - 1) as f32;
    let mut out = Array2::zeros((wanted, magnitudes.ncols()));
    for (place, mut row) in out.outer_iter_mut().enumerate() {
        let at = place as f32 * step;
        let low = (at as usize).min(rows - 1);
        let high = (low + 1).min(rows - 1);
        let share = at - low as f32;
        let (low, high) = (magnitudes.row(low), magnitudes.row(high));
        for (to, (a, b)) in row.iter_mut().zip(low.iter().zip(high)) {
            *to = a + share * (b - a);
        }
    }
    out
}

/// Bins at `factor` times their frequency.
fn warped(magnitudes: ArrayView2<'_, f32>, factor: f32) -> Array2<f32> {
    let last = magnitudes.ncols() - 1;
    let places: Vec<(usize, usize, f32)> = (0..=last)
        .map(|bin| {
            let at = (bin as f32 / factor).min(last as f32);
            let low = at as usize;
            (low, (low + 1).min(last), at - low as f32)
        })
        .collect();
    let mut out = Array2::zeros(magnitudes.raw_dim());
    for (mut to, from) in out.outer_iter_mut().zip(magnitudes.outer_iter()) {
        for (to, (low, high, share)) in to.iter_mut().zip(&places) {
            *to = from[*low] + share * (from[*high] - from[*low]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_analysis::rng::stream;

    fn ramp(rows: usize, value: f32) -> Changed {
        Changed {
            magnitudes: Array2::from_shape_fn((rows, 3), |(row, _)| value + row as f32),
            vowels: Some([[2.0, 4.0], [6.0, 8.0]]),
            values: Some([[Some(f64::from(value)); 5], [Some(2.0); 5]]),
        }
    }

    #[test]
    fn a_splice_takes_the_second_syllable_from_the_other_word() {
        let spliced = Augmentation::spliced(&ramp(10, 1.0), &ramp(10, 1.0)).unwrap();
        // Cut at frame 5 in both: the same word again, the levels alike.
        assert_eq!(spliced, ramp(10, 1.0));
        let mut later = ramp(12, 1.0);
        later.vowels = Some([[2.0, 6.0], [8.0, 10.0]]);
        let spliced = Augmentation::spliced(&ramp(10, 1.0), &later).unwrap();
        assert_eq!(spliced.magnitudes.nrows(), 5 + 5);
        assert_eq!(spliced.vowels.unwrap()[1], [6.0, 8.0]);
        // A word twice as loud: its second vowel comes down to the level of the first word.
        let mut loud = ramp(10, 1.0);
        loud.magnitudes.mapv_inplace(|x| 2.0 * x);
        let spliced = Augmentation::spliced(&ramp(10, 1.0), &loud).unwrap();
        let [first, second] = spliced.values.unwrap();
        assert_eq!((first[LEVEL], second[0]), (Some(1.0), Some(2.0)));
        assert!((second[LEVEL].unwrap() - (2.0 - 6.0206)).abs() < 1e-3);
        let mut none = ramp(10, 1.0);
        none.vowels = None;
        assert_eq!(Augmentation::spliced(&none, &later), None);
    }

    #[test]
    fn durations_and_frequencies_move_as_asked() {
        let ramp = ramp(11, 0.0).magnitudes;
        let slower = stretched(ramp.view(), 2.0);
        assert_eq!(slower.nrows(), 22);
        assert!((slower[[21, 0]] - 10.0).abs() < 1e-4);
        let mut peak = Array2::zeros((1, 101));
        peak[[0, 40]] = 1.0;
        let higher = warped(peak.view(), 1.25);
        let best = (0..101).max_by(|a, b| higher[[0, *a]].total_cmp(&higher[[0, *b]]));
        assert_eq!(best, Some(50));
    }

    #[test]
    fn noise_has_the_level_that_was_asked_for() {
        let settings = Augmentation {
            snr_db: [0.0, 0.0],
            ..Augmentation::default()
        };
        let mut quiet = Array2::zeros((400, 50));
        quiet.row_mut(0).fill(1.0);
        let before = level(quiet.view());
        settings.noisy(&mut quiet, &mut stream(1, "noise", 0));
        // Signal and noise of equal power: the powers add up.
        let ratio = level(quiet.view()).powi(2) / before.powi(2);
        assert!((ratio - 2.0).abs() < 0.15, "{ratio}");
    }

    #[test]
    fn of_a_word_alone_both_ends_shift() {
        let settings = Augmentation {
            context_frames: 0,
            ..Augmentation::default()
        };
        let clip = || Clip {
            magnitudes: Array2::from_shape_fn((60, 2), |(row, _)| row as f32),
            before: 10,
            end: 20.0,
            vowels: None,
            values: None,
        };
        let mut ends = [false; 60];
        for draw in 0..200 {
            let cut = settings.cut(clip(), &mut stream(3, "cut", draw));
            ends[cut.magnitudes[[cut.magnitudes.nrows() - 1, 0]] as usize] = true;
        }
        let drawn: Vec<usize> = (0..60).filter(|end| ends[*end]).collect();
        assert_eq!(drawn, [27, 28, 29, 30, 31]);
    }

    #[test]
    fn cuts_stay_inside_and_vowels_move_along() {
        let settings = Augmentation::default();
        let clip = || Clip {
            magnitudes: Array2::from_shape_fn((40, 2), |(row, _)| row as f32),
            before: 10,
            end: 20.0,
            vowels: Some([[0.0, 5.0], [10.0, 15.0]]),
            values: None,
        };
        for draw in 0..200 {
            let cut = settings.cut(clip(), &mut stream(2, "cut", draw));
            let first = cut.magnitudes[[0, 0]];
            assert!((8.0..=12.0).contains(&first));
            assert_eq!(cut.vowels.unwrap()[0][0], 10.0 - first);
            let last = cut.magnitudes[[cut.magnitudes.nrows() - 1, 0]];
            assert!((29.0..=39.0).contains(&last));
        }
    }
}
