//! The long-term average spectrum and its tilt.

use super::Sound;
use super::intensity::REFERENCE_POWER;
use super::spectrum::EnergySpectrum;

/// Levels of bands of equal width over a whole sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Ltas {
    /// Level of each band, dB per Hz relative to 2e-5, `[band]`; the first band begins at 0 Hz.
    /// Digital silence is -300.
    pub level_db: Vec<f64>,
    /// Width of a band.
    pub band_hz: f64,
}

/// The level of a band without energy.
const SILENCE_DB: f64 = -300.0;

/// A line through levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// dB for a step of one on the axis (Hz, or decades).
    pub slope: f64,
    /// Level where the axis is zero.
    pub offset_db: f64,
}

/// The axis over which a trend is a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrequencyAxis {
    /// Hz.
    Linear,
    /// The decimal logarithm of Hz.
    Logarithmic,
}

impl Ltas {
    /// Bands `band_hz` wide of the spectrum of a whole sound.
    pub fn of(spectrum: &EnergySpectrum, band_hz: f64) -> Self {
        let bands = (spectrum.nyquist_hz() / band_hz).ceil() as usize;
        let level = |band: usize| {
            let from = band as f64 * band_hz;
            let density = spectrum.mean_density(from, from + band_hz);
            level_db(density / spectrum.duration_secs)
        };
        Self {
            level_db: (0..bands).map(level).collect(),
            band_hz,
        }
    }

    /// Centre of a band.
    pub fn centre_hz(&self, band: usize) -> f64 {
        (band as f64 + 0.5) * self.band_hz
    }

    /// The mean power of the bands between two frequencies, a band that is cut counted in part;
    /// None where there is no band.
    fn mean_power(&self, from_hz: f64, to_hz: f64) -> Option<f64> {
        let (mut power, mut width) = (0.0, 0.0);
        for (band, level) in self.level_db.iter().enumerate() {
            let left = (band as f64 * self.band_hz).max(from_hz);
            let right = ((band + 1) as f64 * self.band_hz).min(to_hz);
            if right > left {
                power += (right - left) * 10f64.powf(level / 10.0);
                width += right - left;
            }
        }
        (width > 0.0).then_some(power / width)
    }

    /// The level of the energy in the `high` band less that in the `low` one, in dB: negative for
    /// speech. None where either has no energy.
    pub fn slope_db(&self, low_hz: (f64, f64), high_hz: (f64, f64)) -> Option<f64> {
        let low = self.mean_power(low_hz.0, low_hz.1)?;
        let high = self.mean_power(high_hz.0, high_hz.1)?;
        let is_sound = |power: f64| 10.0 * power.log10() > SILENCE_DB + 1.0;
        (is_sound(low) && is_sound(high)).then(|| 10.0 * (high / low).log10())
    }

    /// The line of least squares through the bands whose centres lie between two frequencies; None
    /// for fewer than two bands or without energy.
    pub fn trend(&self, from_hz: f64, to_hz: f64, axis: FrequencyAxis) -> Option<Trend> {
        let place = |hz: f64| match axis {
            FrequencyAxis::Linear => hz,
            FrequencyAxis::Logarithmic => hz.log10(),
        };
        let bands = self.level_db.iter().enumerate();
        let points: Vec<(f64, f64)> = bands
            .map(|(band, &level)| (self.centre_hz(band), level))
            .filter(|(hz, _)| (from_hz..=to_hz).contains(hz))
            .map(|(hz, level)| (place(hz), level))
            .collect();
        if points.len() < 2 || points.iter().all(|(_, level)| *level <= SILENCE_DB + 1.0) {
            return None;
        }
        let n = points.len() as f64;
        let mean_x = points.iter().map(|p| p.0).sum::<f64>() / n;
        let mean_y = points.iter().map(|p| p.1).sum::<f64>() / n;
        let centred = || points.iter().map(|p| (p.0 - mean_x, p.1 - mean_y));
        let slope =
            centred().map(|(x, y)| x * y).sum::<f64>() / centred().map(|(x, _)| x * x).sum::<f64>();
        Some(Trend {
            slope,
            offset_db: mean_y - slope * mean_x,
        })
    }

    /// The highest level between 0 and 2 kHz less that between 2 and 5 kHz (Hammarberg et al.
    /// 1980); None without energy.
    pub fn hammarberg_db(&self) -> Option<f64> {
        let peak = |from_hz: f64, to_hz: f64| {
            let bands = self.level_db.iter().enumerate();
            bands
                .filter(|(band, _)| (from_hz..to_hz).contains(&self.centre_hz(*band)))
                .map(|(_, level)| *level)
                .filter(|level| *level > SILENCE_DB + 1.0)
                .reduce(f64::max)
        };
        Some(peak(0.0, 2_000.0)? - peak(2_000.0, 5_000.0)?)
    }
}

/// Level of the energy from 1 to 5 kHz less that from 50 Hz to 1 kHz, in dB (alpha ratio, Frøkjær-
/// Jensen & Prytz 1976): negative for speech. None where either has none.
pub fn alpha_ratio_db(spectrum: &EnergySpectrum) -> Option<f64> {
    let energy = |from: f64, to: f64| {
        let to = to.min(spectrum.nyquist_hz());
        spectrum.mean_density(from, to) * (to - from).max(0.0)
    };
    let (low, high) = (energy(50.0, 1_000.0), energy(1_000.0, 5_000.0));
    (low > 0.0 && high > 0.0).then(|| 10.0 * (high / low).log10())
}

/// Drop below the strongest band at which the bandwidth ends, dB.
const BANDWIDTH_DROP_DB: f64 = 60.0;
/// Width of the bands that bandwidth is read from.
const BANDWIDTH_BAND_HZ: f64 = 100.0;

/// The effective bandwidth: the highest frequency at which the level of bands of 100 Hz is within
/// 60 dB of the strongest band's, straight between the centres of bands; half of the rate where the
/// last band still is. Of a spectrum of windowed frames ([`hann_spectrum`]), since leakage of an
/// unwindowed one fills the stop band. Speech itself falls by less than that up to 8 kHz, as long as
/// something is left of it above the noise of the format. None without energy.
pub fn bandwidth_hz(spectrum: &EnergySpectrum) -> Option<f64> {
    let ltas = Ltas::of(spectrum, BANDWIDTH_BAND_HZ);
    let highest = ltas.level_db.iter().copied().reduce(f64::max)?;
    if highest <= SILENCE_DB {
        return None;
    }
    let floor = highest - BANDWIDTH_DROP_DB;
    let last = ltas.level_db.iter().rposition(|level| *level >= floor)?;
    let Some(beyond) = ltas.level_db.get(last + 1) else {
        return Some(spectrum.nyquist_hz());
    };
    let step = (ltas.level_db[last] - floor) / (ltas.level_db[last] - beyond);
    Some((ltas.centre_hz(last) + step * ltas.band_hz).min(spectrum.nyquist_hz()))
}

/// The mean spectrum of Hann frames of 2048 samples that overlap by half, as an energy spectrum.
///
/// A whole-file transform without a window leaks, so that it cannot show slopes beyond -6 dB an
/// octave; this one can, over narrow bands (the mean energy of a wide band lies above its centre's). None if the sound is shorter than a frame.
pub fn hann_spectrum(sound: &Sound) -> Option<EnergySpectrum> {
    use super::transform::Transform;

    const FRAME: usize = 2048;
    let turn = std::f64::consts::TAU / FRAME as f64;
    let window: Vec<f64> = (0..FRAME)
        .map(|i| 0.5 - 0.5 * ((i as f64 + 0.5) * turn).cos())
        .collect();
    let mut transform = Transform::new(FRAME);
    let mut power = vec![0.0; FRAME / 2 + 1];
    let mut frames = 0;
    for frame in sound.samples().windows(FRAME).step_by(FRAME / 2) {
        for ((to, from), weight) in transform.signal.iter_mut().zip(frame).zip(&window) {
            *to = from * weight;
        }
        transform.forward();
        for (sum, bin) in power.iter_mut().zip(&transform.spectrum) {
            *sum += bin.norm_sqr();
        }
        frames += 1;
    }
    let step = sound.step_secs();
    let gain = window.iter().map(|w| w * w).sum::<f64>() / FRAME as f64;
    let scale = 2.0 * step * step / (gain * f64::from(frames));
    (frames > 0).then(|| EnergySpectrum {
        density: power.iter().map(|p| p * scale).collect(),
        bin_hz: 1.0 / (step * FRAME as f64),
        duration_secs: FRAME as f64 * step,
    })
}

/// The level of a power density.
fn level_db(density: f64) -> f64 {
    if density < 1e-300 {
        SILENCE_DB
    } else {
        (10.0 * (density / REFERENCE_POWER).log10()).max(SILENCE_DB)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ltas(level_db: Vec<f64>) -> Ltas {
        Ltas {
            level_db,
            band_hz: 1_000.0,
        }
    }

    #[test]
    fn slopes_and_trends_of_bands_by_hand() {
        let falling = ltas(vec![60.0, 50.0, 40.0, 30.0, 20.0]);
        let slope = falling.slope_db((0.0, 1_000.0), (1_000.0, 4_000.0));
        let mean: f64 = [50.0, 40.0, 30.0]
            .iter()
            .map(|db: &f64| 10f64.powf(db / 10.0))
            .sum();
        let expected = 10.0 * (mean / 3.0).log10() - 60.0;
        assert!(slope.is_some_and(|db| (db - expected).abs() < 1e-12));
        let trend = falling.trend(0.0, 5_000.0, FrequencyAxis::Linear);
        assert!(trend.is_some_and(|t| (t.slope + 0.01).abs() < 1e-15));
        assert!(trend.is_some_and(|t| (t.offset_db - 65.0).abs() < 1e-10));
        assert_eq!(falling.hammarberg_db(), Some(20.0));
    }

    /// Windowed-sinc low-pass, stop band below -70 dB from 150 Hz above the cut-off on.
    fn low_passed(sound: &Sound, cutoff_hz: f64) -> Sound {
        use std::f64::consts::{PI, TAU};
        let (half, c) = (300i32, cutoff_hz / sound.sample_rate_hz());
        let tap = |n: i32| {
            let x = f64::from(n) / f64::from(half + 1);
            let blackman = 0.42 + 0.5 * (PI * x).cos() + 0.08 * (TAU * x).cos();
            let sinc = match n {
                0 => 2.0 * c,
                n => (TAU * c * f64::from(n)).sin() / (PI * f64::from(n)),
            };
            blackman * sinc
        };
        let taps: Vec<f64> = (-half..=half).map(tap).collect();
        let out = sound.samples().windows(taps.len());
        let out = out.map(|part| part.iter().zip(&taps).map(|(x, t)| x * t).sum());
        Sound::new(out.collect(), sound.sample_rate_hz())
    }

    #[test]
    fn planted_cut_offs_are_the_bandwidth() {
        use crate::acoustics::synthetic;
        let of = |sound: &Sound| hann_spectrum(sound).and_then(|s| bandwidth_hz(&s));
        for rate_hz in [16_000.0, 44_100.0] {
            let noise = synthetic::noise(rate_hz, 2.0, 0.5);
            assert_eq!(of(&noise), Some(rate_hz / 2.0));
            for cutoff_hz in [1_000.0, 3_400.0, 5_500.0, 7_000.0] {
                let found = of(&low_passed(&noise, cutoff_hz)).unwrap();
                // The transition of the filter is 1.2 % of the rate wide on either side.
                let slack_hz = 100.0 + 0.012 * rate_hz;
                assert!((found - cutoff_hz).abs() < slack_hz, "{cutoff_hz}: {found}");
            }
        }
        // Louder or softer is as wide; a tone is as wide as its band and the next.
        let soft = synthetic::noise(16_000.0, 2.0, 1e-3);
        assert_eq!(of(&soft), Some(8_000.0));
        let tone = synthetic::from_function(16_000.0, 1.0, |t| (6_283.185 * t).sin());
        let width_hz = of(&tone).unwrap();
        assert!((1_000.0..1_300.0).contains(&width_hz), "{width_hz}");
        assert_eq!(of(&Sound::new(vec![0.0; 4_096], 16_000.0)), None);
    }

    #[test]
    fn bandwidth_ends_between_bands_by_hand() {
        // Bands of 100 Hz at 60, 20 and -20 dB: 0 dB lies half way from the second to the third.
        let density = |db: f64| REFERENCE_POWER * 10f64.powf(db / 10.0);
        let spectrum = EnergySpectrum {
            density: [60.0, 60.0, 20.0, 20.0, -20.0, -20.0, -20.0]
                .map(density)
                .to_vec(),
            bin_hz: 50.0,
            duration_secs: 1.0,
        };
        let ltas = Ltas::of(&spectrum, 100.0);
        let found = bandwidth_hz(&spectrum).unwrap();
        let expected = 150.0
            + 100.0 * (ltas.level_db[1] - (ltas.level_db[0] - 60.0))
                / (ltas.level_db[1] - ltas.level_db[2]);
        assert!((found - expected).abs() < 1e-9 && (150.0..250.0).contains(&found));
    }

    #[test]
    fn silence_has_no_tilt() {
        let silence = Sound::new(vec![0.0; 8_192], 16_000.0);
        let spectrum = EnergySpectrum::of(&silence);
        let silent = Ltas::of(&spectrum, 100.0);
        assert_eq!(silent.level_db, vec![SILENCE_DB; 80]);
        assert_eq!(silent.slope_db((0.0, 1e3), (1e3, 4e3)), None);
        assert_eq!(silent.trend(100.0, 5e3, FrequencyAxis::Logarithmic), None);
        assert_eq!(silent.hammarberg_db(), None);
        assert_eq!(alpha_ratio_db(&spectrum), None);
        assert_eq!(hann_spectrum(&Sound::new(vec![0.1; 2_047], 16_000.0)), None);
    }
}
