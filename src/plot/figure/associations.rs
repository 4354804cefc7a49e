//! Effects of every component on every metadata column.

use anyhow::Result;
use phonoscope_probes::report::Report;

use super::{FAINT, INK, column, heading, provenance, shorten, table};
use crate::plot::svg::hex;
use crate::plot::{Anchor, Ramp, Svg};

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
/// When the report lacks the `associations` table of `system` or its columns.
pub fn associations(report: &Report, system: Option<&str>) -> Result<String> {
    let table = table(report, system, "associations")?;
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
    let (left, top, cell_w, cell_h) = (76.0, 92.0, 104.0, 34.0);
    let width = left + cell_w * heads.len() as f64 + 30.0;
    let height = top + cell_h * ranks.len() as f64 + 52.0;
    let title = heading(report, system);
    let mut svg = Svg::new(width.max(560.0), height, &title, &provenance(report)?);
    svg.text((left, 28.0), Anchor::Start, 15.0, INK, &title);
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
        let tip = format!("PC{rank} × {}: {} {value}", head.0, head.1);
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
        let middle = at.0 + cell_w / 2.0;
        let number = |v: f64| format!("{v:.3}").replace('-', "−");
        let words = format!("{}{star}", number(value));
        svg.text((middle, at.1 + 15.0), Anchor::Middle, 12.0, ink, &words);
        if let Some(e) = effect.estimate_at(row) {
            let words = format!("[{}, {}]", number(e.lo), number(e.hi));
            svg.text((middle, at.1 + 28.0), Anchor::Middle, 10.0, ink, &words);
        }
    }
    let note = "[interval] · auc: 0.5 is no effect; spearman, eta_squared: 0 is none · * q < 0.05";
    svg.text((left, height - 18.0), Anchor::Start, 11.0, FAINT, note);
    Ok(svg.finish())
}
