//! Who is in the run: used items and speakers per class.

use std::collections::{BTreeMap, BTreeSet};

use phonoscope_datasets::Manifest;

use crate::report::{Check, Coverage, GroupCount, Skipped, SpanCoverage, Status};
use crate::store::{ItemRecord, Outcome};

/// Columns with more classes than this are not counted class by class.
const MAX_CLASSES: usize = 12;

/// What was read and what was not: items, speakers, and both per class of every column with few
/// classes.
pub(crate) fn coverage(
    manifest: &Manifest,
    records: &[ItemRecord],
    spans: Option<SpanCoverage>,
) -> Coverage {
    let mut coverage = Coverage {
        spans,
        items: records.len(),
        not_finite: records.iter().map(|r| r.not_finite).sum(),
        ..Coverage::default()
    };
    for (record, utterance) in records.iter().zip(&manifest.utterances) {
        match &record.outcome {
            Outcome::Used { .. } => coverage.used += 1,
            Outcome::Skipped { reason, .. } => coverage.skipped.push(Skipped {
                id: utterance.id.clone(),
                reason: reason.clone(),
            }),
        }
    }
    let speaker = manifest.column("speaker");
    let used: Vec<&[Option<String>]> = records
        .iter()
        .filter(|r| matches!(r.outcome, Outcome::Used { .. }))
        .filter_map(|r| manifest.utterances.get(r.index))
        .map(|u| u.metadata.as_slice())
        .collect();
    let cell = |row: &[Option<String>], column: usize| row.get(column).cloned().flatten();
    let speaker_of = |row: &[Option<String>]| speaker.and_then(|s| cell(row, s));
    coverage.speakers = used
        .iter()
        .filter_map(|r| speaker_of(r))
        .collect::<BTreeSet<_>>()
        .len();
    for (column, name) in manifest.columns.iter().enumerate() {
        if Some(column) == speaker {
            continue;
        }
        let mut classes: BTreeMap<String, (usize, BTreeSet<String>)> = BTreeMap::new();
        for row in &used {
            let class = cell(row, column).unwrap_or_else(|| "missing".into());
            let entry = classes.entry(class).or_default();
            entry.0 += 1;
            entry.1.extend(speaker_of(row));
            if classes.len() > MAX_CLASSES {
                break;
            }
        }
        if classes.is_empty() || classes.len() > MAX_CLASSES {
            continue;
        }
        let counts = classes
            .into_iter()
            .map(|(class, (items, who))| GroupCount {
                class,
                items,
                speakers: who.len(),
            })
            .collect();
        coverage.groups.insert(name.clone(), counts);
    }
    coverage
}

/// Coverage as a check: every item that gave nothing is a gap in what the run can say.
pub(super) fn check(coverage: &Coverage) -> Check {
    let Coverage {
        items,
        used,
        skipped,
        not_finite,
        speakers,
        spans,
        ..
    } = coverage;
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for item in skipped {
        *reasons.entry(&item.reason).or_default() += 1;
    }
    let most = reasons.into_iter().max_by_key(|(_, n)| *n);
    let spans_missing: usize = spans.iter().flat_map(|s| s.skipped.values()).sum();
    let of_spans = spans.as_ref().map_or_else(String::new, |s| {
        format!("; {}, {spans_missing} left out", counted(s.used, &s.kind))
    });
    let who = match speakers {
        0 => String::new(),
        n => format!(" of {}", counted(*n, "speaker")),
    };
    let complete = skipped.is_empty() && spans_missing == 0;
    Check {
        id: "coverage".into(),
        meaning:
            "rows of the manifest that gave no result; reasons, speakers and classes are listed \
                  under coverage"
                .into(),
        status: if complete { Status::Pass } else { Status::Warn },
        verdict: match &most {
            None => format!(
                "Every item was read: {}{who}{of_spans}.",
                counted(*items, "item")
            ),
            Some((reason, n)) => format!(
                "{used} of {} gave a result{who}{of_spans}; most often missing ({n}): {reason}.",
                counted(*items, "item")
            ),
        },
        value: Some(skipped.len() as f64),
        threshold: Some(0.0),
        unit: Some("items".into()),
        n: *items,
        detail: match not_finite {
            0 => "no activation was NaN or infinite".into(),
            n => format!("{n} activations were NaN or infinite; their items were left out"),
        },
        ..Check::default()
    }
}

fn counted(n: usize, thing: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {thing}{plural}")
}
