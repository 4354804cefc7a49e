//! Each kind does what its amount says.

use phonoscope_analysis::acoustics::Sound;
use phonoscope_analysis::acoustics::ltas::{Ltas, hann_spectrum};
use phonoscope_analysis::stats::pearson;

use super::{Kind, degrade};
use crate::synth::draw::Draw;
use crate::synth::voices::{VoicesSettings, plan, render};

const RATE: f64 = 16_000.0;

fn voice() -> Vec<f64> {
    let settings = VoicesSettings {
        speakers: 1,
        utterances_per_speaker: 1,
        duration_secs: 3.0,
        seed: 4,
    };
    let voices = plan(&settings).unwrap();
    let samples = render(&voices[0], 0).unwrap();
    samples.into_iter().map(f64::from).collect()
}

fn noise() -> Vec<f64> {
    let mut draw = Draw::new(9, "degrade test", 0);
    (0..48_000).map(|_| 0.1 * draw.normal()).collect()
}

fn degraded(samples: &[f64], kind: Kind, amount: f64) -> Vec<f64> {
    let out = degrade(samples, kind, amount, (1, "x")).unwrap();
    assert_eq!(out.len(), samples.len(), "{kind}");
    assert!(out.iter().all(|x| x.is_finite()), "{kind}");
    out
}

fn power(samples: &[f64]) -> f64 {
    samples.iter().map(|x| x * x).sum::<f64>() / samples.len() as f64
}

fn db(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn levels_db(samples: &[f64]) -> Vec<f64> {
    let sound = Sound::new(samples.to_vec(), RATE);
    Ltas::of(&hann_spectrum(&sound).unwrap(), 100.0).level_db
}

#[test]
fn noise_has_the_ratio_and_the_spectrum_asked_for() {
    let speech = voice();
    for kind in [Kind::NoiseWhite, Kind::NoiseSpeech] {
        for snr_db in [30.0, 10.0, -5.0] {
            let added = difference(&degraded(&speech, kind, snr_db), &speech);
            let found = db(power(&speech) / power(&added));
            assert!((found - snr_db).abs() < 1e-6, "{kind} {snr_db}: {found}");
        }
    }
    let alike = |kind| {
        let added = difference(&degraded(&speech, kind, 0.0), &speech);
        pearson(&levels_db(&speech)[..75], &levels_db(&added)[..75])
            .unwrap()
            .r
    };
    let (white, shaped) = (alike(Kind::NoiseWhite), alike(Kind::NoiseSpeech));
    println!("correlation of levels with those of speech: white {white:.2}, shaped {shaped:.2}");
    assert!(shaped > 0.9 && white < 0.5, "{shaped} {white}");
}

#[test]
fn the_cut_off_lies_where_it_should() {
    let sound = noise();
    let before = levels_db(&sound);
    for cutoff_hz in [6000.0, 4000.0, 2000.0, 1000.0] {
        let after = levels_db(&degraded(&sound, Kind::Lowpass, cutoff_hz));
        let change = |from_hz: f64, to_hz: f64| {
            let bands = (from_hz / 100.0) as usize..(to_hz / 100.0) as usize;
            let gap: f64 = bands.clone().map(|b| after[b] - before[b]).sum();
            gap / bands.len() as f64
        };
        let (pass, stop) = (
            change(0.0, cutoff_hz - 200.0),
            change(cutoff_hz + 200.0, 7900.0),
        );
        let cut = change(cutoff_hz - 100.0, cutoff_hz + 100.0);
        println!("low-pass {cutoff_hz} Hz: {pass:.2} dB, {cut:.1} dB at the cut-off, {stop:.0} dB");
        assert!(pass.abs() < 0.1 && stop < -60.0, "{pass} {stop}");
        // Half a band above and half below -6 dB.
        assert!((-12.0..-4.0).contains(&cut), "{cut}");
    }
}

#[test]
fn as_many_samples_are_clipped_as_should_be() {
    let sound = voice();
    for percent in [0.1, 1.0, 5.0, 15.0] {
        let after = degraded(&sound, Kind::Clip, percent);
        let top = after.iter().fold(0.0_f64, |p, x| p.max(x.abs()));
        let clipped = after.iter().filter(|x| x.abs() >= top).count();
        let found = 100.0 * clipped as f64 / after.len() as f64;
        assert!((found - percent).abs() < 0.01, "{percent}: {found}");
        let kept = sound.iter().zip(&after).filter(|(a, b)| a == b).count();
        assert!(kept + clipped >= after.len());
    }
}

#[test]
fn there_are_as_many_values_as_bits_hold() {
    let sound = voice();
    let peak = sound.iter().fold(0.0_f64, |p, x| p.max(x.abs()));
    for kind in [Kind::Quantise, Kind::Mulaw] {
        for bits in [3, 4, 6, 8] {
            let after = degraded(&sound, kind, f64::from(bits));
            let mut values: Vec<i64> = after
                .iter()
                .map(|x| (x / peak * 1e12).round() as i64)
                .collect();
            values.sort_unstable();
            values.dedup();
            assert!(values.len() < 1 << bits, "{kind} {bits}: {}", values.len());
            assert!(
                values.len() > 1 << (bits - 1),
                "{kind} {bits}: {}",
                values.len()
            );
        }
    }
    // Half a step at most; and companding spares what is quiet.
    let gap = difference(&degraded(&sound, Kind::Quantise, 8.0), &sound);
    let largest = gap.iter().fold(0.0_f64, |p, x| p.max(x.abs()));
    assert!(largest <= peak / 127.0 / 2.0 + 1e-12, "{largest}");
    let quiet: Vec<f64> = sound
        .iter()
        .map(|x| if x.abs() < 0.05 * peak { *x } else { 0.0 })
        .collect();
    let of_quiet = |kind| {
        let after = degraded(&sound, kind, 8.0);
        let pairs = after.iter().zip(&quiet).filter(|(_, q)| **q != 0.0);
        let gaps: Vec<f64> = pairs.map(|(a, q)| a - q).collect();
        power(&gaps)
    };
    assert!(of_quiet(Kind::Mulaw) < 0.5 * of_quiet(Kind::Quantise));
}

/// Schroeder's backward integral of an impulse response, from -5 to -25 dB, times three.
fn rt60_secs(response: &[f64]) -> f64 {
    let mut left: Vec<f64> = response.iter().map(|x| x * x).collect();
    for i in (0..left.len() - 1).rev() {
        left[i] += left[i + 1];
    }
    let when = |fall_db: f64| left.iter().position(|e| db(e / left[0]) < fall_db).unwrap();
    3.0 * (when(-25.0) - when(-5.0)) as f64 / RATE
}

#[test]
fn rooms_decay_in_the_time_asked_for() {
    let mut click = vec![0.0; 48_000];
    click[100] = 1.0;
    for secs in [0.2, 0.4, 0.8, 1.6] {
        let after = degraded(&click, Kind::Reverb, secs);
        assert!(after[..100].iter().all(|x| x.abs() < 1e-9));
        let found = rt60_secs(&after[100 + 32..]);
        let direct = after[100] * after[100];
        let tail: f64 = after[132..].iter().map(|x| x * x).sum();
        println!(
            "RT60 {secs} s: {found:.3} s, direct to reverberant {:.2} dB",
            db(direct / tail)
        );
        assert!((found / secs - 1.0).abs() < 0.1, "{secs}: {found}");
        assert!(db(direct / tail).abs() < 0.01);
        assert!(db(power(&after) / power(&click)).abs() < 1e-6);
    }
}

#[test]
fn as_many_frames_are_lost_as_should_be() {
    let sound: Vec<f64> = noise().iter().map(|x| x + 1.0).collect();
    let frames = sound.len() / 320;
    let middle = |frame: usize| frame * 320 + 20..frame * 320 + 300;
    for percent in [2.0, 5.0, 20.0] {
        let lost = (percent / 100.0 * frames as f64).round() as usize;
        let after = degraded(&sound, Kind::Drop, percent);
        let silent = (0..frames)
            .filter(|f| after[middle(*f)].iter().all(|x| *x == 0.0))
            .count();
        assert_eq!(silent, lost);
        let after = degraded(&sound, Kind::Repeat, percent);
        let repeated = (1..frames)
            .filter(|f| after[middle(*f)] == sound[middle(*f - 1)])
            .count();
        let first = usize::from(after[20] == 0.0);
        assert_eq!(repeated + first, lost);
    }
}

#[test]
fn rounds_of_overlap_add_move_away_from_the_original() {
    let sound = voice();
    let distance = |rounds: f64| {
        let (a, b) = (
            levels_db(&sound),
            levels_db(&degraded(&sound, Kind::Psola, rounds)),
        );
        let squares: f64 = a[..75].iter().zip(&b).map(|(a, b)| (a - b) * (a - b)).sum();
        (squares / 75.0).sqrt()
    };
    let found = [1.0, 4.0, 8.0].map(distance);
    println!("spectral distance after 1, 4 and 8 rounds: {found:.2?} dB");
    assert!(found[0] > 0.1 && found.is_sorted(), "{found:?}");
    let twice = degraded(&degraded(&sound, Kind::Psola, 1.0), Kind::Psola, 1.0);
    assert_eq!(twice, degraded(&sound, Kind::Psola, 2.0));
}

#[test]
fn the_seed_and_the_name_decide_and_silence_is_refused() {
    let sound = voice();
    for kind in [Kind::NoiseWhite, Kind::Reverb, Kind::Drop] {
        let amount = kind.usual()[1];
        let of = |seed, name| degrade(&sound, kind, amount, (seed, name)).unwrap();
        assert_eq!(of(1, "a"), of(1, "a"));
        assert_ne!(of(1, "a"), of(2, "a"));
        assert_ne!(of(1, "a"), of(1, "b"));
    }
    for kind in Kind::ALL {
        let error = degrade(&[0.0; 2000], kind, kind.usual()[0], (1, "x")).unwrap_err();
        assert!(error.contains("silent"), "{error}");
        assert!(degrade(&[], kind, kind.usual()[0], (1, "x")).is_err());
        assert!(degrade(&sound, kind, -1000.0, (1, "x")).is_err());
        // A few samples are no reason to fall over.
        degraded(&[0.1, -0.2, 0.05], kind, kind.usual()[0]);
    }
}
