//! Reading a finished run folder.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use phonoscope_datasets::Manifest;

use super::{ItemRecord, Outcome, RunDescription, SCHEMA, Shard, write_atomic};
use crate::error::{Error, Result};
use crate::report::Trust;

/// A finished run: its description, its items and, on request, the values of a tap.
#[derive(Debug, Clone)]
pub struct Run {
    /// The run folder.
    pub path: PathBuf,
    /// What it was made from.
    pub description: RunDescription,
    /// Every row of the manifest, in order.
    pub items: Vec<RunItem>,
}

/// A row of `items.tsv`.
#[derive(Debug, Clone, PartialEq)]
pub struct RunItem {
    /// Id in the manifest.
    pub id: String,
    /// Audio path as written in the manifest.
    pub path: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Metadata, parallel to the description's columns.
    pub metadata: Vec<Option<String>>,
}

impl RunItem {
    /// Whether the item's vectors are in the store.
    pub fn is_used(&self) -> bool {
        matches!(self.outcome, Outcome::Used { .. })
    }
}

/// First columns of `items.tsv`, before the metadata.
const LEADING: [&str; 6] = [
    "id",
    "path",
    "item_status",
    "item_reason",
    "duration_secs",
    "audio_sha256",
];

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

    /// Values of one tap for every used item: manifest rows, and a matrix [used item, dim].
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
        let (mut rows, mut values, mut width) = (vec![], vec![], None);
        for number in 0..shard_count(&self.description) {
            let shard = Shard::read(&self.path, number, &key, &wanted)?;
            rows.extend(shard.used());
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

    /// The run's trust report.
    ///
    /// # Errors
    /// When `trust.json` is missing or damaged.
    pub fn trust(&self) -> Result<Trust> {
        let path = self.path.join("trust.json");
        let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        serde_json::from_str(&text).map_err(|e| Error::Format {
            path,
            what: "trust report",
            why: e.to_string(),
        })
    }
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

/// Writes `items.tsv`, which makes the run a finished one.
pub(crate) fn write_items(run: &Path, manifest: &Manifest, records: &[ItemRecord]) -> Result<()> {
    let mut text = LEADING.join("\t");
    for column in &manifest.columns {
        let _ = write!(text, "\t{}", escape(column));
    }
    text.push('\n');
    for (record, utterance) in records.iter().zip(&manifest.utterances) {
        let (status, reason, duration, hash) = match &record.outcome {
            Outcome::Used {
                duration_secs,
                audio_sha256,
            } => ("used", "", duration_secs.to_string(), audio_sha256.as_str()),
            Outcome::Skipped { reason } => ("skipped", reason.as_str(), String::new(), ""),
        };
        let cells = [
            &utterance.id,
            &utterance.path,
            status,
            reason,
            &duration,
            hash,
        ];
        let metadata = utterance
            .metadata
            .iter()
            .map(|v| v.as_deref().unwrap_or(""));
        let line: Vec<String> = cells.into_iter().chain(metadata).map(escape).collect();
        text.push_str(&line.join("\t"));
        text.push('\n');
    }
    write_atomic(&run.join("items.tsv"), text.as_bytes())
}

fn escape(cell: &str) -> String {
    cell.replace('\\', "\\\\")
        .replace('\t', "\\t")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

fn unescape(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len());
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('t')) => out.push('\t'),
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('r')) => out.push('\r'),
            ('\\', Some(other)) => out.push(other),
            _ => out.push(c),
        }
    }
    out
}

fn parse(text: &str, description: &RunDescription) -> Result<Vec<RunItem>, String> {
    let mut lines = text.split('\n').filter(|l| !l.is_empty());
    let header: Vec<String> = lines
        .next()
        .ok_or("it is empty")?
        .split('\t')
        .map(unescape)
        .collect();
    let expected = LEADING
        .into_iter()
        .chain(description.items.columns.iter().map(String::as_str));
    if !header.iter().map(String::as_str).eq(expected) {
        return Err("its header does not fit run.json".into());
    }
    let items: Vec<RunItem> = lines
        .enumerate()
        .map(|(i, line)| {
            let cells: Vec<String> = line.split('\t').map(unescape).collect();
            let (leading, metadata) = cells
                .split_first_chunk::<6>()
                .filter(|_| cells.len() == header.len())
                .ok_or_else(|| format!("line {} has {} cells", i + 2, cells.len()))?;
            let [id, path, status, reason, duration, hash] = leading;
            let outcome = match status.as_str() {
                "used" => Outcome::Used {
                    duration_secs: duration
                        .parse()
                        .map_err(|e| format!("line {}: duration_secs: {e}", i + 2))?,
                    audio_sha256: hash.clone(),
                },
                "skipped" => Outcome::Skipped {
                    reason: reason.clone(),
                },
                other => return Err(format!("line {}: status `{other}`", i + 2)),
            };
            let metadata = metadata
                .iter()
                .map(|v| (!v.is_empty()).then(|| v.clone()))
                .collect();
            Ok(RunItem {
                id: id.clone(),
                path: path.clone(),
                outcome,
                metadata,
            })
        })
        .collect::<Result<_, String>>()?;
    if items.len() != description.items.count {
        return Err(format!(
            "it has {} rows, run.json says {}",
            items.len(),
            description.items.count
        ));
    }
    Ok(items)
}
