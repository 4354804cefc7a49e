//! `run.json`: what a run folder holds and from what it was made.

use serde::{Deserialize, Serialize};

use super::sha256_hex;
use crate::extract::SpanKind;
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
    /// How activations of a row become one vector.
    pub pooling: String,
    /// What a row is, where it is not a whole utterance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spans: Option<SpanSource>,
    /// How the weights were randomised, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<TwinUsed>,
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

/// Where the spans of a run came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpanSource {
    /// What a row is.
    pub kind: SpanKind,
    /// File name of the alignments, for words and phones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alignments: Option<String>,
    /// SHA-256 of what the times were read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A copy of the model that learned nothing: the control for what its architecture alone gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwinUsed {
    /// `redrawn` or `permuted`.
    pub kind: String,
    /// Seed of the weights.
    pub seed: u64,
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

    fn span_words(&self) -> String {
        let spans = self.spans.as_ref();
        spans.map_or_else(
            || "utterance".into(),
            |s| {
                let sha256 = s.sha256.iter().map(|hash| format!(" of {hash}"));
                std::iter::once(s.kind.to_string()).chain(sha256).collect()
            },
        )
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
            .or_else(|| differs("spans", &self.span_words(), &found.span_words()))
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
