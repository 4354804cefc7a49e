//! Choosing axes, colours and speakers in the Speaker space.

use std::sync::Arc;

use phonoscope_probes::report::Report;

use crate::tui::layout;
use crate::tui::space::{CardRow, Marks, Pane, Space};
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
    let Some(opened) = &mut state.opened else {
        return;
    };
    let index = opened.table_index("speakers");
    let speakers = index.and_then(|i| opened.report.tables.get(i));
    let (Some(index), Some(speakers), Some(space)) = (index, speakers, &mut opened.space) else {
        return;
    };
    let reached = space.reached(speakers);
    let origin = space.reach_in_words();
    space.anchor = None;
    let voices: Vec<usize> = reached
        .into_iter()
        .filter_map(|row| opened.voice_of(index, row))
        .collect();
    if voices.is_empty() {
        state.say(Tone::Warn, "no speaker there; the selection stays");
        return;
    }
    opened.selection.set(opened.voices.len(), &voices, origin);
    opened.selection_changed();
    say_selected(state);
}

/// Says what is selected now and what that does.
pub(super) fn say_selected(state: &mut State) {
    let Some(opened) = &state.opened else {
        return;
    };
    let selection = &opened.selection;
    let one = selection.first().filter(|_| selection.count() == 1);
    let chosen = match one.and_then(|voice| opened.voices.get(voice)) {
        Some(name) => words::clip(name, 24),
        None => words::count(selection.count(), "speaker"),
    };
    let all = state.key("selection.narrow");
    let text = format!("{chosen} selected; tables show only these ({all}: all)");
    state.say(Tone::Good, text);
}

pub(crate) fn take_component(state: &mut State, _effects: &mut Effects) {
    with(state, |s, _| put_on_x(s, s.component));
}

fn put_on_x(space: &mut Space, component: usize) {
    if component > space.components {
        return;
    }
    if space.y == component {
        space.y = space.x;
    }
    space.x = component;
}

/// Colours by the column `id` of `speakers`; false when there is none.
fn colour_by(space: &mut Space, report: &Report, id: &str) -> bool {
    let found = space.colour_of(report, id);
    if found.is_some() {
        space.colour = found;
        space.recode(report);
    }
    found.is_some()
}

fn no_such_column(state: &mut State, id: &str) {
    let text = format!("`{id}` has no column in `speakers`, so it cannot colour them");
    state.say(Tone::Warn, text);
}

pub(crate) fn take_column(state: &mut State, _effects: &mut Effects) {
    let mut lacking = None;
    with(state, |s, report| {
        let name = s.card_rows.get(s.card_cursor).and_then(|row| {
            let (table, column, row) = match row {
                CardRow::Association(row) => ("associations", "column", row),
                CardRow::Descriptor(row) => ("pc_cards", "descriptor", row),
            };
            s.table(report, table)?.column(column)?.text_at(*row)
        });
        if let Some(name) = name
            && !colour_by(s, report, name)
        {
            lacking = Some(name.to_owned());
        }
    });
    if let Some(name) = lacking {
        no_such_column(state, &name);
    }
}

/// From a cell of the heat map to the scatter: its component across, its descriptor as the colour.
pub(crate) fn take_cell(state: &mut State, _effects: &mut Effects) {
    let mut lacking = None;
    with(state, |s, report| {
        let Some(grid) = &s.grid else { return };
        let component = grid.components.get(s.heat_cell.0).copied();
        let name = grid.descriptors.get(s.heat_cell.1).cloned();
        if let (Some(component), Some(name)) = (component, name) {
            put_on_x(s, component);
            s.pane = Pane::Scatter;
            s.show_component(report, component);
            if !colour_by(s, report, &name) {
                lacking = Some(name);
            }
        }
    });
    if let Some(name) = lacking {
        no_such_column(state, &name);
    }
}

pub(crate) fn next_measure(state: &mut State, _effects: &mut Effects) {
    with(state, |s, _| s.measure = s.measure.next());
}

fn turn_system(state: &mut State, by: isize) {
    let Some(opened) = &mut state.opened else {
        return;
    };
    let count = opened.report.systems.len();
    if count < 2 {
        let text = "this report knows one system; `phonoscope probe speaker` can compare several";
        state.say(Tone::Plain, text);
        return;
    }
    let next = around(opened.system + 1, count, by) - 1;
    opened.show_system(next);
    let name = opened.system().unwrap_or("").to_owned();
    state.say(
        Tone::Plain,
        format!("{name}, system {} of {count}", next + 1),
    );
}

pub(crate) fn next_system(state: &mut State, _effects: &mut Effects) {
    turn_system(state, 1);
}

pub(crate) fn previous_system(state: &mut State, _effects: &mut Effects) {
    turn_system(state, -1);
}

/// Puts the next system's scatter beside this one: one after the other, then none.
pub(crate) fn beside(state: &mut State, _effects: &mut Effects) {
    let narrow = !layout::has_room_beside(state.size);
    let Some(opened) = &mut state.opened else {
        return;
    };
    let report = Arc::clone(&opened.report);
    let (count, shown) = (report.systems.len(), opened.system);
    let Some(space) = &mut opened.space else {
        return;
    };
    if count < 2 {
        state.say(Tone::Plain, "this report knows one system");
        return;
    }
    let at = space.beside.as_ref().map_or(shown, |b| b.system);
    let next = (at + 1) % count;
    space.set_beside(&report, (next != shown).then_some(next));
    space.pane = Pane::Scatter;
    if narrow && next != shown {
        let text = "two scatters side by side need 120 columns";
        state.say(Tone::Warn, text);
    }
}
