//! The acoustic descriptors of a corpus.
//!
//! Recordings are decoded with their channels averaged and measured at the rate of their file: a
//! rate conversion of ours would change formants and tilt. Items are independent and measured on
//! several threads; only their rows are kept, in the order of the manifest, so that the result is
//! the same for any number of threads.

mod document;

pub use document::{SCHEMA, document};

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use phonoscope_analysis::acoustics::Sound;
use phonoscope_analysis::acoustics::descriptor::{Counts, Measured, Settings, measure};
use phonoscope_analysis::task::Task;
use phonoscope_datasets::audio::read_at_own_rate;
use phonoscope_datasets::{Manifest, Utterance};
use serde::Serialize;

use crate::error::{Error, Result};

/// The descriptors of one item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The item's id in the manifest.
    pub id: String,
    /// The recording, as the manifest writes it.
    pub path: String,
    /// The speaker, where the manifest has one.
    pub speaker: Option<String>,
    /// Rate of the file, at which it was measured.
    pub sample_rate_hz: u32,
    /// Length of the recording or span.
    pub duration_secs: f64,
    /// Ceiling that formants were searched to; None if there was no search.
    pub formant_ceiling_hz: Option<f64>,
    /// Finite values by descriptor.
    pub values: BTreeMap<&'static str, f64>,
    /// Why the other descriptors have none.
    pub missing: BTreeMap<&'static str, String>,
    /// How much there was to measure.
    pub counts: Counts,
}

/// An item that could not be measured at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The item's id.
    pub id: String,
    /// The recording, as the manifest writes it.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// The descriptors of a corpus.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Acoustics {
    /// How they were measured.
    pub settings: Settings,
    /// One row an item that could be read, in the manifest's order.
    pub rows: Vec<Row>,
    /// The other items, in the manifest's order.
    pub failures: Vec<Failure>,
}

impl Acoustics {
    /// How many rows lack each descriptor; names that none lacks are left out.
    pub fn missing_counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for name in self.rows.iter().flat_map(|row| row.missing.keys()) {
            *counts.entry(*name).or_insert(0) += 1;
        }
        counts
    }
}

/// Measures every item of a manifest on `threads` threads (at least one).
///
/// # Errors
/// [`Error::NoItems`]; [`Error::NothingUsed`] if no item could be read; settings that cannot be
/// used; cancellation.
pub fn measure_manifest(
    manifest: &Manifest,
    settings: &Settings,
    threads: usize,
    task: &Task,
) -> Result<Acoustics> {
    measure_each(manifest, settings, threads, task, &|_, _| Ok(()))
}

/// The same, showing each item's measurement (with tracks, if the settings ask for them) to
/// `watch` before it is reduced to a row. Items are shown in no particular order.
///
/// # Errors
/// As [`measure_manifest`], and the first error of `watch`.
pub fn measure_each(
    manifest: &Manifest,
    settings: &Settings,
    threads: usize,
    task: &Task,
    watch: &(dyn Fn(&Utterance, &Measured) -> Result<()> + Sync),
) -> Result<Acoustics> {
    settings.check()?;
    let items = &manifest.utterances;
    if items.is_empty() {
        return Err(Error::NoItems);
    }
    task.progress
        .start("measuring", "recordings", Some(items.len() as u64));
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let fatal = Mutex::new(None);
    let work = || {
        while let Some((index, item)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            items.get(index).map(|item| (index, item))
        } {
            if task.cancel.is_cancelled() {
                return;
            }
            match one(manifest, item, settings, watch) {
                Ok(result) => lock(&results).push((index, result)),
                Err(error) => {
                    lock(&fatal).get_or_insert(error);
                    next.store(items.len(), Ordering::Relaxed);
                    return;
                }
            }
            task.progress.advance(1);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.clamp(1, items.len()) {
            scope.spawn(work);
        }
        work();
    });
    task.progress.finish();
    task.check()?;
    if let Some(error) = fatal.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    let mut acoustics = Acoustics {
        settings: *settings,
        rows: Vec::with_capacity(results.len()),
        failures: Vec::new(),
    };
    for (_, result) in results {
        match result {
            Ok(row) => acoustics.rows.push(row),
            Err(failure) => acoustics.failures.push(failure),
        }
    }
    match acoustics.failures.first() {
        Some(first) if acoustics.rows.is_empty() => Err(Error::NothingUsed {
            items: items.len(),
            id: first.id.clone(),
            reason: first.reason.clone(),
        }),
        _ => Ok(acoustics),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One item: its row, or why it has none. An error ends everything.
fn one(
    manifest: &Manifest,
    item: &Utterance,
    settings: &Settings,
    watch: &(dyn Fn(&Utterance, &Measured) -> Result<()> + Sync),
) -> Result<Result<Row, Failure>> {
    let recording = match read_at_own_rate(item) {
        Ok(recording) => recording,
        Err(why) => {
            return Ok(Err(Failure {
                id: item.id.clone(),
                path: item.path.clone(),
                reason: why.to_string(),
            }));
        }
    };
    let rate_hz = recording.source.sample_rate_hz;
    let sound = Sound::from_f32(&recording.samples, f64::from(rate_hz));
    let measured = measure(&sound, settings)?;
    watch(item, &measured)?;
    Ok(Ok(Row {
        id: item.id.clone(),
        path: item.path.clone(),
        speaker: manifest.speaker(item).map(str::to_owned),
        sample_rate_hz: rate_hz,
        duration_secs: measured.duration_secs,
        formant_ceiling_hz: measured.formant_ceiling_hz,
        values: measured.values,
        missing: measured.missing,
        counts: measured.counts,
    }))
}

#[cfg(test)]
mod tests;
