//! Bars with intervals, each beside what it is held against.

use crate::plot::{Baseline, Scale, StressBar, significant};
use crate::tui::cell::interval;
use crate::tui::state::State;
use crate::tui::words;

use super::canvas::Canvas;
use super::forest::{axis, place};

/// What is shown.
pub(super) struct Bars<'a> {
    pub(super) title: String,
    pub(super) bars: &'a [StressBar],
    /// Where a bar begins.
    pub(super) rest: f64,
    /// What to say where there is no bar.
    pub(super) lacking: &'a str,
    pub(super) cursor: usize,
    pub(super) focus: bool,
}

/// Columns for the numbers.
const NUMBERS: u16 = 22;
/// Cells of the shortest strip, and of the longest.
const STRIP: u16 = 10;
const LONGEST: u16 = 100;

pub(super) fn draw(state: &State, shown: &Bars<'_>, canvas: &mut Canvas<'_>) {
    if canvas.width() < 30 || canvas.height() < 5 {
        return;
    }
    let theme = &state.theme;
    let border = if shown.focus {
        theme.accent
    } else {
        theme.muted
    };
    let width = usize::from(canvas.width() - 2);
    let mut said = said(shown, width);
    said.truncate(usize::from(canvas.height() / 3));
    let rows = usize::from(canvas.height() - 3)
        .saturating_sub(said.len())
        .max(1);
    let first = (shown.cursor + 1).saturating_sub(rows);
    let below = super::more_below(shown.bars.len(), first + rows);
    let mut inside = canvas.frame(&shown.title, &below, border);
    if shown.bars.is_empty() {
        inside.put(0, 0, shown.lacking, theme.muted);
        return;
    }
    let longest = shown.bars.iter().map(|b| words::width(&b.label)).max();
    let room = inside.width().saturating_sub(2 + NUMBERS);
    let label = (longest.unwrap_or(0) as u16 + 2).clamp(8, 32).min(room);
    let start = 2 + label + NUMBERS;
    let strip = match inside.width().saturating_sub(start) {
        // Too short to tell anything.
        0..STRIP => 0,
        room => room.min(LONGEST),
    };
    let Some(scale) = scale(shown) else { return };
    inside.put(start, 0, &axis(scale, strip), theme.muted);
    let list = shown.bars.iter().enumerate().skip(first).take(rows);
    for (y, (i, bar)) in (1u16..).zip(list) {
        let here = shown.focus && i == shown.cursor;
        inside.dot(0, y, if here { '>' } else { ' ' }, theme.accent);
        inside.put(
            2,
            y,
            &words::clip(&bar.label, usize::from(label - 1)),
            theme.text,
        );
        let numbers = words::clip(&interval(bar.estimate), usize::from(NUMBERS - 1));
        inside.put(2 + label, y, &numbers, theme.text);
        one(
            state,
            shown.rest,
            bar,
            scale,
            &mut inside,
            (start, strip, y),
        );
        if here {
            inside.tint(y, theme.select);
        }
    }
    let bottom = inside.height().saturating_sub(said.len() as u16);
    for (y, line) in (bottom..).zip(&said) {
        inside.put(0, y, line, theme.muted);
    }
}

/// The scale that holds every bar, its interval and its baselines.
fn scale(shown: &Bars<'_>) -> Option<Scale> {
    let of = |bar: &StressBar| {
        let own = [bar.estimate.value, bar.estimate.lo, bar.estimate.hi];
        let others: Vec<f64> = bar.baselines.iter().map(|b| b.value).collect();
        own.into_iter().chain(others)
    };
    let values = shown.bars.iter().flat_map(of).chain([shown.rest]);
    Scale::over(values).map(|s| s.padded(0.03))
}

/// The bar from where it begins to its value, its interval, and the signs of its baselines.
fn one(
    state: &State,
    rest: f64,
    bar: &StressBar,
    scale: Scale,
    canvas: &mut Canvas<'_>,
    (start, width, y): (u16, u16, u16),
) {
    let theme = &state.theme;
    let at = |value: f64| place(scale, value, width).map(|x| start + x);
    let e = bar.estimate;
    if let (Some(rest), Some(value)) = (at(rest), at(e.value)) {
        let (from, to) = (rest.min(value), rest.max(value));
        (from..=to).for_each(|x| canvas.dot(x, y, '▒', theme.series(0)));
    }
    if let (Some(lo), Some(hi)) = (at(e.lo), at(e.hi)) {
        (lo..=hi).for_each(|x| canvas.dot(x, y, '─', theme.accent));
    }
    if let Some(x) = at(rest) {
        canvas.dot(x, y, '┊', theme.muted);
    }
    let value = at(e.value);
    value
        .into_iter()
        .for_each(|x| canvas.dot(x, y, '●', theme.accent));
    let mut taken: Vec<u16> = value.into_iter().collect();
    for baseline in &bar.baselines {
        // One that would hide another stands beside it.
        let free = at(baseline.value).and_then(|x| (x..start + width).find(|x| !taken.contains(x)));
        if let Some(x) = free {
            canvas.dot(x, y, baseline.sign, theme.warn);
            taken.push(x);
        }
    }
}

/// The bar under the cursor with all it is held against, in lines.
fn said(shown: &Bars<'_>, width: usize) -> Vec<String> {
    let Some(bar) = shown.bars.get(shown.cursor) else {
        return Vec::new();
    };
    let told = |b: &Baseline| {
        let value = b.estimate.map_or_else(|| significant(b.value, 3), interval);
        format!("{} {} {value}", b.sign, b.name)
    };
    let baselines: Vec<String> = bar.baselines.iter().map(told).collect();
    let n = bar.n.map_or_else(String::new, |n| {
        format!(", {} tokens", words::thousands(n as usize))
    });
    let against = match baselines.as_slice() {
        [] => String::from("no baseline in this report"),
        some => some.join(" · "),
    };
    let text = format!("● {}{n}: {} · {against}", bar.label, interval(bar.estimate));
    words::wrap(&text, width)
}
