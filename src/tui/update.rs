//! What happens to the state: the only writer.

use std::sync::Arc;

use tracing::Level;

use super::Exit;
use super::command::{COMMANDS, Context};
use super::emphasis::emphasis_areas;
use super::jobs::Work;
use super::keys::Key;
use super::layout;
use super::msg::{Msg, Outcome};
use super::opened::Opened;
use super::plane::Plane;
use super::state::{Entry, JobKind, JobRow, JobState, Screen, State, Tone};
use super::words;

/// Something the world has to do.
#[derive(Debug)]
pub(crate) enum Effect {
    Start {
        id: u64,
        work: Work,
    },
    Cancel(u64),
    Copy(String),
    Suspend,
    /// Draw every cell again.
    Redraw,
}

/// What an update asks of the world.
pub(crate) type Effects = Vec<Effect>;

/// Takes in one message.
pub(crate) fn update(state: &mut State, msg: Msg) -> Effects {
    let mut effects = Effects::new();
    match msg {
        Msg::Key(key) => press(state, key, &mut effects),
        Msg::Resize(width, height) => state.size = ratatui::layout::Size::new(width, height),
        Msg::Tick(snapshots) => {
            for snapshot in snapshots {
                if let Some(row) = state.jobs.iter_mut().find(|j| j.id == snapshot.id) {
                    row.progress = Some(snapshot);
                }
            }
        }
        Msg::Job { id, outcome } => job_ended(state, id, outcome, &mut effects),
        Msg::Log(line) => state.log.push(line),
        Msg::Terminate(signal) => state.exit = Some(Exit::Signal(signal)),
        Msg::InputLost => state.exit = Some(Exit::Quit),
        Msg::Suspend => effects.push(Effect::Suspend),
        Msg::Resumed => effects.push(Effect::Redraw),
    }
    settle(state);
    super::actions::voice::see(state, &mut effects);
    super::actions::emphasis::see(state, &mut effects);
    super::actions::stress::see(state, &mut effects);
    super::actions::quality::see(state, &mut effects);
    effects
}

fn press(state: &mut State, key: Key, effects: &mut Effects) {
    state.notice = None;
    let command = state
        .keymap
        .resolve(&state.contexts(), key)
        .and_then(|i| COMMANDS.get(i));
    if command.is_none_or(|c| c.id != "app.quit") {
        state.quit_warned = false;
    }
    match (command, key.typed()) {
        (Some(command), _) => (command.run)(state, effects),
        (None, _) if lacks_report(state, key) => state.say(Tone::Warn, "no report is open"),
        (None, Some(c)) => super::actions::text::insert(state, c),
        (None, None) => {}
    }
}

/// Whether `key` would do something if a report were open.
fn lacks_report(state: &State, key: Key) -> bool {
    state.opened.is_none()
        && state.overlay.is_none()
        && state.keymap.resolve(&Context::OF_A_REPORT, key).is_some()
}

/// Starts a job of `kind` and lists it.
pub(crate) fn start(
    state: &mut State,
    kind: JobKind,
    label: String,
    work: Work,
    effects: &mut Effects,
) {
    let id = state.next_job;
    state.next_job += 1;
    let generation = state.jobs.iter().filter(|j| j.kind == kind).count() as u64;
    state.jobs.push(JobRow {
        id,
        kind,
        generation,
        label,
        state: JobState::Running,
        progress: None,
    });
    state.job = state.jobs.len() - 1;
    effects.push(Effect::Start { id, work });
}

/// Starts opening the report of `entry`.
pub(crate) fn open(state: &mut State, entry: usize, effects: &mut Effects) {
    let Some(Entry { path, loaded, .. }) = state.entries.get(entry).cloned() else {
        return;
    };
    let label = format!("open {}", path.display());
    let work = match loaded {
        Some(report) => Work::Prepare(path, report),
        None => Work::Open(path),
    };
    start(state, JobKind::Open, label, work, effects);
}

fn job_ended(state: &mut State, id: u64, outcome: Outcome, effects: &mut Effects) {
    // Pictures of voices come and go with the cursor, too fast for the list of jobs.
    let seen = super::actions::voice::seen(state, id, outcome)
        .and_then(|o| super::actions::emphasis::seen(state, id, o))
        .and_then(|o| super::actions::stress::seen(state, id, o))
        .and_then(|o| super::actions::quality::seen(state, id, o));
    let Some(outcome) = seen else {
        return;
    };
    let Some(index) = state.jobs.iter().position(|j| j.id == id) else {
        return;
    };
    let newest = {
        let Some(row) = state.jobs.get(index) else {
            return;
        };
        !state
            .jobs
            .iter()
            .any(|j| j.kind == row.kind && j.generation > row.generation)
    };
    let (end, tone) = match outcome {
        Outcome::Demo(path) => {
            let words = path.display().to_string();
            let entry = Entry {
                title: String::from("demo"),
                path,
                loaded: None,
            };
            state.entries.retain(|e| e.path != entry.path);
            state.entries.insert(0, entry);
            state.entry = 0;
            if newest {
                open(state, 0, effects);
            }
            (JobState::Done(words), Tone::Good)
        }
        Outcome::Report(opened) => {
            let words = opened.report.title.clone();
            if newest {
                show(state, *opened);
            }
            (JobState::Done(words), Tone::Plain)
        }
        Outcome::Model(view) => {
            let words = words::count(view.taps.len(), "tap");
            for note in &view.notes {
                state.log.note(Level::WARN, note.clone());
            }
            if newest {
                state.model.show(*view);
                if state.screen != Screen::Model {
                    super::actions::screen::go(state, Screen::Model);
                }
            }
            (JobState::Done(words), Tone::Plain)
        }
        Outcome::Seen(_) | Outcome::Found(_) | Outcome::Word(_) => {
            (JobState::Done(String::from("drawn")), Tone::Plain)
        }
        Outcome::Played => (JobState::Done(String::from("played")), Tone::Plain),
        Outcome::Saved(path) => (
            JobState::Done(format!("wrote {}", path.display())),
            Tone::Good,
        ),
        Outcome::Failed(why) => (JobState::Failed(why), Tone::Bad),
        Outcome::Cancelled => (JobState::Cancelled, Tone::Warn),
    };
    let Some(row) = state.jobs.get_mut(index) else {
        return;
    };
    row.state = end;
    let (text, level) = match &row.state {
        JobState::Failed(why) => (format!("{}: {why}", row.label), Level::ERROR),
        JobState::Done(words) => (format!("{}: {words}", row.label), Level::INFO),
        _ => (format!("{}: cancelled", row.label), Level::WARN),
    };
    state.log.note(level, text.clone());
    let quiet = matches!(row.kind, JobKind::Open | JobKind::Model | JobKind::Play);
    if !quiet || tone == Tone::Bad {
        let text = match &row.state {
            JobState::Done(words) => words.clone(),
            _ => text,
        };
        state.say(tone, text);
    }
}

/// Puts a report on screen.
pub(crate) fn show(state: &mut State, mut opened: Opened) {
    opened.recordings.clone_from(&state.recordings);
    match state.entries.iter_mut().position(|e| e.path == opened.path) {
        Some(index) => {
            if let Some(entry) = state.entries.get_mut(index) {
                entry.title.clone_from(&opened.report.title);
                entry.loaded = Some(Arc::clone(&opened.report));
            }
            state.entry = index;
        }
        None => state.entries.push(Entry {
            path: opened.path.clone(),
            title: opened.report.title.clone(),
            loaded: Some(Arc::clone(&opened.report)),
        }),
    }
    let screen = if opened.space.is_some() {
        Screen::Space
    } else if opened.emphasis.is_some() {
        Screen::Emphasis
    } else if opened.stress.is_some() {
        Screen::Stress
    } else if opened.quality.is_some() {
        Screen::Quality
    } else {
        Screen::Data
    };
    for warning in &opened.report.warnings {
        state.log.note(Level::WARN, warning.clone());
    }
    state.opened = Some(opened);
    super::actions::screen::go(state, screen);
}

/// Makes everything that depends on the size fit it.
pub(crate) fn settle(state: &mut State) {
    let chrome = layout::chrome(state.size);
    let room = layout::Room::of(state.size);
    if let Some(model) = &mut state.model.opened {
        let tree = layout::model(chrome.body, room, state.model.focus).tree;
        model.scroll(layout::inside(tree).height);
    }
    let Some(opened) = &mut state.opened else {
        return;
    };
    if room == layout::Room::None {
        return;
    }
    let report = Arc::clone(&opened.report);
    match state.screen {
        Screen::Data => {
            let areas = layout::data(chrome.body);
            if let Some(view) = opened.views.get_mut(opened.table) {
                view.scroll(
                    areas.rows.width.saturating_sub(layout::GUTTER),
                    areas.rows.height,
                );
            }
        }
        Screen::Space => {
            if let Some(space) = &opened.space {
                let areas = layout::space(chrome.body, room, space);
                let title = space.colour_column(&report).map_or("", |c| c.id.as_str());
                let size = |area, plane: &Plane| {
                    let plot = layout::scatter(area, &plane.coding, title).plot;
                    (plot.width, plot.height)
                };
                let beside = space.beside.as_ref();
                let sizes = [
                    size(areas.scatter, &space.plane),
                    beside.map_or((0, 0), |b| size(areas.beside, &b.plane)),
                ];
                opened.settle_space(sizes);
            }
        }
        Screen::Emphasis => {
            if let Some(screen) = &mut opened.emphasis {
                let areas = emphasis_areas(chrome.body, room, screen.pane);
                let plot = layout::scatter(areas.scatter, &screen.plane.coding, "condition").plot;
                screen.settle((plot.width, plot.height));
            }
        }
        Screen::Stress => {
            if let Some(mut screen) = opened.stress.take() {
                let version = opened.selection.version();
                screen.settle(&report, version, |row| opened.leaves_word(row));
                opened.stress = Some(screen);
            }
        }
        Screen::Trust => {
            opened.check = opened
                .check
                .min(report.trust.checks.len().saturating_sub(1));
        }
        Screen::Home | Screen::Model | Screen::Jobs | Screen::Log | Screen::Quality => {}
    }
    let hidden = super::view::overflow(state);
    if let Some(opened) = &mut state.opened {
        opened.scroll = opened.scroll.min(hidden);
    }
}
