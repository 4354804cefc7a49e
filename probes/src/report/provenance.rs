//! From what, by what and how a report was made.

use std::collections::BTreeMap;

use phonoscope_models::Model;
use phonoscope_models::engine::Engine;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything needed to make the report again. Holds no clock time and no absolute path, so equal
/// runs give equal bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Version of Phonoscope.
    pub phonoscope: String,
    /// Command line that makes the report again, shell-quoted.
    pub command: String,
    /// Seed of every random stream.
    pub seed: u64,
    /// Settings by name, all of them, defaults included.
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Files read, with content hashes.
    pub inputs: Vec<InputFile>,
    /// The model, when one ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelUsed>,
    /// The engine, when a model ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineUsed>,
    /// Model and engine of every system, in the report's order, where there are several; `model` and
    /// `engine` are the first one's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub systems: Vec<SystemUsed>,
}

/// One of several systems that a report compares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemUsed {
    /// Its name in the report.
    pub name: String,
    /// The model.
    pub model: ModelUsed,
    /// The engine that ran it.
    pub engine: EngineUsed,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    /// What it is, for example `manifest` or `run`.
    pub what: String,
    /// Its name as given.
    pub name: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// The model whose activations were used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelUsed {
    /// Catalogue name or file name.
    pub name: String,
    /// Where the weights came from, for example `resemblyzer==0.1.4 resemblyzer/pretrained.pt`.
    pub source: String,
    /// SHA-256 of the weight file as fetched (or of the ONNX file given).
    pub weights_sha256: String,
    /// SHA-256 of the ONNX graph that ran.
    pub graph_sha256: String,
    /// Front end, in words with its parameters.
    pub front_end: String,
    /// Licence of the weights, or `not stated`.
    pub licence: String,
    /// How to cite the model, or `not stated`.
    pub citation: String,
    /// Taps whose activations the report uses.
    pub taps: Vec<String>,
}

impl ModelUsed {
    /// What is recorded of a model when these taps are read.
    pub(crate) fn of(model: &Model, taps: Vec<String>) -> Self {
        Self {
            name: model.name.clone(),
            source: model.source.clone(),
            weights_sha256: model.weights_sha256.clone(),
            graph_sha256: model.graph.sha256().into(),
            front_end: model.front_end.describe(),
            licence: model.licence.clone(),
            citation: model.citation.clone(),
            taps,
        }
    }
}

/// The inference engine that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngineUsed {
    /// `onnxruntime` or `rten`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl EngineUsed {
    /// What is recorded of an engine.
    pub(crate) fn of(engine: &dyn Engine) -> Self {
        Self {
            name: engine.info().name.clone(),
            version: engine.info().version.clone(),
        }
    }
}
