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
