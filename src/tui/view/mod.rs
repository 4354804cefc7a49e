//! Pictures of the state. Nothing here changes anything, reads a clock or touches a file.

mod bars;
mod canvas;
mod card;
mod criteria;
mod curves;
mod data;
mod emphasis;
mod forest;
mod heat;
mod help;
mod home;
mod jobs;
mod layer_card;
mod ledger;
mod log;
mod model;
mod pairs;
mod palette;
mod people;
mod prompt;
mod quality;
mod scatter;
mod scree;
mod space;
mod stress;
mod trust;
mod voices;
mod word;
mod worst;

use ratatui::Frame;
use ratatui::layout::Size;

use super::command::COMMANDS;
use super::layout::{self, Room};
use super::space::Pane;
use super::state::{JobState, Overlay, Screen, State, Tone};
use super::words;
use canvas::Canvas;

/// Draws everything.
pub(crate) fn view(state: &State, frame: &mut Frame<'_>) {
    let area = frame.area();
    let mut canvas = Canvas::new(frame.buffer_mut(), area, state.theme.text);
    // The frame's own size counts: it may be newer than the last resize message.
    let size = Size::new(area.width, area.height);
    if Room::of(size) == Room::None {
        return too_small(state, &mut canvas, size);
    }
    let chrome = layout::chrome(size);
    header(state, &mut canvas.part(chrome.header));
    let mut body = canvas.part(chrome.body);
    match state.screen {
        Screen::Home => home::draw(state, &mut body),
        Screen::Data => data::draw(state, &mut body),
        Screen::Model => model::draw(state, &mut body),
        Screen::Space => space::draw(state, &mut body),
        Screen::Trust => trust::draw(state, &mut body),
        Screen::Jobs => jobs::draw(state, &mut body),
        Screen::Log => log::draw(state, &mut body),
        Screen::Emphasis => emphasis::draw(state, &mut body),
        Screen::Stress => stress::draw(state, &mut body),
        Screen::Quality => quality::draw(state, &mut body),
    }
    match &state.overlay {
        Some(Overlay::Help { scroll }) => help::draw(state, *scroll, &mut body),
        Some(Overlay::Palette {
            line,
            found,
            cursor,
        }) => {
            palette::draw(state, line, found, *cursor, &mut body);
        }
        Some(Overlay::Export { formats, cursor }) => {
            prompt::export(state, formats, *cursor, &mut body);
        }
        Some(Overlay::Remake(remake)) => prompt::remake(state, remake, &mut body),
        Some(Overlay::Filter { .. }) | None => {}
    }
    status(state, &mut canvas.part(chrome.status));
    hints(state, &mut canvas.part(chrome.hints));
}

fn too_small(state: &State, canvas: &mut Canvas<'_>, size: Size) {
    let text = format!(
        "{}×{} is too small: 40×10 at least",
        size.width, size.height
    );
    for (y, line) in words::wrap(&text, usize::from(size.width))
        .iter()
        .enumerate()
    {
        canvas.put(0, y as u16, line, state.theme.text);
    }
}

fn header(state: &State, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let narrow = canvas.width() < 80;
    let named = canvas.width() >= 100;
    let mut x = if named {
        canvas.put(0, 0, " phonoscope ", theme.heading)
    } else {
        0
    };
    for screen in Screen::ALL {
        if !state.has(screen) {
            continue;
        }
        let number = screen.digit();
        let current = screen == state.screen;
        let text = if narrow && !current {
            format!(" {number} ")
        } else {
            format!(" {number} {} ", screen.title())
        };
        let style = if current {
            theme.on_accent
        } else {
            theme.muted
        };
        x += canvas.put(x, 0, &text, style);
    }
    let title = state
        .opened
        .as_ref()
        .map_or("no report", |o| o.report.title.as_str());
    let room = usize::from(canvas.width().saturating_sub(x + 3));
    let style = if state.opened.is_some() {
        theme.text
    } else {
        theme.muted
    };
    canvas.put_right(1, 0, &words::clip(title, room), style);
}

fn status(state: &State, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    if let Some(Overlay::Filter { line, problem, .. }) = &state.overlay {
        let label = if state.screen == Screen::Log {
            " search: "
        } else {
            " filter: "
        };
        return prompt::line(state, label, line, problem.as_deref(), canvas);
    }
    let busy = state
        .jobs
        .iter()
        .rev()
        .find(|j| j.is_running())
        .map(jobs::in_brief);
    let busy = busy.unwrap_or_default();
    let width = usize::from(canvas.width());
    let room = width.saturating_sub(words::width(&busy) + 3);
    if let Some(notice) = &state.notice {
        let (sign, style) = match notice.tone {
            Tone::Plain => ("", theme.text),
            Tone::Good => ("✓ ", theme.good),
            Tone::Warn => ("! ", theme.warn),
            Tone::Bad => ("✗ ", theme.bad),
        };
        // What was just said goes before what is under way.
        let text = format!("{sign}{}", notice.text);
        canvas.put(1, 0, &words::clip(&text, width.saturating_sub(2)), style);
        if words::width(&text) > room {
            return;
        }
    } else if let Some(text) = place(state) {
        canvas.put(1, 0, &words::clip(&text, room), theme.muted);
    }
    canvas.put_right(1, 0, &busy, theme.accent);
}

/// Where the cursor is, in words.
fn place(state: &State) -> Option<String> {
    if state.screen == Screen::Model {
        let model = state.model.opened.as_ref()?;
        let picked = model.picked.len();
        return Some(format!(
            "{}, {picked} picked",
            words::count(model.view.taps.len(), "tap")
        ));
    }
    let opened = state.opened.as_ref()?;
    match state.screen {
        Screen::Data => {
            let (_, view) = opened.current()?;
            let rows = view.order.len();
            let at = if rows == 0 { 0 } else { view.cursor + 1 };
            Some(format!(
                "row {} of {}",
                words::thousands(at),
                words::thousands(rows)
            ))
        }
        Screen::Space => {
            let space = opened.space.as_ref()?;
            match space.pane {
                Pane::Scatter | Pane::Scree | Pane::Card => Some(space.readout.clone()),
                _ => selected(opened),
            }
        }
        Screen::Home => Some(opened.path.display().to_string()),
        Screen::Emphasis => {
            let screen = opened.emphasis.as_ref()?;
            Some(screen.title())
        }
        Screen::Stress => {
            let screen = opened.stress.as_ref()?;
            Some(screen.maps())
        }
        Screen::Quality => {
            let screen = opened.quality.as_ref()?;
            Some(screen.title())
        }
        Screen::Model | Screen::Trust | Screen::Jobs | Screen::Log => None,
    }
}

/// What is selected.
fn selected(opened: &super::opened::Opened) -> Option<String> {
    let selection = &opened.selection;
    let first = selection.first().and_then(|v| opened.voices.get(v));
    match (selection.count(), first) {
        (1, Some(name)) => Some(format!("{} selected", words::clip(name, 24))),
        (0, _) => opened.system().map(|s| words::clip(s, 40)),
        (n, _) => Some(format!("{} selected", words::count(n, "speaker"))),
    }
}

fn hints(state: &State, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let contexts = state.contexts();
    let mut x = 1;
    for (i, command) in COMMANDS.iter().enumerate() {
        let Some(key) = state
            .keymap
            .key_here(&contexts, i)
            .filter(|_| !command.hint.is_empty())
        else {
            continue;
        };
        let key = key.to_string();
        let needed = words::width(&key) + 1 + words::width(command.hint);
        if usize::from(x) + needed > usize::from(canvas.width()) {
            continue;
        }
        x += canvas.put(x, 0, &key, theme.accent) + 1;
        x += canvas.put(x, 0, command.hint, theme.muted) + 2;
    }
}

/// Lines of text that the screen shown has no room for.
pub(crate) fn overflow(state: &State) -> usize {
    let Some(opened) = &state.opened else {
        return 0;
    };
    match state.screen {
        Screen::Home => home::overflow(state, opened),
        Screen::Trust => trust::overflow(state, opened),
        _ => 0,
    }
}

/// `3 more below` when lines beyond `seen` exist.
fn more_below(lines: usize, seen: usize) -> String {
    let left = lines.saturating_sub(seen);
    if left > 0 {
        format!("{left} more below")
    } else {
        String::new()
    }
}

/// A line for screens that need a report.
fn nothing_open(state: &State, canvas: &mut Canvas<'_>) {
    let opening = state
        .jobs
        .iter()
        .any(|j| j.kind == super::state::JobKind::Open && j.state == JobState::Running);
    let text = if opening {
        "Opening the report …"
    } else {
        "No report is open. Home lists reports; the demo makes one."
    };
    let width = usize::from(canvas.width().saturating_sub(4));
    for (y, line) in words::wrap(text, width).iter().enumerate() {
        canvas.put(2, 1 + y as u16, line, state.theme.muted);
    }
}
