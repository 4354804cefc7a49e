//! What a graph of an unknown model is fed, guessed from the names, types and shapes of its inputs.
//!
//! A guess is never silent: it carries words for the person, and what a card or flags say comes
//! first.

mod front_end;

use phonoscope_analysis::frontend::{FrontEnd, SAMPLE_RATE_HZ};

use crate::input::{InputBinding, InputRole};
use crate::tap::{Embedding, Normalise};
use crate::wire::{Dim, ElementType, Survey, ValueInfo};

/// Largest size of a fixed dimension that zeros are made for.
const MAX_STATE_DIM: i64 = 1 << 16;
/// Most zeros in a state.
const MAX_STATE: usize = 1 << 24;

/// What is known already: a card's or the flags' word.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// The front end.
    pub front_end: Option<FrontEnd>,
    /// Bindings of some inputs.
    pub inputs: Vec<InputBinding>,
    /// The embedding.
    pub embedding: Option<Embedding>,
}

/// What a graph is fed, as far as it is given or can be guessed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Guess {
    /// The front end.
    pub front_end: Option<FrontEnd>,
    /// Words about the front end, when it is a guess.
    pub front_end_words: Option<String>,
    /// Bindings in the graph's order.
    pub inputs: Vec<InputBinding>,
    /// Names of inputs about which nothing is known.
    pub unknown: Vec<String>,
    /// Which output is the embedding.
    pub embedding: Option<Embedding>,
    /// Whether the graph has several inputs.
    pub several: bool,
    words: Vec<String>,
}

impl Guess {
    /// Everything guessed, in words, the front end first.
    pub fn remarks(&self) -> impl Iterator<Item = &str> {
        let front_end = self.front_end_words.iter();
        front_end.chain(&self.words).map(String::as_str)
    }
}

/// An input in words: name, and axes in brackets.
pub(crate) fn port_words(value: &ValueInfo) -> String {
    let axes = match &value.dims {
        Some(dims) => {
            let dims: Vec<String> = dims.iter().map(Dim::to_string).collect();
            dims.join(", ")
        }
        None => "not stated".to_owned(),
    };
    let element = value.element.map(|e| format!("{e} ")).unwrap_or_default();
    format!("`{}` {element}[{axes}]", value.name)
}

/// Guesses what is not given.
pub fn guess(found: &Survey, given: &Given) -> Guess {
    let inputs: Vec<&ValueInfo> = found.free_inputs().collect();
    let mut guess = Guess {
        several: inputs.len() > 1,
        ..Guess::default()
    };
    let is_given = |name: &str| given.inputs.iter().find(|binding| binding.name == name);
    let features_given = given
        .inputs
        .iter()
        .any(|binding| binding.role == InputRole::Features);
    let mut roles: Vec<Option<InputRole>> = inputs
        .iter()
        .map(|input| match is_given(&input.name) {
            Some(binding) => Some(binding.role.clone()),
            None => side_role(input),
        })
        .collect();
    if !features_given {
        let candidates: Vec<usize> = (0..inputs.len())
            .filter(|&i| roles.get(i) == Some(&None))
            .collect();
        let chosen = match candidates.as_slice() {
            [only] => Some(*only),
            several => several.iter().copied().find(|&i| {
                inputs
                    .get(i)
                    .is_some_and(|v| front_end::is_known_name(&v.name))
            }),
        };
        if let Some(role) = chosen.and_then(|i| roles.get_mut(i)) {
            *role = Some(InputRole::Features);
        }
    }
    for (input, role) in inputs.iter().zip(roles) {
        let Some(role) = role else {
            guess.unknown.push(input.name.clone());
            continue;
        };
        if is_given(&input.name).is_none() && role != InputRole::Features {
            guess.words.push(format!(
                "guessed that input {} is given {}",
                port_words(input),
                role_words(&role)
            ));
        }
        guess.inputs.push(InputBinding {
            name: input.name.clone(),
            role,
        });
    }
    guess.front_end.clone_from(&given.front_end);
    if guess.front_end.is_none() {
        let features = guess.features().and_then(|name| {
            let input = inputs.iter().find(|input| input.name == name)?;
            Some((input, front_end::of(input, found, &guess.inputs)?))
        });
        if let Some((input, (front_end, why))) = features {
            guess.front_end_words = Some(format!(
                "front end guessed from input {}: {why}: {}",
                port_words(input),
                front_end.describe()
            ));
            guess.front_end = Some(front_end);
        }
    }
    guess.embedding.clone_from(&given.embedding);
    if guess.embedding.is_none()
        && let Some(output) = embedding_output(found)
    {
        guess.words.push(format!(
            "guessed that output {} is the embedding of an utterance, to be brought to length one",
            port_words(output)
        ));
        guess.embedding = Some(Embedding {
            tap: output.name.clone(),
            normalise: Normalise::L2,
        });
    }
    guess
}

impl Guess {
    /// Name of the input that is given the features.
    pub fn features(&self) -> Option<&str> {
        let features = |binding: &&InputBinding| binding.role == InputRole::Features;
        let found = self.inputs.iter().find(features);
        found.map(|binding| binding.name.as_str())
    }
}

/// What a role is, in words.
fn role_words(role: &InputRole) -> String {
    match role {
        InputRole::Features => "the features".to_owned(),
        InputRole::Mask => "ones where there is speech and zeros where there is padding".to_owned(),
        InputRole::Length => "the number of steps that are no padding".to_owned(),
        InputRole::Constant { value, dims } => format!("{value} in shape {dims:?}"),
    }
}

fn rank(input: &ValueInfo) -> Option<usize> {
    input.dims.as_ref().map(Vec::len)
}

/// Words of a name: cut at `_`, `.`, `/` and the like.
fn name_words(name: &str) -> Vec<String> {
    name.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

/// The role of an input that is surely not the features: masks, lengths, rates, states.
fn side_role(input: &ValueInfo) -> Option<InputRole> {
    let words = name_words(&input.name);
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let is_float = matches!(
        input.element,
        None | Some(ElementType::Float32 | ElementType::Float16 | ElementType::Float64)
    );
    if words.iter().any(|word| word.ends_with("mask")) && rank(input) == Some(2) {
        return Some(InputRole::Mask);
    }
    let length = [
        "length", "lengths", "len", "lens", "ilens", "seqlen", "seqlens",
    ];
    if has(&length) && rank(input) == Some(1) {
        return Some(if is_float {
            // SpeechBrain's lengths are shares of the longest item in the batch.
            InputRole::Constant {
                value: 1.0,
                dims: vec![1],
            }
        } else {
            InputRole::Length
        });
    }
    let is_rate = has(&["sr", "fs"]) || (has(&["rate"]) && has(&["sample", "sampling"]));
    if is_rate && rank(input).is_some_and(|rank| rank <= 1) {
        return Some(InputRole::Constant {
            value: SAMPLE_RATE_HZ as f32,
            dims: state_dims(input)?,
        });
    }
    let state = [
        "h", "c", "h0", "c0", "hx", "cx", "hn", "cn", "state", "states", "cache", "caches",
        "hidden", "context", "cached",
    ];
    let fixed = |input: &ValueInfo| {
        let dims = input.dims.as_ref()?;
        let free = dims
            .iter()
            .filter(|dim| !matches!(dim, Dim::Fixed(_)))
            .count();
        Some(dims.len() >= 2 && free <= 1)
    };
    if has(&state) && fixed(input) == Some(true) {
        return Some(InputRole::Constant {
            value: 0.0,
            dims: state_dims(input)?,
        });
    }
    None
}

/// The declared shape, with 1 for what is free.
pub(crate) fn state_dims(input: &ValueInfo) -> Option<Vec<usize>> {
    let dims = input.dims.as_ref()?.iter().map(|dim| match dim {
        Dim::Fixed(size) if (0..=MAX_STATE_DIM).contains(size) => usize::try_from(*size).ok(),
        Dim::Fixed(_) => None,
        Dim::Named(_) | Dim::Unknown => Some(1),
    });
    let dims = dims.collect::<Option<Vec<usize>>>()?;
    let elements = dims.iter().try_fold(1usize, |n, dim| n.checked_mul(*dim))?;
    (elements <= MAX_STATE).then_some(dims)
}

/// The one output that is named as an embedding and has no axis of time.
fn embedding_output(found: &Survey) -> Option<&ValueInfo> {
    let named = |output: &&ValueInfo| {
        let name = output.name.to_lowercase();
        let known = ["emb", "xvector", "x_vector", "dvector", "d_vector", "spk"];
        known.iter().any(|word| name.contains(word)) && rank(output) == Some(2)
    };
    let mut outputs = found.outputs.iter().filter(named);
    match (outputs.next(), outputs.next()) {
        (Some(output), None) => Some(output),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
