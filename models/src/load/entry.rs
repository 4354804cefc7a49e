//! Models of the catalogue.

use std::fs;
use std::path::Path;

use phonoscope_analysis::task::Task;

use super::unpacked::{Unpacked, unpacked};
use crate::build::Builder;
use crate::cache::Cache;
use crate::catalogue::{Entry, WeightFile, Weights};
use crate::fetch::hub::Record;
use crate::fetch::{Network, fetch_pinned, fetch_weights};
use crate::input::only_input;
use crate::model::{GraphBytes, Model};
use crate::wire::{Survey, survey};
use crate::{Error, InputBinding, Result};

/// Whether a model of the catalogue is on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Its files are in the cache.
    Here,
    /// They have to be fetched.
    Missing,
}

/// Whether a model of the catalogue is on this machine, by names and sizes of files alone: nothing
/// is read or built.
pub fn presence(entry: &Entry, cache: &Cache) -> Presence {
    let size = |path: &Path| path.metadata().ok().map(|data| data.len());
    let here = match &entry.weights {
        Weights::Pinned(file) => {
            let weights = cache.weights_path(&file.sha256, &file.file);
            size(&weights) == Some(file.bytes) || cache.has_graph(&key(entry.builder, file))
        }
        Weights::Shipped(_) => true,
        Weights::Hub(_) => matches!(
            Record::read(entry, cache),
            Ok(Some(record)) if size(&record.path(cache)).is_some()
        ),
    };
    if here {
        Presence::Here
    } else {
        Presence::Missing
    }
}

/// The model of a catalogue entry: fetched if missing, checked, written as ONNX once.
///
/// # Errors
/// All that can go wrong in fetching and building.
pub fn load_entry(entry: &Entry, cache: &Cache, network: Network, task: &Task) -> Result<Model> {
    let (graph, weights_sha256, source, weights_dir) = match &entry.weights {
        Weights::Pinned(file) => {
            let graph = built(entry, file, cache, network, task)?;
            (graph, file.sha256.clone(), entry.origin(), None)
        }
        Weights::Shipped(file) => {
            let graph = GraphBytes::new(file.content()?.to_vec());
            (graph, file.sha256.clone(), entry.origin(), None)
        }
        Weights::Hub(_) => {
            let path = fetch_weights(entry, cache, network, task)?;
            let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
            let address = Record::read(entry, cache)?.map(|record| record.address);
            let source = format!("{} (untested here)", address.unwrap_or_default());
            let graph = GraphBytes::new(bytes);
            let hash = graph.sha256().to_owned();
            (graph, hash, source, path.parent().map(Path::to_path_buf))
        }
    };
    let found = survey(graph.bytes())?;
    let inputs = inputs(entry, &found)?;
    let Unpacked {
        graph,
        found,
        unpacked,
    } = unpacked(graph, found, &inputs)?;
    Ok(Model {
        name: entry.name.clone(),
        unpacked,
        source,
        weights_dir,
        weights_sha256,
        inputs,
        front_end: entry.front_end.clone(),
        taps: entry.taps_in(&found)?,
        embedding: entry.embedding.clone(),
        licence: entry.licence.clone(),
        citation: entry.citation.clone(),
        trained_on: entry.trained_on.clone(),
        graph,
    })
}

/// The bindings of the entry, which must be those of the graph.
fn inputs(entry: &Entry, found: &Survey) -> Result<Vec<InputBinding>> {
    if entry.inputs.is_empty() {
        return only_input(found, &entry.name);
    }
    let names: Vec<_> = found.free_inputs().map(|input| &input.name).collect();
    let bound: Vec<_> = entry.inputs.iter().map(|input| &input.name).collect();
    if names.len() == bound.len() && names.iter().all(|name| bound.contains(name)) {
        return Ok(entry.inputs.clone());
    }
    Err(Error::Shape {
        what: format!("inputs of {}", entry.name),
        expected: format!("{bound:?}"),
        found: format!("{names:?}"),
    })
}

fn key(builder: Builder, file: &WeightFile) -> String {
    format!("{}-{}-{}", builder.name(), builder.version(), file.sha256)
}

/// The graph of an entry, from the cache or built.
fn built(
    entry: &Entry,
    file: &WeightFile,
    cache: &Cache,
    network: Network,
    task: &Task,
) -> Result<GraphBytes> {
    let key = key(entry.builder, file);
    if let Some(graph) = cache.graph(&key) {
        return Ok(graph);
    }
    let path = fetch_pinned(&entry.name, file, cache, network, task)?;
    task.check()?;
    let weights = fs::read(&path).map_err(Error::io("read", &path))?;
    if entry.builder == Builder::Onnx {
        return Ok(GraphBytes::new(weights));
    }
    let graph = GraphBytes::new(entry.builder.build(&weights)?);
    match cache.keep_graph(&key, &graph) {
        // A filled cache that cannot be written is enough to work with: the graph is built anew.
        Ok(()) | Err(Error::Cache { .. }) => Ok(graph),
        Err(other) => Err(other),
    }
}
