//! Data: any table of the report, a window of rows at a time.

use phonoscope_probes::report::Table;

use crate::tui::cell::{self, MISSING, Shape};
use crate::tui::layout;
use crate::tui::opened::Opened;
use crate::tui::state::State;
use crate::tui::table_view::{Direction, TableView, Visible};
use crate::tui::words;

use super::canvas::Canvas;

pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let Some(opened) = &state.opened else {
        return super::nothing_open(state, canvas);
    };
    let Some((table, view)) = opened.current() else {
        canvas.put(2, 1, "This report has no tables.", state.theme.muted);
        return;
    };
    let areas = layout::data(canvas.area());
    tabs(state, opened, &mut canvas.part(areas.tabs));
    facts(state, opened, table, view, &mut canvas.part(areas.facts));
    let columns = view.visible(areas.rows.width.saturating_sub(layout::GUTTER));
    header(state, table, view, &columns, &mut canvas.part(areas.header));
    let mut rows = canvas.part(areas.rows);
    if view.order.is_empty() {
        let text = if table.rows() == 0 {
            "No rows."
        } else {
            "No row meets the filter."
        };
        rows.put(layout::GUTTER, 0, text, state.theme.muted);
    }
    let window = view
        .order
        .iter()
        .enumerate()
        .skip(view.offset)
        .take(rows.height().into());
    for (y, (place, row)) in window.enumerate() {
        let row = *row as usize;
        let y = y as u16;
        let here = place == view.cursor;
        let marked = opened.is_selected(opened.table, row);
        let sign = if here { '>' } else { ' ' };
        rows.dot(0, y, sign, state.theme.accent);
        rows.dot(1, y, if marked { '*' } else { ' ' }, state.theme.mark);
        for visible in &columns {
            entry(state, table, view, *visible, row, y, &mut rows);
        }
        if here {
            rows.tint(y, state.theme.select);
            if let Some(v) = columns.iter().find(|v| v.column == view.column) {
                (v.x..v.x + v.width)
                    .for_each(|x| rows.tint_cell(layout::GUTTER + x, y, state.theme.cursor));
            }
        }
    }
    let column = table.columns.get(view.column);
    let meaning = column.map_or_else(String::new, |c| {
        let unit = c
            .unit
            .as_ref()
            .map_or_else(String::new, |u| format!(" ({u})"));
        format!("{}{unit}: {}", c.id, c.meaning)
    });
    canvas
        .part(areas.meaning)
        .put(1, 0, &meaning, state.theme.muted);
}

fn tabs(state: &State, opened: &Opened, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let width = usize::from(canvas.width());
    let name = |i: usize, table: &Table| {
        let (current, name) = (i == opened.table, opened.report.name_of(table));
        if current {
            format!("[{name}]")
        } else {
            format!(" {name} ")
        }
    };
    let names: Vec<String> = opened
        .report
        .tables
        .iter()
        .enumerate()
        .map(|(i, t)| name(i, t))
        .collect();
    // Earlier tabs go when the current one would not fit.
    let mut first = 0;
    let span = |from: usize| {
        names
            .iter()
            .skip(from)
            .take(opened.table + 1 - from)
            .map(|n| words::width(n) + 1)
            .sum::<usize>()
    };
    while first < opened.table && span(first) + 1 > width {
        first += 1;
    }
    let mut x = 0;
    for (i, name) in names.iter().enumerate().skip(first) {
        let style = if i == opened.table {
            theme.heading
        } else {
            theme.muted
        };
        x += canvas.put(x, 0, name, style) + 1;
    }
}

fn facts(state: &State, opened: &Opened, table: &Table, view: &TableView, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let (shown, all) = (view.order.len(), table.rows());
    let mut text = if shown == all {
        words::count(all, "row")
    } else {
        format!(
            "{} of {}",
            words::thousands(shown),
            words::count(all, "row")
        )
    };
    if let Some((column, direction)) = view
        .sort
        .and_then(|(c, d)| Some((table.columns.get(c)?, d)))
    {
        text.push_str(&format!(" · by {} {}", column.id, arrow(direction)));
    }
    let mut x = 1 + canvas.put(1, 0, &text, theme.text);
    if !view.filter.is_empty() {
        x += canvas.put(x, 0, &format!(" · filter {}", view.filter), theme.mark);
    }
    let selection = &opened.selection;
    if selection.count() > 0 && opened.follows(opened.table) {
        let only = if selection.narrows { "only " } else { "" };
        let chosen = words::count(selection.count(), "selected speaker");
        canvas.put(
            x,
            0,
            &format!(" · {only}{chosen} ({})", selection.origin),
            theme.mark,
        );
    }
}

const fn arrow(direction: Direction) -> char {
    match direction {
        Direction::Up => '▲',
        Direction::Down => '▼',
    }
}

fn header(
    state: &State,
    table: &Table,
    view: &TableView,
    columns: &[Visible],
    canvas: &mut Canvas<'_>,
) {
    for v in columns {
        let (Some(column), Some(format)) =
            (table.columns.get(v.column), view.formats.get(v.column))
        else {
            continue;
        };
        let name = cell::header(column);
        let name = match view.sort {
            Some((sorted, direction)) if sorted == v.column => {
                format!(
                    "{} {}",
                    words::clip(&name, usize::from(v.width).saturating_sub(2)),
                    arrow(direction)
                )
            }
            _ => name,
        };
        let text = aligned(&name, format.shape, v.width);
        let x = layout::GUTTER + v.x;
        canvas.put(x, 0, &text, state.theme.heading);
        if v.column == view.column {
            (x..x + v.width).for_each(|x| canvas.tint_cell(x, 0, state.theme.select));
        }
    }
    let (before, after) = view.hidden(canvas.width().saturating_sub(layout::GUTTER));
    if before {
        canvas.dot(0, 0, '‹', state.theme.accent);
    }
    if after {
        let last = canvas.width().saturating_sub(1);
        canvas.dot(last, 0, '›', state.theme.accent);
    }
}

fn entry(
    state: &State,
    table: &Table,
    view: &TableView,
    v: Visible,
    row: usize,
    y: u16,
    canvas: &mut Canvas<'_>,
) {
    let (Some(column), Some(format)) = (table.columns.get(v.column), view.formats.get(v.column))
    else {
        return;
    };
    let text = cell::cell(column, row, format.shape);
    let style = if text == MISSING {
        state.theme.muted
    } else {
        state.theme.text
    };
    canvas.put(
        layout::GUTTER + v.x,
        y,
        &aligned(&text, format.shape, v.width),
        style,
    );
}

fn aligned(text: &str, shape: Shape, width: u16) -> String {
    match shape {
        Shape::Words | Shape::Interval => words::left(text, width.into()),
        Shape::Fixed(_) | Shape::Number => words::right(text, width.into()),
    }
}
