//! The correlation of one frame with itself, over lags.

use std::f64::consts::PI;

use realfft::num_complex::Complex;

use super::super::Sound;
use super::super::sums::dot;
use super::super::transform::Transform;
use super::super::window::gaussian;
use super::settings::{Method, Settings};

/// Sizes in samples that follow from the settings and the sample rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sizes {
    /// Longest period.
    period: usize,
    /// Window, or the stretch that is correlated.
    window: usize,
    /// Candidates lie below this lag.
    pub(super) max_lag: usize,
    /// Lags over which the correlation is interpolated.
    pub(super) range: usize,
}

impl Sizes {
    /// None if a window would hold fewer than eight samples.
    pub(super) fn new(settings: &Settings, step_secs: f64) -> Option<Self> {
        let period = (1.0 / step_secs / settings.floor_hz).floor() as usize;
        let cut = (settings.window_secs() / step_secs).floor() as usize;
        let window = 2 * (cut / 2).checked_sub(1)?;
        if window < 8 || period < 2 {
            return None;
        }
        let lags = (window as f64 / settings.physical_periods()).floor() as usize + 2;
        let range = match (settings.method, settings.accurate) {
            (Method::CrossCorrelation, _) => window,
            (_, false) => window / 2,
            (_, true) => window / 4,
        };
        Some(Self {
            period,
            window,
            max_lag: lags.min(window),
            range,
        })
    }
}

/// Correlates frames of one sound; buffers are reused from frame to frame.
pub(super) struct Correlator<'a> {
    sound: &'a Sound,
    sizes: Sizes,
    kind: Kind,
    /// Largest departure of the sound from its mean.
    global_peak: f64,
    /// Correlation from lag `-range` to lag `range`, 1 in the middle.
    pub(super) curve: Vec<f64>,
}

enum Kind {
    Auto(Autocorrelation),
    Cross {
        /// From the first correlated sample to the frame's centre.
        lead_secs: f64,
        stretch: Vec<f64>,
    },
}

impl<'a> Correlator<'a> {
    pub(super) fn new(
        sound: &'a Sound,
        settings: &Settings,
        sizes: Sizes,
        global_peak: f64,
    ) -> Self {
        let kind = match settings.method {
            Method::CrossCorrelation => Kind::Cross {
                lead_secs: (1.0 / settings.floor_hz + settings.window_secs()) / 2.0,
                stretch: Vec::with_capacity(sizes.window + sizes.max_lag),
            },
            _ => Kind::Auto(Autocorrelation::new(sizes, settings.accurate)),
        };
        Self {
            sound,
            sizes,
            kind,
            global_peak,
            curve: vec![0.0; 2 * sizes.range + 1],
        }
    }

    /// Puts the correlation of the frame at a time into `curve`, and returns the frame's peak
    /// relative to the sound's, at most 1. A constant frame correlates with nothing.
    pub(super) fn correlate(&mut self, centre_secs: f64) -> f64 {
        let Sizes {
            period,
            window,
            range,
            ..
        } = self.sizes;
        // The window lies symmetric about the gap left of this sample.
        let right = self.sound.low(centre_secs) + 1;
        let local = around(self.sound.samples(), right, period);
        let mean = local.iter().sum::<f64>() / local.len().max(1) as f64;
        // The local peak is that within half a longest period, inside the window.
        let reach = (period / 2 + 1).min(window / 2);
        let forward = &mut self.curve[range..];
        let (defined, peak) = match &mut self.kind {
            Kind::Auto(auto) => {
                let frame = around(self.sound.samples(), right, window / 2);
                let windowed = auto.window_frame(frame, mean);
                let middle = window / 2;
                let local_peak = peak(&windowed[middle - reach..middle + reach], 0.0);
                (auto.correlation(forward), local_peak)
            }
            Kind::Cross { lead_secs, stretch } => {
                let first = self.sound.low(centre_secs - *lead_secs).max(0) as usize;
                let samples = self.sound.samples();
                let end = (first + window + range).min(samples.len());
                stretch.clear();
                stretch.extend(
                    samples[first.min(end)..end]
                        .iter()
                        .map(|sample| sample - mean),
                );
                (
                    cross_correlation(stretch, window, forward),
                    peak(around(samples, right, reach), mean),
                )
            }
        };
        if !defined {
            forward.fill(0.0);
        }
        for lag in 1..=range {
            self.curve[range - lag] = self.curve[range + lag];
        }
        (peak / self.global_peak).min(1.0)
    }
}

/// Samples up to `reach` on each side of the gap before sample `right`, as far as there are any.
fn around(samples: &[f64], right: isize, reach: usize) -> &[f64] {
    let clip = |i: isize| i.clamp(0, samples.len() as isize) as usize;
    let reach = reach as isize;
    &samples[clip(right - reach)..clip(right + reach)]
}

/// The largest departure from `mean`.
pub(super) fn peak(samples: &[f64], mean: f64) -> f64 {
    samples
        .iter()
        .fold(0.0, |peak: f64, sample| peak.max((sample - mean).abs()))
}

/// The autocorrelation of windowed frames by Fourier transform, over that of the window.
struct Autocorrelation {
    transform: Transform,
    window: Vec<f64>,
    /// Autocorrelation of the window, 1 at lag 0.
    of_window: Vec<f64>,
    frame: Vec<f64>,
}

impl Autocorrelation {
    fn new(sizes: Sizes, with_gaussian: bool) -> Self {
        let window = if with_gaussian {
            gaussian(sizes.window)
        } else {
            hann(sizes.window)
        };
        let mut this = Self {
            transform: Transform::holding(sizes.window + sizes.window / 2),
            of_window: vec![1.0; sizes.range + 1],
            frame: window.clone(),
            window,
        };
        let mut of_window = vec![0.0; sizes.range + 1];
        this.correlation(&mut of_window);
        this.of_window = of_window;
        this
    }

    /// Takes a frame less `mean` under the window.
    fn window_frame(&mut self, samples: &[f64], mean: f64) -> &[f64] {
        self.frame.clear();
        let weighted = samples.iter().zip(&self.window);
        self.frame
            .extend(weighted.map(|(sample, weight)| (sample - mean) * weight));
        self.frame.resize(self.window.len(), 0.0);
        &self.frame
    }

    /// The normalised autocorrelation of the frame taken last; whether it has any power.
    fn correlation(&mut self, curve: &mut [f64]) -> bool {
        let transform = &mut self.transform;
        transform.load(&self.frame);
        for bin in &mut transform.spectrum {
            *bin = Complex::new(bin.norm_sqr(), 0.0);
        }
        transform.inverse();
        let lags = &transform.signal;
        let power = lags[0];
        if power <= 0.0 || power.is_nan() {
            return false;
        }
        for ((value, lag), of_window) in curve.iter_mut().zip(lags).zip(&self.of_window) {
            *value = lag / power / of_window;
        }
        curve[0] = 1.0;
        true
    }
}

/// Correlates the first `window` samples with as many at each lag that the stretch has room for;
/// whether the first have any power.
fn cross_correlation(stretch: &[f64], window: usize, curve: &mut [f64]) -> bool {
    curve.fill(0.0);
    let Some(first) = stretch.get(..window) else {
        return false;
    };
    let power = dot(first, first);
    if power <= 0.0 || power.is_nan() {
        return false;
    }
    curve[0] = 1.0;
    let mut lagged_power = power;
    for (lag, value) in curve.iter_mut().enumerate().skip(1) {
        let Some(lagged) = stretch.get(lag..lag + window) else {
            break;
        };
        let (gone, come) = (stretch[lag - 1], lagged[window - 1]);
        lagged_power += come * come - gone * gone;
        if lagged_power > 0.0 {
            *value = dot(first, lagged) / (power * lagged_power).sqrt();
        }
    }
    true
}

/// A Hann window that would be zero one sample beyond its ends.
fn hann(length: usize) -> Vec<f64> {
    (1..=length)
        .map(|i| 0.5 - 0.5 * (2.0 * PI * i as f64 / (length + 1) as f64).cos())
        .collect()
}
