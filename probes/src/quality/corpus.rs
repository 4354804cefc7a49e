//! Reference, systems, and the units that are resampled.

use std::collections::{BTreeMap, BTreeSet};

use phonoscope_analysis::rng;
use rand::seq::SliceRandom as _;

use super::{QualityInput, QualityItem, QualitySettings, Rating};
use crate::error::{Error, Result};

/// Fewest utterances of a reference (and fewest speakers or pairs that are worth resampling): with fewer, halves
/// have no covariance.
pub const FEWEST: usize = 8;
/// Folds of the reference model that scores single utterances.
pub(super) const FOLDS: usize = 5;

/// A system that is compared with the reference.
pub(super) struct System {
    pub(super) name: String,
    /// Its items.
    pub(super) rows: Vec<usize>,
    /// Degradation and severity, where all its items agree on them.
    pub(super) degraded: Option<(String, f64)>,
    /// Whether every unit of it is also in the reference.
    pub(super) parallel: bool,
}

/// The items sorted out.
pub(super) struct Corpus<'a> {
    pub(super) items: &'a [QualityItem],
    pub(super) ratings: &'a [Rating],
    pub(super) matching: &'a [String],
    pub(super) reference_name: &'a str,
    pub(super) reference: Vec<usize>,
    pub(super) systems: Vec<System>,
    /// Unit of each item: what is resampled as a whole.
    pub(super) unit_of: Vec<usize>,
    pub(super) units: usize,
    /// What a unit is, in the plural.
    pub(super) unit_word: &'static str,
    /// Block of each unit, for the jackknife.
    pub(super) block_of: Vec<usize>,
    pub(super) blocks: usize,
    pub(super) warnings: Vec<String>,
}

impl<'a> Corpus<'a> {
    pub(super) fn new(input: &'a QualityInput<'_>, settings: &QualitySettings) -> Result<Self> {
        let items = &input.items[..];
        let of = |name: &str| -> Vec<usize> {
            (0..items.len())
                .filter(|i| items[*i].system == name)
                .collect()
        };
        let reference = of(&input.reference);
        let mut warnings = vec![];
        let (unit_of, units, unit_word) = units(items, &reference, &mut warnings);
        let of_reference: BTreeSet<usize> = reference.iter().map(|i| unit_of[*i]).collect();
        if of_reference.len() < FEWEST {
            return Err(Error::Request {
                problem: format!(
                    "the reference `{}` has {} {unit_word} that could be used, and at least {FEWEST} are needed",
                    input.reference,
                    of_reference.len()
                ),
                hint: "add recordings of it, or name another system with --reference".into(),
            });
        }
        let mut names: Vec<&str> = vec![];
        for item in items {
            if item.system != input.reference && !names.contains(&item.system.as_str()) {
                names.push(&item.system);
            }
        }
        let mut systems = vec![];
        for name in names {
            let rows = of(name);
            let degraded = degraded(items, &rows, name, &mut warnings);
            let parallel = rows.iter().all(|i| of_reference.contains(&unit_of[*i]));
            systems.push(System {
                name: name.into(),
                rows,
                degraded,
                parallel,
            });
        }
        if systems.is_empty() {
            return Err(Error::Request {
                problem: format!(
                    "every utterance that could be used is of the reference `{}`",
                    input.reference
                ),
                hint: "add recordings of a system to compare with it".into(),
            });
        }
        let blocks = settings.blocks.min(of_reference.len());
        let mut order: Vec<usize> = (0..units).collect();
        order.shuffle(&mut rng::stream(settings.seed, "quality.blocks", 0));
        // Units of the reference are dealt first, so that every block holds as many of them.
        order.sort_by_key(|unit| !of_reference.contains(unit));
        let mut block_of = vec![0; units];
        for (place, unit) in order.into_iter().enumerate() {
            block_of[unit] = place % blocks;
        }
        Ok(Self {
            items,
            ratings: &input.ratings,
            matching: &input.matching,
            reference_name: &input.reference,
            reference,
            systems,
            unit_of,
            units,
            unit_word,
            block_of,
            blocks,
            warnings,
        })
    }

    /// The fold whose reference model has not heard the unit of an item.
    pub(super) fn fold(&self, item: usize) -> usize {
        self.block_of[self.unit_of[item]] % FOLDS.min(self.blocks)
    }

    /// What an item shares with its counterparts in other systems: its pair, else its speaker.
    pub(super) fn pair_key(&self, item: usize) -> Option<&'a str> {
        let item = &self.items[item];
        item.pair.as_deref().or(item.speaker.as_deref())
    }
}

/// Mean rating of utterances, and how many of them have one.
pub(super) fn mean_rating(rating: &Rating, rows: &[usize]) -> Option<(f64, usize)> {
    let known: Vec<f64> = rows
        .iter()
        .filter_map(|i| rating.values.get(*i).copied().flatten())
        .collect();
    let n = known.len();
    (n > 0).then(|| (known.iter().sum::<f64>() / n as f64, n))
}

/// Speakers, where there are enough of them; else pairs; else single utterances.
fn units(
    items: &[QualityItem],
    reference: &[usize],
    warnings: &mut Vec<String>,
) -> (Vec<usize>, usize, &'static str) {
    type Of = fn(&QualityItem) -> Option<&str>;
    let kinds: [(&str, Of); 2] = [
        ("speakers", |item| item.speaker.as_deref()),
        ("pairs", |item| item.pair.as_deref()),
    ];
    for (word, of) in kinds {
        let names: Option<Vec<&str>> = items.iter().map(of).collect();
        let Some(names) = names else { continue };
        let distinct: BTreeSet<&str> = reference
            .iter()
            .filter_map(|i| names.get(*i).copied())
            .collect();
        if distinct.len() < FEWEST {
            warnings.push(format!(
                "the reference has {} {word}, too few to resample: intervals do not cover other {word}",
                distinct.len()
            ));
            continue;
        }
        let all: BTreeSet<&str> = names.iter().copied().collect();
        let numbers: BTreeMap<&str, usize> = all.iter().copied().zip(0..).collect();
        let places = names.iter().map(|n| numbers[n]).collect();
        return (places, numbers.len(), word);
    }
    ((0..items.len()).collect(), items.len(), "utterances")
}

fn degraded(
    items: &[QualityItem],
    rows: &[usize],
    name: &str,
    warnings: &mut Vec<String>,
) -> Option<(String, f64)> {
    let found: Option<Vec<(&str, f64)>> = rows
        .iter()
        .map(|i| Some((items[*i].degradation.as_deref()?, items[*i].severity?)))
        .collect();
    let found = found?;
    let (first, severity) = *found.first()?;
    if found.iter().all(|f| *f == (first, severity)) {
        return Some((first.into(), severity));
    }
    warnings.push(format!(
        "system `{name}` has utterances of several degradations or severities: it takes no part in the order \
         of severities"
    ));
    None
}
