//! Checkpoints that `torch.save` wrote, in the legacy and the zip format.
//!
//! Legacy: five pickles (magic number, protocol, system, object, storage keys), then each storage
//! as a 64-bit count and its elements. Zip: `…/data.pkl` and one member `…/data/KEY` a storage.
//! Only dictionaries, lists and plain tensors are understood; nothing is executed.

mod search;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{Cursor as IoCursor, Read as _};

use half::{bf16, f16};
use zip::ZipArchive;

use search::{View, find_tensors, storage_of};

use super::cursor::Cursor;
use super::pickle::{self, Node, Pickle, StorageKind};
use super::{Elements, Weight, Weights, volume};
use crate::{Error, Result};

const WHAT: &str = "the checkpoint";
const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;
const PROTOCOL: i128 = 1001;
const PICKLE_BYTES_LIMIT: u64 = 64 << 20;
/// Tensors may share storages, so all together may be larger than the file; this many times.
const SHARING_LIMIT: usize = 4;

/// Reads the tensors whose dotted names start with `prefix`; the names are given without it.
///
/// A tensor inside nested dictionaries is named by its keys joined with dots, for example
/// `model_state.linear.weight`.
///
/// # Errors
/// [`Error::Refused`] for anything but plain tensors, [`Error::Malformed`] for bytes that
/// contradict themselves.
pub fn read(bytes: &[u8], prefix: &str) -> Result<Weights> {
    if bytes.starts_with(b"PK\x03\x04") {
        read_zip(bytes, prefix)
    } else {
        read_legacy(bytes, prefix)
    }
}

fn wrong(why: impl Into<String>) -> Error {
    Error::malformed(WHAT, why)
}

fn read_legacy(bytes: &[u8], prefix: &str) -> Result<Weights> {
    let mut cursor = Cursor::new(bytes, WHAT);
    let next = |cursor: &mut Cursor<'_>| -> Result<Pickle> {
        let rest = bytes.get(cursor.position()..).unwrap_or_default();
        let (found, length) = pickle::read(rest)?;
        cursor.take(length)?;
        Ok(found)
    };
    let magic = next(&mut cursor)?;
    if *magic.node(magic.root()) != Node::Int(MAGIC) {
        return Err(wrong("it does not start like a file written by torch.save"));
    }
    let protocol = next(&mut cursor)?;
    if *protocol.node(protocol.root()) != Node::Int(PROTOCOL) {
        return Err(wrong("its protocol version is unknown"));
    }
    let system = next(&mut cursor)?;
    if let Node::Dict(pairs) = system.node(system.root())
        && pairs.iter().any(|(key, value)| {
            system.text(*key) == Some("little_endian") && *system.node(*value) == Node::Bool(false)
        })
    {
        return Err(wrong("it was written on a big-endian machine"));
    }
    let object = next(&mut cursor)?;
    let keys = next(&mut cursor)?;
    let tensors = find_tensors(&object, prefix)?;

    let kinds = storage_kinds(&object)?;
    let mut storages = BTreeMap::new();
    let listed = keys.sequence(keys.root());
    for id in listed.ok_or_else(|| wrong("it has no list of storages"))? {
        let key = keys
            .text(*id)
            .ok_or_else(|| wrong("a storage without a name"))?;
        let kind = kinds
            .get(key)
            .ok_or_else(|| wrong(format!("storage `{key}` is unused")))?;
        let size = usize::try_from(cursor.i64()?)
            .ok()
            .and_then(|count| count.checked_mul(kind.bytes()))
            .ok_or_else(|| cursor.error(format!("storage `{key}` has an impossible size")))?;
        storages.insert(key, cursor.take(size)?);
    }
    collect(&tensors, bytes.len(), |key| {
        let data = storages.get(key).copied();
        data.map(Cow::Borrowed)
            .ok_or_else(|| wrong(format!("storage `{key}` is missing")))
    })
}

fn read_zip(bytes: &[u8], prefix: &str) -> Result<Weights> {
    let bad = |error: zip::result::ZipError| wrong(error.to_string());
    let mut archive = ZipArchive::new(IoCursor::new(bytes)).map_err(bad)?;
    let folder = archive
        .file_names()
        .flatten()
        .find_map(|name| name.strip_suffix("/data.pkl").map(str::to_owned))
        .ok_or_else(|| wrong("the archive has no data.pkl"))?;
    let mut member = |name: &str, limit: u64| -> Result<Vec<u8>> {
        let file = archive.by_name(&format!("{folder}/{name}")).map_err(bad)?;
        if file.size() > limit {
            return Err(wrong(format!("`{name}` is larger than {limit} bytes")));
        }
        let mut data = Vec::new();
        file.take(limit)
            .read_to_end(&mut data)
            .map_err(|error| wrong(format!("`{name}`: {error}")))?;
        Ok(data)
    };
    if member("byteorder", 16).is_ok_and(|order| order.starts_with(b"big")) {
        return Err(wrong("it was written on a big-endian machine"));
    }
    let (object, _) = pickle::read(&member("data.pkl", PICKLE_BYTES_LIMIT)?)?;
    let tensors = find_tensors(&object, prefix)?;
    // Storages lie uncompressed in the archive, so none is larger than the file.
    let limit = bytes.len() as u64;
    collect(&tensors, bytes.len(), |key| {
        member(&format!("data/{key}"), limit).map(Cow::Owned)
    })
}

/// Element types of all storages that the pickle mentions.
fn storage_kinds(pickle: &Pickle) -> Result<BTreeMap<&str, StorageKind>> {
    let mut kinds = BTreeMap::new();
    for id in pickle.ids() {
        if let Some((kind, key)) = storage_of(pickle, id)
            && kinds.insert(key, kind).is_some_and(|other| other != kind)
        {
            return Err(wrong(format!("storage `{key}` has two element types")));
        }
    }
    Ok(kinds)
}

fn collect<'a>(
    views: &[View<'a>],
    file_bytes: usize,
    mut storage: impl FnMut(&'a str) -> Result<Cow<'a, [u8]>>,
) -> Result<Weights> {
    let mut weights = Weights::default();
    let mut budget = file_bytes.saturating_mul(SHARING_LIMIT);
    for view in views {
        let data = storage(view.key)?;
        let count = data.len() / view.kind.bytes();
        let places = places(view, count).ok_or_else(|| {
            wrong(format!(
                "tensor `{}` reaches outside its storage",
                view.name
            ))
        })?;
        budget = places
            .len()
            .checked_mul(view.kind.bytes())
            .and_then(|size| budget.checked_sub(size))
            .ok_or_else(|| wrong("its tensors are far larger than the file"))?;
        let weight = Weight {
            shape: view.shape.clone(),
            elements: view.kind.decode(&data, &places),
        };
        weights.insert(view.name.clone(), weight);
    }
    Ok(weights)
}

/// Places of a view's elements in its storage of `count` elements, in row-major order. A view may
/// not have more elements than its storage.
fn places(view: &View<'_>, count: usize) -> Option<Vec<usize>> {
    let total = volume(&view.shape).filter(|total| *total <= count)?;
    if total == 0 {
        return Some(Vec::new());
    }
    let axes = || view.shape.iter().zip(&view.stride);
    let last = axes().try_fold(view.offset, |at, (size, stride)| {
        at.checked_add((size - 1).checked_mul(*stride)?)
    })?;
    if last >= count {
        return None;
    }
    let mut places = Vec::with_capacity(total);
    places.push(view.offset);
    for (size, stride) in axes() {
        let grown = places
            .iter()
            .flat_map(|base| (0..*size).map(move |i| base + i * stride));
        places = grown.collect();
    }
    Some(places)
}

impl StorageKind {
    fn bytes(self) -> usize {
        match self {
            Self::Double | Self::Long => 8,
            Self::Float | Self::Int => 4,
            Self::Half | Self::BFloat16 | Self::Short => 2,
            Self::Char | Self::Byte | Self::Bool => 1,
        }
    }

    /// Elements of `data` at `places`; places outside give nothing, but the caller has checked.
    fn decode(self, data: &[u8], places: &[usize]) -> Elements {
        fn at<'a, const N: usize>(
            data: &'a [u8],
            places: &'a [usize],
        ) -> impl Iterator<Item = [u8; N]> + 'a {
            let (elements, _) = data.as_chunks::<N>();
            places
                .iter()
                .filter_map(|place| elements.get(*place).copied())
        }
        match self {
            Self::Float => Elements::Floats(at(data, places).map(f32::from_le_bytes).collect()),
            Self::Double => {
                let narrow = |b| f64::from_le_bytes(b) as f32;
                Elements::Floats(at(data, places).map(narrow).collect())
            }
            Self::Half => {
                let wide = |b| f16::from_le_bytes(b).to_f32();
                Elements::Floats(at(data, places).map(wide).collect())
            }
            Self::BFloat16 => {
                let wide = |b| bf16::from_le_bytes(b).to_f32();
                Elements::Floats(at(data, places).map(wide).collect())
            }
            Self::Long => Elements::Integers(at(data, places).map(i64::from_le_bytes).collect()),
            Self::Int => {
                let wide = |b| i32::from_le_bytes(b).into();
                Elements::Integers(at(data, places).map(wide).collect())
            }
            Self::Short => {
                let wide = |b| i16::from_le_bytes(b).into();
                Elements::Integers(at(data, places).map(wide).collect())
            }
            Self::Char => {
                let wide = |b| i8::from_le_bytes(b).into();
                Elements::Integers(at(data, places).map(wide).collect())
            }
            Self::Byte | Self::Bool => {
                let wide = |b| u8::from_le_bytes(b).into();
                Elements::Integers(at(data, places).map(wide).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests;
