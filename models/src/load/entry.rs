//! Models of the catalogue.

use std::fs;

use phonoscope_analysis::task::Task;

use crate::cache::Cache;
use crate::catalogue::Entry;
use crate::fetch::{Network, fetch_weights};
use crate::input::only_input;
use crate::model::{GraphBytes, Model};
use crate::wire::survey;
use crate::{Error, Result};

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
        weights_dir: None,
        weights_sha256: entry.weights.sha256.clone(),
        inputs: only_input(&found, &entry.name)?,
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
