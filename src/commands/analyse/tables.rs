//! `phonoscope analyse pca|regress`

use ndarray::Axis;
use phonoscope_analysis::pca::{self, Scaling};
use phonoscope_analysis::regress::ols;
use serde_json::json;

use super::SCHEMA;
use crate::cli::{PcaArgs, RegressArgs};
use crate::commands::Context;
use crate::commands::matrix::{read_matrix, read_vector};
use crate::exit::{Exit, Usage};
use crate::output::columns;

pub(super) fn principal_components(args: &PcaArgs, context: &Context) -> anyhow::Result<Exit> {
    let x = read_matrix(&args.x)?;
    let scaling = if args.standardise {
        Scaling::Standardised
    } else {
        Scaling::Centred
    };
    let fit = pca::fit(x.view(), scaling)?;
    let shown = args.components.min(fit.components.len_of(Axis(0)));
    let cumulative = pca::cumulative(fit.explained_variance_ratio.view());
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
        context
            .printer
            .data(&serde_json::to_string_pretty(&document)?)?;
        return Ok(Exit::Done);
    }
    let mut rows = vec![
        ["component", "variance", "ratio", "cumulative"]
            .map(String::from)
            .into(),
    ];
    for (k, cumulative) in cumulative.iter().enumerate().take(shown) {
        rows.push(vec![
            format!("PC{}", k + 1),
            format!("{:.6}", fit.explained_variance[k]),
            format!("{:.4}", fit.explained_variance_ratio[k]),
            format!("{cumulative:.4}"),
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

pub(super) fn regression(args: &RegressArgs, context: &Context) -> anyhow::Result<Exit> {
    let (x, y) = (read_matrix(&args.x)?, read_vector(&args.y)?);
    if x.nrows() != y.len() {
        return Err(Usage::new(
            format!("--x has {} rows, --y has {}", x.nrows(), y.len()),
            "both must describe the same rows in the same order",
        )
        .into());
    }
    let fit = ols(x.view(), y.view())?;
    let name = |k: usize| {
        if k == 0 {
            "intercept".to_owned()
        } else {
            format!("x{k}")
        }
    };
    if args.json {
        let coefficients: Vec<_> = (0..fit.coefficients.len())
            .map(|k| {
                let predictor = k.checked_sub(1);
                json!({
                    "name": name(k),
                    "value": fit.coefficients[k],
                    "standard_error": fit.standard_errors[k],
                    "t": fit.t[k],
                    "p": fit.p[k],
                    "standardised": predictor.map(|j| fit.standardised[j]),
                    "vif": predictor.map(|j| fit.vif[j]),
                })
            })
            .collect();
        let document = json!({
            "schema": SCHEMA,
            "analysis": "regress",
            "n": x.nrows(),
            "predictors": x.ncols(),
            "r2": fit.r2,
            "adjusted_r2": fit.adjusted_r2,
            "loo_r2": fit.loo_r2,
            "f": fit.f,
            "f_p": fit.f_p,
            "residual_variance": fit.sigma2,
            "rss": fit.rss,
            "tss": fit.tss,
            "press": fit.press,
            "aic": fit.aic,
            "bic": fit.bic,
            "coefficients": coefficients,
            "leverage": fit.leverage.to_vec(),
        });
        context
            .printer
            .data(&serde_json::to_string_pretty(&document)?)?;
        return Ok(Exit::Done);
    }
    let heading = ["term", "value", "se", "t", "p", "standardised", "vif"];
    let mut rows = vec![heading.map(String::from).into()];
    for k in 0..fit.coefficients.len() {
        let of_predictor = |v: &ndarray::Array1<f64>| match k.checked_sub(1) {
            Some(j) => format!("{:.4}", v[j]),
            None => String::new(),
        };
        rows.push(vec![
            name(k),
            format!("{:.6}", fit.coefficients[k]),
            format!("{:.6}", fit.standard_errors[k]),
            format!("{:.3}", fit.t[k]),
            format!("{:.3e}", fit.p[k]),
            of_predictor(&fit.standardised),
            of_predictor(&fit.vif),
        ]);
    }
    let head = format!(
        "{} rows; R² {:.4}, adjusted {:.4}, leave-one-out {:.4}; F {:.2}, p {:.3e}\n",
        x.nrows(),
        fit.r2,
        fit.adjusted_r2,
        fit.loo_r2,
        fit.f,
        fit.f_p
    );
    context.printer.data(&(head + &columns(&rows)))?;
    Ok(Exit::Done)
}
