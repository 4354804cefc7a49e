//! From items to speakers.

use std::collections::HashMap;

use ndarray::{Array2, Axis};
use phonoscope_analysis::{Error, Result};

use super::{Normalise, SpeakerInput, SystemInput};

/// Mean embeddings, speakers in the order of their first item.
pub(super) struct Speakers {
    pub(super) names: Vec<String>,
    /// Items averaged per speaker, `[speaker]`.
    pub(super) items: Vec<usize>,
    /// Speaker of each item, `[item]`.
    pub(super) of_item: Vec<usize>,
    /// Mean embeddings, `[speaker, dim]`.
    pub(super) embeddings: Array2<f64>,
}

pub(super) fn gather(input: &SpeakerInput, system: &SystemInput) -> Result<Speakers> {
    let count = input.item_ids.len();
    let columns = input
        .columns
        .iter()
        .map(|c| (c.name.as_str(), c.values.len()));
    let sizes = [
        ("speakers", input.speakers.len()),
        ("embeddings", system.embeddings.nrows()),
        ("recordings", input.recordings.len()),
        ("folds", input.folds.as_ref().map_or(count, Vec::len)),
    ];
    let descriptors = input
        .descriptors
        .iter()
        .map(|d| (d.name.as_str(), d.values.len()));
    for (what, found) in sizes.into_iter().chain(columns).chain(descriptors) {
        if found != count {
            return Err(Error::Shape {
                what: format!("entries of `{what}`"),
                expected: format!("{count}, one per item"),
                found: found.to_string(),
            });
        }
    }
    let mut known = HashMap::new();
    let (mut names, mut of_item) = (Vec::new(), Vec::with_capacity(count));
    for name in &input.speakers {
        let next = names.len();
        let speaker = *known.entry(name.as_str()).or_insert(next);
        if speaker == next {
            names.push(name.clone());
        }
        of_item.push(speaker);
    }
    if names.len() < 3 {
        return Err(Error::TooFew {
            what: "speaker probe: speakers".into(),
            needed: 3,
            found: names.len(),
        });
    }
    let mut items = vec![0; names.len()];
    let mut embeddings = Array2::zeros((names.len(), system.embeddings.ncols()));
    for ((row, speaker), id) in system
        .embeddings
        .outer_iter()
        .zip(&of_item)
        .zip(&input.item_ids)
    {
        if let Some(at) = row.iter().position(|v| !v.is_finite()) {
            return Err(bad_item(id, &format!("entry {at} is {}", row[at])));
        }
        let length = match system.normalise {
            Normalise::None => 1.0,
            Normalise::L2 => row.dot(&row).sqrt(),
        };
        if !(length > 0.0 && length.is_finite()) {
            return Err(bad_item(
                id,
                "its length is not a positive number, so it has no direction",
            ));
        }
        items[*speaker] += 1;
        embeddings.row_mut(*speaker).scaled_add(1.0 / length, &row);
    }
    for (mut row, items) in embeddings.axis_iter_mut(Axis(0)).zip(&items) {
        row /= *items as f64;
    }
    Ok(Speakers {
        names,
        items,
        of_item,
        embeddings,
    })
}

fn bad_item(id: &str, why: &str) -> Error {
    Error::Undefined {
        what: format!("embedding of `{id}`"),
        why: why.into(),
    }
}
