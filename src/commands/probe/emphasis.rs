//! `phonoscope probe emphasis`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use phonoscope_analysis::frontend::SAMPLE_RATE_HZ;
use phonoscope_datasets::Manifest;
use phonoscope_models::{Field, Model, Tap, TwinKind};
use phonoscope_probes::emphasis::{
    Asked, EmphasisSettings, InterventionPlan, Interventions, LOG_MEL, Subject, from_runs,
    intervene, log_mel_model, manifest_fits, twin_name,
};
use phonoscope_probes::extract::{Alignments, Frames, Rows, SpanKind, select_taps};
use phonoscope_probes::report::Report;
use phonoscope_probes::speaker::system_name;
use phonoscope_probes::store::{Run, TwinUsed};

use crate::cli::EmphasisArgs;
use crate::commands::model_choice::{load_model, said_of_one};
use crate::commands::{Context, command_line, extract};
use crate::exit::Usage;

/// Names that the residual stream has before the first block and after every block.
const STREAM: [&str; 2] = ["*.resid_pre", "*.resid_post"];

/// A model, or a twin of one, and where its states go.
struct Job {
    system: String,
    model: Model,
    taps: Vec<Tap>,
    twin: Option<TwinUsed>,
    is_model: bool,
}

/// Runs the emphasis probe and writes the report.
pub(in crate::commands) fn run(args: &EmphasisArgs, context: &Context) -> anyhow::Result<Report> {
    super::check_out(&args.out)?;
    let settings = EmphasisSettings {
        seed: args.statistics.seed,
        permutations: args.statistics.permutations,
        bootstrap: args.statistics.bootstrap,
        folds: args.folds,
        nulls: !args.controls.no_nulls,
        ..EmphasisSettings::default()
    };
    // What cannot succeed is refused before hours of extraction.
    settings.check()?;
    let mut asked = Asked {
        taps: args.taps.clone(),
        ..Asked::default()
    };
    let report = match &args.source.data {
        None => {
            let runs = open(&args.source.runs)?;
            asked.remarks.push(
                "interventions are not available: only runs were given; --model and --data make them".into(),
            );
            finish(&runs, args, asked, &settings, context)?
        }
        Some(data) => of_models(args, data, asked, &settings, context)?,
    };
    super::create_folder(&args.out)?;
    report.write(&args.out)?;
    Ok(report)
}

fn open(folders: &[PathBuf]) -> anyhow::Result<Vec<Run>> {
    Ok(folders
        .iter()
        .map(|folder| Run::open(folder))
        .collect::<Result<_, _>>()?)
}

fn finish(
    runs: &[Run],
    args: &EmphasisArgs,
    mut asked: Asked,
    settings: &EmphasisSettings,
    context: &Context,
) -> anyhow::Result<Report> {
    let engine = runs
        .first()
        .map_or("", |run| run.description.engine.name.as_str());
    asked.command = again(args, engine);
    let left_out = args.controls.flags();
    if !left_out.is_empty() {
        asked.remarks.push(format!(
            "controls left out as asked: {}",
            left_out.join(", ")
        ));
    }
    Ok(from_runs(runs, &asked, settings, &context.task)?)
}

/// Extracts every model, its twins and the baseline, pushes layers, and probes.
fn of_models(
    args: &EmphasisArgs,
    data: &Path,
    mut asked: Asked,
    settings: &EmphasisSettings,
    context: &Context,
) -> anyhow::Result<Report> {
    let manifest = Manifest::read(data)?;
    manifest_fits(&manifest.columns)?;
    let rows = rows(args, &manifest)?;
    let jobs = jobs(args, &mut asked, context)?;
    asked.remarks.extend(few_frames(args, &manifest, &jobs));
    let mut folders = vec![];
    for job in &jobs {
        let out = args.out.with_extension(format!("{}.run", job.system));
        let wanted = extract::Asked {
            manifest: manifest.clone(),
            taps: job.taps.clone(),
            rows: rows.clone(),
            twin: job.twin.clone(),
            sessions: None,
        };
        context
            .printer
            .remark(&format!("running {}", job.model.name));
        let done = extract::into_folder(&job.model, data, wanted, &out, context)?;
        extract::tell(&done, &out, context);
        folders.push(out);
        asked.fields.extend(fields(job));
    }
    let runs = open(&folders)?;
    if args.intervention.no_intervention {
        asked
            .remarks
            .push("interventions were left out as asked".into());
    } else {
        let made = push(
            args,
            &runs,
            &jobs,
            (&asked, settings),
            (&manifest, &rows),
            context,
        )?;
        asked.tables = made.tables;
        asked.findings = made.findings;
        asked.remarks.extend(made.remarks);
    }
    finish(&runs, args, asked, settings, context)
}

fn rows(args: &EmphasisArgs, manifest: &Manifest) -> anyhow::Result<Rows> {
    let alignments = match args.spans {
        SpanKind::Phone => {
            return Err(Usage::new(
                "residuals are of words, not of phones",
                "one of segment, word, utterance",
            )
            .into());
        }
        SpanKind::Word => Some(std::sync::Arc::new(Alignments::beside(manifest))),
        SpanKind::Segment | SpanKind::Utterance => None,
    };
    if args.spans == SpanKind::Segment && manifest.utterances.iter().all(|u| u.end_secs.is_none()) {
        return Err(Usage::new(
            "no row of the manifest has a `start` and an `end`, so the words cannot be found",
            "add them, or give --spans word with alignments beside the recordings, or --spans utterance for \
             recordings of single words",
        )
        .into());
    }
    let rows = Rows::new(args.spans, alignments, Frames::default())?;
    Ok(match args.equal_frames {
        Some(frames) => rows.with_equal_frames(frames),
        None => rows,
    })
}

/// What is said of words with fewer frames than are averaged, of the tap with the longest ones.
fn few_frames(args: &EmphasisArgs, manifest: &Manifest, jobs: &[Job]) -> Option<String> {
    let frames = args.equal_frames?.get();
    let longest = jobs
        .iter()
        .flat_map(|job| job.taps.iter().map(move |tap| (job, tap)))
        .filter_map(|(job, tap)| {
            Some((
                job,
                tap,
                step_secs(&job.model) * f64::from(tap.timing?.stride),
            ))
        })
        .max_by(|a, b| a.2.total_cmp(&b.2))?;
    let (job, tap, step_secs) = longest;
    let spans = manifest.utterances.iter();
    let short = spans
        .filter_map(|u| Some(u.end_secs? - u.start_secs.unwrap_or(0.0)))
        .filter(|secs| *secs < frames as f64 * step_secs)
        .count();
    (short > 0).then(|| {
        format!(
            "{short} words have fewer than {frames} frames of {:.0} ms (`{}` of {}); theirs are taken more than once, so \
             that their length is not quite hidden",
            1000.0 * step_secs,
            tap.name,
            job.system
        )
    })
}

fn step_secs(model: &Model) -> f64 {
    model.front_end.step_samples() as f64 / f64::from(SAMPLE_RATE_HZ)
}

/// Everything that is run, models first looked at, all before the first is run.
fn jobs(args: &EmphasisArgs, asked: &mut Asked, context: &Context) -> anyhow::Result<Vec<Job>> {
    said_of_one(&args.source.models, &args.source.choice)?;
    let mut out: Vec<Job> = vec![];
    for name in &args.source.models {
        let model = load_model(name, &args.source.choice, context)?;
        let taps = taps(&model, args)?;
        let system = system_name(&model.name);
        if out.iter().any(|job| job.system == system) {
            return Err(Usage::new(
                format!("--model `{name}` is given twice"),
                "give each system once, or extract into folders of your own and give --run",
            )
            .into());
        }
        let mut twins = vec![];
        for kind in TwinKind::ALL
            .into_iter()
            .filter(|_| !args.controls.no_twins)
        {
            match model.twin(kind, args.twin_seed) {
                Ok(twin) => twins.push(Job {
                    system: twin_name(&model.name, &kind.to_string()),
                    model: twin,
                    taps: taps.clone(),
                    twin: Some(TwinUsed {
                        kind: kind.to_string(),
                        seed: args.twin_seed,
                    }),
                    is_model: false,
                }),
                Err(why) => asked.remarks.push(format!(
                    "the {kind} twin of {system} is not available: {why}"
                )),
            }
        }
        out.push(Job {
            system,
            model,
            taps,
            twin: None,
            is_model: true,
        });
        out.extend(twins);
    }
    if !args.controls.no_log_mel {
        let model = log_mel_model();
        out.push(Job {
            system: LOG_MEL.into(),
            taps: model.taps.clone(),
            model,
            twin: None,
            is_model: false,
        });
    }
    Ok(out)
}

/// The taps asked for; by default the residual stream, where the model has one.
fn taps(model: &Model, args: &EmphasisArgs) -> anyhow::Result<Vec<Tap>> {
    if !args.taps.is_empty() {
        return Ok(select_taps(model, &args.taps, args.spans)?);
    }
    let stream: Vec<String> = STREAM
        .iter()
        .filter(|pattern| {
            model
                .taps
                .iter()
                .any(|t| phonoscope_models::fits(pattern, &t.name))
        })
        .map(|pattern| (*pattern).to_owned())
        .collect();
    let found = match stream.is_empty() {
        true => select_taps(model, &[], args.spans)?,
        false => select_taps(model, &stream, args.spans)?,
    };
    Ok(found)
}

/// Receptive fields of a job's taps, in words.
fn fields(job: &Job) -> BTreeMap<(String, String), String> {
    let step_secs = step_secs(&job.model);
    let words = |tap: &Tap| match tap.timing.map(|t| t.field) {
        Some(Field::Steps(steps)) => format!("{:.0} ms", f64::from(steps) * step_secs * 1000.0),
        Some(Field::Unbounded) => "the whole recording".into(),
        None => "not known".into(),
    };
    job.taps
        .iter()
        .map(|tap| ((job.system.clone(), tap.name.clone()), words(tap)))
        .collect()
}

fn push(
    args: &EmphasisArgs,
    runs: &[Run],
    jobs: &[Job],
    (asked, settings): (&Asked, &EmphasisSettings),
    (manifest, rows): (&Manifest, &Rows),
    context: &Context,
) -> anyhow::Result<Interventions> {
    let engine = context.engine()?;
    let subjects: Vec<Subject<'_>> = jobs
        .iter()
        .filter(|job| job.is_model)
        .map(|job| Subject {
            system: &job.system,
            model: &job.model,
            taps: &job.taps,
            engine: engine.as_ref(),
            rows,
            manifest,
        })
        .collect();
    let plan = InterventionPlan {
        tap: args.intervention.intervene.clone(),
        items: args.intervention.intervention_items,
        random: args.intervention.random_directions,
        ..InterventionPlan::default()
    };
    Ok(intervene(
        runs,
        &subjects,
        &plan,
        (asked, settings),
        &context.task,
    )?)
}

/// The command that makes the report again, every default spelled out; `engine` is the one that ran.
fn again(args: &EmphasisArgs, engine: &str) -> String {
    let mut words: Vec<String> = ["phonoscope", "probe", "emphasis"].map(Into::into).into();
    let mut option = |name: &str, value: String| words.extend([format!("--{name}"), value]);
    for run in &args.source.runs {
        option("run", run.display().to_string());
    }
    for model in &args.source.models {
        option("model", model.clone());
    }
    if let Some(data) = &args.source.data {
        option("engine", engine.to_owned());
        option("data", data.display().to_string());
        option("spans", args.spans.to_string());
        if let Some(frames) = args.equal_frames {
            option("equal-frames", frames.to_string());
        }
        option("twin-seed", args.twin_seed.to_string());
        option(
            "intervention-items",
            args.intervention.intervention_items.to_string(),
        );
        option(
            "random-directions",
            args.intervention.random_directions.to_string(),
        );
    }
    for (name, value) in args.source.choice.options() {
        option(name, value);
    }
    for tap in &args.taps {
        option("taps", tap.clone());
    }
    if let Some(tap) = &args.intervention.intervene {
        option("intervene", tap.clone());
    }
    option("folds", args.folds.to_string());
    option("seed", args.statistics.seed.to_string());
    option("permutations", args.statistics.permutations.to_string());
    option("bootstrap", args.statistics.bootstrap.to_string());
    option("out", args.out.display().to_string());
    if args.intervention.no_intervention {
        words.push("--no-intervention".into());
    }
    words.extend(args.controls.flags().into_iter().map(Into::into));
    command_line(&words)
}
