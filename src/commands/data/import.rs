//! `phonoscope data import`

use phonoscope_datasets::corpora::{CorpusKind, import};

use super::SHOWN;
use crate::cli::ImportArgs;
use crate::commands::Context;
use crate::exit::Exit;

pub(super) fn run(args: &ImportArgs, context: &Context) -> anyhow::Result<Exit> {
    let kind: CorpusKind = args.kind.parse()?;
    let imported = import(kind, &args.dir, &context.task)?;
    imported.manifest.write(&args.out)?;
    let (n, out) = (imported.manifest.utterances.len(), args.out.display());
    context
        .printer
        .remark(&format!("{n} utterances in `{out}`"));
    for note in &imported.notes {
        context.printer.remark(&format!("note: {note}"));
    }
    for skipped in imported.skipped.iter().take(SHOWN) {
        let line = skipped
            .line
            .map(|l| format!(" line {l}"))
            .unwrap_or_default();
        context.printer.remark(&format!(
            "skipped `{}`{line}: {}",
            skipped.path, skipped.reason
        ));
    }
    if let Some(more) = imported.skipped.len().checked_sub(SHOWN).filter(|n| *n > 0) {
        context
            .printer
            .remark(&format!("… and {more} more skipped"));
    }
    Ok(Exit::Done)
}
