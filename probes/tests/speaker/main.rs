//! The speaker probe on embeddings whose structure is known.

#![expect(
    clippy::unwrap_used,
    reason = "functions that serve the tests may fail and speak as tests do"
)]

mod baselines;
mod degenerate;
mod descriptors;
mod sexes_and_ages;
mod simulated;
mod systems;
mod voices;

use ndarray::{Array2, s};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Error, rng};
use phonoscope_probes::report::{Data, Table};
use phonoscope_probes::speaker::{
    MetaColumn, Normalise, SpeakerInput, SpeakerOutcome, SpeakerSettings, SystemInput, run,
};
use rand::RngExt as _;

/// `speakers` with two items each in `dim` dimensions: noise, a strong direction that follows
/// `age`, a weaker one that follows `sex`, and columns that cannot be compared.
fn planted(speakers: usize, dim: usize) -> SpeakerInput {
    let mut stream = rng::stream(5, "planted", 0);
    let mut embeddings =
        Array2::from_shape_fn((2 * speakers, dim), |_| stream.random_range(-1.0..1.0));
    let age = |speaker: usize| 20.0 + (speaker * 7 % speakers) as f64;
    for (item, mut row) in embeddings.outer_iter_mut().enumerate() {
        let speaker = item / 2;
        let along_age = 12.0 * (age(speaker) - 20.0) / speakers as f64 / (dim as f64).sqrt();
        let along_sex = [4.0, 0.0][speaker % 2] / (dim as f64).sqrt();
        for (j, v) in row.iter_mut().enumerate() {
            *v += along_age * [1.0, -1.0][j % 2] + along_sex * [1.0, -1.0][j / 2 % 2];
        }
        row += 3.0;
    }
    let column = |name: &str, of: &dyn Fn(usize) -> String| MetaColumn {
        name: name.into(),
        values: (0..2 * speakers).map(|item| Some(of(item))).collect(),
    };
    let sex = |item: usize| ["m", "f"][item / 2 % 2].to_owned();
    let region = |item: usize| ["north", "south", "west"][item / 2 % 3].to_owned();
    SpeakerInput {
        item_ids: (0..2 * speakers).map(|i| format!("utt{i}")).collect(),
        speakers: (0..2 * speakers).map(|i| format!("spk{}", i / 2)).collect(),
        recordings: vec![None; 2 * speakers],
        systems: vec![system(embeddings)],
        descriptors: vec![],
        folds: None,
        columns: vec![
            column("sex", &sex),
            column("age", &|item| age(item / 2).to_string()),
            column("region", &region),
            column("corpus", &|_| "one".into()),
            column("take", &|item| ["a", "b"][item % 2].into()),
        ],
    }
}

fn system(embeddings: Array2<f64>) -> SystemInput {
    SystemInput {
        name: "simulated".into(),
        normalise: Normalise::None,
        embeddings,
        controls: vec![],
    }
}

fn settings() -> SpeakerSettings {
    SpeakerSettings {
        permutations: 399,
        bootstrap: 100,
        components: 6,
        ..SpeakerSettings::default()
    }
}

fn outcome(input: &SpeakerInput) -> SpeakerOutcome {
    run(input, &settings(), &Task::silent()).unwrap()
}

fn table<'a>(outcome: &'a SpeakerOutcome, id: &str) -> &'a Table {
    outcome.tables.iter().find(|t| t.id == id).unwrap()
}

/// Row of `associations` for a component (from 1) and a column.
fn row(table: &Table, component: f64, column: &str) -> usize {
    let (k, name) = (
        table.column("component").unwrap(),
        table.column("column").unwrap(),
    );
    let at = |i: &usize| k.value(*i) == Some(component) && name.text_at(*i) == Some(column);
    (0..table.rows()).find(at).unwrap()
}

#[test]
fn planted_axes_are_recovered() {
    let found = outcome(&planted(61, 24));
    let associations = table(&found, "associations");
    let effect = associations.column("effect").unwrap();
    let age = effect.estimate_at(row(associations, 1.0, "age")).unwrap();
    assert!(age.value.abs() >= 0.95, "{age:?}");
    assert!(age.lo <= age.value && age.value <= age.hi && age.n == 61);
    let at = row(associations, 2.0, "sex");
    assert!(effect.value(at).unwrap() >= 0.99);
    let direction = associations
        .column("direction")
        .unwrap()
        .text_at(at)
        .unwrap();
    assert!(["m above f", "f above m"].contains(&direction));
    let q = associations.column("q").unwrap();
    assert!(q.value(at).unwrap() <= 0.05);
    assert!(q.value(row(associations, 1.0, "region")).unwrap() > 0.05);

    let components = table(&found, "components");
    let above = components.column("above_threshold").unwrap();
    let above: Vec<_> = (0..6).map(|i| above.text_at(i).unwrap()).collect();
    assert_eq!(above, ["yes", "yes", "no", "no", "no", "no"]);
    assert!(
        components
            .column("axis_stability")
            .unwrap()
            .value(0)
            .unwrap()
            > 0.95
    );
    assert!(
        found.summary[0].contains("orders age: Spearman"),
        "{:?}",
        found.summary
    );
}

#[test]
fn tables_are_whole() {
    let found = outcome(&planted(20, 30));
    let ids: Vec<_> = found.tables.iter().map(|t| t.id.as_str()).collect();
    let expected = [
        "speakers",
        "components",
        "associations",
        "sex",
        "suspicious_labels",
        "age",
        "sensitivity",
        "verification",
        "columns",
    ];
    assert_eq!(ids, expected);
    for table in &found.tables {
        assert!(
            table.columns.iter().all(|c| c.data.len() == table.rows()),
            "{}",
            table.id
        );
        for column in &table.columns {
            let Data::Estimate(estimates) = &column.data else {
                continue;
            };
            for e in estimates.iter().flatten() {
                let ordered = e.lo <= e.hi && e.lo.is_finite() && e.hi.is_finite();
                assert!(ordered && e.value.is_finite(), "{} {e:?}", column.id);
            }
        }
    }
    assert_eq!(table(&found, "speakers").rows(), 20);
    assert_eq!(table(&found, "associations").rows(), 6 * 3);
    let kinds = table(&found, "columns").column("kind").unwrap();
    let kinds: Vec<_> = (0..5).map(|i| kinds.text_at(i).unwrap()).collect();
    assert_eq!(
        kinds,
        ["class2", "number", "classes", "excluded", "excluded"]
    );
    let warned = found.warnings.join("\n");
    assert!(warned.contains("20 speakers for 30 dimensions"), "{warned}");
    assert!(
        warned.contains("`corpus` is not compared: constant"),
        "{warned}"
    );
    let names: Vec<_> = found.arrays.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "speaker_embeddings",
        "mean",
        "components",
        "explained_variance",
        "scores",
    ];
    assert_eq!(names, expected);
}

#[test]
fn same_input_and_seed_give_the_same_bytes_on_any_number_of_threads() {
    let input = planted(24, 10);
    let on = |threads, seed| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let settings = SpeakerSettings { seed, ..settings() };
        let found = pool.install(|| run(&input, &settings, &Task::silent()).unwrap());
        let tables = serde_json::to_string(&found.tables).unwrap();
        (tables, found.summary, found.warnings, found.arrays)
    };
    assert_eq!(on(1, 0), on(2, 0));
    assert_ne!(on(1, 0).0, on(1, 1).0);
}

#[test]
fn one_utterance_per_speaker_is_a_warning() {
    let mut input = planted(12, 6);
    input.speakers = input.item_ids.clone();
    let warned = outcome(&input).warnings.join("\n");
    assert!(
        warned.contains("every speaker has one utterance"),
        "{warned}"
    );
}

#[test]
fn input_without_an_answer_is_a_sentence_not_a_panic() {
    let good = planted(6, 4);
    let cut = |items: usize| SpeakerInput {
        item_ids: good.item_ids[..items].to_vec(),
        speakers: good.speakers[..items].to_vec(),
        recordings: vec![None; items],
        systems: vec![system(
            good.systems[0].embeddings.slice(s![..items, ..]).to_owned(),
        )],
        columns: Vec::new(),
        descriptors: vec![],
        folds: None,
    };
    let why = |input: &SpeakerInput| {
        run(input, &settings(), &Task::silent())
            .unwrap_err()
            .to_string()
    };
    for (items, speakers) in [(0, 0), (2, 1), (4, 2)] {
        let expected = format!("speaker probe: speakers needs at least 3, found {speakers}");
        assert_eq!(why(&cut(items)), expected);
    }
    assert!(run(&cut(6), &settings(), &Task::silent()).is_ok());
    let mut equal = cut(12);
    equal.systems[0].embeddings.fill(0.1);
    assert_eq!(why(&equal), "PCA is undefined: all rows are equal");
    let mut bad = good.clone();
    bad.systems[0].embeddings[[3, 1]] = f64::NAN;
    assert_eq!(
        why(&bad),
        "embedding of `utt3` is undefined: entry 1 is NaN"
    );
    let mut short = good.clone();
    short.columns[0].values.pop();
    assert!(why(&short).contains("`sex`"), "{}", why(&short));
    let mut zero = good.clone();
    zero.systems[0].embeddings.row_mut(2).fill(0.0);
    zero.systems[0].normalise = Normalise::L2;
    let no_direction = why(&zero);
    assert!(no_direction.contains("utt2") && no_direction.contains("no direction"));
    let few = SpeakerSettings {
        permutations: 3,
        ..settings()
    };
    assert!(matches!(
        run(&good, &few, &Task::silent()),
        Err(Error::Setting { .. })
    ));
}

#[test]
fn a_cancelled_run_stops() {
    let task = Task::silent();
    task.cancel.cancel();
    let stopped = run(&planted(12, 6), &settings(), &task);
    assert_eq!(stopped, Err(Error::Cancelled));
}

#[test]
fn a_manifest_column_does_not_pass_for_a_column_of_the_report() {
    let mut input = planted(20, 8);
    for (column, name) in input.columns.iter_mut().zip(["pc1", "pc21", "items"]) {
        column.name = name.into();
    }
    let found = outcome(&input);
    let speakers = table(&found, "speakers");
    let ids: Vec<&str> = speakers.columns.iter().map(|c| c.id.as_str()).collect();
    let expected = [
        "speaker",
        "items",
        "manifest.pc1",
        "manifest.pc21",
        "manifest.items",
        "corpus",
        "take",
        "pc1",
    ];
    assert_eq!(ids[..8], expected);
    assert_eq!(speakers.column("items").unwrap().value(0), Some(2.0));
    row(table(&found, "associations"), 1.0, "manifest.pc1");
}
