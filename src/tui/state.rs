//! The one value that holds everything the app knows.

use std::path::PathBuf;
use std::sync::Arc;

use phonoscope_probes::report::Report;
use ratatui::layout::Size;

use super::Exit;
use super::command::Context;
use super::emphasis::EmphasisPane;
use super::export::Format;
use super::jobs::Snapshot;
use super::keymap::Keymap;
use super::log::Log;
use super::model::{Focus, ModelScreen};
use super::opened::Opened;
use super::quality::QualityPane;
use super::space::Pane;
use super::stress::StressPane;
use super::text_line::TextLine;
use super::theme::Theme;

/// The screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    Home,
    Data,
    Model,
    Space,
    Trust,
    Jobs,
    Log,
    /// There with reports of emphasis only.
    Emphasis,
    /// There with reports of stress only.
    Stress,
    /// There with reports of quality only.
    Quality,
}

impl Screen {
    pub(crate) const ALL: [Self; 10] = [
        Self::Home,
        Self::Data,
        Self::Model,
        Self::Space,
        Self::Trust,
        Self::Jobs,
        Self::Log,
        Self::Emphasis,
        Self::Stress,
        Self::Quality,
    ];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Data => "Data",
            Self::Model => "Model",
            Self::Space => "Space",
            Self::Trust => "Trust",
            Self::Jobs => "Jobs",
            Self::Log => "Log",
            Self::Emphasis => "Emphasis",
            Self::Stress => "Stress",
            Self::Quality => "Quality",
        }
    }

    /// Its digit in the header: the tenth is 0.
    pub(crate) fn digit(self) -> usize {
        let at = Self::ALL.iter().position(|screen| *screen == self);
        at.map_or(0, |at| (at + 1) % 10)
    }
}

/// What lies on top of the screen.
#[derive(Debug, Clone)]
pub(crate) enum Overlay {
    Help {
        scroll: usize,
    },
    Palette {
        line: TextLine,
        found: Vec<usize>,
        cursor: usize,
    },
    /// Filter of the table shown, or search of the log, with what is wrong with it.
    Filter {
        line: TextLine,
        before: String,
        problem: Option<String>,
    },
    Export {
        formats: Vec<Format>,
        cursor: usize,
    },
    Remake(Remake),
}

/// Two commands to read and copy.
#[derive(Debug, Clone)]
pub(crate) struct Remake {
    pub(crate) title: &'static str,
    /// What the first command is for.
    pub(crate) what: &'static str,
    pub(crate) command: String,
    /// What the second command is for.
    pub(crate) also: &'static str,
    pub(crate) second: String,
}

/// A line for the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

/// How a notice is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
}

/// A report that can be opened.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
    pub(crate) title: String,
    pub(crate) loaded: Option<Arc<Report>>,
}

/// What kind of work a job row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobKind {
    Demo,
    Open,
    Model,
    Export,
    Play,
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JobState {
    Running,
    Cancelling,
    Done(String),
    Failed(String),
    Cancelled,
}

/// A job as the screen shows it.
#[derive(Debug, Clone)]
pub(crate) struct JobRow {
    pub(crate) id: u64,
    pub(crate) kind: JobKind,
    /// Of the jobs of a kind only the newest may change what is shown.
    pub(crate) generation: u64,
    pub(crate) label: String,
    pub(crate) state: JobState,
    pub(crate) progress: Option<Snapshot>,
}

impl JobRow {
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.state, JobState::Running | JobState::Cancelling)
    }
}

/// Everything the app knows. Only [`super::update::update`] changes it.
pub(crate) struct State {
    pub(crate) size: Size,
    pub(crate) theme: Theme,
    pub(crate) keymap: Keymap,
    pub(crate) screen: Screen,
    /// Screens that Esc goes back to.
    pub(crate) back: Vec<Screen>,
    pub(crate) overlay: Option<Overlay>,
    pub(crate) notice: Option<Notice>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) entry: usize,
    pub(crate) opened: Option<Opened>,
    /// Folder of the reports' recordings, where the user said which.
    pub(crate) recordings: Option<PathBuf>,
    pub(crate) model: ModelScreen,
    pub(crate) jobs: Vec<JobRow>,
    pub(crate) job: usize,
    pub(crate) next_job: u64,
    pub(crate) log: Log,
    pub(crate) exit: Option<Exit>,
    /// Whether a second `q` quits although a job runs.
    pub(crate) quit_warned: bool,
}

impl State {
    pub(crate) fn new(theme: Theme, keymap: Keymap, entries: Vec<Entry>) -> Self {
        Self {
            size: Size::new(0, 0),
            theme,
            keymap,
            screen: Screen::Home,
            back: Vec::new(),
            overlay: None,
            notice: None,
            entries,
            entry: 0,
            opened: None,
            recordings: None,
            model: ModelScreen::default(),
            jobs: Vec::new(),
            job: 0,
            next_job: 1,
            log: Log::default(),
            exit: None,
            quit_warned: false,
        }
    }

    /// Where the reader is, nearest first.
    pub(crate) fn contexts(&self) -> Vec<Context> {
        match &self.overlay {
            Some(Overlay::Help { .. }) => return vec![Context::Help, Context::Anywhere],
            Some(Overlay::Palette { .. }) => return vec![Context::Palette, Context::Anywhere],
            Some(Overlay::Filter { .. }) => return vec![Context::Filter, Context::Anywhere],
            Some(Overlay::Export { .. }) => return vec![Context::Export, Context::Anywhere],
            Some(Overlay::Remake(_)) => return vec![Context::Remake, Context::Anywhere],
            None => {}
        }
        self.screen_contexts()
    }

    /// Where the reader is, overlays aside.
    pub(crate) fn screen_contexts(&self) -> Vec<Context> {
        let mut contexts = match self.screen {
            Screen::Home if self.entries.is_empty() => vec![Context::Home],
            Screen::Home => vec![Context::Reports, Context::Home],
            Screen::Jobs if self.running_jobs() > 0 => vec![Context::Jobs],
            Screen::Jobs => Vec::new(),
            Screen::Log => vec![Context::Log],
            Screen::Model => {
                let pane = match self.model.focus {
                    Focus::Tree if self.model.opened.is_some() => Context::Taps,
                    _ => Context::Models,
                };
                vec![pane, Context::Model]
            }
            _ if self.opened.is_none() => Vec::new(),
            Screen::Data => vec![Context::Data],
            Screen::Trust => vec![Context::Trust],
            Screen::Emphasis => {
                let pairs = self.opened.as_ref().and_then(|o| o.emphasis.as_ref());
                let pairs = pairs.filter(|e| e.pane == EmphasisPane::Pairs);
                let pairs = pairs.map(|_| Context::Pairs);
                pairs.into_iter().chain([Context::Emphasis]).collect()
            }
            Screen::Stress => {
                let pane = self.opened.as_ref().and_then(|o| o.stress.as_ref());
                let pane = pane.and_then(|s| match s.pane {
                    StressPane::Words => Some(Context::StressWords),
                    StressPane::Bars => Some(Context::StressBars),
                    StressPane::Sanity => Some(Context::StressSanity),
                    StressPane::Ledger => None,
                });
                pane.into_iter().chain([Context::Stress]).collect()
            }
            Screen::Quality => {
                let pane = self.opened.as_ref().and_then(|o| o.quality.as_ref());
                let pane = pane.map(|q| match q.pane {
                    QualityPane::Worst => Context::QualityWorst,
                    _ => Context::QualityLayers,
                });
                pane.into_iter().chain([Context::Quality]).collect()
            }
            Screen::Space => {
                let pane = self.space().map(|s| match s.pane {
                    Pane::Scatter => Context::Scatter,
                    Pane::Scree => Context::Scree,
                    Pane::Card => Context::Card,
                    Pane::Heat => Context::Heat,
                    Pane::Sex | Pane::Age => Context::People,
                    Pane::Labels => Context::Labels,
                    Pane::Figures => Context::Figures,
                    Pane::Voices => Context::Voices,
                });
                let several = self
                    .opened
                    .as_ref()
                    .is_some_and(|o| o.report.systems.len() > 1);
                let systems = several.then_some(Context::Systems);
                pane.into_iter()
                    .chain(systems)
                    .chain([Context::Space])
                    .collect()
            }
        };
        contexts.extend(self.opened.as_ref().map(|_| Context::Report));
        contexts.extend([Context::Screens, Context::Anywhere]);
        contexts
    }

    /// Whether a screen has its place in the header.
    pub(crate) fn has(&self, screen: Screen) -> bool {
        let opened = self.opened.as_ref();
        let there = match screen {
            Screen::Emphasis => opened.is_some_and(|o| o.emphasis.is_some()),
            Screen::Stress => opened.is_some_and(|o| o.stress.is_some()),
            Screen::Quality => opened.is_some_and(|o| o.quality.is_some()),
            _ => true,
        };
        there || screen == self.screen
    }

    pub(crate) fn space(&self) -> Option<&super::space::Space> {
        self.opened.as_ref()?.space.as_ref()
    }

    /// The first key of the command `id`, for sentences; its name when it has none.
    pub(crate) fn key(&self, id: &str) -> String {
        let keys = super::command::find(id).map(|i| self.keymap.keys_of(i));
        let first = keys.as_deref().and_then(|keys| keys.split(' ').next());
        first.filter(|key| !key.is_empty()).unwrap_or(id).to_owned()
    }

    pub(crate) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.notice = Some(Notice {
            tone,
            text: text.into(),
        });
    }

    pub(crate) fn running_jobs(&self) -> usize {
        self.jobs.iter().filter(|j| j.is_running()).count()
    }
}
