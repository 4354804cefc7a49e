//! Reports: what a probe found, how it was made and how far it can be trusted, as one JSON document.

mod file;
mod provenance;
mod schema;
mod table;
mod trust;

pub use provenance::{EngineUsed, InputFile, ModelUsed, Provenance};
pub use schema::schema;
pub use table::{Column, Data, Role, Table};
pub use trust::{Check, Coverage, GroupCount, Skipped, SpanCoverage, Status, TapFigure, Trust};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version tag of the document; readers refuse others.
pub const SCHEMA: &str = "phonoscope.report/1";

/// A probe's result. Serialises to the same bytes for the same inputs, settings and seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Which probe made it, for example `speaker`.
    pub probe: String,
    /// One line for lists, for example `ge2e on 251 speakers`.
    pub title: String,
    /// What was found, in sentences that carry their numbers; most important first.
    pub summary: Vec<String>,
    /// Cautions a reader must see before quoting a number.
    pub warnings: Vec<String>,
    /// From what, by what and how the report was made.
    pub provenance: Provenance,
    /// What was measured about the run itself.
    pub trust: Trust,
    /// The numbers. Ids are unique.
    pub tables: Vec<Table>,
}

impl Report {
    /// The table with this id.
    pub fn table(&self, id: &str) -> Option<&Table> {
        self.tables.iter().find(|t| t.id == id)
    }
}
