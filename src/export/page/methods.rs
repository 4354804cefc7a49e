//! The methods paragraph: settings, sizes, versions and citations, filled in from the report.

use phonoscope_probes::report::{EngineUsed, ModelUsed, Report};
use serde_json::Value;

/// Characters of a hash that name a file well enough in running text; all of it stands elsewhere.
const HASH: usize = 12;

pub(super) fn paragraphs(report: &Report) -> Vec<String> {
    let mut paragraphs = vec![extraction(report)];
    if report.probe == "speaker" {
        paragraphs.push(speaker(report));
    }
    paragraphs.push(settings(report));
    paragraphs.retain(|words| !words.is_empty());
    paragraphs
}

/// Works to cite, each once.
pub(super) fn references(report: &Report) -> Vec<String> {
    let mut works: Vec<String> = systems(report)
        .filter(|(model, _)| model.citation != "not stated" && !model.citation.is_empty())
        .map(|(model, _)| format!("{}: {}", model.name, model.citation))
        .collect();
    if report.probe == "speaker" {
        works.extend(
            [
                "Question and procedure: M. Huckvale, Interpreting the Dimensions of Speaker Embedding Space, \
                 arXiv 2510.16489, 2025.",
                "False discovery rate: Y. Benjamini and Y. Hochberg, Journal of the Royal Statistical Society B \
                 57, 1995.",
                "Threshold of components: J. L. Horn, Psychometrika 30, 1965 (parallel analysis by permutation).",
            ]
            .map(Into::into),
        );
    }
    let mut once: Vec<String> = vec![];
    for work in works {
        if !once.contains(&work) {
            once.push(work);
        }
    }
    once
}

fn systems(report: &Report) -> Box<dyn Iterator<Item = (&ModelUsed, Option<&EngineUsed>)> + '_> {
    let provenance = &report.provenance;
    if provenance.systems.is_empty() {
        let engine = provenance.engine.as_ref();
        return Box::new(provenance.model.iter().map(move |model| (model, engine)));
    }
    Box::new(
        provenance
            .systems
            .iter()
            .map(|s| (&s.model, Some(&s.engine))),
    )
}

fn extraction(report: &Report) -> String {
    let coverage = &report.trust.coverage;
    let mut sentences: Vec<String> = systems(report)
        .map(|(model, engine)| {
            let engine = engine.map_or(String::new(), |e| format!(" by {} {}", e.name, e.version));
            format!(
                "{} ({}; SHA-256 of the weights {}…; licence: {}) was run{engine} on features of this kind: {}; read \
                 were {}.",
                model.name,
                model.source,
                model.weights_sha256.chars().take(HASH).collect::<String>(),
                model.licence,
                model.front_end,
                model.taps.join(", "),
            )
        })
        .collect();
    if !sentences.is_empty() {
        sentences.push(format!(
            "Of {} recordings {} were used.",
            coverage.used + coverage.skipped.len(),
            coverage.used
        ));
    }
    sentences.join(" ")
}

/// What the speaker probe did, in the words of a methods section.
fn speaker(report: &Report) -> String {
    let speakers = report.table(None, "speakers").map_or(0, |t| t.rows());
    let setting = |name: &str| words(report.provenance.settings.get(name));
    let length = match setting("normalise").as_str() {
        "l2" => "brought to unit length and then averaged",
        _ => "averaged",
    };
    let scaling = match setting("scaling").as_str() {
        "centred" => "centred",
        _ => "standardised",
    };
    format!(
        "The embeddings of each of {speakers} speakers were {length}, the speaker means {scaling}, and their principal \
         components found by eigendecomposition of the covariance matrix; each component's sign was set so that its \
         largest loading is positive. Components were kept apart from noise by {} permutations of the speakers within \
         each dimension. Unless a table says otherwise, intervals (level {}) are from {} bootstrap draws of whole \
         speakers, and p from as many permutations of speakers as (1+b)/(1+B); q is p corrected within the family that \
         its table names (Benjamini and Hochberg). Held-out figures are from {} speaker-disjoint folds, with everything \
         fitted inside them. The seed was {}.",
        setting("permutations"),
        setting("level"),
        setting("bootstrap"),
        setting("folds"),
        report.provenance.seed,
    )
}

fn settings(report: &Report) -> String {
    let settings = report.provenance.settings.iter();
    let listed: Vec<String> = settings
        .map(|(name, value)| format!("{} {}", name.replace('_', " "), words(Some(value))))
        .collect();
    format!(
        "Made with Phonoscope {} (seed {}). All settings: {}.",
        report.provenance.phonoscope,
        report.provenance.seed,
        match listed.is_empty() {
            true => "none".into(),
            false => listed.join("; "),
        }
    )
}

fn words(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "not set".into(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(values)) => {
            let all: Vec<String> = values.iter().map(|v| words(Some(v))).collect();
            all.join(", ")
        }
        Some(value) => value.to_string(),
    }
}
