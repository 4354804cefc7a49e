//! Rate of speech from syllable nuclei: intensity peaks that are voiced and stand out.
//!
//! The method of N. H. de Jong and T. Wempe (2009), "Praat script to detect syllable nuclei and
//! measure speech rate automatically", Behavior Research Methods 41. It undercounts fast speech and
//! depends on the language: calibrate on transcribed recordings before reading it as syllables.

use super::extremum::{parabola, sinc_maximum};
use super::intensity::{self, Intensity};
use super::interpolation::sinc;
use super::{Sound, pitch};
use crate::stats::hazen_of_sorted;
use crate::{Error, Result};

/// Samples on each side by which peaks of intensity are placed.
const PLACING_DEPTH: usize = 70;
/// Samples on each side by which their height is read (a cubic).
const HEIGHT_DEPTH: usize = 2;

/// Settings of the search for syllable nuclei; the defaults are those of the published script.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Lowest pitch whose ripple the intensity smooths away, Hz.
    pub min_pitch_hz: f64,
    /// Nuclei and sounding stretches lie above the 0.99 quantile of intensity plus this, dB.
    pub silence_db: f64,
    /// Least fall of intensity from a nucleus to the next one, dB.
    pub min_dip_db: f64,
    /// Shortest pause, seconds.
    pub min_pause_secs: f64,
    /// Shortest sounding stretch, seconds.
    pub min_sounding_secs: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_pitch_hz: 50.0,
            silence_db: -25.0,
            min_dip_db: 2.0,
            min_pause_secs: 0.3,
            min_sounding_secs: 0.1,
        }
    }
}

/// From when to when, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Beginning.
    pub from_secs: f64,
    /// End.
    pub to_secs: f64,
}

impl Interval {
    /// Its length.
    pub fn duration_secs(&self) -> f64 {
        self.to_secs - self.from_secs
    }

    fn holds(&self, secs: f64) -> bool {
        self.from_secs <= secs && secs < self.to_secs
    }
}

/// Syllable nuclei, pauses and the rates that follow from them.
#[derive(Clone, Debug, PartialEq)]
pub struct Rate {
    /// Times of the nuclei, seconds.
    pub nuclei_secs: Vec<f64>,
    /// Peaks of intensity above the threshold.
    pub peaks: usize,
    /// Those that fall off far enough before the next one.
    pub peaks_after_dip: usize,
    /// Stretches with sound.
    pub sounding: Vec<Interval>,
    /// Stretches without.
    pub pauses: Vec<Interval>,
    /// Length of the recording.
    pub duration_secs: f64,
    /// Intensity above which peaks count, dB.
    pub threshold_db: f64,
}

impl Rate {
    /// Number of syllables.
    pub fn syllables(&self) -> usize {
        self.nuclei_secs.len()
    }

    /// Length of the sounding stretches together.
    pub fn phonation_secs(&self) -> f64 {
        self.sounding.iter().map(Interval::duration_secs).sum()
    }

    /// Syllables a second of the recording.
    pub fn speech_rate_per_s(&self) -> f64 {
        self.syllables() as f64 / self.duration_secs
    }

    /// Syllables a second of the sounding stretches; None if there are none.
    pub fn articulation_rate_per_s(&self) -> Option<f64> {
        let phonation_secs = self.phonation_secs();
        (phonation_secs > 0.0).then(|| self.syllables() as f64 / phonation_secs)
    }

    /// Sounding seconds a syllable; None without syllables.
    pub fn mean_syllable_secs(&self) -> Option<f64> {
        (self.syllables() > 0).then(|| self.phonation_secs() / self.syllables() as f64)
    }
}

/// Finds syllable nuclei and pauses.
///
/// # Errors
/// [`Error::Undefined`] for a sound that is shorter than 6.4 periods of the lowest pitch, silent
/// or constant.
pub fn measure(sound: &Sound, settings: &Settings) -> Result<Rate> {
    let track = intensity::track(sound, settings.min_pitch_hz, None, true)
        .ok_or_else(|| undefined("the sound is shorter than an intensity window".to_owned()))?;
    let pitch = pitch::track(sound, &pitch::Settings::nuclei()).map_err(|error| match error {
        Error::Undefined { why, .. } => undefined(why),
        other => other,
    })?;
    let mut sorted = track.level_db.clone();
    sorted.sort_by(f64::total_cmp);
    let high_db = hazen_of_sorted(&sorted, 0.99);
    let threshold_db = (high_db + settings.silence_db).max(-highest(&track.level_db, -1.0));
    // The threshold of pauses is set below the highest frame, by a distance from the
    // interpolated maximum.
    let below_max_db = settings.silence_db - (highest(&track.level_db, 1.0) - high_db);
    let stretches = stretches(sound, &track, track.max_db() + below_max_db, settings);
    let peaks: Vec<Peak> = peaks(&track)
        .filter(|peak| peak.height_db > threshold_db)
        .collect();
    let standing_out: Vec<&Peak> = peaks
        .iter()
        .enumerate()
        .filter(|(i, peak)| {
            peaks
                .get(i + 1)
                .is_none_or(|next| dip_db(&track, peak, next) > settings.min_dip_db)
        })
        .map(|(_, peak)| peak)
        .collect();
    let of_kind = |silent: bool| -> Vec<Interval> {
        let kind = stretches.iter().filter(|stretch| stretch.silent == silent);
        kind.map(|stretch| stretch.interval).collect()
    };
    let sounding = of_kind(false);
    let nuclei_secs = standing_out
        .iter()
        .map(|peak| peak.at_secs)
        .filter(|&secs| pitch.at(secs).is_some())
        .filter(|&secs| sounding.iter().any(|stretch| stretch.holds(secs)))
        .collect();
    Ok(Rate {
        nuclei_secs,
        peaks: peaks.len(),
        peaks_after_dip: standing_out.len(),
        pauses: of_kind(true),
        sounding,
        duration_secs: sound.duration_secs(),
        threshold_db,
    })
}

/// The highest of `sign` times a curve, by parabolas around its local maxima.
fn highest(curve: &[f64], sign: f64) -> f64 {
    let of_samples = curve.iter().map(|value| sign * value);
    let between_samples = curve.windows(3).filter_map(|three| {
        let [before, here, after] = [0, 1, 2].map(|i| sign * three[i]);
        let vertex = (here > before && here >= after).then(|| parabola(before, here, after))?;
        vertex.map(|vertex| vertex.value)
    });
    of_samples.chain(between_samples).fold(f64::MIN, f64::max)
}

/// A local maximum of intensity.
struct Peak {
    /// Position among the frames, counted from zero.
    place: f64,
    at_secs: f64,
    height_db: f64,
}

fn peaks(track: &Intensity) -> impl Iterator<Item = Peak> {
    let level = &track.level_db;
    (1..level.len().saturating_sub(1))
        .filter(|&i| level[i] > level[i - 1] && level[i] >= level[i + 1])
        .map(|i| {
            let place = sinc_maximum(level, i, PLACING_DEPTH).position;
            Peak {
                place,
                at_secs: track.frames.first_secs + place * track.frames.step_secs,
                height_db: sinc(level, place, HEIGHT_DEPTH),
            }
        })
}

/// How far intensity falls from one peak before the next.
fn dip_db(track: &Intensity, peak: &Peak, next: &Peak) -> f64 {
    let between = peak.place.ceil() as usize..next.place.floor() as usize + 1;
    let level = track.level_db.get(between).unwrap_or_default();
    let lowest = level.iter().copied().fold(f64::INFINITY, f64::min);
    (peak.height_db - lowest).abs()
}

/// A stretch that is silent or sounding.
struct Stretch {
    interval: Interval,
    silent: bool,
}

/// Silent and sounding stretches, from the beginning of the sound to its end: short sounding ones
/// are silenced first, then short pauses filled.
fn stretches(
    sound: &Sound,
    track: &Intensity,
    threshold_db: f64,
    settings: &Settings,
) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for (index, &level_db) in track.level_db.iter().enumerate() {
        let silent = level_db < threshold_db;
        let from_secs = match stretches.last_mut() {
            Some(last) if last.silent == silent => continue,
            Some(last) => {
                last.interval.to_secs = track.frames.centre_secs(index);
                last.interval.to_secs
            }
            None => 0.0,
        };
        stretches.push(Stretch {
            interval: Interval {
                from_secs,
                to_secs: sound.duration_secs(),
            },
            silent,
        });
    }
    let stretches = without_short(stretches, false, settings.min_sounding_secs);
    without_short(stretches, true, settings.min_pause_secs)
}

/// Gives short stretches of one kind to their neighbours.
fn without_short(stretches: Vec<Stretch>, silent: bool, min_secs: f64) -> Vec<Stretch> {
    let alone = stretches.len() == 1;
    let mut kept: Vec<Stretch> = Vec::new();
    for mut stretch in stretches {
        if stretch.silent == silent && stretch.interval.duration_secs() < min_secs && !alone {
            stretch.silent = !silent;
        }
        match kept.last_mut() {
            Some(last) if last.silent == stretch.silent => {
                last.interval.to_secs = stretch.interval.to_secs;
            }
            _ => kept.push(stretch),
        }
    }
    kept
}

fn undefined(why: String) -> Error {
    Error::Undefined {
        what: "rate of speech".to_owned(),
        why,
    }
}
