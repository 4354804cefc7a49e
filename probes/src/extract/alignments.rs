//! Word and phone times for a run.

use std::path::Path;

use phonoscope_datasets::alignment::{self, AlignmentSource, Level};
use phonoscope_datasets::{Manifest, Utterance};
use sha2::{Digest as _, Sha256};

use super::spans::Span;
use crate::error::{Error, Result};

/// Word and phone times, and where they were read from.
#[derive(Debug)]
pub struct Alignments {
    source: AlignmentSource,
    /// Name of the file or folder, for the record.
    pub(super) name: String,
    /// SHA-256 of the bytes, where they are one file or folder.
    pub(super) sha256: Option<String>,
}

/// Endings of files that may hold times, in lower case.
const ENDINGS: [&str; 5] = ["textgrid", "phn", "wrd", "ctm", "tsv"];
/// Folders in folders are entered this deep, as for reading.
const MAX_DEPTH: usize = 16;

impl Alignments {
    /// Those named by the manifest's column `alignment`, or else beside each recording. Their bytes
    /// are not part of what identifies a run.
    pub fn beside() -> Self {
        Self {
            source: AlignmentSource::beside(),
            name: "beside the recordings, or named by the manifest".into(),
            sha256: None,
        }
    }

    /// A file of many alignments, or a folder of files. Their bytes are hashed: a run is of them.
    ///
    /// # Errors
    /// When they cannot be read, or there are none.
    pub fn open(path: &Path) -> Result<Self> {
        let source = AlignmentSource::open(path)?;
        let mut hash = Sha256::new();
        if path.is_dir() {
            hash_folder(path, 0, &mut hash)?;
        } else {
            hash_file(path, &mut hash)?;
        }
        let name = path.file_name().unwrap_or(path.as_os_str());
        Ok(Self {
            source,
            name: name.to_string_lossy().into_owned(),
            sha256: Some(hash.finalize().iter().map(|b| format!("{b:02x}")).collect()),
        })
    }

    /// The words or phones of an utterance of this length; silence is none.
    pub(super) fn spans(
        &self,
        utterance: &Utterance,
        manifest: &Manifest,
        level: Level,
        duration_secs: f64,
    ) -> Result<Vec<Span>> {
        let found = alignment::spans(utterance, manifest, &self.source, level)?;
        let fitted = alignment::fit(utterance, found, duration_secs)?.spans;
        let heard = fitted.into_iter().filter(|span| !span.silent);
        Ok(heard
            .map(|span| Span {
                label: Some(span.label),
                start_secs: span.start_secs,
                end_secs: span.end_secs,
            })
            .collect())
    }
}

/// Adds a file's bytes.
fn hash_file(path: &Path, hash: &mut Sha256) -> Result<()> {
    hash.update(std::fs::read(path).map_err(Error::io("read", path))?);
    Ok(())
}

/// Adds names and bytes of the files in a folder, in order of name.
fn hash_folder(folder: &Path, depth: usize, hash: &mut Sha256) -> Result<()> {
    let fail = Error::io("list", folder);
    let read = std::fs::read_dir(folder).and_then(|d| d.collect::<std::io::Result<Vec<_>>>());
    let mut entries = read.map_err(fail)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for path in entries.into_iter().map(|e| e.path()) {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        if path.is_dir() && depth < MAX_DEPTH {
            hash_folder(&path, depth + 1, hash)?;
        } else if path.is_file() && ending.is_some_and(|e| ENDINGS.contains(&e.as_str())) {
            let name = path.file_name().unwrap_or_default();
            hash.update(name.as_encoded_bytes());
            hash_file(&path, hash)?;
        }
    }
    Ok(())
}
