//! TIMIT: `{TRAIN,TEST}/DRn/SPEAKER/SENTENCE.WAV` with `.PHN`, `.WRD` and `.TXT` beside them, in upper
//! or lower case.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use phonoscope_analysis::task::Task;

use super::listing::{Listing, Row};
use super::text_files::contents;
use super::{CorpusKind, Imported, entries, name_of, speaker};
use crate::error::Result;

pub(super) const LAYOUT: &str = "TIMIT/{TRAIN,TEST}/DRn/SPEAKER/SENTENCE.WAV (NIST SPHERE or RIFF; any \
    case) with .PHN, .WRD and .TXT beside them, and DOC/SPKRINFO.TXT for ages";

const COLUMNS: [&str; 8] = [
    "speaker",
    "sex",
    "age",
    "dialect",
    "split",
    "sentence",
    "sentence_type",
    "text",
];

pub(super) fn import(dir: &Path, task: &Task) -> Result<Imported> {
    let mut listing = Listing::new(CorpusKind::Timit, dir, &COLUMNS);
    let Some(root) = root(dir)? else {
        return Err(listing.other_layout("it has no folder TRAIN or TEST"));
    };
    let ages = ages(&mut listing, &root)?;
    let mut people: Vec<(String, String, PathBuf)> = Vec::new();
    for split in named(&root, |name| name == "train" || name == "test")? {
        let split_name = lower(&split);
        for dialect in named(&split, |name| name.starts_with("dr"))? {
            for person in named(&dialect, |_| true)? {
                people.push((split_name.clone(), lower(&dialect), person));
            }
        }
    }
    task.progress
        .start("import", "speakers", Some(people.len() as u64));
    let mut without_times = 0;
    for (split, dialect, folder) in &people {
        task.check()?;
        task.progress.advance(1);
        let speaker_name = name_of(folder).unwrap_or_default();
        let sex = speaker_name.get(..1).and_then(speaker::sex);
        let (true, Some(sex)) = (is_speaker(speaker_name), sex) else {
            listing.skip_file(
                folder,
                "its name is not that of a speaker (F or M, then XXXn)",
            );
            continue;
        };
        let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for path in entries(folder)? {
            let Some(name) = name_of(&path) else {
                listing.skip_file(&path, "its name is not UTF-8");
                continue;
            };
            let sentence = name.split('.').next().unwrap_or(name).to_lowercase();
            files.entry(sentence).or_default().push(path);
        }
        for (sentence, files) in files {
            let with = |extension: &str| files.iter().find(|path| lower(path).ends_with(extension));
            let Some(audio) = with(&format!("{sentence}.wav")).or_else(|| with(".wav")) else {
                continue;
            };
            for other in files
                .iter()
                .filter(|p| lower(p).ends_with(".wav") && *p != audio)
            {
                listing.skip_file(other, "a copy of the same sentence");
            }
            let kind = match sentence.get(..2) {
                Some(kind @ ("sa" | "si" | "sx")) if is_number(&sentence[2..]) => kind,
                _ => {
                    listing.skip_file(audio, "its name is not SAn, SIn or SXn");
                    continue;
                }
            };
            without_times += usize::from(with(".phn").is_none());
            let text = with(".txt")
                .map(|path| text_of(path))
                .transpose()?
                .flatten();
            let metadata = vec![
                Some(speaker_name.to_owned()),
                Some(sex.to_owned()),
                ages.get(&speaker_name.get(1..).unwrap_or_default().to_uppercase())
                    .cloned(),
                Some(dialect.clone()),
                Some(split.clone()),
                Some(sentence.clone()),
                Some(kind.to_owned()),
                text,
            ];
            let id = format!("{speaker_name}_{sentence}");
            listing.add(Row::whole(id, audio.clone(), metadata));
        }
    }
    task.progress.finish();
    if without_times > 0 {
        listing.note(format!(
            "{without_times} recordings have no .PHN: phone times are missing"
        ));
    }
    listing.finish(&["age", "text"])
}

/// The folder that holds TRAIN or TEST: `dir`, or one or two below it (`TIMIT`, `data`).
fn root(dir: &Path) -> Result<Option<PathBuf>> {
    let mut level = vec![dir.to_path_buf()];
    for _ in 0..3 {
        let mut next = Vec::new();
        for folder in level {
            if !named(&folder, |name| name == "train" || name == "test")?.is_empty() {
                return Ok(Some(folder));
            }
            next.extend(named(&folder, |name| name == "timit" || name == "data")?);
        }
        level = next;
    }
    Ok(None)
}

/// The folders in `dir` whose name in lower case is wanted.
fn named(dir: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    Ok(entries(dir)?
        .into_iter()
        .filter(|path| path.is_dir() && wanted(&lower(path)))
        .collect())
}

fn lower(path: &Path) -> String {
    name_of(path).unwrap_or_default().to_lowercase()
}

fn is_speaker(name: &str) -> bool {
    name.len() == 5 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The sentence behind the two sample numbers of a `.TXT`.
fn text_of(file: &Path) -> Result<Option<String>> {
    let bytes = contents(file)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut parts = text.trim().splitn(3, char::is_whitespace);
    let numbers = parts
        .by_ref()
        .take(2)
        .filter(|part| is_number(part))
        .count();
    let sentence = parts.next().filter(|_| numbers == 2);
    Ok(sentence
        .map(|s| s.trim().to_owned())
        .filter(|s| !s.is_empty()))
}

/// Ages at the recording by speaker without the letter of the sex, from lines
/// `ID Sex DR Use RecDate BirthDate …` with dates as month/day/year.
fn ages(listing: &mut Listing<'_>, root: &Path) -> Result<BTreeMap<String, String>> {
    let mut ages = BTreeMap::new();
    let folders = [Some(root), root.parent()].into_iter().flatten();
    let file = folders
        .flat_map(|folder| {
            [
                folder.join("DOC/SPKRINFO.TXT"),
                folder.join("doc/spkrinfo.txt"),
            ]
        })
        .find(|file| file.is_file());
    let Some(file) = file else {
        return Ok(ages);
    };
    for (line, text) in listing.lines(&file)?.unwrap_or_default() {
        let fields: Vec<&str> = text.split_whitespace().collect();
        match fields.as_slice() {
            [id, ..] if id.starts_with(';') => {}
            [id, _, _, _, recorded, born, ..] => {
                if let Some(age) = years_between(born, recorded) {
                    ages.insert(id.to_uppercase(), age.to_string());
                }
            }
            _ => listing.skip_line(&file, line, "not `ID Sex DR Use RecDate BirthDate …`"),
        }
    }
    Ok(ages)
}

/// Whole years from one `month/day/year` of the last century to another; none where one is unknown.
fn years_between(from: &str, to: &str) -> Option<u32> {
    let date = |text: &str| -> Option<(u32, u32, u32)> {
        let mut parts = text.split('/').map(|part| part.parse::<u32>().ok());
        let (month, day, year) = (parts.next()??, parts.next()??, parts.next()??);
        Some((year % 100, month, day))
    };
    let (from, to) = (date(from)?, date(to)?);
    let years = to.0.checked_sub(from.0)?;
    let before_birthday = (to.1, to.2) < (from.1, from.2);
    years
        .checked_sub(u32::from(before_birthday))
        .filter(|&years| years > 0)
}

#[cfg(test)]
mod tests {
    use super::years_between;

    #[test]
    fn years_count_from_birthday_to_birthday() {
        assert_eq!(years_between("06/17/60", "06/16/87"), Some(26));
        assert_eq!(years_between("06/17/60", "06/17/87"), Some(27));
        assert_eq!(years_between("??/??/??", "06/17/87"), None);
        assert_eq!(years_between("06/17/60", "x"), None);
    }
}
