//! Synthetic speech with known truth.

use std::path::{Path, PathBuf};

use crate::manifest::tsv::escape;

pub(crate) mod draw;
pub mod emphasis;
pub mod sentences;
pub mod spoken;
pub mod voices;

/// Why synthetic speech was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SynthError {
    /// A setting is outside its range.
    #[error("{what} must be {needed}, found {found}")]
    Setting {
        /// The setting.
        what: &'static str,
        /// The allowed values, in words.
        needed: String,
        /// The value that came.
        found: String,
    },
    /// The output folder holds the manifest of another corpus or of another program.
    #[error("cannot write to {path}: the manifest of another corpus is there")]
    ForeignManifest {
        /// The manifest in the way.
        path: PathBuf,
    },
    /// A file or folder could not be written.
    #[error("cannot write {path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A WAV file could not be encoded.
    #[error("cannot encode {path}: {source}")]
    Wav {
        /// The file.
        path: PathBuf,
        /// What the encoder said.
        source: hound::Error,
    },
    /// Not one recording could be made.
    #[error("nothing could be made: {why}")]
    Nothing {
        /// Why the first one could not.
        why: String,
    },
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl SynthError {
    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::ForeignManifest { .. } => Some("choose a new folder, or delete that one"),
            _ => None,
        }
    }

    /// Whether the user's input, rather than the machine, is at fault.
    pub fn is_input(&self) -> bool {
        matches!(
            self,
            Self::Setting { .. } | Self::ForeignManifest { .. } | Self::Nothing { .. }
        )
    }
}

/// Removes a manifest that this program wrote with these columns, so that an interrupted run leaves
/// none; refuses any other.
pub(crate) fn clear_manifest(
    path: &Path,
    structural: &[&str],
    columns: &[&str],
) -> crate::Result<()> {
    let text = match std::fs::read_to_string(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(crate::Error::read(path, e)),
        Ok(text) => text,
    };
    let header = structural.iter().chain(columns);
    let header: Vec<String> = header.map(|name| escape(name)).collect();
    if text.lines().next() != Some(header.join("\t").as_str()) {
        return Err(SynthError::ForeignManifest {
            path: path.to_owned(),
        }
        .into());
    }
    std::fs::remove_file(path).map_err(|e| crate::Error::write(path, e))
}

/// A file name for an id: itself where it is a plain word, otherwise made one and numbered.
pub(crate) fn file_name(id: &str, index: usize) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !id.is_empty() && !id.starts_with('.') && id.len() < 180 && id.chars().all(plain) {
        return id.to_owned();
    }
    let made: String = id
        .chars()
        .take(100)
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    format!(
        "{}-{index}",
        made.replace("..", "_").trim_start_matches('.')
    )
}
