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
    if report.probe == "emphasis" {
        paragraphs.push(emphasis(report));
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
    if report.probe == "emphasis" {
        works.extend(
            [
                "Question: the abstract of Cassini, Hain and Ragni, arXiv 2508.11566, 2025, whose claims are \
                 tested here and not replicated.",
                "Participation ratio without bias: T. Himeno and T. Yamada, Journal of Multivariate Analysis 130, 2014.",
                "False discovery rate: Y. Benjamini and Y. Hochberg, Journal of the Royal Statistical Society B \
                 57, 1995.",
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

/// What the emphasis probe did.
fn emphasis(report: &Report) -> String {
    let setting = |name: &str| words(report.provenance.settings.get(name));
    format!(
        "The state of each word was averaged over its span; the state of its neutral version was taken from that of \
         every changed version of the same recording. Direction consistency is the mean cosine of these residuals to \
         the mean direction of the other speakers' residuals, beside that of residuals of two neutral versions, of sign \
         flips and of re-paired words. Effective dimension is the participation ratio at equal n. Durations, F0 and \
         levels were predicted by ridge regression, words by ridge regression on indicators, on {} folds of speakers \
         (for the former also of words), with everything fitted inside them and all versions of a recording on one side. \
         Directions were learnt on some speakers, words and cues and applied to others, and to whole-word changes of \
         rate, pitch and level. Intervals (level {}) are from {} bootstrap draws of whole speakers, the same for all \
         systems, or from leaving speakers out in turn, as each table says; p are (1+b)/(1+B) of {} permutations ({} \
         of the regressions), corrected within the family that the table names (Benjamini and Hochberg). The seed was {}.",
        setting("folds"),
        setting("level"),
        setting("bootstrap"),
        setting("permutations"),
        setting("regression_permutations"),
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
