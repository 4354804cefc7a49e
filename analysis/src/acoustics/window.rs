//! What analyses do to a sound before they look at frames of it.

use super::Sound;

/// A Gaussian window of `n` samples, lowered so that it would be zero one sample beyond its ends.
pub(crate) fn gaussian(n: usize) -> Vec<f64> {
    let middle = 0.5 * (n as f64 + 1.0);
    let edge = (-12f64).exp();
    (1..=n)
        .map(|i| {
            let u = (i as f64 - middle) / (n as f64 + 1.0);
            ((-48.0 * u * u).exp() - edge) / (1.0 - edge)
        })
        .collect()
}

/// Lifts the spectrum by 6 dB an octave above `from_hz`, in place.
pub(crate) fn pre_emphasise(sound: &mut Sound, from_hz: f64) {
    let factor = (-2.0 * std::f64::consts::PI * from_hz * sound.step_secs()).exp();
    let mut before = 0.0;
    for sample in sound.samples_mut() {
        let here = *sample;
        *sample -= factor * before;
        before = here;
    }
}

/// Copies the samples from index `first`, zeros outside of the sound, into a frame.
pub(crate) fn cut(sound: &Sound, first: isize, frame: &mut [f64]) {
    let samples = sound.samples();
    let before = first.min(0).unsigned_abs().min(frame.len());
    let start = usize::try_from(first).unwrap_or(0).min(samples.len());
    let inside = (samples.len() - start).min(frame.len() - before);
    frame[..before].fill(0.0);
    frame[before..before + inside].copy_from_slice(&samples[start..start + inside]);
    frame[before + inside..].fill(0.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_symmetric_and_near_one_in_its_middle() {
        let window = gaussian(501);
        assert!((window[250] - 1.0).abs() < 1e-12);
        assert!((window[0] - window[500]).abs() < 1e-15 && window[0] < 2e-6);
    }

    #[test]
    fn frames_reach_over_the_ends_as_zeros() {
        let sound = Sound::new(vec![1.0, 2.0, 3.0], 10.0);
        for (first, expected) in [
            (-2, [0.0, 0.0, 1.0, 2.0]),
            (1, [2.0, 3.0, 0.0, 0.0]),
            (9, [0.0; 4]),
            (-9, [0.0; 4]),
        ] {
            let mut frame = [7.0; 4];
            cut(&sound, first, &mut frame);
            assert_eq!(frame, expected, "from {first}");
        }
    }
}
