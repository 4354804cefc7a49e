//! The models that can be had by name.

mod source;
mod taps;

pub use source::{HubFile, Package, Part, ShippedFile, Source, WeightFile, Weights};
pub use taps::TapPattern;

use std::collections::BTreeSet;

use phonoscope_analysis::frontend::FrontEnd;
use serde::{Deserialize, Serialize};

pub(crate) use source::plain;
pub(crate) use taps::fixed;

use crate::build::Builder;
use crate::input::InputBinding;
use crate::names::nearest;
use crate::tap::Embedding;
use crate::{Error, Result};

const BUILTIN: &str = include_str!("../../catalogue.toml");
/// What a model was trained to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Telling speakers apart.
    SpeakerEmbedding,
    /// Transcribing.
    SpeechRecognition,
    /// Predicting parts of speech from other parts, without labels.
    SelfSupervision,
    /// Telling whether a speaker has finished.
    TurnDetection,
    /// Judging how good speech sounds.
    SpeechQuality,
    /// Giving short stretches of speech a vector for other detectors.
    SpeechEmbedding,
    /// Telling which syllable of a word has the stress.
    LexicalStress,
}

/// Whether an entry was checked against a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The very file was run, and its activations compared with a reference.
    Checked,
    /// Nobody has run it here: front end, inputs and taps are as its authors describe them.
    UntestedHere,
}

/// One model of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name by which it is asked for.
    pub name: String,
    /// Other names for the same model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// What it was trained to do.
    pub task: Purpose,
    /// One line for lists.
    pub summary: String,
    /// How the graph is written from the weights.
    pub builder: Builder,
    /// Number of layers that `{layer}` counts.
    pub layers: usize,
    /// How samples become its input.
    pub front_end: FrontEnd,
    /// What the inputs of the graph are given; empty where there is one, which gets the features.
    #[serde(default, rename = "input", skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<InputBinding>,
    /// Which tap is its embedding of an utterance, where it has one.
    #[serde(default)]
    pub embedding: Option<Embedding>,
    /// Licence of the weights (SPDX).
    pub licence: String,
    /// What to cite.
    pub citation: String,
    /// Training data, as far as known.
    pub trained_on: String,
    /// The weights.
    pub weights: Weights,
    /// What can be tapped, by hand.
    #[serde(default, rename = "tap")]
    pub taps: Vec<TapPattern>,
    /// Whether what the layer map finds can be tapped as well.
    #[serde(default)]
    pub map: bool,
}

/// The models that can be had by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    #[serde(rename = "model")]
    entries: Vec<Entry>,
}

impl Catalogue {
    /// The catalogue inside the program.
    ///
    /// # Errors
    /// [`Error::Catalogue`] when it contradicts itself.
    pub fn builtin() -> Result<Self> {
        Self::parse(BUILTIN)
    }

    /// A catalogue in TOML, checked.
    ///
    /// # Errors
    /// [`Error::Catalogue`] naming the entry and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self> {
        let parsed: Self = toml::from_str(text).map_err(|error| Error::Catalogue {
            why: error.to_string(),
        })?;
        let mut names = BTreeSet::new();
        for entry in &parsed.entries {
            let mut own = entry.aliases.iter().chain([&entry.name]);
            let problem = if own.all(|name| names.insert(name)) {
                entry.problem()
            } else {
                Some("it is there twice".to_owned())
            };
            if let Some(why) = problem {
                let why = format!("entry `{}`: {why}", entry.name);
                return Err(Error::Catalogue { why });
            }
        }
        Ok(parsed)
    }

    /// All models, in the order of the catalogue.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The model of this name.
    ///
    /// # Errors
    /// [`Error::UnknownModel`] with the names that there are, nearest first.
    pub fn get(&self, name: &str) -> Result<&Entry> {
        let called = |entry: &&Entry| {
            let mut names = entry.aliases.iter().chain([&entry.name]);
            names.any(|known| known == name)
        };
        let found = self.entries.iter().find(called);
        found.ok_or_else(|| {
            let names = self.entries.iter().map(|entry| entry.name.as_str());
            Error::UnknownModel {
                name: name.to_owned(),
                near: nearest(name, names, self.entries.len()),
            }
        })
    }
}

impl Entry {
    /// Whether it was checked against a reference.
    pub fn standing(&self) -> Standing {
        match self.weights {
            Weights::Pinned(_) | Weights::Shipped(_) => Standing::Checked,
            Weights::Hub(_) => Standing::UntestedHere,
        }
    }

    /// Where its weights come from, in words.
    pub fn origin(&self) -> String {
        match &self.weights {
            Weights::Pinned(file) => {
                let source = file.sources.first();
                source.map(Source::describe).unwrap_or_default()
            }
            Weights::Shipped(file) => format!("inside the program: {}", file.file),
            Weights::Hub(hub) => format!("{} {}: {}", hub.repository, hub.revision, hub.file),
        }
    }

    fn problem(&self) -> Option<String> {
        let texts = [
            &self.summary,
            &self.licence,
            &self.citation,
            &self.trained_on,
        ];
        if texts.iter().any(|text| text.trim().is_empty())
            || !self
                .aliases
                .iter()
                .chain([&self.name])
                .all(|name| plain(name))
        {
            return Some("a text is empty, or its name is not plain".to_owned());
        }
        if self.layers == 0 || self.layers > 1000 {
            return Some("it has no layers".to_owned());
        }
        if let Some(why) = self.weights.problem() {
            return Some(why);
        }
        if matches!(self.weights, Weights::Hub(_)) && self.builder != Builder::Onnx {
            return Some("only ONNX files come from hubs".to_owned());
        }
        if let Some(why) = self.taps.iter().find_map(|tap| tap.problem(self)) {
            return Some(why);
        }
        let names = self.tap_names();
        let unique: BTreeSet<_> = names.iter().collect();
        if unique.len() != names.len() || (names.is_empty() && !self.map) {
            return Some("a tap is there twice, or there is none".to_owned());
        }
        match &self.embedding {
            Some(embedding) if !names.contains(&embedding.tap) => {
                Some(format!("its embedding `{}` is no tap", embedding.tap))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tap::Normalise;
    use phonoscope_analysis::frontend::WhisperPad;

    #[test]
    fn the_builtin_catalogue_holds_together() {
        let catalogue = Catalogue::builtin().unwrap();
        let names = |standing: Standing| -> Vec<&str> {
            let entries = catalogue.entries().iter();
            let fitting = entries.filter(|entry| entry.standing() == standing);
            fitting.map(|entry| entry.name.as_str()).collect()
        };
        assert_eq!(
            names(Standing::Checked),
            [
                "ge2e",
                "whisper-tiny.en",
                "campplus",
                "dvector",
                "whisper-base",
                "smart-turn-v3.2",
                "moonshine-tiny",
                "dnsmos",
                "openwakeword-embedding",
                "stress-librispeech"
            ]
        );
        assert!(names(Standing::UntestedHere).contains(&"wav2vec2-base-960h"));
        for entry in catalogue.entries() {
            assert!(entry.front_end.check().is_ok(), "{}", entry.name);
            let bytes = entry.weights.download_bytes();
            assert_eq!(bytes.is_some(), entry.standing() == Standing::Checked);
            if let Weights::Shipped(file) = &entry.weights {
                let found = crate::digest::sha256(file.content().unwrap());
                assert_eq!(found, file.sha256, "{}", entry.name);
            }
        }
        let ge2e = catalogue.get("ge2e").unwrap();
        assert_eq!(ge2e.front_end, FrontEnd::Ge2eMel);
        assert_eq!(
            ge2e.tap_names(),
            ["lstm.0", "lstm.1", "lstm.2", "pre_relu", "embedding"]
        );
        assert_eq!(ge2e.embedding.as_ref().unwrap().normalise, Normalise::L2);
        let hubert = catalogue.get("hubert-base").unwrap();
        assert_eq!(hubert.name, "hubert-base-ls960");
        let whisper = catalogue.get("whisper-tiny.en").unwrap();
        let padded = FrontEnd::whisper(WhisperPad::Multiple320);
        assert_eq!(whisper.front_end, padded);
        assert_eq!(whisper.tap_names().len(), 2 + 4 * 4);
        assert!(
            whisper
                .tap_names()
                .contains(&"encoder.3.attn.probs".to_owned())
        );
    }

    #[test]
    fn an_unknown_name_lists_the_names_that_there_are() {
        let error = Catalogue::builtin()
            .unwrap()
            .get("wisper-tiny.en")
            .unwrap_err();
        assert_eq!(error.to_string(), "unknown model `wisper-tiny.en`");
        let hint = error.hint().unwrap();
        assert!(hint.contains("has whisper-tiny.en, "), "{hint}");
    }

    #[test]
    fn contradictions_are_named_with_their_entry() {
        for (from, to, why) in [
            ("name = \"whisper-tiny.en\"", "name = \"ge2e\"", "twice"),
            ("39373b86598f", "39373B86598F", "hash"),
            ("bytes = 17090379", "bytes = 0", "no size"),
            ("tap = \"embedding\"", "tap = \"nothing\"", "no tap"),
            (
                "package = \"resemblyzer\"",
                "package = \"--index-url=x\"",
                "not plain",
            ),
            (
                "\"resemblyzer/pretrained.pt\"",
                "\"../../pretrained.pt\"",
                "inside a wheel",
            ),
            ("lstm.{layer}", "pre_relu", "twice"),
            ("layers = 3", "layers = 0", "no layers"),
            ("bytes = 94371840", "bytes = 94371841", "make up the file"),
            ("fc3e0949", "FC3E0949", "make up the file"),
            ("\"facebook/wav2vec2-base\"", "\"../secret\"", "hub"),
            (
                "aliases = [\"hubert-base\"]",
                "aliases = [\"ge2e\"]",
                "twice",
            ),
            ("\"add_117\", ", "", "one tensor a layer"),
            ("licence = \"MIT\"", "license = \"MIT\"", "license"),
            ("\"ge2e_mel\"", "\"gel\"", "gel"),
        ] {
            assert!(BUILTIN.contains(from), "{from}");
            let error = Catalogue::parse(&BUILTIN.replacen(from, to, 1)).unwrap_err();
            assert!(matches!(error, Error::Catalogue { .. }));
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
