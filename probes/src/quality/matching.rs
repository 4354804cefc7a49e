//! How much a distance changes when the reference shares speakers, texts or conditions with the system.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::ArrayView2;
use phonoscope_analysis::stats::draws;
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Estimate, Result};
use rand::seq::SliceRandom as _;

use super::QualitySettings;
use super::corpus::{Corpus, System};
use super::distances::{between, rooted, trace};
use super::layer::band;

/// Fewest classes of a column that can be halved.
const FEWEST: usize = 4;
/// Deals of classes into halves; these are for a mean and a band, not for a p.
const MOST_DEALS: usize = 40;

/// One column and one system.
pub(super) struct Match {
    pub(super) system: String,
    /// Columns that divide the utterances alike, joined by ` = `.
    pub(super) column: String,
    /// Utterances in each sample.
    pub(super) n: usize,
    /// Normalised W2 from reference utterances of the same classes.
    pub(super) same: Option<Estimate>,
    /// From reference utterances of other classes.
    pub(super) other: Option<Estimate>,
    /// The second less the first.
    pub(super) difference: Option<Estimate>,
    /// Why there is nothing.
    pub(super) note: Option<String>,
}

/// A column's classes as numbers.
struct Classes {
    name: String,
    /// Of each item.
    of: Vec<Option<usize>>,
    count: usize,
}

/// Every column against every system of one layer.
pub(super) fn all(
    x: ArrayView2<'_, f64>,
    corpus: &Corpus<'_>,
    settings: &QualitySettings,
    task: &Task,
) -> Result<Vec<Match>> {
    let mut out = vec![];
    for classes in columns(corpus) {
        for system in &corpus.systems {
            out.push(one(x, corpus, &classes, system, settings, task)?);
        }
    }
    Ok(out)
}

/// The columns; those that divide the utterances alike are one.
fn columns(corpus: &Corpus<'_>) -> Vec<Classes> {
    let mut out: Vec<Classes> = vec![];
    for (place, name) in corpus.matching.iter().enumerate() {
        let value = |i: usize| corpus.items[i].classes.get(place)?.as_deref();
        // In the order of first use, so that columns that divide alike get the same numbers.
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let of: Vec<Option<usize>> = (0..corpus.items.len())
            .map(|i| {
                let next = numbers.len();
                value(i).map(|v| *numbers.entry(v).or_insert(next))
            })
            .collect();
        match out.iter_mut().find(|c| c.of == of) {
            Some(alike) => alike.name = format!("{} = {name}", alike.name),
            None => out.push(Classes {
                name: name.clone(),
                count: numbers.len(),
                of,
            }),
        }
    }
    out
}

fn one(
    x: ArrayView2<'_, f64>,
    corpus: &Corpus<'_>,
    classes: &Classes,
    system: &System,
    settings: &QualitySettings,
    task: &Task,
) -> Result<Match> {
    let mut found = Match {
        system: system.name.clone(),
        column: classes.name.clone(),
        n: 0,
        same: None,
        other: None,
        difference: None,
        note: None,
    };
    let of = |rows: &[usize]| -> BTreeSet<usize> {
        rows.iter().filter_map(|i| classes.of[*i]).collect()
    };
    let shared: BTreeSet<usize> = of(&corpus.reference)
        .intersection(&of(&system.rows))
        .copied()
        .collect();
    if shared.len() < FEWEST {
        found.note = Some(format!(
            "reference and system share {} classes; halving them needs {FEWEST}",
            shared.len()
        ));
        return Ok(found);
    }
    let plan = draws::Plan {
        stage: "matching the reference",
        stream: "quality.matching",
        seed: settings.seed,
        draws: settings.halves.min(MOST_DEALS),
    };
    let deals = draws(plan, task, |rng| {
        let mut order: Vec<usize> = shared.iter().copied().collect();
        order.shuffle(rng);
        let mut first = vec![false; classes.count];
        for class in order.iter().take(order.len() / 2) {
            first[*class] = true;
        }
        let mut of_side = |rows: &[usize], side: bool| -> Vec<usize> {
            let here =
                |i: &usize| classes.of[*i].is_some_and(|c| shared.contains(&c) && first[c] == side);
            let mut rows: Vec<usize> = rows.iter().copied().filter(here).collect();
            rows.shuffle(rng);
            rows
        };
        let a = of_side(&corpus.reference, true);
        let (mut same, mut other) = (of_side(&system.rows, true), of_side(&system.rows, false));
        let n = same.len().min(other.len());
        same.truncate(n);
        other.truncate(n);
        if n < 2 || a.len() < 2 {
            return Ok(None);
        }
        let from = rooted(x, &a)?;
        let scale = trace(&from);
        let away = |rows: &[usize]| between(x, &from, rows).map(|w| (w.squared() / scale).sqrt());
        Ok(Some((n, away(&same)?, away(&other)?)))
    })?;
    let usable: Vec<(usize, f64, f64)> = deals.into_iter().flatten().collect();
    let Some((n, _, _)) = usable.first() else {
        found.note = Some("halves of the shared classes hold fewer than two utterances".into());
        return Ok(found);
    };
    found.n = *n;
    let estimate = |f: fn(&(usize, f64, f64)) -> f64| {
        Some(band(
            &usable.iter().map(f).collect::<Vec<_>>(),
            *n,
            settings,
        ))
    };
    found.same = estimate(|d| d.1);
    found.other = estimate(|d| d.2);
    found.difference = estimate(|d| d.2 - d.1);
    Ok(found)
}
