//! Common Voice: a folder of a language with `clips` and a table for each split.

use std::collections::HashMap;
use std::path::Path;

use phonoscope_analysis::task::Task;

use super::listing::{Listing, Row};
use super::text_files::{Separator, Table, field};
use super::{CorpusKind, Imported, entries, speaker};
use crate::error::Result;

pub(super) const LAYOUT: &str = "cv-corpus/LANGUAGE/{validated.tsv,clips/*.mp3}; train.tsv, dev.tsv and \
    test.tsv give the splits, and the rows where there is no validated.tsv";

const COLUMNS: [&str; 10] = [
    "speaker",
    "sex",
    "gender",
    "age",
    "age_band",
    "accent",
    "locale",
    "split",
    "text",
    "sentence_id",
];

const SPLITS: [&str; 3] = ["train", "dev", "test"];

pub(super) fn import(dir: &Path, task: &Task) -> Result<Imported> {
    let mut listing = Listing::new(CorpusKind::CommonVoice, dir, &COLUMNS);
    if !dir.is_dir() {
        entries(dir)?;
    }
    let clips = dir.join("clips");
    if !clips.is_dir() {
        return Err(listing.other_layout("it has no folder clips"));
    }
    let mut splits = Vec::new();
    for name in SPLITS {
        let file = dir.join(format!("{name}.tsv"));
        if let Some(table) = listing.table(&file, Separator::Tab)? {
            splits.push((name, file, table));
        }
    }
    let mut split_of: HashMap<String, &str> = HashMap::new();
    for (name, _, table) in &splits {
        let path = table.any_of(&["path"]);
        let paths = table.rows.iter().filter_map(|(_, row)| field(row, path));
        split_of.extend(paths.map(|path| (path.to_owned(), *name)));
    }
    let validated_file = dir.join("validated.tsv");
    let tables = match listing.table(&validated_file, Separator::Tab)? {
        Some(table) => vec![(validated_file, table)],
        None => {
            listing.note("validated.tsv was not found: the rows are those of the splits");
            splits
                .into_iter()
                .map(|(_, file, table)| (file, table))
                .collect()
        }
    };
    let rows = tables
        .iter()
        .map(|(_, table)| table.rows.len() as u64)
        .sum();
    task.progress.start("import", "rows", Some(rows));
    let mut banded = false;
    for (file, table) in &tables {
        banded |= add_rows(&mut listing, &clips, file, table, &split_of, task)?;
    }
    task.progress.finish();
    if banded {
        listing.note(speaker::DECADES);
    }
    listing.finish(&["speaker", "sex", "age", "text"])
}

/// Adds the rows of a table; whether any has an age.
fn add_rows(
    listing: &mut Listing<'_>,
    clips: &Path,
    file: &Path,
    table: &Table,
    split_of: &HashMap<String, &str>,
    task: &Task,
) -> Result<bool> {
    let Some(path_column) = table.any_of(&["path"]) else {
        listing.skip_file(file, "it has no column `path`");
        return Ok(false);
    };
    let columns = [
        table.any_of(&["client_id"]),
        table.any_of(&["gender"]),
        table.any_of(&["age"]),
        table.any_of(&["accents", "accent"]),
        table.any_of(&["locale"]),
        table.any_of(&["sentence", "text"]),
        table.any_of(&["sentence_id"]),
    ];
    let mut banded = false;
    for (line, row) in &table.rows {
        task.check()?;
        task.progress.advance(1);
        let Some(path) = field(row, Some(path_column)) else {
            listing.skip_line(file, *line, "`path` is empty");
            continue;
        };
        let [client, gender, age, accent, locale, text, sentence] =
            columns.map(|column| field(row, column));
        let years = age.and_then(|words| {
            let middle = speaker::decade(words).map(str::to_owned);
            banded |= middle.is_some();
            middle.or_else(|| speaker::age(words))
        });
        let id = path.strip_suffix(".mp3").unwrap_or(path);
        // Tables of the first releases name clips without their extension.
        let named = clips.join(path);
        let audio = if named.is_file() {
            named
        } else {
            clips.join(format!("{id}.mp3"))
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let metadata = vec![
            owned(client),
            owned(gender.and_then(speaker::sex)),
            owned(gender),
            years,
            owned(age),
            owned(accent),
            owned(locale),
            owned(split_of.get(path).copied()),
            owned(text),
            owned(sentence),
        ];
        listing.add_line(file, *line, Row::whole(id, audio, metadata));
    }
    Ok(banded)
}
