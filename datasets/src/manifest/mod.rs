//! Manifests: which recordings a corpus has and what is known about them.
//!
//! A manifest is a TSV (`.tsv`), CSV (`.csv`) or JSON-lines (`.jsonl`, `.ndjson`) file in UTF-8.
//! TSV and CSV begin with a header; a JSON line is an object of text, numbers, booleans and nulls.
//! The column `path` is required and relative to the manifest's folder. `id` must be unique and
//! defaults to the file name without its extension; `start` and `end` are seconds within the
//! recording. `alignment` names a file of word or phone times ([`crate::alignment`]), relative to the
//! manifest's folder like `path`. Every other column is metadata and kept as text, in file order;
//! empty fields and `NA` are missing values.
//!
//! TSV has no quoting. Instead, as in PostgreSQL's text format, a backslash escapes: `\t` is a tab,
//! `\n` a line feed, `\r` a carriage return, `\\` a backslash. A backslash before anything else
//! stands for itself.

mod json_lines;
mod rows;
pub(crate) mod tsv;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result, shown};
use rows::{Fault, Row, Rows};

/// The rows of a corpus. Ids are unique and not empty; every utterance has one metadata value per
/// column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    /// Where relative paths in it start: the folder of the file, or of an imported corpus.
    #[serde(skip)]
    pub folder: PathBuf,
    /// SHA-256 of the file's bytes, in hex; empty for a manifest made in memory.
    pub sha256: String,
    /// Metadata columns in file order: all but `id`, `path`, `start` and `end`.
    pub columns: Vec<String>,
    /// The rows in file order.
    pub utterances: Vec<Utterance>,
}

/// One row of a manifest: a recording or a span of one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Utterance {
    /// Unique name.
    pub id: String,
    /// Where the recording is, as written in the manifest.
    pub path: String,
    /// Where the recording is, resolved against the manifest's folder.
    pub audio: PathBuf,
    /// Start of the span within the recording; its beginning when missing.
    pub start_secs: Option<f64>,
    /// End of the span within the recording; its end when missing.
    pub end_secs: Option<f64>,
    /// Values parallel to [`Manifest::columns`].
    pub metadata: Vec<Option<String>>,
}

impl Utterance {
    /// The metadata value in a column of [`Manifest::column`].
    pub fn value(&self, column: usize) -> Option<&str> {
        self.metadata.get(column)?.as_deref()
    }
}

impl Manifest {
    /// A manifest made in memory; `folder` is where relative paths in it start.
    pub fn new(folder: &Path, columns: Vec<String>, utterances: Vec<Utterance>) -> Self {
        Self {
            folder: folder.to_path_buf(),
            sha256: String::new(),
            columns,
            utterances,
        }
    }

    /// Reads a manifest; the extension of its name says how.
    ///
    /// # Errors
    /// [`Error::Read`], or [`Error::Manifest`] with the line at fault: another extension, text that
    /// is not UTF-8, no `path` column, a row with too many or too few fields, an empty or repeated
    /// id, an empty path, `start` or `end` that is no time or out of order, no rows at all.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| Error::read(path, e))?;
        Self::parse(path, &bytes).map_err(|fault| Error::Manifest {
            path: path.to_path_buf(),
            line: fault.line,
            why: fault.why,
            hint: fault.hint,
        })
    }

    fn parse(path: &Path, bytes: &[u8]) -> std::result::Result<Self, Fault> {
        let text = rows::decode(bytes)?;
        let extension = path
            .extension()
            .map(|e| e.to_string_lossy().to_ascii_lowercase())
            .unwrap_or_default();
        let table = match extension.as_str() {
            "tsv" => tsv::parse(text)?,
            "csv" => rows::parse_csv(text)?,
            "jsonl" | "ndjson" => json_lines::parse(text)?,
            _ => {
                return Err(Fault::whole("its name does not say what it is")
                    .hint("name it .tsv, .csv, .jsonl or .ndjson"));
            }
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut manifest = assemble(table, folder)?;
        manifest.sha256 = hex_sha256(bytes);
        Ok(manifest)
    }

    /// Writes a TSV that reads back as the same utterances: to a temporary file beside it, then
    /// renamed.
    ///
    /// Paths of recordings and alignments are written relative to the new file's folder where they
    /// lie below it, and absolute otherwise, so that they name the same files. Missing values are written `NA`.
    ///
    /// # Errors
    /// [`Error::Write`]; [`Error::Manifest`] for a name that does not end in `.tsv`, for a
    /// path that is not UTF-8 and for rows that do not fit the columns.
    pub fn write(&self, path: &Path) -> Result<()> {
        tsv::write(self, path)
    }

    /// Index of a metadata column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The `speaker` of an utterance of this manifest.
    pub fn speaker<'a>(&self, utterance: &'a Utterance) -> Option<&'a str> {
        utterance.value(self.column("speaker")?)
    }
}

pub(crate) fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The metadata column whose values are paths of alignments.
pub(crate) const ALIGNMENT: &str = "alignment";

/// Columns with a meaning of their own; all others are metadata.
const STRUCTURAL: [&str; 4] = ["id", "path", "start", "end"];

fn assemble(table: Rows, folder: &Path) -> std::result::Result<Manifest, Fault> {
    let find = |name: &str| table.columns.iter().position(|column| column == name);
    let Some(path_column) = find("path") else {
        return Err(table.without_path());
    };
    let (id_column, start, end) = (find("id"), find("start"), find("end"));
    let metadata: Vec<usize> = (0..table.columns.len())
        .filter(|&i| !STRUCTURAL.contains(&table.columns[i].as_str()))
        .collect();
    if table.rows.is_empty() {
        return Err(Fault::whole("it has a header and no rows").hint("list a recording per row"));
    }

    let mut lines_by_id: HashMap<String, u64> = HashMap::with_capacity(table.rows.len());
    let mut utterances = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let path = row
            .value(path_column)
            .filter(|path| !path.trim().is_empty())
            .ok_or_else(|| Fault::at(row.line, "`path` is empty"))?;
        let id = match id_column {
            Some(column) => row.value(column).filter(|id| !id.trim().is_empty()),
            None => Path::new(path).file_stem().and_then(|stem| stem.to_str()),
        };
        let id = id.ok_or_else(|| {
            let why = match id_column {
                Some(_) => "`id` is empty".to_owned(),
                None => format!(
                    "`{}` has no file name to make an id of",
                    shown(path.as_ref())
                ),
            };
            Fault::at(row.line, why)
        })?;
        if let Some(first) = lines_by_id.insert(id.to_owned(), row.line) {
            let why = format!("id `{}` is already on line {first}", shown(id.as_ref()));
            let hint = match id_column {
                Some(_) => "give every row an id of its own",
                None => "add an `id` column: file names repeat",
            };
            return Err(Fault::at(row.line, why).hint(hint));
        }
        let (start_secs, end_secs) = span(row, start, end)?;
        utterances.push(Utterance {
            id: id.to_owned(),
            path: path.to_owned(),
            audio: folder.join(path),
            start_secs,
            end_secs,
            metadata: metadata
                .iter()
                .map(|&column| row.value(column).map(str::to_owned))
                .collect(),
        });
    }
    let columns = metadata
        .iter()
        .map(|&column| table.columns[column].clone())
        .collect();
    Ok(Manifest::new(folder, columns, utterances))
}

type Span = (Option<f64>, Option<f64>);

fn span(row: &Row, start: Option<usize>, end: Option<usize>) -> std::result::Result<Span, Fault> {
    let secs = |column: Option<usize>, name: &str| {
        let Some(text) = column.and_then(|column| row.value(column)) else {
            return Ok(None);
        };
        match text.trim().parse::<f64>() {
            Ok(secs) if secs.is_finite() && secs >= 0.0 => Ok(Some(secs)),
            _ => Err(Fault::at(
                row.line,
                format!("`{name}` is no time in seconds: `{}`", shown(text.as_ref())),
            )
            .hint("write seconds from the start of the recording, such as 1.25")),
        }
    };
    let (start_secs, end_secs) = (secs(start, "start")?, secs(end, "end")?);
    match (start_secs.unwrap_or(0.0), end_secs) {
        (start, Some(end)) if start >= end => Err(Fault::at(
            row.line,
            format!("`start` {start} is not before `end` {end}"),
        )
        .hint("both are seconds from the start of the recording")),
        _ => Ok((start_secs, end_secs)),
    }
}
