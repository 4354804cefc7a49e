//! A window on a report table: order, filter, cursor. Cost per frame follows what is visible.

use std::cmp::Ordering;

use phonoscope_probes::report::{Column, Data, Table};

use super::cell::{Format, Shape};
use super::filter::Filter;

/// Direction of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// How one table is looked at.
#[derive(Debug, Clone)]
pub(crate) struct TableView {
    /// Rows of the table that are shown, in the order shown.
    pub(crate) order: Vec<u32>,
    pub(crate) sort: Option<(usize, Direction)>,
    pub(crate) filter: String,
    parsed: Filter,
    /// Index into `order`.
    pub(crate) cursor: usize,
    /// Column under the cursor.
    pub(crate) column: usize,
    /// First row of the window, an index into `order`.
    pub(crate) offset: usize,
    /// First column after the frozen one.
    first_column: usize,
    pub(crate) formats: Vec<Format>,
}

/// A column on screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Visible {
    pub(crate) column: usize,
    pub(crate) x: u16,
    pub(crate) width: u16,
}

const GAP: u16 = 2;

impl TableView {
    pub(crate) fn new(table: &Table) -> Self {
        Self {
            order: (0..u32::try_from(table.rows()).unwrap_or(u32::MAX)).collect(),
            sort: None,
            filter: String::new(),
            parsed: Filter::default(),
            cursor: 0,
            column: 0,
            offset: 0,
            first_column: 1,
            formats: table.columns.iter().map(Format::of).collect(),
        }
    }

    /// The table's row under the cursor.
    pub(crate) fn row(&self) -> Option<usize> {
        self.order.get(self.cursor).map(|row| *row as usize)
    }

    /// Takes a new filter text; the rows change with the next [`Self::rebuild`].
    ///
    /// # Errors
    /// In words, when the text is no filter; the old one stays.
    pub(crate) fn set_filter(&mut self, text: &str, table: &Table) -> Result<(), String> {
        self.parsed = Filter::parse(text, table)?;
        text.clone_into(&mut self.filter);
        Ok(())
    }

    /// Works out the rows again: those that meet the filter and `keep`, in the chosen order. The
    /// cursor stays on its row where that is still shown.
    pub(crate) fn rebuild(&mut self, table: &Table, keep: impl Fn(usize) -> bool) {
        let before = self.row();
        self.order = (0..table.rows())
            .filter(|row| keep(*row) && (self.parsed.is_empty() || self.parsed.keeps(table, *row)))
            .filter_map(|row| u32::try_from(row).ok())
            .collect();
        if let Some((column, direction)) = self.sort
            && let Some(column) = table.columns.get(column)
        {
            self.order
                .sort_by(|a, b| compare(column, *a as usize, *b as usize, direction));
        }
        self.cursor = before
            .and_then(|row| self.order.iter().position(|r| *r as usize == row))
            .unwrap_or(0);
    }

    /// The next state of the sort of the column under the cursor: up, down, none.
    pub(crate) fn cycle_sort(&mut self) {
        self.sort = match self.sort {
            Some((column, Direction::Up)) if column == self.column => {
                Some((column, Direction::Down))
            }
            Some((column, Direction::Down)) if column == self.column => None,
            _ => Some((self.column, Direction::Up)),
        };
    }

    /// Moves the window so that the cursor is inside `width` × `height` cells of rows.
    pub(crate) fn scroll(&mut self, width: u16, height: u16) {
        self.cursor = self.cursor.min(self.order.len().saturating_sub(1));
        self.column = self.column.min(self.formats.len().saturating_sub(1));
        let height = usize::from(height.max(1));
        self.offset = self
            .offset
            .min(self.order.len().saturating_sub(height))
            .min(self.cursor)
            .max((self.cursor + 1).saturating_sub(height));
        if self.column > 0 {
            self.first_column = self.first_column.clamp(1, self.column);
            while self.first_column < self.column
                && !self
                    .visible(width)
                    .iter()
                    .any(|v| v.column == self.column && v.is_whole(self))
            {
                self.first_column += 1;
            }
        } else {
            self.first_column = 1;
        }
    }

    /// The columns that fit in `width`: the first one always, then those from the scroll position;
    /// the last may be cut.
    pub(crate) fn visible(&self, width: u16) -> Vec<Visible> {
        let mut shown = Vec::new();
        let mut x = 0;
        let after = self.first_column.max(1)..self.formats.len();
        for column in std::iter::once(0).chain(after) {
            let Some(format) = self.formats.get(column) else {
                break;
            };
            // The frozen column leaves room for another one.
            let most = if column == 0 {
                (width / 2).max(8)
            } else {
                u16::MAX
            };
            let room = width.saturating_sub(x);
            // Words may be cut, numbers may not; one column is shown whatever the room.
            let least = if format.shape == Shape::Words {
                format.width.min(8)
            } else {
                format.width
            };
            if shown.len() > 1 && room < least || column > 0 && room < 4 {
                break;
            }
            let w = format.width.min(most).min(room);
            shown.push(Visible {
                column,
                x,
                width: w,
            });
            x = x.saturating_add(w).saturating_add(GAP);
        }
        shown
    }

    /// Whether columns are hidden to the left or to the right of a window of `width`.
    pub(crate) fn hidden(&self, width: u16) -> (bool, bool) {
        let last = self.visible(width).last().map_or(0, |v| v.column);
        (self.first_column > 1, last + 1 < self.formats.len())
    }
}

impl Visible {
    fn is_whole(self, view: &TableView) -> bool {
        view.formats
            .get(self.column)
            .is_some_and(|f| f.width <= self.width)
    }
}

/// Order of two rows by a column; missing values last in both directions, ties by row.
fn compare(column: &Column, a: usize, b: usize, direction: Direction) -> Ordering {
    let turn = |order: Ordering| match direction {
        Direction::Up => order,
        Direction::Down => order.reverse(),
    };
    let by_value = match &column.data {
        Data::Text(_) => match (column.text_at(a), column.text_at(b)) {
            (Some(a), Some(b)) => turn(a.cmp(b)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        },
        _ => match (column.value(a), column.value(b)) {
            (Some(a), Some(b)) => turn(a.total_cmp(&b)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        },
    };
    by_value.then(a.cmp(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_probes::report::Role;

    fn table(rows: usize) -> Table {
        let names = (0..rows).map(|i| Some(format!("s{i}"))).collect();
        let values = (0..rows).map(|i| if i == 1 { f64::NAN } else { -(i as f64) / 3.0 });
        Table {
            id: "t".into(),
            system: None,
            title: String::new(),
            meaning: String::new(),
            columns: vec![
                Column::text("name", Role::Key, "", names),
                Column::number("v", Role::Value, "", None, values),
                Column::number("w", Role::Value, "", None, (0..rows).map(|i| i as f64)),
            ],
        }
    }

    #[test]
    fn missing_values_sort_last_both_ways_and_the_cursor_stays_on_its_row() {
        let table = table(4);
        let mut view = TableView::new(&table);
        view.cursor = 3;
        view.column = 1;
        view.cycle_sort();
        view.rebuild(&table, |_| true);
        assert_eq!(view.order, [3, 2, 0, 1]);
        assert_eq!(view.row(), Some(3));
        view.cycle_sort();
        view.rebuild(&table, |_| true);
        assert_eq!(view.order, [0, 2, 3, 1]);
        view.cycle_sort();
        assert_eq!(view.sort, None);
    }

    #[test]
    fn the_window_follows_the_cursor_at_any_size() {
        let table = table(1000);
        let mut view = TableView::new(&table);
        for (cursor, height) in [(0, 10), (999, 10), (500, 0), (501, 1), (3, 2000)] {
            view.cursor = cursor;
            for width in [0, 1, 7, 14, 80] {
                view.column = 2;
                view.scroll(width, height);
                assert!(view.offset <= cursor);
                assert!(cursor < view.offset + usize::from(height.max(1)));
                assert!(
                    view.visible(width)
                        .iter()
                        .all(|v| v.x + v.width <= width.max(v.width))
                );
            }
        }
    }

    #[test]
    fn an_empty_table_has_no_row() {
        let table = table(0);
        let mut view = TableView::new(&table);
        view.rebuild(&table, |_| true);
        view.scroll(80, 10);
        assert_eq!(view.row(), None);
    }
}
