//! Stretches of the files beside a graph that hold its weights.

use std::fs::{File, metadata};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::graph::locate;
use crate::{Error, Result};

/// A stretch of a file beside a graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Location {
    /// The file, relative to the graph's folder.
    pub(super) file: String,
    /// First byte.
    pub(super) offset: u64,
    /// Number of bytes, where the graph says it.
    pub(super) length: Option<u64>,
}

impl Location {
    /// Takes up one entry of `TensorProto.external_data`.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let number = || {
            value.trim().parse::<u64>().map_err(|error| {
                let why = format!("`{key}` of weights in another file is `{value}`: {error}");
                Error::malformed("the graph", why)
            })
        };
        match key {
            "location" => value.clone_into(&mut self.file),
            "offset" => self.offset = number()?,
            "length" => self.length = Some(number()?),
            _ => {}
        }
        Ok(())
    }

    /// The `size` bytes of the stretch, from its file in `folder`.
    pub(super) fn read(&self, folder: &Path, size: u64) -> Result<Vec<u8>> {
        let path = locate(&self.file, folder)?;
        let wrong = |why: String| Error::External {
            file: self.file.clone(),
            why,
        };
        if self.length.is_some_and(|length| length != size) {
            let length = self.length.unwrap_or(0);
            return Err(wrong(format!(
                "a weight of {size} bytes has {length} there"
            )));
        }
        let found = metadata(&path).map_err(Error::io("read", &path))?;
        if !found.is_file() {
            return Err(wrong("it is no plain file".to_owned()));
        }
        if self
            .offset
            .checked_add(size)
            .is_none_or(|end| end > found.len())
        {
            return Err(wrong(format!(
                "a weight of {size} bytes begins at byte {} of {}",
                self.offset,
                found.len()
            )));
        }
        let mut file = File::open(&path).map_err(Error::io("read", &path))?;
        let mut data = Vec::new();
        file.seek(SeekFrom::Start(self.offset))
            .and_then(|_at| file.take(size).read_to_end(&mut data))
            .map_err(Error::io("read", &path))?;
        Ok(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_stretch_of_a_file_in_the_folder_is_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("inner/w.data"), b"0123456789").unwrap();
        let mut at = Location::default();
        for (key, value) in [
            ("location", "inner/w.data"),
            ("offset", "3"),
            ("checksum", "x"),
        ] {
            at.set(key, value).unwrap();
        }
        assert_eq!(at.read(folder.path(), 4).unwrap(), b"3456");
        assert!(at.read(folder.path(), 8).is_err(), "past the end");
        assert!(at.read(folder.path(), u64::MAX).is_err());
        at.set("length", "5").unwrap();
        let error = at.read(folder.path(), 4).unwrap_err().to_string();
        assert!(error.contains("of 4 bytes has 5"), "{error}");
        assert!(at.set("offset", "-1").is_err());
        at.set("location", "inner").unwrap();
        assert!(at.read(folder.path(), 5).is_err(), "a folder");
    }
}
