//! The user's package clients: which there are, running one, and what it said.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use phonoscope_analysis::task::Cancel;

use crate::{Error, Result};

const POLL: Duration = Duration::from_millis(20);
const REASON_CHARS: usize = 200;

/// A program that brings packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Client {
    /// A program that takes pip's arguments after these.
    Pip(OsString, Vec<OsString>),
    /// uv.
    Uv,
}

impl Client {
    /// The clients to try, in order: the user's choice alone (`PHONOSCOPE_PIP`), where there is one.
    pub(crate) fn all() -> Vec<Self> {
        if let Some(program) = env::var_os("PHONOSCOPE_PIP").filter(|p| !p.is_empty()) {
            return vec![Self::Pip(program, Vec::new())];
        }
        let pip = |program: &str| Self::Pip(program.into(), vec!["-m".into(), "pip".into()]);
        vec![pip("python3"), pip("python"), pip("py"), Self::Uv]
    }

    /// The words that start it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Pip(program, arguments) => {
                let words = [program].into_iter().chain(arguments);
                let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
                words.join(" ")
            }
            Self::Uv => "uv".to_owned(),
        }
    }

    /// The command without its arguments.
    pub(crate) fn command(&self) -> Command {
        match self {
            Self::Pip(program, arguments) => {
                let mut command = Command::new(program);
                command.args(arguments);
                command
            }
            Self::Uv => Command::new("uv"),
        }
    }
}

/// The first package client that answers, with its version in words; `None` without any.
pub fn package_client() -> Option<String> {
    Client::all().iter().find_map(|client| {
        let mut command = client.command();
        let out = command
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&out.stdout);
        let words: Vec<_> = text.split_whitespace().take(2).collect();
        let answer = format!("{}: {}", client.name(), words.join(" "));
        out.status.success().then_some(answer)
    })
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It did what it should.
    Well,
    /// It is not on this machine.
    Missing,
    /// It failed; its reason in one line.
    Badly(String),
}

impl Ended {
    /// Why it did not do what it should, in words.
    pub(crate) fn reason(self) -> Option<String> {
        match self {
            Self::Well => None,
            Self::Missing => Some("not found".to_owned()),
            Self::Badly(reason) => Some(reason),
        }
    }
}

/// Runs a command to its end with its complaints in the file `complaints`; `tick` is called again
/// and again meanwhile. A raised `cancel` ends it.
///
/// # Errors
/// [`Error::Cancelled`]; [`Error::Io`] for the file of complaints.
pub(crate) fn run(
    mut command: Command,
    complaints: &Path,
    cancel: &Cancel,
    tick: impl FnMut(),
) -> Result<Ended> {
    if cancel.is_cancelled() {
        return Err(Error::Cancelled);
    }
    let file = File::create(complaints).map_err(Error::io("write", complaints))?;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(file);
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Ended::Missing),
        Err(error) => return Ok(Ended::Badly(error.to_string())),
    };
    let status =
        watch(child, cancel, tick)?.map_err(Error::io("watch the client of", complaints))?;
    if status.success() {
        return Ok(Ended::Well);
    }
    let said = std::fs::read(complaints).map_err(Error::io("read", complaints))?;
    Ok(Ended::Badly(reason(
        &String::from_utf8_lossy(&said),
        status,
    )))
}

fn watch(
    mut child: Child,
    cancel: &Cancel,
    mut tick: impl FnMut(),
) -> Result<std::io::Result<ExitStatus>> {
    loop {
        let ended = child.try_wait();
        tick();
        match ended {
            Ok(None) if cancel.is_cancelled() => {
                // It may have ended by itself in the meantime.
                let _ended = child.kill();
                let _status = child.wait();
                return Err(Error::Cancelled);
            }
            Ok(None) => thread::sleep(POLL),
            Ok(Some(status)) => return Ok(Ok(status)),
            Err(error) => return Ok(Err(error)),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_client_that_is_not_there_is_an_answer() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Command::new(dir.path().join("no-such-client"));
        let log = dir.path().join("stderr");
        let ended = run(missing, &log, &Cancel::new(), || {}).unwrap();
        assert_eq!(ended, Ended::Missing);
        assert_eq!(ended.reason().unwrap(), "not found");
    }

    #[cfg(unix)]
    #[test]
    fn of_what_a_failing_client_said_the_last_error_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        for (script, kept) in [
            ("echo 'ERROR: no route' >&2; exit 7", "no route"),
            ("echo a >&2; echo b >&2; exit 1", "b"),
            ("echo 'ERROR: x' >&2; echo notice >&2; exit 1", "x"),
            ("exit 3", "it ended with exit status: 3"),
            (
                "echo 'Retrying' >&2; echo 'ERROR: none' >&2; exit 1",
                "no connection to the package index (none)",
            ),
        ] {
            let mut failing = Command::new("sh");
            failing.args(["-c", script]);
            let ended = run(failing, &dir.path().join("stderr"), &Cancel::new(), || {});
            assert_eq!(ended.unwrap(), Ended::Badly(kept.to_owned()), "{script}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn cancelling_stops_the_client() {
        let dir = tempfile::tempdir().unwrap();
        let cancel = Cancel::new();
        let mut slow = Command::new("sleep");
        slow.arg("60");
        let stop = cancel.clone();
        let began = Instant::now();
        let stopper = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            stop.cancel();
        });
        let stopped = run(slow, &dir.path().join("stderr"), &cancel, || {});
        stopper.join().unwrap();
        assert!(matches!(stopped, Err(Error::Cancelled)));
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
