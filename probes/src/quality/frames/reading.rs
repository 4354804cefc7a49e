//! Frames of one utterance in every layer.

use std::sync::Mutex;

use ndarray::{Array2, Axis, s};
use phonoscope_analysis::frontend::SAMPLE_RATE_HZ;
use phonoscope_analysis::task::Cancel;
use phonoscope_models::engine::Session;

use super::FrameSource;
use super::basis::Basis;
use crate::error::Result;
use crate::extract::{Extractor, FrameRange, Prepared, Rows, frames, views};

/// How frames are read.
pub(super) struct Reading<'a> {
    source: &'a FrameSource<'a>,
    extractor: Extractor<'a>,
    /// Sessions that no thread works with: opening one can cost more than a recording.
    idle: Mutex<Vec<Box<dyn Session>>>,
}

/// Frames of every tap, `[frame, feature]`, padding left out.
pub(super) type Frames = Vec<Array2<f32>>;

/// The layer that is followed over time.
#[derive(Debug, Clone)]
pub(super) struct Followed {
    /// Place among the layers of the basis.
    pub(super) layer: usize,
    pub(super) name: String,
    /// From one frame to the next.
    pub(super) step_secs: f64,
}

impl<'a> Reading<'a> {
    pub(super) fn new(source: &'a FrameSource<'a>, rows: &'a Rows) -> Result<Self> {
        Ok(Self {
            source,
            extractor: Extractor::of_frames(source.model, source.engine, source.taps, rows)?,
            idle: Mutex::new(vec![]),
        })
    }

    /// A session that reads the taps whole: one that was given back, else a new one.
    pub(super) fn open(&self) -> Result<Box<dyn Session>> {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        idle.map_or_else(|| self.extractor.open(&[]), Ok)
    }

    /// Keeps a session for the next pass.
    pub(super) fn give_back(&self, session: Box<dyn Session>) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(session);
        }
    }

    /// Decodes and transforms the recording of a manifest row.
    pub(super) fn prepare(&self, row: usize) -> Result<Prepared> {
        self.extractor.prepare(self.source.manifest, row..row + 1)
    }

    /// Runs the network.
    pub(super) fn run(
        &self,
        session: &mut dyn Session,
        item: &Prepared,
        cancel: &Cancel,
    ) -> Result<Frames> {
        let (model, taps) = (self.source.model, self.source.taps);
        let placed = item.placed;
        let valid = self.extractor.reading().valid(placed);
        let mut out: Vec<Vec<Array2<f32>>> = taps.iter().map(|_| vec![]).collect();
        for chunk in item
            .features
            .axis_chunks_iter(Axis(0), self.extractor.at_once())
        {
            let feed = model.feed(chunk, valid)?;
            let outputs = session.run(&views(&feed), cancel)?;
            for ((tap, values), found) in taps.iter().zip(&outputs).zip(&mut out) {
                let all = frames(values.view(), tap)?;
                let range = match tap.timing {
                    Some(timing) if placed.is_padded() => placed.audio(timing),
                    _ => FrameRange::ALL,
                };
                for window in all.outer_iter() {
                    let range = range.within(window.nrows());
                    found.push(window.slice(s![range, ..]).to_owned());
                }
            }
        }
        let joined = out.into_iter().zip(taps).map(|(parts, tap)| {
            let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
            let joined = ndarray::concatenate(Axis(0), &views).map_err(|_e| {
                crate::error::Error::Request {
                    problem: format!("tap `{}` changes its width within a recording", tap.name),
                    hint: crate::extract::LEAVE_OUT.into(),
                }
            })?;
            let bad = joined.iter().filter(|v| !v.is_finite()).count();
            match bad {
                0 => Ok(joined),
                values => Err(crate::error::Error::NotFinite {
                    tap: tap.name.clone(),
                    values,
                }),
            }
        });
        joined.collect()
    }

    /// The layer to follow: the first of `wanted` that can be, or the last layer that can. A layer can be followed
    /// when it has a frame rate and hears the recording in one piece.
    pub(super) fn followed(
        &self,
        basis: &Basis,
        wanted: &[&str],
    ) -> std::result::Result<Followed, String> {
        let front_end = &self.source.model.front_end;
        if front_end.is_windowed() {
            return Err(
                "the model hears overlapping windows, whose frames have no single time".into(),
            );
        }
        let step = front_end.step_samples().max(1) as f64 / f64::from(SAMPLE_RATE_HZ);
        let can = |(layer, found): (usize, &super::basis::Layer)| {
            let tap = self.source.taps.get(found.tap)?;
            let timing = tap
                .timing
                .filter(|_| tap.axes.contains(&phonoscope_models::Axis::Time))?;
            Some(Followed {
                layer,
                name: found.name.clone(),
                step_secs: step * f64::from(timing.stride.max(1)),
            })
        };
        let all: Vec<Followed> = basis.layers.iter().enumerate().filter_map(can).collect();
        let found = wanted
            .iter()
            .find_map(|w| all.iter().find(|f| f.name == *w));
        found
            .or(all.last())
            .cloned()
            .ok_or_else(|| "no layer has a known frame rate".into())
    }
}
