//! Small convolutional classifiers of spectrograms.
//!
//! A network is plain data: an [`Architecture`] and its numbers. `candle` differentiates it, one step
//! at a time ([`Network::gradients`]); what it is stepped with ([`AdamW`]), its statistics and its
//! running average are plain data too, so that training can be stopped and continued anywhere.
//! Results do not depend on the number of threads.

mod adamw;
mod architecture;
mod ensemble;
mod halve;
mod norm;
mod pass;
mod unfold;

use ndarray::{Array2, Array3};
use phonoscope_analysis::Result;
use phonoscope_analysis::rng::stream;
use phonoscope_models::build::{Feedforward, Layer};
use rand::RngExt as _;

pub use adamw::AdamW;
pub use architecture::{Architecture, Stage};
pub use ensemble::ensemble;
pub use pass::{Aim, Step};

/// Added to variances in batch norms.
const NORM_EPSILON: f32 = 1e-5;
/// Share of a new batch in the running statistics of batch norms.
const MOMENTUM: f32 = 0.1;
/// What the names of the parameters of heads for training begin with.
const HEADS: [&str; 2] = ["marks.", "measures."];

/// Trained or running numbers of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Name, such as `conv.0.weight`.
    pub name: String,
    /// Sizes.
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
}

/// A network and its numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    architecture: Architecture,
    /// What is trained, in the order of the layers.
    pub parameters: Vec<Array>,
    /// Mean and variance of every batch norm, in the order of the layers.
    pub statistics: Vec<Array>,
}

impl Network {
    /// A network with first weights drawn as He et al. (2015) do for ReLU, from `seed`.
    ///
    /// # Errors
    /// [`Error::Setting`](phonoscope_analysis::Error::Setting) for layers that do not fit each other.
    pub fn new(architecture: Architecture, seed: u64) -> Result<Self> {
        architecture.classes()?;
        let shapes = architecture.shapes()?;
        let mut rng = stream(seed, "conv weights", 0);
        let mut drawn = |name: String, shape: Vec<usize>, inputs: usize, gain: f32| {
            let bound = (3.0 * gain / inputs.max(1) as f32).sqrt();
            let count = shape.iter().product();
            let values = (0..count).map(|_| rng.random_range(-bound..bound));
            Array {
                values: values.collect(),
                name,
                shape,
            }
        };
        let filled = |name: String, size: usize, value: f32| Array {
            name,
            shape: vec![size],
            values: vec![value; size],
        };
        let (mut parameters, mut statistics) = (Vec::new(), Vec::new());
        let mut from = vec![1, architecture.input[0], architecture.input[1]];
        let (mut convolutions, mut dense) = (0, 0);
        for (stage, to) in architecture.stages.iter().zip(&shapes) {
            match stage {
                Stage::Convolution { .. } | Stage::Context { .. } => {
                    let (channels, kernel) = (&to[0], stage.window().kernel);
                    let shape = vec![*channels, from[0], kernel[0], kernel[1]];
                    let inputs = from[0] * kernel[0] * kernel[1];
                    let name = |what: &str| format!("conv.{convolutions}.{what}");
                    parameters.push(drawn(name("weight"), shape, inputs, 2.0));
                    parameters.push(filled(name("gain"), *channels, 1.0));
                    parameters.push(filled(name("shift"), *channels, 0.0));
                    statistics.push(filled(name("mean"), *channels, 0.0));
                    statistics.push(filled(name("variance"), *channels, 1.0));
                    convolutions += 1;
                }
                Stage::Dense { units, relu } => {
                    let name = |what: &str| format!("dense.{dense}.{what}");
                    let gain = if *relu { 2.0 } else { 1.0 };
                    parameters.push(drawn(name("weight"), vec![*units, from[0]], from[0], gain));
                    parameters.push(filled(name("bias"), *units, 0.0));
                    dense += 1;
                }
                _ => {}
            }
            from.clone_from(to);
        }
        if let Some([channels, _]) = architecture.marked()? {
            let shape = vec![architecture.marks, channels];
            parameters.push(drawn("marks.weight".into(), shape, channels, 1.0));
            parameters.push(filled("marks.bias".into(), architecture.marks, 0.0));
        }
        if let Some(units) = architecture.measured()? {
            let shape = vec![architecture.measures, units];
            parameters.push(drawn("measures.weight".into(), shape, units, 1.0));
            parameters.push(filled("measures.bias".into(), architecture.measures, 0.0));
        }
        Ok(Self {
            architecture,
            parameters,
            statistics,
        })
    }

    /// Its layers.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Number of trained weights, without those of the heads for training.
    pub fn weights(&self) -> usize {
        let own = |array: &&Array| !HEADS.iter().any(|head| array.name.starts_with(head));
        self.parameters
            .iter()
            .filter(own)
            .map(|a| a.values.len())
            .sum()
    }

    /// Scores `[item, class]` of spectrograms `[item, bin, frame]`, as the trained network gives
    /// them.
    ///
    /// # Errors
    /// [`Error::Shape`](phonoscope_analysis::Error::Shape) for spectrograms of other sizes.
    pub fn predict(&self, x: &Array3<f32>) -> Result<Array2<f32>> {
        pass::predict(self, x)
    }

    /// Moves this network's numbers towards another's of the same layers by a share.
    pub fn approach(&mut self, other: &Self, share: f32) {
        let own = self.parameters.iter_mut().chain(&mut self.statistics);
        let theirs = other.parameters.iter().chain(&other.statistics);
        for (own, theirs) in own.zip(theirs) {
            for (own, theirs) in own.values.iter_mut().zip(&theirs.values) {
                *own += share * (theirs - *own);
            }
        }
    }

    /// Takes the moments of a batch into the running statistics.
    fn take_moments(&mut self, moments: &[norm::Moments], positions: &[usize]) {
        for (place, (moments, count)) in moments.iter().zip(positions).enumerate() {
            // The running variance is the unbiased one, as in other libraries.
            let unbiased = *count as f32 / (count.saturating_sub(1)).max(1) as f32;
            let new = [
                moments.mean.clone(),
                moments.variance.iter().map(|v| v * unbiased).collect(),
            ];
            let kept = self.statistics.iter_mut().skip(2 * place);
            for (kept, new) in kept.zip(new) {
                for (kept, new) in kept.values.iter_mut().zip(new) {
                    *kept += MOMENTUM * (new - *kept);
                }
            }
        }
    }

    /// The network without what is only for training, ready to be written as ONNX. Its output is
    /// `logits`.
    ///
    /// # Errors
    /// [`Error::Setting`](phonoscope_analysis::Error::Setting) for layers that do not fit each other.
    pub fn feedforward(&self, name: &str, input: &str) -> Result<Feedforward> {
        let shapes = self.architecture.shapes()?;
        let mut parameters = self.parameters.iter().map(|array| array.values.clone());
        let mut statistics = self.statistics.iter().map(|array| array.values.clone());
        let mut parameter = || parameters.next().unwrap_or_default();
        let mut statistic = || statistics.next().unwrap_or_default();
        let mut layers: Vec<(String, Layer)> = Vec::new();
        let (mut convolutions, mut pools, mut dense) = (0, 0, 0);
        let mut channels_in = 1;
        for (stage, shape) in self.architecture.stages.iter().zip(&shapes) {
            match stage {
                Stage::Convolution { .. } | Stage::Context { .. } => {
                    let window = stage.window();
                    let before = layers.last().map(|(name, _)| name.clone());
                    let is_context = matches!(stage, Stage::Context { .. });
                    let added = before.filter(|_| is_context);
                    let own = ["conv", "norm", "relu"].map(|kind| format!("{kind}.{convolutions}"));
                    let convolution = Layer::Convolution {
                        weights: parameter(),
                        bias: vec![],
                        inputs: channels_in,
                        outputs: shape.first().copied().unwrap_or(0),
                        groups: 1,
                        kernel: window.kernel,
                        strides: window.strides,
                        pads: window.pads,
                        dilations: window.dilations,
                    };
                    let norm = Layer::Norm {
                        gain: parameter(),
                        shift: parameter(),
                        mean: statistic(),
                        variance: statistic(),
                        epsilon: NORM_EPSILON,
                    };
                    layers.extend(own.into_iter().zip([convolution, norm, Layer::Relu]));
                    if let Some(before) = added {
                        layers.push((format!("add.{convolutions}"), Layer::Add(before)));
                    }
                    convolutions += 1;
                }
                Stage::Mean => {
                    layers.push(("mean".into(), Layer::Mean));
                    layers.push(("flat".into(), Layer::Flatten));
                }
                Stage::Halve => {
                    layers.push((format!("pool.{pools}"), Layer::MaxPool([2, 2])));
                    pools += 1;
                }
                Stage::Flatten => layers.push(("flat".into(), Layer::Flatten)),
                Stage::Dense { relu, .. } => {
                    let layer = Layer::Dense {
                        weights: parameter(),
                        bias: parameter(),
                    };
                    layers.push((format!("dense.{dense}"), layer));
                    if *relu {
                        layers.push((format!("dense.{dense}.relu"), Layer::Relu));
                    }
                    dense += 1;
                }
                Stage::ChannelDropout(_) | Stage::Dropout(_) => {}
            }
            channels_in = shape.first().copied().unwrap_or(1);
        }
        if let Some((last, _)) = layers.last_mut() {
            "logits".clone_into(last);
        }
        Ok(Feedforward {
            name: name.to_owned(),
            input: input.to_owned(),
            shape: [1, self.architecture.input[0], self.architecture.input[1]],
            layers,
        })
    }
}

#[cfg(test)]
mod tests;
