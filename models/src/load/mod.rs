//! How a name or a path becomes a [`Model`].

mod entry;
mod file;

pub use entry::{Presence, load_entry, presence};
pub use file::load_file;

use std::path::Path;

use phonoscope_analysis::task::Task;

use crate::cache::Cache;
use crate::catalogue::Catalogue;
use crate::fetch::Network;
use crate::model::Model;
use crate::{Error, Result};

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
