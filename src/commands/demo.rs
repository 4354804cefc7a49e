//! `phonoscope demo`: the main job on real models and the best speech at hand.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use phonoscope_datasets::synth::emphasis as edited;
use phonoscope_datasets::synth::spoken;
use phonoscope_datasets::synth::voices::{self, VoicesSettings};
use phonoscope_datasets::{Manifest, clips};
use phonoscope_probes::extract::SpanKind;
use phonoscope_probes::report::Report;

use super::data::kokoro;
use super::{Context, browse, probe};
use crate::cli::{
    Controls, DEFAULT_SENTENCES, DemoArgs, DemoJob, DemoVoices, DescriptorArgs, EmphasisArgs,
    EmphasisControls, InterventionArgs, NO_DESCRIPTORS, SpeakerArgs, SpeakerSource,
};
use crate::exit::{Exit, Usage};

/// The speaker encoder of the demo: the smallest of the catalogue.
const MODEL: &str = "ge2e";

/// The recogniser of the demo of emphasis: the smallest of the catalogue.
const RECOGNISER: &str = "whisper-tiny.en";

const EDITED: &str = "the emphasis was made: recordings of 16 words of 16 speakers with duration, F0 and level changed, \
    not emphasis as people make it; so few words show what the report looks like, not what the model does";
const NEURAL: &str = "the speech was made: neural voices of Kokoro-82M that all say the same English \
    sentences; `sex` and `language` are what the voices' names say";
const SYNTHETIC: &str =
    "the speech was made: synthetic voices with known parameters, not recordings";

pub(super) fn run(args: &DemoArgs, context: &Context) -> anyhow::Result<Exit> {
    let (report, exit) = make(args, context)?;
    if !args.no_tui && std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        return browse::open(vec![report], context);
    }
    Ok(exit)
}

/// Makes the demo's report and prints its summary; its path, and how its checks ended.
pub(super) fn make(args: &DemoArgs, context: &Context) -> anyhow::Result<(PathBuf, Exit)> {
    let (out, report) = match args.job {
        DemoJob::Speaker => speaker(args, context)?,
        DemoJob::Emphasis => emphasis(args, context)?,
    };
    context.printer.data(&probe::summary(&report))?;
    context.printer.remark(&format!(
        "report in `{}`; `phonoscope browse {}` opens it",
        out.display(),
        out.parent().unwrap_or(&out).display()
    ));
    Ok((out, probe::exit_of(&report)))
}

fn speaker(args: &DemoArgs, context: &Context) -> anyhow::Result<(PathBuf, Report)> {
    if args.out.join("run.json").is_file() {
        let problem = format!("`{}` is a run folder", args.out.display());
        return Err(Usage::new(problem, "give another --out").into());
    }
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
    Ok((out, report))
}

/// Edits the words that come with the program and asks a small recogniser about them.
fn emphasis(args: &DemoArgs, context: &Context) -> anyhow::Result<(PathBuf, Report)> {
    if args.data.is_some() || args.voices.is_some() {
        return Err(Usage::new(
            "`demo emphasis` edits its own recordings",
            "`phonoscope data synth emphasis` edits others, and `phonoscope probe emphasis` reads them",
        )
        .into());
    }
    let folder = args.out.join("emphasis");
    let words = clips::unpack(&folder.join("words"))?;
    let settings = edited::Settings {
        seed: args.statistics.seed,
        ..edited::Settings::default()
    };
    let made = edited::write(
        &folder.join("edited"),
        &Manifest::read(&words)?,
        &settings,
        &context.task,
    )?;
    let asked = EmphasisArgs {
        source: SpeakerSource {
            models: vec![RECOGNISER.into()],
            data: Some(made.manifest),
            ..SpeakerSource::default()
        },
        out: folder.join("report.json"),
        taps: vec![],
        spans: SpanKind::Segment,
        equal_frames: None,
        folds: 4,
        twin_seed: 1,
        intervention: InterventionArgs {
            intervene: None,
            intervention_items: 8,
            random_directions: 20,
            no_intervention: false,
        },
        controls: EmphasisControls::default(),
        statistics: args.statistics,
    };
    let mut report = probe::emphasis(&asked, context)?;
    report.summary.push(EDITED.into());
    report.write(&asked.out)?;
    Ok((asked.out, report))
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
