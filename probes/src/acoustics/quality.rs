//! How good recordings sound, as a network predicts it: DNSMOS P.835.

use phonoscope_analysis::acoustics::descriptor::Descriptor;
use phonoscope_analysis::task::Task;
use phonoscope_datasets::Manifest;
use phonoscope_models::Model;
use phonoscope_models::engine::Engine;

use super::Failure;
use super::each::each;
use crate::error::{Error, Result};
use crate::extract::{Extractor, Rows, SpanKind, select_taps};
use crate::report::{EngineUsed, ModelUsed};

/// The catalogue's name of the network.
pub const DNSMOS_MODEL: &str = "dnsmos";
/// Its tap with calibrated ratings, in the order of [`DNSMOS`].
const TAP: &str = "mos";

const SOURCE: &str = "Reddy, Gopal & Cutler 2022; DNSMOS P.835";

/// The ratings, in the order of the network's outputs.
pub const DNSMOS: [Descriptor; 3] = [
    Descriptor {
        name: "dnsmos_sig",
        unit: "MOS",
        definition: "predicted rating of the speech signal, 1 to 5: mean over windows of 9.01 s every second",
        source: SOURCE,
    },
    Descriptor {
        name: "dnsmos_bak",
        unit: "MOS",
        definition: "predicted rating of the background, 1 to 5: mean over windows of 9.01 s every second",
        source: SOURCE,
    },
    Descriptor {
        name: "dnsmos_ovrl",
        unit: "MOS",
        definition: "predicted overall rating, 1 to 5: mean over windows of 9.01 s every second",
        source: SOURCE,
    },
];

/// Ratings of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Rating {
    /// The item's id in the manifest.
    pub id: String,
    /// In the order of [`DNSMOS`].
    pub values: [f64; 3],
}

/// Ratings of a corpus.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// One an item that could be rated, in the manifest's order.
    pub ratings: Vec<Rating>,
    /// The other items, in the manifest's order.
    pub failures: Vec<Failure>,
    /// The network.
    pub model: ModelUsed,
    /// What ran it.
    pub engine: EngineUsed,
}

impl Quality {
    /// What rated, in words: engine and weights decide the last digits.
    pub fn words(&self) -> String {
        words(&self.model.weights_sha256, &self.engine)
    }
}

/// What rates with these weights on this engine, in words.
pub fn rating_words(weights_sha256: &str, engine: &dyn Engine) -> String {
    words(weights_sha256, &EngineUsed::of(engine))
}

fn words(weights_sha256: &str, engine: &EngineUsed) -> String {
    let weights = weights_sha256.get(..12).unwrap_or("unknown");
    let (name, version) = (&engine.name, &engine.version);
    format!("DNSMOS P.835 (weights {weights}) on {name} {version}")
}

/// Rates every item with `model` (the catalogue's [`DNSMOS_MODEL`]) on `threads` threads.
///
/// # Errors
/// When the model has no ratings or the engine cannot run it; [`Error::NoItems`];
/// [`Error::NothingUsed`] if no item could be rated; cancellation.
pub fn rate_manifest(
    manifest: &Manifest,
    model: &Model,
    engine: &dyn Engine,
    threads: usize,
    task: &Task,
) -> Result<Quality> {
    let taps = select_taps(model, &[TAP.to_owned()], SpanKind::Utterance)?;
    let rows = Rows::default();
    let extractor = Extractor::new(model, engine, &taps, &rows)?;
    let rated = each(
        manifest.utterances.len(),
        threads,
        "rating",
        task,
        &|| extractor.open(&[]),
        &|session, index| {
            let rated = extractor
                .prepare(manifest, index..index + 1)
                .and_then(|item| extractor.run(session.as_mut(), &item, &task.cancel))
                .and_then(|mut results| results.pop().ok_or(Error::NoItems)?)
                .and_then(|result| three(&result.vectors));
            task.check()?;
            let item = manifest.utterances.get(index).ok_or(Error::NoItems)?;
            Ok(match rated {
                Ok(values) => Ok(Rating {
                    id: item.id.clone(),
                    values,
                }),
                Err(why) => Err(Failure {
                    id: item.id.clone(),
                    path: item.path.clone(),
                    reason: why.to_string(),
                }),
            })
        },
    )?;
    let (mut ratings, mut failures) = (vec![], vec![]);
    for one in rated {
        match one {
            Ok(rating) => ratings.push(rating),
            Err(failure) => failures.push(failure),
        }
    }
    if let (true, Some(first)) = (ratings.is_empty(), failures.first()) {
        return Err(Error::NothingUsed {
            items: manifest.utterances.len(),
            id: first.id.clone(),
            reason: first.reason.clone(),
        });
    }
    Ok(Quality {
        ratings,
        failures,
        model: ModelUsed::of(model, vec![TAP.into()]),
        engine: EngineUsed::of(engine),
    })
}

/// The only tap's vector.
fn three(vectors: &[Vec<f32>]) -> Result<[f64; 3]> {
    match vectors {
        [one] => match one.as_slice() {
            [sig, bak, ovrl] => Ok([sig, bak, ovrl].map(|v| f64::from(*v))),
            other => Err(unfit(other.len())),
        },
        other => Err(unfit(other.len())),
    }
}

fn unfit(found: usize) -> Error {
    Error::Request {
        problem: format!("the tap `{TAP}` gives {found} numbers, and ratings are three"),
        hint: format!("rate with the catalogue's `{DNSMOS_MODEL}`"),
    }
}
