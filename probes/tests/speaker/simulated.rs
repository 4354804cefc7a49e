//! Embeddings made from known properties of the speakers.

use ndarray::Array2;
use phonoscope_analysis::rng::{self, Stream};
use phonoscope_analysis::task::Task;
use phonoscope_probes::report::Table;
use phonoscope_probes::speaker::{
    DescriptorInput, MetaColumn, Normalise, Part, SpeakerInput, SpeakerOutcome, SpeakerSettings,
    SystemInput, Transform, run,
};
use rand::RngExt as _;

/// Roughly normal, variance 1.
pub(crate) fn normal(rng: &mut Stream) -> f64 {
    (0..12).map(|_| rng.random_range(-0.5..0.5)).sum()
}

pub(crate) fn normals(rows: usize, columns: usize, seed: u64, name: &str) -> Array2<f64> {
    let mut rng = rng::stream(seed, name, 0);
    Array2::from_shape_fn((rows, columns), |_| normal(&mut rng))
}

pub(crate) fn system(name: &str, embeddings: Array2<f64>) -> SystemInput {
    SystemInput {
        name: name.into(),
        normalise: Normalise::None,
        embeddings,
        controls: vec![],
    }
}

pub(crate) fn descriptor(name: &str, values: Vec<Option<f64>>) -> DescriptorInput {
    DescriptorInput {
        name: name.into(),
        unit: None,
        definition: "simulated".into(),
        recording: name.starts_with("snr"),
        part: Part::Predictor,
        transform: Transform::None,
        values,
    }
}

pub(crate) fn column(name: &str, values: impl Iterator<Item = String>) -> MetaColumn {
    MetaColumn {
        name: name.into(),
        values: values.map(Some).collect(),
    }
}

/// One item for each row of `embeddings`, of its own speaker; descriptors `d0`, `d1`, … from `x`.
pub(crate) fn input(embeddings: Array2<f64>, x: &Array2<f64>) -> SpeakerInput {
    let n = embeddings.nrows();
    let of = |j: usize| x.column(j).iter().map(|v| Some(*v)).collect();
    SpeakerInput {
        item_ids: (0..n).map(|i| format!("utt{i}")).collect(),
        speakers: (0..n).map(|i| format!("spk{i}")).collect(),
        recordings: vec![None; n],
        systems: vec![system("simulated", embeddings)],
        columns: vec![],
        descriptors: (0..x.ncols())
            .map(|j| descriptor(&format!("d{j}"), of(j)))
            .collect(),
        folds: None,
    }
}

/// Quick settings without the network.
pub(crate) fn quick() -> SpeakerSettings {
    SpeakerSettings {
        permutations: 99,
        bootstrap: 100,
        components: 6,
        mlp: false,
        sensitivity: false,
        ..SpeakerSettings::default()
    }
}

pub(crate) fn found(input: &SpeakerInput, settings: &SpeakerSettings) -> SpeakerOutcome {
    run(input, settings, &Task::silent()).unwrap()
}

pub(crate) fn table<'a>(outcome: &'a SpeakerOutcome, id: &str) -> &'a Table {
    outcome.tables.iter().find(|t| t.id == id).unwrap()
}

pub(crate) fn has(outcome: &SpeakerOutcome, id: &str) -> bool {
    outcome.tables.iter().any(|t| t.id == id)
}

/// Values of a column, missing ones left out.
pub(crate) fn values(table: &Table, column: &str) -> Vec<f64> {
    let column = table.column(column).unwrap();
    (0..table.rows())
        .filter_map(|row| column.value(row))
        .collect()
}

/// Every sentence is of words and finite numbers, every table can be read again.
pub(crate) fn is_whole(outcome: &SpeakerOutcome) {
    for words in outcome.summary.iter().chain(&outcome.warnings) {
        assert!(!words.contains("NaN") && !words.contains("inf"), "{words}");
    }
    for table in &outcome.tables {
        let text = serde_json::to_string(table).unwrap();
        let again: Table = serde_json::from_str(&text).unwrap();
        assert_eq!(again, *table, "{}", table.id);
        let rows = table.rows();
        for column in &table.columns {
            assert_eq!(column.data.len(), rows, "{}.{}", table.id, column.id);
        }
    }
}
