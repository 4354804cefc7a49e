//! Reports: what a probe found, how it was made and how far it can be trusted, as one JSON document.

mod file;
mod of_runs;
mod provenance;
mod schema;
mod table;
mod trust;

pub(crate) use of_runs::{described, inputs, provenance, settings_map};
pub use provenance::{EngineUsed, InputFile, ModelUsed, Provenance, SystemUsed};
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
    /// The embedding systems that are compared, in the order they were given; empty where a report
    /// knows only one and does not name it. Made of letters, digits, `_`, `-` and `.`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub systems: Vec<String>,
    /// What was found, in sentences that carry their numbers; most important first.
    pub summary: Vec<String>,
    /// Cautions a reader must see before quoting a number.
    pub warnings: Vec<String>,
    /// From what, by what and how the report was made.
    pub provenance: Provenance,
    /// What was measured about the run itself.
    pub trust: Trust,
    /// The numbers. Ids are unique within a system.
    pub tables: Vec<Table>,
}

impl Report {
    /// The table `id` of `system`, or the one that belongs to no system. Without a system, the first
    /// system's stands for it, so that a reader who knows of one system finds every table.
    pub fn table(&self, system: Option<&str>, id: &str) -> Option<&Table> {
        let system = system.or(self.systems.first().map(String::as_str));
        let found = |system| self.tables.iter().find(|t| t.is(system, id));
        found(system).or_else(|| found(None))
    }

    /// What a table is called where the tables of all systems lie side by side: `components`, or
    /// `ge2e.components` where there are several systems.
    pub fn name_of(&self, table: &Table) -> String {
        match &table.system {
            Some(system) if self.systems.len() > 1 => format!("{system}.{}", table.id),
            _ => table.id.clone(),
        }
    }
}
