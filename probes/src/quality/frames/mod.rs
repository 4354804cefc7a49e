//! Distances of frames: of whole systems, and over time within each utterance.
//!
//! No pass over the recordings keeps frames: a few utterances of every sample give the directions; the reference
//! gives its moments, block by block of speakers, and is followed over time against reference models that have not
//! heard the speaker (a second pass over it, for those models need all of it); then every utterance adds to its
//! system's moments and is followed in the same way. Memory depends on layers, systems, blocks and directions; of
//! each reference utterance only its distances over time are kept, a few kilobytes.

mod basis;
mod course;
mod gathered;
mod moments_table;
mod pass;
mod reading;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use phonoscope_analysis::task::Task;
use phonoscope_datasets::Manifest;
use phonoscope_models::engine::Engine;
use phonoscope_models::{Model, Tap};

use super::QualitySettings;
use super::corpus::Corpus;
use super::criteria::{self, Criterion, SYSTEMS, Scores};
use crate::error::Result;
use crate::extract::Rows;
use crate::report::{Skipped, Table};

/// What frames are read with.
#[derive(Clone, Copy)]
pub struct FrameSource<'a> {
    /// The model.
    pub model: &'a Model,
    /// The engine that runs it.
    pub engine: &'a dyn Engine,
    /// The recordings, under the ids of the items.
    pub manifest: &'a Manifest,
    /// Taps of the layers that are measured.
    pub taps: &'a [Tap],
    /// Sessions that work in parallel; changes the speed, never the numbers.
    pub sessions: usize,
    /// The layer that is followed over time; by default the one that ranks best.
    pub followed: Option<&'a str>,
}

impl std::fmt::Debug for FrameSource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrameSource")
            .field("model", &self.model.name)
            .field("sessions", &self.sessions)
            .finish_non_exhaustive()
    }
}

/// A layer wider than this is not measured by frames: its moments would take more than 8 MiB.
const WIDEST: usize = 1024;

/// What frames gave.
pub(super) struct FramesFound {
    pub(super) tables: Vec<Table>,
    pub(super) criteria: Vec<Criterion>,
    pub(super) summary: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// Measures the frames of every layer; `best` is the layer that ranks best by utterance means.
pub(super) fn measure(
    source: &FrameSource<'_>,
    corpus: &Corpus<'_>,
    best: Option<&str>,
    settings: &QualitySettings,
    task: &Task,
) -> Result<FramesFound> {
    let mut warnings = vec![];
    let places: HashMap<&str, usize> = source
        .manifest
        .utterances
        .iter()
        .enumerate()
        .map(|(row, u)| (u.id.as_str(), row))
        .collect();
    let rows: Vec<Option<usize>> = corpus
        .items
        .iter()
        .map(|item| places.get(item.id.as_str()).copied())
        .collect();
    let whole = Rows::default();
    let pass = pass::Pass {
        source,
        rows: &rows,
        reading: reading::Reading::new(source, &whole)?,
    };
    let basis = basis::fit(&pass, corpus, settings, task)?;
    warnings.extend(
        basis
            .too_wide
            .iter()
            .map(|name| format!("layer `{name}` is wider than {WIDEST}: not measured by frames")),
    );
    if basis.layers.is_empty() {
        return Ok(FramesFound {
            tables: vec![],
            criteria: vec![],
            summary: vec![],
            warnings,
        });
    }
    let wanted: Vec<&str> = source.followed.into_iter().chain(best).collect();
    let followed = match pass.reading.followed(&basis, &wanted) {
        Ok(followed) => Some(followed),
        Err(why) => {
            warnings.push(format!("nothing is followed over time: {why}"));
            None
        }
    };
    let gathered = gathered::gather(&pass, corpus, &basis, followed, settings, task)?;
    let distances = tables::Measured::new(corpus, &basis, &gathered, settings, task)?;
    let scores = Scores {
        layers: basis.layers.iter().map(|l| l.name.clone()).collect(),
        distances: distances.values(),
        halves: vec![],
        of: format!("{SYSTEMS}, frames"),
    };
    let mut tables = vec![distances.table(corpus, settings)];
    let mut summary = vec![];
    if let Some(courses) = &gathered.courses {
        tables.push(moments_table::table(corpus, courses, settings));
        summary.extend(moments_table::sentence(corpus, courses));
    }
    let lost = skipped(&gathered.skipped);
    warnings.extend(lost);
    Ok(FramesFound {
        tables,
        criteria: criteria::of_systems(corpus, &scores, settings, task)?,
        summary,
        warnings,
    })
}

fn skipped(skipped: &[Skipped]) -> Option<String> {
    let first = skipped.first()?;
    Some(format!(
        "frames of {} utterances could not be read; the first, `{}`: {}",
        skipped.len(),
        first.id,
        first.reason
    ))
}
