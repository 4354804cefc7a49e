//! `phonoscope browse`, and the screen without arguments.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use phonoscope_analysis::task::Task;
use phonoscope_probes::report::Report;

use super::{Context, demo};
use crate::cli::{BrowseArgs, DemoArgs, Statistics};
use crate::exit::{Exit, Usage};
use crate::tui;

pub(super) fn run(args: &BrowseArgs, context: &Context) -> anyhow::Result<Exit> {
    let reports = args.reports.iter().map(|p| report_path(p)).collect::<anyhow::Result<_>>()?;
    open(reports, context)
}

/// The screen on whatever the last demo left here, or its welcome.
pub(super) fn home(context: &Context) -> anyhow::Result<Exit> {
    let last = Path::new("phonoscope-demo").join("report.json");
    open(if last.is_file() { vec![last] } else { vec![] }, context)
}

/// A report, or the report.json of a folder.
pub(super) fn report_path(path: &Path) -> anyhow::Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let inside = path.join("report.json");
    if inside.is_file() {
        return Ok(inside);
    }
    Err(Usage::new(
        format!("`{}` holds no report.json", path.display()),
        "`phonoscope probe speaker` makes one; a run folder is not a report",
    )
    .into())
}
