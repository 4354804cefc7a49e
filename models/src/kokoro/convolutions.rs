//! Whole-number convolutions computed in floats: the same numbers in less time.
//!
//! ONNX Runtime's kernel for `ConvInteger` is slow; in this network it takes nine tenths of the
//! time. Products and sums of 8-bit integers are exact in 32-bit floats up to 2^24, so the same
//! convolution in floats gives the same integers there, and the nearest float beyond.

use crate::wire::{Fields, Value, put_bytes, put_int, put_varint};
use crate::{Error, Result};

/// `ModelProto.graph`, and the nodes in it.
const GRAPH: u32 = 7;
const NODE: u32 = 1;
const FLOAT: i64 = 1;
const INT32: i64 = 6;

/// The fields of a node that matter here.
#[derive(Default)]
struct Convolution<'a> {
    inputs: Vec<&'a str>,
    output: &'a str,
    attributes: Vec<&'a [u8]>,
}

/// A copy of `model` in which every `ConvInteger` of the main graph is a `Conv` of the same
/// integers as floats. Zero points must be single numbers.
///
/// # Errors
/// [`Error::Malformed`] when the bytes are no message.
pub(super) fn in_floats(model: &[u8]) -> Result<Vec<u8>> {
    rewritten(model, |number, bytes| match number {
        GRAPH => rewritten(bytes, |number, bytes| match number {
            NODE => replacement(bytes),
            _ => Ok(None),
        })
        .map(|graph| Some(vec![graph])),
        _ => Ok(None),
    })
}

/// A copy of a message in which `change` may put others in the place of embedded messages.
fn rewritten(
    message: &[u8],
    change: impl Fn(u32, &[u8]) -> Result<Option<Vec<Vec<u8>>>>,
) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(message.len());
    for field in Fields::new(message) {
        match field? {
            (number, Value::Int(value)) => put_int(&mut out, number, value.cast_signed()),
            (number, Value::Fixed(bytes)) => {
                let wire_type = if bytes.len() == 4 { 5 } else { 1 };
                put_varint(&mut out, u64::from(number) << 3 | wire_type);
                out.extend_from_slice(bytes);
            }
            (number, Value::Bytes(bytes)) => match change(number, bytes)? {
                Some(others) => others.iter().for_each(|b| put_bytes(&mut out, number, b)),
                None => put_bytes(&mut out, number, bytes),
            },
        }
    }
    Ok(out)
}

/// The nodes that do what a `ConvInteger` does; none for any other node.
fn replacement(node: &[u8]) -> Result<Option<Vec<Vec<u8>>>> {
    let mut found = Convolution::default();
    let mut operator = "";
    for field in Fields::new(node) {
        let (number, Value::Bytes(bytes)) = field? else {
            continue;
        };
        match number {
            1 => found.inputs.push(text(bytes)?),
            2 => found.output = text(bytes)?,
            4 => operator = text(bytes)?,
            5 => found.attributes.push(bytes),
            _ => {}
        }
    }
    Ok((operator == "ConvInteger").then(|| found.nodes()))
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| Error::malformed("a node", error.to_string()))
}

impl Convolution<'_> {
    fn nodes(&self) -> Vec<Vec<u8>> {
        let named = |what: &str| format!("{}/in_floats/{what}", self.output);
        let mut nodes = Vec::new();
        let mut operands = Vec::new();
        for (place, side) in ["x", "w"].into_iter().enumerate() {
            let value = self.inputs.get(place).copied().unwrap_or_default();
            let zero = self.inputs.get(place + 2).copied().unwrap_or_default();
            let whole = named(side);
            nodes.push(cast(value, &whole, FLOAT));
            operands.push(if zero.is_empty() {
                whole
            } else {
                let (shift, shifted) = (
                    named(&format!("{side}_zero")),
                    named(&format!("{side}_shifted")),
                );
                nodes.push(cast(zero, &shift, FLOAT));
                nodes.push(written("Sub", &[&whole, &shift], &shifted, &[]));
                shifted
            });
        }
        let operands: Vec<&str> = operands.iter().map(String::as_str).collect();
        let sum = named("sum");
        nodes.push(written("Conv", &operands, &sum, &self.attributes));
        nodes.push(cast(&sum, self.output, INT32));
        nodes
    }
}

fn cast(input: &str, output: &str, element: i64) -> Vec<u8> {
    let mut to = Vec::new();
    put_bytes(&mut to, 1, b"to");
    put_int(&mut to, 3, element);
    // AttributeProto.type: an integer.
    put_int(&mut to, 20, 2);
    written("Cast", &[input], output, &[&to])
}

fn written(operator: &str, inputs: &[&str], output: &str, attributes: &[&[u8]]) -> Vec<u8> {
    let mut node = Vec::new();
    inputs
        .iter()
        .for_each(|i| put_bytes(&mut node, 1, i.as_bytes()));
    put_bytes(&mut node, 2, output.as_bytes());
    put_bytes(&mut node, 3, format!("{operator}:{output}").as_bytes());
    put_bytes(&mut node, 4, operator.as_bytes());
    attributes.iter().for_each(|a| put_bytes(&mut node, 5, a));
    node
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{EngineChoice, open_engine};
    use crate::wire::{Attribute, ElementType, Suffix, survey};
    use crate::{Cache, GraphBytes, Network};
    use ndarray::{ArrayD, Ix3, IxDyn};
    use phonoscope_analysis::task::{Cancel, Task};

    /// Quantises its input and weights at run time and convolves them, with or without zero points.
    fn graph(zero_points: bool) -> Vec<u8> {
        let mut graph = Suffix::new();
        graph
            .header(8, 17, "test")
            .graph_name("convolution")
            .input("x", ElementType::Float32, &[1.into(), 3.into(), 20.into()])
            .init_f32("weight", &[2, 3, 5], &[-1.0, 0.3, 0.7, -0.2, 0.5].repeat(6))
            .node("DynamicQuantizeLinear", &["x"], &["xq", "xs", "xz"], &[])
            .node(
                "DynamicQuantizeLinear",
                &["weight"],
                &["wq", "ws", "wz"],
                &[],
            );
        let inputs = ["xq", "wq", "xz", "wz"];
        let inputs = if zero_points {
            &inputs[..]
        } else {
            &inputs[..2]
        };
        let attributes = [
            ("pads", Attribute::Ints(&[2, 2])),
            ("strides", Attribute::Ints(&[2])),
            ("dilations", Attribute::Ints(&[1])),
        ];
        graph
            .node("ConvInteger", inputs, &["sums"], &attributes)
            .node("Cast", &["sums"], &["y"], &[("to", Attribute::Int(1))])
            .typed_output("y", ElementType::Float32, &[1.into(), 2.into(), 10.into()]);
        graph.finish()
    }

    /// The outputs asked for, on some input.
    fn run(model: &[u8], outputs: &[&str]) -> Vec<ArrayD<f32>> {
        let choice = EngineChoice::Rten;
        let engine = open_engine(choice, &Cache::locate(), Network::Offline, &Task::silent());
        let graph = GraphBytes::new(model.to_vec());
        let outputs: Vec<String> = outputs.iter().map(|&name| name.to_owned()).collect();
        let mut session = engine.unwrap().open(&graph, &outputs).unwrap();
        let x: Vec<f32> = (0..60).map(|n| ((n * n) as f32 * 0.37).sin()).collect();
        let x = ArrayD::from_shape_vec(IxDyn(&[1, 3, 20]), x).unwrap();
        session.run(&[("x", x.view())], &Cancel::new()).unwrap()
    }

    /// The convolution as ONNX defines it, in integers; what lies outside the input adds nothing.
    fn sum(x: &ArrayD<f32>, w: &ArrayD<f32>, zeros: [i64; 2], out: usize, at: usize) -> i64 {
        let mut sum = 0;
        for channel in 0..3 {
            for tap in 0..5 {
                let Some(place) = (2 * at + tap).checked_sub(2).filter(|&place| place < 20) else {
                    continue;
                };
                let value = x[[0, channel, place]] as i64 - zeros[0];
                sum += value * (w[[out, channel, tap]] as i64 - zeros[1]);
            }
        }
        sum
    }

    #[test]
    fn the_integers_are_the_same() {
        for zero_points in [true, false] {
            let model = graph(zero_points);
            let changed = in_floats(&model).unwrap();
            let operators = |bytes: &[u8]| -> Vec<String> {
                let nodes = survey(bytes).unwrap().nodes;
                nodes.into_iter().map(|node| node.operator).collect()
            };
            assert!(operators(&model).contains(&"ConvInteger".to_owned()));
            assert!(!operators(&changed).contains(&"ConvInteger".to_owned()));
            let values = run(&changed, &["sums", "xq", "wq", "xz", "wz"]);
            let [sums, x, w, x_zero, w_zero] = &values[..] else {
                panic!("{} outputs", values.len());
            };
            let zeros = [x_zero, w_zero].map(|z| if zero_points { z.sum() as i64 } else { 0 });
            assert!(
                !zero_points || zeros.iter().all(|&zero| zero > 0),
                "{zeros:?}"
            );
            for ((_, out, at), found) in sums
                .view()
                .into_dimensionality::<Ix3>()
                .unwrap()
                .indexed_iter()
            {
                let expected = sum(x, w, zeros, out, at);
                assert_eq!(*found as i64, expected, "at {out}, {at}");
            }
        }
    }

    #[test]
    fn other_graphs_stay_as_they_are_and_no_graph_is_an_error() {
        let mut plain = Suffix::new();
        plain
            .header(8, 17, "test")
            .node("Relu", &["x"], &["y"], &[])
            .output("y");
        let plain = plain.finish();
        assert_eq!(in_floats(&plain).unwrap(), plain);
        assert!(in_floats(b"\x3a\x7fabc").is_err());
    }
}
