//! The filter language of tables: words, `column:value`, `column=value`, `column>1`, `column<1`.

use phonoscope_probes::report::{Column, Data, Table};

/// Terms that a row must all meet.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Filter {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq)]
struct Term {
    /// Index of the column; any column of words when nothing is named.
    column: Option<usize>,
    test: Test,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Contains(String),
    Equals(String),
    Above(f64),
    AtLeast(f64),
    Below(f64),
    AtMost(f64),
}

impl Filter {
    /// Reads `text` against the columns of `table`.
    ///
    /// # Errors
    /// In words, when a column does not exist or a comparison has no number.
    pub(crate) fn parse(text: &str, table: &Table) -> Result<Self, String> {
        let terms = split(text)
            .into_iter()
            .map(|word| Term::parse(&word, table));
        Ok(Self {
            terms: terms.collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether `row` of `table` meets every term.
    pub(crate) fn keeps(&self, table: &Table, row: usize) -> bool {
        self.terms.iter().all(|term| term.keeps(table, row))
    }
}

/// Words at spaces; double quotes hold words together.
fn split(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => words.push(String::new()),
            c => words.last_mut().into_iter().for_each(|w| w.push(c)),
        }
    }
    words.retain(|w| !w.is_empty());
    words
}

impl Term {
    fn parse(word: &str, table: &Table) -> Result<Self, String> {
        let Some(at) = word.find([':', '=', '>', '<']) else {
            return Ok(Self {
                column: None,
                test: Test::Contains(word.to_lowercase()),
            });
        };
        let (name, rest) = word.split_at(at);
        let column = table
            .columns
            .iter()
            .position(|c| c.id.eq_ignore_ascii_case(name))
            .ok_or_else(|| format!("no column `{name}` in `{}`", table.id))?;
        let number = |digits: &str| {
            let digits = digits.replace('−', "-");
            digits
                .parse::<f64>()
                .map_err(|_unused| format!("`{word}` needs a number at its end"))
        };
        let test = if let Some(value) = rest.strip_prefix(">=") {
            Test::AtLeast(number(value)?)
        } else if let Some(value) = rest.strip_prefix("<=") {
            Test::AtMost(number(value)?)
        } else if let Some(value) = rest.strip_prefix('>') {
            Test::Above(number(value)?)
        } else if let Some(value) = rest.strip_prefix('<') {
            Test::Below(number(value)?)
        } else if let Some(value) = rest.strip_prefix('=') {
            Test::Equals(value.to_lowercase())
        } else {
            Test::Contains(rest.trim_start_matches(':').to_lowercase())
        };
        Ok(Self {
            column: Some(column),
            test,
        })
    }

    fn keeps(&self, table: &Table, row: usize) -> bool {
        match self.column.and_then(|c| table.columns.get(c)) {
            Some(column) => self.test.meets(column, row),
            None => table
                .columns
                .iter()
                .filter(|c| matches!(c.data, Data::Text(_)))
                .any(|c| self.test.meets(c, row)),
        }
    }
}

impl Test {
    fn meets(&self, column: &Column, row: usize) -> bool {
        let value = column.value(row);
        match self {
            Self::Above(bound) => value.is_some_and(|v| v > *bound),
            Self::AtLeast(bound) => value.is_some_and(|v| v >= *bound),
            Self::Below(bound) => value.is_some_and(|v| v < *bound),
            Self::AtMost(bound) => value.is_some_and(|v| v <= *bound),
            Self::Contains(part) => match column.text_at(row) {
                Some(text) => text.to_lowercase().contains(part),
                None => value.is_some_and(|v| same_number(v, part)),
            },
            Self::Equals(whole) => match column.text_at(row) {
                Some(text) => text.to_lowercase() == *whole,
                None => value.map_or(whole.is_empty(), |v| same_number(v, whole)),
            },
        }
    }
}

/// Whether `digits` is this number, up to the digits written.
fn same_number(value: f64, digits: &str) -> bool {
    let decimals = digits.split_once('.').map_or(0, |(_, after)| after.len()) as i32;
    digits.parse::<f64>().is_ok_and(|d| {
        (d - value).abs() <= 0.5 * 10f64.powi(-decimals) * f64::from(decimals > 0) + 1e-12
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_probes::report::Role;

    fn table() -> Table {
        let words = |v: &[&str]| {
            v.iter()
                .map(|s| (!s.is_empty()).then(|| (*s).into()))
                .collect()
        };
        Table {
            id: "speakers".into(),
            system: None,
            title: String::new(),
            meaning: String::new(),
            columns: vec![
                Column::text("speaker", Role::Key, "", words(&["Anna B", "bert", "carl"])),
                Column::text("sex", Role::Metadata, "", words(&["f", "m", ""])),
                Column::number("pc1", Role::Value, "", None, [-0.5, 0.25, f64::NAN]),
            ],
        }
    }

    fn kept(text: &str) -> Vec<usize> {
        let table = table();
        let filter = Filter::parse(text, &table).unwrap();
        (0..3).filter(|r| filter.keeps(&table, *r)).collect()
    }

    #[test]
    fn terms_narrow_rows() {
        assert_eq!(kept(""), [0, 1, 2]);
        assert_eq!(kept("ER"), [1]);
        assert_eq!(kept("sex:f"), [0]);
        assert_eq!(kept("sex="), [2]);
        assert_eq!(kept("pc1>-1 pc1<0"), [0]);
        assert_eq!(kept("pc1>=0.25"), [1]);
        assert_eq!(kept("pc1:0.25"), [1]);
        assert_eq!(kept("\"anna b\""), [0]);
        assert_eq!(kept("speaker=carl"), [2]);
    }

    #[test]
    fn mistakes_are_named() {
        let fail = |text| Filter::parse(text, &table()).unwrap_err();
        assert_eq!(fail("age>3"), "no column `age` in `speakers`");
        assert!(fail("pc1>x").contains("needs a number"));
    }
}
