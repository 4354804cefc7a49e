//! Degraded corpora: what the manifest says, and what is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use phonoscope_analysis::task::Task;
use phonoscope_datasets::audio::{self, write_flac};
use phonoscope_datasets::degrade::{Kind, Plan, Settings, write};
use phonoscope_datasets::{Error, Manifest, Utterance};
use tempfile::{TempDir, tempdir};

fn corpus() -> (TempDir, Manifest) {
    let dir = tempdir().unwrap();
    let tone = |hz: f64| -> Vec<f32> {
        let sample =
            |i: i32| (0.4 * (f64::from(i) / 16_000.0 * hz * std::f64::consts::TAU).sin()) as f32;
        (0..16_000).map(sample).collect()
    };
    for (name, samples) in [
        ("one/a.flac", tone(300.0)),
        ("two/a.flac", tone(500.0)),
        ("two/b.flac", tone(700.0)),
        ("quiet.flac", vec![0.0; 8000]),
    ] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_flac(&path, &samples, 16_000).unwrap();
    }
    let path = dir.path().join("in.tsv");
    let rows = "id\tpath\tstart\tend\tspeaker\tsystem\n\
        u1\tone/a.flac\t0.1\t0.5\ts1\tx\nu2\tone/a.flac\t0.5\t0.9\ts1\tx\nu3\ttwo/a.flac\tNA\tNA\ts2\ty\n\
        u4\ttwo/b.flac\tNA\tNA\ts2\ty\nu5\tquiet.flac\tNA\tNA\ts3\ty\nu6\tgone.flac\tNA\tNA\ts3\ty\n";
    fs::write(&path, rows).unwrap();
    let manifest = Manifest::read(&path).unwrap();
    (dir, manifest)
}

fn settings(plans: &[&str]) -> Settings {
    Settings {
        plans: plans.iter().map(|plan| plan.parse().unwrap()).collect(),
        headroom_db: 1.0,
        seed: 1,
    }
}

#[test]
fn every_row_is_in_every_system_and_what_is_not_is_listed() {
    let (dir, manifest) = corpus();
    let out = dir.path().join("out");
    let settings = settings(&["noise_white=20/0", "lowpass=2000"]);
    let made = write(&out, &manifest, &settings, &Task::silent()).unwrap();
    let names: Vec<(&str, usize, usize)> = made
        .systems
        .iter()
        .map(|s| (s.system.as_str(), s.severity, s.rows))
        .collect();
    assert_eq!(
        names,
        [
            ("reference", 0, 5),
            ("noise_white_snr20", 1, 4),
            ("noise_white_snr0", 2, 4),
            ("lowpass_2000hz", 1, 4)
        ]
    );
    // The silent one is in no system but the reference; the missing one nowhere.
    let skipped = made
        .skipped
        .iter()
        .map(|s| (s.id.as_str(), s.system.as_deref()));
    let skipped: BTreeSet<_> = skipped.collect();
    assert!(skipped.contains(&("u6", None)) && skipped.contains(&("u5", Some("lowpass_2000hz"))));
    assert_eq!(skipped.len(), 4);

    let degraded = Manifest::read(&made.manifest).unwrap();
    assert_eq!(degraded.utterances.len(), 17);
    let expected = [
        "speaker",
        "original_system",
        "pair",
        "system",
        "degradation",
        "severity",
        "amount",
        "scale_db",
    ];
    assert_eq!(degraded.columns, expected);
    let value = |row: &Utterance, name: &str| {
        let column = degraded.column(name).unwrap();
        row.value(column).map(str::to_owned)
    };
    for row in &degraded.utterances {
        let pair = value(row, "pair").unwrap();
        let own = manifest.utterances.iter().find(|u| u.id == pair).unwrap();
        assert_eq!(
            (row.start_secs, row.end_secs),
            (own.start_secs, own.end_secs)
        );
        assert_eq!(value(row, "original_system").as_deref(), own.value(1));
        let (before, after) = (
            audio::read(&own.audio).unwrap(),
            audio::read(&row.audio).unwrap(),
        );
        assert_eq!(before.samples.len(), after.samples.len());
        let reference = value(row, "system").as_deref() == Some("reference");
        assert_eq!(before.sha256 == after.sha256, reference);
        let peak = after.samples.iter().fold(0.0_f32, |p, x| p.max(x.abs()));
        assert!(peak < 0.8913 || reference, "{peak}");
    }
    // Two parts of one recording share a file; two recordings of one name do not.
    let files = degraded
        .utterances
        .iter()
        .filter(|u| value(u, "system").as_deref() == Some("lowpass_2000hz"));
    let files: BTreeSet<&Path> = files.map(|u| u.audio.as_path()).collect();
    assert_eq!(files.len(), 3);
    assert!(
        files
            .iter()
            .any(|path| path.ends_with("lowpass_2000hz/b.flac"))
    );

    // Noise at 0 dB of a loud tone must be scaled, and says so.
    let scaled = degraded
        .utterances
        .iter()
        .filter(|u| value(u, "scale_db").as_deref() != Some("0.000"));
    let scaled: BTreeSet<String> = scaled.map(|u| value(u, "system").unwrap()).collect();
    assert_eq!(scaled, BTreeSet::from(["noise_white_snr0".to_owned()]));

    // Again, the same bytes; and degrading what was degraded keeps ids apart.
    let first = fs::read(&made.manifest).unwrap();
    let clip = fs::read(out.join("noise_white_snr0/b.flac")).unwrap();
    write(&out, &manifest, &settings, &Task::silent()).unwrap();
    assert!(first == fs::read(&made.manifest).unwrap());
    assert!(clip == fs::read(out.join("noise_white_snr0/b.flac")).unwrap());
    let twice = write(
        &dir.path().join("twice"),
        &degraded,
        &settings,
        &Task::silent(),
    )
    .unwrap();
    let twice = Manifest::read(&twice.manifest).unwrap();
    assert!(
        twice.column("original_original_system").is_some()
            && twice.column("original_pair").is_some()
    );
}

#[test]
fn settings_and_folders_that_cannot_be_used_are_refused() {
    let (dir, manifest) = corpus();
    let run = |settings: &Settings, name: &str| {
        write(&dir.path().join(name), &manifest, settings, &Task::silent())
    };
    let none = Settings {
        plans: vec![],
        ..settings(&["clip"])
    };
    let twice = settings(&["clip=1", "clip=2"]);
    let loud = Settings {
        headroom_db: -1.0,
        ..settings(&["clip"])
    };
    let order = Settings {
        plans: vec![Plan {
            kind: Kind::Clip,
            amounts: vec![5.0, 1.0],
        }],
        ..settings(&["clip"])
    };
    for bad in [none, twice, loud, order] {
        let error = run(&bad, "bad").unwrap_err();
        assert!(
            matches!(error, Error::Synth(_)) && error.is_input(),
            "{error}"
        );
    }
    fs::create_dir_all(dir.path().join("taken")).unwrap();
    fs::write(dir.path().join("taken/manifest.tsv"), "path\nx.wav\n").unwrap();
    let error = run(&settings(&["clip"]), "taken").unwrap_err();
    assert!(error.to_string().contains("another corpus"), "{error}");
}
