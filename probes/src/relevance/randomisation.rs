//! What becomes of maps when weights are randomised.
//!
//! A map that stays the same shows the input and the architecture, not what was learned
//! (Adebayo et al. 2018, "Sanity checks for saliency maps").

use std::collections::BTreeSet;
use std::path::Path;

use ndarray::Array2;
use phonoscope_analysis::task::Task;
use phonoscope_models::GraphBytes;
use phonoscope_models::engine::Engine;
use phonoscope_models::relevance::Method;
use phonoscope_models::twin::{TwinKind, partial_twin, weight_layers};

use super::maps::{Mapper, Maps};
use super::similarity::{Likeness, likeness};
use crate::error::Result;

/// Which layers are randomised at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The layer and all between it and the scores.
    Cascade,
    /// The layer alone.
    Independent,
}

/// What to randomise.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomisationSettings {
    /// Seeds of the weights.
    pub seeds: Vec<u64>,
    /// Sizes of the input.
    pub sizes: [usize; 2],
    /// The method whose maps are compared, and the score that is explained.
    pub method: (Method, Maps),
}

/// Maps with one layer, or several, randomised, against those of the network as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Randomised {
    /// Which layers were randomised.
    pub way: Way,
    /// The layer, or the last one reached from the scores down.
    pub layer: String,
    /// Layers randomised.
    pub layers: usize,
    /// Seed of the weights.
    pub seed: u64,
    /// Likeness of the maps, item by item.
    pub items: Vec<Likeness>,
}

/// Randomises the layers of a network, from the scores down and one by one.
///
/// `originals` are maps and logits of the same items by the network as it is; the class that is
/// explained stays the one that it predicts.
///
/// # Errors
/// Those of twins, compiling and running, and cancellation.
pub fn randomisation(
    engine: &dyn Engine,
    (graph, folder): (&GraphBytes, Option<&Path>),
    items: &[Array2<f32>],
    originals: &[(Array2<f32>, [f32; 2])],
    settings: &RandomisationSettings,
    task: &Task,
) -> Result<Vec<Randomised>> {
    let layers = weight_layers(graph)?;
    let runs = settings.seeds.len() * 2 * layers.len();
    task.progress
        .start("randomise", "networks", Some(runs as u64));
    let mut found = Vec::with_capacity(runs);
    for way in [Way::Cascade, Way::Independent] {
        for seed in &settings.seeds {
            let mut tensors = BTreeSet::new();
            for (reached, layer) in layers.iter().rev().enumerate() {
                if way == Way::Independent {
                    tensors.clear();
                }
                tensors.extend(layer.tensors.iter().cloned());
                let twin = partial_twin(graph, folder, (TwinKind::Redrawn, *seed), &tensors)?;
                let mut mapper = Mapper::open(
                    engine,
                    &twin.graph,
                    None,
                    settings.sizes,
                    settings.method.clone(),
                )?;
                let mut alike = Vec::with_capacity(items.len());
                for (item, (map, logits)) in items.iter().zip(originals) {
                    task.check()?;
                    let (other, _) = mapper.map(item.view(), *logits, &task.cancel)?;
                    alike.push(likeness(map.view(), other.view()));
                }
                found.push(Randomised {
                    way,
                    layer: layer.name.clone(),
                    layers: if way == Way::Cascade { reached + 1 } else { 1 },
                    seed: *seed,
                    items: alike,
                });
                task.progress.advance(1);
            }
        }
    }
    task.progress.finish();
    Ok(found)
}
