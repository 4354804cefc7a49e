//! The Gaussian low-pass filter of filtered autocorrelation.

use realfft::RealFftPlanner;

use super::super::Sound;

/// The sound with its spectrum multiplied by a Gaussian that leaves `attenuation` at `top_hz`.
pub(super) fn low_pass(sound: &Sound, top_hz: f64, attenuation: f64) -> Sound {
    let points = sound.len().next_power_of_two();
    let mut planner = RealFftPlanner::new();
    let forward = planner.plan_fft_forward(points);
    let inverse = planner.plan_fft_inverse(points);
    let mut padded = vec![0.0; points];
    padded[..sound.len()].copy_from_slice(sound.samples());
    let mut spectrum = forward.make_output_vec();
    let mut filtered = sound.clone();
    let sd_hz = top_hz / (-2.0 * attenuation.ln()).sqrt();
    let bin_hz = sound.sample_rate_hz() / points as f64;
    let done = forward.process(&mut padded, &mut spectrum).and_then(|()| {
        for (k, bin) in spectrum.iter_mut().enumerate() {
            let u = k as f64 * bin_hz / sd_hz;
            *bin *= (-0.5 * u * u).exp() / points as f64;
        }
        inverse.process(&mut spectrum, &mut padded)
    });
    // The lengths are those planned for, so that nothing can have failed.
    debug_assert!(done.is_ok());
    filtered
        .samples_mut()
        .copy_from_slice(&padded[..sound.len()]);
    filtered
}
