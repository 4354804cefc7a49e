use ndarray::{Array2, Array3};
use phonoscope_analysis::rng::stream;
use rand::RngExt as _;

use super::*;

fn architecture() -> Architecture {
    Architecture {
        name: "test".into(),
        input: [9, 7],
        stages: vec![
            Stage::Convolution {
                channels: 3,
                kernel: [3, 3],
                strides: [1, 2],
                pads: [1, 1],
            },
            Stage::Halve,
            Stage::Convolution {
                channels: 4,
                kernel: [4, 1],
                strides: [1, 1],
                pads: [0, 0],
            },
            Stage::Flatten,
            Stage::Dense {
                units: 5,
                relu: true,
            },
            Stage::Dense {
                units: 2,
                relu: false,
            },
        ],
        marks: 2,
        measures: 3,
    }
}

/// The same with layers over time, one of them dilated, and the mean of every channel.
fn contextual() -> Architecture {
    let mut own = architecture();
    let context = |dilation| Stage::Context {
        frames: 3,
        dilation,
    };
    let mean = [context(1), context(2), Stage::Mean];
    own.stages.splice(3..4, mean);
    own
}

fn noise(name: &str, items: usize) -> Array3<f32> {
    let mut rng = stream(3, name, 0);
    Array3::from_shape_simple_fn((items, 9, 7), || rng.random_range(-1.0..1.0))
}

fn aim(items: usize) -> Aim {
    let marks = Array3::from_shape_fn((items, 2, 2), |(i, m, t)| ((i + m + t) % 2) as f32);
    // One that is far, one that is near and one that is not known.
    let measures = Array2::from_shape_fn((items, 3), |(i, m)| match (i + m) % 3 {
        0 => 4.0,
        1 => 0.1,
        _ => f32::NAN,
    });
    Aim {
        classes: (0..items).map(|i| i % 2).collect(),
        smoothing: 0.1,
        marks: Some(marks),
        marks_weight: 0.7,
        measures: Some(measures),
        measures_weight: 0.4,
    }
}

/// The loss alone.
fn loss(network: &Network, x: &Array3<f32>) -> f64 {
    let mut copy = network.clone();
    let step = copy.gradients(x, &aim(x.dim().0), &mut stream(1, "drop", 0));
    f64::from(step.unwrap().loss)
}

#[test]
fn gradients_are_those_of_small_differences() {
    for architecture in [architecture(), contextual()] {
        check_gradients(&Network::new(architecture, 4).unwrap());
    }
}

fn check_gradients(network: &Network) {
    let x = noise("x", 6);
    let mut copy = network.clone();
    let step = copy
        .gradients(&x, &aim(6), &mut stream(1, "drop", 0))
        .unwrap();
    assert_ne!(copy.statistics, network.statistics);
    for (place, array) in network.parameters.iter().enumerate() {
        for at in [0, array.values.len() / 2, array.values.len() - 1] {
            let moved = |by: f32| {
                let mut moved = network.clone();
                moved.parameters[place].values[at] += by;
                loss(&moved, &x)
            };
            let found = f64::from(step.gradients[place][at]);
            // Curvature spoils long steps and rounding short ones.
            let slopes =
                [2e-3, 5e-4, 1e-4].map(|by| (moved(by) - moved(-by)) / (2.0 * f64::from(by)));
            let near = |slope: &f64| (slope - found).abs() < 2e-3 + 0.02 * slope.abs();
            assert!(
                slopes.iter().any(near),
                "{} [{at}]: {slopes:?} {found}",
                array.name
            );
        }
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let mut network = Network::new(architecture(), 4).unwrap();
            let mut adam = AdamW::new(&network.parameters);
            for _ in 0..3 {
                let step = network
                    .gradients(&noise("x", 8), &aim(8), &mut stream(1, "drop", 0))
                    .unwrap();
                adam.step(&mut network.parameters, &step.gradients, 0.01, 0.1);
            }
            network
        })
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn the_small_network_is_small_and_the_paper_s_is_the_paper_s() {
    let small = Network::new(Architecture::small(), 1).unwrap();
    assert!(
        (60_000..120_000).contains(&small.weights()),
        "{}",
        small.weights()
    );
    let work = small.architecture().multiplications().unwrap();
    assert!(work < 10_000_000, "{work}");
    let shapes = Architecture::vgg16().shapes().unwrap();
    let flat = Architecture::vgg16();
    let flat = flat
        .stages
        .iter()
        .zip(&shapes)
        .find(|(s, _)| **s == Stage::Flatten);
    assert_eq!(flat.unwrap().1, &[7680]);
    let tcn = Network::new(Architecture::tcn(), 1).unwrap();
    assert!(
        (60_000..80_000).contains(&tcn.weights()),
        "{}",
        tcn.weights()
    );
    // Behind the last of the layers over time: every step sees the word, and none is left out.
    assert_eq!(tcn.architecture().marked().unwrap(), Some([48, 26]));
}

#[test]
fn layers_that_do_not_fit_are_refused_by_name() {
    let mut wrong = architecture();
    wrong.stages.remove(3);
    let error = Network::new(wrong, 1).unwrap_err().to_string();
    assert!(error.contains("Dense"), "{error}");
    let mut wrong = architecture();
    wrong.stages.truncate(2);
    assert!(wrong.classes().is_err());
    let network = Network::new(architecture(), 1).unwrap();
    assert!(network.predict(&Array3::zeros((2, 9, 8))).is_err());
    let scores: Array2<f32> = network.predict(&noise("x", 40)).unwrap();
    assert_eq!(scores.dim(), (40, 2));
}

#[test]
fn the_onnx_file_gives_the_same_scores_and_can_be_explained() {
    use phonoscope_analysis::task::{Cancel, Task};
    use phonoscope_models::build::feedforward;
    use phonoscope_models::engine::{EngineChoice, open_engine};
    use phonoscope_models::relevance::{Composite, Explainer, Method, Options};
    use phonoscope_models::{Cache, GraphBytes, Network as Fetching};

    for architecture in [architecture(), contextual()] {
        let mut network = Network::new(architecture, 4).unwrap();
        // Statistics and gains of a trained network are not those of a new one.
        for step in 0..5 {
            let x = noise("moments", 16);
            let found = network
                .gradients(&x, &aim(16), &mut stream(1, "drop", step))
                .unwrap();
            AdamW::new(&network.parameters).step(
                &mut network.parameters,
                &found.gradients,
                0.05,
                0.0,
            );
        }
        let x = noise("x", 6);
        let ours = network.predict(&x).unwrap();
        let bytes = feedforward(&network.feedforward("test", "x").unwrap()).unwrap();
        let graph = GraphBytes::new(bytes);
        let task = Task::silent();
        let engine = open_engine(
            EngineChoice::Rten,
            &Cache::locate(),
            Fetching::Offline,
            &task,
        );
        let engine = engine.unwrap();
        let mut session = engine.open(&graph, &["logits".to_owned()]).unwrap();
        let batch = x
            .clone()
            .into_shape_with_order((6, 1, 9, 7))
            .unwrap()
            .into_dyn();
        let theirs = session.run(&[("x", batch.view())], &Cancel::new()).unwrap();
        for (ours, theirs) in ours.iter().zip(&theirs[0]) {
            assert!((ours - theirs).abs() < 1e-5, "{ours} {theirs}");
        }
        let name = format!("{}_zerobias", Composite::STRESS);
        for composite in ["EpsilonPlus", "EpsilonGammaBox", name.as_str()] {
            let options = Options::new(Method::Relevance(composite.parse().unwrap()));
            let mut explainer =
                Explainer::open(&*engine, &graph, None, &[6, 1, 9, 7], options).unwrap();
            let found = explainer.explain(batch.view(), &Cancel::new()).unwrap();
            assert!(found.relevance.iter().any(|x| *x != 0.0), "{composite}");
        }
    }
}
