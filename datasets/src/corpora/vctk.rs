//! VCTK: recordings of one or two microphones, a transcript for each, and `speaker-info.txt`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use phonoscope_analysis::task::Task;

use super::listing::{Listing, Row};
use super::recordings::is_recording;
use super::text_files::contents;
use super::{CorpusKind, ImportSettings, Imported, Microphone, entries, name_of, speaker};
use crate::error::Result;

pub(super) const LAYOUT: &str = "VCTK/wav48_silence_trimmed/SPEAKER/SPEAKER_NUMBER_micN.flac (0.92; \
    --mic chooses) or VCTK/wav48/SPEAKER/SPEAKER_NUMBER.wav (0.80), with txt/SPEAKER/SPEAKER_NUMBER.txt \
    and speaker-info.txt";

const COLUMNS: [&str; 6] = ["speaker", "sex", "age", "accent", "region", "text"];

const FOLDERS: [&str; 3] = ["wav48_silence_trimmed", "wav48", "wav16"];

pub(super) fn import(dir: &Path, settings: &ImportSettings, task: &Task) -> Result<Imported> {
    let mut listing = Listing::new(CorpusKind::Vctk, dir, &COLUMNS);
    if !dir.is_dir() {
        entries(dir)?;
    }
    let Some(audio) = FOLDERS
        .map(|name| dir.join(name))
        .into_iter()
        .find(|p| p.is_dir())
    else {
        return Err(listing.other_layout("it has no folder wav48_silence_trimmed or wav48"));
    };
    let people = people(&mut listing, &dir.join("speaker-info.txt"))?;
    let folders: Vec<PathBuf> = entries(&audio)?
        .into_iter()
        .filter(|p| p.is_dir())
        .collect();
    task.progress
        .start("import", "speakers", Some(folders.len() as u64));
    let (mut others, mut choices) = (0, 0);
    for folder in &folders {
        task.check()?;
        let Some(speaker) = name_of(folder) else {
            listing.skip_file(folder, "its name is not UTF-8");
            continue;
        };
        let person = people.get(speaker.trim_start_matches('p'));
        // Recordings of both microphones by utterance.
        let mut found: BTreeMap<String, Vec<(Option<Microphone>, PathBuf)>> = BTreeMap::new();
        for path in entries(folder)?.into_iter().filter(|p| is_recording(p)) {
            let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else {
                listing.skip_file(&path, "its name is not UTF-8");
                continue;
            };
            let (id, microphone) = Microphone::split(stem);
            if !id.starts_with(&format!("{speaker}_")) {
                let reason = format!("its name is not {speaker}_NUMBER");
                listing.skip_file(&path, reason);
                continue;
            }
            found
                .entry(id.to_owned())
                .or_default()
                .push((microphone, path));
        }
        for (id, recordings) in found {
            choices += usize::from(
                recordings
                    .iter()
                    .any(|(microphone, _)| microphone.is_some()),
            );
            let chosen = recordings
                .iter()
                .find(|(microphone, _)| microphone.is_none_or(|m| m == settings.microphone));
            let Some((_, path)) = chosen else {
                for (_, path) in &recordings {
                    let reason = format!("there is no {} recording of it", settings.microphone);
                    listing.skip_file(path, reason);
                }
                continue;
            };
            others += recordings.len() - 1;
            let text = transcript(&mut listing, speaker, &id)?;
            let of = |value: fn(&Person) -> &Option<String>| person.and_then(|p| value(p).clone());
            let metadata = vec![
                Some(speaker.to_owned()),
                of(|p| &p.sex),
                of(|p| &p.age),
                of(|p| &p.accent),
                of(|p| &p.region),
                text,
            ];
            listing.add(Row::whole(id, path.clone(), metadata));
        }
        task.progress.advance(1);
    }
    task.progress.finish();
    if choices > 0 {
        listing.note(format!(
            "{} was taken; {others} recordings of the other microphone were left out (--mic chooses)",
            settings.microphone
        ));
    }
    listing.finish(&["sex", "age", "text"])
}

struct Person {
    age: Option<String>,
    sex: Option<String>,
    accent: Option<String>,
    region: Option<String>,
}

/// `ID AGE GENDER ACCENTS REGION COMMENTS`, separated by blanks; comments are in brackets, and ids
/// lack their `p` in version 0.80. An accent may be `Unknown`.
fn people(listing: &mut Listing<'_>, file: &Path) -> Result<BTreeMap<String, Person>> {
    let mut people = BTreeMap::new();
    let Some(lines) = listing.lines(file)? else {
        listing.note("speaker-info.txt was not found");
        return Ok(people);
    };
    for (line, text) in lines {
        let before_comment = text.split('(').next().unwrap_or_default();
        let fields: Vec<&str> = before_comment.split_whitespace().collect();
        match fields.as_slice() {
            ["ID", ..] => {}
            [id, age, sex, rest @ ..] if speaker::sex(sex).is_some() => {
                let region = rest.get(1..).unwrap_or_default().join(" ");
                let person = Person {
                    age: speaker::age(age),
                    sex: speaker::sex(sex).map(str::to_owned),
                    accent: rest
                        .first()
                        .filter(|accent| !accent.eq_ignore_ascii_case("unknown"))
                        .map(|accent| (*accent).to_owned()),
                    region: Some(region).filter(|region| !region.is_empty()),
                };
                let id = id.trim_start_matches('p').to_owned();
                match people.entry(id) {
                    Entry::Vacant(place) => {
                        place.insert(person);
                    }
                    Entry::Occupied(_) => {
                        listing.skip_line(file, line, "the speaker is there already");
                    }
                }
            }
            _ => listing.skip_line(file, line, "not `id age F or M accent region`"),
        }
    }
    Ok(people)
}

fn transcript(listing: &mut Listing<'_>, speaker: &str, id: &str) -> Result<Option<String>> {
    let file = listing
        .dir
        .join("txt")
        .join(speaker)
        .join(format!("{id}.txt"));
    let Some(bytes) = contents(&file)? else {
        return Ok(None);
    };
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(_) => {
            listing.skip_file(&file, "it is not UTF-8");
            Ok(None)
        }
    }
}
