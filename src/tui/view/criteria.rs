//! What the distances are ranked against, with the best layer of each, and every layer under one.

use phonoscope_probes::report::Table;

use crate::plot::{Criterion, significant};
use crate::tui::cell::{MISSING, interval, probability};
use crate::tui::opened::Opened;
use crate::tui::quality::{Quality, QualityPane};
use crate::tui::state::State;
use crate::tui::words;

use super::canvas::Canvas;
use super::forest;

/// The best layer under a criterion, in words; or why there is none.
fn best(table: &Table, criterion: &Criterion) -> String {
    let value = |id: &str, row: usize| table.column(id).and_then(|c| c.value(row));
    let text = |id: &str, row: usize| table.column(id).and_then(|c| c.text_at(row));
    let Some((row, found)) = criterion.best(table) else {
        let why = criterion.rows.iter().find_map(|row| text("note", *row));
        return why.unwrap_or("no figures").to_owned();
    };
    let figure = table.column("interval").and_then(|c| c.estimate_at(row));
    let figure = figure.map_or_else(
        || format!("{} (no interval)", significant(found, 2)),
        interval,
    );
    let firm = value("best_in", row).map_or_else(String::new, |share| {
        format!(" · best in {:.0} % of resamples", 100.0 * share)
    });
    let p = value("p_max", row).map_or_else(String::new, |p| format!(" · p {}", probability(p)));
    let n = value("n", row).map_or(0, |n| n as usize);
    let unit = text("unit", row).unwrap_or("");
    format!(
        "{} {figure}{p} · {} {unit}{firm}",
        text("layer", row).unwrap_or(MISSING),
        words::thousands(n)
    )
}

pub(super) fn list(state: &State, opened: &Opened, screen: &Quality, canvas: &mut Canvas<'_>) {
    if canvas.width() < 24 || canvas.height() < 3 {
        return;
    }
    let theme = &state.theme;
    let focus = screen.pane == QualityPane::Best;
    let Some(table) = screen.table(&opened.report, "criteria") else {
        let lacking = "It needs ratings (a column `mos`, or `--rating`) or planted severities.";
        return forest::nothing(state, "Best layers", lacking, focus, canvas);
    };
    let border = if focus { theme.accent } else { theme.muted };
    // Two lines each.
    let rows = usize::from((canvas.height() - 2) / 2).max(1);
    let first = (screen.criterion + 1).saturating_sub(rows);
    let below = super::more_below(screen.criteria.len(), first + rows);
    let title = format!("Best layers of {}", screen.model_name());
    let mut inside = canvas.frame(&title, &below, border);
    for (i, criterion) in screen.criteria.iter().enumerate().skip(first).take(rows) {
        let y = (2 * (i - first)) as u16;
        let here = i == screen.criterion;
        inside.dot(0, y, if here { '>' } else { ' ' }, theme.accent);
        inside.put(2, y, &criterion.words(), theme.heading);
        inside.put(4, y + 1, &best(table, criterion), theme.text);
        if here && focus {
            inside.tint(y, theme.select);
        }
    }
}

/// Layers under the criterion, with their intervals and how far they are below the best.
pub(super) fn layers(state: &State, screen: &Quality, canvas: &mut Canvas<'_>) {
    let Some(table) = &screen.ranked else {
        return;
    };
    let title = screen.criteria.get(screen.criterion).map(Criterion::words);
    let at = table.column("layer").and_then(|layers| {
        (0..table.rows()).find(|row| layers.text_at(*row) == Some(screen.layer_name()))
    });
    let shown = forest::Shown {
        table,
        title: &title.unwrap_or_default(),
        telling: &["below_best", "p_below_best", "best_in", "p_max", "note"],
        note: String::new(),
        cursor: at.unwrap_or(0),
        focus: screen.pane == QualityPane::Best,
        marked: &|_| false,
    };
    forest::draw(state, &shown, canvas);
}
