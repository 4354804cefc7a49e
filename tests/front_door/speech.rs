//! Real speech and planted truth through the whole line.

use std::path::Path;

use phonoscope_probes::report::Report;

use crate::place::{Place, ge2e, shared};

fn report(path: &Path) -> Report {
    Report::read(path).unwrap()
}

/// GE2E on 251 LibriSpeech speakers: the figures of the reference programs come back.
#[test]
fn ge2e_on_real_speech_orders_the_sexes_on_its_first_component() {
    let Some(shared) = shared() else { return };
    let place = Place::new();
    let manifest = shared.join("speech/librispeech-251/manifest.tsv");
    let ran = place.run([
        "probe",
        "speaker",
        "--descriptors",
        "none",
        "--model",
        ge2e(),
        "--data",
        manifest.to_str().unwrap(),
        "--out",
        "report.json",
        "--permutations",
        "99",
        "--bootstrap",
        "100",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    println!("{}", ran.stdout);
    let report = report(&place.path("report.json"));
    assert_eq!(
        report.trust.coverage.used, 251,
        "{:?}",
        report.trust.coverage.skipped
    );
    let table = report.table(None, "associations").unwrap();
    let column = |id: &str| table.column(id).unwrap();
    let first = (0..table.rows())
        .find(|r| {
            column("component").value(*r) == Some(1.0)
                && column("column").text_at(*r) == Some("sex")
        })
        .unwrap();
    let auc = column("effect").estimate_at(first).unwrap();
    assert!((auc.value - 0.995).abs() < 0.002, "{auc:?}");
    assert!(
        auc.n == 251 && auc.lo <= auc.value && auc.value <= auc.hi,
        "{auc:?}"
    );
    let components = report.table(None, "components").unwrap();
    let cumulative = components.column("cumulative_ratio").unwrap();
    let half = (0..components.rows())
        .find(|r| cumulative.value(*r) >= Some(0.5))
        .unwrap()
        + 1;
    assert_eq!(half, 14);
}

/// What the built-in voices plant in the audio is found in GE2E's space; see docs/guide/speaker.md for
/// what comes out and why.
#[test]
fn planted_vocal_tract_length_reaches_the_embedding_space() {
    let place = Place::new();
    let manifest = place.voices(60, 2, 2.0);
    let ran = place.run([
        "probe",
        "speaker",
        "--descriptors",
        "none",
        "--model",
        ge2e(),
        "--data",
        &manifest,
        "--out",
        "report.json",
        "--permutations",
        "99",
        "--bootstrap",
        "100",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    println!("{}", ran.stdout);
    let report = report(&place.path("report.json"));
    let table = report.table(None, "associations").unwrap();
    let strongest = |name: &str| {
        (0..table.rows())
            .filter(|r| table.column("column").unwrap().text_at(*r) == Some(name))
            .filter_map(|r| table.column("effect").unwrap().estimate_at(r))
            .map(|e| e.value.abs())
            .fold(0.0, f64::max)
    };
    for name in [
        "vtl_cm",
        "f0_hz",
        "tilt_db_per_octave",
        "breathiness_db",
        "jitter_percent",
    ] {
        println!("strongest |Spearman| of {name}: {:.3}", strongest(name));
    }
    assert!(strongest("vtl_cm") > 0.6, "{}", strongest("vtl_cm"));
}
