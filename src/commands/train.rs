//! `phonoscope train`

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use phonoscope_datasets::Manifest;
use phonoscope_models::Card;
use phonoscope_models::build::feedforward;
use phonoscope_probes::learn::conv::Architecture;
use phonoscope_probes::store::write_atomic;
use phonoscope_probes::stress::Words;
use phonoscope_probes::stress::train::{
    Augmentation, CardFacts, Ended, Limits, PartFigures, Rotation, TrainSettings, Trained, figures,
    model_card, rotate, scores_tsv, train,
};
use serde_json::json;

use super::{Context, command_line};
use crate::cli::{ArchitectureChoice, TrainCommand, TrainStressArgs};
use crate::exit::{Exit, Usage};
use crate::output::columns;

/// What `--json` prints.
const SCHEMA: &str = "phonoscope.training/1";
/// What the name of a checkpoint ends in.
const CHECKPOINT: &str = "checkpoint.safetensors";
/// Most networks of a model.
const MOST_NETWORKS: usize = 20;
/// Name of the network's input.
const INPUT: &str = "spectrogram";

pub(super) fn run(command: &TrainCommand, context: &Context) -> anyhow::Result<Exit> {
    match command {
        TrainCommand::Stress(args) => stress(args, context),
    }
}

fn stress(args: &TrainStressArgs, context: &Context) -> anyhow::Result<Exit> {
    refuse(args)?;
    let manifest = Manifest::read(&args.data)?;
    let mut words = Words::of(&manifest)?;
    let settings = settings(args, &words);
    let folder = match args.out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create `{}`", folder.display()))?;
    let checkpoint = beside(&args.out, CHECKPOINT);
    let of_fold = |fold: usize| beside(&args.out, &format!("fold-{fold}.{CHECKPOINT}"));
    let mut checkpoints = vec![checkpoint.clone()];
    checkpoints.extend((0..words.folds).map(of_fold));
    continued(args, &checkpoints, context)?;
    words.measure_vowels(&context.task)?;
    let limits = Limits {
        scratch: folder,
        checkpoint: Some(&checkpoint),
        most_secs: args.minutes.map(|minutes| minutes * 60.0),
    };
    let trained = train(&words, &manifest.sha256, &settings, limits, &context.task)?;
    let own = figures(&trained.scores, args.bootstrap, args.seed);
    let rotation = if args.rotate {
        let limits = (limits, &of_fold as &dyn Fn(usize) -> PathBuf);
        let task = &context.task;
        let found = rotate(&words, &manifest.sha256, &settings, &trained, limits, task)?;
        let figures = found.figures(args.bootstrap, args.seed);
        Some((found, figures))
    } else {
        None
    };
    let made = Made {
        trained,
        figures: own,
        rotation,
    };
    write(args, (&manifest, &words), &settings, &made)?;
    // Only now is nothing lost without them.
    for checkpoint in &checkpoints {
        std::fs::remove_file(checkpoint).ok();
    }
    tell(args, &made, context)?;
    Ok(Exit::Done)
}

/// What training came to.
struct Made {
    trained: Trained,
    figures: Vec<PartFigures>,
    /// Of all folds, with its figures.
    rotation: Option<(Rotation, Vec<PartFigures>)>,
}

/// Says that a training is continued, or removes what could be.
fn continued(
    args: &TrainStressArgs,
    checkpoints: &[PathBuf],
    context: &Context,
) -> anyhow::Result<()> {
    let there: Vec<&PathBuf> = checkpoints.iter().filter(|path| path.is_file()).collect();
    if !args.restart && !there.is_empty() {
        context
            .printer
            .remark("an interrupted training is continued");
        return Ok(());
    }
    for checkpoint in there {
        std::fs::remove_file(checkpoint)
            .with_context(|| format!("cannot remove `{}`", checkpoint.display()))?;
    }
    Ok(())
}

fn refuse(args: &TrainStressArgs) -> anyhow::Result<()> {
    let wrong = |problem: String, hint: &str| Err(Usage::new(problem, hint.to_owned()).into());
    if args
        .out
        .extension()
        .is_none_or(|extension| extension != "onnx")
    {
        let problem = format!("`{}` is no name of an ONNX file", args.out.display());
        return wrong(problem, "give --out a name that ends in .onnx");
    }
    if let Some(minutes) = args.minutes.filter(|m| !(*m > 0.0 && m.is_finite())) {
        return wrong(format!("--minutes is {minutes}"), "give a number above 0");
    }
    // As much as 101 frames hold.
    if !(args.clip > 0.0 && args.clip <= 1.0) {
        let problem = format!("--clip is {}", args.clip);
        return wrong(problem, "give a number above 0 and up to 1");
    }
    if !(10..=100_000).contains(&args.bootstrap) {
        let problem = format!("--bootstrap is {}", args.bootstrap);
        return wrong(problem, "give a number from 10 to 100000");
    }
    if !(1..=MOST_NETWORKS).contains(&args.networks) {
        let problem = format!("--networks is {}", args.networks);
        return wrong(problem, &format!("give a number from 1 to {MOST_NETWORKS}"));
    }
    if args.rotate && args.test_fold.0.is_none() {
        return wrong(
            "--rotate needs a test fold to begin with".into(),
            "give --test-fold a number, or leave --rotate out",
        );
    }
    let chances = [
        ("--marks", Some(args.marks)),
        ("--contrasts", Some(args.contrasts)),
        ("--splice", args.splice),
    ];
    for (name, value) in chances {
        if let Some(value) = value.filter(|v| !(0.0..=1.0).contains(v)) {
            return wrong(format!("{name} is {value}"), "give a number from 0 to 1");
        }
    }
    Ok(())
}

fn settings(args: &TrainStressArgs, words: &Words) -> TrainSettings {
    let (architecture, rate) = match args.architecture {
        ArchitectureChoice::Small => (Architecture::small(), 2e-3),
        ArchitectureChoice::Tcn => (Architecture::tcn(), 2e-3),
        ArchitectureChoice::Vgg16 => (Architecture::vgg16(), 1e-5),
    };
    let usual = Augmentation::default();
    let splice = if words.has_vowels { usual.splice } else { 0.0 };
    TrainSettings {
        architecture,
        clip_secs: args.clip,
        word_alone: args.word_alone,
        epochs: args.epochs,
        batch: args.batch,
        learning_rate: args.rate.unwrap_or(rate),
        marks_weight: args.marks,
        contrasts_weight: args.contrasts,
        networks: args.networks,
        augmentation: Augmentation {
            splice: args.splice.unwrap_or(splice),
            context_frames: if args.word_alone {
                0
            } else {
                usual.context_frames
            },
            ..usual
        },
        test_fold: args.test_fold.0,
        validation_fold: args.val_fold.0,
        patience: args.patience,
        shuffled_labels: args.shuffle_labels,
        seed: args.seed,
        ..TrainSettings::default()
    }
}

/// `MODEL.KIND` for `MODEL.onnx`.
fn beside(model: &Path, kind: &str) -> PathBuf {
    model.with_extension(kind)
}

fn write(
    args: &TrainStressArgs,
    (manifest, words): (&Manifest, &Words),
    settings: &TrainSettings,
    made: &Made,
) -> anyhow::Result<()> {
    let trained = &made.trained;
    let name = args
        .out
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let data = args
        .data
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let facts = CardFacts {
        name: name.clone(),
        data: [data.clone(), manifest.sha256.clone()],
        data_licence: args.data_licence.clone(),
        command: again(args),
        phonoscope: env!("CARGO_PKG_VERSION").into(),
    };
    let network = trained.feedforward(&name, INPUT)?;
    let card = Card {
        name: Some(name),
        front_end: Some(trained.front_end.clone()),
        trained_on: Some(format!(
            "{data}, {} words: see the .md beside it",
            trained.trained_on
        )),
        ..Card::default()
    };
    write_atomic(&args.out, &feedforward(&network)?)?;
    write_atomic(&Card::beside(&args.out), card.to_toml()?.as_bytes())?;
    let rotated = made.rotation.as_ref().map(|(r, f)| (r, f.as_slice()));
    let figures = (made.figures.as_slice(), rotated);
    let text = model_card(&facts, words, settings, trained, figures);
    write_atomic(&beside(&args.out, "md"), text.as_bytes())?;
    let scores = scores_tsv(&trained.scores);
    write_atomic(&beside(&args.out, "scores.tsv"), scores.as_bytes())?;
    if let Some((rotation, _)) = &made.rotation {
        let scores = scores_tsv(&rotation.scores);
        write_atomic(&beside(&args.out, "folds.tsv"), scores.as_bytes())?;
    }
    Ok(())
}

/// The command that trains the model again, every default spelled out.
fn again(args: &TrainStressArgs) -> String {
    let mut words: Vec<String> = ["phonoscope", "train", "stress"].map(Into::into).into();
    let mut option = |name: &str, value: String| words.extend([format!("--{name}"), value]);
    option("data", args.data.display().to_string());
    option("out", args.out.display().to_string());
    let architecture = match args.architecture {
        ArchitectureChoice::Small => "small",
        ArchitectureChoice::Tcn => "tcn",
        ArchitectureChoice::Vgg16 => "vgg16",
    };
    option("architecture", architecture.into());
    option("clip", args.clip.to_string());
    option("epochs", args.epochs.to_string());
    if let Some(minutes) = args.minutes {
        option("minutes", minutes.to_string());
    }
    option("test-fold", args.test_fold.to_string());
    option("val-fold", args.val_fold.to_string());
    option("patience", args.patience.to_string());
    option("batch", args.batch.to_string());
    if let Some(rate) = args.rate {
        option("rate", rate.to_string());
    }
    option("marks", args.marks.to_string());
    option("contrasts", args.contrasts.to_string());
    option("networks", args.networks.to_string());
    if let Some(splice) = args.splice {
        option("splice", splice.to_string());
    }
    option("seed", args.seed.to_string());
    option("bootstrap", args.bootstrap.to_string());
    option("data-licence", args.data_licence.clone());
    for (name, given) in [
        ("--word-alone", args.word_alone),
        ("--shuffle-labels", args.shuffle_labels),
        ("--rotate", args.rotate),
    ] {
        words.extend(given.then(|| name.to_owned()));
    }
    command_line(&words)
}

fn tell(args: &TrainStressArgs, made: &Made, context: &Context) -> anyhow::Result<()> {
    let trained = &made.trained;
    let ended = match trained.ended {
        Ended::Epochs => "passes",
        Ended::Patience => "patience",
        Ended::Time => "time",
    };
    let rotated = made.rotation.as_ref().map(|(_, figures)| figures);
    let text = if args.json {
        serde_json::to_string_pretty(&json!({
            "schema": SCHEMA,
            "passes": trained.history,
            "kept_pass": trained.kept_epoch,
            "ended_by": ended,
            "trained_on": trained.trained_on,
            "skipped": trained.skipped,
            "figures": told(&made.figures),
            "all_folds": rotated.map(|figures| told(figures)),
        }))?
    } else {
        let heading = [
            "part",
            "tokens",
            "words",
            "speakers",
            "balanced accuracy",
            "contrasts of vowels",
            "lead",
        ];
        let mut rows = vec![heading.map(String::from).to_vec()];
        rows.extend(made.figures.iter().map(|f| shown("", f)));
        if let Some(figures) = rotated {
            rows.extend(figures.iter().map(|f| shown("all folds: ", f)));
        }
        columns(&rows)
    };
    context.printer.data(&text)?;
    if !trained.skipped.is_empty() {
        let first = &trained.skipped[0];
        context.printer.remark(&format!(
            "{} rows could not be used; the first, `{}`: {}",
            trained.skipped.len(),
            first.id,
            first.reason
        ));
    }
    context.printer.remark(&format!(
        "{} passes, ended by {ended}; network of pass {} written to `{}`, its card to `{}`",
        trained.history.len(),
        trained.kept_epoch,
        args.out.display(),
        beside(&args.out, "md").display()
    ));
    Ok(())
}

fn told(figures: &[PartFigures]) -> Vec<serde_json::Value> {
    let one = |f: &PartFigures| {
        json!({
            "part": f.id,
            "tokens": f.counts[0],
            "words": f.counts[1],
            "speakers": f.counts[2],
            "balanced_accuracy": f.balanced_accuracy,
            "accuracy": f.accuracy,
            "auc": f.auc,
            "contrasts": f.contrasts,
            "lead": f.lead,
        })
    };
    figures.iter().map(one).collect()
}

fn shown(before: &str, f: &PartFigures) -> Vec<String> {
    let mut row = vec![format!("{before}{}", f.what)];
    row.extend(f.counts.map(|n| n.to_string()));
    row.extend([f.balanced_accuracy, f.contrasts, f.lead].map(|estimate| {
        let text = estimate.map(|e| format!("{:.3} [{:.3}, {:.3}]", e.value, e.lo, e.hi));
        text.unwrap_or_else(|| "–".into())
    }));
    row
}
