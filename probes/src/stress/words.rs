//! Words of two syllables with their stress, from a manifest.

mod rows;

use std::collections::BTreeMap;
use std::path::PathBuf;

use phonoscope_analysis::frontend::LogSpectrum;
use phonoscope_datasets::{Manifest, audio};

use super::VowelValues;
use crate::error::{Error, Result};
use crate::report::Skipped;

use rows::{Columns, FOLDS, vowel_columns};

/// Which syllable of a word has the stress. As a class it is 0 for final and 1 for initial, as in
/// arXiv 2508.07229.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stress {
    /// The second.
    Final,
    /// The first.
    Initial,
}

impl Stress {
    /// Both, in the order of the classes.
    pub const ALL: [Self; 2] = [Self::Final, Self::Initial];

    /// As in manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Initial => "initial",
        }
    }

    /// Number of the class.
    pub fn class(self) -> usize {
        match self {
            Self::Final => 0,
            Self::Initial => 1,
        }
    }

    /// Place of the stressed vowel.
    pub fn vowel(self) -> usize {
        1 - self.class()
    }
}

/// A stretch of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Start within the recording.
    pub start_secs: f64,
    /// End within the recording.
    pub end_secs: f64,
}

/// A spoken word of two syllables.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Id in the manifest.
    pub id: String,
    /// The word, in lower case.
    pub word: String,
    /// Who says it.
    pub speaker: String,
    /// Sex of the speaker, where stated.
    pub sex: Option<String>,
    /// Where its stress is.
    pub stress: Stress,
    /// Whether another word differs from it by stress alone.
    pub minimal_pair: bool,
    /// The recording.
    pub audio: PathBuf,
    /// Start within the recording.
    pub start_secs: f64,
    /// End within the recording; that of the recording where missing.
    pub end_secs: Option<f64>,
    /// First and second vowel, where the manifest has their times.
    pub vowels: Option<[Span; 2]>,
    /// What was measured of both vowels, once [`Words::measure_vowels`] was called.
    pub vowel_values: Option<VowelValues>,
    /// Fold of the speaker.
    pub speaker_fold: usize,
    /// Fold of the word.
    pub word_fold: usize,
}

/// The words of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// Words that can be used, in the order of the manifest.
    pub words: Vec<Word>,
    /// Rows that cannot, and why.
    pub skipped: Vec<Skipped>,
    /// Rows of the manifest.
    pub rows: usize,
    /// Number of folds of speakers, and of words.
    pub folds: usize,
    /// Where the folds come from, in words.
    pub folds_from: String,
    /// Whether the manifest has times of vowels.
    pub has_vowels: bool,
}

impl Words {
    /// Reads the words of a manifest: columns `speaker`, `word`, `stress` (`initial` or `final`),
    /// and where they are there `sex`, `minimal_pair` (1 or 0), `vowel1_start` … `vowel2_end`,
    /// `speaker_fold` and `word_fold`.
    ///
    /// Folds that the manifest does not have are made from the first eight bytes of the SHA-256 of
    /// the name, modulo five.
    ///
    /// # Errors
    /// [`Error::Request`] for a column that is missing or shares a name between folds, and
    /// [`Error::NothingUsed`] when no row can be used.
    pub fn of(manifest: &Manifest) -> Result<Self> {
        let needed = |name: &str| {
            manifest.column(name).ok_or_else(|| Error::Request {
                problem: format!("the manifest has no column `{name}`"),
                hint: "words need columns speaker, word and stress (initial or final); \
                       docs/guide/stress.md lists the others"
                    .into(),
            })
        };
        let columns = Columns {
            speaker: needed("speaker")?,
            word: needed("word")?,
            stress: needed("stress")?,
            sex: manifest.column("sex"),
            pair: manifest.column("minimal_pair"),
            vowels: vowel_columns(manifest),
            folds: [
                manifest.column("speaker_fold"),
                manifest.column("word_fold"),
            ],
        };
        let (mut words, mut skipped) = (Vec::new(), Vec::new());
        for utterance in &manifest.utterances {
            match columns.word(utterance) {
                Ok(word) => words.push(word),
                Err(reason) => skipped.push(Skipped {
                    id: utterance.id.clone(),
                    reason,
                }),
            }
        }
        if words.is_empty() {
            let (id, reason) = match skipped.first() {
                Some(first) => (first.id.clone(), first.reason.clone()),
                None => return Err(Error::NoItems),
            };
            return Err(Error::NothingUsed {
                items: manifest.utterances.len(),
                id,
                reason,
            });
        }
        let given = columns.folds.iter().flatten().count();
        let most = |of: fn(&Word) -> usize| words.iter().map(of).max().unwrap_or(0) + 1;
        let folds = match given {
            0 => FOLDS,
            2 => most(|w| w.speaker_fold).max(most(|w| w.word_fold)),
            _ => FOLDS.max(most(|w| w.speaker_fold).max(most(|w| w.word_fold))),
        };
        let from = |column: Option<usize>, name: &str| match column {
            Some(_) => format!("column `{name}_fold`"),
            None => format!("hashes of the {name}s"),
        };
        let read = Self {
            folds,
            folds_from: format!(
                "{}, {}",
                from(columns.folds[0], "speaker"),
                from(columns.folds[1], "word")
            ),
            has_vowels: columns.vowels.is_some(),
            rows: manifest.utterances.len(),
            words,
            skipped,
        };
        read.refuse_shared("speaker", |w| (w.speaker.as_str(), w.speaker_fold))?;
        read.refuse_shared("word", |w| (w.word.as_str(), w.word_fold))?;
        Ok(read)
    }

    /// A name must not lie in two folds.
    fn refuse_shared<'a>(
        &'a self,
        what: &str,
        of: impl Fn(&'a Word) -> (&'a str, usize),
    ) -> Result<()> {
        let mut seen = BTreeMap::new();
        for word in &self.words {
            let (name, fold) = of(word);
            let before = *seen.entry(name).or_insert(fold);
            if before != fold {
                return Err(Error::Request {
                    problem: format!("{what} `{name}` lies in folds {before} and {fold}"),
                    hint: format!("give every {what} one `{what}_fold`, or leave the column out"),
                });
            }
        }
        Ok(())
    }
}

impl Word {
    /// The samples that a model hears: from the start of the word on, as far as `hearing` goes.
    ///
    /// # Errors
    /// In words, when the recording cannot be read or ends before the word begins.
    pub fn heard(&self, hearing: Hearing) -> std::result::Result<Vec<f32>, String> {
        let most_secs = hearing.secs_of(self);
        self.stretch(0.0, most_secs).map(|(samples, _)| samples)
    }

    /// Samples from at most `before_secs` before the word, in whole steps of 10 ms, to `most_secs`
    /// after its start; and how many come before its start.
    ///
    /// # Errors
    /// As [`Word::heard`].
    pub fn stretch(
        &self,
        before_secs: f64,
        most_secs: f64,
    ) -> std::result::Result<(Vec<f32>, usize), String> {
        const STEP: usize = 160;
        let all = audio::read(&self.audio)
            .map_err(|error| error.to_string())?
            .samples;
        let at = |secs: f64| (secs * f64::from(audio::SAMPLE_RATE_HZ)).round() as usize;
        let start = at(self.start_secs);
        let before = (at(before_secs).min(start) / STEP) * STEP;
        let end = (start + at(most_secs)).min(all.len());
        let samples = all.get(start - before..end);
        match samples {
            Some(samples) if end > start => Ok((samples.to_vec(), before)),
            _ => Err(format!(
                "the word begins at {} s, behind the end of the recording",
                self.start_secs
            )),
        }
    }

    /// The end of the word in seconds after its start, `heard_secs` where it is not stated.
    pub fn length_secs(&self, heard_secs: f64) -> f64 {
        self.end_secs
            .map_or(heard_secs, |end| end - self.start_secs)
    }
}

/// How much of a recording a front end takes in from the start of a word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hearing {
    /// Most seconds.
    pub most_secs: f64,
    /// Nothing behind the end of the word, where that is stated.
    pub word_alone: bool,
}

impl Hearing {
    /// What a front end of this kind says.
    pub fn of(front_end: &LogSpectrum) -> Self {
        Self {
            most_secs: front_end.clip_secs.unwrap_or(1.0),
            word_alone: front_end.word_alone,
        }
    }

    /// Seconds heard of a word.
    pub fn secs_of(self, word: &Word) -> f64 {
        if self.word_alone {
            word.length_secs(self.most_secs).min(self.most_secs)
        } else {
            self.most_secs
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;
    use std::path::Path;

    fn read(header: &str, rows: &[&str]) -> Result<Words> {
        let dir = tempfile::tempdir().unwrap();
        let mut text = format!("{}\n", header.replace(' ', "\t"));
        for (n, row) in rows.iter().enumerate() {
            writeln!(text, "w{n}\ta.wav\t{}", row.replace(' ', "\t")).unwrap();
        }
        let path = dir.path().join("m.tsv");
        std::fs::write(&path, text).unwrap();
        Words::of(&Manifest::read(Path::new(&path)).unwrap())
    }

    const HEADER: &str =
        "id path speaker word stress start end vowel1_start vowel1_end vowel2_start vowel2_end";

    #[test]
    fn rows_are_read_or_skipped_with_their_reason() {
        let words = read(
            HEADER,
            &[
                "s1 Upon final 0.1 0.5 0.1 0.2 0.3 0.4",
                "s1 very medial 0.1 0.5 0.1 0.2 0.3 0.4",
                "s2 cat initial 0.1 0.5 0.1 0.2 NA NA",
                "s2 many initial 0.1 0.5 0.1 0.2 0.45 0.6",
                "s2 many initial 0.1 0.5 0.1 0.35 0.3 0.4",
                "NA only initial 0.1 0.5 0.1 0.2 0.3 0.4",
            ],
        )
        .unwrap();
        assert_eq!(words.words.len(), 1);
        let word = &words.words[0];
        assert_eq!((word.word.as_str(), word.stress), ("upon", Stress::Final));
        assert_eq!(word.vowels.unwrap()[word.stress.vowel()].start_secs, 0.3);
        let reasons: Vec<&str> = words.skipped.iter().map(|s| s.reason.as_str()).collect();
        assert_eq!(
            reasons,
            [
                "stress is `medial`, neither initial nor final",
                "the word has no second vowel",
                "the second vowel, from 0.45 to 0.6 s, does not lie in the word",
                "the second vowel begins before the first ends",
                "no speaker",
            ]
        );
        assert_eq!(words.folds, 5);
        assert!(words.folds_from.contains("hashes of the words"));
    }

    #[test]
    fn folds_of_the_manifest_hold_and_must_not_share_names() {
        let header = "id path speaker word stress speaker_fold word_fold";
        let words = read(header, &["a upon final 0 2", "b very initial 1 1"]).unwrap();
        assert_eq!((words.folds, words.words[0].word_fold), (3, 2));
        assert!(!words.has_vowels);
        let error = read(header, &["a upon final 0 2", "a very initial 1 1"]).unwrap_err();
        assert_eq!(error.to_string(), "speaker `a` lies in folds 0 and 1");
        let error = read("id path speaker word", &["a upon"]).unwrap_err();
        assert!(error.to_string().contains("no column `stress`"));
        let error = read(header, &["a upon none 0 2"]).unwrap_err();
        assert!(error.to_string().contains("neither initial nor final"));
    }
}
