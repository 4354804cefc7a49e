//! The LibriSpeech layout: splits of speakers of chapters, a transcript per chapter, and
//! `SPEAKERS.TXT` with the speakers' sexes.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use phonoscope_analysis::task::Task;

use super::{Imported, Skipped, entries, name_of};
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Utterance};

pub(super) const LAYOUT: &str = "LibriSpeech/SPLIT/SPEAKER/CHAPTER/SPEAKER-CHAPTER-NUMBER.flac \
    with SPEAKER-CHAPTER.trans.txt beside them and SPEAKERS.TXT above";

const COLUMNS: [&str; 5] = ["speaker", "sex", "chapter", "split", "text"];

struct Importer<'a> {
    dir: &'a Path,
    sexes: BTreeMap<String, String>,
    utterances: Vec<Utterance>,
    skipped: Vec<Skipped>,
    without_text: usize,
}

pub(super) fn import(dir: &Path, task: &Task) -> Result<Imported> {
    let splits = splits(dir)?;
    let mut importer = Importer {
        dir,
        sexes: BTreeMap::new(),
        utterances: Vec::new(),
        skipped: Vec::new(),
        without_text: 0,
    };
    let mut notes = Vec::new();
    match speakers_file(dir) {
        Some(file) => importer.read_speakers(&file)?,
        None => notes.push("SPEAKERS.TXT was not found: `sex` is missing".to_owned()),
    }

    let mut speakers: Vec<(String, PathBuf)> = Vec::new();
    for split in &splits {
        let name = name_of(split).unwrap_or_default().to_owned();
        speakers.extend(
            numbered(split)?
                .into_iter()
                .map(|path| (name.clone(), path)),
        );
    }
    task.progress
        .start("import", "speakers", Some(speakers.len() as u64));
    for (split, speaker) in &speakers {
        task.check()?;
        for chapter in numbered(speaker)? {
            importer.chapter(split, speaker, &chapter)?;
        }
        task.progress.advance(1);
    }
    task.progress.finish();

    if importer.utterances.is_empty() {
        return Err(other_layout(dir, "it holds no recording in that layout"));
    }
    if importer.without_text > 0 {
        let n = importer.without_text;
        notes.push(format!(
            "{n} recordings have no transcript: `text` is missing"
        ));
    }
    let unknown: HashSet<&str> = importer
        .utterances
        .iter()
        .filter(|u| u.value(1).is_none())
        .filter_map(|u| u.value(0))
        .collect();
    if !unknown.is_empty() && !importer.sexes.is_empty() {
        let n = unknown.len();
        notes.push(format!(
            "{n} speakers are not in SPEAKERS.TXT: `sex` is missing"
        ));
    }
    Ok(Imported {
        manifest: Manifest::new(
            dir,
            COLUMNS.map(str::to_owned).to_vec(),
            importer.utterances,
        ),
        skipped: importer.skipped,
        notes,
    })
}

impl Importer<'_> {
    /// Lines are `id | F or M | subset | minutes | name`; `;` begins a comment.
    fn read_speakers(&mut self, file: &Path) -> Result<()> {
        let bytes = std::fs::read(file).map_err(|e| Error::read(file, e))?;
        for (number, line) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
            let line = String::from_utf8_lossy(line);
            let line = line.trim();
            if line.is_empty() || line.starts_with(';') {
                continue;
            }
            let mut fields = line.split('|').map(str::trim);
            let sex = match (fields.next(), fields.next()) {
                (Some(id), Some("F" | "f")) if is_number(id) => Some((id, "f")),
                (Some(id), Some("M" | "m")) if is_number(id) => Some((id, "m")),
                _ => None,
            };
            match sex {
                Some((id, sex)) => {
                    self.sexes.insert(id.to_owned(), sex.to_owned());
                }
                None => {
                    let reason = "not `number | F or M | …`";
                    self.skipped.push(Skipped::line(file, number, reason));
                }
            }
        }
        Ok(())
    }

    fn chapter(&mut self, split: &str, speaker_dir: &Path, chapter_dir: &Path) -> Result<()> {
        let (Some(speaker), Some(chapter)) = (name_of(speaker_dir), name_of(chapter_dir)) else {
            return Ok(());
        };
        let prefix = format!("{speaker}-{chapter}-");
        let transcript = chapter_dir.join(format!("{speaker}-{chapter}.trans.txt"));
        let mut texts = self.read_transcript(&transcript, &prefix)?;
        for path in entries(chapter_dir)? {
            let is_recording = path
                .extension()
                .is_some_and(|e| e.eq_ignore_ascii_case("flac") || e.eq_ignore_ascii_case("wav"));
            if !is_recording {
                continue;
            }
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let relative = path.strip_prefix(self.dir).unwrap_or(&path).to_str();
            let (Some(id), Some(relative)) = (stem, relative) else {
                self.skipped
                    .push(Skipped::file(&path, "its name is not UTF-8"));
                continue;
            };
            if !id.strip_prefix(&prefix).is_some_and(is_number) {
                let reason = format!("its name is not {prefix}NUMBER");
                self.skipped.push(Skipped::file(&path, reason));
                continue;
            }
            let text = texts.remove(id).map(|(_, text)| text);
            self.without_text += usize::from(text.is_none());
            self.utterances.push(Utterance {
                id: id.to_owned(),
                path: relative.to_owned(),
                audio: path.clone(),
                start_secs: None,
                end_secs: None,
                metadata: vec![
                    Some(speaker.to_owned()),
                    self.sexes.get(speaker).cloned(),
                    // Words, not a number: a chapter's id is no quantity.
                    Some(format!("{speaker}-{chapter}")),
                    Some(split.to_owned()),
                    text,
                ],
            });
        }
        self.skipped.extend(texts.iter().map(|(id, (line, _))| {
            Skipped::line(&transcript, *line, format!("there is no recording `{id}`"))
        }));
        Ok(())
    }

    /// Line and text of each id; a chapter without a transcript has none.
    fn read_transcript(
        &mut self,
        file: &Path,
        prefix: &str,
    ) -> Result<BTreeMap<String, (u64, String)>> {
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(e) => return Err(Error::read(file, e)),
        };
        let mut texts = BTreeMap::new();
        for (number, line) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
            let Ok(line) = std::str::from_utf8(line) else {
                self.skipped
                    .push(Skipped::line(file, number, "it is not UTF-8"));
                continue;
            };
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            match line.split_once(char::is_whitespace) {
                Some((id, text)) if id.strip_prefix(prefix).is_some_and(is_number) => {
                    texts.insert(id.to_owned(), (number, text.trim().to_owned()));
                }
                _ => {
                    let reason = format!("not `{prefix}NUMBER text`");
                    self.skipped.push(Skipped::line(file, number, reason));
                }
            }
        }
        Ok(texts)
    }
}

/// The split folders in or at `dir`: those with numbered folders of numbered folders.
fn splits(dir: &Path) -> Result<Vec<PathBuf>> {
    let is_split = |path: &Path| -> Result<bool> {
        Ok(match numbered(path)?.first() {
            Some(speaker) => !numbered(speaker)?.is_empty(),
            None => false,
        })
    };
    if !dir.is_dir() {
        entries(dir)?;
    }
    if is_split(dir)? {
        return Ok(vec![dir.to_path_buf()]);
    }
    for root in [dir.to_path_buf(), dir.join("LibriSpeech")] {
        if !root.is_dir() {
            continue;
        }
        let mut found = Vec::new();
        for path in entries(&root)? {
            if path.is_dir() && is_split(&path)? {
                found.push(path);
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Err(other_layout(
        dir,
        "it has no folders SPEAKER/CHAPTER of numbers",
    ))
}

/// `SPEAKERS.TXT` in the folder, in `LibriSpeech` below it, or up to two folders above.
fn speakers_file(dir: &Path) -> Option<PathBuf> {
    let below = dir.join("LibriSpeech");
    std::iter::once(below.as_path())
        .chain(dir.ancestors().take(3))
        .map(|folder| folder.join("SPEAKERS.TXT"))
        .find(|file| file.is_file())
}

/// The folders in `dir` whose names are numbers.
fn numbered(dir: &Path) -> Result<Vec<PathBuf>> {
    Ok(entries(dir)?
        .into_iter()
        .filter(|path| name_of(path).is_some_and(is_number) && path.is_dir())
        .collect())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn other_layout(dir: &Path, why: &str) -> Error {
    Error::Corpus {
        corpus: "LibriSpeech".to_owned(),
        path: dir.to_path_buf(),
        why: why.to_owned(),
        hint: format!("expected {LAYOUT}"),
    }
}
