//! `phonoscope probe stress`

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use phonoscope_datasets::Manifest;
use phonoscope_models::Model;
use phonoscope_probes::report::{EngineUsed, InputFile, ModelUsed, Provenance, Report, SCHEMA};
use phonoscope_probes::stress::{StressInput, StressSettings, Words, stress};

use super::model_choice::load_model;
use super::{Context, command_line};
use crate::cli::{ModelChoice, StressArgs};
use crate::exit::Usage;

/// Runs the probe and writes its report.
pub(super) fn report(args: &StressArgs, context: &Context) -> anyhow::Result<Report> {
    if args.out.is_dir() {
        let problem = format!("`{}` is a folder", args.out.display());
        return Err(Usage::new(problem, "give a file such as stress.json as --out").into());
    }
    let manifest = Manifest::read(&args.data)?;
    let words = Words::of(&manifest)?;
    let model = load_model(&args.model, &args.choice, context)?;
    let control = match &args.control {
        Some(name) => Some(load_model(name, &ModelChoice::default(), context)?),
        None => None,
    };
    let usual = StressSettings::default();
    let settings = StressSettings {
        composites: if args.composites.is_empty() {
            usual.composites
        } else {
            args.composites.clone()
        },
        difference: args.difference,
        test_fold: args.test_fold.0,
        twin: !args.no_twin,
        sanity_words: args.sanity_words,
        bootstrap: args.bootstrap,
        seed: args.seed,
        sanity_seeds: usual.sanity_seeds,
    };
    let engine = context.engine()?;
    let input = StressInput {
        model: &model,
        shuffled: control.as_ref(),
        words: &words,
        engine: &*engine,
    };
    let found = stress(&input, &settings, &context.task)?;
    let mut inputs = vec![InputFile {
        what: "manifest".into(),
        name: name_of(&args.data),
        sha256: manifest.sha256.clone(),
    }];
    if let Some(control) = &control {
        inputs.push(InputFile {
            what: "control network".into(),
            name: control.name.clone(),
            sha256: control.weights_sha256.clone(),
        });
    }
    let shown = match serde_json::to_value(&settings)? {
        serde_json::Value::Object(map) => map.into_iter().collect(),
        _ => BTreeMap::new(),
    };
    let report = Report {
        schema: SCHEMA.into(),
        probe: "stress".into(),
        title: format!("{} on {} words", model.name, found.trust.coverage.used),
        systems: vec![],
        summary: found.summary,
        warnings: found.warnings,
        provenance: Provenance {
            phonoscope: env!("CARGO_PKG_VERSION").into(),
            command: again(args, &engine.info().name),
            seed: args.seed,
            settings: shown,
            inputs,
            model: Some(used(&model)),
            engine: Some(EngineUsed {
                name: engine.info().name.clone(),
                version: engine.info().version.clone(),
            }),
            systems: vec![],
        },
        trust: found.trust,
        tables: found.tables,
    };
    if let Some(folder) = args.out.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
    }
    report.write(&args.out)?;
    Ok(report)
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

fn used(model: &Model) -> ModelUsed {
    let stated = |words: &str| {
        if words.is_empty() {
            "not stated".to_owned()
        } else {
            words.to_owned()
        }
    };
    ModelUsed {
        name: model.name.clone(),
        source: model.source.clone(),
        weights_sha256: model.weights_sha256.clone(),
        graph_sha256: model.graph.sha256().to_owned(),
        front_end: model.front_end.describe(),
        licence: stated(&model.licence),
        citation: stated(&model.citation),
        taps: vec![],
    }
}

/// The command that makes the report again, every default spelled out; `engine` is the one that ran.
fn again(args: &StressArgs, engine: &str) -> String {
    let mut words: Vec<String> = ["phonoscope", "probe", "stress"].map(Into::into).into();
    let mut option = |name: &str, value: String| words.extend([format!("--{name}"), value]);
    option("model", args.model.clone());
    for (name, value) in args.choice.options() {
        option(name, value);
    }
    if let Some(control) = &args.control {
        option("control", control.clone());
    }
    option("engine", engine.to_owned());
    option("data", args.data.display().to_string());
    for composite in &args.composites {
        option("composite", composite.clone());
    }
    option("test-fold", args.test_fold.to_string());
    option("sanity-words", args.sanity_words.to_string());
    option("seed", args.seed.to_string());
    option("bootstrap", args.bootstrap.to_string());
    option("out", args.out.display().to_string());
    let flags = [
        (args.difference, "--difference"),
        (args.no_twin, "--no-twin"),
    ];
    let flags = flags.iter().filter(|(set, _)| *set);
    words.extend(flags.map(|(_, flag)| (*flag).to_owned()));
    command_line(&words)
}
