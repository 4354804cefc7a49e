//! Changing the rate of a sound: low-pass by FFT, then windowed-sinc interpolation.
//!
//! The domain stays; the new samples are centred in it, so the first of them does not lie half a
//! step from its beginning.

use realfft::num_complex::Complex;

use super::interpolation::{kernel, sinc};
use super::transform::Transform;
use super::{Sound, sums};

/// Zeros on either side of the sound while it is filtered.
const MARGIN: usize = 1000;

/// More phases than this are interpolated one by one.
const MAX_PHASES: u64 = 1024;

/// The sound at `rate_hz`, interpolated from `depth` samples on each side.
///
/// A sound at that rate already is copied. A higher rate is interpolated as it is, save the
/// double, which is made by padding the spectrum.
pub fn resample(sound: &Sound, rate_hz: f64, depth: usize) -> Sound {
    let ratio = rate_hz * sound.step_secs();
    if (ratio - 1.0).abs() < 1e-6 || sound.is_empty() {
        return sound.clone();
    }
    if (ratio - 2.0).abs() < 1e-6 {
        return doubled(sound);
    }
    let step_secs = 1.0 / rate_hz;
    let count = (sound.duration_secs() * rate_hz).round().max(1.0) as usize;
    let first_secs = 0.5 * (sound.duration_secs() - (count - 1) as f64 / rate_hz);
    let filtered = (ratio < 1.0).then(|| low_pass(sound.samples(), ratio));
    let source = filtered.as_deref().unwrap_or(sound.samples());
    let start = sound.position(first_secs);
    let samples = interpolated(source, start, sound.sample_rate_hz(), rate_hz, count, depth);
    Sound::with_axis(samples, step_secs, first_secs, sound.duration_secs())
}

/// What remains below `ratio` of the band.
fn low_pass(samples: &[f64], ratio: f64) -> Vec<f64> {
    let mut transform = Transform::holding(samples.len() + 2 * MARGIN);
    let length = transform.signal.len();
    transform.signal[MARGIN..MARGIN + samples.len()].copy_from_slice(samples);
    transform.forward();
    // Counted over (zero, half the rate, re 1, im 1, re 2 …) from one.
    let first = (ratio * length as f64).floor() as usize;
    for (k, bin) in transform.spectrum.iter_mut().enumerate() {
        if k > 0 && 2 * k + 1 >= first {
            *bin = Complex::default();
        } else if k > 0 && 2 * k + 2 >= first {
            bin.im = 0.0;
        }
    }
    if let Some(half_rate) = transform.spectrum.last_mut() {
        *half_rate = Complex::default();
    }
    transform.inverse();
    let scale = 1.0 / length as f64;
    transform.signal[MARGIN..MARGIN + samples.len()]
        .iter()
        .map(|y| y * scale)
        .collect()
}

/// Twice the rate: the spectrum padded with zeros.
fn doubled(sound: &Sound) -> Sound {
    let n = sound.len();
    let mut narrow = Transform::holding(n + 2 * MARGIN);
    let length = narrow.signal.len();
    narrow.signal[MARGIN..MARGIN + n].copy_from_slice(sound.samples());
    narrow.forward();
    let mut wide = Transform::new(2 * length);
    // Half a step of the new rate earlier, since the domain stays.
    let turn = -std::f64::consts::PI / (2 * length) as f64;
    for (k, (to, from)) in wide.spectrum.iter_mut().zip(&narrow.spectrum).enumerate() {
        let half = if k == length / 2 { 0.5 } else { 1.0 };
        *to = from * Complex::from_polar(half, turn * k as f64);
    }
    wide.inverse();
    let scale = 1.0 / length as f64;
    let samples = wide.signal[2 * MARGIN..2 * (MARGIN + n)].iter();
    let step_secs = sound.step_secs() / 2.0;
    Sound::with_axis(
        samples.map(|y| y * scale).collect(),
        step_secs,
        sound.first_secs() - step_secs / 2.0,
        sound.duration_secs(),
    )
}

/// `count` values of a curve from position `start`, at the rate `to_hz` where its own is `from_hz`.
fn interpolated(
    curve: &[f64],
    start: f64,
    from_hz: f64,
    to_hz: f64,
    count: usize,
    depth: usize,
) -> Vec<f64> {
    let step = from_hz / to_hz;
    let position = |i: usize| start + i as f64 * step;
    let Some((phases, stride)) = cycle(from_hz, to_hz) else {
        return (0..count)
            .map(|i| sinc(curve, position(i), depth))
            .collect();
    };
    let mut samples = vec![0.0; count];
    for phase in 0..phases.min(count) {
        let first = position(phase);
        let below = first.floor();
        let weights = kernel(first - below, depth);
        for (turn, i) in (phase..count).step_by(phases).enumerate() {
            // The kernel's first sample, and one more behind it: `sinc` sees as many.
            let left = below as isize + (turn * stride) as isize + 1 - depth as isize;
            let inside = usize::try_from(left)
                .ok()
                .and_then(|left| curve.get(left..left + 2 * depth));
            samples[i] = match inside {
                Some(inside) => sums::dot(inside, &weights),
                None => sinc(curve, position(i), depth),
            };
        }
    }
    samples
}

/// After how many new samples (and old ones) two rates are in step again, if that is soon.
fn cycle(from_hz: f64, to_hz: f64) -> Option<(usize, usize)> {
    let whole = |hz: f64| {
        let rounded = hz.round();
        ((hz - rounded).abs() < 1e-6 && rounded >= 1.0).then_some(rounded as u64)
    };
    let (from, to) = (whole(from_hz)?, whole(to_hz)?);
    let (mut a, mut b) = (from, to);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (to / a <= MAX_PHASES).then_some(((to / a) as usize, (from / a) as usize))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    fn tone(hz: f64, rate_hz: f64, secs: f64) -> Sound {
        let step = 1.0 / rate_hz;
        let count = (secs * rate_hz) as usize;
        let samples = (0..count).map(|i| (2.0 * PI * hz * (i as f64 + 0.5) * step).sin());
        Sound::new(samples.collect(), rate_hz)
    }

    #[test]
    fn a_tone_in_the_band_stays_and_one_above_it_goes() {
        for (from, to) in [
            (16_000.0, 10_000.0),
            (44_100.0, 11_000.0),
            (16_000.0, 9_999.5),
            (8_000.0, 10_000.0),
            (8_000.0, 16_000.0),
        ] {
            let sound = resample(&tone(1_000.0, from, 0.5), to, 50);
            assert_eq!(sound.len(), (0.5 * to).round() as usize, "{from} to {to}");
            for i in sound.len() / 4..sound.len() * 3 / 4 {
                let expected = (2.0 * PI * 1_000.0 * sound.time_of(i)).sin();
                let error = (sound.samples()[i] - expected).abs();
                assert!(error < 2e-3, "{from} to {to}: {error:e} at {i}");
            }
        }
        let gone = resample(&tone(6_000.0, 16_000.0, 0.5), 10_000.0, 50);
        let middle = &gone.samples()[1_000..4_000];
        assert!(middle.iter().all(|y| y.abs() < 2e-3));
    }

    #[test]
    fn phases_and_single_interpolation_agree() {
        let curve: Vec<f64> = (0..500).map(|i| (f64::from(i) * 0.37).sin()).collect();
        let by_phase = interpolated(&curve, -0.3, 16_000.0, 10_000.0, 310, 50);
        for (i, value) in by_phase.iter().enumerate() {
            let single = sinc(&curve, -0.3 + i as f64 * 1.6, 50);
            assert!((value - single).abs() < 1e-11, "at {i}");
        }
    }

    #[test]
    fn nothing_and_the_same_rate_are_copied() {
        let empty = Sound::new(vec![], 16_000.0);
        assert!(resample(&empty, 10_000.0, 50).is_empty());
        let sound = tone(100.0, 10_000.0, 0.1);
        assert_eq!(resample(&sound, 10_000.0, 50), sound);
    }
}
