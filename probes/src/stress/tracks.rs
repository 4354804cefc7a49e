//! Pitch, formants and level of the vowels of a word.

use phonoscope_analysis::acoustics::formants::{self, Formants};
use phonoscope_analysis::acoustics::{Pitch, Sound, pitch};

use crate::stress::{Span, Word};

/// Audio on both sides of a word that its tracks need.
const AROUND_SECS: f64 = 0.1;
/// Longest word that is measured.
const LONGEST_SECS: f64 = 1.0;
/// From one frame of the tracks to the next.
const STEP_SECS: f64 = 0.01;

/// Bands whose relevance is measured: F0 to F3.
pub(crate) const BANDS: [&str; 4] = ["F0", "F1", "F2", "F3"];

/// Contrasts of the first vowel against the second.
pub(crate) const CONTRASTS: [&str; 5] = ["duration", "level", "F0", "F1", "F2"];
/// Place of the level among them.
pub(crate) const LEVEL: usize = 1;

/// First and second vowel of a word, as far as they could be measured: logarithm of the duration in
/// seconds, level in dB, and logarithms of F0, F1 and F2 in Hz.
pub type VowelValues = [[Option<f64>; CONTRASTS.len()]; 2];

/// Tracks of a word; times count from its start.
#[derive(Debug)]
pub(crate) struct Tracks {
    samples: Vec<f32>,
    /// Samples before the word.
    before: usize,
    pitch: Option<Pitch>,
    formants: Option<Formants>,
}

impl Tracks {
    /// Measures a word: Burg formants up to 5000 Hz for men, 5500 Hz for women and 5250 Hz where the
    /// sex is not stated, pitch from raw autocorrelation, both every 10 ms.
    pub(crate) fn of(word: &Word) -> Result<Self, String> {
        let (samples, before) = word.stretch(AROUND_SECS, LONGEST_SECS)?;
        let sound = Sound::from_f32(&samples, 16_000.0);
        let ceiling_hz = match word.sex.as_deref().and_then(|sex| sex.chars().next()) {
            Some('m') => 5000.0,
            Some('f') => 5500.0,
            _ => 5250.0,
        };
        let formant_settings = formants::Settings {
            step_secs: Some(STEP_SECS),
            ..formants::Settings::with_ceiling(ceiling_hz)
        };
        let pitch_settings = pitch::Settings {
            step_secs: Some(STEP_SECS),
            ..pitch::Settings::ac()
        };
        Ok(Self {
            pitch: pitch::track(&sound, &pitch_settings).ok(),
            formants: formants::track(&sound, &formant_settings),
            samples,
            before,
        })
    }

    /// The frequency of a band, 0 for F0 to 3 for F3, at a time after the start of the word.
    pub(crate) fn band_hz(&self, band: usize, secs: f64) -> Option<f64> {
        let secs = secs + self.before as f64 / 16_000.0;
        match band.checked_sub(1) {
            None => self.pitch.as_ref()?.at(secs),
            Some(formant) => {
                let formants = self.formants.as_ref()?;
                let frame = formants.frames.nearest(secs)?;
                formants.frame(frame).get(formant).map(|f| f.frequency_hz)
            }
        }
    }

    /// Median of a band over a vowel.
    fn median_hz(&self, band: usize, vowel: [f64; 2]) -> Option<f64> {
        let steps = ((vowel[1] - vowel[0]) / STEP_SECS).round().max(1.0) as usize;
        let at =
            |step: usize| vowel[0] + (step as f64 + 0.5) * (vowel[1] - vowel[0]) / steps as f64;
        let mut found: Vec<f64> = (0..steps)
            .filter_map(|k| self.band_hz(band, at(k)))
            .collect();
        found.sort_by(f64::total_cmp);
        found.get(found.len() / 2).copied()
    }

    fn level_db(&self, vowel: [f64; 2]) -> Option<f64> {
        let at = |secs: f64| self.before + (secs.max(0.0) * 16_000.0).round() as usize;
        let end = at(vowel[1]).min(self.samples.len());
        let span = self
            .samples
            .get(at(vowel[0])..end)
            .filter(|s| !s.is_empty())?;
        let squares: f64 = span.iter().map(|x| f64::from(*x).powi(2)).sum();
        let power = squares / span.len() as f64;
        (power > 0.0).then(|| 10.0 * power.log10())
    }

    /// Both vowels: logarithm of duration, level in dB, F0, F1 and F2 as logarithms; nothing where a
    /// vowel has no such value.
    pub(crate) fn values(&self, vowels: [[f64; 2]; 2]) -> VowelValues {
        vowels.map(|vowel| {
            let median = |band: usize| self.median_hz(band, vowel).map(f64::ln);
            [
                Some((vowel[1] - vowel[0]).max(1e-3).ln()),
                self.level_db(vowel),
                median(0),
                median(1),
                median(2),
            ]
        })
    }
}

/// Start and end of both vowels, in seconds after the start of the word.
pub(crate) fn from_start(word: &Word, vowels: [Span; 2]) -> [[f64; 2]; 2] {
    vowels.map(|v| [v.start_secs - word.start_secs, v.end_secs - word.start_secs])
}
