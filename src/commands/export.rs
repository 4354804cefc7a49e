//! `phonoscope export`

use std::path::Path;

use anyhow::Context as _;
use phonoscope_probes::report::Report;
use phonoscope_probes::store::{Run, write_atomic};

use super::{Context, browse};
use crate::cli::{ExportArgs, ExportFormat};
use crate::exit::{Exit, Usage};
use crate::export::{page_html, page_markdown, report_npz, run_npz, table_csv, write_tables};
use crate::plot;

pub(super) fn run(args: &ExportArgs, context: &Context) -> anyhow::Result<Exit> {
    if args.source.join("run.json").is_file() {
        export_run(args)?;
    } else {
        let path = browse::report_path(&args.source)?;
        export_report(&Report::read(&path)?, args, context)?;
    }
    context
        .printer
        .remark(&format!("written to `{}`", args.out.display()));
    Ok(Exit::Done)
}

fn export_run(args: &ExportArgs) -> anyhow::Result<()> {
    if args.format != ExportFormat::Npz {
        return Err(Usage::new(
            "a run is exported as npz only",
            "`phonoscope probe` makes a report of it; items.tsv in the folder is a table already",
        )
        .into());
    }
    run_npz(&Run::open(&args.source)?, &args.out)
}

fn export_report(report: &Report, args: &ExportArgs, context: &Context) -> anyhow::Result<()> {
    if args.table.is_some() && args.format != ExportFormat::Csv {
        return Err(Usage::new(
            "--table goes with --format csv",
            "leave it out, or export as csv",
        )
        .into());
    }
    if let Some(folder) = args.out.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
    }
    match args.format {
        ExportFormat::Json => Ok(report.write(&args.out)?),
        ExportFormat::Npz => report_npz(report, &args.out),
        ExportFormat::Svg => figures(report, &args.out, context),
        ExportFormat::Markdown => Ok(write_atomic(&args.out, page_markdown(report).as_bytes())?),
        ExportFormat::Html => Ok(write_atomic(&args.out, page_html(report).as_bytes())?),
        ExportFormat::Csv => match &args.table {
            None => write_tables(report, &args.out),
            Some(id) => {
                let named = report.tables.iter().find(|t| report.name_of(t) == *id);
                let table = named.or(report.table(None, id)).ok_or_else(|| {
                    let ids: Vec<String> =
                        report.tables.iter().map(|t| report.name_of(t)).collect();
                    Usage::new(
                        format!("the report has no table `{id}`"),
                        format!("it has: {}", ids.join(", ")),
                    )
                })?;
                Ok(write_atomic(&args.out, table_csv(table).as_bytes())?)
            }
        },
    }
}

/// Every figure that the report has tables for, into a folder; those that cannot be drawn are named.
fn figures(report: &Report, folder: &Path, context: &Context) -> anyhow::Result<()> {
    let (mut drawn, mut problems) = (vec![], vec![]);
    for (name, svg) in plot::figures(report) {
        match svg {
            Ok(svg) => drawn.push((name, svg)),
            Err(why) => problems.push(format!("cannot draw {name}: {why}")),
        }
    }
    if drawn.is_empty() {
        let nothing = || "the report has nothing that can be drawn".to_owned();
        return Err(Usage::new(
            problems.into_iter().next().unwrap_or_else(nothing),
            "figures need a speaker report",
        )
        .into());
    }
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create `{}`", folder.display()))?;
    for (name, svg) in drawn {
        write_atomic(&folder.join(name), svg.as_bytes())?;
    }
    for problem in problems {
        context.printer.remark(&problem);
    }
    Ok(())
}
