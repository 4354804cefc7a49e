//! Help: the keys valid where the reader is.

use crate::tui::command::{COMMANDS, Context};
use crate::tui::state::State;
use crate::tui::words;

use super::canvas::Canvas;

/// One line of the page.
enum Row {
    Heading(&'static str),
    Command {
        keys: String,
        doc: &'static str,
        id: &'static str,
    },
}

fn rows(state: &State) -> Vec<Row> {
    let mut rows = Vec::new();
    let contexts = state.screen_contexts();
    let mut told: Vec<usize> = Vec::new();
    for (depth, context) in contexts.iter().enumerate() {
        let commands: Vec<usize> = (0..COMMANDS.len())
            .filter(|i| !told.contains(i))
            .filter(|i| {
                COMMANDS
                    .get(*i)
                    .is_some_and(|c| c.contexts.contains(context))
            })
            // A key that something nearer takes is not valid here.
            .filter(|i| state.keymap.key_here(&contexts, *i).is_some())
            .collect();
        if commands.is_empty() {
            continue;
        }
        if depth > 0 {
            rows.push(Row::Heading(""));
        }
        rows.push(Row::Heading(Context::title(*context)));
        for i in commands {
            told.push(i);
            if let Some(command) = COMMANDS.get(i) {
                rows.push(Row::Command {
                    keys: state.keymap.keys_of(i),
                    doc: command.doc,
                    id: command.id,
                });
            }
        }
    }
    rows
}

pub(super) fn draw(state: &State, scroll: usize, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let rows = rows(state);
    let width = canvas.width().min(96);
    let height = u16::try_from(rows.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let height = height.min(canvas.height());
    let shown = usize::from(height.saturating_sub(2));
    let first = scroll.min(rows.len().saturating_sub(shown));
    let left = rows.len().saturating_sub(first + shown);
    let below = if left > 0 {
        format!("{left} more below")
    } else {
        String::new()
    };
    let mut window = canvas.window(width, height);
    let mut inside = window.frame("Keys valid here", &below, theme.accent);
    let keys_width = if width < 70 { 10 } else { 16 };
    let id_width = if width < 90 { 0 } else { 18 };
    for (y, row) in rows.iter().skip(first).take(shown).enumerate() {
        let y = y as u16;
        match row {
            Row::Heading(title) => {
                inside.put(1, y, title, theme.heading);
            }
            Row::Command { keys, doc, id } => {
                inside.put(1, y, &words::left(keys, keys_width), theme.accent);
                let room = usize::from(inside.width()).saturating_sub(keys_width + id_width + 4);
                inside.put(
                    keys_width as u16 + 2,
                    y,
                    &words::clip(doc, room),
                    theme.text,
                );
                if id_width > 0 {
                    inside.put_right(1, y, id, theme.muted);
                }
            }
        }
    }
}
