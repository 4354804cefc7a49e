//! `phonoscope data pull timit-intonatang`: people of TIMIT, for those who may use it.

use std::path::PathBuf;

use phonoscope_datasets::corpora::intonatang::{self, unpack};
use phonoscope_models::fetch::{SourceArchive, fetch_source_archive};

use super::yes_or_no;
use crate::cli::PullDataArgs;
use crate::commands::Context;
use crate::exit::{Exit, Usage};

const NAME: &str = "timit-intonatang";

const ARCHIVE: SourceArchive = SourceArchive {
    package: "intonatang",
    version: "2017.7.13",
    bytes: intonatang::BYTES,
    sha256: intonatang::SHA256,
};

const SITUATION: &str = "\
It is 499 sentences of 402 people, with sex and hand-made phone times, in a Python package of 46 MB.
  • TIMIT is licensed by the Linguistic Data Consortium (LDC93S1): whoever uses it needs a licence from there.
  • The package that carries it, intonatang 2017.7.13, states no licence. That it can be had is no permission.
  • Use it for research only, and pass on neither the recordings nor anything from which they can be rebuilt.
  • It is a source archive. Its set-up script is not run: pip is given a stand-in for the build program, and
    refuses any archive but the one with the pinned hash.";

pub(super) fn run(args: &PullDataArgs, context: &Context) -> anyhow::Result<Exit> {
    if !args.accept_licence {
        return Err(Usage::new(
            format!("{NAME} is not fetched before its licence situation is accepted"),
            format!("{SITUATION}\nIf you may use TIMIT, add --accept-licence."),
        )
        .into());
    }
    let remark = |text: &str| context.printer.remark(text);
    let dir = args.out.clone().unwrap_or_else(|| folder(context));
    let manifest = dir.join("manifest.tsv");
    if manifest.is_file() {
        remark(&format!("{NAME} is here already"));
    } else {
        remark(SITUATION);
        let archive =
            fetch_source_archive(&ARCHIVE, &context.cache(), context.network(), &context.task)?;
        let imported = unpack(&archive, &dir)?;
        let n = imported.manifest.utterances.len();
        remark(&format!(
            "{NAME}: {n} sentences; cite {}",
            intonatang::CITATION
        ));
    }
    context.printer.data(&manifest.display().to_string())?;
    Ok(Exit::Done)
}

/// What `--list` says.
pub(super) fn listed(context: &Context) -> [&'static str; 6] {
    let here = yes_or_no(folder(context).join("manifest.tsv").is_file());
    let what = "499 sentences of 402 people of TIMIT; sex, hand-made phone times";
    [NAME, "46 MB", "under 1 min", "LDC; opt-in", here, what]
}

fn folder(context: &Context) -> PathBuf {
    context.cache().root().join("data").join(NAME)
}
