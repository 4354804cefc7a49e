//! Trust: what was measured about the run, and what was left out.

use phonoscope_probes::report::{Check, Status};
use ratatui::style::Style;

use crate::plot::significant;
use crate::tui::layout;
use crate::tui::opened::Opened;
use crate::tui::state::State;
use crate::tui::theme::Theme;
use crate::tui::words;

use super::canvas::Canvas;

pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let Some(opened) = &state.opened else {
        return super::nothing_open(state, canvas);
    };
    let theme = &state.theme;
    let checks = &opened.report.trust.checks;
    let [above, below] = layout::trust(canvas.area(), checks.len());
    {
        let mut pane = canvas.part(above);
        let mut list = pane.frame("Checks", &verdict(checks), theme.accent);
        if checks.is_empty() {
            list.put(
                1,
                0,
                "This report measured nothing about its run.",
                theme.muted,
            );
        } else {
            heading(theme, &mut list);
        }
        let mut rows = list.lines(1, u16::MAX);
        let height = usize::from(rows.height().max(1));
        let first = (opened.check + 1).saturating_sub(height);
        for (i, check) in checks.iter().enumerate().skip(first).take(height) {
            row(
                theme,
                check,
                i == opened.check,
                &mut rows.lines((i - first) as u16, 1),
            );
        }
    }
    let check = checks.get(opened.check);
    let lines = lines(theme, opened, layout::inside(below).width);
    let shown = usize::from(layout::inside(below).height);
    let more = super::more_below(lines.len(), opened.scroll + shown);
    let mut rest = canvas.part(below);
    let title = check.map_or("Coverage", |c| c.id.as_str());
    let mut inside = rest.frame(title, &more, theme.muted);
    let window = lines.iter().skip(opened.scroll).take(shown);
    for (y, (text, style)) in (0u16..).zip(window) {
        inside.put(1, y, text, *style);
    }
}

/// Lines of text that do not fit under the checks.
pub(crate) fn overflow(state: &State, opened: &Opened) -> usize {
    let body = layout::chrome(state.size).body;
    let [_, below] = layout::trust(body, opened.report.trust.checks.len());
    let inside = layout::inside(below);
    lines(&state.theme, opened, inside.width)
        .len()
        .saturating_sub(inside.height.into())
}

/// `✓ 5 passed, ! 1 to look at`.
fn verdict(checks: &[Check]) -> String {
    let statuses = [Status::Pass, Status::Warn, Status::Fail, Status::NotRun];
    let parts = statuses.iter().filter_map(|status| {
        let n = checks.iter().filter(|c| c.status == *status).count();
        let (sign, word) = sign(*status);
        (n > 0).then(|| format!("{sign} {n} {word}"))
    });
    parts.collect::<Vec<_>>().join("  ")
}

/// Sign and word of a verdict: never by colour alone.
pub(super) const fn sign(status: Status) -> (char, &'static str) {
    match status {
        Status::Pass => ('✓', "pass"),
        Status::Warn => ('!', "warn"),
        Status::Fail => ('✗', "fail"),
        Status::NotRun => ('–', "not run"),
    }
}

const fn style(theme: &Theme, status: Status) -> Style {
    match status {
        Status::Pass => theme.good,
        Status::Warn => theme.warn,
        Status::Fail => theme.bad,
        Status::NotRun => theme.muted,
    }
}

/// Start and width of the columns: id, value, threshold, n, detail.
fn columns(width: u16) -> [(u16, usize); 5] {
    let id = if width < 70 { 16 } else { 22 };
    let value = 12 + id;
    [
        (12, id.into()),
        (value + 1, 10),
        (value + 12, 10),
        (value + 23, 6),
        (value + 31, usize::MAX),
    ]
}

fn heading(theme: &Theme, canvas: &mut Canvas<'_>) {
    let [id, value, threshold, n, detail] = columns(canvas.width());
    canvas.put(2, 0, "verdict", theme.heading);
    canvas.put(id.0, 0, "check", theme.heading);
    canvas.put(
        value.0,
        0,
        &words::right("measured", value.1),
        theme.heading,
    );
    canvas.put(
        threshold.0,
        0,
        &words::right("at most", threshold.1),
        theme.heading,
    );
    canvas.put(n.0, 0, &words::right("n", n.1), theme.heading);
    canvas.put(detail.0, 0, "in words", theme.heading);
}

fn row(theme: &Theme, check: &Check, here: bool, canvas: &mut Canvas<'_>) {
    let [id, value, threshold, n, detail] = columns(canvas.width());
    let (glyph, word) = sign(check.status);
    canvas.dot(0, 0, if here { '>' } else { ' ' }, theme.accent);
    canvas.put(2, 0, &format!("{glyph} {word}"), style(theme, check.status));
    canvas.put(id.0, 0, &words::clip(&check.id, id.1), theme.text);
    // A unit that does not fit is told below, with the check in full.
    let number = |v: Option<f64>| {
        let short = v.map_or_else(|| String::from("–"), |v| significant(v, 2));
        match &check.unit {
            Some(unit) if words::width(&short) + words::width(unit) < value.1 => {
                format!("{short} {unit}")
            }
            _ => short,
        }
    };
    canvas.put(
        value.0,
        0,
        &words::right(&number(check.value), value.1),
        theme.text,
    );
    canvas.put(
        threshold.0,
        0,
        &words::right(&number(check.threshold), threshold.1),
        theme.text,
    );
    canvas.put(
        n.0,
        0,
        &words::right(&words::thousands(check.n), n.1),
        theme.text,
    );
    let words = [&check.verdict, &check.detail];
    let words = words.into_iter().find(|text| !text.is_empty());
    canvas.put(detail.0, 0, words.map_or("", String::as_str), theme.muted);
    if here {
        canvas.tint(0, theme.select);
    }
}

/// The check under the cursor in full, then coverage.
fn lines(theme: &Theme, opened: &Opened, width: u16) -> Vec<(String, Style)> {
    let width = usize::from(width.saturating_sub(2));
    let trust = &opened.report.trust;
    let mut lines = Vec::new();
    let mut add = |text: &str, style: Style| {
        lines.extend(
            words::wrap(text, width)
                .into_iter()
                .map(|line| (line, style)),
        );
    };
    if let Some(check) = trust.checks.get(opened.check) {
        if !check.verdict.is_empty() {
            add(&check.verdict, style(theme, check.status));
        }
        add(&check.meaning, theme.accent);
        if let Some(value) = check.value {
            let unit = check.unit.as_deref().unwrap_or("");
            let most = check.threshold.map_or_else(String::new, |t| {
                format!(", at most {} passes", significant(t, 2))
            });
            let text = format!("measured {} {unit}", significant(value, 2));
            let n = words::thousands(check.n);
            add(&format!("{}{most}; n {n}", text.trim_end()), theme.text);
        }
        if !check.detail.is_empty() {
            add(&check.detail, theme.text);
        }
        if check.inferences > 0 {
            let runs = words::count(check.inferences, "run");
            add(&format!("cost: {runs} of the network"), theme.muted);
        }
        for figure in &check.taps {
            let text = format!(
                "{} {} (item {})",
                figure.tap,
                significant(figure.value, 2),
                figure.item
            );
            add(&text, theme.muted);
        }
        add("Coverage", theme.heading);
    }
    let c = &trust.coverage;
    add(
        &format!(
            "{} of {} used · {} skipped · {} · {} not finite",
            words::thousands(c.used),
            words::count(c.items, "item"),
            words::thousands(c.skipped.len()),
            words::count(c.speakers, "speaker"),
            words::count(c.not_finite, "value"),
        ),
        theme.text,
    );
    for (reason, n) in opened.skip_reasons.iter().take(5) {
        add(
            &format!("! {} skipped: {reason}", words::thousands(*n)),
            theme.warn,
        );
    }
    for (column, groups) in &c.groups {
        let groups: Vec<String> = groups
            .iter()
            .map(|g| {
                format!(
                    "{} {} ({})",
                    g.class,
                    words::count(g.items, "item"),
                    words::count(g.speakers, "speaker")
                )
            })
            .collect();
        add(&format!("{column}: {}", groups.join(", ")), theme.muted);
    }
    for warning in &opened.report.warnings {
        add(&format!("! {warning}"), theme.warn);
    }
    lines
}
