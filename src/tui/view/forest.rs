//! A table with the intervals of one of its columns drawn beside the numbers.

use phonoscope_probes::report::{Column, Role, Table};

use crate::plot::{self, Scale};
use crate::tui::cell::{self, Format, MISSING};
use crate::tui::state::State;
use crate::tui::words;

use super::canvas::Canvas;

/// What is shown.
pub(super) struct Shown<'a> {
    pub(super) table: &'a Table,
    pub(super) title: &'a str,
    /// Columns that matter most, after keys and the one that is drawn.
    pub(super) telling: &'a [&'a str],
    /// Said on the border below.
    pub(super) note: String,
    /// Row under the cursor.
    pub(super) cursor: usize,
    pub(super) focus: bool,
    /// Whether a row belongs to the selection.
    pub(super) marked: &'a dyn Fn(usize) -> bool,
}

/// A column on screen: numbers, or a strip of intervals.
struct Part<'a> {
    column: &'a Column,
    format: Format,
    x: u16,
    width: u16,
    strip: Option<Scale>,
}

/// Cells of the shortest and the longest strip.
pub(super) const STRIP: (u16, u16) = (13, 41);
/// Longest words of a cell.
const WORDS: u16 = 24;
const GAP: u16 = 2;

/// A frame that says what is missing and how to make it.
pub(super) fn nothing(
    state: &State,
    title: &str,
    lacking: &str,
    focus: bool,
    canvas: &mut Canvas<'_>,
) {
    let theme = &state.theme;
    let border = if focus { theme.accent } else { theme.muted };
    let mut inside = canvas.frame(title, "", border);
    let text = format!("This report has none of it. {lacking}");
    let width = usize::from(inside.width());
    for (y, line) in (0u16..).zip(words::wrap(&text, width)) {
        inside.put(0, y, &line, theme.muted);
    }
}

/// Draws rows, the window of them that holds the cursor, and under them what the column drawn means.
pub(super) fn draw(state: &State, shown: &Shown<'_>, canvas: &mut Canvas<'_>) {
    if canvas.width() < 8 || canvas.height() < 3 {
        return;
    }
    let theme = &state.theme;
    let table = shown.table;
    let border = if shown.focus {
        theme.accent
    } else {
        theme.muted
    };
    let height = usize::from(canvas.height() - 2);
    // A line says what the strip is, where there is room for it.
    let wide = height >= 6;
    let rows = height.saturating_sub(1 + usize::from(wide)).max(1);
    let cursor = shown.cursor.min(table.rows().saturating_sub(1));
    let first = (cursor + 1).saturating_sub(rows);
    let below = [
        super::more_below(table.rows(), first + rows),
        shown.note.clone(),
    ];
    let below: Vec<&str> = below
        .iter()
        .map(String::as_str)
        .filter(|b| !b.is_empty())
        .collect();
    let below = below.join(" · ");
    let title = format!("{}: {}", shown.title, words::count(table.rows(), "row"));
    let mut inside = canvas.frame(&title, &below, border);
    if table.rows() == 0 {
        inside.put(0, 0, "No rows: nothing was found.", theme.muted);
        return;
    }
    let parts = parts(shown, inside.width());
    for part in &parts {
        let head = match part.strip {
            Some(scale) => axis(scale, part.width),
            None => fit(part, &cell::header(part.column)),
        };
        let style = if part.strip.is_some() {
            theme.muted
        } else {
            theme.heading
        };
        inside.put(part.x, 0, &head, style);
    }
    let mut list = inside.lines(1, u16::try_from(rows).unwrap_or(u16::MAX));
    for (y, row) in (0u16..).zip(first..table.rows().min(first + rows)) {
        let here = shown.focus && row == cursor;
        if here {
            list.dot(0, y, '>', theme.accent);
        }
        if (shown.marked)(row) {
            list.dot(1, y, '*', theme.mark);
        }
        for part in &parts {
            match part.strip {
                Some(scale) => strip(state, table, part, scale, row, y, &mut list),
                None => {
                    let text = cell::cell(part.column, row, part.format.shape);
                    let style = if text == MISSING {
                        theme.muted
                    } else {
                        theme.text
                    };
                    list.put(part.x, y, &fit(part, &text), style);
                }
            }
        }
        if here {
            list.tint(y, theme.select);
        }
    }
    if wide {
        let drawn = parts.iter().find(|p| p.strip.is_some());
        let text = drawn.map_or_else(
            || table.meaning.clone(),
            |p| {
                let null = plot::null_of(table, &p.column.id);
                let null = null.map_or("", |_| " · ┃ 95 % of its null");
                format!("● {}: {}{null}", p.column.id, p.column.meaning)
            },
        );
        let last = inside.height().saturating_sub(1);
        inside.put(0, last, &text, theme.muted);
    }
}

fn fit(part: &Part<'_>, text: &str) -> String {
    match part.format.shape {
        cell::Shape::Words | cell::Shape::Interval => words::left(text, part.width.into()),
        cell::Shape::Fixed(_) | cell::Shape::Number => words::right(text, part.width.into()),
    }
}

/// Columns that a table's column takes: its widest cell, or its heading where that is short.
fn width_of(column: &Column, format: Format) -> u16 {
    const SAMPLE: usize = 200;
    const HEADING: usize = 14;
    let cells = (0..column.data.len().min(SAMPLE))
        .map(|row| words::width(&cell::cell(column, row, format.shape)))
        .max();
    let heading = words::width(&cell::header(column)).min(HEADING);
    let widest = cells.unwrap_or(0).max(heading);
    u16::try_from(widest).unwrap_or(u16::MAX).min(WORDS)
}

/// The columns that fit in `width`: keys, the first estimate with its strip, the telling ones, the
/// rest; last the null that is drawn already.
fn parts<'a>(shown: &Shown<'a>, width: u16) -> Vec<Part<'a>> {
    let table = shown.table;
    let drawn = plot::estimates(table).next();
    let is = |a: Option<&Column>, c: &Column| a.is_some_and(|a| std::ptr::eq(a, c));
    let null = drawn.and_then(|d| plot::null_of(table, &d.id));
    let (keys, mut others): (Vec<&Column>, Vec<&Column>) =
        table.columns.iter().partition(|c| c.role == Role::Key);
    others.retain(|c| !is(drawn, c));
    others.sort_by_key(|c| {
        let telling = shown.telling.iter().position(|id| *id == c.id);
        (is(null, c), telling.unwrap_or(shown.telling.len()))
    });
    let mut parts: Vec<Part<'a>> = Vec::new();
    let mut x = 2;
    let mut add = |column: &'a Column, strip: Option<(u16, Scale)>| {
        let format = Format::of(column);
        let wanted = strip.map_or_else(|| width_of(column, format), |(width, _)| width);
        if x + wanted > width && !parts.is_empty() {
            return;
        }
        parts.push(Part {
            column,
            format,
            x,
            width: wanted,
            strip: strip.map(|(_, scale)| scale),
        });
        x = x.saturating_add(wanted + GAP);
    };
    keys.into_iter().for_each(|column| add(column, None));
    if let Some(column) = drawn {
        add(column, None);
        if let Some(scale) = plot::scale(table, column) {
            add(column, Some(((width / 5).clamp(STRIP.0, STRIP.1), scale)));
        }
    }
    others.into_iter().for_each(|column| add(column, None));
    parts
}

/// The scale of a strip: its ends and what lies between, as far as there is room.
pub(super) fn axis(scale: Scale, width: u16) -> String {
    let mut line: Vec<char> = vec![' '; width.into()];
    let mut free = 0;
    for tick in scale.ticks(usize::from(width / 8).clamp(1, 5)) {
        let size = words::width(&tick.label);
        let middle = place(scale, tick.value, width).unwrap_or(0);
        let start = usize::from(middle).saturating_sub(size / 2);
        if start < free || start + size > line.len() {
            continue;
        }
        for (slot, c) in line.iter_mut().skip(start).zip(tick.label.chars()) {
            *slot = c;
        }
        free = start + size + 1;
    }
    line.into_iter().collect()
}

/// The cell of a strip of `width` that a value lies in; nothing outside.
pub(super) fn place(scale: Scale, value: f64, width: u16) -> Option<u16> {
    let unit = scale.unit(value);
    let inside = (0.0..=1.0).contains(&unit) && width > 0;
    inside.then(|| ((unit * f64::from(width)) as u16).min(width - 1))
}

fn strip(
    state: &State,
    table: &Table,
    part: &Part<'_>,
    scale: Scale,
    row: usize,
    y: u16,
    canvas: &mut Canvas<'_>,
) {
    let theme = &state.theme;
    let at = |value: f64| place(scale, value, part.width).map(|x| part.x + x);
    let rest = plot::rest(&part.column.id);
    if let Some(x) = at(rest) {
        canvas.dot(x, y, '┊', theme.muted);
    }
    if let Some(e) = part.column.estimate_at(row) {
        if let (Some(lo), Some(hi)) = (at(e.lo), at(e.hi)) {
            (lo..=hi).for_each(|x| canvas.dot(x, y, '─', theme.accent));
        }
        if let Some(x) = at(e.value) {
            canvas.dot(x, y, '●', theme.accent);
        }
    }
    let null = plot::null_of(table, &part.column.id).and_then(|c| c.value(row));
    if let Some(x) = null.and_then(|v| at(rest + v)) {
        canvas.dot(x, y, '┃', theme.warn);
    }
}
