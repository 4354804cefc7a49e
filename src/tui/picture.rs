//! A screen as an SVG picture.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;

use crate::plot::{escape, hex};

use super::theme::{PAGE, css, is_bold};
use super::words;

const CELL: (f64, f64) = (8.4, 17.0);
const MARGIN: f64 = 10.0;

/// Cells of one style in one row.
struct Run {
    start: u16,
    columns: u16,
    text: String,
    ink: String,
    paper: String,
    bold: bool,
}

/// Draws `buffer` on a dark page, each row in runs of one style.
pub(crate) fn draw(buffer: &Buffer) -> String {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let width = f64::from(columns) * CELL.0 + 2.0 * MARGIN;
    let height = f64::from(rows) * CELL.1 + 2.0 * MARGIN;
    let page = hex(PAGE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.1}\" height=\"{height:.1}\" \
         viewBox=\"0 0 {width:.1} {height:.1}\" font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\" \
         font-size=\"14\">\n<title>Phonoscope</title>\n\
         <rect width=\"{width:.1}\" height=\"{height:.1}\" rx=\"6\" fill=\"{page}\"/>\n"
    );
    for y in 0..rows {
        for run in runs(buffer, y) {
            let (x, top) = (
                MARGIN + f64::from(run.start) * CELL.0,
                MARGIN + f64::from(y) * CELL.1,
            );
            let length = f64::from(run.columns) * CELL.0;
            if run.paper != page {
                let _ = writeln!(
                    svg,
                    "<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{length:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
                    CELL.1, run.paper
                );
            }
            if run.text.trim().is_empty() {
                continue;
            }
            let weight = if run.bold {
                " font-weight=\"bold\""
            } else {
                ""
            };
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{}\" textLength=\"{length:.1}\" \
                 xml:space=\"preserve\"{weight}>{}</text>",
                top + 13.0,
                run.ink,
                escape(&run.text)
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn runs(buffer: &Buffer, y: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut x = 0;
    while x < buffer.area.width {
        let Some(cell) = buffer.cell((x, y)) else {
            break;
        };
        let (ink, paper) = css(cell.style());
        let bold = is_bold(cell.style());
        let step = u16::try_from(words::width(cell.symbol()))
            .unwrap_or(1)
            .max(1);
        match runs.last_mut() {
            Some(run) if run.ink == ink && run.paper == paper && run.bold == bold => {
                run.text.push_str(cell.symbol());
                run.columns += step;
            }
            _ => runs.push(Run {
                start: x,
                columns: step,
                text: cell.symbol().to_owned(),
                ink,
                paper,
                bold,
            }),
        }
        x += step;
    }
    runs
}
