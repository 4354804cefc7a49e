//! Layer maps of graphs that the tests write themselves, in the styles of several exporters.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it measured"
)]

mod catalogue;
mod confirming;
mod conformer;
mod convolutional;
mod fields;
mod fused;
mod hostile;
mod parts;
mod recurrent;
mod residual;
mod scribe;
mod transformer;

use phonoscope_models::map::layer_map;
use phonoscope_models::wire::survey;
use phonoscope_models::{LayerMap, Tap};

use scribe::Scribe;

/// The map of a written graph.
fn mapped(scribe: &Scribe) -> LayerMap {
    layer_map(&survey(&scribe.model()).unwrap())
}

/// Every tap that the graph was written with is found, by name and tensor, and no other.
fn found_exactly(scribe: &Scribe) -> LayerMap {
    let map = mapped(scribe);
    let mut found: Vec<(&str, &str)> = pairs(&map);
    let mut wanted: Vec<(&str, &str)> = scribe
        .marks
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
    map
}

fn pairs(map: &LayerMap) -> Vec<(&str, &str)> {
    let pair = |tap: &'_ Tap| -> (usize, usize) { (tap.name.len(), tap.tensor.len()) };
    assert!(
        map.taps
            .iter()
            .map(pair)
            .all(|(name, tensor)| name > 0 && tensor > 0)
    );
    map.taps
        .iter()
        .map(|tap| (tap.name.as_str(), tap.tensor.as_str()))
        .collect()
}

fn tap<'a>(map: &'a LayerMap, name: &str) -> &'a Tap {
    map.taps
        .iter()
        .find(|tap| tap.name == name)
        .unwrap_or_else(|| panic!("no tap {name}"))
}
