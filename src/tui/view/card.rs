//! The card of one component: its variance and what it goes with.

use phonoscope_probes::report::{Column, Table};

use crate::plot::{is_significant, significant};
use crate::tui::cell::{MISSING, interval, percent_interval, probability};
use crate::tui::opened::Opened;
use crate::tui::space::{CardRow, Pane, Space};
use crate::tui::state::State;
use crate::tui::words;

use super::canvas::Canvas;

/// A line of the card's list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Associations,
    Descriptors,
    /// Index into the card's rows.
    Row(usize),
}

/// Rows with a heading over each kind.
fn lines(space: &Space) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut last = None;
    for (i, row) in space.card_rows.iter().enumerate() {
        let heading = match row {
            CardRow::Association(_) => Line::Associations,
            CardRow::Descriptor(_) => Line::Descriptors,
        };
        if last != Some(heading) {
            lines.push(heading);
            last = Some(heading);
        }
        lines.push(Line::Row(i));
    }
    lines
}

pub(super) fn draw(state: &State, opened: &Opened, space: &Space, canvas: &mut Canvas<'_>) {
    if canvas.width() < 10 || canvas.height() < 4 {
        return;
    }
    let theme = &state.theme;
    let focus = space.pane == Pane::Card;
    let border = if focus { theme.accent } else { theme.muted };
    let above = format!("PC{} of {}", space.component, space.components);
    let associations = opened.table_of("associations");
    let descriptors = opened.table_of("pc_cards");
    // Where there is little room, the associations keep two thirds of it.
    let (width, height) = (
        usize::from(canvas.width() - 2),
        usize::from(canvas.height() - 2),
    );
    let lines = lines(space);
    let most = height.saturating_sub(lines.len().max(1)).max(height / 3);
    let mut facts = variance(opened, space.component - 1, width);
    facts.truncate(most);
    let shown = height.saturating_sub(facts.len()).max(2);
    let at = |line: &Line| *line == Line::Row(space.card_cursor);
    let cursor = lines.iter().position(at).unwrap_or(0);
    let first = (cursor + 1).saturating_sub(shown);
    let below = [
        super::more_below(lines.len(), first + shown),
        associations
            .and_then(intervals_in_words)
            .unwrap_or_default(),
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
    if lines.is_empty() {
        inside.put(0, y, "no metadata column to compare with", theme.muted);
        return;
    }
    let mut list = inside.lines(y, u16::MAX);
    let own = fields(list.width());
    let of_descriptor = descriptor_fields(list.width());
    for (y, i) in (0u16..).zip(first..lines.len().min(first + shown)) {
        // A heading that has scrolled away stays on the first line.
        let scrolled = y == 0 && first > 0;
        let heading = || {
            lines
                .iter()
                .take(i + 1)
                .rfind(|l| !matches!(l, Line::Row(_)))
        };
        let Some(line) = (if scrolled { heading() } else { lines.get(i) }) else {
            continue;
        };
        match line {
            Line::Associations => titles(state, &own, y, &mut list),
            Line::Descriptors => titles(state, &of_descriptor, y, &mut list),
            Line::Row(i) => {
                let (table, fields, row) = match space.card_rows.get(*i) {
                    Some(CardRow::Association(row)) => (associations, &own, *row),
                    Some(CardRow::Descriptor(row)) => (descriptors, &of_descriptor, *row),
                    None => continue,
                };
                let Some(table) = table else { continue };
                let here = focus && *i == space.card_cursor;
                list.dot(0, y, if here { '>' } else { ' ' }, theme.accent);
                let mut x = 2;
                for field in fields {
                    list.put(x, y, &field.fit(&(field.text)(table, row)), theme.text);
                    x += field.width + 1;
                }
                if here {
                    list.tint(y, theme.select);
                }
            }
        }
    }
}

fn titles(state: &State, fields: &[Field], y: u16, canvas: &mut Canvas<'_>) {
    let mut x = 2;
    for field in fields {
        canvas.put(x, y, &field.fit(field.title), state.theme.heading);
        x += field.width + 1;
    }
}

/// The component's own numbers, in as many lines as `width` needs, two where it is wide.
fn variance(opened: &Opened, row: usize, width: usize) -> Vec<String> {
    let Some(table) = opened.table_of("components") else {
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
    let mut facts = vec![
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
    facts.extend(explained(opened, row));
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

/// How well all descriptors together predict the component.
fn explained(opened: &Opened, row: usize) -> Option<String> {
    let fits = opened.table_of("pc_fits")?;
    let adjusted = fits.column("adjusted_r_squared")?.estimate_at(row)?;
    Some(format!("descriptors adjusted R² {}", interval(adjusted)))
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

/// The columns of descriptors that fit in `width`.
fn descriptor_fields(width: u16) -> Vec<Field> {
    let name = Field {
        title: "descriptor",
        width: if width < 60 { 10 } else { 20 },
        align: Align::Left,
        text: |t, r| text(t, "descriptor", r),
    };
    let beta = Field {
        title: "β [interval]",
        width: 23,
        align: Align::Left,
        text: |t, r| estimate(t, "beta", r),
    };
    let q = Field {
        title: "q",
        width: 7,
        align: Align::Right,
        text: |t, r| {
            let star = if is_significant(t, r) { '*' } else { ' ' };
            format!("{}{star}", share(t.column("q"), r))
        },
    };
    let unique = Field {
        title: "ΔR²",
        width: 8,
        align: Align::Right,
        text: |t, r| share(t.column("delta_r_squared"), r),
    };
    let simple = Field {
        title: "r",
        width: 7,
        align: Align::Right,
        text: |t, r| {
            let value = t.column("r").and_then(|c| c.value(r));
            value.map_or_else(
                || MISSING.to_owned(),
                |v| format!("{v:.2}").replace('-', "−"),
            )
        },
    };
    let shapley = Field {
        title: "Shapley",
        width: 8,
        align: Align::Right,
        text: |t, r| share(t.column("shapley"), r),
    };
    let vif = Field {
        title: "VIF",
        width: 6,
        align: Align::Right,
        text: |t, r| {
            let value = t.column("vif").and_then(|c| c.value(r));
            value.map_or_else(|| MISSING.to_owned(), |v| significant(v, 2))
        },
    };
    let mut fields = vec![name, beta];
    if width >= 60 {
        fields.extend([q, unique, simple]);
    } else {
        fields.push(q);
    }
    let mut used: u16 = fields.iter().map(|f| f.width + 1).sum::<u16>() + 2;
    for more in [shapley, vif] {
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
