//! Manifests of one JSON object per line.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::rows::{Fault, Row, Rows};
use crate::error::one_line;

/// The pairs of an object in the order written.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Object(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

/// Columns are the keys in order of first appearance; a row may lack some.
pub(super) fn parse(text: &str) -> Result<Rows, Fault> {
    let mut columns: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for (line, json) in (1..).zip(text.lines()) {
        if json.trim().is_empty() {
            continue;
        }
        let Object(pairs) = serde_json::from_str(json).map_err(|e| {
            Fault::at(
                line,
                format!("no JSON object: {}", one_line(&e.to_string())),
            )
            .hint("write one object per line")
        })?;
        let mut fields: Vec<Option<String>> = vec![None; columns.len()];
        let mut seen: Vec<usize> = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let column = columns
                .iter()
                .position(|name| *name == key)
                .unwrap_or_else(|| {
                    columns.push(key.clone());
                    fields.push(None);
                    columns.len() - 1
                });
            if seen.contains(&column) {
                let key = one_line(&key);
                return Err(Fault::at(line, format!("key `{key}` appears twice")));
            }
            seen.push(column);
            fields[column] = match value {
                Value::Null => None,
                Value::String(text) => Some(text),
                Value::Number(number) => Some(number.to_string()),
                Value::Bool(truth) => Some(truth.to_string()),
                Value::Array(_) | Value::Object(_) => {
                    let key = one_line(&key);
                    return Err(
                        Fault::at(line, format!("key `{key}` holds a list or an object"))
                            .hint("values are text, numbers, true, false or null"),
                    );
                }
            };
        }
        rows.push(Row { line, fields });
    }
    let header = Rows::under(&columns, 1)?;
    Ok(Rows { rows, ..header })
}
