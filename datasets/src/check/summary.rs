//! From items to the corpus: counts, formats, and what is wrong.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::alignment::{self, AlignmentSummary, ItemAlignment};
use super::{Checked, ItemCheck, Measures, Outcome, Problem, SCHEMA, Seen, Severity};
use crate::audio::{SAMPLE_RATE_HZ, SourceFormat};
use crate::error::one_line;
use crate::manifest::Manifest;

/// Classes listed of a column; columns with more are counted only.
const MAX_LEVELS: usize = 50;

/// An utterance shorter than this is noted.
const SHORT_SECS: f64 = 0.1;

/// An utterance quieter than this is noted.
const QUIET_DB: f64 = -50.0;

/// An utterance with more of its samples clipped is noted.
const MAX_CLIPPED: f64 = 0.001;

/// An utterance with more of its frames silent is noted.
const MAX_SILENT: f64 = 0.8;

/// How many usable recordings have a format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormatCount {
    /// The format.
    pub source: SourceFormat,
    /// Utterances in it.
    pub items: usize,
}

/// The usable utterances of a speaker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpeakerCount {
    /// The speaker.
    pub speaker: String,
    /// Usable utterances.
    pub items: usize,
    /// Their length together.
    pub secs: f64,
}

/// What a metadata column holds, over all rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnSummary {
    /// Name of the column.
    pub name: String,
    /// Rows without a value.
    pub missing: usize,
    /// Number of different values.
    pub distinct: usize,
    /// The values in alphabetical order, where there are at most 50 and they repeat.
    pub levels: Vec<LevelCount>,
}

/// How often a value of a column occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelCount {
    /// The value.
    pub value: String,
    /// Rows with it.
    pub items: usize,
    /// Different speakers with it; none without a column `speaker`.
    pub speakers: Option<usize>,
}

pub(super) fn summarise(manifest: &Manifest, seen: Vec<Seen>) -> Checked {
    let (items, alignments): (Vec<_>, Vec<_>) = seen
        .into_iter()
        .map(|seen| (seen.item, seen.alignment))
        .unzip();
    let mut problems = item_problems(manifest, &items);
    let formats = formats(&items);
    let speakers = speakers(manifest, &items);
    let columns = columns(manifest);
    let note = |severity, words: String| Problem {
        id: None,
        severity,
        words,
    };
    if formats.len() > 1 {
        let rates: BTreeSet<u32> = formats.iter().map(|f| f.source.sample_rate_hz).collect();
        if rates.len() > 1 {
            let rates: Vec<String> = rates.iter().map(u32::to_string).collect();
            let words = format!(
                "recordings have {} sample rates ({} Hz): bandwidth may pass for a property of speakers",
                rates.len(),
                rates.join(", ")
            );
            problems.push(note(Severity::Warning, words));
        }
    }
    for rate in formats
        .iter()
        .map(|f| f.source.sample_rate_hz)
        .collect::<BTreeSet<_>>()
    {
        if rate < SAMPLE_RATE_HZ {
            let words = format!("recordings at {rate} Hz have nothing above {} Hz", rate / 2);
            problems.push(note(Severity::Warning, words));
        }
    }
    if manifest.column("speaker").is_none() {
        let words = "no column `speaker`: nothing can be grouped by speaker".to_owned();
        problems.push(note(Severity::Note, words));
    }
    let single = speakers.iter().filter(|s| s.items == 1).count();
    if single > 0 {
        let words = format!(
            "{single} of {} speakers have one usable utterance",
            speakers.len()
        );
        problems.push(note(Severity::Note, words));
    }
    problems.extend(
        sexes_of_one_speaker(manifest)
            .into_iter()
            .map(|words| note(Severity::Warning, words)),
    );
    let (alignment, doubts) = aligned(&items, alignments);
    problems.extend(doubts);
    let total_secs = items
        .iter()
        .filter_map(ItemCheck::measures)
        .map(|m| m.duration_secs)
        .sum();
    Checked {
        schema: SCHEMA,
        items,
        problems,
        formats,
        speakers,
        columns,
        total_secs,
        alignment,
    }
}

/// What the alignments hold, and what is wrong with them.
fn aligned(
    items: &[ItemCheck],
    alignments: Vec<Option<crate::Result<ItemAlignment>>>,
) -> (Option<AlignmentSummary>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut good = Vec::new();
    let mut without = 0;
    for (item, alignment) in items.iter().zip(alignments) {
        let mut warn = |words: String| {
            problems.push(Problem {
                id: Some(item.id.clone()),
                severity: Severity::Warning,
                words,
            });
        };
        match alignment {
            None => without += usize::from(item.measures().is_some()),
            Some(Err(error)) => warn(alignment::words_of(&error)),
            Some(Ok(alignment)) => {
                alignment.remarks.iter().cloned().for_each(&mut warn);
                good.push(alignment);
            }
        }
    }
    let summary = alignment::summarise(&good);
    if without > 0 && (summary.is_some() || !problems.is_empty()) {
        problems.push(Problem {
            id: None,
            severity: Severity::Note,
            words: format!("{without} usable items have no alignment"),
        });
    }
    if let Some(summary) = &summary {
        for (level, what) in [(&summary.words, "words"), (&summary.phones, "phones")] {
            if level.overlapping > 0 {
                problems.push(Problem {
                    id: None,
                    severity: Severity::Note,
                    words: format!("{} of {} {what} overlap", level.overlapping, level.spans),
                });
            }
        }
    }
    (summary, problems)
}

fn item_problems(manifest: &Manifest, items: &[ItemCheck]) -> Vec<Problem> {
    let mut first_with: HashMap<(&str, u64, u64), &str> = HashMap::new();
    let mut problems = Vec::new();
    for (item, utterance) in items.iter().zip(&manifest.utterances) {
        let mut add = |severity, words: String| {
            problems.push(Problem {
                id: Some(item.id.clone()),
                severity,
                words,
            });
        };
        let measures = match &item.outcome {
            Outcome::Unusable { reason, .. } => {
                add(Severity::Error, reason.clone());
                continue;
            }
            Outcome::Usable(measures) => measures,
        };
        let span = (
            utterance.start_secs.unwrap_or(0.0).to_bits(),
            utterance.end_secs.unwrap_or(f64::INFINITY).to_bits(),
        );
        let content = (measures.sha256.as_str(), span.0, span.1);
        if let Some(first) = first_with.get(&content) {
            let words = format!("the same recording as `{}`", one_line(first));
            add(Severity::Warning, words);
        } else {
            first_with.insert(content, &item.id);
        }
        for words in doubts(measures) {
            add(Severity::Warning, words);
        }
    }
    problems
}

fn doubts(measures: &Measures) -> Vec<String> {
    let mut doubts = Vec::new();
    if measures.duration_secs < SHORT_SECS {
        doubts.push(format!("only {:.3} s long", measures.duration_secs));
    }
    match measures.level.rms_db {
        None => doubts.push("digital silence".to_owned()),
        Some(db) if db < QUIET_DB => doubts.push(format!("very quiet: {db:.0} dB of full scale")),
        Some(_) if measures.level.silent_fraction > MAX_SILENT => doubts.push(format!(
            "silent for {:.0} % of its length",
            100.0 * measures.level.silent_fraction
        )),
        Some(_) => {}
    }
    if measures.level.clipped_fraction > MAX_CLIPPED {
        doubts.push(format!(
            "clipped: {:.1} % of samples at full scale",
            100.0 * measures.level.clipped_fraction
        ));
    }
    doubts
}

fn formats(items: &[ItemCheck]) -> Vec<FormatCount> {
    let mut counts: BTreeMap<SourceFormat, usize> = BTreeMap::new();
    for measures in items.iter().filter_map(ItemCheck::measures) {
        *counts.entry(measures.source).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(source, items)| FormatCount { source, items })
        .collect()
}

fn speakers(manifest: &Manifest, items: &[ItemCheck]) -> Vec<SpeakerCount> {
    let Some(column) = manifest.column("speaker") else {
        return Vec::new();
    };
    let mut counts: Vec<SpeakerCount> = Vec::new();
    let mut index_of: HashMap<&str, usize> = HashMap::new();
    for (item, utterance) in items.iter().zip(&manifest.utterances) {
        let Some(speaker) = utterance.value(column) else {
            continue;
        };
        let index = *index_of.entry(speaker).or_insert_with(|| {
            counts.push(SpeakerCount {
                speaker: speaker.to_owned(),
                items: 0,
                secs: 0.0,
            });
            counts.len() - 1
        });
        if let Some(measures) = item.measures() {
            counts[index].items += 1;
            counts[index].secs += measures.duration_secs;
        }
    }
    counts
}

fn columns(manifest: &Manifest) -> Vec<ColumnSummary> {
    let speaker = manifest.column("speaker");
    let summary = |(column, name): (usize, &String)| {
        let mut levels: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
        let mut missing = 0;
        for utterance in &manifest.utterances {
            let Some(value) = utterance.value(column) else {
                missing += 1;
                continue;
            };
            let level = levels.entry(value).or_default();
            level.0 += 1;
            level.1.extend(speaker.and_then(|s| utterance.value(s)));
        }
        let present = manifest.utterances.len() - missing;
        let distinct = levels.len();
        let listed = distinct <= MAX_LEVELS && distinct < present;
        ColumnSummary {
            name: name.clone(),
            missing,
            distinct,
            levels: levels
                .into_iter()
                .filter(|_| listed)
                .map(|(value, (items, speakers))| LevelCount {
                    value: value.to_owned(),
                    items,
                    speakers: speaker.map(|_| speakers.len()),
                })
                .collect(),
        }
    };
    manifest.columns.iter().enumerate().map(summary).collect()
}

fn sexes_of_one_speaker(manifest: &Manifest) -> Vec<String> {
    let (Some(speaker), Some(sex)) = (manifest.column("speaker"), manifest.column("sex")) else {
        return Vec::new();
    };
    let mut sexes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for utterance in &manifest.utterances {
        if let (Some(speaker), Some(sex)) = (utterance.value(speaker), utterance.value(sex)) {
            sexes.entry(speaker).or_default().insert(sex);
        }
    }
    sexes
        .into_iter()
        .filter(|(_, sexes)| sexes.len() > 1)
        .map(|(speaker, sexes)| {
            let sexes: Vec<String> = sexes.iter().map(|s| format!("`{}`", one_line(s))).collect();
            let speaker = one_line(speaker);
            format!(
                "speaker `{speaker}` has more than one sex: {}",
                sexes.join(", ")
            )
        })
        .collect()
}
