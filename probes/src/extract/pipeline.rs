//! Threads that prepare recordings, threads that run the network, and shards written in order.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use phonoscope_analysis::task::Task;
use phonoscope_datasets::{Manifest, Utterance};

use super::queue::{Gate, Queue};
use super::shards::{Skip, assemble};
use super::{Extractor, ItemResult, Prepared};
use crate::error::{Error, Result};
use crate::store::ItemRecord;

pub(super) struct Plan<'a> {
    pub(super) extractor: &'a Extractor<'a>,
    pub(super) manifest: &'a Manifest,
    pub(super) out: &'a Path,
    pub(super) fingerprint: &'a str,
    pub(super) shards: usize,
    pub(super) shard_items: usize,
    pub(super) sessions: usize,
}

impl Plan<'_> {
    /// Manifest rows of a shard.
    pub(super) fn range(&self, number: usize) -> Range<usize> {
        let start = number * self.shard_items;
        start..(start + self.shard_items).min(self.manifest.utterances.len())
    }

    fn utterances(&self, rows: Range<usize>) -> &[Utterance] {
        self.manifest.utterances.get(rows).unwrap_or_default()
    }
}

/// Manifest rows that one run of the network serves.
#[derive(Debug, Clone)]
struct Unit {
    /// Place of their shard in the order of work.
    place: usize,
    rows: Range<usize>,
}

/// What became of each row of a unit.
type Message = Result<Vec<(usize, Result<ItemResult, Skip>)>>;

/// Results of a shard that are there already.
pub(super) type Kept = BTreeMap<usize, Result<ItemResult, Skip>>;

/// A shard to be written: its number, and those of its items that need not be computed.
pub(super) struct Missing {
    pub(super) number: usize,
    pub(super) kept: Kept,
}

/// Computes the missing shards, in order; `written` is told of each.
pub(super) fn run(
    plan: &Plan<'_>,
    missing: Vec<Missing>,
    written: &mut dyn FnMut(Vec<ItemRecord>),
    task: &Task,
) -> Result<()> {
    let units: Vec<Unit> = missing
        .iter()
        .enumerate()
        .flat_map(|(place, shard)| units(plan, place, shard))
        .collect();
    let sessions = plan.sessions.min(units.len()).max(1);
    // Decoding and front ends cost a fraction of the network.
    let makers = sessions.div_ceil(2);
    let (next, gate) = (AtomicUsize::new(0), Gate::new());
    let queue: Queue<(Unit, Result<Prepared, Skip>)> = Queue::new(sessions, makers);
    let (sender, receiver) = sync_channel::<Message>(sessions * 2);
    let crew = Crew {
        plan,
        task,
        gate: &gate,
        queue: &queue,
    };
    thread::scope(|scope| {
        for _ in 0..makers {
            scope.spawn(|| crew.prepare(&next, &units));
        }
        for _ in 0..sessions {
            let (crew, sender) = (&crew, sender.clone());
            scope.spawn(move || crew.infer(&sender));
        }
        drop(sender);
        let collected = collect(plan, missing, written, &receiver, &gate, task);
        gate.close();
        queue.close();
        drop(receiver);
        collected
    })
}

/// The work of a shard, longest first so that no session is left with a long recording at the end.
fn units(plan: &Plan<'_>, place: usize, shard: &Missing) -> Vec<Unit> {
    let range = plan.range(shard.number);
    let mut units: Vec<Unit> = vec![];
    let mut next = range.start;
    while next < range.end {
        let rows = plan.extractor.together(plan.manifest, next, range.clone());
        next = rows.end;
        // Rows of one recording are kept, or not, together.
        if !shard.kept.contains_key(&rows.start) {
            units.push(Unit { place, rows });
        }
    }
    units.sort_by_cached_key(|unit| {
        let first = plan.utterances(unit.rows.clone()).first();
        std::cmp::Reverse(first.map_or(0, load))
    });
    units
}

/// About how much work a recording is: its size as 16-bit samples where the manifest tells, else that
/// of its file.
fn load(utterance: &Utterance) -> u64 {
    const BYTES_PER_SEC: f64 = 32_000.0;
    match (utterance.start_secs, utterance.end_secs) {
        (start, Some(end)) => ((end - start.unwrap_or(0.0)) * BYTES_PER_SEC) as u64,
        _ => std::fs::metadata(&utterance.audio).map_or(0, |m| m.len()),
    }
}

/// What the threads share.
struct Crew<'a> {
    plan: &'a Plan<'a>,
    task: &'a Task,
    gate: &'a Gate,
    queue: &'a Queue<(Unit, Result<Prepared, Skip>)>,
}

/// Sends everybody home when a thread leaves before the work is done (cancelled, or panicking): the
/// others may be waiting for its items.
struct Leaving<'a>(&'a Crew<'a>);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.gate.close();
        self.0.queue.close();
    }
}

impl Crew<'_> {
    /// Decodes recordings and computes features.
    fn prepare(&self, next: &AtomicUsize, units: &[Unit]) {
        let early = Leaving(self);
        while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
            if self.task.cancel.is_cancelled() || !self.gate.pass(unit.place) {
                return;
            }
            let Plan {
                extractor,
                manifest,
                ..
            } = self.plan;
            let prepared = contained(|| extractor.prepare(manifest, unit.rows.clone()));
            if !self.queue.put((unit.clone(), prepared)) {
                return;
            }
        }
        self.queue.maker_left();
        std::mem::forget(early);
    }

    /// Runs the network on what is prepared.
    fn infer(&self, sender: &SyncSender<Message>) {
        let early = Leaving(self);
        let open = || self.plan.extractor.open(&[]);
        let mut session = match open() {
            Ok(session) => session,
            Err(e) => {
                sender.send(Err(e)).ok();
                return;
            }
        };
        while let Some((unit, prepared)) = self.queue.take() {
            let mut broken = false;
            let results = prepared.and_then(|item| {
                let run = || {
                    let extractor = self.plan.extractor;
                    extractor.run(session.as_mut(), &item, &self.task.cancel)
                };
                contained(run).inspect_err(|skip| broken = skip.panicked)
            });
            if self.task.cancel.is_cancelled() {
                return;
            }
            let message = match results {
                Ok(results) => {
                    let skips = results.into_iter().map(|r| r.map_err(Skip::from));
                    unit.rows.zip(skips).collect()
                }
                Err(skip) => unit.rows.map(|row| (row, Err(skip.clone()))).collect(),
            };
            if sender.send(Ok(message)).is_err() {
                return;
            }
            if broken {
                // What a panic left of a session is not to be trusted.
                match open() {
                    Ok(fresh) => session = fresh,
                    Err(e) => {
                        sender.send(Err(e)).ok();
                        return;
                    }
                }
            }
        }
        if !self.task.cancel.is_cancelled() {
            std::mem::forget(early);
        }
    }
}

/// The result of work on one recording, or why there is none, also when the work panicked.
fn contained<T>(work: impl FnOnce() -> Result<T>) -> Result<T, Skip> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(Skip::from),
        Err(payload) => Err(Skip::panicked(words(payload.as_ref()))),
    }
}

/// What a panic said.
fn words(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Gathers results and writes each shard as soon as it and all before it are complete.
fn collect(
    plan: &Plan<'_>,
    missing: Vec<Missing>,
    written: &mut dyn FnMut(Vec<ItemRecord>),
    receiver: &Receiver<Message>,
    gate: &Gate,
    task: &Task,
) -> Result<()> {
    let mut waiting = Kept::new();
    let mut todo = missing.into_iter();
    let mut current = todo.next();
    loop {
        while let Some(shard) = &mut current {
            waiting.append(&mut shard.kept);
            let range = plan.range(shard.number);
            if waiting.range(range.clone()).count() < range.len() {
                break;
            }
            let shard_done = assemble(plan.extractor.taps(), range, &mut waiting);
            shard_done.write(plan.out, shard.number, plan.fingerprint)?;
            written(shard_done.records);
            current = todo.next();
            gate.advance();
        }
        match receiver.recv() {
            Err(_all_left) => break,
            Ok(message) => {
                let results = message?;
                task.progress.advance(results.len() as u64);
                waiting.extend(results);
            }
        }
    }
    task.check()?;
    match current {
        None => Ok(()),
        Some(shard) => Err(Error::Request {
            problem: format!(
                "shard {} stayed incomplete: a worker stopped early",
                shard.number
            ),
            hint: "run the same command again; finished shards are kept".into(),
        }),
    }
}
