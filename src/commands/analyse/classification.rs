//! Linear read-out of classes: logistic regression on folds of whole groups.

use phonoscope_analysis::classify::{self, Confusion};
use phonoscope_analysis::stats::{self, PermutationTest, draws};
use serde_json::json;

use super::control::Control;
use super::labels::Labels;
use super::probe::Rows;
use super::{Measured, SCHEMA, finite, heading, print};
use crate::cli::LinearProbeArgs;
use crate::commands::Context;
use crate::exit::Exit;
use crate::output::columns;

pub(super) fn run(
    rows: &Rows,
    labels: &Labels,
    args: &LinearProbeArgs,
    context: &Context,
) -> anyhow::Result<Exit> {
    let truth = &labels.places;
    let c = 1.0 / args.penalty;
    let folds = stats::group_folds(&rows.groups, Some(truth), args.folds, args.seed)?;
    let fit =
        |labels: &[usize]| classify::held_out_logistic(rows.x.view(), labels, &folds, c, true);
    let held = fit(truth)?;
    let confusion = Confusion::new(truth, &held.predicted)?;
    let baseline = Confusion::new(truth, &classify::majority(truth, &folds)?)?;
    let plan = draws::Plan {
        stage: "shuffled labels",
        stream: "analyse.probe.control",
        seed: args.seed,
        draws: args.permutations,
    };
    let null = stats::draws(plan, &context.task, |rng| {
        let shuffled = stats::shuffled_by_group(truth, &rows.groups, rng);
        let held = fit(&shuffled)?;
        Ok(Confusion::new(&shuffled, &held.predicted)?.balanced_accuracy())
    })?;
    let right: Vec<bool> = truth
        .iter()
        .zip(&held.predicted)
        .map(|(t, p)| t == p)
        .collect();
    let interval = rows.interval(args.seed, |w| {
        balanced(truth, &right, labels.names.len(), w)
    });
    let measured = Measured {
        name: "balanced accuracy",
        interval: Some(interval),
        method: rows.method(),
        test: PermutationTest::new(confusion.balanced_accuracy(), null),
    };
    let control = Control::run(truth, args, context, |task, _| {
        // A task may happen to have one class: then there is nothing to tell, and it does not count.
        match fit(task) {
            Ok(held) => Ok(Confusion::new(task, &held.predicted)?.balanced_accuracy()),
            Err(phonoscope_analysis::Error::Cancelled) => {
                Err(phonoscope_analysis::Error::Cancelled)
            }
            Err(_one_class) => Ok(f64::NAN),
        }
    })?;
    let selectivity = measured.test.observed - measured.test.null_mean();
    let sizes: Vec<usize> = confusion.counts.outer_iter().map(|row| row.sum()).collect();
    if args.json {
        let document = json!({
            "schema": SCHEMA,
            "analysis": "probe",
            "task": "classification",
            "n": truth.len(),
            "dim": rows.x.ncols(),
            "classes": labels.names,
            "class_sizes": sizes,
            "folds": args.folds,
            "folds_keep_whole": rows.unit,
            "groups": rows.count,
            "penalty": args.penalty,
            "seed": args.seed,
            "balanced_accuracy": measured.json(),
            "selectivity": finite(selectivity),
            "control_task": control.map(|c| c.json(measured.test.observed)),
            "accuracy": confusion.accuracy(),
            "macro_f1": confusion.macro_f1(),
            "majority_accuracy": baseline.accuracy(),
            "majority_balanced_accuracy": baseline.balanced_accuracy(),
            "log_loss": finite(held.log_loss(truth)),
            "confusion": confusion.counts.outer_iter().map(|r| r.to_vec()).collect::<Vec<_>>(),
        });
        return print(context, &document);
    }
    let mut text = format!(
        "{} rows of {} {}, {} columns, {} classes; {} folds that keep {} whole\n{}\
         accuracy {:.4}, of the majority {:.4}; above shuffled labels by {}\n",
        truth.len(),
        rows.count,
        rows.unit,
        rows.x.ncols(),
        labels.names.len(),
        args.folds,
        rows.unit,
        columns(&[heading(), measured.row()]),
        confusion.accuracy(),
        baseline.accuracy(),
        finite(selectivity).map_or_else(|| "–".into(), |v| format!("{v:.4}")),
    );
    text.extend(control.map(|c| c.line(measured.test.observed)));
    context.printer.data(&text)?;
    Ok(Exit::Done)
}

/// Balanced accuracy when row `i` occurs `weights[i]` times.
fn balanced(truth: &[usize], right: &[bool], classes: usize, weights: &[f64]) -> f64 {
    let mut counts = vec![(0.0, 0.0); classes];
    for ((class, right), w) in truth.iter().zip(right).zip(weights) {
        counts[*class].0 += if *right { *w } else { 0.0 };
        counts[*class].1 += w;
    }
    let known: Vec<f64> = counts
        .iter()
        .filter(|c| c.1 > 0.0)
        .map(|c| c.0 / c.1)
        .collect();
    known.iter().sum::<f64>() / known.len() as f64
}
