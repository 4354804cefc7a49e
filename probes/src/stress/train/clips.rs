//! Magnitude spectrograms of all words, in a scratch file, so that memory does not grow with them.

use std::fs::File;
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use ndarray::Array2;
use phonoscope_analysis::frontend::{LogSpectrum, SAMPLE_RATE_HZ};
use phonoscope_analysis::task::Task;

use crate::error::{Error, Result};
use crate::report::Skipped;
use crate::stress::{Hearing, VowelValues, Word};

/// Audio before a word that shifts may reach.
const BEFORE_SECS: f64 = 0.1;
/// Audio after the start of a word that slower or spliced words may reach.
const AFTER_SECS: f64 = 0.8;
/// Audio after the end of a word that may be heard, as far as the recording goes.
const CONTEXT_SECS: f64 = 0.1;

/// A word's place in the scratch file and what is known of its times, in frames after its start.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    offset: u64,
    /// Frames of what the model hears, and of the longer stretch.
    frames: [usize; 2],
    /// Frames of the longer stretch before the word.
    before: usize,
    /// End of the word.
    end: f32,
    /// Start and end of both vowels.
    vowels: Option<[[f32; 2]; 2]>,
    values: Option<VowelValues>,
}

/// The longer stretch around a word.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clip {
    /// Magnitudes `[frame, bin]`.
    pub(super) magnitudes: Array2<f32>,
    /// Frames before the word.
    pub(super) before: usize,
    /// End of the word, in frames after its start.
    pub(super) end: f32,
    /// Start and end of both vowels, in frames after the start of the word.
    pub(super) vowels: Option<[[f32; 2]; 2]>,
    /// What was measured of both vowels.
    pub(super) values: Option<VowelValues>,
}

/// Spectrograms of words.
#[derive(Debug)]
pub(super) struct Clips {
    file: File,
    bins: usize,
    /// Parallel to the words; nothing for those whose recording cannot be used.
    entries: Vec<Option<Entry>>,
}

impl Clips {
    /// Computes them into a scratch file in `folder`, which goes when it is closed. Words whose
    /// recordings cannot be used are listed.
    pub(super) fn compute(
        words: &[Word],
        front_end: &LogSpectrum,
        folder: &Path,
        task: &Task,
    ) -> Result<(Self, Vec<Skipped>)> {
        let failed = |source: std::io::Error| Error::Io {
            action: "write",
            path: folder.into(),
            source,
        };
        let file = tempfile::tempfile_in(folder).map_err(failed)?;
        let mut out = BufWriter::new(file);
        let (mut entries, mut skipped) = (Vec::new(), Vec::new());
        let mut offset = 0;
        let hearing = Hearing::of(front_end);
        let after_secs = AFTER_SECS.max(hearing.most_secs);
        task.progress
            .start("spectrograms", "words", Some(words.len() as u64));
        for word in words {
            task.check()?;
            task.progress.advance(1);
            let (samples, before) = match word.stretch(BEFORE_SECS, after_secs) {
                Ok(stretch) => stretch,
                Err(reason) => {
                    let id = word.id.clone();
                    skipped.push(Skipped { id, reason });
                    entries.push(None);
                    continue;
                }
            };
            let own = samples.get(before..).unwrap_or_default();
            let heard = hearing.secs_of(word) * f64::from(SAMPLE_RATE_HZ);
            let heard = own.get(..heard.round() as usize).unwrap_or(own);
            let heard = front_end.magnitudes(heard)?;
            let wide = front_end.magnitudes(&samples)?;
            for value in heard.iter().chain(&wide) {
                out.write_all(&value.to_le_bytes()).map_err(failed)?;
            }
            let step_secs = front_end.hop_length as f64 / 16_000.0;
            let frame = |secs: f64| ((secs - word.start_secs) / step_secs) as f32;
            entries.push(Some(Entry {
                offset,
                frames: [heard.nrows(), wide.nrows()],
                before: before / front_end.hop_length.max(1),
                end: (word.length_secs(hearing.most_secs) / step_secs) as f32,
                vowels: word
                    .vowels
                    .map(|v| v.map(|v| [frame(v.start_secs), frame(v.end_secs)])),
                values: word.vowel_values,
            }));
            offset += 4 * (heard.len() + wide.len()) as u64;
        }
        task.progress.finish();
        let file = out.into_inner().map_err(|e| failed(e.into_error()))?;
        let clips = Self {
            file,
            bins: front_end.bins(),
            entries,
        };
        Ok((clips, skipped))
    }

    /// Whether the word of this number has a spectrogram.
    pub(super) fn has(&self, word: usize) -> bool {
        matches!(self.entries.get(word), Some(Some(_)))
    }

    fn entry(&self, word: usize) -> Result<Entry> {
        let found = self.entries.get(word).cloned().flatten();
        found.ok_or_else(|| Error::Request {
            problem: format!("word {word} has no spectrogram"),
            hint: "leave it out of the manifest".into(),
        })
    }

    fn read(&mut self, offset: u64, frames: usize) -> Result<Array2<f32>> {
        let failed = |source: std::io::Error| Error::Io {
            action: "read",
            path: "scratch file of spectrograms".into(),
            source,
        };
        let mut bytes = vec![0; 4 * frames * self.bins];
        self.file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        self.file.read_exact(&mut bytes).map_err(failed)?;
        let values = bytes.chunks_exact(4);
        let values = values.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        Array2::from_shape_vec((frames, self.bins), values.collect()).map_err(|error| {
            Error::Request {
                problem: format!("a scratch file is damaged: {error}"),
                hint: "run the command again".into(),
            }
        })
    }

    /// Magnitudes `[frame, bin]` of what a model hears of a word.
    pub(super) fn heard(&mut self, word: usize) -> Result<Array2<f32>> {
        let entry = self.entry(word)?;
        self.read(entry.offset, entry.frames[0])
    }

    /// A word with what is around it, as far as words of its length may reach.
    pub(super) fn wide(&mut self, word: usize) -> Result<Clip> {
        let entry = self.entry(word)?;
        let skip = 4 * (entry.frames[0] * self.bins) as u64;
        let context = (CONTEXT_SECS * 100.0) as f32;
        let last = entry.before + (entry.end + context).max(1.0) as usize;
        let frames = entry.frames[1].min(last);
        Ok(Clip {
            magnitudes: self.read(entry.offset + skip, frames)?,
            before: entry.before,
            end: entry.end,
            vowels: entry.vowels,
            values: entry.values,
        })
    }
}
