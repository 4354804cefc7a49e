//! How the rows of a table are told apart in a picture: by class, along a ramp, or not at all.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use phonoscope_probes::report::{Column, Data};

use super::Scale;

/// Most classes that get a glyph and a colour of their own; the rest share one.
pub const MAX_CLASSES: usize = 8;

/// One class of a [`Coding::Classes`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Rows in it.
    pub rows: usize,
}

/// How rows are told apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Coding {
    /// All alike.
    Plain,
    /// By class.
    Classes {
        /// The largest, at most [`MAX_CLASSES`], in the natural order of their names: the same
        /// classes get the same marks in every report.
        classes: Vec<Class>,
        /// Rows of classes beyond those.
        others: usize,
        /// Rows without a value.
        missing: usize,
        /// For each row an index into `classes`; `classes.len()` for others; nothing if missing.
        of_row: Vec<Option<u8>>,
    },
    /// Along a ramp.
    Ramp {
        /// Smallest and largest value.
        scale: Scale,
        /// Rows without a value.
        missing: usize,
        /// For each row its place in `[0, 1]`.
        of_row: Vec<Option<f32>>,
    },
}

impl Coding {
    /// The coding of `column`: a ramp for numbers, classes for words.
    pub fn of(column: &Column) -> Self {
        match &column.data {
            Data::Text(values) => Self::classes(values),
            Data::Number(values) => Self::ramp(values.iter().copied()),
            Data::Estimate(values) => Self::ramp(values.iter().map(|e| e.map(|e| e.value))),
        }
    }

    fn classes(values: &[Option<String>]) -> Self {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for value in values.iter().flatten() {
            *counts.entry(value).or_default() += 1;
        }
        let mut by_size: Vec<(&str, usize)> = counts.into_iter().collect();
        by_size.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let kept = if by_size.len() > MAX_CLASSES {
            MAX_CLASSES - 1
        } else {
            by_size.len()
        };
        let others = by_size.split_off(kept);
        let mut by_name = by_size;
        by_name.sort_by(|a, b| natural(a.0, b.0));
        let index: BTreeMap<&str, u8> = by_name
            .iter()
            .zip(0u8..)
            .map(|((name, _), i)| (*name, i))
            .collect();
        let other = u8::try_from(kept).unwrap_or(u8::MAX);
        Self::Classes {
            others: others.iter().map(|(_, rows)| rows).sum(),
            missing: values.iter().filter(|v| v.is_none()).count(),
            of_row: values
                .iter()
                .map(|v| v.as_deref().map(|v| index.get(v).copied().unwrap_or(other)))
                .collect(),
            classes: by_name
                .into_iter()
                .map(|(name, rows)| Class {
                    name: name.to_owned(),
                    rows,
                })
                .collect(),
        }
    }

    fn ramp(values: impl Iterator<Item = Option<f64>> + Clone) -> Self {
        let Some(scale) = Scale::over(values.clone().flatten()) else {
            return Self::Plain;
        };
        Self::Ramp {
            scale,
            missing: values.clone().filter(Option::is_none).count(),
            of_row: values.map(|v| v.map(|v| scale.unit(v) as f32)).collect(),
        }
    }
}

/// The order people expect of names with numbers in them: `s2` before `s10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (Some(l), Some(r)) = (left.chars().next(), right.chars().next()) else {
            // Names that differ in leading zeros alone are still told apart.
            return left.len().cmp(&right.len()).then_with(|| a.cmp(b));
        };
        let order = if l.is_ascii_digit() && r.is_ascii_digit() {
            let (m, n) = (number(&mut left), number(&mut right));
            m.len().cmp(&n.len()).then_with(|| m.cmp(n))
        } else {
            left = left.get(l.len_utf8()..).unwrap_or("");
            right = right.get(r.len_utf8()..).unwrap_or("");
            l.cmp(&r)
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Takes the digits at the start of `text`; gives them without leading zeros.
fn number<'a>(text: &mut &'a str) -> &'a str {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    digits.trim_start_matches('0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_probes::report::Role;

    fn text(values: &[&str]) -> Column {
        let values = values
            .iter()
            .map(|v| (!v.is_empty()).then(|| (*v).to_owned()))
            .collect();
        Column::text("c", Role::Metadata, "", values)
    }

    #[test]
    fn classes_are_ordered_by_name_whatever_their_size() {
        let Coding::Classes {
            classes,
            missing,
            of_row,
            others,
        } = Coding::of(&text(&["m", "m", "", "f", "x"]))
        else {
            panic!("words are classes")
        };
        let names: Vec<_> = classes.iter().map(|c| (c.name.as_str(), c.rows)).collect();
        assert_eq!(names, [("f", 1), ("m", 2), ("x", 1)]);
        assert_eq!(of_row, [Some(1), Some(1), None, Some(0), Some(2)]);
        assert_eq!((missing, others), (1, 0));
    }

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = ["s10", "s2", "s02", "t", "s", "10", "9", "é2", "s2b"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            ["9", "10", "s", "s02", "s2", "s2b", "s10", "t", "é2"]
        );
    }

    #[test]
    fn too_many_classes_share_the_last_mark() {
        let mut names: Vec<String> = (0..20).map(|i| format!("s{i:02}")).collect();
        names.extend(["s19".to_owned(), "s07".to_owned()]);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let Coding::Classes {
            classes,
            others,
            of_row,
            ..
        } = Coding::of(&text(&names))
        else {
            panic!("words are classes")
        };
        assert_eq!((classes.len(), others), (MAX_CLASSES - 1, 13));
        let kept: Vec<_> = classes.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(kept, ["s00", "s01", "s02", "s03", "s04", "s07", "s19"]);
        assert_eq!(
            (of_row[18], of_row[19], of_row[20]),
            (Some(7), Some(6), Some(6))
        );
    }

    #[test]
    fn numbers_run_along_a_ramp_and_an_empty_column_is_plain() {
        let numbers = Column::number("n", Role::Metadata, "", None, [2.0, f64::NAN, 4.0]);
        let Coding::Ramp {
            of_row, missing, ..
        } = Coding::of(&numbers)
        else {
            panic!("numbers are a ramp")
        };
        assert_eq!(of_row, [Some(0.0), None, Some(1.0)]);
        assert_eq!(missing, 1);
        let empty = Column::number("n", Role::Metadata, "", None, [f64::NAN]);
        assert_eq!(Coding::of(&empty), Coding::Plain);
    }
}
