//! Building tables of rows that are alike.

use phonoscope_analysis::Estimate;

use crate::report::{Column, Role, Table};

/// Columns over `rows`.
pub(super) struct Sheet<'a, T> {
    rows: &'a [T],
    columns: Vec<Column>,
}

impl<'a, T> Sheet<'a, T> {
    pub(super) fn new(rows: &'a [T]) -> Self {
        Self {
            rows,
            columns: vec![],
        }
    }

    fn words(
        mut self,
        role: Role,
        id: &str,
        meaning: &str,
        f: impl Fn(&T) -> Option<String>,
    ) -> Self {
        self.columns.push(Column::text(
            id,
            role,
            meaning,
            self.rows.iter().map(f).collect(),
        ));
        self
    }

    /// Words that name the row.
    pub(super) fn key(self, id: &str, meaning: &str, f: impl Fn(&T) -> String) -> Self {
        self.words(Role::Key, id, meaning, |row| Some(f(row)))
    }

    /// Words that came with the corpus.
    pub(super) fn metadata(
        self,
        id: &str,
        meaning: &str,
        f: impl Fn(&T) -> Option<String>,
    ) -> Self {
        self.words(Role::Metadata, id, meaning, f)
    }

    /// Words that were worked out.
    pub(super) fn text(self, id: &str, meaning: &str, f: impl Fn(&T) -> Option<String>) -> Self {
        self.words(Role::Value, id, meaning, f)
    }

    /// Numbers.
    pub(super) fn number(
        mut self,
        id: &str,
        meaning: &str,
        unit: Option<&str>,
        f: impl Fn(&T) -> f64,
    ) -> Self {
        let values: Vec<f64> = self.rows.iter().map(f).collect();
        self.columns
            .push(Column::number(id, Role::Value, meaning, unit, values));
        self
    }

    /// Numbers with intervals.
    pub(super) fn estimate(
        mut self,
        id: &str,
        meaning: &str,
        unit: Option<&str>,
        f: impl Fn(&T) -> Option<Estimate>,
    ) -> Self {
        self.columns.push(Column::estimate(
            id,
            meaning,
            unit,
            self.rows.iter().map(f).collect(),
        ));
        self
    }

    pub(super) fn table(self, id: &str, title: &str, meaning: &str) -> Table {
        Table::new(id, title, meaning, self.columns)
    }
}
