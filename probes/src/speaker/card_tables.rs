//! The tables of components on descriptors.

use super::SpeakerSettings;
use super::cards::Cards;
use crate::report::{Column, Role, Table};
use phonoscope_analysis::Estimate;
use phonoscope_analysis::importance::MOST_EXACT;

/// One row per component and descriptor.
pub(super) fn cards(cards: &Cards, names: &[String], settings: &SpeakerSettings) -> Table {
    let components = cards.beta.len();
    let cells = || (0..components).flat_map(|k| (0..names.len()).map(move |j| (k, j)));
    let estimates = |of: &Vec<Vec<Estimate>>| cells().map(|(k, j)| Some(of[k][j])).collect();
    let numbers = |of: Option<&ndarray::Array2<f64>>| -> Vec<f64> {
        cells().map(|at| of.map_or(f64::NAN, |of| of[at])).collect()
    };
    let number = |id: &str, meaning: &str, values: Vec<f64>| {
        Column::number(id, Role::Value, meaning, None, values)
    };
    let columns = vec![
        Column::number(
            "component",
            Role::Key,
            "component, from 1",
            None,
            cells().map(|(k, _)| (k + 1) as f64).collect::<Vec<f64>>(),
        ),
        Column::text(
            "descriptor",
            Role::Key,
            "acoustic descriptor",
            cells().map(|(_, j)| Some(names[j].clone())).collect(),
        ),
        Column::estimate(
            "beta",
            "standardised slope in the regression on all descriptors: standard deviations of the \
             component per standard deviation of the descriptor, the others held",
            None,
            estimates(&cards.beta),
        ),
        Column::estimate(
            "delta_r_squared",
            "what R² loses without this descriptor; positive by chance, compare null_95",
            None,
            estimates(&cards.unique),
        ),
        Column::estimate(
            "r",
            "correlation, the others let go",
            None,
            estimates(&cards.r),
        ),
        Column::estimate(
            "shapley",
            "share of R² that does not depend on the order of the descriptors; shares sum to R²",
            None,
            estimates(&cards.shapley),
        ),
        number(
            "shapley_error",
            "Monte-Carlo standard error of the share; missing where all subsets were walked through",
            numbers(cards.shapley_error.as_ref()),
        ),
        number(
            "vif",
            "variance inflation: how much the others blur this slope; missing where they determine it",
            cells()
                .map(|(_, j)| cards.vif[j].unwrap_or(f64::NAN))
                .collect(),
        ),
        number(
            "null_95",
            "control: delta_r_squared that 5 % of permutations of the residuals reach",
            numbers(cards.null_95.as_ref()),
        ),
        number("p", "of delta_r_squared, from F", numbers(Some(&cards.p))),
        number(
            "permutation_p",
            "the same from permutations of the residuals, (1 + b) / (1 + B)",
            numbers(cards.permutation_p.as_ref()),
        ),
        number(
            "q",
            "p adjusted over all rows of this table (Benjamini–Hochberg)",
            numbers(Some(&cards.q)),
        ),
    ];
    let shares = match names.len() <= MOST_EXACT {
        true => "exact",
        false => "sampled from random orders",
    };
    Table::new(
        "pc_cards",
        "Components on descriptors",
        &format!(
            "One row per component and descriptor: the linear regression of the component's scores on all \
             {} descriptors ({} of them independent), over the speakers who have them all. Axes are held \
             fixed; intervals resample speakers {} times, those of shares are moved down by twice their \
             bias. Shapley shares are {shares}.",
            names.len(),
            cards.rank,
            settings.bootstrap
        ),
        columns,
    )
}

/// One row per component.
pub(super) fn fits(cards: &Cards) -> Table {
    let count = cards.r2.len();
    let columns = vec![
        Column::number(
            "component",
            Role::Key,
            "component, from 1",
            None,
            (1..=count).map(|k| k as f64),
        ),
        Column::estimate(
            "r_squared",
            "share of the component's variance that all descriptors explain in these speakers",
            None,
            cards.r2.iter().copied().map(Some).collect(),
        ),
        Column::estimate(
            "adjusted_r_squared",
            "the same, less what as many unrelated descriptors would explain",
            None,
            cards.adjusted.iter().copied().map(Some).collect(),
        ),
        Column::number(
            "null_95",
            Role::Value,
            "control: R² that 5 % of permutations of the residuals reach",
            None,
            (0..count).map(|k| cards.r2_null_95.as_ref().map_or(f64::NAN, |of| of[k])),
        ),
        Column::number(
            "p",
            Role::Value,
            "of R², from F",
            None,
            cards.r2_p.iter().copied(),
        ),
    ];
    Table::new(
        "pc_fits",
        "Components on all descriptors",
        "One row per component: how well all descriptors together predict its scores, linearly.",
        columns,
    )
}
