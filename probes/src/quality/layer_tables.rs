//! Tables of layers, distances and matching.

use phonoscope_analysis::Estimate;

use super::QualitySettings;
use super::corpus::Corpus;
use super::layer::{Distance, LayerFound};
use super::matching::Match;
use crate::report::{Column, Role, Table};

/// One row per layer.
pub(super) fn layers(layers: &[LayerFound], settings: &QualitySettings) -> Table {
    let number = |id: &str, meaning: &str, f: &dyn Fn(&LayerFound) -> f64| {
        Column::number(id, Role::Value, meaning, None, layers.iter().map(f))
    };
    let columns = vec![
        Column::text(
            "layer",
            Role::Key,
            "layer, in the order of the network",
            layers.iter().map(|l| Some(l.name.clone())).collect(),
        ),
        number("dim", "width of the layer", &|l| l.dim as f64),
        number(
            "components",
            "directions that distances are taken in",
            &|l| l.components as f64,
        ),
        number(
            "kept",
            "share of the variance of reference and systems together in those directions",
            &|l| l.kept,
        ),
        number(
            "root_trace",
            "root of the reference's total variance in those directions: the unit of normalised distances",
            &|l| l.root_trace,
        ),
        number(
            "shrinkage",
            "weight of the identity's multiple in the reference's covariance (Ledoit–Wolf)",
            &|l| l.shrinkage,
        ),
        Column::estimate(
            "floor",
            "normalised W2 between random halves of the reference: median, and quantiles over the halves",
            None,
            layers.iter().map(|l| Some(l.floor)).collect(),
        ),
    ];
    Table::new(
        "layers",
        "Layers",
        &format!(
            "One row per layer, of utterance means. Directions: the leading {} or fewer of reference and systems \
             together, each sample counted alike, so that what tells a system from the reference is kept. The \
             floor is what W2 shows between samples of one distribution at half the reference's n.",
            settings.components
        ),
        columns,
    )
}

/// One row per layer and system.
pub(super) fn distances(
    corpus: &Corpus<'_>,
    layers: &[LayerFound],
    settings: &QualitySettings,
) -> Table {
    let rows: Vec<(&LayerFound, usize, Option<&Distance>)> = layers
        .iter()
        .flat_map(|l| {
            let of = l.systems.iter().enumerate();
            of.map(move |(place, d)| (l, place, d.as_ref().ok()))
        })
        .collect();
    let number = |id: &str, meaning: &str, f: &dyn Fn(&LayerFound, &Distance) -> f64| {
        let of =
            |(l, _, d): &(&LayerFound, usize, Option<&Distance>)| d.map_or(f64::NAN, |d| f(l, d));
        Column::number(id, Role::Value, meaning, None, rows.iter().map(of))
    };
    let estimate = |id: &str, meaning: &str, f: &dyn Fn(&Distance) -> Option<Estimate>| {
        let of = rows.iter().map(|(_, _, d)| d.and_then(f));
        Column::estimate(id, meaning, None, of.collect())
    };
    let columns = vec![
        Column::text(
            "layer",
            Role::Key,
            "layer",
            rows.iter().map(|(l, _, _)| Some(l.name.clone())).collect(),
        ),
        Column::text(
            "system",
            Role::Key,
            "system that is compared with the reference",
            rows.iter()
                .map(|(_, place, _)| Some(corpus.systems[*place].name.clone()))
                .collect(),
        ),
        number("n", "utterances of the system", &|_, d| d.n as f64),
        estimate(
            "normalised",
            "Gaussian W2 over the root of the reference's total variance; comparable between layers. Interval: \
             blocks of speakers left out",
            &|d| Some(d.normalised),
        ),
        estimate(
            "w2",
            "Gaussian W2 in the layer's own unit, shrunk covariances",
            &|d| Some(d.w2),
        ),
        number(
            "mean_part",
            "squared distance of the means, part of W2²",
            &|_, d| d.mean_part,
        ),
        number(
            "covariance_part",
            "what is left of W2² when the means are moved onto each other",
            &|_, d| d.covariance_part,
        ),
        number("mean_share", "share of the mean part in W2²", &|_, d| {
            d.mean_part / (d.mean_part + d.covariance_part)
        }),
        number(
            "shrinkage",
            "weight of the identity's multiple in the system's covariance (Ledoit–Wolf)",
            &|_, d| d.shrinkage,
        ),
        number(
            "sliced",
            "sliced W2 over the root of the reference's total variance: no normal shape assumed",
            &|l, d| d.sliced / l.root_trace,
        ),
        estimate(
            "sliced_ratio",
            "sliced W2 at equal n over that between the same halves of the reference: a check on `ratio` without \
             covariances",
            &|d| d.sliced_ratio,
        ),
        estimate(
            "at_half",
            "normalised W2 from half of the reference to as many utterances of the system, of other speakers: \
             median, and quantiles over the halves",
            &|d| d.at_half,
        ),
        estimate(
            "ratio",
            "that over the distance between the same halves of the reference; 1: no farther than the reference \
             from itself",
            &|d| d.ratio,
        ),
        number(
            "excess",
            "square of `at_half` less the mean of the squared distances between halves of the reference and \
             between halves of the system, averaged over the halves: squared normalised W2 less its bias from small \
             samples; may fall below 0",
            &|_, d| d.excess.unwrap_or(f64::NAN),
        ),
        number(
            "p",
            "that W2 comes out as large when utterances change sides at random; (1 + b) / (1 + draws)",
            &|_, d| d.p.unwrap_or(f64::NAN),
        ),
        estimate(
            "mahalanobis",
            "median over utterances of the Mahalanobis distance from the reference over the root of the number \
             of directions",
            &|d| Some(d.mahalanobis),
        ),
        Column::text(
            "note",
            Role::Value,
            "why there are no figures",
            layers
                .iter()
                .flat_map(|l| l.systems.iter().map(|d| d.as_ref().err().cloned()))
                .collect(),
        ),
    ];
    Table::new(
        "distances",
        "Distance to the reference",
        &format!(
            "One row per layer and system, of utterance means. Reference: `{}`, {} utterances. Samples of one \
             distribution have a distance above 0, and more so in many directions: read `ratio`, `excess` and \
             `p`, which know of it. {} {} are resampled, never frames; {} halves, {} swaps.",
            corpus.reference_name,
            corpus.reference.len(),
            corpus.units,
            corpus.unit_word,
            settings.halves,
            settings.swaps,
        ),
        columns,
    )
}

/// One row per layer, column and system; no rows where no columns were asked for.
pub(super) fn matching(layers: &[LayerFound]) -> Table {
    let rows: Vec<(&LayerFound, &Match)> = layers
        .iter()
        .flat_map(|l| l.matches.iter().map(move |m| (l, m)))
        .collect();
    let text =
        |id: &str, role, meaning: &str, f: &dyn Fn(&LayerFound, &Match) -> Option<String>| {
            Column::text(
                id,
                role,
                meaning,
                rows.iter().map(|(l, m)| f(l, m)).collect(),
            )
        };
    let estimate = |id: &str, meaning: &str, f: &dyn Fn(&Match) -> Option<Estimate>| {
        Column::estimate(id, meaning, None, rows.iter().map(|(_, m)| f(m)).collect())
    };
    let columns = vec![
        text("layer", Role::Key, "layer", &|l, _| Some(l.name.clone())),
        text(
            "column",
            Role::Key,
            "what is matched; columns that divide the utterances alike stand together",
            &|_, m| Some(m.column.clone()),
        ),
        text("system", Role::Key, "system", &|_, m| {
            Some(m.system.clone())
        }),
        Column::number(
            "n",
            Role::Value,
            "utterances of the system in each sample",
            None,
            rows.iter().map(|(_, m)| m.n as f64),
        ),
        estimate(
            "same",
            "normalised W2 to half of the reference that shares the classes",
            &|m| m.same,
        ),
        estimate("other", "to half of the reference of other classes", &|m| {
            m.other
        }),
        estimate("difference", "other less same, of the same halves", &|m| {
            m.difference
        }),
        text("note", Role::Value, "why there are no figures", &|_, m| {
            m.note.clone()
        }),
    ];
    Table::new(
        "matching",
        "Matched and other references",
        "How much the distance changes when the reference has the same speakers, texts or other classes as the \
         system: the shared classes are halved at random, and the same half of the reference is compared with \
         the system's utterances of its own classes and of the other half's. Medians and quantiles over halves; \
         the samples overlap, so the bands are no confidence intervals.",
        columns,
    )
}
