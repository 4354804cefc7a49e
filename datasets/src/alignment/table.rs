//! Our own table of alignments: a TSV with the columns `id tier start end label` in any order,
//! times in seconds, escaped as manifests are.

use std::collections::BTreeMap;

use super::{Alignment, Fault, Interval, Tier, TierKind, in_order, interval};
use crate::error::one_line;
use crate::manifest::tsv::{escape, unescape};

const COLUMNS: [&str; 5] = ["id", "tier", "start", "end", "label"];

const HINT: &str = "it needs the columns id, tier, start, end (seconds) and label, tab-separated";

fn positions(header: &str) -> Option<[usize; 5]> {
    let names: Vec<&str> = header.trim_end_matches('\r').split('\t').collect();
    let mut at = [0; 5];
    for (place, column) in at.iter_mut().zip(COLUMNS) {
        *place = names.iter().position(|name| name.trim() == column)?;
    }
    Some(at)
}

pub(super) fn is_header(line: &str) -> bool {
    positions(line).is_some()
}

pub(super) fn parse(text: &str) -> Result<BTreeMap<String, Alignment>, Fault> {
    let mut lines = (1_u64..)
        .zip(text.split('\n').map(|line| line.trim_end_matches('\r')))
        .filter(|(_, line)| !line.trim().is_empty());
    let at = lines.next().and_then(|(_, header)| positions(header));
    let Some([id_at, tier_at, start_at, end_at, label_at]) = at else {
        return Err(Fault::at(1, "no header", HINT));
    };
    // Tiers keep the order in which they first appear.
    let mut found: BTreeMap<String, Vec<(String, Vec<Interval>)>> = BTreeMap::new();
    for (number, line) in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        let field = |at: usize| {
            fields.get(at).copied().ok_or_else(|| {
                let why = format!("{} fields: too few", fields.len());
                Fault::at(number, why, HINT)
            })
        };
        let secs = |at: usize| {
            let text = field(at)?;
            text.trim().parse::<f64>().map_err(|_not_a_number| {
                let why = format!("`{}` is no time in seconds", one_line(text));
                Fault::at(number, why, HINT)
            })
        };
        let (id, tier) = (unescape(field(id_at)?), unescape(field(tier_at)?));
        let interval = interval(secs(start_at)?, secs(end_at)?, &unescape(field(label_at)?))
            .map_err(|why| Fault::at(number, why, HINT))?;
        let tiers = found.entry(id).or_default();
        match tiers.iter_mut().find(|(name, _)| *name == tier) {
            Some((_, intervals)) => intervals.push(interval),
            None => tiers.push((tier, vec![interval])),
        }
    }
    let tier = |(name, intervals)| Tier {
        name,
        kind: TierKind::Intervals,
        intervals: in_order(intervals),
    };
    Ok(found
        .into_iter()
        .map(|(id, tiers)| {
            let tiers = tiers.into_iter().map(tier).collect();
            (id, Alignment { tiers })
        })
        .collect())
}

/// Alignments as the text of a TSV that [`super::read`] reads back; points become intervals without
/// length, and tiers without labels are not kept.
pub fn to_tsv<'a>(alignments: impl IntoIterator<Item = (&'a str, &'a Alignment)>) -> String {
    let mut text = COLUMNS.join("\t");
    text.push('\n');
    for (id, alignment) in alignments {
        for tier in &alignment.tiers {
            for interval in &tier.intervals {
                let line = [
                    escape(id),
                    escape(&tier.name),
                    interval.start_secs.to_string(),
                    interval.end_secs.to_string(),
                    escape(&interval.label),
                ];
                text.push_str(&line.join("\t"));
                text.push('\n');
            }
        }
    }
    text
}
