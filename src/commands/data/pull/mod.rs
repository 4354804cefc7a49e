//! `phonoscope data pull`: speech that comes through package indices.

mod intonatang;
pub(in crate::commands) mod kokoro;

use crate::cli::{PullCorpus, PullDataArgs};
use crate::commands::Context;
use crate::exit::{Exit, Usage};
use crate::output::columns;

pub(super) fn run(args: &PullDataArgs, context: &Context) -> anyhow::Result<Exit> {
    match args.corpus {
        _ if args.list => {
            context.printer.data(&list(context))?;
            Ok(Exit::Done)
        }
        Some(PullCorpus::KokoroVoices) => kokoro::run(args, context),
        Some(PullCorpus::TimitIntonatang) => intonatang::run(args, context),
        None => Err(Usage::new("no corpus was named", "`--list` says what there is").into()),
    }
}

fn list(context: &Context) -> String {
    let rows = [
        ["name", "download", "time, first", "licence", "here", "what"],
        kokoro::listed(context),
        intonatang::listed(context),
    ];
    columns(&rows.map(|row| row.map(str::to_owned).to_vec()))
}

fn yes_or_no(here: bool) -> &'static str {
    if here { "yes" } else { "no" }
}
