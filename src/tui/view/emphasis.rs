//! The Emphasis screen: curves over the layers, residuals, what directions answer to, and pairs.

use crate::plot::{LayerCurve, Scale, significant};
use crate::tui::cell::interval;
use crate::tui::emphasis::{Emphasis, EmphasisPane, emphasis_areas};
use crate::tui::layout::{self, Room};
use crate::tui::opened::Opened;
use crate::tui::state::State;
use crate::tui::words;

use super::canvas::Canvas;

pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let Some(opened) = &state.opened else {
        return super::nothing_open(state, canvas);
    };
    let Some(screen) = &opened.emphasis else {
        let lacking = "`phonoscope probe emphasis` makes it from versions of words.";
        return super::forest::nothing(state, "Emphasis", lacking, true, canvas);
    };
    let areas = emphasis_areas(canvas.area(), Room::of(state.size), screen.pane);
    layers(state, screen, &mut canvas.part(areas.layers));
    super::layer_card::draw(state, opened, screen, &mut canvas.part(areas.card));
    scatter(state, screen, &mut canvas.part(areas.scatter));
    matrix(state, opened, screen, &mut canvas.part(areas.matrix));
    super::pairs::draw(state, opened, screen, canvas, &areas);
}

/// Columns for the numbers of an axis.
const LABELS: u16 = 7;

/// Signs of the curves: models take turns, twins and baselines have their own.
fn sign(curve: &LayerCurve) -> char {
    match curve.part.as_str() {
        "model" => '●',
        "redrawn twin" => 'r',
        "permuted twin" => 'p',
        _ => '=',
    }
}

fn layers(state: &State, screen: &Emphasis, canvas: &mut Canvas<'_>) {
    if canvas.width() < 24 || canvas.height() < 6 {
        return;
    }
    let theme = &state.theme;
    let focus = screen.pane == EmphasisPane::Layers;
    let border = if focus { theme.accent } else { theme.muted };
    let above = format!("{}: {}", screen.figure.title(), screen.condition_name());
    let below = format!("{}, {}", screen.model_name(), screen.tap_name());
    let mut inside = canvas.frame(&above, &below, border);
    if screen.curves.is_empty() {
        let lacking = "No system has this figure of this condition.";
        inside.put(0, 0, lacking, theme.muted);
        return;
    }
    let legend = legend(state, screen, &mut inside);
    let height = inside.height().saturating_sub(legend + 1);
    let ends = screen.curves.iter().flat_map(|c| &c.points);
    let ends = ends.flat_map(|p| [p.estimate.lo, p.estimate.hi].into_iter().chain(p.null));
    let Some(scale) = Scale::over(ends).map(|s| s.padded(0.03)) else {
        return;
    };
    let mut plot = inside.lines(legend, height + 1);
    curves(state, screen, scale, height, &mut plot);
}

/// Names of the systems with their signs, in as many lines as they take; lines used.
fn legend(state: &State, screen: &Emphasis, canvas: &mut Canvas<'_>) -> u16 {
    let theme = &state.theme;
    let most = (canvas.height() / 3).max(1);
    let (mut x, mut y) = (0, 0);
    for (i, curve) in screen.curves.iter().enumerate() {
        let name = words::clip(&curve.system, 26);
        let needed = words::width(&name) as u16 + 4;
        if x > 0 && x + needed > canvas.width() {
            (x, y) = (0, y + 1);
        }
        if y >= most {
            break;
        }
        canvas.dot(x, y, sign(curve), theme.series(i));
        x += 4 + canvas.put(x + 2, y, &name, theme.text);
    }
    let null = screen
        .figure
        .null()
        .map(|(_, what)| format!("null: {what}"));
    if let Some(text) = null {
        let needed = words::width(&text) as u16 + 2;
        if x > 0 && x + needed > canvas.width() {
            (x, y) = (0, y + 1);
        }
        if y < most {
            canvas.dot(x, y, '━', theme.warn);
            canvas.put(x + 2, y, &text, theme.muted);
        }
    }
    (y + 1).min(most)
}

fn curves(state: &State, screen: &Emphasis, scale: Scale, height: u16, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let columns = canvas.width().saturating_sub(LABELS + 2);
    if columns == 0 || height == 0 {
        return;
    }
    let line = |v: f64| {
        let unit = (1.0 - scale.unit(v)).clamp(0.0, 1.0);
        ((unit * f64::from(height)) as u16).min(height - 1)
    };
    for tick in scale.ticks(usize::from(height / 3).clamp(1, 8)) {
        let text = words::right(&tick.label, usize::from(LABELS - 1));
        canvas.put(0, line(tick.value), &text, theme.muted);
    }
    (0..height).for_each(|y| canvas.dot(LABELS - 1, y, '│', theme.muted));
    let count = screen.curves.len().max(1);
    for (i, curve) in screen.curves.iter().enumerate() {
        // Neighbours stand side by side, so that intervals do not hide each other.
        let aside = if columns > 40 {
            (i % count.min(4)) as u16
        } else {
            0
        };
        let at =
            |depth: f64| LABELS + (depth * f64::from(columns.saturating_sub(4))) as u16 + aside;
        for p in &curve.points {
            let x = at(p.depth);
            if let Some(null) = p.null.filter(|_| curve.part == "model") {
                canvas.dot(x, line(null), '━', theme.warn);
            }
            let (from, to) = (line(p.estimate.hi), line(p.estimate.lo));
            (from..=to).for_each(|y| canvas.dot(x, y, '│', theme.series(i)));
        }
        for p in &curve.points {
            let x = at(p.depth);
            canvas.dot(x, line(p.estimate.value), sign(curve), theme.series(i));
            let here = curve.system == screen.model_name() && p.tap == screen.tap_name();
            if here {
                (0..height).for_each(|y| canvas.tint_cell(x, y, theme.select));
            }
        }
    }
    canvas.put(LABELS, height, "first tap", theme.muted);
    canvas.put_right(0, height, "last", theme.muted);
}

fn scatter(state: &State, screen: &Emphasis, canvas: &mut Canvas<'_>) {
    if canvas.width() < 12 || canvas.height() < 5 {
        return;
    }
    let theme = &state.theme;
    let focus = screen.pane == EmphasisPane::Scatter;
    let border = if focus { theme.accent } else { theme.muted };
    let tap = screen
        .scatter
        .column("tap")
        .and_then(|c| c.text_at(0))
        .unwrap_or("");
    let above = format!("Residuals: up PC2 · {tap}");
    let areas = layout::scatter(canvas.area(), &screen.plane.coding, "condition");
    canvas.frame(&above, "across: PC1", border);
    let lines = layout::legend(&screen.plane.coding, "condition", areas.legend.width);
    super::scatter::legend(theme, &lines, &mut canvas.part(areas.legend));
    let marks = crate::tui::space::Marks::default();
    super::scatter::points(
        state,
        &screen.plane,
        marks,
        false,
        &mut canvas.part(areas.plot),
    );
    super::scatter::axes(
        theme,
        &screen.plane.raster,
        areas.y_axis,
        areas.x_axis,
        canvas,
    );
}

/// Columns of a cell of the matrix.
const CELL: u16 = 7;

/// The name of a condition in as few letters as tell it from others.
fn short(name: &str) -> String {
    let name = name
        .strip_prefix("emphasis_")
        .or_else(|| name.strip_prefix("control_"))
        .unwrap_or(name);
    words::clip(name, usize::from(CELL - 1))
}

fn matrix(state: &State, opened: &Opened, screen: &Emphasis, canvas: &mut Canvas<'_>) {
    if canvas.width() < 20 || canvas.height() < 5 {
        return;
    }
    let theme = &state.theme;
    let focus = screen.pane == EmphasisPane::Matrix;
    let border = if focus { theme.accent } else { theme.muted };
    let above = format!("Response of directions (rows) · {}", screen.tap_name());
    let mut inside = canvas.frame(&above, "own condition is 1", border);
    let found = screen
        .grid
        .as_ref()
        .zip(opened.report.table(None, "emphasis_transfer"));
    let Some((grid, table)) = found else {
        inside.put(0, 0, "no transfer was measured here", theme.muted);
        return;
    };
    let names = 10;
    let fit = usize::from(inside.width().saturating_sub(names) / CELL).max(1);
    let left = (screen.cell.1 + 1).saturating_sub(fit);
    for (i, tested) in grid.tested.iter().skip(left).take(fit).enumerate() {
        let here = focus && left + i == screen.cell.1;
        let style = if here { theme.cursor } else { theme.heading };
        let text = words::right(&short(tested), usize::from(CELL - 1));
        inside.put(names + i as u16 * CELL, 0, &text, style);
    }
    let value = |row: usize| table.column("response").and_then(|c| c.value(row));
    for (y, (l, learnt)) in (1u16..).zip(grid.learnt.iter().enumerate()) {
        let here = focus && l == screen.cell.0;
        let style = if here { theme.cursor } else { theme.text };
        inside.put(
            0,
            y,
            &words::left(&short(learnt), usize::from(names - 1)),
            style,
        );
        for i in 0..fit.min(grid.tested.len().saturating_sub(left)) {
            let x = names + i as u16 * CELL;
            let (text, style) = match grid.row(l, left + i).and_then(value) {
                None => (String::from("–"), theme.muted),
                Some(v) => (
                    format!("{v:.2}").replace('-', "−"),
                    theme.filled(v.abs().min(1.0)),
                ),
            };
            inside.put(x, y, &words::right(&text, usize::from(CELL - 1)), style);
            if here && left + i == screen.cell.1 {
                (x..x + CELL - 1).for_each(|x| inside.tint_cell(x, y, theme.cursor));
            }
        }
    }
    let names = grid
        .learnt
        .get(screen.cell.0)
        .zip(grid.tested.get(screen.cell.1));
    let Some((row, (learnt, tested))) = grid.row(screen.cell.0, screen.cell.1).zip(names) else {
        return;
    };
    let figure = |id: &str| {
        let e = table.column(id).and_then(|c| c.estimate_at(row));
        e.map_or_else(|| String::from("–"), interval)
    };
    let text = format!(
        "{learnt} → {tested}: response {} · AUC {} · share {}",
        figure("response"),
        figure("auc"),
        figure("share")
    );
    let start = grid.learnt.len() as u16 + 2;
    let width = usize::from(inside.width());
    for (y, line) in (start..).zip(words::wrap(&text, width)) {
        inside.put(0, y, &line, theme.text);
    }
    let pairs = table.column("pairs").and_then(|c| c.value(row));
    let y = inside.height().saturating_sub(1);
    let text = format!(
        "{} pairs, held out",
        pairs.map_or_else(|| String::from("–"), |n| significant(n, 4))
    );
    inside.put(0, y, &text, theme.muted);
}
