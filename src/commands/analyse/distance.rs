//! `phonoscope analyse w2`

use ndarray::ArrayView2;
use phonoscope_analysis::Result;
use phonoscope_analysis::distance::{self, Gaussian, W2};
use phonoscope_analysis::stats::PermutationTest;
use serde_json::json;

use super::{BLOCKS, LEVEL, Measured, SCHEMA, heading, print};
use crate::cli::{Covariance, W2Args};
use crate::commands::Context;
use crate::commands::matrix::read_matrix;
use crate::exit::{Exit, Usage};
use crate::output::columns;

/// Directions of sliced W2.
const DIRECTIONS: usize = 500;

pub(super) fn w2(args: &W2Args, context: &Context) -> anyhow::Result<Exit> {
    let (x, y) = (read_matrix(&args.pair.x)?, read_matrix(&args.pair.y)?);
    if x.ncols() != y.ncols() {
        return Err(Usage::new(
            format!("--x has {} columns, --y has {}", x.ncols(), y.ncols()),
            "both must hold vectors of the same space",
        )
        .into());
    }
    let (seed, task) = (args.pair.seed, &context.task);
    let gaussian = |a: ArrayView2<'_, f64>| -> Result<(Gaussian, f64)> {
        match args.covariance {
            Covariance::Sample => Ok((Gaussian::of_rows(a)?, 0.0)),
            Covariance::Shrunk => distance::ledoit_wolf(a).map(|s| (s.gaussian, s.shrinkage)),
        }
    };
    let parts = |a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>| -> Result<W2> {
        distance::w2(&gaussian(a)?.0, &gaussian(b)?.0)
    };
    let squared = |a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>| parts(a, b).map(|w| w.squared());
    let found = parts(x.view(), y.view())?;
    let shrinkage = [gaussian(x.view())?.1, gaussian(y.view())?.1];
    let test = distance::row_redeal(
        x.view(),
        y.view(),
        squared,
        args.pair.permutations,
        seed,
        task,
    )?;
    let blocks = BLOCKS.min(x.nrows()).min(y.nrows());
    let interval = distance::sample_jackknife(x.view(), y.view(), squared, blocks, LEVEL);
    let method = match &interval {
        Ok(_) => format!("jackknife over {blocks} blocks of rows"),
        Err(e) => format!("no interval: {e}"),
    };
    let measured = Measured {
        name: "W2 squared",
        interval: interval.ok(),
        method,
        test: PermutationTest::new(found.squared(), test.null),
    };
    let diagonal = distance::w2_diagonal(&gaussian(x.view())?.0, &gaussian(y.view())?.0)?;
    let sliced = distance::sliced_w2(x.view(), y.view(), DIRECTIONS, seed, task)?;
    if args.pair.json {
        let document = json!({
            "schema": SCHEMA,
            "analysis": "w2",
            "n": [x.nrows(), y.nrows()],
            "dim": x.ncols(),
            "covariance": args.covariance,
            "shrinkage": shrinkage,
            "w2": found.distance(),
            "mean_part": found.mean_part,
            "covariance_part": found.covariance_part,
            "w2_squared": measured.json(),
            "w2_squared_diagonal": diagonal.squared(),
            "sliced": {
                "value": sliced.distance,
                "standard_error": sliced.standard_error,
                "directions": sliced.directions,
            },
            "seed": seed,
        });
        return print(context, &document);
    }
    let mut text = format!(
        "x has {} rows, y {}, of {} columns; {} covariance, shrinkage {:.3} and {:.3}\n",
        x.nrows(),
        y.nrows(),
        x.ncols(),
        args.covariance.word(),
        shrinkage[0],
        shrinkage[1]
    );
    text += &columns(&[heading(), measured.row()]);
    text += &format!(
        "\nW2 {:.4}: means {:.4} and covariances {:.4} of the square; sliced W2 {:.4} ± {:.4}\n",
        found.distance(),
        found.mean_part,
        found.covariance_part,
        sliced.distance,
        sliced.standard_error
    );
    context.printer.data(&text)?;
    Ok(Exit::Done)
}
