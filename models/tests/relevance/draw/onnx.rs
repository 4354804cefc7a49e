//! A network as a serialised model.

use phonoscope_models::GraphBytes;
use phonoscope_models::wire::{Attribute, ElementType, Suffix};

use super::Drawn;
use crate::dense::{NORM_EPSILON, Step, Weighing, Weighted, Windows};

fn wide(sizes: &[usize]) -> Vec<i64> {
    sizes.iter().map(|size| *size as i64).collect()
}

struct Writing {
    graph: Suffix,
    count: usize,
    opset: i64,
}

/// The network as a serialised model: input `x`, output `logits` behind a softmax.
pub(crate) fn onnx(drawn: &Drawn) -> GraphBytes {
    let mut writing = Writing {
        graph: Suffix::new(),
        count: 0,
        opset: drawn.opset,
    };
    writing
        .graph
        .header(8, drawn.opset, "tests")
        .graph_name("drawn");
    let mut dims = vec!["batch".into()];
    dims.extend(
        wide(&drawn.dims)
            .into_iter()
            .map(phonoscope_models::wire::Dim::Fixed),
    );
    writing.graph.input("x", ElementType::Float32, &dims);
    let logits = writing.steps(&drawn.steps, "x".to_owned(), drawn.dims.len());
    let axis = [("axis", Attribute::Int(1))];
    writing
        .graph
        .node("Softmax", &[&logits], &["probabilities"], &axis);
    writing.graph.output("probabilities");
    GraphBytes::new(writing.graph.finish())
}

impl Writing {
    fn fresh(&mut self, name: &str) -> String {
        self.count += 1;
        format!("{name}.{}", self.count)
    }

    fn steps(&mut self, steps: &[Step], mut x: String, rank: usize) -> String {
        let mut rank = rank;
        for step in steps {
            x = self.step(step, &x, rank);
            if matches!(step, Step::Flatten) {
                rank = 1;
            }
        }
        x
    }

    fn floats(&mut self, name: &str, dims: &[usize], data: &[f32]) -> String {
        let name = self.fresh(name);
        self.graph.init_f32(&name, &wide(dims), data);
        name
    }

    fn ints(&mut self, data: &[i64]) -> String {
        let name = self.fresh("ints");
        self.graph.init_i64(&name, &[data.len() as i64], data);
        name
    }

    fn step(&mut self, step: &Step, x: &str, rank: usize) -> String {
        let y = self.fresh("value");
        let mut plain = |operator: &str, attributes: &[(&str, Attribute<'_>)]| {
            self.graph.node(operator, &[x], &[&y], attributes);
        };
        match step {
            Step::Weighted(layer) => return self.weighted(layer, x),
            Step::Relu => plain("Relu", &[]),
            Step::Leaky => plain("LeakyRelu", &[("alpha", Attribute::Float(0.1))]),
            Step::Tanh => plain("Tanh", &[]),
            Step::Sigmoid => plain("Sigmoid", &[]),
            Step::Flatten if self.count.is_multiple_of(2) => plain("Flatten", &[]),
            Step::Flatten => return self.flattened(x, y),
            Step::GlobalMax => plain("GlobalMaxPool", &[]),
            Step::GlobalAverage => plain("GlobalAveragePool", &[]),
            Step::Swap => {
                let mut order: Vec<i64> = (0..=rank as i64).collect();
                order.swap(1, 2);
                plain("Transpose", &[("perm", Attribute::Ints(&order))]);
            }
            Step::MaxPool(windows) => self.pool("MaxPool", windows, (x, &y), false),
            Step::AveragePool(windows, counts) => {
                self.pool("AveragePool", windows, (x, &y), *counts);
            }
            Step::Pad(before, after) => {
                let pads = [&[0, 0], before.as_slice(), &[0, 0], after].concat();
                let pads = self.ints(&wide(&pads));
                self.graph.node("Pad", &[x, &pads], &[&y], &[]);
            }
            Step::Sum(a, b) | Step::Join(a, b) => {
                let a = self.steps(a, x.to_owned(), rank);
                let b = self.steps(b, x.to_owned(), rank);
                let axis = [("axis", Attribute::Int(1))];
                let (operator, axis) = match step {
                    Step::Sum(..) => ("Add", &axis[1..]),
                    _ => ("Concat", &axis[..]),
                };
                self.graph.node(operator, &[&a, &b], &[&y], axis);
            }
        }
        y
    }

    /// As exporters write `x.view(x.size(0), -1)`.
    fn flattened(&mut self, x: &str, y: String) -> String {
        let [shape, size, row, target] =
            ["shape", "size", "row", "target"].map(|name| self.fresh(name));
        let (zero, rest) = (self.ints(&[0]), self.ints(&[-1]));
        let axis = [("axis", Attribute::Int(0))];
        self.graph
            .node("Shape", &[x], &[&shape], &[])
            .node("Gather", &[&shape, &zero], &[&size], &axis)
            .node("Reshape", &[&size, &rest], &[&row], &[])
            .node("Concat", &[&row, &rest], &[&target], &axis)
            .node("Reshape", &[x, &target], &[&y], &[]);
        y
    }

    fn pool(&mut self, operator: &str, windows: &Windows, (x, y): (&str, &str), counts: bool) {
        let pads = wide(&[windows.before.as_slice(), &windows.after].concat());
        let (kernel, strides) = (wide(&windows.kernel), wide(&windows.strides));
        let mut attributes = vec![
            ("kernel_shape", Attribute::Ints(&kernel)),
            ("strides", Attribute::Ints(&strides)),
            ("pads", Attribute::Ints(&pads)),
            ("ceil_mode", Attribute::Int(windows.ceil.into())),
        ];
        if operator == "AveragePool" {
            attributes.push(("count_include_pad", Attribute::Int(counts.into())));
        }
        self.graph.node(operator, &[x], &[y], &attributes);
    }

    fn weighted(&mut self, layer: &Weighted, x: &str) -> String {
        let y = self.fresh("layer");
        let taps = layer.weight.len();
        let (operator, windows, groups, padding) = match &layer.kind {
            Weighing::Dense => {
                return self.dense(layer, x);
            }
            Weighing::Convolution(windows, groups) => ("Conv", windows, *groups, vec![]),
            Weighing::Transposed(windows, groups, padding) => {
                ("ConvTranspose", windows, *groups, wide(padding))
            }
        };
        let area: usize = windows.kernel.iter().product();
        let front = match operator {
            "Conv" => [layer.outputs, taps / area / layer.outputs],
            _ => {
                let own = layer.outputs / groups;
                [taps / area / own, own]
            }
        };
        let dims = [&front, windows.kernel.as_slice()].concat();
        let weight = self.floats("weight", &dims, &layer.weight);
        let bias = layer.bias.as_ref();
        let bias = bias.map(|bias| self.floats("bias", &[layer.outputs], bias));
        let pads = wide(&[windows.before.as_slice(), &windows.after].concat());
        let (strides, dilations) = (wide(&windows.strides), wide(&windows.dilations));
        let mut attributes = vec![
            ("strides", Attribute::Ints(&strides)),
            ("dilations", Attribute::Ints(&dilations)),
            ("pads", Attribute::Ints(&pads)),
            ("group", Attribute::Int(groups as i64)),
        ];
        if operator == "ConvTranspose" {
            attributes.push(("output_padding", Attribute::Ints(&padding)));
        }
        let mut inputs = vec![x, weight.as_str()];
        inputs.extend(bias.as_deref());
        self.graph.node(operator, &inputs, &[&y], &attributes);
        self.normed(layer, y)
    }

    fn dense(&mut self, layer: &Weighted, x: &str) -> String {
        let y = self.fresh("dense");
        let inputs = layer.weight.len() / layer.outputs;
        if let Some(bias) = layer.bias.as_ref().filter(|_| self.opset == 13) {
            let weight = self.floats("weight", &[inputs, layer.outputs], &layer.weight);
            let bias = self.floats("bias", &[layer.outputs], bias);
            let product = self.fresh("product");
            self.graph
                .node("MatMul", &[x, &weight], &[&product], &[])
                .node("Add", &[&bias, &product], &[&y], &[]);
            return self.normed(layer, y);
        }
        // Turned, as exporters store it.
        let turned: Vec<f32> = (0..layer.outputs)
            .flat_map(|out| (0..inputs).map(move |i| (i, out)))
            .map(|(i, out)| layer.weight[i * layer.outputs + out])
            .collect();
        let weight = self.floats("weight", &[layer.outputs, inputs], &turned);
        let bias = layer.bias.as_ref();
        let bias = bias.map(|bias| self.floats("bias", &[layer.outputs], bias));
        let mut given = vec![x, weight.as_str()];
        given.extend(bias.as_deref());
        let turned = [("transB", Attribute::Int(1))];
        self.graph.node("Gemm", &given, &[&y], &turned);
        self.normed(layer, y)
    }

    fn normed(&mut self, layer: &Weighted, x: String) -> String {
        let Some(norm) = &layer.norm else { return x };
        let y = self.fresh("norm");
        let parts = norm
            .each_ref()
            .map(|part| self.floats("norm", &[layer.outputs], part));
        let mut inputs = vec![x.as_str()];
        inputs.extend(parts.iter().map(String::as_str));
        let epsilon = [("epsilon", Attribute::Float(NORM_EPSILON))];
        self.graph
            .node("BatchNormalization", &inputs, &[&y], &epsilon);
        y
    }
}
