//! The pictures of a speaker report as SVG: scatter, scree, associations.

mod associations;
mod scatter;
mod scree;

use anyhow::{Context as _, Result};
use phonoscope_probes::report::{Column, Report, Table};

use super::{Anchor, Scale, Svg};

pub use associations::associations;
pub(crate) use associations::strength;
pub use scatter::{ScatterFigure, scatter};
pub use scree::scree;

const INK: &str = "#1a1a1a";
const FAINT: &str = "#8a8a8a";
const GRID: &str = "#e4e4e4";
const BLUE: &str = "#0072b2";
const VERMILION: &str = "#d55e00";

/// The inner area of a figure with its two scales.
struct Panel {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    x: Scale,
    y: Scale,
}

impl Panel {
    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (
            self.left + self.x.unit(x) * self.width,
            self.top + (1.0 - self.y.unit(y)) * self.height,
        )
    }

    fn axes(&self, svg: &mut Svg, x_title: &str, y_title: &str) {
        let (right, bottom) = (self.left + self.width, self.top + self.height);
        for tick in self.y.ticks(6) {
            let (_, y) = self.at(self.x.lo, tick.value);
            svg.line((self.left, y), (right, y), GRID, 1.0);
            svg.text(
                (self.left - 6.0, y + 4.0),
                Anchor::End,
                12.0,
                INK,
                &tick.label,
            );
        }
        svg.line((self.left, bottom), (right, bottom), INK, 1.0);
        svg.line((self.left, self.top), (self.left, bottom), INK, 1.0);
        let middle = self.left + self.width / 2.0;
        svg.text((middle, bottom + 38.0), Anchor::Middle, 13.0, INK, x_title);
        let middle = self.top + self.height / 2.0;
        svg.text_up((18.0, middle), Anchor::Middle, 13.0, INK, y_title);
    }

    fn x_ticks(&self, svg: &mut Svg) {
        let bottom = self.top + self.height;
        for tick in self.x.ticks(8) {
            let (x, _) = self.at(tick.value, self.y.lo);
            svg.line((x, self.top), (x, bottom), GRID, 1.0);
            svg.text((x, bottom + 17.0), Anchor::Middle, 12.0, INK, &tick.label);
        }
    }
}

fn provenance(report: &Report) -> Result<String> {
    serde_json::to_string(&report.provenance).context("cannot write the provenance")
}

fn table<'a>(report: &'a Report, id: &str) -> Result<&'a Table> {
    report
        .table(None, id)
        .with_context(|| format!("the report has no table `{id}`"))
}

fn column<'a>(table: &'a Table, id: &str) -> Result<&'a Column> {
    table
        .column(id)
        .with_context(|| format!("table `{}` has no column `{id}`", table.id))
}

fn shorten(words: &str, most: usize) -> String {
    if words.chars().count() <= most {
        return words.to_owned();
    }
    words
        .chars()
        .take(most.saturating_sub(1))
        .chain(['…'])
        .collect()
}
