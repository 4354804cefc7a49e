//! Everything that can happen.

use std::path::PathBuf;

use super::jobs::Snapshot;
use super::keys::Key;
use super::log::Line;
use super::model::ModelView;
use super::opened::Opened;
use super::sound::{Recording, Spectrogram};
use super::word::WordSeen;

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Msg {
    Key(Key),
    Resize(u16, u16),
    /// Progress of running jobs.
    Tick(Vec<Snapshot>),
    Job {
        id: u64,
        outcome: Outcome,
    },
    Log(Line),
    /// The system asks the program to end.
    Terminate(i32),
    /// The shell asks the program to stop for a while.
    Suspend,
    /// The program runs again after a stop.
    Resumed,
    /// The terminal is gone.
    InputLost,
}

/// How a job ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The demo wrote its report here.
    Demo(PathBuf),
    /// A report is ready to be shown.
    Report(Box<Opened>),
    /// A model is ready to be shown.
    Model(Box<ModelView>),
    /// A recording was drawn.
    Seen(Box<Spectrogram>),
    /// An utterance was found and drawn.
    Found(Box<(Recording, Spectrogram)>),
    /// A word was found, and explained where it can be.
    Word(Box<WordSeen>),
    /// A recording was played to its end.
    Played,
    /// A file was written.
    Saved(PathBuf),
    Failed(String),
    Cancelled,
}
