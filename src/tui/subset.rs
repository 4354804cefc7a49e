//! Some of the rows of a table.

use phonoscope_probes::report::{Column, Data, Table};

/// The table with these rows only, in this order.
pub(crate) fn rows_of(table: &Table, rows: impl IntoIterator<Item = usize>) -> Table {
    fn pick<T: Clone>(values: &[Option<T>], rows: &[usize]) -> Vec<Option<T>> {
        let of = |row: &usize| values.get(*row).cloned().flatten();
        rows.iter().map(of).collect()
    }
    let rows: Vec<usize> = rows.into_iter().collect();
    let columns = table.columns.iter().map(|column| Column {
        data: match &column.data {
            Data::Number(values) => Data::Number(pick(values, &rows)),
            Data::Text(values) => Data::Text(pick(values, &rows)),
            Data::Estimate(values) => Data::Estimate(pick(values, &rows)),
        },
        id: column.id.clone(),
        meaning: column.meaning.clone(),
        unit: column.unit.clone(),
        role: column.role,
    });
    Table {
        id: table.id.clone(),
        system: table.system.clone(),
        title: table.title.clone(),
        meaning: table.meaning.clone(),
        columns: columns.collect(),
    }
}

/// Whether a column holds these words in this row.
pub(crate) fn is(table: &Table, row: usize, column: &str, words: &str) -> bool {
    table.column(column).and_then(|c| c.text_at(row)) == Some(words)
}

/// The rows whose columns hold these words.
pub(crate) fn where_is<'a>(
    table: &'a Table,
    wanted: &'a [(&'a str, &'a str)],
) -> impl Iterator<Item = usize> + 'a {
    let here = |row: &usize| wanted.iter().all(|(id, words)| is(table, *row, id, words));
    (0..table.rows()).filter(here)
}

/// The different words of a column, in the order of the table.
pub(crate) fn words_in(table: &Table, column: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    if let Some(column) = table.column(column) {
        for words in (0..table.rows()).filter_map(|row| column.text_at(row)) {
            if !found.iter().any(|known| known == words) {
                found.push(words.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_probes::report::Role;

    #[test]
    fn rows_are_found_by_words_and_picked_in_order() {
        let names = ["a", "b", "a"].map(|n| Some(n.to_owned()));
        let values = Column::number("v", Role::Value, "", None, [1.0, 2.0, 3.0]);
        let columns = vec![Column::text("n", Role::Key, "", names.into()), values];
        let table = Table::new("t", "", "", columns);
        let rows: Vec<usize> = where_is(&table, &[("n", "a")]).collect();
        assert_eq!(
            (rows.as_slice(), words_in(&table, "n")),
            ([0, 2].as_slice(), vec!["a".to_owned(), "b".to_owned()])
        );
        let part = rows_of(&table, [2, 1, 9]);
        let value = |row| part.column("v").unwrap().value(row);
        assert_eq!([value(0), value(1), value(2)], [Some(3.0), Some(2.0), None]);
    }
}
