//! `phonoscope data synth`

use phonoscope_datasets::synth::voices::{self, VoicesSettings};

use crate::cli::VoicesArgs;
use crate::commands::Context;
use crate::exit::Exit;

pub(super) fn voices(args: &VoicesArgs, context: &Context) -> anyhow::Result<Exit> {
    let settings = VoicesSettings {
        speakers: args.speakers,
        utterances_per_speaker: args.utterances,
        duration_secs: args.duration_secs,
        seed: args.seed,
    };
    let manifest = voices::write(&args.out, &settings, &context.task)?;
    context.printer.remark(&format!(
        "synthetic voices and their truth in `{}`",
        manifest.display()
    ));
    Ok(Exit::Done)
}
