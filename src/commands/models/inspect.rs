//! `phonoscope models inspect`

use std::path::Path;

use phonoscope_analysis::frontend::FrontEnd;
use phonoscope_models::engine::{EngineChoice, open_engine};
use phonoscope_models::map::{confirm, layer_map, layer_map_of};
use phonoscope_models::{
    Axis, Confirmed, FileGraph, GraphSummary, LayerMap, Model, Network, graph_of_file, inspect,
    unpacked_in_words, wire,
};
use serde_json::json;

use super::tree::{Clock, Folding, amount, tree, wrapped};
use crate::cli::InspectArgs;
use crate::commands::Context;
use crate::commands::model_choice::load_model;
use crate::exit::Exit;

/// Width of the labels of facts.
const LABEL: usize = 15;
/// Unreachable values that are listed before the rest is only counted.
const SHOWN: usize = 8;
/// Values of a graph without known layers that are shown.
const RAW: usize = 60;

/// What is known of a model after inspection.
struct Inspected {
    model: Option<Model>,
    /// Branches that are always taken and part of the graph now.
    unpacked: Vec<String>,
    summary: GraphSummary,
    map: LayerMap,
    run: Result<Confirmed, String>,
}

pub(super) fn run(args: &InspectArgs, context: &Context) -> anyhow::Result<Exit> {
    let found = examine(args, context)?;
    let text = if args.json {
        let of_model = found.model.as_ref().map(|m| {
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
            "graph": found.summary,
            "unpacked": found.unpacked,
            "map": found.map,
            "dry_run": match &found.run {
                Ok(run) => json!(run),
                Err(why) => json!({ "not_run": why }),
            },
        }))?
    } else {
        describe(
            &found,
            if args.all {
                Folding::None
            } else {
                Folding::Alike
            },
        )
    };
    context.printer.data(&text)?;
    Ok(Exit::Done)
}

fn examine(args: &InspectArgs, context: &Context) -> anyhow::Result<Inspected> {
    let (model, graph, unpacked, unfed) = match load_model(&args.model, &args.choice, context) {
        Ok(model) => {
            let graph = model.graph.clone();
            let unpacked = model.unpacked.clone();
            (Some(model), graph, unpacked, String::new())
        }
        // What is in a graph can be seen without knowing what it is fed.
        Err(error) if is_unfed(&error) => {
            let FileGraph { graph, unpacked } = graph_of_file(Path::new(&args.model))?;
            (None, graph, unpacked, error.to_string())
        }
        Err(error) => return Err(error),
    };
    let named_error = |e| match e {
        phonoscope_models::Error::NotOnnx { why, .. } => phonoscope_models::Error::NotOnnx {
            what: format!("`{}`", args.model),
            why,
        },
        other => other,
    };
    let summary = inspect(&graph).map_err(named_error)?;
    let survey = wire::survey(graph.bytes()).map_err(named_error)?;
    let mut map = match &model {
        Some(model) => layer_map_of(&survey, &model.taps),
        None => layer_map(&survey),
    };
    // Of raw values only the first are kept.
    if map.blocks.is_empty() {
        map.taps.truncate(RAW);
    }
    let run = match &model {
        _ if args.no_run => Err("left out (--no-run)".to_owned()),
        Some(model) => dry_run(model, &map, context),
        None => Err(unfed),
    };
    if let Ok(run) = &run {
        for (tap, checked) in map.taps.iter_mut().zip(&run.taps) {
            tap.clone_from(&checked.tap);
        }
    }
    Ok(Inspected {
        model,
        unpacked,
        summary,
        map,
        run,
    })
}

fn is_unfed(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref(),
        Some(phonoscope_models::Error::NoFrontEnd { .. })
    )
}

/// Runs the model with an engine that is here; nothing is fetched for it.
fn dry_run(model: &Model, map: &LayerMap, context: &Context) -> Result<Confirmed, String> {
    let choice: EngineChoice = context.global.engine.parse().map_err(said)?;
    let engine =
        open_engine(choice, &context.cache(), Network::Offline, &context.task).map_err(said)?;
    confirm(model, map, engine.as_ref(), &context.task.cancel).map_err(said)
}

fn said(error: phonoscope_models::Error) -> String {
    error.to_string()
}

fn describe(found: &Inspected, folding: Folding) -> String {
    let Inspected {
        model,
        unpacked,
        summary,
        map,
        run,
    } = found;
    let mut text = String::new();
    let mut fact = |what: &str, words: &str| {
        if !words.is_empty() {
            text.push_str(&wrapped(what, LABEL, words));
        }
    };
    if let Some(m) = model {
        fact("model", &m.name);
        fact("from", &m.source);
        fact("licence", &m.licence);
        fact("trained on", &m.trained_on);
        fact("cite", &m.citation);
        fact("front end", &m.front_end.describe());
    }
    let size = format!(
        "{} in {:.1} MB",
        amount(summary.parameters),
        summary.bytes as f64 / 1e6
    );
    fact("parameters", &size);
    let opsets: Vec<String> = summary
        .opsets
        .iter()
        .map(|(d, v)| format!("{d} {v}"))
        .collect();
    fact("operator sets", &opsets.join(", "));
    for (what, ports) in [("input", &summary.inputs), ("output", &summary.outputs)] {
        for port in ports {
            let shape = port.shape.as_ref().map_or("?".into(), |s| s.join(", "));
            let element = port.element.as_deref().unwrap_or("");
            let mapped = map
                .inputs
                .iter()
                .find(|input| what == "input" && input.name == port.name);
            let meaning = mapped.map_or(String::new(), |input| {
                let axes: Vec<String> = input
                    .axes
                    .iter()
                    .map(|axis| format!("{axis:?}").to_lowercase())
                    .collect();
                let axes = if axes.is_empty() {
                    String::new()
                } else {
                    format!(" [{}]", axes.join(", "))
                };
                format!(": {}{axes}", input.meaning)
            });
            fact(what, &format!("{} {element} [{shape}]{meaning}", port.name));
        }
    }
    let mut operators: Vec<(&String, &usize)> = summary.operators.iter().collect();
    operators.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let operators: Vec<String> = operators.iter().map(|(o, n)| format!("{o} {n}")).collect();
    fact("operators", &operators.join(", "));
    match run {
        Ok(run) => {
            fact("dry run", &told(run));
            if let Some(words) = pieces(model.as_ref(), run) {
                fact("", &words);
            }
        }
        Err(why) => fact("dry run", &format!("not run: {why}")),
    }
    if let Some(words) = unpacked_in_words(unpacked) {
        fact("unpacked", &words);
    }
    for note in &map.notes {
        fact("note", note);
    }
    for hidden in map.unreachable.iter().take(SHOWN) {
        fact("out of reach", &format!("{}: {}", hidden.name, hidden.why));
    }
    if map.unreachable.len() > SHOWN {
        let more = map.unreachable.len() - SHOWN;
        fact("", &format!("… and {more} more; --json lists all"));
    }
    let checked = run
        .as_ref()
        .map(|run| run.taps.as_slice())
        .unwrap_or_default();
    let clock = clock(model.as_ref(), map);
    let layers = tree(map, checked, clock, folding);
    if !layers.is_empty() {
        text.push('\n');
        text.push_str(&layers);
        if clock == Clock::Steps {
            text.push_str("stride and what a step sees are in steps of the input\n");
        }
    }
    text.push('\n');
    let values = format!(
        "{} values can be read out by their raw names; --json lists them",
        summary.values.len()
    );
    text.push_str(&wrapped("", 0, &values));
    text
}

fn told(run: &Confirmed) -> String {
    let [agreed, corrected, unseen] = run.counts();
    let reason = run.taps.iter().find_map(|checked| match &checked.outcome {
        phonoscope_models::Outcome::NotSeen { why } => Some(why),
        _ => None,
    });
    let steps: Vec<String> = run.steps.iter().map(ToString::to_string).collect();
    let mut words = match steps.is_empty() {
        true => format!("{} failed", run.engine),
        false => format!(
            "{} on noise of {} input steps: {agreed} taps as mapped, {corrected} corrected, \
             {unseen} not seen",
            run.engine,
            steps.join(" and "),
        ),
    };
    if let Some(why) = reason {
        words.push_str(&format!(" ({})", why.lines().next().unwrap_or_default()));
    }
    words
}

/// What to try where a network that is fed waveforms refuses them.
fn pieces(model: Option<&Model>, run: &Confirmed) -> Option<String> {
    let whole = model.is_some_and(|model| {
        matches!(&model.front_end, FrontEnd::Waveform(settings) if settings.windows.is_none())
    });
    (whole && run.steps.is_empty()).then(|| {
        "if it takes pieces of one length, say so: --front-end '{ kind = \"waveform\", windows = { samples = 576, \
         hop_samples = 512, short = \"zeros\" } }' with its own numbers"
            .to_owned()
    })
}

/// How long an input step lasts: as the front end says, or a sample where the input is a waveform.
fn clock(model: Option<&Model>, map: &LayerMap) -> Clock {
    if let Some(model) = model {
        return Clock::Samples(model.front_end.step_samples() as f64);
    }
    let features = map
        .inputs
        .iter()
        .find(|input| input.axes.contains(&Axis::Time));
    let is_waveform = features.is_some_and(|input| {
        matches!(input.axes.as_slice(), [_, Axis::Time] | [Axis::Time])
            && input.meaning.contains("waveform")
    });
    match is_waveform {
        true => Clock::Samples(1.0),
        false => Clock::Steps,
    }
}
