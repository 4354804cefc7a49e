//! Components × descriptors: every cell in digits, filled along a ramp where there are colours.

use phonoscope_probes::report::{Column, Table};

use crate::plot::{HeatGrid, Measure, is_significant, significant};
use crate::tui::cell::{MISSING, interval, probability};
use crate::tui::opened::Opened;
use crate::tui::space::Space;
use crate::tui::state::State;
use crate::tui::words;

use super::canvas::Canvas;

/// `-.42*` with a column between.
const CELL: u16 = 6;

pub(super) fn draw(state: &State, opened: &Opened, space: &Space, canvas: &mut Canvas<'_>) {
    if canvas.width() < 20 || canvas.height() < 5 {
        return;
    }
    let theme = &state.theme;
    let found = opened.table_of("pc_cards").zip(space.grid.as_ref());
    let Some((table, grid)) = found else {
        let lacking = "`phonoscope probe speaker` makes it from acoustic descriptors.";
        return super::forest::nothing(state, "Components × descriptors", lacking, true, canvas);
    };
    let Some(column) = table.column(space.measure.column()) else {
        let lacking = format!("`pc_cards` has no column `{}`.", space.measure.column());
        return super::forest::nothing(state, "Components × descriptors", &lacking, true, canvas);
    };
    let width = usize::from(canvas.width() - 2);
    let mut numbers = readout(table, grid, space.heat_cell, width);
    // The map keeps half of a small screen.
    numbers.truncate(usize::from(canvas.height() - 3) / 2);
    let full = grid.full(column, space.measure);
    let above = format!(
        "{}, full colour at {}, * own part (ΔR²) q < 0.05",
        space.measure.title(),
        significant(full, 2)
    );
    let all = grid.descriptors.len();
    let lines = usize::from(canvas.height() - 2)
        .saturating_sub(1 + numbers.len())
        .max(1);
    let first = (space.heat_cell.1 + 1).saturating_sub(lines);
    let below = super::more_below(all, first + lines);
    let mut inside = canvas.frame(&above, &below, theme.accent);
    let names = names(grid, inside.width());
    let fit = usize::from((inside.width() - names) / CELL).max(1);
    let left = (space.heat_cell.0 + 1).saturating_sub(fit);
    for (i, component) in grid.components.iter().skip(left).take(fit).enumerate() {
        let here = left + i == space.heat_cell.0;
        let style = if here { theme.cursor } else { theme.heading };
        let text = words::right(&format!("PC{component}"), usize::from(CELL - 1));
        inside.put(names + i as u16 * CELL, 0, &text, style);
    }
    for (y, d) in (1u16..).zip(first..all.min(first + lines)) {
        let here = d == space.heat_cell.1;
        let name = grid.descriptors.get(d).map_or("", String::as_str);
        let style = if here { theme.cursor } else { theme.text };
        inside.put(0, y, &words::left(name, usize::from(names - 1)), style);
        for i in 0..fit.min(grid.components.len() - left) {
            let x = names + i as u16 * CELL;
            let cell = grid.row(left + i, d);
            let value = cell.and_then(|row| Some((row, column.value(row)?)));
            let (text, style) = match value {
                None => (String::from("   – "), theme.muted),
                Some((row, value)) => (
                    digits(value, is_significant(table, row)),
                    theme.filled((value / full).abs().min(1.0)),
                ),
            };
            inside.put(x, y, &text, style);
            if here && left + i == space.heat_cell.0 {
                (x..x + CELL - 1).for_each(|x| inside.tint_cell(x, y, theme.cursor));
            }
        }
    }
    let start = inside.height().saturating_sub(numbers.len() as u16);
    for (y, line) in (start..).zip(&numbers) {
        inside.put(0, y, line, theme.text);
    }
}

/// Columns for the names of descriptors.
fn names(grid: &HeatGrid, width: u16) -> u16 {
    let longest = grid.descriptors.iter().map(|d| words::width(d)).max();
    let wanted = u16::try_from(longest.unwrap_or(0) + 1).unwrap_or(u16::MAX);
    wanted.clamp(8, (width / 3).max(8))
}

/// Five columns: ` .42 `, `-.42*`, ` 1.0 `.
fn digits(value: f64, star: bool) -> String {
    let sign = if value < -0.005 { '−' } else { ' ' };
    let hundredths = (value.abs() * 100.0).round() as u64;
    let number = match hundredths {
        0..100 => format!(".{hundredths:02}"),
        100..995 => format!("{:.1}", value.abs()),
        _ => String::from("≥10"),
    };
    let star = if star { '*' } else { ' ' };
    format!("{sign}{number}{star}")
}

/// Every measure of the cell under the cursor with its interval.
fn readout(table: &Table, grid: &HeatGrid, cell: (usize, usize), width: usize) -> Vec<String> {
    let names = grid
        .components
        .get(cell.0)
        .zip(grid.descriptors.get(cell.1));
    let Some((component, descriptor)) = names else {
        return Vec::new();
    };
    let head = format!("PC{component} × {descriptor}:");
    let Some(row) = grid.row(cell.0, cell.1) else {
        return vec![format!("{head} no figure")];
    };
    let number = |id: &str, words: fn(f64) -> String| {
        let value = table.column(id).and_then(|c| c.value(row));
        value.map_or_else(|| MISSING.to_owned(), words)
    };
    let short = |v: f64| significant(v, 2);
    let mut facts: Vec<String> = Measure::ALL
        .iter()
        .map(|m| {
            let estimate = |c: &Column| c.estimate_at(row).map(interval);
            let value = table.column(m.column()).and_then(estimate);
            let value = value.unwrap_or_else(|| number(m.column(), |v| significant(v, 3)));
            let null = match m {
                Measure::Unique => format!(" (null 95 % {})", number("null_95", short)),
                _ => String::new(),
            };
            format!("{} {value}{null}", m.short())
        })
        .collect();
    facts.push(format!("VIF {}", number("vif", short)));
    facts.push(format!("q {}", number("q", probability)));
    words::wrap(&format!("{head} {}", facts.join(" · ")), width)
}

#[cfg(test)]
mod tests {
    use super::digits;

    #[test]
    fn a_cell_is_five_columns_whatever_its_value() {
        let cells = [
            (0.4243, true, " .42*"),
            (-0.4243, false, "−.42 "),
            (0.0, false, " .00 "),
            (-0.001, false, " .00 "),
            (0.999, true, " 1.0*"),
            (-1.234, true, "−1.2*"),
            (9.96, false, " ≥10 "),
            (1e300, false, " ≥10 "),
        ];
        for (value, star, text) in cells {
            assert_eq!(digits(value, star), text);
            assert_eq!(crate::tui::words::width(text), 5);
        }
    }
}
