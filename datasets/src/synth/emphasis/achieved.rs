//! What an edit did, measured on the result.

use phonoscope_analysis::acoustics::ltas::Ltas;
use phonoscope_analysis::acoustics::pitch::{self, Pitch};
use phonoscope_analysis::acoustics::spectrum::EnergySpectrum;
use phonoscope_analysis::acoustics::{Sound, harmonicity, intensity};
use phonoscope_analysis::stats::quantile;

use super::versions::RAMP_SECS;
use crate::psola::{Edited, Editor};

/// Fewest frames voiced in both the original and the result.
const FEWEST_FRAMES: usize = 3;
/// From one frame to the next, of pitch and level.
const STEP_SECS: f64 = 0.0025;
/// Lowest pitch of the level's window, which is 6.4 of its periods: 32 ms.
const LEVEL_FLOOR_HZ: f64 = 200.0;
/// What is left out at the edges of an edited stretch, at most: half a window of the level.
const MARGIN_SECS: f64 = 0.016;
/// The same, as a share of the stretch.
const MARGIN_SHARE: f64 = 0.3;
/// Length of the sound behind and before a stretch by which it is found again.
const LANDMARK_SECS: f64 = 0.025;
/// How far a landmark is looked for on each side.
const SEARCH_SECS: f64 = 0.012;
/// Correlation from which a landmark counts as found.
const LIKENESS: f64 = 0.8;
/// Correlations this much below the best are as good.
const AS_GOOD: f64 = 0.03;
/// Width of the bands of the spectral change.
const BAND_HZ: f64 = 500.0;
/// Where they end.
const TOP_HZ: f64 = 7_500.0;
/// Bands this far below the strongest are left out.
const DEPTH_DB: f64 = 40.0;

/// Changes of an edited stretch against the original; what cannot be measured is missing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Achieved {
    /// How long the stretch lasts, times the original: by where the sound before and behind it is
    /// found again (waveforms of 25 ms, correlation of at least 0.8). Missing where there is no such
    /// sound.
    pub duration_ratio: Option<f64>,
    /// Change of F0, semitones: the median over frames voiced in both. Missing with fewer than three.
    pub f0_shift_st: Option<f64>,
    /// Change of level, dB: of the mean power of frames of 32 ms.
    pub level_shift_db: Option<f64>,
    /// Change of the mean harmonics-to-noise ratio, dB.
    pub hnr_change_db: Option<f64>,
    /// Root mean square difference of the levels of 500-Hz bands up to 7.5 kHz, each less its mean,
    /// dB; bands 40 dB below the strongest of the original are left out.
    pub spectral_change_db: Option<f64>,
}

/// Tracks of a sound, so that several edits are measured against it.
#[derive(Debug)]
pub struct Measured<'a> {
    sound: &'a Sound,
    pitch: Option<Pitch>,
    level: Option<intensity::Intensity>,
    harmonicity: Option<harmonicity::Harmonicity>,
}

impl<'a> Measured<'a> {
    /// The tracks of a sound whose pitch lies in the range of `settings`.
    fn new(sound: &'a Sound, settings: Option<&pitch::Settings>, raised_st: f64) -> Self {
        let settings = settings.map(|found| pitch::Settings {
            step_secs: Some(STEP_SECS),
            floor_hz: found.floor_hz * (raised_st.min(0.0) / 12.0).exp2(),
            ceiling_hz: found.ceiling_hz * (raised_st.max(0.0) / 12.0).exp2(),
            ..found.clone()
        });
        let pitch = settings.and_then(|settings| pitch::track(sound, &settings).ok());
        Self {
            sound,
            pitch,
            level: intensity::track(sound, LEVEL_FLOOR_HZ, Some(STEP_SECS), true),
            harmonicity: harmonicity::track(sound, &harmonicity::Settings::cc()).ok(),
        }
    }

    /// The tracks of the sound that an editor holds.
    pub fn original(editor: &'a Editor) -> Self {
        let settings = editor.pitch().map(|pitch| &pitch.settings);
        Self::new(editor.sound(), settings, 0.0)
    }
}

/// Measures an edit of the stretch between two times of the original, whose pitch was to change by
/// `asked_st`: that only widens the range in which it is searched for.
pub fn measure(
    original: &Measured<'_>,
    edited: &Edited,
    (from, to): (f64, f64),
    asked_st: f64,
) -> Achieved {
    let settings = original.pitch.as_ref().map(|pitch| &pitch.settings);
    let result = Measured::new(&edited.sound, settings, asked_st);
    let margin = MARGIN_SECS.min(MARGIN_SHARE * (to - from));
    let inner = (from + margin, to - margin);
    let there = |(a, b): (f64, f64)| (edited.time_of(a), edited.time_of(b));
    let between = |a: Option<f64>, b: Option<f64>| Some(b? - a?);
    Achieved {
        duration_ratio: duration_ratio(original.sound, edited, (from, to)),
        f0_shift_st: f0_shift_st(original, &result, edited, inner),
        level_shift_db: between(level_db(original, inner), level_db(&result, there(inner))),
        hnr_change_db: between(hnr_db(original, inner), hnr_db(&result, there(inner))),
        spectral_change_db: spectral_change_db(
            &part(original.sound, (from, to)),
            &part(&edited.sound, there((from, to))),
        ),
    }
}

fn f0_shift_st(
    original: &Measured<'_>,
    result: &Measured<'_>,
    edited: &Edited,
    (from, to): (f64, f64),
) -> Option<f64> {
    let (before, after) = (original.pitch.as_ref()?, result.pitch.as_ref()?);
    let frames = (0..before.len()).filter_map(|frame| {
        let secs = before.frames.centre_secs(frame);
        let inside = from <= secs && secs <= to;
        let after = after.at(edited.time_of(secs)).filter(|_| inside)?;
        Some(12.0 * (after / before.f0(frame)?).log2())
    });
    let shifts: Vec<f64> = frames.collect();
    (shifts.len() >= FEWEST_FRAMES).then(|| quantile(&shifts, 0.5))
}

/// The level of the mean power of the frames between two times.
fn level_db(tracks: &Measured<'_>, (from, to): (f64, f64)) -> Option<f64> {
    let level = tracks.level.as_ref()?;
    let frames = level.frames;
    let inside = (0..frames.count).filter(|i| (from..=to).contains(&frames.centre_secs(*i)));
    let powers: Vec<f64> = inside
        .map(|i| level.level_db[i])
        .filter(|db| *db > intensity::SILENCE_DB)
        .map(|db| 10f64.powf(db / 10.0))
        .collect();
    let mean = powers.iter().sum::<f64>() / powers.len() as f64;
    (!powers.is_empty()).then(|| 10.0 * mean.log10())
}

fn hnr_db(tracks: &Measured<'_>, (from, to): (f64, f64)) -> Option<f64> {
    let track = tracks.harmonicity.as_ref()?;
    let inside = |i: &usize| (from..=to).contains(&track.frames.centre_secs(*i));
    let ratios = (0..track.frames.count).filter(inside);
    let ratios: Vec<f64> = ratios.filter_map(|i| track.db(i)).collect();
    (!ratios.is_empty()).then(|| ratios.iter().sum::<f64>() / ratios.len() as f64)
}

/// The samples between two times.
fn part(sound: &Sound, (from, to): (f64, f64)) -> Sound {
    let rate = sound.sample_rate_hz();
    let index = |secs: f64| ((secs * rate).round().max(0.0) as usize).min(sound.len());
    let samples = sound.samples().get(index(from)..index(to));
    Sound::new(samples.unwrap_or_default().to_vec(), rate)
}

fn spectral_change_db(before: &Sound, after: &Sound) -> Option<f64> {
    if before.is_empty() || after.is_empty() {
        return None;
    }
    let levels = |sound: &Sound| Ltas::of(&EnergySpectrum::of(sound), BAND_HZ).level_db;
    let (before, after) = (levels(before), levels(after));
    let top = before.iter().copied().fold(f64::MIN, f64::max);
    let bands = before.iter().zip(&after).take((TOP_HZ / BAND_HZ) as usize);
    let gaps: Vec<f64> = bands
        .filter(|(level, _)| **level > top - DEPTH_DB && **level > intensity::SILENCE_DB)
        .map(|(before, after)| after - before)
        .collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let squares: f64 = gaps.iter().map(|gap| (gap - mean) * (gap - mean)).sum();
    (gaps.len() > 1).then(|| (squares / gaps.len() as f64).sqrt())
}

/// How much longer a stretch became, by the places of the sound before and behind it.
fn duration_ratio(before: &Sound, edited: &Edited, (from, to): (f64, f64)) -> Option<f64> {
    let rate = before.sample_rate_hz();
    let clear = RAMP_SECS + 1.0 / rate;
    let moved = |start_secs: f64| -> Option<f64> {
        let start = (start_secs * rate).round();
        let expected = (edited.map.forward(start) - start).round();
        Some(expected + displaced(before, &edited.sound, start, expected)?)
    };
    let left = moved(from - clear - LANDMARK_SECS)?;
    let right = moved(to + clear)?;
    Some(1.0 + (right - left) / rate / (to - from))
}

/// By how many samples the landmark from `start` on lies away from where it is expected, `moved` to.
fn displaced(before: &Sound, after: &Sound, start: f64, moved: f64) -> Option<f64> {
    let length = (LANDMARK_SECS * before.sample_rate_hz()) as usize;
    let reach = (SEARCH_SECS * before.sample_rate_hz()) as isize;
    let start = (start >= 0.0).then_some(start as usize)?;
    let landmark = before.samples().get(start..start + length)?;
    let likeness = |by: isize| {
        let there = usize::try_from(start as isize + moved as isize + by).ok()?;
        let found = after.samples().get(there..there + length)?;
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let power = dot(landmark, landmark) * dot(found, found);
        (power > 0.0).then(|| dot(landmark, found) / power.sqrt())
    };
    let curve: Vec<(isize, f64)> = (-reach..=reach)
        .map(|by| (by, likeness(by).unwrap_or(-1.0)))
        .collect();
    // Periods repeat: of the peaks that are nearly as good as the best, the nearest.
    let peaks = curve
        .windows(3)
        .filter(|w| w[1].1 >= w[0].1 && w[1].1 >= w[2].1);
    let peaks: Vec<(isize, f64)> = peaks.map(|w| w[1]).filter(|p| p.1 >= LIKENESS).collect();
    let best = peaks.iter().fold(-1.0, |best: f64, peak| best.max(peak.1));
    let near = peaks.iter().filter(|peak| peak.1 >= best - AS_GOOD);
    near.map(|peak| peak.0)
        .min_by_key(|by| by.abs())
        .map(|by| by as f64)
}
