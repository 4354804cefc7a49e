//! A small made-up quality report: a model, its twin, three systems.

use phonoscope_probes::report::{Report, Table};

use super::sample;
use super::sample_stress::Rows;

pub(super) const MODELS: [&str; 2] = ["tiny", "tiny.redrawn"];
const LAYERS: [&str; 5] = [
    "encoder.0.resid_pre",
    "encoder.0.resid_post",
    "encoder.1.resid_post",
    "encoder.2.resid_post",
    "encoder.3.resid_post",
];
/// Name, severity, mean rating.
const SYSTEMS: [(&str, f64, f64); 4] = [
    ("vocoder-a", 1.0, 4.1),
    ("vocoder-b", 2.0, 3.6),
    ("codec-low", 3.0, 2.2),
    ("tts-old", 4.0, 1.9),
];

/// Distance of a system in a layer.
fn away(model: usize, layer: usize, system: usize) -> f64 {
    let grows = 0.2 + 0.12 * (system + 1) as f64;
    let deep = [0.4, 1.0, 1.4, 0.9, 0.7][layer];
    if model == 0 {
        grows * deep
    } else {
        0.25 + 0.02 * system as f64
    }
}

fn distances(model: usize) -> Vec<Table> {
    let mut layers = Rows::new(
        &["layer"],
        &["dim", "components", "kept", "root_trace", "shrinkage"],
        &["floor"],
    );
    let numbers = [
        "n",
        "mean_part",
        "covariance_part",
        "mean_share",
        "sliced",
        "p",
    ];
    let estimates = ["normalised", "w2", "at_half", "ratio", "mahalanobis"];
    let mut found = Rows::new(&["layer", "system", "note"], &numbers, &estimates);
    let mut frames = Rows::new(
        &["layer", "system"],
        &["frames"],
        &["normalised", "floor", "at_half", "ratio"],
    );
    let mut matching = Rows::new(
        &["layer", "system", "column"],
        &["n"],
        &["same", "other", "difference"],
    );
    for (l, layer) in LAYERS.iter().enumerate() {
        layers.add(&[layer], &[384.0, 64.0, 0.93, 11.2, 0.08], &[0.21]);
        for (s, (system, ..)) in SYSTEMS.iter().enumerate() {
            let far = away(model, l, s);
            let mean = 0.8 - 0.15 * s as f64;
            let numbers = [60.0, 10.0 * mean, 10.0 - 10.0 * mean, mean, 0.9 * far, 0.01];
            let values = [far, 11.2 * far, far + 0.1, (far + 0.1) / 0.21, 1.0 + far];
            found.add(&[layer, system, ""], &numbers, &values);
            frames.add(
                &[layer, system],
                &[9120.0],
                &[1.1 * far, 0.12, 1.1 * far + 0.05, 2.0 * far],
            );
            matching.add(&[layer, system, "speaker"], &[30.0], &[far, far + 0.1, 0.1]);
        }
    }
    vec![
        layers.table("layers", "Layers"),
        found.table("distances", "Distances"),
        frames.table("frame_distances", "Distance of frames"),
        matching.table("matching", "Matched and other references"),
    ]
}

fn criteria(model: usize) -> Table {
    let keys = [
        "target",
        "of",
        "statistic",
        "group",
        "layer",
        "unit",
        "note",
    ];
    let numbers = ["n", "value", "p", "p_max", "p_below_best", "best_in"];
    let mut rows = Rows::new(&keys, &numbers, &["interval", "below_best"]);
    let best = [0.35, 0.6, 0.9, 0.7, 0.5];
    for (l, layer) in LAYERS.iter().enumerate() {
        let value = if model == 0 { best[l] } else { 0.1 };
        let words = ["mos", "systems", "Spearman", "", layer, "systems", ""];
        rows.add(
            &words,
            &[4.0, value, 0.04, 0.07, 0.2, best[l] / 3.0],
            &[value, 0.9 - value],
        );
    }
    let note =
        "utterances of different severities have no `pair` in common, so they cannot be ordered";
    let statistic = "Kendall within utterance and degradation";
    rows.add(
        &[
            "severity",
            "utterances",
            statistic,
            "",
            "",
            "speakers",
            note,
        ],
        &[0.0],
        &[],
    );
    rows.table("criteria", "Layers that hear quality")
}

fn utterances() -> Vec<Table> {
    let mut worst = Rows::new(
        &["utterance", "system", "layer"],
        &["mahalanobis", "p", "rating_mos"],
        &[],
    );
    for row in 0..12 {
        let (system, _, mos) = SYSTEMS[3 - row % 4];
        let far = 4.2 - 0.2 * row as f64;
        worst.add(
            &[&format!("u{row:02}"), system, LAYERS[2]],
            &[far, 0.02, mos],
            &[],
        );
    }
    let numbers = [
        "moment",
        "start_secs",
        "end_secs",
        "value",
        "p_window",
        "p",
        "median",
        "duration_secs",
    ];
    let mut moments = Rows::new(&["utterance", "system"], &numbers, &[]);
    for (id, start, end, value) in [
        ("u00", 0.5, 0.8, 9.1),
        ("u00", 1.4, 1.5, 5.2),
        ("u30", 0.1, 0.35, 7.7),
    ] {
        let moment = if start > 1.0 { 2.0 } else { 1.0 };
        moments.add(
            &[id, "tts-old"],
            &[moment, start, end, value, 0.0004, 0.012, 2.1, 2.0],
            &[],
        );
    }
    vec![
        worst.table("utterances", "Worst utterances"),
        moments.table("quality_moments", "Worst moments"),
    ]
}

fn systems() -> Table {
    let mut rows = Rows::new(
        &["system", "degradation"],
        &[
            "utterances",
            "speakers",
            "severity",
            "rating_mos",
            "rated_mos",
        ],
        &[],
    );
    rows.add(&["reference", ""], &[60.0, 30.0, f64::NAN, 4.6, 60.0], &[]);
    for (system, severity, mos) in SYSTEMS {
        let numbers = [60.0, 30.0, severity, mos, 48.0];
        rows.add(&[system, "coding"], &numbers, &[]);
    }
    rows.table("systems", "Systems")
}

pub(super) fn report() -> Report {
    let mut report = sample::report();
    report.probe = "quality".into();
    report.title = "quality in tiny: 4 systems against `reference`".into();
    report.summary = vec!["systems against mos: best layer encoder.1.resid_post.".into()];
    report.warnings = vec![];
    report.provenance.command = "phonoscope probe quality --model tiny --data made.tsv".into();
    report.systems = MODELS.map(str::to_owned).to_vec();
    report.tables = vec![];
    for (m, model) in MODELS.iter().enumerate() {
        let mut own = distances(m);
        own.push(criteria(m));
        if m == 0 {
            own.extend(utterances());
        }
        report
            .tables
            .extend(own.into_iter().map(|t| t.of_system(model)));
    }
    report.tables.push(systems());
    report
}
