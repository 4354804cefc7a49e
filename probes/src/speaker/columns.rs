//! What a metadata column holds: numbers, classes, or nothing that can be compared with a component.

use std::collections::{BTreeMap, BTreeSet};

use super::MetaColumn;
use super::gathering::Speakers;
use super::tables::{heading, is_of_speakers};

/// Fewest speakers with a number for a correlation.
const FEWEST_NUMBERS: usize = 8;
/// Fewest speakers in a class.
const FEWEST_IN_CLASS: usize = 3;

/// A metadata column per speaker.
pub(super) struct SpeakerColumn {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The one value all items of a speaker agree on, as written, `[speaker]`.
    pub(super) shown: Vec<Option<String>>,
    /// Why the column or part of it is left out, or how it was averaged; empty when plain.
    pub(super) note: String,
}

/// What a column holds, `[speaker]`.
pub(super) enum Kind {
    /// Means over the speaker's items.
    Number(Vec<Option<f64>>),
    /// Indices into `levels`, which are sorted.
    Classes {
        levels: Vec<String>,
        of: Vec<Option<usize>>,
    },
    /// Not compared; the number of distinct values found.
    Excluded(usize),
}

impl SpeakerColumn {
    /// The name of the kind in the report.
    pub(super) fn kind_name(&self) -> &'static str {
        match &self.kind {
            Kind::Number(_) => "number",
            Kind::Classes { levels, .. } if levels.len() == 2 => "class2",
            Kind::Classes { .. } => "classes",
            Kind::Excluded(_) => "excluded",
        }
    }

    /// Speakers with a usable value.
    pub(super) fn known(&self) -> Vec<usize> {
        let present = |speaker: &usize| match &self.kind {
            Kind::Number(of) => of.get(*speaker).is_some_and(Option::is_some),
            Kind::Classes { of, .. } => of.get(*speaker).is_some_and(Option::is_some),
            Kind::Excluded(_) => false,
        };
        (0..self.shown.len()).filter(present).collect()
    }

    /// Number of distinct values.
    pub(super) fn levels(&self) -> usize {
        match &self.kind {
            Kind::Number(of) => {
                let bits: BTreeSet<u64> = of.iter().flatten().map(|v| v.to_bits()).collect();
                bits.len()
            }
            Kind::Classes { levels, .. } => levels.len(),
            Kind::Excluded(levels) => *levels,
        }
    }
}

pub(super) fn sort_out(
    columns: &[MetaColumn],
    speakers: &Speakers,
    max_classes: usize,
) -> Vec<SpeakerColumn> {
    columns
        .iter()
        .map(|column| {
            let entries: Vec<Option<&str>> = column.values.iter().map(|v| present(v)).collect();
            let per_speaker = distinct_per_speaker(&entries, speakers);
            let (kind, note) = infer(&entries, &per_speaker, speakers, max_classes);
            SpeakerColumn {
                name: heading(&column.name, |name| {
                    let other = |c: &MetaColumn| c.name == name && c.name != column.name;
                    is_of_speakers(name) || columns.iter().any(other)
                }),
                kind,
                shown: per_speaker
                    .iter()
                    .map(|v| only(v).map(str::to_owned))
                    .collect(),
                note,
            }
        })
        .collect()
}

fn present(value: &Option<String>) -> Option<&str> {
    value
        .as_deref()
        .map(str::trim)
        .filter(|v| !v.is_empty() && *v != "NA")
}

fn distinct_per_speaker<'a>(
    entries: &[Option<&'a str>],
    speakers: &Speakers,
) -> Vec<BTreeSet<&'a str>> {
    let mut out = vec![BTreeSet::new(); speakers.names.len()];
    for (entry, speaker) in entries.iter().zip(&speakers.of_item) {
        out[*speaker].extend(*entry);
    }
    out
}

fn only<'a>(values: &BTreeSet<&'a str>) -> Option<&'a str> {
    match values.len() {
        1 => values.first().copied(),
        _ => None,
    }
}

fn infer(
    entries: &[Option<&str>],
    per_speaker: &[BTreeSet<&str>],
    speakers: &Speakers,
    max_classes: usize,
) -> (Kind, String) {
    let distinct: BTreeSet<&str> = entries.iter().flatten().copied().collect();
    let excluded = |why: String| (Kind::Excluded(distinct.len()), why);
    match distinct.len() {
        0 => return excluded("no values".into()),
        1 => return excluded("constant".into()),
        _ => {}
    }
    let numbers: Option<Vec<Option<f64>>> = entries
        .iter()
        .map(|entry| match entry {
            None => Some(None),
            Some(text) => number(text).map(Some),
        })
        .collect();
    if let Some(numbers) = numbers.filter(|_| distinct.len() > 2) {
        return number_column(&numbers, per_speaker, speakers).unwrap_or_else(excluded);
    }
    class_column(per_speaker, distinct.len(), max_classes).unwrap_or_else(excluded)
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|v: &f64| v.is_finite())
}

fn number_column(
    numbers: &[Option<f64>],
    per_speaker: &[BTreeSet<&str>],
    speakers: &Speakers,
) -> Result<(Kind, String), String> {
    let mut sums = vec![(0.0, 0usize); speakers.names.len()];
    for (value, speaker) in numbers.iter().zip(&speakers.of_item) {
        if let Some(value) = value {
            sums[*speaker].0 += value;
            sums[*speaker].1 += 1;
        }
    }
    let means: Vec<Option<f64>> = sums
        .iter()
        .map(|(sum, n)| (*n > 0).then(|| sum / *n as f64))
        .collect();
    let known = means.iter().flatten().count();
    if known < FEWEST_NUMBERS {
        return Err(format!(
            "too few: {known} speakers have a number, needs {FEWEST_NUMBERS}"
        ));
    }
    let first = means.iter().flatten().next();
    if means.iter().flatten().all(|v| Some(v) == first) {
        return Err("constant over speakers".into());
    }
    let varying = per_speaker.iter().filter(|v| v.len() > 1).count();
    let note = match varying {
        0 => String::new(),
        _ => format!("varies within {varying} speakers: their items are averaged"),
    };
    Ok((Kind::Number(means), note))
}

fn class_column(
    per_speaker: &[BTreeSet<&str>],
    distinct: usize,
    max_classes: usize,
) -> Result<(Kind, String), String> {
    let varying = per_speaker.iter().filter(|v| v.len() > 1).count();
    if varying > 0 {
        return Err(format!("varies within {varying} speakers"));
    }
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for class in per_speaker.iter().filter_map(only) {
        *sizes.entry(class).or_default() += 1;
    }
    if sizes.values().all(|size| *size == 1) {
        return Err("unique per speaker".into());
    }
    if distinct > max_classes {
        return Err(format!(
            "{distinct} classes, at most {max_classes} are compared"
        ));
    }
    let (levels, small): (Vec<_>, Vec<_>) = sizes
        .iter()
        .partition(|(_, size)| **size >= FEWEST_IN_CLASS);
    let listed: Vec<String> = small
        .iter()
        .map(|(class, size)| format!("{class} ({size})"))
        .collect();
    let listed = listed.join(", ");
    if levels.len() < 2 {
        return Err(format!(
            "too few: classes need {FEWEST_IN_CLASS} speakers each, and these have fewer: {listed}"
        ));
    }
    let levels: Vec<String> = levels
        .iter()
        .map(|(class, _)| (**class).to_owned())
        .collect();
    let of = per_speaker
        .iter()
        .map(|v| only(v).and_then(|class| levels.iter().position(|l| l == class)))
        .collect();
    let note = match listed.is_empty() {
        true => String::new(),
        false => format!("classes of fewer than {FEWEST_IN_CLASS} speakers left out: {listed}"),
    };
    Ok((Kind::Classes { levels, of }, note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn sorted_out(values: &[&str], items_per_speaker: usize) -> SpeakerColumn {
        let n = values.len().div_ceil(items_per_speaker);
        let speakers = Speakers {
            names: (0..n).map(|i| i.to_string()).collect(),
            items: vec![items_per_speaker; n],
            of_item: (0..values.len()).map(|i| i / items_per_speaker).collect(),
            embeddings: Array2::zeros((n, 1)),
        };
        let column = MetaColumn {
            name: "column".into(),
            values: values.iter().map(|v| Some((*v).to_owned())).collect(),
        };
        sort_out(&[column], &speakers, 4).remove(0)
    }

    #[test]
    fn kinds_are_told_apart() {
        let numbers = ["1", "2.5", "NA", "4", "", "5e1", "6", "7", "8", "9"];
        let column = sorted_out(&numbers, 1);
        assert_eq!(
            (column.kind_name(), column.known().len(), column.levels()),
            ("number", 8, 8)
        );
        let sexes = sorted_out(&["m", "f", "m", "f", "NA", "m", "f"], 1);
        assert_eq!((sexes.kind_name(), sexes.known().len()), ("class2", 6));
        let Kind::Classes { levels, of } = &sexes.kind else {
            panic!("not classes")
        };
        assert_eq!((levels[0].as_str(), of[0]), ("f", Some(1)));
        assert_eq!(
            sorted_out(&["1", "2", "1", "2", "1", "2"], 1).kind_name(),
            "class2"
        );
        let accents = ["a", "b", "c", "a", "b", "c", "a", "b", "c", "d"];
        let accents = sorted_out(&accents, 1);
        assert_eq!((accents.kind_name(), accents.levels()), ("classes", 3));
        assert!(accents.note.contains("d (1)"), "{}", accents.note);
    }

    #[test]
    fn what_cannot_be_compared_says_why() {
        let reason = |values: &[&str], per| {
            let column = sorted_out(values, per);
            assert_eq!(column.kind_name(), "excluded");
            column.note
        };
        assert_eq!(reason(&["NA", "", "NA"], 1), "no values");
        assert_eq!(reason(&["x", "x", "x"], 1), "constant");
        assert_eq!(reason(&["x", "y", "z"], 1), "unique per speaker");
        assert_eq!(
            reason(&["x", "y", "x", "x", "x", "x"], 2),
            "varies within 1 speakers"
        );
        assert!(reason(&["m", "f", "m", "m", "f"], 1).contains("f (2)"));
        assert!(reason(&["1", "2", "3"], 1).starts_with("too few: 3"));
        assert!(reason(&["1", "2", "inf"], 1).starts_with("unique"));
        assert!(reason(&["a", "b", "c", "d", "e", "a"], 1).starts_with("5 classes"));
        let cancelling: Vec<String> = (0..16)
            .map(|i| [i / 2, 9 - i / 2][i % 2].to_string())
            .collect();
        let cancelling: Vec<&str> = cancelling.iter().map(String::as_str).collect();
        assert_eq!(reason(&cancelling, 2), "constant over speakers");
    }

    #[test]
    fn numbers_are_averaged_per_speaker() {
        let values: Vec<String> = (0..16).map(|i| i.to_string()).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let column = sorted_out(&values, 2);
        let Kind::Number(means) = &column.kind else {
            panic!("not a number")
        };
        assert_eq!(means[1], Some(2.5));
        assert!(column.note.contains("averaged") && column.shown[0].is_none());
    }
}
