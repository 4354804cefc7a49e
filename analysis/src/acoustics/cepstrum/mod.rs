//! Cepstral peak prominence (Hillenbrand & Houde 1996): how far the peak of the voice's period
//! stands out of a power cepstrum.

mod cepstrogram;
mod smoothing;
mod theil_sen;
mod trend;

use std::collections::VecDeque;

use super::{Frames, Sound};
use cepstrogram::Cepstrogram;
use smoothing::{HALF_BINS, RangeMean};
use trend::TrendFit;

/// How power cepstra are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CepstrogramSettings {
    /// Lowest voice that a window, six of its periods long, must hold.
    pub pitch_floor_hz: f64,
    /// From one frame to the next.
    pub step_secs: f64,
    /// Highest frequency used; the sound is resampled to twice of it.
    pub max_frequency_hz: f64,
    /// Where pre-emphasis begins.
    pub pre_emphasis_hz: f64,
}

impl Default for CepstrogramSettings {
    /// Praat's: 60 Hz, every 2 ms, up to 5 kHz, pre-emphasis from 50 Hz.
    fn default() -> Self {
        Self {
            pitch_floor_hz: 60.0,
            step_secs: 0.002,
            max_frequency_hz: 5_000.0,
            pre_emphasis_hz: 50.0,
        }
    }
}

/// The curve that a trend is, in dB over quefrency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrendShape {
    /// A line over quefrency.
    Straight,
    /// A line over the logarithm of quefrency.
    ExponentialDecay,
}

/// How a trend is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The median slope of all pairs of bins ("robust slow").
    TheilSen,
    /// The median slope of pairs half the bins apart ("robust").
    IncompleteTheilSen,
    /// Least squares.
    LeastSquares,
}

/// How the smoothed prominence is taken from cepstra.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CppsSettings {
    /// Whether each frame's trend is subtracted before smoothing.
    pub subtract_trend: bool,
    /// Total width of the running mean over time.
    pub time_window_secs: f64,
    /// Total width of the running mean over quefrency.
    pub quefrency_window_secs: f64,
    /// Lowest and highest voice whose period is looked for.
    pub peak_hz: (f64, f64),
    /// Quefrencies between which the trend is fitted; an end of zero takes the whole axis.
    pub trend_secs: (f64, f64),
    /// Shape of the trend.
    pub trend: TrendShape,
    /// How it is fitted.
    pub fit: Fit,
}

impl Default for CppsSettings {
    /// Praat's: trend subtracted, smoothed over 20 ms and 0.5 ms, peak from 60 to 330 Hz, trend of
    /// exponential decay from 1 to 50 ms by all slopes.
    fn default() -> Self {
        Self {
            subtract_trend: true,
            time_window_secs: 0.02,
            quefrency_window_secs: 0.0005,
            peak_hz: (60.0, 330.0),
            trend_secs: (0.001, 0.05),
            trend: TrendShape::ExponentialDecay,
            fit: Fit::TheilSen,
        }
    }
}

/// The prominence of the cepstral peak in frames.
#[derive(Clone, Debug, PartialEq)]
pub struct Cpps {
    /// Where the frames are centred.
    pub frames: Frames,
    /// Prominence of the peak over the trend, dB, `[frame]`.
    pub prominence_db: Vec<f64>,
}

impl Cpps {
    /// The mean over all frames, in dB: the number that is called CPPS.
    pub fn mean_db(&self) -> f64 {
        self.prominence_db.iter().sum::<f64>() / self.prominence_db.len() as f64
    }
}

/// Power below which a cepstrum reads -300 dB.
const FLOOR: f64 = 1e-30;

/// The smoothed cepstral peak prominence of a sound.
///
/// Memory grows with the sound only by its samples and one number a frame. None if the sound is
/// shorter than a window.
pub fn cpps(
    sound: &Sound,
    cepstrogram: &CepstrogramSettings,
    settings: &CppsSettings,
) -> Option<Cpps> {
    let mut cepstra = Cepstrogram::new(sound, cepstrogram)?;
    let frames = cepstra.frames;
    let mut work = Prominence::new(settings, cepstra.bins(), cepstra.step_secs())?;
    let reach = 0.5 * settings.time_window_secs / frames.step_secs;
    let smooths_time = settings.time_window_secs > frames.step_secs;
    let mut rows: VecDeque<Vec<f64>> = VecDeque::new();
    let (mut first_row, mut next_row) = (0, 0);
    let mut row = vec![0.0; cepstra.bins()];
    let mut prominence_db = Vec::with_capacity(frames.count);
    for index in 0..frames.count {
        let centre = index as f64;
        let mean = if smooths_time {
            RangeMean::new(centre - reach, centre + reach, frames.count, HALF_BINS)
        } else {
            RangeMean::new(centre, centre, frames.count, HALF_BINS)
        };
        // Rows that nobody needs again are filled anew.
        while next_row < mean.first + mean.weights.len() {
            let spare = if first_row < mean.first {
                first_row += 1;
                rows.pop_front()
            } else {
                None
            };
            let mut made = spare.unwrap_or_default();
            cepstra.power(next_row, &mut made);
            if settings.subtract_trend {
                work.subtract_trend(&mut made);
            }
            rows.push_back(made);
            next_row += 1;
        }
        row.fill(0.0);
        let used = rows.iter().skip(mean.first - first_row);
        for (power, weight) in used.zip(&mean.weights) {
            for (sum, value) in row.iter_mut().zip(power) {
                *sum += weight * value;
            }
        }
        prominence_db.push(work.prominence_db(&row));
    }
    Some(Cpps {
        frames,
        prominence_db,
    })
}

/// What is done with single cepstra.
struct Prominence {
    /// Fits the trends of cepstra before and after smoothing, apart since each begins its search
    /// where it found the last one.
    raw_trend: TrendFit,
    trend: TrendFit,
    /// Means over quefrency, one a bin; none where the window is at most a step.
    means: Vec<RangeMean>,
    /// Places of the bins on the trend's axis.
    places: Vec<f64>,
    peak_secs: (f64, f64),
    step_secs: f64,
    smooth: Vec<f64>,
    level_db: Vec<f64>,
}

impl Prominence {
    /// None where the axis is too short for a trend or for the peak.
    fn new(settings: &CppsSettings, bins: usize, step_secs: f64) -> Option<Self> {
        let (from, to) = settings.trend_secs;
        let last = bins.checked_sub(1)?;
        let trend_bins = if to == 0.0 {
            0..=last
        } else {
            (from / step_secs).ceil() as usize..=((to / step_secs).floor() as usize).min(last)
        };
        let peak_secs = (1.0 / settings.peak_hz.1, 1.0 / settings.peak_hz.0);
        if trend_bins.clone().count() < 3 || peak_secs.1 / step_secs > last as f64 {
            return None;
        }
        let reach = 0.5 * settings.quefrency_window_secs / step_secs;
        let mean = |bin: usize| {
            let centre = bin as f64;
            // The axis begins at its first bin and ends at its last one.
            RangeMean::new(centre - reach, centre + reach, bins, 0.0)
        };
        let smooths = settings.quefrency_window_secs > step_secs;
        let place = |bin: usize| {
            let quefrency = if bin == 0 && settings.trend == TrendShape::ExponentialDecay {
                0.5
            } else {
                bin as f64
            };
            settings.trend.place(quefrency * step_secs)
        };
        let trend = TrendFit::new(settings.trend, settings.fit, trend_bins, step_secs);
        Some(Self {
            raw_trend: trend.clone(),
            trend,
            means: (0..bins).filter(|_| smooths).map(mean).collect(),
            places: (0..bins).map(place).collect(),
            peak_secs,
            step_secs,
            smooth: vec![0.0; bins],
            level_db: vec![0.0; bins],
        })
    }

    /// Fits the trend to a power cepstrum and leaves what stands above it.
    fn subtract_trend(&mut self, power: &mut [f64]) {
        self.read_levels(power);
        let line = self.raw_trend.line(&self.level_db);
        for (value, (level, place)) in power.iter_mut().zip(self.level_db.iter().zip(&self.places))
        {
            let above = (level - line.at_place(*place)).max(0.0);
            *value = 10f64.powf(above / 10.0) - FLOOR;
        }
    }

    fn read_levels(&mut self, power: &[f64]) {
        for (level, value) in self.level_db.iter_mut().zip(power) {
            *level = 10.0 * (value + FLOOR).log10();
        }
    }

    /// Smooths a power cepstrum over quefrency and takes the prominence of its peak.
    fn prominence_db(&mut self, power: &[f64]) -> f64 {
        let mut smooth = std::mem::take(&mut self.smooth);
        if self.means.is_empty() {
            smooth.copy_from_slice(power);
        } else {
            for (value, mean) in smooth.iter_mut().zip(&self.means) {
                *value = mean.of(power);
            }
        }
        self.read_levels(&smooth);
        let line = self.trend.line(&self.level_db);
        self.smooth = smooth;
        let (peak_db, place) = self.peak();
        peak_db - line.at_secs(place * self.step_secs)
    }

    /// The highest level among the quefrencies of voices, and its bin: of the ends as they are, and of
    /// local maxima on a parabola.
    fn peak(&self) -> (f64, f64) {
        let first = (self.peak_secs.0 / self.step_secs).ceil() as usize;
        let last = (self.peak_secs.1 / self.step_secs).floor() as usize;
        let y = &self.level_db;
        let mut highest = (y[first], first as f64);
        if y[last] > highest.0 {
            highest = (y[last], last as f64);
        }
        for bin in first.max(1)..=last.min(y.len() - 2) {
            let (before, here, after) = (y[bin - 1], y[bin], y[bin + 1]);
            if here > before && here >= after {
                let slope = 0.5 * (after - before);
                let bend = (here - before) + (here - after);
                let level = here + 0.5 * slope * slope / bend;
                if level > highest.0 {
                    highest = (level, bin as f64 + slope / bend);
                }
            }
        }
        highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pulses(secs: f64) -> Sound {
        let samples = (0..(secs * 16_000.0) as usize).map(|i| f64::from(u8::from(i % 128 == 0)));
        Sound::new(samples.collect(), 16_000.0)
    }

    #[test]
    fn a_train_of_pulses_stands_out_and_noise_does_not() {
        use rand::RngExt as _;

        let mut rng = crate::rng::stream(1, "noise", 0);
        let noise = (0..8_000).map(|_| rng.random_range(-1.0..1.0)).collect();
        let noise = Sound::new(noise, 16_000.0);
        let mean = |sound: &Sound, fit| {
            let settings = CppsSettings {
                fit,
                ..CppsSettings::default()
            };
            cpps(sound, &CepstrogramSettings::default(), &settings).map(|c| c.mean_db())
        };
        for fit in [Fit::TheilSen, Fit::IncompleteTheilSen, Fit::LeastSquares] {
            assert!(mean(&pulses(0.5), fit).is_some_and(|db| db > 20.0));
            assert!(mean(&noise, fit).is_some_and(|db| (2.0..8.0).contains(&db)));
        }
    }

    #[test]
    fn shorter_than_a_window_there_is_no_prominence() {
        let (cepstrogram, settings) = Default::default();
        assert!(cpps(&pulses(0.09), &cepstrogram, &settings).is_none());
        assert!(cpps(&Sound::new(vec![], 16_000.0), &cepstrogram, &settings).is_none());
        // No trend over fewer than three bins, no peak beyond the axis.
        let narrow = CppsSettings {
            trend_secs: (0.001, 0.0011),
            ..settings
        };
        assert!(cpps(&pulses(0.5), &cepstrogram, &narrow).is_none());
        let low = CppsSettings {
            peak_hz: (5.0, 330.0),
            ..settings
        };
        assert!(cpps(&pulses(0.5), &cepstrogram, &low).is_none());
    }

    #[test]
    fn one_frame_and_no_smoothing_have_a_prominence_too() {
        let (cepstrogram, settings) = Default::default();
        let one = cpps(&pulses(0.1), &cepstrogram, &settings);
        assert!(one.is_some_and(|c| c.prominence_db.len() == 1 && c.mean_db() > 10.0));
        let rough = CppsSettings {
            time_window_secs: 0.0,
            quefrency_window_secs: 0.0,
            ..settings
        };
        let rough = cpps(&pulses(0.3), &cepstrogram, &rough);
        assert!(rough.is_some_and(|c| c.mean_db() > 10.0));
    }
}
