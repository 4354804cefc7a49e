//! Kokoro-82M: 54 neural voices that speak phonemes.
//!
//! The network is StyleTTS 2 with an ISTFTNet vocoder (hexgrad, Apache-2.0), here in the int8 ONNX
//! export of kokoro-onnx (MIT). A voice is a table of styles, one for each number of tokens. What is
//! needed comes from packages: the graph in four pieces and the vocabulary from the Python index,
//! the styles from npm's, all by pinned hash. The export has no random operators: the same engine
//! on the same kind of machine gives the same samples.

mod convolutions;
mod files;
mod roster;
mod vocabulary;

use ndarray::{ArrayD, Axis, IxDyn, Slice};
use phonoscope_analysis::task::{Cancel, Task};

use crate::digest::sha256;
use crate::engine::{Engine, Session};
use crate::{Cache, Error, GraphBytes, Network, Result};

pub use files::{DOWNLOAD_BYTES, VOICES_SHA256, WEIGHTS_SHA256};
pub use roster::{VOICES, Voice, VoiceSex};
use vocabulary::Vocabulary;

/// Rate of what is spoken.
pub const SAMPLE_RATE_HZ: u32 = 24_000;

/// Most tokens of one utterance: a style has a row for each number of tokens.
const MOST_TOKENS: usize = STYLE_ROWS - 1;
/// Rows and columns of a voice's table.
const STYLE_ROWS: usize = 510;
const STYLE_DIM: usize = 256;
const OUTPUT: &str = "audio";
/// Token before and after the phonemes.
const EDGE: i64 = 0;
/// Below this level the ends of an utterance are silence.
const SILENCE: f32 = 0.01;
/// Silence kept at the ends.
const KEPT_SECS: f32 = 0.1;
/// Largest sample; louder utterances are scaled down to it, for files of whole numbers.
const PEAK: f32 = 0.99;
const FINGERPRINT_DIGITS: usize = 12;

/// Counts changes of what is done to the network's output.
const VERSION: u32 = 1;

/// A word that changes when the sound of these phoneme strings may: for folders of what was spoken.
pub fn fingerprint<'a>(phonemes: impl IntoIterator<Item = &'a str>) -> String {
    let mut all = format!("{VERSION}\n{WEIGHTS_SHA256}\n{VOICES_SHA256}\n");
    for line in phonemes {
        all.push_str(line);
        all.push('\n');
    }
    let hash = sha256(all.as_bytes());
    hash.get(..FINGERPRINT_DIGITS).unwrap_or(&hash).to_owned()
}

/// The voices, fetched and checked.
#[derive(Debug)]
pub struct Kokoro {
    graph: GraphBytes,
    vocabulary: Vocabulary,
    /// `[voice, tokens, 256]` in the order of [`VOICES`].
    styles: ArrayD<f32>,
}

impl Kokoro {
    /// Takes what is needed from the cache, or fetches it: about 94 MB.
    ///
    /// # Errors
    /// [`Error::Offline`], [`Error::Fetch`] and [`Error::WrongHash`], each with what to do;
    /// [`Error::Cache`]; [`Error::Cancelled`].
    pub fn fetch(cache: &Cache, network: Network, task: &Task) -> Result<Self> {
        let files = files::fetch(cache, network, task)?;
        let graph = convolutions::in_floats(&files.graph)?;
        let shape = IxDyn(&[VOICES.len(), STYLE_ROWS, STYLE_DIM]);
        let numbers: Vec<f32> = files
            .styles
            .as_chunks()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        let styles = ArrayD::from_shape_vec(shape, numbers);
        let styles = styles.map_err(|error| Error::malformed("Kokoro's styles", error.to_string()));
        Ok(Self {
            graph: GraphBytes::new(graph),
            vocabulary: Vocabulary::read(&files.vocabulary)?,
            styles: styles?,
        })
    }

    /// Opens the network for speaking, on one thread.
    ///
    /// # Errors
    /// [`Error::NeedsOnnxRuntime`] when another engine cannot run the graph; [`Error::Engine`].
    pub fn open(&self, engine: &dyn Engine) -> Result<KokoroSpeaker<'_>> {
        let opened = engine.open(&self.graph, &[OUTPUT.to_owned()]);
        let session = opened.map_err(|error| explained(error, engine))?;
        Ok(KokoroSpeaker {
            kokoro: self,
            session,
        })
    }

    /// Whether the vocabulary has a token for every sign; the first that it lacks otherwise.
    ///
    /// # Errors
    /// The sign.
    pub fn knows(&self, phonemes: &str) -> Result<(), char> {
        self.vocabulary.tokens(phonemes).map(drop)
    }
}

/// An engine other than ONNX Runtime that refuses the graph is the wrong engine.
fn explained(error: Error, engine: &dyn Engine) -> Error {
    match error {
        Error::Engine { why, .. } if engine.info().name != "onnxruntime" => {
            Error::NeedsOnnxRuntime {
                what: "Kokoro's 8-bit network".to_owned(),
                why: format!("{} says: {why}", engine.info()),
            }
        }
        other => other,
    }
}

/// The network, open for speaking.
pub struct KokoroSpeaker<'a> {
    kokoro: &'a Kokoro,
    session: Box<dyn Session>,
}

impl KokoroSpeaker<'_> {
    /// Says phonemes in the voice of this place in [`VOICES`]: mono samples at [`SAMPLE_RATE_HZ`],
    /// silence at the ends cut to 0.1 s, scaled down if they would exceed full scale. `speed` is 1
    /// for the voice's own.
    ///
    /// # Errors
    /// [`Error::Unspeakable`] for a sign without a token, none or more than 509 tokens, a voice that
    /// there is not, or when the network gives silence or no numbers; [`Error::Engine`];
    /// [`Error::Cancelled`].
    pub fn speak(
        &mut self,
        voice: usize,
        phonemes: &str,
        speed: f32,
        cancel: &Cancel,
    ) -> Result<Vec<f32>> {
        let unspeakable = |why: String| Error::Unspeakable {
            phonemes: phonemes.to_owned(),
            why,
        };
        let tokens = self.kokoro.vocabulary.tokens(phonemes);
        let tokens = tokens.map_err(|sign| unspeakable(format!("no token for `{sign}`")))?;
        let count = tokens.len();
        if !(1..=MOST_TOKENS).contains(&count) {
            let why = format!("it has {count} tokens, and 1 to {MOST_TOKENS} can be said");
            return Err(unspeakable(why));
        }
        let edged = [&[EDGE][..], &tokens, &[EDGE]].concat();
        let edged: Vec<f32> = edged.iter().map(|&token| token as f32).collect();
        let edged = ArrayD::from_shape_vec(IxDyn(&[1, edged.len()]), edged);
        let edged = edged.map_err(|error| unspeakable(error.to_string()))?;
        let styles = &self.kokoro.styles;
        if voice >= styles.len_of(Axis(0)) {
            return Err(unspeakable(format!("there is no voice {voice}")));
        }
        let style = styles.index_axis(Axis(0), voice);
        let style = style.slice_axis(Axis(0), Slice::from(count..count + 1));
        let speed = ArrayD::from_elem(IxDyn(&[1]), speed);
        let inputs = [
            ("tokens", edged.view()),
            ("style", style),
            ("speed", speed.view()),
        ];
        let outputs = self.session.run(&inputs, cancel)?;
        let samples = outputs.into_iter().next().unwrap_or_default();
        let samples: Vec<f32> = samples.into_iter().collect();
        if samples.iter().any(|sample| !sample.is_finite()) {
            return Err(unspeakable("the network gave no numbers".to_owned()));
        }
        trimmed(&samples).ok_or_else(|| unspeakable("the network gave silence".to_owned()))
    }
}

/// The utterance with short silence at its ends and no sample beyond full scale; none if there is
/// only silence.
fn trimmed(samples: &[f32]) -> Option<Vec<f32>> {
    let loud = |sample: &f32| sample.abs() > SILENCE;
    let kept = (KEPT_SECS * SAMPLE_RATE_HZ as f32) as usize;
    let first = samples.iter().position(loud)?.saturating_sub(kept);
    let last = samples.iter().rposition(loud)?.saturating_add(kept + 1);
    let spoken = samples.get(first..last.min(samples.len()))?;
    let peak = spoken.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
    let gain = if peak > PEAK { PEAK / peak } else { 1.0 };
    Some(spoken.iter().map(|x| x * gain).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_follows_what_is_said() {
        let one = fingerprint(["a", "b"]);
        assert_eq!(one.len(), FINGERPRINT_DIGITS);
        assert_eq!(one, fingerprint(["a", "b"]));
        assert_ne!(one, fingerprint(["ab"]));
        assert_ne!(one, fingerprint(["b", "a"]));
    }

    #[test]
    fn silence_at_the_ends_is_cut_and_loud_speech_scaled() {
        let mut samples = vec![0.001; 24_000];
        samples.extend([0.5, -0.25, 0.5]);
        samples.extend(vec![0.0; 1_000]);
        let spoken = trimmed(&samples).unwrap();
        assert_eq!(spoken.len(), 2_400 + 3 + 1_000);
        assert_eq!(spoken[2_400..2_403], [0.5, -0.25, 0.5]);
        let loud: Vec<f32> = samples.iter().map(|x| 4.0 * x).collect();
        let spoken = trimmed(&loud).unwrap();
        assert_eq!(spoken[2_400..2_402], [0.99, -0.495]);
        assert_eq!(trimmed(&[0.0; 10]), None);
        assert_eq!(trimmed(&[]), None);
    }
}
