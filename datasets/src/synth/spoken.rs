//! A corpus of voices that all say the same sentences, spoken by whatever can speak.
//!
//! Every voice says every sentence, so that nothing that was said can tell two voices apart. The
//! speaking itself is the caller's; here are the files, the threads, resuming and the manifest.

use std::fmt::Display;
use std::fs;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use phonoscope_analysis::file::write_atomic;
use phonoscope_analysis::task::Task;

use super::SynthError;
use super::sentences::Sentence;
use crate::audio::write_flac;
use crate::error::Error;
use crate::manifest::{Manifest, Utterance};

const MANIFEST: &str = "manifest.tsv";
const AUDIO: &str = "flac";
const BEFORE: [&str; 1] = ["speaker"];
const AFTER: [&str; 2] = ["text", "phonemes"];

/// A voice and what the manifest says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenVoice {
    /// Name: the manifest's `speaker` and the beginning of file names.
    pub name: String,
    /// Values of [`SpokenPlan::columns`].
    pub values: Vec<Option<String>>,
}

/// Who says what.
#[derive(Debug, Clone)]
pub struct SpokenPlan<'a> {
    /// The voices; their names differ and are plain words.
    pub voices: Vec<SpokenVoice>,
    /// Columns of the manifest besides `id`, `path`, `speaker`, `text` and `phonemes`.
    pub columns: Vec<String>,
    /// What every voice says.
    pub sentences: &'a [Sentence],
    /// Rate of the samples that come.
    pub sample_rate_hz: u32,
}

/// What became of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// The manifest that was written.
    pub manifest: PathBuf,
    /// Recordings that were there already.
    pub kept: usize,
    /// Recordings made now.
    pub made: usize,
    /// Recordings that could not be made: id and reason. The manifest leaves them out.
    pub failures: Vec<(String, String)>,
}

/// Says a sentence in the voice of this number: mono samples at the plan's rate.
pub type Speak<'a, E> = Box<dyn FnMut(usize, &Sentence) -> Result<Vec<f32>, E> + 'a>;

/// One recording to be.
struct Item {
    voice: usize,
    sentence: usize,
    id: String,
    path: String,
}

impl SpokenPlan<'_> {
    /// The manifest's path, if `dir` holds every recording of the plan.
    pub fn complete(&self, dir: &Path) -> Option<PathBuf> {
        let manifest = dir.join(MANIFEST);
        let all = self.items().iter().all(|item| there(dir, item));
        (all && manifest.is_file()).then_some(manifest)
    }

    fn items(&self) -> Vec<Item> {
        let sentences = 0..self.sentences.len();
        sentences
            .flat_map(|sentence| {
                self.voices.iter().enumerate().map(move |(voice, spoken)| {
                    let id = format!("{}-{:02}", spoken.name, sentence + 1);
                    let path = format!("{AUDIO}/{id}.flac");
                    Item {
                        voice,
                        sentence,
                        id,
                        path,
                    }
                })
            })
            .collect()
    }

    fn manifest(&self, dir: &Path, items: &[Item]) -> Manifest {
        let columns = BEFORE.iter().map(|&name| name.to_owned());
        let columns = columns.chain(self.columns.iter().cloned());
        let mut rows: Vec<&Item> = items.iter().filter(|item| there(dir, item)).collect();
        rows.sort_by_key(|item| (item.voice, item.sentence));
        let utterances = rows.iter().filter_map(|item| {
            let voice = self.voices.get(item.voice)?;
            let sentence = self.sentences.get(item.sentence)?;
            let said = [sentence.text, sentence.phonemes].map(|text| Some(text.to_owned()));
            let values = voice.values.iter().cloned();
            let name = std::iter::once(Some(voice.name.clone()));
            Some(Utterance {
                id: item.id.clone(),
                path: item.path.clone(),
                audio: dir.join(&item.path),
                start_secs: None,
                end_secs: None,
                metadata: name.chain(values).chain(said).collect(),
            })
        });
        Manifest::new(
            dir,
            columns.chain(AFTER.map(str::to_owned)).collect(),
            utterances.collect(),
        )
    }
}

fn there(dir: &Path, item: &Item) -> bool {
    fs::metadata(dir.join(&item.path)).is_ok_and(|file| file.is_file() && file.len() > 0)
}

/// Has every voice say every sentence into `dir/flac/VOICE-NN.flac` (16 bit, mono) and writes
/// `dir/manifest.tsv`, with up to `threads` speakers at once, each opened by `open` on its thread.
///
/// Recordings that are there already are kept; a file appears whole or not at all, so that an
/// interrupted run continues. One recording that cannot be made does not end the work; it is
/// listed.
///
/// # Errors
/// What `open` said; [`Error::Write`] when a file cannot be written; [`SynthError::Nothing`] when
/// not one recording could be made; [`Error::Cancelled`] when the task was.
pub fn write<'a, E>(
    dir: &Path,
    plan: &SpokenPlan<'_>,
    threads: usize,
    open: impl Fn() -> Result<Speak<'a, E>, E> + Sync,
    task: &Task,
) -> Result<Spoken, E>
where
    E: From<Error> + Display + Send,
{
    let audio = dir.join(AUDIO);
    fs::create_dir_all(&audio).map_err(|e| Error::write(&audio, e))?;
    let items = plan.items();
    let todo: Vec<&Item> = items.iter().filter(|item| !there(dir, item)).collect();
    let work = Work {
        dir,
        plan,
        todo: &todo,
        next: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
        failures: Mutex::new(Vec::new()),
        fatal: Mutex::new(None),
    };
    if !todo.is_empty() {
        task.progress
            .start("speak", "sentence", Some(todo.len() as u64));
        std::thread::scope(|scope| {
            for _ in 0..threads.clamp(1, todo.len()) {
                scope.spawn(|| work.until_done(&open, task));
            }
        });
        task.progress.finish();
    }
    let fatal = work.fatal.into_inner();
    if let Some(error) = fatal.unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let failures = work.failures.into_inner();
    let mut failures = failures.unwrap_or_else(PoisonError::into_inner);
    failures.sort();
    let manifest = plan.manifest(dir, &items);
    if let (true, Some((_, why))) = (manifest.utterances.is_empty(), failures.first()) {
        let why = why.clone();
        return Err(Error::from(SynthError::Nothing { why }).into());
    }
    let path = dir.join(MANIFEST);
    manifest.write(&path)?;
    Ok(Spoken {
        manifest: path,
        kept: items.len() - todo.len(),
        made: todo.len() - failures.len(),
        failures,
    })
}

/// What the threads share.
struct Work<'a, E> {
    dir: &'a Path,
    plan: &'a SpokenPlan<'a>,
    todo: &'a [&'a Item],
    next: AtomicUsize,
    stop: AtomicBool,
    failures: Mutex<Vec<(String, String)>>,
    fatal: Mutex<Option<E>>,
}

impl<'s, E: From<Error> + Display> Work<'_, E> {
    fn until_done(&self, open: &(impl Fn() -> Result<Speak<'s, E>, E> + Sync), task: &Task) {
        if let Err(error) = self.speak(open, task) {
            self.stop.store(true, Ordering::Relaxed);
            let mut fatal = self.fatal.lock().unwrap_or_else(PoisonError::into_inner);
            fatal.get_or_insert(error);
        }
    }

    fn speak(
        &self,
        open: &(impl Fn() -> Result<Speak<'s, E>, E> + Sync),
        task: &Task,
    ) -> Result<(), E> {
        let mut speak = open()?;
        while let Some(item) = self.todo.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            if task.cancel.is_cancelled() {
                return Err(Error::Cancelled.into());
            }
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let Some(sentence) = self.plan.sentences.get(item.sentence) else {
                continue;
            };
            match speak(item.voice, sentence) {
                Ok(samples) => {
                    let path = self.dir.join(&item.path);
                    write_flac(&path, &samples, self.plan.sample_rate_hz)?;
                }
                Err(_) if task.cancel.is_cancelled() => return Err(Error::Cancelled.into()),
                Err(why) => {
                    let failures = self.failures.lock();
                    let mut failures = failures.unwrap_or_else(PoisonError::into_inner);
                    failures.push((item.id.clone(), why.to_string()));
                }
            }
            task.progress.advance(1);
        }
        Ok(())
    }
}

/// Copies a corpus that [`write()`] made into the folder `dir`; gives its manifest's path. Recordings
/// that are there already are left alone.
///
/// # Errors
/// [`SynthError::ForeignManifest`] when `dir` holds a manifest with other columns, and when the
/// corpus lists recordings outside its folder; [`Error::Read`] and [`Error::Write`];
/// [`Error::Cancelled`].
pub fn copy(manifest: &Path, dir: &Path, task: &Task) -> Result<PathBuf, Error> {
    let read = |path: &Path| fs::read(path).map_err(|e| Error::read(path, e));
    let bytes = read(manifest)?;
    let path = dir.join(MANIFEST);
    let header = |bytes: &[u8]| bytes.split(|&b| b == b'\n').next().map(<[u8]>::to_vec);
    let foreign = |path: &Path| {
        let path = path.to_owned();
        Err(SynthError::ForeignManifest { path }.into())
    };
    if path.exists() && header(&read(&path)?) != header(&bytes) {
        return foreign(&path);
    }
    for utterance in Manifest::read(manifest)?.utterances {
        task.check()?;
        let below = Path::new(&utterance.path);
        if !below
            .components()
            .all(|c| matches!(c, Component::Normal(_)))
        {
            return foreign(manifest);
        }
        let (from, to) = (&utterance.audio, dir.join(below));
        let recording = read(from)?;
        if fs::read(&to).is_ok_and(|found| found == recording) {
            continue;
        }
        let folder = to.parent().unwrap_or(dir);
        fs::create_dir_all(folder).map_err(|e| Error::write(folder, e))?;
        put(&to, &recording).map_err(|e| Error::write(&to, e))?;
    }
    put(&path, &bytes).map_err(|e| Error::write(&path, e))?;
    Ok(path)
}

/// Writes a file that appears whole or not at all.
fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    write_atomic(path, |file| file.write_all(bytes))
}

#[cfg(test)]
mod tests;
