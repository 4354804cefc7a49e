//! The folder where fetched weights and built graphs are kept.
//!
//! `weights/SHA256/FILE` holds what was fetched, `graphs/BUILDER-VERSION-SHA256/SHA256.onnx` what
//! was built from it, `hub/NAME.toml` what is known of a hub's file since its first use, `tmp/` the work of running fetches. Files appear whole or not at all.

use std::env;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use crate::{Error, GraphBytes, Result};

const SCRATCH_PREFIX: &str = "fetch-";
const LOCK: &str = "lock";

/// The cache folder. It need not exist; it is made when something is put into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The user's cache folder: `PHONOSCOPE_CACHE`, else `phonoscope` in `XDG_CACHE_HOME`,
    /// `LOCALAPPDATA`, `~/Library/Caches` (macOS) or `~/.cache`, else in the temporary folder.
    pub fn locate() -> Self {
        let folder = |name: &str| {
            let path = env::var_os(name).map(PathBuf::from);
            path.filter(|path| !path.as_os_str().is_empty())
        };
        if let Some(root) = folder("PHONOSCOPE_CACHE") {
            return Self { root };
        }
        let home = if cfg!(target_os = "macos") {
            "Library/Caches"
        } else {
            ".cache"
        };
        let parent = folder("XDG_CACHE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| folder("LOCALAPPDATA"))
            .or_else(|| folder("HOME").map(|path| path.join(home)))
            .unwrap_or_else(env::temp_dir);
        Self {
            root: parent.join("phonoscope"),
        }
    }

    /// The cache in this folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the weight file of this hash and name belongs.
    pub fn weights_path(&self, sha256: &str, file: &str) -> PathBuf {
        self.root.join("weights").join(sha256).join(file)
    }

    /// The graph kept under `key`, if it is whole: its name is its hash. A damaged one is removed.
    pub(crate) fn graph(&self, key: &str) -> Option<GraphBytes> {
        let folder = fs::read_dir(self.graph_folder(key)).ok()?;
        let mut paths: Vec<_> = folder.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths.into_iter().find_map(|path| {
            let expected = path.file_name()?.to_str()?.strip_suffix(".onnx")?;
            let graph = GraphBytes::new(fs::read(&path).ok()?);
            if graph.sha256() == expected {
                return Some(graph);
            }
            // If it cannot be removed it is passed over again next time.
            let _still_there = fs::remove_file(&path);
            None
        })
    }

    /// Whether a graph is kept under `key`; it is not read.
    pub(crate) fn has_graph(&self, key: &str) -> bool {
        let folder = fs::read_dir(self.graph_folder(key));
        let mut names = folder.into_iter().flatten().flatten();
        names.any(|entry| entry.path().extension().is_some_and(|end| end == "onnx"))
    }

    /// Keeps a graph under `key`.
    pub(crate) fn keep_graph(&self, key: &str, graph: &GraphBytes) -> Result<()> {
        let name = format!("{}.onnx", graph.sha256());
        let mut file = self.new_file(&self.graph_folder(key))?;
        file.write_all(graph.bytes())
            .map_err(|cause| self.unwritable(cause))?;
        self.publish(file, &self.graph_folder(key).join(name))
    }

    /// A nameless file in `folder`, which is made if need be.
    pub(crate) fn new_file(&self, folder: &Path) -> Result<NamedTempFile> {
        fs::create_dir_all(folder)
            .and_then(|()| shared().tempfile_in(folder))
            .map_err(|cause| self.unwritable(cause))
    }

    /// Gives a finished file its name, all at once, in a folder that is made if need be. Another
    /// process may have done so before.
    pub(crate) fn publish(&self, file: NamedTempFile, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|cause| self.unwritable(cause))?;
        }
        file.as_file()
            .sync_all()
            .map_err(|cause| self.unwritable(cause))?;
        match file.persist(path) {
            Err(refused) if !path.is_file() => Err(self.unwritable(refused.error)),
            _ => Ok(()),
        }
    }

    /// A folder for one fetch, removed with everything in it when dropped. Folders that runs now
    /// dead have left behind are removed first.
    pub(crate) fn scratch(&self) -> Result<Scratch> {
        let parent = self.root.join("tmp");
        let make = || {
            fs::create_dir_all(&parent)?;
            let guard = File::create(parent.join(LOCK))?;
            // Between making a folder and locking it, nobody else may look for abandoned ones.
            // Where the file system has no locks, nothing counts as abandoned.
            if guard.lock().is_ok() {
                remove_abandoned(&parent);
            }
            let folder = tempfile::Builder::new()
                .prefix(SCRATCH_PREFIX)
                .tempdir_in(&parent)?;
            let lock = File::create(folder.path().join(LOCK))?;
            match lock.lock() {
                Err(error) if error.kind() != ErrorKind::Unsupported => Err(error),
                _ => Ok(Scratch {
                    _lock: lock,
                    folder,
                }),
            }
        };
        make().map_err(|cause| self.unwritable(cause))
    }

    pub(crate) fn unwritable(&self, cause: std::io::Error) -> Error {
        Error::Cache {
            path: self.root.clone(),
            cause,
        }
    }

    fn graph_folder(&self, key: &str) -> PathBuf {
        self.root.join("graphs").join(key)
    }
}

/// Files that other users of the machine may read, as far as this user's settings allow.
fn shared() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}

fn remove_abandoned(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        let ours = entry
            .file_name()
            .to_string_lossy()
            .starts_with(SCRATCH_PREFIX);
        let held = File::open(path.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_err());
        if ours && !held {
            // What cannot be removed now is tried again by the next fetch.
            let _still_there = fs::remove_dir_all(&path);
        }
    }
}

/// A folder for the work of one fetch; held by a lock for as long as this process lives.
#[derive(Debug)]
pub(crate) struct Scratch {
    // Closed before the folder goes: some systems do not remove open files.
    _lock: File,
    folder: TempDir,
}

impl Scratch {
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_graph_comes_back_and_a_damaged_one_goes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("new"));
        let graph = GraphBytes::new(*b"graph");
        assert!(cache.graph("key").is_none());
        cache.keep_graph("key", &graph).unwrap();
        cache.keep_graph("key", &graph).unwrap();
        assert_eq!(cache.graph("key"), Some(graph.clone()));
        let path = cache
            .graph_folder("key")
            .join(format!("{}.onnx", graph.sha256()));
        fs::write(&path, b"grap").unwrap();
        assert!(cache.graph("key").is_none());
        assert!(!path.exists());
    }

    #[test]
    fn folders_of_dead_runs_go_and_those_of_living_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let living = cache.scratch().unwrap();
        let dead = folder.path().join("tmp").join("fetch-dead");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join("half.whl"), b"half").unwrap();
        let unlocked = folder.path().join("tmp").join("fetch-unlocked");
        fs::create_dir(&unlocked).unwrap();
        fs::write(unlocked.join(LOCK), b"").unwrap();
        let other = cache.scratch().unwrap();
        assert!(living.path().exists() && other.path().exists());
        assert!(!dead.exists() && !unlocked.exists());
        let path = living.path().to_owned();
        drop(living);
        assert!(!path.exists());
    }

    #[test]
    fn a_cache_that_cannot_be_written_is_named_with_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, b"").unwrap();
        let cache = Cache::at(&file);
        let error = cache.scratch().unwrap_err();
        assert!(matches!(error, Error::Cache { .. }));
        let text = error.to_string();
        assert!(
            text.starts_with("cannot write to the cache folder"),
            "{text}"
        );
        assert!(!text.contains('\n'));
        assert!(error.hint().unwrap().contains("PHONOSCOPE_CACHE"));
        assert!(cache.keep_graph("key", &GraphBytes::new(*b"x")).is_err());
    }
}
