//! The speech embedding of openWakeWord as one graph: its mel network, windows over the frames, and
//! its embedding network.
//!
//! Source: `openwakeword/utils.py` (Apache-2.0) for what lies between the two networks: samples as
//! 16-bit numbers, frames / 10 + 2, windows of 76 frames every 8. The mel network floors its decibels
//! 80 below the loudest value of the whole utterance.

use super::{PRODUCER, dim};
use crate::wire::{Attribute, Dim, ElementType, Fields, Suffix, Value, put_bytes, survey};
use crate::{Error, Result};

const IR_VERSION: i64 = 7;
const OPSET: i64 = 13;
const FULL_SCALE: f32 = 32768.0;
const BANDS: usize = 32;
const FRAMES: usize = 76;
const STEP: usize = 8;
const DIM: usize = 96;
/// Samples of one window: 76 frames of 512 points every 160.
const WINDOW_SAMPLES: usize = 512 + (FRAMES - 1) * 160;

/// Numbers of the fields of `onnx.proto` that are kept.
const GRAPH: u32 = 7;
const NODE: u32 = 1;
const INITIALIZER: u32 = 5;

/// Writes the graph from the two files, one after the other: `audio` [1, sample] in, shorter audio
/// than one window followed by zeros; `embedding` [window, dim] out, one every 80 ms.
pub(super) fn write(bytes: &[u8]) -> Result<Vec<u8>> {
    let wrong = |why: &str| Error::Weights {
        model: "the graph".to_owned(),
        why: why.to_owned(),
    };
    // Two messages in a row read as one, with what repeats in order.
    let found = survey(bytes)?;
    let inputs: Vec<_> = found.free_inputs().map(|v| v.name.as_str()).collect();
    let outputs: Vec<_> = found.outputs.iter().map(|v| v.name.as_str()).collect();
    if (inputs.as_slice(), outputs.as_slice()) != (&["input", "input_1"], &["output", "conv2d_19"])
    {
        return Err(wrong("it is not the mel network and the embedding network"));
    }
    if found.opsets.iter().any(|(_, version)| *version != OPSET) {
        return Err(wrong("its networks need another operator set than 13"));
    }
    let graphs = graphs(bytes)?;
    let [mel, embedding] = graphs.as_slice() else {
        return Err(wrong("it is not two graphs"));
    };
    Ok([
        before().finish(),
        kept(mel)?,
        between().finish(),
        kept(embedding)?,
        after().finish(),
    ]
    .concat())
}

fn graphs(bytes: &[u8]) -> Result<Vec<&[u8]>> {
    let mut graphs = Vec::new();
    for field in Fields::new(bytes) {
        if let (GRAPH, Value::Bytes(graph)) = field? {
            graphs.push(graph);
        }
    }
    Ok(graphs)
}

/// A model of the nodes and weights of a graph alone.
fn kept(graph: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    for field in Fields::new(graph) {
        if let (number @ (NODE | INITIALIZER), Value::Bytes(part)) = field? {
            put_bytes(&mut body, number, part);
        }
    }
    let mut model = Vec::new();
    put_bytes(&mut model, GRAPH, &body);
    Ok(model)
}

/// Samples as 16-bit numbers, at least one window of them.
fn before() -> Suffix {
    let mut graph = Suffix::new();
    graph
        .header(IR_VERSION, OPSET, PRODUCER)
        .graph_name("openwakeword_embedding")
        .input("audio", ElementType::Float32, &[1.into(), "sample".into()])
        .init_f32("full_scale", &[], &[FULL_SCALE])
        .init_i64("window.samples", &[1], &[dim(WINDOW_SAMPLES)])
        .init_i64("none", &[1], &[0])
        .init_i64("no_padding", &[3], &[0, 0, 0])
        .init_i64("index.first", &[1], &[0])
        .init_i64("index.second", &[1], &[1])
        .node("Shape", &["audio"], &["audio.shape"], &[])
        .node(
            "Gather",
            &["audio.shape", "index.second"],
            &["audio.length"],
            &[],
        )
        .node(
            "Sub",
            &["window.samples", "audio.length"],
            &["audio.lack"],
            &[],
        )
        .node("Max", &["audio.lack", "none"], &["audio.zeros"], &[])
        .node(
            "Concat",
            &["no_padding", "audio.zeros"],
            &["audio.padding"],
            &[("axis", Attribute::Int(0))],
        )
        .node("Pad", &["audio", "audio.padding"], &["audio.padded"], &[])
        .node("Mul", &["audio.padded", "full_scale"], &["input"], &[]);
    graph
}

/// Frames scaled, and windows of them.
fn between() -> Suffix {
    let places: Vec<i64> = (0..FRAMES).map(dim).collect();
    let mut graph = Suffix::new();
    let frames: [Dim; 2] = ["time".into(), dim(BANDS).into()];
    graph
        .init_f32("mel.divisor", &[], &[10.0])
        .init_f32("mel.offset", &[], &[2.0])
        .init_i64("mel.flat", &[2], &[-1, dim(BANDS)])
        .init_i64("window.places", &[1, dim(FRAMES)], &places)
        .init_i64("window.frames", &[1], &[dim(FRAMES)])
        .init_i64("window.step", &[1], &[dim(STEP)])
        .init_i64("window.one", &[1], &[1])
        .init_i64("range.from", &[], &[0])
        .init_i64("range.by", &[], &[1])
        .init_i64("axis.image", &[1], &[3])
        .node("Reshape", &["output", "mel.flat"], &["mel.raw"], &[])
        .node("Div", &["mel.raw", "mel.divisor"], &["mel.tenth"], &[])
        .node("Add", &["mel.tenth", "mel.offset"], &["mel"], &[])
        .inner("mel", ElementType::Float32, &frames)
        .node("Shape", &["mel"], &["mel.shape"], &[])
        .node(
            "Gather",
            &["mel.shape", "index.first"],
            &["mel.length"],
            &[],
        )
        .node(
            "Sub",
            &["mel.length", "window.frames"],
            &["window.room"],
            &[],
        )
        .node(
            "Div",
            &["window.room", "window.step"],
            &["window.steps"],
            &[],
        )
        .node(
            "Add",
            &["window.steps", "window.one"],
            &["window.count"],
            &[],
        )
        .node("Squeeze", &["window.count"], &["range.to"], &[])
        .node(
            "Range",
            &["range.from", "range.to", "range.by"],
            &["window.number"],
            &[],
        )
        .node(
            "Mul",
            &["window.number", "window.step"],
            &["window.start"],
            &[],
        )
        .node(
            "Unsqueeze",
            &["window.start", "index.second"],
            &["window.column"],
            &[],
        )
        .node(
            "Add",
            &["window.column", "window.places"],
            &["window.grid"],
            &[],
        )
        .node("Gather", &["mel", "window.grid"], &["window.frame"], &[])
        .node(
            "Unsqueeze",
            &["window.frame", "axis.image"],
            &["input_1"],
            &[],
        );
    graph
}

fn after() -> Suffix {
    let mut graph = Suffix::new();
    graph
        .init_i64("embedding.flat", &[2], &[-1, dim(DIM)])
        .node(
            "Reshape",
            &["conv2d_19", "embedding.flat"],
            &["embedding"],
            &[],
        )
        .typed_output(
            "embedding",
            ElementType::Float32,
            &["window".into(), dim(DIM).into()],
        );
    graph
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(input: &str, output: &str, opset: i64) -> Vec<u8> {
        let mut graph = Suffix::new();
        graph
            .header(7, opset, "test")
            .graph_name("g")
            .input(input, ElementType::Float32, &["n".into()])
            .node("Relu", &[input], &[output], &[])
            .output(output);
        graph.finish()
    }

    #[test]
    fn two_networks_become_one_in_order() {
        let both = [
            part("input", "output", 13),
            part("input_1", "conv2d_19", 13),
        ]
        .concat();
        let found = survey(&write(&both).unwrap()).unwrap();
        let inputs: Vec<_> = found.free_inputs().map(|v| v.name.as_str()).collect();
        assert_eq!(inputs, ["audio"]);
        let outputs: Vec<_> = found.outputs.iter().map(|v| v.name.as_str()).collect();
        assert_eq!(outputs, ["embedding"]);
        let order: Vec<_> = found.values().collect();
        let at = |name: &str| order.iter().position(|value| *value == name).unwrap();
        assert!(at("input") < at("output") && at("output") < at("mel"));
        assert!(at("input_1") < at("conv2d_19") && at("conv2d_19") < at("embedding"));
        assert_eq!(found.opsets, [(String::new(), 13)]);
    }

    #[test]
    fn other_networks_are_refused() {
        let one = part("input", "output", 13);
        let other = part("input_1", "conv2d_19", 12);
        for bytes in [one.clone(), [one.clone(), one.clone()].concat()] {
            let error = write(&bytes).unwrap_err().to_string();
            assert!(error.contains("embedding network"), "{error}");
        }
        let error = write(&[one, other].concat()).unwrap_err().to_string();
        assert!(error.contains("operator set"), "{error}");
    }
}
