//! Extraction: manifest in, run folder out. Streams, resumes, never dies of one bad recording.

mod item;
mod pipeline;
mod taps;

pub use item::{Extractor, ItemResult};
pub(crate) use item::{LEAVE_OUT, views};
pub use taps::select_taps;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use phonoscope_analysis::task::Task;
use phonoscope_datasets::Manifest;
use phonoscope_models::{Model, Tap, engine::Engine};

use crate::error::{Error, Result};
use crate::report::{Coverage, EngineUsed, ModelUsed};
use crate::store::{Embedding, ItemSource, PARTIAL, RunDescription, SCHEMA, write_atomic};
use crate::store::{read_description, shard_count, write_items};
use crate::trust;

/// What to extract, with how many hands.
#[derive(Clone)]
pub struct ExtractSettings {
    /// Taps to read, in order.
    pub taps: Vec<Tap>,
    /// Sessions that work in parallel; changes the speed, never the bytes.
    pub sessions: usize,
    /// Items in a shard.
    pub shard_items: usize,
    /// Another engine to compare with on a few items, or why there is none.
    pub second_opinion: std::result::Result<Arc<dyn Engine>, String>,
}

impl std::fmt::Debug for ExtractSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExtractSettings")
            .field("taps", &self.taps)
            .field("sessions", &self.sessions)
            .field("shard_items", &self.shard_items)
            .finish_non_exhaustive()
    }
}

/// What an extraction did.
#[derive(Debug, Clone)]
pub struct Extracted {
    /// Items read and skipped.
    pub coverage: Coverage,
    /// Items whose shards were already there.
    pub resumed: usize,
}

/// Runs `model` over every row of `manifest` into the run folder `out`.
///
/// `manifest_name` is the manifest's name for the record. Items that cannot be read are skipped and
/// listed. When `out` holds an unfinished run of the same description, only its missing shards are
/// computed, and those in which no item could be read; the finished folder has the same bytes either
/// way.
///
/// # Errors
/// When `out` holds another run or cannot be written, when no item gives a result, or when the task
/// is cancelled (finished shards stay).
pub fn extract(
    model: &Model,
    engine: &dyn Engine,
    manifest: &Manifest,
    manifest_name: &str,
    settings: &ExtractSettings,
    out: &Path,
    task: &Task,
) -> Result<Extracted> {
    if manifest.utterances.is_empty() {
        return Err(Error::NoItems);
    }
    let description = describe(model, engine, manifest, manifest_name, settings);
    std::fs::create_dir_all(out).map_err(Error::io("create", out))?;
    let _lock = lock(out)?;
    match read_description(out)? {
        Some(found) => {
            if let Some(difference) = description.difference(&found) {
                return Err(Error::OtherRun {
                    path: out.into(),
                    difference,
                });
            }
            remove_partial_files(out)?;
        }
        None => {
            refuse_foreign_folder(out)?;
            let text = serde_json::to_string_pretty(&description).unwrap_or_default() + "\n";
            write_atomic(&out.join("run.json"), text.as_bytes())?;
        }
    }
    let extractor = Extractor::new(model, engine, &settings.taps)?;
    let shards = shard_count(&description);
    let (records, resumed) = pipeline::run(
        &pipeline::Plan {
            extractor: &extractor,
            manifest,
            out,
            fingerprint: &description.fingerprint(),
            shards,
            shard_items: description.shard_items,
            sessions: settings.sessions.max(1),
        },
        task,
    )?;
    let coverage = trust::coverage(manifest, &records);
    if coverage.used == 0 {
        let first = coverage.skipped.first();
        return Err(Error::NothingUsed {
            items: coverage.items,
            id: first.map(|s| s.id.clone()).unwrap_or_default(),
            reason: first.map(|s| s.reason.clone()).unwrap_or_default(),
        });
    }
    let trust_path = out.join("trust.json");
    if resumed < records.len() || !trust_path.is_file() {
        let checks = trust::check_run(
            &trust::Subject {
                model,
                engine,
                extractor: &extractor,
                manifest,
                records: &records,
                second_opinion: &settings.second_opinion,
            },
            task,
        )?;
        let report = crate::report::Trust {
            checks,
            coverage: coverage.clone(),
        };
        let text = serde_json::to_string_pretty(&report).unwrap_or_default() + "\n";
        write_atomic(&trust_path, text.as_bytes())?;
    }
    // Last: a run with a list of items is finished.
    write_items(out, manifest, &records)?;
    Ok(Extracted { coverage, resumed })
}

fn describe(
    model: &Model,
    engine: &dyn Engine,
    manifest: &Manifest,
    manifest_name: &str,
    settings: &ExtractSettings,
) -> RunDescription {
    let names: Vec<String> = settings.taps.iter().map(|t| t.name.clone()).collect();
    let embedding = model
        .embedding
        .as_ref()
        .filter(|e| names.contains(&e.tap))
        .map(|e| Embedding {
            tap: e.tap.clone(),
            unit_length: matches!(e.normalise, phonoscope_models::Normalise::L2),
        });
    RunDescription {
        schema: SCHEMA.into(),
        phonoscope: env!("CARGO_PKG_VERSION").into(),
        model: ModelUsed {
            name: model.name.clone(),
            source: model.source.clone(),
            weights_sha256: model.weights_sha256.clone(),
            graph_sha256: model.graph.sha256().into(),
            front_end: model.front_end.describe(),
            licence: model.licence.clone(),
            citation: model.citation.clone(),
            taps: names,
        },
        engine: EngineUsed {
            name: engine.info().name.clone(),
            version: engine.info().version.clone(),
        },
        items: ItemSource {
            manifest: manifest_name.into(),
            sha256: manifest.sha256.clone(),
            count: manifest.utterances.len(),
            columns: manifest.columns.clone(),
        },
        pooling: "mean over every axis but the last (windows, then frames) of each utterance"
            .into(),
        embedding,
        shard_items: settings.shard_items.max(1),
    }
}

/// Holds the run folder for this process until dropped.
fn lock(out: &Path) -> Result<File> {
    let path = out.join(".lock");
    let file = File::create(&path).map_err(Error::io("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Busy { path: out.into() }),
        Err(std::fs::TryLockError::Error(e)) => Err(Error::io("lock", path)(e)),
    }
}

fn entries(out: &Path) -> Result<Vec<std::path::PathBuf>> {
    let fail = Error::io("list", out);
    let read = std::fs::read_dir(out).and_then(|d| d.map(|e| Ok(e?.path())).collect());
    read.map_err(fail)
}

/// Files of a process that was killed while it wrote.
fn remove_partial_files(out: &Path) -> Result<()> {
    for path in entries(out)? {
        if path.to_string_lossy().ends_with(PARTIAL) {
            std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}

/// A folder with other things in it is not ours to fill.
fn refuse_foreign_folder(out: &Path) -> Result<()> {
    let ours = |p: &Path| p.ends_with(".lock") || p.to_string_lossy().ends_with(PARTIAL);
    match entries(out)?.iter().find(|p| !ours(p)) {
        None => remove_partial_files(out),
        Some(_) => Err(Error::Request {
            problem: format!("`{}` is not empty and holds no run", out.display()),
            hint: "give a new or empty folder as --out".into(),
        }),
    }
}
