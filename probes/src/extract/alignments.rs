//! Word and phone times for a run.

use std::collections::BTreeMap;
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
    /// SHA-256 of the bytes.
    sha256: String,
}

/// Endings of files that may hold times, in lower case.
const ENDINGS: [&str; 5] = ["textgrid", "phn", "wrd", "ctm", "tsv"];
/// Folders in folders are entered this deep, as for reading.
const MAX_DEPTH: usize = 16;

impl Alignments {
    /// Those named by the manifest's column `alignment`, or else beside each recording. Which row has
    /// which files, and their bytes, are hashed: a run is of them. A file that cannot be read is left
    /// out, since the row that needs it will be skipped.
    pub fn beside(manifest: &Manifest) -> Self {
        let mut hash = Sha256::new();
        let mut numbers = BTreeMap::new();
        for utterance in &manifest.utterances {
            let files = AlignmentSource::files_beside(utterance, manifest);
            hash.update((files.len() as u64).to_le_bytes());
            for path in files {
                let next = numbers.len();
                let number = *numbers.entry(path.clone()).or_insert(next);
                hash.update((number as u64).to_le_bytes());
                if number == next
                    && let Ok(bytes) = std::fs::read(&path)
                {
                    hash.update((bytes.len() as u64).to_le_bytes());
                    hash.update(bytes);
                }
            }
        }
        Self {
            source: AlignmentSource::beside(),
            name: "beside the recordings, or named by the manifest".into(),
            sha256: digest(hash),
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
            sha256: digest(hash),
        })
    }

    /// SHA-256 of what the times are read from, in lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
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

fn digest(hash: Sha256) -> String {
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
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
