//! `phonoscope models list`

use phonoscope_models::catalogue::Weights;
use phonoscope_models::{Cache, Catalogue, Entry, Presence, Standing, presence};
use serde_json::{Value, json};

use crate::cli::ListArgs;
use crate::commands::Context;
use crate::exit::Exit;
use crate::output::columns;

/// What `--json` prints.
const SCHEMA: &str = "phonoscope.models/1";

pub(super) fn run(args: &ListArgs, context: &Context) -> anyhow::Result<Exit> {
    let catalogue = Catalogue::builtin()?;
    let cache = context.cache();
    let entries = catalogue.entries();
    let text = if args.json {
        let models: Vec<Value> = entries.iter().map(|e| described(e, &cache)).collect();
        serde_json::to_string_pretty(&json!({ "schema": SCHEMA, "models": models }))?
    } else {
        table(entries, &cache)
    };
    context.printer.data(&text)?;
    Ok(Exit::Done)
}

fn here(entry: &Entry, cache: &Cache) -> bool {
    presence(entry, cache) == Presence::Here
}

fn described(entry: &Entry, cache: &Cache) -> Value {
    json!({
        "name": entry.name,
        "task": entry.task,
        "summary": entry.summary,
        "standing": entry.standing(),
        "cached": here(entry, cache),
        "fetch_bytes": entry.weights.download_bytes(),
        "licence": entry.licence,
        "citation": entry.citation,
        "trained_on": entry.trained_on,
        "layers": entry.layers,
        "front_end": entry.front_end,
        "inputs": entry.inputs,
        "embedding": entry.embedding,
        "taps": entry.tap_names(),
        "taps_from_layer_map": entry.map,
        "weights": entry.weights,
    })
}

fn table(entries: &[Entry], cache: &Cache) -> String {
    let mut text = String::new();
    let groups = [
        (
            Standing::Checked,
            "From packages of the Python index, by pinned hash, or inside the program; checked against \
             references",
        ),
        (
            Standing::UntestedHere,
            "From a model hub or your own export (`models pull NAME --from FILE|FOLDER|ADDRESS`): \
             untested here",
        ),
    ];
    for (standing, title) in groups {
        let heading = ["model", "cached", "fetch", "licence", "what it is"];
        let mut rows = vec![heading.map(String::from).to_vec()];
        for entry in entries.iter().filter(|e| e.standing() == standing) {
            let fetch = match (&entry.weights, entry.weights.download_bytes()) {
                (Weights::Hub(hub), _) => hub.repository.clone(),
                (Weights::Shipped(_), _) => "inside".to_owned(),
                (_, Some(bytes)) => format!("{:.0} MB", bytes as f64 / 1e6),
                (_, None) => "?".to_owned(),
            };
            rows.push(vec![
                entry.name.clone(),
                if here(entry, cache) { "yes" } else { "no" }.into(),
                fetch,
                entry.licence.clone(),
                entry.summary.clone(),
            ]);
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{title}\n{}", columns(&rows)));
    }
    text
}
