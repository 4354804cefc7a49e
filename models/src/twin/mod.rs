//! The random-weight twin of a network: the same graph with weights that know nothing.
//!
//! What a probe finds in a twin comes from the architecture and the input, not from training; so a
//! twin is the control beside every probe. It is made from the serialised graph alone: names,
//! shapes, operators and settings stay, and only the bytes of weights change.
//!
//! **Changed**: every stored tensor of more than one float (32, 64, 16 bits and bfloat16), whether
//! an initialiser or the value of a `Constant` node, in the graph, in bodies of `If`, `Loop` and
//! `Scan`, or in local functions: matrices, filters, biases, gains of norms, learned tables of
//! positions. Quantised weights (8 and 4 bits, and 32-bit biases) are drawn as integers within the
//! range that they have.
//!
//! **Kept**, each with its [`Reason`]: integers that steer the graph, single numbers, scales and
//! zero points of quantisation, constants of operators such as `Resize` and `Clip`, normalisation
//! of the input, tables that a formula made (masks, mel filters, Fourier bases, sinusoidal and
//! rotary positions), and tensors with infinities.
//!
//! What must stay positive, such as the running variance of a batch norm, is levelled to its mean
//! where other weights are redrawn: the channels of random filters vary about equally, and dividing
//! them by variances as different as trained ones makes activations explode with depth. A permuted
//! twin has the same numbers throughout, so a deep network with batch norms may explode in it; and a
//! recurrent network with random weights may be chaotic, so that two engines, which agree to the
//! sixth digit at each step, need not agree at the end.
//!
//! Each tensor has its own random stream, named by the tensor: same graph, kind and seed, same
//! bytes.

mod draw;
mod external;
mod layers;
mod network;
mod rewrite;
mod role;
mod stored;
mod tables;

pub use layers::{WeightLayer, weight_layers};
pub use role::Reason;
pub(crate) use stored::Stored;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use rewrite::Rewriting;

use crate::wire::survey;
use crate::{Error, GraphBytes, Model, Result};

/// Largest serialised message of protobuf, in bytes.
const LARGEST: usize = i32::MAX as usize;

/// How the weights of a twin are drawn, tensor by tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TwinKind {
    /// From a normal of the same mean and standard deviation.
    Redrawn,
    /// The same numbers in another order.
    Permuted,
}

impl TwinKind {
    /// All kinds, in the order that help shows them.
    pub const ALL: [Self; 2] = [Self::Redrawn, Self::Permuted];
}

impl fmt::Display for TwinKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redrawn => "redrawn",
            Self::Permuted => "permuted",
        })
    }
}

impl FromStr for TwinKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|kind| kind.to_string() == name);
        found.ok_or_else(|| {
            Error::malformed(
                format!("`{name}` as a kind of twin"),
                "it is one of redrawn, permuted",
            )
        })
    }
}

/// A stored tensor that a twin has from its original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Name of the value.
    pub name: String,
    /// Number of elements.
    pub elements: u64,
    /// Why it is kept.
    pub reason: Reason,
}

/// A network with random weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Twin {
    /// The graph, with all weights inside.
    pub graph: GraphBytes,
    /// How the weights were drawn.
    pub kind: TwinKind,
    /// Seed of the random streams.
    pub seed: u64,
    /// Number of tensors drawn anew.
    pub redrawn: usize,
    /// Number of their elements.
    pub redrawn_elements: u64,
    /// Those of them that were set to their mean in a [`TwinKind::Redrawn`] twin, because they must
    /// stay positive; in the order of the graph.
    pub levelled: Vec<String>,
    /// Stored tensors that are as they were, in the order of the graph.
    pub kept: Vec<Kept>,
}

/// The twin of a graph whose weights are all inside.
///
/// # Errors
/// As [`twin_beside`].
pub fn twin(graph: &GraphBytes, kind: TwinKind, seed: u64) -> Result<Twin> {
    twin_beside(graph, None, kind, seed)
}

/// The twin of a graph, whose weights may lie in files of `folder`. The twin has them inside.
///
/// # Errors
/// [`Error::NotOnnx`] when the bytes are no model; [`Error::Malformed`] for weights that contradict
/// their shape or make one file of more than 2 GiB; [`Error::External`] and [`Error::Io`] when a
/// file beside the graph lies outside the folder or cannot be read; [`Error::Weights`] when there are no weights to draw.
pub fn twin_beside(
    graph: &GraphBytes,
    folder: Option<&Path>,
    kind: TwinKind,
    seed: u64,
) -> Result<Twin> {
    made(graph, folder, (kind, seed), None)
}

/// A twin of which only the tensors of these names are drawn anew, each with the numbers that it has
/// in a whole twin of that kind and seed; all others are as they were.
///
/// # Errors
/// As [`twin_beside`].
pub fn partial_twin(
    graph: &GraphBytes,
    folder: Option<&Path>,
    (kind, seed): (TwinKind, u64),
    tensors: &BTreeSet<String>,
) -> Result<Twin> {
    made(graph, folder, (kind, seed), Some(tensors))
}

fn made(
    graph: &GraphBytes,
    folder: Option<&Path>,
    (kind, seed): (TwinKind, u64),
    only: Option<&BTreeSet<String>>,
) -> Result<Twin> {
    survey(graph.bytes())?;
    let mut rewriting = Rewriting::new(graph.bytes(), folder, kind, seed)?;
    rewriting.only = only;
    let bytes = rewriting.model(graph.bytes())?;
    if rewriting.redrawn.is_empty() {
        return Err(Error::Weights {
            model: "a twin".to_owned(),
            why: "the graph stores no weights that could be drawn anew".to_owned(),
        });
    }
    if bytes.len() > LARGEST {
        return Err(Error::malformed(
            "the graph",
            "with its weights inside it is larger than the 2 GiB that one ONNX file may have",
        ));
    }
    Ok(Twin {
        graph: GraphBytes::new(bytes),
        kind,
        seed,
        redrawn: rewriting.redrawn.len(),
        redrawn_elements: rewriting.redrawn_elements,
        levelled: rewriting.levelled,
        kept: rewriting.kept,
    })
}

impl Model {
    /// The model's twin: everything as it is, but the weights. Its name says what it is, for
    /// example `ge2e (redrawn, seed 1)`, and its weights' hash is that of the new graph.
    ///
    /// # Errors
    /// As [`twin_beside`].
    pub fn twin(&self, kind: TwinKind, seed: u64) -> Result<Self> {
        let made = twin_beside(&self.graph, self.weights_dir.as_deref(), kind, seed)?;
        Ok(Self {
            name: format!("{} ({kind}, seed {seed})", self.name),
            source: format!("{}; weights {kind} with seed {seed}", self.source),
            weights_sha256: made.graph.sha256().to_owned(),
            weights_dir: None,
            trained_on: format!("nothing: weights {kind}"),
            graph: made.graph,
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests;
