//! EmphAssess: sentences with the indices of their emphasised words, one JSON object a line.

use std::path::{Path, PathBuf};

use phonoscope_analysis::task::Task;
use serde::Deserialize;

use super::listing::{Listing, Row};
use super::recordings::{ByName, locate};
use super::{CorpusKind, Imported, entries};
use crate::error::{Result, one_line};

pub(super) const LAYOUT: &str = "EmphAssess: *.json or *.jsonl with a line {\"id\", \"src_sentence\", \
    \"gold_emphasis\", \"voice\"} for each sentence (gold_df.json; \"tgt_audiopath\" where it is there), \
    and recordings ID.wav in any folders";

const COLUMNS: [&str; 5] = ["speaker", "text", "word", "emphasis", "language"];

#[derive(Deserialize)]
struct Sentence {
    id: String,
    src_sentence: Words,
    gold_emphasis: Vec<usize>,
    voice: Option<String>,
    tgt_lang: Option<String>,
    tgt_audiopath: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    List(Vec<String>),
    Text(String),
}

impl Words {
    fn list(self) -> Vec<String> {
        match self {
            Self::List(words) => words,
            Self::Text(text) => text.split_whitespace().map(str::to_owned).collect(),
        }
    }
}

pub(super) fn import(dir: &Path, task: &Task) -> Result<Imported> {
    let mut listing = Listing::new(CorpusKind::EmphAssess, dir, &COLUMNS);
    let lists: Vec<PathBuf> = entries(dir)?
        .into_iter()
        .filter(|path| {
            path.extension()
                .is_some_and(|e| e.eq_ignore_ascii_case("json") || e.eq_ignore_ascii_case("jsonl"))
        })
        .collect();
    if lists.is_empty() {
        return Err(listing.other_layout("there is no .json in it"));
    }
    let all = ByName::below(dir)?;
    task.progress
        .start("import", "lists", Some(lists.len() as u64));
    for file in &lists {
        for (line, text) in listing.lines(file)?.unwrap_or_default() {
            task.check()?;
            match row_of(&text, dir, &all) {
                Ok(row) => listing.add_line(file, line, row),
                Err(reason) => listing.skip_line(file, line, reason),
            }
        }
        task.progress.advance(1);
    }
    task.progress.finish();
    listing.note(
        "`emphasis` counts the words of `text` from 0; the sentences have no neutral version",
    );
    listing.finish(&["speaker", "word"])
}

fn row_of(line: &str, dir: &Path, all: &ByName) -> Result<Row, String> {
    let sentence: Sentence = serde_json::from_str(line)
        .map_err(|e| format!("no sentence: {}", one_line(&e.to_string())))?;
    let audio = sentence
        .tgt_audiopath
        .as_deref()
        .and_then(|path| locate(path, &[dir], all).ok())
        .map_or_else(|| locate(&sentence.id, &[], all), Ok)?;
    let words = sentence.src_sentence.list();
    let emphasised = sentence
        .gold_emphasis
        .iter()
        .map(|&index| words.get(index).map(String::as_str))
        .collect::<Option<Vec<&str>>>()
        .ok_or_else(|| format!("emphasis behind the last of {} words", words.len()))?;
    let indices: Vec<String> = sentence
        .gold_emphasis
        .iter()
        .map(usize::to_string)
        .collect();
    let filled = |text: String| Some(text).filter(|text| !text.is_empty());
    let metadata = vec![
        sentence.voice,
        filled(words.join(" ")),
        filled(emphasised.join(" ")),
        filled(indices.join(" ")),
        sentence.tgt_lang,
    ];
    Ok(Row::whole(sentence.id, audio, metadata))
}
