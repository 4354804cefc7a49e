//! The commands on good input.

use crate::place::{Place, ge2e};

fn probed() -> (Place, serde_json::Value) {
    let place = Place::new();
    let manifest = place.voices(24, 2, 1.0);
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
        "--components",
        "5",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("PC1 explains"), "{}", ran.stdout);
    let text = std::fs::read_to_string(place.path("report.json")).unwrap();
    (place, serde_json::from_str(&text).unwrap())
}

#[test]
fn a_report_fits_the_schema_says_how_to_make_it_again_and_comes_out_the_same() {
    let (place, report) = probed();
    let printed: serde_json::Value = serde_json::from_str(&place.run(["schema"]).stdout).unwrap();
    let validator = jsonschema::validator_for(&printed).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&report)
        .map(|e| e.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    let mut broken = report.clone();
    broken["schema"] = "phonoscope.report/0".into();
    assert!(
        !validator.is_valid(&broken),
        "the schema must refuse another version"
    );

    let first = std::fs::read(place.path("report.json")).unwrap();
    std::fs::remove_file(place.path("report.json")).unwrap();
    let command = report["provenance"]["command"].as_str().unwrap();
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    let ran = place.run(words);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        first == std::fs::read(place.path("report.json")).unwrap(),
        "other bytes"
    );

    let checks = report["trust"]["checks"].as_array().unwrap();
    let status = |id: &str| {
        checks
            .iter()
            .find(|c| c["id"] == id)
            .map(|c| c["status"].as_str().unwrap().to_owned())
    };
    for id in ["determinism", "leakage"] {
        assert_eq!(status(id).as_deref(), Some("pass"), "{id}: {checks:?}");
    }
    // The embedding is an output of the model: no tap was added.
    assert_eq!(
        status("tap_neutrality").as_deref(),
        Some("not_run"),
        "{checks:?}"
    );
    let agreement = status("engine_agreement").unwrap();
    assert!(agreement == "pass" || agreement == "not_run", "{checks:?}");
}

#[test]
fn reports_and_runs_export_to_every_format() {
    let (place, report) = probed();
    for (format, out) in [
        ("json", "copy.json"),
        ("csv", "tables"),
        ("npz", "r.npz"),
        ("svg", "figures"),
        ("markdown", "page.md"),
        ("html", "page.html"),
    ] {
        let ran = place.run(["export", "report.json", "--format", format, "--out", out]);
        assert_eq!(ran.code, 0, "{format}: {}", ran.stderr);
    }
    assert_eq!(
        std::fs::read(place.path("report.json")).unwrap(),
        std::fs::read(place.path("copy.json")).unwrap()
    );
    for table in report["tables"].as_array().unwrap() {
        let id = table["id"].as_str().unwrap();
        let csv = std::fs::read_to_string(place.path(&format!("tables/{id}.csv"))).unwrap();
        let data = table["columns"][0]["data"].as_object().unwrap();
        let rows = data.values().next().unwrap().as_array().unwrap().len();
        assert_eq!(csv.lines().count(), 1 + rows, "{id}");
        // Nobody's label need be in doubt; every other table has something to say.
        assert!(rows > 0 || id == "suspicious_labels", "{id}");
    }
    for figure in ["scatter", "scree", "associations"] {
        let svg = std::fs::read_to_string(place.path(&format!("figures/{figure}.svg"))).unwrap();
        assert!(
            svg.contains("<svg") && svg.contains("phonoscope probe speaker"),
            "{figure}"
        );
    }
    let page = std::fs::read_to_string(place.path("page.md")).unwrap();
    assert!(
        page.contains("## Methods") && page.contains("ge2e"),
        "{page}"
    );
    let page = std::fs::read_to_string(place.path("page.html")).unwrap();
    assert!(page.contains("<h2>Methods</h2>") && page.contains("<svg"));
    let ran = place.run([
        "export",
        "report.run",
        "--format",
        "npz",
        "--out",
        "run.npz",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut npz =
        ndarray_npy::NpzReader::new(std::fs::File::open(place.path("run.npz")).unwrap()).unwrap();
    let embedding: ndarray::Array2<f32> = npz.by_name("embedding").unwrap();
    assert_eq!(embedding.dim(), (48, 256));
    let mut beside =
        ndarray_npy::NpzReader::new(std::fs::File::open(place.path("report.npz")).unwrap())
            .unwrap();
    let scores: ndarray::Array2<f64> = beside.by_name("scores").unwrap();
    assert_eq!(scores.nrows(), 24);
    place
        .run([
            "export",
            "report.json",
            "--format",
            "csv",
            "--table",
            "nope",
            "--out",
            "x.csv",
        ])
        .fails_with_hint(2, "nope", "components");
}

/// A line y = 1 + 2x, and points on a plane's diagonal.
#[test]
fn analyse_works_on_anyones_matrices() {
    let place = Place::new();
    let x = ndarray::array![[0.0f64], [1.0], [2.0], [3.0], [4.0]];
    let y = ndarray::array![1.1f64, 2.9, 5.0, 7.1, 8.9];
    ndarray_npy::write_npy(place.path("x.npy"), &x).unwrap();
    ndarray_npy::write_npy(place.path("y.npy"), &y).unwrap();
    let json = |ran: crate::place::Ran| -> serde_json::Value {
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let fit = json(place.run([
        "analyse", "regress", "--x", "x.npy", "--y", "y.npy", "--json",
    ]));
    let slope = fit["coefficients"][1]["value"].as_f64().unwrap();
    assert!((slope - 1.98).abs() < 1e-12, "{slope}");

    let p = ndarray::array![[1.0f32, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0]];
    ndarray_npy::write_npy(place.path("p.npy"), &p).unwrap();
    let pca = json(place.run(["analyse", "pca", "--x", "p.npy", "--json"]));
    let first = &pca["components"][0];
    assert!((first["explained_variance_ratio"].as_f64().unwrap() - 1.0).abs() < 1e-12);
    assert!((first["loadings"][0].as_f64().unwrap() - 0.5f64.sqrt()).abs() < 1e-12);

    place
        .run(["analyse", "pca", "--x", "y.npy"])
        .fails_with_hint(2, "not a matrix", "numpy.save");
    place
        .run(["analyse", "pca", "--x", "none.npy"])
        .fails(2, "none.npy");
    let short = ndarray::array![1.0f64, 2.0];
    ndarray_npy::write_npy(place.path("s.npy"), &short).unwrap();
    place
        .run(["analyse", "regress", "--x", "x.npy", "--y", "s.npy"])
        .fails(2, "--x has 5 rows");
}

#[test]
fn models_are_listed_and_inspected() {
    let place = Place::new();
    let list = place.run(["models", "list"]);
    for word in ["ge2e", "campplus", "untested here", "wav2vec2-base-960h"] {
        assert!(list.stdout.contains(word), "{}", list.stdout);
    }
    let list = place.run(["models", "list", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(json["schema"], "phonoscope.models/1");
    let entry = |name: &str| {
        let models = json["models"].as_array().unwrap();
        models.iter().find(|m| m["name"] == name).unwrap().clone()
    };
    assert_eq!(entry("campplus")["standing"], "checked");
    assert_eq!(entry("hubert-base-ls960")["standing"], "untested_here");
    assert_eq!(entry("hubert-base-ls960")["cached"], false);
    assert!(entry("whisper-base")["fetch_bytes"].as_u64().unwrap() > 100_000_000);
    let ran = place.run(["models", "inspect", ge2e(), "--json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let taps: Vec<&str> = json["model"]["taps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        taps,
        ["lstm.0", "lstm.1", "lstm.2", "pre_relu", "embedding"]
    );
}

#[test]
fn a_twin_is_written_whole_and_never_over_its_model() {
    use phonoscope_models::wire::{ElementType, Suffix};
    let place = Place::new();
    let weights: Vec<f32> = (0..64u8).map(|k| f32::from(k ^ 21).sin()).collect();
    let mut graph = Suffix::new();
    graph
        .header(8, 17, "test")
        .graph_name("small")
        .input("x", ElementType::Float32, &["time".into(), 8.into()])
        .init_f32("w", &[8, 8], &weights)
        .node("MatMul", &["x", "w"], &["y"], &[])
        .output("y");
    let model = place.write("m.onnx", graph.finish());
    let read = |name: &str| std::fs::read(place.path(name)).unwrap();
    let twin = |kind, seed, out| {
        let words = ["--kind", kind, "--seed", seed, "--out", out];
        place.run([["models", "twin", "m.onnx"].as_slice(), &words].concat())
    };
    for (kind, out, again, other) in [
        ("redrawn", "a.onnx", "b.onnx", "c.onnx"),
        ("permuted", "d.onnx", "e.onnx", "f.onnx"),
    ] {
        let ran = twin(kind, "2", out);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(
            ran.stderr
                .contains(&format!("{kind} twin of `m.onnx`, seed 2")),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("--model"), "{}", ran.stderr);
        assert_eq!(twin(kind, "2", again).code, 0);
        assert_eq!(twin(kind, "3", other).code, 0);
        assert_eq!(read(out), read(again));
        assert_ne!(read(out), read(other));
        assert_eq!(read(out).len(), read("m.onnx").len());
    }
    let before = read("m.onnx");
    twin("redrawn", "1", "./m.onnx").fails_with_hint(2, "belongs to the model itself", "--out");
    assert_eq!(std::fs::read(model).unwrap(), before);
    twin("redrawn", "1", "no/folder/t.onnx").fails_with_hint(2, "cannot write", "--out");
    assert_eq!(std::fs::read_dir(place.path("")).unwrap().count(), 7);
}

#[test]
fn a_twin_of_the_catalogue_needs_no_flags() {
    let place = Place::new();
    let manifest = place.voices(2, 1, 1.0);
    place.write("taken.toml", "[settings]\ncolour = 3\n");
    let twin = |out| place.run(["models", "twin", ge2e(), "--out", out]);
    twin("taken.onnx").fails_with_hint(2, "`taken.toml` is in the way", "--out");
    assert!(!place.path("taken.onnx").exists());
    assert_eq!(twin("twin.onnx").code, 0);
    assert_eq!(twin("twin.onnx").code, 0, "again");
    let words = [
        "extract",
        "--model",
        "twin.onnx",
        "--data",
        &manifest,
        "--out",
        "t.run",
    ];
    let ran = place.run(words);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let run = std::fs::read_to_string(place.path("t.run/run.json")).unwrap();
    assert!(run.contains("ge2e (redrawn, seed 1)"), "{run}");
}

#[test]
fn every_layer_of_a_tapped_model_can_be_extracted() {
    let place = Place::new();
    let manifest = place.voices(2, 1, 1.0);
    let ran = place.run([
        "extract",
        "--model",
        "whisper-tiny.en",
        "--data",
        &manifest,
        "--taps",
        "encoder.*.resid_*",
        "encoder.final_norm",
        "--out",
        "w.run",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let trust = std::fs::read_to_string(place.path("w.run/trust.json")).unwrap();
    let trust: serde_json::Value = serde_json::from_str(&trust).unwrap();
    let checks = trust["checks"].as_array().unwrap();
    let neutral = checks.iter().find(|c| c["id"] == "tap_neutrality").unwrap();
    assert_eq!(neutral["n"], 2, "{neutral}");
    assert!(neutral["value"].as_f64().unwrap() < 1e-4, "{neutral}");
    let export = place.run(["export", "w.run", "--format", "npz", "--out", "w.npz"]);
    assert_eq!(export.code, 0, "{}", export.stderr);
    let mut npz =
        ndarray_npy::NpzReader::new(std::fs::File::open(place.path("w.npz")).unwrap()).unwrap();
    for tap in [
        "encoder.0.resid_pre",
        "encoder.3.resid_post",
        "encoder.final_norm",
    ] {
        let values: ndarray::Array2<f32> = npz.by_name(tap).unwrap();
        assert_eq!(values.dim(), (2, 384), "{tap}");
    }
    place
        .run([
            "extract",
            "--model",
            "whisper-tiny.en",
            "--data",
            &manifest,
            "--taps",
            "encoder.0.attn.probs",
            "--out",
            "p",
        ])
        .fails_with_hint(2, "attn.probs", "without an axis `key`");
    // A report of a layer that is no embedding needs to be told which.
    place
        .run(["probe", "speaker", "--run", "w.run", "--out", "r.json"])
        .fails_with_hint(2, "holds no speaker embedding", "encoder.0.resid_pre");
}

#[test]
fn doctor_schema_and_completions_answer() {
    let place = Place::new();
    let doctor = place.run(["doctor", "--json"]);
    assert_eq!(doctor.code, 0, "{}{}", doctor.stdout, doctor.stderr);
    let findings: serde_json::Value = serde_json::from_str(&doctor.stdout).unwrap();
    assert_eq!(findings["schema"], "phonoscope.doctor/1");
    assert!(
        findings["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|f| f["what"] == "rten")
    );
    assert!(
        place
            .run(["completions", "bash"])
            .stdout
            .contains("phonoscope")
    );
}

#[test]
fn the_demo_makes_a_report_without_a_terminal() {
    let place = Place::new();
    let manifest = place.voices(12, 1, 1.0);
    let ran = place.run([
        "demo",
        "--data",
        &manifest,
        "--out",
        "demo",
        "--permutations",
        "19",
        "--bootstrap",
        "20",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("12 speakers"), "{}", ran.stdout);
    assert!(place.path("demo/report.json").is_file());
    let browse = place.run(["browse", "demo"]);
    browse.fails(2, "terminal");
}
