//! Tensors, and types and shapes of values.

use super::{Table, put_text, wrong};
use crate::Result;
use crate::wire::{put_bytes, put_int};

/// Sequences of sequences that are entered.
const DEEPEST: usize = 8;
/// `TensorProto.DataType` of texts.
const TEXT: i32 = 8;

/// The fields of a `TensorProto`.
pub(super) fn tensor(tensor: Table<'_>) -> Result<Vec<u8>> {
    let raw = tensor.text(4)?;
    let mut out = Vec::with_capacity(raw.len() + 64);
    if tensor.i64_or(6, -1)? >= 0 {
        let name = String::from_utf8_lossy(tensor.text(0)?);
        return Err(wrong(format!("weight `{name}` lies in another file")));
    }
    let (dims, _) = tensor.list(2, 8)?.as_chunks();
    dims.iter()
        .for_each(|dim| put_int(&mut out, 1, i64::from_le_bytes(*dim)));
    let element = tensor.i32(3)?;
    put_int(&mut out, 2, element.into());
    for text in tensor.texts(5)? {
        put_bytes(&mut out, 6, text?);
    }
    put_text(&mut out, 8, tensor.text(0)?);
    if element != TEXT {
        put_bytes(&mut out, 9, raw);
    }
    Ok(out)
}

/// The fields of a `ValueInfoProto`; `value` has the type, where it is known.
pub(super) fn value_info(name: &[u8], value: Option<Table<'_>>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    put_bytes(&mut out, 1, name);
    if let Some(value) = value
        && let Some(info) = value.table(2)?
    {
        put_bytes(&mut out, 2, &type_info(info, 0)?);
    }
    Ok(out)
}

/// The fields of a `TypeProto`.
fn type_info(info: Table<'_>, depth: usize) -> Result<Vec<u8>> {
    if depth > DEEPEST {
        return Err(wrong("a type is nested too deeply"));
    }
    let mut out = Vec::new();
    let (kind, Some(value)) = (info.u8(1)?, info.table(2)?) else {
        return Ok(out);
    };
    let mut inner = Vec::new();
    let field = match kind {
        1 => {
            put_int(&mut inner, 1, value.i32(0)?.into());
            if let Some(shape) = value.table(1)? {
                put_bytes(&mut inner, 2, &dimensions(shape)?);
            }
            1
        }
        2 => {
            if let Some(element) = value.table(0)? {
                put_bytes(&mut inner, 1, &type_info(element, depth + 1)?);
            }
            4
        }
        3 => {
            put_int(&mut inner, 1, value.i32(0)?.into());
            if let Some(element) = value.table(1)? {
                put_bytes(&mut inner, 2, &type_info(element, depth + 1)?);
            }
            5
        }
        _ => return Ok(out),
    };
    put_bytes(&mut out, field, &inner);
    Ok(out)
}

/// The fields of a `TensorShapeProto`.
fn dimensions(shape: Table<'_>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for dim in shape.tables(0)? {
        let mut size = Vec::new();
        if let Some(value) = dim?.table(0)? {
            match value.u8(0)? {
                1 => put_int(&mut size, 1, value.i64_or(1, 0)?),
                2 => put_text(&mut size, 2, value.text(2)?),
                _ => {}
            }
        }
        put_bytes(&mut out, 1, &size);
    }
    Ok(out)
}
