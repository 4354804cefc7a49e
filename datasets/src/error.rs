//! What can go wrong with manifests, recordings and corpus folders.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// Result of work on a corpus.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a file or folder could not be used. Every message is one line; [`Error::hint`] says what to
/// do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read.
    #[error("cannot read `{}`: {}", shown(path), io_words(source))]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("cannot write `{}`: {}", shown(path), io_words(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The content of a manifest is not what a manifest needs.
    #[error("cannot use manifest `{}`{}: {why}", shown(path), at_line(*line))]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// Line of the file, from 1, where the fault lies on one.
        line: Option<u64>,
        /// The fault.
        why: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A recording could not be turned into samples.
    #[error("cannot use recording `{}`: {fault}", shown(path))]
    Audio {
        /// The recording.
        path: PathBuf,
        /// The fault.
        fault: AudioFault,
    },
    /// A folder does not have the layout of the named corpus.
    #[error("cannot import {corpus} from `{}`: {why}", shown(path))]
    Corpus {
        /// The corpus.
        corpus: String,
        /// The folder.
        path: PathBuf,
        /// The fault.
        why: String,
        /// What to do.
        hint: String,
    },
    /// There is no importer of this name.
    #[error("there is no importer `{}`", one_line(name))]
    UnknownCorpus {
        /// The name given.
        name: String,
        /// The names there are, in words.
        hint: String,
    },
    /// A file of word or phone times could not be used.
    #[error("cannot use alignment `{}`{}: {why}", shown(path), at_line(*line))]
    Alignment {
        /// The file; the recording where the fault lies between the two.
        path: PathBuf,
        /// Line of the file, from 1, where the fault lies on one.
        line: Option<u64>,
        /// The fault.
        why: String,
        /// What to do.
        hint: String,
    },
    /// No word or phone times were found for an utterance.
    #[error("utterance `{}` has no alignment", one_line(id))]
    Unaligned {
        /// The utterance.
        id: String,
        /// Where they were looked for, in words.
        hint: String,
    },
    /// Synthetic speech could not be made.
    #[error(transparent)]
    Synth(#[from] crate::synth::SynthError),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    /// Whether the user's input, rather than the machine, is at fault.
    pub fn is_input(&self) -> bool {
        match self {
            Self::Synth(error) => error.is_input(),
            other => !matches!(other, Self::Write { .. } | Self::Cancelled),
        }
    }

    /// What the user can do about it, where there is something to say.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Read { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Some("check the path"),
                io::ErrorKind::PermissionDenied => Some("check who may read the file"),
                io::ErrorKind::IsADirectory => Some("name a file, not a folder"),
                _ => None,
            },
            Self::Write { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Some("make the folder first"),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Some("choose a folder you may write to")
                }
                io::ErrorKind::StorageFull => Some("make room on the disk"),
                _ => None,
            },
            Self::Manifest { hint, .. } => hint.as_deref(),
            Self::Audio { fault, .. } => fault.hint(),
            Self::Corpus { hint, .. }
            | Self::UnknownCorpus { hint, .. }
            | Self::Alignment { hint, .. }
            | Self::Unaligned { hint, .. } => Some(hint),
            Self::Synth(error) => error.hint(),
            Self::Cancelled => None,
        }
    }

    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            path: path.to_path_buf(),
            source,
        }
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write {
            path: path.to_path_buf(),
            source,
        }
    }

    pub(crate) fn audio(path: &Path, fault: AudioFault) -> Self {
        Self::Audio {
            path: path.to_path_buf(),
            fault,
        }
    }
}

impl From<phonoscope_analysis::Error> for Error {
    /// The only calculation errors that reach this crate come from `Task::check`.
    fn from(_cancelled: phonoscope_analysis::Error) -> Self {
        Self::Cancelled
    }
}

/// Why a recording cannot be used. The words do not repeat its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AudioFault {
    /// There is no such file.
    #[error("no such file")]
    Missing,
    /// The file is there and cannot be read.
    #[error("{words}")]
    Unreadable {
        /// What the system said.
        words: String,
    },
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The bytes are no recording.
    #[error("not a recording: {looks}")]
    NotAudio {
        /// What the bytes look like.
        looks: String,
    },
    /// The bytes are a recording in a format that is not read here.
    #[error("unsupported format: {what}")]
    Unsupported {
        /// The format or the property of it.
        what: String,
    },
    /// The file ends before the recording does.
    #[error("truncated: {what}")]
    Truncated {
        /// How much came of how much.
        what: String,
    },
    /// The bytes contradict themselves.
    #[error("damaged: {what}")]
    Damaged {
        /// The contradiction.
        what: String,
    },
    /// There is nothing to hear.
    #[error("0 samples")]
    NoSamples,
    /// A sample is NaN or infinite.
    #[error("sample {index} is {value}")]
    NotFinite {
        /// Frame of the source, from 0.
        index: usize,
        /// `NaN`, `inf` or `-inf`.
        value: String,
    },
    /// The span asked for is not inside the recording.
    #[error("span {start_secs}–{end_secs} s is not inside its {duration_secs} s")]
    Span {
        /// Start asked for.
        start_secs: String,
        /// End asked for.
        end_secs: String,
        /// Length of the recording.
        duration_secs: String,
    },
}

impl AudioFault {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<&str> {
        Some(match self {
            Self::Missing => {
                "relative paths start at the manifest's folder; is the recording there?"
            }
            Self::Unreadable { .. } => "check who may read the file",
            Self::Empty | Self::Truncated { .. } => "copy or download the file again",
            Self::NotAudio { looks } if looks.contains("Git LFS") => {
                "fetch the recordings with `git lfs pull`"
            }
            Self::NotAudio { .. } => {
                "the file must hold WAV, FLAC, MP3 or Ogg Vorbis, whatever its name"
            }
            Self::Unsupported { .. } => "convert it to WAV or FLAC",
            Self::Damaged { .. } => "copy the file again or convert it anew from its source",
            Self::NoSamples => "record it again or drop it from the manifest",
            Self::NotFinite { .. } => "write it again from its source: samples must be finite",
            Self::Span { .. } => "check `start` and `end` of the utterance, in seconds",
        })
    }
}

fn at_line(line: Option<u64>) -> String {
    line.map(|n| format!(", line {n}")).unwrap_or_default()
}

fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "it is a folder".into(),
        io::ErrorKind::NotADirectory => "a part of the path is not a folder".into(),
        _ => one_line(&error.to_string().to_lowercase()),
    }
}

/// A path for people: lossy where it is not UTF-8, control characters escaped.
pub(crate) fn shown(path: &Path) -> String {
    one_line(&path.to_string_lossy())
}

/// `text` with control characters escaped, so that it stays on one line.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if c.is_control() {
            // Writing to a String cannot fail.
            let _ = write!(out, "{}", c.escape_default());
        } else {
            out.push(c);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_on_one_line_whatever_the_path() {
        let error = Error::audio(Path::new("a\nb\u{1b}[31m.wav"), AudioFault::Missing);
        let words = error.to_string();
        assert_eq!(
            words,
            "cannot use recording `a\\nb\\u{1b}[31m.wav`: no such file"
        );
        assert!(error.hint().is_some());
    }
}
