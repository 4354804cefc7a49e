//! Home: reports at hand, what the open one found, running jobs.

use ratatui::style::Style;

use crate::tui::command::find;
use crate::tui::layout::{self, Room};
use crate::tui::opened::Opened;
use crate::tui::state::{JobRow, JobState, State};
use crate::tui::theme::Theme;
use crate::tui::words;

use super::canvas::Canvas;

pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) {
    if state.entries.is_empty() && state.opened.is_none() {
        return welcome(state, canvas);
    }
    let jobs = told_jobs(state);
    let areas = layout::home(
        canvas.area(),
        Room::of(state.size),
        state.entries.len(),
        jobs.len(),
    );
    entries(state, &mut canvas.part(areas.list));
    found(state, &mut canvas.part(areas.found));
    if !areas.jobs.is_empty() {
        let mut pane = canvas.part(areas.jobs);
        let mut inside = pane.frame("Jobs", "", state.theme.muted);
        for (y, job) in (0u16..).zip(jobs.iter().rev().take(4)) {
            super::jobs::row(state, job, false, &mut inside.lines(y, 1));
        }
    }
}

/// Jobs worth a line on Home: those that run and those that failed.
fn told_jobs(state: &State) -> Vec<&JobRow> {
    let told = |j: &&JobRow| j.is_running() || matches!(j.state, JobState::Failed(_));
    state.jobs.iter().filter(told).collect()
}

/// Lines of text that do not fit under the list of reports.
pub(crate) fn overflow(state: &State, opened: &Opened) -> usize {
    let body = layout::chrome(state.size).body;
    let (entries, jobs) = (state.entries.len(), told_jobs(state).len());
    let found = layout::home(body, Room::of(state.size), entries, jobs).found;
    let inside = layout::inside(found);
    lines(&state.theme, opened, inside.width)
        .len()
        .saturating_sub(inside.height.into())
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
    let width = canvas.width().saturating_sub(2);
    let lines = lines(theme, opened, width);
    let shown = usize::from(canvas.height().saturating_sub(2));
    let below = super::more_below(lines.len(), opened.scroll + shown);
    let mut inside = canvas.frame("What was found", &below, theme.muted);
    let window = lines.iter().skip(opened.scroll).take(shown);
    for (y, (sign, text, style)) in (0u16..).zip(window) {
        inside.put(1, y, sign, *style);
        inside.put(3, y, text, *style);
    }
}

/// Summary, warnings and origin in lines for a pane of `width`: sign, words, style.
fn lines(theme: &Theme, opened: &Opened, width: u16) -> Vec<(&'static str, String, Style)> {
    let report = &opened.report;
    let width = usize::from(width.saturating_sub(4));
    let made = made_of(report);
    let warnings = report.warnings.iter().map(|w| ("!", w, theme.warn));
    let summary = report.summary.iter().map(|s| ("·", s, theme.text));
    let made = made.iter().map(|m| (" ", m, theme.muted));
    let mut lines = Vec::new();
    for (sign, text, style) in summary.chain(warnings).chain(made) {
        let wrapped = words::wrap(text, width).into_iter().enumerate();
        lines.extend(wrapped.map(|(i, line)| (if i == 0 { sign } else { " " }, line, style)));
    }
    lines
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
