//! Reading little-endian numbers off bytes that may end at any place.

use crate::{Error, Result};

/// A place in a byte string; every read checks what is left.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    what: &'static str,
}

impl<'a> Cursor<'a> {
    /// The start of `bytes`; `what` names them in errors.
    pub(super) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { bytes, at: 0, what }
    }

    /// Number of bytes read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// An error at this place.
    pub(super) fn error(&self, why: impl std::fmt::Display) -> Error {
        Error::malformed(self.what, format!("{why} (at byte {})", self.at))
    }

    /// The next `n` bytes.
    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let found = self
            .at
            .checked_add(n)
            .and_then(|end| self.bytes.get(self.at..end))
            .ok_or_else(|| self.error(format!("it is cut short: {n} more bytes were promised")))?;
        self.at += n;
        Ok(found)
    }

    /// The bytes before the next `end`, which is skipped.
    pub(super) fn take_until(&mut self, end: u8) -> Result<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let n = rest
            .iter()
            .position(|byte| *byte == end)
            .ok_or_else(|| self.error("it is cut short inside a line"))?;
        let found = self.take(n)?;
        self.at += 1;
        Ok(found)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    pub(super) fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    /// A big-endian double, as pickles have it.
    pub(super) fn f64_big_endian(&mut self) -> Result<f64> {
        Ok(f64::from_be_bytes(self.array()?))
    }

    /// A size in the next four bytes.
    pub(super) fn size32(&mut self) -> Result<usize> {
        let size = self.u32()?;
        usize::try_from(size).map_err(|_too_large| self.error("a size is too large"))
    }
}
