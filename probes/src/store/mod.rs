//! The activation store: a run folder of safetensors shards, an item list and a description.
//!
//! ```text
//! RUN/run.json                       what, with which, from what
//! RUN/activations-00000.safetensors  one tensor [row, dim] a tap, and the item numbers
//! RUN/items.tsv                      every utterance or span of one: used, or skipped and why
//! RUN/trust.json                     what was measured about the run
//! ```
//!
//! A row is an utterance of the manifest, or a word, phone or segment of one. Shard `k` holds the items `k·S … (k+1)·S − 1` of the manifest, so its bytes depend on nothing but
//! those items: an interrupted run continues with the missing shards and ends with the same bytes.

mod description;
mod items;
mod reader;
mod shard;

pub use description::{Embedding, ItemSource, RunDescription, SCHEMA, SpanSource, TwinUsed};
pub use reader::{ItemSpan, Run, RunItem};
pub use shard::{Cause, ItemRecord, Outcome, Shard, SpanRecord, TapValues};

pub(crate) use items::write_items;
pub(crate) use reader::{read_description, read_trust, shard_count};

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// Ending of files that are still being written; leftovers are removed when a run is continued.
pub(crate) const PARTIAL: &str = ".partial";

/// Writes a file whole or not at all, and makes sure that it is on disk.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = |file: &mut File| file.write_all(bytes);
    write_atomic_with(path, |file| write(file).map_err(Error::io("write", path)))
}

/// The same for content that `write` makes as it goes; its errors are passed on.
///
/// # Errors
/// Those of `write`, and when the folder cannot be written.
pub fn write_atomic_with<E: From<Error>>(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let fail = |source: std::io::Error| Error::Io {
        action: "write",
        path: path.into(),
        // The temporary file's name, which the library adds, is nobody's business.
        source: source.kind().into(),
    };
    // Pipes, terminals and devices are written to; only files are replaced.
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            return Err(fail(std::io::ErrorKind::IsADirectory.into()).into());
        }
        Ok(found) if !found.is_file() => {
            let mut file = File::options().write(true).open(path).map_err(fail)?;
            return write(&mut file);
        }
        _ => {}
    }
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let mut file = new_file(folder).map_err(fail)?;
    write(file.as_file_mut())?;
    file.as_file().sync_all().map_err(fail)?;
    file.persist(path).map_err(|e| fail(e.error))?;
    Ok(())
}

/// Temporary files are private; results are as readable as the user's settings let any new file be.
fn new_file(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.suffix(PARTIAL);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// SHA-256 in hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            hex.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            hex.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
            hex
        })
}
