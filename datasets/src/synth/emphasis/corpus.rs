//! Edited words as files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use phonoscope_analysis::acoustics::Sound;
use phonoscope_analysis::task::Task;
use rayon::prelude::*;

use super::summary::{self, INTERVAL, Row, SCHEMA, Skipped, Summary};
use super::target::{Target, VowelSource, targets};
use super::versions::{Version, rms, versions};
use super::{Made, Settings};
use crate::audio::{self, SAMPLE_RATE_HZ, write_flac};
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Utterance};
use crate::psola::Editor;
use crate::synth::draw::Draw;
use crate::synth::{SynthError, clear_manifest, file_name};

/// Columns of the manifest besides `id`, `path`, `start` and `end`.
pub const COLUMNS: [&str; 18] = [
    "pair",
    "speaker",
    "sex",
    "word",
    "condition",
    "stressed_vowel_start",
    "stressed_vowel_end",
    "duration_ratio",
    "f0_shift_st",
    "level_shift_db",
    "source",
    "achieved_duration_ratio",
    "achieved_f0_shift_st",
    "achieved_level_shift_db",
    "hnr_change_db",
    "spectral_change_db",
    "scale_db",
    "vowel_source",
];

const MANIFEST: &str = "manifest.tsv";
const AUDIO: &str = "clips";
const RATE: f64 = SAMPLE_RATE_HZ as f64;
/// Root mean square of a word below which it is silent: -80 dB of full scale.
const SILENT: f64 = 1e-4;
/// Share of a stressed vowel that must have pulses.
const VOICED_SHARE: f64 = 0.5;
/// How far a word may end behind its recording.
const SLACK_SECS: f64 = 0.01;

/// Writes nine versions of the words of a manifest into `dir/clips/PAIR-CONDITION.flac` (16 kHz, 16
/// bit, mono) and `dir/manifest.tsv` with the columns [`COLUMNS`].
///
/// Several words are edited at a time and none is kept in memory. Every file appears whole or not at
/// all, and the manifest last. The same manifest, settings and seed give the same bytes, however
/// many rows are drawn. What cannot be used is listed in the summary.
///
/// # Errors
/// [`SynthError::Setting`] for settings out of range, [`SynthError::ForeignManifest`] when `dir` holds
/// a manifest with other columns, [`SynthError::Nothing`] when no word could be used,
/// [`Error::Write`] and [`Error::Cancelled`].
pub fn write(dir: &Path, manifest: &Manifest, settings: &Settings, task: &Task) -> Result<Made> {
    settings.check()?;
    let path = dir.join(MANIFEST);
    clear_manifest(&path, &["id", "path", "start", "end"], &COLUMNS)?;
    let audio = dir.join(AUDIO);
    fs::create_dir_all(&audio).map_err(|e| Error::write(&audio, e))?;
    let rows = drawn_rows(manifest.utterances.len(), settings);
    task.progress
        .start("edit words", "row", Some(rows.len() as u64));
    let done: Result<Vec<Done>> = rows
        .par_iter()
        .map(|&index| {
            task.check()?;
            let done = Work {
                dir,
                manifest,
                settings,
                index,
            }
            .row();
            task.progress.advance(1);
            done
        })
        .collect();
    task.progress.finish();
    let done = done?;

    let words: Vec<&Word> = done.iter().flat_map(|d| &d.words).collect();
    let skipped: Vec<Skipped> = done.iter().flat_map(|d| d.skipped.clone()).collect();
    if words.is_empty() {
        let why = skipped.first().map_or_else(
            || "the manifest has no row".to_owned(),
            |first| format!("`{}`: {}", first.id, first.reason),
        );
        return Err(SynthError::Nothing { why }.into());
    }
    let figures: Vec<Row> = words.iter().flat_map(|w| w.figures.clone()).collect();
    let speakers: BTreeSet<&str> = words.iter().filter_map(|w| w.speaker.as_deref()).collect();
    let summary = Summary {
        schema: SCHEMA,
        seed: settings.seed,
        ranges: settings.ranges,
        words: words.len(),
        recordings: figures.len(),
        speakers: (!speakers.is_empty()).then_some(speakers.len()),
        longest_vowel: words
            .iter()
            .filter(|w| w.vowel_source == VowelSource::LongestVowel)
            .count(),
        scaled: words.iter().filter(|w| w.scaled).count(),
        skipped,
        interval: INTERVAL,
        conditions: summary::figures(&figures),
    };
    let utterances = words.iter().flat_map(|w| w.rows.clone()).collect();
    Manifest::new(dir, COLUMNS.map(str::to_owned).to_vec(), utterances).write(&path)?;
    Ok(Made {
        manifest: path,
        summary,
    })
}

/// Rows that were drawn, ascending; all of them unless fewer are asked for.
fn drawn_rows(count: usize, settings: &Settings) -> Vec<usize> {
    let wanted = settings.rows.unwrap_or(count);
    some_of(
        count,
        wanted,
        &mut Draw::new(settings.seed, "emphasis rows", 0),
    )
}

/// `wanted` of `0 .. count`, ascending.
fn some_of(count: usize, wanted: usize, draw: &mut Draw) -> Vec<usize> {
    let mut all: Vec<usize> = (0..count).collect();
    if wanted < count {
        for place in 0..wanted {
            all.swap(place, place + draw.below(count - place));
        }
        all.truncate(wanted);
        all.sort_unstable();
    }
    all
}

/// What became of a row.
#[derive(Default)]
struct Done {
    words: Vec<Word>,
    skipped: Vec<Skipped>,
}

/// A word that was edited.
struct Word {
    rows: Vec<Utterance>,
    figures: Vec<Row>,
    speaker: Option<String>,
    vowel_source: VowelSource,
    scaled: bool,
}

/// One row to be done.
struct Work<'a> {
    dir: &'a Path,
    manifest: &'a Manifest,
    settings: &'a Settings,
    index: usize,
}

impl Work<'_> {
    fn row(&self) -> Result<Done> {
        let utterance = &self.manifest.utterances[self.index];
        let mut done = Done::default();
        let skip = |id: &str, reason: String| Skipped {
            id: id.to_owned(),
            reason,
        };
        let found = targets(utterance, self.manifest, &self.settings.alignments);
        let recording = found.and_then(|targets| match audio::read(&utterance.audio) {
            Ok(waveform) => Ok((targets, waveform.samples)),
            Err(Error::Audio { fault, .. }) => Err(fault.to_string()),
            Err(other) => Err(other.to_string()),
        });
        let (targets, samples) = match recording {
            Ok(found) => found,
            Err(reason) => {
                done.skipped.push(skip(&utterance.id, reason));
                return Ok(done);
            }
        };
        let mut draw = Draw::new(self.settings.seed, "emphasis words", self.index as u64);
        let chosen = some_of(targets.len(), self.settings.words_per_row, &mut draw);
        for place in chosen {
            let pair = if targets.len() == 1 {
                utterance.id.clone()
            } else {
                format!("{}-w{:03}", utterance.id, place + 1)
            };
            match self.word(&pair, &targets[place], &samples) {
                Ok(word) => done.words.push(self.stored(&pair, word)?),
                Err(reason) => done.skipped.push(skip(&pair, reason)),
            }
        }
        Ok(done)
    }

    /// All versions of a word, or why there are none.
    fn word<'t>(
        &self,
        pair: &str,
        target: &'t Target,
        samples: &[f32],
    ) -> Result<Edits<'t>, String> {
        let Settings {
            context_secs,
            min_vowel_secs,
            ..
        } = *self.settings;
        let recording_secs = samples.len() as f64 / RATE;
        let (from, to) = target.word_secs;
        if to > recording_secs + SLACK_SECS {
            return Err(format!(
                "its word ends at {to:.3} s and the recording at {recording_secs:.3} s"
            ));
        }
        let vowel_secs = target.vowel_secs.1 - target.vowel_secs.0;
        if vowel_secs < min_vowel_secs - 1e-9 {
            return Err(format!(
                "its stressed vowel lasts {vowel_secs:.3} s, shorter than {min_vowel_secs} s"
            ));
        }
        let index = |secs: f64| ((secs * RATE).round().max(0.0) as usize).min(samples.len());
        let (first, end) = (index(from - context_secs), index(to + context_secs));
        let clip = Sound::from_f32(&samples[first..end], RATE);
        let begins = first as f64 / RATE;
        let last = clip.duration_secs();
        let within = |(a, b): (f64, f64)| ((a - begins).max(0.0), (b - begins).min(last));
        let (word, vowel) = (within(target.word_secs), within(target.vowel_secs));
        if rms(&clip, word) < SILENT {
            return Err("its word is silent: below -80 dB of full scale".to_owned());
        }
        let editor = Editor::new(clip);
        let voiced = editor.voiced_share(vowel.0, vowel.1);
        if voiced < VOICED_SHARE {
            let percent = 100.0 * voiced;
            return Err(format!(
                "its stressed vowel is not voiced: glottal pulses in {percent:.0} % of it"
            ));
        }
        // By name, so that other rows in the manifest change nothing.
        let stream = (self.settings.seed, hash(pair));
        let versions = versions(&editor, word, vowel, &self.settings.ranges, stream)?;
        Ok(Edits {
            target,
            word,
            vowel,
            versions,
        })
    }

    /// Writes the versions of a word, all scaled alike where one would come too near full scale.
    fn stored(&self, pair: &str, edits: Edits<'_>) -> Result<Word> {
        let utterance = &self.manifest.utterances[self.index];
        let value = |name: &str| {
            let column = self.manifest.column(name)?;
            utterance.value(column).map(str::to_owned)
        };
        let peaks = edits.versions.iter().flat_map(|v| v.edited.sound.samples());
        let peak = peaks.fold(0.0_f64, |peak, sample| peak.max(sample.abs()));
        let highest = 10f64.powf(-self.settings.headroom_db / 20.0);
        let scale = if peak > highest { highest / peak } else { 1.0 };
        let source = value("source").or_else(|| value("source_utterance"));
        let source = source.or_else(|| {
            let stem = utterance.audio.file_stem()?;
            Some(stem.to_string_lossy().into_owned())
        });
        let (speaker, sex) = (value("speaker"), value("sex"));
        let name = file_name(pair, self.index);
        let (mut rows, mut figures) = (Vec::new(), Vec::new());
        for version in &edits.versions {
            let Version {
                condition,
                asked,
                achieved,
                edited,
            } = version;
            let path = format!("{AUDIO}/{name}-{condition}.flac");
            let audio = self.dir.join(&path);
            let scaled = edited.sound.samples().iter().map(|x| (x * scale) as f32);
            let samples: Vec<f32> = scaled.collect();
            write_flac(&audio, &samples, SAMPLE_RATE_HZ)?;
            let time = |secs: f64| (edited.time_of(secs) * 1e4).round() / 1e4;
            let number = |value: Option<f64>, digits: usize| {
                value.map(|value| format!("{:.digits$}", value + 0.0))
            };
            let vowel = [edits.vowel.0, edits.vowel.1].map(|t| Some(format!("{:.4}", time(t))));
            let [vowel_start, vowel_end] = vowel;
            rows.push(Utterance {
                id: format!("{pair}-{condition}"),
                path,
                audio,
                start_secs: Some(time(edits.word.0)),
                end_secs: Some(time(edits.word.1)),
                metadata: vec![
                    Some(pair.to_owned()),
                    speaker.clone(),
                    sex.clone(),
                    edits.target.word.clone(),
                    Some(condition.name().to_owned()),
                    vowel_start,
                    vowel_end,
                    Some(asked.duration_ratio.to_string()),
                    Some(asked.f0_shift_st.to_string()),
                    Some(asked.level_shift_db.to_string()),
                    source.clone(),
                    number(achieved.duration_ratio, 4),
                    number(achieved.f0_shift_st, 3),
                    number(achieved.level_shift_db, 3),
                    number(achieved.hnr_change_db, 2),
                    number(achieved.spectral_change_db, 2),
                    number(Some(20.0 * scale.log10()), 3),
                    Some(edits.target.vowel_source.name().to_owned()),
                ],
            });
            figures.push((*condition, *asked, *achieved));
        }
        Ok(Word {
            rows,
            figures,
            speaker,
            vowel_source: edits.target.vowel_source,
            scaled: scale < 1.0,
        })
    }
}

/// The versions of a word, and where it is in the original's clip.
struct Edits<'t> {
    target: &'t Target,
    word: (f64, f64),
    vowel: (f64, f64),
    versions: Vec<Version>,
}

/// The first 64 bits of a name's SHA-256.
fn hash(name: &str) -> u64 {
    let hex = crate::manifest::hex_sha256(name.as_bytes());
    u64::from_str_radix(hex.get(..16).unwrap_or("0"), 16).unwrap_or(0)
}
