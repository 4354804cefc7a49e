//! A report as one page that can be pasted into a paper's appendix.

mod html;
mod markdown;
mod methods;
mod tables;

use phonoscope_probes::report::{Report, Status};

use crate::plot;

/// A piece of the page; every renderer knows each of them.
#[derive(Debug, Clone, PartialEq)]
enum Block {
    /// A heading below the title.
    Heading(String),
    /// Running text.
    Paragraph(String),
    /// Separate sentences.
    List(Vec<String>),
    /// A table with its heading, a remark below, and all rows of equal length.
    Table {
        title: String,
        heads: Vec<String>,
        rows: Vec<Vec<String>>,
        remark: String,
    },
    /// Something to type.
    Code(String),
    /// A drawing (SVG) and what it shows; left out where pages are plain text.
    Figure { svg: String, caption: String },
}

/// The page in Markdown; figures are not part of it.
pub fn page_markdown(report: &Report) -> String {
    markdown::render(&report.title, &blocks(report, vec![]))
}

/// The page in HTML, with its figures in it and nothing to fetch.
///
/// # Errors
/// When a figure that the report should carry cannot be drawn.
pub fn page_html(report: &Report) -> String {
    html::render(&report.title, &blocks(report, figures(report)))
}

fn blocks(report: &Report, figures: Vec<Block>) -> Vec<Block> {
    let mut page = vec![
        Block::Heading("Findings".into()),
        Block::List(report.summary.clone()),
    ];
    page.extend(figures);
    if !report.warnings.is_empty() {
        page.push(Block::Heading("Cautions".into()));
        page.push(Block::List(report.warnings.clone()));
    }
    page.push(Block::Heading("Methods".into()));
    page.extend(
        methods::paragraphs(report)
            .into_iter()
            .map(Block::Paragraph),
    );
    page.push(Block::Heading("Results".into()));
    page.extend(tables::of(report));
    page.push(Block::Heading("Trust".into()));
    page.push(trust(report));
    page.push(Block::Heading("To make it again".into()));
    page.push(Block::Code(report.provenance.command.clone()));
    page.push(inputs(report));
    let references = methods::references(report);
    if !references.is_empty() {
        page.push(Block::Heading("References".into()));
        page.push(Block::List(references));
    }
    page
}

/// Figures that carry the page; the others are `export --format svg`'s, which names those that cannot be drawn.
const FIGURES: [&str; 7] = [
    "scatter",
    "scree",
    "regression",
    "heat",
    "stress_time",
    "stress_bands",
    "stress_accuracy",
];

/// The page's figures, of each system.
fn figures(report: &Report) -> Vec<Block> {
    let drawn = plot::figures(report).into_iter();
    drawn
        .filter(|(name, _)| {
            FIGURES
                .iter()
                .any(|kind| name.ends_with(&format!("{kind}.svg")))
        })
        .filter_map(|(name, svg)| {
            let caption = name.trim_end_matches(".svg").replace(['_', '-', '.'], " ");
            Some(Block::Figure {
                svg: svg.ok()?,
                caption,
            })
        })
        .collect()
}

fn trust(report: &Report) -> Block {
    let rows = report.trust.checks.iter().map(|check| {
        let status = match check.status {
            Status::Pass => "pass",
            Status::Warn => "warn",
            Status::Fail => "fail",
            Status::NotRun => "not run",
        };
        let words = if check.verdict.is_empty() {
            &check.detail
        } else {
            &check.verdict
        };
        let system = check.system.as_deref().unwrap_or_default();
        let name = [system, &check.id].join(" ").trim().replace('_', " ");
        vec![name, status.into(), words.clone()]
    });
    let coverage = &report.trust.coverage;
    Block::Table {
        title: "Checks of the run".into(),
        heads: ["check", "verdict", "in words"].map(Into::into).into(),
        rows: rows.collect(),
        remark: format!(
            "{} items used, {} skipped.",
            coverage.used,
            coverage.skipped.len()
        ),
    }
}

fn inputs(report: &Report) -> Block {
    let rows = report.provenance.inputs.iter();
    Block::Table {
        title: "Files read".into(),
        heads: ["what", "name", "SHA-256"].map(Into::into).into(),
        rows: rows
            .map(|file| vec![file.what.clone(), file.name.clone(), file.sha256.clone()])
            .collect(),
        remark: String::new(),
    }
}

#[cfg(test)]
mod tests;
