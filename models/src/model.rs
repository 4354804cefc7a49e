//! What the rest of the program knows of a model, and how it comes by one.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use phonoscope_analysis::frontend::FrontEnd;
use phonoscope_analysis::task::Task;
use sha2::{Digest as _, Sha256};

use crate::cache::Cache;
use crate::catalogue::{Catalogue, Entry, fixed};
use crate::fetch::{Network, fetch_weights};
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
        let sha256 = hex(&Sha256::digest(&bytes)).into();
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

/// Lower-case hexadecimal of a digest.
pub(crate) fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A model ready to be run, with everything that reports say about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Name in the catalogue, or the file's name.
    pub name: String,
    /// The graph.
    pub graph: GraphBytes,
    /// Where the weights came from, in words.
    pub source: String,
    /// SHA-256 of the weight file; of the graph itself for a user's own.
    pub weights_sha256: String,
    /// Name of the graph's input.
    pub input: String,
    /// How samples become the input.
    pub front_end: FrontEnd,
    /// What can be read out: the catalogue's taps, or every value of a user's own graph.
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
        found.ok_or_else(|| self.unknown(name))
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
                let found = taps.into_iter().find(|tap| tap.name == *pattern);
                let found = found.ok_or_else(|| self.unknown(pattern))?;
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

    fn unknown(&self, name: &str) -> Error {
        let names = self.taps.iter().map(|tap| tap.name.as_str());
        Error::UnknownTensor {
            name: name.to_owned(),
            model: self.name.clone(),
            near: nearest(name, names, NEAR_NAMES),
        }
    }
}

/// The model of the catalogue with this name: fetched if missing, checked, written as ONNX once.
///
/// # Errors
/// [`Error::UnknownModel`]; [`Error::NoFrontEnd`] for the path of a file, which needs
/// [`load_file`]; and all that can go wrong in fetching and building.
pub fn load(name_or_path: &str, cache: &Cache, network: Network, task: &Task) -> Result<Model> {
    let catalogue = Catalogue::builtin()?;
    match catalogue.get(name_or_path) {
        Ok(entry) => load_entry(entry, cache, network, task),
        Err(_) if Path::new(name_or_path).is_file() => Err(Error::NoFrontEnd {
            path: name_or_path.into(),
        }),
        Err(unknown) => Err(unknown),
    }
}

/// The model of a catalogue entry: fetched if missing, checked, written as ONNX once.
///
/// # Errors
/// All that can go wrong in fetching and building.
pub fn load_entry(entry: &Entry, cache: &Cache, network: Network, task: &Task) -> Result<Model> {
    let graph = built(entry, cache, network, task)?;
    let found = survey(graph.bytes())?;
    let source = entry
        .sources
        .first()
        .map(|source| format!("{} {}: {}", source.package, source.version, source.member));
    Ok(Model {
        name: entry.name.clone(),
        source: source.unwrap_or_default(),
        weights_sha256: entry.weights.sha256.clone(),
        input: only_input(&found, &entry.name)?,
        front_end: entry.front_end.clone(),
        taps: entry.taps_in(&found)?,
        embedding: entry.embedding.clone(),
        licence: entry.licence.clone(),
        citation: entry.citation.clone(),
        trained_on: entry.trained_on.clone(),
        graph,
    })
}

/// The graph of an entry, from the cache or built.
fn built(entry: &Entry, cache: &Cache, network: Network, task: &Task) -> Result<GraphBytes> {
    let (builder, sha256) = (entry.builder, &entry.weights.sha256);
    let key = format!("{}-{}-{sha256}", builder.name(), builder.version());
    if let Some(graph) = cache.graph(&key) {
        return Ok(graph);
    }
    let path = fetch_weights(entry, cache, network, task)?;
    task.check()?;
    let weights = fs::read(&path).map_err(Error::io("read", &path))?;
    let graph = GraphBytes::new(builder.build(&weights)?);
    match cache.keep_graph(&key, &graph) {
        // A filled cache that cannot be written is enough to work with: the graph is built anew.
        Ok(()) | Err(Error::Cache { .. }) => Ok(graph),
        Err(other) => Err(other),
    }
}

/// A user's own ONNX file. Every value of its graph is a tap, by its raw name.
///
/// # Errors
/// [`Error::Io`] when it cannot be read; [`Error::NotOnnx`] when it is no ONNX model, needs other
/// files, or has not exactly one input.
pub fn load_file(path: &Path, front_end: FrontEnd) -> Result<Model> {
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    let what = path.display().to_string();
    let graph = GraphBytes::new(bytes);
    let found = survey(graph.bytes()).map_err(|error| match error {
        Error::NotOnnx { why, .. } => Error::NotOnnx {
            what: what.clone(),
            why,
        },
        other => other,
    })?;
    if let Some(file) = found.initializers.iter().find_map(|t| t.external.as_ref()) {
        return Err(Error::malformed(
            what,
            format!("its weights are in another file (`{file}`); save it as one file"),
        ));
    }
    let name = path
        .file_stem()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    Ok(Model {
        name: name.into_owned(),
        source: what.clone(),
        weights_sha256: graph.sha256().to_owned(),
        input: only_input(&found, &what)?,
        front_end,
        taps: raw_taps(&found),
        embedding: None,
        licence: "not stated".to_owned(),
        citation: String::new(),
        trained_on: "not stated".to_owned(),
        graph,
    })
}

fn only_input(found: &Survey, what: &str) -> Result<String> {
    let names: Vec<_> = found
        .free_inputs()
        .map(|input| input.name.as_str())
        .collect();
    match names.as_slice() {
        [name] => Ok((*name).to_owned()),
        names => Err(Error::Shape {
            what: format!("inputs of {what}"),
            expected: "one".to_owned(),
            found: format!("{} ({})", names.len(), names.join(", ")),
        }),
    }
}

/// Every value that may hold floats, by its raw name.
fn raw_taps(found: &Survey) -> Vec<Tap> {
    let floats =
        |element: Option<ElementType>| matches!(element, None | Some(ElementType::Float32));
    values(found)
        .filter(|value| floats(value.element))
        .map(|value| Tap {
            tensor: value.name.clone(),
            meaning: "value of the graph".to_owned(),
            axes: Vec::new(),
            dim: fixed(value.dims.as_ref().and_then(|dims| dims.last())),
            name: value.name,
        })
        .collect()
}

#[cfg(test)]
mod tests;
