//! The text files that corpora come with.

use std::collections::BTreeMap;
use std::path::Path;

use super::listing::Listing;
use crate::error::{Error, Result, one_line};

impl Listing<'_> {
    /// The lines of a text file that are UTF-8 and not blank, trimmed, numbered from 1; none if
    /// there is no such file.
    pub(super) fn lines(&mut self, file: &Path) -> Result<Option<Vec<(u64, String)>>> {
        let lines = self.raw_lines(file)?;
        let trimmed = |(number, line): (u64, String)| (number, line.trim().to_owned());
        Ok(lines.map(|lines| lines.into_iter().map(trimmed).collect()))
    }

    /// As [`Self::lines`], only line ends taken off.
    fn raw_lines(&mut self, file: &Path) -> Result<Option<Vec<(u64, String)>>> {
        let Some(bytes) = contents(file)? else {
            return Ok(None);
        };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let mut lines = Vec::new();
        for (number, line) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
            match std::str::from_utf8(line) {
                Ok(line) if line.trim().is_empty() => {}
                Ok(line) => lines.push((number, line.trim_end_matches('\r').to_owned())),
                Err(_) => self.skip_line(file, number, "it is not UTF-8"),
            }
        }
        Ok(Some(lines))
    }

    /// `key value` lines, split at the first blank; later lines of a key that is there are skipped.
    pub(super) fn keyed(&mut self, file: &Path) -> Result<Option<BTreeMap<String, Keyed>>> {
        let Some(lines) = self.lines(file)? else {
            return Ok(None);
        };
        let mut found: BTreeMap<String, Keyed> = BTreeMap::new();
        for (line, text) in lines {
            let Some((key, value)) = text.split_once(char::is_whitespace) else {
                self.skip_line(file, line, "not `name value`");
                continue;
            };
            if found.contains_key(key) {
                let reason = format!("`{}` is there already", one_line(key));
                self.skip_line(file, line, reason);
                continue;
            }
            let value = value.trim().to_owned();
            found.insert(key.to_owned(), Keyed { line, value });
        }
        Ok(Some(found))
    }

    /// The rows of a table with a header; rows with another number of fields are skipped.
    pub(super) fn table(&mut self, file: &Path, separator: Separator) -> Result<Option<Table>> {
        let Some(bytes) = contents(file)? else {
            return Ok(None);
        };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let mut reader = csv::ReaderBuilder::new();
        reader.has_headers(false).flexible(true);
        if separator == Separator::Tab {
            reader.delimiter(b'\t').quoting(false);
        }
        let mut table: Option<Table> = None;
        for record in reader.from_reader(bytes).byte_records() {
            let record = record.map_err(|e| Error::read(file, e.into()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let Ok(record) = csv::StringRecord::from_byte_record(record) else {
                self.skip_line(file, line, "it is not UTF-8");
                continue;
            };
            let fields: Vec<String> = record.iter().map(|f| f.trim().to_owned()).collect();
            match &mut table {
                None => {
                    table = Some(Table {
                        columns: fields,
                        rows: Vec::new(),
                    });
                }
                Some(table) if fields.len() == table.columns.len() => {
                    table.rows.push((line, fields));
                }
                Some(table) => {
                    let (found, expected) = (fields.len(), table.columns.len());
                    let reason = format!("{found} fields under a header of {expected}");
                    self.skip_line(file, line, reason);
                }
            }
        }
        Ok(table)
    }
}

/// The value of a key, and its line.
pub(super) struct Keyed {
    pub(super) line: u64,
    pub(super) value: String,
}

/// What stands between the fields of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// Tabs; nothing is quoted.
    Tab,
    /// Commas; fields may be quoted.
    Comma,
}

impl Separator {
    /// By the extension of the file.
    pub(super) fn of(file: &Path) -> Option<Self> {
        let extension = file.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "tsv" | "tab" => Some(Self::Tab),
            "csv" => Some(Self::Comma),
            _ => None,
        }
    }
}

/// A table with a header; every row has a field for each column.
pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<(u64, Vec<String>)>,
}

impl Table {
    /// Index of the first of these columns that is there, whatever the case of its name.
    pub(super) fn any_of(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| {
            let same = |column: &String| column.eq_ignore_ascii_case(name);
            self.columns.iter().position(same)
        })
    }
}

/// The field of a row, unless it is missing.
pub(super) fn field(fields: &[String], column: Option<usize>) -> Option<&str> {
    fields.get(column?).map(|text| text.trim()).filter(|text| {
        !text.is_empty() && !["na", "nan", "none"].contains(&text.to_lowercase().as_str())
    })
}

/// The bytes of a file; none if there is no such file.
pub(super) fn contents(file: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::read(file, e)),
    }
}
