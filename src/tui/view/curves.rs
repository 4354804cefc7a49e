//! Curves over the layers with their intervals and nulls, and the legend that names them.

use crate::plot::{LayerCurve, LayerPoint, Scale};
use crate::tui::state::State;
use crate::tui::words;

use super::canvas::Canvas;

/// What is shown.
pub(super) struct Shown<'a> {
    pub(super) curves: &'a [LayerCurve],
    /// The sign of a curve.
    pub(super) sign: &'a dyn Fn(usize, &LayerCurve) -> char,
    /// Whether the null of a curve is drawn.
    pub(super) has_null: &'a dyn Fn(&LayerCurve) -> bool,
    /// What the nulls are.
    pub(super) null: Option<String>,
    /// Whether the cursor is on a point.
    pub(super) here: &'a dyn Fn(&LayerCurve, &LayerPoint) -> bool,
    /// What lies at both ends.
    pub(super) ends: [&'a str; 2],
}

/// Columns for the numbers of an axis.
const LABELS: u16 = 7;

/// Draws legend and curves into the inside of a frame.
pub(super) fn draw(state: &State, shown: &Shown<'_>, canvas: &mut Canvas<'_>) {
    let legend = legend(state, shown, canvas);
    let height = canvas.height().saturating_sub(legend + 1);
    let ends = shown.curves.iter().flat_map(|c| &c.points);
    let ends = ends.flat_map(|p| [p.estimate.lo, p.estimate.hi].into_iter().chain(p.null));
    let Some(scale) = Scale::over(ends).map(|s| s.padded(0.03)) else {
        return;
    };
    let mut plot = canvas.lines(legend, height + 1);
    curves(state, shown, scale, height, &mut plot);
}

/// Names of the systems with their signs, in as many lines as they take; lines used.
fn legend(state: &State, shown: &Shown<'_>, canvas: &mut Canvas<'_>) -> u16 {
    let theme = &state.theme;
    let most = (canvas.height() / 3).max(1);
    let (mut x, mut y) = (0, 0);
    for (i, curve) in shown.curves.iter().enumerate() {
        let name = words::clip(&curve.system, 26);
        let needed = words::width(&name) as u16 + 4;
        if x > 0 && x + needed > canvas.width() {
            (x, y) = (0, y + 1);
        }
        if y >= most {
            break;
        }
        canvas.dot(x, y, (shown.sign)(i, curve), theme.series(i));
        x += 4 + canvas.put(x + 2, y, &name, theme.text);
    }
    if let Some(text) = &shown.null {
        let needed = words::width(text) as u16 + 2;
        if x > 0 && x + needed > canvas.width() {
            (x, y) = (0, y + 1);
        }
        if y < most {
            canvas.dot(x, y, '━', theme.warn);
            canvas.put(x + 2, y, text, theme.muted);
        }
    }
    (y + 1).min(most)
}

fn curves(state: &State, shown: &Shown<'_>, scale: Scale, height: u16, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let columns = canvas.width().saturating_sub(LABELS + 2);
    if columns == 0 || height == 0 {
        return;
    }
    let line = |v: f64| {
        let unit = (1.0 - scale.unit(v)).clamp(0.0, 1.0);
        ((unit * f64::from(height)) as u16).min(height - 1)
    };
    for tick in scale.ticks(usize::from(height / 3).clamp(1, 8)) {
        let text = words::right(&tick.label, usize::from(LABELS - 1));
        canvas.put(0, line(tick.value), &text, theme.muted);
    }
    (0..height).for_each(|y| canvas.dot(LABELS - 1, y, '│', theme.muted));
    let count = shown.curves.len().max(1);
    for (i, curve) in shown.curves.iter().enumerate() {
        // Neighbours stand side by side, so that intervals do not hide each other.
        let aside = if columns > 40 {
            (i % count.min(4)) as u16
        } else {
            0
        };
        let at =
            |depth: f64| LABELS + (depth * f64::from(columns.saturating_sub(4))) as u16 + aside;
        for p in &curve.points {
            let x = at(p.depth);
            if let Some(null) = p.null.filter(|_| (shown.has_null)(curve)) {
                canvas.dot(x, line(null), '━', theme.warn);
            }
            let (from, to) = (line(p.estimate.hi), line(p.estimate.lo));
            (from..=to).for_each(|y| canvas.dot(x, y, '│', theme.series(i)));
        }
        for p in &curve.points {
            let x = at(p.depth);
            canvas.dot(
                x,
                line(p.estimate.value),
                (shown.sign)(i, curve),
                theme.series(i),
            );
            if (shown.here)(curve, p) {
                (0..height).for_each(|y| canvas.tint_cell(x, y, theme.select));
            }
        }
    }
    let [first, last] = shown.ends;
    canvas.put(LABELS, height, first, theme.muted);
    canvas.put_right(0, height, last, theme.muted);
}
