//! The spectrum of a whole sound and its moments.

use super::Sound;
use super::transform::Transform;

/// Energy density of a whole sound.
#[derive(Clone, Debug, PartialEq)]
pub struct EnergySpectrum {
    /// One-sided energy density of each bin, `[bin]`, from 0 Hz to half the rate.
    pub density: Vec<f64>,
    /// From one bin to the next.
    pub bin_hz: f64,
    /// Length of the sound.
    pub duration_secs: f64,
}

/// Moments of a spectrum whose weights are its power.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// Centre of gravity.
    pub centre_hz: f64,
    /// Standard deviation about it.
    pub sd_hz: f64,
    /// Third central moment over the 1.5th power of the second.
    pub skewness: f64,
    /// Fourth central moment over the square of the second, less 3.
    pub kurtosis: f64,
}

impl EnergySpectrum {
    /// One transform of the whole sound, without any window; its length is the next power of two.
    pub fn of(sound: &Sound) -> Self {
        let mut transform = Transform::holding(sound.len());
        transform.load(sound.samples());
        let step = sound.step_secs();
        let density = transform.spectrum.iter();
        Self {
            density: density.map(|x| 2.0 * step * step * x.norm_sqr()).collect(),
            bin_hz: 1.0 / (step * transform.signal.len() as f64),
            duration_secs: sound.duration_secs(),
        }
    }

    /// Half of the sound's rate.
    pub fn nyquist_hz(&self) -> f64 {
        self.density.len().saturating_sub(1) as f64 * self.bin_hz
    }

    /// The mean density between two frequencies, bins being boxes one step wide; zero where there
    /// is no such bin.
    pub fn mean_density(&self, from_hz: f64, to_hz: f64) -> f64 {
        let (from, to) = (from_hz.max(0.0), to_hz.min(self.nyquist_hz()));
        let place = |hz: f64| (hz / self.bin_hz + 0.5).max(0.0) as usize;
        let Some(bins) = self.density.get(place(from)..) else {
            return 0.0;
        };
        let (mut energy, mut width) = (0.0, 0.0);
        for (k, density) in bins.iter().enumerate() {
            let centre = (place(from) + k) as f64 * self.bin_hz;
            let left = (centre - 0.5 * self.bin_hz).max(from);
            let right = (centre + 0.5 * self.bin_hz).min(to);
            if left >= to {
                break;
            }
            energy += density * (right - left).max(0.0);
            width += (right - left).max(0.0);
        }
        if width > 0.0 { energy / width } else { 0.0 }
    }

    /// Moments of the spectrum; None for digital silence.
    pub fn moments(&self) -> Option<Moments> {
        let bins = || {
            let powers = self.density.iter().enumerate();
            powers.map(|(k, &power)| (k as f64 * self.bin_hz, power))
        };
        let total: f64 = self.density.iter().sum();
        if total.is_nan() || total <= 0.0 {
            return None;
        }
        let centre_hz = bins().map(|(f, p)| f * p).sum::<f64>() / total;
        let mut central = [0.0; 3];
        for (f, p) in bins() {
            let d = f - centre_hz;
            central[0] += d * d * p;
            central[1] += d * d * d * p;
            central[2] += d * d * d * d * p;
        }
        let [second, third, fourth] = central.map(|sum| sum / total);
        Some(Moments {
            centre_hz,
            sd_hz: second.sqrt(),
            skewness: third / (second * second.sqrt()),
            kurtosis: fourth / (second * second) - 3.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_two_equal_tones_by_hand() {
        let spectrum = EnergySpectrum {
            density: vec![0.0, 1.0, 0.0, 1.0, 0.0],
            bin_hz: 100.0,
            duration_secs: 1.0,
        };
        let expected = Moments {
            centre_hz: 200.0,
            sd_hz: 100.0,
            skewness: 0.0,
            kurtosis: -2.0,
        };
        assert_eq!(spectrum.moments(), Some(expected));
        // Half of bin 1's box, and all of bin 2's.
        assert_eq!(spectrum.mean_density(100.0, 250.0), 1.0 / 3.0);
        assert_eq!(spectrum.mean_density(900.0, 1000.0), 0.0);
    }

    #[test]
    fn energy_is_kept() {
        let samples: Vec<f64> = (0..1000).map(|i| (f64::from(i) * 0.2).sin()).collect();
        let energy: f64 = samples.iter().map(|x| x * x / 8_000.0).sum();
        let spectrum = EnergySpectrum::of(&Sound::new(samples, 8_000.0));
        let total: f64 = spectrum.density.iter().sum::<f64>() * spectrum.bin_hz;
        assert!((total / energy - 1.0).abs() < 1e-3);
    }

    #[test]
    fn silence_has_no_moments() {
        let silence = Sound::new(vec![0.0; 64], 8_000.0);
        assert_eq!(EnergySpectrum::of(&silence).moments(), None);
        let nothing = Sound::new(vec![], 8_000.0);
        assert_eq!(EnergySpectrum::of(&nothing).moments(), None);
    }
}
