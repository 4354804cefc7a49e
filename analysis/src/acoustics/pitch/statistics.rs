//! Numbers that sum a pitch track up.

use super::super::extremum::parabola;
use super::{Pitch, undefined};
use crate::Result;
use crate::stats::hazen_of_sorted;

/// Semitones are counted from this pitch.
pub const SEMITONE_REFERENCE_HZ: f64 = 100.0;

/// Semitones above 100 Hz: `12 log2(f / 100)`.
pub fn semitones(f0_hz: f64) -> f64 {
    12.0 * (f0_hz / SEMITONE_REFERENCE_HZ).log2()
}

/// Statistics of the voiced frames of a track. Quantiles are Hazen's (type 5); standard
/// deviations divide by one less than the number of frames.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// All frames.
    pub frames: usize,
    /// Frames with a pitch, at least 1.
    pub voiced: usize,
    /// Mean, Hz.
    pub mean_hz: f64,
    /// Median, Hz.
    pub median_hz: f64,
    /// Standard deviation, Hz; None for one frame.
    pub sd_hz: Option<f64>,
    /// Quantile 0.05, Hz.
    pub q05_hz: f64,
    /// Quantile 0.25, Hz.
    pub q25_hz: f64,
    /// Quantile 0.75, Hz.
    pub q75_hz: f64,
    /// Quantile 0.95, Hz.
    pub q95_hz: f64,
    /// Lowest pitch, Hz, by parabolas through three voiced frames.
    pub min_hz: f64,
    /// Highest pitch, Hz, by parabolas through three voiced frames.
    pub max_hz: f64,
    /// Median, semitones re 100 Hz.
    pub f0_median_st: f64,
    /// Mean, semitones re 100 Hz.
    pub f0_mean_st: f64,
    /// Standard deviation, semitones; None for one frame.
    pub f0_sd_st: Option<f64>,
    /// From quantile 0.25 to 0.75, semitones; None for one frame.
    pub f0_iqr_st: Option<f64>,
    /// From quantile 0.05 to 0.95, semitones; None for one frame.
    pub f0_range_st: Option<f64>,
}

impl Pitch {
    /// Statistics of the voiced frames.
    ///
    /// # Errors
    /// [`crate::Error::Undefined`] if no frame is voiced.
    pub fn statistics(&self) -> Result<Statistics> {
        let voiced: Vec<f64> = self.voiced().collect();
        if voiced.is_empty() {
            return Err(undefined(format!(
                "none of {} frames is voiced",
                self.len()
            )));
        }
        let mut sorted = voiced.clone();
        sorted.sort_by(f64::total_cmp);
        let quantile = |q| hazen_of_sorted(&sorted, q);
        let in_semitones: Vec<f64> = voiced.iter().copied().map(semitones).collect();
        let mut sorted_semitones = in_semitones.clone();
        sorted_semitones.sort_by(f64::total_cmp);
        let span_st = |low, high| {
            (voiced.len() > 1).then(|| {
                hazen_of_sorted(&sorted_semitones, high) - hazen_of_sorted(&sorted_semitones, low)
            })
        };
        Ok(Statistics {
            frames: self.len(),
            voiced: voiced.len(),
            mean_hz: mean(&voiced),
            median_hz: quantile(0.5),
            sd_hz: sd(&voiced),
            q05_hz: quantile(0.05),
            q25_hz: quantile(0.25),
            q75_hz: quantile(0.75),
            q95_hz: quantile(0.95),
            min_hz: -self.highest(-1.0),
            max_hz: self.highest(1.0),
            f0_median_st: hazen_of_sorted(&sorted_semitones, 0.5),
            f0_mean_st: mean(&in_semitones),
            f0_sd_st: sd(&in_semitones),
            f0_iqr_st: span_st(0.25, 0.75),
            f0_range_st: span_st(0.05, 0.95),
        })
    }

    /// The highest value of `sign` times the pitch, between frames where three in a row are
    /// voiced and the middle one is a local maximum.
    fn highest(&self, sign: f64) -> f64 {
        let value = |index: usize| self.f0(index).map(|f0| sign * f0);
        let mut highest = f64::NEG_INFINITY;
        for index in 0..self.len() {
            let Some(here) = value(index) else { continue };
            highest = highest.max(here);
            let before = index.checked_sub(1).and_then(value);
            if let (Some(before), Some(after)) = (before, value(index + 1))
                && here > before
                && here >= after
                && let Some(vertex) = parabola(before, here, after)
            {
                highest = highest.max(vertex.value);
            }
        }
        highest
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn sd(values: &[f64]) -> Option<f64> {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}
