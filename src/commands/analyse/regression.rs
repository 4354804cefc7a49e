//! Linear read-out of numbers: ridge regression on folds of whole groups.

use ndarray::{Array2, Axis};
use phonoscope_analysis::regress;
use phonoscope_analysis::stats::{self, PermutationTest, draws};
use serde_json::json;

use super::control::Control;
use super::probe::Rows;
use super::{Measured, SCHEMA, finite, heading, print};
use crate::cli::LinearProbeArgs;
use crate::commands::Context;
use crate::exit::Exit;
use crate::output::columns;

pub(super) fn run(
    rows: &Rows,
    y: &Array2<f64>,
    args: &LinearProbeArgs,
    context: &Context,
) -> anyhow::Result<Exit> {
    let folds = stats::group_folds(&rows.groups, None, args.folds, args.seed)?;
    let held = regress::held_out_rows(rows.x.view(), y.view(), &folds, args.penalty)?;
    let squares = |m: &Array2<f64>| (y - m).mapv(|v| v * v).sum_axis(Axis(1));
    let (error, total) = (squares(&held.predicted), squares(&held.baseline));
    let by_target = |m: &Array2<f64>| (y - m).mapv(|v| v * v).sum_axis(Axis(0));
    let per_target = 1.0 - by_target(&held.predicted) / by_target(&held.baseline);
    let plan = draws::Plan {
        stage: "shuffled targets",
        stream: "analyse.probe.control",
        seed: args.seed,
        draws: args.permutations,
    };
    let lines: Vec<Vec<f64>> = y.outer_iter().map(|row| row.to_vec()).collect();
    let all: Vec<usize> = (0..rows.x.ncols()).collect();
    let null = stats::draws(plan, &context.task, |rng| {
        let shuffled = stats::shuffled_by_group(&lines, &rows.groups, rng);
        let y = Array2::from_shape_fn(y.dim(), |(i, t)| shuffled[i][t]);
        let design = regress::Design::new(rows.x.view(), y.view(), &folds)?;
        Ok(regress::held_out(&design.grams(None)?, &all, args.penalty)?.total_r2())
    })?;
    let control = Control::run(&lines, args, context, |task: &[Vec<f64>], _| {
        let y = Array2::from_shape_fn(y.dim(), |(i, t)| task[i][t]);
        let design = regress::Design::new(rows.x.view(), y.view(), &folds)?;
        Ok(regress::held_out(&design.grams(None)?, &all, args.penalty)?.total_r2())
    })?;
    let measured = Measured {
        name: "held-out R²",
        interval: Some(rows.interval(args.seed, |weights| {
            let dot =
                |v: &ndarray::Array1<f64>| v.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>();
            1.0 - dot(&error) / dot(&total)
        })),
        method: rows.method(),
        test: PermutationTest::new(1.0 - error.sum() / total.sum(), null),
    };
    let selectivity = measured.test.observed - measured.test.null_mean();
    if args.json {
        let document = json!({
            "schema": SCHEMA,
            "analysis": "probe",
            "task": "regression",
            "n": y.nrows(),
            "dim": rows.x.ncols(),
            "targets": y.ncols(),
            "folds": args.folds,
            "folds_keep_whole": rows.unit,
            "groups": rows.count,
            "penalty": args.penalty,
            "seed": args.seed,
            "r2": measured.json(),
            "selectivity": finite(selectivity),
            "control_task": control.map(|c| c.json(measured.test.observed)),
            "r2_per_target": per_target.iter().map(|v| finite(*v)).collect::<Vec<_>>(),
        });
        return print(context, &document);
    }
    let mut text = format!(
        "{} rows of {} {}, {} columns, {} targets; {} folds that keep {} whole\n{}",
        y.nrows(),
        rows.count,
        rows.unit,
        rows.x.ncols(),
        y.ncols(),
        args.folds,
        rows.unit,
        columns(&[heading(), measured.row()]),
    );
    text.extend(control.map(|c| c.line(measured.test.observed)));
    context.printer.data(&text)?;
    Ok(Exit::Done)
}
