//! `phonoscope models twin`

use std::io::Write as _;
use std::path::{Path, PathBuf};

use phonoscope_analysis::frontend::FrontEnd;
use phonoscope_models::twin::{Reason, Twin, twin_beside};
use phonoscope_models::wire::survey;
use phonoscope_models::{Catalogue, GraphBytes, TwinKind, load, ort_format};

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
    context.task.check()?;
    write_atomically(&args.out, made.graph.bytes())?;
    tell(&made, args, context);
    let fed = original.front_end.as_ref().and_then(kind_of);
    let words = [
        "phonoscope",
        "extract",
        "--model",
        &args.out.to_string_lossy(),
        "--front-end",
        fed.as_deref().unwrap_or("KIND"),
        "--data",
        "MANIFEST",
        "--out",
        "RUN",
    ];
    let line = command_line(&words.map(str::to_owned));
    context.printer.remark(&format!("use it: {line}"));
    Ok(Exit::Done)
}

/// The network that a twin is made of.
struct Original {
    graph: GraphBytes,
    /// Files that must not be written to.
    files: Vec<PathBuf>,
    /// Folder of the files that hold weights, where they are not in the graph.
    folder: Option<PathBuf>,
    front_end: Option<FrontEnd>,
}

impl Original {
    fn read(name: &str, context: &Context) -> anyhow::Result<Self> {
        let path = Path::new(name);
        let named = Catalogue::builtin()?.get(name).is_ok();
        if named || !path.is_file() {
            let model = load(name, &context.cache(), context.network(), &context.task)?;
            return Ok(Self {
                graph: model.graph,
                files: vec![],
                folder: model.weights_dir,
                front_end: Some(model.front_end),
            });
        }
        let mut bytes = std::fs::read(path).map_err(|e| {
            Usage::new(
                format!("cannot read `{}`: {e}", path.display()),
                "check the path",
            )
        })?;
        if ort_format::is_ort(&bytes) {
            bytes = ort_format::ort_to_onnx(&bytes)?;
        }
        let graph = GraphBytes::new(bytes);
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let beside = survey(graph.bytes())?.initializers;
        let beside = beside.iter().filter_map(|tensor| tensor.external.as_ref());
        let mut files: Vec<PathBuf> = beside.map(|file| folder.join(file)).collect();
        files.push(path.to_path_buf());
        Ok(Self {
            graph,
            files,
            folder: Some(folder),
            front_end: None,
        })
    }

    fn refuse_overwriting(&self, out: &Path) -> anyhow::Result<()> {
        let Ok(out) = out.canonicalize() else {
            return Ok(());
        };
        let same = |file: &&PathBuf| file.canonicalize().is_ok_and(|file| file == out);
        match self.files.iter().find(same) {
            None => Ok(()),
            Some(file) => Err(Usage::new(
                format!("`{}` belongs to the model itself", file.display()),
                "give --out another path",
            )
            .into()),
        }
    }
}

/// The kind of a front end, as `--front-end` takes it.
fn kind_of(front_end: &FrontEnd) -> Option<String> {
    let value = serde_json::to_value(front_end).ok()?;
    Some(value.get("kind")?.as_str()?.to_owned())
}

fn write_atomically(out: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            Ok(file)
        })
        .and_then(|file| Ok(file.persist(out)?));
    written.map(drop).map_err(|e| {
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
