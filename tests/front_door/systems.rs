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
    let probe = || {
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
        place.run(given.iter().chain(&few).chain(&asked).copied())
    };
    let first = probe();
    assert_eq!(first.code, 0, "{}", first.stderr);
    let bytes = std::fs::read(place.path("r.json")).unwrap();
    let report = Report::read(&place.path("r.json")).unwrap();
    let table = report.table(None, "descriptors").unwrap();
    let unit = table.column("unit").unwrap();
    assert_eq!((table.rows(), unit.text_at(0)), (8, Some("st")));
    let second = probe();
    assert!(
        second.stderr.contains("of an earlier call"),
        "{}",
        second.stderr
    );
    assert!(
        bytes == std::fs::read(place.path("r.json")).unwrap(),
        "other bytes"
    );
}
