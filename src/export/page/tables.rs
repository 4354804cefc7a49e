//! The tables of a report, cut to what a page holds.

use phonoscope_probes::report::{Column, Data, Report, Role, Table};

use super::Block;
use crate::plot::significant;

/// Most rows and columns of a table on the page; the rest is counted.
const ROWS: usize = 6;
const COLUMNS: usize = 8;

/// Tables that are lists or details, too long for a page; the report and `export --format csv` have them.
const LEFT_OUT: [&str; 8] = [
    "items",
    "speakers",
    "columns",
    "pc_cards",
    "sex_slopes",
    "recording",
    "selection",
    "angles",
];

pub(super) fn of(report: &Report) -> impl Iterator<Item = Block> {
    let shown = report
        .tables
        .iter()
        .filter(|t| !LEFT_OUT.contains(&t.id.as_str()) && t.rows() > 0);
    shown.map(|table| block(report, table))
}

fn block(report: &Report, table: &Table) -> Block {
    let columns = chosen(table);
    let heads = columns.iter().map(|column| match &column.unit {
        Some(unit) => format!("{} ({unit})", column.id.replace('_', " ")),
        None => column.id.replace('_', " "),
    });
    let rows = (0..table.rows().min(ROWS))
        .map(|row| columns.iter().map(|column| cell(column, row)).collect());
    let title = match (&table.system, report.systems.len()) {
        (Some(system), 2..) => format!("{} ({system})", table.title),
        _ => table.title.clone(),
    };
    Block::Table {
        title,
        heads: heads.collect(),
        rows: rows.collect(),
        remark: remark(table, columns.len()),
    }
}

/// What names a row first, then numbers with intervals, then the others, in the table's order.
fn chosen(table: &Table) -> Vec<&Column> {
    let rank = |column: &Column| match (column.role, &column.data) {
        (Role::Key, _) => 0,
        (_, Data::Estimate(_)) => 1,
        _ => 2,
    };
    let mut order: Vec<usize> = (0..table.columns.len()).collect();
    order.sort_by_key(|at| rank(&table.columns[*at]));
    order.truncate(COLUMNS);
    order.sort_unstable();
    order.into_iter().map(|at| &table.columns[at]).collect()
}

fn cell(column: &Column, row: usize) -> String {
    match &column.data {
        Data::Text(_) => column.text_at(row).unwrap_or("–").to_owned(),
        Data::Number(_) => column
            .value(row)
            .map_or("–".into(), |value| significant(value, 3)),
        Data::Estimate(_) => column.estimate_at(row).map_or("–".into(), |e| {
            let [value, lo, hi] = [e.value, e.lo, e.hi].map(|v| significant(v, 3));
            format!("{value} [{lo}, {hi}]")
        }),
    }
}

fn remark(table: &Table, columns: usize) -> String {
    let mut words = table.meaning.clone();
    let mut left = vec![];
    if table.rows() > ROWS {
        left.push(format!("{} more rows", table.rows() - ROWS));
    }
    if table.columns.len() > columns {
        left.push(format!("{} more columns", table.columns.len() - columns));
    }
    if !left.is_empty() {
        words.push_str(&format!(" Not shown: {}.", left.join(" and ")));
    }
    words
}
