//! Degraded recordings as files, with a manifest of them all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use phonoscope_analysis::task::Task;
use rayon::prelude::*;
use serde::Serialize;

use super::Plan;
use super::recording::{Outcome, clip, grades, one};
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Utterance};
use crate::synth::{SynthError, file_name};

/// Name and version of the JSON form of [`Degraded`].
pub const SCHEMA: &str = "phonoscope.degraded_corpus/1";

/// The system of the recordings as they are.
pub const REFERENCE: &str = "reference";

/// Columns that are added to those of the manifest. Columns of these names are kept as
/// `original_NAME`.
pub const COLUMNS: [&str; 6] = [
    "pair",
    "system",
    "degradation",
    "severity",
    "amount",
    "scale_db",
];

const MANIFEST: &str = "manifest.tsv";
/// Of columns whose names are taken.
const ORIGINAL: &str = "original_";

/// How a corpus is degraded.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What is done, each kind once.
    pub plans: Vec<Plan>,
    /// Highest peak of a degraded recording, dB below full scale; louder ones are scaled.
    pub headroom_db: f64,
    /// Seed of everything drawn.
    pub seed: u64,
}

impl Settings {
    fn check(&self) -> Result<(), SynthError> {
        let fault = |what, needed: &str, found: String| SynthError::Setting {
            what,
            needed: needed.to_owned(),
            found,
        };
        if !(0.0..=40.0).contains(&self.headroom_db) {
            let found = self.headroom_db.to_string();
            return Err(fault("headroom in decibels", "0 to 40", found));
        }
        if self.plans.is_empty() {
            return Err(fault("kinds", "at least one", "none".to_owned()));
        }
        for (index, plan) in self.plans.iter().enumerate() {
            plan.check()?;
            if self.plans[..index].iter().any(|p| p.kind == plan.kind) {
                return Err(fault(
                    "kinds",
                    "each named once",
                    format!("`{}`", plan.kind),
                ));
            }
        }
        Ok(())
    }
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Degraded {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The manifest that was written.
    #[serde(skip)]
    pub manifest: PathBuf,
    /// Seed of everything drawn.
    pub seed: u64,
    /// Recordings that were degraded.
    pub recordings: usize,
    /// Every system with its rows, the reference first.
    pub systems: Vec<SystemCount>,
    /// What was left out, in the order of the manifest.
    pub skipped: Vec<Skipped>,
}

/// A system of the new manifest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SystemCount {
    /// Its name.
    pub system: String,
    /// What was done; `none` for the reference.
    pub degradation: &'static str,
    /// Its place among the grades, from 1; 0 for the reference.
    pub severity: usize,
    /// How much; none for the reference.
    pub amount: Option<f64>,
    /// Rows.
    pub rows: usize,
    /// Recordings that were scaled to keep the headroom.
    pub scaled: usize,
}

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Its id.
    pub id: String,
    /// The system; none where the row is in no system at all.
    pub system: Option<String>,
    /// Why, in one line.
    pub reason: String,
}

/// Writes every recording of a manifest in all grades into `dir/SYSTEM/NAME.flac` (16 kHz, 16 bit, mono)
/// and `dir/manifest.tsv`: its columns and [`COLUMNS`], first the recordings as they are, which are not
/// copied, then one system after the other.
///
/// Whole recordings are degraded, whatever part of them a row names, and rows keep their times.
/// Recordings keep their names, so that alignments are found by them. Several are done at a time and
/// none is kept in memory. Files appear whole or not at all, the manifest last; the same manifest, grades
/// and seed give the same bytes.
///
/// # Errors
/// [`SynthError::Setting`]; [`SynthError::ForeignManifest`] when `dir` holds a manifest with other columns;
/// [`SynthError::Nothing`] when no recording could be used; [`Error::Write`]; [`Error::Cancelled`].
pub fn write(
    dir: &Path,
    manifest: &Manifest,
    settings: &Settings,
    task: &Task,
) -> Result<Degraded> {
    settings.check()?;
    let path = dir.join(MANIFEST);
    let columns = columns(manifest);
    clear(&path, manifest, &columns)?;
    let grades = grades(&settings.plans);
    for grade in &grades {
        let folder = dir.join(&grade.system);
        fs::create_dir_all(&folder).map_err(|e| Error::write(&folder, e))?;
    }
    // One entry a recording: many rows may be parts of one.
    let mut places: BTreeMap<&Path, usize> = BTreeMap::new();
    let mut recordings: Vec<&Utterance> = Vec::new();
    for utterance in &manifest.utterances {
        places.entry(&utterance.audio).or_insert_with(|| {
            recordings.push(utterance);
            recordings.len() - 1
        });
    }
    let names = names(&recordings);
    task.progress
        .start("degrade", "recording", Some(recordings.len() as u64));
    let outcomes: Result<Vec<Outcome>> = recordings
        .par_iter()
        .zip(&names)
        .map(|(utterance, name)| {
            let outcome = one(dir, utterance, name, &grades, settings, task);
            task.progress.advance(1);
            outcome
        })
        .collect();
    task.progress.finish();
    let outcomes = outcomes?;

    let mut made = Degraded {
        schema: SCHEMA,
        manifest: path.clone(),
        seed: settings.seed,
        recordings: outcomes.iter().filter(|o| o.is_ok()).count(),
        systems: vec![SystemCount {
            system: REFERENCE.to_owned(),
            degradation: "none",
            severity: 0,
            amount: None,
            rows: 0,
            scaled: 0,
        }],
        skipped: Vec::new(),
    };
    let mut rows = Vec::new();
    let place = |utterance: &Utterance| places.get(utterance.audio.as_path()).copied();
    for utterance in &manifest.utterances {
        match place(utterance).map(|place| &outcomes[place]) {
            Some(Ok(_)) => rows.push(row(
                utterance,
                REFERENCE,
                &utterance.audio,
                [REFERENCE, "none", "0"].map(|text| Some(text.to_owned())),
                (None, 0.0),
            )),
            Some(Err(reason)) => made.skipped.push(Skipped {
                id: utterance.id.clone(),
                system: None,
                reason: reason.clone(),
            }),
            None => {}
        }
    }
    made.systems[0].rows = rows.len();
    for (number, grade) in grades.iter().enumerate() {
        let kind = settings.plans[grade.plan].kind;
        let mut count = SystemCount {
            system: grade.system.clone(),
            degradation: kind.name(),
            severity: grade.severity,
            amount: Some(grade.amount),
            rows: 0,
            scaled: 0,
        };
        for utterance in &manifest.utterances {
            let Some(place) = place(utterance) else {
                continue;
            };
            match outcomes[place]
                .as_ref()
                .ok()
                .and_then(|all| all.get(number))
            {
                Some(Ok(scale_db)) => {
                    let audio = dir.join(clip(&grade.system, &names[place]));
                    let severity = grade.severity.to_string();
                    let system = [grade.system.as_str(), kind.name(), &severity];
                    let system = system.map(|text| Some(text.to_owned()));
                    let amounts = (Some(grade.amount), *scale_db);
                    rows.push(row(utterance, &grade.system, &audio, system, amounts));
                    count.rows += 1;
                    count.scaled += usize::from(*scale_db < 0.0);
                }
                Some(Err(reason)) => made.skipped.push(Skipped {
                    id: utterance.id.clone(),
                    system: Some(grade.system.clone()),
                    reason: reason.clone(),
                }),
                None => {}
            }
        }
        made.systems.push(count);
    }
    if made.systems.iter().skip(1).all(|system| system.rows == 0) {
        let why = made.skipped.first().map_or_else(
            || "the manifest has no row".to_owned(),
            |first| format!("`{}`: {}", first.id, first.reason),
        );
        return Err(SynthError::Nothing { why }.into());
    }
    // Alignments are written relative to the folder that they were read from.
    Manifest::new(&manifest.folder, columns, rows).write(&path)?;
    Ok(made)
}

/// A file name for each recording: its own where no other has it.
fn names(recordings: &[&Utterance]) -> Vec<String> {
    let stem = |utterance: &&Utterance| {
        let stem = utterance.audio.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for recording in recordings {
        *counts.entry(stem(recording).to_lowercase()).or_default() += 1;
    }
    let name = |(index, recording): (usize, &&Utterance)| {
        let stem = stem(recording);
        match counts.get(&stem.to_lowercase()) {
            Some(1) => file_name(&stem, index),
            _ => file_name(&format!("{stem}-{index}"), index),
        }
    };
    recordings.iter().enumerate().map(name).collect()
}

/// The manifest's columns under names that are free, then ours.
fn columns(manifest: &Manifest) -> Vec<String> {
    let own = manifest.columns.iter().map(|name| {
        if !COLUMNS.contains(&name.as_str()) {
            return name.clone();
        }
        let mut free = format!("{ORIGINAL}{name}");
        while manifest.columns.contains(&free) {
            free.insert_str(0, ORIGINAL);
        }
        free
    });
    own.chain(COLUMNS.map(str::to_owned)).collect()
}

fn row(
    utterance: &Utterance,
    system: &str,
    audio: &Path,
    [name, degradation, severity]: [Option<String>; 3],
    (amount, scale_db): (Option<f64>, f64),
) -> Utterance {
    let ours = [
        Some(utterance.id.clone()),
        name,
        degradation,
        severity,
        amount.map(|amount| amount.to_string()),
        Some(format!("{:.3}", scale_db + 0.0)),
    ];
    Utterance {
        id: format!("{}-{system}", utterance.id),
        path: audio.to_string_lossy().into_owned(),
        audio: audio.to_path_buf(),
        start_secs: utterance.start_secs,
        end_secs: utterance.end_secs,
        metadata: utterance.metadata.iter().cloned().chain(ours).collect(),
    }
}

/// Removes the manifest of an earlier run with the same columns; refuses any other.
fn clear(path: &Path, manifest: &Manifest, columns: &[String]) -> Result<()> {
    let spans = |u: &Utterance| u.start_secs.is_some() || u.end_secs.is_some();
    let structural: &[&str] = match manifest.utterances.iter().any(spans) {
        true => &["id", "path", "start", "end"],
        false => &["id", "path"],
    };
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    crate::synth::clear_manifest(path, structural, &columns)
}
