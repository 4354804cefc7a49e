//! `phonoscope models card`

use phonoscope_models::card_for_file;

use crate::cli::CardArgs;
use crate::commands::Context;
use crate::exit::Exit;

pub(super) fn run(args: &CardArgs, context: &Context) -> anyhow::Result<Exit> {
    context.printer.data(&card_for_file(&args.file)?)?;
    Ok(Exit::Done)
}
