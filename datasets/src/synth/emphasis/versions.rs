//! The nine versions of a word.

use phonoscope_analysis::acoustics::Sound;

use super::achieved::{Achieved, Measured, measure};
use super::{Condition, Range, Ranges};
use crate::psola::{Curve, Edited, Editor, Edits};
use crate::synth::draw::Draw;

/// Pitch and level go over to those of an edited stretch within this time, outside of it.
pub(super) const RAMP_SECS: f64 = 0.015;

/// What a version is asked to be, against the original.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// Duration of the edited stretch, times the original.
    pub duration_ratio: f64,
    /// Change of pitch, semitones.
    pub f0_shift_st: f64,
    /// Change of level, dB.
    pub level_shift_db: f64,
}

impl Asked {
    /// Draws a version; every condition takes the same number of draws.
    fn draw(condition: Condition, ranges: &Ranges, draw: &mut Draw) -> Self {
        let none = Range {
            low: 0.0,
            high: 0.0,
        };
        let kept = Range {
            low: 1.0,
            high: 1.0,
        };
        let (duration, f0, level) = match condition {
            Condition::NeutralA | Condition::NeutralB => {
                (ranges.neutral_duration, ranges.neutral_f0_st, none)
            }
            Condition::EmphasisAll => (ranges.duration, ranges.f0_st, ranges.level_db),
            Condition::EmphasisDuration => (ranges.duration, none, none),
            Condition::EmphasisF0 => (kept, ranges.f0_st, none),
            Condition::EmphasisLevel => (kept, none, ranges.level_db),
            Condition::ControlRate => (ranges.rate, none, none),
            Condition::ControlPitch => (kept, ranges.pitch_st, none),
            Condition::ControlGain => (kept, none, ranges.gain_db),
        };
        // What the manifest says is what is done: rounded first.
        let mut within = |range: Range, steps: f64| {
            (draw.uniform(range.low, range.high) * steps).round() / steps
        };
        Self {
            duration_ratio: within(duration, 1000.0),
            f0_shift_st: within(f0, 100.0),
            level_shift_db: within(level, 100.0),
        }
    }
}

/// One version of a word.
#[derive(Debug, Clone)]
pub struct Version {
    /// Which.
    pub condition: Condition,
    /// What it was asked to be.
    pub asked: Asked,
    /// What it is.
    pub achieved: Achieved,
    /// The sound, not yet scaled.
    pub edited: Edited,
}

/// Makes all versions of a word in the order of [`Condition::ALL`]. Times are seconds within the
/// editor's sound; item `index` of a `seed` always gets the same amounts.
///
/// Overlap-add changes the level of a stretch whose pitch it raises. That is measured (root mean
/// square) and taken back, so that level is changed by what was asked for and nothing else.
///
/// # Errors
/// Why an edit could not be made, in words.
pub fn versions(
    editor: &Editor,
    word_secs: (f64, f64),
    vowel_secs: (f64, f64),
    ranges: &Ranges,
    (seed, index): (u64, u64),
) -> Result<Vec<Version>, String> {
    let original = Measured::original(editor);
    Condition::ALL
        .into_iter()
        .map(|condition| {
            let mut draw = Draw::new(seed, &format!("emphasis {condition}"), index);
            let asked = Asked::draw(condition, ranges, &mut draw);
            let stretch = if condition.is_on_vowel() {
                vowel_secs
            } else {
                word_secs
            };
            let edited = edit(editor, stretch, asked).map_err(|e| e.to_string())?;
            let achieved = measure(&original, &edited, stretch, asked.f0_shift_st);
            Ok(Version {
                condition,
                asked,
                achieved,
                edited,
            })
        })
        .collect()
}

fn edit(editor: &Editor, stretch: (f64, f64), asked: Asked) -> phonoscope_analysis::Result<Edited> {
    let mut edits = Edits {
        duration_ratio: Curve::plateau(1.0, asked.duration_ratio, stretch, 0.0),
        pitch_st: Curve::plateau(0.0, asked.f0_shift_st, stretch, RAMP_SECS),
        gain_db: Curve::constant(0.0),
    };
    let retimed = editor.edit(&edits)?;
    let (from, to) = stretch;
    let there = (retimed.time_of(from), retimed.time_of(to));
    let own = rms(editor.sound(), stretch);
    let by_itself_db = 20.0 * (rms(&retimed.sound, there) / own).log10();
    let gain_db = asked.level_shift_db
        - Some(by_itself_db)
            .filter(|db| db.is_finite())
            .unwrap_or(0.0);
    edits.gain_db = Curve::plateau(0.0, gain_db, stretch, RAMP_SECS);
    editor.edit(&edits)
}

/// Root mean square of the samples between two times; 0 of none.
pub(super) fn rms(sound: &Sound, (from, to): (f64, f64)) -> f64 {
    let rate = sound.sample_rate_hz();
    let index = |secs: f64| ((secs * rate).round().max(0.0) as usize).min(sound.len());
    let samples = sound
        .samples()
        .get(index(from)..index(to))
        .unwrap_or_default();
    let power: f64 = samples.iter().map(|x| x * x).sum();
    if samples.is_empty() {
        0.0
    } else {
        (power / samples.len() as f64).sqrt()
    }
}
