//! What is in a corpus and what is wrong with it, as data.

mod alignment;
mod level;
mod summary;

use std::sync::atomic::{AtomicUsize, Ordering};

use phonoscope_analysis::task::Task;
use serde::Serialize;

use crate::alignment::AlignmentSource;
use crate::audio::{self, SourceFormat, Waveform};
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Utterance};

use alignment::ItemAlignment;

pub use alignment::{AlignmentSummary, LevelSummary};
pub use level::Level;
pub use summary::{ColumnSummary, FormatCount, LevelCount, SpeakerCount};

/// Recordings decoded at a time.
const WORKERS: usize = 2;

/// Name and version of the JSON form of [`Checked`].
pub const SCHEMA: &str = "phonoscope.check/1";

/// The state of a corpus.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Every utterance, in manifest order.
    pub items: Vec<ItemCheck>,
    /// Everything noteworthy: about items in manifest order, then about the corpus, then about its
    /// alignments.
    pub problems: Vec<Problem>,
    /// Formats of the usable recordings, ordered by rate and channels.
    pub formats: Vec<FormatCount>,
    /// Speakers with their usable items, in order of first appearance; empty without a column
    /// `speaker`.
    pub speakers: Vec<SpeakerCount>,
    /// The metadata columns, in manifest order.
    pub columns: Vec<ColumnSummary>,
    /// Sum of the usable durations.
    pub total_secs: f64,
    /// Word and phone times; none where no utterance has any.
    pub alignment: Option<AlignmentSummary>,
}

impl Checked {
    /// Number of items that can be read.
    pub fn usable(&self) -> usize {
        self.items
            .iter()
            .filter(|item| item.measures().is_some())
            .count()
    }

    /// Number of problems of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.problems
            .iter()
            .filter(|p| p.severity == severity)
            .count()
    }
}

/// One utterance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemCheck {
    /// Its id.
    pub id: String,
    /// What was found.
    pub outcome: Outcome,
}

impl ItemCheck {
    /// What was measured, where the item can be read.
    pub fn measures(&self) -> Option<&Measures> {
        match &self.outcome {
            Outcome::Usable(measures) => Some(measures),
            Outcome::Unusable { .. } => None,
        }
    }
}

/// Whether an utterance can be used.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum Outcome {
    /// Its samples can be read.
    Usable(Measures),
    /// Extraction will skip it.
    Unusable {
        /// Why, in one line.
        reason: String,
        /// What to do, where there is something to say.
        hint: Option<String>,
    },
}

/// What was measured of an utterance (of its span, where it has one), after conversion to 16 kHz.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measures {
    /// Format of the file.
    pub source: SourceFormat,
    /// Length.
    pub duration_secs: f64,
    /// Loudness, peak, clipping and silence.
    pub level: Level,
    /// SHA-256 of the file's bytes.
    pub sha256: String,
}

/// Something noteworthy about an item or the corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The utterance; none for the corpus as a whole.
    pub id: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// What it is, in one line.
    pub words: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The item cannot be used.
    Error,
    /// Results may suffer.
    Warning,
    /// Good to know.
    Note,
}

/// Reads every recording of a manifest and says what is there. Two are decoded at a time and none
/// is kept; the result does not depend on which is finished first.
///
/// # Errors
/// [`Error::Cancelled`] only: what is wrong with the corpus is in the result.
pub fn check(manifest: &Manifest, task: &Task) -> Result<Checked> {
    check_with(manifest, &AlignmentSource::beside(), task)
}

/// As [`check`], with alignments from elsewhere than the manifest's column and the recordings'
/// folders.
///
/// # Errors
/// As [`check`].
pub fn check_with(
    manifest: &Manifest,
    alignments: &AlignmentSource,
    task: &Task,
) -> Result<Checked> {
    let total = manifest.utterances.len();
    task.progress
        .start("check", "recordings", Some(total as u64));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done: Vec<(usize, Seen)> = Vec::new();
        while !task.cancel.is_cancelled() {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(utterance) = manifest.utterances.get(index) else {
                break;
            };
            done.push((index, check_item(utterance, manifest, alignments)));
            task.progress.advance(1);
        }
        done
    };
    let mut done: Vec<(usize, Seen)> = std::thread::scope(|scope| {
        let handles: Vec<_> = (1..WORKERS).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for handle in handles {
            match handle.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    task.progress.finish();
    if task.cancel.is_cancelled() {
        return Err(Error::Cancelled);
    }
    done.sort_unstable_by_key(|&(index, _)| index);
    let seen = done.into_iter().map(|(_, seen)| seen).collect();
    Ok(summary::summarise(manifest, seen))
}

/// What was found of an utterance.
struct Seen {
    item: ItemCheck,
    /// None where there is no alignment, and for unusable recordings.
    alignment: Option<Result<ItemAlignment>>,
}

fn check_item(utterance: &Utterance, manifest: &Manifest, source: &AlignmentSource) -> Seen {
    let mut aligned = None;
    let outcome = match audio::read_utterance(utterance) {
        Ok(waveform) => {
            let secs = waveform.duration_secs();
            aligned = alignment::of_item(utterance, manifest, source, secs).transpose();
            Outcome::Usable(measure(&waveform))
        }
        Err(error) => {
            let reason = match &error {
                Error::Audio { fault, .. } => fault.to_string(),
                other => other.to_string(),
            };
            Outcome::Unusable {
                reason,
                hint: error.hint().map(str::to_owned),
            }
        }
    };
    Seen {
        item: ItemCheck {
            id: utterance.id.clone(),
            outcome,
        },
        alignment: aligned,
    }
}

fn measure(waveform: &Waveform) -> Measures {
    Measures {
        source: waveform.source,
        duration_secs: waveform.duration_secs(),
        level: Level::of(&waveform.samples),
        sha256: waveform.sha256.clone(),
    }
}
