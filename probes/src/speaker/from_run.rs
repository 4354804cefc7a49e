//! From a run folder to a speaker report.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ndarray::{Array2, ArrayD};
use phonoscope_analysis::task::Task;

use super::tables::heading;
use super::{MetaColumn, Normalise, SpeakerInput, SpeakerSettings, run};
use crate::error::{Error, Result};
use crate::extract::SpanKind;
use crate::report::{
    Check, Column, InputFile, Provenance, Report, Role, SCHEMA, Skipped, Status, Table, Trust,
};
use crate::store::{Outcome, Run, RunItem, sha256_hex};

/// A report, and the arrays that go beside it.
#[derive(Debug, Clone)]
pub struct SpeakerReport {
    /// The report.
    pub report: Report,
    /// Named arrays: speaker embeddings, components, scores and the like.
    pub arrays: Vec<(String, ArrayD<f64>)>,
}

/// Probes the speaker embeddings of a run.
///
/// `tap` defaults to the model's embedding. Whether vectors are brought to unit length is the
/// catalogue's word, not that of `settings`. `command` is recorded as the way to make the report again.
///
/// # Errors
/// When the run has no such tap, the manifest has no speakers, or there are too few of them.
pub fn from_run(
    source: &Run,
    tap: Option<&str>,
    settings: &SpeakerSettings,
    command: &str,
    task: &Task,
) -> Result<SpeakerReport> {
    let description = &source.description;
    let embedding = description.embedding.as_ref();
    let kind = description.spans.as_ref().map(|s| s.kind);
    if let Some(kind @ (SpanKind::Word | SpanKind::Phone)) = kind {
        return Err(Error::Request {
            problem: format!(
                "the run in `{}` holds {kind}s, and a speaker space is of utterances",
                source.path.display()
            ),
            hint: "extract the same manifest with --spans utterance into another folder".into(),
        });
    }
    let tap = match (tap, embedding) {
        (Some(tap), _) => tap,
        (None, Some(e)) => e.tap.as_str(),
        (None, None) => {
            return Err(Error::Request {
                problem: format!(
                    "the run of `{}` holds no speaker embedding",
                    description.model.name
                ),
                hint: format!(
                    "choose one with --tap: {}",
                    description.model.taps.join(", ")
                ),
            });
        }
    };
    let unit_length = embedding.is_some_and(|e| e.tap == tap && e.unit_length);
    let normalise = if unit_length {
        Normalise::L2
    } else {
        Normalise::None
    };
    let settings = SpeakerSettings {
        normalise,
        ..settings.clone()
    };

    let (rows, vectors) = source.tap(tap)?;
    let chosen = Chosen::new(source, &rows)?;
    let input = chosen.input(source, &vectors);
    let outcome = run(&input, &settings, task)?;

    let mut model = description.model.clone();
    model.taps = vec![tap.to_owned()];
    let mut trust = source.trust()?;
    chosen.add_to(&mut trust, source);
    let system = system_name(&description.model.name);
    let of_system = |table: Table| match table.id.as_str() {
        "columns" => table,
        _ => table.of_system(&system),
    };
    let mut tables: Vec<Table> = outcome.tables.into_iter().map(of_system).collect();
    tables.push(items_table(source, &chosen.unused));
    let speakers: BTreeSet<&str> = input.speakers.iter().map(String::as_str).collect();
    let run_json = serde_json::to_string(description).unwrap_or_default();
    let report = Report {
        schema: SCHEMA.into(),
        probe: "speaker".into(),
        title: format!(
            "{} {tap}: {} speakers",
            description.model.name,
            speakers.len()
        ),
        systems: vec![system.clone()],
        summary: outcome.summary,
        warnings: outcome.warnings,
        provenance: Provenance {
            phonoscope: env!("CARGO_PKG_VERSION").into(),
            command: command.into(),
            seed: settings.seed,
            settings: settings_map(&settings, tap),
            inputs: vec![
                InputFile {
                    what: "manifest".into(),
                    name: description.items.manifest.clone(),
                    sha256: description.items.sha256.clone(),
                },
                InputFile {
                    what: "run description".into(),
                    name: "run.json".into(),
                    sha256: sha256_hex(run_json.as_bytes()),
                },
            ],
            model: Some(model),
            engine: Some(description.engine.clone()),
            systems: vec![],
        },
        trust,
        tables,
    };
    Ok(SpeakerReport {
        report,
        arrays: outcome.arrays,
    })
}

/// Which of a manifest's metadata columns names the speakers.
///
/// # Errors
/// When none does.
pub fn speaker_column(columns: &[String]) -> Result<usize> {
    let found = columns.iter().position(|c| c == "speaker");
    found.ok_or_else(|| Error::Request {
        problem: "the manifest has no `speaker` column".into(),
        hint: format!(
            "it has: {}; add one that names who speaks",
            columns.join(", ")
        ),
    })
}

/// What a system is called in a report: the model's name, or the file's, in letters that a file name
/// may have.
pub(super) fn system_name(model: &str) -> String {
    let name = Path::new(model).file_name().and_then(|n| n.to_str());
    let name = name.unwrap_or(model).trim_end_matches(".onnx");
    let plain = |c: char| match c.is_ascii_alphanumeric() || "_-.".contains(c) {
        true => c,
        false => '_',
    };
    let name: String = name.chars().map(plain).collect();
    match name.trim_start_matches('.') {
        "" => "model".into(),
        name => name.into(),
    }
}

/// Every setting by name, as recorded.
fn settings_map(settings: &SpeakerSettings, tap: &str) -> BTreeMap<String, serde_json::Value> {
    let mut map: BTreeMap<String, serde_json::Value> = serde_json::to_value(settings)
        .ok()
        .and_then(|v| serde_json::from_value(v).ok())
        .unwrap_or_default();
    map.insert("tap".into(), tap.into());
    map
}

/// The items that take part: used ones with a speaker.
struct Chosen {
    /// (row of the tap's matrix, item in the run).
    pairs: Vec<(usize, usize)>,
    /// Column of the speaker.
    speaker: usize,
    /// Used items that do not take part, by item.
    unused: BTreeMap<usize, &'static str>,
}

impl Chosen {
    fn new(source: &Run, rows: &[usize]) -> Result<Self> {
        let mut chosen = Self {
            pairs: vec![],
            speaker: speaker_column(&source.description.items.columns)?,
            unused: BTreeMap::new(),
        };
        for (row, item) in rows.iter().enumerate() {
            let Some(found) = source.items.get(*item) else {
                continue;
            };
            if found
                .metadata
                .get(chosen.speaker)
                .is_some_and(Option::is_some)
            {
                chosen.pairs.push((row, *item));
            } else {
                chosen.unused.insert(*item, "it has no speaker");
            }
        }
        Ok(chosen)
    }

    fn items<'a>(&'a self, source: &'a Run) -> impl Iterator<Item = &'a RunItem> {
        self.pairs
            .iter()
            .filter_map(|(_, item)| source.items.get(*item))
    }

    fn speaker_of(&self, item: &RunItem) -> String {
        item.metadata
            .get(self.speaker)
            .cloned()
            .flatten()
            .unwrap_or_default()
    }

    fn input(&self, source: &Run, vectors: &Array2<f64>) -> SpeakerInput {
        let rows: Vec<usize> = self.pairs.iter().map(|(row, _)| *row).collect();
        let columns = source.description.items.columns.iter().enumerate();
        SpeakerInput {
            item_ids: self.items(source).map(|i| i.id.clone()).collect(),
            speakers: self.items(source).map(|i| self.speaker_of(i)).collect(),
            embeddings: vectors.select(ndarray::Axis(0), &rows),
            columns: columns
                .filter(|(at, _)| *at != self.speaker)
                .map(|(at, name)| MetaColumn {
                    name: name.clone(),
                    values: self
                        .items(source)
                        .map(|i| i.metadata.get(at).cloned().flatten())
                        .collect(),
                })
                .collect(),
        }
    }

    /// Completes the trust report: items without speakers, and recordings shared by speakers.
    fn add_to(&self, trust: &mut Trust, source: &Run) {
        for (item, reason) in &self.unused {
            if let Some(found) = source.items.get(*item) {
                trust.coverage.used = trust.coverage.used.saturating_sub(1);
                let skipped = Skipped {
                    id: found.id.clone(),
                    reason: (*reason).into(),
                };
                trust.coverage.skipped.push(skipped);
            }
        }
        let mut owners: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for item in self.items(source) {
            if let Outcome::Used { audio_sha256, .. } = &item.outcome {
                owners
                    .entry(audio_sha256)
                    .or_default()
                    .insert(self.speaker_of(item));
            }
        }
        let shared: Vec<&BTreeSet<String>> = owners.values().filter(|s| s.len() > 1).collect();
        let detail = match shared.first() {
            None => "no recording stands under two speakers".into(),
            Some(who) => {
                let names: Vec<&str> = who.iter().map(String::as_str).take(4).collect();
                format!("for example shared by {}", names.join(", "))
            }
        };
        trust.checks.push(Check {
            id: "leakage".into(),
            meaning: "audio files, by content, that stand under more than one speaker; folds and \
                      resampling go by speaker"
                .into(),
            status: if shared.is_empty() {
                Status::Pass
            } else {
                Status::Fail
            },
            verdict: match shared.len() {
                0 => "No recording stands under two speakers.".into(),
                n => format!(
                    "{n} recordings stand under more than one speaker: folds by speaker share them, so \
                     held-out figures are too good."
                ),
            },
            value: Some(shared.len() as f64),
            threshold: Some(0.0),
            unit: Some("recordings".into()),
            n: self.pairs.len(),
            detail,
            ..Check::default()
        });
    }
}

fn items_table(source: &Run, unused: &BTreeMap<usize, &'static str>) -> Table {
    let items = || source.items.iter().enumerate();
    let reason = |(at, item): (usize, &RunItem)| match &item.outcome {
        Outcome::Skipped { reason, .. } => Some(reason.clone()),
        Outcome::Used { .. } => unused.get(&at).map(|r| (*r).to_owned()),
    };
    let text = |id: &str, role, meaning: &str, values| Column::text(id, role, meaning, values);
    let mut columns = vec![
        text(
            "id",
            Role::Key,
            "id in the manifest",
            items().map(|(_, i)| Some(i.id.clone())).collect(),
        ),
        text(
            "path",
            Role::Metadata,
            "path in the manifest",
            items().map(|(_, i)| Some(i.path.clone())).collect(),
        ),
        text(
            "status",
            Role::Value,
            "used or skipped",
            items()
                .map(|i| {
                    Some(
                        if reason(i).is_none() {
                            "used"
                        } else {
                            "skipped"
                        }
                        .to_owned(),
                    )
                })
                .collect(),
        ),
        text(
            "reason",
            Role::Value,
            "why an item was skipped",
            items().map(reason).collect(),
        ),
        Column::number(
            "duration_secs",
            Role::Value,
            "length of the audio",
            Some("s"),
            items().map(|(_, i)| match i.outcome {
                Outcome::Used { duration_secs, .. } => duration_secs,
                Outcome::Skipped { .. } => f64::NAN,
            }),
        ),
    ];
    for (at, name) in source.description.items.columns.iter().enumerate() {
        let name = heading(name, |name| columns.iter().any(|c| c.id == name));
        let values = items()
            .map(|(_, i)| i.metadata.get(at).cloned().flatten())
            .collect();
        columns.push(text(
            &name,
            Role::Metadata,
            "column of the manifest",
            values,
        ));
    }
    Table::new(
        "items",
        "Items",
        "One row for each row of the manifest, used or not.",
        columns,
    )
}
