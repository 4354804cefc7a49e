//! Taps: making inner values of a graph readable by appending them to its outputs.

use std::collections::BTreeSet;

use crate::error::UNNAMED;
use crate::names::nearest;
use crate::wire::{
    self, Dim, ElementType, Fields, Suffix, Value, ValueInfo, put_field, put_varint,
};
use crate::{Error, GraphBytes, Result};

/// Field of `ModelProto` that holds the graph.
const GRAPH: u32 = 7;

/// How many near names an error offers.
const NEAR: usize = 5;

/// A copy of `graph` whose outputs include every one of `taps`, which may be inner values or
/// outputs already. Nothing else in the graph changes.
///
/// # Errors
/// [`Error::NotOnnx`] when the bytes are no model; [`Error::UnknownTensor`] with near names when
/// the main graph makes no value of a tap's name (bodies of `If`, `Loop` and `Scan` are not
/// reached).
pub fn with_outputs(graph: &GraphBytes, taps: &[String]) -> Result<GraphBytes> {
    let opening = Opening::new(graph, taps)?;
    Ok(if opening.suffix.is_empty() {
        graph.clone()
    } else {
        GraphBytes::new(opening.bytes(graph)?)
    })
}

/// One input that a run must give.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) element: ElementType,
    pub(crate) dims: Option<Vec<Dim>>,
}

impl From<&ValueInfo> for Input {
    fn from(value: &ValueInfo) -> Self {
        Self {
            name: value.name.clone(),
            element: value.element.unwrap_or(ElementType::Float32),
            dims: value.dims.clone(),
        }
    }
}

/// What an engine needs to open a graph with certain outputs.
#[derive(Debug)]
pub(crate) struct Opening {
    suffix: Vec<u8>,
    /// Inputs in the graph's order.
    pub(crate) inputs: Vec<Input>,
    /// For each wanted output in the order asked, its place among the outputs of the tapped graph.
    pub(crate) places: Vec<usize>,
    /// Files that hold weights, in name order.
    pub(crate) external: BTreeSet<String>,
}

impl Opening {
    pub(crate) fn new(graph: &GraphBytes, wanted: &[String]) -> Result<Self> {
        let survey = wire::survey(graph.bytes())?;
        let mut outputs: Vec<&str> = survey.outputs.iter().map(|o| o.name.as_str()).collect();
        let values: BTreeSet<&str> = survey.values().collect();
        let mut suffix = Suffix::new();
        let mut added = false;
        let mut places = Vec::with_capacity(wanted.len());
        for name in wanted {
            let place = outputs.iter().position(|output| output == name);
            places.push(place.unwrap_or(outputs.len()));
            if place.is_some() {
                continue;
            }
            if !values.contains(name.as_str()) {
                return Err(Error::UnknownTensor {
                    name: name.clone(),
                    model: UNNAMED.to_owned(),
                    near: nearest(name, values.iter().copied(), NEAR),
                });
            }
            suffix.output(name);
            outputs.push(name);
            added = true;
        }
        Ok(Self {
            suffix: if added { suffix.finish() } else { Vec::new() },
            inputs: survey.free_inputs().map(Input::from).collect(),
            places,
            external: survey
                .initializers
                .iter()
                .filter_map(|tensor| tensor.external.clone())
                .collect(),
        })
    }

    /// The graph with the wanted outputs, as one message.
    pub(crate) fn bytes(&self, graph: &GraphBytes) -> Result<Vec<u8>> {
        merged(&[graph.bytes(), &self.suffix])
    }
}

/// A model and what was appended to it as a message with one graph.
///
/// Protobuf merges a graph that is given in several pieces, and so does ONNX Runtime; rten keeps
/// the last piece only.
fn merged(parts: &[&[u8]]) -> Result<Vec<u8>> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut out = Vec::with_capacity(length + 16);
    let mut graphs: Vec<&[u8]> = Vec::new();
    for field in parts.iter().flat_map(|part| Fields::new(part)) {
        match field? {
            (GRAPH, Value::Bytes(graph)) => graphs.push(graph),
            (number, value) => put_field(&mut out, number, value),
        }
    }
    put_varint(&mut out, u64::from(GRAPH) << 3 | 2);
    put_varint(
        &mut out,
        graphs.iter().map(|graph| graph.len() as u64).sum(),
    );
    graphs.iter().for_each(|graph| out.extend_from_slice(graph));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> GraphBytes {
        let mut graph = Suffix::new();
        graph
            .header(8, 17, "test")
            .graph_name("chain")
            .input("x", ElementType::Float32, &["time".into(), 3.into()])
            .init_f32("w", &[3, 2], &[0.5; 6])
            .node("MatMul", &["x", "w"], &["layer.0.out"], &[])
            .node("Relu", &["layer.0.out"], &["layer.1.out"], &[])
            .node("Relu", &["layer.1.out"], &["y"], &[])
            .typed_output("y", ElementType::Float32, &["time".into(), 2.into()]);
        GraphBytes::new(graph.finish())
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn taps_follow_the_outputs_once_each() {
        let taps = names(&["layer.1.out", "y", "layer.0.out", "layer.1.out"]);
        let opening = Opening::new(&graph(), &taps).unwrap();
        assert_eq!(opening.places, [1, 0, 2, 1]);
        assert_eq!(opening.inputs.len(), 1, "the weight is no input");
        let tapped = with_outputs(&graph(), &taps).unwrap();
        let outputs = wire::survey(tapped.bytes()).unwrap().outputs;
        let listed: Vec<_> = outputs.iter().map(|o| o.name.as_str()).collect();
        assert_eq!(listed, ["y", "layer.1.out", "layer.0.out"]);
    }

    #[test]
    fn pieces_of_a_model_become_one_graph() {
        let other = b"\x79\x01\x02\x03\x04\x05\x06\x07\x08\x7d\x01\x02\x03\x04";
        let mut more = Suffix::new();
        more.output("layer.0.out");
        let (graph, more) = (graph(), more.finish());
        let parts: [&[u8]; 3] = [graph.bytes(), other, &more];
        let one = merged(&parts).unwrap();
        let counted = Fields::new(&one)
            .filter(|f| matches!(f, Ok((GRAPH, _))))
            .count();
        assert_eq!(counted, 1);
        let length: usize = parts.iter().map(|part| part.len()).sum();
        assert!(one.len() < length, "{} of {length}", one.len());
        let pieces = parts.concat();
        let places_apart = |bytes: &[u8]| {
            let mut survey = wire::survey(bytes).unwrap();
            survey.initializers.iter_mut().for_each(|t| t.raw = None);
            survey
        };
        assert_eq!(places_apart(&one), places_apart(&pieces));
        assert!(one.windows(9).any(|bytes| bytes == &other[..9]));
    }

    #[test]
    fn outputs_alone_leave_the_bytes_as_they_are() {
        assert_eq!(with_outputs(&graph(), &names(&["y"])).unwrap(), graph());
        assert_eq!(with_outputs(&graph(), &[]).unwrap(), graph());
    }

    #[test]
    fn an_unknown_tensor_names_its_neighbours() {
        let error = with_outputs(&graph(), &names(&["layer.0.ouT"])).unwrap_err();
        let Error::UnknownTensor { name, near, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(name, "layer.0.ouT");
        assert_eq!(near, ["layer.0.out", "layer.1.out", "y"]);
    }

    #[test]
    fn bytes_that_are_no_model_are_refused() {
        let text = GraphBytes::new(*b"speaker\tpath\n");
        let error = with_outputs(&text, &names(&["y"])).unwrap_err();
        assert!(matches!(error, Error::NotOnnx { .. }), "{error}");
    }
}
