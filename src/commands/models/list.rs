//! `phonoscope models list`

use phonoscope_models::{Catalogue, Entry, Network, load};
use serde_json::json;

use crate::cli::ListArgs;
use crate::commands::Context;
use crate::exit::Exit;
use crate::output::columns;

pub(super) fn run(args: &ListArgs, context: &Context) -> anyhow::Result<Exit> {
    let catalogue = Catalogue::builtin()?;
    let cache = context.cache();
    let here = |e: &Entry| load(&e.name, &cache, Network::Offline, &context.task).is_ok();
    if args.json {
        let entries: Vec<_> = catalogue
            .entries()
            .iter()
            .map(|e| Ok(json!({ "in_cache": here(e), "entry": serde_json::to_value(e)? })))
            .collect::<anyhow::Result<_>>()?;
        context
            .printer
            .data(&serde_json::to_string_pretty(&entries)?)?;
        return Ok(Exit::Done);
    }
    let heading = ["model", "in cache", "fetch", "licence", "what it is"];
    let mut rows = vec![heading.map(String::from).to_vec()];
    for entry in catalogue.entries() {
        rows.push(vec![
            entry.name.clone(),
            if here(entry) { "yes" } else { "no" }.into(),
            format!("{:.0} MB", entry.weights.bytes as f64 / 1e6),
            entry.licence.clone(),
            entry.summary.clone(),
        ]);
    }
    context.printer.data(&columns(&rows))?;
    Ok(Exit::Done)
}
