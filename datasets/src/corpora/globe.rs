//! GLOBE, extracted: recordings, and tables that name them.

use std::path::{Path, PathBuf};

use phonoscope_analysis::task::Task;

use super::listing::{Listing, Row};
use super::recordings::{ByName, locate};
use super::text_files::{Separator, Table, field};
use super::{CorpusKind, Imported, entries, speaker};
use crate::error::Result;

pub(super) const LAYOUT: &str = "GLOBE, extracted from its parquet files: recordings in any folders, and \
    one or more .csv or .tsv at the top with the recording (path, file, audio or \
    common_voice_sentence_id), speaker_id, gender, age, accent, transcript (version 3: \
    predicted_gender, predicted_age, predicted_accent). A table's name is its split";

const COLUMNS: [&str; 8] = [
    "speaker", "sex", "gender", "age", "age_band", "accent", "split", "text",
];

const RECORDING: [&str; 9] = [
    "path",
    "file",
    "audio",
    "filename",
    "file_name",
    "filepath",
    "name",
    "common_voice_sentence_id",
    "id",
];

pub(super) fn import(dir: &Path, task: &Task) -> Result<Imported> {
    let mut listing = Listing::new(CorpusKind::Globe, dir, &COLUMNS);
    let tables: Vec<(PathBuf, Separator)> = entries(dir)?
        .into_iter()
        .filter_map(|path| Separator::of(&path).map(|separator| (path, separator)))
        .collect();
    if tables.is_empty() {
        return Err(listing.other_layout("there is no .csv or .tsv in it"));
    }
    let all = ByName::below(dir)?;
    task.progress
        .start("import", "tables", Some(tables.len() as u64));
    let mut banded = false;
    for (file, separator) in &tables {
        task.check()?;
        if let Some(table) = listing.table(file, *separator)? {
            banded |= add_rows(&mut listing, file, &table, &all, task)?;
        }
        task.progress.advance(1);
    }
    task.progress.finish();
    if banded {
        listing.note(speaker::DECADES);
    }
    listing.finish(&["speaker", "sex", "age", "accent", "text"])
}

/// Adds the rows of a table; whether any has an age in words.
fn add_rows(
    listing: &mut Listing<'_>,
    file: &Path,
    table: &Table,
    all: &ByName,
    task: &Task,
) -> Result<bool> {
    let Some(recording) = table.any_of(&RECORDING) else {
        listing.skip_file(file, "no column names the recordings");
        return Ok(false);
    };
    let columns = [
        table.any_of(&["speaker_id", "speaker"]),
        table.any_of(&["gender", "predicted_gender", "sex"]),
        table.any_of(&["age", "predicted_age"]),
        table.any_of(&["accent", "predicted_accent"]),
        table.any_of(&["transcript", "text", "sentence"]),
    ];
    let split = file.file_stem().and_then(|stem| stem.to_str());
    let dir = listing.dir;
    let mut roots = vec![dir];
    let of_split = split.map(|split| dir.join(split));
    roots.extend(of_split.as_deref());
    let mut banded = false;
    for (line, row) in &table.rows {
        task.check()?;
        let Some(written) = field(row, Some(recording)) else {
            listing.skip_line(file, *line, "it names no recording");
            continue;
        };
        let audio = match locate(written, &roots, all) {
            Ok(audio) => audio,
            Err(reason) => {
                listing.skip_line(file, *line, reason);
                continue;
            }
        };
        let [person, gender, age, accent, text] = columns.map(|column| field(row, column));
        let decade = age.and_then(speaker::decade).map(str::to_owned);
        banded |= decade.is_some();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let metadata = vec![
            owned(person),
            owned(gender.and_then(speaker::sex)),
            owned(gender),
            decade.or_else(|| age.and_then(speaker::age)),
            owned(age),
            owned(accent),
            owned(split),
            owned(text),
        ];
        let id = audio
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        let row = Row::whole(id.unwrap_or_default(), audio, metadata);
        listing.add_line(file, *line, row);
    }
    Ok(banded)
}
