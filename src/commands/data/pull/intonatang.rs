//! `phonoscope data pull timit-intonatang`: people of TIMIT, for those who may use it.

use phonoscope_models::fetch::{SourceArchive, fetch_source_archive};

use super::yes_or_no;
use crate::cli::PullDataArgs;
use crate::commands::Context;
use crate::exit::{Exit, Usage};

const NAME: &str = "timit-intonatang";

const ARCHIVE: SourceArchive = SourceArchive {
    package: "intonatang",
    version: "2017.7.13",
    bytes: 46_224_276,
    sha256: "1771c41a6ecbf93503bac6112eb77409590704730d3e98a6e08074f719019369",
};

const LICENCE: &str = "\
The package intonatang 2017.7.13 (Tang, Hamilton and Chang 2017) holds 499 sentences of 402 people from TIMIT,
with TIMIT's phone times, and 64 resynthesised sentences.
  • TIMIT is licensed by the Linguistic Data Consortium (LDC93S1). Whoever uses it needs a licence from there.
  • The package itself states no licence. That it can be downloaded is not a permission.
  • Use it for research, if you may, and never pass on the recordings or anything from which they can be rebuilt.
  • It is a source archive of 46 MB. Its set-up script is not run: pip is given a stand-in for the build
    program, and refuses any archive but the one with the pinned hash.";

pub(super) fn run(args: &PullDataArgs, context: &Context) -> anyhow::Result<Exit> {
    if !args.accept_licence {
        return Err(Usage::new(
            format!("{NAME} is not fetched before its licence situation is accepted"),
            format!("{LICENCE}\nIf you may use TIMIT, add --accept-licence."),
        )
        .into());
    }
    context.printer.remark(LICENCE);
    let (cache, network) = (context.cache(), context.network());
    let archive = fetch_source_archive(&ARCHIVE, &cache, network, &context.task)?;
    let dir = match &args.out {
        Some(dir) => dir.clone(),
        None => cache.root().join("data").join(NAME),
    };
    let _ = (archive, dir);
    Ok(Exit::Done)
}

/// What `--list` says.
pub(super) fn listed(context: &Context) -> [&'static str; 6] {
    let folder = context.cache().root().join("data").join(NAME);
    let here = yes_or_no(folder.join("manifest.tsv").is_file());
    let what = "402 people of TIMIT, sex, hand-made phone times; 64 sentences with emphasis moved";
    [NAME, "46 MB", "under 1 min", "LDC; opt-in", here, what]
}
