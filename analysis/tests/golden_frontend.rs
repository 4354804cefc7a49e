//! Front ends against the programs their models were trained with, on real recordings.
//!
//! Golden values: librosa's `melspectrogram` and `stft` and kaldi-native-fbank, in single precision;
//! see `../shared/golden/README.md`.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(
    clippy::print_stdout,
    reason = "measured differences and skipped tests are told"
)]

use std::fs::File;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayD, Axis, Slice};
use ndarray_npy::NpzReader;
use phonoscope_analysis::frontend::{FrontEnd, KaldiFbank, MeanNormalise, WhisperPad};
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::formats::TrackType;
use symphonia::core::formats::probe::Hint;
use symphonia::core::io::MediaSourceStream;

/// Relative, in power: room for the reference's single precision.
const POWER_TOLERANCE: f64 = 1e-4;
/// Absolute, in the units of the feature, (log10 + 4) / 4.
const LOG_TOLERANCE: f64 = 1e-3;

const RECORDINGS: usize = 8;

fn shared() -> Option<PathBuf> {
    let root = std::env::var_os("PHONOSCOPE_SHARED").map_or_else(
        || Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")).to_owned(),
        PathBuf::from,
    );
    if root.join("golden/models/activations.npz").is_file() {
        Some(root)
    } else {
        println!(
            "skipped: no golden/models/activations.npz under {}",
            root.display()
        );
        None
    }
}

fn decode(path: &Path) -> Vec<f32> {
    let source = MediaSourceStream::new(Box::new(File::open(path).unwrap()), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(&Hint::new(), source, Default::default(), Default::default())
        .unwrap();
    let track = format.default_track(TrackType::Audio).unwrap();
    let parameters = track.codec_params.as_ref().unwrap().audio().unwrap();
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .unwrap();
    let (mut samples, mut packet_samples) = (Vec::new(), Vec::new());
    while let Some(packet) = format.next_packet().unwrap() {
        let decoded = decoder.decode(&packet).unwrap();
        decoded.copy_to_vec_interleaved::<f32>(&mut packet_samples);
        samples.append(&mut packet_samples);
    }
    samples
}

/// Visits `(file name, samples, golden features)` of every recording that has `key`.
fn each_golden(key: &str, mut visit: impl FnMut(&str, &[f32], Array2<f32>)) {
    let Some(root) = shared() else { return };
    let file = File::open(root.join("golden/models/activations.npz")).unwrap();
    let mut npz = NpzReader::new(file).unwrap();
    let suffix = format!("/{key}.npy");
    let mut names: Vec<String> = npz.names().unwrap();
    for name in &mut names {
        if !name.ends_with(".npy") {
            name.push_str(".npy");
        }
    }
    names.retain(|name| name.ends_with(&suffix));
    assert_eq!(names.len(), RECORDINGS, "recordings with {key}");
    for name in names {
        let recording = name.strip_suffix(&suffix).unwrap();
        let samples = decode(&root.join("speech/librispeech-251").join(recording));
        visit(recording, &samples, npz.by_name(&name).unwrap());
    }
}

fn first_frames(features: &ArrayD<f32>, axis: usize, n: usize) -> Array2<f32> {
    let first = features.index_axis(Axis(0), 0);
    let cut = first.slice_axis(Axis(axis), Slice::from(..n));
    cut.to_owned().into_dimensionality().unwrap()
}

#[test]
fn ge2e_mel_equals_the_reference() {
    let mut worst = 0.0f64;
    each_golden("ge2e_mel_w0", |name, samples, golden| {
        let features = FrontEnd::Ge2eMel.compute(samples).unwrap();
        let ours = first_frames(&features.data, 0, 40);
        assert_eq!(ours.dim(), golden.dim(), "{name}");
        let largest = ours.iter().zip(&golden).map(|(a, b)| {
            let (a, b) = (f64::from(*a), f64::from(*b));
            (a - b).abs() / b
        });
        let largest = largest.fold(0.0, f64::max);
        println!("{name}: GE2E mel, largest relative difference {largest:.1e}");
        worst = worst.max(largest);
    });
    assert!(worst <= POWER_TOLERANCE, "{worst:e}");
}

#[test]
fn whisper_log_mel_equals_the_reference() {
    let mut worst = 0.0f64;
    let front_end = FrontEnd::whisper(WhisperPad::Multiple320);
    each_golden("whisper_mel", |name, samples, golden| {
        let features = front_end.compute(samples).unwrap();
        let ours = first_frames(&features.data, 1, 100);
        assert_eq!(ours.dim(), golden.dim(), "{name}");
        let largest = ours
            .iter()
            .zip(&golden)
            .map(|(a, b)| f64::from((a - b).abs()));
        let largest = largest.fold(0.0, f64::max);
        println!("{name}: Whisper log-mel, largest absolute difference {largest:.1e}");
        worst = worst.max(largest);
    });
    assert!(worst <= LOG_TOLERANCE, "{worst:e}");
}

/// CAM++'s: Kaldi's defaults with 80 bands, the mean over the clip subtracted.
fn campplus() -> FrontEnd {
    FrontEnd::KaldiFbank(KaldiFbank {
        mean_normalise: MeanNormalise::Utterance,
        ..KaldiFbank::default()
    })
}

#[test]
fn kaldi_fbank_equals_the_reference() {
    let mut worst = 0.0f64;
    each_golden("fbank80", |name, samples, golden| {
        let features = campplus().compute(samples).unwrap();
        let ours = first_frames(&features.data, 0, 100);
        assert_eq!(ours.dim(), golden.dim(), "{name}");
        let largest = ours
            .iter()
            .zip(&golden)
            .map(|(a, b)| f64::from((a - b).abs()));
        let largest = largest.fold(0.0, f64::max);
        println!("{name}: Kaldi fbank, largest absolute difference {largest:.1e}");
        worst = worst.max(largest);
    });
    assert!(worst <= LOG_TOLERANCE, "{worst:e}");
}

/// The numbers printed for one LibriVox recording of the acoustic golden set.
#[test]
fn librivox_recording_gives_the_published_numbers() {
    let Some(root) = shared() else { return };
    let path = root.join("golden/acoustic/wav/real_librivox_0870.wav");
    if !path.is_file() {
        println!("skipped: no {}", path.display());
        return;
    }
    let samples = decode(&path);
    assert_eq!(samples.len(), 113_600);

    let mel = FrontEnd::Ge2eMel.compute(&samples).unwrap().data;
    assert_eq!(mel.shape(), [8, 160, 40]);
    for (ours, published) in mel.iter().zip([2.6096e-4, 3.5936e-5, 1.7921e-5]) {
        assert!(
            (ours - published).abs() <= 1e-4 * published,
            "{ours} {published}"
        );
    }

    let front_end = FrontEnd::whisper(WhisperPad::Seconds30);
    let log_mel = front_end.compute(&samples).unwrap().data;
    assert_eq!(log_mel.shape(), [1, 80, 3000]);
    for (mel, published) in [0.4752, 0.8410, 0.9120].into_iter().enumerate() {
        let ours = log_mel[[0, mel, 100]];
        assert!((ours - published).abs() <= 1e-3, "{ours} {published}");
    }

    let fbank = campplus().compute(&samples).unwrap().data;
    assert_eq!(fbank.shape(), [1, 708, 80]);
    let published = [0.64138, 1.30153, 1.77636, 1.58951];
    for (band, published) in published.into_iter().enumerate() {
        let ours = fbank[[0, 100, band]];
        assert!((ours - published).abs() <= 1e-3, "{ours} {published}");
    }
}
