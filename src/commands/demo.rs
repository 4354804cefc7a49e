//! `phonoscope demo`: the main job on real models and the best speech at hand.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::Context as _;
use phonoscope_datasets::synth::voices::{self, VoicesSettings};

use super::{Context, browse, probe};
use crate::cli::{DemoArgs, ModelChoice, SpeakerArgs, SpeakerSource};
use crate::exit::{Exit, Usage};

/// The speaker encoder of the demo: the smallest of the catalogue.
const MODEL: &str = "ge2e";

pub(super) fn run(args: &DemoArgs, context: &Context) -> anyhow::Result<Exit> {
    let (report, exit) = make(args, context)?;
    if !args.no_tui && std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        return browse::open(vec![report], context);
    }
    Ok(exit)
}

/// Makes the demo's report and prints its summary; its path, and how its checks ended.
pub(super) fn make(args: &DemoArgs, context: &Context) -> anyhow::Result<(PathBuf, Exit)> {
    if args.out.join("run.json").is_file() {
        let problem = format!("`{}` is a run folder", args.out.display());
        return Err(Usage::new(problem, "give another --out").into());
    }
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot create `{}`", args.out.display()))?;
    let data = match &args.data {
        Some(manifest) => manifest.clone(),
        None => {
            context.printer.remark(
                "no --data given: making 60 synthetic voices with known parameters (not recordings)",
            );
            let settings = VoicesSettings {
                seed: args.statistics.seed,
                ..VoicesSettings::default()
            };
            voices::write(&args.out.join("voices"), &settings, &context.task)?
        }
    };
    let out = args.out.join("report.json");
    let speaker = SpeakerArgs {
        source: SpeakerSource {
            run: None,
            model: Some(MODEL.into()),
            choice: ModelChoice::default(),
            data: Some(data),
        },
        out: out.clone(),
        tap: None,
        standardise: false,
        components: 20,
        folds: 5,
        statistics: args.statistics,
    };
    let report = probe::speaker(&speaker, context)?;
    context.printer.data(&probe::summary(&report))?;
    context.printer.remark(&format!(
        "report in `{}`; `phonoscope browse {}` opens it",
        out.display(),
        args.out.display()
    ));
    Ok((out, probe::exit_of(&report)))
}
