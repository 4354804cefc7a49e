//! Planted truth, nothing planted, and too little of everything.

use ndarray::{Array1, Array2};
use phonoscope_analysis::rng;
use phonoscope_analysis::stats::{self, normal_quantile};
use phonoscope_analysis::task::Task;
use rand::RngExt as _;

use super::{ModelInput, QualityInput, QualityItem, QualityOutcome, QualitySettings, Rating, run};
use crate::error::Result;
use crate::report::{Column, Table};

/// Standard normal rows.
pub(super) fn normal(rows: usize, dim: usize, name: &str, seed: u64) -> Array2<f64> {
    let mut rng = rng::stream(seed, name, 0);
    Array2::from_shape_simple_fn((rows, dim), || {
        normal_quantile(rng.random_range(f64::EPSILON..1.0))
    })
}

/// A corpus of parallel systems: speakers × systems, with layers made by `value(system, speaker's own row)`.
pub(super) struct Planted {
    pub(super) items: Vec<QualityItem>,
    pub(super) layers: Vec<Array2<f64>>,
    pub(super) ratings: Vec<Rating>,
}

/// What is done to the rows of a system in a layer.
pub(super) type Change = fn(&Array1<f64>, &Array1<f64>, f64) -> Array1<f64>;

impl Planted {
    /// `speakers` speakers of `dim` columns; systems of each degradation at each severity; `changes` make each
    /// layer's row out of the speaker's own row, fresh noise and the severity.
    pub(super) fn new(
        speakers: usize,
        dim: usize,
        degradations: &[&str],
        severities: &[f64],
        changes: &[Change],
        seed: u64,
    ) -> Self {
        let mut systems = vec![("reference".to_owned(), None, 0.0)];
        for d in degradations {
            systems.extend(severities.iter().map(|s| (format!("{d}{s}"), Some(*d), *s)));
        }
        let own: Vec<Array2<f64>> = (0..changes.len())
            .map(|l| normal(speakers, dim, "planted-own", seed + 100 * l as u64))
            .collect();
        let mut items = vec![];
        let mut rows: Vec<Vec<f64>> = vec![vec![]; changes.len()];
        for (k, (system, degradation, severity)) in systems.iter().enumerate() {
            let noise = normal(speakers, dim, "planted-noise", seed + 1000 * (k as u64 + 1));
            for speaker in 0..speakers {
                items.push(QualityItem {
                    id: format!("{system}-{speaker}"),
                    system: system.clone(),
                    speaker: Some(format!("s{speaker}")),
                    pair: Some(format!("s{speaker}")),
                    degradation: degradation.map(str::to_owned),
                    severity: degradation.map(|_| *severity),
                    classes: vec![Some(format!("s{speaker}"))],
                });
                for (l, change) in changes.iter().enumerate() {
                    let base = own[l].row(speaker).to_owned();
                    let noise = noise.row(speaker).to_owned();
                    let row = match k {
                        0 => base,
                        _ => change(&base, &noise, *severity),
                    };
                    rows[l].extend(row);
                }
            }
        }
        let layers = rows
            .into_iter()
            .map(|r| Array2::from_shape_vec((items.len(), dim), r).unwrap())
            .collect();
        Self {
            items,
            layers,
            ratings: vec![],
        }
    }

    pub(super) fn run(&self, settings: &QualitySettings) -> Result<QualityOutcome> {
        let input = QualityInput {
            items: self.items.clone(),
            reference: "reference".into(),
            ratings: self.ratings.clone(),
            matching: vec!["speaker".into()],
            models: vec![ModelInput {
                name: "planted".into(),
                layers: (0..self.layers.len())
                    .map(|l| format!("layer.{l}"))
                    .collect(),
                read: Box::new(|at: usize| Ok(self.layers[at].clone())),
                embedding: Some(0),
                halves: None,
                frames: None,
            }],
        };
        run(&input, settings, &Task::silent())
    }
}

pub(super) fn quick() -> QualitySettings {
    QualitySettings {
        components: 8,
        halves: 40,
        swaps: 39,
        permutations: 199,
        bootstrap: 200,
        directions: 20,
        ..QualitySettings::default()
    }
}

pub(super) fn table<'a>(outcome: &'a QualityOutcome, id: &str) -> &'a Table {
    outcome.tables.iter().find(|t| t.id == id).unwrap()
}

pub(super) fn column<'a>(table: &'a Table, id: &str) -> &'a Column {
    table
        .column(id)
        .unwrap_or_else(|| panic!("{} has no {id}", table.id))
}

/// The row whose text columns hold these words.
pub(super) fn row(table: &Table, wanted: &[(&str, &str)]) -> usize {
    (0..table.rows())
        .find(|r| {
            wanted
                .iter()
                .all(|(id, word)| column(table, id).text_at(*r) == Some(word))
        })
        .unwrap_or_else(|| panic!("{} has no row {wanted:?}", table.id))
}

fn value(outcome: &QualityOutcome, id: &str, wanted: &[(&str, &str)], of: &str) -> f64 {
    let found = table(outcome, id);
    column(found, of).value(row(found, wanted)).unwrap()
}

/// Moves every column by the severity.
fn shifts(own: &Array1<f64>, _: &Array1<f64>, severity: f64) -> Array1<f64> {
    own + severity
}
/// Has nothing to do with the severity.
fn is_deaf(_: &Array1<f64>, noise: &Array1<f64>, _: f64) -> Array1<f64> {
    noise.clone()
}

#[test]
fn a_known_shift_comes_back_and_a_deaf_layer_does_not_rank() {
    let planted = Planted::new(
        120,
        6,
        &["noise", "band", "clip", "echo"],
        &[0.5, 1.0, 2.0],
        &[shifts, is_deaf],
        1,
    );
    let out = planted.run(&quick()).unwrap();
    // W2² of a shift by s in 6 columns: 6 s²; the covariances are equal.
    for s in [0.5_f64, 1.0, 2.0] {
        let at = [("layer", "layer.0"), ("system", &*format!("noise{s}"))];
        let found = value(&out, "distances", &at, "w2");
        // The same speakers on both sides: the sample moves as a whole, so the distance is exact.
        assert!(
            (found - (6.0 * s * s).sqrt()).abs() < 1e-6,
            "{found} for {s}"
        );
        assert!(value(&out, "distances", &at, "mean_share") > 0.999);
        assert!(value(&out, "distances", &at, "p") <= 0.05);
        assert!(value(&out, "distances", &at, "ratio") > 1.5);
        // Without the bias of n = 60, in units of the trace, about 6.
        let excess = value(&out, "distances", &at, "excess");
        let truth =
            s * s * 6.0 / value(&out, "layers", &[("layer", "layer.0")], "root_trace").powi(2);
        assert!(
            (excess - truth).abs() < 0.25 * truth + 0.03,
            "{excess} for {truth}"
        );
    }
    let deaf = [("layer", "layer.1"), ("system", "noise2")];
    assert!(value(&out, "distances", &deaf, "p") > 0.025);
    assert!(value(&out, "distances", &deaf, "excess").abs() < 0.06);
    let of = |layer, of, what: &str| {
        let statistic = match of {
            "systems" => "Spearman, mean over degradations",
            _ => "Kendall within utterance and degradation",
        };
        let at = [("layer", layer), ("of", of), ("statistic", statistic)];
        value(&out, "criteria", &at, what)
    };
    assert_eq!(of("layer.0", "systems", "value"), 1.0);
    assert!(of("layer.0", "systems", "p_max") <= 0.02);
    assert!(of("layer.0", "utterances", "value") > 0.8);
    assert!(of("layer.1", "utterances", "value").abs() < 0.2);
    assert!(of("layer.1", "utterances", "p_below_best") < 0.01);
    assert_eq!(of("layer.0", "utterances", "best_in"), 1.0);
    let worst = table(&out, "utterances");
    assert!(column(worst, "system").text_at(0).unwrap().ends_with('2'));
    assert!(column(worst, "p").value(0).unwrap() < 0.02);
    let matching = table(&out, "matching");
    let at = row(matching, &[("layer", "layer.0"), ("system", "noise0.5")]);
    // The same speakers moved by a shift are nearer than other speakers moved by it.
    assert!(column(matching, "difference").value(at).unwrap() > 0.0);
    // No layer knows the speaker in its noise, so systems are as far as other speakers there.
    let similarity = table(&out, "similarity");
    let ceiling = row(similarity, &[("kind", "ceiling")]);
    assert!(
        column(similarity, "note")
            .text_at(ceiling)
            .unwrap()
            .contains("one utterance per speaker")
    );
    let floor = column(similarity, "cosine")
        .value(row(similarity, &[("kind", "floor")]))
        .unwrap();
    assert!(floor.abs() < 0.2, "{floor}");
    assert_eq!(out, planted.run(&quick()).unwrap());
    in_words(&out);
    // In each degradation the order holds in every half of the speakers.
    let at = [
        ("layer", "layer.0"),
        ("of", "systems"),
        ("statistic", "Spearman"),
        ("group", "echo"),
    ];
    let criteria = table(&out, "criteria");
    let echo = column(criteria, "interval")
        .estimate_at(row(criteria, &at))
        .unwrap();
    assert_eq!((echo.value, echo.lo, echo.hi, echo.n), (1.0, 1.0, 1.0, 3));
    // Both kinds of reference are ranked by.
    for side in ["systems, same speaker", "systems, other speaker"] {
        let at = [
            ("layer", "layer.0"),
            ("of", side),
            ("statistic", "Spearman, mean over degradations"),
        ];
        assert_eq!(value(&out, "criteria", &at, "value"), 1.0);
    }
}

/// Every sentence and table is free of numbers that do not exist.
fn in_words(out: &QualityOutcome) {
    let tables = serde_json::to_string(&out.tables).unwrap();
    for text in out.summary.iter().chain(&out.warnings).chain([&tables]) {
        assert!(!text.contains("NaN") && !text.contains("inf "), "{text}");
    }
}

/// Ratings are the shift of layer 0; layer 1 has nothing of it. What single utterances can show is bounded by the
/// utterance's own place in the layer: the probe must come near what the distances from the true centre give.
#[test]
fn listeners_who_hear_one_layer_are_found_in_it() {
    let severities: Vec<f64> = (1..=10).map(|s| f64::from(s) / 5.0).collect();
    let mut planted = Planted::new(40, 5, &["tts"], &severities, &[shifts, is_deaf], 3);
    for item in &mut planted.items {
        item.degradation = None;
    }
    let noise = normal(planted.items.len(), 1, "ratings", 5);
    let values = planted.items.iter().zip(noise.iter()).map(|(item, noise)| {
        let severity = item.severity?;
        Some(4.5 - severity + 0.1 * noise)
    });
    let values: Vec<Option<f64>> = values.collect();
    planted.ratings = vec![Rating {
        name: "mos".into(),
        source: "made".into(),
        values,
    }];
    let out = planted.run(&quick()).unwrap();
    let of = |layer, of, what: &str| {
        let at = [
            ("target", "mos"),
            ("layer", layer),
            ("of", of),
            ("statistic", "Spearman"),
        ];
        value(&out, "criteria", &at, what)
    };
    assert!(of("layer.0", "systems", "value") > 0.95);
    assert!(of("layer.0", "systems", "p_max") < 0.02);
    let (mut near, mut rated) = (vec![], vec![]);
    for (row, rating) in planted.layers[0]
        .outer_iter()
        .zip(&planted.ratings[0].values)
    {
        if let Some(rating) = rating {
            near.push(-row.dot(&row).sqrt());
            rated.push(*rating);
        }
    }
    let possible = stats::spearman(&near, &rated).unwrap().r;
    let found = of("layer.0", "utterances", "value");
    assert!(
        possible > 0.6 && (found - possible).abs() < 0.05,
        "{found} of {possible}"
    );
    assert!(of("layer.0", "utterances", "p_max") < 0.02);
    assert!(of("layer.1", "utterances", "value").abs() < 0.15);
    assert!(of("layer.1", "utterances", "p") > 0.01);
    assert!(of("layer.1", "systems", "p") > 0.01);
    let kendall = |layer| {
        let at = [
            ("layer", layer),
            ("of", "utterances"),
            ("statistic", "Kendall"),
        ];
        value(&out, "criteria", &at, "value")
    };
    // Kendall's coefficient is the smaller of the two where both are well inside (−1, 1).
    assert!(
        (0.4..found).contains(&kendall("layer.0")),
        "{}",
        kendall("layer.0")
    );
    in_words(&out);
    assert!(
        out.summary
            .iter()
            .any(|s| s.contains("systems against mos: best layer layer.0"))
    );
}

#[test]
fn too_little_of_everything_is_said_in_words() {
    let few = |planted: &Planted| planted.run(&quick());
    // One system, no ratings, severities of one level.
    let mut one = Planted::new(12, 3, &["noise"], &[1.0], &[shifts], 7);
    let out = few(&one).unwrap();
    in_words(&out);
    assert_eq!(table(&out, "distances").rows(), 1);
    // Ratings of one system; then ties.
    one.ratings = vec![Rating {
        name: "mos".into(),
        source: "made".into(),
        values: one
            .items
            .iter()
            .map(|i| (i.system != "reference").then_some(3.0))
            .collect(),
    }];
    let out = few(&one).unwrap();
    in_words(&out);
    let note = |out: &QualityOutcome, of: &str| {
        let criteria = table(out, "criteria");
        column(criteria, "note")
            .text_at(row(criteria, &[("of", of)]))
            .unwrap()
            .to_owned()
    };
    assert!(note(&out, "systems").contains("1 rated system: a rank correlation needs 3"));
    assert!(note(&out, "utterances").contains("all utterances have the same rating"));
    let mut ties = Planted::new(12, 3, &["noise"], &[1.0, 2.0, 3.0, 4.0], &[shifts], 7);
    ties.ratings = vec![Rating {
        values: vec![Some(3.0); ties.items.len()],
        ..one.ratings[0].clone()
    }];
    assert!(note(&few(&ties).unwrap(), "systems").contains("the same mean rating"));
    // A system of one utterance.
    let mut alone = Planted::new(12, 3, &["noise"], &[1.0, 2.0], &[shifts], 7);
    let last = alone.items.len() - 11;
    alone.items.truncate(last);
    for layer in &mut alone.layers {
        *layer = layer.slice(ndarray::s![..last, ..]).to_owned();
    }
    let out = few(&alone).unwrap();
    in_words(&out);
    let distances = table(&out, "distances");
    let at = row(distances, &[("system", "noise2")]);
    assert!(
        column(distances, "note")
            .text_at(at)
            .unwrap()
            .contains("one utterance")
    );
    // Some ratings are missing: systems no longer have the same rated utterances.
    let mut gaps = Planted::new(12, 3, &["noise"], &[1.0, 2.0, 3.0, 4.0], &[shifts], 7);
    let rate = |(k, item): (usize, &QualityItem)| {
        let severity = item.severity?;
        (k % 5 != 0).then_some(5.0 - severity)
    };
    gaps.ratings = vec![Rating {
        values: gaps.items.iter().enumerate().map(rate).collect(),
        ..one.ratings[0].clone()
    }];
    let out = few(&gaps).unwrap();
    assert!(note(&out, "utterances").contains("no p: it needs three or more systems"));
    in_words(&out);
    // Too small a reference, no other system, a value that is not finite, equal vectors.
    let small = Planted::new(5, 3, &["noise"], &[1.0], &[shifts], 7);
    let why = few(&small).unwrap_err().to_string();
    assert!(
        why.contains("reference") && why.contains("at least 8 are needed"),
        "{why}"
    );
    let mut only = Planted::new(12, 3, &["noise"], &[1.0], &[shifts], 7);
    only.items
        .iter_mut()
        .for_each(|i| i.system = "reference".into());
    assert!(few(&only).is_err());
    let mut broken = Planted::new(12, 3, &["noise"], &[1.0], &[shifts], 7);
    broken.layers[0][[4, 1]] = f64::NAN;
    let why = few(&broken).unwrap_err().to_string();
    assert!(
        why.contains("layer.0") && why.contains("reference-4"),
        "{why}"
    );
    let mut flat = Planted::new(12, 3, &["noise"], &[1.0], &[shifts], 7);
    flat.layers[0].fill(1.0);
    assert!(
        few(&flat)
            .unwrap_err()
            .to_string()
            .contains("the same vector")
    );
    let wrong = QualitySettings {
        halves: 3,
        ..quick()
    };
    assert!(
        small
            .run(&wrong)
            .unwrap_err()
            .to_string()
            .contains("random halves")
    );
}
