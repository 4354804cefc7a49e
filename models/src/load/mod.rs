//! How a name or a path becomes a [`Model`].

mod entry;
mod file;
mod graph;
mod unpacked;

pub use entry::{Presence, load_entry, presence};
pub use file::{FileChoice, GivenRole, Loaded, load_file};
pub use graph::{FileGraph, card_for_file, graph_of_file};
pub use unpacked::unpacked_in_words;

use std::path::Path;

use phonoscope_analysis::task::Task;

use crate::Result;
use crate::cache::Cache;
use crate::catalogue::Catalogue;
use crate::fetch::Network;
use crate::model::Model;

/// The model of the catalogue with this name: fetched if missing, checked, written as ONNX once.
/// The path of a file gives the model in it, about which nothing is said but by a card beside it;
/// [`load_file`] tells what was guessed.
///
/// # Errors
/// [`crate::Error::UnknownModel`], those of [`load_file`], and all that can go wrong in fetching and
/// building.
pub fn load(name_or_path: &str, cache: &Cache, network: Network, task: &Task) -> Result<Model> {
    let catalogue = Catalogue::builtin()?;
    match catalogue.get(name_or_path) {
        Ok(entry) => load_entry(entry, cache, network, task),
        Err(_) if Path::new(name_or_path).is_file() => {
            Ok(load_file(Path::new(name_or_path), &FileChoice::default())?.model)
        }
        Err(unknown) => Err(unknown),
    }
}
