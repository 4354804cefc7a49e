//! `phonoscope probe …`

mod emphasis;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use phonoscope_analysis::pca::Scaling;
use phonoscope_datasets::Manifest;
use phonoscope_probes::extract::{Rows, SpanKind, select_taps};
use phonoscope_probes::learn::mlp::MlpSettings;
use phonoscope_probes::report::{Report, Status};
use phonoscope_probes::speaker::{
    Asked, SpeakerReport, SpeakerSettings, from_runs, speaker_column, system_name,
};
use phonoscope_probes::store::Run;

use super::baselines::{self, Controls};
use super::model_choice::{load_model, said_of_one};
use super::{Context, command_line, descriptors, extract, stress};
use crate::cli::{ProbeCommand, SpeakerArgs};
use crate::exit::{Exit, Usage};
use crate::export::arrays_npz;

pub(super) use emphasis::run as emphasis;

pub(super) fn run(command: &ProbeCommand, context: &Context) -> anyhow::Result<Exit> {
    let (report, out) = match command {
        ProbeCommand::Speaker(args) => (speaker(args, context)?, &args.out),
        ProbeCommand::Emphasis(args) => (emphasis(args, context)?, &args.out),
        ProbeCommand::Stress(args) => (stress::report(args, context)?, &args.out),
        ProbeCommand::Quality(args) => (super::quality::run(args, context)?, &args.out),
    };
    context.printer.data(&summary(&report))?;
    context
        .printer
        .remark(&format!("report in `{}`", out.display()));
    Ok(exit_of(&report))
}

/// A failed check is a stated threshold that failed.
pub(super) fn exit_of(report: &Report) -> Exit {
    let failed = report.trust.checks.iter().any(|c| c.status == Status::Fail);
    if failed { Exit::Threshold } else { Exit::Done }
}

/// Refuses a report's path that names a folder, or what goes beside a report.
fn check_out(out: &Path) -> anyhow::Result<()> {
    if out.is_dir() {
        let problem = format!("`{}` is a folder", out.display());
        return Err(Usage::new(problem, "give a file such as report.json as --out").into());
    }
    if out.extension().is_some_and(|e| e == "npz" || e == "run") {
        return Err(Usage::new(
            format!(
                "`{}` is the name of what goes beside the report",
                out.display()
            ),
            "give a name that ends in .json",
        )
        .into());
    }
    Ok(())
}

/// Makes the folder that a report goes to.
fn create_folder(out: &Path) -> anyhow::Result<()> {
    if let Some(folder) = out.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
    }
    Ok(())
}

/// Runs the speaker probe and writes the report and its arrays.
pub(super) fn speaker(args: &SpeakerArgs, context: &Context) -> anyhow::Result<Report> {
    check_out(&args.out)?;
    let settings = SpeakerSettings {
        seed: args.statistics.seed,
        network: MlpSettings {
            seed: args.statistics.seed,
            ..MlpSettings::default()
        },
        permutations: args.statistics.permutations,
        bootstrap: args.statistics.bootstrap,
        folds: args.folds,
        components: args.components,
        scaling: if args.standardise {
            Scaling::Standardised
        } else {
            Scaling::Centred
        },
        selection: args.descriptors.select,
        cap: args.descriptors.cap,
        mlp: !args.controls.no_mlp,
        nulls: !args.controls.no_nulls,
        sensitivity: !args.controls.no_sensitivity,
        baselines: !args.controls.no_baselines,
        ..SpeakerSettings::default()
    };
    // What cannot succeed is refused before hours of extraction.
    settings.check()?;
    let given = descriptors::given(&args.descriptors)?;
    let (runs, controls) = match &args.source.data {
        Some(data) => extracted(args, data, context)?,
        None => {
            let runs: Vec<Run> = args
                .source
                .runs
                .iter()
                .map(|folder| Run::open(folder))
                .collect::<Result<_, _>>()?;
            let controls = baselines::not_at_hand(runs.len(), &args.controls);
            (runs, controls)
        }
    };
    let engine = runs
        .first()
        .map_or("", |run| run.description.engine.name.as_str());
    let (descriptors, remarks) = match given {
        Some(given) => (given, vec![]),
        None => descriptors::measured(args, &runs, context)?,
    };
    let asked = Asked {
        tap: args.tap.clone(),
        descriptors,
        remarks,
        twins: controls.twins,
        log_mel: controls.log_mel,
        folds: args.fold_column.clone(),
        command: again(args, engine),
    };
    let made = from_runs(&runs, &asked, &settings, &context.task)?;
    write(&made, &args.out)?;
    Ok(made.report)
}

/// Runs every model over the manifest, into run folders beside the report; then what they are compared with.
fn extracted(
    args: &SpeakerArgs,
    data: &Path,
    context: &Context,
) -> anyhow::Result<(Vec<Run>, Controls)> {
    let manifest = of_speakers(data)?;
    let several = args.source.models.len() > 1;
    said_of_one(&args.source.models, &args.source.choice)?;
    // All models are looked at before the first is run.
    let mut models = vec![];
    for name in &args.source.models {
        let model = load_model(name, &args.source.choice, context)?;
        if args.tap.is_none() && model.embedding.is_none() {
            let taps: Vec<&str> = model.taps.iter().map(|t| t.name.as_str()).take(8).collect();
            return Err(Usage::new(
                format!("model `{name}` has no speaker embedding"),
                format!("choose a tap with --tap: {}, …", taps.join(", ")),
            )
            .into());
        }
        models.push((name, model));
    }
    let taps: Vec<String> = args.tap.iter().cloned().collect();
    let mut made = vec![];
    for (name, model) in models {
        let ending = match several {
            false => String::new(),
            true => format!("{}.", system_name(name)),
        };
        let out = args.out.with_extension(format!("{ending}run"));
        let twin_out = args.out.with_extension(format!("{ending}twin.run"));
        if made.iter().any(|(_, folder, _)| *folder == out) {
            return Err(Usage::new(
                format!("--model `{name}` is given twice"),
                "give each system once, or extract into folders of your own and give --run",
            )
            .into());
        }
        let asked = extract::Asked {
            manifest: manifest.clone(),
            taps: select_taps(&model, &taps, SpanKind::Utterance)?,
            rows: Rows::default(),
            twin: None,
            sessions: None,
        };
        let done = extract::into_folder(&model, data, asked, &out, context)?;
        extract::tell(&done, &out, context);
        made.push((model, out, twin_out));
    }
    let runs = made.iter().map(|(_, folder, _)| Run::open(folder));
    let runs = runs.collect::<Result<_, _>>()?;
    let models = made
        .iter()
        .map(|(model, _, twin_out)| (model, twin_out.as_path()));
    let source = baselines::Source {
        data,
        manifest: &manifest,
        taps: &taps,
    };
    let controls = baselines::measured(models, &source, &args.controls, context)?;
    Ok((runs, controls))
}

/// The manifest; says before hours of extraction that it cannot be probed.
fn of_speakers(data: &Path) -> anyhow::Result<Manifest> {
    let manifest = Manifest::read(data)?;
    speaker_column(&manifest.columns)?;
    let speakers: BTreeSet<&str> = manifest
        .utterances
        .iter()
        .filter_map(|u| manifest.speaker(u))
        .collect();
    if speakers.len() < 3 {
        return Err(Usage::new(
            format!(
                "`{}` has {} speakers; the probe needs three",
                data.display(),
                speakers.len()
            ),
            "some sixty show the leading components",
        )
        .into());
    }
    Ok(manifest)
}

/// The command that makes the report again, every default spelled out; `engine` is the one that ran.
fn again(args: &SpeakerArgs, engine: &str) -> String {
    let mut words: Vec<String> = ["phonoscope", "probe", "speaker"].map(Into::into).into();
    let mut option = |name: &str, value: String| words.extend([format!("--{name}"), value]);
    for run in &args.source.runs {
        option("run", run.display().to_string());
    }
    for model in &args.source.models {
        option("model", model.clone());
    }
    if !args.source.models.is_empty() {
        option("engine", engine.to_owned());
    }
    if let Some(data) = &args.source.data {
        option("data", data.display().to_string());
    }
    for (name, value) in args.source.choice.options() {
        option(name, value);
    }
    if let Some(tap) = &args.tap {
        option("tap", tap.clone());
    }
    option("components", args.components.to_string());
    option("folds", args.folds.to_string());
    if let Some(column) = &args.fold_column {
        option("fold-column", column.clone());
    }
    option("descriptors", args.descriptors.descriptors.clone());
    for name in &args.descriptors.chosen {
        option("descriptor", name.clone());
    }
    let dnsmos = args.descriptors.dnsmos;
    option("select", args.descriptors.select.to_string());
    option("cap", args.descriptors.cap.to_string());
    option("seed", args.statistics.seed.to_string());
    option("permutations", args.statistics.permutations.to_string());
    option("bootstrap", args.statistics.bootstrap.to_string());
    option("out", args.out.display().to_string());
    if dnsmos {
        words.push("--dnsmos".into());
    }
    if args.standardise {
        words.push("--standardise".into());
    }
    words.extend(args.controls.flags().into_iter().map(Into::into));
    command_line(&words)
}

/// Path of the arrays that belong to a report.
pub(super) fn arrays_path(report: &Path) -> PathBuf {
    report.with_extension("npz")
}

fn write(made: &SpeakerReport, out: &Path) -> anyhow::Result<()> {
    create_folder(out)?;
    arrays_npz(&made.arrays, &arrays_path(out))?;
    made.report.write(out)?;
    Ok(())
}

/// The report in words: title, findings, cautions.
pub(super) fn summary(report: &Report) -> String {
    let mut text = format!("{}\n", report.title);
    for line in &report.summary {
        text.push_str(&format!("  • {line}\n"));
    }
    for line in &report.warnings {
        text.push_str(&format!("  ! {line}\n"));
    }
    for check in report
        .trust
        .checks
        .iter()
        .filter(|c| c.status == Status::Fail)
    {
        let unit = check.unit.as_deref().unwrap_or("");
        let value = check
            .value
            .map(|v| format!("{v} {unit}"))
            .unwrap_or_default();
        let words = [&check.id, value.trim_end(), &check.detail].join(", ");
        text.push_str(&format!("  ✗ check failed: {words} ({})\n", check.meaning));
    }
    text
}
