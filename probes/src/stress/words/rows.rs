//! One row of a manifest as a word.

use phonoscope_datasets::{Manifest, Utterance};
use sha2::{Digest as _, Sha256};

use super::{Span, Stress, Word};

/// Folds that are made where a manifest has none.
pub(super) const FOLDS: usize = 5;
const VOWELS: [[&str; 2]; 2] = [
    ["vowel1_start", "vowel1_end"],
    ["vowel2_start", "vowel2_end"],
];

/// Places of the columns.
pub(super) struct Columns {
    pub(super) speaker: usize,
    pub(super) word: usize,
    pub(super) stress: usize,
    pub(super) sex: Option<usize>,
    pub(super) pair: Option<usize>,
    pub(super) vowels: Option<[[usize; 2]; 2]>,
    pub(super) folds: [Option<usize>; 2],
}

pub(super) fn vowel_columns(manifest: &Manifest) -> Option<[[usize; 2]; 2]> {
    let mut columns = [[0; 2]; 2];
    for (columns, names) in columns.iter_mut().zip(VOWELS) {
        for (column, name) in columns.iter_mut().zip(names) {
            *column = manifest.column(name)?;
        }
    }
    Some(columns)
}

impl Columns {
    pub(super) fn word(&self, row: &Utterance) -> std::result::Result<Word, String> {
        let needed = |column: usize, name: &str| {
            let value = row.value(column).map(str::trim).filter(|v| !v.is_empty());
            value.ok_or_else(|| format!("no {name}"))
        };
        let word = needed(self.word, "word")?.to_lowercase();
        let speaker = needed(self.speaker, "speaker")?.to_owned();
        let stress = match needed(self.stress, "stress")? {
            "initial" => Stress::Initial,
            "final" => Stress::Final,
            other => return Err(format!("stress is `{other}`, neither initial nor final")),
        };
        let start_secs = row.start_secs.unwrap_or(0.0);
        let vowels = self.vowels.map(|columns| vowels(row, columns, start_secs));
        let fold = |which: usize, name: &str| match self.folds[which] {
            None => Ok(hashed_fold(name)),
            Some(column) => {
                let text = row.value(column).map(str::trim).unwrap_or_default();
                let fold = text.parse::<usize>().ok().filter(|fold| *fold < 1000);
                fold.ok_or_else(|| format!("fold `{text}` is no small number"))
            }
        };
        let pair = self.pair.and_then(|column| row.value(column));
        Ok(Word {
            id: row.id.clone(),
            sex: self.sex.and_then(|c| row.value(c)).map(str::to_lowercase),
            stress,
            minimal_pair: matches!(pair, Some("1" | "true" | "yes")),
            audio: row.audio.clone(),
            start_secs,
            end_secs: row.end_secs,
            vowels: vowels.transpose()?,
            vowel_values: None,
            speaker_fold: fold(0, &speaker)?,
            word_fold: fold(1, &word)?,
            word,
            speaker,
        })
    }
}

fn vowels(
    row: &Utterance,
    columns: [[usize; 2]; 2],
    start_secs: f64,
) -> std::result::Result<[Span; 2], String> {
    let mut spans = [Span {
        start_secs: 0.0,
        end_secs: 0.0,
    }; 2];
    let end_secs = row.end_secs.unwrap_or(f64::INFINITY);
    for (place, (span, columns)) in spans.iter_mut().zip(columns).enumerate() {
        let [start, end] = columns.map(|column| row.value(column).map(str::trim));
        let which = ["first", "second"][place];
        let (Some(start), Some(end)) = (start, end) else {
            return Err(format!("the word has no {which} vowel"));
        };
        let secs = |text: &str| text.parse::<f64>().ok().filter(|secs| secs.is_finite());
        match (secs(start), secs(end)) {
            (Some(start), Some(end))
                if start < end && start >= start_secs - 1e-6 && end <= end_secs + 1e-6 =>
            {
                *span = Span {
                    start_secs: start,
                    end_secs: end,
                };
            }
            _ => {
                return Err(format!(
                    "the {which} vowel, from {start} to {end} s, does not lie in the word"
                ));
            }
        }
    }
    if spans[0].end_secs > spans[1].start_secs + 1e-6 {
        return Err("the second vowel begins before the first ends".into());
    }
    Ok(spans)
}

/// The fold of a name: the first eight bytes of its SHA-256, modulo five.
fn hashed_fold(name: &str) -> usize {
    let digest = Sha256::digest(name.as_bytes());
    let number = digest
        .iter()
        .take(8)
        .fold(0u64, |n, byte| (n << 8) | u64::from(*byte));
    (number % FOLDS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_spread_names_over_all_folds() {
        let mut counts = [0; FOLDS];
        for n in 0..500 {
            counts[hashed_fold(&format!("speaker {n}"))] += 1;
        }
        assert!(counts.iter().all(|n| (60..140).contains(n)), "{counts:?}");
    }
}
