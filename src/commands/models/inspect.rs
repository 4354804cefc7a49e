//! `phonoscope models inspect`

use std::path::Path;

use phonoscope_models::{GraphSummary, Model, graph_of_file, inspect};
use serde_json::json;

use crate::cli::InspectArgs;
use crate::commands::Context;
use crate::commands::model_choice::load_model;
use crate::exit::Exit;
use crate::output::columns;

/// Raw values of a user's graph that are printed before the rest is only counted.
const SHOWN: usize = 60;

pub(super) fn run(args: &InspectArgs, context: &Context) -> anyhow::Result<Exit> {
    let (model, graph) = match load_model(&args.model, &args.choice, context) {
        Ok(model) => {
            let graph = model.graph.clone();
            (Some(model), graph)
        }
        // What is in a graph can be seen without knowing what it is fed.
        Err(error) if is_unfed(&error) => {
            context.printer.remark(&error.to_string());
            (None, graph_of_file(Path::new(&args.model))?)
        }
        Err(error) => return Err(error),
    };
    let summary = inspect(&graph).map_err(|e| match e {
        phonoscope_models::Error::NotOnnx { why, .. } => phonoscope_models::Error::NotOnnx {
            what: format!("`{}`", args.model),
            why,
        },
        other => other,
    })?;
    let text = if args.json {
        let of_model = model.as_ref().map(|m| {
            json!({
                "name": m.name,
                "source": m.source,
                "weights_sha256": m.weights_sha256,
                "front_end": m.front_end.describe(),
                "licence": m.licence,
                "citation": m.citation,
                "trained_on": m.trained_on,
                "embedding": m.embedding,
                "taps": m.taps,
            })
        });
        serde_json::to_string_pretty(&json!({
            "schema": "phonoscope.inspect/1",
            "model": of_model,
            "graph": summary,
        }))?
    } else {
        describe(model.as_ref(), &summary)
    };
    context.printer.data(&text)?;
    Ok(Exit::Done)
}

fn is_unfed(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref(),
        Some(phonoscope_models::Error::NoFrontEnd { .. })
    )
}

fn describe(model: Option<&Model>, graph: &GraphSummary) -> String {
    let mut text = String::new();
    let mut facts = vec![];
    let mut fact = |what: &str, words: String| facts.push(vec![what.to_owned(), words]);
    if let Some(m) = model {
        fact("model", m.name.clone());
        fact("from", m.source.clone());
        fact("licence", m.licence.clone());
        fact("trained on", m.trained_on.clone());
        fact("cite", m.citation.clone());
        fact("front end", m.front_end.describe());
    }
    let opsets: Vec<String> = graph
        .opsets
        .iter()
        .map(|(d, v)| format!("{d} {v}"))
        .collect();
    fact(
        "parameters",
        format!(
            "{:.2} M in {:.1} MB",
            graph.parameters as f64 / 1e6,
            graph.bytes as f64 / 1e6
        ),
    );
    fact("operator sets", opsets.join(", "));
    for (what, ports) in [("input", &graph.inputs), ("output", &graph.outputs)] {
        for port in ports {
            let shape = port
                .shape
                .as_ref()
                .map(|s| s.join(", "))
                .unwrap_or_else(|| "?".into());
            let element = port.element.as_deref().unwrap_or("");
            fact(what, format!("{} {element} [{shape}]", port.name));
        }
    }
    let mut operators: Vec<(&String, &usize)> = graph.operators.iter().collect();
    operators.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let operators: Vec<String> = operators.iter().map(|(o, n)| format!("{o} {n}")).collect();
    fact("operators", operators.join(", "));
    text.push_str(&columns(&facts));
    text.push('\n');
    let mut rows = vec![["tap", "axes", "meaning"].map(String::from).to_vec()];
    match model {
        Some(m) => rows.extend(m.taps.iter().map(|t| {
            let axes: Vec<String> = t
                .axes
                .iter()
                .map(|a| format!("{a:?}").to_lowercase())
                .map(|a| {
                    if a == "dim" {
                        t.dim.map_or(a, |d| d.to_string())
                    } else {
                        a
                    }
                })
                .collect();
            vec![
                t.name.clone(),
                format!("[{}]", axes.join(", ")),
                t.meaning.clone(),
            ]
        })),
        None => rows.extend(graph.values.iter().take(SHOWN).map(|v| {
            let shape = v
                .shape
                .as_ref()
                .map(|s| s.join(", "))
                .unwrap_or_else(|| "?".into());
            vec![
                v.name.clone(),
                format!("[{shape}]"),
                "value of the graph, by its raw name".into(),
            ]
        })),
    }
    text.push_str(&columns(&rows));
    if model.is_none() && graph.values.len() > SHOWN {
        text.push_str(&format!(
            "… and {} more; --json lists all\n",
            graph.values.len() - SHOWN
        ));
    }
    text
}
