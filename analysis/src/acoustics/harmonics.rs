//! Levels of single harmonics: H1-H2 and H1*-A3*, measures of the glottal source's tilt.

use std::f64::consts::{PI, TAU};

use super::formants::{Formant, Formants};
use super::{Pitch, Sound};

/// Periods in the Hann window of a frame: the other harmonics fall on its zeros.
const PERIODS: f64 = 4.0;

/// Differences of harmonics in the voiced frames of a sound, dB.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Harmonics {
    /// First harmonic less the second, one for each frame that has both.
    pub h1_h2_db: Vec<f64>,
    /// The same without the gain of the first two formants (Iseli & Alwan 2004).
    pub h1c_h2c_db: Vec<f64>,
    /// First harmonic without the gain of the first two formants, less the strongest harmonic near
    /// the third formant without that of the first three.
    pub h1c_a3c_db: Vec<f64>,
}

/// Measures harmonics at multiples of the pitch, in windows of four periods. Frames that lie
/// partly outside of the sound are left out.
pub fn measure(sound: &Sound, pitch: &Pitch, formants: Option<&Formants>) -> Harmonics {
    let mut found = Harmonics::default();
    let rate_hz = sound.sample_rate_hz();
    let mut frame = Vec::new();
    for index in 0..pitch.len() {
        let Some(f0_hz) = pitch.f0(index) else {
            continue;
        };
        let centre_secs = pitch.frames.centre_secs(index);
        if !cut(sound, centre_secs, PERIODS / f0_hz, &mut frame) || 2.0 * f0_hz >= rate_hz / 2.0 {
            continue;
        }
        let level = |number: f64| level_db(&frame, number * f0_hz / rate_hz);
        let (Some(h1), Some(h2)) = (level(1.0), level(2.0)) else {
            continue;
        };
        found.h1_h2_db.push(h1 - h2);
        let resonances = formants.and_then(|formants| {
            let nearest = formants.frames.nearest(centre_secs)?;
            Some(formants.frame(nearest))
        });
        let Some([f1, f2, others @ ..]) = resonances else {
            continue;
        };
        let gain = |hz: f64, of: &[Formant]| -> f64 {
            of.iter().map(|formant| gain_db(formant, hz, rate_hz)).sum()
        };
        let h1c = h1 - gain(f0_hz, &[*f1, *f2]);
        let h2c = h2 - gain(2.0 * f0_hz, &[*f1, *f2]);
        found.h1c_h2c_db.push(h1c - h2c);
        let Some(f3) = others.first() else { continue };
        let nearest = (f3.frequency_hz / f0_hz).round();
        let strongest = [nearest - 1.0, nearest, nearest + 1.0]
            .into_iter()
            .filter(|n| *n >= 1.0 && n * f0_hz < rate_hz / 2.0)
            .filter_map(|n| Some((level(n)?, n)))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((a3, number)) = strongest {
            let a3c = a3 - gain(number * f0_hz, &[*f1, *f2, *f3]);
            found.h1c_a3c_db.push(h1c - a3c);
        }
    }
    found
}

/// A Hann-weighted stretch about a time; false where it reaches over an end of the sound.
fn cut(sound: &Sound, centre_secs: f64, width_secs: f64, frame: &mut Vec<f64>) -> bool {
    let first = sound.high(centre_secs - 0.5 * width_secs);
    let last = sound.low(centre_secs + 0.5 * width_secs);
    let samples = usize::try_from(first)
        .ok()
        .zip(usize::try_from(last).ok())
        .and_then(|(first, last)| sound.samples().get(first..=last));
    let Some(samples) = samples.filter(|samples| samples.len() >= 8) else {
        return false;
    };
    let start = sound.time_of(first.unsigned_abs()) - centre_secs;
    frame.clear();
    frame.extend(samples.iter().enumerate().map(|(i, sample)| {
        let at = (start + i as f64 * sound.step_secs()) / width_secs;
        sample * (0.5 + 0.5 * (TAU * at).cos())
    }));
    true
}

/// The level of one frequency, in cycles a sample; None where there is none.
fn level_db(frame: &[f64], frequency: f64) -> Option<f64> {
    // Goertzel's recursion.
    let turn = 2.0 * (TAU * frequency).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for sample in frame {
        (one, two) = (sample + turn * one - two, one);
    }
    let power = one * one + two * two - turn * one * two;
    (power > 0.0).then(|| 10.0 * power.log10())
}

/// The gain of a resonance at a frequency, relative to that at zero.
fn gain_db(formant: &Formant, hz: f64, rate_hz: f64) -> f64 {
    let r = (-PI * formant.bandwidth_hz / rate_hz).exp();
    let (centre, at) = (TAU * formant.frequency_hz / rate_hz, TAU * hz / rate_hz);
    let distance = |angle: f64| 1.0 - 2.0 * r * angle.cos() + r * r;
    let at_zero = distance(centre);
    10.0 * (at_zero * at_zero / (distance(centre + at) * distance(centre - at))).log10()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acoustics::{formants, pitch};

    /// Harmonics of 150 Hz whose levels fall by `fall_db` from each to the next.
    fn voice(fall_db: f64) -> Sound {
        let level = |k: i32| 10f64.powf(-fall_db * f64::from(k - 1) / 20.0);
        let sample = |t: f64| -> f64 {
            let harmonics = 1..=20;
            harmonics
                .map(|k| 0.1 * level(k) * (TAU * 150.0 * f64::from(k) * t).cos())
                .sum()
        };
        Sound::new(
            (0..8_000).map(|i| sample(f64::from(i) / 16e3)).collect(),
            16e3,
        )
    }

    #[test]
    fn planted_differences_of_harmonics_are_found() {
        for fall_db in [1.0, 6.0] {
            let sound = voice(fall_db);
            let Ok(pitch) = pitch::track(&sound, &pitch::Settings::ac()) else {
                panic!("there is a pitch")
            };
            let found = measure(&sound, &pitch, None);
            assert!(found.h1_h2_db.len() > 20 && found.h1c_h2c_db.is_empty());
            for db in found.h1_h2_db {
                assert!((db - fall_db).abs() < 0.1, "{db} for {fall_db}");
            }
        }
    }

    #[test]
    fn a_resonance_is_taken_off() {
        let formant = Formant {
            frequency_hz: 500.0,
            bandwidth_hz: 80.0,
        };
        // By the formula: at the centre of a narrow resonance about f / b.
        let gain = gain_db(&formant, 500.0, 16e3);
        assert!((gain - 20.0 * (500.0 / 80.0_f64).log10()).abs() < 0.2);
        assert!(gain_db(&formant, 0.0, 16e3).abs() < 1e-12);
    }

    #[test]
    fn corrected_differences_need_formants() {
        let sound = voice(3.0);
        let Ok(pitch) = pitch::track(&sound, &pitch::Settings::ac()) else {
            panic!("there is a pitch")
        };
        let formants = formants::track(&sound, &formants::Settings::with_ceiling(5e3));
        let found = measure(&sound, &pitch, formants.as_ref());
        assert!(found.h1c_a3c_db.iter().all(|db| db.is_finite()));
        assert!(found.h1c_h2c_db.len() <= found.h1_h2_db.len());
    }
}
