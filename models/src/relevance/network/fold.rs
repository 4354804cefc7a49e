//! Networks with fewer steps that compute the same: norms and biases taken into the layers before
//! them, and zeros put around an input into the convolution that reads it.

use super::{Kind, Linear, Network, Node, Op};
use crate::relevance::tensor::Tensor;

/// Folds what can be folded exactly. Batch norms stay as they are with `norms_apart`.
pub(super) fn fold(network: &mut Network, norms_apart: bool) {
    while let Some(place) =
        (0..network.nodes.len()).find(|place| fold_at(network, *place, norms_apart).is_some())
    {
        network.nodes.remove(place);
    }
}

/// Takes the step at a place into one before or after it.
fn fold_at(network: &mut Network, place: usize, norms_apart: bool) -> Option<()> {
    let node = network.nodes[place].clone();
    match &node.op {
        Op::Affine { norm: true, .. } if norms_apart => None,
        Op::Affine { scale, shift, .. } => affine(network, &node, scale.as_ref(), shift.as_ref()),
        Op::Pad { before, after } => zeros(network, &node, before, after),
        _ => None,
    }
}

/// The step that alone makes a value, which only one step reads and nobody else asks for.
fn maker(network: &Network, value: usize) -> Option<usize> {
    if network.readers(value) != 1 || value == network.logits {
        return None;
    }
    network.nodes.iter().position(|node| node.output == value)
}

fn affine(
    network: &mut Network,
    node: &Node,
    scale: Option<&Tensor>,
    shift: Option<&Tensor>,
) -> Option<()> {
    let input = node.inputs[0];
    let mut before = maker(network, input)?;
    // A product of several axes is one of rows, whose shape is then restored.
    let mut behind = None;
    if matches!(network.nodes[before].op, Op::Reshape) {
        behind = Some(before);
        before = maker(network, network.nodes[before].inputs[0])?;
    }
    let channels = {
        let Op::Linear(linear) = &network.nodes[before].op else {
            return None;
        };
        let rows = network.dims(network.nodes[before].output).len();
        match behind {
            Some(_) if !linear.is_dense() => return None,
            Some(_) => network.dims(input).len() - 1,
            None if linear.is_dense() => rows - 1,
            None => 1,
        }
    };
    let rank = network.dims(input).len();
    let outputs = *network.dims(input).get(channels)?;
    let scale = scale.map(|c| by_channel(c, rank, channels, outputs));
    let shift = shift.map(|c| by_channel(c, rank, channels, outputs));
    if matches!(scale, Some(None)) || matches!(shift, Some(None)) {
        return None;
    }
    let Op::Linear(linear) = &mut network.nodes[before].op else {
        return None;
    };
    if linear.outputs() != outputs {
        return None;
    }
    if let Some(scale) = scale.flatten() {
        linear.weight = scaled(linear, &scale);
        for (bias, scale) in linear.bias.iter_mut().flatten().zip(&scale) {
            *bias = (f64::from(*bias) * f64::from(*scale)) as f32;
        }
    }
    if let Some(shift) = shift.flatten() {
        let bias = linear.bias.get_or_insert_with(|| vec![0.0; outputs]);
        for (bias, shift) in bias.iter_mut().zip(&shift) {
            *bias += shift;
        }
    }
    let last = behind.unwrap_or(before);
    network.nodes[last].output = node.output;
    Some(())
}

/// One number a channel, where a constant is that.
fn by_channel(c: &Tensor, rank: usize, axis: usize, channels: usize) -> Option<Vec<f32>> {
    if let [one] = *c.data {
        return Some(vec![one; channels]);
    }
    let from_end = rank - axis;
    let place = c.dims.len().checked_sub(from_end)?;
    let alone = c.dims.iter().product::<usize>() == c.dims[place];
    (alone && c.dims[place] == channels).then(|| c.data.to_vec())
}

/// The weight with every output channel scaled.
fn scaled(linear: &Linear, scale: &[f32]) -> Tensor {
    let dims = &linear.weight.dims;
    let channel: Box<dyn Fn(usize) -> usize> = match &linear.kind {
        Kind::Convolution { .. } | Kind::Dense { turned: true } => {
            let inner: usize = dims[1..].iter().product();
            Box::new(move |at| at / inner)
        }
        Kind::Dense { turned: false } => {
            let outputs = dims[1];
            Box::new(move |at| at % outputs)
        }
        Kind::Transposed { groups, .. } => {
            let (rows, outputs) = (dims[0] / groups, dims[1]);
            let inner: usize = dims[2..].iter().product();
            Box::new(move |at| {
                let (row, rest) = (at / (outputs * inner), at % (outputs * inner));
                row / rows * outputs + rest / inner
            })
        }
    };
    let weights = linear.weight.data.iter().enumerate();
    let scaled = weights.map(|(at, w)| (f64::from(*w) * f64::from(scale[channel(at)])) as f32);
    Tensor::new(dims.clone(), scaled.collect::<Vec<_>>())
}

/// Zeros around the input of a convolution are padding of the convolution.
fn zeros(network: &mut Network, node: &Node, before: &[usize], after: &[usize]) -> Option<()> {
    let inside = |pads: &[usize]| pads.get(..2) == Some(&[0, 0]);
    let alone = network.readers(node.output) == 1 && node.output != network.logits;
    if !alone || !inside(before) || !inside(after) {
        return None;
    }
    let reader = network
        .nodes
        .iter_mut()
        .find(|reader| reader.inputs.contains(&node.output))?;
    let Op::Linear(Linear {
        kind: Kind::Convolution { window, .. },
        ..
    }) = &mut reader.op
    else {
        return None;
    };
    for axis in 0..window.axes() {
        window.before[axis] += before[axis + 2];
        window.after[axis] += after[axis + 2];
    }
    reader.inputs = vec![node.inputs[0]];
    Some(())
}
