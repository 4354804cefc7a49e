//! Moonshine's encoder, from the `.ort` file that its package carries.

use crate::Result;
use crate::ort_format::Parts;
use crate::wire::put_bytes;

/// Residual stream after the last block's attention, output of its MLP, and the name that the other
/// blocks give to their sum. In this block the sum is fused into the final norm.
const LAST_SUM: [&str; 3] = [
    "/layers.5/Add_output_0",
    "/layers.5/mlp/fc2/Add_output_0",
    "/layers.5/Add_1_output_0",
];

/// Writes the encoder in ONNX Runtime's file format as ONNX: `input_values` [batch, sample] and
/// `attention_mask` [batch, sample] in, `last_hidden_state` [batch, time, 288] out. Values have the
/// names that the exporter gave them, and the last block's sum is a value of its own.
///
/// # Errors
/// As [`crate::ort_format::ort_to_onnx`].
pub fn moonshine(weights: &[u8]) -> Result<Vec<u8>> {
    let mut parts = Parts::read(weights)?;
    let [stream, branch, sum] = LAST_SUM;
    let mut node = Vec::new();
    for (field, text) in [(1, stream), (1, branch), (2, sum), (3, sum), (4, "Add")] {
        put_bytes(&mut node, field, text.as_bytes());
    }
    put_bytes(&mut parts.graph, 1, &node);
    put_bytes(&mut parts.model, 7, &parts.graph);
    Ok(parts.model)
}
