//! What a person says about a model of their own: a TOML file beside it.
//!
//! `model.toml` beside `model.onnx`, or any file that is named. Everything may be left out; what
//! is there must be known and must fit the graph.

mod start;

use std::fs;
use std::path::{Path, PathBuf};

use phonoscope_analysis::frontend::FrontEnd;
use serde::{Deserialize, Serialize};

pub use start::starting_card;

use crate::input::InputBinding;
use crate::model::Model;
use crate::tap::{Axis, Embedding, Tap, Timing};
use crate::{Error, Result};

/// Longest card that is read; cards have a few kB.
const MAX_BYTES: u64 = 1 << 20;

/// What a person says about a model of their own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Name of the model; the file's name where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Licence of the weights (SPDX).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// What to cite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<String>,
    /// Training data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_on: Option<String>,
    /// How samples become the model's input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub front_end: Option<FrontEnd>,
    /// Which tap is the embedding of an utterance: the name of a tap or of a tensor of the graph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<Embedding>,
    /// What inputs of the graph are given.
    #[serde(default, rename = "input", skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<InputBinding>,
    /// Names for tensors of the graph.
    #[serde(default, rename = "tap", skip_serializing_if = "Vec::is_empty")]
    pub taps: Vec<CardTap>,
}

/// A name for a tensor of the graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardTap {
    /// Name of the tap.
    pub name: String,
    /// Name of the tensor.
    pub tensor: String,
    /// One line that says what it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub meaning: String,
    /// What each axis is; the layer map's opinion where left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub axes: Vec<Axis>,
    /// Size of the axis of features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dim: Option<usize>,
    /// Frame rate and receptive field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
}

impl From<&Tap> for CardTap {
    fn from(tap: &Tap) -> Self {
        Self {
            name: tap.name.clone(),
            tensor: tap.tensor.clone(),
            meaning: tap.meaning.clone(),
            axes: tap.axes.clone(),
            dim: tap.dim,
            timing: tap.timing,
        }
    }
}

impl Card {
    /// The card of a model: everything that is known about it. Taps that only repeat a raw name
    /// are left out.
    pub fn of(model: &Model) -> Self {
        let named = |tap: &&Tap| tap.name != tap.tensor || !tap.axes.is_empty();
        let stated = |words: &str| Some(words.to_owned()).filter(|w| !w.is_empty());
        Self {
            name: Some(model.name.clone()),
            licence: stated(&model.licence),
            citation: stated(&model.citation),
            trained_on: stated(&model.trained_on),
            front_end: Some(model.front_end.clone()),
            embedding: model.embedding.clone(),
            inputs: model.inputs.clone(),
            taps: model.taps.iter().filter(named).map(CardTap::from).collect(),
        }
    }

    /// Where the card of a model lies unless another file is named: `model.toml` beside
    /// `model.onnx`.
    pub fn beside(model: &Path) -> PathBuf {
        model.with_extension("toml")
    }

    /// Reads a card.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read, [`Error::Card`] naming the line when it is none.
    pub fn read(path: &Path) -> Result<Self> {
        let length = fs::metadata(path).map_err(Error::io("read", path))?.len();
        if length > MAX_BYTES {
            return Err(Error::Card {
                card: path.display().to_string(),
                why: format!("{length} bytes are too long for a card"),
            });
        }
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        Self::parse(&text, &path.display().to_string())
    }

    /// A card from its text; `what` names it in errors.
    ///
    /// # Errors
    /// [`Error::Card`] naming the line.
    pub fn parse(text: &str, what: &str) -> Result<Self> {
        let card: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map(|before| before.matches('\n').count() + 1);
            Error::Card {
                card: line.map_or(what.to_owned(), |line| format!("{what} line {line}")),
                why: error.message().replace('\n', " "),
            }
        })?;
        if let Some(front_end) = &card.front_end {
            front_end.check().map_err(|error| Error::Card {
                card: what.to_owned(),
                why: error.to_string(),
            })?;
        }
        Ok(card)
    }

    /// The card as TOML.
    ///
    /// # Errors
    /// [`Error::Card`] for what TOML cannot hold.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| Error::Card {
            card: "the card".to_owned(),
            why: error.to_string(),
        })
    }

    /// Writes the card.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be written, else as [`Card::to_toml`].
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = self.to_toml()?;
        fs::write(path, text).map_err(Error::io("write", path))
    }
}

#[cfg(test)]
mod tests;
