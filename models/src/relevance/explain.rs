//! Running the graph that explains, and averages over many runs of it.

use std::path::Path;

use ndarray::{Array2, ArrayD, ArrayViewD, Zip};
use phonoscope_analysis::rng::{normal_pair, stream};
use phonoscope_analysis::task::Cancel;

use super::backward::LedgerLayer;
use super::compile::{Compiled, Options, compile};
use super::emit::Emission;
use super::{Method, Target};
use crate::engine::{Engine, Session};
use crate::{Error, GraphBytes, Result};

/// A network opened to be explained, for inputs of one shape.
pub struct Explainer {
    compiled: Compiled,
    options: Options,
    session: Box<dyn Session>,
}

/// What a network made of a batch of inputs, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Scores before softmax `[item, class]`.
    pub logits: Array2<f32>,
    /// Weights of the logits in the score that is explained `[item, class]`.
    pub weights: Array2<f32>,
    /// The score that is explained, of each item.
    pub scores: Vec<f64>,
    /// The map, of the input's shape.
    pub relevance: ArrayD<f32>,
    /// The map at each inner value that was asked for.
    pub inner: Vec<(String, ArrayD<f32>)>,
    /// What arrived at each layer and what left it.
    pub ledger: Option<Conservation>,
    /// For integrated gradients, the score less that of the baseline, of each item: what the map
    /// sums to when there are enough steps.
    pub gain: Option<Vec<f64>>,
}

/// Sums of relevance at each layer `[item, layer]`, in the order of the backward pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Conservation {
    /// The layers.
    pub layers: Vec<LedgerLayer>,
    /// Relevance that arrived at the layer's output.
    pub arriving: Array2<f32>,
    /// Relevance that it handed to its inputs.
    pub leaving: Array2<f32>,
    /// Relevance that its bias took (negative where the bias gave some).
    pub bias: Array2<f32>,
}

impl Conservation {
    /// What neither left nor went to the bias: taken by stabilisers, by padding, and lost at outputs
    /// to which nothing contributed.
    pub fn stabiliser(&self) -> Array2<f32> {
        &self.arriving - &self.leaving - &self.bias
    }
}

impl Explainer {
    /// Compiles `graph` for inputs of a shape and opens it. Its weights may lie in files of `folder`.
    ///
    /// # Errors
    /// As [`compile`] and [`Engine::open`].
    pub fn open(
        engine: &dyn Engine,
        graph: &GraphBytes,
        folder: Option<&Path>,
        shape: &[usize],
        options: Options,
    ) -> Result<Self> {
        let mut options = options;
        if engine.info().name == "rten" && options.emission == Emission::Optimised {
            options.emission = Emission::Portable;
        }
        let compiled = compile(graph, folder, shape, &options)?;
        let mut outputs = vec![compiled.logits.clone(), compiled.relevance.clone()];
        outputs.extend(compiled.inner.iter().map(|(_, name)| name.clone()));
        if let Some(ledger) = &compiled.ledger {
            outputs.extend([&ledger.arriving, &ledger.leaving, &ledger.bias].map(String::clone));
        }
        let session = engine.open(&compiled.graph, &outputs)?;
        Ok(Self {
            compiled,
            options,
            session,
        })
    }

    /// The graph that runs.
    pub fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// Explains the score that [`Options::target`] says.
    ///
    /// # Errors
    /// [`Error::Shape`] for an input of another shape, one that is not finite, or [`Target::Given`];
    /// [`Error::Engine`]; [`Error::Malformed`] when numbers overflow; [`Error::Cancelled`].
    pub fn explain(&mut self, x: ArrayViewD<'_, f32>, cancel: &Cancel) -> Result<Explanation> {
        self.check(&x)?;
        match self.options.method {
            Method::IntegratedGradients { steps } => return self.integrated(x, steps, cancel),
            Method::SmoothGrad {
                samples,
                noise,
                seed,
            } => return self.smoothed(x, (samples, noise, seed), cancel),
            _ => {}
        }
        if self.options.target == Target::Given {
            return Err(Error::Shape {
                what: "weights of the logits".to_owned(),
                expected: "to be given with the input".to_owned(),
                found: "none".to_owned(),
            });
        }
        let run = self.run(x, None, cancel)?;
        let weights = self.weights(&run.logits)?;
        Ok(run.explanation(weights, None))
    }

    /// Explains the sum of the logits times `weights` `[item, class]`; for [`Target::Given`].
    ///
    /// # Errors
    /// As [`Explainer::explain`].
    pub fn explain_weighted(
        &mut self,
        x: ArrayViewD<'_, f32>,
        weights: &Array2<f32>,
        cancel: &Cancel,
    ) -> Result<Explanation> {
        self.check(&x)?;
        let run = self.run(x, Some(weights), cancel)?;
        Ok(run.explanation(weights.clone(), None))
    }

    fn check(&self, x: &ArrayViewD<'_, f32>) -> Result<()> {
        if x.shape() != self.compiled.shape {
            return Err(Error::Shape {
                what: format!("input `{}`", self.compiled.input),
                expected: format!("{:?}", self.compiled.shape),
                found: format!("{:?}", x.shape()),
            });
        }
        let bad = x.iter().filter(|x| !x.is_finite()).count();
        if bad > 0 {
            return Err(Error::Shape {
                what: format!("input `{}`", self.compiled.input),
                expected: "finite numbers".to_owned(),
                found: format!("{bad} that are not"),
            });
        }
        Ok(())
    }

    fn run(
        &mut self,
        x: ArrayViewD<'_, f32>,
        weights: Option<&Array2<f32>>,
        cancel: &Cancel,
    ) -> Result<Run> {
        let weights = weights.map(|weights| weights.view().into_dyn());
        let mut given = vec![(self.compiled.input.as_str(), x)];
        if let (Some(name), Some(weights)) = (&self.compiled.weights, weights) {
            given.push((name.as_str(), weights));
        }
        let got = self.session.run(&given, cancel)?;
        if got.iter().flatten().any(|x| !x.is_finite()) {
            return Err(Error::malformed(
                "relevance",
                "some of it is not finite: numbers of the network are too large for 32 bits",
            ));
        }
        let mut got = got.into_iter();
        let mut next = || {
            got.next().ok_or_else(|| {
                Error::malformed("relevance", "the engine gave fewer values than asked for")
            })
        };
        let logits = rows(next()?, self.compiled.shape[0])?;
        let relevance = next()?;
        let mut inner = Vec::new();
        for (name, _) in &self.compiled.inner {
            inner.push((name.clone(), next()?));
        }
        let ledger = match &self.compiled.ledger {
            Some(ledger) => Some(Conservation {
                layers: ledger.layers.clone(),
                arriving: rows(next()?, self.compiled.shape[0])?,
                leaving: rows(next()?, self.compiled.shape[0])?,
                bias: rows(next()?, self.compiled.shape[0])?,
            }),
            None => None,
        };
        Ok(Run {
            logits,
            relevance,
            inner,
            ledger,
        })
    }

    fn weights(&self, logits: &Array2<f32>) -> Result<Array2<f32>> {
        let mut weights = Array2::zeros(logits.raw_dim());
        for (mut to, row) in weights.rows_mut().into_iter().zip(logits.rows()) {
            let row = self.options.target.weights(&row.to_vec());
            let row = row.ok_or_else(|| Error::Shape {
                what: "target".to_owned(),
                expected: format!("one of {} classes", self.compiled.classes),
                found: self.options.target.to_string(),
            })?;
            to.iter_mut().zip(row).for_each(|(to, from)| *to = from);
        }
        Ok(weights)
    }

    /// The weights of the target at x, and the run at x without a use for its map.
    fn fixed_target(
        &mut self,
        x: ArrayViewD<'_, f32>,
        cancel: &Cancel,
    ) -> Result<(Run, Array2<f32>)> {
        let none = Array2::zeros((self.compiled.shape[0], self.compiled.classes));
        let run = self.run(x, Some(&none), cancel)?;
        let weights = self.weights(&run.logits)?;
        Ok((run, weights))
    }

    fn integrated(
        &mut self,
        x: ArrayViewD<'_, f32>,
        steps: usize,
        cancel: &Cancel,
    ) -> Result<Explanation> {
        let (mut at_x, weights) = self.fixed_target(x.view(), cancel)?;
        let baseline = self.run(ArrayD::zeros(x.raw_dim()).view(), Some(&weights), cancel)?;
        let steps = steps.max(1);
        let points = (0..steps).map(|step| {
            let way = (step as f32 + 0.5) / steps as f32;
            x.mapv(|x| x * way)
        });
        let mean = self.mean(points, &weights, cancel)?;
        at_x.relevance = Zip::from(&mean)
            .and(&x)
            .map_collect(|g, x| (g * f64::from(*x)) as f32);
        let before = scores(&baseline.logits, &weights);
        let after = scores(&at_x.logits, &weights);
        let gain = after.iter().zip(before).map(|(a, b)| a - b).collect();
        Ok(at_x.explanation(weights, Some(gain)))
    }

    fn smoothed(
        &mut self,
        x: ArrayViewD<'_, f32>,
        (samples, noise, seed): (usize, f32, u64),
        cancel: &Cancel,
    ) -> Result<Explanation> {
        let (mut at_x, weights) = self.fixed_target(x.view(), cancel)?;
        let items = x.outer_iter().map(|item| {
            let low = item.iter().copied().fold(f32::INFINITY, f32::min);
            let high = item.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            noise * (high - low)
        });
        let spread: Vec<f32> = items.collect();
        let points = (0..samples.max(1)).map(|sample| {
            let mut noisy = x.to_owned();
            let mut draws = stream(seed, "smoothgrad", sample as u64);
            for (mut item, spread) in noisy.outer_iter_mut().zip(&spread) {
                let draw = |x: &mut f32| *x += spread * normal_pair(&mut draws)[0] as f32;
                item.iter_mut().for_each(draw);
            }
            noisy
        });
        let mean = self.mean(points, &weights, cancel)?;
        at_x.relevance = mean.mapv(|g| g as f32);
        Ok(at_x.explanation(weights, None))
    }

    /// The mean map over inputs.
    fn mean(
        &mut self,
        points: impl ExactSizeIterator<Item = ArrayD<f32>>,
        weights: &Array2<f32>,
        cancel: &Cancel,
    ) -> Result<ArrayD<f64>> {
        let count = points.len().max(1) as f64;
        let mut sum = ArrayD::zeros(self.compiled.shape.clone());
        for point in points {
            let run = self.run(point.view(), Some(weights), cancel)?;
            Zip::from(&mut sum)
                .and(&run.relevance)
                .for_each(|sum: &mut f64, x| *sum += f64::from(*x));
        }
        Ok(sum / count)
    }
}

struct Run {
    logits: Array2<f32>,
    relevance: ArrayD<f32>,
    inner: Vec<(String, ArrayD<f32>)>,
    ledger: Option<Conservation>,
}

impl Run {
    fn explanation(self, weights: Array2<f32>, gain: Option<Vec<f64>>) -> Explanation {
        Explanation {
            scores: scores(&self.logits, &weights),
            logits: self.logits,
            weights,
            relevance: self.relevance,
            inner: self.inner,
            ledger: self.ledger,
            gain,
        }
    }
}

/// A value with one row an item.
fn rows(array: ArrayD<f32>, items: usize) -> Result<Array2<f32>> {
    let found = format!("{:?}", array.shape());
    let columns = array.len() / items.max(1);
    let rows = array.into_shape_with_order((items, columns));
    rows.map_err(|_shape| Error::Shape {
        what: "a value of the graph".to_owned(),
        expected: format!("{items} rows"),
        found,
    })
}

fn scores(logits: &Array2<f32>, weights: &Array2<f32>) -> Vec<f64> {
    let rows = logits.rows().into_iter().zip(weights.rows());
    rows.map(|(logits, weights)| {
        let products = logits.iter().zip(weights);
        products.map(|(x, w)| f64::from(*x) * f64::from(*w)).sum()
    })
    .collect()
}
