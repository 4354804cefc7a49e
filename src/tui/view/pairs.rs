//! Pairs of versions, and both spectrograms of the one under the cursor.

use crate::plot::significant;
use crate::tui::emphasis::{Emphasis, EmphasisAreas};
use crate::tui::extremes::{Picture, Sound};
use crate::tui::opened::Opened;
use crate::tui::state::{JobKind, State};
use crate::tui::words;

use super::canvas::Canvas;

/// Columns shown, with their headings and widths.
const COLUMNS: [(&str, &str, u16); 7] = [
    ("word", "word", 11),
    ("speaker", "speaker", 8),
    ("along", "along", 6),
    ("duration_ratio", "× dur", 6),
    ("f0_shift_st", "st", 6),
    ("level_shift_db", "dB", 6),
    ("length_secs", "s", 6),
];

/// The list, and neutral and changed version side by side.
pub(super) fn draw(
    state: &State,
    opened: &Opened,
    screen: &Emphasis,
    canvas: &mut Canvas<'_>,
    areas: &EmphasisAreas,
) {
    list(state, opened, screen, &mut canvas.part(areas.pairs));
    let titles = ["neutral", screen.condition_name()];
    for ((title, found), area) in titles.into_iter().zip(&screen.sounds).zip(areas.sounds) {
        sound(state, title, found.as_ref(), &mut canvas.part(area));
    }
}

fn list(state: &State, opened: &Opened, screen: &Emphasis, canvas: &mut Canvas<'_>) {
    if canvas.width() < 16 || canvas.height() < 4 {
        return;
    }
    let theme = &state.theme;
    let height = usize::from(canvas.height() - 3);
    let first = (screen.pair + 1).saturating_sub(height);
    let title = format!(
        "{}: {}, {}",
        words::count(screen.pairs.len(), "pair"),
        screen.condition_name(),
        screen.model_name()
    );
    let below = super::more_below(screen.pairs.len(), first + height);
    let mut inside = canvas.frame(&title, &below, theme.accent);
    let Some(table) = opened
        .report
        .table(None, "emphasis_pairs")
        .filter(|_| !screen.pairs.is_empty())
    else {
        inside.put(0, 0, "no pair of this condition", theme.muted);
        return;
    };
    // What was measured stands in place of what was asked for.
    let column = |id: &str| {
        let achieved = [format!("achieved_{id}"), format!("{id}_achieved")];
        achieved
            .iter()
            .find_map(|a| table.column(a))
            .or_else(|| table.column(id))
    };
    let mut x = 2;
    let mut shown = vec![];
    for (id, heading, width) in COLUMNS {
        let Some(found) = column(id).filter(|_| x + width <= inside.width()) else {
            continue;
        };
        let is_text = matches!(id, "word" | "speaker");
        let text = if is_text {
            words::left(heading, usize::from(width - 1))
        } else {
            words::right(heading, usize::from(width - 1))
        };
        inside.put(x, 0, &text, theme.heading);
        shown.push((found, x, width, is_text));
        x += width;
    }
    for (y, (i, row)) in (1u16..).zip(screen.pairs.iter().enumerate().skip(first).take(height)) {
        let here = i == screen.pair;
        inside.dot(0, y, if here { '>' } else { ' ' }, theme.accent);
        for (column, x, width, is_text) in &shown {
            let room = usize::from(width - 1);
            let text = if *is_text {
                words::left(column.text_at(*row).unwrap_or("–"), room)
            } else {
                let number = column
                    .value(*row)
                    .map_or_else(|| String::from("–"), |v| significant(v, 3));
                words::right(&number, room)
            };
            inside.put(*x, y, &text, theme.text);
        }
        if here {
            inside.tint(y, theme.select);
        }
    }
}

/// One of the two spectrograms.
fn sound(state: &State, title: &str, sound: Option<&Sound>, canvas: &mut Canvas<'_>) {
    if canvas.width() < 12 || canvas.height() < 4 {
        return;
    }
    let theme = &state.theme;
    let playing = state
        .jobs
        .iter()
        .find(|j| j.kind == JobKind::Play && j.is_running());
    let own = |id: &str| playing.is_some_and(|j| j.label.ends_with(id));
    let above = sound.map_or_else(
        || title.to_owned(),
        |s| format!("{title}: {}", s.recording.id),
    );
    let below = match sound {
        Some(s) if own(&s.recording.id) => "playing",
        _ => "",
    };
    let mut inside = canvas.frame(&above, below, theme.muted);
    let text = match sound.map(|s| &s.picture) {
        Some(Picture::Ready(picture)) => {
            return super::voices::spectrogram(state, picture, &mut inside);
        }
        None => "This report names no recording of it.",
        Some(Picture::Failed(why)) => why.as_str(),
        Some(Picture::Pending) => "Reading the recording …",
    };
    let width = usize::from(inside.width());
    for (y, line) in (0u16..).zip(words::wrap(text, width)) {
        inside.put(0, y, &line, theme.muted);
    }
}
