//! Recordings as mono samples at 16 kHz.
//!
//! WAV (8 to 32-bit integers, 32 and 64-bit floats, A-law, µ-law), NIST SPHERE without compression,
//! FLAC, MP3 and Ogg Vorbis are decoded whatever the file is called; channels are averaged; other rates are converted
//! ([`resample`]). A file is taken whole or not at all: a truncated or damaged recording, one
//! without samples and one with NaN or infinite samples are errors.

mod container;
mod decode;
mod flac;
pub mod resample;
mod sphere;
mod wav;

use std::fmt;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use phonoscope_analysis::file::write_atomic;
use serde::Serialize;

use container::Container;

pub use flac::write_flac;

use crate::error::{AudioFault, Error, Result};
use crate::manifest::{Utterance, hex_sha256};

/// Rate of every [`Waveform`].
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// Rates of files that are believed; others are taken for damage.
const RATES_HZ: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// A recording, or a span of one, ready for a front end.
#[derive(Debug, Clone, PartialEq)]
pub struct Waveform {
    /// Mono at [`SAMPLE_RATE_HZ`]; at least one, all finite. Full scale is 1; files of floats and
    /// rate conversion can exceed it.
    pub samples: Vec<f32>,
    /// What the file held.
    pub source: SourceFormat,
    /// SHA-256 of the file's bytes, in hex.
    pub sha256: String,
}

impl Waveform {
    /// Length in seconds.
    pub fn duration_secs(&self) -> f64 {
        self.samples.len() as f64 / f64::from(SAMPLE_RATE_HZ)
    }
}

/// What a file held before conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct SourceFormat {
    /// Rate of the file.
    pub sample_rate_hz: u32,
    /// Channels that were averaged.
    pub channels: u32,
    /// How samples were coded.
    pub codec: Codec,
    /// Bits per sample, for codecs that have such a thing.
    pub bits: Option<u32>,
}

/// How samples are coded in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// WAV of integers.
    PcmInteger,
    /// WAV of floating-point numbers.
    PcmFloat,
    /// WAV or NIST SPHERE of A-law or µ-law bytes (telephony).
    PcmLogarithmic,
    /// NIST SPHERE of integers.
    Sphere,
    /// FLAC.
    Flac,
    /// MPEG layer III.
    Mp3,
    /// Vorbis in Ogg.
    Vorbis,
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::PcmInteger => "WAV integer",
            Self::PcmFloat => "WAV float",
            Self::PcmLogarithmic => "A/µ-law",
            Self::Sphere => "NIST SPHERE",
            Self::Flac => "FLAC",
            Self::Mp3 => "MP3",
            Self::Vorbis => "Ogg Vorbis",
        })
    }
}

/// Channels averaged, before rate conversion.
#[derive(Debug, Clone, PartialEq)]
struct Decoded {
    samples: Vec<f32>,
    source: SourceFormat,
}

/// A recording, or a span of one, at the rate of its file: for measurements that a rate conversion
/// would change.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Mono at the rate that `source` names; at least one, all finite. Full scale is 1.
    pub samples: Vec<f32>,
    /// What the file held.
    pub source: SourceFormat,
    /// SHA-256 of the file's bytes, in hex.
    pub sha256: String,
}

/// Reads the recording, or the span of it, that an utterance names, with its channels averaged
/// and no rate conversion. Sample `i` of a span is sample `round(start · rate) + i` of the file.
///
/// # Errors
/// As [`read_span`].
pub fn read_at_own_rate(utterance: &Utterance) -> Result<Recording> {
    let path = &utterance.audio;
    let bytes = bytes_of(path).map_err(|fault| Error::audio(path, fault))?;
    let Decoded {
        mut samples,
        source,
    } = interpret(path, &bytes).map_err(|fault| Error::audio(path, fault))?;
    cut(
        path,
        &mut samples,
        source.sample_rate_hz,
        (utterance.start_secs, utterance.end_secs),
    )?;
    Ok(Recording {
        samples,
        source,
        sha256: hex_sha256(&bytes),
    })
}

/// Reads a whole recording. A file at 16 kHz with one channel comes out as it was stored.
///
/// # Errors
/// [`Error::Audio`] with the reason the recording cannot be used.
pub fn read(path: &Path) -> Result<Waveform> {
    let bytes = bytes_of(path).map_err(|fault| Error::audio(path, fault))?;
    let decoded = interpret(path, &bytes).map_err(|fault| Error::audio(path, fault))?;
    let samples = resample::to_16_khz(decoded.samples, decoded.source.sample_rate_hz)
        .map_err(|fault| Error::audio(path, fault))?;
    Ok(Waveform {
        samples,
        source: decoded.source,
        sha256: hex_sha256(&bytes),
    })
}

/// Reads the samples from `start_secs` (the beginning when missing) up to `end_secs` (the end when
/// missing) of a recording: exactly those samples of [`read`] whose indices lie in
/// `round(start · 16000) .. round(end · 16000)`. The whole file is decoded, and `sha256` is that of
/// the whole file.
///
/// # Errors
/// [`Error::Audio`], also where the span is empty or ends more than 10 ms behind the recording
/// (rounded times in manifests are forgiven, and cut at the end).
pub fn read_span(path: &Path, start_secs: Option<f64>, end_secs: Option<f64>) -> Result<Waveform> {
    let mut waveform = read(path)?;
    let span = (start_secs, end_secs);
    cut(path, &mut waveform.samples, SAMPLE_RATE_HZ, span)?;
    Ok(waveform)
}

/// Reads the recording, or the span of it, that an utterance names.
///
/// # Errors
/// As [`read_span`].
pub fn read_utterance(utterance: &Utterance) -> Result<Waveform> {
    read_span(&utterance.audio, utterance.start_secs, utterance.end_secs)
}

/// How far a span may end behind its recording.
const SPAN_SLACK_SECS: f64 = 0.010;

/// Leaves the samples of a span, from its start to its end where they are given.
fn cut(
    path: &Path,
    samples: &mut Vec<f32>,
    rate_hz: u32,
    (start_secs, end_secs): (Option<f64>, Option<f64>),
) -> Result<()> {
    let duration_secs = samples.len() as f64 / f64::from(rate_hz);
    let start = start_secs.unwrap_or(0.0);
    let end = end_secs.unwrap_or(duration_secs);
    let inside = start >= 0.0 && start < end && end <= duration_secs + SPAN_SLACK_SECS;
    let index = |secs: f64| (secs * f64::from(rate_hz)).round() as usize;
    let stop = index(end).min(samples.len());
    if !inside || index(start) >= stop {
        return Err(Error::audio(
            path,
            AudioFault::Span {
                start_secs: start.to_string(),
                end_secs: end.to_string(),
                duration_secs: format!("{duration_secs:.3}"),
            },
        ));
    }
    samples.truncate(stop);
    samples.drain(..index(start));
    Ok(())
}

/// Writes mono 32-bit float WAV: to a temporary file beside it, then renamed.
///
/// # Errors
/// [`Error::Write`].
pub fn write_wav(path: &Path, samples: &[f32], sample_rate_hz: u32) -> Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: sample_rate_hz,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    write_atomic(path, |file| {
        let mut buffered = BufWriter::new(file);
        let mut writer = hound::WavWriter::new(&mut buffered, spec).map_err(io_of)?;
        for &sample in samples {
            writer.write_sample(sample).map_err(io_of)?;
        }
        writer.finalize().map_err(io_of)?;
        buffered.flush()
    })
    .map_err(|e| Error::write(path, e))
}

fn io_of(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(e) => e,
        other => io::Error::other(other),
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, AudioFault> {
    let bytes = std::fs::read(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => AudioFault::Missing,
        io::ErrorKind::IsADirectory => AudioFault::Unreadable {
            words: "it is a folder".into(),
        },
        _ => AudioFault::Unreadable {
            words: crate::error::one_line(&e.to_string().to_lowercase()),
        },
    })?;
    if bytes.is_empty() {
        return Err(AudioFault::Empty);
    }
    Ok(bytes)
}

fn interpret(path: &Path, bytes: &[u8]) -> Result<Decoded, AudioFault> {
    let (container, bytes) = container::recognise(path, bytes)?;
    let decoded = match container {
        Container::Wav => wav::decode(bytes)?,
        Container::Sphere => sphere::decode(bytes)?,
        Container::Coded(coded) => decode::decode(coded, bytes)?,
    };
    if let Some(index) = decoded.samples.iter().position(|s| !s.is_finite()) {
        return Err(AudioFault::NotFinite {
            index,
            value: decoded.samples[index].to_string(),
        });
    }
    if decoded.samples.is_empty() {
        return Err(AudioFault::NoSamples);
    }
    Ok(decoded)
}

/// The mean of the channels of one frame; a single channel is left as it is.
fn average(channels: impl ExactSizeIterator<Item = f32>) -> f32 {
    let n = channels.len();
    let mut sum = 0.0_f64;
    for value in channels {
        if n == 1 {
            return value;
        }
        sum += f64::from(value);
    }
    (sum / n as f64) as f32
}
