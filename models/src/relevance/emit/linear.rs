//! Layers with weights as linear maps: forward, and transposed.

use super::{Emitter, Setting, Settings};
use crate::relevance::network::{Kind, Linear, Window, wide};
use crate::relevance::tensor::Tensor;

/// Output channels from which a convolution with turned weights is faster than a transposed one
/// (measured, one thread).
const WORTH_TURNING: usize = 8;

/// A layer with weights in its place: w may be replaced, what connects to what stays.
#[derive(Debug, Clone, Copy)]
pub(in crate::relevance) struct Map<'a> {
    pub(in crate::relevance) linear: &'a Linear,
    /// A name that no other layer has.
    pub(in crate::relevance) key: &'a str,
    /// Shape of its input.
    pub(in crate::relevance) from: &'a [usize],
    /// Shape of its output.
    pub(in crate::relevance) to: &'a [usize],
}

/// Weights that a layer is run with.
#[derive(Debug, Clone)]
pub(in crate::relevance) struct Weights {
    pub(in crate::relevance) key: String,
    pub(in crate::relevance) tensor: Tensor,
}

impl Map<'_> {
    /// The layer's own weights.
    pub(in crate::relevance) fn own(&self) -> Weights {
        Weights {
            key: format!("{}/weight", self.key),
            tensor: self.linear.weight.clone(),
        }
    }

    /// The weights under a function that `name` names.
    pub(in crate::relevance) fn mapped(
        &self,
        e: &mut Emitter,
        name: &str,
        f: impl Fn(f32) -> f32,
    ) -> Weights {
        let key = format!("{}/weight {name}", self.key);
        let tensor = e.variant(&key, |_| self.linear.weight.map(f));
        Weights { key, tensor }
    }

    /// Weights for inputs that are stacked as [`Map::stacked`] stacks them.
    pub(in crate::relevance) fn side_by_side(
        &self,
        e: &mut Emitter,
        parts: &[&Weights],
    ) -> Weights {
        let names: Vec<&str> = parts.iter().map(|part| part.key.as_str()).collect();
        let key = names.join(" | ");
        let tensors: Vec<&Tensor> = parts.iter().map(|part| &part.tensor).collect();
        let dims = &self.linear.weight.dims;
        let tensor = e.variant(&key, |_| match &self.linear.kind {
            Kind::Convolution { .. } | Kind::Dense { turned: true } => {
                Tensor::concatenated(&tensors, 1)
            }
            Kind::Dense { turned: false } => Tensor::concatenated(&tensors, 0),
            Kind::Transposed { groups, .. } => {
                let rows = dims[0] / groups;
                let inner = dims.iter().skip(1).product();
                let by_group: Vec<Tensor> = tensors
                    .iter()
                    .map(|part| part.reshaped(vec![*groups, rows, inner]))
                    .collect();
                let both = Tensor::concatenated(&by_group.iter().collect::<Vec<_>>(), 1);
                let mut whole = dims.clone();
                whole[0] = both.dims[1] * groups;
                both.reshaped(whole)
            }
        });
        Weights { key, tensor }
    }

    /// Inputs of the layer's shape as one with the channels of all, group by group.
    pub(in crate::relevance) fn stacked(&self, e: &mut Emitter, parts: &[&str]) -> String {
        if self.linear.groups() == 1 {
            return e.with("Concat", parts, vec![("axis", Setting::Int(1))]);
        }
        let [grouped, whole] = self.grouped(parts.len());
        let by_group = self.grouped(1)[0].clone();
        let parts: Vec<String> = parts
            .iter()
            .map(|part| e.reshape(part, &by_group))
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let both = e.with("Concat", &parts, vec![("axis", Setting::Int(2))]);
        debug_assert_eq!(grouped.len(), self.from.len() + 1);
        e.reshape(&both, &whole)
    }

    /// The reverse of [`Map::stacked`].
    pub(in crate::relevance) fn unstacked(
        &self,
        e: &mut Emitter,
        x: &str,
        parts: usize,
    ) -> Vec<String> {
        let groups = self.linear.groups();
        let size = self.linear.inputs() / groups;
        let sizes = e.ints(&vec![i64::try_from(size).unwrap_or(i64::MAX); parts]);
        if groups == 1 {
            return e.many(
                "Split",
                &[x, &sizes],
                parts,
                vec![("axis", Setting::Int(1))],
            );
        }
        let grouped = self.grouped(parts)[0].clone();
        let x = e.reshape(x, &grouped);
        let split = e.many(
            "Split",
            &[&x, &sizes],
            parts,
            vec![("axis", Setting::Int(2))],
        );
        let own = wide(self.from);
        split.iter().map(|part| e.reshape(part, &own)).collect()
    }

    /// Shape of `parts` stacked inputs with an axis for groups, and without.
    fn grouped(&self, parts: usize) -> [Vec<i64>; 2] {
        let groups = self.linear.groups();
        let channels = self.linear.inputs() / groups * parts;
        let (batch, sizes) = (&self.from[..1], &self.from[2..]);
        [
            wide(batch.iter().chain(&[groups, channels]).chain(sizes)),
            wide(batch.iter().chain(&[groups * channels]).chain(sizes)),
        ]
    }

    /// x · w + b with other weights; `bias` with a name for it.
    pub(in crate::relevance) fn forward(
        &self,
        e: &mut Emitter,
        x: &str,
        weights: &Weights,
        bias: Option<(&str, Vec<f32>)>,
    ) -> String {
        let mut inputs = vec![
            x.to_owned(),
            e.floats(&weights.key, || weights.tensor.clone()),
        ];
        if let Some((name, bias)) = bias {
            let key = format!("{}/bias {name}", self.key);
            inputs.push(e.floats(&key, || Tensor::new(vec![bias.len()], bias)));
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let (operator, settings) = self.operator(&weights.tensor);
        e.with(operator, &inputs, settings)
    }

    /// The operator of the layer itself.
    pub(in crate::relevance) fn operator(&self, weight: &Tensor) -> (&'static str, Settings) {
        match &self.linear.kind {
            Kind::Convolution { window, groups } => {
                ("Conv", convolution(window, *groups, weight, &window.pads()))
            }
            Kind::Transposed {
                window,
                groups,
                output_padding,
            } => {
                let mut settings = convolution(window, *groups, weight, &window.pads());
                settings.push(("output_padding", Setting::Ints(wide(output_padding))));
                ("ConvTranspose", settings)
            }
            Kind::Dense { turned } => ("Gemm", vec![("transB", Setting::Int((*turned).into()))]),
        }
    }

    /// s · wᵀ: from the shape of the layer's output to that of its input.
    pub(in crate::relevance) fn transposed(
        &self,
        e: &mut Emitter,
        s: &str,
        weights: &Weights,
    ) -> String {
        match &self.linear.kind {
            Kind::Convolution { window, groups } => {
                transposed_convolution(e, s, weights, window, *groups, &self.from[2..])
            }
            Kind::Transposed { window, groups, .. } => {
                let weight = e.floats(&weights.key, || weights.tensor.clone());
                let settings = convolution(window, *groups, &weights.tensor, &window.pads());
                e.with("Conv", &[s, &weight], settings)
            }
            Kind::Dense { turned } => {
                let weight = e.floats(&weights.key, || weights.tensor.clone());
                let settings = vec![("transB", Setting::Int((!turned).into()))];
                e.with("Gemm", &[s, &weight], settings)
            }
        }
    }

    /// Shape in which one number an output channel broadcasts over the output.
    pub(in crate::relevance) fn channel_dims(&self) -> Vec<usize> {
        let mut dims = vec![1; self.to.len()];
        dims[1] = self.linear.outputs();
        dims
    }
}

fn convolution(window: &Window, groups: usize, weight: &Tensor, pads: &[i64]) -> Settings {
    vec![
        ("kernel_shape", Setting::Ints(wide(&weight.dims[2..]))),
        ("strides", Setting::Ints(wide(&window.strides))),
        ("dilations", Setting::Ints(wide(&window.dilations))),
        ("pads", Setting::Ints(pads.to_vec())),
        (
            "group",
            Setting::Int(i64::try_from(groups).unwrap_or(i64::MAX)),
        ),
    ]
}

/// The transpose of a convolution whose input has the spatial `sizes`.
pub(in crate::relevance) fn transposed_convolution(
    e: &mut Emitter,
    s: &str,
    weights: &Weights,
    window: &Window,
    groups: usize,
    sizes: &[usize],
) -> String {
    let narrower = |axis: usize, pad: usize| (window.extent(axis) - 1).checked_sub(pad);
    let turned_pads: Option<Vec<usize>> = (0..window.axes())
        .map(|axis| narrower(axis, window.before[axis]))
        .chain((0..window.axes()).map(|axis| narrower(axis, window.after[axis])))
        .collect();
    let channels = weights.tensor.dims[1] * groups;
    let unit = window.strides.iter().all(|stride| *stride == 1);
    if let Some(pads) = turned_pads
        && e.optimises()
        && unit
        && channels >= WORTH_TURNING
    {
        let key = format!("{} turned", weights.key);
        let turned = e.floats(&key, || turned(&weights.tensor, groups));
        let shape = Tensor::new(weights.tensor.dims.clone(), vec![]);
        let settings = convolution(window, groups, &shape, &wide(&pads));
        return e.with("Conv", &[s, &turned], settings);
    }
    let weight = e.floats(&weights.key, || weights.tensor.clone());
    let mut settings = convolution(window, groups, &weights.tensor, &window.pads());
    let padding = wide(&window.remainders(sizes));
    settings.push(("output_padding", Setting::Ints(padding)));
    e.with("ConvTranspose", &[s, &weight], settings)
}

/// Filters read backwards, inputs and outputs exchanged inside each group.
fn turned(weight: &Tensor, groups: usize) -> Tensor {
    let (outputs, inputs) = (weight.dims[0] / groups, weight.dims[1]);
    let kernel: usize = weight.dims[2..].iter().product();
    let mut data = Vec::with_capacity(weight.data.len());
    for group in 0..groups {
        for input in 0..inputs {
            for output in 0..outputs {
                let at = ((group * outputs + output) * inputs + input) * kernel;
                data.extend(weight.data[at..at + kernel].iter().rev());
            }
        }
    }
    let dims = [&[groups * inputs, outputs], &weight.dims[2..]].concat();
    Tensor::new(dims, data)
}
