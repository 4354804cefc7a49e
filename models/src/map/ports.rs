//! What the inputs of a graph are: which holds the features, and what its axes are.

use serde::Serialize;

use super::layout::{Layouts, Role};
use super::wiring::{Value, Wiring};
use crate::tap::Axis;
use crate::wire::{Dim, ElementType, ValueInfo};

/// What the axes of each input are taken for.
type Given = Vec<(Value, Vec<Role>)>;

/// An input of a graph and what it seems to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappedInput {
    /// Name in the graph.
    pub name: String,
    /// What each axis is; empty where unknown.
    pub axes: Vec<Axis>,
    /// One line that says what it seems to be.
    pub meaning: String,
}

/// Most channels of an image-like input.
const CHANNELS: i64 = 4;

/// The inputs, and the layouts that follow from the best reading of them.
pub(super) fn read<'w, 'a>(wiring: &'w Wiring<'a>) -> (Vec<MappedInput>, Layouts<'w, 'a>) {
    let inputs: Vec<&ValueInfo> = wiring.survey.free_inputs().collect();
    let content = |input: &&&ValueInfo| {
        let known = wiring.value(&input.name);
        known.is_some_and(|value| wiring.is_data(value)) && rank(input) > 0
    };
    let is_float = |input: &&&ValueInfo| {
        matches!(
            input.element,
            None | Some(ElementType::Float32 | ElementType::Float16 | ElementType::Float64)
        )
    };
    let features = inputs
        .iter()
        .filter(content)
        .find(is_float)
        .or_else(|| inputs.iter().find(content))
        .map(|input| input.name.clone());
    let fixed: Given = inputs
        .iter()
        .filter(content)
        .filter(|input| Some(&input.name) != features.as_ref())
        .filter_map(|input| {
            let roles = readings(input).into_iter().next()?;
            Some((wiring.value(&input.name)?, roles))
        })
        .collect();
    let main = inputs
        .iter()
        .find(|input| Some(&input.name) == features.as_ref());
    let tried = main.map(|input| readings(input)).unwrap_or_default();
    let mut best: Option<(Given, Layouts<'w, 'a>)> = None;
    for roles in tried {
        let Some(value) = main.and_then(|input| wiring.value(&input.name)) else {
            break;
        };
        let mut all = fixed.clone();
        all.push((value, roles));
        let layouts = Layouts::new(wiring, &all);
        if best
            .as_ref()
            .is_none_or(|(_, known)| layouts.fit() > known.fit())
        {
            best = Some((all, layouts));
        }
    }
    let (roles, layouts) = best.unwrap_or_else(|| {
        let layouts = Layouts::new(wiring, &fixed);
        (fixed, layouts)
    });
    let mapped = inputs
        .iter()
        .map(|input| {
            let own = roles
                .iter()
                .find(|(value, _)| wiring.name(*value) == input.name);
            let axes = own
                .map(|(value, _)| layouts.axes(*value))
                .unwrap_or_default();
            MappedInput {
                name: input.name.clone(),
                meaning: meaning(input, &axes, Some(&input.name) == features.as_ref()),
                axes,
            }
        })
        .collect();
    (mapped, layouts)
}

fn rank(input: &ValueInfo) -> usize {
    input.dims.as_ref().map_or(2, Vec::len)
}

/// What the axes of a content input may be, the likeliest first.
fn readings(input: &ValueInfo) -> Vec<Vec<Role>> {
    let unknown = vec![Dim::Unknown; 2];
    let dims = input.dims.as_ref().unwrap_or(&unknown);
    let batch = match dims.first() {
        Some(Dim::Named(name)) if name.contains("window") => Role::Window,
        _ => Role::Batch,
    };
    let tokens = matches!(input.element, Some(ElementType::Int64 | ElementType::Int32));
    let fixed = |index: usize| match dims.get(index) {
        Some(Dim::Fixed(size)) => Some(*size),
        _ => None,
    };
    let named_time = |index: usize| match dims.get(index) {
        Some(Dim::Named(name)) => {
            let name = name.to_ascii_lowercase();
            let words = ["time", "frame", "seq", "sample", "length", "step"];
            words.iter().any(|word| name.contains(word)) || name == "t"
        }
        _ => false,
    };
    // Whether axis `a` looks more like time than axis `b`.
    let rather = |a: usize, b: usize| match (fixed(a), fixed(b)) {
        _ if named_time(a) != named_time(b) => named_time(a),
        (None, Some(_)) => true,
        (Some(_), None) | (None, None) => false,
        (Some(a), Some(b)) => a > b,
    };
    match dims.len() {
        1 => vec![vec![Role::Time]],
        2 if tokens => vec![vec![batch, Role::Time]],
        2 => vec![
            vec![batch, Role::Time],
            vec![Role::Window, Role::Time],
            vec![batch, Role::Dim],
            vec![Role::Time, Role::Dim],
        ],
        3 => {
            let time_last = vec![batch, Role::Dim, Role::Time];
            let time_first = vec![batch, Role::Time, Role::Dim];
            let recurrent = vec![Role::Time, batch, Role::Dim];
            if rather(2, 1) {
                vec![time_last, time_first, recurrent]
            } else {
                vec![time_first, time_last, recurrent]
            }
        }
        4 => {
            let channels_last = fixed(3).is_some_and(|size| size <= CHANNELS)
                && fixed(1).is_none_or(|size| size > CHANNELS);
            vec![match (channels_last, rather(1, 2), rather(2, 3)) {
                (true, true, _) => vec![batch, Role::Time, Role::Freq, Role::Dim],
                (true, false, _) => vec![batch, Role::Freq, Role::Time, Role::Dim],
                (false, _, true) => vec![batch, Role::Dim, Role::Time, Role::Freq],
                (false, _, false) => vec![batch, Role::Dim, Role::Freq, Role::Time],
            }]
        }
        _ => vec![Vec::new()],
    }
}

fn meaning(input: &ValueInfo, axes: &[Axis], is_features: bool) -> String {
    let name = input.name.to_ascii_lowercase();
    let words = if name.contains("mask") {
        "mask: one where there is speech, zero where there is padding"
    } else if name.contains("length") || name.contains("lens") || name.ends_with("_len") {
        "number of steps that are no padding"
    } else if name == "sr" || name.contains("sample_rate") {
        "sample rate"
    } else if super::wiring::is_state(&name) {
        "state carried from one call to the next"
    } else if !is_features {
        match axes {
            [] => "a setting",
            _ => "further content",
        }
    } else {
        match axes {
            [Axis::Batch | Axis::Window, Axis::Time] | [Axis::Time] => match input.element {
                Some(ElementType::Int64 | ElementType::Int32) => "features: one token a step",
                _ => "features: samples of a waveform, one number a step",
            },
            [_, Axis::Dim] => "features: one vector an utterance",
            [] => "features",
            _ => "features: a vector a step, such as a spectrogram's frames",
        }
    };
    words.to_owned()
}
