//! A stored tensor, its numbers in any of the ways that ONNX stores them, and writing it anew.

use std::borrow::Cow;
use std::path::Path;

use half::{bf16, f16};

use super::external::Location;
use crate::wire::{Fields, Value, put_bytes, put_field, take_varint};
use crate::{Error, Result};

/// Element types that weights come in, by their number in `onnx.proto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    F32,
    F64,
    F16,
    Bf16,
    I8,
    U8,
    I32,
    I4,
    U4,
    Other,
}

impl Number {
    fn from_number(number: u64) -> Self {
        match number {
            1 => Self::F32,
            2 => Self::U8,
            3 => Self::I8,
            6 => Self::I32,
            10 => Self::F16,
            11 => Self::F64,
            16 => Self::Bf16,
            21 => Self::U4,
            22 => Self::I4,
            _ => Self::Other,
        }
    }

    pub(super) fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64 | Self::F16 | Self::Bf16)
    }

    /// Bytes that `elements` take in `raw_data`.
    fn bytes(self, elements: usize) -> Option<usize> {
        match self {
            Self::I8 | Self::U8 => Some(elements),
            Self::F16 | Self::Bf16 => elements.checked_mul(2),
            Self::F32 | Self::I32 => elements.checked_mul(4),
            Self::F64 => elements.checked_mul(8),
            Self::I4 | Self::U4 => Some(elements.div_ceil(2)),
            Self::Other => None,
        }
    }

    fn decode(self, raw: &[u8], elements: usize) -> Vec<f64> {
        fn each<const N: usize>(raw: &[u8], read: impl Fn([u8; N]) -> f64) -> Vec<f64> {
            raw.as_chunks().0.iter().map(|chunk| read(*chunk)).collect()
        }
        match self {
            Self::F32 => each(raw, |b| f32::from_le_bytes(b).into()),
            Self::F64 => each(raw, f64::from_le_bytes),
            Self::F16 => each(raw, |b| f16::from_le_bytes(b).into()),
            Self::Bf16 => each(raw, |b| bf16::from_le_bytes(b).into()),
            Self::I8 => each(raw, |b| i8::from_le_bytes(b).into()),
            Self::U8 => each(raw, |[b]| b.into()),
            Self::I32 => each(raw, |b| i32::from_le_bytes(b).into()),
            Self::U4 => halves(raw).take(elements).map(f64::from).collect(),
            Self::I4 => halves(raw)
                .take(elements)
                .map(|half| f64::from((half << 4).cast_signed() >> 4))
                .collect(),
            Self::Other => Vec::new(),
        }
    }

    /// Bytes of `raw_data`; integers are rounded, and nothing becomes infinite.
    fn encode(self, values: &[f64]) -> Vec<u8> {
        fn each<const N: usize>(values: &[f64], write: impl Fn(f64) -> [u8; N]) -> Vec<u8> {
            values.iter().flat_map(|value| write(*value)).collect()
        }
        let within = |value: f64, most: f64| value.clamp(-most, most);
        match self {
            Self::F32 => each(values, |v| {
                (within(v, f64::from(f32::MAX)) as f32).to_le_bytes()
            }),
            Self::F64 => each(values, f64::to_le_bytes),
            Self::F16 => each(values, |v| {
                f16::from_f64(within(v, f16::MAX.to_f64())).to_le_bytes()
            }),
            Self::Bf16 => each(values, |v| {
                bf16::from_f64(within(v, bf16::MAX.to_f64())).to_le_bytes()
            }),
            Self::I8 => each(values, |v| (v.round() as i8).to_le_bytes()),
            Self::U8 => each(values, |v| [v.round() as u8]),
            Self::I32 => each(values, |v| (v.round() as i32).to_le_bytes()),
            Self::I4 | Self::U4 => {
                let half = |v: f64| (v.round() as i8).cast_unsigned() & 0x0f;
                let pair = |pair: &[f64]| match pair {
                    [low, high] => half(*high) << 4 | half(*low),
                    [low, ..] => half(*low),
                    [] => 0,
                };
                values.chunks(2).map(pair).collect()
            }
            Self::Other => Vec::new(),
        }
    }
}

/// Halves of bytes, the low one first.
fn halves(raw: &[u8]) -> impl Iterator<Item = u8> {
    raw.iter().flat_map(|byte| [byte & 0x0f, byte >> 4])
}

/// One `TensorProto`.
#[derive(Debug)]
pub(crate) struct Stored<'a> {
    pub(crate) name: String,
    pub(crate) dims: Vec<u64>,
    pub(super) number: Number,
    /// Number of elements; `None` where the sizes make no sense.
    pub(super) elements: Option<usize>,
    pub(super) external: Option<Location>,
    raw: Option<&'a [u8]>,
    /// Fields that hold numbers one by one.
    typed: Vec<(u32, Value<'a>)>,
    /// Fields that a rewriting keeps.
    kept: Vec<(u32, Value<'a>)>,
}

impl<'a> Stored<'a> {
    pub(crate) fn read(tensor: &'a [u8]) -> Result<Self> {
        let mut found = Self {
            name: String::new(),
            dims: Vec::new(),
            number: Number::Other,
            elements: None,
            external: None,
            raw: None,
            typed: Vec::new(),
            kept: Vec::new(),
        };
        let mut location = Location::default();
        for field in Fields::new(tensor) {
            let (number, value) = field?;
            match (number, value) {
                (1, Value::Int(dim)) => found.dims.push(dim),
                (1, Value::Bytes(packed)) => found.dims.extend(varints(packed)?),
                (2, Value::Int(kind)) => found.number = Number::from_number(kind),
                (8, Value::Bytes(name)) => {
                    found.name = String::from_utf8_lossy(name).into_owned();
                }
                (9, Value::Bytes(data)) => found.raw = Some(data),
                (4 | 5 | 10, value) => found.typed.push((number, value)),
                (13, Value::Bytes(entry)) => {
                    let (key, value) = read_entry(entry)?;
                    location.set(&key, &value)?;
                    found.external = Some(location.clone());
                }
                _ => {}
            }
            if !matches!(number, 4 | 5 | 7 | 9 | 10 | 11 | 13 | 14) {
                found.kept.push((number, value));
            }
        }
        let mut sizes = found.dims.iter().map(|dim| usize::try_from(*dim).ok());
        found.elements = sizes.try_fold(1usize, |n, size| n.checked_mul(size?));
        Ok(found)
    }

    /// The numbers, in row-major order. `folder` holds the files beside the graph.
    pub(super) fn values(&self, folder: Option<&Path>) -> Result<Vec<f64>> {
        let (elements, raw) = self.whole(folder)?;
        Ok(self.number.decode(&raw, elements))
    }

    /// The numbers of a tensor of floats, in row-major order, rounded to 32 bits; `None` where they
    /// are of another type.
    pub(crate) fn floats(&self, folder: Option<&Path>) -> Result<Option<Vec<f32>>> {
        if !self.number.is_float() {
            return Ok(None);
        }
        let (elements, raw) = self.whole(folder)?;
        Ok(Some(match self.number {
            // Without twice the memory: most of a large model is this.
            Number::F32 => {
                let numbers = raw.as_chunks().0.iter();
                numbers.map(|bytes| f32::from_le_bytes(*bytes)).collect()
            }
            other => {
                let numbers = other.decode(&raw, elements).into_iter();
                numbers.map(|number| number as f32).collect()
            }
        }))
    }

    /// The number of elements, and their bytes as `raw_data` has them, as many as needed.
    fn whole(&self, folder: Option<&Path>) -> Result<(usize, Cow<'a, [u8]>)> {
        let size = self.elements.and_then(|n| Some((n, self.number.bytes(n)?)));
        let (elements, size) = size.ok_or_else(|| self.wrong("its sizes make no sense"))?;
        let raw = self.bytes(size, folder)?;
        if raw.len() != size {
            return Err(self.wrong(&format!(
                "it has {} bytes and its shape {:?} needs {size}",
                raw.len(),
                self.dims
            )));
        }
        Ok((elements, raw))
    }

    /// The tensor with other numbers, inside the graph.
    pub(super) fn with_values(&self, values: &[f64]) -> Vec<u8> {
        self.with_bytes(&self.number.encode(values))
    }

    /// The tensor with its bytes inside the graph, of a type whose elements take `size` bytes in
    /// all, wherever they lie.
    pub(super) fn brought_inside(&self, folder: Option<&Path>) -> Result<Vec<u8>> {
        let size = self.external.as_ref().and_then(|at| at.length);
        let size = size
            .and_then(|size| usize::try_from(size).ok())
            .or_else(|| self.number.bytes(self.elements?))
            .ok_or_else(|| self.wrong("its size in another file is not stated"))?;
        Ok(self.with_bytes(&self.bytes(size, folder)?))
    }

    fn with_bytes(&self, raw: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(raw.len() + 64);
        for (number, value) in &self.kept {
            put_field(&mut out, *number, *value);
        }
        put_bytes(&mut out, 9, raw);
        out
    }

    fn bytes(&self, size: usize, folder: Option<&Path>) -> Result<Cow<'a, [u8]>> {
        if let Some(at) = &self.external {
            let folder = folder.ok_or_else(|| {
                self.wrong(&format!("it is in `{}`, and no folder was given", at.file))
            })?;
            return at.read(folder, size as u64).map(Cow::Owned);
        }
        match self.raw {
            Some(raw) => Ok(Cow::Borrowed(raw)),
            None => self.listed().map(Cow::Owned),
        }
    }

    /// Numbers that are given one by one, as `raw_data` has them.
    fn listed(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        for (number, value) in &self.typed {
            match (number, self.number, *value) {
                (4, Number::F32, Value::Bytes(data) | Value::Fixed(data))
                | (10, Number::F64, Value::Bytes(data) | Value::Fixed(data)) => {
                    out.extend_from_slice(data);
                }
                (5, kind, Value::Bytes(packed)) => {
                    varints(packed)?.for_each(|value| narrow(kind, value, &mut out));
                }
                (5, kind, Value::Int(value)) => narrow(kind, value, &mut out),
                _ => return Err(self.wrong("its numbers are of another type than it says")),
            }
        }
        Ok(out)
    }

    fn wrong(&self, why: &str) -> Error {
        Error::malformed(format!("weight `{}`", self.name), why)
    }
}

fn varints(packed: &[u8]) -> Result<impl Iterator<Item = u64>> {
    let mut rest = packed;
    let mut values = Vec::new();
    while !rest.is_empty() {
        let value = take_varint(&mut rest).map_err(|why| Error::malformed("list", why))?;
        values.push(value);
    }
    Ok(values.into_iter())
}

/// Appends the bytes of an element of `int32_data`.
fn narrow(kind: Number, value: u64, out: &mut Vec<u8>) {
    let bytes = value.to_le_bytes();
    let length = match kind {
        Number::I32 => 4,
        Number::F16 | Number::Bf16 => 2,
        _ => 1,
    };
    out.extend(bytes.iter().take(length));
}

fn read_entry(entry: &[u8]) -> Result<(String, String)> {
    let mut found = (String::new(), String::new());
    for field in Fields::new(entry) {
        match field? {
            (1, Value::Bytes(key)) => found.0 = String::from_utf8_lossy(key).into_owned(),
            (2, Value::Bytes(value)) => found.1 = String::from_utf8_lossy(value).into_owned(),
            _ => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::put_int;

    fn tensor(kind: i64, dims: &[i64], data: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        dims.iter().for_each(|dim| put_int(&mut out, 1, *dim));
        put_int(&mut out, 2, kind);
        data(&mut out);
        put_bytes(&mut out, 8, b"w");
        out
    }

    fn values(tensor: &[u8]) -> Result<Vec<f64>> {
        Stored::read(tensor)?.values(None)
    }

    #[test]
    fn numbers_are_read_from_every_field_and_written_back() {
        let raw = |bytes: &'static [u8]| move |out: &mut Vec<u8>| put_bytes(out, 9, bytes);
        let listed =
            |field, bytes: &'static [u8]| move |out: &mut Vec<u8>| put_bytes(out, field, bytes);
        let cases: [(Vec<u8>, &[f64]); 11] = [
            (tensor(1, &[1], raw(&[0, 0, 0x80, 0xbf])), &[-1.0]),
            (tensor(1, &[1], listed(4, &[0, 0, 0x80, 0x3f])), &[1.0]),
            (
                tensor(11, &[1], raw(&[0, 0, 0, 0, 0, 0, 0xf0, 0x3f])),
                &[1.0],
            ),
            (tensor(10, &[2], raw(&[0, 0x3c, 0, 0xc0])), &[1.0, -2.0]),
            (tensor(10, &[1], listed(5, &[0x80, 0x78])), &[1.0]),
            (tensor(16, &[1], raw(&[0x80, 0x3f])), &[1.0]),
            (tensor(3, &[2], raw(&[0xff, 3])), &[-1.0, 3.0]),
            (tensor(2, &[1, 2], raw(&[0xff, 3])), &[255.0, 3.0]),
            (tensor(2, &[2], listed(5, &[0xff, 0x01, 3])), &[255.0, 3.0]),
            (tensor(21, &[3], raw(&[0x3f, 0x01])), &[15.0, 3.0, 1.0]),
            (tensor(22, &[3], raw(&[0x3f, 0x08])), &[-1.0, 3.0, -8.0]),
        ];
        for (bytes, expected) in cases {
            let stored = Stored::read(&bytes).unwrap();
            assert_eq!(stored.values(None).unwrap(), expected);
            let turned: Vec<f64> = expected.iter().rev().copied().collect();
            let written = stored.with_values(&turned);
            let again = Stored::read(&written).unwrap();
            assert_eq!(again.values(None).unwrap(), turned);
            assert_eq!((again.name, again.dims), (stored.name, stored.dims));
        }
    }

    #[test]
    fn what_is_too_large_stays_finite() {
        let bytes = tensor(10, &[2], |out| put_bytes(out, 9, &[0; 4]));
        let written = Stored::read(&bytes).unwrap().with_values(&[1e9, -1e9]);
        assert_eq!(values(&written).unwrap(), [65504.0, -65504.0]);
    }

    #[test]
    fn sizes_that_lie_are_errors_and_allocate_nothing() {
        let huge = i64::MAX;
        for (dims, why) in [
            (&[3][..], "has 4 bytes and its shape [3] needs 12"),
            (&[huge, huge], "make no sense"),
            (&[-1], "make no sense"),
            (&[huge], "make no sense"),
        ] {
            let bytes = tensor(1, dims, |out| put_bytes(out, 9, &[0; 4]));
            let error = values(&bytes).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        let kind = tensor(1, &[1], |out| put_bytes(out, 10, &[0; 8]));
        assert!(
            values(&kind)
                .unwrap_err()
                .to_string()
                .contains("another type")
        );
    }
}
