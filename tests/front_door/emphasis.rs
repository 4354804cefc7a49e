//! `probe emphasis` on made-up words and a network of two random convolutions.

use std::fmt::Write as _;

use phonoscope_models::wire::{Attribute, Dim, ElementType, Suffix};
use phonoscope_probes::report::Report;

use crate::place::Place;

/// Conditions with how much longer, higher and louder the word is.
const CONDITIONS: [(&str, f64, f64, f64); 6] = [
    ("neutral_a", 1.0, 0.0, 0.0),
    ("neutral_b", 1.02, 0.1, 0.0),
    ("emphasis_all", 1.5, 3.0, 4.0),
    ("emphasis_f0", 1.0, 3.0, 0.0),
    ("control_rate", 1.3, 0.0, 0.0),
    ("control_gain", 1.0, 0.0, 6.0),
];

/// Eight speakers say three words each, in every condition; the path of the manifest.
fn words(place: &Place) -> String {
    let mut text =
        "id\tpath\tpair\tspeaker\tword\tcondition\tstart\tend\tduration_ratio\tf0_shift_st\t\
                    level_shift_db\tsource\n"
            .to_owned();
    for speaker in 0..8u32 {
        for word in 0..3u32 {
            for (condition, ratio, shift_st, gain_db) in CONDITIONS {
                let wobble = f64::from((speaker * 7 + word * 3) % 5) * 0.05;
                let ratio = if ratio > 1.1 { ratio + wobble } else { ratio };
                let secs = 0.2 * ratio;
                let f0_hz = (100.0 + 12.0 * f64::from(speaker)) * 2f64.powf(shift_st / 12.0);
                let gain = 3000.0 * 10f64.powf(gain_db / 20.0);
                let samples: Vec<i16> = (0..((secs + 0.1) * 16_000.0) as u32)
                    .map(|i| {
                        let t = f64::from(i) / 16_000.0;
                        let inside = (0.05..0.05 + secs).contains(&t);
                        let tone = |k: f64| (std::f64::consts::TAU * f0_hz * k * t).sin() / k;
                        let colour = tone(1.0) + tone(2.0 + f64::from(word)) + tone(9.0);
                        (if inside { gain * colour } else { colour }) as i16
                    })
                    .collect();
                let id = format!("s{speaker}w{word}-{condition}");
                place.wav(&format!("{id}.wav"), &samples);
                let end = 0.05 + secs;
                let _ = writeln!(
                    text,
                    "{id}\t{id}.wav\ts{speaker}w{word}\ts{speaker}\tw{word}\t{condition}\t0.05\t{end}\t{ratio}\t\
                     {shift_st}\t{gain_db}\ts{speaker}w{word}"
                );
            }
        }
    }
    place.write("m.tsv", text);
    "m.tsv".into()
}

/// Two convolutions over log-mel features, with weights out of a hat.
fn network(place: &Place) -> String {
    // Without a formula that a twin would keep, as it keeps sinusoids.
    let weights = |count: usize, seed: u32| -> Vec<f32> {
        let next = |state: &mut u32| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((*state >> 8) as f32 / 16_777_216.0 * 0.6 - 0.3)
        };
        std::iter::repeat_n((), count)
            .scan(seed, |state, ()| next(state))
            .collect()
    };
    let mut graph = Suffix::new();
    let one = [
        ("kernel_shape", Attribute::Ints(&[3])),
        ("pads", Attribute::Ints(&[1, 1])),
    ];
    graph
        .header(8, 13, "phonoscope")
        .graph_name("two")
        .input(
            "features",
            ElementType::Float32,
            &[Dim::Fixed(1), Dim::Fixed(80), Dim::Named("frames".into())],
        )
        .init_f32("w0", &[16, 80, 3], &weights(16 * 80 * 3, 17))
        .init_f32("w1", &[16, 16, 3], &weights(16 * 16 * 3, 23))
        .node("Conv", &["features", "w0"], &["c0"], &one)
        .node("Relu", &["c0"], &["r0"], &[])
        .node("Conv", &["r0", "w1"], &["c1"], &one)
        .node("Relu", &["c1"], &["r1"], &[])
        .typed_output(
            "r1",
            ElementType::Float32,
            &[Dim::Fixed(1), Dim::Fixed(16), Dim::Named("frames".into())],
        );
    place.write("two.onnx", graph.finish());
    "two.onnx".into()
}

const FEW: [&str; 8] = [
    "--permutations",
    "39",
    "--bootstrap",
    "40",
    "--folds",
    "3",
    "--intervention-items",
    "4",
];

#[test]
fn versions_of_words_become_a_report_with_controls_beside_it() {
    let place = Place::new();
    let (manifest, model) = (words(&place), network(&place));
    let base = [
        "probe",
        "emphasis",
        "--model",
        &model,
        "--front-end",
        "whisper_log_mel",
        "--data",
        &manifest,
        "--out",
        "r.json",
    ];
    let ran = place.run(base.iter().chain(&FEW));
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout
            .contains("24 word tokens of 3 words and 8 speakers"),
        "{}",
        ran.stdout
    );
    let report = Report::read(&place.path("r.json")).unwrap();
    assert_eq!(
        report.systems,
        ["two", "two-redrawn", "two-permuted", "log-mel"]
    );
    for id in [
        "emphasis_taps",
        "emphasis_direction",
        "emphasis_dimension",
        "emphasis_duration",
        "emphasis_word",
        "emphasis_transfer",
        "emphasis_specificity",
        "emphasis_comparison",
        "emphasis_intervention",
        "emphasis_pairs",
        "emphasis_scatter",
    ] {
        assert!(report.table(None, id).is_some_and(|t| t.rows() > 0), "{id}");
    }
    let direction = report.table(None, "emphasis_direction").unwrap();
    let cosine = direction.column("cosine_speaker_out").unwrap();
    assert!(
        (0..direction.rows())
            .filter_map(|r| cosine.value(r))
            .any(|v| v > 0.5)
    );
    let taps = report.table(None, "emphasis_taps").unwrap();
    let fields = taps.column("receptive_field").unwrap();
    assert!(
        (0..taps.rows()).any(|r| fields.text_at(r) == Some("30 ms")),
        "{fields:?}"
    );
    // Schema, and the same bytes again from its own command.
    let printed: serde_json::Value = serde_json::from_str(&place.run(["schema"]).stdout).unwrap();
    let validator = jsonschema::validator_for(&printed).unwrap();
    let text = std::fs::read_to_string(place.path("r.json")).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&value)
        .map(|e| e.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    std::fs::remove_file(place.path("r.json")).unwrap();
    let command = report.provenance.command.clone();
    assert_eq!(
        place.run(command.split_whitespace().skip(1)).code,
        0,
        "{command}"
    );
    assert_eq!(text, std::fs::read_to_string(place.path("r.json")).unwrap());
    // Figures, tables and the page.
    for (format, out) in [("svg", "figures"), ("csv", "tables"), ("html", "page.html")] {
        let ran = place.run(["export", "r.json", "--format", format, "--out", out]);
        assert_eq!(ran.code, 0, "{format}: {}", ran.stderr);
    }
    assert!(place.path("figures/layers_direction.svg").is_file());
    assert!(place.path("figures/two.transfer.svg").is_file());
    let page = std::fs::read_to_string(place.path("page.html")).unwrap();
    assert!(page.contains("tested here and not replicated"));
    // The runs alone give the same tables, but for the interventions.
    let runs = ["r.two.run", "r.log-mel.run"].map(|r| place.path(r));
    let ran = place.run([
        "probe",
        "emphasis",
        "--run",
        runs[0].to_str().unwrap(),
        "--run",
        runs[1].to_str().unwrap(),
        "--out",
        "again.json",
        "--permutations",
        "39",
        "--bootstrap",
        "40",
        "--folds",
        "3",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("redrawn twin of two is not available"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_cannot_be_paired_is_said_before_the_work() {
    let place = Place::new();
    let model = network(&place);
    place.wav("a.wav", &[0; 8000]);
    place.write("no.tsv", "path\tspeaker\na.wav\ta\n");
    place.write(
        "one.tsv",
        "path\tspeaker\tpair\tcondition\na.wav\ta\tp\tneutral\n",
    );
    let probe = |data: &str, more: &[&str]| {
        let base = [
            "probe",
            "emphasis",
            "--model",
            &model,
            "--front-end",
            "whisper_log_mel",
            "--out",
            "r.json",
        ];
        place.run(base.iter().chain(&["--data", data]).chain(more).copied())
    };
    probe("no.tsv", &[]).fails(2, "no `pair` column");
    probe("one.tsv", &[]).fails(2, "`start` and an `end`");
    probe("one.tsv", &["--permutations", "3"]).fails(2, "permutations");
    probe("one.tsv", &["--spans", "utterance", "--no-twins"])
        .fails(2, "because its span is silent");
    assert!(!place.path("r.json").exists());
    place
        .run(["demo", "emphasis", "--data", "one.tsv"])
        .fails(2, "unexpected argument");
}

#[test]
fn missing_alignments_silence_and_lost_partners_are_counted() {
    let place = Place::new();
    let (manifest, model) = (words(&place), network(&place));
    let table = std::fs::read_to_string(place.path(&manifest)).unwrap();
    for row in table.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let (id, word, start) = (cells[0], cells[4], 0.05);
        let secs = cells[7].parse::<f64>().unwrap() - start;
        // One neutral version and one emphasised one have no times.
        if id != "s0w0-neutral_a" && id != "s1w1-emphasis_all" {
            place.write(
                &format!("{id}.ctm"),
                format!("{id} 1 {start} {secs} {word}\n"),
            );
        }
    }
    place.wav("s2w2-emphasis_all.wav", &[0; 8000]);
    let base = [
        "probe",
        "emphasis",
        "--model",
        &model,
        "--front-end",
        "whisper_log_mel",
        "--data",
        &manifest,
        "--spans",
        "word",
        "--equal-frames",
        "8",
        "--no-twins",
        "--no-intervention",
        "--out",
        "r.json",
    ];
    let ran = place.run(base.iter().chain(&FEW));
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let report = Report::read(&place.path("r.json")).unwrap();
    let said = report.warnings.join("\n");
    for words in [
        "2 versions take no part: it has no alignment",
        "5 versions take no part: its pair has no neutral version",
        "1 versions take no part: its span is silent",
        "intervals speak for other speakers, not for other words: there are 3 words, fewer than 8",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let direction = report.table(None, "emphasis_direction").unwrap();
    let pairs = direction.column("pairs").unwrap();
    let all = (0..direction.rows()).filter_map(|r| pairs.value(r));
    // 24 words less one without a neutral version; of `emphasis_all` less two more.
    assert!(all.clone().any(|n| n == 21.0) && all.clone().any(|n| n == 23.0));
    assert!(
        report.provenance.settings["pooling"]
            .as_str()
            .is_some_and(|p| p.contains("8 of them, at equal steps"))
    );
    // What does not exist is null: NaN is no JSON.
    let text = std::fs::read_to_string(place.path("r.json")).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
}
