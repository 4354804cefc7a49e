//! `phonoscope demo emphasis`: a small recogniser on words that come with the program, edited.

use std::path::PathBuf;

use phonoscope_datasets::synth::emphasis as edited;
use phonoscope_datasets::{Manifest, clips};
use phonoscope_probes::extract::SpanKind;

use super::super::{Context, probe};
use super::{refuse_run, told};
use crate::cli::{
    DemoEmphasisArgs, EmphasisArgs, EmphasisControls, InterventionArgs, SpeakerSource,
};
use crate::exit::Exit;

/// The recogniser: the smallest of the catalogue.
const RECOGNISER: &str = "whisper-tiny.en";

const EDITED: &str = "the emphasis was made: recordings of 16 words of 16 speakers with duration, F0 and level changed, \
    not emphasis as people make it; so few words show what the report looks like, not what the model does";

/// Makes the report and prints its summary; its path, and how its checks ended.
pub(super) fn make(args: &DemoEmphasisArgs, context: &Context) -> anyhow::Result<(PathBuf, Exit)> {
    refuse_run(&args.out)?;
    let words = clips::unpack(&args.out.join("words"))?;
    let settings = edited::Settings {
        seed: args.statistics.seed,
        ..edited::Settings::default()
    };
    let made = edited::write(
        &args.out.join("edited"),
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
        out: args.out.join("report.json"),
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
    told(asked.out, &report, context)
}
