//! The utterances farthest from the reference.

use phonoscope_analysis::stats;

use super::QualitySettings;
use super::corpus::Corpus;
use super::criteria::{Criterion, SYSTEMS};
use super::layer::LayerFound;
use crate::report::{Column, Role, Table};

/// The layer that single utterances are looked at in: the best of the first criterion that one layer alone is best
/// under (those of systems first), else the best of the first with figures, else the last.
pub(super) fn chosen<'a>(
    layers: &'a [LayerFound],
    criteria: &[Criterion],
) -> Option<&'a LayerFound> {
    let of_all = || criteria.iter().filter(|c| c.group.is_none());
    let ordered = || of_all().filter(|c| c.of == SYSTEMS).chain(of_all());
    let alone = ordered().find(|c| c.alike() == 1);
    let best = alone
        .and_then(Criterion::best)
        .or_else(|| ordered().find_map(Criterion::best));
    best.and_then(|best| layers.iter().find(|l| l.name == best.layer))
        .or(layers.last())
}

/// The `settings.worst` utterances farthest from the reference in the chosen layer.
pub(super) fn table(
    corpus: &Corpus<'_>,
    layers: &[LayerFound],
    criteria: &[Criterion],
    settings: &QualitySettings,
) -> Table {
    let layer = chosen(layers, criteria);
    let distances = layer.map_or(&[][..], |l| &l.mahalanobis);
    let null: Vec<f64> = corpus
        .reference
        .iter()
        .filter_map(|i| distances.get(*i).copied())
        .collect();
    let mut rows: Vec<usize> = (0..distances.len()).collect();
    rows.sort_by(|a, b| distances[*b].total_cmp(&distances[*a]).then(a.cmp(b)));
    rows.truncate(settings.worst);
    let item = |i: &usize| &corpus.items[*i];
    let text = |id: &str, meaning: &str, f: &dyn Fn(&usize) -> Option<String>| {
        Column::text(id, Role::Key, meaning, rows.iter().map(f).collect())
    };
    let mut columns = vec![
        text("utterance", "its id", &|i| Some(item(i).id.clone())),
        text("system", "its system", &|i| Some(item(i).system.clone())),
        text("layer", "the layer", &|_| layer.map(|l| l.name.clone())),
        Column::number(
            "mahalanobis",
            Role::Value,
            "Mahalanobis distance from the reference over the root of the number of directions: about 1 for the \
             reference itself",
            None,
            rows.iter().map(|i| distances[*i]),
        ),
        Column::number(
            "p",
            Role::Value,
            "share of reference utterances as far or farther, each scored by a model that has not heard its \
             speaker; (1 + b) / (1 + n)",
            None,
            rows.iter().map(|i| {
                // A reference utterance is not compared with itself.
                let own = usize::from(corpus.reference.contains(i));
                let farther = null.iter().filter(|v| **v >= distances[*i]).count() - own;
                (1 + farther) as f64 / (1 + null.len() - own) as f64
            }),
        ),
    ];
    for rating in corpus.ratings {
        columns.push(Column::number(
            &format!("rating_{}", rating.name),
            Role::Metadata,
            &format!("rating: {}", rating.source),
            None,
            rows.iter()
                .map(|i| rating.values.get(*i).copied().flatten().unwrap_or(f64::NAN)),
        ));
    }
    let middle = stats::quantile(&null, 0.5);
    let of_reference = match middle.is_finite() {
        true => format!(" Median of the reference: {middle:.2}."),
        false => String::new(),
    };
    Table::new(
        "utterances",
        "Worst utterances",
        &format!(
            "The {} utterances farthest from the reference, of all systems and the reference itself, in the \
             layer that ranks systems best.{of_reference}",
            rows.len()
        ),
        columns,
    )
}
