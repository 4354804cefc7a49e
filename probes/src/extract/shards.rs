//! Items into shards and back.

use std::ops::Range;
use std::path::Path;

use phonoscope_datasets::AudioFault;
use phonoscope_models::Tap;

use super::ItemResult;
use super::pipeline::{Kept, Missing, Plan};
use crate::error::Error;
use crate::store::{Cause, ItemRecord, Outcome, Shard, TapValues};

/// Why an item gave nothing.
#[derive(Debug, Clone)]
pub(super) struct Skip {
    reason: String,
    cause: Cause,
    not_finite: usize,
    /// Whether the code that worked on it panicked.
    pub(super) panicked: bool,
}

impl Skip {
    pub(super) fn panicked(words: &str) -> Self {
        Self {
            reason: format!("working on it failed inside the program: {}", flat(words)),
            cause: Cause::Recording,
            not_finite: 0,
            panicked: true,
        }
    }
}

impl From<Error> for Skip {
    fn from(error: Error) -> Self {
        use phonoscope_datasets::Error as Data;
        let access = matches!(
            &error,
            Error::Data(Data::Read { .. })
                | Error::Data(Data::Audio {
                    fault: AudioFault::Missing | AudioFault::Unreadable { .. },
                    ..
                })
        );
        Self {
            reason: one_line(&error),
            cause: if access {
                Cause::Access
            } else {
                Cause::Recording
            },
            not_finite: match error {
                Error::NotFinite { values, .. } => values,
                _ => 0,
            },
            panicked: false,
        }
    }
}

/// What is in a shard file of an earlier start.
pub(super) enum Found {
    /// All that there is to be had.
    Whole(Vec<ItemRecord>),
    /// Some items, or none, are to be computed.
    Part(Missing),
}

/// Looks at shard `number` of a run that is begun or continued. Items whose files could not be read are
/// tried again once their files can be opened.
pub(super) fn look(plan: &Plan<'_>, number: usize, taps: &[String]) -> Found {
    let nothing = |kept| Found::Part(Missing { number, kept });
    let Ok(shard) = Shard::read(plan.out, number, plan.fingerprint, taps) else {
        return nothing(Kept::new());
    };
    let range = plan.range(number);
    if !shard.records.iter().map(|r| r.index).eq(range) {
        return nothing(Kept::new());
    }
    let again = |record: &ItemRecord| {
        let file = || plan.manifest.utterances.get(record.index);
        let opens = |path: &Path| std::fs::File::open(path).is_ok();
        match &record.outcome {
            Outcome::Skipped {
                cause: Cause::Access,
                ..
            } => file().is_some_and(|u| opens(&u.audio)),
            _ => false,
        }
    };
    let again: Vec<usize> = shard
        .records
        .iter()
        .filter(|r| again(r))
        .map(|r| r.index)
        .collect();
    if again.is_empty() {
        return Found::Whole(shard.records);
    }
    let mut kept = taken_apart(shard);
    kept.retain(|index, _| !again.contains(index));
    nothing(kept)
}

/// The items of a shard.
fn taken_apart(shard: Shard) -> Kept {
    let mut row = 0;
    let mut kept = Kept::new();
    for record in shard.records {
        let rows = row..row + record.rows();
        row = rows.end;
        let result = match record.outcome {
            Outcome::Skipped { reason, cause } => Err(Skip {
                reason,
                cause,
                not_finite: record.not_finite,
                panicked: false,
            }),
            Outcome::Used {
                duration_secs,
                audio_sha256,
                spans,
            } => Ok(ItemResult {
                duration_secs,
                audio_sha256,
                spans,
                vectors: shard.taps.iter().map(|t| t.rows(rows.clone())).collect(),
            }),
        };
        kept.insert(record.index, result);
    }
    kept
}

/// The shard of these manifest rows, taken out of what is `waiting`.
pub(super) fn assemble(taps: &[Tap], range: Range<usize>, waiting: &mut Kept) -> Shard {
    let mut values: Vec<TapValues> = taps
        .iter()
        .map(|t| TapValues {
            name: t.name.clone(),
            dim: t.dim.filter(|_| is_plain(t)).unwrap_or(0),
            values: vec![],
        })
        .collect();
    let mut records = Vec::with_capacity(range.len());
    for index in range {
        let (outcome, not_finite) = match waiting.remove(&index) {
            Some(Ok(result)) => (append(&mut values, result), 0),
            Some(Err(skip)) => (
                Outcome::Skipped {
                    reason: skip.reason,
                    cause: skip.cause,
                },
                skip.not_finite,
            ),
            None => (
                Outcome::Skipped {
                    reason: "it was never read".into(),
                    cause: Cause::Access,
                },
                0,
            ),
        };
        records.push(ItemRecord {
            index,
            outcome,
            not_finite,
        });
    }
    Shard {
        records,
        taps: values,
    }
}

/// Whether a tap's features are its declared width, with no further axes flattened into them.
fn is_plain(tap: &Tap) -> bool {
    use phonoscope_models::Axis::{Freq, Head, Key};
    !tap.axes.iter().any(|a| matches!(a, Freq | Head | Key))
}

/// Adds an item's vectors to the shard, unless a width differs from that of the items before.
fn append(taps: &mut [TapValues], result: ItemResult) -> Outcome {
    let used = result.spans.iter().filter(|s| s.skipped.is_none()).count();
    let rows = if result.spans.is_empty() { 1 } else { used };
    let width = |vector: &Vec<f32>| vector.len() / rows.max(1);
    let misfit = taps
        .iter()
        .zip(&result.vectors)
        .find(|(tap, vector)| tap.dim != width(vector) && (tap.dim != 0 || !tap.values.is_empty()));
    if let Some((tap, vector)) = misfit {
        let (name, here, before) = (&tap.name, width(vector), tap.dim);
        return Outcome::Skipped {
            reason: format!("tap `{name}` is {here} wide here, {before} wide elsewhere"),
            cause: Cause::Recording,
        };
    }
    for (tap, vector) in taps.iter_mut().zip(result.vectors) {
        tap.dim = width(&vector);
        tap.values.extend(vector);
    }
    Outcome::Used {
        duration_secs: result.duration_secs,
        audio_sha256: result.audio_sha256,
        spans: result.spans,
    }
}

/// An error with its causes on one line.
fn one_line(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    flat(&text)
}

fn flat(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
