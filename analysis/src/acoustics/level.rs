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
/// Power over that of the noise from which a frame is speech (3 dB).
const SPEECH_FACTOR: f64 = 2.0;
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
    /// `10 log10((speech power - noise power) / noise power)`, dB.
    pub ratio_db: f64,
    /// Noise power, the 0.1 quantile of the frames' powers, dBFS.
    pub noise_dbfs: f64,
    /// Speech power with its noise, the mean of the speech frames' powers, dBFS.
    pub speech_dbfs: f64,
    /// Frames with any power.
    pub frames: usize,
    /// Those at least 3 dB above the noise.
    pub speech_frames: usize,
    /// Frames of digital silence, which are left out.
    pub silent_frames: usize,
}

/// Estimates the signal-to-noise ratio from the mean powers of 25 ms frames every 10 ms: those 3 dB
/// or more above the 0.1 quantile (Hazen) are speech, and the quantile is the noise.
///
/// It supposes steady noise that stands alone in a tenth of the time at least, and reads high
/// otherwise. The quantile lies about 0.4 dB below the power of white noise. The sound's mean is
/// removed first. A noise gate hides the noise: frames of pure zeros are left out and counted.
///
/// # Errors
/// [`Error::Undefined`] for fewer than 20 frames with any power, or no frame 3 dB above the floor.
pub fn signal_to_noise(sound: &Sound) -> Result<SignalToNoise> {
    let what = "signal-to-noise ratio";
    let samples = sound.samples();
    let mean = Counted::mean(samples.iter().copied()).value.unwrap_or(0.0);
    let in_samples = |secs: f64| ((secs / sound.step_secs()).round() as usize).max(1);
    let (mut powers, mut silent_frames) = (Vec::new(), 0);
    for frame in samples
        .windows(in_samples(FRAME_SECS))
        .step_by(in_samples(STEP_SECS))
    {
        if frame.iter().all(|sample| *sample == 0.0) {
            silent_frames += 1;
        } else {
            let squares = frame.iter().map(|x| (x - mean) * (x - mean));
            powers.push(squares.sum::<f64>() / frame.len() as f64);
        }
    }
    if powers.len() < MIN_FRAMES {
        return Err(undefined(what, "fewer than 20 frames are not silent"));
    }
    powers.sort_by(f64::total_cmp);
    let noise = hazen_of_sorted(&powers, NOISE_QUANTILE);
    let first_speech = powers.partition_point(|power| *power < SPEECH_FACTOR * noise);
    let speech = Counted::mean(powers[first_speech..].iter().copied());
    match speech.value {
        Some(power) if noise > 0.0 => Ok(SignalToNoise {
            ratio_db: 10.0 * ((power - noise) / noise).log10(),
            noise_dbfs: 10.0 * noise.log10(),
            speech_dbfs: 10.0 * power.log10(),
            frames: powers.len(),
            speech_frames: speech.count,
            silent_frames,
        }),
        _ => Err(undefined(
            what,
            "no frame is 3 dB louder than the quietest tenth",
        )),
    }
}

fn undefined(what: &str, why: &str) -> Error {
    Error::Undefined {
        what: what.to_owned(),
        why: why.to_owned(),
    }
}
