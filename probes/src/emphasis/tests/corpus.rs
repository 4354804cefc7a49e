//! Made-up words with known residuals.

use ndarray::{Array1, Array2};
use phonoscope_analysis::rng::{self, Stream};
use phonoscope_analysis::task::Task;
use rand::RngExt as _;

use super::super::design::Design;
use super::super::direction::Bench;
use super::super::input::{Edit, EditColumn, EmphasisInput, Part, SystemInfo, TapInfo, Version};
use super::super::resampling::Resampling;
use super::super::{EmphasisSettings, Outcome};
use crate::report::{Report, SCHEMA, Table};

/// What is made.
#[derive(Debug, Clone)]
pub(super) struct Corpus {
    pub(super) speakers: usize,
    pub(super) per_speaker: usize,
    pub(super) words: usize,
    pub(super) dim: usize,
    /// Spread of the noise of every version, in every direction.
    pub(super) noise: f64,
    pub(super) conditions: Vec<&'static str>,
}

impl Default for Corpus {
    fn default() -> Self {
        Self {
            speakers: 40,
            per_speaker: 2,
            words: 8,
            dim: 24,
            noise: 0.3,
            conditions: vec![
                "neutral_a",
                "neutral_b",
                "emphasis_all",
                "emphasis_duration",
                "emphasis_f0",
                "control_rate",
                "control_pitch",
            ],
        }
    }
}

/// A word that a version is made of, as the planting function sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) duration: f64,
    pub(super) f0: f64,
    pub(super) length_secs: f64,
}

pub(super) fn normal(rng: &mut Stream) -> f64 {
    (0..12).map(|_| rng.random_range(-0.5..0.5)).sum()
}

impl Corpus {
    /// Versions, and their states: word plus speaker plus noise, plus what `plant` adds to a version.
    pub(super) fn make(
        &self,
        seed: u64,
        plant: impl Fn(&str, Token, &mut Stream, &mut Array1<f64>),
    ) -> (EmphasisInput, Array2<f64>) {
        let mut rng = rng::stream(seed, "emphasis-test", 0);
        let vectors = |count: usize, rng: &mut Stream| {
            Array2::from_shape_fn((count, self.dim), |_| normal(rng))
        };
        let (of_word, of_speaker) = (
            vectors(self.words, &mut rng),
            vectors(self.speakers, &mut rng),
        );
        let (mut versions, mut rows) = (vec![], vec![]);
        for speaker in 0..self.speakers {
            for k in 0..self.per_speaker {
                let word = (speaker * self.per_speaker + k) % self.words;
                let neutral_secs: f64 = rng.random_range(0.2..0.6);
                for condition in &self.conditions {
                    let mut ratio: f64 = rng.random_range(1.2..2.0);
                    let mut f0: f64 = rng.random_range(1.0..6.0);
                    if !condition.ends_with("all")
                        && !condition.ends_with("duration")
                        && !condition.ends_with("rate")
                    {
                        ratio = 1.0;
                    }
                    if !condition.ends_with("all")
                        && !condition.ends_with("f0")
                        && !condition.ends_with("pitch")
                    {
                        f0 = 0.0;
                    }
                    let token = Token {
                        duration: ratio.ln(),
                        f0,
                        length_secs: neutral_secs * ratio,
                    };
                    let mut state = &of_word.row(word) * 2.0 + of_speaker.row(speaker);
                    state.mapv_inplace(|v| v + self.noise * normal(&mut rng));
                    plant(condition, token, &mut rng, &mut state);
                    rows.push(state);
                    versions.push(Version {
                        id: format!("{speaker}-{k}-{condition}"),
                        path: format!("{speaker}-{k}-{condition}.wav"),
                        pair: Some(format!("{speaker:03}-{k}")),
                        condition: Some((*condition).into()),
                        speaker: Some(format!("s{speaker:03}")),
                        word: Some(format!("w{word}")),
                        source: Some(format!("{speaker:03}-{k}")),
                        length_secs: Some(token.length_secs),
                        edits: [Some(ratio), Some(f0), None],
                        silent: false,
                    });
                }
            }
        }
        let states = Array2::from_shape_fn((rows.len(), self.dim), |(i, j)| rows[i][j]);
        let column = |edit: Edit, has: bool| EditColumn {
            edit,
            column: has.then(|| edit.column().to_owned()),
            measured: false,
        };
        let input = EmphasisInput {
            versions,
            skipped: vec![],
            edits: vec![
                column(Edit::Duration, true),
                column(Edit::F0, true),
                column(Edit::Level, false),
            ],
            systems: vec![system("made")],
        };
        (input, states)
    }
}

pub(super) fn system(name: &str) -> SystemInfo {
    SystemInfo {
        name: name.into(),
        part: Part::Model,
        twin_of: None,
        task: None,
        taps: vec![TapInfo {
            name: "layer".into(),
            receptive_field: "25 ms".into(),
        }],
    }
}

/// Few draws, for speed.
pub(super) fn quick() -> EmphasisSettings {
    EmphasisSettings {
        permutations: 99,
        bootstrap: 200,
        ..EmphasisSettings::default()
    }
}

pub(super) fn probe(
    input: &EmphasisInput,
    states: Vec<Vec<Array2<f64>>>,
    settings: &EmphasisSettings,
) -> Outcome {
    super::super::run(input, &states, settings, &Task::silent()).unwrap()
}

/// A bench for single measures.
pub(super) fn with_bench<T>(
    input: &EmphasisInput,
    settings: &EmphasisSettings,
    f: impl FnOnce(&Bench<'_>) -> T,
) -> T {
    let design = Design::new(input, settings).unwrap();
    let task = Task::silent();
    f(&Bench {
        resampling: Resampling::new(&design, settings.seed, settings.bootstrap),
        design: &design,
        settings,
        task: &task,
    })
}

pub(super) fn table<'a>(outcome: &'a Outcome, id: &str) -> &'a Table {
    outcome
        .tables
        .iter()
        .find(|t| t.id == id)
        .unwrap_or_else(|| panic!("no table {id}"))
}

/// The row of a table whose words hold all of these.
pub(super) fn row(table: &Table, words: &[&str]) -> usize {
    let fits = |row: &usize| {
        words
            .iter()
            .all(|w| table.columns.iter().any(|c| c.text_at(*row) == Some(*w)))
    };
    (0..table.rows())
        .find(fits)
        .unwrap_or_else(|| panic!("no row {words:?} in {}", table.id))
}

/// Serialised as a report, so that what JSON cannot hold would show.
pub(super) fn as_json(outcome: &Outcome) -> String {
    let report = Report {
        schema: SCHEMA.into(),
        probe: "emphasis".into(),
        title: String::new(),
        systems: vec![],
        summary: outcome.summary.clone(),
        warnings: outcome.warnings.clone(),
        provenance: crate::report::Provenance {
            phonoscope: String::new(),
            command: String::new(),
            seed: 0,
            settings: Default::default(),
            inputs: vec![],
            model: None,
            engine: None,
            systems: vec![],
        },
        trust: Default::default(),
        tables: outcome.tables.clone(),
    };
    serde_json::to_string(&report).unwrap()
}
