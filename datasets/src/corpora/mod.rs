//! Importers: manifests for the folder layouts of known corpora.

mod audio_mnist;
mod common_voice;
mod emphassess;
mod globe;
pub mod intonatang;
mod kaldi;
mod librispeech;
mod listing;
mod recordings;
mod speaker;
mod speechocean;
mod table;
mod text_files;
mod timit;
mod vctk;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use phonoscope_analysis::task::Task;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::manifest::Manifest;

/// Corpora whose layout is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CorpusKind {
    /// LibriSpeech: `SPLIT/SPEAKER/CHAPTER/SPEAKER-CHAPTER-NUMBER.flac`.
    LibriSpeech,
    /// A Kaldi data folder: `wav.scp` and what lies beside it.
    Kaldi,
    /// VCTK: `wav48…/SPEAKER/SPEAKER_NUMBER….flac`.
    Vctk,
    /// GLOBE, extracted.
    Globe,
    /// Common Voice: `clips` and a table for each split.
    CommonVoice,
    /// AudioMNIST: `data/SPEAKER/DIGIT_SPEAKER_REPETITION.wav`.
    AudioMnist,
    /// speechocean762: Kaldi folders with experts' scores.
    SpeechOcean762,
    /// TIMIT: `{TRAIN,TEST}/DRn/SPEAKER/SENTENCE.WAV`.
    Timit,
    /// The TIMIT sentences of the package `intonatang`.
    Intonatang,
    /// EmphAssess: sentences with emphasised words.
    EmphAssess,
    /// Any table with a header.
    Table,
}

impl CorpusKind {
    /// Every kind there is.
    pub const ALL: [Self; 11] = [
        Self::LibriSpeech,
        Self::Kaldi,
        Self::Vctk,
        Self::Globe,
        Self::CommonVoice,
        Self::AudioMnist,
        Self::SpeechOcean762,
        Self::Timit,
        Self::Intonatang,
        Self::EmphAssess,
        Self::Table,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::LibriSpeech => "librispeech",
            Self::Kaldi => "kaldi",
            Self::Vctk => "vctk",
            Self::Globe => "globe",
            Self::CommonVoice => "common-voice",
            Self::AudioMnist => "audiomnist",
            Self::SpeechOcean762 => "speechocean762",
            Self::Timit => "timit",
            Self::Intonatang => "timit-intonatang",
            Self::EmphAssess => "emphassess",
            Self::Table => "table",
        }
    }

    /// The name in words.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::LibriSpeech => "LibriSpeech",
            Self::Kaldi => "a Kaldi data folder",
            Self::Vctk => "VCTK",
            Self::Globe => "GLOBE",
            Self::CommonVoice => "Common Voice",
            Self::AudioMnist => "AudioMNIST",
            Self::SpeechOcean762 => "speechocean762",
            Self::Timit => "TIMIT",
            Self::Intonatang => "the TIMIT sentences of intonatang",
            Self::EmphAssess => "EmphAssess",
            Self::Table => "a table",
        }
    }

    /// The layout expected, in words.
    pub fn layout(self) -> &'static str {
        match self {
            Self::LibriSpeech => librispeech::LAYOUT,
            Self::Kaldi => kaldi::LAYOUT,
            Self::Vctk => vctk::LAYOUT,
            Self::Globe => globe::LAYOUT,
            Self::CommonVoice => common_voice::LAYOUT,
            Self::AudioMnist => audio_mnist::LAYOUT,
            Self::SpeechOcean762 => speechocean::LAYOUT,
            Self::Timit => timit::LAYOUT,
            Self::Intonatang => intonatang::LAYOUT,
            Self::EmphAssess => emphassess::LAYOUT,
            Self::Table => table::LAYOUT,
        }
    }
}

/// What the user may choose of an import.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportSettings {
    /// Where relative file names in Kaldi folders and tables start; their own folder when missing.
    pub root: Option<PathBuf>,
    /// The microphone of VCTK.
    pub microphone: Microphone,
}

/// One of the two microphones of VCTK 0.92.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Microphone {
    /// `mic1`, an omnidirectional one.
    #[default]
    First,
    /// `mic2`, a small-diaphragm condenser.
    Second,
}

impl Microphone {
    fn suffix(self) -> &'static str {
        match self {
            Self::First => "mic1",
            Self::Second => "mic2",
        }
    }

    /// A file name without its extension as the name of the utterance and the microphone.
    fn split(stem: &str) -> (&str, Option<Self>) {
        [Self::First, Self::Second]
            .into_iter()
            .find_map(|microphone| {
                let id = stem.strip_suffix(microphone.suffix())?.strip_suffix('_')?;
                Some((id, Some(microphone)))
            })
            .unwrap_or((stem, None))
    }
}

impl fmt::Display for Microphone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.suffix())
    }
}

impl fmt::Display for CorpusKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for CorpusKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| Error::UnknownCorpus {
                name: name.to_owned(),
                hint: format!("known: {}", Self::ALL.map(Self::name).join(", ")),
            })
    }
}

/// A corpus folder as a manifest, and what was left out of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Imported {
    /// The recordings found, in a fixed order. [`crate::Utterance::path`] is relative to the
    /// imported folder and `audio` is absolute: [`Manifest::write`] finds the right path for
    /// wherever the manifest goes.
    pub manifest: Manifest,
    /// Files and lines that could not be used, in a fixed order.
    pub skipped: Vec<Skipped>,
    /// What is missing without anything being wrong with a file, one line each.
    pub notes: Vec<String>,
}

/// A file, or a line of one, that an importer left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The file or folder; lossy where its name is not UTF-8.
    pub path: String,
    /// The line, from 1, when only that was left out.
    pub line: Option<u64>,
    /// Why.
    pub reason: String,
}

impl Skipped {
    fn file(path: &Path, reason: impl Into<String>) -> Self {
        Self {
            path: path.to_string_lossy().into_owned(),
            line: None,
            reason: reason.into(),
        }
    }

    fn line(path: &Path, line: u64, reason: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::file(path, reason)
        }
    }
}

/// Lists the recordings of a corpus. Reads names and text files, no audio.
///
/// # Errors
/// [`Error::Read`] for a folder that cannot be listed, [`Error::Corpus`] for one that has another
/// layout, [`Error::Cancelled`].
pub fn import(kind: CorpusKind, dir: &Path, task: &Task) -> Result<Imported> {
    import_with(kind, dir, &ImportSettings::default(), task)
}

/// As [`import`], with choices.
///
/// # Errors
/// As [`import`].
pub fn import_with(
    kind: CorpusKind,
    dir: &Path,
    settings: &ImportSettings,
    task: &Task,
) -> Result<Imported> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(|e| Error::read(path, e));
    let dir = absolute(dir)?;
    let settings = ImportSettings {
        root: settings.root.as_deref().map(absolute).transpose()?,
        ..settings.clone()
    };
    match kind {
        CorpusKind::LibriSpeech => librispeech::import(&dir, task),
        CorpusKind::Kaldi => kaldi::import(&dir, &settings, task),
        CorpusKind::Vctk => vctk::import(&dir, &settings, task),
        CorpusKind::Globe => globe::import(&dir, task),
        CorpusKind::CommonVoice => common_voice::import(&dir, task),
        CorpusKind::AudioMnist => audio_mnist::import(&dir, task),
        CorpusKind::SpeechOcean762 => speechocean::import(&dir, task),
        CorpusKind::Timit => timit::import(&dir, task),
        CorpusKind::Intonatang => intonatang::import(&dir, task),
        CorpusKind::EmphAssess => emphassess::import(&dir, task),
        CorpusKind::Table => table::import(&dir, &settings, task),
    }
}

/// The entries of a folder, sorted by name; numbers in their numeric order.
fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let listed = std::fs::read_dir(dir).map_err(|e| Error::read(dir, e))?;
    let mut paths = listed
        .map(|entry| Ok(entry.map_err(|e| Error::read(dir, e))?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort_by_cached_key(|path| {
        let name = path.file_name().map(ToOwned::to_owned);
        let number = name
            .as_ref()
            .and_then(|name| name.to_str()?.parse::<u64>().ok());
        (number, name)
    });
    Ok(paths)
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}
