//! Whether the network computes with fewer bits than its features have.

use phonoscope_models::wire::survey;
use phonoscope_models::{Model, quantisation};

use crate::error::Result;
use crate::report::{Check, Status};

/// What the graph tells; nothing runs.
pub(super) fn check(model: &Model) -> Result<Check> {
    let found = quantisation(&survey(model.graph.bytes())?);
    let check = Check {
        id: "quantisation".into(),
        meaning:
            "matrix products, convolutions and recurrent layers whose weights are stored in fewer \
                  than 32 bits"
                .into(),
        unit: Some("products".into()),
        threshold: Some(0.0),
        ..Check::default()
    };
    Ok(match found {
        None => Check {
            status: Status::Pass,
            verdict: "The network computes with 32-bit floats.".into(),
            value: Some(0.0),
            detail: "no product has weights of fewer bits".into(),
            ..check
        },
        Some(found) => Check {
            status: Status::Warn,
            verdict: sentence(&found.note),
            value: Some(found.parts.iter().map(|p| p.products).sum::<usize>() as f64),
            n: found.products,
            detail: found
                .parts
                .iter()
                .map(|p| format!("{} of {} by {}", p.products, p.weights, p.scheme))
                .collect::<Vec<_>>()
                .join(", "),
            ..check
        },
    })
}

/// With a full stop.
fn sentence(note: &str) -> String {
    format!("{}.", note.trim_end_matches('.'))
}
