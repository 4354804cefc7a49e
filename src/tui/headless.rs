//! The app without a terminal: same state, same update, same view; jobs run at once.

use std::sync::Arc;

use phonoscope_analysis::task::Task;
use ratatui::Frame;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::jobs::{Work, perform};
use super::keymap::Keymap;
use super::keys::Key;
use super::msg::Msg;
use super::opened::Opened;
use super::state::{Entry, JobKind, Screen, State, Tone};
use super::theme::{Depth, Theme};
use super::update::{Effect, Effects, open, show, start, update};
use super::{Exit, Launch, Services, Source, Start};

/// The state at the start and what has to be done first.
pub(super) fn begin(launch: Launch, theme: Theme) -> (State, Effects) {
    let (keymap, problems) = Keymap::with_user(launch.keys.as_deref().unwrap_or(""));
    let entries = launch.reports.into_iter().map(|source| match source {
        Source::Path { path, title } => Entry {
            path,
            title,
            loaded: None,
        },
        Source::Loaded { path, report } => Entry {
            path,
            title: report.title.clone(),
            loaded: Some(report),
        },
    });
    let mut state = State::new(theme, keymap, entries.collect());
    state.model.sources = launch.models;
    state.recordings = launch.recordings;
    let mut effects = Effects::new();
    match launch.start {
        Start::Home => {}
        Start::Demo => {
            start(
                &mut state,
                JobKind::Demo,
                String::from("demo"),
                Work::Demo,
                &mut effects,
            );
            state.screen = Screen::Jobs;
        }
        Start::FirstModel => {
            state.screen = Screen::Model;
            super::actions::model::open(&mut state, &mut effects);
        }
        Start::FirstReport => match state.entries.first().cloned() {
            Some(Entry {
                path,
                loaded: Some(report),
                ..
            }) => {
                show(&mut state, Opened::new(path, report));
            }
            Some(_) => {
                state.screen = Screen::Space;
                open(&mut state, 0, &mut effects);
            }
            None => {}
        },
    }
    for problem in &problems {
        state.log.note(tracing::Level::WARN, problem.clone());
    }
    match problems.as_slice() {
        [] => {}
        [one] => state.say(Tone::Warn, one.clone()),
        [one, rest @ ..] => state.say(
            Tone::Warn,
            format!("{one} (and {} more in the log)", rest.len()),
        ),
    }
    (state, effects)
}

/// The app driven by hand.
pub struct Headless {
    state: State,
    services: Arc<dyn Services>,
    copied: Vec<String>,
}

impl Headless {
    /// Starts at `width` × `height` cells with true colour; never looks at the environment. The
    /// automatic theme counts as dark.
    pub fn new(launch: Launch, services: Arc<dyn Services>, width: u16, height: u16) -> Self {
        let theme = Theme::new(launch.theme, Depth::True);
        let (state, first) = begin(launch, theme);
        let mut app = Self {
            state,
            services,
            copied: Vec::new(),
        };
        app.resize(width, height);
        app.carry_out(first);
        app
    }

    /// Changes the size.
    pub fn resize(&mut self, width: u16, height: u16) {
        self.take(Msg::Resize(width, height));
    }

    /// Presses the keys named in `keys`, separated by spaces (`down down enter`, `ctrl-c`).
    ///
    /// # Errors
    /// In words, when there is no such key.
    pub fn press(&mut self, keys: &str) -> Result<(), String> {
        for name in keys.split_whitespace() {
            let key = Key::parse(name)?;
            self.take(Msg::Key(key));
        }
        Ok(())
    }

    /// Types `text`, character by character.
    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            let name = if c == ' ' {
                String::from("space")
            } else {
                c.to_string()
            };
            if let Ok(key) = Key::parse(&name) {
                self.take(Msg::Key(key));
            }
        }
    }

    /// Draws the screen.
    pub fn draw(&self, frame: &mut Frame<'_>) {
        super::view::view(&self.state, frame);
    }

    /// The screen as text, one line per row, without colours.
    pub fn text(&self) -> String {
        let (size, buffer) = (self.state.size, self.buffer());
        let mut out = String::new();
        for y in 0..size.height {
            let mut line = String::new();
            let mut x = 0;
            while x < size.width {
                let symbol = buffer.cell((x, y)).map_or(" ", |cell| cell.symbol());
                line.push_str(symbol);
                x += (super::words::width(symbol) as u16).max(1);
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    /// The screen as an SVG picture in its colours.
    pub fn picture(&self) -> String {
        super::picture::draw(&self.buffer())
    }

    /// What was copied so far.
    pub fn copied(&self) -> &[String] {
        &self.copied
    }

    /// Why the app ended, when it did.
    pub fn exit(&self) -> Option<Exit> {
        self.state.exit
    }

    pub(super) fn take(&mut self, msg: Msg) {
        let effects = update(&mut self.state, msg);
        self.carry_out(effects);
    }

    #[cfg(test)]
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    #[cfg(test)]
    pub(super) fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    pub(super) fn buffer(&self) -> Buffer {
        let size = self.state.size;
        let Ok(mut terminal) = Terminal::new(TestBackend::new(size.width, size.height));
        let Ok(_) = terminal.draw(|frame| self.draw(frame));
        terminal.backend().buffer().clone()
    }

    fn carry_out(&mut self, effects: Effects) {
        for effect in effects {
            match effect {
                Effect::Start { id, work } => {
                    let outcome = perform(&*self.services, &work, &Task::silent());
                    self.take(Msg::Job { id, outcome });
                }
                Effect::Copy(text) => self.copied.push(text),
                Effect::Cancel(_) | Effect::Suspend | Effect::Redraw => {}
            }
        }
    }
}
