//! The forward network as relevance sees it: few kinds of nodes, every shape known.

mod fold;
mod geometry;
mod integers;
mod layers;
mod operators;
mod read;
mod simple;
mod weights;
mod window;

pub(super) use read::{Reading, read, refused};
pub(super) use window::{Window, wide};

use super::tensor::Tensor;

/// A value, by its place in [`Network::values`].
pub(super) type Id = usize;

/// An inner value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    /// Its name in the ONNX file.
    pub(super) name: String,
    /// Its shape, batch first.
    pub(super) dims: Vec<usize>,
}

/// One step of the forward pass.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Name for people: the node's, or that of its value.
    pub(super) name: String,
    pub(super) op: Op,
    pub(super) inputs: Vec<Id>,
    pub(super) output: Id,
}

/// What a step does.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Linear(Linear),
    /// x · scale + shift with constants that broadcast; `norm` when it was a `BatchNormalization`.
    Affine {
        scale: Option<Tensor>,
        shift: Option<Tensor>,
        norm: bool,
    },
    MaxPool(Window),
    /// Sums over windows, divided by `divisor` (shape of the output without batch and channel).
    AveragePool {
        window: Window,
        divisor: Tensor,
    },
    /// Mean over axes, which stay with size one.
    Mean(Vec<usize>),
    Activation(Activation),
    /// Sum of variable values of one shape.
    Add,
    Concat(usize),
    Reshape,
    Transpose(Vec<usize>),
    /// Zeros before and behind each axis.
    Pad {
        before: Vec<usize>,
        after: Vec<usize>,
    },
}

/// A layer with weights.
#[derive(Debug, Clone)]
pub(super) struct Linear {
    pub(super) kind: Kind,
    /// As in ONNX: `[M, C/g, k…]`, for transposed convolutions `[C, M/g, k…]`, for dense layers
    /// `[in, out]` or `[out, in]`.
    pub(super) weight: Tensor,
    /// One number an output channel.
    pub(super) bias: Option<Vec<f32>>,
}

/// How a layer with weights connects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Convolution {
        window: Window,
        groups: usize,
    },
    Transposed {
        window: Window,
        groups: usize,
        output_padding: Vec<usize>,
    },
    /// `turned` when the weight is `[out, in]`.
    Dense {
        turned: bool,
    },
}

impl Linear {
    pub(super) fn groups(&self) -> usize {
        match &self.kind {
            Kind::Convolution { groups, .. } | Kind::Transposed { groups, .. } => *groups,
            Kind::Dense { .. } => 1,
        }
    }

    /// Input channels.
    pub(super) fn inputs(&self) -> usize {
        let dims = &self.weight.dims;
        match &self.kind {
            Kind::Convolution { groups, .. } => dims[1] * groups,
            Kind::Transposed { .. } | Kind::Dense { turned: false } => dims[0],
            Kind::Dense { turned: true } => dims[1],
        }
    }

    /// Output channels.
    pub(super) fn outputs(&self) -> usize {
        let dims = &self.weight.dims;
        match &self.kind {
            Kind::Convolution { .. } | Kind::Dense { turned: true } => dims[0],
            Kind::Transposed { groups, .. } => dims[1] * groups,
            Kind::Dense { turned: false } => dims[1],
        }
    }

    pub(super) fn is_dense(&self) -> bool {
        matches!(self.kind, Kind::Dense { .. })
    }

    /// The operator, for people.
    pub(super) fn operator(&self) -> &'static str {
        match self.kind {
            Kind::Convolution { .. } => "Conv",
            Kind::Transposed { .. } => "ConvTranspose",
            Kind::Dense { .. } => "Dense",
        }
    }
}

/// A function of each number by itself that never falls.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Activation {
    Relu,
    LeakyRelu(f32),
    /// Slopes that broadcast, none negative.
    PRelu(Tensor),
    Elu(f32),
    Selu {
        alpha: f32,
        gamma: f32,
    },
    Celu(f32),
    Sigmoid,
    Tanh,
    Softplus,
    Softsign,
    HardSigmoid {
        alpha: f32,
        beta: f32,
    },
    Clip {
        least: f32,
        most: f32,
    },
    ThresholdedRelu(f32),
    Erf,
}

/// A forward network from one input to one row of logits.
#[derive(Debug, Clone)]
pub(super) struct Network {
    pub(super) values: Vec<Value>,
    /// In an order in which each step follows those that it reads.
    pub(super) nodes: Vec<Node>,
    pub(super) input: Id,
    pub(super) logits: Id,
}

impl Network {
    pub(super) fn dims(&self, id: Id) -> &[usize] {
        &self.values[id].dims
    }

    /// How many steps read a value.
    pub(super) fn readers(&self, id: Id) -> usize {
        self.nodes
            .iter()
            .flat_map(|node| &node.inputs)
            .filter(|input| **input == id)
            .count()
    }

    /// Items in the batch.
    pub(super) fn batch(&self) -> usize {
        self.dims(self.input).first().copied().unwrap_or(1)
    }

    /// Classes that the logits speak of.
    pub(super) fn classes(&self) -> usize {
        let elements: usize = self.dims(self.logits).iter().product();
        elements / self.batch().max(1)
    }
}
