//! Maps of relevance of many items, one by one.

use std::path::Path;

use ndarray::{Array2, ArrayD, ArrayView2, IxDyn};
use phonoscope_analysis::task::Cancel;
use phonoscope_models::GraphBytes;
use phonoscope_models::engine::{Engine, Session};
use phonoscope_models::relevance::{Explainer, Method, Options, Target};

use crate::error::{Error, Result};

/// Which score of two classes is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maps {
    /// The logit of the predicted class.
    Predicted,
    /// The logit of the predicted class less that of the other.
    Difference,
}

/// Where the relevance of an item went.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// The score that was explained.
    pub score: f64,
    /// Sum of the map.
    pub sum: f64,
    /// Layers from the score down: name, relevance arriving, leaving, and taken by the bias.
    pub layers: Vec<(String, [f64; 3])>,
}

/// A network that explains itself, item by item.
pub struct Mapper {
    explainer: Explainer,
    shape: Vec<usize>,
    target: Maps,
}

impl std::fmt::Debug for Mapper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mapper")
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

impl Mapper {
    /// Compiles a classifier of spectrograms `[1, 1, bin, frame]` for a method.
    ///
    /// # Errors
    /// Those of compiling and opening: an operator without a rule is named.
    pub fn open(
        engine: &dyn Engine,
        graph: &GraphBytes,
        folder: Option<&Path>,
        sizes: [usize; 2],
        (method, target): (Method, Maps),
    ) -> Result<Self> {
        let shape = vec![1, 1, sizes[0], sizes[1]];
        let options = Options {
            target: Target::Given,
            ..Options::new(method)
        };
        let explainer = Explainer::open(engine, graph, folder, &shape, options)?;
        Ok(Self {
            explainer,
            shape,
            target,
        })
    }

    /// The logits of an item and its map `[bin, frame]`, with what the ledger says.
    ///
    /// # Errors
    /// Those of running, and for a classifier of other than two classes.
    pub fn map(
        &mut self,
        item: ArrayView2<'_, f32>,
        logits: [f32; 2],
        cancel: &Cancel,
    ) -> Result<(Array2<f32>, Balance)> {
        let predicted = usize::from(logits[1] > logits[0]);
        let mut weights = Array2::zeros((1, 2));
        weights[[0, predicted]] = 1.0;
        if self.target == Maps::Difference {
            weights[[0, 1 - predicted]] = -1.0;
        }
        let x = shaped(&self.shape, item)?;
        let found = self
            .explainer
            .explain_weighted(x.view(), &weights, cancel)?;
        let map = plane(&found.relevance, &self.shape)?;
        let sum = map.iter().map(|x| f64::from(*x)).sum();
        let layers = found.ledger.iter().flat_map(|ledger| {
            ledger.layers.iter().enumerate().map(move |(place, layer)| {
                let of = |array: &Array2<f32>| f64::from(array[[0, place]]);
                let parts = [&ledger.arriving, &ledger.leaving, &ledger.bias];
                (layer.name.clone(), parts.map(of))
            })
        });
        let balance = Balance {
            score: found.scores.first().copied().unwrap_or(f64::NAN),
            sum,
            layers: layers.collect(),
        };
        Ok((map, balance))
    }

    /// Name of the value that holds the logits, and of the input.
    pub(crate) fn names(&self) -> (String, String) {
        let compiled = self.explainer.compiled();
        (compiled.logits.clone(), compiled.input.clone())
    }
}

/// A network that gives logits of two classes alone.
pub(crate) struct Scorer {
    session: Box<dyn Session>,
    input: String,
    sizes: [usize; 2],
    /// Items of one run; one where the graph insists on it.
    batch: usize,
}

/// Most items of one run.
const MOST: usize = 16;

impl Scorer {
    pub(crate) fn open(
        engine: &dyn Engine,
        graph: &GraphBytes,
        folder: Option<&Path>,
        sizes: [usize; 2],
        (logits, input): (String, String),
    ) -> Result<Self> {
        let found = phonoscope_models::wire::survey(graph.bytes())?;
        let declared = found.free_inputs().find(|port| port.name == input);
        let first = declared.and_then(|port| port.dims.as_ref()?.first().cloned());
        let fixed = matches!(first, Some(phonoscope_models::wire::Dim::Fixed(_)));
        Ok(Self {
            session: engine.open_beside(graph, &[logits], folder)?,
            input,
            sizes,
            batch: if fixed { 1 } else { MOST },
        })
    }

    /// Logits of items `[bin, frame]`.
    pub(crate) fn logits(
        &mut self,
        items: &[Array2<f32>],
        cancel: &Cancel,
    ) -> Result<Vec<[f32; 2]>> {
        let mut all = Vec::with_capacity(items.len());
        for block in items.chunks(self.batch) {
            let values: Vec<f32> = block.iter().flat_map(|item| item.iter().copied()).collect();
            let dims = IxDyn(&[block.len(), 1, self.sizes[0], self.sizes[1]]);
            let x = ArrayD::from_shape_vec(dims, values).map_err(|error| misfit(&error))?;
            let got = self
                .session
                .run(&[(self.input.as_str(), x.view())], cancel)?;
            let logits: Vec<f32> = got.into_iter().flatten().collect();
            if logits.len() != 2 * block.len() {
                return Err(Error::Request {
                    problem: format!(
                        "the network gives {} scores for {} words",
                        logits.len(),
                        block.len()
                    ),
                    hint: "a classifier of stress has two classes, final and initial".into(),
                });
            }
            if logits.iter().any(|x| !x.is_finite()) {
                return Err(Error::NotFinite {
                    tap: "logits".into(),
                    values: logits.iter().filter(|x| !x.is_finite()).count(),
                });
            }
            all.extend(logits.chunks_exact(2).map(|pair| [pair[0], pair[1]]));
        }
        Ok(all)
    }
}

fn misfit(error: &ndarray::ShapeError) -> Error {
    Error::Request {
        problem: format!("a spectrogram does not fit the network: {error}"),
        hint: "its front end must give what its input takes".into(),
    }
}

fn shaped(shape: &[usize], item: ArrayView2<'_, f32>) -> Result<ArrayD<f32>> {
    let values: Vec<f32> = item.iter().copied().collect();
    ArrayD::from_shape_vec(IxDyn(shape), values).map_err(|error| misfit(&error))
}

fn plane(map: &ArrayD<f32>, shape: &[usize]) -> Result<Array2<f32>> {
    let sizes = (shape[2], shape[3]);
    Array2::from_shape_vec(sizes, map.iter().copied().collect()).map_err(|error| misfit(&error))
}
