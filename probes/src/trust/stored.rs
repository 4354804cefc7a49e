//! Whether the run holds what its recordings give today.

use std::path::Path;

use phonoscope_datasets::Manifest;

use super::difference::{Worst, absolute_vectors};
use crate::error::Result;
use crate::extract::{Extractor, ItemResult, Prepared};
use crate::report::{Check, Status};
use crate::store::{Outcome, RunDescription, Shard};

/// Where the run is.
#[derive(Clone, Copy)]
pub(crate) struct Stored<'a> {
    pub(crate) run: &'a Path,
    pub(crate) description: &'a RunDescription,
}

impl<'a> Stored<'a> {
    pub(super) fn check(self) -> StoredCheck<'a> {
        StoredCheck {
            stored: self,
            worst: Worst::default(),
            other_audio: vec![],
            gone: vec![],
            n: 0,
        }
    }

    /// Vectors and audio hash of an item in its shard.
    fn read(self, index: usize) -> Result<Option<(Vec<Vec<f32>>, String)>> {
        let d = self.description;
        let number = index / d.shard_items.max(1);
        let shard = Shard::read(self.run, number, &d.fingerprint(), &d.model.taps)?;
        let mut row = 0;
        for record in &shard.records {
            let rows = row..row + record.rows();
            row = rows.end;
            if let (true, Outcome::Used { audio_sha256, .. }) =
                (record.index == index, &record.outcome)
            {
                let vectors = shard.taps.iter().map(|t| t.rows(rows.clone())).collect();
                return Ok(Some((vectors, audio_sha256.clone())));
            }
        }
        Ok(None)
    }
}

/// The check while items come in.
pub(super) struct StoredCheck<'a> {
    stored: Stored<'a>,
    worst: Worst,
    other_audio: Vec<String>,
    gone: Vec<String>,
    n: usize,
}

impl StoredCheck<'_> {
    /// The recording of a used item, read again with all that it was read with; and the item's place
    /// in it.
    pub(super) fn prepare(
        &mut self,
        extractor: &Extractor<'_>,
        manifest: &Manifest,
        index: usize,
    ) -> Option<(Prepared, usize)> {
        let size = self.stored.description.shard_items.max(1);
        let start = index / size * size;
        let shard = start..(start + size).min(manifest.utterances.len());
        let rows = extractor.together(manifest, index, shard);
        let place = index - rows.start;
        let prepared = extractor.prepare(manifest, rows).ok();
        if prepared.is_none() {
            let id = manifest.utterances.get(index).map(|u| u.id.clone());
            self.gone.extend(id);
        }
        prepared.map(|prepared| (prepared, place))
    }

    /// Compares what an item gives now with what is in the run.
    pub(super) fn compare(&mut self, index: usize, id: &str, now: &ItemResult) -> Result<()> {
        let Some((vectors, sha256)) = self.stored.read(index)? else {
            return Ok(());
        };
        self.n += 1;
        if sha256 == now.audio_sha256 {
            self.worst.see(id, absolute_vectors(&vectors, &now.vectors));
        } else {
            self.other_audio.push(id.to_owned());
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Check {
        let (status, verdict, detail) = if let Some(id) = self.other_audio.first() {
            (
                Status::Fail,
                "Recordings were replaced since they were extracted, behind an unchanged manifest: \
                 delete the run folder and extract again."
                    .to_owned(),
                format!("for example `{id}`, whose file has another content now"),
            )
        } else if let Some(id) = self.gone.first() {
            (
                Status::Warn,
                "Recordings that were extracted cannot be read any more, so they could not be checked."
                    .to_owned(),
                format!("for example `{id}`"),
            )
        } else {
            let status = self.worst.status(0.0, Status::Fail);
            let verdict = match status {
                Status::Pass => {
                    format!(
                        "The run holds what the recordings give today, on {} items.",
                        self.n
                    )
                }
                Status::NotRun => "Not measured: no item was read.".to_owned(),
                _ => {
                    "The run holds other numbers than its recordings give today: it is damaged, or \
                      the engine is not deterministic."
                        .to_owned()
                }
            };
            (status, verdict, self.worst.detail())
        };
        Check {
            id: "store_integrity".into(),
            meaning:
                "largest difference between the vectors in the run and those computed again in a \
                      fresh session; the content of the audio files is compared by hash"
                    .into(),
            status,
            verdict,
            value: self.worst.measured(),
            threshold: Some(0.0),
            n: self.n,
            detail,
            ..Check::default()
        }
    }
}
