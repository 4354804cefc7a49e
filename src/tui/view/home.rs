//! Home: reports at hand, what the open one found, running jobs.

use crate::tui::command::find;
use crate::tui::layout::Room;
use crate::tui::state::{JobState, State};
use crate::tui::words;

use super::canvas::Canvas;

pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) {
    if state.entries.is_empty() && state.opened.is_none() {
        return welcome(state, canvas);
    }
    let (area, room) = (canvas.area(), Room::of(state.size));
    let count = u16::try_from(state.entries.len()).unwrap_or(u16::MAX);
    let list_height = count.saturating_add(2).clamp(3, (area.height / 3).max(3));
    entries(state, &mut canvas.lines(0, list_height));
    let jobs = state
        .jobs
        .iter()
        .filter(|j| j.is_running() || matches!(j.state, JobState::Failed(_)));
    let jobs: Vec<_> = jobs.collect();
    let jobs_height = match (jobs.len(), room) {
        (0, _) | (_, Room::One | Room::None) => 0,
        (n, Room::All) => u16::try_from(n.min(4)).unwrap_or(4) + 2,
    };
    let found_height = area.height.saturating_sub(list_height + jobs_height);
    found(state, &mut canvas.lines(list_height, found_height));
    if jobs_height > 0 {
        let mut pane = canvas.lines(list_height + found_height, jobs_height);
        let mut inside = pane.frame("Jobs", "", state.theme.muted);
        for (y, job) in jobs.iter().rev().take(4).enumerate() {
            super::jobs::row(state, job, false, &mut inside.lines(y as u16, 1));
        }
    }
}

fn welcome(state: &State, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let contexts = state.screen_contexts();
    let key = |id: &str| {
        find(id)
            .and_then(|i| state.keymap.key_here(&contexts, i))
            .map_or_else(|| String::from(":"), |k| k.to_string())
    };
    canvas.put(
        2,
        1,
        "Phonoscope looks inside speech models.",
        theme.heading,
    );
    let narrow = canvas.width() < 70;
    let lines = [
        (
            "demo.start",
            "starts the demo: models and speech in, an explained speaker space out",
            "starts the demo",
        ),
        (
            "app.palette",
            "finds any command by name, key or description",
            "finds any command",
        ),
        (
            "app.help",
            "shows the keys that are valid here",
            "shows the keys",
        ),
        ("app.quit", "quits", "quits"),
    ];
    for (y, (id, long, short)) in (3..).zip(lines) {
        canvas.put(2, y, &format!("press {}", key(id)), theme.accent);
        canvas.put(11, y, if narrow { short } else { long }, theme.text);
    }
    canvas.put(2, 8, "No report yet. From the shell:", theme.muted);
    canvas.put(2, 9, "  phonoscope browse report.json", theme.text);
    let y = 11;
    for (i, job) in state.jobs.iter().rev().take(3).enumerate() {
        super::jobs::row(state, job, false, &mut canvas.lines(y + i as u16, 1));
    }
}

fn entries(state: &State, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let title = format!("Reports ({})", words::thousands(state.entries.len()));
    let mut list = canvas.frame(&title, "", theme.muted);
    let height = usize::from(list.height().max(1));
    let first = (state.entry + 1).saturating_sub(height);
    let open = state.opened.as_ref().map(|o| &o.path);
    for (y, (i, entry)) in state
        .entries
        .iter()
        .enumerate()
        .skip(first)
        .take(height)
        .enumerate()
    {
        let y = y as u16;
        let here = i == state.entry;
        let sign = if here { "> " } else { "  " };
        let shown = if open == Some(&entry.path) {
            "open "
        } else {
            "     "
        };
        let used = list.put(0, y, &format!("{sign}{shown}"), theme.accent);
        let half = usize::from(list.width().saturating_sub(used) / 2);
        list.put(used, y, &words::left(&entry.title, half), theme.text);
        let path = entry.path.display().to_string();
        list.put(used + half as u16 + 1, y, &path, theme.muted);
        if here {
            list.tint(y, theme.select);
        }
    }
}

fn found(state: &State, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let Some(opened) = &state.opened else {
        let mut inside = canvas.frame("What was found", "", theme.muted);
        return super::nothing_open(state, &mut inside);
    };
    let report = &opened.report;
    let made = made_of(report);
    let mut inside = canvas.frame("What was found", "", theme.muted);
    let width = usize::from(inside.width().saturating_sub(4));
    let warnings = report.warnings.iter().map(|w| ("!", w, theme.warn));
    let summary = report.summary.iter().map(|s| ("·", s, theme.text));
    let made = made.iter().map(|m| (" ", m, theme.muted));
    let mut y = 0;
    for (sign, text, style) in summary.chain(warnings).chain(made) {
        for (i, line) in words::wrap(text, width).iter().enumerate() {
            if i == 0 {
                inside.put(1, y, sign, style);
            }
            inside.put(3, y, line, style);
            y += 1;
        }
        if y >= inside.height() {
            return;
        }
    }
}

/// From what and by what the report was made, in lines.
fn made_of(report: &phonoscope_probes::report::Report) -> Vec<String> {
    let p = &report.provenance;
    let mut lines = Vec::new();
    let model = p
        .model
        .as_ref()
        .map(|m| format!("model {} ({})", m.name, m.source));
    let engine = p
        .engine
        .as_ref()
        .map(|e| format!("engine {} {}", e.name, e.version));
    lines.extend([model, engine].into_iter().flatten());
    let inputs = p.inputs.iter().map(|i| {
        let hash: String = i.sha256.chars().take(12).collect();
        format!("{} {} (sha256 {hash}…)", i.what, i.name)
    });
    lines.extend(inputs);
    lines.push(format!("seed {}, phonoscope {}", p.seed, p.phonoscope));
    lines
}
