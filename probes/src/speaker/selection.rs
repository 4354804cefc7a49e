//! The few descriptors that say most, chosen anew inside every fold.

use phonoscope_analysis::Result;
use phonoscope_analysis::importance::{ForwardHeldOut, forward, forward_held_out};
use phonoscope_analysis::regress::{Design, Gram};
use phonoscope_analysis::task::Task;

use super::SpeakerSettings;
use super::errors::{self, Errors, Worth};
use super::regression::Matched;
use crate::report::{Column, Role, Table};

/// One size of the selection.
pub(super) struct Step {
    /// Chosen at this step from all speakers.
    pub(super) descriptor: String,
    /// Share of the folds that have it among their first as many.
    pub(super) in_folds: f64,
    pub(super) worth: Worth,
    /// Descriptors passed over at this step for being too close to it.
    pub(super) too_close: Vec<String>,
}

/// Forward selection of up to `settings.selection` descriptors.
pub(super) fn select(
    matched: &Matched,
    names: &[String],
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Vec<Step>> {
    let most = settings.selection.min(names.len());
    let grams = Design::new(matched.x.view(), matched.y.view(), &matched.folds)?.grams(None)?;
    let mut whole = Gram::without(&grams, 0)?;
    grams.iter().take(1).try_for_each(|g| whole.merge(g))?;
    let on_all = forward(&whole.correlations(), most, settings.cap)?;
    let nested = forward_held_out(&grams, most, settings.cap)?;
    let sizes = nested.by_size.len().min(on_all.chosen.len());
    let measured: Vec<Errors> = (1..=sizes)
        .map(|size| of_size(matched, &nested, size))
        .collect::<Result<_>>()?;
    let models: Vec<&Errors> = measured.iter().collect();
    let rows: Vec<usize> = (0..matched.y.nrows()).collect();
    let worths = errors::worth(&models, &matched.curve(task)?, &rows, settings, task)?;
    let step = |(k, worth): (usize, Worth)| {
        let chosen = on_all.chosen[k];
        let has = |f: &&phonoscope_analysis::importance::Forward| {
            f.chosen.iter().take(k + 1).any(|j| *j == chosen)
        };
        let close = on_all.too_close.iter().filter(|(_, by, _)| *by == chosen);
        Step {
            descriptor: names[chosen].clone(),
            in_folds: nested.by_fold.iter().filter(has).count() as f64
                / nested.by_fold.len() as f64,
            worth,
            too_close: close
                .map(|(j, _, r)| format!("{} (r {r:.2})", names[*j]))
                .collect(),
        }
    };
    Ok(worths.into_iter().enumerate().map(step).collect())
}

/// Errors of the first `size` descriptors that each fold's training speakers chose.
fn of_size(matched: &Matched, nested: &ForwardHeldOut, size: usize) -> Result<Errors> {
    errors::linear(matched.x.view(), matched.y.view(), &matched.folds, |fold| {
        let chosen = nested.by_fold.get(fold).map(|f| f.chosen.as_slice());
        chosen.unwrap_or(&[]).iter().take(size).copied().collect()
    })
}

pub(super) fn table(steps: &[Step], settings: &SpeakerSettings) -> Table {
    let of = || steps.iter();
    let columns = vec![
        Column::number(
            "size",
            Role::Key,
            "number of descriptors",
            None,
            (1..=steps.len()).map(|k| k as f64),
        ),
        Column::text(
            "descriptor",
            Role::Value,
            "the one that all speakers would add at this size",
            of().map(|s| Some(s.descriptor.clone())).collect(),
        ),
        Column::number(
            "in_folds",
            Role::Value,
            "share of the folds whose training speakers have it among their first as many",
            None,
            of().map(|s| s.in_folds).collect::<Vec<f64>>(),
        ),
        Column::estimate(
            "r_squared",
            "total held-out R² of as many descriptors, chosen by each fold's training speakers",
            None,
            of().map(|s| Some(s.worth.r2)).collect(),
        ),
        Column::estimate(
            "equivalent_components",
            "leading components whose held-out share is as large",
            None,
            of().map(|s| Some(s.worth.components)).collect(),
        ),
        Column::text(
            "too_close",
            Role::Value,
            "descriptors passed over because of it",
            of().map(|s| Some(s.too_close.join(", ")).filter(|t| !t.is_empty()))
                .collect(),
        ),
    ];
    Table::new(
        "selection",
        "Best descriptors",
        &format!(
            "Forward selection: one by one, the descriptor that adds most to the explained variance of all \
             dimensions together, none correlated beyond |r| {} with one already chosen. Choosing is \
             repeated inside every fold, so that the held-out R² pays for it.",
            settings.cap
        ),
        columns,
    )
}
