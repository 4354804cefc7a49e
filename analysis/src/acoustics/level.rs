//! Level of a recording, of the speech in it, and its distance from the noise.
//!
//! Levels are in dB relative to full scale: a power of 1 (a square wave between -1 and 1) is
//! 0 dBFS, a full-scale sine -3.01 dBFS.

use super::{Counted, Sound};
use crate::stats::hazen_of_sorted;
use crate::{Error, Result};

/// Time constant of the envelope of the active level, seconds.
const ENVELOPE_SECS: f64 = 0.03;
/// How long speech stays active after its envelope fell, seconds.
const HANGOVER_SECS: f64 = 0.2;
/// Distance of the activity threshold below the active level, dB.
const MARGIN_DB: f64 = 15.9;
/// Thresholds that are tried: 2^-15 to 2^-1.
const THRESHOLDS: usize = 15;

/// Frames of the noise estimate, seconds.
const FRAME_SECS: f64 = 0.025;
/// From frame to frame, seconds.
const STEP_SECS: f64 = 0.01;
/// Share of the frames that lie below the noise floor.
const NOISE_QUANTILE: f64 = 0.1;
/// Fewest frames of a noise estimate.
const MIN_FRAMES: usize = 20;
/// The largest magnitude of 16-bit samples other than the lowest one.
const CLIPPED: f64 = 32_767.0 / 32_768.0;

/// Level of a whole recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Mean power, pauses included, dBFS.
    pub rms_dbfs: f64,
    /// Largest magnitude, dBFS.
    pub peak_dbfs: f64,
    /// Samples at full scale.
    pub clipped: usize,
}

/// Level of a sound.
///
/// # Errors
/// [`Error::Undefined`] for digital silence or no sample.
pub fn whole(sound: &Sound) -> Result<Level> {
    let samples = sound.samples();
    let power = Counted::mean(samples.iter().map(|x| x * x));
    let peak = samples.iter().fold(0.0, |peak: f64, x| peak.max(x.abs()));
    match power.value {
        Some(power) if power > 0.0 => Ok(Level {
            rms_dbfs: 10.0 * power.log10(),
            peak_dbfs: 20.0 * peak.log10(),
            clipped: samples.iter().filter(|x| x.abs() >= CLIPPED).count(),
        }),
        _ => Err(undefined("level", "the sound is digital silence")),
    }
}

/// Level of the active parts of a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActiveLevel {
    /// Mean power while active, dBFS.
    pub level_dbfs: f64,
    /// Share of the time that is active, at most 1.
    pub activity: f64,
}

/// The active speech level, by method B of ITU-T P.56 (12/2011), clause 6.
///
/// Speech is active where a doubly smoothed envelope (30 ms) lies above a threshold, and for 200 ms
/// after; the threshold is the one that lies 15.9 dB below the resulting level, found between
/// powers of two by interpolation in dB. A constant offset counts as power: remove it before.
///
/// # Errors
/// [`Error::Undefined`] if no threshold fits: digital silence, or less level than 16 bits hold.
pub fn active(sound: &Sound) -> Result<ActiveLevel> {
    let samples = sound.samples();
    let energy: f64 = samples.iter().map(|x| x * x).sum();
    let keep = (-sound.step_secs() / ENVELOPE_SECS).exp();
    let hangover = (HANGOVER_SECS / sound.step_secs()).ceil() as usize;
    let thresholds: [f64; THRESHOLDS] =
        std::array::from_fn(|j| f64::powi(2.0, j as i32 - THRESHOLDS as i32));
    let mut active = [0usize; THRESHOLDS];
    let mut idle = [hangover; THRESHOLDS];
    let (mut smooth, mut envelope) = (0.0, 0.0);
    for sample in samples {
        smooth = keep * smooth + (1.0 - keep) * sample.abs();
        envelope = keep * envelope + (1.0 - keep) * smooth;
        for j in 0..THRESHOLDS {
            if envelope >= thresholds[j] {
                idle[j] = 0;
            }
            active[j] += usize::from(idle[j] < hangover);
            idle[j] += usize::from(idle[j] < hangover);
        }
    }
    // Level while active and its distance above the threshold, for thresholds ever reached.
    let mut before: Option<(f64, f64)> = None;
    for j in 0..THRESHOLDS {
        if active[j] == 0 {
            break;
        }
        let level_db = 10.0 * (energy / active[j] as f64).log10();
        let above_db = level_db - 20.0 * thresholds[j].log10();
        if above_db <= MARGIN_DB {
            let Some((level_before, above_before)) = before else {
                break;
            };
            let share = (above_before - MARGIN_DB) / (above_before - above_db);
            let level_dbfs = level_before + share * (level_db - level_before);
            let mean_power = energy / samples.len() as f64;
            return Ok(ActiveLevel {
                level_dbfs,
                activity: (mean_power / 10f64.powf(level_dbfs / 10.0)).min(1.0),
            });
        }
        before = Some((level_db, above_db));
    }
    Err(undefined(
        "active speech level",
        "no threshold lies 15.9 dB below a level",
    ))
}

/// An estimate of the signal-to-noise ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignalToNoise {
    /// `10 log10((active power - noise power) / noise power)`, dB.
    pub ratio_db: f64,
    /// Quantile 0.1 of the powers of the frames, dBFS.
    pub noise_dbfs: f64,
    /// The active speech level, dBFS.
    pub active_dbfs: f64,
    /// Frames with any power, of which the quantile is.
    pub frames: usize,
    /// Frames of digital silence, which are left out.
    pub silent_frames: usize,
}

/// Estimates the signal-to-noise ratio: the active speech level ([`active`]) against the noise
/// floor, the 0.1 quantile (Hazen) of the mean powers of 25 ms frames every 10 ms.
///
/// It supposes steady noise, and pauses in a tenth of the time at least. In white noise alone it
/// reads about -10 dB: the floor lies 0.4 dB below the noise's own level. The sound's mean is
/// removed first. Noise gates and digital silence hide the noise: frames of pure zeros are
/// left out and counted.
///
/// # Errors
/// [`Error::Undefined`] for fewer than 20 frames with any power, or a floor that is no lower than
/// the active level.
pub fn signal_to_noise(sound: &Sound) -> Result<SignalToNoise> {
    let what = "signal-to-noise ratio";
    let mean = Counted::mean(sound.samples().iter().copied())
        .value
        .unwrap_or(0.0);
    let mut centred = sound.clone();
    for sample in centred.samples_mut() {
        *sample -= mean;
    }
    let length = (FRAME_SECS / sound.step_secs()).round() as usize;
    let hop = (STEP_SECS / sound.step_secs()).round() as usize;
    let (mut powers, mut silent_frames) = (Vec::new(), 0);
    let frames = sound.samples().windows(length.max(1)).step_by(hop.max(1));
    let frames = frames.zip(centred.samples().windows(length.max(1)).step_by(hop.max(1)));
    for (raw, centred) in frames {
        if raw.iter().all(|sample| *sample == 0.0) {
            silent_frames += 1;
        } else {
            powers.push(centred.iter().map(|x| x * x).sum::<f64>() / centred.len() as f64);
        }
    }
    if powers.len() < MIN_FRAMES {
        return Err(undefined(what, "fewer than 20 frames are not silent"));
    }
    powers.sort_by(f64::total_cmp);
    let noise = hazen_of_sorted(&powers, NOISE_QUANTILE);
    let active_dbfs = active(&centred)
        .map_err(|_| undefined(what, "the active speech level is undefined"))?
        .level_dbfs;
    let speech = 10f64.powf(active_dbfs / 10.0) - noise;
    if !(speech > 0.0 && noise > 0.0) {
        return Err(undefined(
            what,
            "the noise floor is no lower than the active level",
        ));
    }
    Ok(SignalToNoise {
        ratio_db: 10.0 * (speech / noise).log10(),
        noise_dbfs: 10.0 * noise.log10(),
        active_dbfs,
        frames: powers.len(),
        silent_frames,
    })
}

fn undefined(what: &str, why: &str) -> Error {
    Error::Undefined {
        what: what.to_owned(),
        why: why.to_owned(),
    }
}
