//! The worst utterances, and where in them the worst moments are.

use crate::plot::significant;
use crate::tui::cell::{MISSING, probability};
use crate::tui::opened::Opened;
use crate::tui::quality::{Quality, Worst};
use crate::tui::sought::Told;
use crate::tui::sound::{RANGE_DB, Spectrogram};
use crate::tui::state::{JobKind, State};
use crate::tui::words;

use super::canvas::Canvas;
use super::forest;
use super::voices::{LABELS, painted};

pub(super) fn list(state: &State, opened: &Opened, screen: &Quality, canvas: &mut Canvas<'_>) {
    if canvas.width() < 24 || canvas.height() < 4 {
        return;
    }
    let theme = &state.theme;
    let (id, title, figure, lacking) = match screen.worst {
        Worst::Whole => (
            "utterances",
            "Farthest on the whole",
            "mahalanobis",
            "`phonoscope probe quality` makes it.",
        ),
        Worst::Moments => (
            "quality_moments",
            "Farthest moments",
            "value",
            "Frames were not measured: that needs `--data`, not `--run`, and a layer that can be followed.",
        ),
    };
    let Some(table) = screen.table(&opened.report, id) else {
        return forest::nothing(state, title, lacking, true, canvas);
    };
    let rows = usize::from(canvas.height() - 3).max(1);
    let first = (screen.utterance + 1).saturating_sub(rows);
    let below = super::more_below(screen.utterances.len(), first + rows);
    let title = format!(
        "{title}: {}",
        words::count(screen.utterances.len(), "utterance")
    );
    let mut inside = canvas.frame(&title, &below, theme.accent);
    let width = inside.width();
    let system = (width / 4).clamp(8, 18);
    let name = width.saturating_sub(2 + system + 22);
    for (x, room, head) in [(2, name, "utterance"), (2 + name, system, "system")] {
        let head = words::clip(head, usize::from(room.saturating_sub(1)));
        inside.put(x, 0, &head, theme.heading);
    }
    inside.put_right(0, 0, "distance      p moments", theme.heading);
    let value = |column: &str, row: usize| table.column(column).and_then(|c| c.value(row));
    let listed = screen.utterances.iter().enumerate().skip(first).take(rows);
    for (y, (i, utterance)) in (1u16..).zip(listed) {
        let here = i == screen.utterance;
        inside.dot(0, y, if here { '>' } else { ' ' }, theme.accent);
        let id = words::clip(&utterance.id, usize::from(name.saturating_sub(1)));
        inside.put(2, y, &id, theme.text);
        let of = words::clip(&utterance.system, usize::from(system - 1));
        inside.put(2 + name, y, &of, theme.muted);
        let number = |v: Option<f64>| v.map_or_else(|| MISSING.to_owned(), |v| significant(v, 3));
        let p = value("p", utterance.row).map_or_else(|| MISSING.to_owned(), probability);
        let moments = match utterance.moments.len() {
            0 => MISSING.to_owned(),
            n => n.to_string(),
        };
        let text = format!(
            "{}{}{}",
            words::right(&number(value(figure, utterance.row)), 8),
            words::right(&p, 7),
            words::right(&moments, 8)
        );
        inside.put_right(0, y, &text, theme.text);
        if here {
            inside.tint(y, theme.select);
        }
    }
}

/// The spectrogram of the utterance under the cursor with its moments marked, and what they are.
pub(super) fn sound(state: &State, opened: &Opened, screen: &Quality, canvas: &mut Canvas<'_>) {
    if canvas.width() < 20 || canvas.height() < 6 {
        return;
    }
    let theme = &state.theme;
    let Some(utterance) = screen.shown() else {
        canvas.frame("Utterance", "", theme.muted);
        return;
    };
    let playing = state
        .jobs
        .iter()
        .any(|j| j.kind == JobKind::Play && j.is_running() && j.label.ends_with(&utterance.id));
    let below = if playing { "playing" } else { "" };
    let title = format!("{} · {}", utterance.id, utterance.system);
    let mut inside = canvas.frame(&title, below, theme.muted);
    let told = moments_in_words(opened, screen);
    let lines = (told.len() as u16).min(inside.height() / 3);
    let height = inside.height().saturating_sub(lines);
    let mut upper = inside.lines(0, height);
    match screen.found.as_ref().map(|s| &s.told) {
        Some(Told::Ready(found)) => {
            let spans = screen.moments(&opened.report);
            marked(state, &found.1, &spans, screen.moment, &mut upper);
        }
        other => {
            let text = match other {
                Some(Told::Failed(why)) => why.as_str(),
                Some(_) => "Reading the recording …",
                None => "This report names no manifest, so no recording is known.",
            };
            let width = usize::from(upper.width());
            for (y, line) in (0u16..).zip(words::wrap(text, width)) {
                upper.put(0, y, &line, theme.muted);
            }
        }
    }
    let mut lower = inside.lines(height, lines);
    for (y, (i, line)) in (0u16..).zip(told.iter().enumerate()) {
        let here = i == screen.moment && !utterance.moments.is_empty();
        let style = if here { theme.accent } else { theme.text };
        lower.put(0, y, line, style);
    }
}

/// The picture with the moments over it: a numbered line above each, and its ends.
fn marked(
    state: &State,
    picture: &Spectrogram,
    spans: &[[f64; 2]],
    current: usize,
    canvas: &mut Canvas<'_>,
) {
    let theme = &state.theme;
    let secs = significant(picture.duration_secs, 3);
    let caption = format!("0 to 8 kHz, {RANGE_DB} dB below the loudest · {secs} s");
    let above = u16::from(!spans.is_empty());
    let (width, height) = (canvas.width().saturating_sub(LABELS), canvas.height());
    let mut area = canvas.lines(above, height.saturating_sub(above));
    painted(state, &caption, &mut area, |cells, size| {
        let [upper, lower] = cells.map(|cell| picture.level(cell, size));
        theme.stacked(upper, lower)
    });
    let at = |secs: f64| {
        let unit = (secs / picture.duration_secs).clamp(0.0, 1.0);
        LABELS + ((unit * f64::from(width)) as u16).min(width.saturating_sub(1))
    };
    for (i, [start, end]) in spans.iter().enumerate() {
        let style = if i == current {
            theme.mark
        } else {
            theme.accent
        };
        let (from, to) = (at(*start), at(*end));
        (from..=to).for_each(|x| canvas.dot(x, 0, '━', style));
        let number = char::from_digit(i as u32 + 1, 10).unwrap_or('·');
        canvas.dot(u16::midpoint(from, to), 0, number, style);
        for x in [from, to] {
            (1..height.saturating_sub(1)).for_each(|y| canvas.dot(x, y, '┊', style));
        }
    }
}

/// Each moment in a line, the worst first; or why there are none.
fn moments_in_words(opened: &Opened, screen: &Quality) -> Vec<String> {
    let Some(table) = screen.table(&opened.report, "quality_moments") else {
        return vec![String::from("no moments: frames were not measured")];
    };
    let value = |id: &str, row: usize| table.column(id).and_then(|c| c.value(row));
    let rows = screen.shown().map_or(&[][..], |u| &u.moments);
    if rows.is_empty() {
        return vec![String::from(
            "no moments: others are farther, or it was not followed",
        )];
    }
    let line = |(i, row): (usize, &usize)| {
        let number = |id: &str, digits| {
            value(id, *row).map_or_else(|| MISSING.to_owned(), |v| significant(v, digits))
        };
        let p = |id: &str| value(id, *row).map_or_else(|| MISSING.to_owned(), probability);
        format!(
            "{} {}–{} s: distance {} (median {}), p {} of an utterance, {} of a window",
            i + 1,
            number("start_secs", 3),
            number("end_secs", 3),
            number("value", 3),
            number("median", 3),
            p("p"),
            p("p_window"),
        )
    };
    rows.iter().enumerate().map(line).collect()
}
