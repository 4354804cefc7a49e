//! Typing: the palette and the filter line.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::tui::command::{COMMANDS, Context};
use crate::tui::state::{Overlay, Screen, State};
use crate::tui::text_line::TextLine;
use crate::tui::update::Effects;

/// Commands whose name, keys or description match `text`, best first; those valid on the screen
/// before others when nothing is typed.
pub(crate) fn search(state: &State, text: &str) -> Vec<usize> {
    let here = state.screen_contexts();
    let listed = |i: &usize| {
        COMMANDS
            .get(*i)
            .is_some_and(|c| c.id != "app.palette" && c.contexts.iter().any(|x| *x <= Context::Log))
    };
    let all = (0..COMMANDS.len()).filter(listed);
    if text.trim().is_empty() {
        let mut found: Vec<usize> = all.collect();
        let valid = |i: &usize| {
            COMMANDS
                .get(*i)
                .is_some_and(|c| c.contexts.iter().any(|x| here.contains(x)))
        };
        found.sort_by_key(|i| !valid(i));
        return found;
    }
    let pattern = Pattern::parse(text, CaseMatching::Smart, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, usize)> = all
        .filter_map(|i| {
            let command = COMMANDS.get(i)?;
            let keys = state.keymap.keys_of(i);
            if keys.split(' ').any(|key| key == text) {
                return Some((u32::MAX, i));
            }
            let words = format!("{} {} {keys}", command.id, command.doc);
            let score = pattern.score(Utf32Str::new(&words, &mut buffer), &mut matcher)?;
            Some((score, i))
        })
        .collect();
    scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.into_iter().map(|(_, i)| i).collect()
}

/// Takes a typed character where something takes text.
pub(crate) fn insert(state: &mut State, c: char) {
    edit(state, |line| line.insert(c));
}

fn edit(state: &mut State, act: impl FnOnce(&mut TextLine)) {
    let text = match &mut state.overlay {
        Some(Overlay::Palette { line, .. } | Overlay::Filter { line, .. }) => {
            act(line);
            line.text()
        }
        _ => return,
    };
    let results = search(state, &text);
    if let Some(Overlay::Palette { found, cursor, .. }) = &mut state.overlay {
        *found = results;
        *cursor = 0;
        return;
    }
    apply_filter(state, &text);
}

/// Filters the table shown (or searches the log) by `text`; a mistake is shown beside the line and
/// brings back the rows from before.
pub(crate) fn apply_filter(state: &mut State, text: &str) {
    if state.screen == Screen::Log {
        text.clone_into(&mut state.log.search);
        return;
    }
    if state.screen == Screen::Model {
        if let Some(model) = &mut state.model.opened {
            model.set_filter(text);
        }
        return;
    }
    let Some(opened) = &mut state.opened else {
        return;
    };
    let report = std::sync::Arc::clone(&opened.report);
    let index = opened.table;
    let (Some(table), Some(view)) = (report.tables.get(index), opened.views.get_mut(index)) else {
        return;
    };
    let result = view.set_filter(text, table);
    if let (Err(_), Some(Overlay::Filter { before, .. })) = (&result, &state.overlay) {
        // What was typed on the way to a mistake is no filter either.
        view.set_filter(before, table).ok();
    }
    opened.rebuild(index);
    if let Some(Overlay::Filter { problem, .. }) = &mut state.overlay {
        *problem = result.err();
    }
}

pub(crate) fn accept(state: &mut State, effects: &mut Effects) {
    match state.overlay.take() {
        Some(Overlay::Palette { found, cursor, .. }) => {
            let command = found.get(cursor).and_then(|i| COMMANDS.get(*i));
            command
                .into_iter()
                .for_each(|command| (command.run)(state, effects));
        }
        Some(Overlay::Filter {
            line,
            before,
            problem: Some(problem),
        }) => {
            // A line that is no filter stays open.
            state.overlay = Some(Overlay::Filter {
                line,
                before,
                problem: Some(problem),
            });
        }
        Some(Overlay::Filter { .. }) if state.screen == Screen::Log => state.log.seek(true),
        _ => {}
    }
}

fn step(state: &mut State, by: isize) {
    if let Some(Overlay::Palette { found, cursor, .. }) = &mut state.overlay {
        *cursor = cursor
            .saturating_add_signed(by)
            .min(found.len().saturating_sub(1));
    }
}

pub(crate) fn next(state: &mut State, _effects: &mut Effects) {
    step(state, 1);
}

pub(crate) fn previous(state: &mut State, _effects: &mut Effects) {
    step(state, -1);
}

pub(crate) fn erase(state: &mut State, _effects: &mut Effects) {
    edit(state, TextLine::erase);
}

pub(crate) fn erase_word(state: &mut State, _effects: &mut Effects) {
    edit(state, TextLine::erase_word);
}

pub(crate) fn clear(state: &mut State, _effects: &mut Effects) {
    edit(state, TextLine::clear);
}

pub(crate) fn left(state: &mut State, _effects: &mut Effects) {
    edit(state, TextLine::left);
}

pub(crate) fn right(state: &mut State, _effects: &mut Effects) {
    edit(state, TextLine::right);
}

pub(crate) fn start(state: &mut State, _effects: &mut Effects) {
    edit(state, TextLine::start);
}

pub(crate) fn end(state: &mut State, _effects: &mut Effects) {
    edit(state, TextLine::end);
}
