//! Distances to the reference over the layers of a model, with the floor.

use anyhow::{Context as _, Result};
use phonoscope_probes::report::Report;

use super::{FAINT, INK, Panel, column, heading, provenance, shorten, table};
use crate::plot::{Anchor, Marker, OKABE_ITO, Scale, Svg, hex, significant};

/// Colour of the floor's band.
const BAND: &str = "#dddddd";

/// Normalised distance of every system in every layer at equal n, above the band in which halves of the
/// reference lie.
///
/// # Errors
/// When the report lacks the tables `layers` or `distances` of `system`, their columns, or rows in them.
pub(crate) fn distances(report: &Report, system: Option<&str>) -> Result<String> {
    let layers = table(report, system, "layers")?;
    let (names, floors) = (column(layers, "layer")?, column(layers, "floor")?);
    let found = table(report, system, "distances")?;
    let (layer_of, name_of) = (column(found, "layer")?, column(found, "system")?);
    let away = column(found, "at_half")?;
    let place = |row: usize| {
        let layer = layer_of.text_at(row);
        (0..layers.rows()).find(|l| names.text_at(*l) == layer)
    };
    let mut systems: Vec<&str> = vec![];
    for name in (0..found.rows()).filter_map(|row| name_of.text_at(row)) {
        if !systems.contains(&name) {
            systems.push(name);
        }
    }
    let highs = (0..found.rows()).filter_map(|row| away.estimate_at(row).map(|e| e.hi));
    let floor_ends = (0..layers.rows()).filter_map(|l| floors.estimate_at(l).map(|e| e.hi));
    let scale = Scale::over(highs.chain(floor_ends).chain([0.0]))
        .context("table `distances` has no figure")?;
    let panel = Panel {
        left: 76.0,
        top: 48.0,
        width: (layers.rows() as f64 * 64.0).max(420.0),
        height: 340.0,
        x: Scale::new(-0.5, layers.rows() as f64 - 0.5),
        y: Scale::new(0.0, scale.hi * 1.05),
    };
    let title = heading(report, system);
    let legend = panel.left + panel.width + 28.0;
    let mut svg = Svg::new(legend + 240.0, 540.0, &title, &provenance(report)?);
    svg.text((76.0, 28.0), Anchor::Start, 15.0, INK, &title);
    for l in 0..layers.rows() {
        if let Some(floor) = floors.estimate_at(l) {
            let (left, top) = panel.at(l as f64 - 0.4, floor.hi);
            let (right, bottom) = panel.at(l as f64 + 0.4, floor.lo);
            let size = (right - left, (bottom - top).max(1.0));
            svg.rect((left, top), size, BAND, "halves of the reference");
        }
    }
    panel.axes(&mut svg, "", "normalised W2, equal n");
    let bottom = panel.top + panel.height;
    for l in 0..layers.rows() {
        let (x, _) = panel.at(l as f64, panel.y.lo);
        let name = shorten(names.text_at(l).unwrap_or("–"), 22);
        svg.text_up((x + 4.0, bottom + 10.0), Anchor::End, 11.0, INK, &name);
    }
    for (i, name) in systems.iter().copied().enumerate() {
        let colour = OKABE_ITO
            .get(i % OKABE_ITO.len())
            .map_or_else(|| INK.to_owned(), |c| hex(*c));
        let shape = Marker::ALL.get(i / OKABE_ITO.len() % Marker::ALL.len());
        let shape = shape.copied().unwrap_or(Marker::Circle);
        let rows = (0..found.rows()).filter(|row| name_of.text_at(*row) == Some(name));
        let points: Vec<(usize, f64)> = rows
            .filter_map(|row| Some((place(row)?, away.estimate_at(row)?.value)))
            .collect();
        let line: Vec<(f64, f64)> = points
            .iter()
            .map(|(l, v)| panel.at(*l as f64, *v))
            .collect();
        svg.polyline(&line, &colour, 1.2, "");
        for (l, value) in &points {
            let tip = format!("{name}: {}", significant(*value, 3));
            svg.marker(shape, panel.at(*l as f64, *value), 3.5, &colour, &tip);
        }
        let y = 60.0 + 17.0 * i as f64;
        svg.marker(shape, (legend, y - 4.0), 3.5, &colour, "");
        svg.text(
            (legend + 12.0, y),
            Anchor::Start,
            11.0,
            INK,
            &shorten(name, 34),
        );
    }
    let note = "bands: halves of the reference; systems: from half of the reference to as many utterances of \
                other speakers, medians over halves";
    svg.text((76.0, 528.0), Anchor::Start, 11.0, FAINT, note);
    Ok(svg.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_analysis::Estimate;
    use phonoscope_analysis::estimate::Method;
    use phonoscope_probes::report::{Column, Role, Table};

    #[test]
    fn every_system_is_drawn_and_an_empty_table_is_refused() {
        let estimate = |value: f64| {
            Some(Estimate {
                value,
                lo: value - 0.1,
                hi: value + 0.1,
                n: 9,
                level: 0.95,
                method: Method::RandomHalves,
            })
        };
        let words = |id: &str, all: &[&str]| {
            let all = all.iter().map(|w| Some((*w).to_owned())).collect();
            Column::text(id, Role::Key, "", all)
        };
        let mut report = crate::tui::sample_systems::report();
        report.systems.clear();
        let layers = vec![
            words("layer", &["log_mel", "encoder.0.resid_post"]),
            Column::estimate("floor", "", None, vec![estimate(0.3), estimate(0.2)]),
        ];
        let rows = vec![
            words("layer", &["log_mel", "log_mel", "encoder.0.resid_post"]),
            words("system", &["noise_0", "clip_5", "noise_0"]),
            Column::estimate(
                "at_half",
                "",
                None,
                vec![estimate(1.0), None, estimate(0.7)],
            ),
        ];
        report.tables = vec![
            Table::new("layers", "", "", layers),
            Table::new("distances", "", "", rows),
        ];
        let svg = distances(&report, None).unwrap();
        crate::plot::assert_well_formed(&svg);
        assert!(svg.contains("noise_0: 0.7") && svg.contains("clip_5"));
        report.tables.truncate(1);
        assert!(distances(&report, None).is_err());
    }
}
