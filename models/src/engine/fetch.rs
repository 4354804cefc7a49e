//! Having a package client of the user's bring ONNX Runtime, once, by pinned hash.

use std::env::{self, consts};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use phonoscope_analysis::task::Task;

use super::locate;

/// The newest release whose Linux and macOS wheels gather no telemetry.
pub(super) const RELEASE: &str = "1.28.0";

/// SHA-256 of its wheels for CPython 3.12: Linux x86-64 and aarch64, macOS arm64, Windows x86-64.
/// Clients refuse any other file.
const WHEELS: [&str; 4] = [
    "0a83bdb70d143cede762b677789bf2a7acca54b3fb82565601d5c30695aa933c",
    "4e81a23df16e7acb9d51b06d30cc098e49315ef9180f97bc2221d167b4b04d9c",
    "26ff0fdd06efb6c155bae95387a09db1a2be89c7a03e4d0bffd5a171cc2826da",
    "c35064f9b3c43c81c5d5d282091401d0f1ff22796d93ccade4ea2ece5e137ab8",
];

/// How often a running client is looked at.
const POLL: Duration = Duration::from_millis(20);

/// Why there is no library after a fetch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The caller asked to stop; the client was stopped too.
    Cancelled,
    /// What each client said.
    Refused(String),
}

/// A program that can install a wheel into a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Client {
    /// A Python interpreter with pip.
    Python(&'static str),
    /// A program that takes pip's arguments.
    Pip(OsString),
    /// uv.
    Uv,
}

impl Client {
    /// The clients to try, in order: the user's choice alone, where there is one.
    fn all() -> Vec<Self> {
        match env::var_os("PHONOSCOPE_PIP").filter(|program| !program.is_empty()) {
            Some(program) => vec![Self::Pip(program)],
            None => vec![
                Self::Python("python3"),
                Self::Python("python"),
                Self::Python("py"),
                Self::Uv,
            ],
        }
    }

    fn program(&self) -> &OsStr {
        match self {
            Self::Python(program) => OsStr::new(program),
            Self::Pip(program) => program,
            Self::Uv => OsStr::new("uv"),
        }
    }

    /// The command that installs `requirements` into `target`, with the user's own settings.
    fn command(&self, requirements: &Path, target: &Path, platform: &str) -> Command {
        let mut command = Command::new(self.program());
        if let Self::Python(_) = self {
            command.args(["-m", "pip"]);
        }
        match self {
            Self::Python(_) | Self::Pip(_) => command
                .args(["install", "--quiet", "--no-input"])
                .args(["--disable-pip-version-check", "--retries", "2"])
                .args(["--implementation", "cp", "--platform", platform])
                // Settings that rule `--target` out.
                .env("PIP_REQUIRE_VIRTUALENV", "0")
                .env("PIP_USER", "0"),
            Self::Uv => command.args(["pip", "install", "--quiet"]),
        };
        command
            .args(["--no-deps", "--only-binary=:all:", "--require-hashes"])
            .args(["--python-version", "3.12"])
            .arg("--target")
            .arg(target)
            .arg("-r")
            .arg(requirements);
        command
    }
}

/// The platform tag of the wheel for this machine.
fn platform() -> Option<&'static str> {
    match (consts::OS, consts::ARCH) {
        ("linux", "x86_64") => Some("manylinux_2_28_x86_64"),
        ("linux", "aarch64") => Some("manylinux_2_28_aarch64"),
        ("macos", "aarch64") => Some("macosx_14_0_arm64"),
        ("windows", "x86_64") => Some("win_amd64"),
        _ => None,
    }
}

/// Fetches the library into `folder` and gives its path. Several processes may do so at once.
pub(super) fn fetch(folder: &Path, task: &Task) -> Result<PathBuf, Failure> {
    task.progress
        .start(&format!("fetch ONNX Runtime {RELEASE}"), "file", Some(1));
    let result = fetch_quietly(folder, task);
    if result.is_ok() {
        task.progress.advance(1);
    }
    task.progress.finish();
    result
}

fn fetch_quietly(folder: &Path, task: &Task) -> Result<PathBuf, Failure> {
    let platform = platform().ok_or_else(|| {
        Failure::Refused(format!(
            "no prebuilt library is known for {} on {}",
            consts::OS,
            consts::ARCH
        ))
    })?;
    let cannot_write = |cause: std::io::Error| {
        Failure::Refused(format!("cannot write to {}: {cause}", folder.display()))
    };
    fs::create_dir_all(folder).map_err(cannot_write)?;
    let partial = tempfile::Builder::new()
        .prefix("partial-")
        .tempdir_in(folder)
        .map_err(cannot_write)?;
    let requirements = partial.path().join("requirements.txt");
    let hashes = WHEELS.map(|hash| format!(" --hash=sha256:{hash}")).concat();
    fs::write(&requirements, format!("onnxruntime=={RELEASE}{hashes}\n")).map_err(cannot_write)?;

    let mut answers = Vec::new();
    for (n, client) in Client::all().into_iter().enumerate() {
        let target = partial.path().join(n.to_string());
        let command = client.command(&requirements, &target, platform);
        match run(command, &partial.path().join("stderr"), task)? {
            Ok(()) => return keep(&target, folder).map_err(Failure::Refused),
            Err(why) => answers.push(format!("{}: {why}", client.program().display())),
        }
    }
    Err(Failure::Refused(answers.join("; ")))
}

/// Runs a client to its end; the inner error is what it said. A cancelled one is killed.
fn run(
    mut command: Command,
    complaints: &Path,
    task: &Task,
) -> Result<Result<(), String>, Failure> {
    let stderr = match File::create(complaints) {
        Ok(file) => file,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let spawned = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Err("not installed".to_owned()));
        }
        Err(error) => return Ok(Err(error.to_string())),
    };
    match wait(&mut child, task)? {
        Ok(status) if status.success() => Ok(Ok(())),
        Ok(status) => {
            let said = fs::read(complaints).unwrap_or_default();
            Ok(Err(last_complaint(&String::from_utf8_lossy(&said))
                .unwrap_or_else(|| status.to_string())))
        }
        Err(error) => Ok(Err(error.to_string())),
    }
}

fn wait(
    child: &mut Child,
    task: &Task,
) -> Result<std::io::Result<std::process::ExitStatus>, Failure> {
    loop {
        match child.try_wait() {
            Ok(None) if task.cancel.is_cancelled() => {
                let stopped = child.kill().and_then(|()| child.wait());
                drop(stopped);
                return Err(Failure::Cancelled);
            }
            Ok(None) => thread::sleep(POLL),
            Ok(Some(status)) => return Ok(Ok(status)),
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// The last line that speaks of an error, or else the last line.
fn last_complaint(said: &str) -> Option<String> {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    lines()
        .rfind(|line| line.to_lowercase().contains("error"))
        .or_else(|| lines().next_back())
        .map(str::to_owned)
}

/// Moves the library out of the unpacked wheel in one step.
fn keep(unpacked: &Path, folder: &Path) -> Result<PathBuf, String> {
    let library = locate::libraries_in(&unpacked.join("onnxruntime/capi"))
        .into_iter()
        .next()
        .ok_or("the wheel held no library")?;
    let kept = folder.join(library.file_name().ok_or("the library has no name")?);
    match fs::rename(&library, &kept) {
        Ok(()) => Ok(kept),
        // Some systems do not replace a library in use: another process was first.
        Err(_) if kept.is_file() => Ok(kept),
        Err(error) => Err(format!("cannot write {}: {error}", kept.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_analysis::task::Cancel;
    use std::time::Instant;

    #[test]
    fn the_last_error_line_is_kept() {
        let said = "WARNING: Retrying\nERROR: No matching distribution\n\n[notice] upgrade\n";
        assert_eq!(
            last_complaint(said).unwrap(),
            "ERROR: No matching distribution"
        );
        assert_eq!(last_complaint("a\nb\n").unwrap(), "b");
        assert_eq!(last_complaint(" \n"), None);
    }

    #[test]
    fn clients_pin_the_release_and_refuse_other_files() {
        for client in [
            Client::Python("python3"),
            Client::Pip("pip".into()),
            Client::Uv,
        ] {
            let command = client.command(Path::new("r.txt"), Path::new("t"), "win_amd64");
            let args: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
            assert!(args.iter().any(|a| a == "--require-hashes"), "{client:?}");
            assert!(args.ends_with(&["-r".into(), "r.txt".into()]), "{client:?}");
        }
    }

    #[test]
    fn a_client_that_is_not_there_or_fails_is_an_answer() {
        let dir = tempfile::tempdir().unwrap();
        let complaints = dir.path().join("stderr");
        let missing = Command::new(dir.path().join("no-such-client"));
        let answer = run(missing, &complaints, &Task::silent()).unwrap();
        assert_eq!(answer.unwrap_err(), "not installed");
    }

    #[cfg(unix)]
    #[test]
    fn what_a_failing_client_said_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut failing = Command::new("sh");
        failing.args(["-c", "echo 'ERROR: no route' >&2; exit 7"]);
        let answer = run(failing, &dir.path().join("stderr"), &Task::silent()).unwrap();
        assert_eq!(answer.unwrap_err(), "ERROR: no route");
    }

    #[cfg(unix)]
    #[test]
    fn cancelling_stops_the_client() {
        let dir = tempfile::tempdir().unwrap();
        let task = Task {
            cancel: Cancel::new(),
            ..Task::silent()
        };
        let mut slow = Command::new("sleep");
        slow.arg("60");
        let cancel = task.cancel.clone();
        let began = Instant::now();
        let stopper = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            cancel.cancel();
        });
        let stopped = run(slow, &dir.path().join("stderr"), &task);
        stopper.join().unwrap();
        assert_eq!(stopped, Err(Failure::Cancelled));
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = fetch(&file.join("cache"), &Task::silent()).unwrap_err();
        assert!(
            matches!(&error, Failure::Refused(why) if why.contains("file")),
            "{error:?}"
        );
    }
}
