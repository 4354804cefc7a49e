//! Moving cursors, wherever they are.

use phonoscope_probes::report::Table;

use crate::tui::command::COMMANDS;
use crate::tui::layout;
use crate::tui::model::Focus;
use crate::tui::space::Pane;
use crate::tui::state::{Overlay, Screen, State};
use crate::tui::update::Effects;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    Lines(isize),
    Columns(isize),
    Pages(isize),
    First,
    Last,
}

pub(crate) fn up(state: &mut State, _effects: &mut Effects) {
    go(state, Move::Lines(-1));
}

pub(crate) fn down(state: &mut State, _effects: &mut Effects) {
    go(state, Move::Lines(1));
}

pub(crate) fn left(state: &mut State, _effects: &mut Effects) {
    go(state, Move::Columns(-1));
}

pub(crate) fn right(state: &mut State, _effects: &mut Effects) {
    go(state, Move::Columns(1));
}

pub(crate) fn page_up(state: &mut State, _effects: &mut Effects) {
    go(state, Move::Pages(-1));
}

pub(crate) fn page_down(state: &mut State, _effects: &mut Effects) {
    go(state, Move::Pages(1));
}

pub(crate) fn first(state: &mut State, _effects: &mut Effects) {
    go(state, Move::First);
}

pub(crate) fn last(state: &mut State, _effects: &mut Effects) {
    go(state, Move::Last);
}

pub(crate) fn next_pane(state: &mut State, _effects: &mut Effects) {
    turn(state, 1);
}

pub(crate) fn previous_pane(state: &mut State, _effects: &mut Effects) {
    turn(state, -1);
}

/// `at` moved within `0..count`.
fn step(at: usize, count: usize, by: Move, page: usize) -> usize {
    let last = count.saturating_sub(1);
    match by {
        Move::Lines(n) | Move::Columns(n) => at.saturating_add_signed(n).min(last),
        Move::Pages(n) => at
            .saturating_add_signed(n * page.max(1).cast_signed())
            .min(last),
        Move::First => 0,
        Move::Last => last,
    }
}

/// The place `by` steps on among so many, round and round.
pub(super) fn turned(at: usize, count: usize, by: isize) -> usize {
    (at + count).saturating_add_signed(by) % count.max(1)
}

/// The one of `all` that is `by` steps after this one, round and round.
pub(super) fn next_of<T: Copy + PartialEq>(all: &[T], now: T, by: isize) -> T {
    let at = all.iter().position(|one| *one == now).unwrap_or(0);
    all.get(turned(at, all.len(), by)).copied().unwrap_or(now)
}

fn go(state: &mut State, by: Move) {
    let body = layout::chrome(state.size).body;
    let page = usize::from(body.height.saturating_sub(4));
    match &mut state.overlay {
        Some(Overlay::Help { scroll }) => {
            *scroll = step(*scroll, COMMANDS.len() * 2, by, page);
            return;
        }
        Some(Overlay::Export { formats, cursor }) => {
            *cursor = step(*cursor, formats.len(), by, 1);
            return;
        }
        Some(_) => return,
        None => {}
    }
    let sideways = matches!(by, Move::Columns(_));
    match state.screen {
        // Pages turn the text; lines too where there is no list to walk.
        Screen::Home | Screen::Trust
            if matches!(by, Move::Pages(_))
                || (state.screen == Screen::Home && state.entries.len() < 2) =>
        {
            if let Some(opened) = &mut state.opened {
                opened.scroll = step(opened.scroll, usize::MAX, by, 5);
            }
        }
        Screen::Home if !sideways => {
            state.entry = step(state.entry, state.entries.len(), by, page);
        }
        Screen::Jobs if !sideways => state.job = step(state.job, state.jobs.len(), by, page),
        Screen::Log if !sideways => {
            // The log is read from its end.
            let count = state.log.len();
            let place = count.saturating_sub(state.log.up + 1);
            let place = step(place, count, by, page);
            state.log.up = count.saturating_sub(place + 1);
        }
        Screen::Trust if !sideways => {
            if let Some(opened) = &mut state.opened {
                let checks = opened.report.trust.checks.len();
                opened.check = step(opened.check, checks, by, page);
                opened.scroll = 0;
            }
        }
        Screen::Data => {
            let Some(opened) = &mut state.opened else {
                return;
            };
            let Some(view) = opened.views.get_mut(opened.table) else {
                return;
            };
            if sideways {
                view.column = step(view.column, view.formats.len(), by, 1);
            } else {
                let page = usize::from(layout::data(body).rows.height);
                view.cursor = step(view.cursor, view.order.len(), by, page);
            }
        }
        Screen::Model if !sideways => in_model(state, by, page),
        Screen::Space => in_space(state, by),
        Screen::Emphasis => super::emphasis::walk(state, walking(by, page)),
        Screen::Stress => super::stress::walk(state, walking(by, page)),
        Screen::Quality => super::quality::walk(state, walking(by, page)),
        Screen::Model | Screen::Home | Screen::Jobs | Screen::Log | Screen::Trust => {}
    }
}

/// How a place among so many moves: sideways by columns alone, else by all but them.
fn walking(by: Move, page: usize) -> impl Fn(usize, usize, bool) -> usize {
    move |at, count, sideways| match sideways == matches!(by, Move::Columns(_)) {
        true => step(at, count, by, page),
        false => at,
    }
}

fn in_model(state: &mut State, by: Move, page: usize) {
    let screen = &mut state.model;
    match (screen.focus, &mut screen.opened) {
        (Focus::Tree, Some(model)) => {
            model.cursor = step(model.cursor, model.rows.len(), by, page);
        }
        _ => screen.source = step(screen.source, screen.sources.len(), by, page),
    }
}

fn in_space(state: &mut State, by: Move) {
    let Some(opened) = &mut state.opened else {
        return;
    };
    let Some(space) = &mut opened.space else {
        return;
    };
    match space.pane {
        Pane::Scatter => {
            let (width, height) = (space.plane.raster.width, space.plane.raster.height);
            let (column, line) = (usize::from(space.cursor.0), usize::from(space.cursor.1));
            let (column, line) = match by {
                Move::Columns(_) => (step(column, width.into(), by, 1), line),
                Move::First => (0, line),
                Move::Last => (usize::from(width).saturating_sub(1), line),
                Move::Lines(_) | Move::Pages(_) => (
                    column,
                    step(line, height.into(), by, usize::from(height / 4)),
                ),
            };
            let cell = |v: usize| u16::try_from(v).unwrap_or(u16::MAX);
            space.cursor = (cell(column), cell(line));
        }
        Pane::Scree => {
            let at = step(space.component - 1, space.components, by, 5) + 1;
            let report = std::sync::Arc::clone(&opened.report);
            space.show_component(&report, at);
        }
        Pane::Card => match by {
            // Sideways the card turns its pages: one per component.
            Move::Columns(_) => {
                let at = step(space.component - 1, space.components, by, 5) + 1;
                let report = std::sync::Arc::clone(&opened.report);
                space.show_component(&report, at);
            }
            _ => space.card_cursor = step(space.card_cursor, space.card_rows.len(), by, 5),
        },
        Pane::Heat => {
            let Some(grid) = &space.grid else { return };
            let (components, descriptors) = (grid.components.len(), grid.descriptors.len());
            let (component, descriptor) = &mut space.heat_cell;
            match by {
                Move::Columns(_) => *component = step(*component, components, by, 1),
                _ => *descriptor = step(*descriptor, descriptors, by, 5),
            }
        }
        Pane::Voices => match by {
            Move::Columns(_) => {
                let at = step(space.component - 1, space.components, by, 5) + 1;
                let report = std::sync::Arc::clone(&opened.report);
                space.show_component(&report, at);
            }
            _ => {
                let extremes = &mut space.extremes;
                let before = extremes.row();
                extremes.cursor = step(extremes.cursor, extremes.voices.len(), by, 6);
                if extremes.row() != before {
                    extremes.item = 0;
                }
            }
        },
        Pane::Sex | Pane::Age | Pane::Labels | Pane::Figures => {
            let report = std::sync::Arc::clone(&opened.report);
            let tables = space.figure_tables(&report).len();
            if let (Move::Columns(_), Pane::Figures) = (by, space.pane) {
                let before = space.figure;
                space.figure = step(space.figure, tables, by, 1);
                if space.figure != before {
                    space.rows.last_mut().into_iter().for_each(|row| *row = 0);
                }
                return;
            }
            let count = space.shown_table(&report).map_or(0, Table::rows);
            let slot = space.row_slot();
            if let Some(row) = slot.and_then(|slot| space.rows.get_mut(slot)) {
                *row = step(*row, count, by, 5);
            }
        }
    }
}

fn turn(state: &mut State, by: isize) {
    let screen = state.screen;
    let Some(opened) = &mut state.opened else {
        return;
    };
    match screen {
        Screen::Data => {
            let count = opened.report.tables.len().max(1);
            opened.table = (opened.table + count).saturating_add_signed(by) % count;
        }
        Screen::Emphasis => {
            if let Some(screen) = &mut opened.emphasis {
                super::emphasis::turn_pane(screen, by);
            }
        }
        Screen::Stress => {
            if let Some(screen) = &mut opened.stress {
                super::stress::turn_pane(screen, by);
            }
        }
        Screen::Quality => {
            if let Some(screen) = &mut opened.quality {
                super::quality::turn_pane(screen, by);
            }
        }
        Screen::Space => {
            let Some(space) = &mut opened.space else {
                return;
            };
            let panes = Pane::ALL;
            let at = panes.iter().position(|p| *p == space.pane).unwrap_or(0);
            let next = (at + panes.len()).saturating_add_signed(by) % panes.len();
            space.pane = panes.get(next).copied().unwrap_or_default();
        }
        _ => {}
    }
}
