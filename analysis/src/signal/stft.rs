//! Short-time Fourier transform of real signals.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use ndarray::Array2;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::window::hann_periodic;
use crate::{Error, Result};

/// What lies beyond the ends of a signal when frames are centred on its first and last samples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Silence.
    Zeros,
    /// The signal mirrored about its end samples, which are not repeated. Needs more samples than
    /// half a window.
    #[default]
    Reflect,
    /// Nothing: frame `t` begins at sample `t · hop_samples`, and only frames that lie within the
    /// signal exist.
    None,
}

/// Short-time Fourier transform, centred unless told otherwise ([`Padding::None`]).
///
/// Frame `t` is centred on sample `t · hop_samples`; a signal of `n` samples has
/// `1 + n / hop_samples` frames. Bin `k` lies at `k · sample_rate_hz / n_fft` Hz, for
/// `k = 0 ..= n_fft / 2`. Values are unscaled sums, computed in double precision: a full-scale
/// sine on a bin has magnitude `n_fft / 4` with a Hann window of `n_fft` points. Shared freely between threads.
#[derive(Clone)]
pub struct Stft {
    fft: Arc<dyn RealToComplex<f64>>,
    window: Vec<f64>,
    hop_samples: usize,
}

impl fmt::Debug for Stft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stft")
            .field("n_fft", &self.n_fft())
            .field("hop_samples", &self.hop_samples)
            .finish_non_exhaustive()
    }
}

impl Stft {
    /// Plans transforms of `n_fft` points every `hop_samples`, with a periodic Hann window of
    /// `n_fft` points.
    ///
    /// # Errors
    /// As [`Stft::windowed`].
    pub fn new(n_fft: usize, hop_samples: usize) -> Result<Self> {
        Self::windowed(n_fft, hop_samples, &hann_periodic(n_fft))
    }

    /// Plans transforms of `n_fft` points every `hop_samples`, with this window in the middle of
    /// the points and zeros around it.
    ///
    /// # Errors
    /// [`Error::Setting`] unless `n_fft` is even and at least 2, `hop_samples` at least 1, and the
    /// window no longer than `n_fft`.
    pub fn windowed(n_fft: usize, hop_samples: usize, window: &[f64]) -> Result<Self> {
        if n_fft < 2 || !n_fft.is_multiple_of(2) {
            return Err(Error::Setting {
                what: "STFT: n_fft".into(),
                needed: "even and at least 2".into(),
                found: n_fft.to_string(),
            });
        }
        if hop_samples == 0 {
            return Err(Error::Setting {
                what: "STFT: hop in samples".into(),
                needed: "at least 1".into(),
                found: "0".into(),
            });
        }
        let Some(around) = n_fft.checked_sub(window.len()) else {
            return Err(Error::Setting {
                what: "STFT: window in samples".into(),
                needed: format!("at most n_fft, {n_fft}"),
                found: window.len().to_string(),
            });
        };
        let mut centred = vec![0.0; around / 2];
        centred.extend_from_slice(window);
        centred.resize(n_fft, 0.0);
        Ok(Self {
            fft: RealFftPlanner::new().plan_fft_forward(n_fft),
            window: centred,
            hop_samples,
        })
    }

    /// Points of one transform, and of the window.
    pub fn n_fft(&self) -> usize {
        self.window.len()
    }

    /// Frequency bins of a frame: `n_fft / 2 + 1`.
    pub fn n_bins(&self) -> usize {
        self.n_fft() / 2 + 1
    }

    /// Centred frames of a signal of `n_samples`: `1 + n_samples / hop_samples`.
    pub fn n_frames(&self, n_samples: usize) -> usize {
        1 + n_samples / self.hop_samples
    }

    /// Frames of a signal of `n_samples` with this padding.
    pub fn n_frames_padded(&self, n_samples: usize, padding: Padding) -> usize {
        match padding {
            Padding::Zeros | Padding::Reflect => self.n_frames(n_samples),
            Padding::None => n_samples
                .checked_sub(self.n_fft())
                .map_or(0, |rest| 1 + rest / self.hop_samples),
        }
    }

    /// Power spectrogram `[frame, bin]` of the whole signal, in squared units of the samples.
    ///
    /// # Errors
    /// As [`Stft::for_each_frame`].
    pub fn power(&self, samples: &[f64], padding: Padding) -> Result<Array2<f64>> {
        let n_frames = self.n_frames_padded(samples.len(), padding);
        let mut power = Array2::zeros((n_frames, self.n_bins()));
        self.for_each_frame(samples, padding, 0..n_frames, |frame, spectrum| {
            for (out, value) in power.row_mut(frame).iter_mut().zip(spectrum) {
                *out = value.norm_sqr();
            }
        })?;
        Ok(power)
    }

    /// Hands the spectrum `[bin]` of each of `frames` to `visit`, without keeping the spectrogram.
    ///
    /// With [`Padding::Zeros`], frames past the end of the signal are allowed and silent.
    ///
    /// # Errors
    /// [`Error::TooFew`] when [`Padding::Reflect`] meets a signal no longer than half a window,
    /// [`Error::Shape`] when it or [`Padding::None`] is asked for frames past the end of the signal.
    pub fn for_each_frame(
        &self,
        samples: &[f64],
        padding: Padding,
        frames: Range<usize>,
        mut visit: impl FnMut(usize, &[Complex<f64>]),
    ) -> Result<()> {
        let half = self.n_fft() / 2;
        if padding == Padding::Reflect && samples.len() <= half {
            return Err(Error::TooFew {
                what: "STFT with reflected ends: samples".into(),
                needed: half + 1,
                found: samples.len(),
            });
        }
        let available = self.n_frames_padded(samples.len(), padding);
        if padding != Padding::Zeros && frames.end > available {
            return Err(Error::Shape {
                what: "STFT: frames".into(),
                expected: format!("at most {available}"),
                found: frames.end.to_string(),
            });
        }
        let before = match padding {
            Padding::Zeros | Padding::Reflect => half,
            Padding::None => 0,
        };
        let mut block = self.fft.make_input_vec();
        let mut spectrum = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        for frame in frames {
            let start = (frame * self.hop_samples).wrapping_sub(before) as isize;
            fill(&mut block, samples, start, padding);
            for (x, w) in block.iter_mut().zip(&self.window) {
                *x *= w;
            }
            self.fft
                .process_with_scratch(&mut block, &mut spectrum, &mut scratch)
                .map_err(|e| Error::Undefined {
                    what: "STFT".into(),
                    why: e.to_string(),
                })?;
            visit(frame, &spectrum);
        }
        Ok(())
    }
}

/// Copies `samples[start ..]` into `block`, continuing it beyond its ends as `padding` says.
fn fill(block: &mut [f64], samples: &[f64], start: isize, padding: Padding) {
    let inside = usize::try_from(start)
        .ok()
        .and_then(|start| samples.get(start..start + block.len()));
    if let Some(inside) = inside {
        block.copy_from_slice(inside);
        return;
    }
    let last = samples.len() as isize - 1;
    for (i, x) in block.iter_mut().enumerate() {
        let at = start + i as isize;
        let at = match padding {
            Padding::Zeros | Padding::None => at,
            Padding::Reflect if at < 0 => -at,
            Padding::Reflect if at > last => 2 * last - at,
            Padding::Reflect => at,
        };
        *x = usize::try_from(at)
            .ok()
            .and_then(|at| samples.get(at).copied())
            .unwrap_or(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::{assert_abs_diff_eq, assert_relative_eq};
    use proptest::prelude::*;
    use std::f64::consts::TAU;

    #[test]
    fn two_points_by_hand() {
        // Window [0, 1]: frame t sees [x(t−1), x(t)] as [0, x(t)], so both bins are x(t)².
        let stft = Stft::new(2, 1).unwrap();
        let power = stft.power(&[3.0, -2.0], Padding::Zeros).unwrap();
        assert_eq!(power, ndarray::array![[9.0, 9.0], [4.0, 4.0], [0.0, 0.0]]);
    }

    #[test]
    fn sine_on_a_bin_is_a_quarter_of_n_fft_with_half_beside_it() {
        let stft = Stft::new(400, 160).unwrap();
        let sine: Vec<f64> = (0..1600)
            .map(|n| (TAU * 20.0 * n as f64 / 400.0).sin())
            .collect();
        let power = stft.power(&sine, Padding::Zeros).unwrap();
        let frame = power.row(5);
        assert_relative_eq!(frame[20], 100.0 * 100.0, max_relative = 1e-10);
        assert_relative_eq!(frame[19], 50.0 * 50.0, max_relative = 1e-10);
        assert_abs_diff_eq!(frame[40], 0.0, epsilon = 1e-12);
    }

    #[test]
    fn reflection_leaves_the_end_sample_single() {
        let mut block = [0.0; 7];
        fill(&mut block, &[1.0, 2.0, 3.0], -2, Padding::Reflect);
        assert_eq!(block, [3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]);
        fill(&mut block, &[1.0, 2.0, 3.0], -2, Padding::Zeros);
        assert_eq!(block, [0.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0]);
    }

    #[test]
    fn a_short_window_lies_in_the_middle_of_the_points() {
        let stft = Stft::windowed(6, 2, &[1.0, 1.0]).unwrap();
        assert_eq!(stft.window, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        assert!(Stft::windowed(4, 2, &[1.0; 5]).is_err());
    }

    #[test]
    fn without_padding_frames_begin_at_the_first_sample_and_end_within() {
        let stft = Stft::windowed(2, 2, &[1.0, 1.0]).unwrap();
        let power = stft
            .power(&[1.0, 2.0, 5.0, 6.0, 7.0], Padding::None)
            .unwrap();
        assert_eq!(power, ndarray::array![[9.0, 1.0], [121.0, 1.0]]);
        assert_eq!(stft.n_frames_padded(1, Padding::None), 0);
        let past = stft.for_each_frame(&[1.0; 3], Padding::None, 0..2, |_, _| ());
        assert!(matches!(past, Err(Error::Shape { .. })));
    }

    #[test]
    fn degenerate_input() {
        assert!(matches!(Stft::new(3, 1), Err(Error::Setting { .. })));
        assert!(matches!(Stft::new(0, 1), Err(Error::Setting { .. })));
        assert!(matches!(Stft::new(4, 0), Err(Error::Setting { .. })));
        let stft = Stft::new(4, 2).unwrap();
        let empty = stft.power(&[], Padding::Zeros).unwrap();
        assert_eq!(empty, ndarray::array![[0.0, 0.0, 0.0]]);
        assert!(matches!(
            stft.power(&[1.0, 2.0], Padding::Reflect),
            Err(Error::TooFew { needed: 3, .. })
        ));
        assert!(matches!(
            stft.for_each_frame(&[1.0; 4], Padding::Reflect, 0..9, |_, _| ()),
            Err(Error::Shape { .. })
        ));
    }

    proptest! {
        #[test]
        fn power_scales_with_the_square_of_level(
            samples in prop::collection::vec(-1.0f64..1.0, 1..300),
            gain in 0.1f64..10.0,
        ) {
            let stft = Stft::new(64, 16).unwrap();
            let scaled: Vec<f64> = samples.iter().map(|x| x * gain).collect();
            let power = stft.power(&samples, Padding::Zeros).unwrap();
            let louder = stft.power(&scaled, Padding::Zeros).unwrap();
            for (a, b) in power.iter().zip(&louder) {
                prop_assert!((a * gain * gain - b).abs() <= 1e-9 * (1.0 + b));
            }
        }

        #[test]
        fn energy_is_kept(samples in prop::collection::vec(-1.0f64..1.0, 64)) {
            // Parseval on one frame: Σ|X|² over all n_fft bins = n_fft Σ (w x)².
            let stft = Stft::new(64, 32).unwrap();
            let power = stft.power(&samples, Padding::Zeros).unwrap();
            let frame = power.row(1);
            let both_sides = 2.0 * frame.sum() - frame[0] - frame[32];
            let energy: f64 = samples
                .iter()
                .zip(hann_periodic(64))
                .map(|(x, w)| (x * w).powi(2))
                .sum();
            prop_assert!((both_sides - 64.0 * energy).abs() < 1e-8);
        }
    }
}
