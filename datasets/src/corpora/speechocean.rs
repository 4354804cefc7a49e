//! speechocean762: Kaldi folders `train` and `test`, recordings in `WAVE`, and experts' scores in
//! `resource/scores.json`.

use std::path::Path;

use phonoscope_analysis::task::Task;
use serde_json::{Map, Value};

use super::listing::Listing;
use super::text_files::contents;
use super::{CorpusKind, Imported, kaldi, name_of};
use crate::error::Result;

pub(super) const LAYOUT: &str = "speechocean762/{train,test}/{wav.scp,utt2spk,spk2gender,spk2age,text} \
    with WAVE/SPEAKERnnnn/*.WAV and resource/scores.json";

const SENTENCE: [&str; 5] = ["accuracy", "completeness", "fluency", "prosodic", "total"];

const WORD: [(&str, &str); 3] = [
    ("word_accuracy", "accuracy"),
    ("word_stress", "stress"),
    ("word_total", "total"),
];

pub(super) fn import(dir: &Path, task: &Task) -> Result<Imported> {
    let mut columns = vec!["speaker", "sex", "age", "split", "text"];
    columns.extend(SENTENCE);
    columns.extend(WORD.map(|(column, _)| column));
    columns.push("phones");
    let mut listing = Listing::new(CorpusKind::SpeechOcean762, dir, &columns);
    let folders = kaldi::folders(dir)?;
    if folders.is_empty() {
        return Err(listing.other_layout("there is no wav.scp in its folders"));
    }
    let scores_file = dir.join("resource/scores.json");
    let scores: Option<Map<String, Value>> = match contents(&scores_file)? {
        None => {
            listing.note("resource/scores.json was not found: scores are missing");
            None
        }
        Some(bytes) => match serde_json::from_slice(&bytes) {
            Ok(scores) => Some(scores),
            Err(e) => {
                let line = e.line() as u64;
                listing.skip_line(&scores_file, line, "no JSON object of utterances");
                None
            }
        },
    };
    task.progress
        .start("import", "folders", Some(folders.len() as u64));
    for folder in &folders {
        task.check()?;
        let split = name_of(folder).map(str::to_owned);
        kaldi::add_folder(&mut listing, folder, dir, split.as_deref(), |id| {
            columns_of(scores.as_ref().and_then(|scores| scores.get(id)))
        })?;
        task.progress.advance(1);
    }
    task.progress.finish();
    listing.finish(&["speaker", "sex", "age", "text", "total"])
}

/// The scores of a sentence, then of its words in their order, separated by blanks.
fn columns_of(scores: Option<&Value>) -> Vec<Option<String>> {
    let words = scores
        .and_then(|s| s.get("words"))
        .and_then(Value::as_array);
    let of_words = |of: &dyn Fn(&Value) -> Option<String>| {
        let values: Option<Vec<String>> = words?.iter().map(of).collect();
        values.filter(|v| !v.is_empty()).map(|v| v.join(" "))
    };
    let mut values: Vec<Option<String>> = SENTENCE
        .iter()
        .map(|name| scores?.get(name)?.as_f64().map(|n| n.to_string()))
        .collect();
    values.extend(
        WORD.iter()
            .map(|(_, name)| of_words(&|word| word.get(*name)?.as_f64().map(|n| n.to_string()))),
    );
    values.push(of_words(&|word| {
        let phones = word.get("phones")?;
        match phones.as_array() {
            Some(list) => {
                let list: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
                list.map(|phones| phones.join(" "))
            }
            None => phones.as_str().map(str::to_owned),
        }
    }));
    values
}
