//! Where the alignment of an utterance is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Alignment, Content, read};
use crate::error::{Error, Result, shown};
use crate::manifest::{ALIGNMENT, Manifest, Utterance};

/// From where times in an alignment count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// From the start of the recording: the alignment is named after that.
    Recording,
    /// From the start of the utterance, which may lie within a recording: the alignment is named
    /// after the utterance and the recording has another name.
    Utterance,
}

/// The alignment of an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The labels.
    pub alignment: Alignment,
    /// The file they come from; the first where there are two (`.PHN` and `.WRD`).
    pub path: PathBuf,
    /// From where its times count.
    pub clock: Clock,
}

/// Where alignments are looked for.
///
/// An alignment is found by the utterance's `id` or by the name of its recording without extension.
/// Times count from the start of what the alignment is named after; where both names are the same,
/// from the start of the recording.
#[derive(Debug)]
pub struct AlignmentSource {
    place: Place,
    /// Files that hold many alignments, read once.
    tables: Mutex<BTreeMap<PathBuf, Arc<Content>>>,
}

#[derive(Debug)]
enum Place {
    Beside,
    File(PathBuf),
    Folder(Folder),
}

/// Alignment files below a folder.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    by_stem: BTreeMap<String, Vec<PathBuf>>,
    tables: Vec<PathBuf>,
}

/// Kinds of files that hold one alignment, by extension; the first that is there is taken, and the
/// two of TIMIT together.
const KINDS: [&[&str]; 2] = [&["textgrid"], &["phn", "wrd"]];

/// Folders below `--alignments` are entered this deep.
const MAX_DEPTH: usize = 16;

impl AlignmentSource {
    /// The manifest's column `alignment` where a row has one, otherwise a file beside the recording
    /// with its name and the extension `.TextGrid`, `.phn`, `.wrd` or `.ctm`.
    pub fn beside() -> Self {
        Self::at(Place::Beside)
    }

    /// A folder of alignments, however deep, or a file of many; the manifest's column is not asked.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Alignment`] for a folder without alignments.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.is_dir() {
            // A file that cannot be read is told now, not with the first utterance.
            let source = Self::at(Place::File(path.to_path_buf()));
            source.content(path)?;
            return Ok(source);
        }
        let mut folder = Folder {
            path: path.to_path_buf(),
            by_stem: BTreeMap::new(),
            tables: Vec::new(),
        };
        folder.collect(path, 0)?;
        if folder.by_stem.is_empty() && folder.tables.is_empty() {
            return Err(Error::Alignment {
                path: path.to_path_buf(),
                line: None,
                why: "the folder holds no alignment".to_owned(),
                hint: "it should hold .TextGrid, .phn, .wrd, .ctm or .tsv files".to_owned(),
            });
        }
        Ok(Self::at(Place::Folder(folder)))
    }

    fn at(place: Place) -> Self {
        Self {
            place,
            tables: Mutex::new(BTreeMap::new()),
        }
    }

    /// The alignment of an utterance of `manifest`; none where there is none.
    ///
    /// # Errors
    /// Those of [`read`]; [`Error::Alignment`] where two files could be meant.
    pub fn find(&self, utterance: &Utterance, manifest: &Manifest) -> Result<Option<Found>> {
        match &self.place {
            Place::Beside => match named(utterance, manifest) {
                Some(path) => self.in_file(utterance, &path, Named::Row),
                None => self.beside_recording(utterance),
            },
            Place::File(path) => {
                let named = match manifest.utterances.len() {
                    1 => Named::Row,
                    _ => Named::Stem,
                };
                self.in_file(utterance, path, named)
            }
            Place::Folder(folder) => self.in_folder(utterance, folder),
        }
    }

    /// The files that [`AlignmentSource::beside`] reads for an utterance of `manifest`; none where there
    /// are none. Nothing is read.
    pub fn files_beside(utterance: &Utterance, manifest: &Manifest) -> Vec<PathBuf> {
        if let Some(path) = named(utterance, manifest) {
            return vec![path];
        }
        match files_beside(&utterance.audio) {
            None => vec![],
            Some(Beside::Tiers(files)) => files,
            Some(Beside::Table(table)) => vec![table],
        }
    }

    /// Where the alignment of an utterance was looked for, in words.
    pub(super) fn looked(&self, utterance: &Utterance) -> String {
        match &self.place {
            Place::Beside => format!(
                "put a TextGrid beside `{}`, name one in a column `alignment`, or name a folder of alignments",
                shown(&utterance.audio)
            ),
            Place::File(path) => format!(
                "`{}` knows neither its id nor the name of its recording",
                shown(path)
            ),
            Place::Folder(folder) => format!(
                "`{}` has no file, and its tables no rows, with its id or the name of its recording",
                shown(&folder.path)
            ),
        }
    }

    fn beside_recording(&self, utterance: &Utterance) -> Result<Option<Found>> {
        match files_beside(&utterance.audio) {
            None => Ok(None),
            Some(Beside::Tiers(files)) => together(&files, Clock::Recording).map(Some),
            Some(Beside::Table(table)) => self.in_file(utterance, &table, Named::Row),
        }
    }

    fn in_file(&self, utterance: &Utterance, path: &Path, named: Named) -> Result<Option<Found>> {
        let found = |alignment: &Alignment, clock| Found {
            alignment: alignment.clone(),
            path: path.to_path_buf(),
            clock,
        };
        let content = self.content(path)?;
        let found = match content.as_ref() {
            Content::Many(table) => keys(utterance)
                .into_iter()
                .find_map(|(key, clock)| Some(found(table.get(&key)?, clock))),
            Content::One(alignment) => {
                let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
                let clock = keys(utterance)
                    .into_iter()
                    .find_map(|(key, clock)| (Some(&key) == stem.as_ref()).then_some(clock));
                match (clock, named) {
                    (Some(clock), _) => Some(found(alignment, clock)),
                    (None, Named::Row) => Some(found(alignment, Clock::Recording)),
                    (None, Named::Stem) => None,
                }
            }
        };
        Ok(found)
    }

    fn in_folder(&self, utterance: &Utterance, folder: &Folder) -> Result<Option<Found>> {
        for (key, clock) in keys(utterance) {
            if let Some(files) = folder.by_stem.get(&key) {
                let place = nearest(utterance, files)?;
                let here = |kind: &&str| {
                    files
                        .iter()
                        .find(|f| f.parent() == Some(place) && has_extension(f, kind))
                        .cloned()
                };
                for kinds in KINDS {
                    let files: Vec<PathBuf> = kinds.iter().filter_map(here).collect();
                    if !files.is_empty() {
                        return together(&files, clock).map(Some);
                    }
                }
            }
        }
        for table in &folder.tables {
            if let Some(found) = self.in_file(utterance, table, Named::Stem)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// What a file holds; files of many alignments are kept.
    fn content(&self, path: &Path) -> Result<Arc<Content>> {
        let tables = || self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(content) = tables().get(path) {
            return Ok(Arc::clone(content));
        }
        let content = Arc::new(read(path)?);
        if matches!(*content, Content::Many(_)) {
            tables().insert(path.to_path_buf(), Arc::clone(&content));
        }
        Ok(content)
    }
}

/// Why a file is looked into.
#[derive(Debug, Clone, Copy)]
enum Named {
    /// It was named for this utterance.
    Row,
    /// It may hold the utterance if the names agree.
    Stem,
}

impl Folder {
    fn collect(&mut self, dir: &Path, depth: usize) -> Result<()> {
        let fail = |e| Error::read(dir, e);
        let mut entries = std::fs::read_dir(dir)
            .map_err(fail)?
            .collect::<std::io::Result<Vec<_>>>()
            .map_err(fail)?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            // Links to folders are not followed: they may lead in a circle.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if depth < MAX_DEPTH {
                    self.collect(&path, depth + 1)?;
                }
            } else if KINDS
                .iter()
                .flat_map(|k| k.iter())
                .any(|k| has_extension(&path, k))
            {
                if let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) {
                    let stem = stem.to_owned();
                    self.by_stem.entry(stem).or_default().push(path);
                }
            } else if has_extension(&path, "ctm")
                || (has_extension(&path, "tsv") && matches!(read(&path), Ok(Content::Many(_))))
            {
                self.tables.push(path);
            }
        }
        Ok(())
    }
}

/// The names under which an utterance may be aligned, and from where times then count.
fn keys(utterance: &Utterance) -> Vec<(String, Clock)> {
    let stems = stems(&utterance.audio);
    let mut keys = Vec::new();
    if !stems.contains(&utterance.id) {
        keys.push((utterance.id.clone(), Clock::Utterance));
    }
    keys.extend(stems.into_iter().map(|stem| (stem, Clock::Recording)));
    keys
}

/// The name of a recording without its extension, and without two (`SA1.WAV.wav`).
fn stems(audio: &Path) -> Vec<String> {
    let mut stems = Vec::new();
    if let Some(stem) = audio.file_stem().and_then(|stem| stem.to_str()) {
        stems.push(stem.to_owned());
        if let Some((inner, extension)) = stem.rsplit_once('.')
            && ["wav", "sph", "flac"].contains(&extension.to_lowercase().as_str())
        {
            stems.push(inner.to_owned());
        }
    }
    stems
}

/// The file that the manifest names for an utterance.
fn named(utterance: &Utterance, manifest: &Manifest) -> Option<PathBuf> {
    let named = manifest.column(ALIGNMENT).and_then(|c| utterance.value(c));
    named.map(|path| manifest.folder.join(path))
}

/// What lies beside a recording.
enum Beside {
    /// Files of the tiers of one alignment.
    Tiers(Vec<PathBuf>),
    /// A file that may hold many alignments.
    Table(PathBuf),
}

fn files_beside(audio: &Path) -> Option<Beside> {
    stems(audio).iter().find_map(|stem| {
        let tiers = KINDS.iter().find_map(|kinds| {
            let files = kinds.iter().filter_map(|kind| beside(audio, stem, kind));
            let files: Vec<PathBuf> = files.collect();
            (!files.is_empty()).then_some(files)
        });
        let table = || beside(audio, stem, "ctm").map(Beside::Table);
        tiers.map(Beside::Tiers).or_else(table)
    })
}

/// The file beside a recording with this stem and extension, in the usual spellings.
fn beside(audio: &Path, stem: &str, extension: &str) -> Option<PathBuf> {
    let spellings = match extension {
        "textgrid" => ["TextGrid", "textgrid", "TEXTGRID"].as_slice(),
        "phn" => &["PHN", "phn"],
        "wrd" => &["WRD", "wrd"],
        _ => &["ctm", "CTM"],
    };
    spellings
        .iter()
        .map(|spelling| audio.with_file_name(format!("{stem}.{spelling}")))
        .find(|path| path.is_file())
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case(extension))
}

/// One alignment of the tiers of all files.
fn together(files: &[PathBuf], clock: Clock) -> Result<Found> {
    let mut alignment = Alignment::default();
    for file in files {
        match read(file)? {
            Content::One(one) => alignment.tiers.extend(one.tiers),
            Content::Many(_) => {
                return Err(Error::Alignment {
                    path: file.clone(),
                    line: None,
                    why: "it holds many alignments under the name of one".to_owned(),
                    hint: "rename it to .ctm or .tsv".to_owned(),
                });
            }
        }
    }
    Ok(Found {
        alignment,
        path: files.first().cloned().unwrap_or_default(),
        clock,
    })
}

/// Of files with the same name in different folders, the folder whose path ends most like that of
/// the recording.
fn nearest<'a>(utterance: &Utterance, files: &'a [PathBuf]) -> Result<&'a Path> {
    let likeness = |folder: &Path| {
        let own = utterance.audio.parent().unwrap_or(Path::new(""));
        own.components()
            .rev()
            .zip(folder.components().rev())
            .take_while(|(a, b)| a == b)
            .count()
    };
    let mut folders: Vec<(usize, &Path)> = files
        .iter()
        .filter_map(|file| file.parent())
        .map(|folder| (likeness(folder), folder))
        .collect();
    folders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    folders.dedup();
    match folders.as_slice() {
        [(first, a), (second, b), ..] if first == second => Err(Error::Alignment {
            path: a.to_path_buf(),
            line: None,
            why: format!(
                "there is one for `{}` here and in `{}`",
                shown(utterance.id.as_ref()),
                shown(b)
            ),
            hint: "name the alignment of each row in a column `alignment`".to_owned(),
        }),
        [(_, nearest), ..] => Ok(nearest),
        [] => Ok(Path::new("")),
    }
}
