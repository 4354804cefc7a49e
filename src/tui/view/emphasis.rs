//! The Emphasis screen: curves over the layers, residuals, what directions answer to, and pairs.

use crate::plot::LayerCurve;
use crate::tui::cell::interval;
use crate::tui::emphasis::{Emphasis, EmphasisPane, emphasis_areas};
use crate::tui::layout::{self, Room};
use crate::tui::opened::Opened;
use crate::tui::state::State;
use crate::tui::words;

use super::canvas::Canvas;
use super::curves;

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
    let null = screen.figure.null();
    let shown = curves::Shown {
        curves: &screen.curves,
        sign: &|_, curve| sign(curve),
        has_null: &|curve| curve.part == "model",
        null: null.map(|(_, what)| format!("null: {what}")),
        here: &|curve, p| curve.system == screen.model_name() && p.tap == screen.tap_name(),
        ends: ["first tap", "last"],
    };
    curves::draw(state, &shown, &mut inside);
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
        pairs.map_or_else(|| String::from("–"), |n| format!("{n:.0}"))
    );
    inside.put(0, y, &text, theme.muted);
}
