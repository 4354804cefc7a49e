//! The items that take part, and what the trust report says of the others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ndarray::{Array2, Axis};

use super::from_run::speaker_column;
use super::tables::heading;
use super::{DescriptorTable, MetaColumn, SpeakerInput, SystemInput};
use crate::error::Result;
use crate::report::{Check, Column, Role, Skipped, Status, Table, Trust};
use crate::store::{Outcome, Run, RunItem};

/// Items that every run used and that have a speaker; what is known of them is the first run's word.
pub(super) struct Chosen<'a> {
    first: &'a Run,
    /// Items of the first run.
    items: Vec<usize>,
    /// Rows of each run's tap, `[run][item]`.
    rows: Vec<Vec<usize>>,
    /// Column of the speaker.
    speaker: usize,
    /// Used items that do not take part, by item.
    unused: BTreeMap<usize, String>,
}

impl<'a> Chosen<'a> {
    /// `rows[run]` has the items of the rows of the run's tap; `names` are the systems'.
    pub(super) fn new(
        runs: &'a [Run],
        rows: &[Vec<usize>],
        names: &[String],
    ) -> Result<Option<Self>> {
        let Some(first) = runs.first() else {
            return Ok(None);
        };
        let mut chosen = Self {
            first,
            items: vec![],
            rows: vec![vec![]; runs.len()],
            speaker: speaker_column(&first.description.items.columns)?,
            unused: BTreeMap::new(),
        };
        let by_id: Vec<HashMap<&str, usize>> = runs
            .iter()
            .zip(rows)
            .map(|(run, rows)| {
                let ids = rows.iter().enumerate();
                ids.filter_map(|(row, item)| Some((run.items.get(*item)?.id.as_str(), row)))
                    .collect()
            })
            .collect();
        for item in rows.first().into_iter().flatten() {
            let Some(found) = first.items.get(*item) else {
                continue;
            };
            let speaker = found.metadata.get(chosen.speaker);
            let places: Vec<Option<&usize>> =
                by_id.iter().map(|ids| ids.get(found.id.as_str())).collect();
            let missing = places.iter().position(Option::is_none);
            match (speaker.is_some_and(Option::is_some), missing) {
                (false, _) => {
                    chosen.unused.insert(*item, "it has no speaker".into());
                }
                (true, Some(run)) => {
                    let why = format!("`{}` gave no result for it", names[run]);
                    chosen.unused.insert(*item, why);
                }
                (true, None) => {
                    chosen.items.push(*item);
                    for (of_run, place) in chosen.rows.iter_mut().zip(places) {
                        of_run.extend(place);
                    }
                }
            }
        }
        Ok(Some(chosen))
    }

    fn items(&self) -> impl Iterator<Item = &'a RunItem> {
        let first = self.first;
        self.items.iter().filter_map(|item| first.items.get(*item))
    }

    fn speaker_of(&self, item: &RunItem) -> String {
        item.metadata
            .get(self.speaker)
            .cloned()
            .flatten()
            .unwrap_or_default()
    }

    /// What the probe is given. `vectors[run]` has a row for each of the run's; `folds` names the column
    /// that holds the corpus's own folds.
    pub(super) fn input(
        &self,
        vectors: &[Array2<f64>],
        systems: Vec<SystemInput>,
        descriptors: Option<&DescriptorTable>,
        folds: Option<usize>,
    ) -> SpeakerInput {
        let item_ids: Vec<String> = self.items().map(|i| i.id.clone()).collect();
        let speakers: Vec<String> = self.items().map(|i| self.speaker_of(i)).collect();
        let paths: Vec<String> = self.items().map(|i| i.path.clone()).collect();
        let columns = self.first.description.items.columns.iter().enumerate();
        let entries = |at: usize| {
            self.items()
                .map(move |i| i.metadata.get(at).cloned().flatten())
        };
        let with_vectors = systems.into_iter().zip(vectors).zip(&self.rows);
        SpeakerInput {
            systems: with_vectors
                .map(|((system, vectors), rows)| SystemInput {
                    embeddings: vectors.select(Axis(0), rows),
                    ..system
                })
                .collect(),
            recordings: self
                .items()
                .map(|i| match &i.outcome {
                    Outcome::Used { audio_sha256, .. } => Some(audio_sha256.clone()),
                    Outcome::Skipped { .. } => None,
                })
                .collect(),
            columns: columns
                .filter(|(at, _)| *at != self.speaker && Some(*at) != folds)
                .map(|(at, name)| MetaColumn {
                    name: name.clone(),
                    values: entries(at).collect(),
                })
                .collect(),
            descriptors: descriptors.map_or(vec![], |d| d.joined(&item_ids, &paths, &speakers)),
            folds: folds.map(|at| entries(at).map(Option::unwrap_or_default).collect()),
            item_ids,
            speakers,
        }
    }

    /// Vectors of the items from rows that are known by item id, or how many items lack one.
    pub(super) fn vectors(
        &self,
        ids: &[&str],
        vectors: &Array2<f64>,
    ) -> std::result::Result<Array2<f64>, String> {
        let rows: HashMap<&str, usize> = ids.iter().copied().zip(0..).collect();
        let found: Vec<usize> = self
            .items()
            .filter_map(|item| rows.get(item.id.as_str()).copied())
            .collect();
        match self.items.len() - found.len() {
            0 => Ok(vectors.select(Axis(0), &found)),
            n => Err(format!("{n} of {} items have no result", self.items.len())),
        }
    }

    /// Completes the trust report: items that take no part, and recordings shared by speakers.
    pub(super) fn add_to(&self, trust: &mut Trust) {
        for (item, reason) in &self.unused {
            if let Some(found) = self.first.items.get(*item) {
                trust.coverage.used = trust.coverage.used.saturating_sub(1);
                trust.coverage.skipped.push(Skipped {
                    id: found.id.clone(),
                    reason: reason.clone(),
                });
            }
        }
        let mut owners: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for item in self.items() {
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
            meaning: "audio files, by content, that stand under more than one speaker".into(),
            status: if shared.is_empty() {
                Status::Pass
            } else {
                Status::Fail
            },
            verdict: match shared.len() {
                0 => "No recording stands under two speakers.".into(),
                n => format!(
                    "{n} recordings stand under more than one speaker: folds keep them together, but \
                     intervals and permutations count their speakers twice."
                ),
            },
            value: Some(shared.len() as f64),
            threshold: Some(0.0),
            unit: Some("recordings".into()),
            n: self.items.len(),
            detail,
            ..Check::default()
        });
    }

    /// One row for each row of the manifest.
    pub(super) fn table(&self) -> Table {
        items_table(self.first, &self.unused)
    }
}

fn items_table(source: &Run, unused: &BTreeMap<usize, String>) -> Table {
    let items = || source.items.iter().enumerate();
    let reason = |(at, item): (usize, &RunItem)| match &item.outcome {
        Outcome::Skipped { reason, .. } => Some(reason.clone()),
        Outcome::Used { .. } => unused.get(&at).cloned(),
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
