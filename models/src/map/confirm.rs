//! A dry run: what shapes the taps really have, and which axis follows time.

use phonoscope_analysis::task::Cancel;
use serde::Serialize;

use super::LayerMap;
use super::made_up::{Size, lengths};
use crate::engine::Engine;
use crate::model::Model;
use crate::tap::{Axis, Field, Tap, Timing};
use crate::{Error, Result};

/// What a dry run said about a tap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// Axes, sizes and stride are as the map says.
    Agreed,
    /// The map was wrong; the tap given beside this is right.
    Corrected {
        /// What the map said, and what was seen.
        why: String,
    },
    /// The tap could not be read.
    NotSeen {
        /// What the engine said.
        why: String,
    },
}

/// A tap after a dry run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// The tap, corrected where the map was wrong.
    pub tap: Tap,
    /// Its shape in each run.
    pub shapes: Vec<Vec<usize>>,
    /// What was found.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What a dry run of a model said about its layer map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confirmed {
    /// The engine that ran.
    pub engine: String,
    /// Input steps of each run.
    pub steps: Vec<usize>,
    /// Every tap of the map, in its order.
    pub taps: Vec<Checked>,
}

impl Confirmed {
    /// How many taps agreed, were corrected, were not seen.
    pub fn counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for checked in &self.taps {
            let [agreed, corrected, unseen] = &mut counts;
            *match checked.outcome {
                Outcome::Agreed => agreed,
                Outcome::Corrected { .. } => corrected,
                Outcome::NotSeen { .. } => unseen,
            } += 1;
        }
        counts
    }
}

/// Runs the model on noise of two lengths (of one, where the graph fixes it, or takes the front end's windows
/// only) and compares the
/// shapes of its taps with the map: which axis follows time, and with what stride.
///
/// Receptive fields are not measured. A graph that fixes the length of its input shows only
/// whether the sizes fit.
///
/// # Errors
/// [`Error::Shape`] where no input can be made up for the model; [`Error::Cancelled`]. What the
/// engine refuses is told tap by tap ([`Outcome::NotSeen`]).
pub fn confirm(
    model: &Model,
    map: &LayerMap,
    engine: &dyn Engine,
    cancel: &Cancel,
) -> Result<Confirmed> {
    let tensors: Vec<String> = map.taps.iter().map(|tap| tap.tensor.clone()).collect();
    let mut steps = Vec::new();
    let mut runs: Vec<Vec<Vec<usize>>> = Vec::new();
    let mut refused = None;
    match model.open(engine, &tensors) {
        Ok(mut session) => {
            let mut size = Size::Usual;
            let mut inputs = lengths(model, map, size)?;
            while let Some((length, features)) = inputs.pop() {
                let feed = model.feed(features.view(), None)?;
                let views: Vec<_> = feed
                    .iter()
                    .map(|(name, array)| (name.as_str(), array.view()))
                    .collect();
                match session.run(&views, cancel) {
                    Ok(arrays) => {
                        steps.push(length);
                        runs.push(arrays.iter().map(|array| array.shape().to_vec()).collect());
                    }
                    Err(Error::Cancelled) => return Err(Error::Cancelled),
                    Err(error) => refused = Some(error.to_string()),
                }
                // Where nothing grew, the graph may have filled both up to one length.
                if let [first, second] = runs.as_slice()
                    && first == second
                    && size == Size::Usual
                {
                    size = Size::Long;
                    steps.clear();
                    runs.clear();
                    inputs = lengths(model, map, size)?;
                }
                // A network that takes windows of one length may refuse every other.
                let front_end = &model.front_end;
                if inputs.is_empty()
                    && runs.is_empty()
                    && front_end.is_windowed()
                    && size == Size::Usual
                {
                    size = Size::Window(front_end.steps_for(front_end.needed_samples()));
                    inputs = lengths(model, map, size)?;
                }
            }
        }
        Err(Error::Cancelled) => return Err(Error::Cancelled),
        Err(error) => refused = Some(error.to_string()),
    }
    let why = refused.unwrap_or_else(|| "the engine gave no value".to_owned());
    let taps = map
        .taps
        .iter()
        .enumerate()
        .map(|(index, tap)| {
            let shapes: Vec<Vec<usize>> = runs
                .iter()
                .filter_map(|run| run.get(index).cloned())
                .collect();
            check(tap, shapes, &steps, &why)
        })
        .collect();
    Ok(Confirmed {
        engine: engine.info().to_string(),
        steps,
        taps,
    })
}

fn check(tap: &Tap, shapes: Vec<Vec<usize>>, steps: &[usize], refused: &str) -> Checked {
    let (tap, outcome) = match (shapes.as_slice(), steps) {
        ([], _) => (
            tap.clone(),
            Outcome::NotSeen {
                why: refused.to_owned(),
            },
        ),
        ([first, second, ..], [a, b, ..]) => compare(tap, first, second, b.abs_diff(*a)),
        ([only, ..], [length, ..]) => fit(tap, only, *length),
        (_, []) => (
            tap.clone(),
            Outcome::NotSeen {
                why: refused.to_owned(),
            },
        ),
    };
    Checked {
        tap,
        shapes,
        outcome,
    }
}

/// Against two runs whose inputs differ by `more` steps.
fn compare(tap: &Tap, first: &[usize], second: &[usize], more: usize) -> (Tap, Outcome) {
    let grown: Vec<(usize, usize)> = first
        .iter()
        .zip(second)
        .enumerate()
        .filter(|(_, (a, b))| a != b)
        .map(|(axis, (a, b))| (axis, a.abs_diff(*b)))
        .collect();
    let axes = seen_axes(
        &tap.axes,
        first,
        &grown.iter().map(|(axis, _)| *axis).collect::<Vec<_>>(),
    );
    // A time axis of windows that the graph cuts itself does not follow the input.
    let time = axes.iter().position(|axis| *axis == Axis::Time);
    let along_time = grown.iter().find(|(axis, _)| Some(*axis) == time);
    let timing = along_time.and_then(|(_, grown)| {
        let stride = u32::try_from(more / grown).ok();
        let field = tap.timing.map_or(Field::Unbounded, |timing| timing.field);
        let stride = stride.filter(|_| more.is_multiple_of(*grown))?;
        Some(Timing { stride, field })
    });
    let dim = seen_dim(&axes, first, second);
    let mut wrong = Vec::new();
    if axes != tap.axes {
        wrong.push(format!(
            "axes were {:?}, shape is {first:?} and {second:?}",
            tap.axes
        ));
    }
    if timing != tap.timing {
        let words =
            |timing: Option<Timing>| timing.map_or("none".to_owned(), |t| t.stride.to_string());
        wrong.push(format!(
            "stride was {}, measured {}",
            words(tap.timing),
            words(timing)
        ));
    }
    if tap.dim.is_some() && dim.is_some() && dim != tap.dim {
        wrong.push(format!("dim was {:?}, is {:?}", tap.dim, dim));
    }
    let seen = Tap {
        axes,
        timing,
        dim: dim.or(tap.dim),
        ..tap.clone()
    };
    match wrong.is_empty() {
        true => (seen, Outcome::Agreed),
        false => (
            seen,
            Outcome::Corrected {
                why: wrong.join("; "),
            },
        ),
    }
}

/// The axes with those that follow time where they were seen to do so.
fn seen_axes(axes: &[Axis], shape: &[usize], grown: &[usize]) -> Vec<Axis> {
    let timed = |axis: &Axis| matches!(axis, Axis::Time | Axis::Key);
    let told: Vec<usize> = (0..axes.len())
        .filter(|at| axes.get(*at).is_some_and(timed))
        .collect();
    let windows = axes.iter().position(|axis| *axis == Axis::Window);
    let in_windows = windows.is_some_and(|at| grown == [at]);
    if axes.len() == shape.len() && (told == grown || in_windows) {
        return axes.to_vec();
    }
    match (shape.len(), grown) {
        (2, [1]) => vec![Axis::Batch, Axis::Time],
        (2, [0]) => vec![Axis::Time, Axis::Dim],
        (2, []) => vec![Axis::Batch, Axis::Dim],
        (3, [1]) => vec![Axis::Batch, Axis::Time, Axis::Dim],
        (3, [2]) => vec![Axis::Batch, Axis::Dim, Axis::Time],
        (3, [0]) => vec![Axis::Time, Axis::Batch, Axis::Dim],
        (4, [2]) => vec![Axis::Batch, Axis::Dim, Axis::Time, Axis::Freq],
        (4, [3]) => vec![Axis::Batch, Axis::Dim, Axis::Freq, Axis::Time],
        (4, [2, 3]) => vec![Axis::Batch, Axis::Head, Axis::Time, Axis::Key],
        _ => Vec::new(),
    }
}

fn seen_dim(axes: &[Axis], first: &[usize], second: &[usize]) -> Option<usize> {
    let at = axes.iter().position(|axis| *axis == Axis::Dim)?;
    first
        .get(at)
        .filter(|size| second.get(at) == Some(*size))
        .copied()
}

/// Against one run of the only length that the graph takes.
fn fit(tap: &Tap, shape: &[usize], length: usize) -> (Tap, Outcome) {
    let dim = seen_dim(&tap.axes, shape, shape);
    let time = tap.axes.iter().position(|axis| *axis == Axis::Time);
    let rank = tap.axes.len() == shape.len();
    let sized = match (time.and_then(|at| shape.get(at)), tap.timing) {
        (Some(count), Some(timing)) => {
            let covered = count.saturating_mul(timing.stride as usize);
            let field = match timing.field {
                Field::Steps(steps) => steps as usize,
                Field::Unbounded => length / 4,
            };
            covered.abs_diff(length) <= field.max(timing.stride as usize)
        }
        _ => true,
    };
    let same_dim = tap.dim.is_none() || dim.is_none() || tap.dim == dim;
    if rank && sized && same_dim {
        return (
            Tap {
                dim: dim.or(tap.dim),
                ..tap.clone()
            },
            Outcome::Agreed,
        );
    }
    let seen = Tap {
        axes: if rank { tap.axes.clone() } else { Vec::new() },
        timing: tap.timing.filter(|_| rank && sized),
        dim: dim.or_else(|| shape.last().copied()),
        ..tap.clone()
    };
    let why = format!(
        "axes were {:?} with stride {:?}, shape is {shape:?}",
        tap.axes,
        tap.timing.map(|t| t.stride)
    );
    (seen, Outcome::Corrected { why })
}
