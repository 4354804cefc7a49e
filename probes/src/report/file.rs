//! Reports on disk.

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
    /// When the file is missing, is not a report, has another version, or its tables are ragged.
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
        for table in &report.tables {
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
