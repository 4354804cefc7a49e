//! The rows of a corpus as an importer finds them, and what it leaves out.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{CorpusKind, Imported, Skipped};
use crate::error::{Error, Result, one_line};
use crate::manifest::{Manifest, Utterance};

/// The rows of a corpus as they are found.
pub(super) struct Listing<'a> {
    kind: CorpusKind,
    pub(super) dir: &'a Path,
    columns: Vec<String>,
    utterances: Vec<Utterance>,
    skipped: Vec<Skipped>,
    notes: Vec<String>,
    /// Recording of each id.
    taken: HashMap<String, PathBuf>,
}

/// A row before it is accepted.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) audio: PathBuf,
    pub(super) start_secs: Option<f64>,
    pub(super) end_secs: Option<f64>,
    /// Parallel to the columns of the listing.
    pub(super) metadata: Vec<Option<String>>,
}

impl Row {
    pub(super) fn whole(
        id: impl Into<String>,
        audio: PathBuf,
        metadata: Vec<Option<String>>,
    ) -> Self {
        Self {
            id: id.into(),
            audio,
            start_secs: None,
            end_secs: None,
            metadata,
        }
    }
}

impl<'a> Listing<'a> {
    pub(super) fn new<S: ToString>(kind: CorpusKind, dir: &'a Path, columns: &[S]) -> Self {
        Self {
            kind,
            dir,
            columns: columns.iter().map(ToString::to_string).collect(),
            utterances: Vec::new(),
            skipped: Vec::new(),
            notes: Vec::new(),
            taken: HashMap::new(),
        }
    }

    /// Adds a row whose recording was seen in a folder.
    pub(super) fn add(&mut self, row: Row) {
        if let Err(reason) = self.accept(row.id.clone(), &row) {
            self.skip_file(&row.audio, reason);
        }
    }

    /// Adds a row that a line of a text file names; its recording must be there.
    pub(super) fn add_line(&mut self, file: &Path, line: u64, row: Row) {
        let accepted = if row.audio.is_file() {
            self.accept(row.id.clone(), &row)
        } else {
            Err(format!(
                "there is no recording `{}`",
                self.shown(&row.audio)
            ))
        };
        if let Err(reason) = accepted {
            self.skip_line(file, line, reason);
        }
    }

    fn accept(&mut self, id: String, row: &Row) -> Result<(), String> {
        let relative = row.audio.strip_prefix(self.dir).unwrap_or(&row.audio);
        let Some(path) = relative.to_str() else {
            return Err("its name is not UTF-8".to_owned());
        };
        if id.trim().is_empty() {
            return Err("it has no name".to_owned());
        }
        if let Some(first) = self.taken.get(&id) {
            let first = self.shown(first);
            return Err(format!("id `{}` is taken by `{first}`", one_line(&id)));
        }
        self.taken.insert(id.clone(), row.audio.clone());
        self.utterances.push(Utterance {
            id,
            path: path.to_owned(),
            audio: row.audio.clone(),
            start_secs: row.start_secs,
            end_secs: row.end_secs,
            metadata: row.metadata.clone(),
        });
        Ok(())
    }

    fn shown(&self, path: &Path) -> String {
        let path = path.strip_prefix(self.dir).unwrap_or(path);
        crate::error::shown(path)
    }

    pub(super) fn skip_file(&mut self, path: &Path, reason: impl Into<String>) {
        self.skipped.push(Skipped::file(path, reason));
    }

    pub(super) fn skip_line(&mut self, path: &Path, line: u64, reason: impl Into<String>) {
        self.skipped.push(Skipped::line(path, line, reason));
    }

    /// Takes over what another listing had to skip.
    pub(super) fn take_skipped(&mut self, other: Listing<'_>) {
        self.skipped.extend(other.skipped);
    }

    pub(super) fn note(&mut self, words: impl Into<String>) {
        self.notes.push(words.into());
    }

    /// The folder has another layout.
    pub(super) fn other_layout(&self, why: &str) -> Error {
        other_layout(self.kind, self.dir, why)
    }

    /// The corpus, with a note for each of `wanted` that rows lack.
    pub(super) fn finish(mut self, wanted: &[&str]) -> Result<Imported> {
        if self.utterances.is_empty() {
            let why = match self.skipped.first() {
                Some(first) => format!(
                    "none of its {} entries can be used; the first: {}",
                    self.skipped.len(),
                    first.reason
                ),
                None => "it holds no recording in that layout".to_owned(),
            };
            return Err(self.other_layout(&why));
        }
        let all = self.utterances.len();
        for name in wanted {
            let column = self.columns.iter().position(|column| column == name);
            let missing = self
                .utterances
                .iter()
                .filter(|u| column.is_none_or(|column| u.value(column).is_none()))
                .count();
            if missing == all {
                self.notes.push(format!("`{name}` is missing"));
            } else if missing > 0 {
                let words = format!("`{name}` is missing for {missing} of {all} utterances");
                self.notes.push(words);
            }
        }
        Ok(Imported {
            manifest: Manifest::new(self.dir, self.columns, self.utterances),
            skipped: self.skipped,
            notes: self.notes,
        })
    }
}
pub(super) fn other_layout(kind: CorpusKind, dir: &Path, why: &str) -> Error {
    Error::Corpus {
        corpus: kind.title().to_owned(),
        path: dir.to_path_buf(),
        why: why.to_owned(),
        hint: format!("expected {}", kind.layout()),
    }
}
