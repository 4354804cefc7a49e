//! Several networks as one.

use phonoscope_analysis::{Error, Result};
use phonoscope_models::build::{Feedforward, Layer};

use super::Network;

/// Networks of the same layers as one network whose scores are the mean of theirs: convolutions of
/// all, each from the channels of its own network, dense layers with zeros between the networks.
///
/// # Errors
/// [`Error::Setting`] for no network, and for networks of other layers than the first.
pub fn ensemble(networks: &[Network], name: &str, input: &str) -> Result<Feedforward> {
    let wrong = |found: &str| Error::Setting {
        what: "networks to be one".into(),
        needed: "at least one, all of the same layers".into(),
        found: found.to_owned(),
    };
    let (first, others) = networks.split_first().ok_or_else(|| wrong("none"))?;
    if let Some(other) = others
        .iter()
        .find(|n| n.architecture() != first.architecture())
    {
        return Err(wrong(&other.architecture().name));
    }
    let mut whole = first.feedforward(name, input)?;
    let others = others
        .iter()
        .map(|network| network.feedforward(name, input))
        .collect::<Result<Vec<_>>>()?;
    if others.is_empty() {
        return Ok(whole);
    }
    let last = whole.layers.len() - 1;
    // Whether values are still those of the input, which all networks see.
    let mut shared = true;
    for (place, (_, layer)) in whole.layers.iter_mut().enumerate() {
        let others: Vec<&Layer> = others.iter().map(|o| &o.layers[place].1).collect();
        join(layer, &others, shared, place == last);
        shared &= !matches!(layer, Layer::Convolution { .. } | Layer::Dense { .. });
    }
    Ok(whole)
}

/// Takes the same layer of other networks into `layer`.
fn join(layer: &mut Layer, others: &[&Layer], shared: bool, last: bool) {
    let count = 1 + others.len();
    match layer {
        Layer::Convolution {
            weights,
            bias,
            inputs,
            outputs,
            groups,
            ..
        } => {
            for other in others {
                if let Layer::Convolution {
                    weights: more,
                    bias: also,
                    ..
                } = other
                {
                    weights.extend(more);
                    bias.extend(also);
                }
            }
            *outputs *= count;
            if !shared {
                *inputs *= count;
                *groups = count;
            }
        }
        Layer::Norm {
            gain,
            shift,
            mean,
            variance,
            ..
        } => {
            for other in others {
                if let Layer::Norm {
                    gain: g,
                    shift: s,
                    mean: m,
                    variance: v,
                    ..
                } = other
                {
                    gain.extend(g);
                    shift.extend(s);
                    mean.extend(m);
                    variance.extend(v);
                }
            }
        }
        Layer::Dense { weights, bias } => {
            let mut parts = vec![(std::mem::take(weights), std::mem::take(bias))];
            parts.extend(others.iter().filter_map(|other| match other {
                Layer::Dense { weights, bias } => Some((weights.clone(), bias.clone())),
                _ => None,
            }));
            (*weights, *bias) = dense(&parts, shared, last);
        }
        Layer::Relu | Layer::MaxPool(_) | Layer::Add(_) | Layer::Mean | Layer::Flatten => {}
    }
}

/// Weights and bias of a dense layer of all: its outputs one network after the other, or in the last
/// layer their mean.
fn dense(parts: &[(Vec<f32>, Vec<f32>)], shared: bool, last: bool) -> (Vec<f32>, Vec<f32>) {
    let units = parts.first().map_or(0, |(_, bias)| bias.len()).max(1);
    let inputs = parts.first().map_or(0, |(weights, _)| weights.len()) / units;
    let columns = if shared { inputs } else { inputs * parts.len() };
    let rows = if last { units } else { units * parts.len() };
    let share = if last { 1.0 / parts.len() as f32 } else { 1.0 };
    let mut weights = vec![0.0; rows * columns];
    let mut bias = vec![0.0; rows];
    for (number, (own, shift)) in parts.iter().enumerate() {
        let row = if last { 0 } else { units * number };
        let column = if shared { 0 } else { inputs * number };
        for (unit, values) in own.chunks_exact(inputs.max(1)).enumerate() {
            let from = (row + unit) * columns + column;
            for (to, value) in weights[from..].iter_mut().zip(values) {
                *to += share * value;
            }
        }
        for (to, value) in bias[row..].iter_mut().zip(shift) {
            *to += share * value;
        }
    }
    (weights, bias)
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use phonoscope_analysis::rng::stream;
    use phonoscope_analysis::task::{Cancel, Task};
    use phonoscope_models::build::feedforward;
    use phonoscope_models::engine::{EngineChoice, open_engine};
    use phonoscope_models::relevance::{Composite, Explainer, Method, Options};
    use phonoscope_models::{Cache, GraphBytes, Network as Fetching};
    use rand::RngExt as _;

    use super::*;
    use crate::learn::conv::{AdamW, Aim, Architecture, Stage};

    fn architecture(hidden: bool) -> Architecture {
        let convolution = |channels, kernel, strides| Stage::Convolution {
            channels,
            kernel,
            strides,
            pads: [1, 1],
        };
        let mut stages = vec![
            convolution(3, [3, 3], [2, 2]),
            Stage::Halve,
            convolution(4, [2, 3], [1, 1]),
            Stage::Flatten,
        ];
        let dense = |units, relu| Stage::Dense { units, relu };
        if hidden {
            stages.push(dense(5, true));
        } else {
            let context = Stage::Context {
                frames: 3,
                dilation: 2,
            };
            stages.splice(3..4, [context, Stage::Mean]);
        }
        stages.push(dense(2, false));
        Architecture {
            name: "test".into(),
            input: [9, 7],
            stages,
            marks: 0,
            measures: 0,
        }
    }

    fn noise(items: usize, number: u64) -> Array3<f32> {
        let mut rng = stream(5, "ensemble", number);
        Array3::from_shape_simple_fn((items, 9, 7), || rng.random_range(-1.0..1.0))
    }

    /// A network whose statistics are not those of a new one.
    fn trained(hidden: bool, seed: u64) -> Network {
        let mut network = Network::new(architecture(hidden), seed).unwrap();
        for step in 0..5 {
            let aim = Aim {
                classes: (0..16).map(|i| i % 2).collect(),
                smoothing: 0.0,
                marks: None,
                marks_weight: 0.0,
                measures: None,
                measures_weight: 0.0,
            };
            let found = network.gradients(&noise(16, step), &aim, &mut stream(1, "drop", step));
            let gradients = found.unwrap().gradients;
            AdamW::new(&network.parameters).step(&mut network.parameters, &gradients, 0.05, 0.0);
        }
        network
    }

    #[test]
    fn one_network_has_the_mean_scores_and_relevance_of_all() {
        let engine = open_engine(
            EngineChoice::Rten,
            &Cache::locate(),
            Fetching::Offline,
            &Task::silent(),
        )
        .unwrap();
        let x = noise(6, 99);
        let batch = x.clone().into_shape_with_order((6, 1, 9, 7)).unwrap();
        let explained = |graph: &GraphBytes, composite: &str| {
            let mut options = Options::new(Method::Relevance(composite.parse().unwrap()));
            options.target = phonoscope_models::relevance::Target::Class(1);
            let mut explainer =
                Explainer::open(&*engine, graph, None, &[6, 1, 9, 7], options).unwrap();
            let found = explainer.explain(batch.view().into_dyn(), &Cancel::new());
            found.unwrap().relevance
        };
        for hidden in [true, false] {
            let networks = [1, 2, 3].map(|seed| trained(hidden, seed));
            let graph = |networks: &[Network]| {
                let whole = ensemble(networks, "test", "x").unwrap();
                GraphBytes::new(feedforward(&whole).unwrap())
            };
            let whole = graph(&networks);
            let mut session = engine.open(&whole, &["logits".to_owned()]).unwrap();
            let view = batch.view().into_dyn();
            let ours = session.run(&[("x", view)], &Cancel::new()).unwrap();
            let mut mean = networks[0].predict(&x).unwrap();
            for network in &networks[1..] {
                mean += &network.predict(&x).unwrap();
            }
            mean /= 3.0;
            for (ours, mean) in ours[0].iter().zip(&mean) {
                assert!((ours - mean).abs() < 1e-5, "{ours} {mean}");
            }
            // Relevance of the gradient is linear in the scores.
            let gradient = |graph: &GraphBytes| {
                let mut options = Options::new(Method::Gradient);
                options.target = phonoscope_models::relevance::Target::Class(1);
                let mut explainer =
                    Explainer::open(&*engine, graph, None, &[6, 1, 9, 7], options).unwrap();
                let found = explainer.explain(batch.view().into_dyn(), &Cancel::new());
                found.unwrap().relevance
            };
            let own = networks
                .iter()
                .map(|n| gradient(&graph(std::slice::from_ref(n))));
            let mean = own.reduce(|a, b| a + b).unwrap() / 3.0;
            for (a, b) in gradient(&whole).iter().zip(&mean) {
                assert!((a - b).abs() < 1e-5, "{a} {b}");
            }
            for composite in [Composite::STRESS, "EpsilonPlus", "EpsilonGammaBox"] {
                assert!(explained(&whole, composite).iter().any(|x| *x != 0.0));
            }
        }
    }

    #[test]
    fn what_is_no_ensemble_is_refused() {
        let networks = [trained(true, 1), trained(false, 1)];
        assert!(ensemble(&networks, "test", "x").is_err());
        assert!(ensemble(&[], "test", "x").is_err());
        let alone = ensemble(&networks[..1], "test", "x").unwrap();
        assert_eq!(alone, networks[0].feedforward("test", "x").unwrap());
    }
}
