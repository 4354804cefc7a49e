//! `phonoscope models …`

mod card;
mod inspect;
mod list;
mod pull;
mod tree;
mod twin;
mod view;

pub(super) use view::view;

use super::Context;
use crate::cli::ModelsCommand;
use crate::exit::Exit;

pub(super) fn run(command: &ModelsCommand, context: &Context) -> anyhow::Result<Exit> {
    match command {
        ModelsCommand::List(args) => list::run(args, context),
        ModelsCommand::Pull(args) => pull::run(args, context),
        ModelsCommand::Inspect(args) => inspect::run(args, context),
        ModelsCommand::Card(args) => card::run(args, context),
        ModelsCommand::Twin(args) => twin::run(args, context),
    }
}
