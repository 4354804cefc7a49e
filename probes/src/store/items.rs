//! `items.tsv`: every row of a run, and what became of it.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use phonoscope_datasets::{Manifest, Utterance};

use super::reader::shard_count;
use super::shard::records;
use super::{Cause, ItemRecord, ItemSpan, Outcome, RunDescription, RunItem, write_atomic_with};
use crate::error::{Error, Result};
use crate::extract::SpanKind;

/// First columns, before the metadata.
const LEADING: [&str; 6] = [
    "id",
    "path",
    "item_status",
    "item_reason",
    "duration_secs",
    "audio_sha256",
];

/// What follows them in a run of spans.
const OF_SPANS: [&str; 4] = ["parent", "span_label", "span_start_secs", "span_end_secs"];

fn header(description: &RunDescription) -> Vec<&str> {
    let spans = OF_SPANS.iter().filter(|_| description.spans.is_some());
    let columns = description.items.columns.iter().map(String::as_str);
    LEADING
        .iter()
        .chain(spans)
        .copied()
        .chain(columns)
        .collect()
}

/// Writes `items.tsv` from the shards, which makes the run a finished one. Holds one shard's items at
/// a time.
pub(crate) fn write_items(
    run: &Path,
    description: &RunDescription,
    manifest: &Manifest,
) -> Result<()> {
    let path = run.join("items.tsv");
    let key = description.fingerprint();
    write_atomic_with(&path, |file| {
        let mut out = BufWriter::new(file);
        let line = |cells: &[&str]| {
            let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
            cells.join("\t") + "\n"
        };
        let mut put = |text: String| out.write_all(text.as_bytes());
        put(line(&header(description))).map_err(Error::io("write", &path))?;
        for number in 0..shard_count(description) {
            for record in records(run, number, &key)? {
                let Some(utterance) = manifest.utterances.get(record.index) else {
                    continue;
                };
                for cells in rows(description, &record, utterance) {
                    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
                    put(line(&cells)).map_err(Error::io("write", &path))?;
                }
            }
        }
        out.flush().map_err(Error::io("write", &path))
    })
}

/// The rows of one item.
fn rows(
    description: &RunDescription,
    record: &ItemRecord,
    utterance: &Utterance,
) -> Vec<Vec<String>> {
    let row = |id: String, skipped: Option<&str>, of_span: [String; 4]| {
        let (duration, hash) = match &record.outcome {
            Outcome::Used {
                duration_secs,
                audio_sha256,
                ..
            } => (duration_secs.to_string(), audio_sha256.clone()),
            Outcome::Skipped { .. } => Default::default(),
        };
        let status = if skipped.is_some() { "skipped" } else { "used" };
        let leading = [
            id,
            utterance.path.clone(),
            status.to_owned(),
            skipped.unwrap_or_default().to_owned(),
            duration,
            hash,
        ];
        let of_span = of_span.into_iter().filter(|_| description.spans.is_some());
        let metadata = utterance.metadata.iter();
        let metadata = metadata.map(|v| v.clone().unwrap_or_default());
        leading.into_iter().chain(of_span).chain(metadata).collect()
    };
    let segments = description.spans.as_ref().map(|s| s.kind) == Some(SpanKind::Segment);
    let parent = if segments {
        &utterance.path
    } else {
        &utterance.id
    };
    match &record.outcome {
        Outcome::Skipped { reason, .. } => {
            let of_span = [parent.clone(), String::new(), String::new(), String::new()];
            vec![row(utterance.id.clone(), Some(reason), of_span)]
        }
        Outcome::Used { spans, .. } if spans.is_empty() => {
            vec![row(utterance.id.clone(), None, Default::default())]
        }
        Outcome::Used { spans, .. } => spans
            .iter()
            .enumerate()
            .map(|(number, span)| {
                let of_span = [
                    parent.clone(),
                    span.label.clone().unwrap_or_default(),
                    span.start_secs.to_string(),
                    span.end_secs.to_string(),
                ];
                let id = if segments {
                    utterance.id.clone()
                } else {
                    format!("{}#{number}", utterance.id)
                };
                row(id, span.skipped.as_deref(), of_span)
            })
            .collect(),
    }
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

pub(super) fn parse(text: &str, description: &RunDescription) -> Result<Vec<RunItem>, String> {
    let mut lines = text.split('\n').filter(|l| !l.is_empty());
    let found: Vec<String> = lines
        .next()
        .ok_or("it is empty")?
        .split('\t')
        .map(unescape)
        .collect();
    if found != header(description) {
        return Err("its header does not fit run.json".into());
    }
    let items: Vec<RunItem> = (2..)
        .zip(lines)
        .map(|(number, line)| {
            let cells: Vec<String> = line.split('\t').map(unescape).collect();
            if cells.len() != found.len() {
                return Err(format!("line {number} has {} cells", cells.len()));
            }
            item(&cells, description).map_err(|why| format!("line {number}: {why}"))
        })
        .collect::<Result<_, String>>()?;
    if description.spans.is_none() && items.len() != description.items.count {
        return Err(format!(
            "it has {} rows, run.json says {}",
            items.len(),
            description.items.count
        ));
    }
    Ok(items)
}

fn item(cells: &[String], description: &RunDescription) -> Result<RunItem, String> {
    let short = || "too few cells".to_owned();
    let (leading, rest) = cells.split_first_chunk::<6>().ok_or_else(short)?;
    let (span, metadata) = match (&description.spans, rest.split_first_chunk::<4>()) {
        (None, _) => (None, rest),
        (Some(_), Some((cells, metadata))) => (Some(span(cells)?), metadata),
        (Some(_), None) => return Err(short()),
    };
    let [id, path, status, reason, duration, hash] = leading;
    let outcome = match status.as_str() {
        "used" => Outcome::Used {
            duration_secs: duration
                .parse()
                .map_err(|e| format!("duration_secs: {e}"))?,
            audio_sha256: hash.clone(),
            spans: vec![],
        },
        "skipped" => Outcome::Skipped {
            reason: reason.clone(),
            cause: Cause::Recording,
        },
        other => return Err(format!("status `{other}`")),
    };
    Ok(RunItem {
        id: id.clone(),
        path: path.clone(),
        outcome,
        metadata: metadata.iter().map(|v| given(v)).collect(),
        span,
    })
}

fn given(cell: &str) -> Option<String> {
    (!cell.is_empty()).then(|| cell.to_owned())
}

fn span([parent, label, start, end]: &[String; 4]) -> Result<ItemSpan, String> {
    let secs = |text: &str, name: &str| {
        let secs = given(text).map(|text| text.parse::<f64>());
        secs.transpose().map_err(|e| format!("{name}: {e}"))
    };
    Ok(ItemSpan {
        parent: parent.clone(),
        label: given(label),
        start_secs: secs(start, "span_start_secs")?,
        end_secs: secs(end, "span_end_secs")?,
    })
}
