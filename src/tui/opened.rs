//! A report that is open: its tables, its space, and the selection that every view shares.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use phonoscope_probes::report::{Report, Table};

use super::space::Space;
use super::table_view::TableView;

/// Speakers chosen by the user, shared by every view.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    chosen: Vec<bool>,
    count: usize,
    version: u64,
    /// How it was made, in words.
    pub(crate) origin: String,
    /// Whether tables show only selected rows.
    pub(crate) narrows: bool,
}

impl Selection {
    /// Whether this row of `speakers` is selected.
    pub(crate) fn has(&self, speaker: usize) -> bool {
        self.chosen.get(speaker).copied().unwrap_or(false)
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Changes whenever the selection does.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// One entry per speaker, when anything is selected.
    pub(crate) fn mask(&self) -> Option<&[bool]> {
        (self.count > 0).then_some(self.chosen.as_slice())
    }

    pub(crate) fn set(&mut self, speakers: usize, rows: &[usize], origin: String) {
        self.chosen = vec![false; speakers];
        for row in rows {
            if let Some(slot) = self.chosen.get_mut(*row) {
                *slot = true;
            }
        }
        self.count = self.chosen.iter().filter(|c| **c).count();
        self.version += 1;
        self.origin = origin;
        self.narrows = self.count > 0;
    }

    pub(crate) fn toggle(&mut self, speakers: usize, row: usize) {
        self.chosen.resize(speakers, false);
        if let Some(slot) = self.chosen.get_mut(row) {
            *slot = !*slot;
        }
        self.count = self.chosen.iter().filter(|c| **c).count();
        self.version += 1;
        self.origin = String::from("marked by hand");
        self.narrows &= self.count > 0;
    }

    pub(crate) fn clear(&mut self) {
        *self = Self {
            version: self.version + 1,
            ..Self::default()
        };
    }
}

/// A report with the state of every view on it.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    pub(crate) report: Arc<Report>,
    /// One per table of the report.
    pub(crate) views: Vec<TableView>,
    /// Table shown on the Data screen.
    pub(crate) table: usize,
    pub(crate) space: Option<Space>,
    pub(crate) selection: Selection,
    /// Row of `speakers` of each row of `items`.
    speaker_of_item: Vec<Option<u32>>,
    /// Check under the cursor of the Trust screen.
    pub(crate) check: usize,
    /// First line of the text on Home and under the checks of Trust.
    pub(crate) scroll: usize,
    /// Why items were skipped, with counts.
    pub(crate) skip_reasons: Vec<(String, usize)>,
}

impl Opened {
    /// Prepares every view; linear in the size of the report.
    pub(crate) fn new(path: PathBuf, report: Arc<Report>) -> Self {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for skipped in &report.trust.coverage.skipped {
            *reasons.entry(&skipped.reason).or_default() += 1;
        }
        let mut skip_reasons: Vec<(String, usize)> = reasons
            .into_iter()
            .map(|(reason, n)| (reason.to_owned(), n))
            .collect();
        skip_reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let first = ["items", "speakers"]
            .iter()
            .find_map(|id| report.tables.iter().position(|t| t.id == *id));
        Self {
            views: report.tables.iter().map(TableView::new).collect(),
            table: first.unwrap_or(0),
            space: Space::new(&report),
            selection: Selection::default(),
            speaker_of_item: speakers_of_items(&report),
            check: 0,
            scroll: 0,
            skip_reasons,
            path,
            report,
        }
    }

    /// The table of the Data screen with its view.
    pub(crate) fn current(&self) -> Option<(&Table, &TableView)> {
        Some((
            self.report.tables.get(self.table)?,
            self.views.get(self.table)?,
        ))
    }

    pub(crate) fn table_index(&self, id: &str) -> Option<usize> {
        self.report.tables.iter().position(|t| t.id == id)
    }

    /// Speaker (row of `speakers`) that a row of a table belongs to.
    pub(crate) fn speaker_of(&self, table: &str, row: usize) -> Option<usize> {
        match table {
            "speakers" => Some(row),
            "items" => self
                .speaker_of_item
                .get(row)
                .copied()
                .flatten()
                .map(|s| s as usize),
            _ => None,
        }
    }

    pub(crate) fn is_selected(&self, table: &str, row: usize) -> bool {
        self.speaker_of(table, row)
            .is_some_and(|s| self.selection.has(s))
    }

    pub(crate) fn speakers(&self) -> usize {
        self.report.table(None, "speakers").map_or(0, Table::rows)
    }

    /// Works out the rows of table `index` again.
    pub(crate) fn rebuild(&mut self, index: usize) {
        let report = Arc::clone(&self.report);
        let (Some(table), Some(mut view)) =
            (report.tables.get(index), self.views.get(index).cloned())
        else {
            return;
        };
        let follows = matches!(table.id.as_str(), "speakers" | "items");
        let narrows = follows && self.selection.narrows && self.selection.count() > 0;
        view.rebuild(table, |row| !narrows || self.is_selected(&table.id, row));
        if let Some(slot) = self.views.get_mut(index) {
            *slot = view;
        }
    }

    /// Works out the rows of every table that follows the selection.
    pub(crate) fn selection_changed(&mut self) {
        for id in ["speakers", "items"] {
            if let Some(index) = self.table_index(id) {
                self.rebuild(index);
            }
        }
    }
}

fn speakers_of_items(report: &Report) -> Vec<Option<u32>> {
    let names = |table: &str| report.table(None, table).and_then(|t| t.column("speaker"));
    let (Some(speakers), Some(items)) = (names("speakers"), names("items")) else {
        return Vec::new();
    };
    let index: BTreeMap<&str, u32> = (0..speakers.data.len())
        .zip(0u32..)
        .filter_map(|(row, i)| Some((speakers.text_at(row)?, i)))
        .collect();
    (0..items.data.len())
        .map(|row| items.text_at(row).and_then(|name| index.get(name).copied()))
        .collect()
}
