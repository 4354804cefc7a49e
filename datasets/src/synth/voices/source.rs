//! The glottis: pulses with jitter and tilt, and noise.

use std::f64::consts::{PI, TAU};

use super::RATE;
use super::plan::VoicePlan;
use super::score::{FRAME_SECS, Frame, VOICED};
use crate::synth::draw::Draw;

/// Pulses are made at this multiple of the sample rate, then decimated.
const OVERSAMPLING: usize = 4;
/// Share of a period during which the glottis is open.
const OPEN_QUOTIENT: f64 = 0.6;
/// Aspiration of the closed phase against the open phase.
const CLOSED_NOISE: f64 = 0.4;
/// Slope of the pulse model's derivative, before the planted tilt.
const PULSE_TILT_DB_PER_OCTAVE: f64 = -6.0;
/// The tilt filter is flat below.
const TILT_CORNER_HZ: f64 = 100.0;
const DECIMATION_HALF_TAPS: usize = 64;
const TILT_HALF_TAPS: usize = 160;

/// Voiced excitation plus aspiration, at the sample rate: the voiced part has RMS 1 over the voiced
/// frames.
pub(super) fn excite(frames: &[Frame], voice: &VoicePlan, draw: &mut Draw) -> Vec<f64> {
    let pulses = pulses(frames, voice.jitter_percent, voice.shimmer_percent, draw);
    let decimated = decimate(&pulses.flow_change);
    let tilt = voice.tilt_db_per_octave - PULSE_TILT_DB_PER_OCTAVE;
    let mut source = filter(&decimated, &tilt_taps(tilt));

    let (mut energy, mut n) = (0.0, 0.0);
    for (i, x) in source.iter().enumerate() {
        if at(frames, i as f64 / RATE).is_some_and(|f| f.voicing >= VOICED) {
            energy += x * x;
            n += 1.0;
        }
    }
    let scale = if energy > 0.0 {
        f64::sqrt(n / energy)
    } else {
        0.0
    };
    let open_power = OPEN_QUOTIENT + (1.0 - OPEN_QUOTIENT) * CLOSED_NOISE * CLOSED_NOISE;
    let breath = 10f64.powf(voice.breathiness_db / 20.0) / open_power.sqrt();
    for (i, (x, open)) in source.iter_mut().zip(&pulses.open).enumerate() {
        let Some(frame) = at(frames, i as f64 / RATE) else {
            break;
        };
        let gate = if *open { 1.0 } else { CLOSED_NOISE };
        let noise = breath * frame.voicing * gate + frame.aspiration;
        *x = *x * scale + noise * draw.normal();
    }
    source
}

fn at(frames: &[Frame], secs: f64) -> Option<&Frame> {
    frames.get((secs / FRAME_SECS) as usize)
}

struct Pulses {
    /// Derivative of glottal flow, averaged over each oversampled step.
    flow_change: Vec<f64>,
    /// Whether the glottis is open, at the sample rate.
    open: Vec<bool>,
}

/// Flow `x² − x³` while open (x from 0 to 1), closed otherwise: Klatt and Klatt's pulse, whose
/// derivative jumps at closure. A cycle runs from closure to closure, so that the main excitations
/// are one jittered period apart, and takes F0 and strength from the frame it starts in.
fn pulses(frames: &[Frame], jitter_percent: f64, shimmer_percent: f64, draw: &mut Draw) -> Pulses {
    let n_samples = (frames.len() as f64 * FRAME_SECS * RATE).round() as usize;
    let step_secs = 1.0 / (RATE * OVERSAMPLING as f64);
    let mut starts = Vec::new();
    let mut now = 0.0;
    while let Some(frame) = at(frames, now) {
        let period_secs = perturb(1.0 / frame.f0_hz, jitter_percent, draw);
        // Without shimmer nothing is drawn.
        let strength = match shimmer_percent > 0.0 {
            true => perturb(frame.voicing, shimmer_percent, draw),
            false => frame.voicing,
        };
        starts.push((now, period_secs, strength));
        now += period_secs;
    }

    let mut flow_change = vec![0.0; n_samples * OVERSAMPLING];
    let mut open = vec![false; n_samples];
    let mut pulse = starts.iter().peekable();
    let (mut start, mut period, mut strength) = (0.0, 1.0, 0.0);
    let mut flow = 0.0;
    for (i, out) in flow_change.iter_mut().enumerate() {
        let secs = (i + 1) as f64 * step_secs;
        while let Some(next) = pulse.next_if(|p| p.0 <= secs) {
            (start, period, strength) = *next;
        }
        let open_secs = OPEN_QUOTIENT * period;
        let x = 1.0 - (start + period - secs) / open_secs;
        let is_open = x > 0.0;
        let now = if is_open {
            strength * open_secs * (x * x - x * x * x)
        } else {
            0.0
        };
        *out = (now - flow) / step_secs;
        flow = now;
        if let Some(open) = open.get_mut(i / OVERSAMPLING) {
            *open = is_open;
        }
    }
    Pulses { flow_change, open }
}

/// A period or strength with normal noise whose neighbours differ by `percent` of it on average: the
/// mean absolute difference of two normal draws is 2/√π standard deviations.
fn perturb(value: f64, percent: f64, draw: &mut Draw) -> f64 {
    let sd = percent / 100.0 * PI.sqrt() / 2.0;
    value * (1.0 + sd * draw.normal())
}

/// Every fourth sample after a windowed-sinc low-pass at 7.6 kHz.
fn decimate(oversampled: &[f64]) -> Vec<f64> {
    let cutoff = 7600.0 / (RATE * OVERSAMPLING as f64);
    let half = DECIMATION_HALF_TAPS;
    let taps: Vec<f64> = symmetric_taps(half, |n| {
        if n == 0.0 {
            2.0 * cutoff
        } else {
            (TAU * cutoff * n).sin() / (PI * n)
        }
    });
    (0..oversampled.len() / OVERSAMPLING)
        .map(|i| convolve_at(oversampled, &taps, i * OVERSAMPLING))
        .collect()
}

/// Linear-phase filter with a gain of `tilt_db_per_octave` above [`TILT_CORNER_HZ`], 0 dB below.
fn tilt_taps(tilt_db_per_octave: f64) -> Vec<f64> {
    const GRID: usize = 1024;
    let gain = |k: usize| {
        let freq_hz = k as f64 * RATE / (2 * GRID) as f64;
        let octaves = (freq_hz.max(TILT_CORNER_HZ) / TILT_CORNER_HZ).log2();
        10f64.powf(tilt_db_per_octave * octaves / 20.0)
    };
    let gains: Vec<f64> = (0..=GRID).map(gain).collect();
    symmetric_taps(TILT_HALF_TAPS, |n| {
        let sum: f64 = gains
            .iter()
            .enumerate()
            .map(|(k, g)| {
                let weight = if k == 0 || k == GRID { 1.0 } else { 2.0 };
                weight * g * (PI * k as f64 * n / GRID as f64).cos()
            })
            .sum();
        sum / (2 * GRID) as f64
    })
}

/// Taps `−half ..= half` of an even response under a Hann window.
fn symmetric_taps(half: usize, response: impl Fn(f64) -> f64) -> Vec<f64> {
    let one_side: Vec<f64> = (0..=half)
        .map(|n| {
            let window = 0.5 + 0.5 * (PI * n as f64 / (half + 1) as f64).cos();
            window * response(n as f64)
        })
        .collect();
    let left = one_side.iter().skip(1).rev();
    left.chain(&one_side).copied().collect()
}

/// Convolution with a centred filter, silence beyond the ends.
fn filter(signal: &[f64], taps: &[f64]) -> Vec<f64> {
    (0..signal.len())
        .map(|i| convolve_at(signal, taps, i))
        .collect()
}

fn convolve_at(signal: &[f64], taps: &[f64], centre: usize) -> f64 {
    let half = taps.len() / 2;
    let from = centre.saturating_sub(half);
    let to = (centre + half + 1).min(signal.len());
    match (taps.get(half + from - centre..), signal.get(from..to)) {
        (Some(taps), Some(signal)) => dot(taps, signal),
        _ => 0.0,
    }
}

/// Dot product over the shorter length, in eight running sums that the processor does at once.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().min(b.len());
    let (a, b) = (a.split_at(n).0, b.split_at(n).0);
    let (a, b) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.0.iter().zip(b.0) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f64 = a.1.iter().zip(b.1).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::super::plan::{VoicesSettings, plan};
    use super::*;
    use phonoscope_analysis::signal::{Padding, Stft};

    fn steady(f0_hz: f64) -> Vec<Frame> {
        let frame = Frame {
            voicing: 1.0,
            aspiration: 0.0,
            frication: 0.0,
            frication_hz: 3000.0,
            frication_bandwidth_hz: 1000.0,
            formants_hz: [500.0, 1500.0, 2500.0],
            f0_hz,
        };
        vec![frame; 1000]
    }

    fn voice() -> VoicePlan {
        VoicePlan {
            jitter_percent: 0.0,
            breathiness_db: -80.0,
            ..plan(&VoicesSettings::default()).unwrap().remove(0)
        }
    }

    fn rms(x: &[f64]) -> f64 {
        (x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64).sqrt()
    }

    /// Slope of the levels of harmonics from 200 Hz to 6 kHz over octaves.
    fn slope_db_per_octave(source: &[f64], f0_hz: f64) -> f64 {
        let stft = Stft::new(16_000, 16_000).unwrap();
        let power = stft
            .power(&source[..16_001.min(source.len())], Padding::Zeros)
            .unwrap();
        let points: Vec<(f64, f64)> = (1..)
            .map(|k| f64::from(k) * f0_hz)
            .skip_while(|f| *f < 200.0)
            .take_while(|f| *f < 6000.0)
            .map(|f| (f.log2(), 10.0 * power[[1, f as usize]].log10()))
            .collect();
        let n = points.len() as f64;
        let mean_x = points.iter().map(|p| p.0).sum::<f64>() / n;
        let mean_y = points.iter().map(|p| p.1).sum::<f64>() / n;
        let xy: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
        xy / points.iter().map(|p| (p.0 - mean_x).powi(2)).sum::<f64>()
    }

    #[test]
    fn tilt_of_the_source_is_the_planted_one() {
        for tilt in [-12.0, -9.0, -6.0, -4.0] {
            let voice = VoicePlan {
                tilt_db_per_octave: tilt,
                ..voice()
            };
            let source = excite(&steady(160.0), &voice, &mut Draw::new(1, "test", 0));
            let slope = slope_db_per_octave(&source[8000..], 160.0);
            assert!((slope - tilt).abs() < 0.5, "planted {tilt}, found {slope}");
        }
    }

    #[test]
    fn aspiration_has_the_planted_level() {
        for level_db in [-40.0, -20.0, -10.0] {
            let noisy = VoicePlan {
                breathiness_db: level_db,
                ..voice()
            };
            let draw = || Draw::new(1, "test", 0);
            let clean = excite(&steady(120.0), &voice(), &mut draw());
            let with = excite(&steady(120.0), &noisy, &mut draw());
            let noise: Vec<f64> = clean.iter().zip(&with).map(|(a, b)| b - a).collect();
            let found_db = 20.0 * (rms(&noise) / rms(&clean)).log10();
            assert!(
                (found_db - level_db).abs() < 0.3,
                "planted {level_db}, found {found_db}"
            );
        }
    }

    #[test]
    fn closures_are_apart_by_the_planted_jitter() {
        for percent in [0.0, 0.2, 1.0, 2.5] {
            let frames = steady(100.0).repeat(10);
            let change = pulses(&frames, percent, 0.0, &mut Draw::new(1, "test", 0)).flow_change;
            // The derivative is −1 up to closure and 0 after it: the step with closure inside shows
            // how much of it lies before.
            let closures: Vec<f64> = change
                .windows(2)
                .enumerate()
                .filter(|(_, w)| w[0] < 0.0 && w[1] == 0.0)
                .map(|(i, w)| i as f64 - w[0])
                .collect();
            let periods: Vec<f64> = closures.windows(2).map(|w| w[1] - w[0]).collect();
            assert!(periods.len() > 1900, "{}", periods.len());
            let differences: Vec<f64> = periods.windows(2).map(|w| (w[1] - w[0]).abs()).collect();
            let found = 100.0 * differences.iter().sum::<f64>() / periods.iter().sum::<f64>();
            let allowed = 0.05 * percent + 0.01;
            assert!(
                (found - percent).abs() < allowed,
                "planted {percent}, found {found}"
            );
        }
    }

    #[test]
    fn strengths_differ_by_the_planted_shimmer() {
        for percent in [0.0, 2.0, 10.0] {
            let frames = steady(100.0).repeat(10);
            let change = pulses(&frames, 0.0, percent, &mut Draw::new(1, "test", 0)).flow_change;
            // 640 oversampled steps a period.
            let depths: Vec<f64> = change
                .chunks(640)
                .map(|period| -period.iter().copied().fold(0.0, f64::min))
                .filter(|depth| *depth > 0.0)
                .collect();
            assert!(depths.len() > 1900, "{}", depths.len());
            let differences: Vec<f64> = depths.windows(2).map(|w| (w[1] - w[0]).abs()).collect();
            let found = 100.0 * differences.iter().sum::<f64>() / depths.iter().sum::<f64>();
            let allowed = 0.05 * percent + 0.1;
            assert!(
                (found - percent).abs() < allowed,
                "planted {percent}, found {found}"
            );
        }
    }

    #[test]
    fn silence_stays_silent() {
        let mut frames = steady(100.0);
        frames.iter_mut().for_each(|f| f.voicing = 0.0);
        let source = excite(&frames, &voice(), &mut Draw::new(1, "test", 0));
        assert!(source.iter().all(|x| *x == 0.0));
        assert!(excite(&[], &voice(), &mut Draw::new(1, "test", 0)).is_empty());
    }
}
