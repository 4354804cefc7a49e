//! Any value of a graph on its layer map: a model's own taps beside those that the map names.

use std::collections::BTreeSet;

use super::wiring::Wiring;
use super::{Block, BlockKind, LayerMap, draw, ports};
use crate::tap::{Axis, Tap, Timing};
use crate::wire::Survey;

/// Where a value lies on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// What each axis is; empty where one of them is not known.
    pub axes: Vec<Axis>,
    /// Size of the axis of features, where the graph fixes it.
    pub dim: Option<usize>,
    /// Frame rate and receptive field, where there is a time axis and its stride is known.
    pub timing: Option<Timing>,
    /// The block that makes it, by its place in the map.
    pub block: Option<usize>,
}

impl Place {
    /// The timing for one who takes the axes to be `axes`: nothing where that has no time axis, or has
    /// it elsewhere.
    pub fn timing_on(&self, axes: &[Axis]) -> Option<Timing> {
        let time = |axes: &[Axis]| axes.iter().position(|axis| *axis == Axis::Time);
        let agrees = time(axes).is_some_and(|at| {
            time(&self.axes).map_or(self.axes.is_empty(), |own| {
                own == at && self.axes.len() == axes.len()
            })
        });
        self.timing.filter(|_| agrees)
    }
}

/// The map of a graph, and where the values named `tensors` lie on it; `None` for a name that the
/// graph does not have.
pub fn layer_map_with(survey: &Survey, tensors: &[&str]) -> (LayerMap, Vec<Option<Place>>) {
    let wiring = Wiring::new(survey);
    let (inputs, layouts) = ports::read(&wiring);
    let drawn = draw(&wiring, inputs, &layouts);
    let places = tensors.iter().map(|tensor| {
        let value = wiring.value(tensor)?;
        let block = wiring
            .maker(value)
            .and_then(|at| drawn.block_of.get(&at).copied());
        Some(Place {
            axes: layouts.axes(value),
            dim: layouts.dim(value),
            timing: layouts.timing(value),
            block,
        })
    });
    let places = places.collect();
    (drawn.map, places)
}

/// The map of a model's graph with the model's own `taps`, which are those that can be selected by
/// name, in place of those that the map would name. Each stands in the block that makes its value; a
/// block takes the name that all its taps begin with. Timings that a tap does not state are the graph's.
pub fn layer_map_of(survey: &Survey, taps: &[Tap]) -> LayerMap {
    let tensors: Vec<&str> = taps.iter().map(|tap| tap.tensor.as_str()).collect();
    let (mut map, places) = layer_map_with(survey, &tensors);
    map.taps = taps.to_vec();
    let mut names: Vec<Vec<String>> = vec![Vec::new(); map.blocks.len()];
    for (tap, place) in map.taps.iter_mut().zip(places) {
        let Some(place) = place else { continue };
        tap.timing = tap.timing.or_else(|| place.timing_on(&tap.axes));
        if let Some(names) = place.block.and_then(|block| names.get_mut(block)) {
            names.push(tap.name.clone());
        }
    }
    let wanted: Vec<Option<String>> = map
        .blocks
        .iter()
        .zip(&names)
        .map(|(block, names)| name_for(block, names))
        .collect();
    let mut used: BTreeSet<String> = BTreeSet::new();
    for (block, name) in map.blocks.iter_mut().zip(&wanted) {
        if let Some(name) = name.as_ref().filter(|name| !used.contains(*name)) {
            used.insert(name.clone());
            block.name.clone_from(name);
        }
    }
    // Blocks without a name from their taps keep their own, or the next that is free.
    for (block, name) in map.blocks.iter_mut().zip(&wanted) {
        if name.as_ref() == Some(&block.name) {
            continue;
        }
        let stem = block.name.trim_end_matches(|c: char| c.is_ascii_digit());
        let mut name = block.name.clone();
        let mut count = 0usize;
        while used.contains(&name) {
            name = format!("{stem}{count}");
            count += 1;
        }
        used.insert(name.clone());
        block.name = name;
    }
    for (block, names) in map.blocks.iter_mut().zip(names) {
        block.taps = names;
    }
    map
}

/// What a block of layers without attention is called after its taps: what they all begin with, or
/// the longest of them.
fn name_for(block: &Block, taps: &[String]) -> Option<String> {
    let attends = matches!(block.kind, BlockKind::Transformer | BlockKind::Conformer);
    let own = |tap: &String| {
        let rest = tap.strip_prefix(&block.name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if attends || taps.iter().all(own) {
        return None;
    }
    let shared = shared(taps)?;
    if taps.contains(&shared) {
        return taps.iter().max_by_key(|tap| tap.len()).cloned();
    }
    Some(shared)
}

/// The parts before dots that all names begin with.
fn shared(names: &[String]) -> Option<String> {
    let (first, rest) = names.split_first()?;
    let parts: Vec<&str> = first.split('.').collect();
    let same = |count: &usize| {
        let head = parts.get(..*count).unwrap_or_default();
        rest.iter().all(|name| {
            let own: Vec<&str> = name.split('.').collect();
            own.get(..*count) == Some(head)
        })
    };
    let count = (1..=parts.len()).rev().find(same)?;
    Some(parts.get(..count)?.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tap::Field;

    #[test]
    fn names_share_whole_parts() {
        let names = |list: &[&str]| {
            list.iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        for (list, wanted) in [
            (&["conv.1"][..], Some("conv.1")),
            (
                &["encoder.0.attn.out", "encoder.0.resid_post"],
                Some("encoder.0"),
            ),
            (&["block.0.layer.1", "block.0"], Some("block.0")),
            (&["conv.1", "conv.10"], Some("conv")),
            (&["tdnn", "readout"], None),
            (&[], None),
        ] {
            assert_eq!(shared(&names(list)).as_deref(), wanted, "{list:?}");
        }
    }

    #[test]
    fn a_timing_is_for_one_place_of_the_time_axis() {
        let timing = Some(Timing {
            stride: 2,
            field: Field::Steps(5),
        });
        let place = |axes: &[Axis]| Place {
            axes: axes.to_vec(),
            dim: None,
            timing,
            block: None,
        };
        let last = [Axis::Batch, Axis::Dim, Axis::Time];
        let middle = [Axis::Batch, Axis::Time, Axis::Dim];
        assert_eq!(place(&last).timing_on(&last), timing);
        assert_eq!(place(&last).timing_on(&middle), None);
        assert_eq!(place(&[]).timing_on(&middle), timing);
        assert_eq!(place(&last).timing_on(&[Axis::Batch, Axis::Dim]), None);
    }
}
