//! Front ends guessed from the input that is given the features.

use phonoscope_analysis::frontend::{
    Channel, FrontEnd, KaldiFbank, Layout, Lfr, MeanNormalise, MelSpectrogram, Normalise,
    ShortAudio, Waveform, WaveformWindows, WhisperLogMel, WhisperPad, WindowCount,
};
use phonoscope_analysis::signal::WindowShape;

use crate::input::{InputBinding, InputRole};
use crate::wire::{Dim, ElementType, Survey, ValueInfo};

/// Numbers of mel bands that networks are made for.
const BANDS: std::ops::RangeInclusive<i64> = 20..=128;
/// Shortest fixed input that is taken for samples: 0.1 s.
const LEAST_SAMPLES: i64 = 1600;
/// Longest: ten minutes.
const MOST_SAMPLES: i64 = 9_600_000;
/// Frames of Whisper's 30 s.
const WHISPER_FRAMES: i64 = 3000;

/// Names under which waveforms go.
const WAVEFORMS: [&str; 12] = [
    "input_values",
    "audio",
    "waveform",
    "waveforms",
    "samples",
    "speech",
    "wav",
    "wavs",
    "signal",
    "raw_audio",
    "source",
    "audio_signal",
];

/// Names under which spectral features go.
const SPECTRA: [&str; 13] = [
    "input_features",
    "features",
    "feature",
    "feats",
    "feat",
    "fbank",
    "fbanks",
    "mel",
    "mels",
    "mel_window",
    "xs",
    "x",
    "input",
];

/// Whether features go by this name.
pub(super) fn is_known_name(name: &str) -> bool {
    let name = name.to_lowercase();
    WAVEFORMS.contains(&name.as_str()) || SPECTRA.contains(&name.as_str())
}

/// A front end for this input and why it was chosen; nothing where no rule speaks.
pub(super) fn of(
    input: &ValueInfo,
    found: &Survey,
    bindings: &[InputBinding],
) -> Option<(FrontEnd, String)> {
    let element = input.element.unwrap_or(ElementType::Float32);
    if !matches!(element, ElementType::Float32 | ElementType::Float16) {
        return None;
    }
    let size = |dim: &Dim| match dim {
        Dim::Fixed(size) => Some(*size),
        Dim::Named(_) | Dim::Unknown => None,
    };
    let name = input.name.to_lowercase();
    let sizes: Vec<Option<i64>> = input.dims.as_ref()?.iter().map(size).collect();
    match sizes.as_slice() {
        [_, samples] => waveform(&name, *samples, Channel::None, bindings),
        [_, Some(1), samples] => waveform(&name, *samples, Channel::Axis, bindings),
        [_, rows, columns] => spectrum(&name, *rows, *columns, found, bindings),
        _ => None,
    }
}

fn waveform(
    name: &str,
    samples: Option<i64>,
    channel: Channel,
    bindings: &[InputBinding],
) -> Option<(FrontEnd, String)> {
    let mut settings = Waveform {
        channel,
        ..Waveform::default()
    };
    let mut why = if WAVEFORMS.contains(&name) {
        "its name".to_owned()
    } else {
        "its one free axis (uncertain)".to_owned()
    };
    if name == "input_values" {
        settings.normalise = Normalise::ZeroMeanUnitVariance;
        let masked = bindings.iter().any(|b| b.role == InputRole::Mask);
        why = format!(
            "its name{}, as exports of wav2vec 2.0, HuBERT and WavLM have it; most want zero mean \
             and unit variance, but WavLM base and Moonshine do not (uncertain: \
             `--front-end waveform` leaves the level as it is)",
            if masked { " and the mask" } else { "" }
        );
    }
    if let Some(samples) = samples {
        if !(LEAST_SAMPLES..=MOST_SAMPLES).contains(&samples) {
            return None;
        }
        let samples = usize::try_from(samples).ok()?;
        if samples == WaveformWindows::DNSMOS.samples {
            settings.windows = Some(WaveformWindows::DNSMOS);
            why = "its length, which is DNSMOS's".to_owned();
        } else {
            settings.windows = Some(WaveformWindows {
                samples,
                hop_samples: samples,
                short: ShortAudio::Zeros,
                count: WindowCount::Complete,
            });
            why.push_str(", in windows of its fixed length");
        }
    }
    Some((FrontEnd::Waveform(settings), why))
}

fn spectrum(
    name: &str,
    rows: Option<i64>,
    columns: Option<i64>,
    found: &Survey,
    bindings: &[InputBinding],
) -> Option<(FrontEnd, String)> {
    match (rows, columns) {
        (Some(80), Some(40)) => {
            let why = "its shape, windows of 80 frames of 40 bands as VoiceFilter's d-vector has \
                       them (uncertain)";
            let settings = MelSpectrogram::d_vector();
            return Some((FrontEnd::Log10Mel(settings), why.to_owned()));
        }
        (Some(160) | None, Some(40)) if name.contains("mel") => {
            let why = "its name and 40 bands, as GE2E has them (uncertain)";
            return Some((FrontEnd::Ge2eMel, why.to_owned()));
        }
        (Some(bands @ (80 | 128)), frames) if is_whisper(name, frames) => {
            return whisper(bands, frames);
        }
        _ => {}
    }
    let lengths = bindings.iter().any(|b| b.role == InputRole::Length);
    match (rows, columns) {
        (None, Some(560)) => {
            let settings = KaldiFbank {
                window_type: WindowShape::Hamming,
                scale: 32768.0,
                lfr: Some(Lfr { m: 7, n: 6 }),
                ..KaldiFbank::default()
            };
            let why = "560 bands, 7 stacked frames of 80 as FunASR has them (uncertain: its models \
                       want their own mean and variance too)";
            Some((FrontEnd::KaldiFbank(settings), why.to_owned()))
        }
        (None, Some(bands)) if BANDS.contains(&bands) => kaldi(name, bands, found, lengths),
        (Some(bands), None) if BANDS.contains(&bands) => {
            let mels = usize::try_from(bands).ok()?;
            if name == "audio_signal" {
                let why = "its name and shape, as NeMo has them".to_owned();
                return Some((FrontEnd::LnMel(MelSpectrogram::nemo(mels)), why));
            }
            let settings = KaldiFbank {
                num_mel_bins: mels,
                layout: Layout::DimFirst,
                ..KaldiFbank::default()
            };
            let why =
                format!("{bands} bands before the time (uncertain: other spectra have them too)");
            Some((FrontEnd::KaldiFbank(settings), why))
        }
        _ => None,
    }
}

fn is_whisper(name: &str, frames: Option<i64>) -> bool {
    name == "input_features" || frames == Some(WHISPER_FRAMES)
}

fn whisper(bands: i64, frames: Option<i64>) -> Option<(FrontEnd, String)> {
    let mut settings = WhisperLogMel {
        mels: usize::try_from(bands).ok()?,
        ..WhisperLogMel::default()
    };
    let mut why = format!("{bands} bands, as Whisper has them");
    match frames {
        None => {}
        Some(WHISPER_FRAMES) => {
            settings.pad = WhisperPad::Seconds30;
            why.push_str("; 3000 frames are 30 s");
        }
        Some(800) if bands == 80 => {
            settings = WhisperLogMel::SMART_TURN;
            why.push_str("; 800 frames are the last 8 s, as smart-turn has them (uncertain)");
        }
        Some(frames) if (2..WHISPER_FRAMES).contains(&frames) && frames % 2 == 0 => {
            settings.window_secs = Some(frames as f64 / 100.0);
            why.push_str(&format!(
                "; {frames} frames, the last of the audio (uncertain)"
            ));
        }
        Some(_) => return None,
    }
    Some((FrontEnd::WhisperLogMel(settings), why))
}

fn kaldi(name: &str, bands: i64, found: &Survey, lengths: bool) -> Option<(FrontEnd, String)> {
    let mut settings = KaldiFbank {
        num_mel_bins: usize::try_from(bands).ok()?,
        ..KaldiFbank::default()
    };
    let output = |wanted: &str| found.outputs.iter().any(|output| output.name == wanted);
    let speaker = super::embedding_output(found).is_some();
    let why = if name == "feats" && output("embs") {
        settings.window_type = WindowShape::Hamming;
        settings.scale = 32768.0;
        settings.mean_normalise = MeanNormalise::Utterance;
        "the names of input and output, as WeSpeaker has them".to_owned()
    } else if speaker {
        settings.mean_normalise = MeanNormalise::Utterance;
        format!(
            "{bands} bands, and the output is an embedding: mean subtracted as 3D-Speaker does \
                 (uncertain)"
        )
    } else if name == "x" && lengths {
        settings.snip_edges = false;
        settings.high_freq = -400.0;
        "the names, as icefall has them".to_owned()
    } else {
        format!("{bands} bands after the time (uncertain: scale, window and mean are not known)")
    };
    Some((FrontEnd::KaldiFbank(settings), why))
}
