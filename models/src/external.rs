//! Weights that lie in files beside a graph. No path leads out of the graph's folder.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Component, Path, PathBuf};

use crate::{Error, Result};

/// A stretch of a file beside a graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Location {
    /// The file, relative to the graph's folder.
    pub(crate) file: String,
    /// First byte.
    pub(crate) offset: u64,
    /// Number of bytes, where the graph says it.
    pub(crate) length: Option<u64>,
}

impl Location {
    /// Takes up one entry of `TensorProto.external_data`.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<()> {
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
    pub(crate) fn read(&self, folder: &Path, size: u64) -> Result<Vec<u8>> {
        let path = resolve(folder, &self.file)?;
        let wrong = |why: String| Error::malformed(path.display().to_string(), why);
        if self.length.is_some_and(|length| length != size) {
            return Err(wrong(format!(
                "the graph says that a weight of {size} bytes has {} there",
                self.length.unwrap_or(0)
            )));
        }
        let mut file = File::open(&path).map_err(Error::io("read", &path))?;
        let held = file.metadata().map_err(Error::io("read", &path))?.len();
        if self.offset.checked_add(size).is_none_or(|end| end > held) {
            return Err(wrong(format!(
                "a weight of {size} bytes begins at byte {} of {held}",
                self.offset
            )));
        }
        let mut data = Vec::new();
        file.seek(SeekFrom::Start(self.offset))
            .and_then(|_at| file.take(size).read_to_end(&mut data))
            .map_err(Error::io("read", &path))?;
        Ok(data)
    }
}

/// The path of `file` in `folder`, which it may not leave: neither by its name nor by a link.
pub(crate) fn resolve(folder: &Path, file: &str) -> Result<PathBuf> {
    let outside = || {
        Error::malformed(
            "the graph",
            format!("its weights are in `{file}`, outside the folder of the graph"),
        )
    };
    let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if file.is_empty() || !Path::new(file).components().all(plain) {
        return Err(outside());
    }
    let real = |path: &Path| path.canonicalize().map_err(Error::io("read", path));
    let (path, folder) = (real(&folder.join(file))?, real(folder)?);
    if path.starts_with(&folder) {
        Ok(path)
    } else {
        Err(outside())
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
        for (key, value) in [("location", "inner/w.data"), ("offset", "3"), ("sum", "x")] {
            at.set(key, value).unwrap();
        }
        assert_eq!(at.read(folder.path(), 4).unwrap(), b"3456");
        assert!(at.read(folder.path(), 8).is_err(), "past the end");
        assert!(at.read(folder.path(), u64::MAX).is_err());
        at.set("length", "5").unwrap();
        let error = at.read(folder.path(), 4).unwrap_err().to_string();
        assert!(error.contains("of 4 bytes has 5"), "{error}");
        assert!(at.set("offset", "-1").is_err());
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("model");
        fs::create_dir(&folder).unwrap();
        let secret = outer.path().join("secret");
        fs::write(&secret, b"secret").unwrap();
        let absolute = secret.display().to_string();
        for file in ["../secret", "a/../../secret", "", &absolute] {
            let error = resolve(&folder, file).unwrap_err().to_string();
            assert!(error.contains("outside the folder"), "{error}");
        }
        assert!(matches!(resolve(&folder, "nowhere"), Err(Error::Io { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_refused() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("model");
        fs::create_dir(&folder).unwrap();
        fs::write(outer.path().join("secret"), b"secret").unwrap();
        std::os::unix::fs::symlink(outer.path().join("secret"), folder.join("w.data")).unwrap();
        let error = resolve(&folder, "w.data").unwrap_err().to_string();
        assert!(error.contains("outside the folder"), "{error}");
    }
}
