//! A multilayer perceptron with tanh units, from readable descriptors to embeddings.
//!
//! arXiv 2510.16489's published network has two hidden layers of 256 tanh units and a linear output
//! (`methods` of the guide to the speaker probe). Trained here by `candle` (automatic
//! differentiation and AdamW) on mini-batches, stopped early on rows set aside for it. The first
//! weights, the order of the rows and the rows set aside come from one seed, and the result does
//! not depend on the number of threads.

use candle_core::{Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer as _, ParamsAdamW};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use phonoscope_analysis::rng::{Stream, stream};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Error, Result};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Fewest rows that are trained on: below, nothing could be set aside for early stopping.
pub const FEWEST_ROWS: usize = 20;

/// Settings of [`fit`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MlpSettings {
    /// Units of each hidden layer, first to last.
    pub hidden: Vec<usize>,
    /// Most passes over the training rows.
    pub epochs: usize,
    /// Passes without a better loss on the rows set aside, after which training stops.
    pub patience: usize,
    /// Rows of one step.
    pub batch: usize,
    /// Step size of AdamW.
    pub learning_rate: f64,
    /// Weight decay of AdamW.
    pub weight_decay: f64,
    /// Share of the rows set aside for early stopping, in (0, 1).
    pub set_aside: f64,
    /// Seed of the first weights, the order of rows and the rows set aside.
    pub seed: u64,
}

impl Default for MlpSettings {
    fn default() -> Self {
        Self {
            hidden: vec![256, 256],
            epochs: 200,
            patience: 10,
            batch: 128,
            learning_rate: 1e-3,
            weight_decay: 1e-2,
            set_aside: 0.15,
            seed: 0,
        }
    }
}

/// A trained network; inputs are standardised and outputs scaled as its training rows were.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    input_mean: Array1<f64>,
    input_scale: Array1<f64>,
    output_mean: Array1<f64>,
    output_scale: f64,
    layers: Vec<Layer>,
    epochs: usize,
    rows: usize,
}

/// One affine layer.
#[derive(Debug, Clone, PartialEq)]
struct Layer {
    /// `[input, output]`.
    weights: Array2<f64>,
    /// `[output]`.
    bias: Array1<f64>,
}

impl Mlp {
    /// Predictions for `x: [row, input]`, as `[row, output]`.
    ///
    /// # Errors
    /// When the number of inputs is not the one trained on.
    pub fn predict(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        if x.ncols() != self.input_mean.len() {
            return Err(Error::Shape {
                what: "multilayer perceptron: inputs".into(),
                expected: self.input_mean.len().to_string(),
                found: x.ncols().to_string(),
            });
        }
        let mut hidden = (&x - &self.input_mean) / &self.input_scale;
        for (place, layer) in self.layers.iter().enumerate() {
            hidden = hidden.dot(&layer.weights) + &layer.bias;
            if place + 1 < self.layers.len() {
                hidden.mapv_inplace(f64::tanh);
            }
        }
        Ok(hidden * self.output_scale + &self.output_mean)
    }

    /// Passes over the training rows after which the kept weights were reached.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// Rows whose gradients were followed (those set aside not counted).
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// Trains a network from `x: [row, input]` to `y: [row, output]` by least squares.
///
/// Rows should be independent units (speakers): some are set aside at random for early stopping.
/// A constant input carries nothing and is ignored; the outputs share one scale, so that each
/// counts by its variance.
///
/// # Errors
/// Shapes that do not fit, values that are not finite, fewer than [`FEWEST_ROWS`] rows, constant
/// outputs, settings out of range, and cancellation.
pub fn fit(
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    settings: &MlpSettings,
    task: &Task,
) -> Result<Mlp> {
    check(x, y, settings)?;
    let (kept, aside) = split(x.nrows(), settings);
    let input_mean = mean(&x.select(Axis(0), &kept));
    let input_scale = deviations(&x.select(Axis(0), &kept), &input_mean)
        .mapv(|scale| if scale > 0.0 { scale } else { f64::INFINITY });
    let output_mean = mean(&y.select(Axis(0), &kept));
    let output_scale = deviations(&y.select(Axis(0), &kept), &output_mean)
        .mapv(|scale| scale * scale)
        .mean()
        .unwrap_or(0.0)
        .sqrt();
    if output_scale <= 0.0 {
        return Err(Error::Undefined {
            what: "multilayer perceptron".into(),
            why: "all outputs are constant".into(),
        });
    }
    let inputs = ((&x - &input_mean) / &input_scale).mapv(|v| v as f32);
    let outputs = ((&y - &output_mean) / output_scale).mapv(|v| v as f32);
    let trained = Trainer {
        inputs: inputs.view(),
        outputs: outputs.view(),
        settings,
    }
    .train(&kept, &aside, task)?;
    Ok(Mlp {
        input_mean,
        input_scale,
        output_mean,
        output_scale,
        layers: trained.layers,
        epochs: trained.epochs,
        rows: kept.len(),
    })
}

fn check(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>, settings: &MlpSettings) -> Result<()> {
    let what = "multilayer perceptron";
    if x.nrows() != y.nrows() {
        return Err(Error::Shape {
            what: format!("{what}: rows of the outputs"),
            expected: x.nrows().to_string(),
            found: y.nrows().to_string(),
        });
    }
    let needed = [
        ("rows", x.nrows(), FEWEST_ROWS),
        ("inputs", x.ncols(), 1),
        ("outputs", y.ncols(), 1),
    ];
    if let Some((unit, found, needed)) =
        needed.into_iter().find(|(_, found, needed)| found < needed)
    {
        return Err(Error::TooFew {
            what: format!("{what}: {unit}"),
            needed,
            found,
        });
    }
    if x.iter().chain(y.iter()).any(|v| !v.is_finite()) {
        return Err(Error::Undefined {
            what: what.into(),
            why: "some values are missing or not finite".into(),
        });
    }
    let positive = [
        (
            "hidden units",
            settings.hidden.iter().all(|units| *units > 0),
        ),
        ("epochs", settings.epochs > 0),
        ("batch", settings.batch > 0),
        ("learning rate", settings.learning_rate > 0.0),
        (
            "share set aside",
            settings.set_aside > 0.0 && settings.set_aside < 1.0,
        ),
    ];
    match positive.into_iter().find(|(_, fine)| !fine) {
        Some((name, _)) => Err(Error::Setting {
            what: format!("{what}: {name}"),
            needed: "positive, and the share set aside below 1".into(),
            found: format!("{settings:?}"),
        }),
        None => Ok(()),
    }
}

/// Rows to follow, rows set aside; both ascending, neither empty.
fn split(rows: usize, settings: &MlpSettings) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..rows).collect();
    order.shuffle(&mut stream(settings.seed, "mlp set aside", 0));
    let aside = ((rows as f64 * settings.set_aside).round() as usize).clamp(1, rows - 1);
    let mut kept = order.split_off(aside);
    kept.sort_unstable();
    order.sort_unstable();
    (kept, order)
}

fn mean(x: &Array2<f64>) -> Array1<f64> {
    x.sum_axis(Axis(0)) / x.nrows() as f64
}

/// Standard deviation of each column, exactly zero where a column is constant.
fn deviations(x: &Array2<f64>, mean: &Array1<f64>) -> Array1<f64> {
    let deviation = |(column, mean): (ArrayView1<'_, f64>, &f64)| {
        if column.iter().all(|v| *v == column[0]) {
            return 0.0;
        }
        (column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / column.len() as f64).sqrt()
    };
    x.columns().into_iter().zip(mean).map(deviation).collect()
}

struct Trainer<'a> {
    /// Standardised, `[row, input]`.
    inputs: ArrayView2<'a, f32>,
    /// Scaled, `[row, output]`.
    outputs: ArrayView2<'a, f32>,
    settings: &'a MlpSettings,
}

struct Trained {
    layers: Vec<Layer>,
    epochs: usize,
}

impl Trainer<'_> {
    fn train(&self, kept: &[usize], aside: &[usize], task: &Task) -> Result<Trained> {
        let network = self.network().map_err(failed)?;
        let vars = network.iter().flatten().cloned().collect();
        let parameters = ParamsAdamW {
            lr: self.settings.learning_rate,
            weight_decay: self.settings.weight_decay,
            ..ParamsAdamW::default()
        };
        let mut optimiser = AdamW::new(vars, parameters).map_err(failed)?;
        let mut order = kept.to_vec();
        let mut best = (f32::INFINITY, 0, network_values(&network).map_err(failed)?);
        for epoch in 1..=self.settings.epochs {
            order.shuffle(&mut stream(self.settings.seed, "mlp order", epoch as u64));
            for batch in order.chunks(self.settings.batch) {
                task.check()?;
                let loss = self.loss(&network, batch).map_err(failed)?;
                optimiser.backward_step(&loss).map_err(failed)?;
            }
            let loss = self.mean_loss(&network, aside).map_err(failed)?;
            if loss < best.0 {
                best = (loss, epoch, network_values(&network).map_err(failed)?);
            } else if epoch - best.1 >= self.settings.patience {
                break;
            }
        }
        let (_, epochs, layers) = best;
        Ok(Trained { layers, epochs })
    }

    /// Weights `[input, output]` and bias `[1, output]` of every layer, drawn as Glorot and Bengio
    /// (2010) do for tanh.
    fn network(&self) -> candle_core::Result<Vec<[Var; 2]>> {
        let mut rng = stream(self.settings.seed, "mlp weights", 0);
        let mut sizes = vec![self.inputs.ncols()];
        sizes.extend(&self.settings.hidden);
        sizes.push(self.outputs.ncols());
        sizes
            .windows(2)
            .map(|pair| {
                let (from, to) = (pair[0], pair[1]);
                let bound = (6.0 / (from + to) as f32).sqrt();
                let weights = uniform(&mut rng, bound, from * to);
                Ok([
                    Var::from_vec(weights, (from, to), &Device::Cpu)?,
                    Var::from_vec(vec![0f32; to], (1, to), &Device::Cpu)?,
                ])
            })
            .collect()
    }

    /// Mean squared error over the given rows, as a value that can be differentiated.
    fn loss(&self, network: &[[Var; 2]], rows: &[usize]) -> candle_core::Result<Tensor> {
        let mut hidden = tensor(&self.inputs, rows)?;
        for (place, [weights, bias]) in network.iter().enumerate() {
            hidden = hidden
                .matmul(weights.as_tensor())?
                .broadcast_add(bias.as_tensor())?;
            if place + 1 < network.len() {
                hidden = hidden.tanh()?;
            }
        }
        hidden.sub(&tensor(&self.outputs, rows)?)?.sqr()?.mean_all()
    }

    /// The same in blocks, as a number.
    fn mean_loss(&self, network: &[[Var; 2]], rows: &[usize]) -> candle_core::Result<f32> {
        let mut sum = 0.0;
        for block in rows.chunks(1024) {
            sum += self.loss(network, block)?.to_scalar::<f32>()? * block.len() as f32;
        }
        Ok(sum / rows.len() as f32)
    }
}

fn uniform(rng: &mut Stream, bound: f32, count: usize) -> Vec<f32> {
    (0..count)
        .map(|_| rng.random_range(-bound..bound))
        .collect()
}

fn tensor(from: &ArrayView2<'_, f32>, rows: &[usize]) -> candle_core::Result<Tensor> {
    let picked = from.select(Axis(0), rows);
    let shape = picked.dim();
    Tensor::from_iter(picked, &Device::Cpu)?.reshape(shape)
}

fn network_values(network: &[[Var; 2]]) -> candle_core::Result<Vec<Layer>> {
    let values = |var: &Var| {
        let (rows, columns) = var.as_tensor().dims2()?;
        let values = var.as_tensor().flatten_all()?.to_vec1::<f32>()?;
        let values = values.into_iter().map(f64::from).collect();
        Array2::from_shape_vec((rows, columns), values).map_err(candle_core::Error::wrap)
    };
    network
        .iter()
        .map(|[weights, bias]| {
            Ok(Layer {
                weights: values(weights)?,
                bias: values(bias)?.row(0).to_owned(),
            })
        })
        .collect()
}

fn failed(error: candle_core::Error) -> Error {
    Error::Undefined {
        what: "multilayer perceptron".into(),
        why: error.to_string(),
    }
}

#[cfg(test)]
mod tests;
