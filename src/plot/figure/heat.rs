//! Components × descriptors.

use anyhow::{Context as _, Result};
use phonoscope_probes::report::Report;

use super::{FAINT, INK, column, heading, provenance, shorten, table};
use crate::plot::heat::{HeatGrid, Measure, is_significant};
use crate::plot::svg::hex;
use crate::plot::{Anchor, Ramp, Svg, significant};

/// Component × descriptor heat map of `measure`, every cell with its interval; `*` marks descriptors
/// whose own part of R² has q < 0.05.
///
/// # Errors
/// When the report lacks the table `pc_cards` of `system` or its columns.
pub fn heat(report: &Report, system: Option<&str>, measure: Measure) -> Result<String> {
    let table = table(report, system, "pc_cards")?;
    let values = column(table, measure.column())?;
    let grid = HeatGrid::of(table).context("table `pc_cards` has no rows")?;
    let full = grid.full(values, measure);
    let (left, top, cell_w, cell_h) = (76.0, 150.0, 84.0, 34.0);
    let width = left + cell_w * grid.descriptors.len() as f64 + 60.0;
    let height = top + cell_h * grid.components.len() as f64 + 46.0;
    let title = heading(report, system);
    let mut svg = Svg::new(width.max(620.0), height, &title, &provenance(report)?);
    svg.text((left, 28.0), Anchor::Start, 15.0, INK, &title);
    svg.text((left, 48.0), Anchor::Start, 13.0, INK, measure.title());
    let middle = top + cell_h * grid.components.len() as f64 / 2.0;
    svg.text_up((18.0, middle), Anchor::Middle, 13.0, INK, "component");
    for (d, name) in grid.descriptors.iter().enumerate() {
        let x = left + cell_w * (d as f64 + 0.5);
        // Long names take turns on two lines.
        let y = top - if d % 2 == 0 { 10.0 } else { 28.0 };
        svg.text((x, y), Anchor::Middle, 12.0, INK, &shorten(name, 24));
    }
    for (c, component) in grid.components.iter().enumerate() {
        let y = top + cell_h * (c as f64 + 0.5) + 4.0;
        let name = format!("PC{component}");
        svg.text((left - 8.0, y), Anchor::End, 12.0, INK, &name);
        for (d, descriptor) in grid.descriptors.iter().enumerate() {
            let Some((row, value)) = grid
                .row(c, d)
                .and_then(|row| Some((row, values.value(row)?)))
            else {
                continue;
            };
            let at = (left + cell_w * d as f64, top + cell_h * c as f64);
            let unit = ((value / full).clamp(-1.0, 1.0) + 1.0) / 2.0;
            let tip = format!("{name} × {descriptor}: {} {value}", measure.column());
            let size = (cell_w - 1.0, cell_h - 1.0);
            svg.rect(at, size, &hex(Ramp::PurpleOrange.rgb(unit)), &tip);
            let ink = if (unit - 0.5).abs() > 0.38 {
                "#ffffff"
            } else {
                INK
            };
            let star = if is_significant(table, row) { "*" } else { "" };
            let number = |v: f64| format!("{v:.3}").replace('-', "−");
            let x = at.0 + cell_w / 2.0;
            let words = format!("{}{star}", number(value));
            svg.text((x, at.1 + 15.0), Anchor::Middle, 12.0, ink, &words);
            if let Some(e) = values.estimate_at(row) {
                let words = format!("[{}, {}]", number(e.lo), number(e.hi));
                svg.text((x, at.1 + 28.0), Anchor::Middle, 10.0, ink, &words);
            }
        }
    }
    let note = format!(
        "[interval] · full colour at {} · * unique ΔR² has q < 0.05",
        significant(full, 2)
    );
    svg.text((left, height - 16.0), Anchor::Start, 11.0, FAINT, &note);
    Ok(svg.finish())
}
