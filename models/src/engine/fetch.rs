//! Having a package client of the user's bring ONNX Runtime, once, by pinned hash.

use std::env::consts;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use phonoscope_analysis::task::Task;

use super::locate;
use crate::Error;
use crate::digest::sha256_of;
use crate::fetch::client::{self, Client};

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

/// Why there is no library after a fetch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The caller asked to stop; the client was stopped too.
    Cancelled,
    /// What each client said.
    Refused(String),
}

/// The command with which `client` installs `requirements` into `target`, with the user's own settings.
fn command(client: &Client, requirements: &Path, target: &Path, platform: &str) -> Command {
    let mut command = client.command();
    match client {
        Client::Pip(..) => command
            .args(["install", "--quiet", "--no-input"])
            .args(["--disable-pip-version-check", "--retries", "2"])
            .args(["--implementation", "cp", "--platform", platform])
            // Settings that rule `--target` out.
            .env("PIP_REQUIRE_VIRTUALENV", "0")
            .env("PIP_USER", "0"),
        Client::Uv => command.args(["pip", "install", "--quiet"]),
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
        let command = command(&client, &requirements, &target, platform);
        let complaints = partial.path().join("stderr");
        let ended = client::run(command, &complaints, &task.cancel, || {});
        let ended = ended.map_err(|error| match error {
            Error::Cancelled => Failure::Cancelled,
            other => Failure::Refused(other.to_string()),
        })?;
        match ended.reason() {
            None => return keep(&target, folder).map_err(Failure::Refused),
            Some(why) => answers.push(format!("{}: {why}", client.name())),
        }
    }
    Err(Failure::Refused(answers.join("; ")))
}

/// Where the hash of a fetched library is recorded; its name is no library's.
fn record_of(library: &Path) -> Option<PathBuf> {
    let name = library.file_name()?.to_str()?;
    Some(library.with_file_name(format!("sha256-{name}")))
}

/// Whether a library is as it was when it was fetched; others have no record, and pass.
pub(super) fn check_record(library: &Path) -> Result<(), String> {
    let Some(recorded) = record_of(library).and_then(|record| fs::read_to_string(record).ok())
    else {
        return Ok(());
    };
    let found = File::open(library)
        .and_then(|mut file| sha256_of(&mut file))
        .map_err(|error| format!("cannot read {}: {error}", library.display()))?;
    if found == recorded {
        return Ok(());
    }
    Err(format!(
        "{} was changed since it was fetched (SHA-256 {found}, recorded {recorded}); remove it",
        library.display()
    ))
}

/// Moves the library out of the unpacked wheel in one step.
fn keep(unpacked: &Path, folder: &Path) -> Result<PathBuf, String> {
    let library = locate::libraries_in(&unpacked.join("onnxruntime/capi"))
        .into_iter()
        .next()
        .ok_or("the wheel held no library")?;
    let kept = folder.join(library.file_name().ok_or("the library has no name")?);
    let cannot_record =
        |error: std::io::Error| format!("cannot record {}: {error}", kept.display());
    let record = record_of(&kept).ok_or("the library has no name")?;
    let hash = File::open(&library).and_then(|mut file| sha256_of(&mut file));
    fs::write(record, hash.map_err(cannot_record)?).map_err(cannot_record)?;
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

    #[test]
    fn clients_pin_the_release_and_refuse_other_files() {
        for client in [
            Client::Pip("python3".into(), vec!["-m".into(), "pip".into()]),
            Client::Uv,
        ] {
            let command = command(&client, Path::new("r.txt"), Path::new("t"), "win_amd64");
            let args: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
            assert!(args.iter().any(|a| a == "--require-hashes"), "{client:?}");
            assert!(args.ends_with(&["-r".into(), "r.txt".into()]), "{client:?}");
        }
    }

    #[test]
    fn a_fetched_library_that_was_changed_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let unpacked = dir.path().join("unpacked");
        let capi = unpacked.join("onnxruntime/capi");
        fs::create_dir_all(&capi).unwrap();
        let name = match std::env::consts::OS {
            "windows" => "onnxruntime.dll",
            "macos" => "libonnxruntime.1.28.0.dylib",
            _ => "libonnxruntime.so.1.28.0",
        };
        fs::write(capi.join(name), b"library").unwrap();
        let kept = keep(&unpacked, dir.path()).unwrap();
        assert_eq!(
            locate::libraries_in(dir.path()),
            std::slice::from_ref(&kept)
        );
        assert_eq!(check_record(&kept), Ok(()));
        fs::write(&kept, b"another").unwrap();
        assert!(check_record(&kept).unwrap_err().contains("was changed"));
        assert_eq!(check_record(&dir.path().join("user's own")), Ok(()));
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
