//! Explained variance by component, with intervals and the permutation threshold.

use phonoscope_probes::report::Column;

use crate::plot::{Scale, significant};
use crate::tui::cell::percent_interval;
use crate::tui::opened::Opened;
use crate::tui::space::{Pane, Space};
use crate::tui::state::State;
use crate::tui::words;

use super::canvas::Canvas;

const LABELS: u16 = 5;

pub(super) fn draw(state: &State, opened: &Opened, space: &Space, canvas: &mut Canvas<'_>) {
    if canvas.width() < 12 || canvas.height() < 5 {
        return;
    }
    let theme = &state.theme;
    let focus = space.pane == Pane::Scree;
    let border = if focus { theme.accent } else { theme.muted };
    let Some(table) = opened.table_of("components") else {
        let mut inside = canvas.frame("Scree", "", border);
        inside.put(0, 0, "no table `components`", theme.muted);
        return;
    };
    let ratio = table.column("explained_variance_ratio");
    let threshold = table.column("permutation_threshold");
    let row = space.component - 1;
    let value = ratio.and_then(|c| c.estimate_at(row)).map(percent_interval);
    let null = threshold.and_then(|c| c.value(row)).map(percent);
    let mut below = format!(
        "PC{} {}",
        space.component,
        value.unwrap_or_else(|| String::from("–"))
    );
    let against = null.map_or_else(String::new, |v| format!(" null {} %", significant(v, 2)));
    if words::width(&below) + words::width(&against) + 6 <= usize::from(canvas.width()) {
        below.push_str(&against);
    }
    let mut inside = canvas.frame("Scree: % of variance", &below, border);
    let mut x = 0;
    for (sign, style, text) in [
        ('●', theme.accent, "share"),
        ('│', theme.accent, "interval"),
        ('━', theme.warn, "null 95 %"),
    ] {
        inside.dot(x, 0, sign, style);
        x += 2 + inside.put(x + 2, 0, text, theme.muted) + 1;
    }
    let height = inside.height().saturating_sub(2);
    let mut plot = inside.lines(1, height + 1);
    bars(
        state,
        space,
        table.rows(),
        [ratio, threshold],
        height,
        &mut plot,
    );
}

fn percent(ratio: f64) -> f64 {
    100.0 * ratio
}

fn bars(
    state: &State,
    space: &Space,
    rows: usize,
    [ratio, threshold]: [Option<&Column>; 2],
    height: u16,
    canvas: &mut Canvas<'_>,
) {
    let theme = &state.theme;
    let columns = usize::from(canvas.width().saturating_sub(LABELS));
    if columns == 0 || height == 0 {
        return;
    }
    let step = (columns / rows.max(1)).clamp(1, 3);
    let fit = (columns / step).max(1);
    // The window of components that holds the cursor.
    let first = space
        .component
        .saturating_sub(fit.max(1))
        .min(rows.saturating_sub(1));
    let shown = first..(first + fit).min(rows);
    let highs = shown.clone().flat_map(|row| {
        let estimate = ratio.and_then(|c| c.estimate_at(row)).map(|e| e.hi);
        [
            estimate,
            ratio.and_then(|c| c.value(row)),
            threshold.and_then(|c| c.value(row)),
        ]
    });
    let top = highs.flatten().map(percent).fold(1e-9, f64::max);
    let scale = Scale::new(0.0, top * 1.02);
    let line = |v: f64| {
        let unit = (1.0 - scale.unit(v)).clamp(0.0, 1.0);
        ((unit * f64::from(height)) as u16).min(height - 1)
    };
    for tick in scale.ticks(usize::from(height / 3).clamp(1, 6)) {
        let text = words::right(&tick.label, usize::from(LABELS - 1));
        canvas.put(0, line(tick.value), &text, theme.muted);
    }
    (0..height).for_each(|y| canvas.dot(LABELS - 1, y, '│', theme.muted));
    let mut free = 0;
    for (i, row) in shown.enumerate() {
        let x = LABELS + (i * step + (step - 1) / 2) as u16;
        let start = LABELS + (i * step) as u16;
        if let Some(v) = threshold.and_then(|c| c.value(row)) {
            let y = line(percent(v));
            (start..start + step as u16).for_each(|x| canvas.dot(x, y, '━', theme.warn));
        }
        if let Some(e) = ratio.and_then(|c| c.estimate_at(row)) {
            let (from, to) = (line(percent(e.hi)), line(percent(e.lo)));
            (from..=to).for_each(|y| canvas.dot(x, y, '│', theme.accent));
        }
        if let Some(v) = ratio.and_then(|c| c.value(row)) {
            canvas.dot(x, line(percent(v)), '●', theme.accent);
        }
        let here = row + 1 == space.component;
        if here {
            (0..height).for_each(|y| canvas.tint_cell(x, y, theme.select));
        }
        let label = (row + 1).to_string();
        let size = words::width(&label) as u16;
        if here || ((row == 0 || (row + 1).is_multiple_of(5)) && x >= free) {
            if here && x < free {
                // The cursor's own label outranks the one before it.
                canvas.put(
                    free.saturating_sub(3).max(LABELS),
                    height,
                    "   ",
                    theme.text,
                );
            }
            let at = x.saturating_sub(size / 2);
            let style = if here { theme.cursor } else { theme.muted };
            canvas.put(at, height, &label, style);
            free = at + size + 1;
        }
    }
}
