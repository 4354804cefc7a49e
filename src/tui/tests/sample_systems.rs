//! A made-up report on two systems, with every table that `phonoscope probe speaker` writes on
//! descriptors, sex, age and what lies between systems.

use phonoscope_probes::report::{Column, Report, Role, Table};

use super::sample::{self, associations, components, estimate, noise, speakers, words};

/// The systems of [`report`].
pub(crate) const SYSTEMS: [&str; 2] = ["ge2e", "campp"];

const DESCRIPTORS: [&str; 5] = [
    "f0_median_hz",
    "hnr_db",
    "vtl_cm",
    "jitter_local",
    "tilt_db",
];

fn key(id: &str, values: impl IntoIterator<Item = f64>) -> Column {
    Column::number(id, Role::Key, id, None, values)
}

fn number(id: &str, values: impl IntoIterator<Item = f64>) -> Column {
    Column::number(id, Role::Value, id, None, values)
}

fn text(id: &str, role: Role, values: impl IntoIterator<Item = String>) -> Column {
    Column::text(id, role, id, words(values))
}

fn estimates(id: &str, values: impl IntoIterator<Item = f64>, half: f64) -> Column {
    let values = values.into_iter().map(|v| estimate(v, half)).collect();
    Column::estimate(id, id, None, values)
}

/// Correlation of component `k` (from 0) with descriptor `d`.
fn r(k: usize, d: usize) -> f64 {
    match (k, d) {
        (0, 0) => 0.93,
        (0, 2) => -0.71,
        (1, 1) => 0.48,
        _ => 0.3 * (noise(k * 31 + d, 5) - 0.5),
    }
}

fn pc_cards(count: usize) -> Table {
    let cells: Vec<(usize, usize)> = (0..count)
        .flat_map(|k| (0..DESCRIPTORS.len()).map(move |d| (k, d)))
        .collect();
    let of = |f: &dyn Fn(f64) -> f64| cells.iter().map(|(k, d)| f(r(*k, *d))).collect::<Vec<_>>();
    let strong = |v: f64| v.abs() > 0.3;
    Table::new(
        "pc_cards",
        "Components on descriptors",
        "One row per component and descriptor",
        vec![
            key("component", cells.iter().map(|(k, _)| (k + 1) as f64)),
            text(
                "descriptor",
                Role::Key,
                cells.iter().map(|(_, d)| DESCRIPTORS[*d].to_owned()),
            ),
            estimates("beta", of(&|v| 0.8 * v), 0.08),
            estimates("delta_r_squared", of(&|v| 0.4 * v * v), 0.01),
            estimates("r", of(&|v| v), 0.06),
            estimates("shapley", of(&|v| 0.6 * v * v), 0.02),
            number("shapley_error", cells.iter().map(|_| f64::NAN)),
            number("vif", cells.iter().map(|(_, d)| 1.2 + *d as f64)),
            number("null_95", cells.iter().map(|_| 0.012)),
            number("p", of(&|v| if strong(v) { 1e-6 } else { 0.4 })),
            number(
                "permutation_p",
                of(&|v| if strong(v) { 0.001 } else { 0.4 }),
            ),
            number("q", of(&|v| if strong(v) { 0.002 } else { 0.6 })),
        ],
    )
}

fn pc_fits(count: usize) -> Table {
    Table::new(
        "pc_fits",
        "Components on all descriptors",
        "One row per component",
        vec![
            key("component", (1..=count).map(|k| k as f64)),
            estimates("r_squared", (1..=count).map(|k| 0.9 / k as f64), 0.05),
            estimates(
                "adjusted_r_squared",
                (1..=count).map(|k| 0.88 / k as f64),
                0.05,
            ),
            number("null_95", (1..=count).map(|_| 0.11)),
            number("p", (1..=count).map(|_| 0.001)),
        ],
    )
}

fn sex(count: usize) -> Table {
    let auc = |k: usize| if k == 1 { 0.994 } else { 0.5 + 0.06 / k as f64 };
    Table::new(
        "sex",
        "Sex",
        "One row per component",
        vec![
            key("component", (1..=count).map(|k| k as f64)),
            estimates("auc", (1..=count).map(auc), 0.005),
            number("auc_null_95", (1..=count).map(|_| 0.09)),
            estimates("ashman_d", (1..=count).map(|k| 4.1 / (k * k) as f64), 0.3),
            number("dip", (1..=count).map(|k| 0.06 / k as f64)),
            number(
                "dip_p",
                (1..=count).map(|k| if k == 1 { 0.001 } else { 0.7 }),
            ),
        ],
    )
}

fn age() -> Table {
    let rows = [
        ("f", "embedding"),
        ("f", "descriptors"),
        ("m", "embedding"),
        ("m", "descriptors"),
    ];
    Table::new(
        "age",
        "Age",
        "How well age is predicted for speakers outside the fit",
        vec![
            text("group", Role::Key, rows.map(|r| r.0.to_owned())),
            text("from", Role::Key, rows.map(|r| r.1.to_owned())),
            estimates("r_squared", [0.06, 0.02, 0.04, -0.01], 0.05),
            number("null_95", [0.03; 4]),
            number("q", [0.02, 0.3, 0.04, 0.8]),
        ],
    )
}

fn suspicious_labels() -> Table {
    Table::new(
        "suspicious_labels",
        "Labels to check",
        "Speakers whose embedding says the other sex",
        vec![
            text(
                "speaker",
                Role::Key,
                ["spk011", "spk042"].map(str::to_owned),
            ),
            text("label", Role::Metadata, ["m", "f"].map(str::to_owned)),
            text("embedding_says", Role::Value, ["f", "m"].map(str::to_owned)),
            number("probability", [0.998, 0.97]),
            number("items", [4.0, 5.0]),
        ],
    )
}

fn regression() -> Table {
    Table::new(
        "regression",
        "Descriptors to embedding",
        "What the descriptors say of the embeddings of speakers outside the fit",
        vec![
            text("model", Role::Key, ["linear", "mlp"].map(str::to_owned)),
            text("speakers", Role::Key, ["all", "all"].map(str::to_owned)),
            number("descriptors", [5.0, 5.0]),
            estimates("r_squared", [0.28, 0.25], 0.03),
            number("null_95", [0.01, f64::NAN]),
            estimates("equivalent_components", [2.4, 2.1], 0.6),
        ],
    )
}

fn selection() -> Table {
    Table::new(
        "selection",
        "Best descriptors",
        "One row per number of descriptors",
        vec![
            key("size", (1..=5).map(f64::from)),
            text("descriptor", Role::Value, DESCRIPTORS.map(str::to_owned)),
            number("in_folds", [1.0, 1.0, 0.8, 0.6, 1.0]),
            estimates("r_squared", [0.15, 0.2, 0.24, 0.26, 0.28], 0.03),
        ],
    )
}

fn similarity() -> Table {
    let measures = ["cka_unbiased", "pwcca_first", "pwcca_second", "rsa_cosine"];
    Table::new(
        "similarity",
        "Systems compared",
        "One row per pair of systems and measure",
        vec![
            text("first", Role::Key, measures.map(|_| "ge2e".to_owned())),
            text("second", Role::Key, measures.map(|_| "campp".to_owned())),
            text("measure", Role::Key, measures.map(str::to_owned)),
            estimates("value", [0.61, 0.72, 0.69, 0.43], 0.04),
            number("null_95", [0.02, 0.5, 0.5, 0.03]),
        ],
    )
}

/// The sample speakers with a column for one descriptor; `shift` makes another system of them.
fn voices(rows: usize, count: usize, shift: usize) -> Table {
    let mut table = speakers(rows, count);
    let f0 = (0..rows).map(|i| 110.0 + if i % 2 == 0 { 90.0 } else { 0.0 } + 20.0 * noise(i, 3));
    let f0 = Column::number(DESCRIPTORS[0], Role::Metadata, "median F0", Some("Hz"), f0);
    table.columns.insert(5, f0);
    // The other system has the first two components the other way round.
    for column in table.columns.iter_mut().filter(|_| shift % 2 == 1) {
        column.id = match column.id.as_str() {
            "pc1" => "pc2".into(),
            "pc2" => "pc1".into(),
            other => other.into(),
        };
    }
    table
}

/// A report on 60 speakers and two systems.
pub(crate) fn report() -> Report {
    let (rows, count) = (60, 8);
    let mut report = sample::report_of(rows, count);
    report.title = format!("ge2e and campp on {rows} speakers");
    report.systems = SYSTEMS.map(str::to_owned).to_vec();
    report.tables.retain(|t| t.id == "items");
    for (shift, system) in SYSTEMS.iter().enumerate() {
        let own = [
            voices(rows, count, shift),
            components(count),
            associations(count),
            pc_cards(count),
            pc_fits(count),
            regression(),
            selection(),
            sex(count),
            age(),
            suspicious_labels(),
        ];
        report.tables.extend(own.map(|t| t.of_system(system)));
    }
    report.tables.push(similarity());
    report
}
