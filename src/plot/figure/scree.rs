//! Explained variance by component.

use anyhow::Result;
use phonoscope_probes::report::Report;

use super::{BLUE, INK, Panel, VERMILION, column, heading, provenance, table};
use crate::plot::{Anchor, Marker, Scale, Svg, significant};

/// Explained variance by component with intervals and the permutation threshold.
///
/// # Errors
/// When the report lacks the `components` table of `system` or its columns.
pub fn scree(report: &Report, system: Option<&str>) -> Result<String> {
    let components = table(report, system, "components")?;
    let ratio = column(components, "explained_variance_ratio")?;
    let threshold = column(components, "permutation_threshold")?;
    let rows = components.rows();
    let percent = |v: f64| 100.0 * v;
    let tops = (0..rows).flat_map(|r| {
        [
            ratio.estimate_at(r).map(|e| e.hi),
            ratio.value(r),
            threshold.value(r),
        ]
    });
    let top = tops.flatten().map(percent).fold(1e-9, f64::max);
    let panel = Panel {
        left: 76.0,
        top: 48.0,
        width: 640.0,
        height: 320.0,
        x: Scale::new(0.3, rows.max(1) as f64 + 0.7),
        y: Scale::new(0.0, top * 1.05),
    };
    let title = heading(report, system);
    let mut svg = Svg::new(760.0, 430.0, &title, &provenance(report)?);
    svg.text((76.0, 28.0), Anchor::Start, 15.0, INK, &title);
    panel.axes(&mut svg, "component", "explained variance (% of total)");
    let bottom = panel.top + panel.height;
    let mut null = Vec::new();
    let every = rows.div_ceil(25).max(1);
    for row in 0..rows {
        let place = row as f64 + 1.0;
        let (x, _) = panel.at(place, 0.0);
        if row % every == 0 {
            svg.text(
                (x, bottom + 17.0),
                Anchor::Middle,
                12.0,
                INK,
                &(row + 1).to_string(),
            );
        }
        if let Some(v) = threshold.value(row) {
            null.push(panel.at(place, percent(v)));
        }
        let Some(value) = ratio.value(row) else {
            continue;
        };
        let mut tip = format!("PC{}: {} %", row + 1, significant(percent(value), 3));
        if let Some(e) = ratio.estimate_at(row) {
            let (lo, hi) = (percent(e.lo), percent(e.hi));
            svg.line(panel.at(place, lo), panel.at(place, hi), BLUE, 1.5);
            for end in [lo, hi] {
                let (_, y) = panel.at(place, end);
                svg.line((x - 3.0, y), (x + 3.0, y), BLUE, 1.5);
            }
            tip.push_str(&format!(
                " [{}, {}]",
                significant(lo, 3),
                significant(hi, 3)
            ));
        }
        svg.marker(
            Marker::Circle,
            panel.at(place, percent(value)),
            3.5,
            BLUE,
            &tip,
        );
    }
    svg.polyline(&null, VERMILION, 1.5, "5 3");
    svg.rect((500.0, 50.0), (250.0, 42.0), "#ffffff", "");
    svg.marker(Marker::Circle, (512.0, 62.0), 3.5, BLUE, "");
    let level = (0..rows)
        .find_map(|r| ratio.estimate_at(r))
        .map_or(0.95, |e| e.level);
    let words = format!("share and {} % interval", (1000.0 * level).round() / 10.0);
    svg.text((522.0, 66.0), Anchor::Start, 12.0, INK, &words);
    svg.polyline(&[(504.0, 80.0), (518.0, 80.0)], VERMILION, 1.5, "5 3");
    svg.text(
        (522.0, 84.0),
        Anchor::Start,
        12.0,
        INK,
        "95 % point of the permutation null",
    );
    Ok(svg.finish())
}
