//! `phonoscope demo`: the main job on real models and the best speech at hand.

mod emphasis;
mod stress;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use phonoscope_datasets::synth::spoken;
use phonoscope_datasets::synth::voices::{self, VoicesSettings};
use phonoscope_probes::report::Report;

use super::data::kokoro;
use super::{Context, browse, probe};
use crate::cli::{
    Controls, DEFAULT_SENTENCES, DemoArgs, DemoCommand, DemoVoices, DescriptorArgs, NO_DESCRIPTORS,
    SpeakerArgs, SpeakerSource,
};
use crate::exit::{Exit, Usage};

/// The speaker encoder of the demo: the smallest of the catalogue.
const MODEL: &str = "ge2e";

const NEURAL: &str = "the speech was made: neural voices of Kokoro-82M that all say the same English \
    sentences; `sex` and `language` are what the voices' names say";
const SYNTHETIC: &str =
    "the speech was made: synthetic voices with known parameters, not recordings";

pub(super) fn run(args: &DemoArgs, context: &Context) -> anyhow::Result<Exit> {
    let ((report, exit), no_tui) = match &args.other {
        Some(DemoCommand::Emphasis(args)) => (emphasis::make(args, context)?, args.no_tui),
        Some(DemoCommand::Stress(args)) => (stress::make(args, context)?, args.no_tui),
        None => (make(args, context)?, args.no_tui),
    };
    if !no_tui && std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        return browse::open(vec![report], context);
    }
    Ok(exit)
}

/// Makes the demo's report and prints its summary; its path, and how its checks ended.
pub(super) fn make(args: &DemoArgs, context: &Context) -> anyhow::Result<(PathBuf, Exit)> {
    refuse_run(&args.out)?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot create `{}`", args.out.display()))?;
    let (data, speech) = speech(args, context)?;
    let out = args.out.join("report.json");
    let speaker = SpeakerArgs {
        source: SpeakerSource {
            models: vec![MODEL.into()],
            data: Some(data),
            ..SpeakerSource::default()
        },
        out: out.clone(),
        tap: None,
        standardise: false,
        components: 20,
        folds: 5,
        fold_column: None,
        descriptors: DescriptorArgs {
            descriptors: NO_DESCRIPTORS.into(),
            ..DescriptorArgs::default()
        },
        controls: Controls::default(),
        statistics: args.statistics,
    };
    let mut report = match probe::speaker(&speaker, context) {
        Err(error) if speech.is_some() && left_by_another_demo(&error, &out)? => {
            probe::speaker(&speaker, context)?
        }
        other => other?,
    };
    if let Some(speech) = speech {
        report.summary.push(speech);
        report.write(&out)?;
    }
    told(out, &report, context)
}

/// Prints the summary of a report and where it lies.
fn told(out: PathBuf, report: &Report, context: &Context) -> anyhow::Result<(PathBuf, Exit)> {
    context.printer.data(&probe::summary(report))?;
    context.printer.remark(&format!(
        "report in `{}`; `phonoscope browse {}` opens it",
        out.display(),
        out.parent().unwrap_or(&out).display()
    ));
    Ok((out, probe::exit_of(report)))
}

/// Refuses a folder that holds a run.
fn refuse_run(out: &Path) -> anyhow::Result<()> {
    if out.join("run.json").is_file() {
        let problem = format!("`{}` is a run folder", out.display());
        return Err(Usage::new(problem, "give another --out").into());
    }
    Ok(())
}

/// Whether the demo failed because its folder holds the activations of other made speech, which are
/// removed then: nothing of the user's is in them.
fn left_by_another_demo(error: &anyhow::Error, report: &Path) -> anyhow::Result<bool> {
    let run = report.with_extension("run");
    match error.downcast_ref() {
        Some(phonoscope_probes::Error::OtherRun { path, .. }) if *path == run => {
            for made in [run, report.with_extension("twin.run")] {
                if made.is_dir() {
                    std::fs::remove_dir_all(&made)
                        .with_context(|| format!("cannot remove `{}`", made.display()))?;
                }
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// The manifest to use, and what the report says of made speech.
fn speech(args: &DemoArgs, context: &Context) -> anyhow::Result<(PathBuf, Option<String>)> {
    let remark = |text: &str| context.printer.remark(text);
    if let Some(manifest) = &args.data {
        return Ok((manifest.clone(), None));
    }
    let neural = match (args.voices, kokoro::cached(context)) {
        (Some(DemoVoices::Synthetic), _) => None,
        (None, None) => {
            remark(
                "no --data given: making 60 synthetic voices with known parameters (not recordings); \
                 `--voices kokoro` fetches neural ones",
            );
            None
        }
        (None, Some(manifest)) => {
            remark("no --data given: using the neural voices of `data pull kokoro-voices`");
            Some(manifest)
        }
        (Some(DemoVoices::Kokoro), _) => Some(kokoro::pull(DEFAULT_SENTENCES, context)?.manifest),
    };
    if let Some(manifest) = neural {
        let copied = spoken::copy(&manifest, &args.out.join("kokoro-voices"), &context.task)?;
        return Ok((copied, Some(NEURAL.to_owned())));
    }
    let settings = VoicesSettings {
        seed: args.statistics.seed,
        ..VoicesSettings::default()
    };
    let manifest = voices::write(&args.out.join("voices"), &settings, &context.task)?;
    Ok((manifest, Some(SYNTHETIC.to_owned())))
}
