//! Table cells as people read them.

use phonoscope_analysis::Estimate;
use phonoscope_probes::report::{Column, Data, Table};

use crate::plot::significant;

/// How a column is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Words,
    /// Numbers with this many decimals.
    Fixed(u8),
    /// Numbers too small or too large for a fixed number of decimals.
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
        let shape = match &column.data {
            Data::Text(_) => Shape::Words,
            Data::Estimate(_) => Shape::Interval,
            Data::Number(values) => number_shape(values.iter().take(SAMPLE).copied().flatten()),
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

fn number_shape(values: impl Iterator<Item = f64> + Clone) -> Shape {
    let largest = values.clone().fold(0.0, |most: f64, v| most.max(v.abs()));
    if largest < 1e9 && values.clone().all(|v| v.fract() == 0.0) {
        return Shape::Fixed(0);
    }
    match largest {
        v if v >= 1e6 => Shape::Number,
        v if v >= 100.0 => Shape::Fixed(1),
        v if v >= 10.0 => Shape::Fixed(2),
        v if v >= 1.0 => Shape::Fixed(3),
        v if v >= 0.01 => Shape::Fixed(4),
        _ => Shape::Number,
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
        (Data::Estimate(_), _) => column
            .estimate_at(row)
            .map_or_else(|| MISSING.to_owned(), interval),
        (Data::Number(_), _) => match (column.value(row), shape) {
            (None, _) => MISSING.to_owned(),
            // What would round to nothing keeps its order of magnitude.
            (Some(v), Shape::Fixed(decimals))
                if v == 0.0 || v.abs() >= 0.5 * 10f64.powi(-i32::from(decimals)) =>
            {
                format!("{v:.*}", usize::from(decimals)).replace('-', "−")
            }
            (Some(v), Shape::Fixed(_)) => significant(v, 1),
            (Some(v), _) => significant(v, 4),
        },
    }
}

/// `0.995 [0.990, 0.998]`: the decimals that the largest of the three needs.
pub(crate) fn interval(e: Estimate) -> String {
    in_step(e, 1.0, "")
}

/// `12.3 % [11.0, 13.9]` of a ratio.
pub(crate) fn percent_interval(e: Estimate) -> String {
    in_step(e, 100.0, " %")
}

fn in_step(e: Estimate, factor: f64, unit: &str) -> String {
    let [value, lo, hi] = [e.value, e.lo, e.hi].map(|v| factor * v);
    let largest = value.abs().max(lo.abs()).max(hi.abs());
    if largest > 0.0 && !(1e-3..1e6).contains(&largest) {
        let [value, lo, hi] = [value, lo, hi].map(|v| significant(v, 2));
        return format!("{value}{unit} [{lo}, {hi}]");
    }
    let decimals: usize = match largest {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 2.0 => 2,
        v if v >= 0.02 => 3,
        _ => 4,
    };
    let number = |v: f64| {
        let text = format!("{v:.decimals$}").replace('-', "−");
        let zero = text.chars().all(|c| "−0.".contains(c));
        if zero { text.replace('−', "") } else { text }
    };
    format!("{}{unit} [{}, {}]", number(value), number(lo), number(hi))
}

/// A probability: three decimals, or the order of magnitude below them.
pub(crate) fn probability(p: f64) -> String {
    if p > 0.0 && p < 5e-4 {
        significant(p, 1)
    } else {
        format!("{p:.3}")
    }
}

/// The entry with every digit, for copies and CSV; empty when missing.
pub(crate) fn exact(column: &Column, row: usize) -> String {
    match &column.data {
        Data::Text(_) => column.text_at(row).unwrap_or("").to_owned(),
        _ => column
            .value(row)
            .map_or_else(String::new, |v| v.to_string()),
    }
}

/// The row as tab-separated values; estimates give value, lower and upper end.
pub(crate) fn row_as_tsv(table: &Table, row: usize) -> String {
    let mut cells = Vec::new();
    for column in &table.columns {
        cells.push(exact(column, row).replace(['\t', '\n', '\r'], " "));
        if let Data::Estimate(_) = column.data {
            let ends = column
                .estimate_at(row)
                .map_or([String::new(), String::new()], |e| {
                    [e.lo.to_string(), e.hi.to_string()]
                });
            cells.extend(ends);
        }
    }
    cells.join("\t")
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_analysis::estimate::Method;

    fn estimate(value: f64, lo: f64, hi: f64) -> Estimate {
        Estimate {
            value,
            lo,
            hi,
            n: 9,
            level: 0.95,
            method: Method::ClusterBootstrap,
        }
    }

    #[test]
    fn the_three_numbers_of_an_interval_share_their_decimals() {
        let words = |v, lo, hi| interval(estimate(v, lo, hi));
        assert_eq!(words(0.06, -0.06, 0.18), "0.060 [−0.060, 0.180]");
        assert_eq!(words(0.9949, 0.99, 1.0), "0.995 [0.990, 1.000]");
        assert_eq!(words(123.456, 99.0, 150.0), "123 [99, 150]");
        assert_eq!(words(12.345, 9.0, 15.0), "12.3 [9.0, 15.0]");
        assert_eq!(words(0.0123, -0.00001, 0.019), "0.0123 [0.0000, 0.0190]");
        assert_eq!(words(1e-7, 1e-8, 2e-7), "1.0e−7 [1.0e−8, 2.0e−7]");
        assert_eq!(
            percent_interval(estimate(0.18, 0.158, 0.202)),
            "18.0 % [15.8, 20.2]"
        );
    }

    #[test]
    fn probabilities_have_three_decimals() {
        assert_eq!(
            (probability(0.001), probability(0.00001)),
            ("0.001".into(), "1e−5".into())
        );
        assert_eq!(probability(1.0), "1.000");
    }
}
