//! ONNX Runtime's own model files (`.ort`), written as ONNX.
//!
//! An `.ort` file is a flatbuffer that holds an ONNX model after ONNX Runtime's optimiser: the
//! same nodes, attributes and weights. ONNX Runtime reads it, but lets nothing but its declared
//! outputs be seen; as ONNX, every inner value can be. Run by the same release, both give the same
//! bits. Source of the fields: the published schema of the format (`ort.fbs`) and `onnx.proto`.
//!
//! Left out: sessions' kernel tables, records of optimisations that a reduced build would apply
//! while loading, and default values of inputs (they stay weights).

mod attribute;
mod flatbuffer;
mod graph;
mod order;
mod value;

use crate::Result;
use crate::wire::{put_bytes, put_int};

use flatbuffer::{Buffer, Table, wrong};

/// File identifier, at bytes 4 to 8.
const MAGIC: &[u8] = b"ORTM";

/// Whether the bytes begin like an `.ort` file.
pub fn is_ort(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(MAGIC)
}

/// The model in an `.ort` file, as a serialised ONNX model: nodes in an order in which they can be
/// computed, weights, attributes with their bodies, operator sets, types and shapes of values.
///
/// # Errors
/// [`crate::Error::Malformed`] for bytes that are no such file or contradict themselves, and for what ONNX
/// cannot say: nodes that a device's compiler fused, weights in another file.
pub fn ort_to_onnx(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut parts = Parts::read(bytes)?;
    put_bytes(&mut parts.model, 7, &parts.graph);
    Ok(parts.model)
}

/// The fields of a `ModelProto`, and apart from them those of its graph, to which fields can still
/// be appended.
pub(crate) struct Parts {
    pub(crate) model: Vec<u8>,
    pub(crate) graph: Vec<u8>,
}

impl Parts {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        if !is_ort(bytes) {
            return Err(wrong("it does not begin like one"));
        }
        let buffer = Buffer::new(bytes);
        let model = buffer
            .root()?
            .table(1)?
            .ok_or_else(|| wrong("it holds no model"))?;
        let graph = model.table(7)?.ok_or_else(|| wrong("it holds no graph"))?;
        let mut head = Vec::new();
        put_int(&mut head, 1, model.i64_or(0, 0)?);
        for (field, to) in [(2, 2), (3, 3), (4, 4), (6, 6)] {
            put_text(&mut head, to, model.text(field)?);
        }
        put_int(&mut head, 5, model.i64_or(5, 0)?);
        for set in model.tables(1)? {
            let set = set?;
            let mut out = Vec::new();
            put_bytes(&mut out, 1, set.text(0)?);
            put_int(&mut out, 2, set.i64_or(1, 0)?);
            put_bytes(&mut head, 8, &out);
        }
        for entry in model.tables(9)? {
            let entry = entry?;
            let mut out = Vec::new();
            put_bytes(&mut out, 1, entry.text(0)?);
            put_bytes(&mut out, 2, entry.text(1)?);
            put_bytes(&mut head, 14, &out);
        }
        let mut out = graph::written(graph, 0)?;
        put_text(&mut out, 10, model.text(8)?);
        Ok(Self {
            model: head,
            graph: out,
        })
    }
}

/// Appends a text unless it is empty.
fn put_text(out: &mut Vec<u8>, field: u32, text: &[u8]) {
    if !text.is_empty() {
        put_bytes(out, field, text);
    }
}
