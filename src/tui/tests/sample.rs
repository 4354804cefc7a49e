//! A small made-up speaker report.

use std::collections::BTreeMap;

use phonoscope_analysis::Estimate;
use phonoscope_analysis::estimate::Method;
use phonoscope_probes::report::{
    Column, EngineUsed, InputFile, ModelUsed, Provenance, Report, Role, SCHEMA, Table,
};

use super::sample_trust::trust;

/// A number in `[0, 1)` that depends on nothing but its arguments.
pub(crate) fn noise(i: usize, salt: u64) -> f64 {
    let mut z = (i as u64).wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

pub(crate) fn estimate(value: f64, half: f64) -> Option<Estimate> {
    let (lo, hi) = (value - half, value + half);
    Some(Estimate {
        value,
        lo,
        hi,
        n: 60,
        level: 0.95,
        method: Method::ClusterBootstrap,
    })
}

pub(crate) fn words(values: impl IntoIterator<Item = String>) -> Vec<Option<String>> {
    values
        .into_iter()
        .map(|v| (!v.is_empty()).then_some(v))
        .collect()
}

pub(crate) fn speakers(rows: usize, components: usize) -> Table {
    let sex = |i: usize| if i.is_multiple_of(2) { "f" } else { "m" };
    let accents = ["scots", "irish", "welsh"];
    let mut columns = vec![
        Column::text(
            "speaker",
            Role::Key,
            "who speaks",
            words((0..rows).map(|i| format!("spk{i:03}"))),
        ),
        Column::number(
            "items",
            Role::Value,
            "utterances averaged",
            None,
            (0..rows).map(|i| (3 + i % 5) as f64),
        ),
        Column::text(
            "sex",
            Role::Metadata,
            "as the corpus gives it",
            words((0..rows).map(|i| sex(i).into())),
        ),
        Column::number(
            "age",
            Role::Metadata,
            "at the recording",
            Some("years"),
            (0..rows).map(|i| {
                if i == 7 {
                    f64::NAN
                } else {
                    20.0 + (i * 7 % 50) as f64
                }
            }),
        ),
        Column::text(
            "accent",
            Role::Metadata,
            "region",
            words((0..rows).map(|i| accents[i % 3].into())),
        ),
    ];
    for k in 1..=components {
        let shift = if k == 1 { 0.35 } else { 0.0 };
        let values = (0..rows).map(move |i| {
            let side = if i.is_multiple_of(2) { -1.0 } else { 1.0 };
            let spread = (noise(i, k as u64) + noise(i, 40 + k as u64) - 1.0) / (k as f64).sqrt();
            side * shift + 0.5 * spread
        });
        columns.push(Column::number(
            &format!("pc{k}"),
            Role::Value,
            &format!("score on component {k}"),
            None,
            values,
        ));
    }
    Table {
        id: "speakers".into(),
        system: None,
        title: "Speakers".into(),
        meaning: "One row per speaker: mean embedding projected on the components".into(),
        columns,
    }
}

pub(crate) fn components(count: usize) -> Table {
    let ratio = |k: usize| 0.18 * 0.72f64.powi(k as i32);
    let upto = |k: usize| (0..=k).map(ratio).sum::<f64>();
    let column = |id: &str, f: &dyn Fn(usize) -> f64| {
        Column::number(id, Role::Value, id, None, (0..count).map(f))
    };
    let ratios = |id: &str, f: &dyn Fn(usize) -> f64| {
        let values = (0..count).map(|k| estimate(f(k), 0.12 * f(k))).collect();
        Column::estimate(id, "share of the variance", None, values)
    };
    let above = (0..count).map(|k| if k < 6 { "yes" } else { "no" }.to_owned());
    Table {
        id: "components".into(),
        system: None,
        title: "Components".into(),
        meaning: "One row per principal component".into(),
        columns: vec![
            Column::number(
                "component",
                Role::Key,
                "from 1",
                None,
                (1..=count).map(|k| k as f64),
            ),
            column("explained_variance", &|k| 0.04 * ratio(k)),
            ratios("explained_variance_ratio", &ratio),
            ratios("cumulative_ratio", &upto),
            column("permutation_threshold", &|k| 0.034 - 0.001 * k as f64),
            column("permutation_p", &|k| if k < 6 { 0.001 } else { 0.41 }),
            Column::text(
                "above_threshold",
                Role::Value,
                "more than chance",
                words(above),
            ),
            ratios("held_out_cumulative_ratio", &|k| 0.9 * upto(k)),
            column("eigen_gap", &|_| 0.28),
            column("axis_stability", &|k| 0.99 - 0.04 * k as f64),
        ],
    }
}

pub(crate) fn associations(components: usize) -> Table {
    let columns = [
        ("sex", "auc"),
        ("age", "spearman"),
        ("accent", "eta_squared"),
    ];
    let rows: Vec<(usize, &str, &str)> = (1..=components)
        .flat_map(|k| {
            columns
                .iter()
                .map(move |(column, statistic)| (k, *column, *statistic))
        })
        .collect();
    let effect = |(k, column, _): &(usize, &str, &str)| match (*k, *column) {
        (1, "sex") => estimate(0.994, 0.005),
        (_, "sex") => estimate(0.52, 0.07),
        (2, "age") => estimate(-0.43, 0.11),
        (_, "age") => estimate(0.06, 0.12),
        _ => estimate(0.021, 0.02),
    };
    let strong =
        |(k, column, _): &(usize, &str, &str)| matches!((*k, *column), (1, "sex") | (2, "age"));
    let p = |r: &(usize, &str, &str)| if strong(r) { 0.001 } else { 0.47 };
    Table {
        id: "associations".into(),
        system: None,
        title: "Associations".into(),
        meaning: "One row per component and metadata column".into(),
        columns: vec![
            Column::number(
                "component",
                Role::Key,
                "from 1",
                None,
                rows.iter().map(|r| r.0 as f64),
            ),
            Column::text(
                "column",
                Role::Key,
                "metadata column",
                words(rows.iter().map(|r| r.1.into())),
            ),
            Column::text(
                "statistic",
                Role::Value,
                "measure",
                words(rows.iter().map(|r| r.2.into())),
            ),
            Column::estimate(
                "effect",
                "strength of the tie",
                None,
                rows.iter().map(effect).collect(),
            ),
            Column::estimate(
                "r_squared",
                "variance explained",
                None,
                rows.iter()
                    .map(|r| {
                        if r.1 == "age" {
                            estimate(0.19, 0.08)
                        } else {
                            None
                        }
                    })
                    .collect(),
            ),
            Column::number(
                "null_95",
                Role::Value,
                "95 % point under permutation",
                None,
                rows.iter()
                    .map(|r| if r.2 == "eta_squared" { 0.09 } else { 0.15 }),
            ),
            Column::number("p", Role::Value, "permutation", None, rows.iter().map(p)),
            Column::number(
                "q",
                Role::Value,
                "Benjamini-Hochberg",
                None,
                rows.iter().map(|r| 4.0 * p(r).min(0.25)),
            ),
            Column::text(
                "direction",
                Role::Value,
                "which way",
                words(rows.iter().map(|r| {
                    if r.1 == "sex" {
                        "m above f".into()
                    } else {
                        String::new()
                    }
                })),
            ),
        ],
    }
}

fn items(rows: usize) -> Table {
    let skipped = |i: usize| i % 60 == 59;
    let status = |i: usize| if skipped(i) { "skipped" } else { "used" };
    let reason = |i: usize| {
        if skipped(i) {
            "0 samples".to_owned()
        } else {
            String::new()
        }
    };
    Table {
        id: "items".into(),
        system: None,
        title: "Items".into(),
        meaning: "One row per utterance".into(),
        columns: vec![
            Column::text(
                "id",
                Role::Key,
                "utterance",
                words((0..rows).map(|i| format!("utt{i:04}"))),
            ),
            Column::text(
                "speaker",
                Role::Metadata,
                "who speaks",
                words((0..rows).map(|i| format!("spk{:03}", i / 2))),
            ),
            Column::text(
                "path",
                Role::Metadata,
                "recording",
                words((0..rows).map(|i| format!("audio/spk{:03}/utt{i:04}.flac", i / 2))),
            ),
            Column::text(
                "status",
                Role::Value,
                "used or skipped",
                words((0..rows).map(|i| status(i).into())),
            ),
            Column::text(
                "reason",
                Role::Value,
                "why skipped",
                words((0..rows).map(reason)),
            ),
        ],
    }
}

/// A report on 60 speakers.
pub(crate) fn report() -> Report {
    report_of(60, 8)
}

/// A report on `rows` speakers and `count` components.
pub(crate) fn report_of(rows: usize, count: usize) -> Report {
    Report {
        schema: SCHEMA.into(),
        probe: "speaker".into(),
        title: format!("ge2e on {rows} speakers"),
        systems: vec![],
        summary: vec![
            "PC1 (18.0 % of variance [15.8, 20.2]) orders sex with AUC 0.994 [0.989, 0.999]."
                .into(),
            "6 components lie above the permutation threshold.".into(),
            "PC2 falls with age: Spearman −0.43 [−0.54, −0.32], q 0.004.".into(),
        ],
        warnings: vec!["age is missing for 1 speaker.".into()],
        provenance: Provenance {
            phonoscope: "0.1.0".into(),
            command:
                "phonoscope probe speaker --model ge2e --data voices.tsv --seed 7 --out report.json"
                    .into(),
            seed: 7,
            settings: BTreeMap::from([("permutations".into(), 999.into())]),
            inputs: vec![InputFile {
                what: "manifest".into(),
                name: "voices.tsv".into(),
                sha256: "5e9c1f".repeat(10),
            }],
            model: Some(ModelUsed {
                name: "ge2e".into(),
                source: "resemblyzer==0.1.4 resemblyzer/pretrained.pt".into(),
                weights_sha256: "ab".repeat(32),
                graph_sha256: "cd".repeat(32),
                front_end: "power mel, 40 bands".into(),
                licence: "Apache-2.0".into(),
                citation: "not stated".into(),
                taps: vec!["embedding".into()],
            }),
            systems: vec![],
            engine: Some(EngineUsed {
                name: "rten".into(),
                version: "0.27.0".into(),
            }),
        },
        trust: trust(),
        tables: vec![
            items(2 * rows),
            speakers(rows, count),
            components(count),
            associations(count),
        ],
    }
}
