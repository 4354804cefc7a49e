//! Attributes of nodes.

use super::value::tensor;
use super::{Table, graph, wrong};
use crate::Result;
use crate::wire::{put_bytes, put_f32, put_int};

/// The fields of an `AttributeProto` of a node `depth` bodies below the main graph.
pub(super) fn written(attribute: Table<'_>, depth: usize) -> Result<Vec<u8>> {
    let name = attribute.text(0)?;
    let kind = attribute.i32(2)?;
    let absent = |what: &str| {
        let name = String::from_utf8_lossy(name);
        wrong(format!("attribute `{name}` lacks its {what}"))
    };
    let mut out = Vec::new();
    put_bytes(&mut out, 1, name);
    match kind {
        1 => put_f32(&mut out, 2, attribute.f32(3)?),
        2 => put_int(&mut out, 3, attribute.i64_or(4, 0)?),
        3 => put_bytes(&mut out, 4, attribute.text(5)?),
        4 => {
            let table = attribute.table(6)?.ok_or_else(|| absent("tensor"))?;
            put_bytes(&mut out, 5, &tensor(table)?);
        }
        5 => {
            let body = attribute.table(7)?.ok_or_else(|| absent("graph"))?;
            put_bytes(&mut out, 6, &graph::written(body, depth + 1)?);
        }
        6 => {
            let (floats, _) = attribute.list(8, 4)?.as_chunks();
            floats
                .iter()
                .for_each(|float| put_f32(&mut out, 7, f32::from_le_bytes(*float)));
        }
        7 => {
            let (ints, _) = attribute.list(9, 8)?.as_chunks();
            ints.iter()
                .for_each(|int| put_int(&mut out, 8, i64::from_le_bytes(*int)));
        }
        8 => {
            for text in attribute.texts(10)? {
                put_bytes(&mut out, 9, text?);
            }
        }
        9 => {
            for table in attribute.tables(11)? {
                put_bytes(&mut out, 10, &tensor(table?)?);
            }
        }
        10 => {
            for body in attribute.tables(12)? {
                put_bytes(&mut out, 11, &graph::written(body?, depth + 1)?);
            }
        }
        other => {
            let name = String::from_utf8_lossy(name);
            return Err(wrong(format!(
                "attribute `{name}` is of unknown type {other}"
            )));
        }
    }
    put_int(&mut out, 20, kind.into());
    Ok(out)
}
