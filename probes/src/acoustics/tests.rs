use std::path::Path;
use std::sync::Mutex;

use phonoscope_analysis::acoustics::descriptor::DESCRIPTORS;
use phonoscope_datasets::audio::write_wav;

use super::*;

fn tone(rate_hz: u32, secs: f64) -> Vec<f32> {
    (0..(secs * f64::from(rate_hz)) as usize)
        .map(|i| {
            let t = i as f64 / f64::from(rate_hz);
            let sum: f64 = (1..9).map(|k| (943.0 * f64::from(k) * t).sin()).sum();
            (0.05 * sum) as f32
        })
        .collect()
}

fn item(folder: &Path, id: &str, span: Option<(f64, f64)>) -> Utterance {
    let path = format!("{id}.wav");
    Utterance {
        id: id.to_owned(),
        audio: folder.join(&path),
        path,
        start_secs: span.map(|s| s.0),
        end_secs: span.map(|s| s.1),
        metadata: vec![Some(format!("speaker of {id}"))],
    }
}

fn corpus(folder: &Path) -> Manifest {
    write_wav(&folder.join("a.wav"), &tone(16_000, 0.4), 16_000).unwrap();
    write_wav(&folder.join("b.wav"), &tone(8_000, 0.5), 8_000).unwrap();
    write_wav(&folder.join("c.wav"), &[0.0; 8_000], 16_000).unwrap();
    let items = vec![
        item(folder, "a", Some((0.1, 0.4))),
        item(folder, "absent", None),
        item(folder, "b", None),
        item(folder, "c", None),
    ];
    Manifest::new(folder, vec!["speaker".to_owned()], items)
}

#[test]
fn rows_come_in_order_at_the_files_rates_whatever_the_threads() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = corpus(folder.path());
    let on = |threads| {
        measure_manifest(&manifest, &Settings::default(), threads, &Task::silent()).unwrap()
    };
    let one = on(1);
    assert_eq!(one, on(3));
    let ids: Vec<_> = one.rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    assert_eq!(one.rows[1].sample_rate_hz, 8_000);
    assert!((one.rows[0].duration_secs - 0.3).abs() < 1e-9);
    assert_eq!(one.rows[0].speaker.as_deref(), Some("speaker of a"));
    let f0 = one.rows[1].values["f0_median_hz"];
    assert!((f0 - 943.0 / std::f64::consts::TAU).abs() < 1.0, "{f0}");
    assert_eq!(one.failures.len(), 1);
    assert_eq!(one.failures[0].id, "absent");
    assert!(one.rows[2].values.is_empty());
    assert!(one.missing_counts()["f0_median_hz"] >= 1);
}

#[test]
fn the_document_names_every_descriptor_and_every_gap() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = corpus(folder.path());
    let found = measure_manifest(&manifest, &Settings::default(), 1, &Task::silent()).unwrap();
    let document = document(&found);
    assert_eq!(document["schema"], SCHEMA);
    for file in document["files"].as_array().unwrap() {
        let values = file["descriptors"].as_object().unwrap();
        assert_eq!(values.len(), DESCRIPTORS.len());
        for (name, value) in values {
            assert_eq!(value.is_null(), file["missing"][name].is_string(), "{name}");
        }
    }
}

#[test]
fn nothing_usable_and_cancelled_work_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let run = |items, task: &Task| {
        let manifest = Manifest::new(folder.path(), vec!["speaker".to_owned()], items);
        measure_manifest(&manifest, &Settings::default(), 2, task)
    };
    let absent = run(vec![item(folder.path(), "absent", None)], &Task::silent());
    assert!(matches!(absent, Err(Error::NothingUsed { items: 1, .. })));
    assert!(matches!(run(vec![], &Task::silent()), Err(Error::NoItems)));
    let task = Task::silent();
    task.cancel.cancel();
    let cancelled = measure_manifest(&corpus(folder.path()), &Settings::default(), 2, &task);
    assert!(matches!(
        cancelled,
        Err(Error::Analysis(phonoscope_analysis::Error::Cancelled))
    ));
}

#[test]
fn who_watches_sees_tracks_and_can_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = corpus(folder.path());
    let settings = Settings {
        with_tracks: true,
        ..Settings::default()
    };
    let seen = Mutex::new(0);
    let watch = |_: &Utterance, measured: &Measured| {
        if measured.tracks.is_some() {
            *seen.lock().unwrap() += 1;
        }
        Ok(())
    };
    measure_each(&manifest, &settings, 2, &Task::silent(), &watch).unwrap();
    assert_eq!(*seen.lock().unwrap(), 2);
    let refuse = |_: &Utterance, _: &Measured| Err(Error::NoItems);
    let ended = measure_each(&manifest, &settings, 2, &Task::silent(), &refuse);
    assert!(matches!(ended, Err(Error::NoItems)));
}
