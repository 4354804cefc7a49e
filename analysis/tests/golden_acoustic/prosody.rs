//! Pitch, pulses, jitter, shimmer, harmonicity and rate.

use phonoscope_analysis::acoustics::{
    Counted, Pitch, Sound, harmonicity, jitter, pitch, pulses, rate, shimmer,
};

use crate::data::{Golden, Worst};

#[test]
fn recordings_are_those_that_praat_read() {
    let Some(golden) = Golden::open() else { return };
    let mut worst = Worst::default();
    for name in golden.names() {
        let sound = golden.sound(&name);
        let expected = golden.value(&name, "/n_samples").unwrap();
        worst.take(&name, sound.len() as f64, expected, 1.0);
    }
    worst.within("samples", 0.0);
}

/// Compares a track frame by frame; recordings with another voicing of a frame are counted.
fn compare_pitch(track: &str, values: &str, settings: &pitch::Settings) {
    let Some(golden) = Golden::open() else { return };
    let (mut f0, mut strength) = (Worst::default(), Worst::default());
    let mut statistics = Worst::default();
    let mut with_differences = 0;
    for name in golden.names() {
        let expected = golden.track(&name, &format!("{track}_f0")).unwrap();
        let times = golden.track(&name, &format!("{track}_t")).unwrap();
        let found = match pitch::track(&golden.sound(&name), settings) {
            Ok(found) => found,
            Err(why) => {
                println!("{name}: {why}");
                assert!(expected.iter().all(|f0| *f0 == 0.0), "{name}");
                continue;
            }
        };
        assert_eq!(found.len(), expected.len(), "{name}");
        let mut differences = 0;
        let strengths = golden.track(&name, &format!("{track}_strength"));
        for (i, (&ours, &theirs)) in found.f0_hz.iter().zip(&expected).enumerate() {
            assert!((found.frames.centre_secs(i) - times[i]).abs() < 1e-12);
            if (ours > 0.0) != (theirs > 0.0) {
                differences += 1;
                println!("{name} {i}: {ours} Hz against {theirs} Hz");
            } else if theirs > 0.0 {
                if ((ours - theirs) / theirs).abs() > 3e-7 {
                    println!("DBG {name} {i} {ours} {theirs}");
                }
                f0.take(&format!("{name} {i}"), ours, theirs, theirs);
                if let Some(strengths) = &strengths {
                    strength.take(&format!("{name} {i}"), found.strength[i], strengths[i], 1.0);
                }
            }
        }
        if differences > 0 {
            println!("{name}: {differences} frames voiced otherwise");
            with_differences += 1;
        }
        compare_statistics(&golden, &name, values, &found, &mut statistics);
        assert!(
            differences <= 1,
            "{name}: {differences} frames voiced otherwise"
        );
    }
    assert!(with_differences <= 1, "recordings voiced otherwise");
    f0.within(&format!("{track}: F0, relative"), 1e-6);
    statistics.within(&format!("{track}: statistics, relative"), 1e-6);
    if strength.compared > 0 {
        strength.within(&format!("{track}: strength"), 1e-8);
    }
}

#[test]
fn pitch_ac() {
    compare_pitch("pitch", "f0_ac_hz", &pitch::Settings::ac());
}

#[test]
fn pitch_cc() {
    compare_pitch("pitchcc", "f0_cc_hz", &pitch::Settings::cc());
}

#[test]
fn pitch_filtered_ac() {
    compare_pitch(
        "pitchfac",
        "f0_filtered_ac_hz",
        &pitch::Settings::filtered_ac(),
    );
}

/// A value both sides have, or neither.
fn compare(worst: &mut Worst, at: &str, found: Option<f64>, expected: Option<f64>) {
    match (found, expected) {
        (Some(found), Some(expected)) => {
            let scale = expected.abs().max(f64::MIN_POSITIVE);
            worst.take(at, found, expected, scale);
        }
        (None, None) => {}
        other => panic!("{at}: {other:?}"),
    }
}

fn compare_statistics(golden: &Golden, name: &str, values: &str, pitch: &Pitch, worst: &mut Worst) {
    let expected = |key: &str| golden.value(name, &format!("/{values}/{key}"));
    assert_eq!(Some(pitch.len() as f64), expected("n_frames"), "{name}");
    assert_eq!(
        Some(pitch.voiced().count() as f64),
        expected("n_voiced"),
        "{name}"
    );
    let statistics = pitch.statistics().ok();
    let mut take = |key: &str, found: Option<f64>| {
        compare(worst, &format!("{name} {key}"), found, expected(key));
    };
    let s = statistics.as_ref();
    take("mean", s.map(|s| s.mean_hz));
    take("median", s.map(|s| s.median_hz));
    take("praat_min_parabolic", s.map(|s| s.min_hz));
    take("praat_max_parabolic", s.map(|s| s.max_hz));
    // Steady pitches have a deviation of nearly nothing: it is compared on the pitch's scale.
    let mut deviation = |key: &str, found: Option<f64>, scale: Option<f64>| {
        if let (Some(found), Some(expected), Some(scale)) = (found, expected(key), scale) {
            worst.take(&format!("{name} {key}"), found, expected, scale);
        }
    };
    deviation("sd_n1", s.and_then(|s| s.sd_hz), expected("mean"));
    deviation("sd_semitones", s.and_then(|s| s.f0_sd_st), Some(12.0));
}

/// The pulses of a recording, found along our own pitch track; none if it has no pitch.
fn our_pulses(sound: &Sound) -> Vec<f64> {
    let pitch = pitch::track(sound, &pitch::Settings::ac());
    pitch.map_or_else(|_| Vec::new(), |pitch| pulses::find(sound, &pitch))
}

#[test]
fn pulses_cc() {
    let Some(golden) = Golden::open() else { return };
    let mut worst = Worst::default();
    for name in golden.names() {
        let found = our_pulses(&golden.sound(&name));
        let expected = golden.track(&name, "pulses").unwrap();
        assert_eq!(found.len(), expected.len(), "{name}");
        for (i, (&found, &expected)) in found.iter().zip(&expected).enumerate() {
            worst.take(&format!("{name} {i}"), found, expected, 1.0);
        }
    }
    worst.within("pulses, seconds", 1e-9);
}

/// Compares jitter and shimmer of all recordings, with pulses from `pulses`.
fn compare_perturbation(
    what: &str,
    tolerance: f64,
    pulses: impl Fn(&Golden, &str, &Sound) -> Vec<f64>,
) {
    let Some(golden) = Golden::open() else { return };
    let (mut of_jitter, mut of_shimmer) = (Worst::default(), Worst::default());
    for name in golden.names() {
        let sound = golden.sound(&name);
        let pulses = pulses(&golden, &name, &sound);
        let jitter = jitter::measure(&pulses, &Default::default());
        let shimmer = shimmer::measure(&sound, &pulses, &Default::default());
        let take = |worst: &mut Worst, key: &str, found: Counted| {
            // Below a part in a million of a period, jitter is rounding.
            let expected = golden.value(&name, key);
            match (found.value, expected) {
                (Some(found), Some(expected)) if expected < 1e-6 => assert!(found < 1e-6),
                (found, expected) => compare(worst, &format!("{name} {key}"), found, expected),
            }
        };
        take(&mut of_jitter, "/jitter/local", jitter.local);
        take(
            &mut of_jitter,
            "/jitter/local_absolute_s",
            jitter.local_absolute_secs,
        );
        take(&mut of_jitter, "/jitter/rap", jitter.rap);
        take(&mut of_jitter, "/jitter/ppq5", jitter.ppq5);
        take(&mut of_jitter, "/jitter/ddp", jitter.ddp);
        take(
            &mut of_jitter,
            "/pulses/mean_period_s",
            jitter.mean_period_secs,
        );
        take(&mut of_shimmer, "/shimmer/local", shimmer.local);
        take(&mut of_shimmer, "/shimmer/local_db", shimmer.local_db);
        take(&mut of_shimmer, "/shimmer/apq3", shimmer.apq3);
        take(&mut of_shimmer, "/shimmer/apq5", shimmer.apq5);
        take(&mut of_shimmer, "/shimmer/apq11", shimmer.apq11);
        take(&mut of_shimmer, "/shimmer/dda", shimmer.dda);
    }
    of_jitter.within(&format!("jitter {what}, relative"), tolerance);
    of_shimmer.within(&format!("shimmer {what}, relative"), tolerance);
}

#[test]
fn jitter_and_shimmer_of_praats_pulses() {
    compare_perturbation("of Praat's pulses", 1e-9, |golden, name, _| {
        golden.track(name, "pulses").unwrap()
    });
}

#[test]
fn jitter_and_shimmer_end_to_end() {
    compare_perturbation("end to end", 1e-6, |_, _, sound| our_pulses(sound));
}

#[test]
fn harmonicity_cc_and_ac() {
    let Some(golden) = Golden::open() else { return };
    let (mut frames, mut means) = (Worst::default(), Worst::default());
    for name in golden.names() {
        let sound = golden.sound(&name);
        let cc = harmonicity::track(&sound, &harmonicity::Settings::cc()).ok();
        let ac = harmonicity::track(&sound, &harmonicity::Settings::ac()).ok();
        let mean = |h: &Option<harmonicity::Harmonicity>| h.as_ref().and_then(|h| h.mean_db());
        for (key, found) in [("cc", mean(&cc)), ("ac", mean(&ac))] {
            let expected = golden.value(&name, &format!("/hnr_{key}_db/mean"));
            match (found, expected) {
                // What is above has no meaning: there, strengths are compared.
                (Some(found), Some(expected)) if expected > harmonicity::DISPLAY_CAP_DB => {
                    assert!(found > harmonicity::DISPLAY_CAP_DB, "{name} {key}");
                }
                (Some(found), Some(expected)) => {
                    means.take(&format!("{name} {key}"), found, expected, 1.0);
                }
                (found, expected) => assert_eq!(found, expected, "{name} {key}"),
            }
        }
        if let (Some(cc), Some(expected)) = (cc, golden.track(&name, "hnr")) {
            assert_eq!(cc.strength.len(), expected.len(), "{name}");
            for (i, &expected) in expected.iter().enumerate() {
                let found = cc.strength[i];
                assert_eq!(found.is_none(), expected == -200.0, "{name} {i}");
                let expected = 1.0 / (1.0 + 10f64.powf(-expected / 10.0));
                if let Some(found) = found {
                    frames.take(&format!("{name} {i}"), found, expected, 1.0);
                }
            }
        }
    }
    frames.within("HNR frames, strength", 1e-8);
    means.within("HNR mean, dB", 0.01);
}

#[test]
fn syllable_nuclei() {
    let Some(golden) = Golden::open() else { return };
    let (mut times, mut phonation) = (Worst::default(), Worst::default());
    for name in golden.names() {
        let expected = |key: &str| golden.value(&name, &format!("/syllable_nuclei/{key}"));
        let found = match rate::measure(&golden.sound(&name), &Default::default()) {
            Ok(found) => found,
            Err(why) => {
                println!("{name}: {why}");
                assert_eq!(expected("n_peaks_over_threshold"), Some(0.0), "{name}");
                continue;
            }
        };
        let count = |key: &str, found: usize| {
            assert_eq!(Some(found as f64), expected(key), "{name} {key}");
        };
        count("n_syllables", found.syllables());
        count("n_peaks_over_threshold", found.peaks);
        count("n_peaks_after_dip_test", found.peaks_after_dip);
        count("n_pauses", found.pauses.len());
        let expected_times = golden.list(&name, "/syllable_nuclei/times_s");
        for (found, expected) in found.nuclei_secs.iter().zip(expected_times) {
            times.take(&name, *found, expected, 1.0);
        }
        let mut take = |key: &str, found: Option<f64>| {
            compare(
                &mut phonation,
                &format!("{name} {key}"),
                found,
                expected(key),
            );
        };
        take("phonation_time_s", Some(found.phonation_secs()));
        take("speech_rate", Some(found.speech_rate_per_s()));
        take("articulation_rate", found.articulation_rate_per_s());
        take("threshold_db", Some(found.threshold_db));
    }
    times.within("syllable nuclei, seconds", 1e-6);
    phonation.within("rates, relative", 1e-8);
}

#[test]
fn planted_truths() {
    let Some(golden) = Golden::open() else { return };
    let f0 = |name: &str| {
        let pitch = pitch::track(&golden.sound(name), &pitch::Settings::ac()).unwrap();
        (pitch.statistics().unwrap(), pitch)
    };
    for name in [
        "male_i",
        "female_a",
        "female_u",
        "neutral_17_5cm",
        "neutral_14_5cm",
    ] {
        let name = format!("syn_vowel_{name}");
        let (statistics, _) = f0(&name);
        let planted = golden.truth(&name, "/f0_hz");
        println!("{name}: {} Hz of {planted} Hz", statistics.median_hz);
        assert!(
            (statistics.median_hz / planted - 1.0).abs() < 1e-3,
            "{name}"
        );
    }
    let (statistics, glide) = f0("syn_glide_120_240");
    assert!((statistics.mean_hz / 180.0 - 1.0).abs() < 0.01);
    for secs in [0.3, 1.0, 1.7] {
        assert!((glide.at(secs).unwrap() / (120.0 + 60.0 * secs) - 1.0).abs() < 2e-3);
    }
    let perturbation = |name: &str| {
        let sound = golden.sound(name);
        let pulses = our_pulses(&sound);
        let jitter = jitter::measure(&pulses, &Default::default());
        (
            jitter,
            shimmer::measure(&sound, &pulses, &Default::default()),
        )
    };
    let near = |what: &str, found: Counted, planted: f64, tolerance: f64| {
        let found = found.value.unwrap();
        println!("{what}: {found:.5} of {planted:.5}");
        assert!((found / planted - 1.0).abs() < tolerance, "{what}");
    };
    let truth = |key: &str| golden.truth("syn_jit0p5_pulses", key);
    let (jitter, _) = perturbation("syn_jit0p5_pulses");
    near("jitter", jitter.local, truth("/jitter_local"), 0.05);
    near("rap", jitter.rap, truth("/jitter_rap"), 0.05);
    near("ppq5", jitter.ppq5, truth("/jitter_ppq5"), 0.05);
    let truth = |key: &str| golden.truth("syn_shim8_pulses", key);
    let (jitter, shimmer) = perturbation("syn_shim8_pulses");
    assert!(jitter.local.value.unwrap() < 1e-4);
    near("shimmer", shimmer.local, truth("/shimmer_local"), 0.05);
    near("apq3", shimmer.apq3, truth("/shimmer_apq3"), 0.05);
    near("apq5", shimmer.apq5, truth("/shimmer_apq5"), 0.05);
    let hnr = harmonicity::track(&golden.sound("syn_hnr_20db"), &harmonicity::Settings::cc());
    let hnr = hnr.unwrap().mean_db().unwrap();
    assert!(
        (hnr - golden.truth("syn_hnr_20db", "/hnr_db")).abs() < 0.3,
        "{hnr}"
    );
    let rate = rate::measure(&golden.sound("syn_syllables_12"), &Default::default()).unwrap();
    let planted = golden.truth("syn_syllables_12", "/n_syllables");
    assert_eq!(rate.syllables() as f64, planted);
}
