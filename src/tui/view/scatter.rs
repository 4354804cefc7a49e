//! The scatter of two components.

use phonoscope_probes::report::Table;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::plot::{Coding, significant};
use crate::tui::layout::{self, Key, RAMP_CELLS, ScatterAreas};
use crate::tui::opened::Opened;
use crate::tui::plane::Plane;
use crate::tui::raster::{Bin, Mark, Raster};
use crate::tui::space::{Marks, Pane, Space};
use crate::tui::state::State;
use crate::tui::theme::{Theme, class_glyph};
use crate::tui::words;

use super::canvas::Canvas;

/// The scatter that has the cursor.
pub(super) fn draw(state: &State, opened: &Opened, space: &Space, canvas: &mut Canvas<'_>) {
    let focus = space.pane == Pane::Scatter;
    pane(state, opened, space, &space.plane, space.system(), canvas);
    if focus {
        let areas = areas(opened, space, &space.plane, canvas.area());
        cursor(&state.theme, space, &mut canvas.part(areas.plot));
    }
}

/// The scatter of another system, with the same components, colours and selection.
pub(super) fn beside(state: &State, opened: &Opened, space: &Space, canvas: &mut Canvas<'_>) {
    if let Some(beside) = &space.beside {
        let system = opened.report.systems.get(beside.system).map(String::as_str);
        pane(state, opened, space, &beside.plane, system, canvas);
    }
}

fn title<'a>(opened: &'a Opened, space: &Space) -> &'a str {
    space
        .colour_column(&opened.report)
        .map_or("no colour", |c| c.id.as_str())
}

fn areas(opened: &Opened, space: &Space, plane: &Plane, pane: Rect) -> ScatterAreas {
    layout::scatter(pane, &plane.coding, title(opened, space))
}

fn pane(
    state: &State,
    opened: &Opened,
    space: &Space,
    plane: &Plane,
    system: Option<&str>,
    canvas: &mut Canvas<'_>,
) {
    if canvas.width() < 4 || canvas.height() < 4 {
        return;
    }
    let theme = &state.theme;
    let own = system == space.system();
    let border = if own && space.pane == Pane::Scatter {
        theme.accent
    } else {
        theme.muted
    };
    let speakers = opened.report.table(system, "speakers");
    let mut parts = vec![words::count(speakers.map_or(0, Table::rows), "speaker")];
    if let Some(system) = system.filter(|_| opened.report.systems.len() > 1) {
        parts.insert(0, words::clip(system, 20));
    }
    let chosen = opened.selection.count();
    let mut above = parts.join(": ");
    if chosen > 0 {
        above.push_str(&format!(", {} selected", words::thousands(chosen)));
    }
    above.push_str(&format!(" · up: {}", axis(opened, system, space.y)));
    let below = format!("across: {}", axis(opened, system, space.x));
    let areas = areas(opened, space, plane, canvas.area());
    canvas.frame(&above, &below, border);
    let lines = layout::legend(&plane.coding, title(opened, space), areas.legend.width);
    legend(theme, &lines, &mut canvas.part(areas.legend));
    points(
        state,
        plane,
        space.marks,
        chosen > 0,
        &mut canvas.part(areas.plot),
    );
    axes(theme, &plane.raster, areas.y_axis, areas.x_axis, canvas);
}

/// `PC1 (12.3 %)`, the share of the variance.
fn axis(opened: &Opened, system: Option<&str>, component: usize) -> String {
    let ratio = opened
        .report
        .table(system, "components")
        .and_then(|t| t.column("explained_variance_ratio"))
        .and_then(|c| c.value(component - 1));
    match ratio {
        Some(ratio) => format!("PC{component} ({} %)", significant(100.0 * ratio, 3)),
        None => format!("PC{component}"),
    }
}

pub(super) fn legend(theme: &Theme, lines: &[Vec<Key>], canvas: &mut Canvas<'_>) {
    for (y, line) in (0u16..).zip(lines) {
        let mut x = 0;
        for key in line {
            x += 2 + match key {
                Key::Title(text) => canvas.put(x, y, text, theme.muted),
                Key::Class(class, text) => {
                    canvas.dot(x, y, class_glyph(*class), theme.series(*class));
                    2 + canvas.put(x + 2, y, text, theme.text)
                }
                Key::Missing(text) => {
                    canvas.dot(x, y, '·', theme.muted);
                    2 + canvas.put(x + 2, y, text, theme.text)
                }
                Key::Ramp(lo, hi) => {
                    let mut at = x + canvas.put(x, y, lo, theme.text) + 1;
                    for step in 0..RAMP_CELLS {
                        let unit = step as f64 / (RAMP_CELLS - 1) as f64;
                        canvas.dot(at, y, theme.ramp_glyph(unit), theme.ramp(unit));
                        at += 1;
                    }
                    at + 1 + canvas.put(at + 1, y, hi, theme.text) - x
                }
            };
        }
    }
}

pub(super) fn points(
    state: &State,
    plane: &Plane,
    marks: Marks,
    dims: bool,
    canvas: &mut Canvas<'_>,
) {
    let theme = &state.theme;
    let raster = &plane.raster;
    let (x0, y0) = (raster.x.unit(0.0), 1.0 - raster.y.unit(0.0));
    let (width, height) = (canvas.width(), canvas.height());
    let at = |unit: f64, cells: u16| {
        (0.0..1.0)
            .contains(&unit)
            .then_some((unit * f64::from(cells)) as u16)
    };
    if let Some(x) = at(x0, width) {
        (0..height).for_each(|y| canvas.dot(x, y, '┊', theme.muted));
    }
    if let Some(y) = at(y0, height) {
        (0..width).for_each(|x| canvas.dot(x, y, '┄', theme.muted));
    }
    for y in 0..height {
        for x in 0..width {
            let bin = raster.bin(x, y);
            if bin.points > 0 {
                let (glyph, style) = look(theme, &plane.coding, marks, bin, dims);
                canvas.dot(x, y, glyph, style);
            }
        }
    }
}

/// Glyph and style of a cell; where something is selected, the rest is pale.
fn look(theme: &Theme, coding: &Coding, marks: Marks, bin: Bin, dims: bool) -> (char, Style) {
    let (mut glyph, mut style) = match bin.mark {
        Mark::Plain => ('●', theme.accent),
        Mark::Class(class) => (class_glyph(class.into()), theme.series(class.into())),
        Mark::Place(place) => (theme.ramp_glyph(place.into()), theme.ramp(place.into())),
        Mark::Missing => ('·', theme.muted),
    };
    if matches!(coding, Coding::Plain) {
        style = theme.accent;
    }
    if dims && bin.chosen == 0 {
        (glyph, style) = ('·', theme.muted);
    }
    if marks == Marks::Dots {
        glyph = char::from_u32(0x2800 + u32::from(bin.dots)).unwrap_or('·');
    }
    (glyph, style)
}

pub(super) fn axes(
    theme: &Theme,
    raster: &Raster,
    y_axis: Rect,
    x_axis: Rect,
    canvas: &mut Canvas<'_>,
) {
    {
        let mut labels = canvas.part(y_axis);
        let (width, height) = (labels.width(), labels.height());
        for tick in raster.y.ticks(usize::from(height / 3).clamp(3, 8)) {
            let line = ((1.0 - raster.y.unit(tick.value)) * f64::from(height)) as u16;
            let text = words::right(&tick.label, usize::from(width.saturating_sub(1)));
            labels.put(0, line.min(height.saturating_sub(1)), &text, theme.muted);
        }
        (0..height).for_each(|y| labels.dot(width.saturating_sub(1), y, '│', theme.muted));
    }
    let mut labels = canvas.part(x_axis);
    let width = labels.width();
    let mut free = 0;
    for tick in raster.x.ticks(usize::from(width / 9).clamp(1, 10)) {
        let middle = (raster.x.unit(tick.value) * f64::from(width)) as u16;
        let size = words::width(&tick.label) as u16;
        let start = middle.saturating_sub(size / 2);
        if start >= free && start + size <= width {
            labels.put(start, 0, &tick.label, theme.muted);
            free = start + size + 1;
        }
    }
}

/// The cell under the cursor, or the box being drawn.
fn cursor(theme: &Theme, space: &Space, canvas: &mut Canvas<'_>) {
    let (first, last) = space.reach();
    for y in first.1..=last.1 {
        for x in first.0..=last.0 {
            let edge = y == first.1 || y == last.1 || x == first.0 || x == last.0;
            if (x, y) == space.cursor {
                canvas.tint_cell(x, y, theme.cursor);
            } else if edge {
                canvas.tint_cell(x, y, theme.select);
            }
        }
    }
}
