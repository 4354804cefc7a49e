//! `phonoscope export`

use std::path::Path;

use anyhow::Context as _;
use phonoscope_probes::report::{Column, Report, Role};
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
        export_report(&Report::read(&path)?, args)?;
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

fn export_report(report: &Report, args: &ExportArgs) -> anyhow::Result<()> {
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
        ExportFormat::Svg => figures(report, &args.out),
        ExportFormat::Markdown => Ok(write_atomic(&args.out, page_markdown(report).as_bytes())?),
        ExportFormat::Html => Ok(write_atomic(&args.out, page_html(report)?.as_bytes())?),
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

/// Every figure of a speaker report into a folder.
fn figures(report: &Report, folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create `{}`", folder.display()))?;
    let colour = report.table(None, "speakers").and_then(|t| {
        let best = t.columns.iter().filter(|c| c.role == Role::Metadata);
        best.min_by_key(|c| distinct(c)).map(|c| c.id.clone())
    });
    let scatter = plot::ScatterFigure {
        x: 1,
        y: 2,
        colour: colour.as_deref(),
        selected: None,
    };
    let drawn = [
        ("scatter.svg", plot::scatter(report, &scatter)),
        ("scree.svg", plot::scree(report)),
        ("associations.svg", plot::associations(report)),
    ];
    for (name, svg) in drawn {
        let svg = svg.map_err(|e| {
            Usage::new(
                format!("cannot draw {name}: {e}"),
                "figures need a speaker report",
            )
        })?;
        write_atomic(&folder.join(name), svg.as_bytes())?;
    }
    Ok(())
}

/// Number of different entries; few classes make the clearest colours.
fn distinct(column: &Column) -> usize {
    let values: std::collections::BTreeSet<String> = (0..column.data.len())
        .filter_map(|row| {
            column
                .text_at(row)
                .map(str::to_owned)
                .or_else(|| column.value(row).map(|v| v.to_string()))
        })
        .collect();
    if values.len() < 2 {
        usize::MAX
    } else {
        values.len()
    }
}
