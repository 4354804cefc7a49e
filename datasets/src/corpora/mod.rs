//! Importers: manifests for the folder layouts of known corpora.

mod librispeech;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use phonoscope_analysis::task::Task;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::manifest::Manifest;

/// Corpora whose layout is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CorpusKind {
    /// LibriSpeech: `SPLIT/SPEAKER/CHAPTER/SPEAKER-CHAPTER-NUMBER.flac`.
    LibriSpeech,
}

impl CorpusKind {
    /// Every kind there is.
    pub const ALL: [Self; 1] = [Self::LibriSpeech];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::LibriSpeech => "librispeech",
        }
    }

    /// The layout expected, in words.
    pub fn layout(self) -> &'static str {
        match self {
            Self::LibriSpeech => librispeech::LAYOUT,
        }
    }
}

impl fmt::Display for CorpusKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for CorpusKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| Error::UnknownCorpus {
                name: name.to_owned(),
                hint: format!("known: {}", Self::ALL.map(Self::name).join(", ")),
            })
    }
}

/// A corpus folder as a manifest, and what was left out of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Imported {
    /// The recordings found, in a fixed order. [`crate::Utterance::path`] is relative to the
    /// imported folder and `audio` is absolute: [`Manifest::write`] finds the right path for
    /// wherever the manifest goes.
    pub manifest: Manifest,
    /// Files and lines that could not be used, in a fixed order.
    pub skipped: Vec<Skipped>,
    /// What is missing without anything being wrong with a file, one line each.
    pub notes: Vec<String>,
}

/// A file, or a line of one, that an importer left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The file or folder; lossy where its name is not UTF-8.
    pub path: String,
    /// The line, from 1, when only that was left out.
    pub line: Option<u64>,
    /// Why.
    pub reason: String,
}

impl Skipped {
    fn file(path: &Path, reason: impl Into<String>) -> Self {
        Self {
            path: path.to_string_lossy().into_owned(),
            line: None,
            reason: reason.into(),
        }
    }

    fn line(path: &Path, line: u64, reason: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::file(path, reason)
        }
    }
}

/// Lists the recordings of a corpus. Reads names and text files, no audio.
///
/// # Errors
/// [`Error::Read`] for a folder that cannot be listed, [`Error::Corpus`] for one that has another
/// layout, [`Error::Cancelled`].
pub fn import(kind: CorpusKind, dir: &Path, task: &Task) -> Result<Imported> {
    let dir = std::path::absolute(dir).map_err(|e| Error::read(dir, e))?;
    match kind {
        CorpusKind::LibriSpeech => librispeech::import(&dir, task),
    }
}

/// The entries of a folder, sorted by name; numbers in their numeric order.
fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let listed = std::fs::read_dir(dir).map_err(|e| Error::read(dir, e))?;
    let mut paths = listed
        .map(|entry| Ok(entry.map_err(|e| Error::read(dir, e))?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort_by_cached_key(|path| {
        let name = path.file_name().map(ToOwned::to_owned);
        let number = name
            .as_ref()
            .and_then(|name| name.to_str()?.parse::<u64>().ok());
        (number, name)
    });
    Ok(paths)
}
