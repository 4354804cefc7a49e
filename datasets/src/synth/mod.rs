//! Synthetic speech with known truth.

use std::path::PathBuf;

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
    /// The output folder holds the manifest of other voices or of another program.
    #[error("cannot write voices to {path}: the manifest of other voices is there")]
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
    #[error("nothing could be spoken: {why}")]
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
        matches!(self, Self::Setting { .. } | Self::ForeignManifest { .. })
    }
}
