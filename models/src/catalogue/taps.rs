//! The taps that an entry of the catalogue names.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Entry;
use crate::map::layer_map_with;
use crate::tap::{Axis, Tap};
use crate::wire::{Dim, Survey};
use crate::{Error, Result};

const LAYER: &str = "{layer}";

/// Taps of one kind; `{layer}` in the texts stands for each layer in turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapPattern {
    /// Name of the taps.
    pub name: String,
    /// Their tensors: nothing where they are named as the taps are, one pattern, or the name for
    /// each layer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tensors: Vec<String>,
    /// What each axis is.
    pub axes: Vec<Axis>,
    /// Number of features, where the graph does not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dim: Option<usize>,
    /// Number of layers that `{layer}` counts here, where it is not the entry's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<usize>,
    /// One line that says what they are.
    pub meaning: String,
}

/// One tap of a pattern.
struct Expanded<'a> {
    pattern: &'a TapPattern,
    name: String,
    tensor: String,
    meaning: String,
}

impl TapPattern {
    fn count(&self, entry: &Entry) -> usize {
        if self.name.contains(LAYER) {
            self.layers.unwrap_or(entry.layers)
        } else {
            1
        }
    }

    pub(super) fn problem(&self, entry: &Entry) -> Option<String> {
        let tensors = self.tensors.len();
        if self.axes.is_empty() || self.axes.iter().filter(|a| **a == Axis::Dim).count() > 1 {
            return Some(format!(
                "tap `{}` has no axes, or two of features",
                self.name
            ));
        }
        if tensors > 1 && tensors != self.count(entry) {
            return Some(format!("tap `{}` has not one tensor a layer", self.name));
        }
        None
    }
}

impl Entry {
    /// Names of the taps that the catalogue itself names, in its order, layers in turn.
    pub fn tap_names(&self) -> Vec<String> {
        self.expanded().map(|tap| tap.name).collect()
    }

    fn expanded(&self) -> impl Iterator<Item = Expanded<'_>> {
        self.taps.iter().flat_map(|pattern| {
            (0..pattern.count(self)).map(move |layer| {
                let number = layer.to_string();
                let name = pattern.name.replace(LAYER, &number);
                let tensor = match pattern.tensors.as_slice() {
                    [] => name.clone(),
                    [one] => one.replace(LAYER, &number),
                    list => list.get(layer).cloned().unwrap_or_default(),
                };
                let meaning = pattern.meaning.replace(LAYER, &number);
                Expanded {
                    pattern,
                    name,
                    tensor,
                    meaning,
                }
            })
        })
    }

    /// The taps in the order of the graph: those that the catalogue names and, where it says so,
    /// those of the layer map beside them. Sizes and timing are the graph's, where it tells.
    ///
    /// # Errors
    /// [`Error::Catalogue`] for a tap that the graph does not have, or declares with other axes.
    pub(crate) fn taps_in(&self, survey: &Survey) -> Result<Vec<Tap>> {
        let expanded: Vec<Expanded<'_>> = self.expanded().collect();
        let tensors: Vec<&str> = expanded.iter().map(|tap| tap.tensor.as_str()).collect();
        let (map, places) = layer_map_with(survey, &tensors);
        let values: Vec<&str> = survey.values().collect();
        let place = |tensor: &str| values.iter().position(|value| *value == tensor);
        let declared = |tensor: &str| {
            let mut infos = survey.inner.iter().chain(&survey.outputs);
            infos.find(|value| value.name == tensor)?.dims.as_deref()
        };
        let mut taps = Vec::new();
        for (tap, mapped) in expanded.into_iter().zip(places) {
            let wrong = |why: &str| Error::Catalogue {
                why: format!("entry `{}`: tap `{}`: {why}", self.name, tap.name),
            };
            let at = place(&tap.tensor).ok_or_else(|| wrong("the graph has no such tensor"))?;
            let axes = &tap.pattern.axes;
            let dims = declared(&tap.tensor);
            if dims.is_some_and(|dims| dims.len() != axes.len()) {
                return Err(wrong("the graph declares another number of axes"));
            }
            let features = axes.iter().position(|axis| *axis == Axis::Dim);
            let size = features.and_then(|axis| fixed(dims?.get(axis)));
            let mapped = mapped.as_ref();
            taps.push((
                at,
                Tap {
                    dim: size.or(tap.pattern.dim).or(mapped.and_then(|m| m.dim)),
                    timing: mapped.and_then(|mapped| mapped.timing_on(axes)),
                    axes: axes.clone(),
                    name: tap.name,
                    tensor: tap.tensor,
                    meaning: tap.meaning,
                },
            ));
        }
        if self.map {
            let known = |get: fn(&Tap) -> &String| -> BTreeSet<String> {
                taps.iter().map(|(_, tap)| get(tap).clone()).collect()
            };
            let (names, tensors) = (known(|tap| &tap.name), known(|tap| &tap.tensor));
            let fresh = |tap: &Tap| !names.contains(&tap.name) && !tensors.contains(&tap.tensor);
            for tap in map.taps.iter().filter(|tap| fresh(tap)) {
                taps.push((place(&tap.tensor).unwrap_or(values.len()), tap.clone()));
            }
        }
        taps.sort_by_key(|(place, _)| *place);
        Ok(taps.into_iter().map(|(_, tap)| tap).collect())
    }
}

/// A size that the graph fixes.
pub(crate) fn fixed(dim: Option<&Dim>) -> Option<usize> {
    match dim {
        Some(Dim::Fixed(size)) => usize::try_from(*size).ok(),
        _ => None,
    }
}
