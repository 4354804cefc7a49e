//! The pictures of a speaker report as SVG, one function for each kind.

mod associations;
mod curves;
mod distances;
mod emphasis;
mod forest;
mod heat;
mod scatter;
mod scree;
mod stress;

use anyhow::{Context as _, Result};
use phonoscope_probes::report::{Column, Report, Role, Table};

use super::layers::{LayerFigure, TransferGrid, layer_curves, main_condition, part_of, shown_tap};
use super::{Anchor, Measure, Scale, Svg};

pub use associations::associations;
pub(crate) use associations::strength;
pub use curves::{regression, selection};
pub(crate) use distances::distances;
pub use emphasis::{layers, transfer};
pub use forest::forest;
pub(crate) use forest::{estimates, null_of, rest, scale};
pub use heat::heat;
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

/// The table `id` of `system`, or of no system.
fn table<'a>(report: &'a Report, system: Option<&str>, id: &str) -> Result<&'a Table> {
    report
        .table(system, id)
        .with_context(|| format!("the report has no table `{id}`"))
}

/// The report's title; with the system's name where there are several.
fn heading(report: &Report, system: Option<&str>) -> String {
    match system {
        Some(system) if report.systems.len() > 1 => format!("{} · {system}", report.title),
        _ => report.title.clone(),
    }
}

/// A drawing with its file name, or why it cannot be drawn.
pub type Drawn = (String, Result<String>);

/// Every figure that a report has the tables for, with file names: `scree.svg`, or
/// `ge2e.scree.svg` where there are several systems. A report of no known probe gives none.
pub fn figures(report: &Report) -> Vec<Drawn> {
    let systems: Vec<Option<&str>> = match report.systems.as_slice() {
        [] => vec![None],
        systems => systems.iter().map(|s| Some(s.as_str())).collect(),
    };
    let mut out = Vec::new();
    for system in systems {
        let mut add = |id: &str, name: &str, draw: &dyn Fn() -> Result<String>| {
            if report.table(system, id).is_some() {
                let file = match system {
                    Some(system) if report.systems.len() > 1 => format!("{system}.{name}.svg"),
                    _ => format!("{name}.svg"),
                };
                out.push((file, draw()));
            }
        };
        let colour = report.table(system, "speakers").and_then(clearest);
        let figure = ScatterFigure {
            system,
            x: 1,
            y: 2,
            colour,
            selected: None,
        };
        add("speakers", "scatter", &|| scatter(report, &figure));
        add("components", "scree", &|| scree(report, system));
        add("associations", "associations", &|| {
            associations(report, system)
        });
        for measure in Measure::ALL {
            let name = match measure {
                Measure::R => "heat".to_owned(),
                other => format!("heat_{}", other.column()),
            };
            add("pc_cards", &name, &|| heat(report, system, measure));
        }
        add("regression", "regression", &|| regression(report, system));
        add("selection", "selection", &|| selection(report, system));
        add("distances", "distances", &|| distances(report, system));
    }
    for table in &report.tables {
        let has_own = matches!(
            table.id.as_str(),
            "components" | "associations" | "pc_cards" | "regression" | "selection" | "distances"
        );
        // A row for each tap and condition of every system is no forest.
        let has_own = has_own || table.id.starts_with("emphasis_");
        let has_own = has_own || stress::TABLES.contains(&table.id.as_str());
        if has_own || estimates(table).next().is_none() {
            continue;
        }
        let draw = forest(report, table.system.as_deref(), &table.id);
        out.push((format!("{}.svg", report.name_of(table)), draw));
    }
    out.extend(of_emphasis(report));
    out.extend(stress::of_stress(report));
    out
}

/// Curves over the layers, and a matrix of transfers for each model at the tap that is shown of it.
fn of_emphasis(report: &Report) -> Vec<Drawn> {
    let mut out = Vec::new();
    let Some(condition) = main_condition(report) else {
        return out;
    };
    for figure in LayerFigure::ALL {
        if !layer_curves(report, figure, &condition).is_empty() {
            let file = format!("layers_{}.svg", figure.name());
            out.push((file, layers(report, figure, &condition)));
        }
    }
    for system in report
        .systems
        .iter()
        .filter(|s| part_of(report, s) == "model")
    {
        if let Some(tap) = shown_tap(report, system)
            && TransferGrid::of(report, system, &tap).is_some()
        {
            let file = format!("{system}.transfer.svg");
            out.push((file, transfer(report, system, &tap)));
        }
    }
    out
}

/// The metadata column of `speakers` with the fewest classes, but more than one: the clearest
/// colours.
fn clearest(speakers: &Table) -> Option<&str> {
    let distinct = |column: &Column| {
        let values: std::collections::BTreeSet<String> = (0..column.data.len())
            .filter_map(|row| {
                let word = column.text_at(row).map(str::to_owned);
                word.or_else(|| column.value(row).map(|v| v.to_string()))
            })
            .collect();
        match values.len() {
            0 | 1 => usize::MAX,
            n => n,
        }
    };
    let columns = speakers.columns.iter();
    let best = columns
        .filter(|c| c.role == Role::Metadata)
        .min_by_key(|c| distinct(c));
    best.map(|c| c.id.as_str())
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

#[cfg(test)]
mod tests {
    use phonoscope_probes::report::Data;

    use super::*;
    use crate::tui::sample_systems;

    #[test]
    fn every_table_of_every_system_is_drawn_alike_twice() {
        let report = sample_systems::report();
        let drawn = figures(&report);
        let names: Vec<&str> = drawn.iter().map(|(name, _)| name.as_str()).collect();
        for name in [
            "ge2e.scatter.svg",
            "campp.scree.svg",
            "ge2e.heat.svg",
            "campp.heat_shapley.svg",
            "ge2e.regression.svg",
            "ge2e.selection.svg",
            "campp.sex.svg",
            "ge2e.age.svg",
            "similarity.svg",
        ] {
            assert!(names.contains(&name), "{name} is not in {names:?}");
        }
        let again = figures(&report);
        for ((name, svg), (_, second)) in drawn.iter().zip(&again) {
            let svg = svg.as_ref().unwrap();
            crate::plot::assert_well_formed(svg);
            assert!(svg.contains("<desc>{&quot;phonoscope&quot;"), "{name}");
            assert_eq!(svg, second.as_ref().unwrap(), "{name}");
        }
        let distinct: std::collections::BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn a_report_without_tables_has_no_figure_and_one_without_rows_says_so() {
        let mut report = sample_systems::report();
        for table in &mut report.tables {
            for column in &mut table.columns {
                column.data = match &column.data {
                    Data::Number(_) => Data::Number(vec![]),
                    Data::Text(_) => Data::Text(vec![]),
                    Data::Estimate(_) => Data::Estimate(vec![]),
                };
            }
        }
        for (name, svg) in figures(&report) {
            if let Ok(svg) = svg {
                crate::plot::assert_well_formed(&svg);
            } else {
                assert!(
                    name.contains("heat") || name.contains("selection"),
                    "{name}"
                );
            }
        }
        report.tables.clear();
        assert!(figures(&report).is_empty());
    }
}
