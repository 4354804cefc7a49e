//! Models of the catalogue, also with every name erased. Skipped where they are not in the cache.

use std::collections::BTreeMap;

use phonoscope_analysis::task::Task;
use phonoscope_models::map::layer_map;
use phonoscope_models::wire::{Survey, survey};
use phonoscope_models::{Cache, Error, Model, Network, load};

/// Models that are fetched only with `PHONOSCOPE_TEST_FETCH=all`, for their size.
const LARGE: [&str; 1] = ["whisper-base"];

pub(super) fn model(name: &str) -> Option<Model> {
    let network = match std::env::var("PHONOSCOPE_TEST_FETCH") {
        Ok(which) if which == "all" || !LARGE.contains(&name) => Network::Allowed,
        _ => Network::Offline,
    };
    match load(name, &Cache::locate(), network, &Task::silent()) {
        Ok(model) => Some(model),
        Err(Error::Offline { what, .. }) => {
            println!("skipped: {what} is not in the cache");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// The survey with numbers for names, and the number of each name.
fn erased(mut found: Survey) -> (Survey, BTreeMap<String, String>) {
    let mut numbers: BTreeMap<String, String> = BTreeMap::new();
    let mut rename = |name: &mut String| {
        if !name.is_empty() {
            let next = numbers.len().to_string();
            name.clone_from(numbers.entry(name.clone()).or_insert(next));
        }
    };
    found
        .inputs
        .iter_mut()
        .for_each(|value| rename(&mut value.name));
    found
        .initializers
        .iter_mut()
        .for_each(|tensor| rename(&mut tensor.name));
    for node in &mut found.nodes {
        node.name.clear();
        node.inputs
            .iter_mut()
            .chain(&mut node.outputs)
            .for_each(&mut rename);
    }
    found
        .inner
        .iter_mut()
        .chain(&mut found.outputs)
        .for_each(|value| rename(&mut value.name));
    (found, numbers)
}

fn same_without_names(model: &Model, map_of: impl Fn(&Survey) -> Vec<(String, String)>) {
    let found = survey(model.graph.bytes()).unwrap();
    let named = map_of(&found);
    let (found, numbers) = erased(found);
    let anonymous = map_of(&found);
    let renamed: Vec<(String, String)> = named
        .iter()
        .map(|(tap, tensor)| (tap.clone(), numbers[tensor].clone()))
        .collect();
    assert_eq!(anonymous, renamed);
}

fn taps(found: &Survey) -> Vec<(String, String)> {
    let map = layer_map(found);
    map.taps
        .into_iter()
        .map(|tap| (tap.name, tap.tensor))
        .collect()
}

#[test]
fn whisper_s_own_names_are_found_without_names() {
    let Some(model) = model("whisper-tiny.en") else {
        return;
    };
    same_without_names(&model, taps);
    let map = layer_map(&survey(model.graph.bytes()).unwrap());
    for own in &model.taps {
        let found = map.taps.iter().find(|tap| tap.name == own.name).unwrap();
        assert_eq!((&found.tensor, &found.axes), (&own.tensor, &own.axes));
        if found.dim.is_some() {
            assert_eq!(found.dim, own.dim, "{}", own.name);
        }
        assert_eq!(
            found.timing.map(|timing| timing.stride),
            Some(2),
            "{}",
            own.name
        );
    }
}

#[test]
fn ge2e_s_layers_are_found_without_names() {
    let Some(model) = model("ge2e") else { return };
    same_without_names(&model, taps);
    let map = layer_map(&survey(model.graph.bytes()).unwrap());
    for own in model.taps.iter().take(3) {
        let found = map.taps.iter().find(|tap| tap.name == own.name).unwrap();
        assert_eq!(
            (&found.tensor, &found.axes, found.dim),
            (&own.tensor, &own.axes, own.dim)
        );
    }
}

/// Points of the residual stream that were read off the shipped files by hand.
#[test]
fn shipped_graphs_have_the_layers_that_were_read_off_by_hand() {
    for (name, prefix) in [
        ("smart-turn-v3.2", "encoder."),
        ("moonshine-tiny", "encoder."),
        ("dvector", "lstm."),
    ] {
        let Some(model) = model(name) else { continue };
        same_without_names(&model, taps);
        let map = layer_map(&survey(model.graph.bytes()).unwrap());
        let own = model.taps.iter().filter(|tap| tap.name.starts_with(prefix));
        let mut count = 0;
        for own in own {
            let found = map.taps.iter().find(|tap| tap.name == own.name);
            let found = found.unwrap_or_else(|| panic!("{name}: no tap {}", own.name));
            assert_eq!(found.tensor, own.tensor, "{name}: {}", own.name);
            count += 1;
        }
        assert!(count > 2, "{name}");
    }
}
