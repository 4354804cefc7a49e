//! `phonoscope extract`

use std::path::Path;
use std::sync::Arc;

use phonoscope_datasets::Manifest;
use phonoscope_models::{Model, Tap};
use phonoscope_probes::extract::{
    Alignments, ExtractSettings, Extracted, Rows, SpanKind, extract, select_taps,
};
use phonoscope_probes::report::Status;
use phonoscope_probes::store::TwinUsed;

use super::Context;
use super::model_choice::load_model;
use crate::cli::{ExtractArgs, RowArgs};
use crate::exit::Exit;

/// Items in a shard: small enough that an interruption costs seconds, large enough that shards stay
/// few.
const SHARD_ITEMS: usize = 64;

pub(super) fn run(args: &ExtractArgs, context: &Context) -> anyhow::Result<Exit> {
    let model = load_model(&args.model, &args.choice, context)?;
    let (model, twin) = match args.twin {
        None => (model, None),
        Some(kind) => {
            let twin = TwinUsed {
                kind: kind.to_string(),
                seed: args.twin_seed,
            };
            (model.twin(kind, args.twin_seed)?, Some(twin))
        }
    };
    let manifest = Manifest::read(&args.data)?;
    let rows = rows(&args.rows, &manifest)?;
    let taps = select_taps(&model, &args.taps, rows.kind())?;
    let asked = Asked {
        manifest,
        taps,
        rows,
        twin,
        sessions: args.sessions,
    };
    let done = into_folder(&model, &args.data, asked, &args.out, context)?;
    tell(&done, &args.out, context);
    let failed = done.trust.checks.iter().any(|c| c.status == Status::Fail);
    Ok(if failed { Exit::Threshold } else { Exit::Done })
}

/// What one row of the run is, with the alignments that it needs.
fn rows(args: &RowArgs, manifest: &Manifest) -> anyhow::Result<Rows> {
    let alignments = match (&args.alignments, args.spans) {
        (Some(path), _) => Some(Alignments::open(path)?),
        (None, SpanKind::Word | SpanKind::Phone) => Some(Alignments::beside(manifest)),
        (None, SpanKind::Utterance | SpanKind::Segment) => None,
    };
    Ok(Rows::new(
        args.spans,
        alignments.map(Arc::new),
        args.frames,
    )?)
}

/// What of a model is extracted, and from what.
pub(super) struct Asked {
    pub(super) manifest: Manifest,
    pub(super) taps: Vec<Tap>,
    pub(super) rows: Rows,
    pub(super) twin: Option<TwinUsed>,
    pub(super) sessions: Option<usize>,
}

/// Extracts what is asked of `model` over the manifest, which was read from `data`, into the run folder `out`.
pub(super) fn into_folder(
    model: &Model,
    data: &Path,
    asked: Asked,
    out: &Path,
    context: &Context,
) -> anyhow::Result<Extracted> {
    let engine = context.engine()?;
    let settings = ExtractSettings {
        taps: asked.taps,
        rows: asked.rows,
        twin: asked.twin,
        sessions: asked.sessions.unwrap_or_else(cores),
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
        &asked.manifest,
        &name,
        &settings,
        out,
        &context.task,
    )?)
}

/// Says what an extraction did, skipped items included, and how far it can be trusted.
pub(super) fn tell(done: &Extracted, out: &Path, context: &Context) {
    let c = &done.trust.coverage;
    let resumed = match done.resumed {
        0 => String::new(),
        n => format!(", {n} of them from an earlier start"),
    };
    let spans = c.spans.as_ref().map_or_else(String::new, |s| {
        let skipped: usize = s.skipped.values().sum();
        format!(", {} {}s ({skipped} left out)", s.used, s.kind)
    });
    context.printer.remark(&format!(
        "{} of {} items in `{}`{spans}{resumed}",
        c.used,
        c.items,
        out.display()
    ));
    for skipped in c.skipped.iter().take(10) {
        context
            .printer
            .caution(&format!("skipped `{}`: {}", skipped.id, skipped.reason));
    }
    if c.skipped.len() > 10 {
        context.printer.caution(&format!(
            "… and {} more; `{}` lists all",
            c.skipped.len() - 10,
            out.join("items.tsv").display()
        ));
    }
    for (reason, n) in c.spans.iter().flat_map(|s| &s.skipped) {
        context
            .printer
            .caution(&format!("{n} spans left out: {reason}"));
    }
    for check in &done.trust.checks {
        let line = format!("{} {}: {}", sign(check.status), check.id, check.verdict);
        match check.status {
            Status::Pass | Status::NotRun => context.printer.remark(&line),
            Status::Warn | Status::Fail => context.printer.caution(&line),
        }
    }
}

/// Never by colour alone.
fn sign(status: Status) -> char {
    match status {
        Status::Pass => '✓',
        Status::Warn => '!',
        Status::Fail => '✗',
        Status::NotRun => '–',
    }
}

/// Cores that this process may use.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
