use super::*;

/// Half a second of pulses at 120 Hz through two resonances, then a quarter of silence.
fn voice(rate_hz: f64) -> Vec<f64> {
    let period = (rate_hz / 120.0) as usize;
    let voiced = (rate_hz * 0.5) as usize;
    let mut samples: Vec<f64> = (0..(rate_hz * 0.75) as usize)
        .map(|i| 0.05 * f64::from(u8::from(i < voiced && i % period == 0)))
        .collect();
    for (hz, width_hz) in [(500.0, 60.0), (1_500.0, 90.0)] {
        let r = (-std::f64::consts::PI * width_hz / rate_hz).exp();
        let turn = 2.0 * r * (std::f64::consts::TAU * hz / rate_hz).cos();
        let (mut one, mut two) = (0.0, 0.0);
        for sample in &mut samples {
            *sample += turn * one - r * r * two;
            (two, one) = (one, *sample);
        }
    }
    samples
}

fn measured(samples: Vec<f64>, rate_hz: f64) -> Measured {
    let settings = Settings {
        formant_ceiling: FormantCeiling::Given { hz: 5_000.0 },
        ..Settings::default()
    };
    let measured = measure(&Sound::new(samples, rate_hz), &settings).unwrap();
    for descriptor in DESCRIPTORS {
        let has_value = measured.values.contains_key(descriptor.name);
        let is_missing = measured.missing.contains_key(descriptor.name);
        assert!(has_value != is_missing, "{}", descriptor.name);
    }
    assert_eq!(
        measured.values.len() + measured.missing.len(),
        DESCRIPTORS.len()
    );
    assert!(measured.values.values().all(|value| value.is_finite()));
    assert!(measured.missing.values().all(|why| !why.is_empty()));
    measured
}

#[test]
fn names_are_unique_and_explained() {
    let mut names: Vec<_> = DESCRIPTORS.iter().map(|d| d.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), DESCRIPTORS.len());
    let are_told =
        |d: &Descriptor| !(d.unit.is_empty() || d.definition.is_empty() || d.source.is_empty());
    assert!(DESCRIPTORS.iter().all(are_told));
    assert_eq!(find("cpps_db").map(|d| d.unit), Some("dB"));
    assert_eq!(find("loudness"), None);
}

#[test]
fn silence_and_constants_have_reasons_and_no_numbers() {
    for samples in [
        vec![],
        vec![0.0; 16_000],
        vec![0.25; 16_000],
        vec![f64::NAN; 9],
    ] {
        let found = measured(samples, 16e3);
        assert!(found.values.is_empty());
        assert_eq!(found.formant_ceiling_hz, None);
    }
}

#[test]
fn recordings_shorter_than_windows_are_no_crash() {
    for n in [1, 2, 3, 50, 400, 700, 1_500] {
        let noise = (0..n).map(|i| f64::from(i * i % 31) / 31.0 - 0.5);
        let found = measured(noise.collect(), 16e3);
        assert!(found.missing.contains_key("cpps_db"), "{n} samples");
    }
}

#[test]
fn any_rate_gives_the_voice_its_values() {
    for rate_hz in [8e3, 16e3, 44_100.0, 48e3] {
        let found = measured(voice(rate_hz), rate_hz);
        let f0 = found.value("f0_median_hz").unwrap();
        assert!((f0 / 120.0 - 1.0).abs() < 0.02, "{f0} at {rate_hz}");
        let f1 = found.value("f1_median_hz").unwrap();
        assert!((f1 / 500.0 - 1.0).abs() < 0.1, "{f1} at {rate_hz}");
        assert!(found.counts.voiced_frames > 20 && found.counts.periods > 30);
        assert_eq!(found.formant_ceiling_hz, Some(5_000.0));
    }
}

#[test]
fn a_constant_offset_and_a_gain_leave_what_they_must() {
    let plain = measured(voice(16e3), 16e3);
    let loud = measured(voice(16e3).iter().map(|x| 0.5 * x).collect(), 16e3);
    for name in [
        "f0_mean_hz",
        "f1_median_hz",
        "jitter_local",
        "ltas_slope_db",
        "gne_max",
    ] {
        let (a, b) = (plain.value(name).unwrap(), loud.value(name).unwrap());
        assert!((a - b).abs() <= 1e-6 * a.abs(), "{name}: {a} {b}");
    }
    let change =
        loud.value("intensity_mean_db").unwrap() - plain.value("intensity_mean_db").unwrap();
    assert!((change + 20.0 * 2f64.log10()).abs() < 1e-9);
    let lifted = measured(voice(16e3).iter().map(|x| x + 0.3).collect(), 16e3);
    for name in ["f0_mean_hz", "intensity_mean_db"] {
        let (a, b) = (plain.value(name).unwrap(), lifted.value(name).unwrap());
        assert!((a - b).abs() <= 1e-6 * a.abs(), "{name}: {a} {b}");
    }
}

#[test]
fn clipped_samples_are_counted() {
    let clipped = voice(16e3)
        .iter()
        .map(|x| (40.0 * x).clamp(-1.0, 1.0))
        .collect();
    assert!(measured(clipped, 16e3).counts.clipped_samples > 0);
}

#[test]
fn tracks_come_on_request_and_a_ceiling_must_make_sense() {
    let sound = Sound::new(voice(16e3), 16e3);
    let with_tracks = Settings {
        with_tracks: true,
        ..Settings::default()
    };
    let tracks = measure(&sound, &with_tracks).unwrap().tracks.unwrap();
    let names: Vec<_> = tracks.curves.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names[0], "f0_hz");
    assert!(names.contains(&"b4_hz") && names.contains(&"cpp_db"));
    assert!(
        tracks
            .curves
            .iter()
            .all(|t| t.times_secs.len() == t.values.len())
    );
    assert!(tracks.pulses_secs.len() > 30);
    let bad = Settings {
        formant_ceiling: FormantCeiling::Given { hz: f64::NAN },
        ..Settings::default()
    };
    assert!(measure(&sound, &bad).is_err());
}

#[test]
fn a_few_descriptors_are_what_they_are_among_all() {
    let sound = Sound::new(voice(16e3), 16e3);
    let all = measure(&sound, &Settings::default()).unwrap();
    let of = |names: &[&str]| {
        let settings = Settings {
            wanted: Wanted::of(names).unwrap(),
            ..Settings::default()
        };
        measure(&sound, &settings).unwrap()
    };
    // Each alone, so that no family leans on another that is left out.
    for descriptor in DESCRIPTORS {
        let name = descriptor.name;
        let one = of(&[name]);
        assert_eq!(one.values.len() + one.missing.len(), 1, "{name}");
        assert_eq!(one.value(name), all.value(name), "{name}");
        assert_eq!(one.missing.get(name), all.missing.get(name), "{name}");
    }
    let several = ["f0_median_st", "vtl_delta_f_cm", "gne_max", "snr_db"];
    let few = of(&several);
    assert!(
        several
            .iter()
            .all(|name| few.value(name) == all.value(name))
    );
    assert_eq!(few.formant_ceiling_hz, all.formant_ceiling_hz);
    // Nothing else was measured.
    assert_eq!((few.counts.pulses, few.counts.periods), (0, 0));
    let silent = Settings {
        wanted: Wanted::of(&["cpps_db"]).unwrap(),
        ..Settings::default()
    };
    let silent = measure(&Sound::new(vec![0.0; 16_000], 16e3), &silent).unwrap();
    assert_eq!(
        silent.missing.keys().copied().collect::<Vec<_>>(),
        ["cpps_db"]
    );
}
