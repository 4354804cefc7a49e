use proptest::prelude::*;

use super::super::synthetic::{mapped, noise, pulse_train, voice};
use super::*;

fn methods() -> [Settings; 4] {
    [
        Settings::ac(),
        Settings::cc(),
        Settings::filtered_ac(),
        Settings::accurate(),
    ]
}

#[test]
fn a_voice_has_its_pitch_at_every_sample_rate_and_by_every_method() {
    for rate_hz in [8_000.0, 16_000.0, 44_100.0, 48_000.0] {
        for settings in methods() {
            let pitch = track(&voice(rate_hz, 0.5, 143.0), &settings).unwrap();
            let statistics = pitch.statistics().unwrap();
            let name = settings.method.name();
            assert_eq!(statistics.voiced, statistics.frames, "{name} {rate_hz}");
            assert!(
                (statistics.median_hz / 143.0 - 1.0).abs() < 1e-3,
                "{name} {rate_hz}: {}",
                statistics.median_hz
            );
        }
    }
}

#[test]
fn clipping_and_offsets_leave_the_pitch() {
    let clean = voice(16_000.0, 0.5, 110.0);
    for changed in [
        mapped(&clean, |x| (8.0 * x).clamp(-1.0, 1.0)),
        mapped(&clean, |x| x + 0.3),
    ] {
        for settings in methods() {
            // The low-pass filter rings where an offset begins, as the sound's edge.
            let median = track(&changed, &settings).unwrap().statistics().unwrap();
            assert!((median.median_hz / 110.0 - 1.0).abs() < 2e-3);
        }
    }
}

#[test]
fn noise_is_unvoiced_and_has_no_statistics() {
    let pitch = track(&noise(16_000.0, 1.0, 0.5), &Settings::ac()).unwrap();
    assert!(pitch.voiced().count() * 20 < pitch.len());
    let unvoiced = Pitch {
        f0_hz: vec![0.0; pitch.len()],
        ..pitch
    };
    assert!(matches!(
        unvoiced.statistics(),
        Err(Error::Undefined { .. })
    ));
    assert_eq!(unvoiced.at(0.5), None);
}

#[test]
fn one_voiced_frame_has_a_level_but_no_spread() {
    let pitch = track(&voice(16_000.0, 0.045, 150.0), &Settings::ac()).unwrap();
    assert_eq!(pitch.len(), 1);
    let statistics = pitch.statistics().unwrap();
    assert_eq!(statistics.voiced, 1);
    assert_eq!(statistics.median_hz, pitch.f0_hz[0]);
    assert_eq!(statistics.min_hz, statistics.max_hz);
    assert_eq!(statistics.sd_hz, None);
    assert_eq!(statistics.f0_sd_st, None);
    assert_eq!(statistics.f0_iqr_st, None);
}

#[test]
fn statistics_by_hand() {
    let pitch = Pitch {
        frames: Frames {
            count: 6,
            first_secs: 0.0,
            step_secs: 0.01,
        },
        f0_hz: vec![100.0, 200.0, 0.0, 400.0, 200.0, 0.0],
        strength: vec![0.9; 6],
        intensity: vec![1.0; 6],
        settings: Settings::ac(),
    };
    let statistics = pitch.statistics().unwrap();
    assert_eq!((statistics.frames, statistics.voiced), (6, 4));
    assert_eq!(statistics.mean_hz, 225.0);
    assert_eq!(statistics.median_hz, 200.0);
    assert_eq!(statistics.sd_hz, Some((47_500.0_f64 / 3.0).sqrt()));
    assert_eq!(statistics.q25_hz, 150.0);
    assert_eq!(statistics.f0_median_st, 12.0);
    assert_eq!(statistics.f0_iqr_st, Some(12.0));
    assert_eq!((statistics.min_hz, statistics.max_hz), (100.0, 400.0));
}

#[test]
fn between_voiced_frames_pitch_is_linear() {
    let pitch = Pitch {
        frames: Frames {
            count: 4,
            first_secs: 1.0,
            step_secs: 0.5,
        },
        f0_hz: vec![100.0, 200.0, 0.0, 150.0],
        strength: vec![0.9; 4],
        intensity: vec![1.0; 4],
        settings: Settings::ac(),
    };
    assert_eq!(pitch.at(1.125), Some(125.0));
    assert_eq!(pitch.at(1.375), Some(175.0));
    assert_eq!(pitch.at(1.625), Some(200.0));
    assert_eq!(pitch.at(1.875), None);
    assert_eq!(pitch.at(2.5), Some(150.0));
    assert_eq!(pitch.at(0.875), Some(100.0));
    assert_eq!(pitch.at(0.5), None);
    assert_eq!(pitch.at(-1e300), None);
    assert_eq!(pitch.at(f64::NAN), None);
}

#[test]
fn what_has_no_pitch_says_why() {
    let why = |sound: &Sound, settings: &Settings| match track(sound, settings) {
        Err(Error::Undefined { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    for settings in methods() {
        let constant = Sound::new(vec![0.1; 16_000], 16_000.0);
        assert!(why(&constant, &settings).contains("silent or constant"));
        let silence = Sound::new(vec![0.0; 16_000], 16_000.0);
        assert!(why(&silence, &settings).contains("silent or constant"));
        let short = voice(16_000.0, 0.01, 100.0);
        assert!(why(&short, &settings).contains("shorter than a window"));
        let empty = Sound::new(Vec::new(), 16_000.0);
        assert!(why(&empty, &settings).contains("shorter than a window"));
        let slow = Sound::new([0.1, -0.1].repeat(100), 100.0);
        assert!(why(&slow, &settings).contains("too few samples"));
        let broken = mapped(&voice(16_000.0, 0.5, 100.0), |_| f64::NAN);
        assert!(why(&broken, &settings).contains("not a number"));
    }
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let sound = voice(16_000.0, 0.2, 100.0);
    let refused = |settings: Settings| {
        assert!(
            matches!(track(&sound, &settings), Err(Error::Setting { .. })),
            "{settings:?}"
        );
    };
    refused(Settings::ac().between(0.0, 100.0));
    refused(Settings::ac().between(200.0, 100.0));
    refused(Settings::ac().between(f64::NAN, 100.0));
    refused(Settings {
        step_secs: Some(0.0),
        ..Settings::ac()
    });
    refused(Settings {
        max_candidates: 1,
        ..Settings::ac()
    });
    refused(Settings {
        octave_cost: f64::INFINITY,
        ..Settings::ac()
    });
    refused(Settings {
        method: Method::FilteredAutocorrelation {
            attenuation_at_ceiling: 1.0,
        },
        ..Settings::ac()
    });
}

#[test]
fn a_second_pass_spares_an_octave_error() {
    // Every other pulse is weaker: the wide search takes the octave below for the pitch.
    let periods = [1.0 / 160.0; 150];
    let train = pulse_train(16_000.0, &periods, &[1.0, 0.55]);
    let first = track(&train, &Settings::ac())
        .unwrap()
        .statistics()
        .unwrap();
    assert!((first.median_hz / 80.0 - 1.0).abs() < 0.01, "{first:?}");
    let twice = track_twice(&voice(16_000.0, 1.0, 200.0), &Settings::ac(), 1.5).unwrap();
    assert!((twice.settings.floor_hz / 150.0 - 1.0).abs() < 1e-3);
    assert!((twice.settings.ceiling_hz / 300.0 - 1.0).abs() < 1e-3);
    assert!((twice.statistics().unwrap().median_hz / 200.0 - 1.0).abs() < 1e-3);
    let again = track(&train, &Settings::ac().between(120.0, 300.0)).unwrap();
    let again = again.statistics().unwrap();
    assert!((again.median_hz / 160.0 - 1.0).abs() < 0.01, "{again:?}");
    assert!(track_twice(&noise(16_000.0, 0.05, 0.1), &Settings::ac(), 1.5).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn level_leaves_the_track(gain in 0.01f64..3.0, f0 in 80.0f64..400.0) {
        let sound = voice(8_000.0, 0.15, f0);
        let louder = mapped(&sound, |x| gain * x);
        let (a, b) = (track(&sound, &Settings::ac()).unwrap(), track(&louder, &Settings::ac()).unwrap());
        prop_assert_eq!(a.len(), b.len());
        for i in 0..a.len() {
            prop_assert!((a.f0_hz[i] - b.f0_hz[i]).abs() <= 1e-6 * a.f0_hz[i]);
            prop_assert!((a.intensity[i] - b.intensity[i]).abs() < 1e-9);
        }
    }

    #[test]
    fn any_sound_gives_numbers_or_a_reason(
        samples in prop::collection::vec(-1.0f32..1.0, 0..1500),
        rate in prop::sample::select(vec![8_000.0, 16_000.0, 48_000.0]),
    ) {
        let sound = Sound::from_f32(&samples, rate);
        for settings in methods() {
            if let Ok(pitch) = track(&sound, &settings) {
                for i in 0..pitch.len() {
                    prop_assert!(pitch.f0_hz[i].is_finite() && pitch.f0_hz[i] >= 0.0);
                    prop_assert!(pitch.f0_hz[i] < settings.ceiling_hz);
                    prop_assert!((0.0..=1.0).contains(&pitch.strength[i]));
                    prop_assert!((0.0..=1.0).contains(&pitch.intensity[i]));
                }
            }
        }
    }
}
