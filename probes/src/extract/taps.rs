//! Choosing taps whose mean over an utterance or a span is a vector of fixed width.

use phonoscope_analysis::frontend::FrontEnd;
use phonoscope_models::map::layer_map_with;
use phonoscope_models::wire::survey;
use phonoscope_models::{Axis, Model, Tap};

use super::SpanKind;
use crate::error::{Error, Result};

/// The model's taps that fit any of `patterns` (see [`Model::select`]). Without patterns: the model's
/// embedding, or every tap with a vector of fixed width when the model has none; for spans within
/// utterances, every tap with a frame rate.
///
/// # Errors
/// When a pattern fits nothing, when a tap that it names cannot be averaged over what `spans` are, or
/// when the model's front end cannot give such spans.
pub fn select_taps(model: &Model, patterns: &[String], spans: SpanKind) -> Result<Vec<Tap>> {
    let within = spans != SpanKind::Utterance;
    if within && !hears_all(&model.front_end) {
        return Err(Error::Request {
            problem: format!(
                "model `{}` hears a recording in windows, so it has no {spans} spans",
                model.name
            ),
            hint: "run it with --spans utterance, or choose a model that hears whole utterances"
                .into(),
        });
    }
    let unfit = |tap: &Tap| no_vector(tap).or_else(|| no_spans(tap).filter(|_| within));
    if patterns.is_empty() {
        let embedding = model.embedding.as_ref().filter(|_| !within);
        let wanted = |t: &Tap| embedding.map_or(unfit(t).is_none(), |e| e.tap == t.name);
        let taps = timed(model, model.taps.clone());
        let taps: Vec<Tap> = taps.into_iter().filter(wanted).collect();
        if taps.is_empty() && within {
            return Err(Error::Request {
                problem: format!("model `{}` has no tap with a known frame rate", model.name),
                hint: "run it with --spans utterance".into(),
            });
        }
        return Ok(taps);
    }
    let taps = timed(model, model.select(patterns)?);
    match taps.iter().find_map(|t| Some((t, unfit(t)?))) {
        None => Ok(taps),
        Some((tap, (why, hint))) => Err(Error::Request {
            problem: format!("tap `{}` {why}", tap.name),
            hint: hint.into(),
        }),
    }
}

/// Taps with the frame rate, and where they are unknown the axes, that the graph tells.
fn timed(model: &Model, mut taps: Vec<Tap>) -> Vec<Tap> {
    let open = |tap: &Tap| {
        let may_have_time = tap.axes.is_empty() || tap.axes.contains(&Axis::Time);
        tap.timing.is_none() && may_have_time
    };
    if !taps.iter().any(open) {
        return taps;
    }
    // A graph that cannot be surveyed is told by the engine that opens it.
    let Ok(survey) = survey(model.graph.bytes()) else {
        return taps;
    };
    let tensors: Vec<&str> = taps.iter().map(|tap| tap.tensor.as_str()).collect();
    let (_, places) = layer_map_with(&survey, &tensors);
    for (tap, place) in taps.iter_mut().zip(places) {
        let Some(place) = place.filter(|_| open(tap)) else {
            continue;
        };
        if tap.axes.is_empty() {
            tap.axes = place.axes.clone();
        }
        tap.timing = place.timing_on(&tap.axes);
    }
    taps
}

/// Whether a recording goes through the model in one piece. Where only its end does, spans before
/// are left out one by one.
fn hears_all(front_end: &FrontEnd) -> bool {
    !front_end.is_windowed()
}

/// Why the mean of a tap over time is no vector of fixed width, and what to do.
fn no_vector(tap: &Tap) -> Option<(&'static str, &'static str)> {
    tap.axes.contains(&Axis::Key).then_some((
        "has an axis as long as the recording (attention weights)",
        "choose taps without an axis `key`; `phonoscope models inspect` shows the axes",
    ))
}

/// Why a tap has no frames for spans, and what to do.
fn no_spans(tap: &Tap) -> Option<(&'static str, &'static str)> {
    const HINT: &str = "choose taps with a time axis and a frame rate; `phonoscope models inspect` \
                        shows both";
    if tap.axes.is_empty() {
        Some(("has unknown axes, so its frames cannot be told", HINT))
    } else if !tap.axes.contains(&Axis::Time) {
        Some(("is one vector for the whole utterance", HINT))
    } else if tap.timing.is_none() {
        Some(("has an unknown frame rate", HINT))
    } else {
        None
    }
}
