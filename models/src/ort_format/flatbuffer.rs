//! Reading flatbuffers whose every offset may lie.
//!
//! A table begins with the signed distance back to its vtable, which lists for every field its
//! place in the table (0: absent). References are unsigned distances forward, so nothing refers
//! back; the same thing may be referred to many times, which the [`Budget`] bounds. Source: the
//! FlatBuffers internals documentation.

use std::cell::Cell;

use crate::{Error, Result};

const WHAT: &str = "the .ort file";
/// A table begins with the distance to its vtable.
const TABLE_HEAD: usize = 4;
/// A vtable begins with its own size and the table's.
const VTABLE_HEAD: usize = 4;

pub(super) fn wrong(why: impl Into<String>) -> Error {
    Error::malformed(WHAT, why)
}

/// How much may still be read out of a file. Names are shared by all that use them, so what is read
/// may be larger than the file; but an honest file refers to everything else once.
#[derive(Debug)]
struct Budget {
    references: Cell<usize>,
    bytes: Cell<usize>,
}

/// A flatbuffer.
#[derive(Debug)]
pub(super) struct Buffer<'a> {
    bytes: &'a [u8],
    budget: Budget,
}

impl<'a> Buffer<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        const NAMES: usize = 16;
        Self {
            bytes,
            budget: Budget {
                references: Cell::new(bytes.len()),
                bytes: Cell::new(bytes.len().saturating_mul(NAMES)),
            },
        }
    }

    /// The table that the file stands for.
    pub(super) fn root(&self) -> Result<Table<'_>> {
        self.table(self.follow(0)?)
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N]> {
        let found = at.checked_add(N).and_then(|end| self.bytes.get(at..end));
        found
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| wrong(format!("it is cut short at byte {at}")))
    }

    fn spend(&self, left: &Cell<usize>, count: usize) -> Result<()> {
        let rest = left.get().checked_sub(count);
        left.set(rest.ok_or_else(|| wrong("it refers to the same things too often"))?);
        Ok(())
    }

    /// Where the reference at `at` leads.
    fn follow(&self, at: usize) -> Result<usize> {
        self.spend(&self.budget.references, 1)?;
        let distance = u32::from_le_bytes(self.array(at)?);
        usize::try_from(distance)
            .ok()
            .filter(|distance| *distance >= 4)
            .and_then(|distance| at.checked_add(distance))
            .filter(|target| *target < self.bytes.len())
            .ok_or_else(|| wrong(format!("the reference at byte {at} leads nowhere")))
    }

    fn table(&self, at: usize) -> Result<Table<'_>> {
        let back = i64::from(i32::from_le_bytes(self.array(at)?));
        let vtable = i64::try_from(at).ok().and_then(|at| at.checked_sub(back));
        let vtable = vtable
            .and_then(|vtable| usize::try_from(vtable).ok())
            .ok_or_else(|| wrong(format!("the table at byte {at} has no vtable")))?;
        let size = usize::from(u16::from_le_bytes(self.array(vtable)?));
        let length = usize::from(u16::from_le_bytes(self.array(vtable.saturating_add(2))?));
        if size < VTABLE_HEAD || length < TABLE_HEAD {
            return Err(wrong(format!("the table at byte {at} has no fields")));
        }
        Ok(Table {
            buffer: self,
            at,
            vtable,
            fields: (size - VTABLE_HEAD) / 2,
            length,
        })
    }

    /// The `count` elements of `size` bytes after the count at `at`.
    fn elements(&self, at: usize, size: usize) -> Result<&[u8]> {
        let count = usize::try_from(u32::from_le_bytes(self.array(at)?)).unwrap_or(usize::MAX);
        let start = at.saturating_add(4);
        let end = count.checked_mul(size).and_then(|n| start.checked_add(n));
        let found = end.and_then(|end| self.bytes.get(start..end));
        let found = found.ok_or_else(|| {
            wrong(format!(
                "the list at byte {at} is cut short: it counts {count}"
            ))
        })?;
        self.spend(&self.budget.bytes, found.len())?;
        Ok(found)
    }
}

/// A table: fields by their number in the schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    buffer: &'a Buffer<'a>,
    at: usize,
    vtable: usize,
    fields: usize,
    length: usize,
}

impl<'a> Table<'a> {
    /// Place of a field of `size` bytes, where it is there.
    fn place(&self, field: usize, size: usize) -> Result<Option<usize>> {
        if field >= self.fields {
            return Ok(None);
        }
        let entry = self.vtable + VTABLE_HEAD + 2 * field;
        let offset = usize::from(u16::from_le_bytes(self.buffer.array(entry)?));
        if offset == 0 {
            return Ok(None);
        }
        if offset < TABLE_HEAD || offset + size > self.length {
            let at = self.at;
            return Err(wrong(format!(
                "field {field} of the table at byte {at} lies outside it"
            )));
        }
        Ok(Some(self.at + offset))
    }

    fn scalar<const N: usize>(&self, field: usize) -> Result<Option<[u8; N]>> {
        let place = self.place(field, N)?;
        place.map(|at| self.buffer.array(at)).transpose()
    }

    pub(super) fn u8(&self, field: usize) -> Result<u8> {
        Ok(self.scalar::<1>(field)?.map_or(0, u8::from_le_bytes))
    }

    pub(super) fn i32(&self, field: usize) -> Result<i32> {
        Ok(self.scalar(field)?.map_or(0, i32::from_le_bytes))
    }

    pub(super) fn i64_or(&self, field: usize, default: i64) -> Result<i64> {
        Ok(self.scalar(field)?.map_or(default, i64::from_le_bytes))
    }

    pub(super) fn f32(&self, field: usize) -> Result<f32> {
        Ok(self.scalar(field)?.map_or(0.0, f32::from_le_bytes))
    }

    /// Where a field that refers to something leads.
    fn reference(&self, field: usize) -> Result<Option<usize>> {
        let place = self.place(field, 4)?;
        place.map(|at| self.buffer.follow(at)).transpose()
    }

    /// The table in a field.
    pub(super) fn table(&self, field: usize) -> Result<Option<Self>> {
        let target = self.reference(field)?;
        target.map(|at| self.buffer.table(at)).transpose()
    }

    /// Bytes of a text; empty where it is absent.
    pub(super) fn text(&self, field: usize) -> Result<&'a [u8]> {
        self.list(field, 1)
    }

    /// Bytes of a list of elements of `size` bytes; empty where it is absent.
    pub(super) fn list(&self, field: usize, size: usize) -> Result<&'a [u8]> {
        match self.reference(field)? {
            Some(at) => self.buffer.elements(at, size),
            None => Ok(&[]),
        }
    }

    /// Whether a field is there.
    pub(super) fn has(&self, field: usize) -> Result<bool> {
        Ok(self.place(field, 1)?.is_some())
    }

    /// The tables of a list.
    pub(super) fn tables(&self, field: usize) -> Result<impl Iterator<Item = Result<Self>> + 'a> {
        let buffer = self.buffer;
        let places = self.places(field)?;
        Ok(places.map(move |at| buffer.follow(at).and_then(|at| buffer.table(at))))
    }

    /// The texts of a list.
    pub(super) fn texts(
        &self,
        field: usize,
    ) -> Result<impl Iterator<Item = Result<&'a [u8]>> + 'a> {
        let buffer = self.buffer;
        let places = self.places(field)?;
        Ok(places.map(move |at| buffer.follow(at).and_then(|at| buffer.elements(at, 1))))
    }

    /// Places of the references of a list.
    fn places(&self, field: usize) -> Result<impl Iterator<Item = usize> + 'static> {
        let (start, count) = match self.reference(field)? {
            Some(at) => (at + 4, self.buffer.elements(at, 4)?.len() / 4),
            None => (0, 0),
        };
        Ok((0..count).map(move |k| start + 4 * k))
    }
}
