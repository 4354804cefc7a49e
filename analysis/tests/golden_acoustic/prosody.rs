//! Pitch, pulses, jitter, shimmer, harmonicity and rate.

use phonoscope_analysis::acoustics::pitch;

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
        assert!(
            differences <= 1,
            "{name}: {differences} frames voiced otherwise"
        );
    }
    let _ = values;
    assert!(with_differences <= 1, "recordings voiced otherwise");
    f0.within(&format!("{track}: F0, relative"), 1e-6);
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
