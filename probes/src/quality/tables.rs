//! Tables of criteria and of systems.

use super::corpus::{Corpus, mean_rating};
use super::criteria::{Criterion, LayerRank};
use super::ranking::KENDALL_DRAWS;
use crate::report::{Column, Role, Table};

/// One row per criterion and layer; a criterion without figures has one row, which says why.
pub(super) fn criteria(criteria: &[Criterion]) -> Table {
    let rows: Vec<(&Criterion, Option<&LayerRank>)> = criteria
        .iter()
        .flat_map(|c| match c.layers.is_empty() {
            true => vec![(c, None)],
            false => c.layers.iter().map(|l| (c, Some(l))).collect(),
        })
        .collect();
    type Row<'a> = (&'a Criterion, Option<&'a LayerRank>);
    let text = |id: &str, role, meaning: &str, f: &dyn Fn(&Row<'_>) -> Option<String>| {
        Column::text(id, role, meaning, rows.iter().map(f).collect())
    };
    let number = |id: &str, meaning: &str, f: &dyn Fn(&LayerRank) -> Option<f64>| {
        let of = |(_, l): &Row<'_>| l.and_then(f).unwrap_or(f64::NAN);
        Column::number(id, Role::Value, meaning, None, rows.iter().map(of))
    };
    let columns = vec![
        text(
            "target",
            Role::Key,
            "what distances are ranked against",
            &|(c, _)| Some(c.target.clone()),
        ),
        text(
            "of",
            Role::Key,
            "systems or single utterances, and where it is not all utterance means, of what",
            &|(c, _)| Some(c.of.clone()),
        ),
        text("statistic", Role::Key, "the coefficient", &|(c, _)| {
            Some(c.statistic.into())
        }),
        text(
            "group",
            Role::Key,
            "one degradation; nothing for all",
            &|(c, _)| c.group.clone(),
        ),
        text("layer", Role::Key, "layer", &|(_, l)| {
            l.map(|l| l.layer.clone())
        }),
        Column::number(
            "n",
            Role::Value,
            "what is ranked, or compared and resampled",
            None,
            rows.iter().map(|(c, _)| c.n as f64),
        ),
        text("unit", Role::Value, "of what", &|(c, _)| {
            Some(c.unit.clone())
        }),
        number(
            "value",
            "the coefficient; positive where worse speech is farther from the reference",
            &|l| l.value,
        ),
        Column::estimate(
            "interval",
            "the same with its bootstrap interval, over what `unit` says; of single degradations by systems, \
             quantiles over random halves of the speakers",
            None,
            rows.iter()
                .map(|(_, l)| l.and_then(|l| l.estimate))
                .collect(),
        ),
        number("p", "two-sided, ratings or severities permuted", &|l| l.p),
        number(
            "p_max",
            "the same against the largest coefficient of any layer in each permutation: holds for all layers of \
             the model together",
            &|l| l.p_max,
        ),
        Column::estimate(
            "below_best",
            "the best layer's value less this one's, with a bootstrap interval of the difference",
            None,
            rows.iter()
                .map(|(_, l)| l.and_then(|l| l.best.difference))
                .collect(),
        ),
        number(
            "p_below_best",
            "that resampling alone gives a standardised difference as large between any two layers \
             (max-statistic): holds although the best was chosen in the same data",
            &|l| l.best.p,
        ),
        number(
            "best_in",
            "share of the resamples in which this layer is the best",
            &|l| l.best.share_best,
        ),
        text(
            "note",
            Role::Value,
            "why there are no figures, or what to mind",
            &|(c, _)| c.note.clone(),
        ),
    ];
    Table::new(
        "criteria",
        "Layers that hear quality",
        &format!(
            "One row per layer under each criterion. Of systems: minus the normalised W2 against the mean rating, or \
             W2 against planted severity. Of utterances: the same with Mahalanobis distances; of severities, whether \
             the worse version of one utterance is the farther one. `same` and `other`: the reference shares that \
             column's classes with the system or not. The reference itself is not ranked. Kendall of rated \
             utterances has at most {KENDALL_DRAWS} draws."
        ),
        columns,
    )
}

/// One row per system, the reference first.
pub(super) fn systems(corpus: &Corpus<'_>) -> Table {
    let names = std::iter::once(corpus.reference_name)
        .chain(corpus.systems.iter().map(|s| s.name.as_str()));
    let rows: Vec<&[usize]> = std::iter::once(&corpus.reference[..])
        .chain(corpus.systems.iter().map(|s| &s.rows[..]))
        .collect();
    let distinct = |of: &dyn Fn(usize) -> Option<String>| -> Vec<f64> {
        let count = |rows: &&[usize]| {
            let found: std::collections::BTreeSet<String> =
                rows.iter().filter_map(|i| of(*i)).collect();
            found.len() as f64
        };
        rows.iter().map(count).collect()
    };
    let degraded: Vec<Option<&(String, f64)>> = std::iter::once(None)
        .chain(corpus.systems.iter().map(|s| s.degraded.as_ref()))
        .collect();
    let mut columns = vec![
        Column::text(
            "system",
            Role::Key,
            "system, the reference first",
            names.map(|n| Some(n.to_owned())).collect(),
        ),
        Column::number(
            "utterances",
            Role::Value,
            "utterances that every model could use",
            None,
            rows.iter().map(|r| r.len() as f64),
        ),
        Column::number(
            "speakers",
            Role::Value,
            "speakers named",
            None,
            distinct(&|i| corpus.items[i].speaker.clone()),
        ),
        Column::text(
            "degradation",
            Role::Metadata,
            "what was done to it",
            degraded.iter().map(|d| d.map(|d| d.0.clone())).collect(),
        ),
        Column::number(
            "severity",
            Role::Metadata,
            "how much of it",
            None,
            degraded.iter().map(|d| d.map_or(f64::NAN, |d| d.1)),
        ),
    ];
    for rating in corpus.ratings {
        let found: Vec<Option<(f64, usize)>> =
            rows.iter().map(|r| mean_rating(rating, r)).collect();
        columns.push(Column::number(
            &format!("rating_{}", rating.name),
            Role::Metadata,
            &format!("mean over its rated utterances: {}", rating.source),
            None,
            found.iter().map(|f| f.map_or(f64::NAN, |(mean, _)| mean)),
        ));
        columns.push(Column::number(
            &format!("rated_{}", rating.name),
            Role::Metadata,
            "utterances that have this rating",
            None,
            found.iter().map(|f| f.map_or(0.0, |(_, n)| n as f64)),
        ));
    }
    Table::new(
        "systems",
        "Systems",
        &format!(
            "What is compared. Units of resampling: {} {}, in {} blocks for the jackknife.",
            corpus.units, corpus.unit_word, corpus.blocks
        ),
        columns,
    )
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;

    use crate::quality::tests::{Planted, column, quick, row, table};
    use crate::quality::{QualityItem, Rating};

    #[test]
    fn beside_a_mean_rating_stands_of_how_many_utterances_it_is() {
        let shift = |own: &Array1<f64>, _: &Array1<f64>, severity: f64| own + severity;
        let mut planted = Planted::new(12, 3, &["noise"], &[1.0, 3.0], &[shift], 7);
        // Every fifth rating is missing; the reference has none.
        let rate = |(k, item): (usize, &QualityItem)| {
            let severity = item.severity?;
            (k % 5 != 0).then_some(5.0 - severity)
        };
        planted.ratings = vec![Rating {
            name: "mos".into(),
            source: "made".into(),
            values: planted.items.iter().enumerate().map(rate).collect(),
        }];
        let out = planted.run(&quick()).unwrap();
        let systems = table(&out, "systems");
        let rated = |system: &str| {
            let at = row(systems, &[("system", system)]);
            let of = |id: &str| column(systems, id).value(at);
            (of("rating_mos"), of("rated_mos"))
        };
        assert_eq!(rated("reference"), (None, Some(0.0)));
        // Items 12 to 23 without 15 and 20, and 24 to 35 without 25, 30 and 35.
        assert_eq!(rated("noise1"), (Some(4.0), Some(10.0)));
        assert_eq!(rated("noise3"), (Some(2.0), Some(9.0)));
    }
}
