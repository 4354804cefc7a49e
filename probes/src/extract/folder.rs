//! The run folder while it is being filled.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::store::{PARTIAL, RunDescription, read_description, write_atomic};

/// Files that only a finished run has; they go before anything in it changes.
const OF_FINISHED: [&str; 2] = ["items.tsv", "trust.json"];

/// A folder that this process may fill, until dropped.
pub(super) struct RunFolder<'a> {
    pub(super) path: &'a Path,
    _lock: File,
}

impl<'a> RunFolder<'a> {
    /// Takes a new folder, or that of an unfinished or finished run of the same description.
    pub(super) fn take(path: &'a Path, description: &RunDescription) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(Error::io("create", path))?;
        let taken = Self {
            path,
            _lock: lock(path)?,
        };
        match read_description(path)? {
            Some(found) => {
                if let Some(difference) = description.difference(&found) {
                    return Err(Error::OtherRun {
                        path: path.into(),
                        difference,
                    });
                }
                remove_partial_files(path)?;
            }
            None => {
                refuse_foreign_folder(path)?;
                let text = serde_json::to_string_pretty(description).unwrap_or_default() + "\n";
                write_atomic(&path.join("run.json"), text.as_bytes())?;
            }
        }
        Ok(taken)
    }

    /// Makes a finished run an unfinished one.
    pub(super) fn reopen(&self) -> Result<()> {
        for name in OF_FINISHED {
            let path = self.path.join(name);
            match std::fs::remove_file(&path) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("remove", path)(e));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Holds the run folder for this process until dropped.
fn lock(out: &Path) -> Result<File> {
    let path = out.join(".lock");
    let file = File::create(&path).map_err(Error::io("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Busy { path: out.into() }),
        Err(std::fs::TryLockError::Error(e)) => Err(Error::io("lock", path)(e)),
    }
}

fn entries(out: &Path) -> Result<Vec<PathBuf>> {
    let fail = Error::io("list", out);
    let read = std::fs::read_dir(out).and_then(|d| d.map(|e| Ok(e?.path())).collect());
    read.map_err(fail)
}

/// Files of a process that was killed while it wrote.
fn remove_partial_files(out: &Path) -> Result<()> {
    for path in entries(out)? {
        if path.to_string_lossy().ends_with(PARTIAL) {
            std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}

/// A folder with other things in it is not ours to fill.
fn refuse_foreign_folder(out: &Path) -> Result<()> {
    let ours = |p: &Path| p.ends_with(".lock") || p.to_string_lossy().ends_with(PARTIAL);
    match entries(out)?.iter().find(|p| !ours(p)) {
        None => remove_partial_files(out),
        Some(_) => Err(Error::Request {
            problem: format!("`{}` is not empty and holds no run", out.display()),
            hint: "give a new or empty folder as --out".into(),
        }),
    }
}
