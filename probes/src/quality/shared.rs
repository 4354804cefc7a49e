//! The items that several runs have in common.

use std::collections::HashMap;

use super::{LogMelRows, QualityItem};
use crate::report::Skipped;
use crate::store::{Run, RunItem};

/// Items that every run used and that name a system.
pub(super) struct Shared<'a> {
    pub(super) chosen: Vec<&'a RunItem>,
    /// Rows of each run's taps, `[run][item]`.
    pub(super) rows: Vec<Vec<usize>>,
    /// Rows of the log-mel spectra, `[item]`.
    pub(super) log_mel: Vec<usize>,
    pub(super) unused: Vec<Skipped>,
    system: usize,
}

impl<'a> Shared<'a> {
    pub(super) fn new(
        runs: &'a [Run],
        names: &[String],
        system: usize,
        log_mel: Option<&LogMelRows>,
    ) -> Self {
        let places = |source: &'a Run| -> HashMap<&'a str, usize> {
            let used = source.items.iter().filter(|item| item.is_used());
            used.enumerate()
                .map(|(row, item)| (item.id.as_str(), row))
                .collect()
        };
        let by_id: Vec<HashMap<&str, usize>> = runs.iter().map(places).collect();
        let of_log_mel: Option<HashMap<&str, usize>> = log_mel.map(|l| {
            l.ids
                .iter()
                .enumerate()
                .map(|(at, id)| (id.as_str(), at))
                .collect()
        });
        let mut out = Self {
            chosen: vec![],
            rows: vec![vec![]; runs.len()],
            log_mel: vec![],
            unused: vec![],
            system,
        };
        let first = runs.iter().take(1).flat_map(|r| &r.items);
        for item in first.filter(|item| item.is_used()) {
            let found: Vec<Option<usize>> = by_id
                .iter()
                .map(|ids| ids.get(item.id.as_str()).copied())
                .collect();
            let spectrum = of_log_mel
                .as_ref()
                .map(|ids| ids.get(item.id.as_str()).copied());
            let reason = match (found.iter().position(Option::is_none), spectrum) {
                _ if text(item, system).is_none() => Some("it names no system".to_owned()),
                (Some(run), _) => Some(format!("`{}` gave no result for it", names[run])),
                (None, Some(None)) => Some("it has no log-mel spectrum".into()),
                _ => None,
            };
            if let Some(reason) = reason {
                out.unused.push(Skipped {
                    id: item.id.clone(),
                    reason,
                });
                continue;
            }
            out.chosen.push(item);
            out.log_mel.extend(spectrum.flatten());
            for (rows, row) in out.rows.iter_mut().zip(found) {
                rows.extend(row);
            }
        }
        out
    }

    pub(super) fn items(&self, columns: &[String], matching: &[String]) -> Vec<QualityItem> {
        let at = |name: &str| columns.iter().position(|c| c == name);
        let value = |item: &RunItem, name: &str| text(item, at(name)?).map(str::to_owned);
        self.chosen
            .iter()
            .map(|item| QualityItem {
                id: item.id.clone(),
                system: text(item, self.system).unwrap_or_default().to_owned(),
                speaker: value(item, "speaker"),
                pair: value(item, "pair").or_else(|| value(item, "text")),
                degradation: value(item, "degradation"),
                severity: value(item, "severity").and_then(|v| number(&v)),
                classes: matching.iter().map(|name| value(item, name)).collect(),
            })
            .collect()
    }
}

pub(super) fn text(item: &RunItem, column: usize) -> Option<&str> {
    item.metadata.get(column)?.as_deref()
}

pub(super) fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|v: &f64| v.is_finite())
}
