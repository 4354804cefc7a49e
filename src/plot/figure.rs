//! The pictures of a speaker report as SVG: scatter, scree, associations.

use anyhow::{Context as _, Result};
use phonoscope_probes::report::{Column, Report, Table};

use super::svg::hex;
use super::{Anchor, Coding, Marker, OKABE_ITO, Ramp, Scale, Svg, significant};

const INK: &str = "#1a1a1a";
const FAINT: &str = "#8a8a8a";
const GRID: &str = "#e4e4e4";
const BLUE: &str = "#0072b2";
const VERMILION: &str = "#d55e00";

/// Which scatter to draw.
#[derive(Debug, Clone, Copy)]
pub struct ScatterFigure<'a> {
    /// Component across, from 1.
    pub x: usize,
    /// Component up, from 1.
    pub y: usize,
    /// Column of `speakers` that colours the points.
    pub colour: Option<&'a str>,
    /// For each speaker whether it is selected; the others are drawn pale.
    pub selected: Option<&'a [bool]>,
}

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
        .table(id)
        .with_context(|| format!("the report has no table `{id}`"))
}

fn column<'a>(table: &'a Table, id: &str) -> Result<&'a Column> {
    table
        .column(id)
        .with_context(|| format!("table `{}` has no column `{id}`", table.id))
}

/// Axis title of a component with its share of the variance.
fn component_title(report: &Report, component: usize) -> String {
    let ratio = report
        .table("components")
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
/// When the report lacks the `speakers` table, a component or the colour column.
pub fn scatter(report: &Report, figure: &ScatterFigure<'_>) -> Result<String> {
    let speakers = table(report, "speakers")?;
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
    let mut svg = Svg::new(880.0, 570.0, &report.title, &provenance(report)?);
    svg.text((76.0, 28.0), Anchor::Start, 15.0, INK, &report.title);
    panel.x_ticks(&mut svg);
    panel.axes(
        &mut svg,
        &component_title(report, figure.x),
        &component_title(report, figure.y),
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

/// Explained variance by component with intervals and the permutation threshold.
///
/// # Errors
/// When the report lacks the `components` table or its columns.
pub fn scree(report: &Report) -> Result<String> {
    let components = table(report, "components")?;
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
    let mut svg = Svg::new(760.0, 430.0, &report.title, &provenance(report)?);
    svg.text((76.0, 28.0), Anchor::Start, 15.0, INK, &report.title);
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
    svg.marker(Marker::Circle, (520.0, 62.0), 3.5, BLUE, "");
    let level = (0..rows)
        .find_map(|r| ratio.estimate_at(r))
        .map_or(0.95, |e| e.level);
    let words = format!("share and {} % interval", (1000.0 * level).round() / 10.0);
    svg.text((530.0, 66.0), Anchor::Start, 12.0, INK, &words);
    svg.polyline(&[(512.0, 80.0), (526.0, 80.0)], VERMILION, 1.5, "5 3");
    svg.text(
        (530.0, 84.0),
        Anchor::Start,
        12.0,
        INK,
        "95 % point of the permutation null",
    );
    Ok(svg.finish())
}

/// An effect as a share of the strongest possible, in `[-1, 1]`, 0 for none.
pub(crate) fn strength(statistic: &str, effect: f64) -> f64 {
    match statistic {
        "auc" => 2.0 * effect - 1.0,
        _ => effect,
    }
}

/// Component × column heat map of effects; `*` marks q < 0.05.
///
/// # Errors
/// When the report lacks the `associations` table or its columns.
pub fn associations(report: &Report) -> Result<String> {
    let table = table(report, "associations")?;
    let component = column(table, "component")?;
    let names = column(table, "column")?;
    let statistic = column(table, "statistic")?;
    let effect = column(table, "effect")?;
    let q = column(table, "q")?;
    let mut heads: Vec<(&str, &str)> = Vec::new();
    let mut ranks: Vec<usize> = Vec::new();
    for row in 0..table.rows() {
        let head = (
            names.text_at(row).unwrap_or(""),
            statistic.text_at(row).unwrap_or(""),
        );
        if !heads.contains(&head) {
            heads.push(head);
        }
        let rank = component.value(row).unwrap_or(0.0) as usize;
        if !ranks.contains(&rank) {
            ranks.push(rank);
        }
    }
    let (left, top, cell_w, cell_h) = (76.0, 92.0, 92.0, 24.0);
    let width = left + cell_w * heads.len() as f64 + 30.0;
    let height = top + cell_h * ranks.len() as f64 + 52.0;
    let mut svg = Svg::new(
        width.max(420.0),
        height,
        &report.title,
        &provenance(report)?,
    );
    svg.text((left, 28.0), Anchor::Start, 15.0, INK, &report.title);
    svg.text_up(
        (18.0, (top + height - 52.0) / 2.0),
        Anchor::Middle,
        13.0,
        INK,
        "component",
    );
    for (i, (name, statistic)) in heads.iter().enumerate() {
        let x = left + cell_w * (i as f64 + 0.5);
        svg.text(
            (x, top - 24.0),
            Anchor::Middle,
            12.0,
            INK,
            &shorten(name, 13),
        );
        svg.text((x, top - 9.0), Anchor::Middle, 10.0, FAINT, statistic);
    }
    for (i, rank) in ranks.iter().enumerate() {
        let y = top + cell_h * (i as f64 + 0.5) + 4.0;
        svg.text(
            (left - 8.0, y),
            Anchor::End,
            12.0,
            INK,
            &format!("PC{rank}"),
        );
    }
    for row in 0..table.rows() {
        let head = (
            names.text_at(row).unwrap_or(""),
            statistic.text_at(row).unwrap_or(""),
        );
        let rank = component.value(row).unwrap_or(0.0) as usize;
        let (Some(value), Some(i), Some(j)) = (
            effect.value(row),
            heads.iter().position(|h| *h == head),
            ranks.iter().position(|r| *r == rank),
        ) else {
            continue;
        };
        let at = (left + cell_w * i as f64, top + cell_h * j as f64);
        let unit = (strength(head.1, value) + 1.0) / 2.0;
        let interval = effect.estimate_at(row).map_or(String::new(), |e| {
            format!(" [{}, {}]", significant(e.lo, 3), significant(e.hi, 3))
        });
        let tip = format!(
            "PC{rank} × {}: {} {}{interval}",
            head.0,
            head.1,
            significant(value, 3)
        );
        let size = (cell_w - 1.0, cell_h - 1.0);
        svg.rect(at, size, &hex(Ramp::PurpleOrange.rgb(unit)), &tip);
        let star = if q.value(row).is_some_and(|q| q < 0.05) {
            "*"
        } else {
            ""
        };
        let ink = if (unit - 0.5).abs() > 0.38 {
            "#ffffff"
        } else {
            INK
        };
        let middle = (at.0 + cell_w / 2.0, at.1 + cell_h / 2.0 + 4.0);
        let words = format!("{}{star}", significant(value, 3));
        svg.text(middle, Anchor::Middle, 12.0, ink, &words);
    }
    let note = "auc: 0.5 is no effect; spearman, eta_squared: 0 is none; * q < 0.05";
    svg.text((left, height - 18.0), Anchor::Start, 11.0, FAINT, note);
    Ok(svg.finish())
}
