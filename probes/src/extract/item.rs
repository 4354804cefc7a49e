//! One utterance through front end, network and pooling.

use ndarray::{ArrayD, ArrayViewD, Axis};
use phonoscope_analysis::task::Cancel;
use phonoscope_datasets::{Utterance, audio};
use phonoscope_models::engine::{Engine, Session};
use phonoscope_models::{Feed, Model, Tap};

use crate::error::{Error, Result};

/// Everything that workers share: the model, its engine and the taps to read.
#[derive(Clone, Copy)]
pub struct Extractor<'a> {
    model: &'a Model,
    engine: &'a dyn Engine,
    taps: &'a [Tap],
}

impl std::fmt::Debug for Extractor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extractor")
            .field("model", &self.model.name)
            .finish_non_exhaustive()
    }
}

/// Rows of the first axis (windows of an utterance) that run at once. Engines notice a cancellation
/// between operators only, and a recurrent layer over many windows is one long operator.
const BATCH: usize = 16;

/// What to do about a tap that gives no vectors.
pub(crate) const LEAVE_OUT: &str = "leave this tap out with --taps";

/// What an utterance gave.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemResult {
    /// Length of the audio in seconds.
    pub duration_secs: f64,
    /// SHA-256 of the audio file.
    pub audio_sha256: String,
    /// One pooled vector `[dim]` a tap, in the order of the taps.
    pub vectors: Vec<Vec<f32>>,
}

impl<'a> Extractor<'a> {
    /// Prepares to read `taps`.
    ///
    /// # Errors
    /// When there are none.
    pub fn new(model: &'a Model, engine: &'a dyn Engine, taps: &'a [Tap]) -> Result<Self> {
        if taps.is_empty() {
            return Err(Error::Request {
                problem: format!("model `{}` has no taps to read", model.name),
                hint: format!("`phonoscope models inspect {}` lists them", model.name),
            });
        }
        Ok(Self {
            model,
            engine,
            taps,
        })
    }

    /// The taps that are read.
    pub fn taps(&self) -> &[Tap] {
        self.taps
    }

    /// A session of this extractor's engine, or of another one, that reads the taps.
    ///
    /// # Errors
    /// When the engine cannot run the graph.
    pub fn open(&self, engine: Option<&dyn Engine>) -> Result<Box<dyn Session>> {
        let names: Vec<String> = self.taps.iter().map(|t| t.tensor.clone()).collect();
        Ok(self.model.open(engine.unwrap_or(self.engine), &names)?)
    }

    /// Reads, runs and pools one utterance.
    ///
    /// # Errors
    /// When the audio cannot be read, is unfit for the front end, the engine refuses it, or a tap holds
    /// values that are not finite. The caller decides whether that is a skip.
    pub fn run(
        &self,
        session: &mut dyn Session,
        utterance: &Utterance,
        cancel: &Cancel,
    ) -> Result<ItemResult> {
        let wave = audio::read_utterance(utterance)?;
        let features = self.model.front_end.compute(&wave.samples)?.data;
        let mut means: Vec<Mean> = self.taps.iter().map(|_| Mean::default()).collect();
        for chunk in features.axis_chunks_iter(Axis(0), BATCH) {
            let outputs = session.run(&views(&self.model.feed(chunk, None)?), cancel)?;
            for ((mean, values), tap) in means.iter_mut().zip(&outputs).zip(self.taps) {
                mean.add(values.view(), tap)?;
            }
        }
        let vectors = means
            .into_iter()
            .zip(self.taps)
            .map(|(mean, tap)| mean.finish(tap, self.unit_length(tap)))
            .collect::<Result<_>>()?;
        Ok(ItemResult {
            duration_secs: wave.duration_secs(),
            audio_sha256: wave.sha256,
            vectors,
        })
    }

    fn unit_length(&self, tap: &Tap) -> bool {
        self.model.embedding.as_ref().is_some_and(|e| {
            e.tap == tap.name && matches!(e.normalise, phonoscope_models::Normalise::L2)
        })
    }

    /// The front end's output for one utterance.
    ///
    /// # Errors
    /// As [`Extractor::run`].
    pub fn features(&self, utterance: &Utterance) -> Result<ArrayD<f32>> {
        Ok(self
            .model
            .front_end
            .compute(&audio::read_utterance(utterance)?.samples)?
            .data)
    }
}

/// A feed as a session takes it.
pub(crate) fn views(feed: &Feed) -> Vec<(&str, ArrayViewD<'_, f32>)> {
    feed.iter()
        .map(|(name, values)| (name.as_str(), values.view()))
        .collect()
}

/// Running mean over every axis but the last, in double precision.
#[derive(Default)]
struct Mean {
    sum: Vec<f64>,
    rows: usize,
    not_finite: usize,
}

impl Mean {
    fn add(&mut self, values: ArrayViewD<'_, f32>, tap: &Tap) -> Result<()> {
        let Some(last) = values.ndim().checked_sub(1) else {
            return Err(unfit(tap, "is a single number"));
        };
        let dim = values.len_of(Axis(last));
        if self.sum.is_empty() {
            self.sum = vec![0.0; dim];
        }
        if self.sum.len() != dim {
            return Err(unfit(
                tap,
                &format!("is {dim} wide, then {} wide", self.sum.len()),
            ));
        }
        self.not_finite += values.iter().filter(|v| !v.is_finite()).count();
        for lane in values.rows() {
            self.sum
                .iter_mut()
                .zip(lane)
                .for_each(|(s, v)| *s += f64::from(*v));
            self.rows += 1;
        }
        Ok(())
    }

    /// The mean `[dim]`, or its direction.
    fn finish(self, tap: &Tap, unit_length: bool) -> Result<Vec<f32>> {
        if self.rows == 0 || self.sum.is_empty() {
            return Err(unfit(tap, "is empty for this recording"));
        }
        if self.not_finite > 0 {
            return Err(Error::NotFinite {
                tap: tap.name.clone(),
                values: self.not_finite,
            });
        }
        let norm = self.sum.iter().map(|s| s * s).sum::<f64>().sqrt();
        let scale = match unit_length {
            true if norm > 0.0 => 1.0 / norm,
            true => return Err(unfit(tap, "is all zero, so it has no direction")),
            false => 1.0 / self.rows as f64,
        };
        Ok(self.sum.iter().map(|s| (s * scale) as f32).collect())
    }
}

fn unfit(tap: &Tap, why: &str) -> Error {
    Error::Request {
        problem: format!("tap `{}` {why}", tap.name),
        hint: LEAVE_OUT.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn tap() -> Tap {
        Tap {
            name: "t".into(),
            tensor: "t".into(),
            axes: vec![],
            dim: Some(2),
            timing: None,
            meaning: String::new(),
        }
    }

    fn pool(values: ArrayViewD<'_, f32>, unit_length: bool) -> Result<Vec<f32>> {
        let mut mean = Mean::default();
        mean.add(values, &tap())?;
        mean.finish(&tap(), unit_length)
    }

    #[test]
    fn pooling_averages_all_but_the_last_axis() {
        let x = array![[[1.0f32, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 0.0]]].into_dyn();
        assert_eq!(pool(x.view(), false).unwrap(), [4.0, 3.0]);
        assert_eq!(pool(x.view(), true).unwrap(), [0.8, 0.6]);
    }

    #[test]
    fn pooling_refuses_what_has_no_mean() {
        let bad = array![[1.0f32, f32::NAN], [f32::INFINITY, f32::NAN]].into_dyn();
        let error = pool(bad.view(), false).unwrap_err();
        assert!(
            matches!(error, Error::NotFinite { values: 3, .. }),
            "{error}"
        );
        assert!(pool(ArrayD::<f32>::zeros(vec![0, 2]).view(), false).is_err());
        assert!(pool(ArrayD::<f32>::zeros(vec![1, 2]).view(), true).is_err());
        assert!(pool(ArrayD::<f32>::zeros(vec![]).view(), false).is_err());
    }
}
