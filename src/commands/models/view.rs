//! A model as the Model screen shows it.

use std::path::Path;

use phonoscope_models::map::{layer_map, layer_map_of};
use phonoscope_models::wire::survey;
use phonoscope_models::{
    Catalogue, Error, FileChoice, FileGraph, GraphBytes, LayerMap, Model, graph_of_file, inspect,
    load, load_file, unpacked_in_words,
};

use crate::commands::Context;
use crate::tui::ModelView;

/// Reads a model of the catalogue (fetched if need be) or a file.
pub(crate) fn view(name: &str, context: &Context) -> anyhow::Result<ModelView> {
    let path = Path::new(name);
    if Catalogue::builtin()?.get(name).is_err() && path.is_file() {
        return of_file(name, path);
    }
    let model = load(name, &context.cache(), context.network(), &context.task)?;
    let mut view = of_model(name, &model)?;
    view.notes.extend(unpacked_in_words(&model.unpacked));
    Ok(view)
}

/// Samples a second that every front end works at.
const RATE: f64 = phonoscope_analysis::frontend::SAMPLE_RATE_HZ as f64;

fn of_model(name: &str, model: &Model) -> anyhow::Result<ModelView> {
    let map = layer_map_of(&survey(model.graph.bytes())?, &model.taps);
    let mut facts = vec![
        fact("from", &model.source),
        fact("front end", &model.front_end.describe()),
        fact("licence", &model.licence),
        fact("trained on", &model.trained_on),
        fact("cite", &model.citation),
    ];
    facts.extend(of_graph(&model.graph)?);
    facts.retain(|(_, words)| !words.is_empty());
    let step_secs = Some(model.front_end.step_samples() as f64 / RATE);
    Ok(shown(name, facts, step_secs, map))
}

fn of_file(name: &str, path: &Path) -> anyhow::Result<ModelView> {
    match load_file(path, &FileChoice::default()) {
        Ok(loaded) => {
            let mut view = of_model(name, &loaded.model)?;
            view.notes.splice(..0, loaded.remarks);
            Ok(view)
        }
        // What is in a graph can be seen without knowing what it is fed.
        Err(unfed @ Error::NoFrontEnd { .. }) => {
            let FileGraph { graph, unpacked } = graph_of_file(path)?;
            let map = layer_map(&survey(graph.bytes())?);
            let mut view = shown(name, of_graph(&graph)?, None, map);
            view.notes.insert(0, unfed.to_string());
            view.notes.extend(unpacked_in_words(&unpacked));
            Ok(view)
        }
        Err(other) => Err(other.into()),
    }
}

fn shown(
    name: &str,
    facts: Vec<(String, String)>,
    step_secs: Option<f64>,
    map: LayerMap,
) -> ModelView {
    ModelView {
        name: name.to_owned(),
        facts,
        blocks: map.blocks,
        taps: map.taps,
        step_secs,
        unreachable: map.unreachable,
        notes: map.notes,
    }
}

fn fact(what: &str, words: &str) -> (String, String) {
    (what.to_owned(), words.to_owned())
}

fn of_graph(graph: &GraphBytes) -> anyhow::Result<Vec<(String, String)>> {
    let summary = inspect(graph)?;
    let port = |port: &phonoscope_models::summary::Port| {
        let shape = port.shape.as_ref().map_or("?".into(), |s| s.join(", "));
        format!("{} [{shape}]", port.name)
    };
    let ports = |ports: &[phonoscope_models::summary::Port]| {
        ports.iter().map(port).collect::<Vec<_>>().join(", ")
    };
    Ok(vec![
        fact("inputs", &ports(&summary.inputs)),
        fact("outputs", &ports(&summary.outputs)),
        fact(
            "size",
            &format!(
                "{:.2} M weights in {:.1} MB",
                summary.parameters as f64 / 1e6,
                summary.bytes as f64 / 1e6
            ),
        ),
    ])
}
