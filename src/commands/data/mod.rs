//! `phonoscope data …`

mod check;
mod degrade;
mod emphasis;
mod import;
mod pull;
mod synth;

pub(super) use pull::kokoro;

use super::Context;
use crate::cli::{DataCommand, SynthCommand};
use crate::exit::Exit;

/// Problems printed before the rest is only counted.
const SHOWN: usize = 20;

pub(super) fn run(command: &DataCommand, context: &Context) -> anyhow::Result<Exit> {
    match command {
        DataCommand::Import(args) => import::run(args, context),
        DataCommand::Check(args) => check::run(args, context),
        DataCommand::Degrade(args) => degrade::run(args, context),
        DataCommand::Pull(args) => pull::run(args, context),
        DataCommand::Synth(SynthCommand::Voices(args)) => synth::voices(args, context),
        DataCommand::Synth(SynthCommand::Emphasis(args)) => emphasis::run(args, context),
    }
}
