//! What can go wrong with models, in words for the person at the keyboard.

use std::io;
use std::path::{Path, PathBuf};

/// What messages call a graph of which only the bytes are known.
pub(crate) const UNNAMED: &str = "the graph";

/// Why a model could not be found, fetched, read, built or run.
///
/// Variants differ by what can be done about them. A message is one line: what failed, on which
/// thing, why; [`Error::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No catalogue entry has this name and no file has this path.
    #[error("unknown model `{name}`")]
    UnknownModel {
        /// The name as given.
        name: String,
        /// Names of the catalogue, nearest first.
        near: Vec<String>,
    },
    /// It cannot be told how samples become the input of a user's own file.
    #[error("cannot tell what {what} is fed: {why}")]
    NoFrontEnd {
        /// The file.
        what: String,
        /// What is not understood, with the inputs of the graph.
        why: String,
    },
    /// A card beside a model is not one, or does not fit the model.
    #[error("{card}: {why}")]
    Card {
        /// The card, with the line where it is known.
        card: String,
        /// What is wrong.
        why: String,
    },
    /// The graph has no tensor of this name.
    #[error("cannot tap `{name}`: {model} has no such tensor")]
    UnknownTensor {
        /// The name as given.
        name: String,
        /// The model that was asked.
        model: String,
        /// Some of the names that it has, nearest first.
        near: Vec<String>,
    },
    /// A value of the graph cannot be read, pooled or changed, or an edit of the graph is not
    /// possible.
    #[error("cannot {action} `{name}`: {why}")]
    Surgery {
        /// The verb: `tap`, `pool`, `change`.
        action: &'static str,
        /// The value.
        name: String,
        /// Why not.
        why: String,
        /// What to do about it, where something can be done.
        how: Option<String>,
    },
    /// A file that holds weights of a graph cannot be used.
    #[error("cannot take weights from `{file}`: {why}")]
    External {
        /// The file, as the graph names it.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file that should hold an ONNX model does not.
    #[error("{what} is not an ONNX model: {why}")]
    NotOnnx {
        /// The file, or `the graph` for bytes in memory.
        what: String,
        /// What is wrong with the bytes.
        why: String,
    },
    /// Bytes do not follow their format: truncated, inconsistent, or beyond a stated limit.
    #[error("cannot read {what}: {why}")]
    Malformed {
        /// The format or the file.
        what: String,
        /// What is wrong, and where.
        why: String,
    },
    /// A checkpoint asks for something that the reader will not do.
    #[error("refused to read {what}: it asks for `{name}`")]
    Refused {
        /// The file or format.
        what: String,
        /// The global, opcode or class that was asked for.
        name: String,
    },
    /// Weights lack a tensor, or have it with another shape than the builder needs.
    #[error("cannot build {model}: {why}")]
    Weights {
        /// The network to be built.
        model: String,
        /// The tensor, and what was expected of it.
        why: String,
    },
    /// The file is not in the cache, and the network may not be used.
    #[error("{what} is not in the cache, and the network may not be used (offline)")]
    Offline {
        /// The missing thing.
        what: String,
        /// How to bring it.
        how: String,
    },
    /// No way of fetching worked.
    #[error("cannot fetch {what}: {why}")]
    Fetch {
        /// The thing wanted.
        what: String,
        /// What each client said, joined.
        why: String,
        /// How to bring it by hand.
        how: String,
    },
    /// A file is not the one that was asked for. It has been removed.
    #[error(
        "{what} has the wrong SHA-256: expected {expected}, found {found}; the file was removed"
    )]
    WrongHash {
        /// The thing fetched.
        what: String,
        /// The pinned hash, lower-case hexadecimal.
        expected: String,
        /// The hash that the file had.
        found: String,
    },
    /// A model of a hub was asked for, and nobody said where to get it.
    #[error("{name} comes from a place that you name, and none was named")]
    NoOrigin {
        /// Name in the catalogue.
        name: String,
        /// Which file it is, and how to say where it is.
        how: String,
    },
    /// A file is not the one that was recorded at its first use. It was left where it is.
    #[error(
        "{what} is not the file recorded at first use: expected SHA-256 {expected}, found {found}"
    )]
    Changed {
        /// The file.
        what: String,
        /// The recorded hash, lower-case hexadecimal.
        expected: String,
        /// The hash that the file had.
        found: String,
        /// The file of the cache that holds the record.
        record: PathBuf,
    },
    /// The cache folder cannot be written.
    #[error("cannot write to the cache folder {}: {cause}", path.display())]
    Cache {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A file or folder cannot be read or written.
    #[error("cannot {action} {}: {cause}", path.display())]
    Io {
        /// The verb, for example `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The built-in catalogue contradicts itself.
    #[error("catalogue: {why}")]
    Catalogue {
        /// The entry and field, and what is wrong.
        why: String,
    },
    /// The inference engine that was asked for is not to be had.
    #[error("no usable {engine}: {why}")]
    NoEngine {
        /// The engine.
        engine: String,
        /// Where it was looked for, and what each place said.
        why: String,
    },
    /// The inference engine refused a graph or failed in a run.
    #[error("{engine} cannot {action}: {why}")]
    Engine {
        /// The engine and its version.
        engine: String,
        /// The verb and the thing, for example `open ge2e`.
        action: String,
        /// What the engine said.
        why: String,
    },
    /// The engine at hand cannot run a graph that ONNX Runtime can.
    #[error("{what} needs ONNX Runtime: {why}")]
    NeedsOnnxRuntime {
        /// What should have run.
        what: String,
        /// What the engine said.
        why: String,
    },
    /// A phoneme string cannot be said.
    #[error("cannot say `{phonemes}`: {why}")]
    Unspeakable {
        /// The string.
        phonemes: String,
        /// Why not.
        why: String,
    },
    /// An array does not fit the graph.
    #[error("{what}: expected {expected}, found {found}")]
    Shape {
        /// Which input or tensor.
        what: String,
        /// The shape that was needed.
        expected: String,
        /// The shape that came.
        found: String,
    },
    /// A calculation of the analysis crate failed.
    #[error(transparent)]
    Analysis(phonoscope_analysis::Error),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Result of model work.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What the reader can do about it, in one line without the word `hint`.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownModel { near, .. } if !near.is_empty() => Some(format!(
                "the catalogue has {}; or give the path of an .onnx file",
                near.join(", ")
            )),
            Self::UnknownTensor { near, model, .. } if !near.is_empty() && model == UNNAMED => {
                Some(format!("near: {}", near.join(", ")))
            }
            Self::UnknownTensor { near, model, .. } if !near.is_empty() => Some(format!(
                "`phonoscope models inspect {model}` lists all; near: {}",
                near.join(", ")
            )),
            Self::NoFrontEnd { .. } => Some(
                "say it with --front-end KIND and --input NAME=ROLE, or in a card; \
                 `phonoscope models card FILE` prints one to start from"
                    .to_owned(),
            ),
            Self::Card { .. } => {
                Some("`phonoscope models card FILE` prints a card that fits".to_owned())
            }
            Self::NotOnnx { .. } => Some(
                "give a file exported to ONNX (usually named .onnx), whole and not compressed"
                    .to_owned(),
            ),
            Self::Refused { .. } => Some(
                "only plain tensors in plain containers are read, and nothing is executed; \
                 save the checkpoint as a dictionary of tensors"
                    .to_owned(),
            ),
            Self::Surgery { how, .. } => how.clone(),
            Self::External { .. } => Some(
                "keep the files that were exported with the model beside it, whole and under \
                 their names"
                    .to_owned(),
            ),
            Self::Offline { how, .. } | Self::Fetch { how, .. } | Self::NoOrigin { how, .. } => {
                Some(how.clone())
            }
            Self::Changed { record, .. } => Some(format!(
                "if the change is meant, remove {} and pull it again",
                record.display()
            )),
            Self::WrongHash { .. } => Some(
                "run it again; if the hash stays wrong, the package index serves another file"
                    .to_owned(),
            ),
            Self::Cache { .. } => Some(
                "set PHONOSCOPE_CACHE to a folder that can be written and has space".to_owned(),
            ),
            Self::NoEngine { .. } => {
                Some("`--engine rten` needs no library; `phonoscope doctor` says more".to_owned())
            }
            Self::NeedsOnnxRuntime { .. } => Some(
                "leave out `--engine rten` and `--offline`, so that it is found or fetched; \
                 `phonoscope doctor` says more"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// Whether the user's input, rather than the machine or the network, is at fault.
    pub fn is_input(&self) -> bool {
        matches!(
            self,
            Self::UnknownModel { .. }
                | Self::UnknownTensor { .. }
                | Self::Surgery { .. }
                | Self::External { .. }
                | Self::NoFrontEnd { .. }
                | Self::Card { .. }
                | Self::NoOrigin { .. }
                | Self::NotOnnx { .. }
                | Self::Malformed { .. }
                | Self::Refused { .. }
                | Self::Shape { .. }
                | Self::Unspeakable { .. }
        )
    }

    /// An [`Error::Io`] about `path`; for use in `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io {
            action,
            path: path.to_path_buf(),
            cause,
        }
    }

    /// An [`Error::Malformed`].
    pub(crate) fn malformed(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Malformed {
            what: what.into(),
            why: why.into(),
        }
    }
}

impl From<phonoscope_analysis::Error> for Error {
    fn from(error: phonoscope_analysis::Error) -> Self {
        match error {
            phonoscope_analysis::Error::Cancelled => Self::Cancelled,
            other => Self::Analysis(other),
        }
    }
}
