//! Feed-forward convolutional classifiers trained here, written as ONNX.

use super::{IR_VERSION, OPSET, PRODUCER, dim};
use crate::wire::{Attribute, Dim, ElementType, Suffix};
use crate::{Error, Result};

/// A layer of a feed-forward network, with its weights. Values are `[batch, channel, bin, frame]`
/// up to [`Layer::Flatten`] and `[batch, unit]` behind it.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// A two-dimensional convolution.
    Convolution {
        /// `[output, input of its group, bin, frame]`, row-major.
        weights: Vec<f32>,
        /// `[output]`; empty for none.
        bias: Vec<f32>,
        /// Input channels.
        inputs: usize,
        /// Output channels.
        outputs: usize,
        /// Equal groups of channels, each computed from the same group of inputs alone; 1 for all
        /// from all.
        groups: usize,
        /// Bins and frames that one output sees.
        kernel: [usize; 2],
        /// Bins and frames from one output to the next.
        strides: [usize; 2],
        /// Zeros on both sides of bins and of frames.
        pads: [usize; 2],
        /// Bins and frames from one that an output sees to the next.
        dilations: [usize; 2],
    },
    /// Batch normalisation by statistics of the training data, one number a channel.
    Norm {
        /// Factor.
        gain: Vec<f32>,
        /// What is added afterwards.
        shift: Vec<f32>,
        /// Mean in training.
        mean: Vec<f32>,
        /// Variance in training.
        variance: Vec<f32>,
        /// Added to the variance.
        epsilon: f32,
    },
    /// max(x, 0).
    Relu,
    /// The largest of so many bins and frames, which do not overlap.
    MaxPool([usize; 2]),
    /// The values of an earlier layer of the same shape, by the name of its output, are added.
    Add(String),
    /// The mean of every channel, over one bin and one frame.
    Mean,
    /// `[batch, channel · bin · frame]`, channels slowest.
    Flatten,
    /// A dense layer.
    Dense {
        /// `[output, input]`, row-major.
        weights: Vec<f32>,
        /// `[output]`.
        bias: Vec<f32>,
    },
}

/// A feed-forward classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Feedforward {
    /// Name of the graph.
    pub name: String,
    /// Name of the input.
    pub input: String,
    /// Channels, bins and frames of the input.
    pub shape: [usize; 3],
    /// The layers, first to last, each with the name of its output. The last is the output of the
    /// graph, `[batch, class]`.
    pub layers: Vec<(String, Layer)>,
}

/// Writes a classifier as an ONNX model, opset 17, whose batch is free. Same layers, same bytes.
///
/// # Errors
/// [`Error::Weights`] naming the layer whose weights do not fit what comes before it.
pub fn feedforward(network: &Feedforward) -> Result<Vec<u8>> {
    let mut graph = Suffix::new();
    let [channels, bins, frames] = network.shape;
    graph
        .header(IR_VERSION, OPSET, PRODUCER)
        .graph_name(&network.name);
    graph.input(
        &network.input,
        ElementType::Float32,
        &declared(&[channels, bins, frames]),
    );
    let mut shape = vec![channels, bins, frames];
    let mut current = network.input.as_str();
    let last = network.layers.len().saturating_sub(1);
    if network.layers.is_empty() {
        return Err(misfit(network, "the network", "it has no layers"));
    }
    for (place, (name, layer)) in network.layers.iter().enumerate() {
        shape = write(&mut graph, layer, (current, name), &shape)
            .map_err(|why| misfit(network, name, &why))?;
        let dims = declared(&shape);
        if place == last {
            graph.typed_output(name, ElementType::Float32, &dims);
        } else {
            graph.inner(name, ElementType::Float32, &dims);
        }
        current = name;
    }
    Ok(graph.finish())
}

fn misfit(network: &Feedforward, layer: &str, why: &str) -> Error {
    Error::Weights {
        model: network.name.clone(),
        why: format!("layer `{layer}`: {why}"),
    }
}

fn declared(shape: &[usize]) -> Vec<Dim> {
    let sizes = shape.iter().map(|size| dim(*size).into());
    std::iter::once("batch".into()).chain(sizes).collect()
}

/// Writes one layer; its output's shape without the batch.
fn write(
    graph: &mut Suffix,
    layer: &Layer,
    (from, to): (&str, &str),
    shape: &[usize],
) -> Result<Vec<usize>, String> {
    let part = |what: &str| format!("{to}.{what}");
    match (layer, shape) {
        (
            Layer::Convolution {
                weights,
                bias,
                inputs,
                outputs,
                groups,
                kernel,
                strides,
                pads,
                dilations,
            },
            [channels, bins, frames],
        ) => {
            if inputs != channels {
                return Err(format!("takes {inputs} channels, and there are {channels}"));
            }
            let split = |size: &usize| *groups > 0 && size.is_multiple_of(*groups);
            if ![inputs, outputs].into_iter().all(split) {
                return Err(format!(
                    "{inputs} inputs and {outputs} outputs do not make {groups} groups"
                ));
            }
            let seen = inputs / groups;
            counted("weights", weights, outputs * seen * kernel[0] * kernel[1])?;
            let sizes = [bins, frames].map(|size| *size);
            let seen_of = |axis: usize| 1 + kernel[axis].saturating_sub(1) * dilations[axis];
            let slid = slid(sizes, [seen_of(0), seen_of(1)], *strides, *pads)?;
            let dims = [*outputs, seen, kernel[0], kernel[1]].map(dim);
            graph.init_f32(&part("weight"), &dims, weights);
            let mut given = vec![from.to_owned(), part("weight")];
            if !bias.is_empty() {
                counted("bias", bias, *outputs)?;
                graph.init_f32(&part("bias"), &dims[..1], bias);
                given.push(part("bias"));
            }
            let given: Vec<&str> = given.iter().map(String::as_str).collect();
            let lists = [*kernel, *strides, *pads, *dilations].map(|pair| pair.map(dim));
            let both = [lists[2][0], lists[2][1], lists[2][0], lists[2][1]];
            let mut settings = vec![
                ("kernel_shape", Attribute::Ints(&lists[0])),
                ("strides", Attribute::Ints(&lists[1])),
                ("pads", Attribute::Ints(&both)),
            ];
            if *dilations != [1, 1] {
                settings.push(("dilations", Attribute::Ints(&lists[3])));
            }
            if *groups > 1 {
                settings.push(("group", Attribute::Int(dim(*groups))));
            }
            graph.node("Conv", &given, &[to], &settings);
            Ok(vec![*outputs, slid[0], slid[1]])
        }
        (
            Layer::Norm {
                gain,
                shift,
                mean,
                variance,
                epsilon,
            },
            [channels, ..],
        ) => {
            let parts = ["gain", "shift", "mean", "variance"];
            for (what, values) in parts.iter().zip([gain, shift, mean, variance]) {
                counted(what, values, *channels)?;
                graph.init_f32(&part(what), &[dim(*channels)], values);
            }
            let given = parts.map(part);
            let given: Vec<&str> = std::iter::once(from)
                .chain(given.iter().map(String::as_str))
                .collect();
            let epsilon = [("epsilon", Attribute::Float(*epsilon))];
            graph.node("BatchNormalization", &given, &[to], &epsilon);
            Ok(shape.to_vec())
        }
        (Layer::Relu, _) => {
            graph.node("Relu", &[from], &[to], &[]);
            Ok(shape.to_vec())
        }
        (Layer::MaxPool(kernel), [channels, bins, frames]) => {
            let slid = slid([*bins, *frames], *kernel, *kernel, [0, 0])?;
            let list = kernel.map(dim);
            let settings = [
                ("kernel_shape", Attribute::Ints(&list)),
                ("strides", Attribute::Ints(&list)),
            ];
            graph.node("MaxPool", &[from], &[to], &settings);
            Ok(vec![*channels, slid[0], slid[1]])
        }
        (Layer::Add(other), _) => {
            graph.node("Add", &[other, from], &[to], &[]);
            Ok(shape.to_vec())
        }
        (Layer::Mean, [channels, _, _]) => {
            graph.node("GlobalAveragePool", &[from], &[to], &[]);
            Ok(vec![*channels, 1, 1])
        }
        (Layer::Flatten, _) => {
            graph.node("Flatten", &[from], &[to], &[]);
            Ok(vec![shape.iter().product()])
        }
        (Layer::Dense { weights, bias }, [inputs]) => {
            counted("weights", weights, bias.len() * inputs)?;
            graph
                .init_f32(&part("weight"), &[dim(bias.len()), dim(*inputs)], weights)
                .init_f32(&part("bias"), &[dim(bias.len())], bias)
                .node(
                    "Gemm",
                    &[from, &part("weight"), &part("bias")],
                    &[to],
                    &[("transB", Attribute::Int(1))],
                );
            Ok(vec![bias.len()])
        }
        (_, other) => Err(format!("cannot follow values of shape {other:?}")),
    }
}

fn counted(what: &str, values: &[f32], needed: usize) -> Result<(), String> {
    if values.len() == needed && values.iter().all(|x| x.is_finite()) {
        return Ok(());
    }
    let found = values.len();
    Err(format!(
        "{what}: {found} values, needed {needed} finite ones"
    ))
}

/// Positions of a kernel that slides over padded sizes.
fn slid(
    sizes: [usize; 2],
    kernel: [usize; 2],
    strides: [usize; 2],
    pads: [usize; 2],
) -> Result<[usize; 2], String> {
    let mut out = [0; 2];
    for axis in 0..2 {
        let rest = (sizes[axis] + 2 * pads[axis]).checked_sub(kernel[axis]);
        match (rest, kernel[axis], strides[axis]) {
            (Some(rest), 1.., stride @ 1..) => out[axis] = 1 + rest / stride,
            _ => return Err(format!("{kernel:?} does not slide over {sizes:?}")),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::survey;

    fn network() -> Feedforward {
        let named = |name: &str, layer| (name.to_owned(), layer);
        Feedforward {
            name: "small".into(),
            input: "spectrogram".into(),
            shape: [1, 5, 4],
            layers: vec![
                named(
                    "conv.0",
                    Layer::Convolution {
                        weights: vec![0.5; 2 * 9],
                        bias: vec![],
                        inputs: 1,
                        outputs: 2,
                        groups: 1,
                        kernel: [3, 3],
                        strides: [2, 1],
                        pads: [1, 1],
                        dilations: [1, 1],
                    },
                ),
                named(
                    "norm.0",
                    Layer::Norm {
                        gain: vec![1.0; 2],
                        shift: vec![0.0; 2],
                        mean: vec![0.0; 2],
                        variance: vec![1.0; 2],
                        epsilon: 1e-5,
                    },
                ),
                named("relu.0", Layer::Relu),
                named("pool.0", Layer::MaxPool([1, 2])),
                named("flat", Layer::Flatten),
                named(
                    "logits",
                    Layer::Dense {
                        weights: vec![0.1; 2 * 12],
                        bias: vec![0.0; 2],
                    },
                ),
            ],
        }
    }

    #[test]
    fn every_layer_declares_its_shape() {
        let bytes = feedforward(&network()).unwrap();
        assert_eq!(bytes, feedforward(&network()).unwrap());
        let found = survey(&bytes).unwrap();
        let operators: Vec<_> = found.nodes.iter().map(|n| n.operator.as_str()).collect();
        let expected = [
            "Conv",
            "BatchNormalization",
            "Relu",
            "MaxPool",
            "Flatten",
            "Gemm",
        ];
        assert_eq!(operators, expected);
        let dims = |name: &str| {
            let inner = found.inner.iter().find(|value| value.name == name);
            inner.unwrap().dims.clone().unwrap()
        };
        assert_eq!(dims("conv.0"), declared(&[2, 3, 4]));
        assert_eq!(dims("pool.0"), declared(&[2, 3, 2]));
        assert_eq!(found.outputs[0].dims, Some(declared(&[2])));
    }

    #[test]
    fn weights_that_do_not_fit_are_named_with_their_layer() {
        let mut wrong = network();
        wrong.layers[5].1 = Layer::Dense {
            weights: vec![0.1; 7],
            bias: vec![0.0; 2],
        };
        let error = feedforward(&wrong).unwrap_err().to_string();
        assert!(
            error.contains("`logits`") && error.contains("needed 24"),
            "{error}"
        );
        let mut wrong = network();
        wrong.layers.remove(4);
        let error = feedforward(&wrong).unwrap_err().to_string();
        assert!(error.contains("cannot follow"), "{error}");
        wrong.layers.clear();
        assert!(feedforward(&wrong).is_err());
        let mut wrong = network();
        if let Layer::Convolution { groups, .. } = &mut wrong.layers[0].1 {
            *groups = 2;
        }
        let error = feedforward(&wrong).unwrap_err().to_string();
        assert!(error.contains("do not make 2 groups"), "{error}");
    }
}
