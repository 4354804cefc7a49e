//! Figures of an emphasis report: curves over the layers with bands and nulls, and what directions answer to.

use anyhow::{Context as _, Result};
use phonoscope_probes::report::Report;

use super::{FAINT, INK, Panel, column, provenance, shorten, table};
use crate::plot::layers::{LayerCurve, LayerFigure, TransferGrid, layer_curves};
use crate::plot::svg::hex;
use crate::plot::{Anchor, Marker, OKABE_ITO, Ramp, Scale, Svg, significant};

/// Dashes by what a system is.
fn dash(part: &str) -> &'static str {
    match part {
        "model" => "",
        "redrawn twin" => "6 3",
        "permuted twin" => "2 3",
        _ => "10 3 2 3",
    }
}

/// Colour of each system: models take turns, a twin has that of its model.
fn colours(curves: &[LayerCurve]) -> Vec<String> {
    const ORDER: [usize; 6] = [4, 5, 2, 6, 0, 1];
    let mut models: Vec<&str> = vec![];
    curves
        .iter()
        .map(|curve| {
            if curve.part == "baseline" {
                return FAINT.to_owned();
            }
            let known = models
                .iter()
                .position(|m| curve.part != "model" && curve.system.starts_with(m));
            let at = known.unwrap_or_else(|| {
                models.push(&curve.system);
                models.len() - 1
            });
            ORDER
                .get(at % ORDER.len())
                .and_then(|c| OKABE_ITO.get(*c))
                .map_or_else(|| INK.to_owned(), |c| hex(*c))
        })
        .collect()
}

/// A figure over depth for every system, with the band of its interval and its null.
///
/// # Errors
/// When the report has no such figure.
pub fn layers(report: &Report, figure: LayerFigure, condition: &str) -> Result<String> {
    let curves = layer_curves(report, figure, condition);
    let values = curves.iter().flat_map(|c| &c.points);
    let ends = values.flat_map(|p| [p.estimate.lo, p.estimate.hi].into_iter().chain(p.null));
    let scale =
        Scale::over(ends).with_context(|| format!("no `{}` of {condition}", figure.column()))?;
    let panel = Panel {
        left: 76.0,
        top: 62.0,
        width: 560.0,
        height: 340.0,
        x: Scale::new(-0.03, 1.03),
        y: scale.padded(0.05),
    };
    let mut svg = Svg::new(920.0, 464.0, &report.title, &provenance(report)?);
    svg.text((76.0, 24.0), Anchor::Start, 15.0, INK, &report.title);
    svg.text(
        (76.0, 44.0),
        Anchor::Start,
        13.0,
        INK,
        &format!("{}: {condition}", figure.title()),
    );
    panel.x_ticks(&mut svg);
    panel.axes(
        &mut svg,
        "depth of the tap: 0 the first, 1 the last",
        figure.title(),
    );
    let legend = 660.0;
    let mut y = 76.0;
    for (curve, colour) in curves.iter().zip(colours(&curves)) {
        let at = |f: &dyn Fn(&crate::plot::layers::LayerPoint) -> Option<f64>| -> Vec<(f64, f64)> {
            curve
                .points
                .iter()
                .filter_map(|p| Some(panel.at(p.depth, f(p)?)))
                .collect()
        };
        let dash = dash(&curve.part);
        for p in &curve.points {
            let (lo, hi) = (
                panel.at(p.depth, p.estimate.lo),
                panel.at(p.depth, p.estimate.hi),
            );
            svg.line(lo, hi, &colour, 1.5);
        }
        svg.polyline(&at(&|p| Some(p.estimate.lo)), &colour, 0.5, dash);
        svg.polyline(&at(&|p| Some(p.estimate.hi)), &colour, 0.5, dash);
        svg.polyline(&at(&|p| Some(p.estimate.value)), &colour, 2.0, dash);
        if curve.part == "model" {
            svg.polyline(&at(&|p| p.null), FAINT, 1.2, "2 2");
        }
        for p in &curve.points {
            let [v, lo, hi] =
                [p.estimate.value, p.estimate.lo, p.estimate.hi].map(|v| significant(v, 3));
            let null = p
                .null
                .map_or(String::new(), |n| format!(", null {}", significant(n, 3)));
            let tip = format!("{}, {}: {v} [{lo}, {hi}]{null}", curve.system, p.tap);
            svg.marker(
                Marker::Circle,
                panel.at(p.depth, p.estimate.value),
                3.5,
                &colour,
                &tip,
            );
        }
        svg.polyline(
            &[(legend, y - 4.0), (legend + 26.0, y - 4.0)],
            &colour,
            2.0,
            dash,
        );
        svg.text(
            (legend + 32.0, y),
            Anchor::Start,
            12.0,
            INK,
            &shorten(&curve.system, 32),
        );
        y += 18.0;
    }
    if let Some((_, words)) = figure.null() {
        svg.polyline(
            &[(legend, y - 4.0), (legend + 26.0, y - 4.0)],
            FAINT,
            1.2,
            "2 2",
        );
        svg.text(
            (legend + 32.0, y),
            Anchor::Start,
            12.0,
            INK,
            &format!("null: {words}"),
        );
    }
    let note = "band: interval over speakers · dashed: twins with random weights";
    svg.text((76.0, 456.0), Anchor::Start, 11.0, FAINT, note);
    Ok(svg.finish())
}

/// What directions learnt on each cue answer to, at one tap: responses with their intervals.
///
/// # Errors
/// When the report has no transfers at this tap.
pub fn transfer(report: &Report, system: &str, tap: &str) -> Result<String> {
    let table = table(report, None, "emphasis_transfer")?;
    let response = column(table, "response")?;
    let auc = column(table, "auc")?;
    let grid = TransferGrid::of(report, system, tap).context("no transfer at this tap")?;
    let (left, top, cell_w, cell_h) = (170.0, 110.0, 104.0, 44.0);
    let width = left + cell_w * grid.tested.len() as f64 + 40.0;
    let height = top + cell_h * grid.learnt.len() as f64 + 46.0;
    let mut svg = Svg::new(
        width.max(640.0),
        height,
        &report.title,
        &provenance(report)?,
    );
    svg.text((16.0, 24.0), Anchor::Start, 15.0, INK, &report.title);
    let words = format!(
        "{system}, {tap}: response of the direction learnt on each row, its own condition being 1"
    );
    svg.text((16.0, 46.0), Anchor::Start, 13.0, INK, &words);
    for (t, name) in grid.tested.iter().enumerate() {
        let x = left + cell_w * (t as f64 + 0.5);
        let y = top - if t % 2 == 0 { 10.0 } else { 26.0 };
        svg.text((x, y), Anchor::Middle, 12.0, INK, &shorten(name, 26));
    }
    for (l, learnt) in grid.learnt.iter().enumerate() {
        let y = top + cell_h * (l as f64 + 0.5) + 4.0;
        svg.text(
            (left - 8.0, y),
            Anchor::End,
            12.0,
            INK,
            &shorten(learnt, 24),
        );
        for (t, tested) in grid.tested.iter().enumerate() {
            let Some((row, e)) = grid
                .row(l, t)
                .and_then(|row| Some((row, response.estimate_at(row)?)))
            else {
                continue;
            };
            let at = (left + cell_w * t as f64, top + cell_h * l as f64);
            let unit = (e.value.clamp(-1.0, 1.0) + 1.0) / 2.0;
            let number = |v: f64| format!("{v:.2}").replace('-', "−");
            let tip = format!("{learnt} → {tested}: {}", number(e.value));
            svg.rect(
                at,
                (cell_w - 1.0, cell_h - 1.0),
                &hex(Ramp::PurpleOrange.rgb(unit)),
                &tip,
            );
            let ink = if (unit - 0.5).abs() > 0.38 {
                "#ffffff"
            } else {
                INK
            };
            let x = at.0 + cell_w / 2.0;
            svg.text(
                (x, at.1 + 15.0),
                Anchor::Middle,
                12.0,
                ink,
                &number(e.value),
            );
            let interval = format!("[{}, {}]", number(e.lo), number(e.hi));
            svg.text((x, at.1 + 28.0), Anchor::Middle, 10.0, ink, &interval);
            if let Some(auc) = auc.value(row) {
                svg.text(
                    (x, at.1 + 40.0),
                    Anchor::Middle,
                    10.0,
                    ink,
                    &format!("AUC {}", number(auc)),
                );
            }
        }
    }
    let note = "held out: speakers and words where there are several · [interval over speakers] · full colour at 1";
    svg.text((16.0, height - 16.0), Anchor::Start, 11.0, FAINT, note);
    Ok(svg.finish())
}
