//! Mel scales and filterbanks: Slaney's Auditory Toolbox (1998) and O'Shaughnessy's formula, as HTK
//! and Kaldi have it.

use std::ops::Range;

use ndarray::Array2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Where the scale turns from linear to logarithmic.
const BREAK_HZ: f64 = 1000.0;
const HZ_PER_MEL: f64 = 200.0 / 3.0;
/// Mels for a factor of 6.4 in frequency above the break.
const LOG_MELS: f64 = 27.0;

/// Slaney's mel of a frequency: linear (200/3 Hz per mel) below 1 kHz, logarithmic above.
pub fn hz_to_mel(freq_hz: f64) -> f64 {
    if freq_hz < BREAK_HZ {
        freq_hz / HZ_PER_MEL
    } else {
        BREAK_HZ / HZ_PER_MEL + LOG_MELS * (freq_hz / BREAK_HZ).ln() / 6.4f64.ln()
    }
}

/// Inverse of [`hz_to_mel`].
pub fn mel_to_hz(mel: f64) -> f64 {
    let break_mel = BREAK_HZ / HZ_PER_MEL;
    if mel < break_mel {
        mel * HZ_PER_MEL
    } else {
        BREAK_HZ * ((mel - break_mel) / LOG_MELS * 6.4f64.ln()).exp()
    }
}

/// O'Shaughnessy's mel of a frequency: `1127 ln(1 + f / 700)`, the scale of HTK and Kaldi.
pub fn hz_to_mel_htk(freq_hz: f64) -> f64 {
    1127.0 * (freq_hz / 700.0).ln_1p()
}

/// Inverse of [`hz_to_mel_htk`].
pub fn mel_to_hz_htk(mel: f64) -> f64 {
    700.0 * (mel / 1127.0).exp_m1()
}

/// Form of the mel scale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MelScale {
    /// Linear below 1 kHz, logarithmic above ([`hz_to_mel`]).
    #[default]
    Slaney,
    /// [`hz_to_mel_htk`].
    Htk,
}

/// Height of the filters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MelNorm {
    /// Two over the width in Hz: white noise gives every filter about the same output.
    #[default]
    Slaney,
    /// One.
    None,
}

/// From Hz to mel, or back.
type Convert = fn(f64) -> f64;

/// In which unit the sides of the triangles are straight.
#[derive(Clone, Copy, PartialEq)]
enum Sides {
    Hz,
    Mel,
}

/// Form of a bank's filters.
struct Form {
    scale: MelScale,
    norm: MelNorm,
    sides: Sides,
}

/// One triangular filter: its weights from bin `first_bin` on.
#[derive(Debug, Clone)]
struct Triangle {
    first_bin: usize,
    weights: Vec<f64>,
}

/// Triangular filters, equally spaced in mel.
#[derive(Debug, Clone)]
pub struct MelBank {
    triangles: Vec<Triangle>,
    n_bins: usize,
}

impl MelBank {
    /// Slaney's filters: `n_mels` between `low_hz` and `high_hz` over the bins of an `n_fft`-point
    /// transform, each divided by half its width in Hz, so that white noise gives every filter
    /// about the same output.
    ///
    /// # Errors
    /// As [`MelBank::new`].
    pub fn slaney(
        sample_rate_hz: f64,
        n_fft: usize,
        n_mels: usize,
        low_hz: f64,
        high_hz: f64,
    ) -> Result<Self> {
        let (scale, norm) = (MelScale::Slaney, MelNorm::Slaney);
        Self::new(scale, norm, sample_rate_hz, n_fft, n_mels, low_hz..high_hz)
    }

    /// `n_mels` filters within `band_hz` over the bins of an `n_fft`-point transform, with sides
    /// that are straight in Hz.
    ///
    /// # Errors
    /// [`Error::Setting`] unless `0 ≤ band_hz.start < band_hz.end ≤ sample_rate_hz / 2`, and
    /// `n_mels` and `n_fft` are at least 1 and 2.
    pub fn new(
        scale: MelScale,
        norm: MelNorm,
        sample_rate_hz: f64,
        n_fft: usize,
        n_mels: usize,
        band_hz: Range<f64>,
    ) -> Result<Self> {
        let form = Form {
            scale,
            norm,
            sides: Sides::Hz,
        };
        Self::of_form(&form, sample_rate_hz, n_fft, n_mels, band_hz)
    }

    /// Kaldi's filters: O'Shaughnessy's scale, height one, sides that are straight in mel; the bin
    /// at half the sample rate is never seen.
    ///
    /// # Errors
    /// As [`MelBank::new`].
    pub fn kaldi(
        sample_rate_hz: f64,
        n_fft: usize,
        n_mels: usize,
        band_hz: Range<f64>,
    ) -> Result<Self> {
        let form = Form {
            scale: MelScale::Htk,
            norm: MelNorm::None,
            sides: Sides::Mel,
        };
        Self::of_form(&form, sample_rate_hz, n_fft, n_mels, band_hz)
    }

    fn of_form(
        form: &Form,
        sample_rate_hz: f64,
        n_fft: usize,
        n_mels: usize,
        band_hz: Range<f64>,
    ) -> Result<Self> {
        let (low_hz, high_hz) = (band_hz.start, band_hz.end);
        if !(0.0 <= low_hz && low_hz < high_hz && high_hz <= sample_rate_hz / 2.0) {
            return Err(Error::Setting {
                what: "mel filterbank: band".into(),
                needed: format!("within 0 to {} Hz and not empty", sample_rate_hz / 2.0),
                found: format!("{low_hz} to {high_hz} Hz"),
            });
        }
        if n_mels == 0 || n_fft < 2 {
            return Err(Error::Setting {
                what: "mel filterbank: size".into(),
                needed: "at least 1 filter and 2 points".into(),
                found: format!("{n_mels} filters, {n_fft} points"),
            });
        }
        let n_bins = n_fft / 2 + 1;
        let seen = match form.sides {
            Sides::Hz => n_bins,
            Sides::Mel => n_fft / 2,
        };
        let (to_mel, to_hz): (Convert, Convert) = match form.scale {
            MelScale::Slaney => (hz_to_mel, mel_to_hz),
            MelScale::Htk => (hz_to_mel_htk, mel_to_hz_htk),
        };
        let (low_mel, high_mel) = (to_mel(low_hz), to_mel(high_hz));
        let step_mels = (high_mel - low_mel) / (n_mels + 1) as f64;
        let corner = |i: usize| {
            let mel = low_mel + step_mels * i as f64;
            match form.sides {
                Sides::Hz => to_hz(mel),
                Sides::Mel => mel,
            }
        };
        let position: Vec<f64> = (0..seen)
            .map(|bin| bin as f64 * sample_rate_hz / n_fft as f64)
            .map(|freq_hz| match form.sides {
                Sides::Hz => freq_hz,
                Sides::Mel => to_mel(freq_hz),
            })
            .collect();
        let triangles = (0..n_mels)
            .map(|m| {
                let (left, peak, right) = (corner(m), corner(m + 1), corner(m + 2));
                let height = match form.norm {
                    MelNorm::Slaney => 2.0 / (right - left),
                    MelNorm::None => 1.0,
                };
                let weight = |at: &f64| {
                    let rise = (at - left) / (peak - left);
                    let fall = (right - at) / (right - peak);
                    rise.min(fall).max(0.0) * height
                };
                let first_bin = position.iter().position(|at| weight(at) > 0.0);
                let inside = position.iter().skip(first_bin.unwrap_or(seen));
                Triangle {
                    first_bin: first_bin.unwrap_or(0),
                    weights: inside.map(weight).take_while(|w| *w > 0.0).collect(),
                }
            })
            .collect();
        Ok(Self { triangles, n_bins })
    }

    /// Number of filters.
    pub fn n_mels(&self) -> usize {
        self.triangles.len()
    }

    /// Number of frequency bins a filter sees.
    pub fn n_bins(&self) -> usize {
        self.n_bins
    }

    /// The whole matrix `[mel, bin]`; in 1/Hz with [`MelNorm::Slaney`].
    pub fn weights(&self) -> Array2<f64> {
        let mut matrix = Array2::zeros((self.n_mels(), self.n_bins));
        for (triangle, mut row) in self.triangles.iter().zip(matrix.rows_mut()) {
            let cells = row.iter_mut().skip(triangle.first_bin);
            for (cell, weight) in cells.zip(&triangle.weights) {
                *cell = *weight;
            }
        }
        matrix
    }

    /// Output of every filter, in order of frequency, for one power spectrum `[bin]`.
    ///
    /// A spectrum that is too short counts as 0 beyond its end.
    pub fn apply<'a>(&'a self, power: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        self.triangles.iter().map(|triangle| {
            let seen = power.iter().skip(triangle.first_bin);
            seen.zip(&triangle.weights).map(|(p, w)| p * w).sum()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    #[test]
    fn scale_by_hand() {
        assert_relative_eq!(hz_to_mel(200.0), 3.0);
        assert_relative_eq!(hz_to_mel(1000.0), 15.0);
        assert_relative_eq!(hz_to_mel(6400.0), 42.0);
        assert_relative_eq!(mel_to_hz(42.0), 6400.0, max_relative = 1e-12);
        assert_relative_eq!(hz_to_mel_htk(700.0), 1127.0 * 2f64.ln());
        assert_relative_eq!(
            mel_to_hz_htk(hz_to_mel_htk(1234.5)),
            1234.5,
            max_relative = 1e-12
        );
    }

    #[test]
    fn one_filter_by_hand() {
        // 0 to 800 Hz is 12 mel, all linear: one triangle 0–400–800 Hz, height 2/800 per Hz.
        let bank = MelBank::slaney(1600.0, 8, 1, 0.0, 800.0).unwrap();
        let weights = bank.weights();
        let expected = [0.0, 0.5, 1.0, 0.5, 0.0].map(|w| w * 2.0 / 800.0);
        for (got, expected) in weights.iter().zip(expected) {
            assert_relative_eq!(*got, expected, epsilon = 1e-15);
        }
        let out: Vec<f64> = bank.apply(&[9.0, 1.0, 2.0, 3.0, 9.0]).collect();
        assert_relative_eq!(out[0], 4.0 * 2.0 / 800.0, max_relative = 1e-12);
    }

    #[test]
    fn one_kaldi_filter_by_hand() {
        // Straight in mel: the weight at a bin is its place between the corners in mel.
        let bank = MelBank::kaldi(1600.0, 8, 1, 0.0..800.0).unwrap();
        let weights = bank.weights();
        let top = hz_to_mel_htk(800.0);
        let rise = |hz: f64| hz_to_mel_htk(hz) / (top / 2.0);
        let fall = |hz: f64| (top - hz_to_mel_htk(hz)) / (top / 2.0);
        let expected = [0.0, rise(200.0), fall(400.0), fall(600.0), 0.0];
        for (got, expected) in weights.iter().zip(expected) {
            assert_relative_eq!(*got, expected, epsilon = 1e-12);
        }
    }

    #[test]
    fn filters_without_norm_reach_one() {
        let (scale, norm) = (MelScale::Htk, MelNorm::None);
        let bank = MelBank::new(scale, norm, 16000.0, 16000, 20, 20.0..7600.0).unwrap();
        for row in bank.weights().rows() {
            let top = row.iter().copied().fold(0.0, f64::max);
            assert!(top > 0.98 && top <= 1.0, "{top}");
        }
    }

    #[test]
    fn filters_have_unit_area_where_bins_are_dense() {
        let bank = MelBank::slaney(16000.0, 16000, 40, 0.0, 8000.0).unwrap();
        for area in bank.weights().rows().into_iter().map(|row| row.sum()) {
            assert_relative_eq!(area, 1.0, max_relative = 1e-3);
        }
    }

    #[test]
    fn degenerate_settings() {
        for (low, high) in [(0.0, 9000.0), (-1.0, 10.0), (5.0, 5.0), (f64::NAN, 10.0)] {
            assert!(MelBank::slaney(16000.0, 400, 40, low, high).is_err());
        }
        assert!(MelBank::slaney(16000.0, 400, 0, 0.0, 8000.0).is_err());
        assert!(MelBank::slaney(16000.0, 1, 4, 0.0, 8000.0).is_err());
    }

    proptest! {
        #[test]
        fn scale_inverts_and_rises(a in 0.0f64..8000.0, b in 0.0f64..8000.0) {
            prop_assert!((mel_to_hz(hz_to_mel(a)) - a).abs() < 1e-8);
            prop_assert_eq!(a < b, hz_to_mel(a) < hz_to_mel(b));
        }

        #[test]
        fn apply_is_the_matrix_product(power in prop::collection::vec(0.0f64..10.0, 201)) {
            let bank = MelBank::slaney(16000.0, 400, 80, 0.0, 8000.0).unwrap();
            let product = bank.weights().dot(&ndarray::aview1(&power));
            for (a, b) in bank.apply(&power).zip(&product) {
                prop_assert!((a - b).abs() <= 1e-12 * (1.0 + b));
            }
        }
    }
}
