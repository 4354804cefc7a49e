//! The terminal app: one state, one kind of message, one update, one view.
//!
//! ```text
//! input thread ─┐
//! job threads  ─┼─▶ bounded channels ─▶ select ─▶ update(&mut State, Msg) ─▶ draw when dirty
//! log, signals ─┘
//! ```
//!
//! [`run`] owns the terminal; [`Headless`] drives the same app without one, for tests, benches and
//! pictures of the screen. What the app can do beyond looking at reports comes through
//! [`Services`].

mod actions;
mod cell;
mod command;
mod corpus;
mod emphasis;
mod emphasis_areas;
mod export;
mod extremes;
mod filter;
mod headless;
mod jobs;
mod keymap;
mod keys;
mod layout;
mod log;
mod model;
mod msg;
mod opened;
mod pane;
mod picture;
mod plane;
mod quality;
mod quality_areas;
mod raster;
mod runtime;
mod selection;
mod sought;
mod sound;
mod space;
mod state;
mod stress;
mod stress_areas;
mod subset;
mod table_view;
mod terminal;
mod text_line;
mod theme;
mod theme_choice;
mod update;
mod view;
mod word;
mod words;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::{sample, sample_systems};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use phonoscope_analysis::task::Task;
use phonoscope_probes::report::Report;
use phonoscope_probes::stress::{Explained, Words};

pub use headless::Headless;
pub use keymap::{check_keys, keymap_page};
pub use log::{LogLayer, LogReceiver, log_channel};
pub use model::{ModelSource, ModelView};
pub use opened::words_of;
pub use runtime::run;
pub use sound::Player;
pub use theme_choice::ThemeChoice;

/// What the app can ask for while it runs. Calls come from job threads, with a task that carries
/// progress to the screen and the user's cancel back.
pub trait Services: Send + Sync {
    /// Runs the demo and gives the path of its report.
    ///
    /// # Errors
    /// Whatever stops the demo; shown on the Jobs screen.
    fn start_demo(&self, task: &Task) -> anyhow::Result<PathBuf>;

    /// Reads a report (or the report of a run).
    ///
    /// # Errors
    /// When there is no report at `path`.
    fn open_report(&self, path: &Path, task: &Task) -> anyhow::Result<Report>;

    /// Reads a model of the catalogue (fetching it if need be) or a file.
    ///
    /// # Errors
    /// When there is no such model, or it cannot be read.
    fn open_model(&self, name: &str, task: &Task) -> anyhow::Result<ModelView>;

    /// Writes an exported view and gives the path written. `file_name` is a suggestion without a
    /// folder; nothing that exists may be overwritten.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn save(&self, file_name: &str, bytes: &[u8], task: &Task) -> anyhow::Result<PathBuf>;

    /// Explains a word of a stress report: what its classifier hears and looks at.
    ///
    /// # Errors
    /// When the model of the report is not here, or the word cannot be explained.
    fn explain(&self, asked: &WordAsked<'_>, task: &Task) -> anyhow::Result<Explained> {
        let _ = task;
        anyhow::bail!("no model can be run here to explain `{}`", asked.id)
    }

    /// What plays recordings; nothing where voices cannot be heard.
    fn player(&self) -> Option<Player> {
        None
    }
}

/// A word that is to be explained.
#[derive(Debug, Clone, Copy)]
pub struct WordAsked<'a> {
    /// The stress report that it stands in.
    pub report: &'a Report,
    /// Where the report's relative paths may start from, likeliest first.
    pub folders: &'a [PathBuf],
    /// The words of its manifest.
    pub words: &'a Words,
    /// Id of the word.
    pub id: &'a str,
    /// Which layer has which rule of relevance.
    pub composite: &'a str,
}

/// A report to list on Home.
#[derive(Debug, Clone)]
pub enum Source {
    /// Read by a job when it is opened.
    Path {
        /// Where it is.
        path: PathBuf,
        /// One line for the list; the path again is fine.
        title: String,
    },
    /// Read already.
    Loaded {
        /// Where it came from.
        path: PathBuf,
        /// The report.
        report: Arc<Report>,
    },
}

/// What begins on screen.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// Reports for Home, newest first.
    pub reports: Vec<Source>,
    /// Folder of the reports' recordings, where the user said which.
    pub recordings: Option<PathBuf>,
    /// Models for the Model screen.
    pub models: Vec<ModelSource>,
    /// What is shown first.
    pub start: Start,
    /// Colours.
    pub theme: ThemeChoice,
    /// The user's key file (TOML), when there is one.
    pub keys: Option<String>,
    /// Lines for the Log screen.
    pub log: Option<LogReceiver>,
}

/// What is shown first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// The list of reports.
    #[default]
    Home,
    /// The first of the reports.
    FirstReport,
    /// The demo's progress.
    Demo,
    /// The first of the models.
    FirstModel,
}

/// Why the app ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The user left, or the terminal went away.
    Quit,
    /// Ctrl-C with nothing left to cancel.
    Interrupted,
    /// A signal that ends programs.
    Signal(i32),
}
