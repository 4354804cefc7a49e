//! Kaldi data folders: `wav.scp`, and beside it `segments`, `utt2spk`, `spk2gender`, `spk2age` and
//! `text` where there are any.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use phonoscope_analysis::task::Task;

use super::listing::{Listing, Row};
use super::text_files::Keyed;
use super::{CorpusKind, ImportSettings, Imported, entries, name_of, speaker};
use crate::error::{Result, one_line};

pub(super) const LAYOUT: &str = "a folder with wav.scp (`recording file` lines; commands ending in | \
    are not run), and as far as there are: segments, utt2spk, spk2gender, spk2age, text; or a folder \
    of such folders, one per split. Relative files start at the folder, or at --root";

const COLUMNS: [&str; 5] = ["speaker", "sex", "age", "split", "text"];

type Map = BTreeMap<String, Keyed>;

pub(super) fn import(dir: &Path, settings: &ImportSettings, task: &Task) -> Result<Imported> {
    let mut listing = Listing::new(CorpusKind::Kaldi, dir, &COLUMNS);
    let folders = folders(dir)?;
    if folders.is_empty() {
        return Err(listing.other_layout("there is no wav.scp in it"));
    }
    task.progress
        .start("import", "folders", Some(folders.len() as u64));
    for folder in &folders {
        task.check()?;
        let split = (folders.len() > 1)
            .then(|| name_of(folder).map(str::to_owned))
            .flatten();
        let root = settings.root.as_deref().unwrap_or(folder);
        add_folder(&mut listing, folder, root, split.as_deref(), |_| Vec::new())?;
        task.progress.advance(1);
    }
    task.progress.finish();
    listing.finish(&["speaker", "sex", "text"])
}

/// The folder itself, or those in it, that have a `wav.scp`.
pub(super) fn folders(dir: &Path) -> Result<Vec<PathBuf>> {
    let is_data = |path: &Path| path.join("wav.scp").is_file();
    if is_data(dir) {
        return Ok(vec![dir.to_path_buf()]);
    }
    let below = entries(dir)?.into_iter();
    Ok(below.filter(|path| is_data(path)).collect())
}

/// Adds the rows of a data folder with the columns `speaker sex age split text` and then `more(id)`.
pub(super) fn add_folder(
    listing: &mut Listing<'_>,
    folder: &Path,
    root: &Path,
    split: Option<&str>,
    more: impl Fn(&str) -> Vec<Option<String>>,
) -> Result<()> {
    let scp = folder.join("wav.scp");
    let recordings = listing.keyed(&scp)?.unwrap_or_default();
    let mut known = |name: &str| listing.keyed(&folder.join(name));
    let speakers = known("utt2spk")?;
    let sexes = known("spk2gender")?.unwrap_or_default();
    let ages = known("spk2age")?.unwrap_or_default();
    let texts = known("text")?.unwrap_or_default();
    let of =
        |map: &Map, key: Option<&str>| key.and_then(|key| map.get(key)).map(|k| k.value.clone());
    let metadata = |id: &str| {
        let speaker = speakers.as_ref().and_then(|map| of(map, Some(id)));
        let mut values = vec![
            speaker.clone(),
            of(&sexes, speaker.as_deref())
                .and_then(|words| speaker::sex(&words))
                .map(str::to_owned),
            of(&ages, speaker.as_deref()).and_then(|words| speaker::age(&words)),
            split.map(str::to_owned),
            of(&texts, Some(id)),
        ];
        values.extend(more(id));
        values
    };
    let segments_file = folder.join("segments");
    let Some(segments) = listing.lines(&segments_file)? else {
        for (id, recording) in in_file_order(&recordings) {
            match file_of(&recording.value, root) {
                Ok(audio) => {
                    let row = Row::whole(id, audio, metadata(id));
                    listing.add_line(&scp, recording.line, row);
                }
                Err(reason) => listing.skip_line(&scp, recording.line, reason),
            }
        }
        return Ok(());
    };
    for (id, recording) in in_file_order(&recordings) {
        if let Err(reason) = file_of(&recording.value, root) {
            let reason = format!("recording `{}`: {reason}", one_line(id));
            listing.skip_line(&scp, recording.line, reason);
        }
    }
    for (line, text) in segments {
        let segment = match Segment::of(&text) {
            Ok(segment) => segment,
            Err(reason) => {
                listing.skip_line(&segments_file, line, reason);
                continue;
            }
        };
        let Some(recording) = recordings.get(segment.recording) else {
            let reason = format!("wav.scp has no recording `{}`", one_line(segment.recording));
            listing.skip_line(&segments_file, line, reason);
            continue;
        };
        match file_of(&recording.value, root) {
            Ok(audio) => {
                let row = Row {
                    id: segment.id.to_owned(),
                    audio,
                    start_secs: Some(segment.start_secs),
                    end_secs: segment.end_secs,
                    metadata: metadata(segment.id),
                };
                listing.add_line(&segments_file, line, row);
            }
            Err(_) => {
                let reason = format!("recording `{}` is skipped", one_line(segment.recording));
                listing.skip_line(&segments_file, line, reason);
            }
        }
    }
    Ok(())
}

fn in_file_order(map: &Map) -> Vec<(&String, &Keyed)> {
    let mut rows: Vec<_> = map.iter().collect();
    rows.sort_by_key(|(_, keyed)| keyed.line);
    rows
}

/// The file that an extended filename of Kaldi names.
fn file_of(written: &str, root: &Path) -> Result<PathBuf, String> {
    if written.ends_with('|') || written.starts_with('|') {
        let command = written.split_whitespace().next().unwrap_or_default();
        return Err(format!(
            "it is a command (`{} …`), and commands are not run: convert it and name the file",
            one_line(command)
        ));
    }
    if written == "-" {
        return Err("it is the standard input".to_owned());
    }
    let offset = written.rsplit_once(':').map(|(_, offset)| offset);
    if offset.is_some_and(|o| !o.is_empty() && o.bytes().all(|b| b.is_ascii_digit())) {
        return Err("it lies within an archive: name a file".to_owned());
    }
    Ok(root.join(written))
}

struct Segment<'a> {
    id: &'a str,
    recording: &'a str,
    start_secs: f64,
    /// None for the end of the recording, which Kaldi writes as a negative number.
    end_secs: Option<f64>,
}

impl<'a> Segment<'a> {
    fn of(line: &'a str) -> Result<Self, String> {
        let mut fields = line.split_whitespace();
        let mut next = || fields.next().ok_or("not `utterance recording start end`");
        let (id, recording) = (next()?, next()?);
        let secs = |text: &str| {
            text.parse::<f64>()
                .ok()
                .filter(|secs| secs.is_finite())
                .ok_or_else(|| format!("`{}` is no time in seconds", one_line(text)))
        };
        let (start_secs, end) = (secs(next()?)?, secs(next()?)?);
        let end_secs = (end >= 0.0).then_some(end);
        if start_secs < 0.0 || end_secs.is_some_and(|end| end <= start_secs) {
            return Err(format!("{start_secs} to {end} s is no span"));
        }
        Ok(Self {
            id,
            recording,
            start_secs,
            end_secs,
        })
    }
}
