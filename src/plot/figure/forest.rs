//! Estimates with their intervals one below the other, for any table that has some.

use anyhow::{Context as _, Result};
use phonoscope_probes::report::{Column, Data, Report, Role, Table};

use super::{BLUE, FAINT, INK, VERMILION, heading, provenance, shorten, table};
use crate::plot::{Anchor, Marker, Scale, Svg, significant};

/// Most rows that are drawn.
const MOST: usize = 200;

/// Columns whose estimates can be drawn as intervals.
pub(crate) fn estimates(table: &Table) -> impl Iterator<Item = &Column> {
    table
        .columns
        .iter()
        .filter(|c| matches!(&c.data, Data::Estimate(values) if values.iter().any(Option::is_some)))
}

/// What a row is called: its key columns.
pub(crate) fn row_name(table: &Table, row: usize) -> String {
    let keys = table.columns.iter().filter(|c| c.role == Role::Key);
    let words = keys.filter_map(|c| match (&c.data, c.id.as_str()) {
        (Data::Text(_), _) => c.text_at(row).map(str::to_owned),
        (_, "component" | "first_component") => Some(format!("PC{}", c.value(row)?)),
        _ => c.value(row).map(|v| significant(v, 3)),
    });
    words.collect::<Vec<_>>().join(" · ")
}

/// The column that holds the 95 % point of the null of `estimate`, where the table has one.
pub(crate) fn null_of<'a>(table: &'a Table, estimate: &str) -> Option<&'a Column> {
    let own = table.column(&format!("{estimate}_null_95"));
    let first = || estimates(table).next().is_some_and(|c| c.id == estimate);
    own.or_else(|| table.column("null_95").filter(|_| first()))
}

/// The scale that holds every interval of `column`, its null and `rest`.
pub(crate) fn scale(table: &Table, column: &Column) -> Option<Scale> {
    let null = null_of(table, &column.id);
    let rest = rest(&column.id);
    let values = (0..table.rows()).flat_map(|row| {
        let e = column.estimate_at(row);
        let null = null.and_then(|c| c.value(row)).map(|v| rest + v);
        [e.map(|e| e.value), e.map(|e| e.lo), e.map(|e| e.hi), null]
    });
    Scale::over(values.flatten().chain([rest])).map(|s| s.padded(0.03))
}

/// Where a statistic lies when there is nothing to see.
pub(crate) fn rest(id: &str) -> f64 {
    if id.ends_with("auc") { 0.5 } else { 0.0 }
}

/// One row for each row of `table`, one panel for each column of estimates (at most three).
///
/// # Errors
/// When the report lacks the table of `system` or it has no estimates.
pub fn forest(report: &Report, system: Option<&str>, id: &str) -> Result<String> {
    const PANELS: usize = 3;
    let table = table(report, system, id)?;
    let panels: Vec<(&Column, Scale)> = estimates(table)
        .take(PANELS)
        .filter_map(|c| Some((c, scale(table, c)?)))
        .collect();
    panels
        .first()
        .with_context(|| format!("table `{id}` has no figure"))?;
    let rows = table.rows().min(MOST);
    let (left, top, width, line) = (250.0, 76.0, 260.0, 18.0);
    let height = top + line * rows as f64 + 56.0;
    let step = width + 130.0;
    let mut svg = Svg::new(
        left + step * panels.len() as f64,
        height,
        &report.title,
        &provenance(report)?,
    );
    let title = heading(report, system);
    svg.text((20.0, 28.0), Anchor::Start, 15.0, INK, &title);
    let about = shorten(&table.title, 60);
    svg.text((20.0, 48.0), Anchor::Start, 13.0, INK, &about);
    let bottom = top + line * rows as f64;
    for row in 0..rows {
        let y = top + line * (row as f64 + 0.5) + 4.0;
        let name = shorten(&row_name(table, row), 38);
        svg.text((left - 10.0, y), Anchor::End, 12.0, INK, &name);
    }
    for (i, (column, scale)) in panels.iter().enumerate() {
        let start = left + step * i as f64;
        let place = |v: f64| start + scale.unit(v) * width;
        svg.text(
            (start + width / 2.0, top - 8.0),
            Anchor::Middle,
            12.0,
            INK,
            &column.id,
        );
        let rest = rest(&column.id);
        if (0.0..=1.0).contains(&scale.unit(rest)) {
            svg.line((place(rest), top), (place(rest), bottom), FAINT, 1.0);
        }
        for tick in scale.ticks(5) {
            let x = place(tick.value);
            svg.line((x, bottom), (x, bottom + 4.0), INK, 1.0);
            svg.text((x, bottom + 17.0), Anchor::Middle, 11.0, INK, &tick.label);
        }
        svg.line((start, bottom), (start + width, bottom), INK, 1.0);
        let null = null_of(table, &column.id);
        for row in 0..rows {
            let y = top + line * (row as f64 + 0.5);
            if let Some(v) = null.and_then(|c| c.value(row)) {
                let x = place(rest + v);
                svg.line((x, y - 7.0), (x, y + 7.0), VERMILION, 2.0);
            }
            let Some(e) = column.estimate_at(row) else {
                continue;
            };
            svg.line((place(e.lo), y), (place(e.hi), y), BLUE, 1.5);
            let [value, lo, hi] = [e.value, e.lo, e.hi].map(|v| significant(v, 3));
            let words = format!("{value} [{lo}, {hi}]");
            svg.marker(Marker::Circle, (place(e.value), y), 3.5, BLUE, &words);
            svg.text(
                (start + width + 8.0, y + 4.0),
                Anchor::Start,
                10.0,
                INK,
                &words,
            );
        }
    }
    let mut note =
        String::from("point and interval; red: 95 % point of the null where it was drawn");
    if table.rows() > rows {
        note.push_str(&format!("; first {rows} of {} rows", table.rows()));
    }
    svg.text((20.0, height - 14.0), Anchor::Start, 11.0, FAINT, &note);
    Ok(svg.finish())
}
