//! The golden recordings, Praat's values and tracks for them, and the planted truths.

use std::fs::File;
use std::path::{Path, PathBuf};

use ndarray::{Array2, Ix1, Ix2, OwnedRepr};
use ndarray_npy::NpzReader;
use phonoscope_analysis::acoustics::Sound;
use serde_json::Value;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::formats::TrackType;
use symphonia::core::formats::probe::Hint;
use symphonia::core::io::MediaSourceStream;

const RECORDINGS: usize = 38;

pub(crate) struct Golden {
    folder: PathBuf,
    /// One entry a recording, as the settings name them.
    values: Value,
    truth: Value,
}

impl Golden {
    /// The folder of shared data.
    pub(crate) fn shared() -> PathBuf {
        std::env::var_os("PHONOSCOPE_SHARED").map_or_else(
            || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
            PathBuf::from,
        )
    }

    pub(crate) fn open() -> Option<Self> {
        let folder = Self::shared().join("golden/acoustic");
        let Ok(values) = std::fs::read_to_string(folder.join("values.json")) else {
            println!("skipped: no golden recordings in {}", folder.display());
            return None;
        };
        let truth = std::fs::read_to_string(folder.join("truth.json")).unwrap();
        let mut values: Value = serde_json::from_str(&values).unwrap();
        let golden = Self {
            folder,
            values: values["files"].take(),
            truth: serde_json::from_str(&truth).unwrap(),
        };
        assert_eq!(golden.names().len(), RECORDINGS);
        Some(golden)
    }

    /// Every recording.
    pub(crate) fn names(&self) -> Vec<String> {
        self.values.as_object().unwrap().keys().cloned().collect()
    }

    pub(crate) fn sound(&self, name: &str) -> Sound {
        let (samples, rate_hz) = decode(&self.folder.join(format!("wav/{name}.wav")));
        Sound::from_f32(&samples, rate_hz)
    }

    /// Praat's value at a JSON pointer below the recording's entry; None where it is undefined.
    pub(crate) fn value(&self, name: &str, pointer: &str) -> Option<f64> {
        self.values[name].pointer(pointer).and_then(Value::as_f64)
    }

    /// Praat's list at a JSON pointer; empty where there is none.
    pub(crate) fn list(&self, name: &str, pointer: &str) -> Vec<f64> {
        let list = self.values[name].pointer(pointer).and_then(Value::as_array);
        list.map_or_else(Vec::new, |list| {
            list.iter().map(|v| v.as_f64().unwrap()).collect()
        })
    }

    /// How a synthetic recording was made.
    pub(crate) fn truth(&self, name: &str, pointer: &str) -> f64 {
        self.truth[name].pointer(pointer).unwrap().as_f64().unwrap()
    }

    /// A track of `tracks.npz`, `[frame]`; None if the recording has none of that name.
    pub(crate) fn track(&self, name: &str, key: &str) -> Option<Vec<f64>> {
        let found = self
            .npz()
            .by_name::<OwnedRepr<f64>, Ix1>(&format!("{name}/{key}"));
        found.ok().map(|track| track.to_vec())
    }

    /// A track of several columns, `[frame, column]`.
    pub(crate) fn table(&self, name: &str, key: &str) -> Option<Array2<f64>> {
        let found = self
            .npz()
            .by_name::<OwnedRepr<f64>, Ix2>(&format!("{name}/{key}"));
        found.ok()
    }

    fn npz(&self) -> NpzReader<File> {
        NpzReader::new(File::open(self.folder.join("tracks.npz")).unwrap()).unwrap()
    }
}

/// The samples of a mono recording and their rate.
fn decode(path: &Path) -> (Vec<f32>, f64) {
    let source = MediaSourceStream::new(Box::new(File::open(path).unwrap()), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(&Hint::new(), source, Default::default(), Default::default())
        .unwrap();
    let track = format.default_track(TrackType::Audio).unwrap();
    let parameters = track.codec_params.as_ref().unwrap().audio().unwrap();
    let rate_hz = f64::from(parameters.sample_rate.unwrap());
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .unwrap();
    let (mut samples, mut packet_samples) = (Vec::new(), Vec::new());
    while let Some(packet) = format.next_packet().unwrap() {
        let decoded = decoder.decode(&packet).unwrap();
        decoded.copy_to_vec_interleaved::<f32>(&mut packet_samples);
        samples.append(&mut packet_samples);
    }
    (samples, rate_hz)
}

/// Counts of comparisons and the largest difference, told when a test ends.
#[derive(Default)]
pub(crate) struct Worst {
    pub(crate) compared: usize,
    pub(crate) largest: f64,
    pub(crate) at: String,
}

impl Worst {
    /// Takes the difference of two values, relative to `scale`.
    pub(crate) fn take(&mut self, at: &str, found: f64, expected: f64, scale: f64) {
        let difference = (found - expected).abs() / scale;
        self.compared += 1;
        if difference > self.largest || difference.is_nan() {
            self.largest = difference;
            at.clone_into(&mut self.at);
        }
    }

    /// Tells the largest difference, and holds it to a tolerance.
    pub(crate) fn within(&self, what: &str, tolerance: f64) {
        println!(
            "{what}: {} compared, largest difference {:.1e} ({})",
            self.compared, self.largest, self.at
        );
        assert!(self.compared > 0, "{what}: nothing compared");
        assert!(self.largest <= tolerance, "{what}: {:e}", self.largest);
    }
}
