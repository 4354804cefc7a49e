//! Choosing taps whose mean over an utterance is a vector of fixed width.

use phonoscope_models::{Axis, Model, Tap};

use crate::error::{Error, Result};

/// The model's taps that fit any of `patterns` (see [`Model::select`]). Without patterns: the model's
/// embedding, or every tap with a vector of features when the model has none.
///
/// # Errors
/// When a pattern fits nothing, or a tap that it names cannot be averaged over time.
pub fn select_taps(model: &Model, patterns: &[String]) -> Result<Vec<Tap>> {
    if patterns.is_empty() {
        let embedding = model.embedding.as_ref().map(|e| e.tap.as_str());
        let wanted = |t: &&Tap| embedding.map_or(has_features(t), |name| name == t.name);
        return Ok(model.taps.iter().filter(wanted).cloned().collect());
    }
    let taps = model.select(patterns)?;
    match taps.iter().find(|t| !has_features(t)) {
        None => Ok(taps),
        Some(tap) => Err(Error::Request {
            problem: format!(
                "tap `{}` has no features to average over an utterance",
                tap.name
            ),
            hint: "its last axis runs over time; choose taps whose last axis is features".into(),
        }),
    }
}

/// Whether the last axis is features, as far as is known.
fn has_features(tap: &Tap) -> bool {
    tap.axes.last().is_none_or(|axis| *axis == Axis::Dim)
}
