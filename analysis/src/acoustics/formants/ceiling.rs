//! Which ceiling suits a recording whose speaker is not known.
//!
//! Escudero et al. (2009, JASA 126) take for each vowel of a speaker the ceiling at which its
//! formants vary least. Running speech has no marked vowels, but within one formants move slowly:
//! so the ceiling is taken at which they jump least from one voiced frame to the next. A ceiling
//! too low crowds the poles and one too high splits them, and either makes formants jump.

use super::{Formants, Settings, track};
use crate::acoustics::Sound;
use crate::stats::hazen_of_sorted;

/// Ceilings that are tried, Hz: from, to, step.
pub const CANDIDATES_HZ: (u32, u32, usize) = (4_500, 6_500, 250);

/// Formants that are watched, from F1.
const FORMANTS: usize = 3;

/// Pairs of neighbouring voiced frames that a choice needs.
const MIN_PAIRS: usize = 10;

/// The formants at the ceiling at which F1 to F3 move least: the sum of the median moves of each,
/// in octaves, between neighbouring frames that `is_voiced` (a function of time) names. Of equal
/// ceilings the lowest is taken.
///
/// None if the sound is shorter than a window or has too few such frames at every ceiling.
pub fn least_movement(sound: &Sound, is_voiced: impl Fn(f64) -> bool) -> Option<Formants> {
    let (from, to, step) = CANDIDATES_HZ;
    let mut best: Option<(f64, Formants)> = None;
    for ceiling_hz in (from..=to).step_by(step) {
        let formants = track(sound, &Settings::with_ceiling(f64::from(ceiling_hz)))?;
        if let Some(movement) = movement(&formants, &is_voiced)
            && best.as_ref().is_none_or(|(least, _)| movement < *least)
        {
            best = Some((movement, formants));
        }
    }
    best.map(|(_, formants)| formants)
}

/// The summed median moves, in octaves.
fn movement(formants: &Formants, is_voiced: impl Fn(f64) -> bool) -> Option<f64> {
    let voiced: Vec<bool> = (0..formants.frames.count)
        .map(|i| is_voiced(formants.frames.centre_secs(i)))
        .collect();
    let mut total = 0.0;
    for number in 0..FORMANTS {
        let place = |frame: usize| Some(formants.frame(frame).get(number)?.frequency_hz.log2());
        let mut moves: Vec<f64> = (1..voiced.len())
            .filter(|&i| voiced[i - 1] && voiced[i])
            .filter_map(|i| Some((place(i)? - place(i - 1)?).abs()))
            .collect();
        if moves.len() < MIN_PAIRS {
            return None;
        }
        moves.sort_by(f64::total_cmp);
        total += hazen_of_sorted(&moves, 0.5);
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_voiced_frames_there_is_no_choice() {
        let sound = Sound::new((0..8_000).map(|i| f64::from(i % 97) / 97.0).collect(), 16e3);
        assert!(least_movement(&sound, |_| false).is_none());
        assert!(least_movement(&Sound::new(vec![0.1; 100], 16e3), |_| true).is_none());
    }

    #[test]
    fn the_choice_is_one_of_the_candidates_and_moves_least() {
        let sound = Sound::new(
            (0..8_000).map(|i| f64::from(i * i % 97) / 97.0).collect(),
            16e3,
        );
        let Some(chosen) = least_movement(&sound, |_| true) else {
            panic!("half a second holds frames enough")
        };
        let of = |hz: f64| {
            let formants = track(&sound, &Settings::with_ceiling(hz))?;
            movement(&formants, |_| true)
        };
        let least = of(chosen.ceiling_hz);
        assert!(least.is_some());
        for hz in [4_500.0, 5_000.0, 5_500.0, 6_500.0] {
            assert!(of(hz) >= least, "{hz} Hz");
        }
    }
}
