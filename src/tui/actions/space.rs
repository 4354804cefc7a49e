//! Choosing axes, colours and speakers in the Speaker space.

use std::sync::Arc;

use phonoscope_probes::report::Report;

use crate::tui::opened::Opened;
use crate::tui::space::{Marks, Space};
use crate::tui::state::{State, Tone};
use crate::tui::update::Effects;
use crate::tui::words;

fn with(state: &mut State, act: impl FnOnce(&mut Space, &Report)) {
    if let Some(opened) = &mut state.opened {
        let report = Arc::clone(&opened.report);
        if let Some(space) = &mut opened.space {
            act(space, &report);
        }
    }
}

/// `at` in `1..=count`, one further or back, around the ends.
fn around(at: usize, count: usize, by: isize) -> usize {
    let count = count.max(1);
    (at - 1 + count).saturating_add_signed(by) % count + 1
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    X,
    Y,
}

/// Puts the next component on `axis`, or the one before; never the one on the other axis.
fn turn(state: &mut State, axis: Axis, by: isize) {
    let mut moved = true;
    with(state, |s, _| {
        let (here, other) = match axis {
            Axis::X => (s.x, s.y),
            Axis::Y => (s.y, s.x),
        };
        let mut at = around(here, s.components, by);
        if at == other {
            at = around(at, s.components, by);
        }
        moved = at != here && at != other;
        match axis {
            _ if !moved => {}
            Axis::X => s.x = at,
            Axis::Y => s.y = at,
        }
    });
    if !moved {
        state.say(Tone::Plain, "this report has no other component");
    }
}

pub(crate) fn next_x(state: &mut State, _effects: &mut Effects) {
    turn(state, Axis::X, 1);
}

pub(crate) fn previous_x(state: &mut State, _effects: &mut Effects) {
    turn(state, Axis::X, -1);
}

pub(crate) fn next_y(state: &mut State, _effects: &mut Effects) {
    turn(state, Axis::Y, 1);
}

pub(crate) fn previous_y(state: &mut State, _effects: &mut Effects) {
    turn(state, Axis::Y, -1);
}

fn colour(state: &mut State, by: isize) {
    with(state, |s, report| {
        // Position 0 is no colour.
        let at = s.colour.map_or(1, |i| i + 2);
        s.colour = around(at, s.colours.len() + 1, by).checked_sub(2);
        s.recode(report);
    });
}

pub(crate) fn next_colour(state: &mut State, _effects: &mut Effects) {
    colour(state, 1);
}

pub(crate) fn previous_colour(state: &mut State, _effects: &mut Effects) {
    colour(state, -1);
}

pub(crate) fn toggle_marks(state: &mut State, _effects: &mut Effects) {
    with(state, |s, _| {
        s.marks = match s.marks {
            Marks::Glyphs => Marks::Dots,
            Marks::Dots => Marks::Glyphs,
        };
    });
}

pub(crate) fn brush(state: &mut State, _effects: &mut Effects) {
    with(state, |s, _| s.anchor = Some(s.cursor));
    let (accept, drop) = (state.key("brush.accept"), state.key("app.back"));
    state.say(
        Tone::Plain,
        format!("move to draw the box; {accept} selects, {drop} drops it"),
    );
}

pub(crate) fn accept_brush(state: &mut State, _effects: &mut Effects) {
    let Some(Opened {
        report,
        space: Some(space),
        selection,
        ..
    }) = &mut state.opened
    else {
        return;
    };
    let Some(speakers) = report.table(None, "speakers") else {
        return;
    };
    let reached = space.reached(speakers);
    if reached.is_empty() {
        space.anchor = None;
        state.say(Tone::Warn, "no speaker there; the selection stays");
        return;
    }
    selection.set(speakers.rows(), &reached, space.reach_in_words());
    space.anchor = None;
    let chosen = words::count(selection.count(), "speaker");
    if let Some(opened) = &mut state.opened {
        opened.selection_changed();
    }
    let all = state.key("selection.narrow");
    state.say(
        Tone::Good,
        format!("{chosen} selected; tables show only these ({all}: all)"),
    );
}

pub(crate) fn take_component(state: &mut State, _effects: &mut Effects) {
    with(state, |s, _| {
        if s.y == s.component {
            s.y = s.x;
        }
        s.x = s.component;
    });
}

pub(crate) fn take_column(state: &mut State, _effects: &mut Effects) {
    with(state, |s, report| {
        let name = s.card_rows.get(s.card_cursor).and_then(|row| {
            report
                .table(None, "associations")?
                .column("column")?
                .text_at(*row)
        });
        let speakers = report.table(None, "speakers");
        let found = s.colours.iter().position(|i| {
            speakers
                .and_then(|t| t.columns.get(*i))
                .is_some_and(|c| Some(c.id.as_str()) == name)
        });
        if let Some(found) = found {
            s.colour = Some(found);
            s.recode(report);
        }
    });
}
