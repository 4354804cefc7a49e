//! CTM, as NIST's scoring tools and Kaldi write it: `name channel start duration label
//! [confidence …]` a line, `;;` before comments.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Alignment, Fault, Interval, Tier, TierKind, in_order, interval};
use crate::error::one_line;

const HINT: &str = "each line is `name channel start duration label [confidence]`, in seconds";

struct Row<'a> {
    name: &'a str,
    channel: &'a str,
    start_secs: f64,
    duration_secs: f64,
    label: &'a str,
}

fn row(line: &str) -> Option<Row<'_>> {
    let mut fields = line.split_whitespace();
    Some(Row {
        name: fields.next()?,
        channel: fields.next()?,
        start_secs: fields.next()?.parse().ok()?,
        duration_secs: fields.next()?.parse().ok()?,
        label: fields.next()?,
    })
}

fn is_comment(line: &str) -> bool {
    line.starts_with(";;")
}

pub(super) fn is_line(line: &str) -> bool {
    is_comment(line) || row(line).is_some()
}

pub(super) fn parse(path: &Path, text: &str) -> Result<BTreeMap<String, Alignment>, Fault> {
    let mut found: BTreeMap<&str, BTreeMap<&str, Vec<Interval>>> = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.is_empty() || is_comment(line) {
            continue;
        }
        if line.contains("<ALT") {
            let hint = "keep one alternative of each";
            return Err(Fault::at(number, "it lists alternatives", hint));
        }
        let Some(row) = row(line) else {
            let why = format!(
                "not `name channel start duration label`: `{}`",
                one_line(line)
            );
            return Err(Fault::at(number, why, HINT));
        };
        // The sum is rounded away from the noise of its last bits.
        let end_secs = ((row.start_secs + row.duration_secs) * 1e9).round() / 1e9;
        let timed = if row.duration_secs < 0.0 {
            Err(format!("a duration of {} s", row.duration_secs))
        } else {
            interval(row.start_secs, end_secs.max(row.start_secs), row.label)
        };
        let interval = timed.map_err(|why| Fault::at(number, why, HINT))?;
        let channels = found.entry(row.name).or_default();
        channels.entry(row.channel).or_default().push(interval);
    }
    let phones = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().to_lowercase().contains("phone"));
    let name = if phones { "phones" } else { "words" };
    let alignment = |channels: BTreeMap<&str, Vec<Interval>>| {
        let single = channels.len() == 1;
        let tier = |(channel, intervals): (&str, Vec<Interval>)| Tier {
            name: if single {
                name.to_owned()
            } else {
                format!("{channel} - {name}")
            },
            kind: TierKind::Intervals,
            intervals: in_order(intervals),
        };
        Alignment {
            tiers: channels.into_iter().map(tier).collect(),
        }
    };
    Ok(found
        .into_iter()
        .map(|(name, channels)| (name.to_owned(), alignment(channels)))
        .collect())
}
