//! Jobs: what runs and what ran, with counts, rate and time left.

use ratatui::style::Style;

use crate::plot::significant;
use crate::tui::jobs::Snapshot;
use crate::tui::state::{JobRow, JobState, State};
use crate::tui::theme::Theme;
use crate::tui::words;

use super::canvas::Canvas;

pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    if state.jobs.is_empty() {
        canvas.put(2, 1, "Nothing has run yet.", theme.muted);
        return;
    }
    let height = canvas.height();
    let detail_height = (height / 3).max(3);
    {
        let mut pane = canvas.lines(0, height - detail_height);
        let mut list = pane.frame("Jobs", "", theme.accent);
        let rows = usize::from(list.height().max(1));
        let first = (state.job + 1).saturating_sub(rows);
        for (i, job) in state.jobs.iter().enumerate().skip(first).take(rows) {
            row(
                state,
                job,
                i == state.job,
                &mut list.lines((i - first) as u16, 1),
            );
        }
    }
    let mut pane = canvas.lines(height - detail_height, detail_height);
    let Some(job) = state.jobs.get(state.job) else {
        return;
    };
    let mut detail = pane.frame(&job.label, "", theme.muted);
    let width = usize::from(detail.width().saturating_sub(2));
    let (text, style) = match &job.state {
        JobState::Failed(why) => (why.clone(), theme.bad),
        JobState::Done(words) => (words.clone(), theme.text),
        JobState::Cancelled => (String::from("cancelled"), theme.warn),
        JobState::Cancelling => (String::from("stopping …"), theme.warn),
        JobState::Running => (
            job.progress.as_ref().map_or_else(String::new, pace),
            theme.text,
        ),
    };
    for (y, line) in words::wrap(&text, width).iter().enumerate() {
        detail.put(1, y as u16, line, style);
    }
}

/// Sign, word and style of a job's state.
fn sign(theme: &Theme, state: &JobState) -> (char, &'static str, Style) {
    match state {
        JobState::Running => ('▸', "running", theme.accent),
        JobState::Cancelling => ('▸', "stopping", theme.warn),
        JobState::Done(_) => ('✓', "done", theme.good),
        JobState::Failed(_) => ('✗', "failed", theme.bad),
        JobState::Cancelled => ('–', "cancelled", theme.warn),
    }
}

/// One job in one line.
pub(super) fn row(state: &State, job: &JobRow, here: bool, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let (glyph, word, style) = sign(theme, &job.state);
    canvas.dot(0, 0, if here { '>' } else { ' ' }, theme.accent);
    canvas.put(2, 0, &words::left(&format!("{glyph} {word}"), 11), style);
    let wide = canvas.width() >= 70;
    let label = match canvas.width() {
        0..70 => 12,
        70..100 => 16,
        _ => 28,
    };
    canvas.put(14, 0, &words::left(&job.label, label.into()), theme.text);
    let x = 15 + label;
    match (&job.state, &job.progress) {
        (JobState::Running | JobState::Cancelling, Some(snapshot)) => {
            let mut x = x;
            if let (Some(share), true) = (share(snapshot), wide) {
                let cells = if canvas.width() < 100 { 6 } else { 20 };
                let full = (share * cells as f64) as usize;
                let bar: String = (0..cells)
                    .map(|i| if i < full { '█' } else { '░' })
                    .collect();
                x += canvas.put(x, 0, &bar, theme.accent) + 1;
            }
            canvas.put(x, 0, &pace(snapshot), theme.text);
        }
        (JobState::Done(words) | JobState::Failed(words), _) => {
            canvas.put(x, 0, words, theme.muted);
        }
        _ => {}
    }
    if here {
        canvas.tint(0, theme.select);
    }
}

fn share(s: &Snapshot) -> Option<f64> {
    s.total
        .filter(|total| *total > 0)
        .map(|total| (s.done as f64 / total as f64).min(1.0))
}

/// `extract 120/251 items, 3.2/s, 0:41 left`.
fn pace(s: &Snapshot) -> String {
    if s.stage.is_empty() {
        return format!("{} so far", words::clock(s.elapsed_secs));
    }
    let done = words::thousands(usize::try_from(s.done).unwrap_or(usize::MAX));
    let count = match s.total {
        Some(total) => {
            format!(
                "{done}/{}",
                words::thousands(usize::try_from(total).unwrap_or(usize::MAX))
            )
        }
        None => done,
    };
    let mut text = format!("{} {count} {}", s.stage, s.unit);
    let rate = s.done as f64 / s.stage_secs.max(1e-3);
    if s.done > 0 && s.stage_secs > 0.5 {
        text.push_str(&format!(", {}/s", significant(rate, 2)));
        if let Some(total) = s.total.filter(|total| *total > s.done) {
            let left = (total - s.done) as f64 / rate;
            text.push_str(&format!(", {} left", words::clock(left)));
        }
    } else {
        text.push_str(&format!(", {} so far", words::clock(s.elapsed_secs)));
    }
    text
}

/// `demo 48 %` for the status line.
pub(super) fn in_brief(job: &JobRow) -> String {
    let label = words::clip(&job.label, 24);
    match job.progress.as_ref() {
        Some(s) => match share(s) {
            Some(share) => format!("▸ {label}: {} {:.0} %", s.stage, 100.0 * share),
            None => format!("▸ {label}: {} {}", s.stage, words::clock(s.elapsed_secs)),
        },
        None => format!("▸ {label}"),
    }
}
