//! Log: the last lines of what the program did.

use tracing::Level;

use crate::tui::state::State;
use crate::tui::words;

use super::canvas::Canvas;

pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    if state.log.len() == 0 {
        canvas.put(2, 1, "Nothing logged yet.", theme.muted);
        return;
    }
    let title = if state.log.search.is_empty() {
        format!("Log ({})", words::count(state.log.len(), "line"))
    } else {
        format!("Log, search `{}`", state.log.search)
    };
    let below = if state.log.up == 0 {
        String::new()
    } else {
        format!("{} below", state.log.up)
    };
    let mut inside = canvas.frame(&title, &below, theme.muted);
    let height = usize::from(inside.height());
    let lines: Vec<_> = state.log.window(height).collect();
    let last = lines.len().saturating_sub(1);
    for (y, line) in lines.into_iter().enumerate() {
        let row = y as u16;
        let (word, style) = match line.level {
            Level::ERROR => ("✗ error", theme.bad),
            Level::WARN => ("! warn ", theme.warn),
            _ => ("  info ", theme.accent),
        };
        let hit = state.log.matches(line);
        inside.dot(0, row, if y == last { '>' } else { ' ' }, theme.accent);
        inside.put(2, row, word, style);
        let style = if hit { theme.mark } else { theme.text };
        inside.put(10, row, &line.text, style);
        if y == last {
            inside.tint(row, theme.select);
        }
    }
}
