//! The layer map: what is inside a graph, in the field's words.
//!
//! [`layer_map`] works on the survey alone: no weight is decoded and nothing is run. Residual
//! streams are found as sums of a value and a function of itself, whatever the names are, and so are
//! the units of residual and densely connected convolutional networks; convolutions, recurrent and
//! dense layers outside them are numbered as they come. Axes, strides and receptive fields follow
//! from the meaning of the inputs, operator by operator, for every value of the graph: a model's own
//! taps are placed on the map too ([`layer_map_of`]).

mod blocks;
mod confirm;
mod hidden;
mod layers;
mod layout;
mod made_up;
mod naming;
mod operator;
mod own;
mod pattern;
mod period;
mod ports;
mod residual;
mod units;
mod wiring;

pub use confirm::{Checked, Confirmed, Outcome, confirm};
pub use own::{Place, layer_map_of, layer_map_with};
pub use ports::MappedInput;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::tap::Tap;
use crate::wire::{ElementType, Survey};
use blocks::{Found, Part};
use layout::Layouts;
use wiring::{At, Value, Wiring};

/// What a repeating part of a network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// Attention and a feed-forward part on a residual stream.
    Transformer,
    /// A transformer block with a convolution module.
    Conformer,
    /// Convolutions whose result is added to what they read.
    Residual,
    /// Convolutions whose result is put beside what they read.
    DenselyConnected,
    /// A convolution with what belongs to it.
    Conv,
    /// An LSTM, GRU or plain recurrent layer.
    Recurrent,
    /// A matrix product with what belongs to it.
    Dense,
}

impl BlockKind {
    /// What it is, in a word or two.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Transformer => "transformer",
            Self::Conformer => "conformer",
            Self::Residual => "residual",
            Self::DenselyConnected => "densely connected",
            Self::Conv => "convolution",
            Self::Recurrent => "recurrent",
            Self::Dense => "dense",
        }
    }
}

/// How a block was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The names of nodes or weights count the layers.
    Names,
    /// The same operators repeat in the same order.
    Structure,
}

/// One block.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Block {
    /// Name, for example `encoder.3`; its taps' names begin with it.
    pub name: String,
    /// What it is.
    pub kind: BlockKind,
    /// How it was found.
    pub evidence: Evidence,
    /// Number of nodes in it.
    pub nodes: usize,
    /// Number of weights in it.
    pub parameters: u64,
    /// Names of its taps, in the order of the graph.
    pub taps: Vec<String>,
}

/// A value that cannot be read out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreachable {
    /// Name of the value, or of the node that hides values.
    pub name: String,
    /// Why, in words.
    pub why: String,
}

/// What is inside a graph.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LayerMap {
    /// Inputs that a caller must give, and what they seem to be.
    pub inputs: Vec<MappedInput>,
    /// Blocks in the order of the graph.
    pub blocks: Vec<Block>,
    /// Named taps in the order of the graph.
    pub taps: Vec<Tap>,
    /// Values that no tap reaches.
    pub unreachable: Vec<Unreachable>,
    /// What a reader should know: what was not understood, what is quantised.
    pub notes: Vec<String>,
}

/// Maps a graph without running it and without its weights.
///
/// Total on any survey, and about linear in the number of its nodes.
pub fn layer_map(survey: &Survey) -> LayerMap {
    layer_map_counted(survey).0
}

/// As [`layer_map`], with its cost: how many times it looked at a node or a value. The count depends on
/// the graph alone, so that its growth can be tested on any machine.
pub fn layer_map_counted(survey: &Survey) -> (LayerMap, u64) {
    let wiring = Wiring::new(survey);
    let (inputs, layouts) = ports::read(&wiring);
    let drawn = draw(&wiring, inputs, &layouts);
    (drawn.map, wiring.looks())
}

/// A map, and which block each node is in.
struct Drawn {
    map: LayerMap,
    /// Place in the map's blocks.
    block_of: BTreeMap<At, usize>,
}

fn draw(wiring: &Wiring<'_>, inputs: Vec<MappedInput>, layouts: &Layouts<'_, '_>) -> Drawn {
    let streams = residual::streams(wiring);
    let mut stacks = blocks::stacks(wiring, &streams);
    let in_blocks = stacks.parts.iter().flat_map(|part| part.nodes.clone());
    let mut taken: BTreeSet<At> = in_blocks.collect();
    let mut parts = layers::named(wiring, &taken);
    taken.extend(parts.iter().flat_map(|part| &part.nodes));
    let units = units::units(wiring, &streams, &taken);
    taken.extend(units.iter().flat_map(|part| &part.nodes));
    parts.extend(units);
    parts.extend(layers::layers(wiring, layouts, &taken));
    parts.append(&mut stacks.parts);
    parts.sort_by_key(|part| {
        let place = |at: &At| wiring.place.get(*at).copied().flatten();
        (part.nodes.iter().filter_map(place).min(), part.name.clone())
    });
    stacks.after.sort_by_key(|found| wiring.birth(found.value));
    let mut after = stacks.after.into_iter().peekable();
    let mut counted = BTreeSet::new();
    let mut block_of = BTreeMap::new();
    let mut map = LayerMap {
        inputs,
        ..LayerMap::default()
    };
    for part in parts {
        let first = part
            .taps
            .iter()
            .map(|found| wiring.birth(found.value))
            .min();
        while let Some(found) = after.next_if(|found| Some(wiring.birth(found.value)) < first) {
            map.taps.push(tap(wiring, layouts, found));
        }
        let block = map.blocks.len();
        block_of.extend(part.nodes.iter().map(|at| (*at, block)));
        map.blocks.push(Block {
            parameters: parameters(wiring, &part, &mut counted),
            nodes: part.nodes.len(),
            taps: part.taps.iter().map(|tap| tap.name.clone()).collect(),
            name: part.name,
            kind: part.kind,
            evidence: part.evidence,
        });
        map.taps.extend(
            part.taps
                .into_iter()
                .map(|found| tap(wiring, layouts, found)),
        );
    }
    map.taps
        .extend(after.map(|found| tap(wiring, layouts, found)));
    map.unreachable = stacks.hidden;
    map.unreachable.extend(hidden::bodies(wiring));
    map.notes = hidden::notes(wiring);
    if map.blocks.is_empty() {
        map.notes.insert(
            0,
            "no layer was recognised; values can be read out by their raw names".to_owned(),
        );
    }
    Drawn { map, block_of }
}

fn tap(wiring: &Wiring<'_>, layouts: &Layouts<'_, '_>, found: Found) -> Tap {
    Tap {
        tensor: wiring.name(found.value).to_owned(),
        axes: layouts.axes(found.value),
        dim: layouts.dim(found.value),
        timing: layouts.timing(found.value),
        name: found.name,
        meaning: found.meaning,
    }
}

/// Weights that the nodes of a part read, also where the graph computes with them first, and no part before it.
fn parameters(wiring: &Wiring<'_>, part: &Part, counted: &mut BTreeSet<Value>) -> u64 {
    let steering = [ElementType::Int64, ElementType::Bool];
    let mut total = 0u64;
    for at in &part.nodes {
        for value in wiring.reads.get(*at).into_iter().flatten().flatten() {
            for (origin, tensor) in wiring.weights_behind(*value) {
                let several = tensor.elements() > 1 && !steering.contains(&tensor.element);
                if several && counted.insert(origin) {
                    total = total.saturating_add(tensor.elements());
                }
            }
        }
    }
    total
}
