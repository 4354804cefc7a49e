//! What the rest of the program knows of a model, and how it comes by one.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use phonoscope_analysis::frontend::FrontEnd;

use crate::catalogue::fixed;
use crate::digest::sha256;
use crate::engine::{Engine, Session};
use crate::input::InputBinding;
use crate::map::layer_map;
use crate::names::{fits, nearest};
use crate::summary::values;
use crate::tap::{Embedding, Tap};
use crate::wire::{ElementType, Survey, survey};
use crate::{Error, Result};

const NEAR_NAMES: usize = 5;

/// A serialised ONNX model and its content hash. Clones share the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct GraphBytes {
    bytes: Arc<[u8]>,
    sha256: Arc<str>,
}

impl GraphBytes {
    /// Takes the bytes and computes their hash once.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        let sha256 = sha256(&bytes).into();
        Self { bytes, sha256 }
    }

    /// The serialised model.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

impl fmt::Debug for GraphBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphBytes")
            .field("bytes", &self.bytes.len())
            .field("sha256", &self.sha256)
            .finish()
    }
}

/// A model ready to be run, with everything that reports say about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Name in the catalogue, or the file's name.
    pub name: String,
    /// The graph.
    pub graph: GraphBytes,
    /// The `If` nodes whose branch is always taken and was made part of the graph as it was loaded,
    /// each with the branch.
    pub unpacked: Vec<String>,
    /// Where the weights came from, in words.
    pub source: String,
    /// SHA-256 of the weight file; of the graph itself for a user's own.
    pub weights_sha256: String,
    /// Folder of the files that hold weights, where they are not in the graph.
    pub weights_dir: Option<PathBuf>,
    /// What each input of the graph is given, in the graph's order; one is the features.
    pub inputs: Vec<InputBinding>,
    /// How samples become the input.
    pub front_end: FrontEnd,
    /// What can be read out: the catalogue's taps, or those of the layer map of a user's own graph
    /// (every value, where it has no layer that is known).
    pub taps: Vec<Tap>,
    /// Which tap is the embedding of an utterance, where there is one.
    pub embedding: Option<Embedding>,
    /// Licence of the weights (SPDX); `not stated` for a user's own.
    pub licence: String,
    /// What to cite; empty for a user's own.
    pub citation: String,
    /// Training data, as far as known.
    pub trained_on: String,
}

impl Model {
    /// The tap of this name.
    ///
    /// # Errors
    /// [`Error::UnknownTensor`] with the nearest names.
    pub fn tap(&self, name: &str) -> Result<&Tap> {
        let found = self.taps.iter().find(|tap| tap.name == name);
        found.ok_or_else(|| self.unknown(name, &[]))
    }

    /// Taps that fit any of the patterns, in the model's order. In a pattern `*` stands for any
    /// run of characters. A pattern that no tap fits may be the raw name of a tensor of the graph.
    ///
    /// # Errors
    /// [`Error::UnknownTensor`] for a pattern that fits nothing.
    pub fn select(&self, patterns: &[String]) -> Result<Vec<Tap>> {
        let mut raw = Vec::new();
        for pattern in patterns {
            if !self.taps.iter().any(|tap| fits(pattern, &tap.name)) {
                let taps = raw_taps(&survey(self.graph.bytes())?);
                let found = taps.iter().find(|tap| tap.name == *pattern).cloned();
                let found = found.ok_or_else(|| self.unknown(pattern, &taps))?;
                if !raw.contains(&found) {
                    raw.push(found);
                }
            }
        }
        let fitting = |tap: &&Tap| patterns.iter().any(|pattern| fits(pattern, &tap.name));
        Ok(self
            .taps
            .iter()
            .filter(fitting)
            .cloned()
            .chain(raw)
            .collect())
    }

    /// Names of the outputs that the graph itself declares.
    ///
    /// # Errors
    /// [`Error::NotOnnx`] when the graph cannot be read.
    pub fn declared_outputs(&self) -> Result<Vec<String>> {
        Ok(survey(self.graph.bytes())?
            .outputs
            .into_iter()
            .map(|output| output.name)
            .collect())
    }

    /// Opens the graph for reading `tensors`, with its weights wherever they lie.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn open(&self, engine: &dyn Engine, tensors: &[String]) -> Result<Box<dyn Session>> {
        engine.open_beside(&self.graph, tensors, self.weights_dir.as_deref())
    }

    fn unknown(&self, name: &str, raw: &[Tap]) -> Error {
        let names = self.taps.iter().chain(raw).map(|tap| tap.name.as_str());
        Error::UnknownTensor {
            name: name.to_owned(),
            model: self.name.clone(),
            near: nearest(name, names, NEAR_NAMES),
        }
    }
}

/// The taps of a user's own graph: those of its layer map, or every value where no layer was
/// recognised.
pub(crate) fn own_taps(found: &Survey) -> Vec<Tap> {
    let mapped = layer_map(found).taps;
    if mapped.is_empty() {
        raw_taps(found)
    } else {
        mapped
    }
}

/// Every value that may hold floats, by its raw name.
pub(crate) fn raw_taps(found: &Survey) -> Vec<Tap> {
    let floats =
        |element: Option<ElementType>| matches!(element, None | Some(ElementType::Float32));
    values(found)
        .filter(|value| floats(value.element))
        .map(|value| Tap {
            tensor: value.name.clone(),
            meaning: "value of the graph".to_owned(),
            axes: Vec::new(),
            dim: fixed(value.dims.as_ref().and_then(|dims| dims.last())),
            timing: None,
            name: value.name,
        })
        .collect()
}

#[cfg(test)]
mod tests;
