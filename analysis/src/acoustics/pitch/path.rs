//! The cheapest path through the candidates of all frames (Viterbi).

use super::candidates::{Candidate, Candidates};
use super::settings::Settings;

/// Costs of the path, scaled to the step from frame to frame.
pub(super) struct Costs {
    silence_threshold: f64,
    voicing_threshold: f64,
    octave: f64,
    octave_jump: f64,
    voiced_unvoiced: f64,
    ceiling_hz: f64,
}

impl Costs {
    pub(super) fn new(settings: &Settings, step_secs: f64, ceiling_hz: f64) -> Self {
        let correction = 0.01 / step_secs;
        Self {
            silence_threshold: settings.silence_threshold,
            voicing_threshold: settings.voicing_threshold,
            octave: settings.octave_cost,
            octave_jump: settings.octave_jump_cost * correction,
            voiced_unvoiced: settings.voiced_unvoiced_cost * correction,
            ceiling_hz,
        }
    }

    fn voiced(&self, candidate: Candidate) -> bool {
        candidate.frequency_hz > 0.0 && candidate.frequency_hz < self.ceiling_hz
    }

    /// What a candidate is worth in its frame.
    fn local(&self, candidate: Candidate, intensity: f64) -> f64 {
        if self.voiced(candidate) {
            let octaves = (self.ceiling_hz / candidate.frequency_hz).log2();
            return candidate.strength - self.octave * octaves;
        }
        let silence = if self.silence_threshold > 0.0 {
            2.0 - intensity * (1.0 + self.voicing_threshold) / self.silence_threshold
        } else {
            0.0
        };
        self.voicing_threshold + silence.max(0.0)
    }

    fn transition(&self, from: Place, to: Place) -> f64 {
        match (from.octaves, to.octaves) {
            (Some(from), Some(to)) => self.octave_jump * (from - to).abs(),
            (None, None) => 0.0,
            _ => self.voiced_unvoiced,
        }
    }
}

/// A candidate on the way.
#[derive(Clone, Copy)]
struct Place {
    /// Frequency in octaves; None if unvoiced.
    octaves: Option<f64>,
    /// Worth of the best path that ends here.
    total: f64,
}

/// The best candidate of each frame; of equals, the earlier. Unvoiced ones are 0 Hz and strength
/// 0.
pub(super) fn best(candidates: &Candidates, intensity: &[f64], costs: &Costs) -> Vec<Candidate> {
    let frames = candidates.frames();
    let mut previous: Vec<Place> = Vec::new();
    let mut current: Vec<Place> = Vec::new();
    // For each candidate, which one of the frame before leads to it.
    let mut came_from: Vec<u32> = Vec::new();
    let mut starts = Vec::with_capacity(frames);
    for (index, &intensity) in intensity.iter().enumerate().take(frames) {
        starts.push(came_from.len());
        current.clear();
        for &candidate in candidates.of(index) {
            let mut place = Place {
                octaves: costs
                    .voiced(candidate)
                    .then(|| candidate.frequency_hz.log2()),
                total: costs.local(candidate, intensity),
            };
            let mut best: Option<(usize, f64)> = None;
            for (from, &before) in previous.iter().enumerate() {
                let total = before.total - costs.transition(before, place) + place.total;
                if best.is_none_or(|(_, most)| total > most) {
                    best = Some((from, total));
                }
            }
            let (from, total) = best.unwrap_or((0, place.total));
            place.total = total;
            came_from.push(from as u32);
            current.push(place);
        }
        std::mem::swap(&mut previous, &mut current);
    }
    let mut at = previous
        .iter()
        .enumerate()
        .reduce(|best, other| {
            if other.1.total > best.1.total {
                other
            } else {
                best
            }
        })
        .map_or(0, |(at, _)| at);
    let mut path = Vec::with_capacity(frames);
    for index in (0..frames).rev() {
        let candidate = candidates.of(index)[at];
        path.push(if costs.voiced(candidate) {
            candidate
        } else {
            Candidate {
                frequency_hz: 0.0,
                strength: 0.0,
            }
        });
        at = came_from[starts[index] + at] as usize;
    }
    path.reverse();
    path
}
