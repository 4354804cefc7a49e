//! AudioMNIST: spoken digits, `data/SPEAKER/DIGIT_SPEAKER_REPETITION.wav`, and what is known of the
//! speakers in `audioMNIST_meta.txt`.

use std::path::{Path, PathBuf};

use phonoscope_analysis::task::Task;
use serde_json::{Map, Value};

use super::listing::{Listing, Row};
use super::recordings::is_recording;
use super::text_files::contents;
use super::{CorpusKind, Imported, entries, name_of, speaker};
use crate::error::{Result, one_line};

pub(super) const LAYOUT: &str = "AudioMNIST/data/SPEAKER/DIGIT_SPEAKER_REPETITION.wav with \
    data/audioMNIST_meta.txt (JSON)";

const COLUMNS: [&str; 9] = [
    "speaker",
    "sex",
    "age",
    "accent",
    "native",
    "origin",
    "room",
    "word",
    "repetition",
];

const META: &str = "audioMNIST_meta.txt";

const DIGITS: [&str; 10] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

pub(super) fn import(dir: &Path, task: &Task) -> Result<Imported> {
    let mut listing = Listing::new(CorpusKind::AudioMnist, dir, &COLUMNS);
    let data = Some(dir.join("data")).filter(|data| data.is_dir());
    let data = data.unwrap_or_else(|| dir.to_path_buf());
    let folders: Vec<PathBuf> = entries(&data)?
        .into_iter()
        .filter(|path| path.is_dir() && name_of(path).is_some_and(is_number))
        .collect();
    if folders.is_empty() {
        return Err(listing.other_layout("it has no folders of numbers"));
    }
    let people = people(&mut listing, &data, dir)?;
    task.progress
        .start("import", "speakers", Some(folders.len() as u64));
    for folder in &folders {
        task.check()?;
        let id = name_of(folder).unwrap_or_default();
        let person = people.get(id).and_then(Value::as_object);
        if person.is_none() && !people.is_empty() {
            listing.note(format!("speaker {id} is not in {META}"));
        }
        let known = values(&mut listing, id, person);
        for path in entries(folder)?.into_iter().filter(|p| is_recording(p)) {
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let parts: Option<Vec<&str>> = stem.map(|stem| stem.split('_').collect());
            let word = match parts.as_deref() {
                Some([digit, person, _]) if *person == id => {
                    digit.parse::<usize>().ok().and_then(|n| DIGITS.get(n))
                }
                _ => None,
            };
            let (Some(stem), Some(word), Some([.., repetition])) = (stem, word, parts.as_deref())
            else {
                listing.skip_file(&path, format!("its name is not DIGIT_{id}_REPETITION"));
                continue;
            };
            let mut metadata = known.clone();
            metadata.extend([Some((*word).to_owned()), Some((*repetition).to_owned())]);
            listing.add(Row::whole(stem, path.clone(), metadata));
        }
        task.progress.advance(1);
    }
    task.progress.finish();
    listing.finish(&["sex", "age"])
}

fn people(listing: &mut Listing<'_>, data: &Path, dir: &Path) -> Result<Map<String, Value>> {
    for file in [data.join(META), dir.join(META)] {
        let Some(bytes) = contents(&file)? else {
            continue;
        };
        return Ok(serde_json::from_slice(&bytes).unwrap_or_else(|e| {
            listing.skip_line(&file, e.line() as u64, "no JSON object of speakers");
            Map::new()
        }));
    }
    listing.note(format!("{META} was not found"));
    Ok(Map::new())
}

/// The first seven columns.
fn values(
    listing: &mut Listing<'_>,
    id: &str,
    person: Option<&Map<String, Value>>,
) -> Vec<Option<String>> {
    let of = |key: &str| match person?.get(key)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let age = of("age");
    let years = age.as_deref().and_then(speaker::age);
    if let (Some(words), None) = (&age, &years) {
        let words = one_line(words);
        listing.note(format!("`{words}` is no age: speaker {id} has none"));
    }
    vec![
        Some(id.to_owned()),
        of("gender")
            .and_then(|words| speaker::sex(&words))
            .map(str::to_owned),
        years,
        of("accent"),
        of("native speaker"),
        of("origin"),
        of("recordingroom"),
    ]
}

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}
