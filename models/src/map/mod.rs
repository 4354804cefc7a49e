//! The layer map: what is inside a graph, in the field's words.

use serde::Serialize;

use crate::tap::Tap;

/// What a repeating part of a network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// Attention and a feed-forward part on a residual stream.
    Transformer,
    /// A transformer block with a convolution module.
    Conformer,
    /// A convolution with what belongs to it.
    Conv,
    /// An LSTM, GRU or plain recurrent layer.
    Recurrent,
    /// A matrix product with what belongs to it.
    Dense,
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
    /// Blocks in the order of the graph.
    pub blocks: Vec<Block>,
    /// Named taps in the order of the graph.
    pub taps: Vec<Tap>,
    /// Values that no tap reaches.
    pub unreachable: Vec<Unreachable>,
    /// What a reader should know: what was not understood, what is quantised.
    pub notes: Vec<String>,
}
