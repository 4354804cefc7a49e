//! Parallel sessions over the manifest, shards in order.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use phonoscope_analysis::task::Task;
use phonoscope_datasets::Manifest;

use super::{Extractor, ItemResult};
use crate::error::{Error, Result};
use crate::store::{ItemRecord, Outcome, Shard, TapValues};

pub(super) struct Plan<'a> {
    pub(super) extractor: &'a Extractor<'a>,
    pub(super) manifest: &'a Manifest,
    pub(super) out: &'a Path,
    pub(super) fingerprint: &'a str,
    pub(super) shards: usize,
    pub(super) shard_items: usize,
    pub(super) sessions: usize,
}

/// How many shards the fastest worker may be ahead of the writer: bounds memory.
const SHARDS_AHEAD: usize = 4;

/// Lets workers go on only so far past what is written.
struct Gate {
    /// Shards written or found, and whether everybody should leave.
    state: Mutex<(usize, bool)>,
    moved: Condvar,
}

impl Gate {
    fn new() -> Self {
        Self {
            state: Mutex::new((0, false)),
            moved: Condvar::new(),
        }
    }

    /// Waits until shard `position` (in order of work) may be begun; false when it is time to leave.
    fn pass(&self, position: usize) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self
            .moved
            .wait_while(state, |(done, leave)| {
                !*leave && position >= *done + SHARDS_AHEAD
            })
            .unwrap_or_else(PoisonError::into_inner);
        !state.1
    }

    fn advance(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0 += 1;
        self.moved.notify_all();
    }

    fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.moved.notify_all();
    }
}

/// Sends everybody home when a worker leaves before the work is done (cancelled, or panicking): the
/// others may be waiting for its items.
struct Leaving<'a>(&'a Gate);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Computes the missing shards; gives every item's record, and how many items were there already.
pub(super) fn run(plan: &Plan<'_>, task: &Task) -> Result<(Vec<ItemRecord>, usize)> {
    let count = plan.manifest.utterances.len();
    let names: Vec<String> = plan
        .extractor
        .taps()
        .iter()
        .map(|t| t.name.clone())
        .collect();
    let mut records: Vec<Option<ItemRecord>> = vec![None; count];
    let mut missing = vec![];
    for number in 0..plan.shards {
        match Shard::read(plan.out, number, plan.fingerprint, &names) {
            // Where nothing could be read the reason may be gone (a disk that was not there).
            Ok(shard) if covers(&shard, plan.range(number)) && shard.used().next().is_some() => {
                for record in shard.records {
                    let slot = record.index;
                    records[slot] = Some(record);
                }
            }
            _ => missing.push(number),
        }
    }
    let resumed = records.iter().flatten().count();
    task.progress
        .start("extracting", "items", Some(count as u64));
    task.progress.advance(resumed as u64);
    if !missing.is_empty() {
        compute(plan, &missing, &mut records, task)?;
    }
    task.progress.finish();
    let records: Vec<ItemRecord> = records.into_iter().flatten().collect();
    debug_assert_eq!(records.len(), count);
    Ok((records, resumed))
}

impl Plan<'_> {
    /// Manifest rows of a shard.
    fn range(&self, number: usize) -> std::ops::Range<usize> {
        let start = number * self.shard_items;
        start..(start + self.shard_items).min(self.manifest.utterances.len())
    }
}

fn covers(shard: &Shard, range: std::ops::Range<usize>) -> bool {
    shard.records.iter().map(|r| r.index).eq(range)
}

/// Why an item gave nothing.
struct Skip {
    reason: String,
    not_finite: usize,
}

impl From<Error> for Skip {
    fn from(error: Error) -> Self {
        Self {
            reason: one_line(&error),
            not_finite: match error {
                Error::NotFinite { values, .. } => values,
                _ => 0,
            },
        }
    }
}

type Message = Result<(usize, Result<ItemResult, Skip>)>;

fn compute(
    plan: &Plan<'_>,
    missing: &[usize],
    records: &mut [Option<ItemRecord>],
    task: &Task,
) -> Result<()> {
    // Work in manifest order: (place of its shard among the missing ones, item).
    let work: Vec<(usize, usize)> = missing
        .iter()
        .enumerate()
        .flat_map(|(place, number)| plan.range(*number).map(move |item| (place, item)))
        .collect();
    let sessions = plan.sessions.min(work.len());
    let (next, gate) = (AtomicUsize::new(0), Gate::new());
    let (sender, receiver) = sync_channel::<Message>(sessions * 2);
    thread::scope(|scope| {
        for _ in 0..sessions {
            let sender = sender.clone();
            let (next, gate, work) = (&next, &gate, &work);
            scope.spawn(move || {
                let early = Leaving(gate);
                let mut session = match plan.extractor.open(None) {
                    Ok(session) => session,
                    Err(e) => {
                        sender.send(Err(e)).ok();
                        return;
                    }
                };
                while let Some(&(place, item)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if task.cancel.is_cancelled() || !gate.pass(place) {
                        return;
                    }
                    let utterance = &plan.manifest.utterances[item];
                    let result = plan
                        .extractor
                        .run(session.as_mut(), utterance, &task.cancel);
                    if task.cancel.is_cancelled() {
                        return;
                    }
                    let message = Ok((item, result.map_err(Skip::from)));
                    if sender.send(message).is_err() {
                        return;
                    }
                }
                std::mem::forget(early);
            });
        }
        drop(sender);
        let written = collect(plan, missing, records, &receiver, &gate, task);
        gate.close();
        drop(receiver);
        written
    })
}

/// Gathers results and writes each shard as soon as it and all before it are complete.
fn collect(
    plan: &Plan<'_>,
    missing: &[usize],
    records: &mut [Option<ItemRecord>],
    receiver: &Receiver<Message>,
    gate: &Gate,
    task: &Task,
) -> Result<()> {
    let mut waiting: BTreeMap<usize, Result<ItemResult, Skip>> = BTreeMap::new();
    let mut todo = missing.iter().copied().peekable();
    for message in receiver {
        let (item, result) = message?;
        waiting.insert(item, result);
        task.progress.advance(1);
        while let Some(&number) = todo.peek() {
            let range = plan.range(number);
            if waiting.range(range.clone()).count() < range.len() {
                break;
            }
            let shard = assemble(plan, range, &mut waiting);
            shard.write(plan.out, number, plan.fingerprint)?;
            for record in shard.records {
                let slot = record.index;
                records[slot] = Some(record);
            }
            todo.next();
            gate.advance();
        }
    }
    task.check()?;
    match todo.next() {
        None => Ok(()),
        Some(number) => Err(Error::Request {
            problem: format!("shard {number} stayed incomplete: a worker stopped early"),
            hint: "run the same command again; finished shards are kept".into(),
        }),
    }
}

fn assemble(
    plan: &Plan<'_>,
    range: std::ops::Range<usize>,
    waiting: &mut BTreeMap<usize, Result<ItemResult, Skip>>,
) -> Shard {
    let mut taps: Vec<TapValues> = plan
        .extractor
        .taps()
        .iter()
        .map(|t| TapValues {
            name: t.name.clone(),
            dim: t.dim.unwrap_or(0),
            values: vec![],
        })
        .collect();
    let mut records = Vec::with_capacity(range.len());
    for index in range {
        let (outcome, not_finite) = match waiting.remove(&index) {
            Some(Ok(result)) => (append(&mut taps, result), 0),
            Some(Err(Skip { reason, not_finite })) => (Outcome::Skipped { reason }, not_finite),
            None => {
                let reason = "it was never read".into();
                (Outcome::Skipped { reason }, 0)
            }
        };
        records.push(ItemRecord {
            index,
            outcome,
            not_finite,
        });
    }
    Shard { records, taps }
}

/// Adds an item's vectors to the shard, unless a width differs from that of the items before.
fn append(taps: &mut [TapValues], result: ItemResult) -> Outcome {
    let misfit = taps
        .iter()
        .zip(&result.vectors)
        .find(|(tap, vector)| tap.dim != vector.len() && (tap.dim != 0 || !tap.values.is_empty()));
    if let Some((tap, vector)) = misfit {
        let (name, here, before) = (&tap.name, vector.len(), tap.dim);
        let reason = format!("tap `{name}` is {here} wide here, {before} wide elsewhere");
        return Outcome::Skipped { reason };
    }
    for (tap, vector) in taps.iter_mut().zip(result.vectors) {
        tap.dim = vector.len();
        tap.values.extend(vector);
    }
    Outcome::Used {
        duration_secs: result.duration_secs,
        audio_sha256: result.audio_sha256,
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
    text.replace(['\n', '\r'], " ")
}
