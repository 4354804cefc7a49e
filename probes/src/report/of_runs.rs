//! Where reports of runs say they come from.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{InputFile, Provenance, SystemUsed};
use crate::store::{Run, sha256_hex};

/// Provenance of a report whose numbers are those of `systems`, in the report's order.
pub(crate) fn provenance(
    command: &str,
    seed: u64,
    settings: BTreeMap<String, serde_json::Value>,
    inputs: Vec<InputFile>,
    systems: Vec<SystemUsed>,
) -> Provenance {
    let first = systems.first();
    Provenance {
        phonoscope: env!("CARGO_PKG_VERSION").into(),
        command: command.into(),
        seed,
        settings,
        inputs,
        model: first.map(|u| u.model.clone()),
        engine: first.map(|u| u.engine.clone()),
        systems: if systems.len() > 1 { systems } else { vec![] },
    }
}

/// What was read of runs: every manifest once, and the description of each run.
pub(crate) fn inputs<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Vec<InputFile> {
    let mut out: Vec<InputFile> = vec![];
    for source in runs {
        let description = &source.description;
        let manifest = InputFile {
            what: "manifest".into(),
            name: description.items.manifest.clone(),
            sha256: description.items.sha256.clone(),
        };
        if !out.contains(&manifest) {
            out.push(manifest);
        }
        out.push(described(source, "run description"));
    }
    out
}

/// A run's description as a file that was read; `what` says what it is of.
pub(crate) fn described(source: &Run, what: &str) -> InputFile {
    let run_json = serde_json::to_string(&source.description).unwrap_or_default();
    InputFile {
        what: what.into(),
        name: "run.json".into(),
        sha256: sha256_hex(run_json.as_bytes()),
    }
}

/// Every field of a probe's settings by its name.
pub(crate) fn settings_map(settings: &impl Serialize) -> BTreeMap<String, serde_json::Value> {
    serde_json::to_value(settings)
        .ok()
        .and_then(|v| serde_json::from_value(v).ok())
        .unwrap_or_default()
}
