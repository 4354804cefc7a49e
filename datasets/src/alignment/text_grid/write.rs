//! Writing TextGrids.

use std::fmt::Write as _;

use super::super::{Alignment, Interval, ROUNDING_SECS, Tier, TierKind};

/// The two text forms of a TextGrid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// With the names of all fields.
    Long,
    /// Values only.
    Short,
}

/// An alignment as a TextGrid from 0 to `end_secs`, or to its last label if that is later.
///
/// Praat wants interval tiers without gaps: gaps are filled with empty labels, and an empty label
/// spans a tier that has none.
///
/// # Errors
/// The two labels, in words, that overlap within a tier.
pub fn to_text(alignment: &Alignment, end_secs: f64, form: Form) -> Result<String, String> {
    let last = alignment
        .tiers
        .iter()
        .flat_map(|tier| &tier.intervals)
        .fold(end_secs.max(0.0), |end, i| end.max(i.end_secs));
    let mut out = Writer {
        form,
        text: "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n".to_owned(),
    };
    out.value(0, "xmin", 0.0);
    out.value(0, "xmax", last);
    out.flag();
    out.value(0, "size", alignment.tiers.len());
    out.heading(0, "item []:");
    for (number, tier) in (1..).zip(&alignment.tiers) {
        let intervals = match tier.kind {
            TierKind::Intervals => without_gaps(tier, last)?,
            TierKind::Points => tier.intervals.clone(),
        };
        let (class, items) = match tier.kind {
            TierKind::Intervals => ("IntervalTier", "intervals"),
            TierKind::Points => ("TextTier", "points"),
        };
        out.heading(1, &format!("item [{number}]:"));
        out.text_value(2, "class", class);
        out.text_value(2, "name", &tier.name);
        out.value(2, "xmin", 0.0);
        out.value(2, "xmax", last);
        out.value(2, &format!("{items}: size"), intervals.len());
        for (number, interval) in (1..).zip(&intervals) {
            out.heading(2, &format!("{items} [{number}]:"));
            match tier.kind {
                TierKind::Intervals => {
                    out.value(3, "xmin", interval.start_secs);
                    out.value(3, "xmax", interval.end_secs);
                    out.text_value(3, "text", &interval.label);
                }
                TierKind::Points => {
                    out.value(3, "number", interval.start_secs);
                    out.text_value(3, "mark", &interval.label);
                }
            }
        }
    }
    Ok(out.text)
}

fn without_gaps(tier: &Tier, end_secs: f64) -> Result<Vec<Interval>, String> {
    let mut filled: Vec<Interval> = Vec::new();
    let mut at = 0.0;
    let silence = |start_secs, end_secs| Interval {
        start_secs,
        end_secs,
        label: String::new(),
    };
    for interval in &tier.intervals {
        if at - interval.start_secs > ROUNDING_SECS {
            return Err(format!(
                "tier `{}` cannot be a TextGrid: `{}` starts at {} s, before the label ahead of it ends at {at} s",
                tier.name, interval.label, interval.start_secs
            ));
        }
        if interval.start_secs > at {
            filled.push(silence(at, interval.start_secs));
        }
        filled.push(Interval {
            start_secs: interval.start_secs.max(at),
            end_secs: interval.end_secs.max(at),
            label: interval.label.clone(),
        });
        at = interval.end_secs.max(at);
    }
    if end_secs > at || filled.is_empty() {
        filled.push(silence(at, end_secs));
    }
    Ok(filled)
}

struct Writer {
    form: Form,
    text: String,
}

impl Writer {
    fn line(&mut self, depth: usize, name: &str, value: &str) {
        // Writing to a String cannot fail.
        let _ = match self.form {
            Form::Long => writeln!(
                self.text,
                "{:indent$}{name} = {value} ",
                "",
                indent = 4 * depth
            ),
            Form::Short => writeln!(self.text, "{value}"),
        };
    }

    fn value(&mut self, depth: usize, name: &str, value: impl ToString) {
        self.line(depth, name, &value.to_string());
    }

    fn text_value(&mut self, depth: usize, name: &str, value: &str) {
        let quoted = format!("\"{}\"", value.replace('"', "\"\""));
        self.line(depth, name, &quoted);
    }

    fn flag(&mut self) {
        self.text.push_str(match self.form {
            Form::Long => "tiers? <exists> \n",
            Form::Short => "<exists>\n",
        });
    }

    fn heading(&mut self, depth: usize, words: &str) {
        if self.form == Form::Long {
            let _ = writeln!(self.text, "{:indent$}{words}", "", indent = 4 * depth);
        }
    }
}
