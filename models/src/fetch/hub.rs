//! Files of model hubs, and the user's own exports of what is there.
//!
//! The catalogue holds repository, revision and file; which host serves them is the user's to say,
//! as a base address, a folder or the file itself. An address is made by putting
//! `REPOSITORY/resolve/REVISION/FILE` after the base, the layout of the common hub, unless the base
//! has the places `{repository}`, `{revision}` and `{file}` itself. `curl`, `wget` or `python3`,
//! whichever is there first, brings the file with the user's own settings; it starts anew each time,
//! since half a file of an unknown whole cannot be checked. The hash is recorded at first use, and
//! any other file is refused afterwards.

mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use phonoscope_analysis::task::{BYTES, Task};

use super::client::{self, Ended};
use super::{Network, check, download};
use crate::cache::Cache;
use crate::catalogue::{Entry, HubFile, Weights, plain};
use crate::digest::{Digesting, copy};
use crate::wire::survey;
use crate::{Error, Result};

pub use record::{Record, record_path};

/// The variable that holds the base address or folder.
pub const VARIABLE: &str = "PHONOSCOPE_HUB";

/// What Python runs to fetch an address (first argument) into a file (second).
const PYTHON: &str = "import shutil, sys, urllib.request as u\n\
    with u.urlopen(sys.argv[1], timeout=60) as a, open(sys.argv[2], 'wb') as b:\n\
    \x20   shutil.copyfileobj(a, b)";

/// Where the user says that files of hubs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A base address, beginning with `http://` or `https://`.
    Address(String),
    /// A file, or a folder in which the file is looked for.
    Path(PathBuf),
}

impl Origin {
    /// What a text given by the user means.
    pub fn parse(text: &str) -> Self {
        let address = ["http://", "https://"].iter().any(|start| {
            let head = text.get(..start.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(start))
        });
        if address {
            return Self::Address(text.to_owned());
        }
        Self::Path(text.strip_prefix("file://").unwrap_or(text).into())
    }

    /// The one in `PHONOSCOPE_HUB`.
    pub fn of_environment() -> Option<Self> {
        let text = env::var(VARIABLE).ok().filter(|text| !text.is_empty());
        text.map(|text| Self::parse(&text))
    }
}

/// Brings the file of a hub entry from `origin`, with the files of weights that it refers to, and
/// gives its path in the cache.
///
/// Without a local path, a file that the cache has is taken, after its hash was checked.
///
/// # Errors
/// [`Error::NoOrigin`] and [`Error::Offline`], with what to do; [`Error::Fetch`];
/// [`Error::Changed`] for another file than the recorded one; [`Error::NotOnnx`];
/// [`Error::Cache`]; [`Error::Cancelled`].
pub fn fetch_hub(
    entry: &Entry,
    origin: Option<&Origin>,
    cache: &Cache,
    network: Network,
    task: &Task,
) -> Result<PathBuf> {
    let Weights::Hub(hub) = &entry.weights else {
        return Err(Error::Catalogue {
            why: format!("entry `{}` comes from no hub", entry.name),
        });
    };
    let record = Record::read(entry, cache)?;
    if let Some(record) = &record
        && !matches!(origin, Some(Origin::Path(_)))
        && let Some(path) = intact(record, cache)?
    {
        return Ok(path);
    }
    let how = how(entry, hub);
    let name = entry.name.clone();
    let what = format!("`{}` of {name}", hub.file);
    match (origin, network) {
        (None, Network::Allowed) => return Err(Error::NoOrigin { name, how }),
        (None | Some(Origin::Address(_)), Network::Offline) => {
            return Err(Error::Offline { what, how });
        }
        _ => {}
    }
    let scratch = cache.scratch()?;
    let mut transfer = Transfer {
        entry,
        hub,
        origin: origin.ok_or(Error::NoOrigin { name, how })?,
        recorded: record.as_ref(),
        cache,
        scratch: scratch.path(),
        task,
        sha256: BTreeMap::new(),
    };
    task.progress
        .start(&format!("fetch {}", entry.name), BYTES, None);
    let brought = transfer.bring_all();
    task.progress.finish();
    let (address, folder) = brought?;
    let file = hub.file_name().to_owned();
    if record.is_none() {
        let made = Record {
            address,
            file: file.clone(),
            sha256: transfer.sha256,
        };
        made.keep(entry, cache)?;
    }
    Ok(folder.join(file))
}

/// The file in the cache, if all files of the record are there; damaged ones are removed.
fn intact(record: &Record, cache: &Cache) -> Result<Option<PathBuf>> {
    let path = record.path(cache);
    let folder = path.parent().unwrap_or_else(|| cache.root());
    for (file, hash) in &record.sha256 {
        let path = folder.join(file);
        if !path.is_file() {
            return Ok(None);
        }
        match check(&path, hash) {
            Err(Error::WrongHash { .. }) => return Ok(None),
            checked => checked?,
        }
    }
    Ok(Some(path))
}

fn how(entry: &Entry, hub: &HubFile) -> String {
    format!(
        "it is `{}` of {} at {} ({}): `phonoscope models pull {} --from FILE|FOLDER|ADDRESS`, or \
         set {VARIABLE}",
        hub.file, hub.repository, hub.revision, hub.expects, entry.name
    )
}

/// One fetch under way.
struct Transfer<'a> {
    entry: &'a Entry,
    hub: &'a HubFile,
    origin: &'a Origin,
    recorded: Option<&'a Record>,
    cache: &'a Cache,
    scratch: &'a Path,
    task: &'a Task,
    sha256: BTreeMap<String, String>,
}

impl Transfer<'_> {
    /// Brings the ONNX file and those that it refers to; gives the address and the folder.
    fn bring_all(&mut self) -> Result<(String, PathBuf)> {
        let (address, source) = self.bring(&self.hub.file)?;
        let (main, hash) = self.take_in(&source, self.hub.file_name())?;
        let bytes = fs::read(main.path()).map_err(Error::io("read", main.path()))?;
        let found = survey(&bytes).map_err(|error| match error {
            Error::NotOnnx { why, .. } => Error::NotOnnx {
                what: address.clone(),
                why,
            },
            other => other,
        })?;
        drop(bytes);
        let beside: BTreeSet<&str> = found
            .initializers
            .iter()
            .filter_map(|tensor| tensor.external.as_deref())
            .collect();
        let path = self.cache.weights_path(&hash, self.hub.file_name());
        let folder = path.parent().unwrap_or(self.cache.root()).to_owned();
        for file in beside {
            if !plain(file) {
                let why = format!("its weights are in `{file}`, which is no plain file name");
                return Err(Error::malformed(address, why));
            }
            let place = match self.hub.file.rsplit_once('/') {
                Some((folder, _)) => format!("{folder}/{file}"),
                None => file.to_owned(),
            };
            let (_, source) = self.bring(&place)?;
            let (weights, _) = self.take_in(&source, file)?;
            self.cache.publish(weights, &folder.join(file))?;
        }
        self.cache.publish(main, &path)?;
        Ok((address, folder))
    }

    /// Where a file of the repository is now, on this machine, and its address for people.
    fn bring(&self, file: &str) -> Result<(String, PathBuf)> {
        match self.origin {
            Origin::Path(place) => {
                let path = self.find(place, file)?;
                Ok((path.display().to_string(), path))
            }
            Origin::Address(base) => {
                let address = address(base, self.hub, file);
                let to = self.scratch.join("download");
                self.download(&address, &to)?;
                Ok((without_password(&address), to))
            }
        }
    }

    fn find(&self, place: &Path, file: &str) -> Result<PathBuf> {
        let name = file.rsplit('/').next().unwrap_or(file);
        let candidates = if place.is_dir() {
            vec![
                place.join(&self.hub.repository).join(file),
                place.join(&self.entry.name).join(file),
                place.join(file),
                place.join(&self.entry.name).join(name),
                place.join(name),
            ]
        } else if file == self.hub.file {
            vec![place.to_owned()]
        } else {
            vec![place.with_file_name(name)]
        };
        let found = candidates.iter().find(|path| path.is_file());
        found.cloned().ok_or_else(|| Error::Fetch {
            what: format!("`{file}` of {}", self.entry.name),
            why: format!("{} does not hold it", place.display()),
            how: how(self.entry, self.hub),
        })
    }

    fn download(&self, address: &str, to: &Path) -> Result<()> {
        let mut why = Vec::new();
        for (name, mut command) in clients(address, to) {
            for variable in ["TMPDIR", "TEMP", "TMP"] {
                command.env(variable, self.scratch);
            }
            let mut told = 0;
            let tick = || {
                let arrived = download::size_of(self.scratch, 0);
                if arrived > told {
                    self.task.progress.advance(arrived - told);
                    told = arrived;
                }
            };
            let log = self.scratch.join("client.log");
            let ended = client::run(command, &log, &self.task.cancel, tick)?;
            let ran = matches!(ended, Ended::Badly(_));
            match ended.reason() {
                None => return Ok(()),
                Some(reason) => why.push(format!("{name}: {}", without_password(&reason))),
            }
            // What one client could not get, another cannot either.
            if ran {
                break;
            }
        }
        Err(Error::Fetch {
            what: without_password(address),
            why: why.join("; "),
            how: how(self.entry, self.hub),
        })
    }

    /// Copies a file into a nameless one of the cache, if it is the recorded one or the first.
    fn take_in(&mut self, source: &Path, name: &str) -> Result<(tempfile::NamedTempFile, String)> {
        let mut from = File::open(source).map_err(Error::io("read", source))?;
        let folder = self.cache.root().join("weights");
        let mut to = Digesting::new(self.cache.new_file(&folder)?);
        copy(&mut from, &mut to).map_err(|cause| self.cache.unwritable(cause))?;
        let (found, file) = to.finish();
        self.task.check()?;
        let expected = self.recorded.and_then(|record| record.sha256.get(name));
        match (expected, self.recorded) {
            (Some(expected), _) if *expected == found => {}
            (None, None) => {}
            (expected, _) => {
                return Err(Error::Changed {
                    what: format!("`{name}` of {}", self.entry.name),
                    expected: expected.cloned().unwrap_or_else(|| "none".to_owned()),
                    found,
                    record: record_path(self.entry, self.cache),
                });
            }
        }
        self.sha256.insert(name.to_owned(), found.clone());
        Ok((file, found))
    }
}

/// The address of a file of the repository.
fn address(base: &str, hub: &HubFile, file: &str) -> String {
    let places = [
        ("{repository}", hub.repository.as_str()),
        ("{revision}", &hub.revision),
        ("{file}", file),
    ];
    if places.iter().any(|(place, _)| base.contains(place)) {
        return places.iter().fold(base.to_owned(), |text, (place, value)| {
            text.replace(place, value)
        });
    }
    let base = base.trim_end_matches('/');
    format!("{base}/{}/resolve/{}/{file}", hub.repository, hub.revision)
}

/// A text with `USER:PASSWORD@` taken out of addresses.
fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['/', ' ', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or(host);
    format!("{scheme}://{host}{path}")
}

/// The clients to try for an address, in order.
fn clients(address: &str, to: &Path) -> [(&'static str, Command); 3] {
    let mut curl = Command::new("curl");
    curl.args(["--fail", "--location", "--silent", "--show-error"])
        .args(["--retry", "2", "--output"])
        .arg(to)
        .arg("--")
        .arg(address);
    let mut wget = Command::new("wget");
    wget.args(["--no-verbose", "--tries=3", "--output-document"])
        .arg(to)
        .arg("--")
        .arg(address);
    let mut python = Command::new("python3");
    python.args(["-c", PYTHON, address]).arg(to);
    [("curl", curl), ("wget", wget), ("python3", python)]
}

#[cfg(test)]
mod tests;
