//! What pulses, jitter, shimmer, harmonicity, rate and level say of known and of unfit sounds.

use proptest::prelude::*;

use super::periods::PeriodLimits;
use super::synthetic::{from_function, mapped, noise, pulse_train, sum, voice};
use super::{Sound, harmonicity, jitter, level, pitch, pulses, rate, shimmer};

fn pulses_of(sound: &Sound) -> Vec<f64> {
    let pitch = pitch::track(sound, &pitch::Settings::ac());
    pitch.map_or_else(|_| Vec::new(), |pitch| pulses::find(sound, &pitch))
}

/// Sounds of which nothing is to be told.
fn unfit() -> Vec<(&'static str, Sound)> {
    vec![
        ("empty", Sound::new(Vec::new(), 16_000.0)),
        ("one sample", Sound::new(vec![0.5], 16_000.0)),
        ("digital silence", Sound::new(vec![0.0; 16_000], 16_000.0)),
        ("constant", Sound::new(vec![0.1; 16_000], 16_000.0)),
        ("short", voice(16_000.0, 0.005, 150.0)),
    ]
}

#[test]
fn unfit_sounds_have_reasons_instead_of_numbers() {
    for (name, sound) in unfit() {
        assert!(
            pitch::track(&sound, &pitch::Settings::ac()).is_err(),
            "{name}"
        );
        for settings in [harmonicity::Settings::cc(), harmonicity::Settings::ac()] {
            let error = harmonicity::track(&sound, &settings)
                .unwrap_err()
                .to_string();
            assert!(error.contains("harmonics-to-noise"), "{name}: {error}");
        }
        let error = rate::measure(&sound, &Default::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains("rate of speech"), "{name}: {error}");
        assert!(level::signal_to_noise(&sound).is_err(), "{name}");
    }
    let silence = Sound::new(vec![0.0; 16_000], 16_000.0);
    assert!(level::whole(&silence).is_err() && level::active(&silence).is_err());
    assert!(level::whole(&Sound::new(Vec::new(), 16_000.0)).is_err());
}

#[test]
fn pulses_lie_a_period_apart_on_the_peaks() {
    let periods = [0.008; 60];
    let found = pulses_of(&pulse_train(16_000.0, &periods, &[0.9]));
    assert!(found.len() >= 56, "{}", found.len());
    for pulse in &found {
        let phase = (pulse - 0.03) / 0.008;
        assert!((phase - phase.round()).abs() < 0.01, "{pulse}");
    }
}

#[test]
fn jitter_by_hand() {
    let limits = PeriodLimits::default();
    // Periods of 10, 11 and 10 ms.
    let three = jitter::measure(&[0.1, 0.11, 0.121, 0.131], &limits);
    assert!((three.mean_period_secs.value.unwrap() - 0.031 / 3.0).abs() < 1e-15);
    assert!((three.local_absolute_secs.value.unwrap() - 0.001).abs() < 1e-15);
    assert!((three.local.value.unwrap() - 0.003 / 0.031).abs() < 1e-12);
    let rap = (0.011 - 0.031 / 3.0) / (0.031 / 3.0);
    assert!((three.rap.value.unwrap() - rap).abs() < 1e-12);
    assert!((three.ddp.value.unwrap() - 3.0 * rap).abs() < 1e-12);
    assert_eq!(
        (three.local.count, three.rap.count, three.ppq5.count),
        (2, 1, 0)
    );
    assert_eq!(three.ppq5.value, None);
}

#[test]
fn too_few_pulses_have_no_jitter_and_no_shimmer() {
    let sound = voice(16_000.0, 0.3, 100.0);
    for pulses in [vec![], vec![0.1], vec![0.1, 0.11]] {
        let jitter = jitter::measure(&pulses, &PeriodLimits::default());
        for measure in [
            jitter.local,
            jitter.local_absolute_secs,
            jitter.rap,
            jitter.ppq5,
            jitter.ddp,
        ] {
            assert_eq!((measure.value, measure.count), (None, 0));
        }
        assert_eq!(
            jitter.mean_period_secs.count,
            pulses.len().saturating_sub(1)
        );
        let shimmer = shimmer::measure(&sound, &pulses, &Default::default());
        assert_eq!(shimmer.amplitudes, 0);
        for measure in [
            shimmer.local,
            shimmer.local_db,
            shimmer.apq3,
            shimmer.apq5,
            shimmer.apq11,
        ] {
            assert_eq!(measure.value, None);
        }
    }
}

#[test]
fn a_pause_between_periods_is_no_period() {
    let limits = PeriodLimits::default();
    let with_pause = jitter::measure(&[0.1, 0.11, 0.12, 0.9, 0.91, 0.92], &limits);
    assert_eq!(with_pause.local.count, 2);
    assert!(with_pause.local.value.unwrap() < 1e-12);
    assert_eq!(with_pause.mean_period_secs.count, 4);
    assert!((with_pause.mean_period_secs.value.unwrap() - 0.01).abs() < 1e-12);
}

#[test]
fn planted_jitter_and_shimmer_are_found() {
    let periods: Vec<f64> = (0..100)
        .map(|i| if i % 2 == 0 { 0.008 } else { 0.0081 })
        .collect();
    let sound = pulse_train(48_000.0, &periods, &[0.5, 0.55, 0.5, 0.45]);
    let found = pulses_of(&sound);
    let jitter = jitter::measure(&found, &PeriodLimits::default())
        .local
        .value
        .unwrap();
    assert!((jitter / (0.0001 / 0.00805) - 1.0).abs() < 0.05, "{jitter}");
    let shimmer = shimmer::measure(&sound, &found, &Default::default());
    assert!(
        (shimmer.local.value.unwrap() - 0.1).abs() < 0.01,
        "{shimmer:?}"
    );
    assert!(shimmer.apq3.count > 80);
}

#[test]
fn harmonics_against_noise_of_known_power() {
    for planted_db in [5.0, 10.0, 20.0, 30.0] {
        let voice = voice(16_000.0, 1.0, 150.0);
        let noise = noise(16_000.0, 1.0, 1.0);
        let power = |sound: &Sound| sound.samples().iter().map(|x| x * x).sum::<f64>();
        let gain = (power(&voice) / power(&noise) / 10f64.powf(planted_db / 10.0)).sqrt();
        let both = sum(&voice, &mapped(&noise, |x| gain * x));
        let found = harmonicity::track(&both, &harmonicity::Settings::cc()).unwrap();
        let mean_db = found.mean_db().unwrap();
        assert!(
            (mean_db - planted_db).abs() < 0.5,
            "{mean_db} of {planted_db}"
        );
        assert_eq!(found.sounding(), found.frames.count);
    }
}

#[test]
fn silent_frames_have_no_harmonicity() {
    let mut sound = voice(16_000.0, 1.0, 150.0);
    sound.samples_mut()[6_000..].fill(0.0);
    let found = harmonicity::track(&sound, &harmonicity::Settings::cc()).unwrap();
    assert!(found.db(20).is_some());
    assert_eq!(found.db(80), None);
    assert_eq!(found.db(10_000), None);
    assert!(found.sounding() < found.frames.count);
    assert_eq!(harmonicity::ratio_db(0.5), 0.0);
    assert!(harmonicity::ratio_db(1.0).is_finite() && harmonicity::ratio_db(0.0).is_finite());
}

/// Bursts of voice, half a period of `period_secs` long each, between pauses.
fn bursts(secs: f64, period_secs: f64) -> Sound {
    let carrier = voice(16_000.0, secs, 130.0);
    let mut index = 0;
    from_function(16_000.0, secs, |t| {
        index += 1;
        let phase = (t / period_secs).fract();
        let envelope = if phase < 0.5 {
            (2.0 * std::f64::consts::PI * phase).sin().powi(2)
        } else {
            0.0
        };
        carrier.samples()[index - 1] * envelope
    })
}

#[test]
fn bursts_are_counted_as_syllables() {
    let found = rate::measure(&bursts(4.0, 0.5), &Default::default()).unwrap();
    assert_eq!(found.syllables(), 8);
    assert_eq!(found.speech_rate_per_s(), 2.0);
    let times = found.nuclei_secs.iter().enumerate();
    for (i, secs) in times {
        assert!((secs - (0.125 + 0.5 * i as f64)).abs() < 0.02, "{secs}");
    }
    assert!(found.articulation_rate_per_s().unwrap() >= 2.0);
    let total: f64 = found.pauses.iter().map(rate::Interval::duration_secs).sum();
    assert!((total + found.phonation_secs() - 4.0).abs() < 1e-9);
}

#[test]
fn unvoiced_noise_has_no_syllables() {
    let found = rate::measure(&noise(16_000.0, 2.0, 0.3), &Default::default()).unwrap();
    assert_eq!(found.syllables(), 0);
    assert_eq!(found.articulation_rate_per_s(), Some(0.0));
    assert_eq!(found.mean_syllable_secs(), None);
}

#[test]
fn levels_of_known_sounds() {
    let sine = from_function(16_000.0, 2.0, |t| {
        (2.0 * std::f64::consts::PI * 250.0 * t).sin()
    });
    let whole = level::whole(&sine).unwrap();
    assert!((whole.rms_dbfs + 3.0103).abs() < 1e-3 && whole.peak_dbfs.abs() < 0.02);
    let clipped = level::whole(&mapped(&sine, |x| (2.0 * x).clamp(-1.0, 1.0))).unwrap();
    assert!(clipped.clipped > 10_000);
    // Half of the time active, and 200 ms of hangover.
    let steady = noise(16_000.0, 8.0, 0.2);
    let mut half = steady.clone();
    half.samples_mut()[64_000..].fill(0.0);
    let (steady, half) = (
        level::active(&steady).unwrap(),
        level::active(&half).unwrap(),
    );
    assert!(steady.activity > 0.98, "{steady:?}");
    assert!((half.activity - 0.525).abs() < 0.05, "{half:?}");
    assert!(
        (half.level_dbfs - steady.level_dbfs).abs() < 0.5,
        "{half:?}"
    );
}

#[test]
fn planted_signal_to_noise_ratios_are_found() {
    // Half a second of voice, half a second of nothing, and noise throughout.
    let carrier = voice(16_000.0, 8.0, 130.0);
    let carrier_dbfs = level::whole(&carrier).unwrap().rms_dbfs;
    let mut speech = carrier;
    for second in speech.samples_mut().chunks_mut(16_000) {
        second[8_000..].fill(0.0);
    }
    let noise = noise(16_000.0, 8.0, 1.0);
    let noise_dbfs = level::whole(&noise).unwrap().rms_dbfs;
    for planted_db in [5.0, 15.0, 30.0] {
        let gain = 10f64.powf((carrier_dbfs - planted_db - noise_dbfs) / 20.0);
        let found = level::signal_to_noise(&sum(&speech, &mapped(&noise, |x| gain * x))).unwrap();
        assert!(
            (found.ratio_db - planted_db).abs() < 1.0,
            "{found:?} of {planted_db}"
        );
        assert!((found.speech_frames as f64 / found.frames as f64 - 0.5).abs() < 0.05);
    }
    assert!(level::signal_to_noise(&noise).is_err());
    let gated = level::signal_to_noise(&speech);
    assert!(gated.is_err(), "{gated:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn jitter_knows_no_time_and_no_scale(
        periods in prop::collection::vec(0.004f64..0.006, 0..40),
        start in 0.0f64..2.0,
        scale in 0.5f64..2.0,
    ) {
        let pulses = |start: f64, scale: f64| -> Vec<f64> {
            let ends = periods.iter().scan(start, |at, period| {
                *at += scale * period;
                Some(*at)
            });
            std::iter::once(start).chain(ends).collect()
        };
        let limits = PeriodLimits::default();
        let (a, b) = (jitter::measure(&pulses(0.0, 1.0), &limits), jitter::measure(&pulses(start, scale), &limits));
        for (a, b) in [(a.local, b.local), (a.rap, b.rap), (a.ppq5, b.ppq5)] {
            // Rounding may bring a ratio across its limit.
            if a.count == b.count {
                match (a.value, b.value) {
                    (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-9),
                    (a, b) => prop_assert_eq!(a, b),
                }
            }
        }
    }

    #[test]
    fn shimmer_knows_no_level(gain in 0.001f64..10.0, heights in prop::collection::vec(0.5f64..0.7, 12)) {
        let sound = pulse_train(8_000.0, &[0.01; 12], &heights);
        let pulses: Vec<f64> = (0..12).map(|i| 0.03 + 0.01 * f64::from(i)).collect();
        let measure = |sound: &Sound| shimmer::measure(sound, &pulses, &Default::default());
        let (a, b) = (measure(&sound), measure(&mapped(&sound, |x| gain * x)));
        prop_assert_eq!(a.amplitudes, 10);
        prop_assert!((a.local.value.unwrap() - b.local.value.unwrap()).abs() < 1e-9);
        prop_assert!((a.local_db.value.unwrap() - b.local_db.value.unwrap()).abs() < 1e-9);
    }
}
