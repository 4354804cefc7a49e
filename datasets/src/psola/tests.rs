//! Edits of sounds whose pitch, formants and noise are known.

use std::f64::consts::PI;

use phonoscope_analysis::acoustics::formants;
use phonoscope_analysis::stats::quantile;

use super::*;
use crate::synth::draw::Draw;

const RATE: f64 = 16_000.0;
const FORMANTS_HZ: [f64; 3] = [600.0, 1500.0, 2500.0];

/// Second-order resonators in a row, each with gain 1 at 0 Hz.
fn through_formants(mut x: Vec<f64>) -> Vec<f64> {
    for (freq_hz, width_hz) in FORMANTS_HZ.into_iter().zip([80.0, 100.0, 140.0]) {
        let radius = (-PI * width_hz / RATE).exp();
        let (b, c) = (
            2.0 * radius * (2.0 * PI * freq_hz / RATE).cos(),
            -radius * radius,
        );
        let (mut y1, mut y2) = (0.0, 0.0);
        for sample in &mut x {
            let y = (1.0 - b - c) * *sample + b * y1 + c * y2;
            (y2, y1) = (y1, y);
            *sample = y;
        }
    }
    x
}

/// A vowel: a band-limited pulse a period, through three formants, with the F0 of each time given. The
/// pulses lie between samples.
fn vowel(secs: f64, f0_hz: impl Fn(f64) -> f64) -> Sound {
    let mut source = vec![0.0; (secs * RATE) as usize];
    let mut at = 0.01;
    while at < secs - 0.01 {
        for (i, sample) in source.iter_mut().enumerate() {
            let x = i as f64 + 0.5 - at * RATE;
            if x.abs() < 8.0 && x != 0.0 {
                *sample += (PI * x).sin() / (PI * x) * (0.5 + 0.5 * (PI * x / 8.0).cos());
            }
        }
        at += 1.0 / f0_hz(at);
    }
    let samples = through_formants(source);
    let peak = samples.iter().fold(0.0_f64, |p, x| p.max(x.abs()));
    Sound::new(samples.iter().map(|x| 0.3 * x / peak).collect(), RATE)
}

fn noise(secs: f64) -> Sound {
    let mut draw = Draw::new(7, "psola test", 0);
    let samples = (0..(secs * RATE) as usize).map(|_| 0.1 * draw.normal());
    Sound::new(samples.collect(), RATE)
}

/// Silence, noise, a vowel and noise.
fn syllable() -> Sound {
    let mut samples = vec![0.0; 1600];
    samples.extend(noise(0.1).samples());
    samples.extend(vowel(0.35, |_| 117.3).samples());
    samples.extend(noise(0.15).samples());
    Sound::new(samples, RATE)
}

fn median_f0(sound: &Sound, (from, to): (f64, f64)) -> f64 {
    let settings = pitch::Settings {
        step_secs: Some(0.005),
        ..pitch::Settings::ac()
    };
    let pitch = pitch::track(sound, &settings).unwrap();
    let inside = |i: &usize| (from..=to).contains(&pitch.frames.centre_secs(*i));
    let frames = (0..pitch.len()).filter(inside);
    let f0: Vec<f64> = frames.filter_map(|i| pitch.f0(i)).collect();
    assert!(f0.len() > 5, "{} voiced frames", f0.len());
    quantile(&f0, 0.5)
}

fn median_formants(sound: &Sound) -> [f64; 3] {
    let settings = formants::Settings {
        formants: 3,
        ..formants::Settings::with_ceiling(3500.0)
    };
    let found = formants::track(sound, &settings).unwrap();
    let middle = |i: usize| {
        let secs = found.frames.centre_secs(i);
        secs > 0.06 && secs < sound.duration_secs() - 0.06
    };
    [1, 2, 3].map(|number| {
        let all: Vec<f64> = found
            .series(number, middle)
            .map(|f| f.frequency_hz)
            .collect();
        quantile(&all, 0.5)
    })
}

fn power(samples: &[f64]) -> f64 {
    samples.iter().map(|x| x * x).sum::<f64>() / samples.len() as f64
}

fn snr_db(sound: &Sound, other: &Sound) -> f64 {
    assert_eq!(sound.len(), other.len());
    let gaps = sound.samples().iter().zip(other.samples());
    let gaps: Vec<f64> = gaps.map(|(a, b)| a - b).collect();
    10.0 * (power(sound.samples()) / power(&gaps).max(1e-30)).log10()
}

#[test]
fn edits_that_change_nothing_give_the_sound_back() {
    for sound in [
        syllable(),
        vowel(0.5, |t| 90.0 + 150.0 * t),
        vowel(0.4, |_| 251.7),
        noise(0.3),
    ] {
        let editor = Editor::new(sound.clone());
        let same = editor.edit(&Edits::none()).unwrap();
        let snr = snr_db(&sound, &same.sound);
        println!("identity: {snr:.0} dB");
        assert!(snr > 100.0, "{snr}");
    }
}

/// F0 within 0.15 semitones, duration by the sample, F1 within 10 % (what shows of it depends on which
/// harmonics lie near), F2 and F3 within 3 %.
#[test]
fn pitch_and_duration_come_out_as_asked_for_and_formants_stay() {
    for f0_hz in [95.0, 140.0, 210.0] {
        let sound = vowel(0.5, |_| f0_hz);
        let editor = Editor::new(sound.clone());
        assert!(editor.voiced_share(0.05, 0.45) > 0.95);
        let before = median_formants(&sound);
        for (st, ratio) in [
            (-3.0, 1.0),
            (0.0, 1.7),
            (0.0, 0.7),
            (3.0, 1.3),
            (6.0, 1.0),
            (6.0, 2.0),
        ] {
            let edits = Edits {
                duration_ratio: Curve::constant(ratio),
                pitch_st: Curve::constant(st),
                ..Edits::none()
            };
            let edited = editor.edit(&edits).unwrap();
            assert_eq!(
                edited.sound.len(),
                (sound.len() as f64 * ratio).round() as usize
            );
            let end = edited.sound.duration_secs() - 0.05;
            let found = 12.0 * (median_f0(&edited.sound, (0.05, end)) / f0_hz).log2();
            assert!(
                (found - st).abs() < 0.15,
                "{f0_hz} Hz, asked {st}, found {found}"
            );
            let after = median_formants(&edited.sound);
            for ((a, b), tolerance) in before.iter().zip(after).zip([0.10, 0.03, 0.03]) {
                let off = b / a - 1.0;
                assert!(
                    off.abs() < tolerance,
                    "{f0_hz} Hz, {st} st: {before:.0?} {after:.0?}"
                );
            }
        }
    }
}

#[test]
fn a_pitch_curve_is_followed() {
    let sound = vowel(0.6, |_| 120.0);
    let edits = Edits {
        pitch_st: Curve::new(vec![(0.1, 0.0), (0.5, 6.0)]).unwrap(),
        ..Edits::none()
    };
    let edited = Editor::new(sound).edit(&edits).unwrap();
    for (at, st) in [(0.2, 1.5), (0.3, 3.0), (0.4, 4.5)] {
        let f0 = median_f0(&edited.sound, (at - 0.02, at + 0.02));
        let found = 12.0 * (f0 / 120.0).log2();
        assert!(
            (found - st).abs() < 0.3,
            "at {at} s: asked {st}, found {found}"
        );
    }
}

#[test]
fn levels_change_by_what_is_asked_for() {
    let sound = vowel(0.6, |_| 130.0);
    let edits = Edits {
        gain_db: Curve::plateau(0.0, 6.0, (0.2, 0.4), 0.015),
        ..Edits::none()
    };
    let edited = Editor::new(sound.clone()).edit(&edits).unwrap();
    let change = |range: std::ops::Range<usize>| {
        let (a, b) = (
            &sound.samples()[range.clone()],
            &edited.sound.samples()[range],
        );
        10.0 * (power(b) / power(a)).log10()
    };
    assert!((change(3200..6400) - 6.0).abs() < 0.01);
    assert!(change(0..2900).abs() < 1e-6 && change(6700..9600).abs() < 1e-6);
}

/// The largest second difference of samples: what a click stands out by.
fn roughest(samples: &[f64]) -> f64 {
    let second = samples.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs());
    second.fold(0.0, f64::max)
}

#[test]
fn outside_of_an_edited_stretch_nothing_changes_and_nothing_clicks() {
    let sound = vowel(0.9, |t| 110.0 + 20.0 * t);
    let editor = Editor::new(sound.clone());
    let stretch = (0.3, 0.4);
    for (ratio, st, gain) in [
        (1.0, 4.0, 0.0),
        (1.63, 0.0, 0.0),
        (1.41, 5.3, 7.0),
        (0.8, -2.0, 0.0),
    ] {
        let edits = Edits {
            duration_ratio: Curve::plateau(1.0, ratio, stretch, 0.0),
            pitch_st: Curve::plateau(0.0, st, stretch, 0.015),
            gain_db: Curve::plateau(0.0, gain, stretch, 0.015),
        };
        let edited = editor.edit(&edits).unwrap();
        let largest = |a: &[f64], b: &[f64]| {
            let gaps = a.iter().zip(b).map(|(a, b)| (a - b).abs());
            gaps.fold(0.0, f64::max)
        };
        let (a, b) = (sound.samples(), edited.sound.samples());
        assert!(largest(&a[..4400], &b[..4400]) < 1e-12, "{ratio} {st}");
        // The phase is caught up with within 0.3 s.
        let gap = largest(&a[a.len() - 3000..], &b[b.len() - 3000..]);
        assert!(gap < 1e-12, "{ratio} {st}: {gap}");
        let louder = 10f64.powf(gain / 20.0);
        let rough = roughest(edited.sound.samples()) / roughest(sound.samples());
        println!("ratio {ratio}, {st} st, {gain} dB: roughness {rough:.2}");
        assert!(rough < 1.25 * louder, "{ratio} {st} {gain}: {rough}");
    }
}

#[test]
fn stretched_noise_stays_noise() {
    let sound = noise(1.0);
    let edits = Edits {
        duration_ratio: Curve::constant(1.6),
        ..Edits::none()
    };
    let edited = Editor::new(sound.clone()).edit(&edits).unwrap();
    let change = 10.0 * (power(edited.sound.samples()) / power(sound.samples())).log10();
    assert!(change.abs() < 1.5, "{change}");
    let strength = |sound: &Sound| {
        let settings = pitch::Settings {
            voicing_threshold: 0.0,
            ..pitch::Settings::ac()
        };
        let track = pitch::track(sound, &settings).unwrap();
        quantile(&track.strength, 0.5)
    };
    let (before, after) = (strength(&sound), strength(&edited.sound));
    println!("noise: level {change:.2} dB, periodicity {before:.3} to {after:.3}");
    assert!(after < before + 0.15, "{before} {after}");
}

#[test]
fn what_cannot_be_edited_is_refused_or_left_alone() {
    let editor = Editor::new(vowel(0.3, |_| 120.0));
    for edits in [
        Edits {
            duration_ratio: Curve::constant(0.1),
            ..Edits::none()
        },
        Edits {
            duration_ratio: Curve::constant(9.0),
            ..Edits::none()
        },
        Edits {
            pitch_st: Curve::constant(30.0),
            ..Edits::none()
        },
        Edits {
            gain_db: Curve::constant(-99.0),
            ..Edits::none()
        },
    ] {
        assert!(matches!(editor.edit(&edits), Err(Error::Setting { .. })));
    }
    let longer = Edits {
        duration_ratio: Curve::constant(2.0),
        ..Edits::none()
    };
    for samples in [
        vec![0.0; 4000],
        vec![0.5; 4000],
        vec![0.1],
        vec![0.1, -0.1, 0.2],
    ] {
        let count = samples.len();
        let editor = Editor::new(Sound::new(samples, RATE));
        assert!(editor.pitch().is_none());
        let edited = editor.edit(&longer).unwrap();
        assert_eq!(edited.sound.len(), 2 * count);
        assert!(edited.sound.samples().iter().all(|x| x.is_finite()));
    }
    assert!(Editor::new(Sound::new(vec![], RATE)).edit(&longer).is_err());
}
