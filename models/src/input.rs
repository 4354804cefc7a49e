//! What each input of a graph is given.

use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn};
use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::wire::{Dim, Survey, survey};
use crate::{Error, Result};

/// An input of the graph and what it is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputBinding {
    /// Name in the graph.
    pub name: String,
    /// What it is given.
    pub role: InputRole,
}

/// Meaning of a graph's input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum InputRole {
    /// What the front end makes.
    Features,
    /// `[batch, step]`: one where there is speech, zero where there is padding.
    Mask,
    /// `[batch]`: number of steps that are no padding.
    Length,
    /// The same number everywhere: zeros for the state of a recurrent layer, a sample rate.
    Constant {
        /// The number.
        value: f32,
        /// The shape; empty for a scalar.
        dims: Vec<usize>,
    },
}

/// Values for the inputs of a graph, by name.
pub type Feed = Vec<(String, ArrayD<f32>)>;

impl Model {
    /// Everything that a run of the graph needs for `features`, which come from the model's front
    /// end: axis 0 counts the batch and the front end's time axis the steps. Steps from `valid` on
    /// are padding (all are speech without it).
    ///
    /// # Errors
    /// [`Error::Shape`] for features without a time axis.
    pub fn feed(&self, features: ArrayViewD<'_, f32>, valid: Option<usize>) -> Result<Feed> {
        let axis = self.front_end.time_axis();
        if features.ndim() <= axis {
            return Err(Error::Shape {
                what: format!("features of model {}", self.name),
                expected: format!("at least {} axes", axis + 1),
                found: format!("{:?}", features.shape()),
            });
        }
        let (batch, steps) = (features.len_of(Axis(0)), features.len_of(Axis(axis)));
        let valid = valid.unwrap_or(steps).min(steps);
        let values = |binding: &InputBinding| match &binding.role {
            InputRole::Features => features.to_owned(),
            InputRole::Mask => ArrayD::from_shape_fn(IxDyn(&[batch, steps]), |at| {
                if at[1] < valid { 1.0 } else { 0.0 }
            }),
            InputRole::Length => ArrayD::from_elem(IxDyn(&[batch]), valid as f32),
            InputRole::Constant { value, dims } => ArrayD::from_elem(IxDyn(dims), *value),
        };
        let feed = self.inputs.iter();
        Ok(feed
            .map(|binding| (binding.name.clone(), values(binding)))
            .collect())
    }
}

impl Model {
    /// Whether the graph takes one row of features (one window of an utterance) at a time: its input says so, or a
    /// state that it is given is that of one row. Not where the graph cannot be read.
    pub fn takes_single_rows(&self) -> bool {
        let found = survey(self.graph.bytes()).unwrap_or_default();
        let single = |binding: &InputBinding| match &binding.role {
            InputRole::Constant { dims, .. } => dims.len() > 1,
            InputRole::Features => found.free_inputs().any(|input| {
                let first = input.dims.as_ref().and_then(|dims| dims.first());
                input.name == binding.name && first == Some(&Dim::Fixed(1))
            }),
            InputRole::Mask | InputRole::Length => false,
        };
        self.inputs.iter().any(single)
    }
}

/// The binding of a graph that has one input: the features.
pub(crate) fn only_input(found: &Survey, what: &str) -> Result<Vec<InputBinding>> {
    let names: Vec<_> = found
        .free_inputs()
        .map(|input| input.name.as_str())
        .collect();
    match names.as_slice() {
        [name] => Ok(vec![InputBinding {
            name: (*name).to_owned(),
            role: InputRole::Features,
        }]),
        names => Err(Error::Shape {
            what: format!("inputs of {what}"),
            expected: "one".to_owned(),
            found: format!("{} ({})", names.len(), names.join(", ")),
        }),
    }
}
