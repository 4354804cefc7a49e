//! What each kind does to samples.

use std::f64::consts::PI;

use phonoscope_analysis::acoustics::Sound;
use phonoscope_analysis::signal::convolve;
use phonoscope_analysis::stats::quantile;

use super::Kind;
use crate::audio::SAMPLE_RATE_HZ;
use crate::psola::{Curve, Editor, Edits};
use crate::synth::draw::Draw;

const RATE: f64 = SAMPLE_RATE_HZ as f64;

/// Poles of the predictor that gives noise the spectrum of speech.
const POLES: usize = 24;
/// White noise added to a spectrum before prediction, as a share of its power: -50 dB.
const WHITENING: f64 = 1e-5;
/// Taps of the low-pass filter; with the window, its pass band ends about 150 Hz below and its stop
/// band (-70 dB) begins about 150 Hz above the cut-off.
const TAPS: usize = 301;
/// The Blackman window's coefficients.
const BLACKMAN: [f64; 3] = [0.42, 0.5, 0.08];
/// Companding of telephony (ITU-T G.711).
const MU: f64 = 255.0;
/// When the room answers.
const ROOM_STARTS_SECS: f64 = 0.002;
/// Natural logarithm of 60 dB in amplitude.
const SIXTY_DB: f64 = 6.907_755_278_982_137;
/// Frames that are lost.
const FRAME_SECS: f64 = 0.020;
/// How fast sound goes over to a replaced frame and back.
const FADE_SECS: f64 = 0.001;
/// One way of a round of overlap-add.
const ROUND: (f64, f64) = (1.25, 4.0);

/// A recording at 16 kHz made worse by `amount` ([`Kind`]); as long as it was. Noise, rooms and lost
/// frames are drawn from `(seed, name)`. It may exceed full scale.
///
/// # Errors
/// Why it cannot be done, in words: a silent recording, an amount out of range.
pub fn degrade(
    samples: &[f64],
    kind: Kind,
    amount: f64,
    (seed, name): (u64, &str),
) -> Result<Vec<f64>, String> {
    kind.check(amount).map_err(|e| e.to_string())?;
    let peak = samples.iter().fold(0.0_f64, |p, x| p.max(x.abs()));
    if !(peak > 0.0 && peak.is_finite()) {
        return Err("the recording is silent".to_owned());
    }
    let mut draw = Draw::new(seed, &format!("degrade {kind} {name}"), 0);
    Ok(match kind {
        Kind::NoiseWhite => with_noise(samples, white(samples.len(), &mut draw), amount),
        Kind::NoiseSpeech => {
            let noise = coloured(samples, white(samples.len() + 1000, &mut draw));
            with_noise(samples, noise, amount)
        }
        Kind::Lowpass => low_pass(samples, amount),
        Kind::Clip => clip(samples, amount / 100.0),
        Kind::Quantise => rounded(samples, peak, amount),
        Kind::Mulaw => companded(samples, peak, amount),
        Kind::Reverb => in_room(samples, amount, &mut draw),
        Kind::Psola => overlap_added(samples, amount as usize)?,
        Kind::Drop => with_frames_lost(samples, amount / 100.0, &mut draw, |_| 0.0),
        Kind::Repeat => {
            let frame = (FRAME_SECS * RATE) as usize;
            let before = |i: usize| i.checked_sub(frame).map_or(0.0, |i| samples[i]);
            with_frames_lost(samples, amount / 100.0, &mut draw, before)
        }
    })
}

fn power(samples: &[f64]) -> f64 {
    samples.iter().map(|x| x * x).sum::<f64>() / samples.len() as f64
}

fn white(count: usize, draw: &mut Draw) -> Vec<f64> {
    (0..count).map(|_| draw.normal()).collect()
}

fn with_noise(samples: &[f64], noise: Vec<f64>, snr_db: f64) -> Vec<f64> {
    let noise = &noise[noise.len() - samples.len()..];
    let gain = (power(samples) / power(noise) / 10f64.powf(snr_db / 10.0)).sqrt();
    let both = samples.iter().zip(noise);
    both.map(|(x, n)| x + gain * n).collect()
}

/// White noise through the all-pole filter of a recording's spectrum (Levinson and Durbin).
fn coloured(samples: &[f64], mut noise: Vec<f64>) -> Vec<f64> {
    let correlation = |lag: usize| -> f64 {
        let later = samples.iter().skip(lag);
        later.zip(samples).map(|(a, b)| a * b).sum()
    };
    let mut r: Vec<f64> = (0..=POLES).map(correlation).collect();
    r[0] *= 1.0 + WHITENING;
    let mut a = vec![0.0; POLES];
    let mut error = r[0];
    for order in 0..POLES {
        let known: f64 = (0..order).map(|j| a[j] * r[order - j]).sum();
        let k = (r[order + 1] - known) / error;
        let before = a.clone();
        for j in 0..order {
            a[j] -= k * before[order - 1 - j];
        }
        a[order] = k;
        error *= 1.0 - k * k;
    }
    for i in 0..noise.len() {
        let past: f64 = (0..POLES.min(i)).map(|j| a[j] * noise[i - 1 - j]).sum();
        noise[i] += past;
    }
    noise
}

fn low_pass(samples: &[f64], cutoff_hz: f64) -> Vec<f64> {
    let middle = (TAPS / 2) as f64;
    let tap = |i: usize| {
        let x = i as f64 - middle;
        let angle = 2.0 * PI * cutoff_hz / RATE * x;
        let sinc = if x == 0.0 {
            2.0 * cutoff_hz / RATE
        } else {
            angle.sin() / (PI * x)
        };
        let phase = 2.0 * PI * (i + 1) as f64 / (TAPS + 1) as f64;
        let [a, b, c] = BLACKMAN;
        sinc * (a - b * phase.cos() + c * (2.0 * phase).cos())
    };
    let taps: Vec<f64> = (0..TAPS).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    let taps: Vec<f64> = taps.iter().map(|tap| tap / sum).collect();
    convolve(samples, &taps)[TAPS / 2..][..samples.len()].to_vec()
}

fn clip(samples: &[f64], share: f64) -> Vec<f64> {
    let magnitudes: Vec<f64> = samples.iter().map(|x| x.abs()).collect();
    let top = quantile(&magnitudes, 1.0 - share);
    samples.iter().map(|x| x.clamp(-top, top)).collect()
}

fn rounded(samples: &[f64], peak: f64, bits: f64) -> Vec<f64> {
    let steps = (bits - 1.0).exp2() - 1.0;
    let round = |x: &f64| (x / peak * steps).round() / steps * peak;
    samples.iter().map(round).collect()
}

fn companded(samples: &[f64], peak: f64, bits: f64) -> Vec<f64> {
    let steps = (bits - 1.0).exp2() - 1.0;
    let pressed = |x: &f64| {
        let x = x / peak;
        let y = x.signum() * (MU * x.abs()).ln_1p() / MU.ln_1p();
        let y = (y * steps).round() / steps;
        y.signum() * ((y.abs() * MU.ln_1p()).exp_m1() / MU) * peak
    };
    samples.iter().map(pressed).collect()
}

/// The direct sound and decaying noise of the same energy; as loud as before.
fn in_room(samples: &[f64], rt60_secs: f64, draw: &mut Draw) -> Vec<f64> {
    let reached = convolve(samples, &room(rt60_secs, draw));
    let gain = (power(samples) / power(&reached[..samples.len()])).sqrt();
    let reached = reached.iter().take(samples.len());
    reached.map(|x| gain * x).collect()
}

/// The impulse response of a room.
pub(super) fn room(rt60_secs: f64, draw: &mut Draw) -> Vec<f64> {
    let start = (ROOM_STARTS_SECS * RATE) as usize;
    let count = start + (rt60_secs * RATE) as usize;
    let decaying = |i: usize| (-SIXTY_DB * i as f64 / RATE / rt60_secs).exp();
    let mut response: Vec<f64> = (0..count)
        .map(|i| {
            if i < start {
                0.0
            } else {
                draw.normal() * decaying(i)
            }
        })
        .collect();
    let energy: f64 = response.iter().map(|x| x * x).sum();
    response.iter_mut().for_each(|x| *x /= energy.sqrt());
    response[0] = 1.0;
    response
}

fn overlap_added(samples: &[f64], rounds: usize) -> Result<Vec<f64>, String> {
    let mut sound = Sound::new(samples.to_vec(), RATE);
    let (ratio, st) = ROUND;
    // After every round as long as before, so that two rounds and two more are four.
    for _ in 0..rounds {
        for (ratio, st) in [(ratio, st), (1.0 / ratio, -st)] {
            let edits = Edits {
                duration_ratio: Curve::constant(ratio),
                pitch_st: Curve::constant(st),
                gain_db: Curve::constant(0.0),
            };
            let edited = Editor::new(sound).edit(&edits);
            sound = edited.map_err(|e| e.to_string())?.sound;
        }
        let mut out = sound.samples().to_vec();
        out.resize(samples.len(), 0.0);
        sound = Sound::new(out, RATE);
    }
    Ok(sound.samples().to_vec())
}

/// Puts `other` in the place of a share of the frames, drawn without replacement.
fn with_frames_lost(
    samples: &[f64],
    share: f64,
    draw: &mut Draw,
    other: impl Fn(usize) -> f64,
) -> Vec<f64> {
    let frame = (FRAME_SECS * RATE) as usize;
    let fade = (FADE_SECS * RATE) as usize;
    let mut order: Vec<usize> = (0..samples.len().div_ceil(frame)).collect();
    let lost = (share * order.len() as f64).round() as usize;
    for place in 0..lost {
        let count = order.len() - place;
        order.swap(place, place + draw.below(count));
    }
    let mut out = samples.to_vec();
    for first in order.iter().take(lost).map(|index| index * frame) {
        let end = (first + frame).min(samples.len());
        for i in first..end {
            let inside = (i - first + 1).min(end - i) as f64 / fade as f64;
            let weight = inside.min(1.0);
            out[i] += weight * (other(i) - samples[i]);
        }
    }
    out
}
