//! Glottal-to-noise excitation ratio (Michaelis, Gramss & Strube 1997): how much the envelopes of
//! distant frequency bands of the excitation move together.

use std::f64::consts::TAU;

use ndarray::{Array2, ArrayView2, s};
use realfft::num_complex::Complex;

use super::resample::resample;
use super::transform::Transform;
use super::window::{cut, gaussian};
use super::{Sound, sums};

/// Rate at which the sound is analysed.
const RATE_HZ: f64 = 10_000.0;
/// Samples on each side from which the sound is interpolated at that rate.
const RESAMPLING_DEPTH: usize = 500;
/// Order of the predictor that is taken off.
const ORDER: usize = 13;
/// Length of its Gaussian windows, and the time from one to the next.
const WINDOW_SECS: f64 = 0.06;
const STEP_SECS: f64 = 0.01;
/// Longest lag at which envelopes are compared.
const LAG_SECS: f64 = 0.000_31;

/// The bands whose envelopes are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Centre of the lowest band.
    pub from_hz: f64,
    /// Centre of the highest band.
    pub to_hz: f64,
    /// Width of a band.
    pub bandwidth_hz: f64,
    /// From one centre to the next.
    pub step_hz: f64,
}

impl Default for Settings {
    /// Praat's: bands 1000 Hz wide every 80 Hz from 500 to 4500 Hz.
    fn default() -> Self {
        Self {
            from_hz: 500.0,
            to_hz: 4_500.0,
            bandwidth_hz: 1_000.0,
            step_hz: 80.0,
        }
    }
}

/// The largest correlation of the envelopes of two bands at least half a bandwidth apart: near 1
/// where pulses excite all bands at once, near 0.2 where noise does.
///
/// Envelopes of all bands are held at once: 4 MB for each second of sound. None if the sound is
/// shorter than a window of 60 ms or if its excitation has no envelope, as in digital silence.
pub fn measure(sound: &Sound, settings: &Settings) -> Option<f64> {
    let mut sound = resample(sound, RATE_HZ, RESAMPLING_DEPTH);
    let mean = sums::mean(sound.samples());
    sound.samples_mut().iter_mut().for_each(|x| *x -= mean);
    let excitation = excitation(&sound)?;
    let envelopes = envelopes(&excitation, sound.step_secs(), settings);
    let apart = (settings.bandwidth_hz / 2.0 / settings.step_hz).ceil() as usize;
    largest_correlation(envelopes.view(), apart, (LAG_SECS * RATE_HZ) as usize)
}

/// What remains of a sound when each sample is predicted by the frame nearest to it; zero before
/// the first frame's share and behind the last one's.
fn excitation(sound: &Sound) -> Option<Vec<f64>> {
    let frames = sound.frames(WINDOW_SECS, STEP_SECS)?;
    let window = gaussian((WINDOW_SECS / sound.step_secs()).round() as usize);
    let mut frame = vec![0.0; window.len()];
    let samples = sound.samples();
    let mut excitation = vec![0.0; samples.len()];
    let mut current = None;
    let mut predictor = [0.0; ORDER];
    for (i, out) in excitation.iter_mut().enumerate() {
        let Some(index) = frames.nearest(sound.time_of(i)) else {
            continue;
        };
        if current != Some(index) {
            current = Some(index);
            let start = frames.centre_secs(index) - 0.5 * WINDOW_SECS;
            cut(sound, sound.nearest(start), &mut frame);
            let mean = sums::mean(&frame);
            for (sample, weight) in frame.iter_mut().zip(&window) {
                *sample = (*sample - mean) * weight;
            }
            predictor = predict(&frame);
        }
        let past = samples[..i].iter().rev().zip(&predictor);
        *out = samples[i] - past.map(|(x, a)| x * a).sum::<f64>();
    }
    Some(excitation)
}

/// Linear prediction by the autocorrelation method (Levinson & Durbin); zeros for silence.
fn predict(frame: &[f64]) -> [f64; ORDER] {
    let mut correlation = [0.0; ORDER + 1];
    for (lag, value) in correlation.iter_mut().enumerate() {
        *value = sums::dot(&frame[..frame.len() - lag], &frame[lag..]);
    }
    let mut a = [0.0; ORDER];
    let mut error = correlation[0];
    for k in 0..ORDER {
        if error <= 0.0 {
            break;
        }
        let known: f64 = (0..k).map(|j| a[j] * correlation[k - j]).sum();
        let reflection = (correlation[k + 1] - known) / error;
        let before = a;
        for j in 0..k {
            a[j] -= reflection * before[k - 1 - j];
        }
        a[k] = reflection;
        error *= 1.0 - reflection * reflection;
    }
    a
}

/// Hilbert envelopes of the bands without their means, `[band, sample]`.
fn envelopes(excitation: &[f64], step_secs: f64, settings: &Settings) -> Array2<f64> {
    let n = excitation.len();
    let mut transform = Transform::holding(n);
    transform.load(excitation);
    let length = transform.signal.len();
    let bin_hz = 1.0 / (step_secs * length as f64);
    let spectrum = transform.spectrum.clone();
    let bands =
        ((settings.to_hz - settings.from_hz) / settings.step_hz + 1e-9).floor() as usize + 1;
    let mut envelopes = Array2::zeros((bands, n));
    for (band, mut envelope) in envelopes.outer_iter_mut().enumerate() {
        let centre_hz = settings.from_hz + band as f64 * settings.step_hz;
        let half_hz = 0.5 * settings.bandwidth_hz;
        for quarter_turn in [false, true] {
            transform.spectrum.fill(Complex::default());
            let first = ((centre_hz - half_hz) / bin_hz).ceil().max(0.0) as usize;
            let bins = transform.spectrum.iter_mut().zip(&spectrum).enumerate();
            for (k, (to, from)) in bins.skip(first) {
                let off_hz = k as f64 * bin_hz - centre_hz;
                if off_hz > half_hz {
                    break;
                }
                let weight = 0.5 + 0.5 * (TAU * off_hz / settings.bandwidth_hz).cos();
                *to = from * weight;
                if quarter_turn {
                    *to = Complex::new(to.im, -to.re);
                }
            }
            transform.inverse();
            for (sum, y) in envelope.iter_mut().zip(&transform.signal) {
                *sum += y * y;
            }
        }
        envelope.mapv_inplace(f64::sqrt);
        let mean = envelope.sum() / n as f64;
        envelope -= mean;
    }
    envelopes
}

/// The largest normalised correlation between rows at least `apart` rows from each other, at any
/// lag up to `lags`; None where no two rows vary.
fn largest_correlation(rows: ArrayView2<'_, f64>, apart: usize, lags: usize) -> Option<f64> {
    let (bands, n) = rows.dim();
    let norms: Vec<f64> = rows.outer_iter().map(|row| row.dot(&row).sqrt()).collect();
    let mut largest: Option<f64> = None;
    for lag in 0..=lags.min(n.saturating_sub(1)) {
        // The rows against themselves that much later: either order of a pair is one sign of lag.
        let products = rows
            .slice(s![.., ..n - lag])
            .dot(&rows.slice(s![.., lag..]).t());
        for i in 0..bands {
            for j in (0..bands).filter(|j| i.abs_diff(*j) >= apart) {
                let scale = norms[i] * norms[j];
                if scale > 0.0 {
                    let correlation = products[[i, j]] / scale;
                    largest = Some(largest.map_or(correlation, |l| l.max(correlation)));
                }
            }
        }
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulses_move_all_bands_together() {
        let samples = (0..16_000).map(|i| f64::from(u8::from(i % 160 == 0)));
        let pulses = Sound::new(samples.collect(), 16_000.0);
        assert!(measure(&pulses, &Settings::default()).is_some_and(|gne| gne > 0.99));
    }

    #[test]
    fn silence_and_short_sounds_have_no_ratio() {
        let silence = Sound::new(vec![0.0; 16_000], 16_000.0);
        assert_eq!(measure(&silence, &Settings::default()), None);
        let constant = Sound::new(vec![0.5; 16_000], 10_000.0);
        assert_eq!(measure(&constant, &Settings::default()), None);
        let short = Sound::new(vec![0.1; 500], 16_000.0);
        assert_eq!(measure(&short, &Settings::default()), None);
    }

    #[test]
    fn correlations_at_lags_by_hand() {
        let rows = ndarray::array![[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0]];
        let largest = |apart, lags| largest_correlation(rows.view(), apart, lags);
        assert_eq!(largest(1, 0), Some(0.0));
        assert_eq!(largest(1, 1), Some(1.0));
        assert_eq!(largest(2, 1), None);
    }
}
