//! Sorting, filtering and marking rows.

use crate::tui::state::{Overlay, Screen, State, Tone};
use crate::tui::text_line::TextLine;
use crate::tui::update::Effects;
use crate::tui::words;

pub(crate) fn sort(state: &mut State, _effects: &mut Effects) {
    if let Some(opened) = &mut state.opened {
        if let Some(view) = opened.views.get_mut(opened.table) {
            view.cycle_sort();
        }
        opened.rebuild(opened.table);
    }
}

pub(crate) fn open_filter(state: &mut State, _effects: &mut Effects) {
    let before = match state.screen {
        Screen::Log => state.log.search.clone(),
        Screen::Model => match &state.model.opened {
            Some(model) => model.filter.clone(),
            None => return,
        },
        _ => match state.opened.as_ref().and_then(|o| o.current()) {
            Some((_, view)) => view.filter.clone(),
            None => return,
        },
    };
    state.overlay = Some(Overlay::Filter {
        line: TextLine::new(&before),
        before,
        problem: None,
    });
}

pub(crate) fn mark(state: &mut State, _effects: &mut Effects) {
    let Some(opened) = &mut state.opened else {
        return;
    };
    let Some((_, view)) = opened.current() else {
        return;
    };
    let row = view.row();
    let Some(voice) = row.and_then(|row| opened.voice_of(opened.table, row)) else {
        state.say(Tone::Warn, "rows of this table belong to no single speaker");
        return;
    };
    let narrows = opened.selection.narrows;
    opened.selection.toggle(opened.voices.len(), voice);
    let chosen = words::count(opened.selection.count(), "speaker");
    if narrows {
        opened.selection_changed();
    }
    state.say(Tone::Plain, format!("{chosen} selected"));
}

pub(crate) fn narrow(state: &mut State, _effects: &mut Effects) {
    let Some(opened) = &mut state.opened else {
        return;
    };
    if opened.selection.count() == 0 {
        let (brush, mark) = (state.key("brush.start"), state.key("row.mark"));
        let text =
            format!("nothing is selected: brush the scatter ({brush}) or mark rows ({mark})");
        state.say(Tone::Warn, text);
        return;
    }
    opened.selection.narrows = !opened.selection.narrows;
    let text = if opened.selection.narrows {
        "selected rows only"
    } else {
        "all rows"
    };
    opened.selection_changed();
    state.say(Tone::Plain, text);
}

pub(crate) fn clear_selection(state: &mut State, _effects: &mut Effects) {
    let Some(opened) = &mut state.opened else {
        return;
    };
    opened.selection.clear();
    opened.selection_changed();
    state.say(Tone::Plain, "selection cleared");
}

fn seek(state: &mut State, forwards: bool) {
    if state.screen == Screen::Log {
        state.log.seek(!forwards);
        return;
    }
    let Some(opened) = &mut state.opened else {
        return;
    };
    let Some((_, view)) = opened.current() else {
        return;
    };
    let hit = |place: &usize| {
        view.order
            .get(*place)
            .is_some_and(|row| opened.is_selected(opened.table, *row as usize))
    };
    let (before, after) = (0..view.cursor, view.cursor + 1..view.order.len());
    let found = if forwards {
        after.clone().find(hit).or_else(|| before.clone().find(hit))
    } else {
        before.rev().find(hit).or_else(|| after.rev().find(hit))
    };
    match found {
        Some(place) => {
            let index = opened.table;
            opened
                .views
                .get_mut(index)
                .into_iter()
                .for_each(|view| view.cursor = place);
        }
        None => state.say(Tone::Plain, "no other selected row here"),
    }
}

pub(crate) fn next_selected(state: &mut State, _effects: &mut Effects) {
    seek(state, true);
}

pub(crate) fn previous_selected(state: &mut State, _effects: &mut Effects) {
    seek(state, false);
}
