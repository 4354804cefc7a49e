//! The JSON schema of reports.

use super::{Report, SCHEMA};

/// The schema as a JSON document; `docs/reference/report.schema.json` holds the same text.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Report).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("$id".into(), SCHEMA.into());
        if let Some(tag) = object
            .get_mut("properties")
            .and_then(|p| p.get_mut("schema"))
            .and_then(|s| s.as_object_mut())
        {
            tag.insert("const".into(), SCHEMA.into());
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_fresh() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../docs/reference/report.schema.json"
        );
        let fresh = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        if std::env::var_os("PHONOSCOPE_BLESS").is_some() {
            std::fs::write(path, &fresh).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == fresh,
            "stale: `PHONOSCOPE_BLESS=1 cargo test` rewrites it"
        );
    }
}
