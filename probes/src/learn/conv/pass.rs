//! The forward pass, and the gradients of one step.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{Device, Tensor, Var};
use ndarray::{Array2, Array3};
use phonoscope_analysis::rng::Stream;
use phonoscope_analysis::{Error, Result};
use rand::RngExt as _;

use super::architecture::Window;
use super::halve::Halve;
use super::norm::{Moments, NormRelu};
use super::unfold::{Sliding, Unfold};
use super::{Array, HEADS, NORM_EPSILON, Network, Stage};

/// Items of one forward pass of [`predict`].
const BLOCK: usize = 32;

/// What a batch should come out as.
#[derive(Debug, Clone, PartialEq)]
pub struct Aim {
    /// Class of each item.
    pub classes: Vec<usize>,
    /// Share of the probability that is spread evenly over all classes.
    pub smoothing: f32,
    /// What the head for training should mark `[item, mark, step]`, 0 or 1.
    pub marks: Option<Array3<f32>>,
    /// Weight of the marks in the loss.
    pub marks_weight: f32,
    /// What the head for measures should say `[item, measure]`; what is not finite is not known.
    pub measures: Option<Array2<f32>>,
    /// Weight of the measures in the loss.
    pub measures_weight: f32,
}

/// What one step came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The loss: cross-entropy, and those of the heads for training times their weights.
    pub loss: f32,
    /// Scores `[item, class]` of the batch while training.
    pub logits: Array2<f32>,
    /// Gradients, parallel to [`Network::parameters`].
    pub gradients: Vec<Vec<f32>>,
}

impl Network {
    /// The loss of spectrograms `[item, bin, frame]` and its gradients; takes the moments of the
    /// batch into the running statistics. What is left out at random is drawn from `rng`.
    ///
    /// # Errors
    /// [`Error::Shape`] for spectrograms, classes or marks of other sizes; [`Error::Undefined`] when
    /// numbers overflow.
    pub fn gradients(&mut self, x: &Array3<f32>, aim: &Aim, rng: &mut Stream) -> Result<Step> {
        check(self, x)?;
        let classes = self.architecture.classes()?;
        let items = x.dim().0;
        let fits = aim.classes.len() == items && aim.classes.iter().all(|class| *class < classes);
        if !fits || items < 2 {
            return Err(Error::Shape {
                what: "classes of a batch".into(),
                expected: format!("{items}, at least two, each below {classes}"),
                found: format!("{:?}", aim.classes),
            });
        }
        let (step, moments, positions) = differentiate(self, x, aim, rng).map_err(failed)?;
        if !step.loss.is_finite() {
            return Err(Error::Undefined {
                what: "training".into(),
                why: "the loss is not finite: take a smaller learning rate".into(),
            });
        }
        self.take_moments(&moments, &positions);
        Ok(step)
    }
}

fn failed(error: candle_core::Error) -> Error {
    Error::Undefined {
        what: "convolutional network".into(),
        why: error.to_string(),
    }
}

fn check(network: &Network, x: &Array3<f32>) -> Result<()> {
    let (items, bins, frames) = x.dim();
    if [bins, frames] == network.architecture.input && items > 0 {
        return Ok(());
    }
    Err(Error::Shape {
        what: "spectrograms".into(),
        expected: format!("[item, {:?}]", network.architecture.input),
        found: format!("{:?}", x.shape()),
    })
}

pub(super) fn predict(network: &Network, x: &Array3<f32>) -> Result<Array2<f32>> {
    check(network, x)?;
    let classes = network.architecture.classes()?;
    let mut all = Vec::with_capacity(x.dim().0 * classes);
    for block in x.axis_chunks_iter(ndarray::Axis(0), BLOCK) {
        let block = block.to_owned();
        all.extend(scores(network, &block).map_err(failed)?);
    }
    Array2::from_shape_vec((x.dim().0, classes), all).map_err(|error| Error::Undefined {
        what: "scores".into(),
        why: error.to_string(),
    })
}

fn scores(network: &Network, x: &Array3<f32>) -> candle_core::Result<Vec<f32>> {
    let tensors = network.parameters.iter();
    let tensors = tensors.map(|p| Tensor::from_slice(&p.values, p.shape.clone(), &Device::Cpu));
    let tensors = tensors.collect::<candle_core::Result<Vec<_>>>()?;
    let out = Pass::new(network, &tensors, None).run(x)?;
    out.logits.flatten_all()?.to_vec1()
}

type Differentiated = (Step, Vec<Moments>, Vec<usize>);

fn differentiate(
    network: &Network,
    x: &Array3<f32>,
    aim: &Aim,
    rng: &mut Stream,
) -> candle_core::Result<Differentiated> {
    let vars = network.parameters.iter();
    let vars = vars.map(|p| Var::from_slice(&p.values, p.shape.clone(), &Device::Cpu));
    let vars = vars.collect::<candle_core::Result<Vec<_>>>()?;
    let tensors: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
    let out = Pass::new(network, &tensors, Some(rng)).run(x)?;
    let (items, classes) = out.logits.dims2()?;
    let even = aim.smoothing / classes as f32;
    let wanted = aim.classes.iter().flat_map(|class| {
        (0..classes).map(move |k| {
            even + if k == *class {
                1.0 - aim.smoothing
            } else {
                0.0
            }
        })
    });
    let wanted = Tensor::from_iter(wanted, &Device::Cpu)?.reshape((items, classes))?;
    let logs = candle_nn::ops::log_softmax(&out.logits, 1)?;
    let mut loss = (logs.mul(&wanted)?.sum_all()? * (-1.0 / items as f64))?;
    if let (Some(marked), Some(marks)) = (&out.marks, &aim.marks) {
        loss = (loss + (mark_loss(marked, marks)? * f64::from(aim.marks_weight))?)?;
    }
    if let (Some(said), Some(measures)) = (&out.measures, &aim.measures) {
        loss = (loss + (measure_loss(said, measures)? * f64::from(aim.measures_weight))?)?;
    }
    let grads = loss.backward()?;
    let gradients =
        vars.iter()
            .zip(&network.parameters)
            .map(|(var, array)| match grads.get(var.as_tensor()) {
                Some(gradient) => gradient.flatten_all()?.to_vec1(),
                None => Ok(vec![0.0; array.values.len()]),
            });
    let logits = out.logits.flatten_all()?.to_vec1()?;
    let step = Step {
        loss: loss.to_scalar()?,
        logits: Array2::from_shape_vec((items, classes), logits)
            .map_err(candle_core::Error::wrap)?,
        gradients: gradients.collect::<candle_core::Result<_>>()?,
    };
    let moments = out.moments.iter().map(|moments| {
        let kept = moments.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clone()
    });
    Ok((step, moments.collect(), out.positions))
}

/// Mean cross-entropy of scores `[mark, item · step]` and marks `[item, mark, step]`.
fn mark_loss(scores: &Tensor, marks: &Array3<f32>) -> candle_core::Result<Tensor> {
    let by_mark = marks.view().permuted_axes([1, 0, 2]);
    let wanted = Tensor::from_iter(by_mark.iter().copied(), &Device::Cpu)?;
    let wanted = wanted.reshape(scores.shape())?;
    // max(z, 0) − z·y + ln(1 + e^−|z|)
    let softplus = (scores.abs()?.neg()?.exp()? + 1.0)?.log()?;
    ((scores.relu()? - scores.mul(&wanted)?)? + softplus)?.mean_all()
}

/// Mean Huber loss, straight from 1 on, of the measures that are known.
fn measure_loss(said: &Tensor, measures: &Array2<f32>) -> candle_core::Result<Tensor> {
    let known = measures.iter().map(|x| f32::from(u8::from(x.is_finite())));
    let known = Tensor::from_iter(known, &Device::Cpu)?.reshape(said.shape())?;
    let wanted = measures
        .iter()
        .map(|x| if x.is_finite() { *x } else { 0.0 });
    let wanted = Tensor::from_iter(wanted, &Device::Cpu)?.reshape(said.shape())?;
    let count = measures.iter().filter(|x| x.is_finite()).count().max(1);
    let far = said.sub(&wanted)?.mul(&known)?.abs()?;
    let near = far.minimum(1.0)?;
    let loss = ((near.sqr()? * 0.5)? + far.sub(&near)?)?;
    loss.sum_all()? / count as f64
}

struct Out {
    logits: Tensor,
    marks: Option<Tensor>,
    measures: Option<Tensor>,
    moments: Vec<Arc<Mutex<Moments>>>,
    /// Values a channel that the moments are of.
    positions: Vec<usize>,
}

struct Pass<'a> {
    network: &'a Network,
    parameters: std::slice::Iter<'a, Tensor>,
    /// Weight and bias of the heads for training, in training.
    marks: Option<[&'a Tensor; 2]>,
    measures: Option<[&'a Tensor; 2]>,
    /// Draws what is left out; with it, batch norms use the moments of the batch.
    rng: Option<&'a mut Stream>,
    moments: Vec<Arc<Mutex<Moments>>>,
    positions: Vec<usize>,
}

impl<'a> Pass<'a> {
    fn new(network: &'a Network, tensors: &'a [Tensor], rng: Option<&'a mut Stream>) -> Self {
        let training = rng.is_some();
        let head = |name: &str| {
            let is = |array: &Array| array.name.starts_with(name);
            let first = network.parameters.iter().position(is)?;
            let own = [tensors.get(first)?, tensors.get(first + 1)?];
            training.then_some(own)
        };
        let [marks, measures] = HEADS.map(head);
        Self {
            network,
            parameters: tensors.iter(),
            marks,
            measures,
            rng,
            moments: Vec::new(),
            positions: Vec::new(),
        }
    }

    fn parameter(&mut self) -> candle_core::Result<&'a Tensor> {
        match self.parameters.next() {
            Some(tensor) => Ok(tensor),
            None => candle_core::bail!("the network has fewer weights than its layers need"),
        }
    }

    fn run(mut self, x: &Array3<f32>) -> candle_core::Result<Out> {
        let (items, bins, frames) = x.dim();
        let mut value = Tensor::from_iter(x.iter().copied(), &Device::Cpu)?;
        value = value.reshape((1, items, bins, frames))?;
        let (mut marks, mut measures) = (None, None);
        let last = self.network.architecture.stages.len() - 1;
        let marks_before = self.network.architecture.marks_before();
        for (place, stage) in self.network.architecture.stages.iter().enumerate() {
            if marks_before == Some(place) {
                marks = self.marked(&value)?;
            }
            value = match stage {
                Stage::Convolution { channels, .. } => {
                    self.convolution(&value, *channels, stage.window())?
                }
                Stage::Context { .. } => {
                    let found = self.convolution(&value, value.dim(0)?, stage.window())?;
                    (value + found)?
                }
                Stage::Mean => value.mean((2, 3))?.transpose(0, 1)?.contiguous()?,
                Stage::Halve => value.contiguous()?.apply_op1(Halve)?,
                Stage::ChannelDropout(chance) => self.thinned(value, *chance, true)?,
                Stage::Dropout(chance) => self.thinned(value, *chance, false)?,
                Stage::Flatten => value.transpose(0, 1)?.contiguous()?.flatten_from(1)?,
                Stage::Dense { relu, .. } => {
                    let (weight, bias) = (self.parameter()?, self.parameter()?);
                    if let (Some([weight, bias]), true) = (self.measures, place == last) {
                        measures = Some(value.matmul(&weight.t()?)?.broadcast_add(bias)?);
                    }
                    let sum = value.matmul(&weight.t()?)?.broadcast_add(bias)?;
                    if *relu { sum.relu()? } else { sum }
                }
            };
        }
        Ok(Out {
            logits: value,
            marks,
            measures,
            moments: self.moments,
            positions: self.positions,
        })
    }

    /// Scores `[mark, item · step]` of the head for training, where there is one.
    fn marked(&self, value: &Tensor) -> candle_core::Result<Option<Tensor>> {
        let Some([weight, bias]) = self.marks else {
            return Ok(None);
        };
        let (channels, items, _, steps) = value.dims4()?;
        let flat = value.reshape((channels, items * steps))?;
        let bias = bias.reshape((bias.elem_count(), 1))?;
        Ok(Some(weight.matmul(&flat)?.broadcast_add(&bias)?))
    }

    fn convolution(
        &mut self,
        value: &Tensor,
        channels: usize,
        window: Window,
    ) -> candle_core::Result<Tensor> {
        let (weight, gain, shift) = (self.parameter()?, self.parameter()?, self.parameter()?);
        let sizes = value.dims4()?;
        let sliding = Sliding {
            sizes: [sizes.0, sizes.1, sizes.2, sizes.3],
            window,
        };
        let [rows, columns] = sliding.positions();
        let patches = value.contiguous()?.apply_op1(Unfold(sliding))?;
        let weight = weight.reshape((channels, sizes.0 * window.kernel[0] * window.kernel[1]))?;
        let product = weight.matmul(&patches)?;
        let place = self.positions.len();
        let count = sizes.1 * rows * columns;
        self.positions.push(count);
        let active = if self.rng.is_some() {
            let moments = Arc::new(Mutex::new(Moments::default()));
            self.moments.push(Arc::clone(&moments));
            let norm = NormRelu {
                epsilon: NORM_EPSILON,
                moments,
            };
            product.apply_op3(gain, shift, norm)?
        } else {
            let statistic = |at: usize| {
                let kept = self.network.statistics.get(2 * place + at);
                let kept = kept.map(|array| array.values.clone()).unwrap_or_default();
                Tensor::from_vec(kept, (channels, 1), &Device::Cpu)
            };
            let (mean, variance) = (statistic(0)?, statistic(1)?);
            let root = (variance + f64::from(NORM_EPSILON))?.sqrt()?;
            let scale = gain.reshape((channels, 1))?.div(&root)?;
            let centred = product.broadcast_sub(&mean)?.broadcast_mul(&scale)?;
            centred
                .broadcast_add(&shift.reshape((channels, 1))?)?
                .relu()?
        };
        active.reshape((channels, sizes.1, rows, columns))
    }

    /// Leaves out values, or whole channels of items, and scales the rest up.
    fn thinned(&mut self, value: Tensor, chance: f32, whole: bool) -> candle_core::Result<Tensor> {
        let Some(rng) = self.rng.as_mut() else {
            return Ok(value);
        };
        let dims = value.dims().to_vec();
        let mask_dims: Vec<usize> = if whole {
            vec![dims[0], dims[1], 1, 1]
        } else {
            dims
        };
        let kept = 1.0 / (1.0 - chance);
        let count: usize = mask_dims.iter().product();
        let mask = (0..count).map(|_| {
            if rng.random_range(0.0..1.0f32) < chance {
                0.0
            } else {
                kept
            }
        });
        let mask = Tensor::from_iter(mask, &Device::Cpu)?.reshape(mask_dims)?;
        value.broadcast_mul(&mask)
    }
}
