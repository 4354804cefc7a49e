//! The voices at the ends of a component, and the spectrogram of the one under the cursor.

use crate::plot::significant;
use crate::tui::extremes::{Picture, Place};
use crate::tui::opened::Opened;
use crate::tui::sound::{RANGE_DB, Spectrogram, TOP_HZ};
use crate::tui::space::Space;
use crate::tui::state::{JobKind, State};
use crate::tui::words;

use super::canvas::Canvas;

/// A line of the list.
enum Line {
    Heading(Place),
    /// Index into the voices.
    Voice(usize),
}

pub(super) fn list(state: &State, opened: &Opened, space: &Space, canvas: &mut Canvas<'_>) {
    if canvas.width() < 12 || canvas.height() < 3 {
        return;
    }
    let theme = &state.theme;
    let extremes = &space.extremes;
    let index = opened.table_index("speakers");
    let Some((index, speakers)) = index.and_then(|i| Some((i, opened.report.tables.get(i)?)))
    else {
        return;
    };
    let mut lines = Vec::new();
    let mut last = None;
    for (i, voice) in extremes.voices.iter().enumerate() {
        if last != Some(voice.place) {
            lines.push(Line::Heading(voice.place));
            last = Some(voice.place);
        }
        lines.push(Line::Voice(i));
    }
    let under = |line: &Line| matches!(line, Line::Voice(i) if *i == extremes.cursor);
    let cursor = lines.iter().position(under).unwrap_or(0);
    let title = format!("Ends of PC{}", space.component);
    let height = usize::from(canvas.height() - 2);
    let first = (cursor + 1).saturating_sub(height);
    let below = super::more_below(lines.len(), first + height);
    let mut inside = canvas.frame(&title, &below, theme.accent);
    if lines.is_empty() {
        inside.put(0, 0, "no speaker has a score", theme.muted);
        return;
    }
    let scores = speakers.column(&format!("pc{}", space.component));
    let colour = space.colour_column(&opened.report);
    for (y, line) in (0u16..).zip(lines.iter().skip(first).take(height)) {
        let i = match line {
            Line::Heading(place) => {
                let text = match place {
                    Place::Selected => "selected",
                    Place::Lowest => "lowest",
                    Place::Highest => "highest",
                };
                inside.put(0, y, text, theme.heading);
                continue;
            }
            Line::Voice(i) => *i,
        };
        let Some(voice) = extremes.voices.get(i) else {
            continue;
        };
        let here = i == extremes.cursor;
        inside.dot(0, y, if here { '>' } else { ' ' }, theme.accent);
        if opened.is_selected(index, voice.row) {
            inside.dot(1, y, '*', theme.mark);
        }
        let name = speakers.columns.first().and_then(|c| c.text_at(voice.row));
        let score = scores.and_then(|c| c.value(voice.row));
        let score = score.map_or_else(|| String::from("–"), |v| significant(v, 3));
        let class = colour.and_then(|c| {
            let number = || c.value(voice.row).map(|v| significant(v, 3));
            c.text_at(voice.row).map(str::to_owned).or_else(number)
        });
        let room = usize::from(inside.width().saturating_sub(12));
        let name = [name.unwrap_or("–"), class.as_deref().unwrap_or("")].join(" ");
        inside.put(2, y, &words::clip(name.trim_end(), room), theme.text);
        inside.put_right(0, y, &score, theme.text);
        if here {
            inside.tint(y, theme.select);
        }
    }
}

pub(super) fn sound(state: &State, opened: &Opened, space: &Space, canvas: &mut Canvas<'_>) {
    if canvas.width() < 12 || canvas.height() < 4 {
        return;
    }
    let theme = &state.theme;
    let sound = space.extremes.sound.as_ref();
    let title = sound.map_or("Sound", |s| s.recording.id.as_str());
    let playing = |j: &&crate::tui::state::JobRow| j.kind == JobKind::Play && j.is_running();
    let playing = state.jobs.iter().find(playing).map(|j| j.label.as_str());
    let count = space.extremes.row().and_then(|row| {
        let voice = opened.voice_of(opened.table_index("speakers")?, row)?;
        Some(opened.recording(voice, 0)?.1)
    });
    let at = match count {
        Some(n) if n > 1 => format!("recording {} of {n}", space.extremes.item % n + 1),
        _ => String::new(),
    };
    let mut inside = canvas.frame(title, playing.unwrap_or(&at), theme.muted);
    let picture = match sound.map(|s| &s.picture) {
        Some(Picture::Ready(picture)) => picture,
        other => {
            let text = match other {
                None => "This report names no recording of that voice.",
                Some(Picture::Failed(why)) => why.as_str(),
                Some(_) => "Reading the recording …",
            };
            let width = usize::from(inside.width());
            for (y, line) in (0u16..).zip(words::wrap(text, width)) {
                inside.put(0, y, &line, theme.muted);
            }
            return;
        }
    };
    spectrogram(state, picture, &mut inside);
}

/// Columns for the frequencies.
pub(super) const LABELS: u16 = 4;

pub(super) fn spectrogram(state: &State, picture: &Spectrogram, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let secs = significant(picture.duration_secs, 3);
    let caption = format!("0 to 8 kHz, {RANGE_DB} dB below the loudest · {secs} s");
    painted(state, &caption, canvas, |cells, size| {
        let [upper, lower] = cells.map(|cell| picture.level(cell, size));
        theme.stacked(upper, lower)
    });
}

/// A picture over time and frequency beside its scale, and a line under it. `paint` gives what a place
/// shows, by both of its cells and the size of the picture in cells.
pub(super) fn painted(
    state: &State,
    caption: &str,
    canvas: &mut Canvas<'_>,
    paint: impl Fn([(usize, usize); 2], (usize, usize)) -> (char, ratatui::style::Style),
) {
    let theme = &state.theme;
    let (width, height) = (
        canvas.width().saturating_sub(LABELS),
        canvas.height().saturating_sub(1),
    );
    let size = (usize::from(width), 2 * usize::from(height));
    for y in 0..height {
        for x in 0..width {
            let cell = |row: u16| (usize::from(x), usize::from(row));
            let (glyph, style) = paint([cell(2 * y), cell(2 * y + 1)], size);
            canvas.dot(LABELS + x, y, glyph, style);
        }
    }
    let top_khz = TOP_HZ / 1000.0;
    for khz in [2.0, 4.0, 6.0] {
        let y = ((1.0 - khz / top_khz) * f64::from(height)) as u16;
        canvas.put(0, y, &format!("{khz}k"), theme.muted);
    }
    canvas.put(LABELS, height, caption, theme.muted);
}
