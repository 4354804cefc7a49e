//! `phonoscope extract`

use std::path::Path;

use phonoscope_datasets::Manifest;
use phonoscope_models::Model;
use phonoscope_probes::extract::{ExtractSettings, Extracted, extract, select_taps};

use super::Context;
use super::model_choice::load_model;
use crate::cli::ExtractArgs;
use crate::exit::Exit;

/// Items in a shard: small enough that an interruption costs seconds, large enough that shards stay
/// few.
const SHARD_ITEMS: usize = 64;

pub(super) fn run(args: &ExtractArgs, context: &Context) -> anyhow::Result<Exit> {
    let model = load_model(&args.model, &args.choice, context)?;
    let done = into_folder(
        &model,
        &args.data,
        &args.taps,
        args.sessions,
        &args.out,
        context,
    )?;
    tell(&done, &args.out, context);
    Ok(Exit::Done)
}

/// Extracts taps of `model` over the manifest at `data` into the run folder `out`.
pub(super) fn into_folder(
    model: &Model,
    data: &Path,
    taps: &[String],
    sessions: Option<usize>,
    out: &Path,
    context: &Context,
) -> anyhow::Result<Extracted> {
    let manifest = Manifest::read(data)?;
    let engine = context.engine()?;
    let settings = ExtractSettings {
        taps: select_taps(model, taps)?,
        sessions: sessions.unwrap_or_else(cores),
        shard_items: SHARD_ITEMS,
        second_opinion: context.other_engine(engine.as_ref()),
    };
    let name = data
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    Ok(extract(
        model,
        engine.as_ref(),
        &manifest,
        &name,
        &settings,
        out,
        &context.task,
    )?)
}

/// Says what an extraction did, skipped items included.
pub(super) fn tell(done: &Extracted, out: &Path, context: &Context) {
    let c = &done.coverage;
    let resumed = match done.resumed {
        0 => String::new(),
        n => format!(", {n} of them from an earlier start"),
    };
    context.printer.remark(&format!(
        "{} of {} items in `{}`{resumed}",
        c.used,
        c.items,
        out.display()
    ));
    for skipped in c.skipped.iter().take(10) {
        context
            .printer
            .remark(&format!("skipped `{}`: {}", skipped.id, skipped.reason));
    }
    if c.skipped.len() > 10 {
        context.printer.remark(&format!(
            "… and {} more; `{}` lists all",
            c.skipped.len() - 10,
            out.join("items.tsv").display()
        ));
    }
}

/// Cores that this process may use.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
