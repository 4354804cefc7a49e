use super::*;

/// Pulses at 100 Hz whose spectrum falls as pre-emphasis rises, through resonances on harmonics.
fn vowel(formants: &[(f64, f64)], rate_hz: f64, secs: f64) -> Sound {
    let count = (secs * rate_hz) as usize;
    let period = (rate_hz / 100.0) as usize;
    let mut samples: Vec<f64> = (0..count).map(|i| f64::from(i % period == 0)).collect();
    let keep = (-std::f64::consts::TAU * 50.0 / rate_hz).exp();
    let mut before = 0.0;
    for sample in &mut samples {
        *sample += keep * before;
        before = *sample;
    }
    for &(frequency_hz, bandwidth_hz) in formants {
        let r = (-std::f64::consts::PI * bandwidth_hz / rate_hz).exp();
        let turn = 2.0 * r * (std::f64::consts::TAU * frequency_hz / rate_hz).cos();
        let (mut one, mut two) = (0.0, 0.0);
        for sample in &mut samples {
            *sample += turn * one - r * r * two;
            (two, one) = (one, *sample);
        }
    }
    Sound::new(samples, rate_hz)
}

fn median(formants: &Formants, number: usize) -> f64 {
    let series = formants.series(number, |_| true);
    let mut series: Vec<f64> = series.map(|f| f.frequency_hz).collect();
    series.sort_by(f64::total_cmp);
    series[series.len() / 2]
}

#[test]
fn planted_resonances_are_found_at_any_rate() {
    let planted = [
        (500.0, 60.0),
        (1500.0, 80.0),
        (2500.0, 100.0),
        (3500.0, 120.0),
        (4500.0, 150.0),
    ];
    for rate_hz in [16_000.0, 44_100.0, 48_000.0] {
        let sound = vowel(&planted, rate_hz, 0.6);
        let Some(found) = track(&sound, &Settings::with_ceiling(5_000.0)) else {
            panic!("0.6 s hold a window")
        };
        assert_eq!(found.unsolved, 0);
        // The fifth keeps the poles of the others in their places; its own lie where resampling filters.
        for (i, (planted_hz, _)) in planted.iter().take(4).enumerate() {
            let error = median(&found, i + 1) / planted_hz - 1.0;
            assert!(error.abs() < 0.01, "F{} at {rate_hz}: {error}", i + 1);
        }
    }
}

#[test]
fn silence_has_frames_without_formants() {
    let silence = Sound::new(vec![0.0; 16_000], 16_000.0);
    let Some(found) = track(&silence, &Settings::with_ceiling(5_000.0)) else {
        panic!("a second holds a window")
    };
    assert!(found.frames.count > 100);
    assert!((0..found.frames.count + 3).all(|i| found.frame(i).is_empty()));
    assert_eq!(found.series(1, |_| true).count(), 0);
    assert_eq!(found.series(0, |_| true).count(), 0);
}

#[test]
fn what_is_shorter_than_a_window_has_no_frames() {
    let short = Sound::new(vec![0.1; 700], 16_000.0);
    assert!(track(&short, &Settings::with_ceiling(5_000.0)).is_none());
    let empty = Sound::new(vec![], 16_000.0);
    assert!(track(&empty, &Settings::with_ceiling(5_000.0)).is_none());
    let no_poles = Settings {
        formants: 0,
        ..Settings::with_ceiling(5_000.0)
    };
    assert!(track(&vowel(&[], 16_000.0, 1.0), &no_poles).is_none());
}
