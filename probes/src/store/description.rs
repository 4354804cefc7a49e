//! `run.json`: what a run folder holds and from what it was made.

use serde::{Deserialize, Serialize};

use super::sha256_hex;
use crate::report::{EngineUsed, ModelUsed};

/// Version tag of `run.json`.
pub const SCHEMA: &str = "phonoscope.run/1";

/// What a run was made from. Two runs with equal descriptions have equal bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunDescription {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Version of Phonoscope.
    pub phonoscope: String,
    /// The model, its weights and the taps in column order.
    pub model: ModelUsed,
    /// The engine that ran it.
    pub engine: EngineUsed,
    /// Where the items came from.
    pub items: ItemSource,
    /// How activations of an item become one vector.
    pub pooling: String,
    /// The tap that holds the model's speaker embedding, if it is among the taps.
    pub embedding: Option<Embedding>,
    /// Items in a shard.
    pub shard_items: usize,
}

/// The manifest behind a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemSource {
    /// File name of the manifest.
    pub manifest: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Number of rows.
    pub count: usize,
    /// Metadata columns in order.
    pub columns: Vec<String>,
}

/// The tap that is a speaker embedding, and what is done to it before it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embedding {
    /// Name of the tap.
    pub tap: String,
    /// Whether vectors are scaled to unit length after pooling.
    pub unit_length: bool,
}

impl RunDescription {
    /// A short key of everything above; shards carry it, so that shards of two runs never mix.
    pub fn fingerprint(&self) -> String {
        let mut key = sha256_hex(serde_json::to_string(self).unwrap_or_default().as_bytes());
        key.truncate(16);
        key
    }

    /// The first difference to another description, in words.
    pub fn difference(&self, found: &Self) -> Option<String> {
        let differs = |what: &str, mine: &str, theirs: &str| {
            (mine != theirs).then(|| format!("its {what} is `{theirs}`, not `{mine}`"))
        };
        differs("phonoscope version", &self.phonoscope, &found.phonoscope)
            .or_else(|| differs("model", &self.model.name, &found.model.name))
            .or_else(|| differs("graph", &self.model.graph_sha256, &found.model.graph_sha256))
            .or_else(|| {
                differs(
                    "taps",
                    &self.model.taps.join(" "),
                    &found.model.taps.join(" "),
                )
            })
            .or_else(|| differs("engine", &self.engine.name, &found.engine.name))
            .or_else(|| {
                differs(
                    "engine version",
                    &self.engine.version,
                    &found.engine.version,
                )
            })
            .or_else(|| differs("manifest hash", &self.items.sha256, &found.items.sha256))
            .or_else(|| differs("front end", &self.model.front_end, &found.model.front_end))
            .or_else(|| (self != found).then(|| "its settings differ".to_owned()))
    }
}
