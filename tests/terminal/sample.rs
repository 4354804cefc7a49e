//! A made-up speaker report of 24 speakers, so that nothing has to be fetched.

use std::collections::BTreeMap;

use phonoscope_analysis::Estimate;
use phonoscope_analysis::estimate::Method;
use phonoscope_probes::report::{
    Check, Column, Coverage, ModelUsed, Provenance, Report, Role, SCHEMA, Status, Table, Trust,
};

pub(crate) const TITLE: &str = "ge2e on 24 speakers";
pub(crate) const COMMAND: &str = "phonoscope probe speaker --run made-up --seed 7";
const SPEAKERS: usize = 24;
const COMPONENTS: usize = 4;

fn estimate(value: f64) -> Option<Estimate> {
    Some(Estimate {
        value,
        lo: 0.9 * value,
        hi: 1.1 * value,
        n: SPEAKERS,
        level: 0.95,
        method: Method::ClusterBootstrap,
    })
}

fn number(id: &str, role: Role, values: impl IntoIterator<Item = f64>) -> Column {
    Column::number(id, role, id, None, values)
}

fn text(id: &str, role: Role, values: impl IntoIterator<Item = String>) -> Column {
    Column::text(id, role, id, values.into_iter().map(Some).collect())
}

fn estimates(id: &str, values: impl IntoIterator<Item = f64>) -> Column {
    Column::estimate(id, id, None, values.into_iter().map(estimate).collect())
}

fn table(id: &str, columns: Vec<Column>) -> Table {
    Table {
        id: id.into(),
        system: None,
        title: id.into(),
        meaning: format!("made-up {id}"),
        columns,
    }
}

fn speakers() -> Table {
    let rows = 0..SPEAKERS;
    let sex = |i: usize| if i.is_multiple_of(2) { "f" } else { "m" };
    let mut columns = vec![
        text(
            "speaker",
            Role::Key,
            rows.clone().map(|i| format!("spk{i:02}")),
        ),
        number(
            "items",
            Role::Value,
            rows.clone().map(|i| (2 + i % 3) as f64),
        ),
        text("sex", Role::Metadata, rows.clone().map(|i| sex(i).into())),
        number(
            "age",
            Role::Metadata,
            rows.map(|i| (20 + i * 7 % 50) as f64),
        ),
    ];
    columns.extend((1..=COMPONENTS).map(|k| {
        let score = |i: usize| {
            let side = if i.is_multiple_of(2) { -0.5 } else { 0.5 };
            let wave = ((i * k) as f64 * 1.7).sin() / k as f64;
            if k == 1 { side + 0.3 * wave } else { wave }
        };
        number(&format!("pc{k}"), Role::Value, (0..SPEAKERS).map(score))
    }));
    table("speakers", columns)
}

fn components() -> Table {
    let ratio = |k: usize| 0.4 * 0.5f64.powi(k as i32);
    let upto = |k: usize| (0..=k).map(ratio).sum::<f64>();
    let rows = 0..COMPONENTS;
    let above = |k: usize| if k < 2 { "yes" } else { "no" };
    table(
        "components",
        vec![
            number("component", Role::Key, rows.clone().map(|k| (k + 1) as f64)),
            number("explained_variance", Role::Value, rows.clone().map(ratio)),
            estimates("explained_variance_ratio", rows.clone().map(ratio)),
            estimates("cumulative_ratio", rows.clone().map(upto)),
            number(
                "permutation_threshold",
                Role::Value,
                rows.clone().map(|_| 0.15),
            ),
            number("permutation_p", Role::Value, rows.clone().map(|_| 0.01)),
            text(
                "above_threshold",
                Role::Value,
                rows.clone().map(|k| above(k).into()),
            ),
            estimates("held_out_cumulative_ratio", rows.clone().map(upto)),
            number("eigen_gap", Role::Value, rows.clone().map(|_| 0.5)),
            number("axis_stability", Role::Value, rows.map(|_| 0.9)),
        ],
    )
}

fn associations() -> Table {
    let rows: Vec<(usize, &str, &str)> = (1..=COMPONENTS)
        .flat_map(|k| [(k, "sex", "auc"), (k, "age", "spearman")])
        .collect();
    let each = |value: f64| rows.iter().map(move |_| value);
    table(
        "associations",
        vec![
            number("component", Role::Key, rows.iter().map(|r| r.0 as f64)),
            text("column", Role::Key, rows.iter().map(|r| r.1.into())),
            text("statistic", Role::Value, rows.iter().map(|r| r.2.into())),
            estimates("effect", each(0.6)),
            estimates("r_squared", each(0.1)),
            number("null_95", Role::Value, each(0.2)),
            number("p", Role::Value, each(0.3)),
            number("q", Role::Value, each(0.4)),
            text(
                "direction",
                Role::Value,
                each(0.0).map(|_| "m above f".into()),
            ),
        ],
    )
}

fn trust() -> Trust {
    Trust {
        checks: vec![Check {
            id: "determinism".into(),
            meaning: "the same item twice".into(),
            status: Status::Pass,
            value: Some(0.0),
            threshold: Some(0.0),
            unit: None,
            n: 8,
            detail: "bit for bit equal".into(),
            ..Check::default()
        }],
        coverage: Coverage {
            items: 72,
            used: 72,
            skipped: Vec::new(),
            not_finite: 0,
            speakers: SPEAKERS,
            groups: BTreeMap::new(),
            spans: None,
        },
    }
}

pub(crate) fn report() -> Report {
    Report {
        schema: SCHEMA.into(),
        probe: "speaker".into(),
        title: TITLE.into(),
        systems: vec![],
        summary: vec!["PC1 orders sex.".into()],
        warnings: Vec::new(),
        provenance: Provenance {
            phonoscope: "0.1.0".into(),
            command: COMMAND.into(),
            seed: 7,
            settings: BTreeMap::new(),
            inputs: Vec::new(),
            model: Some(ModelUsed {
                name: "ge2e".into(),
                source: "made up".into(),
                weights_sha256: "ab".repeat(32),
                graph_sha256: "cd".repeat(32),
                front_end: "none".into(),
                licence: "none".into(),
                citation: "none".into(),
                taps: vec!["embedding".into()],
            }),
            systems: vec![],
            engine: None,
        },
        trust: trust(),
        tables: vec![speakers(), components(), associations()],
    }
}
