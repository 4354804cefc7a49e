//! The speakers in the plane of two components.

use anyhow::Result;
use phonoscope_probes::report::{Column, Report};

use super::{BLUE, FAINT, INK, Panel, column, heading, provenance, shorten, table};
use crate::plot::svg::hex;
use crate::plot::{Anchor, Coding, Marker, OKABE_ITO, Ramp, Scale, Svg, significant};

/// Which scatter to draw.
#[derive(Debug, Clone, Copy)]
pub struct ScatterFigure<'a> {
    /// Whose space, where the report knows several systems.
    pub system: Option<&'a str>,
    /// Component across, from 1.
    pub x: usize,
    /// Component up, from 1.
    pub y: usize,
    /// Column of `speakers` that colours the points.
    pub colour: Option<&'a str>,
    /// For each speaker whether it is selected; the others are drawn pale.
    pub selected: Option<&'a [bool]>,
}

/// Axis title of a component with its share of the variance.
fn component_title(report: &Report, system: Option<&str>, component: usize) -> String {
    let ratio = report
        .table(system, "components")
        .and_then(|t| t.column("explained_variance_ratio"))
        .and_then(|c| c.value(component.checked_sub(1)?));
    match ratio {
        Some(ratio) => {
            format!(
                "PC{component} score ({} % of variance)",
                significant(100.0 * ratio, 3)
            )
        }
        None => format!("PC{component} score"),
    }
}

/// The speakers in the plane of two components.
///
/// # Errors
/// When the report lacks the `speakers` table of the system, a component or the colour column.
pub fn scatter(report: &Report, figure: &ScatterFigure<'_>) -> Result<String> {
    let speakers = table(report, figure.system, "speakers")?;
    let (x, y) = (
        column(speakers, &format!("pc{}", figure.x))?,
        column(speakers, &format!("pc{}", figure.y))?,
    );
    let coding = match figure.colour {
        Some(id) => Coding::of(column(speakers, id)?),
        None => Coding::Plain,
    };
    let rows = speakers.rows();
    let scale = |c: &Column| {
        Scale::over((0..rows).filter_map(|r| c.value(r))).unwrap_or(Scale { lo: 0.0, hi: 1.0 })
    };
    let panel = Panel {
        left: 76.0,
        top: 48.0,
        width: 600.0,
        height: 460.0,
        x: scale(x).padded(0.04),
        y: scale(y).padded(0.04),
    };
    let title = heading(report, figure.system);
    let mut svg = Svg::new(880.0, 570.0, &title, &provenance(report)?);
    svg.text((76.0, 28.0), Anchor::Start, 15.0, INK, &title);
    panel.x_ticks(&mut svg);
    panel.axes(
        &mut svg,
        &component_title(report, figure.system, figure.x),
        &component_title(report, figure.system, figure.y),
    );
    let name = speakers.columns.first();
    for row in drawing_order(&coding, rows) {
        let (Some(px), Some(py)) = (x.value(row), y.value(row)) else {
            continue;
        };
        let chosen = figure
            .selected
            .is_none_or(|mask| mask.get(row).copied().unwrap_or(false));
        let (marker, fill) = mark(&coding, row);
        let fill = if chosen { fill.as_str() } else { "#d0d0d0" };
        let tip = name.and_then(|c| c.text_at(row)).unwrap_or("");
        svg.marker(marker, panel.at(px, py), 4.0, fill, tip);
    }
    legend(&mut svg, &coding, figure.colour.unwrap_or(""));
    Ok(svg.finish())
}

/// Rows with the largest class first, so that rare ones lie on top.
fn drawing_order(coding: &Coding, rows: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    if let Coding::Classes {
        of_row, classes, ..
    } = coding
    {
        let size = |row: usize| match of_row.get(row).copied().flatten() {
            Some(class) => classes
                .get(usize::from(class))
                .map_or(usize::MAX, |c| c.rows),
            None => usize::MAX,
        };
        order.sort_by_key(|row| std::cmp::Reverse(size(*row)));
    }
    order
}

fn class_mark(class: usize) -> (Marker, String) {
    let marker = Marker::ALL.get(class).copied().unwrap_or(Marker::Cross);
    // Blue and vermilion first: the pair that every kind of colour vision separates best.
    let order = [4, 5, 3, 6, 1, 2, 0, 7];
    let colour = order
        .get(class)
        .and_then(|i| OKABE_ITO.get(*i))
        .copied()
        .unwrap_or([90, 90, 90]);
    (marker, hex(colour))
}

fn mark(coding: &Coding, row: usize) -> (Marker, String) {
    match coding {
        Coding::Plain => (Marker::Circle, BLUE.to_owned()),
        Coding::Classes { of_row, .. } => match of_row.get(row).copied().flatten() {
            Some(class) => class_mark(usize::from(class)),
            None => (Marker::Cross, FAINT.to_owned()),
        },
        Coding::Ramp { of_row, .. } => match of_row.get(row).copied().flatten() {
            Some(place) => (
                Marker::Circle,
                hex(Ramp::Cividis.rgb(f64::from(place) * 0.92)),
            ),
            None => (Marker::Cross, FAINT.to_owned()),
        },
    }
}

fn legend(svg: &mut Svg, coding: &Coding, title: &str) {
    let (x, mut y) = (700.0, 64.0);
    svg.text((x - 6.0, y - 8.0), Anchor::Start, 13.0, INK, title);
    match coding {
        Coding::Plain => {}
        Coding::Classes {
            classes,
            others,
            missing,
            ..
        } => {
            let other = (*others > 0).then(|| (String::from("other"), *others));
            let named = classes
                .iter()
                .map(|c| (c.name.clone(), c.rows))
                .chain(other);
            for (class, (name, rows)) in named.enumerate() {
                y += 20.0;
                let (marker, fill) = class_mark(class);
                svg.marker(marker, (x, y - 4.0), 4.5, &fill, "");
                let words = format!("{} ({rows})", shorten(&name, 18));
                svg.text((x + 12.0, y), Anchor::Start, 12.0, INK, &words);
            }
            if *missing > 0 {
                y += 20.0;
                svg.marker(Marker::Cross, (x, y - 4.0), 4.5, FAINT, "");
                svg.text(
                    (x + 12.0, y),
                    Anchor::Start,
                    12.0,
                    INK,
                    &format!("missing ({missing})"),
                );
            }
        }
        Coding::Ramp { scale, .. } => {
            for step in 0..32 {
                let place = f64::from(step) / 31.0;
                let at = (x, y + 4.0 + (31 - step) as f64 * 5.0);
                svg.rect(at, (16.0, 5.0), &hex(Ramp::Cividis.rgb(place * 0.92)), "");
            }
            let top = y + 14.0;
            svg.text(
                (x + 22.0, top),
                Anchor::Start,
                12.0,
                INK,
                &significant(scale.hi, 3),
            );
            let bottom = y + 162.0;
            svg.text(
                (x + 22.0, bottom),
                Anchor::Start,
                12.0,
                INK,
                &significant(scale.lo, 3),
            );
        }
    }
}
