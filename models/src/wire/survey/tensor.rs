//! Stored weights: where they lie, and the values of the small ones.

use std::ops::Range;

use half::f16;

use super::{element, text};
use crate::wire::{ElementType, Fields, Value, take_varint};
use crate::{Error, Result};

/// Elements up to which values are read: shapes, axes, scalars.
const SMALL: u64 = 64;

/// A stored weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Name of the value; empty for the value of an attribute.
    pub name: String,
    /// Element type.
    pub element: ElementType,
    /// Shape; empty for a scalar.
    pub dims: Vec<i64>,
    /// File beside the model that holds the data, where it is not inside.
    pub external: Option<String>,
    /// Where the data begin in that file, and how many bytes they are where the model tells.
    pub external_bytes: (u64, Option<u64>),
    /// Bytes of the surveyed model that hold the data, little-endian, where it is inside and in
    /// `raw_data`.
    pub raw: Option<Range<usize>>,
    /// The values, of a tensor of at most 64 numbers that are inside the model. Integers beyond
    /// 2^53 are rounded.
    pub values: Option<Vec<f64>>,
}

impl Tensor {
    /// Number of elements (0 if the shape makes no sense).
    pub fn elements(&self) -> u64 {
        self.dims
            .iter()
            .try_fold(1u64, |n, d| n.checked_mul(u64::try_from(*d).ok()?))
            .unwrap_or(0)
    }

    /// [`Tensor::values`] as integers.
    pub fn integers(&self) -> Option<Vec<i64>> {
        let values = self.values.as_ref()?;
        Some(values.iter().map(|value| *value as i64).collect())
    }
}

/// Reads one `TensorProto`, which lies somewhere in `model`.
pub(super) fn read_tensor(tensor: &[u8], model: &[u8]) -> Result<Tensor> {
    let mut found = Tensor {
        name: String::new(),
        element: ElementType::Other(0),
        dims: Vec::new(),
        external: None,
        external_bytes: (0, None),
        raw: None,
        values: None,
    };
    let mut raw: Option<&[u8]> = None;
    let mut typed: Vec<(u32, Value<'_>)> = Vec::new();
    for field in Fields::new(tensor) {
        match field? {
            (1, Value::Int(dim)) => found.dims.push(dim.cast_signed()),
            (1, Value::Bytes(packed)) => read_packed(packed, &mut found.dims)?,
            (2, Value::Int(number)) => found.element = element(number),
            (8, Value::Bytes(name)) => found.name = text(name),
            (9, Value::Bytes(data)) => raw = Some(data),
            (number @ (4 | 5 | 7 | 10 | 11), value) if typed.len() <= SMALL as usize => {
                typed.push((number, value));
            }
            (13, Value::Bytes(entry)) => {
                let (key, value) = read_entry(entry)?;
                let number = || {
                    let why = |_e| Error::malformed("external data", format!("{key} is `{value}`"));
                    value.parse::<u64>().map_err(why)
                };
                match key.as_str() {
                    "offset" => found.external_bytes.0 = number()?,
                    "length" => found.external_bytes.1 = Some(number()?),
                    "location" => found.external = Some(value),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    let elements = found.elements();
    if let Some(raw) = raw {
        found.raw = within(model, raw);
    }
    if elements <= SMALL && found.external.is_none() {
        let values = match raw {
            Some(raw) => from_raw(raw, found.element),
            None => from_fields(&typed, found.element),
        };
        found.values = values.filter(|values| values.len() as u64 == elements);
    }
    Ok(found)
}

/// Where `part` lies in `whole`.
fn within(whole: &[u8], part: &[u8]) -> Option<Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    (end <= whole.len()).then_some(start..end)
}

fn from_raw(raw: &[u8], element: ElementType) -> Option<Vec<f64>> {
    fn each<const N: usize>(raw: &[u8], read: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        raw.as_chunks().0.iter().map(|chunk| read(*chunk)).collect()
    }
    Some(match element {
        ElementType::Float32 => each(raw, |b| f64::from(f32::from_le_bytes(b))),
        ElementType::Float64 => each(raw, f64::from_le_bytes),
        ElementType::Float16 => each(raw, |b| f64::from(f16::from_le_bytes(b))),
        ElementType::Int64 => each(raw, |b| i64::from_le_bytes(b) as f64),
        ElementType::Int32 => each(raw, |b| f64::from(i32::from_le_bytes(b))),
        ElementType::Int8 => each(raw, |b| f64::from(i8::from_le_bytes(b))),
        ElementType::Uint8 | ElementType::Bool => each(raw, |[b]| f64::from(b)),
        ElementType::Other(_) => return None,
    })
}

/// Values of the typed lists: packed or one a field.
fn from_fields(fields: &[(u32, Value<'_>)], element: ElementType) -> Option<Vec<f64>> {
    let integer = |value: u64| match element {
        ElementType::Float16 => f64::from(f16::from_bits(value as u16)),
        _ => value.cast_signed() as f64,
    };
    let mut values = Vec::new();
    for (number, value) in fields {
        match (number, value) {
            (4, Value::Bytes(packed)) => values.extend(from_raw(packed, ElementType::Float32)?),
            (10, Value::Bytes(packed)) => values.extend(from_raw(packed, ElementType::Float64)?),
            (4, Value::Fixed(one)) => values.extend(from_raw(one, ElementType::Float32)?),
            (10, Value::Fixed(one)) => values.extend(from_raw(one, ElementType::Float64)?),
            (5 | 7 | 11, Value::Int(one)) => values.push(integer(*one)),
            (5 | 7 | 11, Value::Bytes(packed)) => {
                let mut rest: &[u8] = packed;
                while !rest.is_empty() {
                    values.push(integer(take_varint(&mut rest).ok()?));
                }
            }
            _ => return None,
        }
    }
    Some(values)
}

fn read_packed(mut packed: &[u8], dims: &mut Vec<i64>) -> Result<()> {
    while !packed.is_empty() {
        let dim =
            take_varint(&mut packed).map_err(|why| Error::malformed("tensor dimensions", why))?;
        dims.push(dim.cast_signed());
    }
    Ok(())
}

fn read_entry(entry: &[u8]) -> Result<(String, String)> {
    let mut found = (String::new(), String::new());
    for field in Fields::new(entry) {
        match field? {
            (1, Value::Bytes(key)) => found.0 = text(key),
            (2, Value::Bytes(value)) => found.1 = text(value),
            _ => {}
        }
    }
    Ok(found)
}
