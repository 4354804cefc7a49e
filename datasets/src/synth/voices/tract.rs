//! The vocal tract: formant resonators in cascade, a frication branch in parallel.

use std::f64::consts::{PI, TAU};

use super::RATE;
use super::phones::REFERENCE_VTL_CM;
use super::score::{FRAME_SECS, Frame};
use crate::synth::draw::Draw;

/// Resonances from here up are left to the sampling itself.
const HIGHEST_FORMANT_HZ: f64 = 7600.0;

/// Two-pole resonator with unit gain at 0 Hz (Klatt 1980).
#[derive(Debug, Clone, Copy, Default)]
struct Resonator {
    a: f64,
    b: f64,
    c: f64,
    last: f64,
    before: f64,
}

impl Resonator {
    fn tune(&mut self, freq_hz: f64, bandwidth_hz: f64) {
        let radius = (-PI * bandwidth_hz / RATE).exp();
        self.c = -radius * radius;
        self.b = 2.0 * radius * (TAU * freq_hz / RATE).cos();
        self.a = 1.0 - self.b - self.c;
    }

    fn step(&mut self, x: f64) -> f64 {
        let y = self.a * x + self.b * self.last + self.c * self.before;
        self.before = self.last;
        self.last = y;
        y
    }
}

/// Formant `k` (from 0) of a tract of `vtl_cm` in the posture `reference_hz` of the reference tract;
/// above the third, those of a uniform tube.
fn formant_hz(k: usize, reference_hz: &[f64; 3], vtl_cm: f64) -> f64 {
    let tube = (2 * k + 1) as f64 * 500.0;
    reference_hz.get(k).copied().unwrap_or(tube) * REFERENCE_VTL_CM / vtl_cm
}

fn bandwidth_hz(formant_hz: f64) -> f64 {
    50.0 + 0.035 * formant_hz
}

/// Speech from the excitation: formants follow `frames`, scaled to `vtl_cm`; so do the bands of
/// frication, whose cavities scale as well.
pub(super) fn speak(source: &[f64], frames: &[Frame], vtl_cm: f64, draw: &mut Draw) -> Vec<f64> {
    let rest = [500.0, 1500.0, 2500.0];
    let n_formants = (0..)
        .take_while(|k| formant_hz(*k, &rest, vtl_cm) < HIGHEST_FORMANT_HZ)
        .count();
    let mut cascade = vec![Resonator::default(); n_formants];
    let mut hiss = Resonator::default();
    let mut last_hiss = 0.0;
    let mut hiss_gain = 0.0;
    let frame_samples = (FRAME_SECS * RATE).round() as usize;

    let mut speech = Vec::with_capacity(source.len());
    for (block, frame) in source.chunks(frame_samples).zip(frames) {
        for (k, resonator) in cascade.iter_mut().enumerate() {
            let freq_hz = formant_hz(k, &frame.formants_hz, vtl_cm);
            resonator.tune(freq_hz, bandwidth_hz(freq_hz));
        }
        let scale = REFERENCE_VTL_CM / vtl_cm;
        let centre_hz = (frame.frication_hz * scale).min(7000.0);
        let width_hz = frame.frication_bandwidth_hz * scale;
        hiss.tune(centre_hz, width_hz);
        if frame.frication > 0.0 {
            hiss_gain = frame.frication * peak_gain(centre_hz, width_hz).recip();
        }
        for x in block {
            let voiced = cascade
                .iter_mut()
                .fold(*x, |x, resonator| resonator.step(x));
            let noise = if frame.frication > 0.0 {
                hiss_gain * draw.normal()
            } else {
                0.0
            };
            let y = hiss.step(noise);
            speech.push(voiced + y - last_hiss);
            last_hiss = y;
        }
    }
    speech
}

/// Gain at its centre of a resonator followed by a difference.
fn peak_gain(centre_hz: f64, bandwidth_hz: f64) -> f64 {
    let mut resonator = Resonator::default();
    resonator.tune(centre_hz, bandwidth_hz);
    let w = TAU * centre_hz / RATE;
    let re = 1.0 - resonator.b * w.cos() - resonator.c * (2.0 * w).cos();
    let im = resonator.b * w.sin() + resonator.c * (2.0 * w).sin();
    let difference = 2.0 * (w / 2.0).sin();
    resonator.a.abs() * difference / re.hypot(im)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(resonator: Resonator, freq_hz: f64) -> f64 {
        let mut resonator = resonator;
        let (mut re, mut im) = (0.0, 0.0);
        for n in 0..8000 {
            let y = resonator.step(if n == 0 { 1.0 } else { 0.0 });
            let w = TAU * freq_hz * f64::from(n) / RATE;
            re += y * w.cos();
            im -= y * w.sin();
        }
        re.hypot(im)
    }

    #[test]
    fn resonator_has_unit_gain_at_zero_and_its_bandwidth_at_the_peak() {
        let mut resonator = Resonator::default();
        resonator.tune(1000.0, 80.0);
        assert!((response(resonator, 0.0) - 1.0).abs() < 1e-6);
        let peak = response(resonator, 1000.0);
        for edge_hz in [960.0, 1040.0] {
            let half_power = (response(resonator, edge_hz) / peak).powi(2);
            assert!((half_power - 0.5).abs() < 0.04, "{edge_hz}: {half_power}");
        }
    }

    #[test]
    fn formants_scale_with_the_inverse_of_length() {
        let posture = [270.0, 2290.0, 3010.0];
        for k in 0..6 {
            let ratio = formant_hz(k, &posture, 14.0) / formant_hz(k, &posture, 17.5);
            assert!((ratio - 1.25).abs() < 1e-12);
        }
        assert_eq!(formant_hz(3, &posture, 17.5), 3500.0);
    }

    #[test]
    fn peak_gain_is_that_of_the_difference_of_the_resonator() {
        let mut resonator = Resonator::default();
        resonator.tune(3000.0, 1200.0);
        let difference = 2.0 * (PI * 3000.0 / RATE).sin();
        let expected = response(resonator, 3000.0) * difference;
        assert!((peak_gain(3000.0, 1200.0) / expected - 1.0).abs() < 1e-9);
    }
}
