//! Who speaks: the planted parameters of every voice.

use serde::{Deserialize, Serialize};

use crate::synth::SynthError;
use crate::synth::draw::Draw;

/// How many voices say how much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VoicesSettings {
    /// Number of speakers, 1 to 10,000.
    pub speakers: usize,
    /// Utterances of each speaker, 1 to 1,000.
    pub utterances_per_speaker: usize,
    /// Approximate length of an utterance in seconds, 0.5 to 30: whole syllables are spoken.
    pub duration_secs: f64,
    /// Seed of everything drawn.
    pub seed: u64,
}

impl Default for VoicesSettings {
    fn default() -> Self {
        Self {
            speakers: 60,
            utterances_per_speaker: 4,
            duration_secs: 4.0,
            seed: 1,
        }
    }
}

impl VoicesSettings {
    /// Whether every value is in range.
    ///
    /// # Errors
    /// [`SynthError::Setting`] for the first value out of range.
    pub fn check(&self) -> Result<(), SynthError> {
        within("voices: speakers", self.speakers as f64, 1.0, 10_000.0)?;
        let utterances = self.utterances_per_speaker as f64;
        within("voices: utterances per speaker", utterances, 1.0, 1000.0)?;
        within("voices: duration in seconds", self.duration_secs, 0.5, 30.0)
    }
}

/// Group that decides the ranges of F0 and vocal-tract length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sex {
    /// F0 165 to 255 Hz, vocal tract 13.0 to 16.5 cm.
    #[serde(rename = "f")]
    Female,
    /// F0 85 to 155 Hz, vocal tract 15.0 to 20.0 cm.
    #[serde(rename = "m")]
    Male,
}

impl Sex {
    /// As in manifests: `f` or `m`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Female => "f",
            Self::Male => "m",
        }
    }
}

/// One voice: the planted truth, and what is needed to speak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoicePlan {
    /// Name, `v0000` onwards.
    pub speaker: String,
    /// Group the F0 and vocal-tract length were drawn for.
    pub sex: Sex,
    /// Geometric mean of F0 over the voiced part of every utterance, in Hz (40 to 500).
    pub f0_hz: f64,
    /// Highest minus lowest F0 of the intonation of every utterance, in semitones (0 to 24).
    pub f0_range_st: f64,
    /// Length of the vocal tract in cm (8 to 25): formants scale with its inverse.
    pub vtl_cm: f64,
    /// Mean absolute difference of neighbouring periods over the mean period, in percent (0 to 10).
    pub jitter_percent: f64,
    /// Level of the aspiration noise against the voiced source, before the vocal tract, in dB
    /// (−80 to 10).
    pub breathiness_db: f64,
    /// Slope of the voiced source (derivative of glottal flow) above 200 Hz, in dB per octave
    /// (−24 to 0).
    pub tilt_db_per_octave: f64,
    /// Mean absolute difference of the strengths of neighbouring pulses over the mean, in percent (0 to 40).
    #[serde(default)]
    pub shimmer_percent: f64,
    /// Level of the recording in dB below full scale (−60 to −20), give or take 2 dB an utterance.
    #[serde(default = "usual_level")]
    pub level_dbfs: f64,
    /// Syllables per second between pauses (1 to 10).
    pub rate_syllables_per_sec: f64,
    /// Whether only vowels and sonorants are said: no stop and no fricative, whose noise is not the voice's.
    #[serde(default)]
    pub sonorants_only: bool,
    /// Approximate length of an utterance in seconds (0.5 to 30).
    pub duration_secs: f64,
    /// Seed of what is said and of the noise.
    pub seed: u64,
}

/// Level of recordings where none is planted.
pub(super) const USUAL_LEVEL_DBFS: f64 = -24.0;

fn usual_level() -> f64 {
    USUAL_LEVEL_DBFS
}

impl VoicePlan {
    /// Whether every parameter is in range.
    ///
    /// # Errors
    /// [`SynthError::Setting`] for the first parameter outside the range given at its field.
    pub fn check(&self) -> Result<(), SynthError> {
        within("voice: F0 in Hz", self.f0_hz, 40.0, 500.0)?;
        within("voice: F0 range in semitones", self.f0_range_st, 0.0, 24.0)?;
        within("voice: vocal-tract length in cm", self.vtl_cm, 8.0, 25.0)?;
        within("voice: jitter in percent", self.jitter_percent, 0.0, 10.0)?;
        within("voice: breathiness in dB", self.breathiness_db, -80.0, 10.0)?;
        let tilt = self.tilt_db_per_octave;
        within("voice: tilt in dB per octave", tilt, -24.0, 0.0)?;
        within("voice: shimmer in percent", self.shimmer_percent, 0.0, 40.0)?;
        within("voice: level in dBFS", self.level_dbfs, -60.0, -20.0)?;
        let rate = self.rate_syllables_per_sec;
        within("voice: rate in syllables per second", rate, 1.0, 10.0)?;
        within("voice: duration in seconds", self.duration_secs, 0.5, 30.0)
    }
}

/// Draws the voices.
///
/// Sexes alternate, starting with `f`, so that both are equally frequent. Within a sex, F0
/// (log-uniform) and vocal-tract length (uniform) are independent, in the ranges given at [`Sex`]:
/// adult ones, with the tract stretched to 13–20 cm where adults span about 13–18 cm, so that
/// its effect can be told from that of F0. Over all voices the two are therefore correlated as in
/// adults. Every other parameter is uniform and independent of everything else: F0 range 2–12 st,
/// jitter 0.2–2.5 %, breathiness −40 to −10 dB, tilt −12 to −4 dB/octave, rate 3.0–6.5
/// syllables/s. Values are rounded to the digits the manifest shows. Voice `i` does not depend on
/// the number of voices.
///
/// # Errors
/// [`SynthError::Setting`] when a setting is out of range.
pub fn plan(settings: &VoicesSettings) -> Result<Vec<VoicePlan>, SynthError> {
    settings.check()?;
    let voice = |index: usize| {
        let mut draw = Draw::new(settings.seed, "voices plan", index as u64);
        let (sex, [f0_low, f0_high], [vtl_low, vtl_high]) = if index.is_multiple_of(2) {
            (Sex::Female, [165.0f64, 255.0], [13.0, 16.5])
        } else {
            (Sex::Male, [85.0, 155.0], [15.0, 20.0])
        };
        let f0_hz = draw.uniform(f0_low.ln(), f0_high.ln()).exp();
        let mut uniform = |low: f64, high: f64| round(draw.uniform(low, high));
        VoicePlan {
            speaker: format!("v{index:04}"),
            sex,
            f0_hz: round(f0_hz),
            vtl_cm: uniform(vtl_low, vtl_high),
            f0_range_st: uniform(2.0, 12.0),
            jitter_percent: uniform(0.2, 2.5),
            breathiness_db: uniform(-40.0, -10.0),
            tilt_db_per_octave: uniform(-12.0, -4.0),
            shimmer_percent: 0.0,
            level_dbfs: USUAL_LEVEL_DBFS,
            rate_syllables_per_sec: uniform(3.0, 6.5),
            sonorants_only: false,
            duration_secs: settings.duration_secs,
            seed: settings.seed,
        }
    };
    Ok((0..settings.speakers).map(voice).collect())
}

/// Draws voices whose nine parameters are all independent of each other and of the sex, which says
/// nothing: F0 90–220 Hz (log-uniform), vocal tract 13.5–18.5 cm, F0 range 2–10 st, jitter 0.3–2 %,
/// breathiness −32 to −10 dB, tilt −14 to −5 dB/octave, shimmer 0–15 %, level −44 to −26 dBFS, rate
/// 2.5–6 syllables/s (all uniform). They say vowels and sonorants only. For tests of what is recovered; no
/// people are like that.
///
/// # Errors
/// [`SynthError::Setting`] when a setting is out of range.
pub fn plan_independent(settings: &VoicesSettings) -> Result<Vec<VoicePlan>, SynthError> {
    settings.check()?;
    let voice = |index: usize| {
        let mut draw = Draw::new(settings.seed, "voices plan independent", index as u64);
        let f0_hz = draw.uniform(90f64.ln(), 220f64.ln()).exp();
        let mut uniform = |low: f64, high: f64| round(draw.uniform(low, high));
        VoicePlan {
            speaker: format!("v{index:04}"),
            sex: [Sex::Female, Sex::Male][index % 2],
            f0_hz: round(f0_hz),
            vtl_cm: uniform(13.5, 18.5),
            f0_range_st: uniform(2.0, 10.0),
            jitter_percent: uniform(0.3, 2.0),
            breathiness_db: uniform(-32.0, -10.0),
            tilt_db_per_octave: uniform(-14.0, -5.0),
            shimmer_percent: uniform(0.0, 15.0),
            level_dbfs: uniform(-44.0, -26.0),
            rate_syllables_per_sec: uniform(2.5, 6.0),
            sonorants_only: true,
            duration_secs: settings.duration_secs,
            seed: settings.seed,
        }
    };
    Ok((0..settings.speakers).map(voice).collect())
}

/// To the three decimals of the manifest.
fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn within(what: &'static str, value: f64, low: f64, high: f64) -> Result<(), SynthError> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(SynthError::Setting {
            what,
            needed: format!("from {low} to {high}"),
            found: value.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sexes_alternate_and_every_voice_is_valid() {
        let settings = VoicesSettings {
            speakers: 500,
            ..VoicesSettings::default()
        };
        let voices = plan(&settings).unwrap();
        assert_eq!(voices.len(), 500);
        for (i, voice) in voices.iter().enumerate() {
            voice.check().unwrap();
            let female = voice.sex == Sex::Female;
            assert_eq!(female, i % 2 == 0);
            assert_eq!(female, voice.f0_hz > 160.0, "{voice:?}");
            assert!((13.0..=20.0).contains(&voice.vtl_cm));
        }
        let shortest = voices.iter().map(|v| v.vtl_cm).fold(f64::MAX, f64::min);
        let longest = voices.iter().map(|v| v.vtl_cm).fold(f64::MIN, f64::max);
        assert!(shortest < 13.1 && longest > 19.9, "{shortest} {longest}");
    }

    #[test]
    fn planted_parameters_are_independent_within_a_sex() {
        let settings = VoicesSettings {
            speakers: 4000,
            ..VoicesSettings::default()
        };
        let voices = plan(&settings).unwrap();
        let men: Vec<[f64; 7]> = voices
            .iter()
            .filter(|v| v.sex == Sex::Male)
            .map(|v| {
                [
                    v.f0_hz.ln(),
                    v.vtl_cm,
                    v.f0_range_st,
                    v.jitter_percent,
                    v.breathiness_db,
                    v.tilt_db_per_octave,
                    v.rate_syllables_per_sec,
                ]
            })
            .collect();
        for i in 0..7 {
            for j in 0..i {
                let r = pearson(men.iter().map(|v| (v[i], v[j])));
                // Standard error 1/√2000 = 0.022; 21 pairs.
                assert!(r.abs() < 0.09, "{i} {j}: {r}");
            }
        }
    }

    fn pearson(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
        let n = pairs.clone().count() as f64;
        let mean_a = pairs.clone().map(|p| p.0).sum::<f64>() / n;
        let mean_b = pairs.clone().map(|p| p.1).sum::<f64>() / n;
        let sum = |f: fn(f64, f64) -> f64| -> f64 {
            pairs.clone().map(|(a, b)| f(a - mean_a, b - mean_b)).sum()
        };
        sum(|a, b| a * b) / (sum(|a, _| a * a) * sum(|_, b| b * b)).sqrt()
    }

    #[test]
    fn a_voice_does_not_depend_on_how_many_there_are() {
        let with = |speakers| {
            let settings = VoicesSettings {
                speakers,
                ..VoicesSettings::default()
            };
            plan(&settings).unwrap()
        };
        assert_eq!(with(1), with(20)[..1]);
    }

    #[test]
    fn absurd_settings_are_errors() {
        let good = VoicesSettings::default();
        let bad = [
            VoicesSettings {
                speakers: 0,
                ..good.clone()
            },
            VoicesSettings {
                speakers: 10_001,
                ..good.clone()
            },
            VoicesSettings {
                utterances_per_speaker: 0,
                ..good.clone()
            },
            VoicesSettings {
                duration_secs: f64::NAN,
                ..good.clone()
            },
            VoicesSettings {
                duration_secs: -1.0,
                ..good.clone()
            },
            VoicesSettings {
                duration_secs: 1e9,
                ..good
            },
        ];
        for settings in bad {
            assert!(
                matches!(plan(&settings), Err(SynthError::Setting { .. })),
                "{settings:?}"
            );
        }
    }
}
