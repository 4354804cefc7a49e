//! Extraction: manifest in, run folder out. Streams, resumes, never dies of one bad recording.

mod alignments;
mod folder;
mod item;
mod pipeline;
mod pooling;
mod queue;
mod reading;
mod rows;
mod shards;
mod spans;
mod taps;

pub use alignments::Alignments;
pub use item::{Extractor, ItemResult, Prepared};
pub(crate) use pooling::{LEAVE_OUT, Mean, frames};
pub(crate) use reading::{SpanFrames, views};
pub use rows::Rows;
use rows::Source;
pub(crate) use spans::FrameRange;
pub(crate) use spans::Placed;
pub use spans::{Frames, SpanKind};
pub use taps::select_taps;

use std::path::Path;
use std::sync::Arc;

use phonoscope_analysis::task::Task;
use phonoscope_datasets::Manifest;
use phonoscope_models::{Model, Normalise, Tap, engine::Engine};

use crate::error::{Error, Result};
use crate::report::{EngineUsed, ModelUsed, SpanCoverage, Trust};
use crate::store::{
    Embedding, ItemRecord, ItemSource, Outcome, RunDescription, SCHEMA, SpanSource, TwinUsed,
    read_trust, shard_count, write_atomic, write_items,
};
use crate::trust;
use folder::RunFolder;
use shards::Found;

/// What to extract, with how many hands.
#[derive(Clone)]
pub struct ExtractSettings {
    /// Taps to read, in order.
    pub taps: Vec<Tap>,
    /// What the rows of the run are.
    pub rows: Rows,
    /// How the model's weights were randomised, where they were.
    pub twin: Option<TwinUsed>,
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
            .field("rows", &self.rows)
            .field("sessions", &self.sessions)
            .field("shard_items", &self.shard_items)
            .finish_non_exhaustive()
    }
}

/// What an extraction did.
#[derive(Debug, Clone)]
pub struct Extracted {
    /// What was measured about the run, and the items read and skipped.
    pub trust: Trust,
    /// Items whose results were already there.
    pub resumed: usize,
}

/// Runs `model` over every row of `manifest` into the run folder `out`.
///
/// `manifest_name` is the manifest's name for the record. Items that cannot be read are skipped and
/// listed. When `out` holds a run of the same description, only what is missing is computed: shards
/// that are not there, and items whose files could not be opened before and can be now. The finished
/// folder has the same bytes either way.
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
    let extractor = Extractor::new(model, engine, &settings.taps, &settings.rows)?;
    let description = describe(&extractor, model, engine, manifest, manifest_name, settings);
    let folder = RunFolder::take(out, &description)?;
    let plan = pipeline::Plan {
        extractor: &extractor,
        manifest,
        out,
        fingerprint: &description.fingerprint(),
        shards: shard_count(&description),
        shard_items: description.shard_items,
        sessions: settings.sessions.max(1),
    };
    let (tally, resumed) = fill(&plan, &folder, task)?;
    let coverage = trust::coverage(manifest, &tally.records, tally.spans(settings.rows.kind()));
    if coverage.used == 0 {
        let first = coverage.skipped.first();
        return Err(Error::NothingUsed {
            items: coverage.items,
            id: first.map(|s| s.id.clone()).unwrap_or_default(),
            reason: first.map(|s| s.reason.clone()).unwrap_or_default(),
        });
    }
    let trust_path = out.join("trust.json");
    let trust = if trust_path.is_file() {
        read_trust(out)?
    } else {
        let subject = trust::Subject {
            model,
            engine,
            extractor: &extractor,
            manifest,
            records: &tally.records,
            coverage: &coverage,
            stored: trust::Stored {
                run: out,
                description: &description,
            },
            second_opinion: &settings.second_opinion,
        };
        let checks = trust::check_run(&subject, task)?;
        let trust = Trust { checks, coverage };
        let text = serde_json::to_string_pretty(&trust).unwrap_or_default() + "\n";
        write_atomic(&trust_path, text.as_bytes())?;
        trust
    };
    // Last: a run with a list of items is finished.
    write_items(out, &description, manifest)?;
    Ok(Extracted { trust, resumed })
}

/// Computes what is missing of a run; what became of every item, and how many were there already.
fn fill(plan: &pipeline::Plan<'_>, folder: &RunFolder<'_>, task: &Task) -> Result<(Tally, usize)> {
    let taps = plan.extractor.taps().iter();
    let names: Vec<String> = taps.map(|t| t.name.clone()).collect();
    let count = plan.manifest.utterances.len();
    let mut tally = Tally::new(count);
    let mut missing = vec![];
    let mut resumed = 0;
    for number in 0..plan.shards {
        match shards::look(plan, number, &names) {
            Found::Whole(records) => {
                resumed += records.len();
                tally.add(records);
            }
            Found::Part(shard) => {
                resumed += shard.kept.len();
                missing.push(shard);
            }
        }
    }
    task.progress
        .start("extracting", "items", Some(count as u64));
    task.progress.advance(resumed as u64);
    if !missing.is_empty() {
        folder.reopen()?;
        pipeline::run(plan, missing, &mut |records| tally.add(records), task)?;
    }
    task.progress.finish();
    tally.records.sort_by_key(|r| r.index);
    debug_assert_eq!(tally.records.len(), count);
    Ok((tally, resumed))
}

/// What became of the items, without the details of their spans.
struct Tally {
    records: Vec<ItemRecord>,
    spans: SpanCoverage,
}

impl Tally {
    fn new(count: usize) -> Self {
        Self {
            records: Vec::with_capacity(count),
            spans: SpanCoverage::default(),
        }
    }

    fn add(&mut self, records: Vec<ItemRecord>) {
        for mut record in records {
            if let Outcome::Used { spans, .. } = &mut record.outcome {
                for span in std::mem::take(spans) {
                    match span.skipped {
                        None => self.spans.used += 1,
                        Some(why) => *self.spans.skipped.entry(why).or_default() += 1,
                    }
                }
            }
            self.records.push(record);
        }
    }

    fn spans(&self, kind: SpanKind) -> Option<SpanCoverage> {
        (kind != SpanKind::Utterance).then(|| SpanCoverage {
            kind: kind.to_string(),
            ..self.spans.clone()
        })
    }
}

fn describe(
    extractor: &Extractor<'_>,
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
            unit_length: !matches!(e.normalise, Normalise::None),
        });
    let kind = settings.rows.kind();
    let alignments = settings.rows.alignments();
    RunDescription {
        schema: SCHEMA.into(),
        phonoscope: env!("CARGO_PKG_VERSION").into(),
        model: ModelUsed::of(model, names),
        engine: EngineUsed::of(engine),
        items: ItemSource {
            manifest: manifest_name.into(),
            sha256: manifest.sha256.clone(),
            count: manifest.utterances.len(),
            columns: manifest.columns.clone(),
        },
        pooling: extractor.pooling(),
        spans: (kind != SpanKind::Utterance).then_some(SpanSource {
            kind,
            alignments: alignments.map(|a| a.name.clone()),
            sha256: alignments.map(|a| a.sha256().to_owned()),
        }),
        twin: settings.twin.clone(),
        embedding,
        shard_items: settings.shard_items.max(1),
    }
}
