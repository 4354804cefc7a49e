//! Which values are nowhere negative, whatever the input.

use crate::relevance::network::{Activation, Id, Network, Node, Op};

#[derive(Debug)]
pub(super) struct Known {
    not_negative: Vec<bool>,
}

impl Known {
    /// What is known of a network; nothing without `looking`.
    pub(super) fn of(network: &Network, looking: bool) -> Self {
        let mut known = Self {
            not_negative: vec![false; network.values.len()],
        };
        if looking {
            for node in &network.nodes {
                known.not_negative[node.output] = known.made_by(node);
            }
        }
        known
    }

    pub(super) fn not_negative(&self, id: Id) -> bool {
        self.not_negative.get(id).copied().unwrap_or(false)
    }

    fn made_by(&self, node: &Node) -> bool {
        let inputs = || node.inputs.iter().all(|id| self.not_negative(*id));
        match &node.op {
            Op::Activation(activation) => match activation {
                Activation::Relu
                | Activation::Sigmoid
                | Activation::Softplus
                | Activation::HardSigmoid { .. }
                | Activation::ThresholdedRelu(_) => true,
                Activation::Clip { least, .. } => *least >= 0.0,
                _ => inputs(),
            },
            Op::MaxPool(_)
            | Op::AveragePool { .. }
            | Op::Mean(_)
            | Op::Add
            | Op::Concat(_)
            | Op::Reshape
            | Op::Transpose(_)
            | Op::Pad { .. } => inputs(),
            Op::Affine { scale, shift, .. } => {
                let constants = scale.iter().chain(shift);
                let mut numbers = constants.flat_map(|c| c.data.iter());
                inputs() && numbers.all(|x| *x >= 0.0)
            }
            Op::Linear(_) => false,
        }
    }
}
