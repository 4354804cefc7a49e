//! Several systems and descriptors in one report.

use std::fmt::Write as _;

use phonoscope_probes::report::Report;

use crate::place::{Place, ge2e};

/// A table of descriptors made from the columns of the voices' manifest.
fn descriptors(place: &Place, manifest: &str) -> String {
    let text = std::fs::read_to_string(place.path(manifest)).unwrap();
    let mut lines = text.lines().map(|l| l.split('\t').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let at = |name: &str| header.iter().position(|h| *h == name).unwrap();
    let (id, f0, length) = (at("id"), at("f0_hz"), at("vtl_cm"));
    let mut out = "id\tf0_hz\tvtl_cm\tremark\n".to_owned();
    for line in lines {
        let _ = writeln!(out, "{}\t{}\t{}\tmade", line[id], line[f0], line[length]);
    }
    std::fs::write(place.path("d.tsv"), out).unwrap();
    "d.tsv".into()
}

#[test]
fn two_systems_and_descriptors_in_one_report() {
    let place = Place::new();
    let manifest = place.voices(24, 2, 1.0);
    let table = descriptors(&place, &manifest);
    for run in ["a.run", "b.run"] {
        let ran = place.run([
            "extract",
            "--model",
            ge2e(),
            "--data",
            &manifest,
            "--out",
            run,
        ]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    let probe = |more: &[&str]| {
        let few = [
            "--permutations",
            "39",
            "--bootstrap",
            "40",
            "--components",
            "4",
        ];
        let given = [
            "probe", "speaker", "--run", "a.run", "--run", "b.run", "--out", "r.json",
        ];
        place.run(given.iter().chain(&few).chain(more).copied())
    };
    let ran = probe(&["--descriptors", &table, "--no-mlp", "--no-sensitivity"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("descriptors predict"), "{}", ran.stdout);
    let report = Report::read(&place.path("r.json")).unwrap();
    let names: Vec<&str> = report.systems.iter().map(String::as_str).collect();
    assert_eq!(names, ["ge2e", "ge2e-2"]);
    assert_eq!(report.provenance.systems.len(), 2);
    let first = report.table(Some("ge2e"), "pc_cards").unwrap();
    let second = report.table(Some("ge2e-2"), "pc_cards").unwrap();
    assert!(first.rows() == 4 * 2 && first.columns == second.columns);
    // Runs have no model to randomise, and the report says so.
    let note = report
        .table(Some("ge2e"), "baselines")
        .unwrap()
        .column("note");
    assert!(
        note.unwrap()
            .text_at(1)
            .unwrap()
            .contains("--run has no model")
    );
    // A system is as like itself as can be.
    let value = report
        .table(None, "similarity")
        .unwrap()
        .column("value")
        .unwrap();
    assert!(value.value(0).is_some_and(|cka| cka > 0.999));
    assert!(
        report
            .warnings
            .iter()
            .any(|w| w.starts_with("switched off"))
    );

    let ran = place.run(["export", "r.json", "--format", "csv", "--out", "tables"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for file in [
        "ge2e.components.csv",
        "ge2e-2.components.csv",
        "similarity.csv",
        "items.csv",
    ] {
        assert!(place.path("tables").join(file).is_file(), "{file}");
    }
    probe(&["--descriptors", &table, "--descriptor", "f1"]).fails_with_hint(2, "`f1`", "f0_hz");
    let none = ["--descriptors", "none", "--descriptor", "f0_hz"];
    probe(&none).fails_with_hint(2, "there are none", "--descriptors");
    probe(&["--descriptors", "none", "--fold-column", "fold"]).fails_with_hint(
        2,
        "column `fold`",
        "speaker",
    );
}

#[test]
fn descriptors_are_measured_once_and_kept_beside_the_report() {
    let place = Place::new();
    let manifest = place.voices(24, 1, 1.0);
    let probe = |more: &[&str]| {
        let few = [
            "--permutations",
            "39",
            "--bootstrap",
            "40",
            "--components",
            "4",
        ];
        let asked = ["--no-mlp", "--no-sensitivity", "--out", "r.json"];
        let given = ["probe", "speaker", "--model", ge2e(), "--data", &manifest];
        place.run(given.iter().chain(&few).chain(&asked).chain(more).copied())
    };
    let first = probe(&[]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let bytes = std::fs::read(place.path("r.json")).unwrap();
    let report = Report::read(&place.path("r.json")).unwrap();
    let table = report.table(None, "descriptors").unwrap();
    let unit = table.column("unit").unwrap();
    assert_eq!((table.rows(), unit.text_at(0)), (9, Some("st")));
    let used = table.column("used").unwrap();
    let used: Vec<_> = (0..9).filter_map(|r| used.text_at(r)).collect();
    // All synthetic voices have the band of their rate.
    assert_eq!((used[0], used[7], used[8]), ("yes", "yes", "no"));
    let note = table.column("note").unwrap().text_at(8);
    assert_eq!(note, Some("constant over speakers"));
    // The controls are there: the network with random weights, and spectra without a network.
    let baselines = report.table(None, "baselines").unwrap();
    let auc = baselines.column("sex_auc").unwrap();
    let of = |row| auc.estimate_at(row).unwrap();
    assert!((0..3).all(|row| of(row).lo <= of(row).value && of(row).n == 24));
    assert!(report.summary.iter().any(|s| s.starts_with("control: ")));
    assert!(place.path("r.twin.run/run.json").is_file());
    let second = probe(&[]);
    assert!(
        second.stderr.contains("9 descriptors of an earlier call"),
        "{}",
        second.stderr
    );
    assert!(
        bytes == std::fs::read(place.path("r.json")).unwrap(),
        "other bytes"
    );
    // Only what is missing is measured, and what was there is the same.
    let third = probe(&["--no-baselines", "--descriptor", "level_db", "f0_median_st"]);
    assert!(
        third.stderr.contains("1 descriptors of an earlier call"),
        "{}",
        third.stderr
    );
    let report = Report::read(&place.path("r.json")).unwrap();
    assert!(report.table(None, "baselines").is_none());
    let few = report.table(None, "descriptors").unwrap();
    let mean =
        |table: &phonoscope_probes::report::Table, row| table.column("mean").unwrap().value(row);
    assert_eq!((few.rows(), mean(few, 1)), (2, mean(table, 0)));
    probe(&["--descriptor", "loudness"]).fails_with_hint(2, "`loudness`", "acoustics --list");
}

#[test]
fn ratings_of_recordings_are_descriptors_and_conditions() {
    let place = Place::new();
    let manifest = place.voices(24, 1, 1.0);
    let few = [
        "--permutations",
        "39",
        "--bootstrap",
        "40",
        "--components",
        "4",
        "--no-mlp",
        "--no-sensitivity",
        "--no-baselines",
    ];
    let given = ["probe", "speaker", "--model", ge2e(), "--data", &manifest];
    let asked = ["--dnsmos", "--out", "r.json"];
    let words = || given.iter().chain(&few).chain(&asked).copied();
    let ran = place.run(words());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let report = Report::read(&place.path("r.json")).unwrap();
    assert!(report.provenance.command.contains(" --dnsmos"));
    let table = report.table(None, "descriptors").unwrap();
    let (name, used) = (
        table.column("descriptor").unwrap(),
        table.column("used").unwrap(),
    );
    let all: Vec<_> = (0..table.rows())
        .filter_map(|r| Some((name.text_at(r)?, used.text_at(r)?)))
        .collect();
    assert_eq!(all.len(), 12);
    assert_eq!(all[8], ("dnsmos_ovrl", "yes"));
    assert_eq!(
        all[9..],
        [
            ("bandwidth_hz", "no"),
            ("dnsmos_sig", "condition"),
            ("dnsmos_bak", "condition")
        ]
    );
    let mean = table.column("mean").unwrap();
    assert!((9..12).all(|r| mean.value(r).is_some()));
    let recording = report.table(None, "recording").unwrap();
    let names = recording.column("descriptor").unwrap();
    for wanted in ["dnsmos_ovrl", "dnsmos_bak", "snr_db"] {
        assert!(
            (0..recording.rows()).any(|r| names.text_at(r) == Some(wanted)),
            "{wanted}"
        );
    }
    let source = &report.provenance.settings["descriptors"];
    assert!(
        source
            .as_str()
            .unwrap()
            .contains("DNSMOS P.835 (weights 269fbebdb513)")
    );
    let bytes = std::fs::read(place.path("r.json")).unwrap();
    let again = place.run(words());
    assert!(
        again.stderr.contains("3 dnsmos of an earlier call"),
        "{}",
        again.stderr
    );
    assert!(
        bytes == std::fs::read(place.path("r.json")).unwrap(),
        "other bytes"
    );
    let table = ["--descriptors", "d.tsv"];
    place
        .run(words().chain(table))
        .fails_with_hint(2, "--dnsmos", "dnsmos_ovrl");
}
