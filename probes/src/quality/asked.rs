//! What is asked of runs, and what of it their manifest has.

use std::collections::{BTreeSet, HashMap};

use super::shared::{Shared, number, text};
use super::{FrameSource, LogMelRows, Rating};
use crate::error::{Error, Result};
use crate::store::{Run, RunItem};

/// What is asked of runs.
#[derive(Default)]
pub struct Asked<'a> {
    /// Patterns of the taps to measure; every tap of a run without.
    pub taps: Vec<String>,
    /// The system that is the reference; by default the one called `reference`.
    pub reference: Option<String>,
    /// Column of the manifest with listeners' ratings, larger better.
    pub rating: String,
    /// Columns to match the reference by; by default `speaker`, `pair` and `text`, where there are such.
    pub matching: Option<Vec<String>>,
    /// A run of DNSMOS over the same manifest, whose predictions stand in for ratings.
    pub dnsmos: Option<Run>,
    /// Log-mel spectra of the same items: the baseline.
    pub log_mel: Option<LogMelRows>,
    /// Runs of the halves of reference utterances, parallel to the runs; their items are `ID/1` and `ID/2`.
    pub halves: Vec<Option<Run>>,
    /// What frames are read with, parallel to the runs; without, only utterance means are measured.
    pub frames: Vec<Option<FrameSource<'a>>>,
    /// Cautions from before the probe.
    pub remarks: Vec<String>,
    /// Recorded as the way to make the report again.
    pub command: String,
}

impl std::fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked")
            .field("reference", &self.reference)
            .field("rating", &self.rating)
            .field("matching", &self.matching)
            .finish_non_exhaustive()
    }
}

/// Columns that the reference is matched by unless others are named.
const MATCHING: [&str; 3] = ["speaker", "pair", "text"];
/// What DNSMOS predicts.
const DNSMOS: [&str; 3] = ["dnsmos_sig", "dnsmos_bak", "dnsmos_ovr"];

/// Which of a manifest's metadata columns names the systems.
///
/// # Errors
/// When none does.
pub fn system_column(columns: &[String]) -> Result<usize> {
    let found = columns.iter().position(|c| c == "system");
    found.ok_or_else(|| Error::Request {
        problem: "the manifest has no `system` column".into(),
        hint: format!(
            "it has: {}; add one that names who or what made each recording, the reference included",
            columns.join(", ")
        ),
    })
}

/// The name of the reference, which has utterances.
pub(super) fn reference_of(
    shared: &Shared<'_>,
    system: usize,
    asked: Option<&str>,
) -> Result<String> {
    let found: BTreeSet<&str> = shared
        .chosen
        .iter()
        .filter_map(|item| text(item, system))
        .collect();
    let wanted = asked.unwrap_or("reference");
    match found.contains(wanted) {
        true => Ok(wanted.to_owned()),
        false => Err(Error::Request {
            problem: format!("no used item is of system `{wanted}`"),
            hint: format!(
                "name the reference with --reference: {}",
                found.into_iter().take(12).collect::<Vec<_>>().join(", ")
            ),
        }),
    }
}

/// Columns that the reference is matched by: those asked for, else those of the usual ones that there are.
///
/// # Errors
/// When the manifest lacks one that was asked for.
pub fn matching_columns(columns: &[String], asked: Option<&[String]>) -> Result<Vec<String>> {
    let Some(names) = asked else {
        let usual = MATCHING.iter().map(|name| (*name).to_owned());
        return Ok(usual.filter(|name| columns.contains(name)).collect());
    };
    match names.iter().find(|name| !columns.contains(name)) {
        None => Ok(names.to_vec()),
        Some(missing) => Err(Error::Request {
            problem: format!("the manifest has no column `{missing}` to match the reference by"),
            hint: format!("it has: {}", columns.join(", ")),
        }),
    }
}

/// Listeners' ratings, then those that stand in for them.
pub(super) fn ratings(
    shared: &Shared<'_>,
    columns: &[String],
    asked: &Asked<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Rating>> {
    let mut out = vec![];
    match columns.iter().position(|c| *c == asked.rating) {
        None => warnings.push(format!(
            "the manifest has no ratings (column `{}`): nothing here is known to be what listeners hear",
            asked.rating
        )),
        Some(at) => {
            let words = shared.chosen.iter().filter_map(|item| text(item, at));
            let unread = words.filter(|w| number(w).is_none()).count();
            if unread > 0 {
                warnings.push(format!(
                    "{unread} ratings in `{}` are no numbers and count as missing",
                    asked.rating
                ));
            }
            out.push(Rating {
                name: asked.rating.clone(),
                source: format!("column `{}` of the manifest", asked.rating),
                values: shared.chosen.iter().map(|item| text(item, at).and_then(number)).collect(),
            });
        }
    }
    if let Some(source) = &asked.dnsmos {
        let (rows, values) = source.tap("mos")?;
        let by_id: HashMap<&str, usize> = rows
            .iter()
            .enumerate()
            .filter_map(|(row, item)| Some((source.items.get(*item)?.id.as_str(), row)))
            .collect();
        for (column, name) in DNSMOS.into_iter().enumerate().take(values.ncols()) {
            let of = |item: &&RunItem| {
                let row = by_id.get(item.id.as_str())?;
                Some(values[[*row, column]])
            };
            out.push(Rating {
                name: name.into(),
                source: "predicted by DNSMOS P.835, not by listeners".into(),
                values: shared.chosen.iter().map(of).collect(),
            });
        }
        warnings.push(
            "DNSMOS ratings are a network's predictions, trained on noise suppressors: agreement with them is not \
             agreement with listeners"
                .into(),
        );
    }
    Ok(out)
}
