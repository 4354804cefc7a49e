//! What can go wrong between a manifest and a report.

use std::path::PathBuf;

/// Why there is no result. Problems of single items are not errors: they are counted and listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried, for example `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("`{}` is not a {what}: {why}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What it should be, for example `run folder`.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The run folder holds a run made from other inputs or settings.
    #[error("`{}` holds another run: {difference}", path.display())]
    OtherRun {
        /// The run folder.
        path: PathBuf,
        /// The first thing that differs.
        difference: String,
    },
    /// Another process is writing into the run folder.
    #[error("`{}` is being written by another process", path.display())]
    Busy {
        /// The run folder.
        path: PathBuf,
    },
    /// No item gave a result.
    #[error("none of the {items} items gave a result; the first one, `{id}`: {reason}")]
    NothingUsed {
        /// Items in the manifest.
        items: usize,
        /// The first item.
        id: String,
        /// Why it gave none.
        reason: String,
    },
    /// A recording gave activations that are not numbers.
    #[error("tap `{tap}` has {values} values that are not finite")]
    NotFinite {
        /// The tap.
        tap: String,
        /// How many of its values.
        values: usize,
    },
    /// An utterance has no words, phones or segments that could be read.
    #[error("no {kind} could be read: {why}")]
    Spans {
        /// What was looked for.
        kind: String,
        /// Why there is none.
        why: String,
    },
    /// The manifest has no rows.
    #[error("the manifest has no rows")]
    NoItems,
    /// The request does not fit the model, the run or the data.
    #[error("{problem}")]
    Request {
        /// What does not fit.
        problem: String,
        /// What to do.
        hint: String,
    },
    /// A calculation failed.
    #[error(transparent)]
    Analysis(#[from] phonoscope_analysis::Error),
    /// The corpus could not be read.
    #[error(transparent)]
    Data(#[from] phonoscope_datasets::Error),
    /// The model could not be loaded or run.
    #[error(transparent)]
    Model(#[from] phonoscope_models::Error),
}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::OtherRun { .. } => {
                Some("give another --out, or delete the folder to start again".into())
            }
            Self::Busy { .. } => Some("wait for it, or give another --out".into()),
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Some("check the path".into())
            }
            Self::NothingUsed { .. } => Some("`phonoscope data check` says more".into()),
            Self::NotFinite { .. } => Some(crate::extract::LEAVE_OUT.into()),
            Self::Request { hint, .. } => Some(hint.clone()),
            Self::Data(e) => e.hint().map(Into::into),
            Self::Model(e) => e.hint(),
            _ => None,
        }
    }

    /// Whether the user's input, rather than the machine, is at fault.
    pub fn is_input(&self) -> bool {
        match self {
            Self::Model(e) => e.is_input(),
            Self::Data(e) => e.is_input(),
            Self::Io { source, action, .. } => {
                *action == "read" && source.kind() == std::io::ErrorKind::NotFound
            }
            other => !matches!(other, Self::Busy { .. }),
        }
    }

    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
