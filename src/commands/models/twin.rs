//! `phonoscope models twin`

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use phonoscope_analysis::file::write_atomic;
use phonoscope_models::twin::{Reason, Twin, twin_beside};
use phonoscope_models::wire::survey;
use phonoscope_models::{Card, Catalogue, GraphBytes, TwinKind, graph_of_file, load};

use crate::cli::{TwinArgs, TwinChoice};
use crate::commands::{Context, command_line};
use crate::exit::{Exit, Usage};

/// Tensors whose keeping is told one by one.
const TOLD: usize = 8;

pub(super) fn run(args: &TwinArgs, context: &Context) -> anyhow::Result<Exit> {
    let original = Original::read(&args.model, context)?;
    original.refuse_overwriting(&args.out)?;
    let kind = match args.kind {
        TwinChoice::Redrawn => TwinKind::Redrawn,
        TwinChoice::Permuted => TwinKind::Permuted,
    };
    let made = twin_beside(&original.graph, original.folder.as_deref(), kind, args.seed)?;
    let card = original.card.as_ref().map(|card| card_of(card, &made));
    let beside = Card::beside(&args.out);
    if card.is_some() {
        refuse_other_file(&beside)?;
    }
    context.task.check()?;
    write_whole(&args.out, made.graph.bytes())?;
    tell(&made, args, context);
    let words = [
        "phonoscope",
        "extract",
        "--model",
        &args.out.to_string_lossy(),
        "--data",
    ];
    let line = command_line(&words.map(str::to_owned));
    match card {
        Some(card) => {
            write_whole(&beside, card.to_toml()?.as_bytes())?;
            let card = beside.display();
            context.printer.remark(&format!(
                "use it: {line} MANIFEST --out RUN; `{card}` says what it is fed"
            ));
        }
        None => context.printer.remark(&format!(
            "use it: {line} MANIFEST --out RUN, with the options that `{}` needs",
            args.model
        )),
    }
    Ok(Exit::Done)
}

/// What is known of the original, said of its twin.
fn card_of(original: &Card, made: &Twin) -> Card {
    let (kind, seed) = (made.kind, made.seed);
    Card {
        name: original
            .name
            .as_ref()
            .map(|name| format!("{name} ({kind}, seed {seed})")),
        trained_on: Some(format!("nothing: weights {kind}")),
        ..original.clone()
    }
}

/// Refuses to write a card over a file that is no card.
fn refuse_other_file(card: &Path) -> anyhow::Result<()> {
    if card.exists() && Card::read(card).is_err() {
        return Err(Usage::new(
            format!("`{}` is in the way of the twin's card", card.display()),
            "give --out another path; the card lies beside it",
        )
        .into());
    }
    Ok(())
}

/// The network that a twin is made of.
struct Original {
    graph: GraphBytes,
    /// Files that must not be written to.
    files: Vec<PathBuf>,
    /// Folder of the files that hold weights, where they are not in the graph.
    folder: Option<PathBuf>,
    /// What is known of it.
    card: Option<Card>,
}

impl Original {
    fn read(name: &str, context: &Context) -> anyhow::Result<Self> {
        let path = Path::new(name);
        let named = Catalogue::builtin()?.get(name).is_ok();
        if named || !path.is_file() {
            let model = load(name, &context.cache(), context.network(), &context.task)?;
            return Ok(Self {
                card: Some(Card::of(&model)),
                graph: model.graph,
                files: vec![],
                folder: model.weights_dir,
            });
        }
        let graph = graph_of_file(path)?.graph;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let beside = survey(graph.bytes())?.initializers;
        let beside = beside.iter().filter_map(|tensor| tensor.external.as_ref());
        let mut files: Vec<PathBuf> = beside.map(|file| folder.join(file)).collect();
        let card = Card::beside(path);
        files.extend([path.to_path_buf(), card.clone()]);
        Ok(Self {
            graph,
            files,
            folder: Some(folder),
            card: card.is_file().then(|| Card::read(&card)).transpose()?,
        })
    }

    /// Refuses to write over a file of the model's, be it with the twin or with its card.
    fn refuse_overwriting(&self, out: &Path) -> anyhow::Result<()> {
        for written in [out.to_path_buf(), Card::beside(out)] {
            let Ok(written) = written.canonicalize() else {
                continue;
            };
            let same = |file: &&PathBuf| file.canonicalize().is_ok_and(|file| file == written);
            if let Some(file) = self.files.iter().find(same) {
                return Err(Usage::new(
                    format!("`{}` belongs to the model itself", file.display()),
                    "give --out another path",
                )
                .into());
            }
        }
        Ok(())
    }
}

fn write_whole(out: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_atomic::<io::Error>(out, |file| file.write_all(bytes)).map_err(|e| {
        let hint = "give --out a path in a folder that exists and can be written";
        Usage::new(format!("cannot write `{}`: {e}", out.display()), hint).into()
    })
}

fn tell(made: &Twin, args: &TwinArgs, context: &Context) {
    let remark = |words: &str| context.printer.remark(words);
    remark(&format!(
        "{} twin of `{}`, seed {}, in `{}`: {} tensors with {:.2} M numbers drawn anew, {} kept",
        made.kind,
        args.model,
        made.seed,
        args.out.display(),
        made.redrawn,
        made.redrawn_elements as f64 / 1e6,
        made.kept.len()
    ));
    if !made.levelled.is_empty() {
        remark(&format!(
            "{} of them were set to their mean, because they must stay positive",
            made.levelled.len()
        ));
    }
    let told = |reason: &Reason| !matches!(reason, Reason::Steering | Reason::Scalar);
    let kept: Vec<_> = made.kept.iter().filter(|kept| told(&kept.reason)).collect();
    for kept in kept.iter().take(TOLD) {
        remark(&format!(
            "kept `{}` ({} numbers): {}",
            kept.name, kept.elements, kept.reason
        ));
    }
    if kept.len() > TOLD {
        remark(&format!("… and {} more", kept.len() - TOLD));
    }
}
