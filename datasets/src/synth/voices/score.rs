//! What is said: a random sequence of syllables, as control tracks.

use std::f64::consts::TAU;

use super::phones::{CONSONANTS, Consonant, Manner, Noise, SONORANTS, VOWELS_HZ};
use super::plan::VoicePlan;
use crate::synth::draw::Draw;

/// Time between control frames.
pub(super) const FRAME_SECS: f64 = 0.002;
const EDGE_SECS: f64 = 0.05;
const BURST_SECS: f64 = 0.008;
const ASPIRATION_SECS: f64 = 0.03;
const ASPIRATION_GAIN: f64 = 0.25;
/// Voicing from which a frame counts as voiced in the planted F0.
pub(super) const VOICED: f64 = 0.5;
const FORMANT_SMOOTHING_SECS: f64 = 0.07;
const GAIN_SMOOTHING_SECS: f64 = 0.014;
const F0_SMOOTHING_SECS: f64 = 0.06;

/// Controls at one moment. Formants are those of the reference tract.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    pub(super) voicing: f64,
    pub(super) aspiration: f64,
    pub(super) frication: f64,
    pub(super) frication_hz: f64,
    pub(super) frication_bandwidth_hz: f64,
    pub(super) formants_hz: [f64; 3],
    pub(super) f0_hz: f64,
}

const REST: Frame = Frame {
    voicing: 0.0,
    aspiration: 0.0,
    frication: 0.0,
    frication_hz: 3000.0,
    frication_bandwidth_hz: 1500.0,
    formants_hz: [500.0, 1500.0, 2500.0],
    f0_hz: 0.0,
};

/// A syllable before it becomes frames.
struct Syllable {
    start_secs: f64,
    duration_secs: f64,
    onset: Consonant,
    vowel_hz: [f64; 3],
    loudness: f64,
    accent: f64,
    /// Place in its phrase, 0 to 1.
    position: f64,
}

/// Frames of one utterance of `voice`, every [`FRAME_SECS`].
pub(super) fn compose(voice: &VoicePlan, draw: &mut Draw) -> Vec<Frame> {
    let syllables = syllables(voice, draw);
    let end_secs = syllables
        .last()
        .map_or(0.0, |s| s.start_secs + s.duration_secs);
    let n_frames = ((end_secs + EDGE_SECS) / FRAME_SECS).ceil() as usize;
    let mut frames = vec![REST; n_frames];
    let mut melody = vec![0.0; n_frames];
    for syllable in &syllables {
        let first = (syllable.start_secs / FRAME_SECS).round() as usize;
        let n = (syllable.duration_secs / FRAME_SECS).round() as usize;
        let places = frames.iter_mut().zip(&mut melody).skip(first).take(n);
        for (i, (frame, pitch)) in places.enumerate() {
            let secs = i as f64 * FRAME_SECS;
            *frame = articulate(syllable, secs);
            let bump = 0.5 - 0.5 * (TAU * secs / syllable.duration_secs).cos();
            *pitch = syllable.accent * bump - syllable.position;
        }
    }
    smooth(&mut frames, GAIN_SMOOTHING_SECS, |f| &mut f.voicing);
    smooth(&mut frames, GAIN_SMOOTHING_SECS, |f| &mut f.aspiration);
    smooth(&mut frames, GAIN_SMOOTHING_SECS, |f| &mut f.frication);
    for k in 0..3 {
        smooth(&mut frames, FORMANT_SMOOTHING_SECS, |f| {
            &mut f.formants_hz[k]
        });
    }
    smooth(&mut melody, F0_SMOOTHING_SECS, |pitch| pitch);
    intone(&mut frames, &melody, voice);
    frames
}

/// Phrases of 4 to 9 syllables with pauses between, filling the voice's duration.
fn syllables(voice: &VoicePlan, draw: &mut Draw) -> Vec<Syllable> {
    let rate = voice.rate_syllables_per_sec;
    let onsets = match voice.sonorants_only {
        true => &CONSONANTS[..SONORANTS],
        false => &CONSONANTS[..],
    };
    let room = |now: f64| ((voice.duration_secs - EDGE_SECS - now) * rate + 1e-6) as usize;
    let mut syllables = Vec::new();
    let mut now = EDGE_SECS;
    loop {
        // A phrase is never a single syllable unless nothing else fits.
        let left = room(now);
        let wanted = 4 + draw.below(6);
        let n = if left < wanted + 2 { left } else { wanted }.max(1);
        let weights: Vec<f64> = (0..n).map(|_| draw.uniform(0.8, 1.25)).collect();
        let scale = n as f64 / rate / weights.iter().sum::<f64>();
        for (i, weight) in weights.iter().enumerate() {
            let accented = draw.below(2) == 0;
            let accent = draw.uniform(0.3, 1.5);
            syllables.push(Syllable {
                start_secs: now,
                duration_secs: weight * scale,
                onset: onsets[draw.below(onsets.len())],
                vowel_hz: VOWELS_HZ[draw.below(VOWELS_HZ.len())],
                loudness: draw.uniform(0.8, 1.0),
                accent: if accented { accent } else { 0.0 },
                position: (i as f64 + 0.5) / n as f64,
            });
            now += weight * scale;
        }
        now += draw.uniform(0.12, 0.3);
        if room(now) < 2 {
            return syllables;
        }
    }
}

/// Controls `secs` after the start of a syllable, before smoothing.
fn articulate(syllable: &Syllable, secs: f64) -> Frame {
    let share = match syllable.onset.manner {
        Manner::Sonorant => 0.32,
        Manner::Fricative(_) => 0.4,
        Manner::VoicedStop(_) | Manner::VoicelessStop(_) => 0.3,
    };
    let onset_secs = share * syllable.duration_secs;
    let vowel = Frame {
        voicing: syllable.loudness,
        formants_hz: syllable.vowel_hz,
        ..REST
    };
    let onset = Frame {
        formants_hz: syllable.onset.formants_hz,
        ..REST
    };
    let hiss = |noise: Noise| Frame {
        frication: noise.gain,
        frication_hz: noise.centre_hz,
        frication_bandwidth_hz: noise.bandwidth_hz,
        ..onset
    };
    let bursting = secs >= onset_secs - BURST_SECS;
    match syllable.onset.manner {
        Manner::VoicelessStop(_) if (onset_secs..onset_secs + ASPIRATION_SECS).contains(&secs) => {
            Frame {
                aspiration: ASPIRATION_GAIN,
                voicing: 0.0,
                ..vowel
            }
        }
        _ if secs >= onset_secs => vowel,
        Manner::Sonorant => Frame {
            voicing: 0.3,
            ..onset
        },
        Manner::Fricative(noise) => hiss(noise),
        Manner::VoicedStop(noise) | Manner::VoicelessStop(noise) if bursting => hiss(noise),
        Manner::VoicedStop(_) => Frame {
            voicing: 0.06,
            ..onset
        },
        Manner::VoicelessStop(_) => onset,
    }
}

/// Replaces a track by its average under a Hann window of `width_secs`.
fn smooth<T>(track: &mut [T], width_secs: f64, mut field: impl FnMut(&mut T) -> &mut f64) {
    let half = (width_secs / FRAME_SECS / 2.0).round() as usize;
    let kernel: Vec<f64> = (1..=2 * half + 1)
        .map(|i| 0.5 - 0.5 * (TAU * i as f64 / (2 * half + 2) as f64).cos())
        .collect();
    let values: Vec<f64> = track.iter_mut().map(|x| *field(x)).collect();
    for (at, place) in track.iter_mut().enumerate() {
        let (mut sum, mut weight) = (0.0, 0.0);
        let from = at.saturating_sub(half);
        let under = kernel.iter().skip(half + from - at);
        for (k, value) in under.zip(values.iter().skip(from)) {
            sum += k * value;
            weight += k;
        }
        *field(place) = sum / weight;
    }
}

/// Sets F0 so that its mean (in semitones) and range over the voiced frames are the planted ones.
fn intone(frames: &mut [Frame], melody: &[f64], voice: &VoicePlan) {
    let voiced = frames
        .iter()
        .zip(melody)
        .filter(|(f, _)| f.voicing >= VOICED);
    let (mut n, mut sum, mut low, mut high) = (0.0, 0.0, f64::MAX, f64::MIN);
    for (_, pitch) in voiced {
        n += 1.0;
        sum += pitch;
        low = pitch.min(low);
        high = pitch.max(high);
    }
    let flat = n == 0.0 || high - low < 1e-9;
    for (frame, pitch) in frames.iter_mut().zip(melody) {
        let semitones = if flat {
            0.0
        } else {
            (pitch.clamp(low, high) - sum / n) / (high - low) * voice.f0_range_st
        };
        frame.f0_hz = voice.f0_hz * (semitones / 12.0).exp2();
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::{VoicesSettings, plan};
    use super::*;
    use approx::assert_relative_eq;

    fn voice() -> VoicePlan {
        plan(&VoicesSettings::default()).unwrap().remove(0)
    }

    #[test]
    fn planted_f0_and_range_are_exact_over_voiced_frames() {
        for index in 0..10 {
            let voice = voice();
            let frames = compose(&voice, &mut Draw::new(3, "test", index));
            let semitones: Vec<f64> = frames
                .iter()
                .filter(|f| f.voicing >= VOICED)
                .map(|f| 12.0 * (f.f0_hz / voice.f0_hz).log2())
                .collect();
            let mean = semitones.iter().sum::<f64>() / semitones.len() as f64;
            let low = semitones.iter().copied().fold(f64::MAX, f64::min);
            let high = semitones.iter().copied().fold(f64::MIN, f64::max);
            assert!(mean.abs() < 1e-9, "{mean}");
            assert_relative_eq!(high - low, voice.f0_range_st, epsilon = 1e-9);
        }
    }

    #[test]
    fn planted_rate_is_exact_between_pauses() {
        for index in 0..10 {
            let voice = voice();
            let syllables = syllables(&voice, &mut Draw::new(3, "test", index));
            let secs: f64 = syllables.iter().map(|s| s.duration_secs).sum();
            let rate = syllables.len() as f64 / secs;
            assert_relative_eq!(rate, voice.rate_syllables_per_sec, max_relative = 1e-9);
            let last = syllables.last().unwrap();
            assert!(last.start_secs + last.duration_secs <= voice.duration_secs);
        }
    }

    #[test]
    fn shortest_utterance_at_the_slowest_rate_is_one_syllable() {
        let voice = VoicePlan {
            duration_secs: 0.5,
            rate_syllables_per_sec: 1.0,
            ..voice()
        };
        let draw = || Draw::new(3, "test", 0);
        assert_eq!(syllables(&voice, &mut draw()).len(), 1);
        assert!(
            compose(&voice, &mut draw())
                .iter()
                .all(|f| f.f0_hz.is_finite())
        );
    }

    #[test]
    fn smoothing_keeps_a_constant_and_spreads_a_step() {
        let mut track = [2.0; 30];
        smooth(&mut track, 0.02, |x| x);
        assert!(track.iter().all(|x| (x - 2.0f64).abs() < 1e-12));
        let mut step = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        smooth(&mut step, 0.004, |x| x);
        assert_eq!(step[0], 0.0);
        assert!(
            step[2] > 0.0 && step[2] < step[3] && step[3] < 1.0,
            "{step:?}"
        );
    }
}
