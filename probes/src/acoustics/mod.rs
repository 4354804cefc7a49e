//! The acoustic descriptors of a corpus.
//!
//! Recordings are decoded with their channels averaged and measured at the rate of their file: a
//! rate conversion of ours would change formants and tilt. Items are independent and measured on
//! several threads; only their rows are kept, in the order of the manifest, so that the result is
//! the same for any number of threads.

mod document;
mod each;
mod log_mel;
mod quality;

pub use document::{SCHEMA, document};
pub use log_mel::{LOG_MEL_WORDS, LogMel, log_mel_manifest};
pub use quality::{DNSMOS, DNSMOS_MODEL, Quality, Rating, rate_manifest, rating_words};

use std::collections::BTreeMap;

use phonoscope_analysis::acoustics::Sound;
use phonoscope_analysis::acoustics::descriptor::{
    Counts, DESCRIPTORS, Descriptor, Measured, Settings, measure,
};
use phonoscope_analysis::task::Task;
use phonoscope_datasets::audio::read_at_own_rate;
use phonoscope_datasets::{Manifest, Utterance};
use serde::Serialize;

use crate::error::{Error, Result};
use each::each;

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
    /// Names of the descriptors that were measured, in the order of tables.
    pub measured: Vec<&'static str>,
    /// What rated the recordings, in words, where they were rated.
    pub ratings: Option<String>,
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

    /// Adds ratings to the rows of their items; a row without one says why.
    pub fn add_quality(&mut self, quality: &Quality) {
        let rated: BTreeMap<&str, [f64; 3]> = quality
            .ratings
            .iter()
            .map(|rating| (rating.id.as_str(), rating.values))
            .collect();
        let failed: BTreeMap<&str, &str> = quality
            .failures
            .iter()
            .map(|failure| (failure.id.as_str(), failure.reason.as_str()))
            .collect();
        for row in &mut self.rows {
            let values = rated.get(row.id.as_str());
            for (at, descriptor) in DNSMOS.iter().enumerate() {
                match values.and_then(|values| values.get(at)) {
                    Some(value) => {
                        row.values.insert(descriptor.name, *value);
                    }
                    None => {
                        let why = failed.get(row.id.as_str()).copied();
                        let why = why.unwrap_or("it was not rated").to_owned();
                        row.missing.insert(descriptor.name, why);
                    }
                }
            }
        }
        self.measured.extend(DNSMOS.iter().map(|d| d.name));
        self.ratings = Some(quality.words());
    }
}

/// Unit and definition of everything that this module measures: the registry's descriptors, and
/// [`DNSMOS`].
pub fn definition(name: &str) -> Option<&'static Descriptor> {
    DESCRIPTORS.iter().chain(&DNSMOS).find(|d| d.name == name)
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
    let results = each(
        items.len(),
        threads,
        "measuring",
        task,
        &|| Ok(()),
        &|(), index| {
            let item = items.get(index).ok_or(Error::NoItems)?;
            one(manifest, item, settings, watch)
        },
    )?;
    let mut acoustics = Acoustics {
        settings: *settings,
        measured: settings.wanted.names().collect(),
        rows: Vec::with_capacity(results.len()),
        failures: Vec::new(),
        ratings: None,
    };
    for result in results {
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
