//! What the speaker probe is compared with: networks with random weights, and spectra without a network.

use std::path::Path;

use phonoscope_datasets::Manifest;
use phonoscope_models::Model;
use phonoscope_models::twin::TwinKind;
use phonoscope_probes::acoustics::{LogMel, log_mel_manifest};
use phonoscope_probes::extract::{Rows, SpanKind, select_taps};
use phonoscope_probes::store::{Run, TwinUsed};

use super::{Context, extract};
use crate::cli;

/// How a control's network is drawn; not the seed of the statistics, so that another draw of those finds
/// the same network.
const TWIN: (TwinKind, u64) = (TwinKind::Redrawn, 1);

/// Controls as the probe takes them; a reason where one is not there.
#[derive(Default)]
pub(super) struct Controls {
    pub(super) twins: Vec<Result<Run, String>>,
    pub(super) log_mel: Option<Result<LogMel, String>>,
}

/// What is run, and on what.
pub(super) struct Source<'a> {
    pub(super) data: &'a Path,
    pub(super) manifest: &'a Manifest,
    /// The tap that was asked for; none is the embedding.
    pub(super) taps: &'a [String],
}

/// No controls for `runs` finished runs: their models are not at hand.
pub(super) fn not_at_hand(runs: usize, args: &cli::Controls) -> Controls {
    if args.no_baselines {
        return Controls::default();
    }
    let why = "--run has no model at hand to randomise; --model with --data runs this control";
    Controls {
        twins: (0..runs).map(|_| Err(why.to_owned())).collect(),
        log_mel: Some(Err(
            "--run has no recordings at hand; --model with --data runs this control".to_owned(),
        )),
    }
}

/// Runs the twin of each model into its folder, and reads the spectra. What fails is said in the report and
/// ends nothing.
///
/// # Errors
/// When it is cancelled.
pub(super) fn measured<'a>(
    models: impl Iterator<Item = (&'a Model, &'a Path)>,
    source: &Source<'_>,
    args: &cli::Controls,
    context: &Context,
) -> anyhow::Result<Controls> {
    if args.no_baselines {
        return Ok(Controls::default());
    }
    let mut twins = vec![];
    for (model, out) in models {
        let found = twin(model, source, out, context);
        context.task.check()?;
        twins.push(found.map_err(|why| why.to_string()));
    }
    let log_mel = log_mel_manifest(source.manifest, extract::cores(), &context.task);
    context.task.check()?;
    Ok(Controls {
        twins,
        log_mel: Some(log_mel.map_err(|why| why.to_string())),
    })
}

fn twin(model: &Model, source: &Source<'_>, out: &Path, context: &Context) -> anyhow::Result<Run> {
    let (kind, seed) = TWIN;
    let twin = model.twin(kind, seed)?;
    let asked = extract::Asked {
        manifest: source.manifest.clone(),
        taps: select_taps(&twin, source.taps, SpanKind::Utterance)?,
        rows: Rows::default(),
        twin: Some(TwinUsed {
            kind: kind.to_string(),
            seed,
        }),
        sessions: None,
    };
    extract::into_folder(&twin, source.data, asked, out, context)?;
    Ok(Run::open(out)?)
}
