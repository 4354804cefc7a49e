//! Stretches of voice, by their pulses.

use phonoscope_analysis::acoustics::Pitch;

/// Fewest pulses that make a stretch of voice.
const FEWEST: usize = 3;
/// Distances of neighbouring pulses, in periods.
const APART: std::ops::Range<f64> = 0.5..1.5;

/// Groups pulses, in seconds, into stretches in which every pulse is about a period from the next;
/// in samples. Shorter stretches than three pulses are left out.
pub(super) fn stretches(pulses: &[f64], pitch: &Pitch, rate_hz: f64) -> Vec<Vec<f64>> {
    let neighbours = |a: f64, b: f64| {
        let f0 = pitch.at(0.5 * (a + b)).or(pitch.at(a)).or(pitch.at(b));
        f0.is_some_and(|f0| APART.contains(&((b - a) * f0)))
    };
    pulses
        .chunk_by(|a, b| neighbours(*a, *b))
        .filter(|stretch| stretch.len() >= FEWEST)
        .map(|stretch| stretch.iter().map(|secs| secs * rate_hz).collect())
        .collect()
}
