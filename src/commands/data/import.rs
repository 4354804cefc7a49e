//! `phonoscope data import`

use phonoscope_datasets::corpora::{CorpusKind, ImportSettings, Microphone, import_with};

use super::SHOWN;
use crate::cli::ImportArgs;
use crate::commands::Context;
use crate::exit::Exit;

pub(super) fn run(args: &ImportArgs, context: &Context) -> anyhow::Result<Exit> {
    // Without --list the three are required: clap sees to it.
    let (Some(kind), Some(dir), Some(out)) = (&args.kind, &args.dir, &args.out) else {
        context.printer.data(&layouts())?;
        return Ok(Exit::Done);
    };
    let kind: CorpusKind = kind.parse()?;
    let settings = ImportSettings {
        root: args.root.clone(),
        microphone: match args.mic.as_str() {
            "2" => Microphone::Second,
            _ => Microphone::First,
        },
    };
    let imported = import_with(kind, dir, &settings, &context.task)?;
    imported.manifest.write(out)?;
    let (n, out) = (imported.manifest.utterances.len(), out.display());
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

/// Every layout in words.
fn layouts() -> String {
    let layout = |kind: CorpusKind| format!("{kind}\n    {}\n", kind.layout());
    CorpusKind::ALL.map(layout).concat()
}
