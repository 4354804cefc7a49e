//! Going from screen to screen.

use phonoscope_probes::report::Table;

use crate::tui::Exit;
use crate::tui::space::{Page, Pane};
use crate::tui::state::{Overlay, Remake, Screen, State, Tone};
use crate::tui::text_line::TextLine;
use crate::tui::update::Effects;

/// Goes to a screen of the top level.
pub(crate) fn go(state: &mut State, screen: Screen) {
    state.back.clear();
    state.screen = screen;
    state.opened.iter_mut().for_each(|opened| opened.scroll = 0);
}

fn descend(state: &mut State, screen: Screen) {
    state.back.push(state.screen);
    state.screen = screen;
}

pub(crate) fn home(state: &mut State, _effects: &mut Effects) {
    go(state, Screen::Home);
}

pub(crate) fn data(state: &mut State, _effects: &mut Effects) {
    go(state, Screen::Data);
}

pub(crate) fn model(state: &mut State, _effects: &mut Effects) {
    go(state, Screen::Model);
}

pub(crate) fn space(state: &mut State, _effects: &mut Effects) {
    go(state, Screen::Space);
}

pub(crate) fn trust(state: &mut State, _effects: &mut Effects) {
    go(state, Screen::Trust);
}

pub(crate) fn jobs(state: &mut State, _effects: &mut Effects) {
    go(state, Screen::Jobs);
}

pub(crate) fn log(state: &mut State, _effects: &mut Effects) {
    go(state, Screen::Log);
}

/// Goes to a screen of one kind of report.
fn go_where_there(state: &mut State, screen: Screen, what: &str) {
    if state.has(screen) {
        go(state, screen);
    } else {
        state.say(Tone::Warn, format!("no report of {what} is open"));
    }
}

pub(crate) fn emphasis(state: &mut State, _effects: &mut Effects) {
    go_where_there(state, Screen::Emphasis, "emphasis");
}

pub(crate) fn stress(state: &mut State, _effects: &mut Effects) {
    go_where_there(state, Screen::Stress, "stress");
}

pub(crate) fn quality(state: &mut State, _effects: &mut Effects) {
    go_where_there(state, Screen::Quality, "quality");
}

pub(crate) fn help(state: &mut State, _effects: &mut Effects) {
    state.overlay = Some(Overlay::Help { scroll: 0 });
}

pub(crate) fn palette(state: &mut State, _effects: &mut Effects) {
    let found = super::text::search(state, "");
    state.overlay = Some(Overlay::Palette {
        line: TextLine::default(),
        found,
        cursor: 0,
    });
}

/// The table behind the picture under the focus.
pub(crate) fn table_behind(state: &mut State, _effects: &mut Effects) {
    let screen = state.screen;
    let Some(opened) = &mut state.opened else {
        return;
    };
    if screen == Screen::Trust && opened.table_index("checks").is_none() {
        state.say(Tone::Plain, "checks and coverage are tables already");
        return;
    }
    let (index, row, lacking) = match (screen, &opened.space) {
        (Screen::Trust, _) => (opened.table_index("checks"), None, "checks"),
        (Screen::Emphasis, _) => {
            let Some(screen) = &opened.emphasis else {
                return;
            };
            let (id, row) = screen.behind();
            (opened.table_index(id), row, id)
        }
        (Screen::Stress, _) => {
            let Some(screen) = &opened.stress else { return };
            let (id, row) = screen.behind();
            (opened.table_index(id), row, id)
        }
        (Screen::Quality, _) => {
            let Some(screen) = &opened.quality else {
                return;
            };
            let (id, row) = screen.behind();
            (opened.table_index(id), row, id)
        }
        (Screen::Space, Some(space)) => {
            let table = space.shown_table(&opened.report);
            let same = |t: &Table| table.is_some_and(|found| std::ptr::eq(t, found));
            let index = opened.report.tables.iter().position(same);
            let lacking = space.pane.table().unwrap_or("regression");
            (index, space.shown_row(), lacking)
        }
        _ => return,
    };
    let Some(index) = index else {
        state.say(Tone::Warn, format!("this report has no table `{lacking}`"));
        return;
    };
    if let Some(view) = opened.views.get_mut(index) {
        let place = |row: usize| view.order.iter().position(|r| *r as usize == row);
        view.cursor = row.and_then(place).unwrap_or(view.cursor);
    }
    opened.table = index;
    descend(state, Screen::Data);
}

pub(crate) fn remake(state: &mut State, _effects: &mut Effects) {
    let Some(opened) = &state.opened else {
        state.say(Tone::Warn, "no report is open");
        return;
    };
    state.overlay = Some(Overlay::Remake(Remake {
        title: "Made by",
        what: "This report:",
        command: opened.report.provenance.command.clone(),
        also: "These screens:",
        second: format!(
            "phonoscope browse {}",
            quoted(&opened.path.to_string_lossy())
        ),
    }));
}

/// `path` as one word of a shell.
pub(crate) fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%,".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// One level back: overlay, box, filter, screen.
pub(crate) fn back(state: &mut State, _effects: &mut Effects) {
    match state.overlay.take() {
        Some(Overlay::Filter { before, .. }) => return super::text::apply_filter(state, &before),
        Some(_) => return,
        None => {}
    }
    let screen = state.screen;
    if let Some(model) = &mut state.model.opened
        && screen == Screen::Model
        && !model.filter.is_empty()
    {
        return model.set_filter("");
    }
    if let Some(opened) = &mut state.opened {
        if let Some(space) = opened.space.as_mut().filter(|_| screen == Screen::Space) {
            if space.anchor.take().is_some() {
                return;
            }
            if space.pane.page() != Page::Overview && state.back.is_empty() {
                space.pane = Pane::Scatter;
                return;
            }
        }
        let filtered = opened
            .current()
            .is_some_and(|(_, view)| !view.filter.is_empty());
        if screen == Screen::Data && filtered && state.back.is_empty() {
            return super::text::apply_filter(state, "");
        }
    }
    match state.back.pop() {
        Some(screen) => state.screen = screen,
        None if state.screen != Screen::Home => state.screen = Screen::Home,
        None => {
            let quit = state.key("app.quit");
            state.say(Tone::Plain, format!("this is the top level; {quit} quits"));
        }
    }
}

pub(crate) fn quit(state: &mut State, _effects: &mut Effects) {
    if state.overlay.take().is_some() {
        return;
    }
    if let Some(screen) = state.back.pop() {
        state.screen = screen;
        return;
    }
    let running = state.running_jobs();
    if running > 0 && !state.quit_warned {
        state.quit_warned = true;
        let jobs = crate::tui::words::count(running, "job");
        let verb = if running == 1 { "runs" } else { "run" };
        state.say(
            Tone::Warn,
            format!("{jobs} still {verb}: press again to cancel and quit"),
        );
        return;
    }
    state.exit = Some(Exit::Quit);
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn paths_survive_the_shell() {
        assert_eq!(quoted("out/report.json"), "out/report.json");
        assert_eq!(quoted("it's here"), "'it'\\''s here'");
        assert_eq!(quoted(""), "''");
    }
}
