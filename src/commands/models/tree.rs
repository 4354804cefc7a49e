//! The layer map as text of at most 80 columns.

use phonoscope_models::{Axis, Block, Checked, Evidence, Field, LayerMap, Outcome, Tap};

use crate::output::columns;

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Sample rate of every front end.
const RATE_HZ: f64 = 16_000.0;

/// Whether blocks that are alike are shown as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folding {
    /// Runs of alike blocks are one entry.
    Alike,
    /// Each block is an entry.
    None,
}

/// How steps of the input are told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Clock {
    /// An input step is so many samples at 16 kHz.
    Samples(f64),
    /// It is not known how long an input step lasts.
    Steps,
}

impl Clock {
    fn rate(self, stride: u32) -> String {
        match self {
            Self::Samples(samples) => {
                format!("{} Hz", short(RATE_HZ / (samples * f64::from(stride))))
            }
            Self::Steps => stride.to_string(),
        }
    }

    fn field(self, field: Field) -> String {
        match (self, field) {
            (_, Field::Unbounded) => "all".to_owned(),
            (Self::Samples(samples), Field::Steps(steps)) => {
                format!(
                    "{} ms",
                    short(f64::from(steps) * samples / RATE_HZ * 1000.0)
                )
            }
            (Self::Steps, Field::Steps(steps)) => steps.to_string(),
        }
    }
}

/// A number in at most four digits or so.
fn short(value: f64) -> String {
    let text = if value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    };
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A number of weights.
pub(super) fn amount(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => format!("{} k", short(count as f64 / 1e3)),
        _ => format!("{:.2} M", count as f64 / 1e6),
    }
}

/// The blocks with their taps, then the taps of no block. `checked` are what a dry run said.
pub(super) fn tree(map: &LayerMap, checked: &[Checked], clock: Clock, folding: Folding) -> String {
    let tap = |name: &String| map.taps.iter().find(|tap| tap.name == *name);
    let taps_of = |block: &Block| block.taps.iter().filter_map(tap).collect::<Vec<&Tap>>();
    let rate = match clock {
        Clock::Samples(_) => "rate",
        Clock::Steps => "stride",
    };
    let mut rows = vec![
        ["block, tap", "axes", rate, "sees", ""]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut at = 0;
    while let Some(first) = map.blocks.get(at) {
        let alike = |block: &&Block| alike(first, &taps_of(first), block, &taps_of(block));
        let count = match folding {
            Folding::Alike => map
                .blocks
                .get(at..)
                .unwrap_or_default()
                .iter()
                .take_while(alike)
                .count()
                .max(1),
            Folding::None => 1,
        };
        let run = map.blocks.get(at..at + count).unwrap_or_default();
        rows.push(vec![heading(run)]);
        let groups: Vec<Vec<&Tap>> = run.iter().map(taps_of).collect();
        for member in groups.first().into_iter().flatten() {
            let suffix = suffix(&first.name, &member.name);
            let mut same: Vec<&Tap> = Vec::new();
            for (block, taps) in run.iter().zip(&groups) {
                same.extend(
                    taps.iter()
                        .filter(|tap| self::suffix(&block.name, &tap.name) == suffix),
                );
            }
            rows.push(row(&same, checked, clock));
        }
        at += count;
    }
    let in_block = |tap: &&Tap| {
        map.blocks
            .iter()
            .any(|block| block.taps.contains(&tap.name))
    };
    let others: Vec<&Tap> = map.taps.iter().filter(|tap| !in_block(tap)).collect();
    if !others.is_empty() {
        if !map.blocks.is_empty() {
            rows.push(vec!["outside blocks".to_owned()]);
        }
        rows.extend(others.iter().map(|tap| row(&[tap], checked, clock)));
    }
    if rows.len() == 1 {
        return String::new();
    }
    // Headings do not take part in the widths.
    let table: Vec<Vec<String>> = rows.iter().filter(|row| row.len() > 1).cloned().collect();
    let aligned = columns(&table);
    let mut lines = aligned.lines();
    let mut text = String::new();
    for row in &rows {
        let line = if row.len() > 1 {
            lines.next()
        } else {
            row.first().map(String::as_str)
        };
        text.push_str(line.unwrap_or_default());
        text.push('\n');
    }
    text
}

fn suffix<'a>(block: &str, tap: &'a str) -> &'a str {
    tap.strip_prefix(block).unwrap_or(tap)
}

/// Whether two blocks can be shown as one: the same taps with the same axes.
fn alike(a: &Block, a_taps: &[&Tap], b: &Block, b_taps: &[&Tap]) -> bool {
    let stem = |name: &str| {
        name.trim_end_matches(|c: char| c.is_ascii_digit())
            .to_owned()
    };
    let shape = |block: &Block, taps: &[&Tap]| -> Vec<(String, Vec<Axis>)> {
        let taps = taps
            .iter()
            .map(|tap| (suffix(&block.name, &tap.name).to_owned(), tap.axes.clone()));
        taps.filter(|(suffix, _)| suffix != ".resid_pre").collect()
    };
    a.kind == b.kind && stem(&a.name) == stem(&b.name) && shape(a, a_taps) == shape(b, b_taps)
}

fn heading(run: &[Block]) -> String {
    let (Some(first), Some(last)) = (run.first(), run.last()) else {
        return String::new();
    };
    let kind = first.kind.in_words();
    let names = if run.len() == 1 {
        first.name.clone()
    } else {
        format!("{} … {}", first.name, last.name)
    };
    let total: u64 = run
        .iter()
        .map(|block| block.parameters)
        .fold(0, u64::saturating_add);
    let same = run.iter().all(|block| block.parameters == first.parameters);
    let weights = match (run.len(), same) {
        (1, _) => format!("{} weights", amount(total)),
        (count, true) => format!("{count} blocks of {} weights", amount(first.parameters)),
        (count, false) => format!("{count} blocks, {} weights", amount(total)),
    };
    let found = match first.evidence {
        Evidence::Names => ", by names",
        Evidence::Structure => "",
    };
    format!("{names}: {kind}, {weights}{found}")
}

/// One line for the like taps of several blocks.
fn row(taps: &[&Tap], checked: &[Checked], clock: Clock) -> Vec<String> {
    let Some(first) = taps.first() else {
        return vec![String::new(); 5];
    };
    let name = match taps {
        [_] => first.name.clone(),
        [.., last] => pattern(&first.name, &last.name),
        [] => String::new(),
    };
    let axes: Vec<String> = first
        .axes
        .iter()
        .map(|axis| match axis {
            Axis::Dim => range(taps, |tap| tap.dim.map(|dim| dim.to_string()))
                .unwrap_or_else(|| "dim".to_owned()),
            other => format!("{other:?}").to_lowercase(),
        })
        .collect();
    let shape = || {
        let seen = checked
            .iter()
            .find(|checked| checked.tap.name == first.name)?;
        seen.shapes.first()
    };
    let axes = match (axes.as_slice(), shape()) {
        ([], Some(shape)) => format!("unknown, {shape:?}"),
        ([], None) => "unknown".to_owned(),
        (axes, _) => format!("[{}]", axes.join(", ")),
    };
    let rate = range(taps, |tap| {
        tap.timing.map(|timing| clock.rate(timing.stride))
    });
    let field = range(taps, |tap| {
        tap.timing.map(|timing| clock.field(timing.field))
    });
    let names: Vec<&str> = taps.iter().map(|tap| tap.name.as_str()).collect();
    let own = checked
        .iter()
        .filter(|checked| names.contains(&checked.tap.name.as_str()));
    let mut marks: Vec<&str> = own
        .map(|checked| match checked.outcome {
            Outcome::Agreed => "ran",
            Outcome::Corrected { .. } => "corrected",
            Outcome::NotSeen { .. } => "not seen",
        })
        .collect();
    marks.dedup();
    vec![
        format!("  {name}"),
        axes,
        rate.unwrap_or_default(),
        field.unwrap_or_default(),
        marks.join(", "),
    ]
}

/// The names of two taps as one, with what differs left open.
fn pattern(name: &str, other: &str) -> String {
    let mut others = other.split('.');
    let parts: Vec<&str> = name
        .split('.')
        .map(|part| {
            if others.next() == Some(part) {
                part
            } else {
                "*"
            }
        })
        .collect();
    parts.join(".")
}

/// What is told of the first tap, and of the last where it differs.
fn range(taps: &[&Tap], of: impl Fn(&Tap) -> Option<String>) -> Option<String> {
    let (first, last) = (taps.first()?, taps.last()?);
    match (of(first), of(last)) {
        (Some(a), Some(b)) if a != b => {
            let unit = |text: &str| text.split_once(' ').map(|(_, unit)| unit.to_owned());
            let shared = unit(&a).is_some() && unit(&a) == unit(&b);
            let bare = a.split(' ').next().unwrap_or_default();
            Some(format!("{}…{b}", if shared { bare } else { &a }))
        }
        (a, _) => a,
    }
}

/// Text with a hanging label, broken at spaces to fit a terminal.
pub(super) fn wrapped(label: &str, indent: usize, text: &str) -> String {
    let mut out = String::new();
    let mut line = format!("{label:<indent$}");
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(indent);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_models::{BlockKind, Timing};

    fn block(name: &str, parameters: u64) -> Block {
        Block {
            name: name.to_owned(),
            kind: BlockKind::Conv,
            evidence: Evidence::Structure,
            nodes: 1,
            parameters,
            taps: vec![name.to_owned()],
        }
    }

    fn tap(name: &str, dim: usize, stride: u32) -> Tap {
        Tap {
            name: name.to_owned(),
            tensor: name.to_owned(),
            axes: vec![Axis::Batch, Axis::Dim, Axis::Time],
            dim: Some(dim),
            timing: Some(Timing {
                stride,
                field: Field::Steps(3 * stride),
            }),
            meaning: String::new(),
        }
    }

    fn map() -> LayerMap {
        LayerMap {
            blocks: vec![block("conv.0", 12_000), block("conv.1", 24_000)],
            taps: vec![
                tap("conv.0", 24, 1),
                tap("conv.1", 48, 2),
                tap("last", 7, 2),
            ],
            ..LayerMap::default()
        }
    }

    #[test]
    fn alike_blocks_fold_and_unfold() {
        let clock = Clock::Samples(160.0);
        let text = tree(&map(), &[], clock, Folding::Alike);
        let expected = "block, tap  axes                  rate       sees\n\
                        conv.0 … conv.1: convolution, 2 blocks, 36 k weights\n  \
                        conv.*    [batch, 24…48, time]  100…50 Hz  30…60 ms\n\
                        outside blocks\n  \
                        last      [batch, 7, time]      50 Hz      60 ms\n";
        assert_eq!(text, expected);
        let text = tree(&map(), &[], Clock::Steps, Folding::None);
        assert!(
            text.contains("conv.1: convolution, 24 k weights\n"),
            "{text}"
        );
        assert!(text.contains("[batch, 48, time]  2       6"), "{text}");
    }

    #[test]
    fn long_text_is_broken_and_hangs() {
        let text = wrapped("note", 6, &"word ".repeat(30));
        assert!(text.lines().all(|line| line.chars().count() <= 80));
        assert!(
            text.lines()
                .skip(1)
                .all(|line| line.starts_with("      word"))
        );
    }

    #[test]
    fn nothing_found_is_no_table() {
        assert_eq!(
            tree(&LayerMap::default(), &[], Clock::Steps, Folding::Alike),
            ""
        );
    }
}
