//! The parts of protobuf's wire format that ONNX surgery needs; nothing is decoded that is not
//! asked for.
//!
//! A serialised message followed by another of the same type parses as the merged message, and
//! repeated fields append. So bytes written by [`Suffix`] extend a model without parsing it, and
//! the weights are neither parsed nor copied. Source: the protobuf encoding specification
//! ("Last one wins", "Merging") and `onnx.proto` for the field numbers.

mod suffix;
mod survey;

pub use suffix::{Attribute, Suffix};
pub use survey::{Body, Node, Setting, Survey, Tensor, ValueInfo, survey};

use crate::{Error, Result};

/// Element types of ONNX tensors (`TensorProto.DataType`) that are read or written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ElementType {
    /// 32-bit float.
    Float32,
    /// Unsigned byte.
    Uint8,
    /// Signed byte.
    Int8,
    /// 32-bit integer.
    Int32,
    /// 64-bit integer.
    Int64,
    /// Truth value, one byte.
    Bool,
    /// 16-bit float.
    Float16,
    /// 64-bit float.
    Float64,
    /// Any other, by its number.
    Other(i32),
}

impl ElementType {
    /// Number of the type in `onnx.proto`.
    pub fn number(self) -> i32 {
        match self {
            Self::Float32 => 1,
            Self::Uint8 => 2,
            Self::Int8 => 3,
            Self::Int32 => 6,
            Self::Int64 => 7,
            Self::Bool => 9,
            Self::Float16 => 10,
            Self::Float64 => 11,
            Self::Other(number) => number,
        }
    }

    /// The type with this number in `onnx.proto`.
    pub fn from_number(number: i32) -> Self {
        match number {
            1 => Self::Float32,
            2 => Self::Uint8,
            3 => Self::Int8,
            6 => Self::Int32,
            7 => Self::Int64,
            9 => Self::Bool,
            10 => Self::Float16,
            11 => Self::Float64,
            other => Self::Other(other),
        }
    }
}

impl std::fmt::Display for ElementType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Float32 => f.write_str("f32"),
            Self::Uint8 => f.write_str("u8"),
            Self::Int8 => f.write_str("i8"),
            Self::Int32 => f.write_str("i32"),
            Self::Int64 => f.write_str("i64"),
            Self::Bool => f.write_str("bool"),
            Self::Float16 => f.write_str("f16"),
            Self::Float64 => f.write_str("f64"),
            Self::Other(number) => write!(f, "type {number}"),
        }
    }
}

/// One dimension of a tensor's declared shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dim {
    /// A fixed size.
    Fixed(i64),
    /// A size that is free and has a name, for example `time`.
    Named(String),
    /// A size about which nothing is said.
    Unknown,
}

impl From<i64> for Dim {
    fn from(size: i64) -> Self {
        Self::Fixed(size)
    }
}

impl From<&str> for Dim {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

impl std::fmt::Display for Dim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fixed(size) => write!(f, "{size}"),
            Self::Named(name) => f.write_str(name),
            Self::Unknown => f.write_str("?"),
        }
    }
}

/// The value of one field as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A varint.
    Int(u64),
    /// A string, byte string, embedded message or packed list.
    Bytes(&'a [u8]),
    /// Four or eight bytes, little-endian.
    Fixed(&'a [u8]),
}

/// The fields of one message, in order, each as number and value.
///
/// Total on any input: malformed bytes give one [`Error::Malformed`], and then nothing more.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Fields<'a> {
    /// The fields of `message`.
    pub fn new(message: &'a [u8]) -> Self {
        Self {
            rest: message,
            length: message.len(),
        }
    }

    fn field(&mut self) -> std::result::Result<(u32, Value<'a>), &'static str> {
        let key = take_varint(&mut self.rest)?;
        let number = u32::try_from(key >> 3)
            .ok()
            .filter(|n| (1..1 << 29).contains(n))
            .ok_or("impossible field number")?;
        let value = match key & 7 {
            0 => Value::Int(take_varint(&mut self.rest)?),
            1 => Value::Fixed(take(&mut self.rest, 8)?),
            2 => {
                let length = take_varint(&mut self.rest)?;
                Value::Bytes(take(&mut self.rest, length)?)
            }
            5 => Value::Fixed(take(&mut self.rest, 4)?),
            _ => return Err("unknown wire type"),
        };
        Ok((number, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let at = self.length - self.rest.len();
        Some(self.field().map_err(|why| {
            self.rest = &[];
            Error::malformed("protobuf message", format!("{why} at byte {at}"))
        }))
    }
}

fn take<'a>(bytes: &mut &'a [u8], n: u64) -> std::result::Result<&'a [u8], &'static str> {
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    let (head, rest) = bytes.split_at_checked(n).ok_or("field cut short")?;
    *bytes = rest;
    Ok(head)
}

/// Takes one varint off the front of `bytes`.
pub(crate) fn take_varint(bytes: &mut &[u8]) -> std::result::Result<u64, &'static str> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or("number cut short")?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("number of more than ten bytes")
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends an integer field. Negative numbers take ten bytes, as the format has it.
pub fn put_int(out: &mut Vec<u8>, field: u32, value: i64) {
    put_varint(out, u64::from(field) << 3);
    put_varint(out, value.cast_unsigned());
}

/// Appends a string, byte string or embedded message.
pub fn put_bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    put_varint(out, u64::from(field) << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a 32-bit float field.
pub fn put_f32(out: &mut Vec<u8>, field: u32, value: f32) {
    put_varint(out, u64::from(field) << 3 | 5);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a field as [`Fields`] gave it.
pub fn put_field(out: &mut Vec<u8>, field: u32, value: Value<'_>) {
    match value {
        Value::Int(value) => put_int(out, field, value.cast_signed()),
        Value::Bytes(bytes) => put_bytes(out, field, bytes),
        Value::Fixed(bytes) => {
            let wire_type = if bytes.len() == 4 { 5 } else { 1 };
            put_varint(out, u64::from(field) << 3 | wire_type);
            out.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_put_is_read_back() {
        let mut out = Vec::new();
        put_int(&mut out, 1, -2);
        put_bytes(&mut out, 16, b"name");
        put_f32(&mut out, 3, 0.5);
        let fields: Vec<_> = Fields::new(&out).collect::<Result<_>>().unwrap();
        assert_eq!(
            fields,
            [
                (1, Value::Int((-2i64).cast_unsigned())),
                (16, Value::Bytes(b"name")),
                (3, Value::Fixed(&0.5f32.to_le_bytes())),
            ]
        );
    }

    #[test]
    fn malformed_bytes_are_named_with_their_place_and_end_the_message() {
        for (bytes, why) in [
            (&b"\x08\x01\x12\x7fab"[..], "field cut short at byte 2"),
            (b"\x08\x01\x0b", "unknown wire type at byte 2"),
            (b"\x08\x01\x00\x01", "impossible field number at byte 2"),
            (b"\x08\x01\x08\xff", "number cut short at byte 2"),
            (b"\x08\x01\x09\x01", "field cut short at byte 2"),
        ] {
            let mut fields = Fields::new(bytes);
            assert!(fields.next().unwrap().is_ok());
            let error = fields.next().unwrap().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
            assert!(fields.next().is_none());
        }
        let endless = [0xff; 12];
        assert!(Fields::new(&endless).next().unwrap().is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_end_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let fields: Vec<_> = Fields::new(&bytes).collect();
            prop_assert!(fields.len() <= bytes.len());
            prop_assert!(fields.iter().rev().skip(1).all(Result::is_ok));
        }

        #[test]
        fn any_fields_are_read_back(
            list in prop::collection::vec((1u32..1 << 29, any::<i64>(), any::<bool>()), 0..20),
        ) {
            let mut out = Vec::new();
            for (field, value, as_bytes) in &list {
                if *as_bytes {
                    put_bytes(&mut out, *field, &value.to_le_bytes());
                } else {
                    put_int(&mut out, *field, *value);
                }
            }
            let read: Vec<_> = Fields::new(&out).collect::<Result<_>>().unwrap();
            prop_assert_eq!(read.len(), list.len());
            for ((number, value), (field, wrote, as_bytes)) in read.into_iter().zip(&list) {
                prop_assert_eq!(number, *field);
                let bytes = wrote.to_le_bytes();
                let same = if *as_bytes { Value::Bytes(&bytes) } else { Value::Int(wrote.cast_unsigned()) };
                prop_assert_eq!(value, same);
            }
        }
    }
}
