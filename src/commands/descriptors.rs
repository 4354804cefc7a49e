//! Which acoustic descriptors a probe is given.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use phonoscope_analysis::acoustics::descriptor::{self as acoustic, DESCRIPTORS, Settings, find};
use phonoscope_datasets::Manifest;
use phonoscope_probes::acoustics::{
    DNSMOS, DNSMOS_MODEL, definition, measure_manifest, rate_manifest, rating_words,
};
use phonoscope_probes::speaker::{DescriptorTable, Part};
use phonoscope_probes::store::{Run, sha256_hex, write_atomic};

use super::Context;
use super::model_choice::load_model;
use crate::cli::{DescriptorArgs, MEASURE, ModelChoice, NO_DESCRIPTORS, SpeakerArgs};
use crate::exit::Usage;

/// Counterparts of the descriptors of arXiv 2510.16489 that need no network: pitch and its range, jitter,
/// noise of the voice, length of the vocal tract, slope, level, and the noise of the recording in the place
/// of its intelligibility.
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

/// In the place of its quality, where a network rates recordings.
const RATING: &str = "dnsmos_ovrl";

/// Conditions of the recording that are held beside the default descriptors and predict nothing.
const CONDITIONS: [&str; 3] = ["bandwidth_hz", "dnsmos_sig", "dnsmos_bak"];

/// The word for every descriptor.
const ALL: &str = "all";

/// What is measured, and what of it is for conditions only.
struct Wanted {
    acoustic: Vec<String>,
    rated: bool,
    /// In the order of the report.
    chosen: Vec<String>,
    conditions: Vec<&'static str>,
}

impl Wanted {
    fn of(args: &DescriptorArgs) -> anyhow::Result<Self> {
        let is_rating = |name: &String| DNSMOS.iter().any(|d| d.name == name.as_str());
        let asked = &args.chosen;
        let rated = args.dnsmos || asked.iter().any(is_rating);
        let ratings = || DNSMOS.iter().map(|d| d.name).filter(|_| rated);
        let (chosen, conditions): (Vec<&str>, Vec<&str>) = if asked.is_empty() {
            let rating = rated.then_some(RATING);
            let conditions = CONDITIONS.iter().copied();
            (
                DEFAULT.into_iter().chain(rating).collect(),
                conditions
                    .filter(|name| rated || find(name).is_some())
                    .collect(),
            )
        } else if *asked == [ALL] {
            let all = DESCRIPTORS.iter().map(|d| d.name);
            (all.chain(ratings()).collect(), vec![])
        } else {
            (asked.iter().map(String::as_str).collect(), vec![])
        };
        if let Some(unknown) = chosen.iter().find(|name| definition(name).is_none()) {
            return Err(Usage::new(
                format!("there is no descriptor `{unknown}`"),
                "`phonoscope acoustics --list` has all; a name of your own needs --descriptors FILE",
            )
            .into());
        }
        let names = chosen.iter().chain(&conditions);
        Ok(Self {
            acoustic: names
                .filter(|name| find(name).is_some())
                .map(|name| (*name).to_owned())
                .collect(),
            rated,
            chosen: chosen
                .iter()
                .chain(&conditions)
                .map(|name| (*name).to_owned())
                .collect(),
            conditions: CONDITIONS
                .into_iter()
                .filter(|name| conditions.contains(name))
                .collect(),
        })
    }
}

/// A table or no descriptors, as the arguments say; nothing when they are to be measured.
pub(super) fn given(args: &DescriptorArgs) -> anyhow::Result<Option<Option<DescriptorTable>>> {
    match args.descriptors.as_str() {
        MEASURE => Wanted::of(args).map(|_| None),
        _ if args.dnsmos => Err(Usage::new(
            "--dnsmos rates the recordings, and descriptors are not measured here",
            "leave --descriptors out, or put columns dnsmos_ovrl, … into your table",
        )
        .into()),
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
    let wanted = Wanted::of(&args.descriptors)?;
    let manifest = Manifest::read(&path)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let kept = Kept {
        out: &args.out,
        manifest: &bytes,
        context,
    };
    let mut table = kept.or_measured("descriptors", "", &wanted.acoustic, |missing| {
        let settings = Settings {
            wanted: acoustic::Wanted::of(missing)?,
            ..Settings::default()
        };
        let found = measure_manifest(&manifest, &settings, threads, &context.task)?;
        for failure in &found.failures {
            let told = format!("`{}` has no descriptors: {}", failure.path, failure.reason);
            context.printer.caution(&told);
        }
        Ok(DescriptorTable::of_acoustics(&found))
    })?;
    if wanted.rated {
        let model = load_model(DNSMOS_MODEL, &ModelChoice::default(), context)?;
        let engine = context.engine()?;
        let by = format!("{} {}", engine.info().name, engine.info().version);
        let names: Vec<String> = DNSMOS.iter().map(|d| d.name.to_owned()).collect();
        let by = format!("{} {by}", model.weights_sha256);
        let rated = kept.or_measured("dnsmos", &by, &names, |_| {
            let engine = engine.as_ref();
            let found = rate_manifest(&manifest, &model, engine, threads, &context.task)?;
            for failure in &found.failures {
                let told = format!("`{}` has no rating: {}", failure.path, failure.reason);
                context.printer.caution(&told);
            }
            Ok(DescriptorTable::of_quality(&found))
        })?;
        table.add(&rated);
        table.source = format!(
            "measured; {}",
            rating_words(&model.weights_sha256, engine.as_ref())
        );
    }
    table.choose(&wanted.chosen)?;
    table.set_part(&wanted.conditions, Part::Condition);
    Ok((Some(table), vec![]))
}

/// Tables of measurements beside the report, by the manifest that they are of.
struct Kept<'a> {
    out: &'a Path,
    manifest: &'a [u8],
    context: &'a Context,
}

impl Kept<'_> {
    /// The columns `names` from the table that an earlier call kept; what it lacks is measured and added.
    /// `by` is what else the values hang on.
    fn or_measured(
        &self,
        what: &str,
        by: &str,
        names: &[String],
        measure: impl FnOnce(&[String]) -> anyhow::Result<DescriptorTable>,
    ) -> anyhow::Result<DescriptorTable> {
        let version = env!("CARGO_PKG_VERSION").as_bytes();
        let key = sha256_hex(&[self.manifest, version, by.as_bytes()].concat());
        let short: String = key.chars().take(12).collect();
        let path = self.out.with_extension(format!("{what}-{short}.tsv"));
        let kept = match path.is_file() {
            true => Some(DescriptorTable::read_whole(&path)?),
            false => None,
        };
        let has = |name: &String| {
            let mut known = kept.iter().flat_map(|table| &table.descriptors);
            known.any(|d| d.name == *name)
        };
        let missing: Vec<String> = names.iter().filter(|n| !has(n)).cloned().collect();
        if missing.len() < names.len() {
            let told = format!(
                "{} {what} of an earlier call are taken from `{}`",
                names.len() - missing.len(),
                path.display()
            );
            self.context.printer.remark(&told);
        }
        let table = match (kept, missing.is_empty()) {
            (Some(kept), true) => kept,
            (kept, _) => {
                let mut table = measure(&missing)?;
                if let Some(mut kept) = kept {
                    kept.add(&table);
                    table = kept;
                }
                if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
                    std::fs::create_dir_all(folder)
                        .with_context(|| format!("cannot create `{}`", folder.display()))?;
                }
                write_atomic(&path, table.to_tsv().as_bytes())?;
                table
            }
        };
        Ok(DescriptorTable {
            source: "measured".into(),
            file: None,
            ..table
        })
    }
}
