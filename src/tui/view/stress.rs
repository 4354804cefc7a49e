//! The Stress screen: words and what the classifier looks at, figures beside their baselines, checks of
//! the maps, and where relevance went.

use crate::tui::cell::MISSING;
use crate::tui::layout::Room;
use crate::tui::opened::Opened;
use crate::tui::state::State;
use crate::tui::stress::{SANITY, Stress, StressPane, stress_areas};
use crate::tui::words;

use super::bars::{self, Bars};
use super::canvas::Canvas;
use super::forest;

pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let Some(opened) = &state.opened else {
        return super::nothing_open(state, canvas);
    };
    let Some(screen) = &opened.stress else {
        let lacking = "`phonoscope probe stress` makes it from words and a classifier.";
        return forest::nothing(state, "Stress", lacking, true, canvas);
    };
    let pair = screen.seen.iter().all(Option::is_some);
    let areas = stress_areas(canvas.area(), Room::of(state.size), screen.pane, pair);
    list(state, opened, screen, &mut canvas.part(areas.words));
    for (which, area) in areas.pictures.into_iter().enumerate() {
        let seen = screen.seen.get(which).and_then(Option::as_ref);
        super::word::draw(state, opened, screen, seen, &mut canvas.part(area));
    }
    figures(state, screen, &mut canvas.part(areas.bars));
    sanity(state, screen, &mut canvas.part(areas.sanity));
    super::ledger::draw(state, opened, screen, &mut canvas.part(areas.ledger));
}

/// Columns of the list, with their widths.
const COLUMNS: [(&str, u16); 4] = [
    ("word", 13),
    ("speaker", 11),
    ("stress", 8),
    ("missing", 24),
];

fn list(state: &State, opened: &Opened, screen: &Stress, canvas: &mut Canvas<'_>) {
    if canvas.width() < 16 || canvas.height() < 4 {
        return;
    }
    let theme = &state.theme;
    let height = usize::from(canvas.height() - 3);
    let first = (screen.word + 1).saturating_sub(height);
    let listed = screen.listed();
    let title = match listed.as_str() {
        "" => words::count(screen.words.len(), "word"),
        listed => format!("{}: {listed}", words::count(screen.words.len(), "word")),
    };
    let below = super::more_below(screen.words.len(), first + height);
    let mut inside = canvas.frame(&title, &below, theme.accent);
    let Some(items) = opened.report.table(None, "stress_items") else {
        return;
    };
    if screen.words.is_empty() {
        let text = "No word is left: change the filters above the hints.";
        inside.put(0, 0, text, theme.muted);
        return;
    }
    let head = "  word         speaker    stress   score     told  not measured";
    inside.put(0, 0, head, theme.heading);
    let index = opened.table_index("stress_items");
    for (y, (i, row)) in (1u16..).zip(screen.words.iter().enumerate().skip(first).take(height)) {
        let here = i == screen.word;
        inside.dot(0, y, if here { '>' } else { ' ' }, theme.accent);
        if index.is_some_and(|index| opened.is_selected(index, *row)) {
            inside.dot(1, y, '*', theme.mark);
        }
        let text = |id: &str| items.column(id).and_then(|c| c.text_at(*row));
        let value = |id: &str| items.column(id).and_then(|c| c.value(*row));
        let mut x = 2;
        for (id, width) in COLUMNS.into_iter().take(3) {
            let room = usize::from(width - 1);
            inside.put(
                x,
                y,
                &words::left(text(id).unwrap_or(MISSING), room),
                theme.text,
            );
            x += width;
        }
        let score = value("score").map_or_else(
            || MISSING.to_owned(),
            |v| format!("{v:+.2}").replace('-', "−"),
        );
        inside.put(x, y, &words::right(&score, 7), theme.text);
        let (told, style) = match value("right") {
            Some(1.0) => ("✓ right", theme.good),
            Some(_) => ("✗ wrong", theme.bad),
            None => (MISSING, theme.muted),
        };
        inside.put(x + 8, y, told, style);
        inside.put(x + 16, y, text("missing").unwrap_or(""), theme.muted);
        if here {
            inside.tint(y, theme.select);
        }
    }
}

fn figures(state: &State, screen: &Stress, canvas: &mut Canvas<'_>) {
    let figure = screen.figure;
    let of = match figure.is_of_maps() {
        true => format!(
            ": {}, {}, {}",
            screen.composite_name(),
            screen.sign_name(),
            screen.group_name()
        ),
        false => String::new(),
    };
    let shown = Bars {
        title: format!("{}{of}", figure.title()),
        bars: &screen.bars,
        rest: figure.rest(),
        lacking: match figure.is_of_maps() {
            true => "No word of this group has such a figure.",
            false => "This report has no such figure.",
        },
        cursor: screen.bar,
        focus: screen.pane == StressPane::Bars,
    };
    bars::draw(state, &shown, canvas);
}

fn sanity(state: &State, screen: &Stress, canvas: &mut Canvas<'_>) {
    let focus = screen.pane == StressPane::Sanity;
    let Some(table) = &screen.sanity else {
        let id = SANITY.get(screen.check).copied().unwrap_or_default();
        let lacking = match id {
            "stress_band_sensitivity" => {
                "`phonoscope probe stress` makes it where vowels have times."
            }
            _ => "`phonoscope probe stress` makes it unless `--sanity-words 0` is given.",
        };
        return forest::nothing(state, id, lacking, focus, canvas);
    };
    let at = format!("check {} of {}", screen.check + 1, SANITY.len());
    let shown = forest::Shown {
        table,
        title: &table.title,
        telling: &["spearman_absolute", "ssim", "start"],
        note: at,
        cursor: screen.sanity_row,
        focus,
        marked: &|_| false,
    };
    forest::draw(state, &shown, canvas);
}
