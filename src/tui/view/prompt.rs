//! Small questions: a typed line, a file format, a command to copy.

use crate::tui::export::Format;
use crate::tui::state::{Remake, State};
use crate::tui::text_line::TextLine;
use crate::tui::words;

use super::canvas::Canvas;

/// A typed line with its cursor, and what is wrong with it.
pub(super) fn line(
    state: &State,
    label: &str,
    line: &TextLine,
    problem: Option<&str>,
    canvas: &mut Canvas<'_>,
) {
    let theme = &state.theme;
    let x = canvas.put(0, 0, label, theme.accent);
    let most = usize::from(canvas.width()) * 3 / 5;
    let trouble = problem.map(|p| words::clip(&format!("! {p}"), most));
    let kept = trouble.as_ref().map_or(0, |t| words::width(t) + 2);
    let room = usize::from(canvas.width().saturating_sub(x))
        .saturating_sub(kept)
        .max(4);
    let (text, head) = (line.text(), line.head());
    // Long lines show their part around the cursor.
    let skipped = words::width(&head).saturating_sub(room - 1);
    let mut gone = 0;
    let from = text
        .char_indices()
        .find(|(_, c)| {
            let here = gone >= skipped;
            gone += words::width(c.encode_utf8(&mut [0; 4]));
            here
        })
        .map_or(text.len(), |(at, _)| at);
    let visible = text.get(from..).unwrap_or("");
    canvas.put(x, 0, &words::clip(visible, room), theme.text);
    let before = head.get(from.min(head.len())..).unwrap_or("");
    canvas.tint_cell(x + words::width(before) as u16, 0, theme.cursor);
    if let Some(trouble) = trouble {
        canvas.put_right(1, 0, &trouble, theme.bad);
    }
}

pub(super) fn export(state: &State, formats: &[Format], cursor: usize, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let height = u16::try_from(formats.len()).unwrap_or(3) + 2;
    let mut window = canvas.window(44, height);
    let mut inside = window.frame("Export what is shown", "enter writes", theme.accent);
    for (i, format) in formats.iter().enumerate() {
        let y = i as u16;
        let here = i == cursor;
        inside.dot(0, y, if here { '>' } else { ' ' }, theme.accent);
        inside.put(2, y, format.describe(), theme.text);
        if here {
            inside.tint(y, theme.select);
        }
    }
}

pub(super) fn remake(state: &State, remake: &Remake, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let width = canvas.width().min(100);
    let room = usize::from(width.saturating_sub(4));
    let (command, browse) = (
        words::wrap(&remake.command, room),
        words::wrap(&remake.second, room),
    );
    let height = u16::try_from(command.len() + browse.len() + 5).unwrap_or(u16::MAX);
    let mut window = canvas.window(width, height);
    let mut inside = window.frame(remake.title, "y copies the first", theme.accent);
    let mut y = 0;
    inside.put(1, y, remake.what, theme.muted);
    for line in &command {
        y += 1;
        inside.put(1, y, line, theme.text);
    }
    y += 2;
    inside.put(1, y, remake.also, theme.muted);
    for line in &browse {
        y += 1;
        inside.put(1, y, line, theme.text);
    }
}
