//! Formants, vocal tract, noise, cepstra, intensity and tilt; and the registry as a whole.

use phonoscope_analysis::acoustics::cepstrum::{CppsSettings, Fit, TrendShape, cpps};
use phonoscope_analysis::acoustics::descriptor::{self, DESCRIPTORS, FormantCeiling};
use phonoscope_analysis::acoustics::ltas::{FrequencyAxis, Ltas, hann_spectrum};
use phonoscope_analysis::acoustics::spectrum::EnergySpectrum;
use phonoscope_analysis::acoustics::{Sound, formants, gne, intensity, pitch};

use crate::data::{Golden, Worst};

const SILENCE: &str = "syn_silence";

/// Each recording but the silent one.
fn recordings(golden: &Golden) -> Vec<(String, Sound)> {
    let names = golden.names().into_iter().filter(|name| name != SILENCE);
    names
        .map(|name| {
            let sound = golden.sound(&name);
            (name, sound)
        })
        .collect()
}

#[test]
fn formants_are_praats() {
    let Some(golden) = Golden::open() else { return };
    let (mut compared, mut beyond) = (0, 0);
    let mut bandwidths = Worst::default();
    for name in golden.names() {
        let ceiling_hz = golden.value(&name, "/formant_ceiling_hz").unwrap();
        let settings = formants::Settings::with_ceiling(ceiling_hz);
        let found = formants::track(&golden.sound(&name), &settings).unwrap();
        let expected = golden.table(&name, "formant_F").unwrap();
        let widths = golden.table(&name, "formant_B").unwrap();
        assert_eq!(found.frames.count, expected.nrows(), "{name}");
        assert_eq!(found.unsolved, 0, "{name}");
        for (i, row) in expected.outer_iter().enumerate() {
            let frame = found.frame(i);
            let known = row.iter().filter(|f| !f.is_nan()).count();
            compared += 1;
            let is_off =
                |(k, f): (usize, &formants::Formant)| (f.frequency_hz - row[k]).abs() > 1e-4;
            if frame.len() != known || frame.iter().enumerate().any(is_off) {
                println!("{name} {i}: {frame:?} against {row}");
                beyond += 1;
                continue;
            }
            for (k, formant) in frame.iter().enumerate() {
                let width = widths[[i, k]];
                bandwidths.take(&format!("{name} {i}"), formant.bandwidth_hz, width, 1.0);
            }
        }
    }
    println!("formants: {beyond} of {compared} frames differ by more than 1e-4 Hz");
    assert!(compared > 10_000 && beyond * 1_000 <= compared);
    bandwidths.within("bandwidths", 1e-2);
}

#[test]
fn formant_frames_are_voiced_where_the_pitch_is() {
    let Some(golden) = Golden::open() else { return };
    let mut compared = 0;
    for (name, sound) in recordings(&golden) {
        let expected = golden
            .value(&name, "/formants_burg/n_voiced_frames")
            .unwrap();
        let settings = descriptor_settings(&golden, &name);
        let Ok(pitch) = pitch::track(&sound, &pitch::Settings::ac()) else {
            continue;
        };
        let FormantCeiling::Given { hz } = settings.formant_ceiling else {
            panic!("the ceiling is given")
        };
        let found = formants::track(&sound, &formants::Settings::with_ceiling(hz)).unwrap();
        let times = (0..found.frames.count).map(|i| found.frames.centre_secs(i));
        let voiced = times.filter(|t| pitch.at(*t).is_some()).count();
        assert!((voiced as f64 - expected).abs() < 0.5, "{name}: {voiced}");
        compared += 1;
    }
    assert!(compared >= 36);
}

#[test]
fn intensity_is_praats() {
    let Some(golden) = Golden::open() else { return };
    let (mut frames, mut means) = (Worst::default(), Worst::default());
    for (name, sound) in recordings(&golden) {
        let found = intensity::track(&sound, 100.0, None, true).unwrap();
        let expected = golden.track(&name, "intensity").unwrap();
        assert_eq!(found.level_db.len(), expected.len(), "{name}");
        for (i, (ours, theirs)) in found.level_db.iter().zip(&expected).enumerate() {
            frames.take(&format!("{name} {i}"), *ours, *theirs, 1.0);
        }
        for (ours, pointer) in [
            (found.mean_energy_db(), "/intensity_db/mean_energy"),
            (found.mean_db(), "/intensity_db/mean_db"),
            (found.max_db(), "/intensity_db/max"),
        ] {
            means.take(&name, ours, golden.value(&name, pointer).unwrap(), 1.0);
        }
    }
    frames.within("intensity, dB", 1e-6);
    means.within("mean intensity, dB", 1e-6);
}

#[test]
fn excitation_ratio_is_praats() {
    let Some(golden) = Golden::open() else { return };
    let mut worst = Worst::default();
    for (name, sound) in recordings(&golden) {
        let found = gne::measure(&sound, &gne::Settings::default()).unwrap();
        worst.take(&name, found, golden.value(&name, "/gne/max").unwrap(), 1.0);
    }
    worst.within("GNE", 1e-6);
}

#[test]
fn cepstral_prominence_is_praats_with_every_fit() {
    let Some(golden) = Golden::open() else { return };
    let default = CppsSettings::default();
    let straight = CppsSettings {
        subtract_trend: false,
        trend: TrendShape::Straight,
        ..default
    };
    let variants = [
        ("default", default),
        (
            "default_but_ls",
            CppsSettings {
                fit: Fit::LeastSquares,
                ..default
            },
        ),
        (
            "ls",
            CppsSettings {
                fit: Fit::LeastSquares,
                ..straight
            },
        ),
        (
            "avqi",
            CppsSettings {
                fit: Fit::IncompleteTheilSen,
                time_window_secs: 0.01,
                quefrency_window_secs: 0.001,
                trend_secs: (0.001, 0.0),
                ..straight
            },
        ),
    ];
    for (variant, settings) in variants {
        let mut worst = Worst::default();
        for (name, sound) in recordings(&golden) {
            let found = cpps(&sound, &Default::default(), &settings).unwrap();
            let expected = golden.value(&name, &format!("/cpps_db/{variant}"));
            worst.take(&name, found.mean_db(), expected.unwrap(), 1.0);
        }
        worst.within(&format!("CPPS {variant}, dB"), 1e-4);
    }
}

#[test]
fn long_term_spectra_are_praats() {
    let Some(golden) = Golden::open() else { return };
    let (mut bands, mut slopes, mut moments) =
        (Worst::default(), Worst::default(), Worst::default());
    for (name, sound) in recordings(&golden) {
        let spectrum = EnergySpectrum::of(&sound);
        let ltas = Ltas::of(&spectrum, 100.0);
        let expected = golden.list(&name, "/ltas/bins_db_per_hz");
        assert_eq!(ltas.level_db.len(), expected.len(), "{name}");
        for (ours, theirs) in ltas.level_db.iter().zip(&expected) {
            bands.take(&name, *ours, *theirs, 1.0);
        }
        let slope_db = ltas.slope_db((0.0, 1e3), (1e3, 4e3)).unwrap();
        let trend = |axis| ltas.trend(100.0, 5e3, axis).unwrap().slope;
        for (ours, pointer) in [
            (slope_db, "slope_0_1000_vs_1000_4000_energy_db"),
            (trend(FrequencyAxis::Linear), "trend_linear_db_per_hz"),
            (trend(FrequencyAxis::Logarithmic), "trend_log_db_per_decade"),
        ] {
            let theirs = golden.value(&name, &format!("/ltas/{pointer}")).unwrap();
            slopes.take(&format!("{name} {pointer}"), ours, theirs, 1.0);
        }
        let found = spectrum.moments().unwrap();
        for (ours, pointer) in [
            (found.centre_hz, "centre_of_gravity_hz"),
            (found.sd_hz, "sd_hz"),
            (found.skewness, "skewness"),
            (found.kurtosis, "kurtosis"),
        ] {
            let theirs = golden
                .value(&name, &format!("/spectrum/{pointer}"))
                .unwrap();
            moments.take(
                &format!("{name} {pointer}"),
                ours,
                theirs,
                theirs.abs().max(1.0),
            );
        }
    }
    bands.within("LTAS, dB", 1e-6);
    slopes.within("LTAS slopes", 1e-6);
    moments.within("spectral moments", 1e-6);
}

#[test]
fn hann_frames_show_the_true_slope_of_noise() {
    let Some(golden) = Golden::open() else { return };
    for (name, db_per_octave) in [("syn_slope_6db_oct", -6.02), ("syn_slope_12db_oct", -12.04)] {
        let spectrum = hann_spectrum(&golden.sound(name)).unwrap();
        let ltas = Ltas::of(&spectrum, spectrum.bin_hz);
        let trend = ltas.trend(100.0, 5e3, FrequencyAxis::Logarithmic).unwrap();
        let found = trend.slope * 2f64.log10();
        assert!((found - db_per_octave).abs() < 0.1, "{name}: {found}");
    }
}

#[test]
fn planted_vocal_tracts_are_found() {
    let Some(golden) = Golden::open() else { return };
    for name in ["syn_vowel_neutral_17_5cm", "syn_vowel_neutral_14_5cm"] {
        let settings = descriptor_settings(&golden, name);
        let found = descriptor::measure(&golden.sound(name), &settings).unwrap();
        let planted = golden.truth(name, "/vtl_cm_c35000");
        let length = found.value("vtl_delta_f_cm").unwrap();
        assert!((length / planted - 1.0).abs() < 0.015, "{name}: {length}");
    }
}

fn descriptor_settings(golden: &Golden, name: &str) -> descriptor::Settings {
    descriptor::Settings {
        formant_ceiling: FormantCeiling::Given {
            hz: golden.value(name, "/formant_ceiling_hz").unwrap(),
        },
        ..Default::default()
    }
}

#[test]
fn the_registry_gives_praats_values_and_praats_gaps() {
    const NAMES: [(&str, &str, f64); 20] = [
        ("f0_mean_hz", "/f0_ac_hz/mean", 1e-6),
        ("f0_median_hz", "/f0_ac_hz/median", 1e-6),
        ("f0_sd_hz", "/f0_ac_hz/sd_n1", 1e-5),
        ("f1_median_hz", "/formants_burg/F1_median_voiced", 1e-6),
        ("f2_median_hz", "/formants_burg/F2_median_voiced", 1e-6),
        ("f3_median_hz", "/formants_burg/F3_median_voiced", 1e-6),
        ("f4_median_hz", "/formants_burg/F4_median_voiced", 1e-6),
        ("b1_median_hz", "/formants_burg/B1_median_voiced", 1e-5),
        ("b4_median_hz", "/formants_burg/B4_median_voiced", 1e-5),
        ("jitter_local", "/jitter/local", 1e-5),
        ("jitter_rap", "/jitter/rap", 1e-5),
        ("jitter_ppq5", "/jitter/ppq5", 1e-5),
        ("shimmer_local", "/shimmer/local", 1e-5),
        ("shimmer_apq5", "/shimmer/apq5", 1e-5),
        ("gne_max", "/gne/max", 1e-6),
        ("cpps_db", "/cpps_db/default", 1e-5),
        ("intensity_mean_db", "/intensity_db/mean_energy", 1e-8),
        (
            "ltas_slope_db",
            "/ltas/slope_0_1000_vs_1000_4000_energy_db",
            1e-8,
        ),
        ("vtl_delta_f_cm", "/vtl/vtl_delta_f_cm", 1e-6),
        ("syllable_count", "/syllable_nuclei/n_syllables", 0.0),
    ];
    let Some(golden) = Golden::open() else { return };
    let mut compared = 0;
    for (name, sound) in recordings(&golden) {
        let found = descriptor::measure(&sound, &descriptor_settings(&golden, &name)).unwrap();
        for (descriptor, pointer, tolerance) in NAMES {
            match (found.value(descriptor), golden.value(&name, pointer)) {
                (Some(ours), Some(theirs)) => {
                    // Of a perfect voice only rounding is left of deviations and perturbations.
                    let floor = if descriptor.ends_with("_hz") {
                        1.0
                    } else {
                        1e-3
                    };
                    let off = (ours - theirs).abs() / theirs.abs().max(floor);
                    assert!(off <= tolerance, "{name} {descriptor}: {ours} {theirs}");
                    compared += 1;
                }
                (None, None) => assert!(found.missing.contains_key(descriptor)),
                (ours, theirs) => panic!("{name} {descriptor}: {ours:?} {theirs:?}"),
            }
        }
        let hnr_db = golden.value(&name, "/hnr_cc_db/mean").unwrap();
        if name.starts_with("real") {
            assert!((found.value("hnr_cc_mean_db").unwrap() - hnr_db).abs() < 0.01);
        }
    }
    assert!(compared > 600);
}

#[test]
fn silence_has_no_value_but_reasons() {
    let Some(golden) = Golden::open() else { return };
    let found = descriptor::measure(&golden.sound(SILENCE), &Default::default()).unwrap();
    assert!(found.values.is_empty());
    assert_eq!(found.missing.len(), DESCRIPTORS.len());
}
