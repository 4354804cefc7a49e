//! What descriptors are worth in components: the regression against the PCA curve, and the selection
//! of the best descriptors.

use anyhow::{Context as _, Result};
use phonoscope_analysis::Estimate;
use phonoscope_probes::report::{Column, Report};

use super::{BLUE, FAINT, INK, Panel, VERMILION, column, heading, provenance, shorten, table};
use crate::plot::{Anchor, Marker, OKABE_ITO, Scale, Svg, significant};

/// Most regressions that are drawn.
const MOST: usize = 6;

/// Estimates of a column with their rows, numbered from 1.
fn points(column: &Column, rows: usize) -> Vec<(usize, Estimate)> {
    (0..rows)
        .filter_map(|row| Some((row + 1, column.estimate_at(row)?)))
        .collect()
}

/// A point with its interval.
fn whisker(svg: &mut Svg, panel: &Panel, x: f64, e: Estimate, colour: &str, tip: &str) {
    let [lo, hi] = [e.lo, e.hi].map(|v| panel.at(x, v));
    svg.line(lo, hi, colour, 1.5);
    for (px, py) in [lo, hi] {
        svg.line((px - 3.0, py), (px + 3.0, py), colour, 1.5);
    }
    svg.marker(Marker::Circle, panel.at(x, e.value), 3.5, colour, tip);
}

fn in_words(e: Estimate) -> String {
    let [value, lo, hi] = [e.value, e.lo, e.hi].map(|v| significant(v, 3));
    format!("{value} [{lo}, {hi}]")
}

/// The held-out share of the leading components, and at which number of components each regression
/// on descriptors meets it.
///
/// # Errors
/// When the report lacks the tables `components` or `regression` of `system` or their columns.
pub fn regression(report: &Report, system: Option<&str>) -> Result<String> {
    let components = table(report, system, "components")?;
    let curve = points(
        column(components, "held_out_cumulative_ratio")?,
        components.rows(),
    );
    let fits = table(report, system, "regression")?;
    let r_squared = column(fits, "r_squared")?;
    let equivalent = column(fits, "equivalent_components")?;
    let name = |row: usize| {
        let part = |id| fits.column(id).and_then(|c| c.text_at(row));
        [part("model"), part("speakers")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    };
    let rows: Vec<(usize, Estimate, Estimate)> = (0..fits.rows())
        .filter_map(|r| Some((r, r_squared.estimate_at(r)?, equivalent.estimate_at(r)?)))
        .take(MOST)
        .collect();
    let ends = curve.iter().map(|(k, _)| *k as f64);
    let right = ends
        .chain(rows.iter().map(|(_, _, k)| k.hi))
        .fold(1.0, f64::max);
    let highs = curve.iter().map(|(_, e)| e.hi);
    let high = highs
        .chain(rows.iter().map(|(_, r, _)| r.hi))
        .fold(1e-9, f64::max);
    let lows = rows.iter().map(|(_, r, _)| r.lo).fold(0.0, f64::min);
    let panel = Panel {
        left: 76.0,
        top: 48.0,
        width: 560.0,
        height: 340.0,
        x: Scale::new(0.0, right * 1.03),
        y: Scale::new(lows * 1.05, high * 1.05),
    };
    let title = heading(report, system);
    let mut svg = Svg::new(920.0, 450.0, &title, &provenance(report)?);
    svg.text((76.0, 28.0), Anchor::Start, 15.0, INK, &title);
    panel.x_ticks(&mut svg);
    panel.axes(
        &mut svg,
        "number of components",
        "share of held-out variance",
    );
    let line: Vec<(f64, f64)> = [(0, 0.0)]
        .into_iter()
        .chain(curve.iter().map(|(k, e)| (*k, e.value)))
        .map(|(k, v)| panel.at(k as f64, v))
        .collect();
    svg.polyline(&line, BLUE, 1.5, "");
    for (k, e) in &curve {
        let tip = format!("{k} components: {}", in_words(*e));
        whisker(&mut svg, &panel, *k as f64, *e, BLUE, &tip);
    }
    let mut y = 70.0;
    let legend = 660.0;
    svg.marker(Marker::Circle, (legend, y - 4.0), 3.5, BLUE, "");
    let words = "leading components";
    svg.text((legend + 12.0, y), Anchor::Start, 12.0, INK, words);
    for (i, (row, r, k)) in rows.iter().enumerate() {
        // Vermilion first, then those of the set that are not the curve's blue.
        let order = [5, 3, 6, 1, 2, 0];
        let colour = order
            .get(i)
            .and_then(|c| OKABE_ITO.get(*c))
            .map_or_else(|| VERMILION.to_owned(), |c| crate::plot::hex(*c));
        let at = panel.at(k.value, r.value);
        let foot = panel.at(k.value, panel.y.lo);
        svg.polyline(&[panel.at(0.0, r.value), at, foot], &colour, 1.2, "5 3");
        // Both intervals as a cross.
        let tip = format!("{}: R² {}", name(*row), in_words(*r));
        svg.line(
            panel.at(k.lo, r.value),
            panel.at(k.hi, r.value),
            &colour,
            2.0,
        );
        whisker(&mut svg, &panel, k.value, *r, &colour, &tip);
        y += 26.0;
        svg.marker(Marker::Circle, (legend, y - 4.0), 3.5, &colour, "");
        let words = shorten(&name(*row), 34);
        svg.text((legend + 12.0, y), Anchor::Start, 12.0, INK, &words);
        y += 15.0;
        let words = format!("R² {}", in_words(*r));
        svg.text((legend + 12.0, y), Anchor::Start, 11.0, INK, &words);
        y += 15.0;
        let words = format!("worth {} components", in_words(*k));
        svg.text((legend + 12.0, y), Anchor::Start, 11.0, INK, &words);
    }
    Ok(svg.finish())
}

/// Held-out R² of the best 1, 2, … descriptors, with the names of those added.
///
/// # Errors
/// When the report lacks the table `selection` of `system`, its columns, or rows in it.
pub fn selection(report: &Report, system: Option<&str>) -> Result<String> {
    let steps = table(report, system, "selection")?;
    let sizes = column(steps, "size")?;
    let names = column(steps, "descriptor")?;
    let r_squared = column(steps, "r_squared")?;
    let rows: Vec<(usize, f64, Estimate)> = (0..steps.rows())
        .filter_map(|r| Some((r, sizes.value(r)?, r_squared.estimate_at(r)?)))
        .collect();
    let last = rows.iter().map(|(_, size, _)| *size).fold(1.0, f64::max);
    let values = rows.iter().flat_map(|(_, _, e)| [e.lo, e.hi]);
    let scale = Scale::over(values.chain([0.0])).context("table `selection` has no figure")?;
    let panel = Panel {
        left: 76.0,
        top: 48.0,
        width: (last * 52.0).max(420.0),
        height: 300.0,
        x: Scale::new(0.5, last + 0.5),
        y: Scale::new(scale.lo, scale.hi * 1.05),
    };
    let title = heading(report, system);
    let width = panel.left + panel.width + 40.0;
    let mut svg = Svg::new(width, 520.0, &title, &provenance(report)?);
    svg.text((76.0, 28.0), Anchor::Start, 15.0, INK, &title);
    panel.axes(&mut svg, "", "held-out R²");
    let line: Vec<(f64, f64)> = rows.iter().map(|(_, s, e)| panel.at(*s, e.value)).collect();
    svg.polyline(&line, BLUE, 1.5, "");
    let bottom = panel.top + panel.height;
    for (row, size, e) in &rows {
        let added = names.text_at(*row).unwrap_or("–");
        let tip = format!("{size} descriptors, {added} added: {}", in_words(*e));
        whisker(&mut svg, &panel, *size, *e, BLUE, &tip);
        let (x, _) = panel.at(*size, panel.y.lo);
        let number = significant(*size, 2);
        svg.text((x, bottom + 17.0), Anchor::Middle, 12.0, INK, &number);
        let name = shorten(added, 20);
        svg.text_up((x + 4.0, bottom + 26.0), Anchor::End, 11.0, INK, &name);
    }
    let note = "number of descriptors, and the one that all speakers would add at this size";
    svg.text((76.0, 506.0), Anchor::Start, 11.0, FAINT, note);
    Ok(svg.finish())
}
