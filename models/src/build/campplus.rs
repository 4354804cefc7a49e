//! The CAM++ speaker encoder of 3D-Speaker: a convolutional head over frequency and time, three
//! blocks of densely connected time-delay layers with context-aware masks, statistics over time.
//!
//! Source: Wang et al. 2023, "CAM++: A fast and efficient network for speaker verification using
//! context-aware masking"; layout of the checkpoint as in 3D-Speaker's `DTDNN.py` (Apache-2.0). Its
//! definition ends in a batch norm; the ReLU that one re-distribution adds is left out.

mod head;

use super::{IR_VERSION, OPSET, PRODUCER, count_layers, dim};
use crate::weights::Weights;
use crate::wire::{Attribute, Dim, ElementType, Suffix};
use crate::{Error, Result};

const EPSILON: f32 = 1e-5;
/// Steps over which a layer's context is averaged, besides the whole utterance.
const SEGMENT: usize = 100;
/// Dilation of the layers of each block.
const DILATIONS: [usize; 3] = [1, 2, 2];
/// Kernel, stride, padding and dilation along each axis.
#[derive(Debug, Clone, Copy)]
struct Window<const N: usize> {
    kernel: [usize; N],
    stride: [usize; N],
    dilation: usize,
}

impl<const N: usize> Window<N> {
    /// A window of this kernel that moves by one.
    fn of(kernel: usize) -> Self {
        Self {
            kernel: [kernel; N],
            stride: [1; N],
            dilation: 1,
        }
    }

    fn stride(self, stride: [usize; N]) -> Self {
        Self { stride, ..self }
    }

    fn dilation(self, dilation: usize) -> Self {
        Self { dilation, ..self }
    }
}

struct Writer<'a> {
    graph: Suffix,
    weights: &'a Weights,
}

/// Writes the graph: `fbank` [batch, time, mel] in; `embedding` [batch, dim] out; inside the head's
/// outputs, each layer of each block, the blocks and the pooled statistics.
pub(super) fn write(weights: &Weights) -> Result<Vec<u8>> {
    let mut writer = Writer {
        graph: Suffix::new(),
        weights,
    };
    writer.constants();
    let image = writer.head()?;
    let frames = writer.blocks(&image)?;
    writer.readout(&frames)?;
    Ok(writer.graph.finish())
}

impl Writer<'_> {
    fn constants(&mut self) {
        self.graph
            .header(IR_VERSION, OPSET, PRODUCER)
            .graph_name("campplus")
            .init_i64("axis.channel", &[1], &[1])
            .init_i64("axis.last", &[1], &[-1])
            .init_i64("axis.time", &[1], &[2])
            .init_i64("after.time", &[1], &[3])
            .init_i64("start", &[1], &[0])
            .init_i64("join.last", &[3], &[0, 0, -1])
            .init_i64("one", &[1], &[1])
            .init_f32("repeat", &[1, 1, 1, dim(SEGMENT)], &[1.0; SEGMENT]);
    }

    /// Sizes of a convolution's weight: output and input channels, then the kernel.
    fn sizes(&self, name: &str) -> Result<&[usize]> {
        self.weights.shape(&format!("{name}.weight"))
    }

    fn channels(&self, name: &str) -> Result<usize> {
        Ok(self.sizes(name)?.first().copied().unwrap_or(0))
    }

    /// Adds `{output}` = the convolution `source` of `input`, with a bias if it has one.
    fn conv<const N: usize>(
        &mut self,
        source: &str,
        input: &str,
        output: &str,
        window: Window<N>,
    ) -> Result<()> {
        let found = self.sizes(source)?;
        let [out, fan_in, ..] = *found else {
            return Err(wrong(format!(
                "weight `{source}.weight` has {} axes",
                found.len()
            )));
        };
        let shape = [&[out, fan_in][..], &window.kernel].concat();
        let (weight, bias) = (format!("{source}.weight"), format!("{source}.bias"));
        let dims: Vec<i64> = shape.iter().copied().map(dim).collect();
        let values = self.weights.floats(&weight, &shape)?;
        self.graph.init_f32(&weight, &dims, values);
        let mut inputs = vec![input, &weight];
        if self.weights.get(&bias).is_some() {
            let values = self.weights.floats(&bias, &[out])?;
            self.graph.init_f32(&bias, &[dim(out)], values);
            inputs.push(&bias);
        }
        let list = |sizes: &[usize]| sizes.iter().copied().map(dim).collect::<Vec<_>>();
        // As many steps come out as go in.
        let pads = window.kernel.map(|k| (k - 1) / 2 * window.dilation);
        let pads = [list(&pads), list(&pads)].concat();
        self.graph.node(
            "Conv",
            &inputs,
            &[output],
            &[
                ("dilations", Attribute::Ints(&[dim(window.dilation); N])),
                ("kernel_shape", Attribute::Ints(&list(&window.kernel))),
                ("pads", Attribute::Ints(&pads)),
                ("strides", Attribute::Ints(&list(&window.stride))),
            ],
        );
        Ok(())
    }

    /// Adds `{output}` = the batch norm `source` of `input`, with its running statistics.
    fn norm(&mut self, source: &str, input: &str, output: &str) -> Result<()> {
        let mean = format!("{source}.running_mean");
        let n = self.weights.shape(&mean)?.first().copied().unwrap_or(0);
        let affine = self.weights.get(&format!("{source}.weight")).is_some();
        let mut inputs = vec![input.to_owned()];
        for (part, plain) in [
            ("weight", Some(1.0)),
            ("bias", Some(0.0)),
            ("running_mean", None),
            ("running_var", None),
        ] {
            let name = format!("{source}.{part}");
            match plain.filter(|_| !affine) {
                Some(value) => self.graph.init_f32(&name, &[dim(n)], &vec![value; n]),
                None => {
                    let values = self.weights.floats(&name, &[n])?;
                    self.graph.init_f32(&name, &[dim(n)], values)
                }
            };
            inputs.push(name);
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let attributes = [("epsilon", Attribute::Float(EPSILON))];
        self.graph
            .node("BatchNormalization", &inputs, &[output], &attributes);
        Ok(())
    }

    /// Adds batch norm and ReLU.
    fn norm_relu(&mut self, source: &str, input: &str, output: &str) -> Result<()> {
        let raw = format!("{output}.norm");
        self.norm(source, input, &raw)?;
        self.graph.node("Relu", &[&raw], &[output], &[]);
        Ok(())
    }

    fn declare(&mut self, name: &str, dims: &[Dim]) {
        self.graph.inner(name, ElementType::Float32, dims);
    }

    /// The time-delay layers; gives the name of their output [batch, dim, time].
    fn blocks(&mut self, input: &str) -> Result<String> {
        let sequence = |n: usize| -> [Dim; 3] { ["batch".into(), dim(n).into(), "time".into()] };
        let first = Window::<1>::of(5).stride([2]);
        self.conv("xvector.tdnn.linear", input, "tdnn.raw", first)?;
        self.norm_relu("xvector.tdnn.nonlinear.batchnorm", "tdnn.raw", "tdnn")?;
        let mut width = self.channels("xvector.tdnn.linear")?;
        self.declare("tdnn", &sequence(width));
        let mut current = "tdnn".to_owned();
        for (block, dilation) in DILATIONS.into_iter().enumerate() {
            let source = |part: &str| format!("xvector.block{}.{part}", block + 1);
            let layers = count_layers(self.weights, |k| {
                source(&format!("tdnnd{}.linear1.weight", k + 1))
            });
            for layer in 0..layers {
                let at = source(&format!("tdnnd{}", layer + 1));
                let name = format!("block.{block}.layer.{layer}");
                self.dense_layer(&at, &current, &name, dilation)?;
                let grown = self.channels(&format!("{at}.cam_layer.linear_local"))?;
                self.declare(&name, &sequence(grown));
                width += grown;
                // The block's output is what its last layer adds to, whole.
                let joined = if layer + 1 == layers {
                    format!("block.{block}")
                } else {
                    format!("{name}.joined")
                };
                let axis = [("axis", Attribute::Int(1))];
                self.graph
                    .node("Concat", &[&current, &name], &[&joined], &axis);
                current = joined;
            }
            self.declare(&current, &sequence(width));
            let transit = format!("xvector.transit{}", block + 1);
            let (active, name) = (format!("transit.{block}.act"), format!("transit.{block}"));
            self.norm_relu(&format!("{transit}.nonlinear.batchnorm"), &current, &active)?;
            let linear = format!("{transit}.linear");
            self.conv(&linear, &active, &name, Window::<1>::of(1))?;
            width = self.channels(&linear)?;
            self.declare(&name, &sequence(width));
            current = name;
        }
        self.norm_relu("xvector.out_nonlinear.batchnorm", &current, "frames")?;
        self.declare("frames", &sequence(width));
        Ok("frames".to_owned())
    }

    /// One layer: a narrow bottleneck, a convolution over time, and a mask computed from the context:
    /// the mean of the utterance plus that of the segment of 100 steps.
    fn dense_layer(
        &mut self,
        source: &str,
        input: &str,
        output: &str,
        dilation: usize,
    ) -> Result<()> {
        let step = |part: &str| format!("{output}.{part}");
        let at = |part: &str| format!("{source}.{part}");
        let point = Window::<1>::of(1);
        self.norm_relu(&at("nonlinear1.batchnorm"), input, &step("act.0"))?;
        self.conv(&at("linear1"), &step("act.0"), &step("raw"), point)?;
        let hidden = step("bottleneck");
        self.norm_relu(&at("nonlinear2.batchnorm"), &step("raw"), &hidden)?;
        let local = Window::<1>::of(3).dilation(dilation);
        self.conv(
            &at("cam_layer.linear_local"),
            &hidden,
            &step("local"),
            local,
        )?;
        let last = [
            ("axes", Attribute::Ints(&[-1])),
            ("keepdims", Attribute::Int(1)),
        ];
        let segment = [dim(SEGMENT)];
        self.graph
            .node("ReduceMean", &[&hidden], &[&step("mean")], &last)
            .node(
                "AveragePool",
                &[&hidden],
                &[&step("segment")],
                &[
                    ("ceil_mode", Attribute::Int(1)),
                    ("kernel_shape", Attribute::Ints(&segment)),
                    ("strides", Attribute::Ints(&segment)),
                ],
            )
            .node(
                "Unsqueeze",
                &[&step("segment"), "axis.last"],
                &[&step("segment.column")],
                &[],
            )
            .node(
                "Mul",
                &[&step("segment.column"), "repeat"],
                &[&step("segment.wide")],
                &[],
            )
            .node(
                "Reshape",
                &[&step("segment.wide"), "join.last"],
                &[&step("segment.long")],
                &[],
            )
            .node("Shape", &[&hidden], &[&step("shape")], &[])
            .node(
                "Slice",
                &[&step("shape"), "axis.time", "after.time"],
                &[&step("length")],
                &[],
            )
            .node(
                "Slice",
                &[&step("segment.long"), "start", &step("length"), "axis.time"],
                &[&step("segment.mean")],
                &[],
            )
            .node(
                "Add",
                &[&step("mean"), &step("segment.mean")],
                &[&step("context")],
                &[],
            );
        self.conv(
            &at("cam_layer.linear1"),
            &step("context"),
            &step("mask.0"),
            point,
        )?;
        self.graph
            .node("Relu", &[&step("mask.0")], &[&step("mask.1")], &[]);
        self.conv(
            &at("cam_layer.linear2"),
            &step("mask.1"),
            &step("mask.2"),
            point,
        )?;
        self.graph
            .node("Sigmoid", &[&step("mask.2")], &[&step("mask")], &[])
            .node("Mul", &[&step("local"), &step("mask")], &[output], &[]);
        Ok(())
    }

    /// Mean and unbiased deviation over time, a linear layer, and a batch norm without weights.
    fn readout(&mut self, frames: &str) -> Result<()> {
        let dense = "xvector.dense.linear";
        let (out, width) = match *self.sizes(dense)? {
            [out, width, 1] => (out, width),
            ref other => {
                return Err(wrong(format!(
                    "weight `{dense}.weight` has shape {other:?}"
                )));
            }
        };
        let mean = [
            ("axes", Attribute::Ints(&[-1])),
            ("keepdims", Attribute::Int(1)),
        ];
        let sum = [("keepdims", Attribute::Int(0))];
        let float = [("to", Attribute::Int(ElementType::Float32.number().into()))];
        let statistics: [Dim; 2] = ["batch".into(), dim(width).into()];
        let vector: [Dim; 2] = ["batch".into(), dim(out).into()];
        self.graph
            .node("ReduceMean", &[frames], &["pool.mean"], &mean)
            .node("Sub", &[frames, "pool.mean"], &["pool.centred"], &[])
            .node(
                "Mul",
                &["pool.centred", "pool.centred"],
                &["pool.squares"],
                &[],
            )
            .node(
                "ReduceSum",
                &["pool.squares", "axis.last"],
                &["pool.sum"],
                &sum,
            )
            .node("Shape", &[frames], &["pool.shape"], &[])
            .node(
                "Slice",
                &["pool.shape", "axis.time", "after.time"],
                &["pool.length"],
                &[],
            )
            .node("Sub", &["pool.length", "one"], &["pool.freedom"], &[])
            .node("Cast", &["pool.freedom"], &["pool.divisor"], &float)
            .node(
                "Div",
                &["pool.sum", "pool.divisor"],
                &["pool.variance"],
                &[],
            )
            .node("Sqrt", &["pool.variance"], &["pool.deviation"], &[])
            .node(
                "Squeeze",
                &["pool.mean", "axis.last"],
                &["pool.mean.flat"],
                &[],
            )
            .node(
                "Concat",
                &["pool.mean.flat", "pool.deviation"],
                &["stats"],
                &[("axis", Attribute::Int(1))],
            )
            .node("Unsqueeze", &["stats", "axis.last"], &["stats.column"], &[]);
        self.declare("stats", &statistics);
        self.conv(dense, "stats.column", "readout.column", Window::<1>::of(1))?;
        self.graph.node(
            "Squeeze",
            &["readout.column", "axis.last"],
            &["readout"],
            &[],
        );
        self.norm("xvector.dense.nonlinear.batchnorm", "readout", "embedding")?;
        self.graph
            .typed_output("embedding", ElementType::Float32, &vector);
        Ok(())
    }
}

fn wrong(why: String) -> Error {
    Error::Weights {
        model: "the graph".to_owned(),
        why,
    }
}

#[cfg(test)]
mod tests;
