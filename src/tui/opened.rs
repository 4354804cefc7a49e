//! A report that is open: its tables, its systems' spaces, and what every view shares.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use phonoscope_probes::report::{Report, Table};

use super::emphasis::Emphasis;
use super::quality::Quality;
use super::selection::Selection;
use super::sound::Recording;
use super::space::{Beside, Space};
use super::stress::Stress;
use super::table_view::TableView;

/// A report with the state of every view on it.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    pub(crate) report: Arc<Report>,
    /// Folder of the recordings, where the user said which.
    pub(crate) recordings: Option<PathBuf>,
    /// One per table of the report.
    pub(crate) views: Vec<TableView>,
    /// Table shown on the Data screen.
    pub(crate) table: usize,
    /// Index of the system whose space is shown.
    pub(crate) system: usize,
    pub(crate) space: Option<Space>,
    pub(crate) emphasis: Option<Emphasis>,
    pub(crate) stress: Option<Stress>,
    pub(crate) quality: Option<Quality>,
    pub(crate) selection: Selection,
    /// Names of the speakers of all systems, in the order of their tables.
    pub(crate) voices: Vec<String>,
    /// For each table, the voice of each of its rows; empty for tables without speakers.
    voice_of_row: Vec<Vec<Option<u32>>>,
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
        let voices = voices(&report);
        Self {
            recordings: None,
            views: report.tables.iter().map(TableView::new).collect(),
            table: first.unwrap_or(0),
            system: 0,
            emphasis: Emphasis::new(&report),
            stress: Stress::new(&report),
            quality: Quality::new(&report),
            space: Space::new(&report, report.systems.first().map(String::as_str)),
            selection: Selection::default(),
            voice_of_row: voices_of_rows(&report, &voices),
            voices,
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

    /// The system whose space is shown; nothing where the report names none.
    pub(crate) fn system(&self) -> Option<&str> {
        self.report.systems.get(self.system).map(String::as_str)
    }

    /// The table `id` of the system shown, or of none.
    pub(crate) fn table_of(&self, id: &str) -> Option<&Table> {
        self.report.table(self.system(), id)
    }

    /// Where that table is among the report's.
    pub(crate) fn table_index(&self, id: &str) -> Option<usize> {
        let found = self.table_of(id)?;
        self.report
            .tables
            .iter()
            .position(|t| std::ptr::eq(t, found))
    }

    /// Shows another system's space, with everything that was chosen in this one.
    pub(crate) fn show_system(&mut self, system: usize) {
        let report = Arc::clone(&self.report);
        let Some(name) = report.systems.get(system) else {
            return;
        };
        let before = self.space.take();
        let was = std::mem::replace(&mut self.system, system);
        self.space = Space::new(&report, Some(name));
        if let (Some(space), Some(before)) = (&mut self.space, &before) {
            space.follow(before, &report);
            // The one beside makes room for the one shown.
            if let Some(Beside { system: other, .. }) = before.beside {
                let other = if other == system { was } else { other };
                space.set_beside(&report, Some(other));
            }
        }
        let current = report.tables.get(self.table);
        if let Some(table) = current.filter(|t| t.system.is_some())
            && let Some(index) = self.table_index(&table.id)
        {
            self.table = index;
        }
    }

    /// Whether rows of this table belong to speakers.
    pub(crate) fn follows(&self, table: usize) -> bool {
        self.voice_of_row.get(table).is_some_and(|v| !v.is_empty())
    }

    /// The voice that a row of a table belongs to.
    pub(crate) fn voice_of(&self, table: usize, row: usize) -> Option<usize> {
        let voice = self.voice_of_row.get(table)?.get(row).copied().flatten()?;
        Some(voice as usize)
    }

    pub(crate) fn is_selected(&self, table: usize, row: usize) -> bool {
        self.voice_of(table, row)
            .is_some_and(|voice| self.selection.has(voice))
    }

    /// Speakers of the system shown.
    pub(crate) fn speakers(&self) -> usize {
        self.table_of("speakers").map_or(0, Table::rows)
    }

    /// For each row of the system's `speakers` whether it is selected; nothing when nothing is.
    pub(crate) fn mask(&self) -> Option<Vec<bool>> {
        let index = self.table_index("speakers")?;
        let mask = || (0..self.speakers()).map(|row| self.is_selected(index, row));
        (self.selection.count() > 0).then(|| mask().collect())
    }

    /// Makes the space fit the sizes of its scatters and the selection.
    pub(crate) fn settle_space(&mut self, sizes: [(u16, u16); 2]) {
        let Some(mut space) = self.space.take() else {
            return;
        };
        let report = Arc::clone(&self.report);
        let index = |system: Option<&str>| {
            let found = report.table(system, "speakers")?;
            report.tables.iter().position(|t| std::ptr::eq(t, found))
        };
        let chosen = |system: Option<&str>, row: usize| {
            self.selection.count() > 0 && index(system).is_some_and(|i| self.is_selected(i, row))
        };
        space.settle(&report, sizes, &self.selection, chosen);
        self.space = Some(space);
    }

    /// Selects one voice.
    pub(crate) fn select(&mut self, voice: usize, origin: String) {
        self.selection.set(self.voices.len(), &[voice], origin);
        self.selection_changed();
    }

    /// The `nth` recording of a voice that was used (counted round and round), and how many there are.
    pub(crate) fn recording(&self, voice: usize, nth: usize) -> Option<(Recording, usize)> {
        let index = self.table_index("items")?;
        let items = self.report.tables.get(index)?;
        let status = items.column("status");
        let used = |row: &usize| {
            let skipped = status.and_then(|c| c.text_at(*row)) == Some("skipped");
            self.voice_of(index, *row) == Some(voice) && !skipped
        };
        let rows: Vec<usize> = (0..items.rows()).filter(used).collect();
        let row = *rows.get(nth.checked_rem(rows.len())?)?;
        let text = |id: &str| items.column(id).and_then(|c| c.text_at(row));
        let secs = |id: &str| {
            let column = items.column(id)?;
            let number = || column.text_at(row)?.trim().parse().ok();
            column.value(row).or_else(number)
        };
        let path = text("path")?;
        let recording = Recording {
            id: text("id").unwrap_or(path).to_owned(),
            path: path.into(),
            start_secs: secs("start"),
            end_secs: secs("end"),
            folders: self.folders(),
        };
        Some((recording, rows.len()))
    }

    /// Where the paths of the manifest may start from.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = Vec::new();
        let mut add = |folder: PathBuf| {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        };
        self.recordings.iter().cloned().for_each(&mut add);
        let beside = self.path.parent().unwrap_or(Path::new(""));
        let provenance = &self.report.provenance;
        let inputs = provenance.inputs.iter();
        let manifests = inputs
            .filter(|i| i.what == "manifest")
            .map(|i| i.name.clone());
        // Reports name the manifest without its folder; the command that made them has it.
        for manifest in word_after(&provenance.command, "--data")
            .into_iter()
            .chain(manifests)
        {
            let folder = Path::new(&manifest).parent().unwrap_or(Path::new(""));
            add(folder.to_owned());
            add(beside.join(folder));
        }
        add(beside.to_owned());
        add(PathBuf::new());
        folders
    }

    /// Works out the rows of table `index` again.
    pub(crate) fn rebuild(&mut self, index: usize) {
        let report = Arc::clone(&self.report);
        let (Some(table), Some(mut view)) =
            (report.tables.get(index), self.views.get(index).cloned())
        else {
            return;
        };
        let narrows = self.narrows(index);
        view.rebuild(table, |row| !narrows || self.is_selected(index, row));
        if let Some(slot) = self.views.get_mut(index) {
            *slot = view;
        }
    }

    /// Whether table `index` shows selected rows only.
    pub(crate) fn narrows(&self, index: usize) -> bool {
        self.follows(index) && self.selection.narrows && self.selection.count() > 0
    }

    /// Whether the selection leaves a row of `stress_items` in the list of words.
    pub(crate) fn leaves_word(&self, row: usize) -> bool {
        let index = self.table_index("stress_items");
        index.is_none_or(|index| !self.narrows(index) || self.is_selected(index, row))
    }

    /// Works out the rows of every table that follows the selection.
    pub(crate) fn selection_changed(&mut self) {
        for index in 0..self.views.len() {
            if self.follows(index) {
                self.rebuild(index);
            }
        }
    }
}

/// The words of a command line as reports record it: plain, or in single quotes.
pub fn words_of(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                quoted = !quoted;
                // Quotes make a word even of nothing.
                word.get_or_insert_default();
            }
            '\\' if !quoted => word.get_or_insert_default().extend(chars.next()),
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The word after `option` in a command line.
fn word_after(command: &str, option: &str) -> Option<String> {
    let mut words = words_of(command).into_iter();
    words.find(|word| word == option)?;
    words.next().filter(|word| !word.is_empty())
}

/// Tables that name the voices.
const OF_VOICES: [&str; 2] = ["speakers", "stress_items"];

/// Names of the speakers of every system, each once.
fn voices(report: &Report) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    let of_voices = |t: &&Table| OF_VOICES.contains(&t.id.as_str());
    for table in report.tables.iter().filter(of_voices) {
        let Some(column) = table.column("speaker") else {
            continue;
        };
        for name in (0..table.rows()).filter_map(|row| column.text_at(row)) {
            if seen.insert(name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// For each table the voice of each row, by its column `speaker`.
fn voices_of_rows(report: &Report, voices: &[String]) -> Vec<Vec<Option<u32>>> {
    let index: BTreeMap<&str, u32> = voices.iter().map(String::as_str).zip(0u32..).collect();
    let of_table = |table: &Table| {
        let Some(column) = table.column("speaker") else {
            return Vec::new();
        };
        (0..table.rows())
            .map(|row| {
                column
                    .text_at(row)
                    .and_then(|name| index.get(name).copied())
            })
            .collect()
    };
    match voices {
        [] => report.tables.iter().map(|_| Vec::new()).collect(),
        _ => report.tables.iter().map(of_table).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{word_after, words_of};

    #[test]
    fn the_manifest_is_found_in_the_command_that_was_recorded() {
        let word = |command: &str| word_after(command, "--data");
        let plain = word("phonoscope probe speaker --data a/b.tsv --seed 1");
        assert_eq!(plain.as_deref(), Some("a/b.tsv"));
        let quoted = word("phonoscope probe speaker --seed 1 --data 'it'\\''s here/m.tsv'");
        assert_eq!(quoted.as_deref(), Some("it's here/m.tsv"));
        assert_eq!(word("phonoscope probe speaker --run x.run"), None);
        assert_eq!(word("phonoscope demo --data "), None);
        assert_eq!(words_of("a  'b c' d\\ e ''"), ["a", "b c", "d e", ""]);
    }
}
