//! TIMIT's `.PHN` and `.WRD`: `start end label` a line, times in samples.

use std::path::Path;

use super::{Alignment, Fault, Tier, TierKind, in_order, interval};
use crate::error::one_line;

/// Times in TIMIT's files count samples at this rate.
const RATE_HZ: f64 = 16_000.0;

const HINT: &str = "each line is `first-sample end-sample label`";

/// The symbols of TIMIT's phone files.
const PHONES: [&str; 61] = [
    "aa", "ae", "ah", "ao", "aw", "ax", "ax-h", "axr", "ay", "b", "bcl", "ch", "d", "dcl", "dh",
    "dx", "eh", "el", "em", "en", "eng", "epi", "er", "ey", "f", "g", "gcl", "h#", "hh", "hv",
    "ih", "ix", "iy", "jh", "k", "kcl", "l", "m", "n", "ng", "nx", "ow", "oy", "p", "pau", "pcl",
    "q", "r", "s", "sh", "t", "tcl", "th", "uh", "uw", "ux", "v", "w", "y", "z", "zh",
];

fn fields(line: &str) -> Option<(u64, u64, &str)> {
    let mut fields = line.split_whitespace();
    let found = (
        fields.next()?.parse().ok()?,
        fields.next()?.parse().ok()?,
        fields.next()?,
    );
    fields.next().is_none().then_some(found)
}

pub(super) fn is_line(line: &str) -> bool {
    fields(line).is_some()
}

/// Words of running speech share phones in TIMIT, so intervals may overlap.
pub(super) fn parse(path: &Path, text: &str) -> Result<Alignment, Fault> {
    let mut intervals = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let Some((start, end, label)) = fields(line) else {
            let why = format!("not `start end label`: `{}`", one_line(line.trim()));
            return Err(Fault::at(number, why, HINT));
        };
        let secs = |samples: u64| samples as f64 / RATE_HZ;
        intervals.push(
            interval(secs(start), secs(end), label).map_err(|why| Fault::at(number, why, HINT))?,
        );
    }
    let named = |extension: &str| {
        path.extension()
            .is_some_and(|e| e.eq_ignore_ascii_case(extension))
    };
    let phones = named("phn")
        || (!named("wrd") && intervals.iter().all(|i| PHONES.contains(&i.label.as_str())));
    Ok(Alignment {
        tiers: vec![Tier {
            name: if phones { "phones" } else { "words" }.to_owned(),
            kind: TierKind::Intervals,
            intervals: in_order(intervals),
        }],
    })
}
