//! Which acoustic descriptors a probe is given.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use phonoscope_analysis::acoustics::descriptor::Settings;
use phonoscope_datasets::Manifest;
use phonoscope_probes::acoustics::measure_manifest;
use phonoscope_probes::speaker::DescriptorTable;
use phonoscope_probes::store::{Run, sha256_hex, write_atomic};

use super::Context;
use crate::cli::{DescriptorArgs, MEASURE, NO_DESCRIPTORS, SpeakerArgs};
use crate::exit::Usage;

/// Counterparts of the descriptors of arXiv 2510.16489 that need no network: pitch and its range, jitter,
/// noise of the voice, length of the vocal tract, slope, level, and the noise of the recording in the place
/// of its intelligibility and quality.
const DEFAULT: [&str; 8] = [
    "f0_median_st",
    "f0_iqr_st",
    "jitter_ppq5",
    "gne_max",
    "vtl_delta_f_cm",
    "ltas_slope_db",
    "active_level_db",
    "snr_db",
];

/// The word for every descriptor.
const ALL: &str = "all";

/// A table or no descriptors, as the arguments say; nothing when they are to be measured.
pub(super) fn given(args: &DescriptorArgs) -> anyhow::Result<Option<Option<DescriptorTable>>> {
    match args.descriptors.as_str() {
        MEASURE => Ok(None),
        NO_DESCRIPTORS if args.chosen.is_empty() => Ok(Some(None)),
        NO_DESCRIPTORS => Err(Usage::new(
            "--descriptor chooses among descriptors, and there are none",
            "leave --descriptors none out, or give a table with --descriptors FILE",
        )
        .into()),
        file => {
            let mut table = DescriptorTable::read(Path::new(file))?;
            if !args.chosen.is_empty() && args.chosen != [ALL] {
                table.choose(&args.chosen)?;
            }
            Ok(Some(Some(table)))
        }
    }
}

/// Descriptors measured from the recordings of the manifest, or taken from where an earlier call kept them;
/// none, and the reason, where a finished run's manifest is no longer there.
pub(super) fn measured(
    args: &SpeakerArgs,
    runs: &[Run],
    context: &Context,
) -> anyhow::Result<(Option<DescriptorTable>, Vec<String>)> {
    let named = runs
        .first()
        .map(|run| PathBuf::from(&run.description.items.manifest));
    let path = args.source.data.clone().or(named).unwrap_or_default();
    let Ok(bytes) = std::fs::read(&path) else {
        let why = format!(
            "no acoustic descriptors: the manifest `{}` of the run is not there to measure its recordings",
            path.display()
        );
        context.printer.caution(&why);
        return Ok((None, vec![why]));
    };
    let key = sha256_hex(&[&bytes, env!("CARGO_PKG_VERSION").as_bytes()].concat());
    let short: String = key.chars().take(12).collect();
    let kept = args.out.with_extension(format!("descriptors-{short}.tsv"));
    let mut table = if kept.is_file() {
        let told = format!(
            "descriptors of an earlier call are taken from `{}`",
            kept.display()
        );
        context.printer.remark(&told);
        DescriptorTable {
            source: "measured".into(),
            file: None,
            ..DescriptorTable::read(&kept)?
        }
    } else {
        let manifest = Manifest::read(&path)?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let found = measure_manifest(&manifest, &Settings::default(), threads, &context.task)?;
        for failure in &found.failures {
            let told = format!("`{}` has no descriptors: {}", failure.path, failure.reason);
            context.printer.caution(&told);
        }
        let table = DescriptorTable::of_acoustics(&found);
        if let Some(folder) = kept.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot create `{}`", folder.display()))?;
        }
        write_atomic(&kept, table.to_tsv().as_bytes())?;
        // Read again, so that a first and a second call see the same columns.
        DescriptorTable {
            source: table.source,
            file: None,
            ..DescriptorTable::read(&kept)?
        }
    };
    let chosen = &args.descriptors.chosen;
    if chosen.is_empty() {
        // A column without a single value is not in the table.
        let known = |name: &&str| table.descriptors.iter().any(|d| d.name == **name);
        let default: Vec<String> = DEFAULT
            .iter()
            .filter(|name| known(name))
            .map(|name| (*name).to_owned())
            .collect();
        table.choose(&default)?;
    } else if *chosen != [ALL] {
        table.choose(chosen)?;
    }
    Ok((Some(table), vec![]))
}
