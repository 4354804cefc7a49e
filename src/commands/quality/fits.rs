//! What `phonoscope probe quality` refuses before hours of extraction.

use std::path::Path;

use phonoscope_datasets::{Manifest, Utterance};
use phonoscope_models::{Axis, Model, Tap};
use phonoscope_probes::quality::{FEWEST_OF_REFERENCE, matching_columns, system_column};

use crate::cli::QualityArgs;
use crate::exit::Usage;

/// The rows of the reference in the manifest, which was read from `data`; refuses one that is too small for any
/// measurement or lacks columns.
pub(super) fn reference<'a>(
    manifest: &'a Manifest,
    data: &Path,
    args: &QualityArgs,
) -> anyhow::Result<Vec<&'a Utterance>> {
    let system = system_column(&manifest.columns)?;
    let name = args.reference.as_deref().unwrap_or("reference");
    let rows = manifest.utterances.iter();
    let reference: Vec<&Utterance> = rows.filter(|u| u.value(system) == Some(name)).collect();
    if reference.is_empty() {
        return Err(Usage::new(
            format!("`{}` has no row of system `{name}`", data.display()),
            "name the reference with --reference",
        )
        .into());
    }
    if reference.len() < FEWEST_OF_REFERENCE {
        return Err(Usage::new(
            format!(
                "`{}` has {} recordings of the reference, and at least {FEWEST_OF_REFERENCE} are needed",
                data.display(),
                reference.len()
            ),
            "add recordings of it, or name another system with --reference",
        )
        .into());
    }
    if reference.len() == manifest.utterances.len() {
        return Err(Usage::new(
            format!("every row of `{}` is of the reference", data.display()),
            "add recordings of a system to compare with it",
        )
        .into());
    }
    let matching = (!args.matching.is_empty()).then_some(&args.matching[..]);
    matching_columns(&manifest.columns, matching)?;
    Ok(reference)
}

/// Refuses a layer to follow that no model has, or that has no frames.
pub(super) fn can_be_followed(
    models: &[(String, Model, Vec<Tap>)],
    args: &QualityArgs,
) -> anyhow::Result<()> {
    let Some(layer) = &args.follow else {
        return Ok(());
    };
    let taps = models.iter().flat_map(|(_, _, taps)| taps);
    let names: Vec<&str> = taps.filter(has_frames).map(|t| t.name.as_str()).collect();
    match names.contains(&layer.as_str()) {
        true => Ok(()),
        false => Err(Usage::new(
            format!("--follow `{layer}` is no measured layer with frames"),
            format!("choose one of: {}", names.join(", ")),
        )
        .into()),
    }
}

/// Whether a tap has a time axis, or may have one.
pub(super) fn has_frames(tap: &&Tap) -> bool {
    tap.axes.is_empty() || tap.axes.contains(&Axis::Time)
}
