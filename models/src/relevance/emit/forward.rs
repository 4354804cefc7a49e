//! The forward pass.

use super::{Emitter, Map, Setting, Settings};
use crate::relevance::network::{Activation, Network, Node, Op, wide};
use crate::relevance::tensor::Tensor;

/// Writes the forward pass. Values keep the names that they have in the model.
pub(in crate::relevance) fn forward(e: &mut Emitter, network: &Network) {
    for node in &network.nodes {
        step(e, network, node);
    }
}

fn step(e: &mut Emitter, network: &Network, node: &Node) {
    let name = |id: usize| network.values[id].name.as_str();
    let output = [name(node.output).to_owned()];
    let inputs: Vec<&str> = node.inputs.iter().map(|id| name(*id)).collect();
    let x = inputs.first().copied().unwrap_or_default();
    match &node.op {
        Op::Linear(linear) => {
            let map = Map {
                linear,
                key: name(node.output),
                from: network.dims(node.inputs[0]),
                to: network.dims(node.output),
            };
            let own = map.own();
            let weight = e.floats(&own.key, || own.tensor.clone());
            let (operator, settings) = map.operator(&own.tensor);
            match &linear.bias {
                Some(bias) => {
                    let key = format!("{}/bias", map.key);
                    let bias = e.floats(&key, || Tensor::new(vec![bias.len()], bias.clone()));
                    e.named(operator, &[x, &weight, &bias], &output, settings);
                }
                None => e.named(operator, &[x, &weight], &output, settings),
            }
        }
        Op::Affine { scale, shift, .. } => affine(e, x, scale.as_ref(), shift.as_ref(), &output),
        Op::MaxPool(window) => {
            let settings = vec![
                ("kernel_shape", Setting::Ints(wide(&window.kernel))),
                ("strides", Setting::Ints(wide(&window.strides))),
                ("dilations", Setting::Ints(wide(&window.dilations))),
                ("pads", Setting::Ints(window.pads())),
            ];
            e.named("MaxPool", &[x], &output, settings);
        }
        Op::AveragePool { window, divisor } => {
            // The sum over each window as a convolution of its own channel with ones, or from the
            // mean over the whole window.
            let whole: usize = window.kernel.iter().product();
            let plain = window.dilations.iter().all(|d| *d == 1);
            let factor = |n: f32| if plain { whole as f32 / n } else { n.recip() };
            let factors = divisor.map(factor);
            let sum = if plain {
                let settings = vec![
                    ("kernel_shape", Setting::Ints(wide(&window.kernel))),
                    ("strides", Setting::Ints(wide(&window.strides))),
                    ("pads", Setting::Ints(window.pads())),
                    ("count_include_pad", Setting::Int(1)),
                ];
                if factors.data.iter().all(|factor| *factor == 1.0) {
                    e.named("AveragePool", &[x], &output, settings);
                    return;
                }
                e.with("AveragePool", &[x], settings)
            } else {
                let channels = network.dims(node.output)[1];
                let dims = [&[channels, 1], window.kernel.as_slice()].concat();
                let key = format!("{}/ones", output[0]);
                let ones = e.floats(&key, || Tensor::filled(dims, 1.0));
                let settings = vec![
                    ("strides", Setting::Ints(wide(&window.strides))),
                    ("dilations", Setting::Ints(wide(&window.dilations))),
                    ("pads", Setting::Ints(window.pads())),
                    ("group", Setting::Int(wide(&[channels])[0])),
                ];
                e.with("Conv", &[x, &ones], settings)
            };
            let factors = e.floats(&format!("{}/factors", output[0]), || factors);
            e.named("Mul", &[&sum, &factors], &output, vec![]);
        }
        Op::Mean(axes) => {
            let axes = e.ints(&wide(axes));
            let keep = vec![("keepdims", Setting::Int(1))];
            e.named("ReduceMean", &[x, &axes], &output, keep);
        }
        Op::Activation(activation) => apply(e, activation, x, &output),
        Op::Add if inputs.len() == 2 => e.named("Add", &inputs, &output, vec![]),
        Op::Add => e.named("Sum", &inputs, &output, vec![]),
        Op::Concat(axis) => {
            let axis = vec![("axis", Setting::Int(wide(&[*axis])[0]))];
            e.named("Concat", &inputs, &output, axis);
        }
        Op::Reshape => {
            let dims = e.ints(&wide(network.dims(node.output)));
            e.named("Reshape", &[x, &dims], &output, vec![]);
        }
        Op::Transpose(order) => {
            let order = vec![("perm", Setting::Ints(wide(order)))];
            e.named("Transpose", &[x], &output, order);
        }
        Op::Pad { before, after } => {
            let pads = e.ints(&wide(before.iter().chain(after)));
            e.named("Pad", &[x, &pads], &output, vec![]);
        }
    }
}

fn affine(
    e: &mut Emitter,
    x: &str,
    scale: Option<&Tensor>,
    shift: Option<&Tensor>,
    output: &[String; 1],
) {
    let scale = scale.map(|c| e.floats(&format!("{}/scale", output[0]), || c.clone()));
    let shift = shift.map(|c| e.floats(&format!("{}/shift", output[0]), || c.clone()));
    match (scale, shift) {
        (Some(scale), Some(shift)) => {
            let scaled = e.op("Mul", &[x, &scale]);
            e.named("Add", &[&scaled, &shift], output, vec![]);
        }
        (Some(scale), None) => e.named("Mul", &[x, &scale], output, vec![]),
        (None, Some(shift)) => e.named("Add", &[x, &shift], output, vec![]),
        (None, None) => e.named("Identity", &[x], output, vec![]),
    }
}

fn apply(e: &mut Emitter, activation: &Activation, x: &str, output: &[String; 1]) {
    let alpha = |alpha: f32| vec![("alpha", Setting::Float(alpha))];
    let (operator, settings): (_, Settings) = match activation {
        Activation::Relu => ("Relu", vec![]),
        Activation::LeakyRelu(slope) => ("LeakyRelu", alpha(*slope)),
        Activation::Elu(a) => ("Elu", alpha(*a)),
        Activation::Celu(a) => ("Celu", alpha(*a)),
        Activation::ThresholdedRelu(a) => ("ThresholdedRelu", alpha(*a)),
        Activation::Selu { alpha: a, gamma } => {
            let mut settings = alpha(*a);
            settings.push(("gamma", Setting::Float(*gamma)));
            ("Selu", settings)
        }
        Activation::HardSigmoid { alpha: a, beta } => {
            let mut settings = alpha(*a);
            settings.push(("beta", Setting::Float(*beta)));
            ("HardSigmoid", settings)
        }
        Activation::Sigmoid => ("Sigmoid", vec![]),
        Activation::Tanh => ("Tanh", vec![]),
        Activation::Softplus => ("Softplus", vec![]),
        Activation::Softsign => ("Softsign", vec![]),
        Activation::Erf => ("Erf", vec![]),
        Activation::PRelu(slopes) => {
            let slopes = e.floats(&format!("{}/slopes", output[0]), || slopes.clone());
            e.named("PRelu", &[x, &slopes], output, vec![]);
            return;
        }
        Activation::Clip { least, most } => {
            let (least, most) = (e.scalar(*least), e.scalar(*most));
            e.named("Clip", &[x, &least, &most], output, vec![]);
            return;
        }
    };
    e.named(operator, &[x], output, settings);
}
