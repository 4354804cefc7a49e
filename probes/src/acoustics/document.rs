//! The measurements as a JSON document.

use serde_json::{Map, Value, json};

use super::{Acoustics, definition};

/// Version tag of the document.
pub const SCHEMA: &str = "phonoscope.acoustics/1";

/// The document: settings, definitions, one entry a file, failures.
///
/// Each entry's `descriptors` holds every name that was measured, `null` where `missing` says why.
pub fn document(acoustics: &Acoustics) -> Value {
    let definitions: Map<String, Value> = acoustics
        .measured
        .iter()
        .filter_map(|name| definition(name))
        .map(|d| {
            let told = json!({"unit": d.unit, "definition": d.definition, "source": d.source});
            (d.name.to_owned(), told)
        })
        .collect();
    let files: Vec<Value> = acoustics
        .rows
        .iter()
        .map(|row| {
            let names = acoustics.measured.iter();
            let values: Map<String, Value> = names
                .map(|name| ((*name).to_owned(), json!(row.values.get(name))))
                .collect();
            json!({
                "path": row.path,
                "id": row.id,
                "speaker": row.speaker,
                "duration_secs": row.duration_secs,
                "sample_rate_hz": row.sample_rate_hz,
                "formant_ceiling_hz": row.formant_ceiling_hz,
                "descriptors": values,
                "missing": row.missing,
                "counts": row.counts,
            })
        })
        .collect();
    json!({
        "schema": SCHEMA,
        "settings": acoustics.settings,
        "ratings": acoustics.ratings,
        "definitions": definitions,
        "files": files,
        "failures": acoustics.failures,
        "missing_counts": acoustics.missing_counts(),
    })
}
