//! Corpora of the built-in voices are complete and repeatable, and absurd settings are refused.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::Path;

use phonoscope_analysis::task::Task;
use phonoscope_datasets::synth::SynthError;
use phonoscope_datasets::synth::voices::{
    COLUMNS, SAMPLE_RATE_HZ, VoicePlan, VoicesSettings, plan, render, write,
};

fn any_voice() -> VoicePlan {
    plan(&small()).unwrap().remove(0)
}

#[test]
fn utterances_differ_stay_in_range_and_repeat() {
    let settings = VoicesSettings {
        speakers: 12,
        ..VoicesSettings::default()
    };
    for voice in plan(&settings).unwrap() {
        let first = render(&voice, 0).unwrap();
        assert_eq!(first, render(&voice, 0).unwrap());
        assert_ne!(first, render(&voice, 1).unwrap());
        assert!(first.iter().all(|x| x.abs() <= 0.9001));
        let secs = first.len() as f64 / f64::from(SAMPLE_RATE_HZ);
        assert!(
            (secs / settings.duration_secs - 1.0).abs() < 0.2,
            "{secs} s"
        );
        let energy: f64 = first.iter().map(|x| f64::from(*x).powi(2)).sum();
        let level_db = 10.0 * (energy / first.len() as f64).log10();
        assert!((-30.0..-21.0).contains(&level_db), "{level_db} dB");
    }
}

#[test]
fn absurd_voices_are_errors() {
    let bad = [
        VoicePlan {
            f0_hz: 0.0,
            ..any_voice()
        },
        VoicePlan {
            f0_hz: f64::NAN,
            ..any_voice()
        },
        VoicePlan {
            vtl_cm: -17.0,
            ..any_voice()
        },
        VoicePlan {
            f0_range_st: 1e6,
            ..any_voice()
        },
        VoicePlan {
            jitter_percent: 90.0,
            ..any_voice()
        },
        VoicePlan {
            rate_syllables_per_sec: f64::INFINITY,
            ..any_voice()
        },
        VoicePlan {
            duration_secs: 1e12,
            ..any_voice()
        },
    ];
    for voice in bad {
        assert!(
            matches!(render(&voice, 0), Err(SynthError::Setting { .. })),
            "{voice:?}"
        );
    }
    let extreme = VoicePlan {
        f0_hz: 500.0,
        f0_range_st: 24.0,
        vtl_cm: 8.0,
        jitter_percent: 10.0,
        breathiness_db: 10.0,
        tilt_db_per_octave: -24.0,
        rate_syllables_per_sec: 10.0,
        duration_secs: 0.5,
        ..any_voice()
    };
    assert!(render(&extreme, 0).unwrap().iter().all(|x| x.is_finite()));
}

fn small() -> VoicesSettings {
    VoicesSettings {
        speakers: 2,
        utterances_per_speaker: 2,
        duration_secs: 1.0,
        seed: 9,
    }
}

fn bytes_below(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for folder in [dir.to_owned(), dir.join("wav")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                files.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn a_corpus_has_its_truth_in_columns_and_the_same_bytes_twice() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = write(dir.path(), &small(), &Task::silent()).unwrap();
    let first = bytes_below(dir.path());
    assert_eq!(
        first.len(),
        5,
        "four recordings, one manifest, nothing left over"
    );

    let text = fs::read_to_string(&manifest).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|l| l.split('\t').collect()).collect();
    assert_eq!(rows[0], COLUMNS);
    assert_eq!(rows.len(), 5);
    let voices = plan(&small()).unwrap();
    for (i, row) in rows[1..].iter().enumerate() {
        let voice = &voices[i / 2];
        assert_eq!(row[2], voice.speaker);
        assert_eq!(row[3], voice.sex.as_str());
        assert_eq!(row[4].parse::<f64>().unwrap(), voice.f0_hz);
        assert_eq!(row[6].parse::<f64>().unwrap(), voice.vtl_cm);
        let mut wav = hound::WavReader::open(dir.path().join(row[1])).unwrap();
        assert_eq!((wav.spec().sample_rate, wav.spec().channels), (16_000, 1));
        let expected = render(voice, i % 2).unwrap();
        for (stored, x) in wav.samples::<i16>().zip(&expected) {
            assert!((f32::from(stored.unwrap()) / 32_767.0 - x).abs() < 2e-5);
        }
    }

    fs::write(dir.path().join("wav/v0000-000.wav"), b"half written").unwrap();
    fs::remove_file(&manifest).unwrap();
    write(dir.path(), &small(), &Task::silent()).unwrap();
    assert_eq!(first, bytes_below(dir.path()));
}

#[test]
fn one_speaker_with_one_utterance_is_a_corpus_and_none_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let one = VoicesSettings {
        speakers: 1,
        utterances_per_speaker: 1,
        ..small()
    };
    write(dir.path(), &one, &Task::silent()).unwrap();
    assert_eq!(bytes_below(dir.path()).len(), 2);
    let none = VoicesSettings { speakers: 0, ..one };
    let error = write(dir.path(), &none, &Task::silent()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "voices: speakers must be from 1 to 10000, found 0"
    );
}

#[test]
fn other_peoples_manifests_are_kept_and_cancelling_leaves_none() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = dir.path().join("manifest.tsv");
    fs::write(&manifest, "id\tpath\n").unwrap();
    let error = write(dir.path(), &small(), &Task::silent()).unwrap_err();
    assert!(
        matches!(error, SynthError::ForeignManifest { .. }),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&manifest).unwrap(), "id\tpath\n");

    let other = tempfile::tempdir().unwrap();
    write(other.path(), &small(), &Task::silent()).unwrap();
    let task = Task::silent();
    task.cancel.cancel();
    let error = write(other.path(), &small(), &task).unwrap_err();
    assert!(matches!(error, SynthError::Cancelled));
    assert!(!other.path().join("manifest.tsv").exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = write(&file, &small(), &Task::silent()).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
    assert!(matches!(error, SynthError::Io { .. }));
}
