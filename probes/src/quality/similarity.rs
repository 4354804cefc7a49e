//! Speaker similarity of systems to the reference, as papers on synthesis report it (SIM), with its ceiling
//! and floor.

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView2};
use phonoscope_analysis::embedding::unit_rows;
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::stats::{self, Interval};
use phonoscope_analysis::{Estimate, rng};

use super::corpus::Corpus;
use super::{ModelInput, QualitySettings};
use crate::error::Result;
use crate::report::{Column, Role, Table};

/// Other speakers that each reference utterance is compared with, for the floor.
const OTHERS: usize = 40;

/// A mean cosine.
pub(super) struct Similarity {
    /// The system, or what is compared.
    pub(super) name: String,
    /// `system`, `ceiling` or `floor`.
    pub(super) kind: &'static str,
    pub(super) cosine: Option<Estimate>,
    pub(super) pairs: usize,
    pub(super) note: Option<String>,
}

/// Cosines of every system's speech with the reference's of the same speaker; nothing for a model without a
/// speaker embedding.
pub(super) fn of_model(
    model: &ModelInput<'_>,
    corpus: &Corpus<'_>,
    settings: &QualitySettings,
) -> Result<Option<Vec<Similarity>>> {
    let Some(at) = model.embedding else {
        return Ok(None);
    };
    let values = (model.read)(at)?;
    let unit = unit_rows(values.view())?;
    let halves = match &model.halves {
        Some((ids, values)) => Some((ids.clone(), unit_rows(values.view())?)),
        None => None,
    };
    Ok(Some(similarities(unit.view(), halves, corpus, settings)))
}

fn similarities(
    unit: ArrayView2<'_, f64>,
    halves: Option<(Vec<String>, Array2<f64>)>,
    corpus: &Corpus<'_>,
    settings: &QualitySettings,
) -> Vec<Similarity> {
    let cosine = |i: usize, j: usize| unit.row(i).dot(&unit.row(j));
    let is_counterpart = |i: usize, j: usize| {
        let pair = corpus.items[i].pair.as_deref();
        pair.is_some() && pair == corpus.items[j].pair.as_deref()
    };
    let mut of_speaker: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for i in &corpus.reference {
        if let Some(speaker) = corpus.items[*i].speaker.as_deref() {
            of_speaker.entry(speaker).or_default().push(*i);
        }
    }
    let mut out = vec![];
    for system in &corpus.systems {
        let mut cosines: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        let mut own_only = 0;
        for i in &system.rows {
            let Some(speaker) = corpus.items[*i].speaker.as_deref() else {
                continue;
            };
            let same = of_speaker.get(speaker).into_iter().flatten().copied();
            let (own, others): (Vec<usize>, Vec<usize>) =
                same.partition(|j| is_counterpart(*i, *j));
            // A copy of a recording is like it in more than the voice.
            let compared = match others.is_empty() {
                false => others,
                true => {
                    own_only += own.len();
                    own
                }
            };
            let found = compared.into_iter().map(|j| cosine(*i, j));
            cosines.entry(speaker).or_default().extend(found);
        }
        let why = "it has no utterance of a speaker whom the reference has";
        let mut found = mean(&system.name, "system", &cosines, why, settings);
        if own_only > 0 {
            found.note.get_or_insert_with(|| {
                format!(
                    "{own_only} utterances are compared with their own counterpart, for the reference has no other \
                     of the speaker: text and recording are alike as well"
                )
            });
        }
        out.push(found);
    }
    let mut same: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (speaker, rows) in &of_speaker {
        for (k, i) in rows.iter().enumerate() {
            let others = rows.iter().skip(k + 1).map(|j| cosine(*i, *j));
            same.entry(speaker).or_default().extend(others);
        }
    }
    let name = format!("{}: other utterances of the speaker", corpus.reference_name);
    let why = "one utterance per speaker";
    let ceiling = mean(&name, "ceiling", &same, why, settings);
    let none = ceiling.cosine.is_none();
    out.push(ceiling);
    if let (true, Some((ids, values))) = (none, halves) {
        let mut cosines: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (k, id) in ids.iter().enumerate() {
            let item = corpus.items.iter().find(|item| item.id == *id);
            if let Some(speaker) = item.and_then(|i| i.speaker.as_deref()) {
                let pair = values.row(2 * k).dot(&values.row(2 * k + 1));
                cosines.entry(speaker).or_default().push(pair);
            }
        }
        let name = format!("{}: halves of an utterance", corpus.reference_name);
        let mut halves = mean(
            &name,
            "ceiling",
            &cosines,
            "no utterance could be halved",
            settings,
        );
        halves.note.get_or_insert_with(|| {
            "halves share channel and session and are half as long: neither a ceiling from above nor from \
             below"
                .into()
        });
        out.push(halves);
    }
    out.push(floor(&of_speaker, &cosine, corpus, settings));
    out
}

/// Reference utterances of different speakers.
fn floor(
    of_speaker: &BTreeMap<&str, Vec<usize>>,
    cosine: &dyn Fn(usize, usize) -> f64,
    corpus: &Corpus<'_>,
    settings: &QualitySettings,
) -> Similarity {
    use rand::RngExt as _;
    let all: Vec<(&str, &Vec<usize>)> = of_speaker.iter().map(|(s, r)| (*s, r)).collect();
    let mut cosines: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut rng = rng::stream(settings.seed, "quality.floor", 0);
    for (place, (speaker, rows)) in all.iter().enumerate() {
        let others: Vec<usize> = match all.len() - 1 {
            few if few <= OTHERS => (0..all.len()).filter(|k| *k != place).collect(),
            many => (0..OTHERS)
                .map(|_| (place + 1 + rng.random_range(0..many)) % all.len())
                .collect(),
        };
        for k in others {
            let (a, b) = (rows[rng.random_range(0..rows.len())], all[k].1);
            let b = b[rng.random_range(0..b.len())];
            cosines.entry(speaker).or_default().push(cosine(a, b));
        }
    }
    let name = format!("{}: other speakers", corpus.reference_name);
    mean(
        &name,
        "floor",
        &cosines,
        "the reference has one speaker",
        settings,
    )
}

/// Mean over speakers of their mean cosines; speakers are resampled.
fn mean(
    name: &str,
    kind: &'static str,
    cosines: &BTreeMap<&str, Vec<f64>>,
    why_none: &str,
    settings: &QualitySettings,
) -> Similarity {
    let average = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let means: Vec<f64> = cosines
        .values()
        .filter(|v| !v.is_empty())
        .map(|v| average(v))
        .collect();
    let n = means.len();
    let mut out = Similarity {
        name: name.into(),
        kind,
        cosine: None,
        pairs: cosines.values().map(Vec::len).sum(),
        note: None,
    };
    if n == 0 {
        out.note = Some(format!("not available: {why_none}"));
        return out;
    }
    let value = average(&means);
    let replicate = |index| {
        let mut rng = rng::stream(settings.seed, "quality.similarity", index);
        let counts = stats::resample_counts(n, &mut rng);
        means.iter().zip(&counts).map(|(m, c)| m * c).sum::<f64>() / n as f64
    };
    let replicates: Vec<f64> = (0..settings.bootstrap as u64).map(replicate).collect();
    let Interval { lo, hi } = match n {
        1 => Interval { lo: -1.0, hi: 1.0 },
        _ => stats::percentile(&replicates, settings.level),
    };
    if n == 1 {
        out.note = Some("one speaker: the interval is the whole scale".into());
    }
    out.cosine = Some(Estimate {
        value,
        lo: lo.min(value),
        hi: hi.max(value),
        n,
        level: settings.level,
        method: Method::ClusterBootstrap,
    });
    out
}

pub(super) fn table(rows: &[Similarity]) -> Table {
    let columns = vec![
        Column::text(
            "system",
            Role::Key,
            "system, or what of the reference is compared",
            rows.iter().map(|r| Some(r.name.clone())).collect(),
        ),
        Column::text(
            "kind",
            Role::Key,
            "system; ceiling: the same speaker in the reference; floor: other speakers in the reference",
            rows.iter().map(|r| Some(r.kind.into())).collect(),
        ),
        Column::estimate(
            "cosine",
            "mean over speakers of the mean cosine with the reference's utterances of the same speaker, those of \
             other pairs where there are such; interval over speakers",
            None,
            rows.iter().map(|r| r.cosine).collect(),
        ),
        Column::number(
            "pairs",
            Role::Value,
            "pairs of utterances",
            None,
            rows.iter().map(|r| r.pairs as f64),
        ),
        Column::text(
            "note",
            Role::Value,
            "why there is no figure, or what to mind",
            rows.iter().map(|r| r.note.clone()).collect(),
        ),
    ];
    Table::new(
        "similarity",
        "Speaker similarity",
        "Cosines of speaker embeddings (SIM): each system's utterances against the reference's of the same \
         speaker; between ceiling and floor it reads as a share of what the embedding can tell. Means are over \
         speakers, so that one with many utterances counts once.",
        columns,
    )
}

#[cfg(test)]
mod tests;
