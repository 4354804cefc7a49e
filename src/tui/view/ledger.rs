//! Where relevance went, layer by layer: what arrives, what is handed on, what biases take.

use crate::plot::Scale;
use crate::tui::cell::MISSING;
use crate::tui::opened::Opened;
use crate::tui::state::State;
use crate::tui::stress::{Stress, StressPane};
use crate::tui::words;

use super::canvas::Canvas;
use super::forest::{self, axis, place};

/// Columns of numbers, with their headings.
const NUMBERS: [(&str, &str); 4] = [
    ("arriving", "arrives"),
    ("leaving", "leaves"),
    ("bias", "bias"),
    ("rest", "rest"),
];
/// Columns of one of them.
const WIDTH: u16 = 9;
/// Columns of a layer's name, at least.
const LABEL: u16 = 12;

pub(super) fn draw(state: &State, opened: &Opened, screen: &Stress, canvas: &mut Canvas<'_>) {
    if canvas.width() < 30 || canvas.height() < 5 {
        return;
    }
    let theme = &state.theme;
    let focus = screen.pane == StressPane::Ledger;
    let Some(table) = opened
        .report
        .table(None, "stress_ledger")
        .filter(|t| t.rows() > 0)
    else {
        let lacking = "`phonoscope probe stress` makes it.";
        return forest::nothing(state, "Where relevance went", lacking, focus, canvas);
    };
    let border = if focus { theme.accent } else { theme.muted };
    let title = format!(
        "Where relevance went, from the scores down: {}",
        screen.composite_name()
    );
    let rows = usize::from(canvas.height() - 4).max(1);
    let first = (screen.layer + 1).saturating_sub(rows);
    let below = super::more_below(screen.layers.len(), first + rows);
    let mut inside = canvas.frame(&title, &below, border);
    let value = |id: &str, row: usize| table.column(id).and_then(|c| c.value(row));
    let ends = screen
        .layers
        .iter()
        .flat_map(|row| [value("arriving", *row), value("leaving", *row)]);
    let Some(scale) = Scale::over(ends.flatten().chain([0.0, 1.0])).map(|s| s.padded(0.03)) else {
        return;
    };
    let shown = inside.width().saturating_sub(2 + LABEL) / WIDTH;
    let shown = usize::from(shown).min(NUMBERS.len());
    let columns = || (0u16..).zip(NUMBERS).take(shown);
    let numbers = shown as u16 * WIDTH;
    let label = inside.width().saturating_sub(2 + numbers).min(2 * LABEL);
    let start = 2 + label + numbers + 2;
    let strip = inside.width().saturating_sub(start);
    inside.put(2, 0, "layer", theme.heading);
    for (i, (_, head)) in columns() {
        let text = words::right(head, usize::from(WIDTH - 1));
        inside.put(2 + label + i * WIDTH, 0, &text, theme.heading);
    }
    inside.put(start, 0, &axis(scale, strip), theme.muted);
    let list = screen.layers.iter().enumerate().skip(first).take(rows);
    for (y, (i, row)) in (1u16..).zip(list) {
        let here = focus && i == screen.layer;
        inside.dot(0, y, if here { '>' } else { ' ' }, theme.accent);
        let name = table.column("layer").and_then(|c| c.text_at(*row));
        let name = words::clip(
            name.unwrap_or(MISSING),
            usize::from(label.saturating_sub(1)),
        );
        inside.put(2, y, &name, theme.text);
        for (i, (id, _)) in columns() {
            let text = value(id, *row).map_or_else(|| MISSING.to_owned(), percent);
            let text = words::right(&text, usize::from(WIDTH - 1));
            inside.put(2 + label + i * WIDTH, y, &text, theme.text);
        }
        let at = |v: f64| place(scale, v, strip).map(|x| start + x);
        if let (Some(zero), Some(x)) = (at(0.0), value("arriving", *row).and_then(at)) {
            (zero.min(x)..=zero.max(x)).for_each(|x| inside.dot(x, y, '▒', theme.series(0)));
        }
        for end in [0.0, 1.0] {
            at(end)
                .into_iter()
                .for_each(|x| inside.dot(x, y, '┊', theme.muted));
        }
        let leaving = value("leaving", *row).and_then(at);
        leaving
            .into_iter()
            .for_each(|x| inside.dot(x, y, '●', theme.accent));
        if here {
            inside.tint(y, theme.select);
        }
    }
    let last = inside.height().saturating_sub(1);
    let note = "of the score: ▒ arrives, ● is handed on; rest: stabilisers and padding";
    inside.put(0, last, note, theme.muted);
}

/// A share in per cent.
fn percent(share: f64) -> String {
    let text = format!("{:.1} %", 100.0 * share).replace('-', "−");
    if text == "−0.0 %" {
        String::from("0.0 %")
    } else {
        text
    }
}
