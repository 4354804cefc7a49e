//! The tables of what lies between systems.

use super::SpeakerSettings;
use super::across::{Across, Angle, Matched, SUBSPACE, Similarity};
use crate::report::{Column, Role, Table};

/// Every table that has rows.
pub(super) fn tables(across: &Across, settings: &SpeakerSettings) -> Vec<Table> {
    vec![
        similarity(&across.similarities, settings),
        angles(&across.angles, settings),
        matched(&across.matched, settings),
    ]
}

fn pair<T>(rows: &[T], of: impl Fn(&T) -> (&String, &String)) -> Vec<Column> {
    let text = |id: &str, meaning: &str, f: &dyn Fn(&T) -> String| {
        Column::text(
            id,
            Role::Key,
            meaning,
            rows.iter().map(|r| Some(f(r))).collect(),
        )
    };
    vec![
        text("first", "first system", &|r| of(r).0.clone()),
        text("second", "second system", &|r| of(r).1.clone()),
    ]
}

fn numbers<T>(rows: &[T], id: &str, meaning: &str, f: impl Fn(&T) -> f64) -> Column {
    Column::number(
        id,
        Role::Value,
        meaning,
        None,
        rows.iter().map(f).collect::<Vec<f64>>(),
    )
}

fn similarity(rows: &[Similarity], settings: &SpeakerSettings) -> Table {
    let mut columns = pair(rows, |r| (&r.first, &r.second));
    columns.extend([
        Column::text(
            "measure",
            Role::Key,
            "cka_unbiased: linear CKA of the whole embeddings, without its bias; pwcca_first and \
             pwcca_second: projection-weighted canonical correlation of the leading components, the first \
             or second system as reference; rsa_cosine: rank correlation of the cosines of all pairs of \
             speakers, the common mean taken out",
            rows.iter().map(|r| Some(r.measure.to_owned())).collect(),
        ),
        Column::estimate(
            "value",
            "1 is the same up to rotation; interval: groups of speakers left out in turn, axes held fixed",
            None,
            rows.iter().map(|r| r.value).collect(),
        ),
        numbers(rows, "null_mean", "control: mean with the speakers of one system permuted", |r| {
            r.null.map_or(f64::NAN, |n| n.0)
        }),
        numbers(rows, "null_95", "control: what 5 % of permutations reach", |r| {
            r.null.map_or(f64::NAN, |n| n.1)
        }),
        numbers(rows, "p", "(1 + b) / (1 + B)", |r| r.null.map_or(f64::NAN, |n| n.2)),
        Column::text(
            "note",
            Role::Value,
            "why there is no figure",
            rows.iter().map(|r| r.note.clone()).collect(),
        ),
    ]);
    Table::new(
        "similarity",
        "Systems compared",
        &format!(
            "One row per pair of systems and measure, over the same speakers. {} permutations.",
            settings.permutations
        ),
        columns,
    )
}

fn angles(rows: &[Angle], settings: &SpeakerSettings) -> Table {
    let mut columns = pair(rows, |r| (&r.first, &r.second));
    columns.extend([
        Column::number(
            "rank",
            Role::Key,
            "from the smallest angle on",
            None,
            rows.iter().map(|r| r.rank as f64),
        ),
        numbers(rows, "angle_deg", "principal angle between the leading subspaces, degrees", |r| {
            r.cosine.value.acos().to_degrees()
        }),
        Column::estimate(
            "cosine",
            "its cosine: how well the best-matching direction of this rank in one system predicts that in the \
             other; interval: groups of speakers left out in turn",
            None,
            rows.iter().map(|r| Some(r.cosine)).collect(),
        ),
        numbers(rows, "null_95", "control: cosine at this rank that 5 % of random pairings reach", |r| {
            r.null_95
        }),
        numbers(rows, "p", "(1 + b) / (1 + B)", |r| r.p),
    ]);
    Table::new(
        "angles",
        "Angles between leading subspaces",
        &format!(
            "Principal angles between the spaces that the first components ({SUBSPACE}, or fewer where \
             speakers are few) of two systems span among the speakers, against {} random pairings of the \
             speakers: whether systems share leading dimensions, whatever their order and sign.",
            settings.permutations
        ),
        columns,
    )
}

fn matched(rows: &[Matched], settings: &SpeakerSettings) -> Table {
    let mut columns = pair(rows, |r| (&r.first, &r.second));
    columns.extend([
        Column::number(
            "first_component",
            Role::Key,
            "component of the first system, from 1",
            None,
            rows.iter().map(|r| (r.of.first + 1) as f64),
        ),
        numbers(rows, "second_component", "its partner in the second system, from 1", |r| {
            (r.of.second + 1) as f64
        }),
        Column::estimate(
            "r",
            "correlation of their scores over the speakers; its sign is a convention",
            None,
            rows.iter().map(|r| Some(r.r)).collect(),
        ),
        numbers(
            rows,
            "p",
            "share of permutations of the speakers whose best pair is as strong: corrected for all pairs",
            |r| r.p,
        ),
    ]);
    Table::new(
        "matched_components",
        "Matched components",
        &format!(
            "Components of two systems paired one to one so that the sum of |r| is largest, with the pairing \
             held fixed in the intervals ({} draws) and repeated in the null ({} permutations).",
            settings.bootstrap, settings.permutations
        ),
        columns,
    )
}
