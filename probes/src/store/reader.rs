//! Reading a finished run folder.

use std::path::{Path, PathBuf};

use ndarray::Array2;
use phonoscope_models::fits;

use super::items::parse;
use super::{Outcome, RunDescription, SCHEMA, Shard};
use crate::error::{Error, Result};
use crate::report::Trust;

/// A finished run: its description, its items and, on request, the values of a tap.
#[derive(Debug, Clone)]
pub struct Run {
    /// The run folder.
    pub path: PathBuf,
    /// What it was made from.
    pub description: RunDescription,
    /// Every row of the manifest, in order; in a run of spans every span of every row, and the rows
    /// that gave none.
    pub items: Vec<RunItem>,
}

/// A row of `items.tsv`.
#[derive(Debug, Clone, PartialEq)]
pub struct RunItem {
    /// Id in the manifest; of a word or phone followed by its number in the utterance, as `utt#3`.
    pub id: String,
    /// Audio path as written in the manifest.
    pub path: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Metadata, parallel to the description's columns.
    pub metadata: Vec<Option<String>>,
    /// Which part of what it is, in a run of spans.
    pub span: Option<ItemSpan>,
}

/// Which part of an utterance or recording a row is.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemSpan {
    /// Id of the utterance; of a segment, the path of its recording.
    pub parent: String,
    /// The word or phone.
    pub label: Option<String>,
    /// Start, in seconds from the start of the parent; nothing where the parent could not be read.
    pub start_secs: Option<f64>,
    /// End, likewise.
    pub end_secs: Option<f64>,
}

impl RunItem {
    /// Whether the item's vectors are in the store.
    pub fn is_used(&self) -> bool {
        matches!(self.outcome, Outcome::Used { .. })
    }
}

/// Number of shards of a run.
pub(crate) fn shard_count(d: &RunDescription) -> usize {
    d.items.count.div_ceil(d.shard_items.max(1))
}

impl Run {
    /// Opens a run folder.
    ///
    /// # Errors
    /// When it is not a run folder, or the run was not finished.
    pub fn open(path: &Path) -> Result<Self> {
        let description = read_description(path)?.ok_or_else(|| Error::Format {
            path: path.into(),
            what: "run folder",
            why: "it has no run.json".into(),
        })?;
        let list = path.join("items.tsv");
        if !list.is_file() {
            return Err(Error::Request {
                problem: format!("the run in `{}` is not finished", path.display()),
                hint: "the same `phonoscope extract` command continues it".into(),
            });
        }
        let text = std::fs::read_to_string(&list).map_err(Error::io("read", &list))?;
        let items = parse(&text, &description).map_err(|why| Error::Format {
            path: list,
            what: "list of items",
            why,
        })?;
        Ok(Self {
            path: path.into(),
            description,
            items,
        })
    }

    /// Values of one tap for every used item: their places in `items`, and a matrix [used item, dim].
    ///
    /// # Errors
    /// When the run has no such tap or a shard is damaged.
    pub fn tap(&self, name: &str) -> Result<(Vec<usize>, Array2<f64>)> {
        let taps = &self.description.model.taps;
        if !taps.iter().any(|t| t == name) {
            return Err(Error::Request {
                problem: format!("the run has no tap `{name}`"),
                hint: format!("it has: {}", taps.join(", ")),
            });
        }
        let key = self.description.fingerprint();
        let wanted = [name.to_owned()];
        let items = self.items.iter().enumerate();
        let rows: Vec<usize> = items
            .filter(|(_, item)| item.is_used())
            .map(|(at, _)| at)
            .collect();
        let (mut values, mut width) = (vec![], None);
        for number in 0..shard_count(&self.description) {
            let shard = Shard::read(&self.path, number, &key, &wanted)?;
            for tap in shard.taps.iter().filter(|t| !t.values.is_empty()) {
                if *width.get_or_insert(tap.dim) != tap.dim {
                    return Err(Error::Format {
                        path: self.path.clone(),
                        what: "consistent run",
                        why: format!("tap `{name}` changes its width in shard {number}"),
                    });
                }
                values.extend(tap.values.iter().map(|v| f64::from(*v)));
            }
        }
        let width = width.unwrap_or(0);
        let matrix =
            Array2::from_shape_vec((rows.len(), width), values).map_err(|e| Error::Format {
                path: self.path.clone(),
                what: "consistent run",
                why: e.to_string(),
            })?;
        Ok((rows, matrix))
    }

    /// Leaves only the taps that fit one of `patterns`, in which `*` stands for any characters; all without
    /// patterns.
    ///
    /// # Errors
    /// When a pattern fits none.
    pub fn select(&self, patterns: &[String]) -> Result<Vec<String>> {
        let taps = &self.description.model.taps;
        if let Some(lost) = patterns.iter().find(|p| !taps.iter().any(|t| fits(p, t))) {
            return Err(Error::Request {
                problem: format!("the run has no tap `{lost}`"),
                hint: format!("it has: {}", taps.join(", ")),
            });
        }
        let wanted = |t: &&String| patterns.is_empty() || patterns.iter().any(|p| fits(p, t));
        Ok(taps.iter().filter(wanted).cloned().collect())
    }

    /// The run's trust report.
    ///
    /// # Errors
    /// When `trust.json` is missing or damaged.
    pub fn trust(&self) -> Result<Trust> {
        read_trust(&self.path)
    }
}

/// The trust report of a run folder.
pub(crate) fn read_trust(run: &Path) -> Result<Trust> {
    let path = run.join("trust.json");
    let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    serde_json::from_str(&text).map_err(|e| Error::Format {
        path,
        what: "trust report",
        why: e.to_string(),
    })
}

/// `run.json` of a folder, if there is one.
pub(crate) fn read_description(run: &Path) -> Result<Option<RunDescription>> {
    let path = run.join("run.json");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => return Ok(None),
        Err(e) => return Err(Error::io("read", path)(e)),
    };
    let bad = |why: String| Error::Format {
        path: path.clone(),
        what: "run description",
        why,
    };
    let description: RunDescription =
        serde_json::from_str(&text).map_err(|e| bad(e.to_string()))?;
    if description.schema != SCHEMA {
        return Err(bad(format!(
            "its schema is `{}`, not `{SCHEMA}`",
            description.schema
        )));
    }
    Ok(Some(description))
}
