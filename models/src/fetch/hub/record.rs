//! What is known of a hub's file since its first use.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::cache::Cache;
use crate::catalogue::{Entry, plain};
use crate::digest::is_sha256;
use crate::{Error, Result};

/// What is known of a hub's file since its first use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Where it came from, without user names and passwords.
    pub address: String,
    /// Name of the ONNX file.
    pub file: String,
    /// SHA-256 of each file, lower-case hexadecimal: the ONNX file and those with its weights.
    pub sha256: BTreeMap<String, String>,
}

impl Record {
    /// The record of an entry, if it was used before.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a record that is damaged; [`Error::Io`].
    pub fn read(entry: &Entry, cache: &Cache) -> Result<Option<Self>> {
        let path = record_path(entry, cache);
        if !path.is_file() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        let what = || path.display().to_string();
        let record: Self =
            toml::from_str(&text).map_err(|error| Error::malformed(what(), error.to_string()))?;
        let hashes = || record.sha256.values();
        let fine = record.sha256.keys().chain([&record.file]).all(|f| plain(f))
            && record.sha256.contains_key(&record.file)
            && hashes().all(|hash| is_sha256(hash));
        if !fine {
            return Err(Error::malformed(
                what(),
                "it names no plain files or hashes",
            ));
        }
        Ok(Some(record))
    }

    /// SHA-256 of the ONNX file.
    pub fn main_sha256(&self) -> &str {
        self.sha256.get(&self.file).map_or("", String::as_str)
    }

    /// Where the ONNX file lies in the cache.
    pub fn path(&self, cache: &Cache) -> PathBuf {
        cache.weights_path(self.main_sha256(), &self.file)
    }

    pub(super) fn keep(&self, entry: &Entry, cache: &Cache) -> Result<()> {
        let path = record_path(entry, cache);
        let text = toml::to_string(self)
            .map_err(|error| Error::malformed(path.display().to_string(), error.to_string()))?;
        let mut file = cache.new_file(path.parent().unwrap_or_else(|| cache.root()))?;
        file.write_all(text.as_bytes())
            .map_err(|cause| cache.unwritable(cause))?;
        cache.publish(file, &path)
    }
}

/// Where the record of an entry lies in the cache.
pub fn record_path(entry: &Entry, cache: &Cache) -> PathBuf {
    cache
        .root()
        .join("hub")
        .join(format!("{}.toml", entry.name))
}
