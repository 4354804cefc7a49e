//! How much of a corpus is aligned, and where alignments do not fit.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::alignment::{AlignmentSource, Level, Span, fit};
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Utterance};

/// What the usable utterances of a corpus have in word and phone times.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlignmentSummary {
    /// Usable utterances with an alignment.
    pub items: usize,
    /// Their words.
    pub words: LevelSummary,
    /// Their phones.
    pub phones: LevelSummary,
}

/// The words or the phones of a corpus, silences left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct LevelSummary {
    /// Utterances with at least one.
    pub items: usize,
    /// How many there are.
    pub spans: usize,
    /// How many different labels.
    pub distinct: usize,
    /// How many begin before the one ahead of them ends.
    pub overlapping: usize,
    /// Their length together.
    pub secs: f64,
}

/// The alignment of one usable utterance.
#[derive(Debug)]
pub(super) struct ItemAlignment {
    words: Vec<Span>,
    phones: Vec<Span>,
    /// What was cut to fit, or why a level cannot be used.
    pub(super) remarks: Vec<String>,
}

/// The alignment of an utterance of this length; none where there is none.
pub(super) fn of_item(
    utterance: &Utterance,
    manifest: &Manifest,
    source: &AlignmentSource,
    duration_secs: f64,
) -> Result<Option<ItemAlignment>> {
    let Some(found) = source.find(utterance, manifest)? else {
        return Ok(None);
    };
    let mut remarks = Vec::new();
    let mut missing = Vec::new();
    let mut level = |level| match found.spans(utterance, level) {
        Ok(spans) => match fit(utterance, spans, duration_secs) {
            Ok(fitted) => {
                remarks.extend(fitted.remark);
                fitted
                    .spans
                    .into_iter()
                    .filter(|span| !span.silent)
                    .collect()
            }
            Err(error) => {
                remarks.push(words_of(&error));
                Vec::new()
            }
        },
        Err(error) => {
            missing.push(error);
            Vec::new()
        }
    };
    let (words, phones) = (level(Level::Word), level(Level::Phone));
    // One level is enough; without any the alignment is of no use.
    if let [error, _] = missing.as_slice() {
        remarks.push(words_of(error));
    }
    Ok(Some(ItemAlignment {
        words,
        phones,
        remarks,
    }))
}

/// The fault of an alignment, without the name of the file where that is the item's own.
pub(super) fn words_of(error: &Error) -> String {
    match error {
        Error::Alignment { why, line, .. } => match line {
            Some(line) => format!("alignment, line {line}: {why}"),
            None => format!("alignment: {why}"),
        },
        other => other.to_string(),
    }
}

pub(super) fn summarise(items: &[ItemAlignment]) -> Option<AlignmentSummary> {
    (!items.is_empty()).then(|| AlignmentSummary {
        items: items.len(),
        words: level_summary(items.iter().map(|item| item.words.as_slice())),
        phones: level_summary(items.iter().map(|item| item.phones.as_slice())),
    })
}

fn level_summary<'a>(items: impl Iterator<Item = &'a [Span]>) -> LevelSummary {
    let mut summary = LevelSummary::default();
    let mut labels: BTreeSet<&str> = BTreeSet::new();
    for spans in items {
        summary.items += usize::from(!spans.is_empty());
        summary.spans += spans.len();
        summary.secs += spans.iter().map(|s| s.end_secs - s.start_secs).sum::<f64>();
        summary.overlapping += spans
            .windows(2)
            .filter(|pair| matches!(pair, [a, b] if b.start_secs < a.end_secs - 1e-6))
            .count();
        labels.extend(spans.iter().map(|span| span.label.as_str()));
    }
    summary.distinct = labels.len();
    summary
}
