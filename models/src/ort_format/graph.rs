//! Graphs and nodes.

use std::collections::{BTreeMap, BTreeSet};

use super::attribute;
use super::order::{Step, in_order};
use super::value::{tensor, value_info};
use super::{Table, put_text, wrong};
use crate::Result;
use crate::wire::put_bytes;

/// Bodies within bodies that are entered; no exporter goes this deep.
const DEEPEST: usize = 16;
/// `Node.type` of nodes that a device's compiler made.
const FUSED: i32 = 1;

/// The fields of a `GraphProto`.
pub(super) fn written(graph: Table<'_>, depth: usize) -> Result<Vec<u8>> {
    if depth > DEEPEST {
        return Err(wrong(format!("bodies lie more than {DEEPEST} deep")));
    }
    if graph.tables(7)?.next().is_some() {
        return Err(wrong("it has sparse weights, which are not read"));
    }
    let mut nodes = Vec::new();
    let mut steps = Vec::new();
    for table in graph.tables(2)? {
        let (node, step) = node(table?, depth)?;
        nodes.push(node);
        steps.push(step);
    }
    let mut out = Vec::new();
    for at in in_order(&steps)? {
        put_bytes(&mut out, 1, nodes.get(at).map_or(&[], Vec::as_slice));
    }
    put_bytes(&mut out, 2, b"graph");
    let mut stored = BTreeSet::new();
    for table in graph.tables(0)? {
        let table = table?;
        stored.insert(table.text(0)?);
        put_bytes(&mut out, 5, &tensor(table)?);
    }
    let mut declared = BTreeMap::new();
    for value in graph.tables(1)? {
        let value = value?;
        declared.insert(value.text(0)?, value);
    }
    let mut ports = BTreeSet::new();
    for (field, to) in [(5, 11), (6, 12)] {
        for name in graph.texts(field)? {
            let name = name?;
            if to == 11 && stored.contains(name) {
                continue;
            }
            ports.insert(name);
            put_bytes(
                &mut out,
                to,
                &value_info(name, declared.get(name).copied())?,
            );
        }
    }
    for (name, value) in declared {
        if !name.is_empty() && !stored.contains(name) && !ports.contains(name) && value.has(2)? {
            put_bytes(&mut out, 13, &value_info(name, Some(value))?);
        }
    }
    Ok(out)
}

/// The fields of a `NodeProto`, and what the node needs and makes.
fn node(node: Table<'_>, depth: usize) -> Result<(Vec<u8>, Step<'_>)> {
    let operator = node.text(5)?;
    if node.i32(6)? == FUSED {
        let name = String::from_utf8_lossy(operator);
        return Err(wrong(format!(
            "node `{name}` was compiled for one device and cannot be written as ONNX"
        )));
    }
    let mut out = Vec::new();
    let mut step = Step::default();
    for name in node.texts(8)? {
        let name = name?;
        put_bytes(&mut out, 1, name);
        step.needs.push(name);
    }
    for name in node.texts(9)? {
        let name = name?;
        put_bytes(&mut out, 2, name);
        step.makes.push(name);
    }
    for name in node.texts(12)? {
        step.needs.push(name?);
    }
    put_text(&mut out, 3, node.text(0)?);
    put_bytes(&mut out, 4, operator);
    for table in node.tables(10)? {
        put_bytes(&mut out, 5, &attribute::written(table?, depth)?);
    }
    put_text(&mut out, 7, node.text(2)?);
    Ok((out, step))
}
