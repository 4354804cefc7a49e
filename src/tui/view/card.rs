//! The card of one component: its variance and what it goes with.

use phonoscope_probes::report::{Column, Table};

use crate::plot::significant;
use crate::tui::cell::{MISSING, interval, percent_interval, probability};
use crate::tui::opened::Opened;
use crate::tui::space::{Pane, Space};
use crate::tui::state::State;
use crate::tui::words;

use super::canvas::Canvas;

pub(super) fn draw(state: &State, opened: &Opened, space: &Space, canvas: &mut Canvas<'_>) {
    if canvas.width() < 10 || canvas.height() < 4 {
        return;
    }
    let theme = &state.theme;
    let focus = space.pane == Pane::Card;
    let border = if focus { theme.accent } else { theme.muted };
    let above = format!("PC{} of {}", space.component, space.components);
    let table = opened.report.table(None, "associations");
    // Where there is little room, the associations keep two thirds of it.
    let (width, height) = (
        usize::from(canvas.width() - 2),
        usize::from(canvas.height() - 2),
    );
    let most = height
        .saturating_sub(1 + space.card_rows.len())
        .max(height / 3);
    let mut facts = variance(opened, space.component - 1, width);
    facts.truncate(most);
    let shown = height.saturating_sub(facts.len() + 1).max(1);
    let first = (space.card_cursor + 1).saturating_sub(shown);
    let below = [
        super::more_below(space.card_rows.len(), first + shown),
        table.and_then(intervals_in_words).unwrap_or_default(),
    ];
    let below: Vec<&str> = below
        .iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    let mut inside = canvas.frame(&above, &below.join(" · "), border);
    let mut y = 0;
    for line in &facts {
        inside.put(0, y, line, theme.text);
        y += 1;
    }
    let Some(table) = table.filter(|_| !space.card_rows.is_empty()) else {
        inside.put(0, y, "no metadata column to compare with", theme.muted);
        return;
    };
    let fields = fields(inside.width());
    let mut x = 2;
    for field in &fields {
        inside.put(x, y, &field.fit(field.title), theme.heading);
        x += field.width + 1;
    }
    let mut list = inside.lines(y + 1, u16::MAX);
    for (i, row) in space.card_rows.iter().enumerate().skip(first).take(shown) {
        let y = (i - first) as u16;
        let here = focus && i == space.card_cursor;
        list.dot(0, y, if here { '>' } else { ' ' }, theme.accent);
        let mut x = 2;
        for field in &fields {
            list.put(x, y, &field.fit(&(field.text)(table, *row)), theme.text);
            x += field.width + 1;
        }
        if here {
            list.tint(y, theme.select);
        }
    }
}

/// The component's own numbers, in as many lines as `width` needs, two where it is wide.
fn variance(opened: &Opened, row: usize, width: usize) -> Vec<String> {
    let Some(table) = opened.report.table(None, "components") else {
        return Vec::new();
    };
    let share = |id| {
        let e = table.column(id).and_then(|c| c.estimate_at(row));
        e.map_or_else(|| MISSING.to_owned(), percent_interval)
    };
    let percent = |id| {
        let v = table.column(id).and_then(|c| c.value(row));
        v.map_or_else(
            || MISSING.to_owned(),
            |v| format!("{} %", significant(100.0 * v, 3)),
        )
    };
    let number = |id| {
        let v = table.column(id).and_then(|c| c.value(row));
        v.map_or_else(|| MISSING.to_owned(), |v| significant(v, 2))
    };
    let p = table.column("permutation_p").and_then(|c| c.value(row));
    let above = match table.column("above_threshold").and_then(|c| c.text_at(row)) {
        Some("yes") => "above",
        Some("no") => "not above",
        _ => "not compared with",
    };
    let facts = [
        format!("variance {}", share("explained_variance_ratio")),
        format!(
            "{above} its null 95 % {} (p {})",
            percent("permutation_threshold"),
            p.map_or_else(|| MISSING.to_owned(), probability)
        ),
        format!("up to here {}", share("cumulative_ratio")),
        format!("held out {}", share("held_out_cumulative_ratio")),
        format!("gap {}", number("eigen_gap")),
        format!("stability {}", number("axis_stability")),
    ];
    let mut lines = vec![String::new()];
    for fact in facts {
        let Some(line) = lines.last_mut() else { break };
        let joint = if line.is_empty() { "" } else { " · " };
        if words::width(line) + joint.len() + words::width(&fact) > width + 1 && !line.is_empty() {
            lines.push(fact);
        } else {
            line.push_str(joint);
            line.push_str(&fact);
        }
    }
    lines
}

/// A column of the card.
struct Field {
    title: &'static str,
    width: u16,
    align: Align,
    text: fn(&Table, usize) -> String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

impl Field {
    fn fit(&self, text: &str) -> String {
        match self.align {
            Align::Left => words::left(text, self.width.into()),
            Align::Right => words::right(text, self.width.into()),
        }
    }
}

fn text(table: &Table, id: &str, row: usize) -> String {
    table
        .column(id)
        .and_then(|c| c.text_at(row))
        .unwrap_or("")
        .to_owned()
}

fn estimate(table: &Table, id: &str, row: usize) -> String {
    let e = table.column(id).and_then(|c| c.estimate_at(row));
    e.map_or_else(|| MISSING.to_owned(), interval)
}

fn share(column: Option<&Column>, row: usize) -> String {
    column
        .and_then(|c| c.value(row))
        .map_or_else(|| MISSING.to_owned(), probability)
}

/// The columns that fit in `width`, the telling ones first.
fn fields(width: u16) -> Vec<Field> {
    let column = Field {
        title: "column",
        width: if width < 60 { 8 } else { 14 },
        align: Align::Left,
        text: |t, r| text(t, "column", r),
    };
    let statistic = Field {
        title: "statistic",
        width: 11,
        align: Align::Left,
        text: |t, r| text(t, "statistic", r),
    };
    let effect = Field {
        title: "effect [interval]",
        width: 23,
        align: Align::Left,
        text: |t, r| estimate(t, "effect", r),
    };
    let null = Field {
        title: "null 95 %",
        width: 9,
        align: Align::Right,
        text: |t, r| format!("±{}", share(t.column("null_95"), r)),
    };
    let p = Field {
        title: "p",
        width: 5,
        align: Align::Right,
        text: |t, r| share(t.column("p"), r),
    };
    let q = Field {
        title: "q",
        width: 7,
        align: Align::Right,
        text: |t, r| {
            let column = t.column("q");
            let small = column.and_then(|c| c.value(r)).is_some_and(|q| q < 0.05);
            format!("{}{}", share(column, r), if small { '*' } else { ' ' })
        },
    };
    let r_squared = Field {
        title: "R² [interval]",
        width: 24,
        align: Align::Left,
        text: |t, r| estimate(t, "r_squared", r),
    };
    let direction = Field {
        title: "direction",
        width: 16,
        align: Align::Left,
        text: |t, r| text(t, "direction", r),
    };
    let mut fields = if width < 60 {
        vec![column, effect, q]
    } else {
        vec![column, statistic, effect, null, p, q]
    };
    let mut used: u16 = fields.iter().map(|f| f.width + 1).sum::<u16>() + 2;
    for more in [direction, r_squared] {
        if used + more.width < width && width >= 60 {
            used += more.width + 1;
            fields.push(more);
        }
    }
    fields
}

/// What the intervals of the table are.
fn intervals_in_words(table: &Table) -> Option<String> {
    let column = table.column("effect")?;
    let e = (0..table.rows()).find_map(|row| column.estimate_at(row))?;
    let method = serde_json::to_value(e.method).ok()?;
    let method = method.as_str()?.replace('_', " ");
    // `{}` of a rounded number: 95, 99.5.
    let level = (1000.0 * e.level).round() / 10.0;
    Some(format!(
        "{level} % intervals: {method}, n {} · * q < 0.05",
        e.n
    ))
}
