//! Any table with a header, whose columns may go by other names than a manifest's.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use phonoscope_analysis::task::Task;

use super::listing::{Listing, Row, other_layout};
use super::text_files::{Separator, Table, field};
use super::{CorpusKind, ImportSettings, Imported, entries, speaker};
use crate::error::{Result, one_line};

pub(super) const LAYOUT: &str = "a .csv or .tsv, or a folder with one, whose header names the recordings \
    (file, path, filename, audio, wav …) and as far as known speaker, gender, age, start, end, label \
    and anything else. Relative files start at the table's folder, or at --root";

/// Our name of a column, and what it may be called.
const ALIASES: [(&str, &[&str]); 8] = [
    (
        "path",
        &[
            "path",
            "file",
            "filename",
            "file_name",
            "filepath",
            "file_path",
            "audio",
            "audio_path",
            "wav",
        ],
    ),
    ("id", &["id", "utt", "utt_id", "utterance", "utterance_id"]),
    (
        "start",
        &[
            "start",
            "start_secs",
            "start_time",
            "begin",
            "onset",
            "xmin",
            "tmin",
        ],
    ),
    (
        "end",
        &[
            "end", "end_secs", "end_time", "stop", "offset", "xmax", "tmax",
        ],
    ),
    (
        "speaker",
        &["speaker", "speaker_id", "spk", "spk_id", "client_id"],
    ),
    ("sex", &["sex", "gender"]),
    ("age", &["age"]),
    ("text", &["text", "transcript", "transcription", "sentence"]),
];

pub(super) fn import(place: &Path, settings: &ImportSettings, task: &Task) -> Result<Imported> {
    let (file, separator) = table_file(place)?;
    let folder = file.parent().unwrap_or(place).to_path_buf();
    let mut reader = Listing::new(CorpusKind::Table, &folder, &[] as &[&str]);
    let Some(table) = reader.table(&file, separator)? else {
        return Err(reader.other_layout("the table is empty"));
    };
    let at = |name: &str| {
        let names = ALIASES.iter().find(|(own, _)| *own == name);
        names.and_then(|(_, names)| table.any_of(names))
    };
    let Some(path_at) = at("path") else {
        let found: Vec<String> = table
            .columns
            .iter()
            .map(|c| format!("`{}`", one_line(c)))
            .collect();
        let why = format!("no column names the recordings; found {}", found.join(", "));
        return Err(reader.other_layout(&why));
    };
    let structural = [Some(path_at), at("id"), at("start"), at("end")];
    let columns = metadata_columns(&table, &structural);
    let (sex_at, age_at) = (at("sex"), at("age"));
    let names: Vec<&str> = columns.iter().map(|(_, name)| name.as_str()).collect();
    let mut listing = Listing::new(CorpusKind::Table, &folder, &names);
    listing.take_skipped(reader);
    let root = settings.root.as_deref().unwrap_or(&folder);

    // Without ids, spans of one recording are numbered.
    let mut rows_of: HashMap<&str, usize> = HashMap::new();
    for (_, fields) in &table.rows {
        *rows_of
            .entry(field(fields, Some(path_at)).unwrap_or_default())
            .or_default() += 1;
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    task.progress
        .start("import", "rows", Some(table.rows.len() as u64));
    for (line, fields) in &table.rows {
        task.check()?;
        task.progress.advance(1);
        let Some(written) = field(fields, Some(path_at)) else {
            listing.skip_line(&file, *line, "it names no recording");
            continue;
        };
        let (start_secs, end_secs) = match span(fields, at("start"), at("end")) {
            Ok(span) => span,
            Err(reason) => {
                listing.skip_line(&file, *line, reason);
                continue;
            }
        };
        let number = seen.entry(written).or_default();
        *number += 1;
        let stem = Path::new(written)
            .file_stem()
            .map(|s| s.to_string_lossy().into_owned());
        let id = match (field(fields, at("id")), stem) {
            (Some(id), _) => id.to_owned(),
            (None, Some(stem)) if rows_of.get(written).is_some_and(|&n| n > 1) => {
                format!("{stem}-{number}")
            }
            (None, stem) => stem.unwrap_or_default(),
        };
        let value = |column: usize| {
            let text = field(fields, Some(column))?;
            match Some(column) {
                c if c == sex_at => speaker::sex(text).map(str::to_owned),
                c if c == age_at => speaker::age(text),
                _ => Some(text.to_owned()),
            }
        };
        let row = Row {
            id,
            audio: root.join(written),
            start_secs,
            end_secs,
            metadata: columns.iter().map(|&(column, _)| value(column)).collect(),
        };
        listing.add_line(&file, *line, row);
    }
    task.progress.finish();
    let lost = |column: Option<usize>, is_known: fn(&str) -> bool| {
        let values = table.rows.iter().filter_map(|(_, row)| field(row, column));
        values.filter(|words| !is_known(words)).count()
    };
    let ages = lost(age_at, |words| speaker::age(words).is_some());
    if ages > 0 {
        listing.note(format!("{ages} ages are no numbers of years: left empty"));
    }
    let sexes = lost(sex_at, |words| speaker::sex(words).is_some());
    if sexes > 0 {
        listing.note(format!(
            "{sexes} sexes are neither female nor male: left empty"
        ));
    }
    listing.finish(&["speaker", "sex"])
}

/// The table at `place`, or the only one in it.
fn table_file(place: &Path) -> Result<(PathBuf, Separator)> {
    if !place.is_dir()
        && let Some(separator) = Separator::of(place)
    {
        // One that is not there is told by its own name.
        std::fs::metadata(place).map_err(|e| crate::Error::read(place, e))?;
        return Ok((place.to_path_buf(), separator));
    }
    let mut tables: Vec<(PathBuf, Separator)> = entries(place)?
        .into_iter()
        .filter_map(|path| Separator::of(&path).map(|separator| (path, separator)))
        .collect();
    match (tables.pop(), tables.len()) {
        (Some(table), 0) => Ok(table),
        (Some(_), more) => {
            let why = format!("it holds {} tables: name one", more + 1);
            Err(other_layout(CorpusKind::Table, place, &why))
        }
        (None, _) => Err(other_layout(
            CorpusKind::Table,
            place,
            "there is no .csv or .tsv in it",
        )),
    }
}

/// Columns that are metadata, under our names where we have one that is free.
fn metadata_columns(table: &Table, structural: &[Option<usize>]) -> Vec<(usize, String)> {
    let mut columns: Vec<(usize, String)> = Vec::new();
    for (index, written) in table.columns.iter().enumerate() {
        if structural.contains(&Some(index)) || written.is_empty() {
            continue;
        }
        let own = ALIASES
            .iter()
            .find(|(_, names)| table.any_of(names) == Some(index))
            .map_or(written.as_str(), |(own, _)| own);
        let taken = |name: &str| {
            columns.iter().any(|(_, other)| other == name)
                || ["id", "path", "start", "end"].contains(&name)
        };
        let mut name = own.to_owned();
        while taken(&name) {
            name.push('_');
        }
        columns.push((index, name));
    }
    columns
}

type Span = (Option<f64>, Option<f64>);

fn span(fields: &[String], start: Option<usize>, end: Option<usize>) -> Result<Span, String> {
    let secs = |column| {
        let Some(text) = field(fields, column) else {
            return Ok(None);
        };
        match text.parse::<f64>() {
            Ok(secs) if secs.is_finite() && secs >= 0.0 => Ok(Some(secs)),
            _ => Err(format!("`{}` is no time in seconds", one_line(text))),
        }
    };
    match (secs(start)?, secs(end)?) {
        (start, Some(end)) if start.unwrap_or(0.0) >= end => {
            Err(format!("{} to {end} s is no span", start.unwrap_or(0.0)))
        }
        span => Ok(span),
    }
}
