//! `phonoscope analyse …`

use ndarray::Axis;
use phonoscope_analysis::pca::{self, Scaling};
use phonoscope_analysis::regress::ols;
use serde_json::json;

use super::Context;
use super::matrix::{read_matrix, read_vector};
use crate::cli::{AnalyseCommand, PcaArgs, RegressArgs};
use crate::exit::{Exit, Usage};
use crate::output::columns;

/// Version tag of the JSON that `analyse` prints.
const SCHEMA: &str = "phonoscope.analysis/1";

pub(super) fn run(command: &AnalyseCommand, context: &Context) -> anyhow::Result<Exit> {
    match command {
        AnalyseCommand::Pca(args) => principal_components(args, context),
        AnalyseCommand::Regress(args) => regression(args, context),
    }
}

fn principal_components(args: &PcaArgs, context: &Context) -> anyhow::Result<Exit> {
    let x = read_matrix(&args.x)?;
    let scaling = if args.standardise { Scaling::Standardised } else { Scaling::Centred };
    let fit = pca::fit(x.view(), scaling)?;
    let shown = args.components.min(fit.components.len_of(Axis(0)));
    let cumulative: Vec<f64> = fit
        .explained_variance_ratio
        .iter()
        .scan(0.0, |sum, r| {
            *sum += r;
            Some(*sum)
        })
        .collect();
    if args.json {
        let components: Vec<_> = (0..shown)
            .map(|k| {
                json!({
                    "component": k + 1,
                    "explained_variance": fit.explained_variance[k],
                    "explained_variance_ratio": fit.explained_variance_ratio[k],
                    "cumulative_ratio": cumulative[k],
                    "singular_value": fit.singular_values[k],
                    "loadings": fit.components.row(k).to_vec(),
                })
            })
            .collect();
        let document = json!({
            "schema": SCHEMA,
            "analysis": "pca",
            "n": x.nrows(),
            "dim": x.ncols(),
            "scaling": scaling,
            "participation_ratio": pca::participation_ratio(fit.explained_variance.view()),
            "mean": fit.mean.to_vec(),
            "scale": fit.scale.as_ref().map(|s| s.to_vec()),
            "components": components,
        });
        context.printer.data(&serde_json::to_string_pretty(&document)?)?;
        return Ok(Exit::Done);
    }
    let mut rows = vec![["component", "variance", "ratio", "cumulative"].map(String::from).into()];
    for k in 0..shown {
        rows.push(vec![
            format!("PC{}", k + 1),
            format!("{:.6}", fit.explained_variance[k]),
            format!("{:.4}", fit.explained_variance_ratio[k]),
            format!("{:.4}", cumulative[k]),
        ]);
    }
    let head = format!(
        "{} rows, {} columns, {scaling:?}; participation ratio {:.2}\n",
        x.nrows(),
        x.ncols(),
        pca::participation_ratio(fit.explained_variance.view())
    );
    context.printer.data(&(head + &columns(&rows)))?;
    Ok(Exit::Done)
}

fn regression(args: &RegressArgs, context: &Context) -> anyhow::Result<Exit> {
    let (x, y) = (read_matrix(&args.x)?, read_vector(&args.y)?);
    if x.nrows() != y.len() {
        return Err(Usage::new(
            format!("--x has {} rows, --y has {}", x.nrows(), y.len()),
            "both must describe the same rows in the same order",
        )
        .into());
    }
    let _ = (ols(x.view(), y.view())?, context);
    Ok(Exit::Done)
}
