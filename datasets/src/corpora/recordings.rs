//! Recordings below a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::entries;
use crate::error::Result;

/// Folders are entered this deep.
const MAX_DEPTH: usize = 8;

const EXTENSIONS: [&str; 5] = ["wav", "flac", "mp3", "ogg", "sph"];

pub(super) fn is_recording(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| EXTENSIONS.iter().any(|known| e.eq_ignore_ascii_case(known)))
}

/// Recordings by the name of the file without its extension.
pub(super) struct ByName {
    found: BTreeMap<String, Vec<PathBuf>>,
}

impl ByName {
    /// All recordings below a folder. Links to folders are not followed.
    pub(super) fn below(dir: &Path) -> Result<Self> {
        let mut all = Self {
            found: BTreeMap::new(),
        };
        all.collect(dir, 0)?;
        Ok(all)
    }

    fn collect(&mut self, dir: &Path, depth: usize) -> Result<()> {
        for path in entries(dir)? {
            let is_link = path.is_symlink();
            if path.is_dir() {
                if depth < MAX_DEPTH && !is_link {
                    self.collect(&path, depth + 1)?;
                }
            } else if is_recording(&path)
                && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
            {
                let stem = stem.to_owned();
                self.found.entry(stem).or_default().push(path);
            }
        }
        Ok(())
    }

    /// The only recording with the name of `path`, with or without its extension.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(super) fn named(&self, path: &str) -> Result<&Path, String> {
        let name = Path::new(path).file_name().and_then(|name| name.to_str());
        let name = name.unwrap_or(path);
        let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str());
        let found = self
            .found
            .get(name)
            .or_else(|| self.found.get(stem.unwrap_or(name)));
        match found.map(Vec::as_slice) {
            Some([only]) => Ok(only),
            Some(many) => Err(format!("{} recordings are called `{name}`", many.len())),
            None => Err(format!("there is no recording `{name}`")),
        }
    }
}

/// Where a table says a recording is: below one of `roots` as written, or anywhere by its name.
pub(super) fn locate(written: &str, roots: &[&Path], all: &ByName) -> Result<PathBuf, String> {
    roots
        .iter()
        .map(|root| root.join(written))
        .find(|path| path.is_file())
        .map_or_else(|| all.named(written).map(Path::to_path_buf), Ok)
}
