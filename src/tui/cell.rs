//! Table cells as people read them.

use phonoscope_analysis::Estimate;
use phonoscope_probes::report::{Column, Data, Table};

use crate::plot::significant;

/// How a column is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Words,
    Whole,
    Number,
    Interval,
}

/// Shape and width of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) shape: Shape,
    pub(crate) width: u16,
}

/// What a missing value looks like.
pub(crate) const MISSING: &str = "–";

/// Rows looked at to choose a column's width: enough for the eye, few enough for any table.
const SAMPLE: usize = 200;
const WIDEST: usize = 28;

impl Format {
    pub(crate) fn of(column: &Column) -> Self {
        let rows = column.data.len().min(SAMPLE);
        let whole = |v: f64| v.fract() == 0.0 && v.abs() < 1e9;
        let shape = match &column.data {
            Data::Text(_) => Shape::Words,
            Data::Estimate(_) => Shape::Interval,
            Data::Number(values) if values.iter().take(SAMPLE).flatten().all(|v| whole(*v)) => {
                Shape::Whole
            }
            Data::Number(_) => Shape::Number,
        };
        let widest = (0..rows)
            .map(|row| super::words::width(&cell(column, row, shape)))
            .max()
            .unwrap_or(0)
            .min(WIDEST);
        // Two more for the sort arrow.
        let header = super::words::width(&header(column)) + 2;
        let width = u16::try_from(widest.max(header.min(WIDEST))).unwrap_or(u16::MAX);
        Self { shape, width }
    }
}

/// Column id with its unit.
pub(crate) fn header(column: &Column) -> String {
    match &column.unit {
        Some(unit) => format!("{} ({unit})", column.id),
        None => column.id.clone(),
    }
}

/// The entry of `column` in `row`.
pub(crate) fn cell(column: &Column, row: usize, shape: Shape) -> String {
    match (&column.data, shape) {
        (Data::Text(_), _) => column.text_at(row).unwrap_or(MISSING).to_owned(),
        (Data::Estimate(_), _) => {
            column.estimate_at(row).map_or_else(|| MISSING.to_owned(), interval)
        }
        (Data::Number(_), Shape::Whole) => column
            .value(row)
            .map_or_else(|| MISSING.to_owned(), |v| format!("{v:.0}").replace('-', "−")),
        (Data::Number(_), _) => {
            column.value(row).map_or_else(|| MISSING.to_owned(), |v| significant(v, 4))
        }
    }
}

/// `0.995 [0.990, 0.998]`: three decimals or more where the value is small.
pub(crate) fn interval(e: Estimate) -> String {
    format!("{} [{}, {}]", significant(e.value, 3), significant(e.lo, 3), significant(e.hi, 3))
}

/// `12.3 % [11.0, 13.9]` of a ratio.
pub(crate) fn percent_interval(e: Estimate) -> String {
    let percent = |v: f64| significant(100.0 * v, 3);
    format!("{} % [{}, {}]", percent(e.value), percent(e.lo), percent(e.hi))
}

/// The entry with every digit, for copies and CSV; empty when missing.
pub(crate) fn exact(column: &Column, row: usize) -> String {
    match &column.data {
        Data::Text(_) => column.text_at(row).unwrap_or("").to_owned(),
        _ => column.value(row).map_or_else(String::new, |v| v.to_string()),
    }
}

/// The row as tab-separated values; estimates give value, lower and upper end.
pub(crate) fn row_as_tsv(table: &Table, row: usize) -> String {
    let mut cells = Vec::new();
    for column in &table.columns {
        cells.push(exact(column, row).replace(['\t', '\n', '\r'], " "));
        if let Data::Estimate(_) = column.data {
            let ends = column.estimate_at(row).map_or([String::new(), String::new()], |e| {
                [e.lo.to_string(), e.hi.to_string()]
            });
            cells.extend(ends);
        }
    }
    cells.join("\t")
}
