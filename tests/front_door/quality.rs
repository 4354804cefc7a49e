//! `probe quality` from degraded speech to a report.

use phonoscope_probes::report::Report;

use crate::place::{Place, ge2e};

fn degraded(place: &Place) {
    let manifest = place.voices(12, 1, 1.5);
    let ran = place.run([
        "data",
        "degrade",
        "--data",
        &manifest,
        "--kinds",
        "noise_white=20/0,lowpass=4000/1000",
        "--out",
        "worse",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

const FEW: [&str; 10] = [
    "--permutations",
    "19",
    "--bootstrap",
    "20",
    "--halves",
    "20",
    "--swaps",
    "19",
    "--components",
    "8",
];

#[test]
fn planted_degradations_come_out_in_order_from_models_and_from_runs() {
    let place = Place::new();
    degraded(&place);
    let run = |more: &[&str], out: &str| {
        let base = ["probe", "quality", "--out", out];
        place.run([&base[..], &FEW, more].concat())
    };
    let model = ["--model", ge2e(), "--data", "worse/manifest.tsv"];
    let ran = run(&[&model[..], &["--no-dnsmos"]].concat(), "q.json");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("against severity"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("no ratings (column `mos`)"),
        "{}",
        ran.stdout
    );
    let report = Report::read(&place.path("q.json")).unwrap();
    assert_eq!(report.systems, ["ge2e", "ge2e-redrawn"]);
    let criteria = report.table(Some("ge2e"), "criteria").unwrap();
    let text = |id: &str, row| criteria.column(id).and_then(|c| c.text_at(row));
    let row = (0..criteria.rows()).find(|r| {
        text("layer", *r) == Some("embedding")
            && text("of", *r) == Some("utterances")
            && text("group", *r).is_none()
    });
    let tau = criteria.column("value").and_then(|c| c.value(row.unwrap()));
    assert!(tau.is_some_and(|t| t > 0.3), "{tau:?}");
    let similarity = report.table(Some("ge2e"), "similarity").unwrap();
    let kinds: Vec<_> = (0..similarity.rows())
        .filter_map(|r| similarity.column("kind").and_then(|c| c.text_at(r)))
        .collect();
    assert_eq!(
        kinds,
        [
            "system", "system", "system", "system", "ceiling", "ceiling", "floor"
        ]
    );
    for id in [
        "layers",
        "distances",
        "matching",
        "utterances",
        "frame_distances",
    ] {
        assert!(report.table(Some("ge2e"), id).is_some(), "{id}");
    }
    let tables = serde_json::to_string(&report.tables).unwrap();
    assert!(!tables.contains("NaN"));

    let runs = ["--run", "q.ge2e.run", "--taps", "lstm.*"];
    let ran = run(&runs, "again.json");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("made of runs"), "{}", ran.stdout);
    let again = Report::read(&place.path("again.json")).unwrap();
    assert_eq!(again.table(None, "layers").unwrap().rows(), 3);
    assert!(again.table(None, "frame_distances").is_none());
}

#[test]
fn what_cannot_be_compared_is_refused_with_what_is_needed() {
    let place = Place::new();
    degraded(&place);
    let quality = |data: &str, more: &[&str]| {
        let base = [
            "probe",
            "quality",
            "--model",
            ge2e(),
            "--data",
            data,
            "--out",
            "q.json",
        ];
        place.run([&base[..], more].concat())
    };
    quality("voices/manifest.tsv", &[]).fails_with_hint(
        2,
        "no `system` column",
        "add one that names",
    );
    let worse = "worse/manifest.tsv";
    quality(worse, &["--reference", "nobody"]).fails(2, "no row of system `nobody`");
    let all = std::fs::read_to_string(place.path(worse)).unwrap();
    let reference = all.lines().filter(|l| l.contains("\treference\t"));
    let part = |name: &str, lines: Vec<&str>| {
        let head = all.lines().next().unwrap();
        let text = [&[head][..], &lines].concat().join("\n");
        std::fs::write(place.path(name), text + "\n").unwrap();
    };
    part("worse/three.tsv", reference.clone().take(3).collect());
    quality("worse/three.tsv", &[]).fails_with_hint(
        2,
        "has 3 recordings of the reference, and at least 8 are needed",
        "add recordings of it",
    );
    part("worse/alone.tsv", reference.collect());
    quality("worse/alone.tsv", &[]).fails(2, "every row of `worse/alone.tsv` is of the reference");
    quality(worse, &["--match", "room"]).fails(2, "no column `room` to match the reference by");
    quality(worse, &["--follow", "nothing"]).fails_with_hint(
        2,
        "no measured layer with frames",
        "choose one of: lstm.0",
    );
    quality(worse, &["--halves", "3"]).fails(2, "random halves must be at least 20");
    quality(worse, &["--taps", "nothing.*"]).fails(2, "nothing.*");
    let out = place.run([
        "probe",
        "quality",
        "--run",
        "missing.run",
        "--out",
        "q.json",
    ]);
    assert_eq!(out.code, 2, "{}", out.stderr);
}
