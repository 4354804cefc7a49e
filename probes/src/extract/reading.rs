//! How taps are read out of a graph: pooled inside it where it can be, else whole.

use std::collections::BTreeMap;

use ndarray::{ArrayD, ArrayViewD, IxDyn};
use phonoscope_models::engine::{Engine, Session};
use phonoscope_models::graph::{PoolInput, pooled};
use phonoscope_models::{Axis, Feed, GraphBytes, Model, Tap, Timing};

use super::pooling::Mean;
use super::spans::{FrameRange, Placed};
use crate::error::Result;

/// The graph that runs and what is read of each tap.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) graph: GraphBytes,
    /// Values to read, parallel to the taps.
    outputs: Vec<String>,
    /// Inputs for spans.
    pools: Vec<PoolInput>,
    /// For each tap, the frame rate of its time axis, where both are known.
    timings: Vec<Option<Timing>>,
    /// For each tap, where its values are pooled.
    places: Vec<Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Graph,
    Host,
}

/// Frames of each span, by stride.
pub(crate) type SpanFrames = BTreeMap<u32, Vec<FrameRange>>;

impl Reading {
    /// Pools inside the graph whatever has a known frame rate, unless the graph cannot be changed so or `inside` is
    /// false: inside, a mean covers every frame of its span.
    pub(crate) fn new(model: &Model, taps: &[Tap], inside: bool) -> Self {
        let timing = |tap: &Tap| tap.timing.filter(|_| tap.axes.contains(&Axis::Time));
        let timings: Vec<Option<Timing>> = taps.iter().map(timing).collect();
        let whole = |tap: &Tap| Tap {
            axes: vec![],
            ..tap.clone()
        };
        let asked: Vec<Tap> = taps
            .iter()
            .zip(&timings)
            .map(|(tap, timing)| timing.map_or_else(|| whole(tap), |_| tap.clone()))
            .collect();
        let found = inside.then(|| pooled(&model.graph, &asked).ok()).flatten();
        match found {
            Some(found) => Self {
                places: timings
                    .iter()
                    .map(|t| t.map_or(Place::Host, |_| Place::Graph))
                    .collect(),
                graph: found.graph,
                outputs: found.outputs,
                pools: found.inputs,
                timings,
            },
            // Whatever is wrong with the graph is told by the engine that opens it.
            None => Self {
                places: vec![Place::Host; taps.len()],
                graph: model.graph.clone(),
                outputs: taps.iter().map(|t| t.tensor.clone()).collect(),
                pools: vec![],
                timings,
            },
        }
    }

    /// Whether means are made inside the graph.
    pub(crate) fn pools_inside(&self) -> bool {
        !self.pools.is_empty()
    }

    /// A session that reads `extra` outputs of the model, then the taps.
    pub(crate) fn open(
        &self,
        model: &Model,
        engine: &dyn Engine,
        extra: &[String],
    ) -> Result<Box<dyn Session>> {
        let names: Vec<String> = extra.iter().chain(&self.outputs).cloned().collect();
        Ok(engine.open_beside(&self.graph, &names, model.weights_dir.as_deref())?)
    }

    /// The frames of every span, for each stride that there is.
    pub(crate) fn frames(&self, of: impl Fn(Timing) -> Vec<FrameRange>) -> SpanFrames {
        let timings = self.timings.iter().flatten();
        timings.map(|timing| (timing.stride, of(*timing))).collect()
    }

    /// Whether the means of the tap at this place among the taps are made inside the graph.
    pub(crate) fn is_inside(&self, tap: usize) -> bool {
        self.places.get(tap) == Some(&Place::Graph)
    }

    /// Steps that are no padding, for models with a mask.
    pub(crate) fn valid(&self, placed: Placed) -> Option<usize> {
        (placed.first_step == 0 && placed.end_step < placed.steps).then_some(placed.end_step)
    }

    /// Inputs of the graph for features.
    pub(crate) fn inputs(
        &self,
        model: &Model,
        features: ArrayViewD<'_, f32>,
        placed: Placed,
        frames: &SpanFrames,
    ) -> Result<Feed> {
        let mut inputs = model.feed(features, self.valid(placed))?;
        for pool in &self.pools {
            let spans = frames.get(&pool.stride).map_or(&[][..], Vec::as_slice);
            let borders = ArrayD::from_shape_fn(IxDyn(&[spans.len(), 2]), |at| {
                let range = spans.get(at[0]).copied().unwrap_or(FrameRange::ALL);
                (if at[1] == 0 { range.first } else { range.last }) as f32
            });
            inputs.push((pool.name.clone(), borders));
        }
        Ok(inputs)
    }

    /// Adds what a session gave for the taps.
    pub(crate) fn pool(
        &self,
        means: &mut [Mean<'_>],
        outputs: &[ArrayD<f32>],
        frames: &SpanFrames,
    ) -> Result<()> {
        let taps = self.places.iter().zip(&self.timings);
        for ((mean, values), (place, timing)) in means.iter_mut().zip(outputs).zip(taps) {
            let of_stride = timing.and_then(|timing| frames.get(&timing.stride));
            match (place, of_stride) {
                (Place::Graph, _) => mean.add_pooled(values.view())?,
                (Place::Host, Some(ranges)) => mean.add(values.view(), ranges)?,
                (Place::Host, None) => mean.add_whole(values.view())?,
            }
        }
        Ok(())
    }
}

/// A feed as a session takes it.
pub(crate) fn views(feed: &Feed) -> Vec<(&str, ArrayViewD<'_, f32>)> {
    feed.iter()
        .map(|(name, values)| (name.as_str(), values.view()))
        .collect()
}
