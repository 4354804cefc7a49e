//! The graph in a file, whatever it is fed.

use std::fs;
use std::path::Path;

use super::unpacked::{Unpacked, unpacked};
use crate::model::GraphBytes;
use crate::ort_format::{is_ort, ort_to_onnx};
use crate::wire::{Survey, survey};
use crate::{Error, Result};

/// The graph of a file about which nothing else is known.
#[derive(Debug, Clone, PartialEq)]
pub struct FileGraph {
    /// The graph.
    pub graph: GraphBytes,
    /// The `If` nodes whose branch is always taken and is part of the graph now.
    pub unpacked: Vec<String>,
}

/// The graph of a file, whatever it is fed, with branches that are always taken made part of it.
///
/// # Errors
/// [`Error::Io`] and [`Error::NotOnnx`] as [`load_file`](super::load_file).
pub fn graph_of_file(path: &Path) -> Result<FileGraph> {
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    let (graph, found) = surveyed(bytes, &path.display().to_string())?;
    let Unpacked {
        graph, unpacked, ..
    } = unpacked(graph, found, &[])?;
    Ok(FileGraph { graph, unpacked })
}

/// The graph of a file's bytes and what is in it; `what` names the file in errors.
///
/// # Errors
/// [`Error::NotOnnx`] when it is no ONNX model.
pub(super) fn surveyed(mut bytes: Vec<u8>, what: &str) -> Result<(GraphBytes, Survey)> {
    if is_ort(&bytes) {
        bytes = ort_to_onnx(&bytes)?;
    }
    let graph = GraphBytes::new(bytes);
    let found = survey(graph.bytes()).map_err(|error| match error {
        Error::NotOnnx { why, .. } => Error::NotOnnx {
            what: what.to_owned(),
            why,
        },
        other => other,
    })?;
    Ok((graph, found))
}

/// A card to start from for the model in a file: see [`crate::card::starting_card`].
///
/// # Errors
/// [`Error::Io`] and [`Error::NotOnnx`] as [`load_file`](super::load_file).
pub fn card_for_file(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    let (graph, found) = surveyed(bytes, &path.display().to_string())?;
    let found = unpacked(graph, found, &[])?.found;
    let stem = path.file_stem().unwrap_or(path.as_os_str());
    crate::card::starting_card(&found, &stem.to_string_lossy())
}
