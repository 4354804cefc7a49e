//! A user's own ONNX file.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use phonoscope_analysis::frontend::{FrontEnd, WhisperPad};

use super::graph::surveyed;
use super::unpacked::{Unpacked, unpacked, unpacked_in_words};
use crate::card::{Card, CardTap};
use crate::digest::{Digesting, copy};
use crate::graph::external_files;
use crate::guess::{Given, Guess, guess, port_words, state_dims};
use crate::input::{InputBinding, InputRole};
use crate::map::layer_map_with;
use crate::model::{Model, own_taps, raw_taps};
use crate::names::nearest;
use crate::tap::{Embedding, Tap};
use crate::wire::Survey;
use crate::{Error, Result};

const NOT_STATED: &str = "not stated";
const NEAR_NAMES: usize = 5;

/// What a person says about a file on the command line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileChoice {
    /// The card; the one beside the model where left out.
    pub card: Option<PathBuf>,
    /// The front end.
    pub front_end: Option<FrontEnd>,
    /// Length that Whisper's audio is brought to.
    pub pad: Option<WhisperPad>,
    /// What inputs are given, by name.
    pub inputs: Vec<(String, GivenRole)>,
}

/// What an input is given, in the words of a flag.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GivenRole {
    /// What the front end makes.
    Features,
    /// Ones where there is speech.
    Mask,
    /// The number of steps.
    Length,
    /// This number everywhere, in the shape that the graph declares (1 for free axes).
    Number(f32),
}

/// A user's model, and what was assumed about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The model.
    pub model: Model,
    /// What was guessed and from what, for the person at the keyboard.
    pub remarks: Vec<String>,
}

impl FileChoice {
    /// This front end with the padding that was asked for.
    ///
    /// # Errors
    /// [`Error::Shape`] for a padding of anything but Whisper's front end.
    pub fn padded(&self, mut front_end: FrontEnd) -> Result<FrontEnd> {
        let Some(pad) = self.pad else {
            return Ok(front_end);
        };
        match &mut front_end {
            FrontEnd::WhisperLogMel(settings) => {
                settings.pad = pad;
                Ok(front_end)
            }
            other => Err(Error::Shape {
                what: "front end to be padded".to_owned(),
                expected: "whisper_log_mel".to_owned(),
                found: other.name().to_owned(),
            }),
        }
    }
}

/// A user's own ONNX file, or one in ONNX Runtime's own format (`.ort`). Branches that are always
/// taken, also because an input is always given the same number, become part of its graph.
///
/// What it is fed is taken from the card, then from the flags, then guessed. Its taps are those
/// that the card names, then those of the layer map, or every value of its graph by its raw name
/// where the map has none. Weights may lie in files beside it.
///
/// # Errors
/// [`Error::Io`] when it cannot be read; [`Error::NotOnnx`] when it is no ONNX model;
/// [`Error::External`] for files of weights that are missing or unfit; [`Error::Card`] for a card
/// that does not fit; [`Error::NoFrontEnd`] when nothing says what it is fed.
pub fn load_file(path: &Path, choice: &FileChoice) -> Result<Loaded> {
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    let what = path.display().to_string();
    let (graph, found) = surveyed(bytes, &what)?;
    let card_path = match &choice.card {
        Some(card) => Some(card.clone()),
        None => Some(Card::beside(path)).filter(|card| card.is_file()),
    };
    let card = card_path.as_deref().map(Card::read).transpose()?;
    let said = card_path.as_deref().map(file_name).unwrap_or_default();
    let card = card.unwrap_or_default();
    let guessed = guess(&found, &given(&card, &said, choice, &found)?);
    understood(&guessed, &found, &what)?;
    let stored_sha256 = graph.sha256().to_owned();
    let Unpacked {
        graph,
        found,
        unpacked,
    } = unpacked(graph, found, &guessed.inputs)?;
    let front_end = guessed
        .front_end
        .clone()
        .ok_or_else(|| no_front_end(&found, &what))?;
    let front_end = choice.padded(front_end)?;
    front_end.check()?;

    let embedding_said = card.embedding.is_some();
    let mut taps = taps(&card, &said, &found)?;
    let embedding = match guessed.embedding.clone() {
        Some(named) => placed(named, &mut taps, &found, &what, embedding_said)?,
        None => None,
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let files = external_files(&found, folder)?;
    let mut source = file_name(path);
    if !said.is_empty() {
        source.push_str(&format!(" with card {said}"));
    }
    if let Some(words) = &guessed.front_end_words {
        source.push_str(&format!("; {words}"));
    }
    let stem = path.file_stem().unwrap_or(path.as_os_str());
    let words = |words: &Option<String>| words.clone().unwrap_or_else(|| NOT_STATED.to_owned());
    let mut remarks: Vec<String> = guessed.remarks().map(ToOwned::to_owned).collect();
    remarks.extend(unpacked_in_words(&unpacked));
    let model = Model {
        name: card
            .name
            .clone()
            .unwrap_or_else(|| stem.to_string_lossy().into_owned()),
        unpacked,
        source,
        weights_dir: (!files.is_empty()).then(|| folder.to_owned()),
        weights_sha256: weights_sha256(stored_sha256, &files)?,
        inputs: guessed.inputs,
        front_end,
        taps,
        embedding,
        licence: words(&card.licence),
        citation: card.citation.clone().unwrap_or_default(),
        trained_on: words(&card.trained_on),
        graph,
    };
    Ok(Loaded { model, remarks })
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// What card and flags say, if they do not contradict each other or the graph.
fn given(card: &Card, said: &str, choice: &FileChoice, found: &Survey) -> Result<Given> {
    let wrong = |why: String| Error::Card {
        card: if said.is_empty() {
            "the flags".to_owned()
        } else {
            format!("card {said} and the flags")
        },
        why,
    };
    let front_end = match (&card.front_end, &choice.front_end) {
        (Some(_), Some(_)) => {
            let why = "both say the front end; take one away".to_owned();
            return Err(wrong(why));
        }
        (said, given) => said.clone().or_else(|| given.clone()),
    };
    let mut inputs = card.inputs.clone();
    for (name, role) in &choice.inputs {
        let declared = found.free_inputs().find(|input| input.name == *name);
        let dims = declared.and_then(state_dims).unwrap_or_default();
        let role = match role {
            GivenRole::Features => InputRole::Features,
            GivenRole::Mask => InputRole::Mask,
            GivenRole::Length => InputRole::Length,
            GivenRole::Number(value) => InputRole::Constant {
                value: *value,
                dims,
            },
        };
        inputs.push(InputBinding {
            name: name.clone(),
            role,
        });
    }
    let mut seen: Vec<&str> = Vec::new();
    for binding in &inputs {
        let name = binding.name.as_str();
        if !found.free_inputs().any(|input| input.name == name) {
            let names: Vec<String> = found.free_inputs().map(port_words).collect();
            let why = format!(
                "the graph has no input `{name}`; it has {}",
                names.join(", ")
            );
            return Err(wrong(why));
        }
        if seen.contains(&name) {
            return Err(wrong(format!("input `{name}` is given twice")));
        }
        seen.push(name);
    }
    let features = |b: &&InputBinding| b.role == InputRole::Features;
    if inputs.iter().filter(features).count() > 1 {
        return Err(wrong("several inputs are given the features".to_owned()));
    }
    Ok(Given {
        front_end,
        inputs,
        embedding: card.embedding.clone(),
    })
}

/// Whether every input is given something.
fn understood(guessed: &Guess, found: &Survey, what: &str) -> Result<()> {
    if guessed.unknown.is_empty() && guessed.features().is_some() {
        return Ok(());
    }
    let all: Vec<String> = found.free_inputs().map(port_words).collect();
    let why = match guessed.unknown.as_slice() {
        [] => format!("no input takes features, of {}", all.join(", ")),
        names => {
            let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!(
                "input {} is not understood, of {}",
                quoted.join(", "),
                all.join(", ")
            )
        }
    };
    Err(Error::NoFrontEnd {
        what: what.to_owned(),
        why,
    })
}

fn no_front_end(found: &Survey, what: &str) -> Error {
    let all: Vec<String> = found.free_inputs().map(port_words).collect();
    Error::NoFrontEnd {
        what: what.to_owned(),
        why: format!("its input {} fits no known front end", all.join(", ")),
    }
}

/// Taps that the card names, then those of the layer map; where there are none, the raw values.
fn taps(card: &Card, said: &str, found: &Survey) -> Result<Vec<Tap>> {
    let own = own_taps(found);
    let raw = raw_taps(found);
    let known: Vec<&Tap> = own.iter().chain(&raw).collect();
    let tensors: Vec<&str> = card.taps.iter().map(|tap| tap.tensor.as_str()).collect();
    let places = match tensors.is_empty() {
        true => Vec::new(),
        false => layer_map_with(found, &tensors).1,
    };
    let mut taps: Vec<Tap> = Vec::new();
    for (
        CardTap {
            name,
            tensor,
            meaning,
            axes,
            dim,
            timing,
        },
        place,
    ) in card.taps.clone().into_iter().zip(places)
    {
        let like = known.iter().find(|tap| tap.tensor == tensor);
        let declared = found.values().any(|value| value == tensor);
        if !declared || taps.iter().any(|tap| tap.name == name) {
            let near = nearest(&tensor, known.iter().map(|t| t.tensor.as_str()), NEAR_NAMES);
            let why = if declared {
                format!("tap `{name}` is there twice")
            } else {
                format!(
                    "the graph has no tensor `{tensor}`; near: {}",
                    near.join(", ")
                )
            };
            return Err(Error::Card {
                card: said.to_owned(),
                why,
            });
        }
        let axes = match &place {
            Some(place) if axes.is_empty() => place.axes.clone(),
            _ => axes,
        };
        taps.push(Tap {
            name,
            dim: dim.or_else(|| like.and_then(|tap| tap.dim)),
            timing: timing.or_else(|| place.as_ref()?.timing_on(&axes)),
            axes,
            meaning: if meaning.is_empty() {
                format!("value `{tensor}` of the graph")
            } else {
                meaning
            },
            tensor,
        });
    }
    let named: Vec<String> = taps.iter().map(|tap| tap.tensor.clone()).collect();
    taps.extend(own.into_iter().filter(|tap| !named.contains(&tap.tensor)));
    Ok(taps)
}

/// The embedding by the name of a tap, where it may be named by its tensor; a tap is added for a
/// tensor that has none. A guess that no tap can serve is dropped.
fn placed(
    embedding: Embedding,
    taps: &mut Vec<Tap>,
    found: &Survey,
    what: &str,
    said: bool,
) -> Result<Option<Embedding>> {
    let name = &embedding.tap;
    if taps.iter().any(|tap| tap.name == *name) {
        return Ok(Some(embedding));
    }
    if let Some(tap) = taps.iter().find(|tap| tap.tensor == *name) {
        return Ok(Some(Embedding {
            tap: tap.name.clone(),
            ..embedding
        }));
    }
    if let Some(raw) = raw_taps(found).into_iter().find(|tap| tap.tensor == *name) {
        taps.push(raw);
        return Ok(Some(embedding));
    }
    if !said {
        return Ok(None);
    }
    Err(Error::UnknownTensor {
        name: name.clone(),
        model: what.to_owned(),
        near: nearest(name, taps.iter().map(|tap| tap.name.as_str()), NEAR_NAMES),
    })
}

/// SHA-256 of the graph as it is stored; with files of weights, of these one after the other in the order of their
/// names.
fn weights_sha256(stored_sha256: String, files: &[(String, PathBuf)]) -> Result<String> {
    if files.is_empty() {
        return Ok(stored_sha256);
    }
    let mut digest = Digesting::new(std::io::sink());
    for (_, path) in files {
        let mut file = File::open(path).map_err(Error::io("read", path))?;
        copy(&mut file, &mut digest).map_err(Error::io("read", path))?;
    }
    Ok(digest.finish().0)
}
