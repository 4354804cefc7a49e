//! `phonoscope acoustics` from the outside.

use serde_json::Value;

use crate::place::{Place, shared};

/// A second of a voice-like train of pulses, then silence.
fn buzz() -> Vec<i16> {
    (0..20_000)
        .map(|i| if i % 128 < 8 && i < 16_000 { 12_000 } else { 0 })
        .collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn files_are_measured_and_gaps_have_reasons() {
    let place = Place::new();
    place.wav("voice.wav", &buzz());
    place.wav("silence.wav", &[0; 16_000]);
    let ran = place.run([
        "acoustics",
        "--formant-ceiling",
        "5000",
        "--json",
        "voice.wav",
        "silence.wav",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document = json(&ran.stdout);
    assert_eq!(document["schema"], "phonoscope.acoustics/1");
    let [voice, silence] = [0, 1].map(|i| &document["files"][i]);
    assert_eq!(voice["path"], "voice.wav");
    assert_eq!(voice["duration_secs"], 1.25);
    assert_eq!(voice["formant_ceiling_hz"], 5000.0);
    let f0 = voice["descriptors"]["f0_median_hz"].as_f64().unwrap();
    assert!((f0 - 125.0).abs() < 0.1, "{f0}");
    for (name, value) in silence["descriptors"].as_object().unwrap() {
        assert!(
            value.is_null() && silence["missing"][name].is_string(),
            "{name}"
        );
    }
    let again = place.run([
        "acoustics",
        "--formant-ceiling",
        "5000",
        "--threads",
        "1",
        "--json",
        "voice.wav",
        "silence.wav",
    ]);
    assert!(ran.stdout == again.stdout, "other bytes with one thread");

    let table = place.run(["acoustics", "voice.wav", "silence.wav"]);
    assert_eq!(table.code, 0, "{}", table.stderr);
    assert!(table.stdout.contains("f0_median_hz") && table.stdout.contains('–'));
}

#[test]
fn manifests_become_csv_and_tracks_and_unreadable_items_are_told() {
    let place = Place::new();
    place.wav("wav/voice.wav", &buzz());
    place.write(
        "m.tsv",
        "id\tpath\tspeaker\nv\twav/voice.wav\tann\ngone\twav/gone.wav\tbob\n",
    );
    let ran = place.run([
        "acoustics",
        "--data",
        "m.tsv",
        "--csv",
        "d.csv",
        "--tracks",
        "tracks",
    ]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("gone.wav") && ran.stdout.is_empty());
    let csv = std::fs::read_to_string(place.path("d.csv")).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[1].starts_with("v,wav/voice.wav,ann,1.25,16000,"));
    assert_eq!(lines[0].split(',').count(), lines[1].split(',').count());
    let tracks = std::fs::read_to_string(place.path("tracks/v.csv")).unwrap();
    assert!(tracks.contains("\nf0_hz,") && tracks.contains("\npulse,"));
}

#[test]
fn bad_requests_are_told_apart() {
    let place = Place::new();
    place.wav("voice.wav", &buzz());
    for words in [
        vec!["acoustics"],
        vec!["acoustics", "gone.wav"],
        vec!["acoustics", "--formant-ceiling", "5", "voice.wav"],
        vec!["acoustics", "--data", "gone.tsv"],
        vec!["acoustics", "--json", "--csv", "d.csv", "voice.wav"],
    ] {
        let ran = place.run(&words);
        assert_eq!(ran.code, 2, "{words:?}: {}", ran.stderr);
        assert!(ran.stdout.is_empty() && !ran.stderr.contains("panicked"));
    }
    let list = place.run(["acoustics", "--list"]);
    assert_eq!(list.code, 0);
    assert!(list.stdout.contains("cpps_db"));
}

#[test]
fn a_golden_recording_reads_as_in_praat() {
    let Some(shared) = shared() else { return };
    let golden = shared.join("golden/acoustic");
    let values = json(&std::fs::read_to_string(golden.join("values.json")).unwrap());
    let name = "real_arctic_a0007";
    let wav = golden.join(format!("wav/{name}.wav"));
    let wav = wav.to_str().unwrap();
    let ran = Place::new().run(["acoustics", "--formant-ceiling", "5000", "--json", wav]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let found = json(&ran.stdout);
    for (descriptor, pointer) in [
        ("f0_median_hz", "/f0_ac_hz/median"),
        ("f2_median_hz", "/formants_burg/F2_median_voiced"),
        ("jitter_ppq5", "/jitter/ppq5"),
        ("cpps_db", "/cpps_db/default"),
        ("vtl_delta_f_cm", "/vtl/vtl_delta_f_cm"),
    ] {
        let theirs = values["files"][name]
            .pointer(pointer)
            .unwrap()
            .as_f64()
            .unwrap();
        let ours = found["files"][0]["descriptors"][descriptor]
            .as_f64()
            .unwrap();
        assert!(
            (ours / theirs - 1.0).abs() < 1e-5,
            "{descriptor}: {ours} {theirs}"
        );
    }
}

#[test]
fn a_few_descriptors_are_measured_alone() {
    let place = Place::new();
    place.wav("voice.wav", &buzz());
    let all = json(&place.run(["acoustics", "--json", "voice.wav"]).stdout);
    let ran = place.run([
        "acoustics",
        "--json",
        "voice.wav",
        "--descriptor",
        "level_db",
        "f0_median_hz",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let few = json(&ran.stdout);
    let values = few["files"][0]["descriptors"].as_object().unwrap();
    assert_eq!(values.len(), 2);
    for (name, value) in values {
        assert_eq!(*value, all["files"][0]["descriptors"][name], "{name}");
    }
    assert_eq!(few["definitions"].as_object().unwrap().len(), 2);
    let table = place.run(["acoustics", "voice.wav", "--descriptor", "level_db"]);
    assert!(table.stdout.contains("level_db") && !table.stdout.contains("f0_median_hz"));
    for (name, hint) in [("loudness", "--list"), ("dnsmos_sig", "--dnsmos")] {
        place
            .run(["acoustics", "voice.wav", "--descriptor", name])
            .fails_with_hint(2, name, hint);
    }
}

/// SIG, BAK and OVRL of the reference program (methods/models.md), and those of a file beside it.
#[test]
fn ratings_are_those_of_the_reference_program() {
    let Some(shared) = shared() else { return };
    let wavs = shared.join("golden/acoustic/wav");
    let golden = [
        ("real_librivox_0870", [3.6023, 3.9238, 3.2424]),
        ("real_arctic_a0007", [3.4552, 3.8969, 3.1014]),
        ("real_bobby", [3.5359, 4.0495, 3.2643]),
    ];
    let files = golden.map(|(name, _)| wavs.join(format!("{name}.wav")).display().to_string());
    let place = Place::new();
    let fixed = [
        "acoustics",
        "--dnsmos",
        "--descriptor",
        "level_db",
        "--json",
    ];
    let ran = place.run(fixed.into_iter().chain(files.iter().map(String::as_str)));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let found = json(&ran.stdout);
    assert!(
        found["ratings"]
            .as_str()
            .unwrap()
            .starts_with("DNSMOS P.835")
    );
    for ((name, expected), file) in golden.iter().zip(found["files"].as_array().unwrap()) {
        for (rating, expected) in ["dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl"]
            .iter()
            .zip(expected)
        {
            let value = file["descriptors"][rating].as_f64().unwrap();
            // Figures of the note have four digits behind the point.
            assert!((value - expected).abs() < 2e-4, "{name} {rating}: {value}");
        }
    }
}
