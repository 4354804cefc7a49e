//! Which vowel of which word is edited.

use serde::Serialize;

use crate::alignment::{AlignmentSource, Level, Span, spans};
use crate::manifest::{Manifest, Utterance};

/// From where the stressed vowel is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VowelSource {
    /// The columns `stressed_vowel_start` and `stressed_vowel_end`.
    StressedVowelColumns,
    /// The column `stress` (`initial` or `final`) and the times of `vowel1` and `vowel2`.
    StressColumn,
    /// The phone with the stress digit 1.
    StressDigit,
    /// No stress is marked: the longest vowel.
    LongestVowel,
}

impl VowelSource {
    /// The name in manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::StressedVowelColumns => "stressed_vowel_columns",
            Self::StressColumn => "stress_column",
            Self::StressDigit => "stress_digit",
            Self::LongestVowel => "longest_vowel",
        }
    }
}

/// A word to be edited; times in seconds within the recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The word, where it is known.
    pub word: Option<String>,
    /// From where to where the word lasts.
    pub word_secs: (f64, f64),
    /// The same of its stressed vowel.
    pub vowel_secs: (f64, f64),
    /// How the vowel was found.
    pub vowel_source: VowelSource,
}

const COLUMNS: [&str; 2] = ["stressed_vowel_start", "stressed_vowel_end"];

/// The words of a row of a manifest that can be edited.
///
/// A row with times of vowels ([`VowelSource`]) is one word, from its `start` to its `end`. Of other
/// rows the words and phones are looked up in `alignments`: all words with a vowel, or the whole row
/// where it has a column `word` and a `start` and an `end`.
///
/// # Errors
/// Why there is none, in words.
pub fn targets(
    utterance: &Utterance,
    manifest: &Manifest,
    alignments: &AlignmentSource,
) -> Result<Vec<Target>, String> {
    let value = |name: &str| manifest.column(name).and_then(|c| utterance.value(c));
    let word = value("word").map(str::to_owned);
    let row_secs = || match (utterance.start_secs, utterance.end_secs) {
        (Some(start), Some(end)) => Ok((start, end)),
        _ => Err("it has the times of a vowel and no `start` and `end`".to_owned()),
    };
    if let Some((vowel_secs, vowel_source)) = in_columns(&value)? {
        let word_secs = row_secs()?;
        if vowel_secs.0 < word_secs.0 - SLACK_SECS || vowel_secs.1 > word_secs.1 + SLACK_SECS {
            return Err(format!(
                "its stressed vowel, {} to {} s, lies outside of its word",
                vowel_secs.0, vowel_secs.1
            ));
        }
        return Ok(vec![Target {
            word,
            word_secs,
            vowel_secs,
            vowel_source,
        }]);
    }
    let from = utterance.start_secs.unwrap_or(0.0);
    let phones = spans(utterance, manifest, alignments, Level::Phone).map_err(told)?;
    let words = match (&word, row_secs()) {
        (Some(word), Ok((start, end))) => vec![Span {
            label: word.clone(),
            start_secs: 0.0,
            end_secs: end - start,
            silent: false,
        }],
        _ => spans(utterance, manifest, alignments, Level::Word).map_err(told)?,
    };
    let found: Vec<Target> = words
        .iter()
        .filter(|word| !word.silent)
        .filter_map(|word| {
            let (vowel, vowel_source) = stressed(word, &phones)?;
            let shifted = |span: &Span| (from + span.start_secs, from + span.end_secs);
            Some(Target {
                word: Some(word.label.clone()),
                word_secs: shifted(word),
                vowel_secs: shifted(vowel),
                vowel_source,
            })
        })
        .collect();
    if found.is_empty() {
        return Err("no word of its alignment has a vowel".to_owned());
    }
    Ok(found)
}

/// By how much a vowel may reach out of its word: rounding.
const SLACK_SECS: f64 = 0.002;

fn told(error: crate::Error) -> String {
    match error {
        crate::Error::Unaligned { .. } => "it has no times of vowels and no alignment".to_owned(),
        other => other.to_string(),
    }
}

type Times = ((f64, f64), VowelSource);

fn in_columns<'a>(value: &impl Fn(&str) -> Option<&'a str>) -> Result<Option<Times>, String> {
    let times = |[start, end]: [&str; 2]| {
        let (Some(start), Some(end)) = (value(start), value(end)) else {
            return Ok(None);
        };
        match (start.trim().parse::<f64>(), end.trim().parse::<f64>()) {
            (Ok(start), Ok(end)) if start < end && start >= 0.0 && end.is_finite() => {
                Ok(Some((start, end)))
            }
            _ => Err(format!("`{start}` to `{end}` are no times of a vowel")),
        }
    };
    if let Some(secs) = times(COLUMNS)? {
        return Ok(Some((secs, VowelSource::StressedVowelColumns)));
    }
    let vowel = match value("stress") {
        Some("initial") => ["vowel1_start", "vowel1_end"],
        Some("final") => ["vowel2_start", "vowel2_end"],
        _ => return Ok(None),
    };
    Ok(times(vowel)?.map(|secs| (secs, VowelSource::StressColumn)))
}

/// The vowel of a word that bears the stress digit 1, otherwise the longest one.
fn stressed<'a>(word: &Span, phones: &'a [Span]) -> Option<(&'a Span, VowelSource)> {
    let middle = |phone: &Span| 0.5 * (phone.start_secs + phone.end_secs);
    let inside = |phone: &&Span| word.start_secs <= middle(phone) && middle(phone) < word.end_secs;
    let vowels = || {
        phones
            .iter()
            .filter(inside)
            .filter(|phone| !phone.silent && is_vowel(&phone.label))
    };
    if let Some(vowel) = vowels().find(|vowel| vowel.label.ends_with('1')) {
        return Some((vowel, VowelSource::StressDigit));
    }
    let length = |phone: &Span| phone.end_secs - phone.start_secs;
    let longest = vowels().reduce(|a, b| if length(b) > length(a) { b } else { a })?;
    Some((longest, VowelSource::LongestVowel))
}

/// Whether a phone is a vowel: by its ARPAbet name (TIMIT's too, with or without stress digit), or
/// because it begins with a vowel sign of SAMPA or the IPA. A lone `y` is ARPAbet's consonant.
pub fn is_vowel(phone: &str) -> bool {
    const ARPABET: [&str; 20] = [
        "aa", "ae", "ah", "ao", "aw", "ax", "axr", "ax-h", "ay", "eh", "er", "ey", "ih", "ix",
        "iy", "ow", "oy", "uh", "uw", "ux",
    ];
    // Syllabic consonants and silence of TIMIT.
    const OTHERS: [&str; 6] = ["el", "em", "en", "eng", "epi", "y"];
    // Kaldi marks the place in the word.
    let bare = phone.split('_').next().unwrap_or(phone);
    let bare = bare.trim_end_matches(['0', '1', '2']).to_lowercase();
    let sign = |c| "aeiouyæøœɐɑɒɔəɘɚɛɜɝɞɤɨɪɯɵɶʉʊʌʏ@{".contains(c);
    let first = bare.trim_start_matches(['ˈ', 'ˌ']).chars().next();
    ARPABET.contains(&bare.as_str())
        || (first.is_some_and(sign) && !OTHERS.contains(&bare.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(label: &str, start_secs: f64, end_secs: f64) -> Span {
        Span {
            label: label.to_owned(),
            start_secs,
            end_secs,
            silent: false,
        }
    }

    #[test]
    fn vowels_are_known_in_the_usual_notations() {
        for vowel in [
            "AA1", "er", "AH0_I", "ax-h", "ux", "ɛ", "ˈaɪ", "i:", "@", "əʊ",
        ] {
            assert!(is_vowel(vowel), "{vowel}");
        }
        for other in [
            "P", "HH", "th", "ŋ", "ʃ", "sil", "n", "JH", "epi", "EN", "Y",
        ] {
            assert!(!is_vowel(other), "{other}");
        }
    }

    #[test]
    fn the_stress_digit_decides_and_without_one_the_length() {
        let word = span("present", 0.0, 0.5);
        let marked = [
            span("P", 0.0, 0.05),
            span("EH1", 0.05, 0.12),
            span("Z", 0.12, 0.2),
            span("AH0", 0.2, 0.4),
            span("OW1", 0.5, 0.6),
        ];
        let (vowel, source) = stressed(&word, &marked).unwrap();
        assert_eq!(
            (vowel.label.as_str(), source),
            ("EH1", VowelSource::StressDigit)
        );
        let plain = marked.clone().map(|p| {
            span(
                p.label.trim_end_matches(['0', '1']),
                p.start_secs,
                p.end_secs,
            )
        });
        let (vowel, source) = stressed(&word, &plain).unwrap();
        assert_eq!(
            (vowel.label.as_str(), source),
            ("AH", VowelSource::LongestVowel)
        );
        assert!(stressed(&span("shh", 0.6, 0.7), &marked).is_none());
    }
}
