//! The table of the sensitivity panel.

use super::sensitivity::Conclusions;
use crate::report::{Column, Role, Table};
use phonoscope_analysis::Estimate;

pub(super) fn table(rows: &[Conclusions]) -> Table {
    let number = |id: &str, meaning: &str, f: &dyn Fn(&Conclusions) -> f64| {
        Column::number(
            id,
            Role::Value,
            meaning,
            None,
            rows.iter().map(f).collect::<Vec<f64>>(),
        )
    };
    let text = |id: &str, role, meaning: &str, f: &dyn Fn(&Conclusions) -> Option<String>| {
        Column::text(id, role, meaning, rows.iter().map(f).collect())
    };
    let estimate = |id: &str, meaning: &str, f: &dyn Fn(&Conclusions) -> Option<Estimate>| {
        Column::estimate(id, meaning, None, rows.iter().map(f).collect())
    };
    let columns = vec![
        text("variant", Role::Key, "how embeddings were arranged", &|c| {
            Some(c.variant.into())
        }),
        number("rows", "rows of the decomposition", &|c| c.rows as f64),
        number(
            "first_share",
            "share of the variance in the first component",
            &|c| c.first_share,
        ),
        number(
            "half",
            "components that hold half of the variance of these rows",
            &|c| c.half,
        ),
        estimate(
            "r_squared",
            "held-out R² of the linear regression on all descriptors",
            &|c| c.worth.as_ref().map(|w| w.r2),
        ),
        estimate(
            "equivalent_components",
            "leading components that are worth as much",
            &|c| c.worth.as_ref().map(|w| w.components),
        ),
        number(
            "sex_component",
            "component, of the first ten, that parts the sexes best",
            &|c| c.sex.as_ref().map_or(f64::NAN, |s| s.0 as f64),
        ),
        estimate("sex_auc", "its AUC, the component held fixed", &|c| {
            c.sex.as_ref().map(|s| s.1)
        }),
        estimate("first_sex_auc", "AUC of the first component", &|c| {
            c.sex.as_ref().map(|s| s.2)
        }),
        text(
            "first_descriptor",
            Role::Value,
            "descriptor closest to the first component",
            &|c| c.closest.as_ref().map(|(name, _)| name.clone()),
        ),
        estimate(
            "first_r",
            "their correlation, the descriptor held fixed",
            &|c| c.closest.as_ref().map(|(_, r)| *r),
        ),
        text("note", Role::Value, "why there is no figure", &|c| {
            c.note.clone()
        }),
    ];
    Table::new(
        "sensitivity",
        "Do the conclusions hold?",
        "The main conclusions again under other arrangements of the same embeddings: raw (the mean left in; \
         R² and shares are then of squared length), centred, standardised, length-normalised before \
         averaging, and utterances as rows (folds and intervals still by speaker). Nothing in this table was \
         chosen by looking at it.",
        columns,
    )
}
