//! Speaker similarity (SIM) of systems: cosines between the embeddings of their speech and of reference
//! speech of the same speaker, between a floor and a ceiling.
//!
//! An utterance is compared with its speaker: the mean of the unit vectors of that speaker's reference
//! utterances, without the one that the utterance was made from or matched to (`pair`), and without
//! itself. So what was said and the recording itself cannot pass for the voice. Three quantities, each a mean over
//! utterances within a speaker and then over speakers:
//!
//! - **similarity**: a system's utterances against their own speaker;
//! - **ceiling**: the reference utterances against their own speaker;
//! - **floor**: a system's utterances against each of the other speakers.
//!
//! Intervals are percentiles of a bootstrap that resamples speakers, the same resamples for all systems.
//! Floors of resampled speakers are taken from the original ones: who they are compared with is held
//! fixed.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::{Array1, ArrayView1, ArrayView2};
use phonoscope_analysis::embedding::unit_rows;
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::stats::{self, draws, percentile};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Error, Estimate, Result};
use serde::Serialize;

/// Fewest speakers of an interval.
const FEWEST_SPEAKERS: usize = 5;

/// What is known of an utterance besides its embedding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Who speaks, or is imitated.
    pub speaker: String,
    /// Who or what made the speech.
    pub system: String,
    /// Utterances of different systems that belong together have the same.
    pub pair: Option<String>,
}

/// How similarity is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The system whose speech is the reference.
    pub reference: String,
    /// Bootstrap resamples of speakers.
    pub resamples: usize,
    /// Nominal coverage of the intervals, in (0, 1).
    pub level: f64,
    /// Seed of the resamples.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reference: "reference".to_owned(),
            resamples: 2000,
            level: 0.95,
            seed: 1,
        }
    }
}

/// The similarity of one system.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SystemSimilarity {
    /// Its name.
    pub system: String,
    /// Utterances that could be compared with their speaker.
    pub utterances: usize,
    /// Mean cosine with the own speaker. `n` of all estimates are speakers.
    pub similarity: Option<Estimate>,
    /// Mean cosine with other speakers.
    pub floor: Option<Estimate>,
    /// Mean cosine of reference utterances with their own speaker, over the speakers of this system.
    pub ceiling: Option<Estimate>,
    /// Where similarity lies between floor (0) and ceiling (1).
    pub position: Option<Estimate>,
    /// Utterances left out and estimates that are missing, in words.
    pub notes: Vec<String>,
}

/// The similarity of every system but the reference, by name.
///
/// `embeddings` are `[utterance, dim]`, used as they are; `spoken` has one entry a row.
///
/// # Errors
/// [`Error::Shape`] for another number of entries than rows; [`Error::Undefined`] for embeddings that are zero
/// or not finite and where no row is of the reference; [`Error::Setting`]; [`Error::Cancelled`].
pub fn similarity(
    embeddings: ArrayView2<'_, f64>,
    spoken: &[Spoken],
    settings: &Settings,
    task: &Task,
) -> Result<Vec<SystemSimilarity>> {
    if spoken.len() != embeddings.nrows() {
        return Err(Error::Shape {
            what: "speaker similarity: utterances".to_owned(),
            expected: embeddings.nrows().to_string(),
            found: spoken.len().to_string(),
        });
    }
    if !(settings.level > 0.0 && settings.level < 1.0) {
        return Err(Error::Setting {
            what: "level of intervals".to_owned(),
            needed: "between 0 and 1".to_owned(),
            found: settings.level.to_string(),
        });
    }
    let unit = unit_rows(embeddings)?;
    let voices = Voices::new(unit.view(), spoken, &settings.reference);
    if voices.by_speaker.is_empty() {
        return Err(Error::Undefined {
            what: "speaker similarity".to_owned(),
            why: format!("no utterance is of the system `{}`", settings.reference),
        });
    }
    let systems: BTreeSet<&str> = spoken.iter().map(|s| s.system.as_str()).collect();
    let others = systems.into_iter().filter(|s| *s != settings.reference);
    others
        .map(|system| voices.system(system, settings, task))
        .collect()
}

/// The reference speech of each speaker.
struct Voices<'a> {
    unit: ArrayView2<'a, f64>,
    spoken: &'a [Spoken],
    /// Rows of the reference.
    by_speaker: BTreeMap<&'a str, Vec<usize>>,
    /// Sums of their unit vectors.
    sums: BTreeMap<&'a str, Array1<f64>>,
}

/// Means of one speaker of a system.
struct Mean {
    own: f64,
    others: Option<f64>,
    ceiling: Option<f64>,
}

impl<'a> Voices<'a> {
    fn new(unit: ArrayView2<'a, f64>, spoken: &'a [Spoken], reference: &str) -> Self {
        let mut by_speaker: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (row, one) in spoken.iter().enumerate() {
            if one.system == reference {
                by_speaker.entry(&one.speaker).or_default().push(row);
            }
        }
        let sum = |rows: &Vec<usize>| {
            let zero = Array1::zeros(unit.ncols());
            rows.iter()
                .fold(zero, |sum: Array1<f64>, row| sum + unit.row(*row))
        };
        let sums = by_speaker.iter().map(|(name, rows)| (*name, sum(rows)));
        Self {
            unit,
            spoken,
            sums: sums.collect(),
            by_speaker,
        }
    }

    /// The cosine of a row with a speaker's other reference utterances; none where there are none.
    fn with_speaker(&self, row: usize, speaker: &str) -> Option<f64> {
        let pair = self.spoken[row].pair.as_deref();
        let same = |other: usize| {
            other == row || (pair.is_some() && self.spoken[other].pair.as_deref() == pair)
        };
        let rows = self.by_speaker.get(speaker)?;
        let left_out: Vec<usize> = rows.iter().copied().filter(|other| same(*other)).collect();
        if left_out.len() == rows.len() {
            return None;
        }
        let mut voice = self.sums.get(speaker)?.clone();
        for other in left_out {
            voice -= &self.unit.row(other);
        }
        cosine(self.unit.row(row), voice.view())
    }

    fn mean_of(&self, rows: &[usize], speaker: &str) -> Option<f64> {
        let cosines = rows.iter().filter_map(|r| self.with_speaker(*r, speaker));
        mean(&cosines.collect::<Vec<_>>())
    }

    fn system(&self, system: &str, settings: &Settings, task: &Task) -> Result<SystemSimilarity> {
        task.check()?;
        let mut rows: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (row, one) in self.spoken.iter().enumerate() {
            if one.system == system {
                rows.entry(&one.speaker).or_default().push(row);
            }
        }
        let (mut means, mut notes, mut utterances) = (vec![], vec![], 0);
        let (mut unknown, mut alone) = (0, 0);
        for (speaker, rows) in &rows {
            let Some(reference) = self.by_speaker.get(speaker) else {
                unknown += rows.len();
                continue;
            };
            let usable: Vec<usize> = rows
                .iter()
                .copied()
                .filter(|row| self.with_speaker(*row, speaker).is_some())
                .collect();
            alone += rows.len() - usable.len();
            let Some(own) = self.mean_of(&usable, speaker) else {
                continue;
            };
            utterances += usable.len();
            let strangers = self.by_speaker.keys().filter(|name| *name != speaker);
            let strangers = strangers.filter_map(|name| self.mean_of(&usable, name));
            means.push(Mean {
                own,
                others: mean(&strangers.collect::<Vec<_>>()),
                ceiling: self.mean_of(reference, speaker),
            });
        }
        if unknown > 0 {
            notes.push(format!(
                "{unknown} utterances of speakers without reference speech are left out"
            ));
        }
        if alone > 0 {
            notes.push(format!(
                "{alone} utterances are left out: their speaker has no reference utterance but the one of \
                 the same pair"
            ));
        }
        let all = estimates(&means, settings, task, &mut notes)?;
        let [similarity, floor, ceiling, position] = all;
        Ok(SystemSimilarity {
            system: system.to_owned(),
            utterances,
            similarity,
            floor,
            ceiling,
            position,
            notes,
        })
    }
}

/// Similarity, floor, ceiling and position with their intervals; what is missing is noted.
fn estimates(
    means: &[Mean],
    settings: &Settings,
    task: &Task,
    notes: &mut Vec<String>,
) -> Result<[Option<Estimate>; 4]> {
    let n = means.len();
    if n == 0 {
        notes.push("no utterance can be compared with its speaker".to_owned());
        return Ok([None; 4]);
    }
    let values = of(means, &vec![1.0; n]);
    for (value, why) in [
        (values[1], "no floor: the reference has one speaker"),
        (
            values[2],
            "no ceiling: no speaker has two reference utterances",
        ),
    ] {
        if value.is_none() {
            notes.push(why.to_owned());
        }
    }
    if n < FEWEST_SPEAKERS {
        notes.push(format!(
            "no intervals: {n} speakers, fewer than {FEWEST_SPEAKERS}"
        ));
    }
    let plan = draws::Plan {
        stage: "resample speakers",
        stream: "quality similarity",
        seed: settings.seed,
        draws: if n < FEWEST_SPEAKERS {
            0
        } else {
            settings.resamples
        },
    };
    let replicates = draws(plan, task, |rng| {
        Ok(of(means, &stats::resample_counts(n, rng)))
    })?;
    let estimate = |place: usize| {
        let value = values[place]?;
        let drawn: Vec<f64> = replicates.iter().filter_map(|r| r[place]).collect();
        if drawn.is_empty() {
            return None;
        }
        let interval = percentile(&drawn, settings.level);
        Some(Estimate {
            value,
            lo: interval.lo.min(value),
            hi: interval.hi.max(value),
            n,
            level: settings.level,
            method: Method::ClusterBootstrap,
        })
    };
    Ok([0, 1, 2, 3].map(estimate))
}

/// Similarity, floor, ceiling and position of weighted speakers.
fn of(means: &[Mean], weights: &[f64]) -> [Option<f64>; 4] {
    let weighted = |value: fn(&Mean) -> Option<f64>| {
        let pairs = means.iter().zip(weights);
        let known = pairs.filter_map(|(mean, weight)| Some((value(mean)?, *weight)));
        let (sum, total) = known.fold((0.0, 0.0), |(s, t), (v, w)| (s + v * w, t + w));
        (total > 0.0).then(|| sum / total)
    };
    let own = weighted(|mean| Some(mean.own));
    let floor = weighted(|mean| mean.others);
    let ceiling = weighted(|mean| mean.ceiling);
    let position = match (own, floor, ceiling) {
        (Some(own), Some(floor), Some(ceiling)) if ceiling > floor => {
            Some((own - floor) / (ceiling - floor))
        }
        _ => None,
    };
    [own, floor, ceiling, position]
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The cosine of a unit vector with another one.
fn cosine(unit: ArrayView1<'_, f64>, other: ArrayView1<'_, f64>) -> Option<f64> {
    let length = other.dot(&other).sqrt();
    (length > 0.0).then(|| unit.dot(&other) / length)
}

#[cfg(test)]
mod tests;
