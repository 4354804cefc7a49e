//! `phonoscope analyse cka|cca`

use ndarray::{Array2, ArrayView2};
use phonoscope_analysis::similarity::{self, Cca};
use phonoscope_analysis::stats::PermutationTest;
use phonoscope_analysis::{Result, stats};
use serde_json::json;

use super::{BLOCKS, LEVEL, Measured, SCHEMA, finite, heading, print};
use crate::cli::{CcaArgs, CkaArgs, PairArgs};
use crate::commands::Context;
use crate::commands::matrix::read_matrix;
use crate::exit::{Exit, Usage};
use crate::output::columns;

pub(super) fn cka(args: &CkaArgs, context: &Context) -> anyhow::Result<Exit> {
    let (x, y) = pair(&args.pair)?;
    let mut measured = vec![
        measure(
            "unbiased CKA",
            &x,
            &y,
            similarity::unbiased_cka,
            &args.pair,
            context,
        )?,
        measure(
            "linear CKA",
            &x,
            &y,
            similarity::linear_cka,
            &args.pair,
            context,
        )?,
    ];
    if let Some(width) = args.rbf {
        let rbf = |a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>| similarity::rbf_cka(a, b, width);
        measured.push(measure("RBF CKA", &x, &y, rbf, &args.pair, context)?);
    }
    if args.pair.json {
        let document = json!({
            "schema": SCHEMA,
            "analysis": "cka",
            "n": x.nrows(),
            "dims": [x.ncols(), y.ncols()],
            "rbf_width": args.rbf,
            "seed": args.pair.seed,
            "measures": measured.iter().map(Measured::json).collect::<Vec<_>>(),
        });
        return print(context, &document);
    }
    let mut rows = vec![heading()];
    rows.extend(measured.iter().map(Measured::row));
    context.printer.data(&(head(&x, &y) + &columns(&rows)))?;
    Ok(Exit::Done)
}

pub(super) fn cca(args: &CcaArgs, context: &Context) -> anyhow::Result<Exit> {
    let (x, y) = pair(&args.pair)?;
    let fit =
        |a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>| similarity::svcca(a, b, args.variance);
    let found = fit(x.view(), y.view())?;
    let PairArgs {
        permutations, seed, ..
    } = args.pair;
    let null = similarity::cca_null(
        x.view(),
        y.view(),
        args.variance,
        permutations,
        seed,
        &context.task,
    )?;
    type Value = fn(&Cca) -> f64;
    let values: [(&str, Value, Vec<f64>); 3] = [
        ("mean correlation", Cca::mean, null.means()),
        (
            "PWCCA, reference x",
            |c| c.pwcca_first,
            null.pwcca_first.clone(),
        ),
        (
            "PWCCA, reference y",
            |c| c.pwcca_second,
            null.pwcca_second.clone(),
        ),
    ];
    let mut measured = vec![];
    for (name, value, draws) in values {
        let (interval, method) = jackknife(&x, &y, |a, b| fit(a, b).map(|c| value(&c)));
        measured.push(Measured {
            name,
            interval,
            method,
            test: PermutationTest::new(value(&found), draws),
        });
    }
    let tests = found.dimension_tests();
    let by_chance = |k: usize| null.correlations.column(k).to_vec();
    if args.pair.json {
        let pairs: Vec<_> = (0..tests.len())
            .map(|k| {
                let chance = PermutationTest::new(found.correlations[k], by_chance(k));
                json!({
                    "pair": k + 1,
                    "r": found.correlations[k],
                    "null_mean": finite(chance.null_mean()),
                    "p": (permutations > 0).then_some(chance.p),
                    "wilks_lambda": tests[k].wilks,
                    "bartlett_chi_squared": finite(tests[k].chi_squared),
                    "bartlett_df": tests[k].df,
                    "bartlett_p": finite(tests[k].p),
                })
            })
            .collect();
        let document = json!({
            "schema": SCHEMA,
            "analysis": "cca",
            "n": x.nrows(),
            "dims": [x.ncols(), y.ncols()],
            "directions": found.ranks,
            "variance_kept": args.variance,
            "seed": seed,
            "measures": measured.iter().map(Measured::json).collect::<Vec<_>>(),
            "pairs": pairs,
        });
        return print(context, &document);
    }
    let mut rows = vec![heading()];
    rows.extend(measured.iter().map(Measured::row));
    let mut table = vec![
        ["pair", "r", "by chance", "Wilks", "Bartlett p"]
            .map(String::from)
            .into(),
    ];
    for (k, test) in tests.iter().enumerate() {
        let chance = by_chance(k).iter().sum::<f64>() / permutations as f64;
        table.push(vec![
            (k + 1).to_string(),
            format!("{:.4}", found.correlations[k]),
            finite(chance).map_or_else(|| "–".into(), |v| format!("{v:.4}")),
            format!("{:.4}", test.wilks),
            format!("{:.3e}", test.p),
        ]);
    }
    let text = head(&x, &y) + &columns(&rows) + "\n" + &columns(&table);
    context.printer.data(&text)?;
    Ok(Exit::Done)
}

/// Both matrices, with as many rows.
fn pair(args: &PairArgs) -> anyhow::Result<(Array2<f64>, Array2<f64>)> {
    let (x, y) = (read_matrix(&args.x)?, read_matrix(&args.y)?);
    if x.nrows() == y.nrows() {
        return Ok((x, y));
    }
    Err(Usage::new(
        format!("--x has {} rows, --y has {}", x.nrows(), y.nrows()),
        "both must describe the same rows in the same order",
    )
    .into())
}

fn measure(
    name: &'static str,
    x: &Array2<f64>,
    y: &Array2<f64>,
    of: impl Fn(ArrayView2<'_, f64>, ArrayView2<'_, f64>) -> Result<f64> + Sync,
    args: &PairArgs,
    context: &Context,
) -> anyhow::Result<Measured> {
    let task = &context.task;
    let test =
        similarity::row_permutation(x.view(), y.view(), &of, args.permutations, args.seed, task)?;
    let (interval, method) = jackknife(x, y, of);
    Ok(Measured {
        name,
        interval,
        method,
        test,
    })
}

/// An interval from leaving out blocks of rows, or the reason why there is none.
fn jackknife(
    x: &Array2<f64>,
    y: &Array2<f64>,
    of: impl Fn(ArrayView2<'_, f64>, ArrayView2<'_, f64>) -> Result<f64>,
) -> (Option<stats::Interval>, String) {
    let blocks = BLOCKS.min(x.nrows());
    match similarity::row_jackknife(x.view(), y.view(), of, blocks, LEVEL) {
        Ok(interval) => (
            Some(interval),
            format!("jackknife over {blocks} blocks of rows"),
        ),
        Err(e) => (None, format!("no interval: {e}")),
    }
}

fn head(x: &Array2<f64>, y: &Array2<f64>) -> String {
    format!(
        "{} rows; x has {} columns, y {}\n",
        x.nrows(),
        x.ncols(),
        y.ncols()
    )
}
