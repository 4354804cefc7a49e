//! Changing inner values of a graph: steering, patching, ablation.

use super::element::Elements;
use super::message::{Message, NODE, Piece};
use super::naming::Names;
use super::rewrite::{Renamed, Rewrite, with_output};
use super::taps::require;
use crate::wire::{Attribute, ElementType, Fields, Node, Suffix, Survey, Value, survey};
use crate::{Error, GraphBytes, Result};

/// Name of the first input of an edit; further ones are `probe/edit/1`, `probe/edit/2` ….
pub const EDIT: &str = "probe/edit";

/// Oldest operator set that has `Expand`.
const OLDEST_OPSET: i64 = 8;

/// What is done to a value. Whatever reads the value afterwards, a tap included, sees it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edit {
    /// Something is added that is given at run time: a tensor of the value's shape, or one that
    /// broadcasts to it (`[feature]`, `[1, frame, 1]`, a single number).
    Add,
    /// Another value of the same shape, given at run time, takes its place.
    Replace,
    /// Zeros take its place.
    Zero,
}

/// One change of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intervention {
    /// Name of the tensor in the graph: an inner value, an output, an input or a weight.
    pub tensor: String,
    /// What is done to it.
    pub edit: Edit,
}

/// A graph with changed values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intervened {
    /// The graph. Its outputs keep their names.
    pub graph: GraphBytes,
    /// For each edit the input that gives what is added or put in its place; none for zeros.
    pub inputs: Vec<Option<String>>,
    /// For each edit the name under which the value can be read as it was before that edit.
    pub before: Vec<String>,
    /// For each edit the name under which it can be read after all edits: its own, and for an input
    /// or a weight a new one.
    pub after: Vec<String>,
}

/// Changes values of a graph by renaming them at the node that makes them, so that the same bytes
/// serve every engine. Several edits of one value follow each other in the order given.
///
/// New inputs are 32-bit floats, whatever floats the value holds. In a quantised graph an edit of a
/// dequantised value makes engines compute the product behind it in floats instead of integers,
/// which by itself moves results by rounding.
///
/// # Errors
/// [`Error::NotOnnx`]; [`Error::UnknownTensor`] with near names; [`Error::Surgery`] for a value
/// that holds no floats.
pub fn intervened(graph: &GraphBytes, edits: &[Intervention]) -> Result<Intervened> {
    let survey = survey(graph.bytes())?;
    let elements = Elements::of(&survey);
    let mut message = Message::new(graph.bytes())?;
    let mut plan = Plan {
        survey: &survey,
        elements: &elements,
        names: Names::of(&survey),
        inputs: vec![None; edits.len()],
        before: vec![String::new(); edits.len()],
        after: vec![String::new(); edits.len()],
        declared: Suffix::new(),
    };
    let mut chains: Vec<(&str, Vec<(usize, Edit)>)> = Vec::new();
    for (place, edit) in edits.iter().enumerate() {
        let step = (place, edit.edit);
        match chains.iter_mut().find(|(tensor, _)| *tensor == edit.tensor) {
            Some((_, chain)) => chain.push(step),
            None => chains.push((&edit.tensor, vec![step])),
        }
    }
    for (tensor, chain) in chains {
        plan.apply(&mut message, tensor, &chain)?;
    }
    let zeroes = edits.iter().any(|edit| edit.edit == Edit::Zero);
    if zeroes
        && survey
            .default_opset()
            .is_some_and(|version| version < OLDEST_OPSET)
    {
        message.raise_default_opset(&survey, OLDEST_OPSET, "change")?;
    }
    let declared = plan.declared.finish();
    message.append(&declared)?;
    Ok(Intervened {
        graph: GraphBytes::new(message.write()),
        inputs: plan.inputs,
        before: plan.before,
        after: plan.after,
    })
}

struct Plan<'a> {
    survey: &'a Survey,
    elements: &'a Elements,
    names: Names,
    inputs: Vec<Option<String>>,
    before: Vec<String>,
    after: Vec<String>,
    /// Inputs and constants, which stand behind the graph; nodes stand in their order.
    declared: Suffix,
}

impl Plan<'_> {
    fn apply(
        &mut self,
        message: &mut Message<'_>,
        tensor: &str,
        chain: &[(usize, Edit)],
    ) -> Result<()> {
        let is_weight = self.survey.initializers.iter().any(|t| t.name == tensor);
        if !is_weight {
            require(self.survey, tensor, "change")?;
        }
        let element = self.float(tensor)?;
        let at = producer(message, tensor)?;
        // A value that a node makes keeps its name behind the edits, so nothing else changes; an
        // input or a weight keeps it in front of them, and what reads it is renamed.
        let mut value = match at {
            Some(_) => self.names.fresh(&format!("{tensor}/before")),
            None => tensor.to_owned(),
        };
        let mut suffix = Suffix::new();
        let mut first = value.clone();
        for (step, (place, edit)) in chain.iter().enumerate() {
            let made = match at {
                Some(_) if step + 1 == chain.len() => tensor.to_owned(),
                _ => self.names.fresh(&format!("{tensor}/edited")),
            };
            self.nodes(
                &mut suffix,
                tensor,
                element,
                (*place, *edit),
                [&value, &made],
            );
            if let Some(before) = self.before.get_mut(*place) {
                before.clone_from(&value);
            }
            value = made;
        }
        for (place, _) in chain {
            if let Some(after) = self.after.get_mut(*place) {
                after.clone_from(&value);
            }
        }
        let nodes = suffix.finish();
        match at {
            Some(at) => {
                let piece = message.graph.get_mut(at);
                if let Some(piece) = piece
                    && let Some((number, node)) = piece.bytes()
                {
                    *piece = Piece::Made(number, with_output(node, tensor, &first)?);
                }
                message.insert(at + 1, &nodes)
            }
            None => {
                if self
                    .survey
                    .outputs
                    .iter()
                    .any(|output| output.name == tensor)
                {
                    return Err(Error::Surgery {
                        action: "change",
                        name: tensor.to_owned(),
                        why: "it is an input and an output at once".to_owned(),
                        how: None,
                    });
                }
                first.clone_from(&value);
                let names = Renamed::from([(tensor.to_owned(), first)]);
                let rewrite = Rewrite {
                    values: Some(&names),
                    ..Rewrite::default()
                };
                for piece in &mut message.graph {
                    if let Some((NODE, node)) = piece.bytes() {
                        *piece = Piece::Made(NODE, rewrite.node(node)?);
                    }
                }
                let is_node = |piece: &Piece<'_>| matches!(piece.bytes(), Some((NODE, _)));
                let start = message.graph.iter().position(is_node).unwrap_or(0);
                message.insert(start, &nodes)
            }
        }
    }

    /// The value's type, which must be floats.
    fn float(&self, tensor: &str) -> Result<ElementType> {
        let element = self.elements.get(tensor).unwrap_or(ElementType::Float32);
        if is_float(element) {
            return Ok(element);
        }
        let makes = |node: &&Node| node.outputs.iter().any(|output| output == tensor);
        let node = self.survey.nodes.iter().find(makes);
        let source = node
            .and_then(|node| node.inputs.first())
            .filter(|input| self.elements.get(input).is_some_and(is_float));
        Err(Error::Surgery {
            action: "change",
            name: tensor.to_owned(),
            why: format!("it holds {element}, and only floats can be changed"),
            how: Some(match source {
                Some(source) => format!("change `{source}`, from which it is made"),
                None => "change a value that holds floats, before or after it".to_owned(),
            }),
        })
    }

    /// Nodes that make `made` of `value`.
    fn nodes(
        &mut self,
        suffix: &mut Suffix,
        tensor: &str,
        element: ElementType,
        (place, edit): (usize, Edit),
        [value, made]: [&str; 2],
    ) {
        let mut given = match edit {
            Edit::Zero => {
                let zero = self.names.fresh("probe/zero");
                self.declared.init_f32(&zero, &[], &[0.0]);
                zero
            }
            Edit::Add | Edit::Replace => {
                let input = self.names.fresh(EDIT);
                self.declare(&input, tensor, edit);
                if let Some(slot) = self.inputs.get_mut(place) {
                    *slot = Some(input.clone());
                }
                input
            }
        };
        if element != ElementType::Float32 {
            let cast = self.names.fresh(&format!("{given}/cast"));
            let to = [("to", Attribute::Int(element.number().into()))];
            self.node(suffix, "Cast", &[&given], &cast, &to);
            given = cast;
        }
        match edit {
            Edit::Add => self.node(suffix, "Add", &[value, &given], made, &[]),
            Edit::Replace => self.node(suffix, "Identity", &[&given], made, &[]),
            Edit::Zero => {
                let shape = self.names.fresh(&format!("{made}/shape"));
                self.node(suffix, "Shape", &[value], &shape, &[]);
                self.node(suffix, "Expand", &[&given, &shape], made, &[]);
            }
        }
    }

    fn node(
        &mut self,
        suffix: &mut Suffix,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[(&str, Attribute<'_>)],
    ) {
        let name = self.names.fresh(&format!("{EDIT}/{operator}:{output}"));
        suffix.named_node(&name, operator, inputs, &[output], attributes);
    }

    fn declare(&mut self, input: &str, tensor: &str, edit: Edit) {
        let survey = self.survey;
        let mut declared = survey
            .inner
            .iter()
            .chain(&survey.outputs)
            .chain(&survey.inputs);
        let dims = declared
            .find(|value| value.name == tensor)
            .and_then(|value| value.dims.as_ref())
            .filter(|_| edit == Edit::Replace);
        match dims {
            Some(dims) => self.declared.input(input, ElementType::Float32, dims),
            None => self.declared.shapeless_input(input, ElementType::Float32),
        };
    }
}

fn is_float(element: ElementType) -> bool {
    const BFLOAT16: i32 = 16;
    matches!(
        element,
        ElementType::Float32
            | ElementType::Float16
            | ElementType::Float64
            | ElementType::Other(BFLOAT16)
    )
}

/// Place of the node that makes a value, among the pieces of the graph.
fn producer(message: &Message<'_>, tensor: &str) -> Result<Option<usize>> {
    const OUTPUT: u32 = 2;
    for (at, piece) in message.graph.iter().enumerate() {
        let Some((NODE, node)) = piece.bytes() else {
            continue;
        };
        for field in Fields::new(node) {
            if field? == (OUTPUT, Value::Bytes(tensor.as_bytes())) {
                return Ok(Some(at));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn graph() -> GraphBytes {
        let mut graph = Suffix::new();
        graph
            .header(8, 17, "test")
            .graph_name("chain")
            .input("x", ElementType::Float32, &["time".into(), 2.into()])
            .init_f32("w", &[2, 2], &[0.5; 4])
            .node("MatMul", &["x", "w"], &["h"], &[])
            .node("Shape", &["h"], &["shape"], &[])
            .node("Relu", &["h"], &["y"], &[])
            .output("y");
        GraphBytes::new(graph.finish())
    }

    fn edit(tensor: &str, edit: Edit) -> Intervention {
        Intervention {
            tensor: tensor.to_owned(),
            edit,
        }
    }

    #[test]
    fn edits_of_one_value_follow_each_other() {
        let edits = [
            edit("h", Edit::Add),
            edit("x", Edit::Zero),
            edit("h", Edit::Replace),
        ];
        let got = intervened(&graph(), &edits).unwrap();
        assert_eq!(got.before, ["h/before", "x", "h/edited"]);
        assert_eq!(got.after, ["h", "x/edited", "h"]);
        let inputs: Vec<_> = got.inputs.iter().map(Option::as_deref).collect();
        assert_eq!(inputs, [Some(EDIT), None, Some("probe/edit/1")]);
        let survey = survey(got.graph.bytes()).unwrap();
        let operators: Vec<_> = survey.nodes.iter().map(|n| n.operator.as_str()).collect();
        let expected = [
            "Shape", "Expand", "MatMul", "Add", "Identity", "Shape", "Relu",
        ];
        assert_eq!(operators, expected, "nodes stand in order");
        assert_eq!(survey.nodes[2].inputs, ["x/edited", "w"]);
        let mut made = BTreeMap::<&str, usize>::new();
        survey
            .values()
            .for_each(|value| *made.entry(value).or_default() += 1);
        assert!(made.values().all(|count| *count == 1), "{made:?}");
    }

    #[test]
    fn whole_numbers_are_not_changed() {
        let error = intervened(&graph(), &[edit("shape", Edit::Add)]).unwrap_err();
        assert!(
            error.to_string().contains("`shape`: it holds i64"),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("`h`"), "{error:?}");
    }

    #[test]
    fn no_edit_changes_nothing() {
        let got = intervened(&graph(), &[]).unwrap();
        assert_eq!(
            survey(got.graph.bytes()).unwrap(),
            survey(graph().bytes()).unwrap()
        );
    }
}
