//! Labels and groups of rows, from NumPy or text files.

use std::collections::BTreeSet;
use std::path::Path;

use crate::commands::matrix::read_whole_numbers;
use crate::exit::Usage;

/// One label a row, as numbers below the number of names.
pub(super) struct Labels {
    /// Distinct labels; whole numbers in the order of numbers, other words in the order of letters.
    pub(super) names: Vec<String>,
    /// Place of each row's label in `names`.
    pub(super) places: Vec<usize>,
}

/// Reads `path`: a .npy vector of whole numbers, or a text file with one label a line.
pub(super) fn read_labels(path: &Path, rows: usize, option: &str) -> anyhow::Result<Labels> {
    let words: Vec<String> = if path.extension().is_some_and(|e| e == "npy") {
        read_whole_numbers(path)?
            .iter()
            .map(i64::to_string)
            .collect()
    } else {
        let text = std::fs::read_to_string(path).map_err(|e| {
            Usage::new(
                format!("cannot read `{}`: {e}", path.display()),
                "give a .npy vector of whole numbers, or a text file with one label a line",
            )
        })?;
        text.lines().map(|line| line.trim().to_owned()).collect()
    };
    if words.len() != rows {
        return Err(Usage::new(
            format!("{option} has {} labels, --x has {rows} rows", words.len()),
            "give one label for each row, in the same order",
        )
        .into());
    }
    let distinct: BTreeSet<&String> = words.iter().collect();
    let mut names: Vec<String> = distinct.into_iter().cloned().collect();
    let numbers: Option<Vec<i64>> = names.iter().map(|name| name.parse().ok()).collect();
    if numbers.is_some() {
        names.sort_by_key(|name| name.parse::<i64>().unwrap_or(0));
    }
    let place = |word: &String| names.iter().position(|name| name == word).unwrap_or(0);
    let places = words.iter().map(place).collect();
    Ok(Labels { names, places })
}
