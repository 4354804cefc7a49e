//! Taps: making inner values of a graph readable by appending them to its outputs.

use std::collections::BTreeSet;

use super::external::Files;
use super::hidden::unknown;
use super::message::Message;
#[cfg(doc)]
use crate::Error;
use crate::wire::{self, Dim, ElementType, Suffix, Survey, ValueInfo};
use crate::{GraphBytes, Result};

/// A copy of `graph` whose outputs include every one of `taps`, which may be inner values or
/// outputs already. Nothing else in the graph changes.
///
/// # Errors
/// [`Error::NotOnnx`] when the bytes are no model; [`Error::UnknownTensor`] with near names when
/// the main graph makes no value of a tap's name; [`Error::Surgery`] when the value is hidden in the
/// body of an `If`, `Loop` or `Scan`, or may be in an operator that stands for several.
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
    /// Files that hold weights.
    pub(crate) files: Files,
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
                return Err(unknown(&survey, name, "tap"));
            }
            suffix.output(name);
            outputs.push(name);
            added = true;
        }
        Ok(Self {
            suffix: if added { suffix.finish() } else { Vec::new() },
            inputs: survey.free_inputs().map(Input::from).collect(),
            places,
            files: Files::of(&survey),
        })
    }

    /// The graph with the wanted outputs, as one message.
    pub(crate) fn bytes(&self, graph: &GraphBytes) -> Result<Vec<u8>> {
        let mut message = Message::new(graph.bytes())?;
        message.append(&self.suffix)?;
        Ok(message.write())
    }
}

/// Refuses a name that is neither a value nor an input of the main graph.
pub(super) fn require(survey: &Survey, name: &str, action: &'static str) -> Result<()> {
    let is_input = survey.free_inputs().any(|input| input.name == name);
    if is_input || survey.values().any(|value| value == name) {
        return Ok(());
    }
    Err(unknown(survey, name, action))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

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
