//! Palette: every command by name, key and description.

use crate::tui::command::COMMANDS;
use crate::tui::state::State;
use crate::tui::text_line::TextLine;
use crate::tui::words;

use super::canvas::Canvas;

pub(super) fn draw(
    state: &State,
    line: &TextLine,
    found: &[usize],
    cursor: usize,
    canvas: &mut Canvas<'_>,
) {
    let theme = &state.theme;
    let (width, height) = (canvas.width().min(96), canvas.height().min(18));
    let mut window = canvas.window(width, height);
    let below = format!("{} found", found.len());
    let mut inside = window.frame("Commands", &below, theme.accent);
    super::prompt::line(state, ": ", line, None, &mut inside.lines(0, 1));
    let mut list = inside.lines(1, u16::MAX);
    let rows = usize::from(list.height().max(1));
    let first = (cursor + 1).saturating_sub(rows);
    let narrow = width < 60;
    let (name_width, keys_width) = if narrow { (18, 10) } else { (18, 11) };
    if found.is_empty() {
        list.put(2, 0, "no command matches", theme.muted);
    }
    for (place, i) in found.iter().enumerate().skip(first).take(rows) {
        let Some(command) = COMMANDS.get(*i) else {
            continue;
        };
        let y = (place - first) as u16;
        let here = place == cursor;
        list.dot(0, y, if here { '>' } else { ' ' }, theme.accent);
        list.put(2, y, &words::left(command.id, name_width), theme.text);
        let x = 3 + name_width as u16;
        list.put(
            x,
            y,
            &words::left(&state.keymap.keys_of(*i), keys_width),
            theme.accent,
        );
        list.put(x + keys_width as u16 + 1, y, command.doc, theme.muted);
        if here {
            list.tint(y, theme.select);
        }
    }
}
