//! Branches that are always taken, made part of the main graph.

use std::collections::{BTreeMap, BTreeSet};

use super::constants::{Constants, inputs_behind};
use super::hidden::{bodies, called};
use super::message::{Message, NODE, Piece};
use super::rewrite::{Renamed, Rewrite, with_name};
use super::taps::require;
use crate::map::Unreachable;
use crate::wire::{Body, Fields, Node, Setting, Suffix, Survey, Value, ValueInfo, survey};
use crate::{Error, GraphBytes, Result};

/// Field of `GraphProto`.
const INITIALIZER: u32 = 5;
/// Rounds of unpacking branches within branches: more than bodies are read deep.
const ROUNDS: usize = 20;
/// Inputs that an explanation names.
const NAMED_INPUTS: usize = 3;

/// A graph without the branches that are always taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Flattened {
    /// The graph. It computes the same, as long as the inputs said to be known are given those
    /// values.
    pub graph: GraphBytes,
    /// The `If` nodes whose branch is now part of the main graph, in words.
    pub inlined: Vec<String>,
    /// Nodes that still hide values in bodies, and why.
    pub hidden: Vec<Unreachable>,
}

/// Makes the taken branch of every `If` whose condition is constant part of the main graph, so that
/// the values in it can be tapped.
///
/// A condition is constant when it follows from stored values, from the sizes that values are
/// declared to have, or from the inputs `known` (a sample rate that never changes). Values of a branch keep their
/// names, or get a count where these are taken; the values that a branch gives are called what the
/// `If` calls them.
///
/// # Errors
/// [`Error::NotOnnx`]; [`Error::UnknownTensor`] for a known input that the graph does not have.
pub fn flattened(graph: &GraphBytes, known: &[(&str, f64)]) -> Result<Flattened> {
    let mut found = survey(graph.bytes())?;
    for (name, _) in known {
        require(&found, name, "fix")?;
    }
    let mut inlined = Vec::new();
    let mut bytes: Option<Vec<u8>> = None;
    for _ in 0..ROUNDS {
        let current = bytes.as_deref().unwrap_or(graph.bytes());
        let Some(next) = round(current, &found, known, &mut inlined)? else {
            break;
        };
        found = survey(&next)?;
        bytes = Some(next);
    }
    Ok(Flattened {
        graph: bytes.map_or_else(|| graph.clone(), GraphBytes::new),
        inlined,
        hidden: hidden(&found),
    })
}

/// Nodes of the main graph that hide values in bodies, and why they still do.
pub(crate) fn hidden(survey: &Survey) -> Vec<Unreachable> {
    let keep = survey
        .nodes
        .iter()
        .filter(|node| bodies(node).next().is_some());
    keep.map(|node| Unreachable {
        name: called(node),
        why: match node.operator.as_str() {
            "If" => undecided(survey, node),
            operator => format!("a `{operator}` runs its body a number of times that is not fixed"),
        },
    })
    .collect()
}

fn undecided(survey: &Survey, node: &Node) -> String {
    let condition = node.inputs.first().map_or("", String::as_str);
    let inputs = inputs_behind(survey, condition);
    let named: Vec<String> = inputs
        .iter()
        .take(NAMED_INPUTS)
        .map(|input| format!("`{input}`"))
        .collect();
    match named.as_slice() {
        [] => format!("its condition `{condition}` is not among the constants that are worked out"),
        named => format!(
            "which branch is taken is known only at run time: `{condition}` depends on {}",
            named.join(", ")
        ),
    }
}

/// Inlines every `If` of the main graph whose condition is constant; nothing where there is none.
fn round(
    bytes: &[u8],
    survey: &Survey,
    known: &[(&str, f64)],
    inlined: &mut Vec<String>,
) -> Result<Option<Vec<u8>>> {
    let constants = Constants::of(survey, known);
    let taken: BTreeMap<usize, &str> = survey
        .nodes
        .iter()
        .enumerate()
        .filter_map(|(place, node)| Some((place, taken(node, &constants)?)))
        .collect();
    if taken.is_empty() {
        return Ok(None);
    }
    let mut scope = Scope::of(survey);
    let message = Message::new(bytes)?;
    let mut graph = Vec::with_capacity(message.graph.len());
    let mut weights = Vec::new();
    let mut place = 0;
    for piece in &message.graph {
        let Some((NODE, node)) = piece.bytes() else {
            graph.push(piece.clone());
            continue;
        };
        match (taken.get(&place), survey.nodes.get(place)) {
            (Some(branch), Some(found)) => {
                let (body, read) = body_of(node, found, branch)?;
                let nodes = scope.inline(place, found, body, read, &mut weights)?;
                inlined.push(format!("{} (`{branch}`)", called(found)));
                graph.extend(nodes);
            }
            _ => graph.push(piece.clone()),
        }
        place += 1;
    }
    graph.extend(weights);
    Ok(Some(message.with_graph(graph).write()))
}

/// The branch that an `If` always takes.
fn taken(node: &Node, constants: &Constants) -> Option<&'static str> {
    if node.operator != "If" || !node.is_standard() {
        return None;
    }
    let branch = if constants.truth(node.inputs.first()?)? {
        "then_branch"
    } else {
        "else_branch"
    };
    let (_, body) = bodies(node).find(|(name, _)| *name == branch)?;
    let fits = body.outputs.len() == node.outputs.len() && body.inputs.is_empty();
    fits.then_some(branch)
}

/// The bytes and the contents of a branch.
fn body_of<'a>(node: &'a [u8], found: &'a Node, branch: &str) -> Result<(&'a [u8], &'a Body)> {
    const ATTRIBUTE: u32 = 5;
    const NAME: u32 = 1;
    const GRAPH: u32 = 6;
    let lost = || Error::malformed("graph", format!("an `If` without its `{branch}`"));
    let mut body = None;
    for field in Fields::new(node) {
        let (ATTRIBUTE, Value::Bytes(attribute)) = field? else {
            continue;
        };
        let (mut named, mut graph) = (false, None);
        for field in Fields::new(attribute) {
            match field? {
                (NAME, Value::Bytes(name)) => named = name == branch.as_bytes(),
                (GRAPH, Value::Bytes(bytes)) => graph = Some(bytes),
                _ => {}
            }
        }
        // As the survey does: the first attribute of the name counts.
        if named && body.is_none() {
            body = graph;
        }
    }
    match (body, found.attribute(branch)) {
        (Some(bytes), Some(Setting::Graph(read))) => Ok((bytes, read)),
        _ => Err(lost()),
    }
}

/// Where names are made: by the main graph, or by bodies of the node at a place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Maker {
    Main,
    Bodies(usize),
}

/// Names of values and of nodes that are taken.
struct Scope {
    values: BTreeMap<String, BTreeSet<Maker>>,
    nodes: BTreeSet<String>,
}

impl Scope {
    fn of(survey: &Survey) -> Self {
        let mut scope = Self {
            values: BTreeMap::new(),
            nodes: survey.nodes.iter().map(|node| node.name.clone()).collect(),
        };
        let inputs = survey.inputs.iter().map(|input| &input.name);
        let weights = survey.initializers.iter().map(|tensor| &tensor.name);
        let made = survey.nodes.iter().flat_map(|node| &node.outputs);
        for name in inputs.chain(weights).chain(made) {
            scope.take(name, Maker::Main);
        }
        for (place, node) in survey.nodes.iter().enumerate() {
            bodies(node).for_each(|(_, body)| scope.take_body(body, Maker::Bodies(place)));
        }
        scope
    }

    fn take(&mut self, name: &str, maker: Maker) {
        let makers = self.values.entry(name.to_owned()).or_default();
        makers.insert(maker);
    }

    fn take_body(&mut self, body: &Body, maker: Maker) {
        for name in made(body).chain(body.inputs.iter().map(|input| &input.name)) {
            self.take(name, maker);
        }
        for (_, inner) in body.nodes.iter().flat_map(bodies) {
            self.take_body(inner, maker);
        }
    }

    /// A name for a value that moves out of the node at `place`: its own where nobody else has it.
    fn moved(&mut self, name: &str, place: usize) -> String {
        let alone = BTreeSet::from([Maker::Bodies(place)]);
        let mut new = name.to_owned();
        let mut count = 0usize;
        while self.values.get(&new).is_some_and(|makers| *makers != alone) {
            count += 1;
            new = format!("{name}/{count}");
        }
        self.take(&new, Maker::Main);
        new
    }

    fn node_name(&mut self, name: &str) -> String {
        let mut new = name.to_owned();
        let mut count = 0usize;
        while !new.is_empty() && self.nodes.contains(&new) {
            count += 1;
            new = format!("{name}/{count}");
        }
        self.nodes.insert(new.clone());
        new
    }

    /// The nodes of a branch of the `If` at `place`, fit for the main graph; its weights go into
    /// `weights`.
    fn inline(
        &mut self,
        place: usize,
        node: &Node,
        body: &[u8],
        read: &Body,
        weights: &mut Vec<Piece<'static>>,
    ) -> Result<Vec<Piece<'static>>> {
        const VALUE_INFO: u32 = 13;
        const SPARSE: u32 = 15;
        let by_nodes: BTreeSet<&String> = read.nodes.iter().flat_map(|n| &n.outputs).collect();
        let mut names = Renamed::new();
        let mut passed_on = Vec::new();
        for (inner, outer) in read.outputs.iter().zip(&node.outputs) {
            let inner = &inner.name;
            if outer.is_empty() {
                continue;
            }
            if by_nodes.contains(inner) && !names.contains_key(inner) {
                names.insert(inner.clone(), outer.clone());
            } else {
                passed_on.push((inner, outer));
            }
        }
        for name in made(read) {
            if !name.is_empty() && !names.contains_key(name) {
                names.insert(name.clone(), self.moved(name, place));
            }
        }
        let rewrite = Rewrite {
            values: Some(&names),
            ..Rewrite::default()
        };
        let mut nodes = Vec::with_capacity(read.nodes.len() + passed_on.len());
        for field in Fields::new(body) {
            match field? {
                (NODE, Value::Bytes(inner)) => {
                    let named = read.nodes.get(nodes.len()).map_or("", |node| &node.name);
                    let name = self.node_name(named);
                    let renamed = rewrite.node(inner)?;
                    nodes.push(Piece::Made(NODE, with_name(&renamed, &name)?));
                }
                (INITIALIZER, Value::Bytes(tensor)) => {
                    weights.push(Piece::Made(INITIALIZER, rewrite.tensor(tensor)?));
                }
                (VALUE_INFO, Value::Bytes(value)) if !declares(value, &read.outputs) => {
                    weights.push(Piece::Made(VALUE_INFO, rewrite.value(value)?));
                }
                (SPARSE, Value::Bytes(tensor)) => {
                    weights.push(Piece::Made(SPARSE, tensor.to_vec()));
                }
                _ => {}
            }
        }
        for (inner, outer) in passed_on {
            let inner = names.get(inner).unwrap_or(inner);
            let mut same = Suffix::new();
            let name = self.node_name(&format!("{}/{outer}", node.name));
            same.named_node(&name, "Identity", &[inner], &[outer], &[]);
            let bytes = same.finish();
            for piece in Message::new(&bytes)?.graph {
                if let Some((number, bytes)) = piece.bytes() {
                    nodes.push(Piece::Made(number, bytes.to_vec()));
                }
            }
        }
        Ok(nodes)
    }
}

/// Whether a `ValueInfoProto` is about one of the outputs, which the main graph may declare itself.
fn declares(value: &[u8], outputs: &[ValueInfo]) -> bool {
    const NAME: u32 = 1;
    Fields::new(value).flatten().any(|field| {
        let is_name = |output: &ValueInfo| field == (NAME, Value::Bytes(output.name.as_bytes()));
        outputs.iter().any(is_name)
    })
}

/// Names of the values that a body itself makes.
fn made(body: &Body) -> impl Iterator<Item = &String> {
    let weights = body.initializers.iter().map(|tensor| &tensor.name);
    weights.chain(body.nodes.iter().flat_map(|node| &node.outputs))
}
