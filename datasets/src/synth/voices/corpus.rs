//! Voices as files: recordings and a manifest with the planted truth.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use phonoscope_analysis::file::write_atomic;
use phonoscope_analysis::task::Task;
use rayon::prelude::*;

use super::SAMPLE_RATE_HZ;
use super::plan::{VoicePlan, VoicesSettings, plan};
use super::render::render;
use crate::synth::SynthError;

/// Columns of the manifest, in order.
pub const COLUMNS: [&str; 11] = [
    "id",
    "path",
    "speaker",
    "sex",
    "f0_hz",
    "f0_range_st",
    "vtl_cm",
    "jitter_percent",
    "breathiness_db",
    "tilt_db_per_octave",
    "rate_syllables_per_sec",
];

const MANIFEST: &str = "manifest.tsv";
const AUDIO: &str = "wav";

/// Speaks every utterance into `dir/wav/SPEAKER-NNN.wav` (16 kHz, 16 bit, mono) and writes
/// `dir/manifest.tsv` with the columns [`COLUMNS`]; gives the manifest's path.
///
/// Every file appears whole or not at all, and the manifest last: a folder with a manifest is
/// complete. The same settings give the same bytes, also after an interrupted run. Recordings of an
/// earlier corpus that the new one has no use for stay where they are.
///
/// # Errors
/// [`SynthError::Setting`] for settings out of range, [`SynthError::ForeignManifest`] when `dir`
/// holds a manifest with other columns, [`SynthError::Io`] and [`SynthError::Wav`] when a file
/// cannot be written, [`SynthError::Cancelled`] when the task was.
pub fn write(dir: &Path, settings: &VoicesSettings, task: &Task) -> Result<PathBuf, SynthError> {
    let voices = plan(settings)?;
    let manifest = dir.join(MANIFEST);
    let audio = dir.join(AUDIO);
    let utterances: Vec<(&VoicePlan, usize)> = voices
        .iter()
        .flat_map(|voice| (0..settings.utterances_per_speaker).map(move |index| (voice, index)))
        .collect();
    let table = table(&utterances);
    clear_manifest(&manifest, &table)?;
    fs::create_dir_all(&audio).map_err(io(&audio))?;
    let total = utterances.len() as u64;
    task.progress
        .start("synthesise voices", "utterance", Some(total));
    let spoken = utterances.par_iter().try_for_each(|(voice, index)| {
        if task.cancel.is_cancelled() {
            return Err(SynthError::Cancelled);
        }
        let path = audio.join(format!("{}.wav", id(voice, *index)));
        let bytes = wav(&render(voice, *index)?).map_err(|source| SynthError::Wav {
            path: path.clone(),
            source,
        })?;
        store(&path, &bytes)?;
        task.progress.advance(1);
        Ok(())
    });
    task.progress.finish();
    spoken?;

    store(&manifest, table.as_bytes())?;
    Ok(manifest)
}

/// Removes a manifest of the same voices, so that an interrupted run leaves none; refuses any other.
fn clear_manifest(path: &Path, table: &str) -> Result<(), SynthError> {
    match fs::read(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(io(path)(e)),
        Ok(found) if found == table.as_bytes() => {}
        Ok(_) => {
            let path = path.to_owned();
            return Err(SynthError::ForeignManifest { path });
        }
    }
    fs::remove_file(path).map_err(io(path))
}

fn header() -> String {
    COLUMNS.join("\t") + "\n"
}

fn table(utterances: &[(&VoicePlan, usize)]) -> String {
    utterances
        .iter()
        .fold(header(), |mut table, (voice, index)| {
            let id = id(voice, *index);
            let numbers = [
                voice.f0_hz,
                voice.f0_range_st,
                voice.vtl_cm,
                voice.jitter_percent,
                voice.breathiness_db,
                voice.tilt_db_per_octave,
                voice.rate_syllables_per_sec,
            ];
            let numbers = numbers.map(|x| format!("{x:.3}")).join("\t");
            let sex = voice.sex.as_str();
            table += &format!(
                "{id}\t{AUDIO}/{id}.wav\t{}\t{sex}\t{numbers}\n",
                voice.speaker
            );
            table
        })
}

fn id(voice: &VoicePlan, index: usize) -> String {
    format!("{}-{index:03}", voice.speaker)
}

fn wav(samples: &[f32]) -> Result<Vec<u8>, hound::Error> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec)?;
    for x in samples {
        writer.write_sample((x * 32_767.0).round() as i16)?;
    }
    writer.finalize()?;
    Ok(bytes.into_inner())
}

fn store(path: &Path, bytes: &[u8]) -> Result<(), SynthError> {
    write_atomic(path, |file| file.write_all(bytes)).map_err(io(path))
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> SynthError {
    let path = path.to_owned();
    move |source| SynthError::Io {
        path: path.clone(),
        source,
    }
}
