//! `phonoscope probe quality`

mod fits;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use phonoscope_datasets::{Manifest, Utterance, audio};
use phonoscope_models::twin::TwinKind;
use phonoscope_models::{Axis, Model, Tap, load};
use phonoscope_probes::extract::{Rows, SpanKind, select_taps};
use phonoscope_probes::quality::{
    Asked, FrameSource, LogMelRows, QualitySettings, from_runs, log_mel_rows,
};
use phonoscope_probes::report::Report;
use phonoscope_probes::speaker::system_name;
use phonoscope_probes::store::{Run, TwinUsed};

use super::model_choice::{load_model, said_of_one};
use super::{Context, command_line, extract};
use crate::cli::QualityArgs;
use crate::exit::Usage;

/// Name of the catalogue's quality predictor.
const DNSMOS: &str = "dnsmos";
/// Seed of the twins' weights.
const TWIN_SEED: u64 = 1;

/// Runs the quality probe and writes the report.
pub(super) fn run(args: &QualityArgs, context: &Context) -> anyhow::Result<Report> {
    if args.out.is_dir()
        || args
            .out
            .extension()
            .is_some_and(|e| e == "npz" || e == "run")
    {
        return Err(Usage::new(
            format!("`{}` cannot hold the report", args.out.display()),
            "give a name that ends in .json as --out",
        )
        .into());
    }
    let settings = QualitySettings {
        seed: args.statistics.seed,
        components: args.components,
        halves: args.halves,
        swaps: args.swaps,
        permutations: args.statistics.permutations,
        bootstrap: args.statistics.bootstrap,
        ..QualitySettings::default()
    };
    // What cannot succeed is refused before hours of extraction.
    settings.check()?;
    let mut given = match &args.source.data {
        Some(data) => extracted(args, data, context)?,
        None => opened(args)?,
    };
    let off = args.controls.flags();
    if !off.is_empty() {
        given
            .remarks
            .push(format!("switched off: {}", off.join(", ")));
    }
    let engine = match given.frames.iter().any(Option::is_some) {
        true => Some(context.engine()?),
        false => None,
    };
    let used = given
        .runs
        .first()
        .map_or("", |run| run.description.engine.name.as_str());
    let command = again(args, used);
    let frames = given.frames.iter().map(|model| {
        let (model, taps) = model.as_ref()?;
        Some(FrameSource {
            model,
            engine: engine.as_deref()?,
            manifest: given.manifest.as_ref()?,
            taps,
            sessions: extract::cores(),
            followed: args.follow.as_deref(),
        })
    });
    let asked = Asked {
        taps: args.taps.clone(),
        reference: args.reference.clone(),
        rating: args.rating.clone(),
        matching: (!args.matching.is_empty()).then(|| args.matching.clone()),
        dnsmos: given.dnsmos,
        log_mel: given.log_mel,
        halves: given.halves,
        frames: frames.collect(),
        remarks: given.remarks,
        command,
    };
    let report = from_runs(&given.runs, &asked, &settings, &context.task)?;
    if let Some(folder) = args.out.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
    }
    report.write(&args.out)?;
    Ok(report)
}

/// What the probe is made of. Lists are parallel to the runs.
#[derive(Default)]
struct Given {
    runs: Vec<Run>,
    halves: Vec<Option<Run>>,
    /// Models whose frames are read, and their taps.
    frames: Vec<Option<(Model, Vec<Tap>)>>,
    manifest: Option<Manifest>,
    dnsmos: Option<Run>,
    log_mel: Option<LogMelRows>,
    remarks: Vec<String>,
}

/// Finished runs; what needs the recordings is left out, and said.
fn opened(args: &QualityArgs) -> anyhow::Result<Given> {
    let mut given = Given::default();
    for folder in &args.source.runs {
        given.runs.push(Run::open(folder)?);
    }
    if let Some(folder) = &args.dnsmos_run {
        given.dnsmos = Some(Run::open(folder)?);
    }
    given.remarks.push(
        "made of runs, which hold utterance means: no frames, no log-mel baseline, and no twin unless one of the \
         runs is of one"
            .into(),
    );
    Ok(given)
}

/// Where the parts of an extraction go, beside the report.
struct Beside<'a> {
    args: &'a QualityArgs,
    data: &'a Path,
    context: &'a Context,
}

impl Beside<'_> {
    fn folder(&self, name: &str) -> PathBuf {
        self.args.out.with_extension(format!("{name}.run"))
    }

    fn extract(
        &self,
        model: &Model,
        manifest: &Manifest,
        taps: Vec<Tap>,
        twin: Option<TwinUsed>,
        name: &str,
    ) -> anyhow::Result<Run> {
        let out = self.folder(name);
        let asked = extract::Asked {
            manifest: manifest.clone(),
            taps,
            rows: Rows::default(),
            twin,
            sessions: None,
        };
        let done = extract::into_folder(model, self.data, asked, &out, self.context)?;
        extract::tell(&done, &out, self.context);
        Ok(Run::open(&out)?)
    }
}

/// Runs every model and what it is compared with.
fn extracted(args: &QualityArgs, data: &Path, context: &Context) -> anyhow::Result<Given> {
    let manifest = Manifest::read(data)?;
    let of_reference = fits::reference(&manifest, data, args)?;
    said_of_one(&args.source.models, &args.source.choice)?;
    // All models are looked at before the first is run.
    let mut models = vec![];
    for name in &args.source.models {
        let model = load_model(name, &args.source.choice, context)?;
        let patterns = match args.taps.as_slice() {
            [] => layers(&model),
            patterns => patterns.to_vec(),
        };
        let taps = select_taps(&model, &patterns, SpanKind::Utterance)?;
        let short = system_name(name);
        if models.iter().any(|(known, _, _)| *known == short) {
            return Err(Usage::new(
                format!("--model `{name}` is given twice"),
                "give each model once, or extract into folders of your own and give --run",
            )
            .into());
        }
        models.push((short, model, taps));
    }
    fits::can_be_followed(&models, args)?;
    let beside = Beside {
        args,
        data,
        context,
    };
    let one_each = one_utterance_each(&manifest, &of_reference);
    let mut given = Given::default();
    for (name, model, taps) in models {
        let run = beside.extract(&model, &manifest, taps.clone(), None, &name)?;
        given.runs.push(run);
        let embedding = model
            .embedding
            .as_ref()
            .filter(|e| taps.iter().any(|t| t.name == e.tap));
        let halves = match embedding.filter(|_| one_each && !args.controls.no_ceiling) {
            None => None,
            Some(embedding) => {
                let halves = halves(&manifest, &of_reference);
                let taps = select_taps(
                    &model,
                    std::slice::from_ref(&embedding.tap),
                    SpanKind::Utterance,
                )?;
                Some(beside.extract(&model, &halves, taps, None, &format!("{name}.halves"))?)
            }
        };
        given.halves.push(halves);
        let twin = match args.controls.no_twin {
            true => None,
            false => Some(model.twin(TwinKind::Redrawn, TWIN_SEED)?),
        };
        if let Some(twin) = twin {
            let kind = TwinKind::Redrawn.to_string();
            let folder = format!("{name}-{kind}");
            let used = TwinUsed {
                kind,
                seed: TWIN_SEED,
            };
            given.frames.push(timed(model, &taps, args));
            given
                .runs
                .push(beside.extract(&twin, &manifest, taps, Some(used), &folder)?);
            given.halves.push(None);
            given.frames.push(None);
        } else {
            given.frames.push(timed(model, &taps, args));
        }
    }
    let rated = manifest.column(&args.rating).is_some();
    if !rated && !args.controls.no_dnsmos {
        match load(DNSMOS, &context.cache(), context.network(), &context.task) {
            Ok(model) => {
                let taps = select_taps(&model, &["mos".into()], SpanKind::Utterance)?;
                given.dnsmos = Some(beside.extract(&model, &manifest, taps, None, DNSMOS)?);
            }
            Err(why) => given
                .remarks
                .push(format!("no ratings by DNSMOS either: {why}")),
        }
    }
    if !args.controls.no_log_mel {
        given.log_mel = Some(log_mel_rows(&manifest, &context.task)?);
    }
    given.manifest = Some(manifest);
    Ok(given)
}

/// The model with those taps that have frames, unless frames were switched off.
fn timed(model: Model, taps: &[Tap], args: &QualityArgs) -> Option<(Model, Vec<Tap>)> {
    let taps: Vec<Tap> = taps.iter().filter(fits::has_frames).cloned().collect();
    (!taps.is_empty() && !args.controls.no_frames).then_some((model, taps))
}

/// Names of the layers of a model: the residual stream before the first block and after every block,
/// convolutions, recurrent layers, embeddings; not the inside of blocks, unless there is nothing else.
fn layers(model: &Model) -> Vec<String> {
    let embedding = model.embedding.as_ref().map(|e| e.tap.as_str());
    let has_mean = |tap: &&Tap| !tap.axes.contains(&Axis::Key);
    let inside = |tap: &Tap| {
        let name = tap.name.as_str();
        let parts = [".attn", ".mlp", ".resid_mid", ".layer.", ".raw"];
        let later_pre = name.ends_with(".resid_pre") && !name.contains(".0.");
        parts.iter().any(|part| name.contains(part)) || later_pre
    };
    let all = || model.taps.iter().filter(has_mean);
    let outside = all().filter(|tap| embedding == Some(tap.name.as_str()) || !inside(tap));
    let outside: Vec<String> = outside.map(|tap| tap.name.clone()).collect();
    match outside.is_empty() {
        true => all().map(|tap| tap.name.clone()).collect(),
        false => outside,
    }
}

/// Whether no speaker has two utterances in the reference.
fn one_utterance_each(manifest: &Manifest, reference: &[&Utterance]) -> bool {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for speaker in reference.iter().filter_map(|u| manifest.speaker(u)) {
        *seen.entry(speaker).or_default() += 1;
    }
    !seen.is_empty() && seen.values().all(|n| *n == 1)
}

/// Shortest half that is heard.
const SHORTEST_HALF_SECS: f64 = 0.5;

/// A manifest of the halves of these utterances, `ID/1` and `ID/2`; what cannot be read or is too short is
/// left out.
fn halves(manifest: &Manifest, of: &[&Utterance]) -> Manifest {
    let mut rows = vec![];
    for utterance in of {
        let Ok(wave) = audio::read_utterance(utterance) else {
            continue;
        };
        let half = wave.duration_secs() / 2.0;
        if half < SHORTEST_HALF_SECS {
            continue;
        }
        let start = utterance.start_secs.unwrap_or(0.0);
        let ends = [(start, start + half), (start + half, start + 2.0 * half)];
        for (number, (from, to)) in (1..).zip(ends) {
            rows.push(Utterance {
                id: format!("{}/{number}", utterance.id),
                start_secs: Some(from),
                end_secs: Some(to),
                ..(*utterance).clone()
            });
        }
    }
    Manifest {
        sha256: manifest.sha256.clone(),
        ..Manifest::new(&manifest.folder, manifest.columns.clone(), rows)
    }
}

/// The command that makes the report again, every default spelled out; `engine` is the one that ran.
fn again(args: &QualityArgs, engine: &str) -> String {
    let mut words: Vec<String> = ["phonoscope", "probe", "quality"].map(Into::into).into();
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
    }
    for (name, value) in args.source.choice.options() {
        option(name, value);
    }
    for pattern in &args.taps {
        option("taps", pattern.clone());
    }
    if let Some(reference) = &args.reference {
        option("reference", reference.clone());
    }
    for column in &args.matching {
        option("match", column.clone());
    }
    if let Some(run) = &args.dnsmos_run {
        option("dnsmos-run", run.display().to_string());
    }
    if let Some(layer) = &args.follow {
        option("follow", layer.clone());
    }
    option("rating", args.rating.clone());
    option("components", args.components.to_string());
    option("halves", args.halves.to_string());
    option("swaps", args.swaps.to_string());
    option("seed", args.statistics.seed.to_string());
    option("permutations", args.statistics.permutations.to_string());
    option("bootstrap", args.statistics.bootstrap.to_string());
    option("out", args.out.display().to_string());
    words.extend(args.controls.flags().into_iter().map(Into::into));
    command_line(&words)
}
