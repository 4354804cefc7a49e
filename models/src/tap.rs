//! Named tensors that can be read out of a model.

use serde::{Deserialize, Serialize};

/// What an axis of an activation runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Utterances computed together.
    Batch,
    /// Overlapping stretches of one utterance.
    Window,
    /// Steps in time; in attention weights, the step that attends.
    Time,
    /// Attention heads.
    Head,
    /// The step that is attended to.
    Key,
    /// Bands of frequency, in two-dimensional convolutions.
    Freq,
    /// Features.
    Dim,
}

/// How the steps of a tap's time axis lie over the steps of the model's input (samples of a
/// waveform, frames of a spectrogram).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// Input steps from one step of the tap to the next. One step of the tap stands for input
    /// steps `[k·stride, (k + 1)·stride)`.
    pub stride: u32,
    /// How much of the input a step can depend on.
    pub field: Field,
}

/// Receptive field of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// So many input steps.
    Steps(u32),
    /// The whole input: attention, recurrence or a statistic over time lies in between.
    Unbounded,
}

/// A named tensor that can be read out of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tap {
    /// Name in the field's words, for example `encoder.0.resid_post`.
    pub name: String,
    /// Name of the tensor in the graph.
    pub tensor: String,
    /// What each axis is; empty where unknown (a tensor of a user's own graph).
    pub axes: Vec<Axis>,
    /// Size of the axis of features (the last axis where axes are unknown), where the graph fixes
    /// it.
    pub dim: Option<usize>,
    /// Frame rate and receptive field, where there is a time axis and the graph tells.
    #[serde(default)]
    pub timing: Option<Timing>,
    /// One line that says what it is.
    pub meaning: String,
}

/// Scaling of an embedding after the mean over windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalise {
    /// As it comes.
    None,
    /// To Euclidean length one.
    L2,
}

/// Which tap is the model's embedding of an utterance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embedding {
    /// Name of the tap.
    pub tap: String,
    /// Scaling after the mean over windows.
    pub normalise: Normalise,
}
