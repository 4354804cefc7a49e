//! Changing duration, pitch and level of recorded speech over time: time-domain pitch-synchronous
//! overlap-add.
//!
//! Where the voice sounds, grains of two periods are cut around glottal pulses and laid down again
//! at the periods asked for, some repeated or left out (E. Moulines & F. Charpentier 1990,
//! "Pitch-synchronous waveform processing techniques for text-to-speech synthesis using diphones",
//! Speech Communication 9). Elsewhere grains of fixed length are taken from where time stands.
//! What is not edited comes out sample by sample as it went in, moved by whole samples.
//!
//! An edited stretch of voice seldom holds a whole number of new periods. Voice that begins within the
//! stretch then begins up to half a period earlier or later. Otherwise what is missing is first
//! spread over the new periods, up to [`PHASE_TOLERANCE_ST`], and the rest over the unedited periods
//! behind them, [`PHASE_PULL`] of a period each, so that no period is odd.

mod curve;
mod grains;
mod marks;
mod time_map;

#[cfg(test)]
mod tests;

use phonoscope_analysis::acoustics::interpolation::sinc;
use phonoscope_analysis::acoustics::pitch::{self, Pitch};
use phonoscope_analysis::acoustics::{Sound, pulses};
use phonoscope_analysis::{Error, Result};

pub use curve::Curve;
pub use time_map::TimeMap;

use grains::Grain;

/// By how much the pitch of an edited stretch may be off so that its last period is whole.
pub const PHASE_TOLERANCE_ST: f64 = 0.5;
/// Share of a period by which unedited periods behind an edited stretch may be longer or shorter.
pub const PHASE_PULL: f64 = 0.03;

/// Samples on each side from which a grain that moves by part of a sample is interpolated.
const DEPTH: usize = 24;
/// From one frame of the pitch track to the next, seconds.
const PITCH_STEP_SECS: f64 = 0.005;
/// Reach of the second pitch track above the upper quartile of the first.
const CEILING_FACTOR: f64 = 2.0;

/// Allowed durations, times the original.
const DURATION: (f64, f64) = (0.25, 4.0);
/// Allowed changes of pitch in semitones, up or down.
const PITCH_ST: f64 = 24.0;
/// Allowed changes of level in dB, up or down.
const GAIN_DB: f64 = 40.0;

/// What is changed when; times are those of the original.
#[derive(Debug, Clone, PartialEq)]
pub struct Edits {
    /// Duration, times the original: 0.25 to 4.
    pub duration_ratio: Curve,
    /// Change of pitch, semitones: -24 to 24. Only the voiced parts have one.
    pub pitch_st: Curve,
    /// Change of level, dB: -40 to 40.
    pub gain_db: Curve,
}

impl Edits {
    /// Edits that change nothing.
    pub fn none() -> Self {
        Self {
            duration_ratio: Curve::constant(1.0),
            pitch_st: Curve::constant(0.0),
            gain_db: Curve::constant(0.0),
        }
    }

    fn check(&self) -> Result<()> {
        let within = |what: &str, curve: &Curve, (low, high): (f64, f64)| {
            let outside = |value: &f64| !(low..=high).contains(value);
            match curve.values().find(outside) {
                None => Ok(()),
                Some(value) => Err(Error::Setting {
                    what: what.to_owned(),
                    needed: format!("{low} to {high}"),
                    found: value.to_string(),
                }),
            }
        };
        within("duration ratio", &self.duration_ratio, DURATION)?;
        within(
            "change of pitch in semitones",
            &self.pitch_st,
            (-PITCH_ST, PITCH_ST),
        )?;
        within("change of level in dB", &self.gain_db, (-GAIN_DB, GAIN_DB))
    }
}

/// A recording whose pulses are known, ready to be edited.
#[derive(Debug, Clone)]
pub struct Editor {
    sound: Sound,
    pitch: Option<Pitch>,
    /// Stretches of voice: at least three pulses each, in samples, ascending.
    voiced: Vec<Vec<f64>>,
}

impl Editor {
    /// Finds pitch and pulses of a sound: raw autocorrelation every 5 ms, first between 75 and
    /// 600 Hz, then between 0.75 times the lower and twice the upper quartile of that. A sound
    /// without any pitch can be edited too: all of it is then unvoiced.
    pub fn new(sound: Sound) -> Self {
        let settings = pitch::Settings {
            step_secs: Some(PITCH_STEP_SECS),
            ..pitch::Settings::ac()
        };
        let pitch = pitch::track_twice(&sound, &settings, CEILING_FACTOR).ok();
        let voiced = pitch.as_ref().map_or_else(Vec::new, |pitch| {
            let pulses = pulses::find(&sound, pitch);
            marks::stretches(&pulses, pitch, sound.sample_rate_hz())
        });
        Self {
            sound,
            pitch,
            voiced,
        }
    }

    /// The sound as it came.
    pub fn sound(&self) -> &Sound {
        &self.sound
    }

    /// Its pitch; none where no frame is voiced.
    pub fn pitch(&self) -> Option<&Pitch> {
        self.pitch.as_ref()
    }

    /// Share of the time between two times in which pulses were found, 0 to 1.
    pub fn voiced_share(&self, from_secs: f64, to_secs: f64) -> f64 {
        let rate = self.sound.sample_rate_hz();
        let overlap = |stretch: &Vec<f64>| {
            let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else {
                return 0.0;
            };
            ((last / rate).min(to_secs) - (first / rate).max(from_secs)).max(0.0)
        };
        let secs: f64 = self.voiced.iter().map(overlap).sum();
        (secs / (to_secs - from_secs)).clamp(0.0, 1.0)
    }

    /// The sound after these edits.
    ///
    /// # Errors
    /// [`Error::Setting`] for edits out of range; [`Error::Undefined`] where there is no sample
    /// or nothing would be left.
    pub fn edit(&self, edits: &Edits) -> Result<Edited> {
        edits.check()?;
        let rate = self.sound.sample_rate_hz();
        let map = TimeMap::new(&edits.duration_ratio, self.sound.len(), rate);
        if map.samples() == 0 {
            return Err(Error::Undefined {
                what: "edited sound".to_owned(),
                why: format!("{} samples leave none", self.sound.len()),
            });
        }
        let grains = grains::lay(&self.voiced, &map, &edits.pitch_st, rate);
        let mut samples = overlap_add(&self.sound, &grains, map.samples());
        if edits.gain_db.values().any(|db| db != 0.0) {
            for (index, sample) in samples.iter_mut().enumerate() {
                let secs = map.inverse(index as f64 + 0.5) / rate;
                *sample *= 10f64.powf(edits.gain_db.at(secs) / 20.0);
            }
        }
        Ok(Edited {
            sound: Sound::new(samples, rate),
            map,
        })
    }
}

/// An edited sound, and where its time went.
#[derive(Debug, Clone)]
pub struct Edited {
    /// The sound.
    pub sound: Sound,
    /// From samples of the original to samples of this.
    pub map: TimeMap,
}

impl Edited {
    /// When a time of the original is in the edited sound.
    pub fn time_of(&self, secs: f64) -> f64 {
        let rate = self.sound.sample_rate_hz();
        self.map.forward(secs * rate) / rate
    }
}

/// Grains under windows that rise and fall as raised cosines, added up.
fn overlap_add(sound: &Sound, grains: &[Grain], count: usize) -> Vec<f64> {
    let mut out = vec![0.0; count];
    for (index, grain) in grains.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|i| grains.get(i));
        let after = grains.get(index + 1);
        let left = before.map_or(0.0, |b| (grain.at - b.at).min(grain.reach.0));
        let right = after.map_or(0.0, |a| (a.at - grain.at).min(grain.reach.1));
        // Sample i stands for the time i + 0.5.
        let first = (grain.at - left - 0.5).ceil().max(0.0) as usize;
        let end = ((grain.at + right - 0.5).floor() + 1.0).clamp(0.0, count as f64) as usize;
        let shift = grain.from - grain.at;
        for (place, sample) in out.iter_mut().enumerate().take(end).skip(first) {
            let offset = place as f64 + 0.5 - grain.at;
            let half = if offset < 0.0 { left } else { right };
            let weight = if half > 0.0 {
                0.5 + 0.5 * (std::f64::consts::PI * offset / half).cos()
            } else {
                1.0
            };
            *sample += weight * value(sound, place as f64 + shift);
        }
    }
    out
}

/// The sound at a place between samples; zero outside.
fn value(sound: &Sound, place: f64) -> f64 {
    let whole = place.round();
    if (place - whole).abs() < 1e-6 {
        sound.sample_or_zero(whole as isize)
    } else if place < 0.0 || place > sound.len() as f64 - 1.0 {
        0.0
    } else {
        sinc(sound.samples(), place, DEPTH)
    }
}
