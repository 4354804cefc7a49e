//! `phonoscope models pull`

use phonoscope_models::{Catalogue, Entry, load};

use crate::cli::PullArgs;
use crate::commands::Context;
use crate::exit::Exit;

pub(super) fn run(args: &PullArgs, context: &Context) -> anyhow::Result<Exit> {
    let catalogue = Catalogue::builtin()?;
    let entries: Vec<&Entry> = args
        .names
        .iter()
        .map(|n| catalogue.get(n))
        .collect::<Result<_, _>>()?;
    for entry in entries {
        let model = load(
            &entry.name,
            &context.cache(),
            context.network(),
            &context.task,
        )?;
        context.printer.remark(&format!(
            "{}: {} taps, graph {}",
            model.name,
            model.taps.len(),
            short(model.graph.sha256())
        ));
    }
    Ok(Exit::Done)
}

/// The first digits of a hash.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
