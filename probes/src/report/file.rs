//! Reports on disk.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Report, SCHEMA};
use crate::error::{Error, Result};
use crate::store::write_atomic;

impl Report {
    /// The document as it is written: pretty-printed JSON with a final newline.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Writes the report, whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        write_atomic(path, self.to_json().as_bytes())
    }

    /// Reads a report and checks that it is one.
    ///
    /// # Errors
    /// When the file is missing, is not a report, has another version, or its tables are ragged or
    /// badly named.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        Self::parse(&bytes).map_err(|why| Error::Format {
            path: path.into(),
            what: "report",
            why,
        })
    }

    /// Parses a report.
    ///
    /// # Errors
    /// In words, when the bytes are not a report of this version.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let report: Self = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        if report.schema != SCHEMA {
            return Err(format!("its schema is `{}`, not `{SCHEMA}`", report.schema));
        }
        for (i, system) in report.systems.iter().enumerate() {
            let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
            if system.is_empty() || system.starts_with('.') || !system.chars().all(plain) {
                return Err(format!(
                    "system {system:?} is not of letters, digits, `_`, `-` and `.`"
                ));
            }
            if report.systems.iter().take(i).any(|s| s == system) {
                return Err(format!("system `{system}` is there twice"));
            }
        }
        for (i, table) in report.tables.iter().enumerate() {
            // Ids become file names.
            let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
            if table.id.is_empty() || !table.id.chars().all(plain) {
                return Err(format!(
                    "table id {:?} is not of letters, digits, `_` and `-`",
                    table.id
                ));
            }
            let system = table.system.as_deref();
            if report
                .tables
                .iter()
                .take(i)
                .any(|t| t.is(system, &table.id))
            {
                return Err(match system {
                    None => format!("table `{}` is there twice", table.id),
                    Some(system) => format!("table `{}` of `{system}` is there twice", table.id),
                });
            }
            if let Some(system) = system
                && !report.systems.iter().any(|s| s == system)
            {
                return Err(format!(
                    "table `{}` is of `{system}`, which is not among the report's systems",
                    table.id
                ));
            }
            let mut ids = BTreeSet::new();
            if let Some(c) = table.columns.iter().find(|c| !ids.insert(&c.id)) {
                return Err(format!(
                    "table `{}`: column `{}` is there twice",
                    table.id, c.id
                ));
            }
            if let Some(c) = table.columns.iter().find(|c| c.data.len() != table.rows()) {
                return Err(format!(
                    "table `{}`: column `{}` has {} entries, expected {}",
                    table.id,
                    c.id,
                    c.data.len(),
                    table.rows()
                ));
            }
        }
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Column, Provenance, Role, Table, Trust};

    fn report(id: &str, columns: &[&str]) -> Report {
        let column = |id: &&str| Column::number(id, Role::Value, "", None, [1.0]);
        Report {
            schema: SCHEMA.into(),
            probe: "speaker".into(),
            title: String::new(),
            systems: vec![],
            summary: vec![],
            warnings: vec![],
            provenance: Provenance {
                phonoscope: String::new(),
                command: String::new(),
                seed: 0,
                settings: Default::default(),
                inputs: vec![],
                model: None,
                engine: None,
                systems: vec![],
            },
            trust: Trust::default(),
            tables: vec![Table::new(id, "", "", columns.iter().map(column).collect())],
        }
    }

    fn problem(report: &Report) -> String {
        Report::parse(report.to_json().as_bytes())
            .err()
            .unwrap_or_default()
    }

    #[test]
    fn names_that_mislead_are_refused() {
        assert_eq!(problem(&report("items", &["a", "b"])), "");
        for id in ["", "../items", "/tmp/items", "a\u{1b}[2J"] {
            assert!(problem(&report(id, &["a"])).contains("table id"), "{id}");
        }
        let twice = problem(&report("items", &["a", "a"]));
        assert!(twice.contains("column `a` is there twice"), "{twice}");
        let mut twice = report("items", &["a"]);
        twice.tables.extend(twice.tables.clone());
        assert!(problem(&twice).contains("table `items` is there twice"));
        twice.systems = vec!["a".into(), "b".into()];
        for (table, system) in twice.tables.iter_mut().zip(["b", "a"]) {
            table.system = Some(system.into());
        }
        assert_eq!(problem(&twice), "");
        let first = twice.table(None, "items").and_then(|t| t.system.as_deref());
        assert_eq!(first, Some("a"));
        assert!(
            twice
                .table(Some("b"), "items")
                .is_some_and(|t| t.is(Some("b"), "items"))
        );
        twice.tables[0].system = Some("a".into());
        assert!(problem(&twice).contains("table `items` of `a` is there twice"));
        twice.systems = vec!["b".into()];
        assert!(problem(&twice).contains("not among the report's systems"));
        twice.systems = vec!["../b".into()];
        assert!(problem(&twice).contains("is not of letters"));
        let mut ragged = report("items", &["a", "b"]);
        ragged.tables[0].columns[1] = Column::text("b", Role::Value, "", vec![]);
        assert!(problem(&ragged).contains("has 0 entries, expected 1"));
    }
}
