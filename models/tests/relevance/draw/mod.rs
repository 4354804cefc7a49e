//! Random small networks, as steps and as ONNX.

mod onnx;

pub(crate) use onnx::onnx;

use ndarray::{ArrayD, IxDyn};
use phonoscope_analysis::rng::{Stream, stream};
use rand::RngExt as _;

use crate::dense::{Norm, Step, Value, Weighing, Weighted, Windows};

/// A network and the shape of one input.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    pub(crate) steps: Vec<Step>,
    pub(crate) dims: Vec<usize>,
    pub(crate) classes: usize,
    /// The version of the operators that the file has.
    pub(crate) opset: i64,
}

pub(crate) struct Draws(Stream);

impl Draws {
    pub(crate) fn new(seed: u64) -> Self {
        Self(stream(seed, "relevance networks", 0))
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0.random_range(0..n)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn unit(&mut self) -> f32 {
        self.0.random_range(-1.0f32..1.0)
    }

    fn many(&mut self, n: usize, scale: f32) -> Vec<f32> {
        (0..n).map(|_| self.unit() * scale).collect()
    }

    pub(crate) fn input(&mut self, dims: &[usize]) -> Value<f32> {
        Value {
            dims: dims.to_vec(),
            data: self.many(dims.iter().product(), 1.0),
        }
    }

    fn windows(&mut self, sizes: &[usize], most: usize, strided: bool) -> Windows {
        let mut list = |f: &mut dyn FnMut(&mut Self, usize) -> usize| -> Vec<usize> {
            sizes.iter().map(|size| f(self, *size)).collect()
        };
        let kernel = list(&mut |draws, size| 1 + draws.below(most.min(size)));
        let strides = list(&mut |draws, _| if strided { 1 + draws.below(2) } else { 1 });
        let dilations = list(&mut |draws, size| if size > 4 && draws.one_in(4) { 2 } else { 1 });
        let before = list(&mut |draws, _| draws.below(3));
        let after = list(&mut |draws, _| draws.below(3));
        Windows {
            kernel,
            strides,
            dilations,
            before,
            after,
            ceil: false,
        }
    }

    fn norm(&mut self, channels: usize) -> Norm {
        let gain = (0..channels).map(|_| 1.0 + 0.5 * self.unit()).collect();
        let offset = self.many(channels, 0.2);
        let mean = self.many(channels, 0.2);
        let variance = (0..channels).map(|_| 1.25 + self.unit()).collect();
        [gain, offset, mean, variance]
    }

    /// A layer over `from`, and the shape of its output.
    fn weighted(&mut self, from: &[usize]) -> (Step, Vec<usize>) {
        let axes = from.len() - 1;
        let turned = self.one_in(5);
        let groups = match self.below(4) {
            0 => from[0],
            1 if from[0].is_multiple_of(2) => 2,
            _ => 1,
        };
        let outputs = groups * (1 + self.below(3)).max(if groups == 1 { 2 } else { 1 });
        let windows = self.windows(&from[1..], 3, true);
        let taps: usize = windows.kernel.iter().product();
        let (kind, inner) = if turned {
            let padding = (0..axes)
                .map(|axis| self.below(windows.strides[axis]))
                .collect();
            let room = |axis: usize| {
                (from[axis + 1] - 1) * windows.strides[axis] + windows.extent(axis)
                    > windows.before[axis] + windows.after[axis]
            };
            let mut windows = windows.clone();
            if !(0..axes).all(room) {
                windows.before = vec![0; axes];
                windows.after = vec![0; axes];
            }
            (
                Weighing::Transposed(windows, groups, padding),
                from[0] / groups,
            )
        } else {
            let mut windows = windows;
            if windows.counts(&from[1..]).is_none() {
                windows.dilations = vec![1; axes];
            }
            (Weighing::Convolution(windows, groups), from[0] / groups)
        };
        let scale = (3.0 / (inner * taps) as f32).sqrt();
        let stored = match kind {
            Weighing::Transposed(..) => from[0] * (outputs / groups),
            _ => outputs * inner,
        };
        let layer = Weighted {
            weight: self.many(stored * taps, scale),
            bias: (!self.one_in(3)).then(|| self.many(outputs, 0.1)),
            norm: self.one_in(3).then(|| self.norm(outputs)),
            kind,
            outputs,
        };
        let to = shape(&Step::Weighted(layer.clone()), from);
        (Step::Weighted(layer), to)
    }

    fn pool(&mut self, from: &[usize]) -> Option<Step> {
        let mut windows = self.windows(&from[1..], 3, true);
        windows.ceil = self.one_in(2);
        windows.dilations.iter_mut().for_each(|d| *d = 1);
        for axis in 0..from.len() - 1 {
            let most = windows.kernel[axis] - 1;
            windows.before[axis] = windows.before[axis].min(most);
            windows.after[axis] = windows.after[axis].min(most);
        }
        windows.counts(&from[1..])?;
        Some(if self.one_in(2) {
            Step::MaxPool(windows)
        } else {
            Step::AveragePool(windows, self.one_in(2))
        })
    }

    fn activation(&mut self) -> Option<Step> {
        match self.below(10) {
            0 => None,
            1 => Some(Step::Leaky),
            2 => Some(Step::Tanh),
            3 => Some(Step::Sigmoid),
            _ => Some(Step::Relu),
        }
    }

    fn stage(&mut self, steps: &mut Vec<Step>, dims: &mut Vec<usize>) {
        let push = |step: Step, steps: &mut Vec<Step>, dims: &mut Vec<usize>| {
            *dims = shape(&step, dims);
            steps.push(step);
        };
        match self.below(6) {
            0 if !steps.is_empty() => {
                let same = |draws: &mut Self, dims: &[usize]| {
                    let c = dims[0];
                    let windows = Windows {
                        kernel: vec![3; dims.len() - 1],
                        strides: vec![1; dims.len() - 1],
                        dilations: vec![1; dims.len() - 1],
                        before: vec![1; dims.len() - 1],
                        after: vec![1; dims.len() - 1],
                        ceil: false,
                    };
                    let taps: usize = windows.kernel.iter().product();
                    Step::Weighted(Weighted {
                        weight: draws.many(c * c * taps, (3.0 / (c * taps) as f32).sqrt()),
                        bias: Some(draws.many(c, 0.1)),
                        norm: draws.one_in(2).then(|| draws.norm(c)),
                        kind: Weighing::Convolution(windows, 1),
                        outputs: c,
                    })
                };
                let a = vec![same(self, dims), Step::Relu, same(self, dims)];
                let b = if self.one_in(2) {
                    vec![]
                } else {
                    vec![same(self, dims)]
                };
                // Positive sums are well conditioned; those of both signs are not, for anyone.
                let (mut a, mut b) = (a, b);
                a.push(Step::Relu);
                b.push(Step::Relu);
                let step = if self.one_in(3) {
                    Step::Join(a, b)
                } else {
                    Step::Sum(a, b)
                };
                push(step, steps, dims);
            }
            1 => {
                let axes = dims.len() - 1;
                let mut list = || (0..axes).map(|_| self.below(2)).collect::<Vec<_>>();
                let pad = Step::Pad(list(), list());
                push(pad, steps, dims);
            }
            2 if dims.len() > 2 && !steps.is_empty() => push(Step::Swap, steps, dims),
            _ => {}
        }
        let (layer, _) = self.weighted(dims);
        push(layer, steps, dims);
        if let Some(activation) = self.activation() {
            push(activation, steps, dims);
        }
        if self.one_in(2)
            && let Some(pool) = self.pool(dims)
        {
            push(pool, steps, dims);
        }
    }

    /// A network over one, two or three axes, or none.
    pub(crate) fn network(&mut self) -> Drawn {
        let axes = [1, 2, 2, 2, 3, 0][self.below(6)];
        // Some are wide enough for convolutions with turned weights.
        let most = if self.one_in(3) { 9 } else { 3 };
        let mut dims = vec![1 + self.below(most)];
        let size = [0, 12, 7, 4][axes];
        (0..axes).for_each(|_| dims.push(size + self.below(3)));
        if axes == 0 {
            dims = vec![4 + self.below(5)];
        }
        let from = dims.clone();
        let mut steps = vec![];
        if axes > 0 {
            for _ in 0..1 + self.below(3) {
                self.stage(&mut steps, &mut dims);
            }
            match self.below(3) {
                0 => steps.push(Step::GlobalAverage),
                1 => steps.push(Step::GlobalMax),
                _ => {}
            }
            if let Some(last) = steps
                .last()
                .filter(|s| matches!(s, Step::GlobalAverage | Step::GlobalMax))
            {
                dims = shape(last, &dims);
            }
            steps.push(Step::Flatten);
            dims = vec![dims.iter().product()];
        }
        let classes = 2 + self.below(3);
        for outputs in [3 + self.below(4), classes] {
            let scale = (3.0 / dims[0] as f32).sqrt();
            steps.push(Step::Weighted(Weighted {
                weight: self.many(dims[0] * outputs, scale),
                bias: (!self.one_in(4)).then(|| self.many(outputs, 0.1)),
                norm: (outputs != classes && self.one_in(4)).then(|| self.norm(outputs)),
                kind: Weighing::Dense,
                outputs,
            }));
            steps.push(Step::Relu);
            dims = vec![outputs];
        }
        steps.pop();
        Drawn {
            steps,
            dims: from,
            classes,
            opset: [11, 13, 17, 20][self.below(4)],
        }
    }
}

/// Shape behind a step.
fn shape(step: &Step, from: &[usize]) -> Vec<usize> {
    match step {
        Step::Weighted(layer) => match &layer.kind {
            Weighing::Convolution(windows, _) => {
                [vec![layer.outputs], windows.counts(&from[1..]).unwrap()].concat()
            }
            Weighing::Transposed(windows, _, padding) => {
                let size = |axis: usize| {
                    (from[axis + 1] - 1) * windows.strides[axis]
                        + windows.extent(axis)
                        + padding[axis]
                        - windows.before[axis]
                        - windows.after[axis]
                };
                [vec![layer.outputs], (0..from.len() - 1).map(size).collect()].concat()
            }
            Weighing::Dense => vec![layer.outputs],
        },
        Step::MaxPool(windows) | Step::AveragePool(windows, _) => {
            [vec![from[0]], windows.counts(&from[1..]).unwrap()].concat()
        }
        Step::GlobalAverage | Step::GlobalMax => [vec![from[0]], vec![1; from.len() - 1]].concat(),
        Step::Swap => {
            let mut dims = from.to_vec();
            dims.swap(0, 1);
            dims
        }
        Step::Pad(before, after) => {
            let pads = before.iter().zip(after).map(|(b, a)| b + a);
            let sizes = from[1..].iter().zip(pads).map(|(size, pad)| size + pad);
            [vec![from[0]], sizes.collect()].concat()
        }
        Step::Sum(a, _) => a
            .iter()
            .fold(from.to_vec(), |dims, step| shape(step, &dims)),
        Step::Join(a, b) => {
            let [mut a, b] = [a, b].map(|s| {
                s.iter()
                    .fold(from.to_vec(), |dims, step| shape(step, &dims))
            });
            a[0] += b[0];
            a
        }
        Step::Flatten => vec![from.iter().product()],
        Step::Relu | Step::Leaky | Step::Tanh | Step::Sigmoid => from.to_vec(),
    }
}

/// Several inputs as one batch.
pub(crate) fn batch(items: &[Value<f32>]) -> ArrayD<f32> {
    let dims = [&[items.len()], items[0].dims.as_slice()].concat();
    let data = items.iter().flat_map(|item| item.data.clone()).collect();
    ArrayD::from_shape_vec(IxDyn(&dims), data).unwrap()
}
