//! Methods, targets, inner layers and the ledger.

use ndarray::{Array, Array2, ArrayD, IxDyn};
use phonoscope_analysis::task::Cancel;
use phonoscope_models::GraphBytes;
use phonoscope_models::engine::Engine;
use phonoscope_models::relevance::{
    Bounds, Composite, Explainer, Explanation, Method, Options, Rule, Target,
};
use phonoscope_models::wire::{Attribute, ElementType, Suffix};

use crate::engines::{engines, error};

pub(crate) fn model() -> Suffix {
    let mut graph = Suffix::new();
    graph.header(8, 17, "tests").graph_name("net");
    graph
}

/// Numbers in [−1, 1) that look random.
fn numbers(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

fn array(shape: &[usize], seed: u32) -> ArrayD<f32> {
    let numbers = numbers(shape.iter().product(), seed);
    Array::from_shape_vec(IxDyn(shape), numbers).unwrap()
}

/// `x` [item, 6] → Gemm → an activation → Gemm `logits` [item, 3] → softmax.
fn net(
    operator: &str,
    attributes: &[(&str, Attribute<'_>)],
    extra: &[(&str, &[f32])],
) -> GraphBytes {
    let mut graph = model();
    graph
        .input("x", ElementType::Float32, &["item".into(), 6.into()])
        .init_f32("w", &[6, 5], &numbers(30, 1))
        .init_f32("b", &[5], &numbers(5, 2))
        .init_f32("v", &[5, 3], &numbers(15, 3));
    let mut inputs = vec!["hidden"];
    for (name, values) in extra {
        let dims: &[i64] = if values.len() == 1 { &[] } else { &[5] };
        graph.init_f32(name, dims, values);
        inputs.push(name);
    }
    graph
        .node("Gemm", &["x", "w", "b"], &["hidden"], &[])
        .node(operator, &inputs, &["active"], attributes)
        .node("MatMul", &["active", "v"], &["logits"], &[])
        .node("Softmax", &["logits"], &["y"], &[])
        .output("y");
    GraphBytes::new(graph.finish())
}

fn explained(
    engine: &dyn Engine,
    graph: &GraphBytes,
    x: &ArrayD<f32>,
    options: Options,
) -> Explanation {
    let mut explainer = Explainer::open(engine, graph, None, x.shape(), options).unwrap();
    explainer.explain(x.view(), &Cancel::new()).unwrap()
}

/// Name, attributes and constants of an operator.
type Operator<'a> = (
    &'a str,
    Vec<(&'a str, Attribute<'a>)>,
    Vec<(&'a str, &'a [f32])>,
);

#[test]
fn gradients_are_those_of_finite_differences() {
    let slopes = numbers(5, 9).iter().map(|x| x.abs()).collect::<Vec<_>>();
    let alpha = |alpha: f32| vec![("alpha", Attribute::Float(alpha))];
    let cases: [Operator<'_>; 14] = [
        ("Relu", vec![], vec![]),
        ("LeakyRelu", alpha(0.2), vec![]),
        ("PRelu", vec![], vec![("slopes", &slopes)]),
        ("Elu", alpha(0.7), vec![]),
        ("Selu", vec![], vec![]),
        ("Celu", alpha(0.6), vec![]),
        ("Sigmoid", vec![], vec![]),
        ("Tanh", vec![], vec![]),
        ("Softplus", vec![], vec![]),
        ("Softsign", vec![], vec![]),
        ("HardSigmoid", vec![], vec![]),
        ("ThresholdedRelu", alpha(0.1), vec![]),
        ("Clip", vec![], vec![("least", &[-0.4]), ("most", &[0.6])]),
        ("Erf", vec![], vec![]),
    ];
    let x = array(&[1, 6], 5);
    for engine in engines() {
        for (operator, attributes, extra) in &cases {
            let graph = net(operator, attributes, extra);
            let options = Options {
                target: Target::Difference(2, 0),
                ..Options::new(Method::Gradient)
            };
            let open = Explainer::open(&*engine, &graph, None, x.shape(), options);
            let mut explainer = match open {
                Ok(explainer) => explainer,
                Err(error) if engine.info().name == "rten" => {
                    println!("rten has not {operator}: {error}");
                    continue;
                }
                Err(error) => panic!("{operator}: {error}"),
            };
            let mut at = |x: &ArrayD<f32>| explainer.explain(x.view(), &Cancel::new()).unwrap();
            let got = at(&x);
            const STEP: f32 = 1e-2;
            for i in 0..6 {
                let mut moved = [x.clone(), x.clone()];
                moved[0][[0, i]] += STEP;
                moved[1][[0, i]] -= STEP;
                let [up, down] = moved.map(|x| at(&x).scores[0]);
                let slope = (up - down) / f64::from(2.0 * STEP);
                let far = (slope - f64::from(got.relevance[[0, i]])).abs();
                assert!(far < 3e-3, "{operator}, input {i}: {far}");
            }
        }
    }
}

#[test]
fn targets_are_predicted_given_and_differences() {
    let graph = net("Relu", &[], &[]);
    let x = array(&[2, 6], 7);
    let method = || Method::Relevance("epsilon_0.01".parse().unwrap());
    for engine in engines() {
        let with = |target| {
            let options = Options {
                target,
                ..Options::new(method())
            };
            explained(&*engine, &graph, &x, options)
        };
        let classes = [0, 1, 2].map(|class| with(Target::Class(class)));
        let difference = with(Target::Difference(1, 0));
        let expected = (&classes[1].relevance - &classes[0].relevance).mapv(f64::from);
        assert!(error(difference.relevance.view(), expected.view()) < 1e-5);
        let predicted = with(Target::Predicted);
        for item in 0..2 {
            let row = predicted.logits.row(item).to_vec();
            let best = (0..3).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap();
            assert_eq!(predicted.weights[[item, best]], 1.0);
            assert_eq!(predicted.scores[item], f64::from(row[best]));
            for i in 0..6 {
                let class = classes[best].relevance[[item, i]];
                assert!((predicted.relevance[[item, i]] - class).abs() < 1e-6);
            }
        }
        let options = Options {
            target: Target::Class(3),
            ..Options::new(method())
        };
        let refused = Explainer::open(&*engine, &graph, None, x.shape(), options)
            .err()
            .unwrap();
        assert!(
            refused.to_string().contains("classes from 0 to 2"),
            "{refused}"
        );
    }
}

#[test]
fn integrated_gradients_sum_to_the_gain_and_smoothgrad_repeats() {
    let graph = net("Tanh", &[], &[]);
    let x = array(&[2, 6], 8);
    for engine in engines() {
        let options = Options::new(Method::IntegratedGradients { steps: 200 });
        let got = explained(&*engine, &graph, &x, options);
        for (item, gain) in got.gain.unwrap().iter().enumerate() {
            let sum: f64 = got
                .relevance
                .index_axis(ndarray::Axis(0), item)
                .mapv(f64::from)
                .sum();
            assert!((sum - gain).abs() < 1e-4, "{sum} {gain}");
        }
        let smooth = |seed| {
            let method = Method::SmoothGrad {
                samples: 5,
                noise: 0.1,
                seed,
            };
            explained(&*engine, &graph, &x, Options::new(method)).relevance
        };
        assert_eq!(smooth(1), smooth(1));
        assert_ne!(smooth(1), smooth(2));
        let plain = explained(&*engine, &graph, &x, Options::new(Method::Gradient)).relevance;
        let far = error(smooth(1).view(), plain.mapv(f64::from).view());
        assert!((1e-4..0.5).contains(&far), "{far}");
    }
}

#[test]
fn inner_relevance_and_the_ledger_tell_where_it_went() {
    let graph = net("Relu", &[], &[]);
    let x = array(&[1, 6], 15);
    for engine in engines() {
        for name in [
            "epsilon_0.1",
            "zplus",
            "alpha2beta1",
            "gamma_0.5",
            "wsquare",
        ] {
            let options = Options {
                inner: vec!["active".to_owned(), "hidden".to_owned()],
                ..Options::new(Method::Relevance(name.parse().unwrap()))
            };
            let got = explained(&*engine, &graph, &x, options);
            assert!(got.scores[0].abs() > 0.05, "{}", got.scores[0]);
            let sum = |map: &ArrayD<f32>| map.iter().map(|r| f64::from(*r)).sum::<f64>();
            let ledger = got.ledger.as_ref().unwrap();
            let layers: Vec<_> = ledger
                .layers
                .iter()
                .map(|l| (l.name.as_str(), l.operator))
                .collect();
            assert_eq!(
                layers,
                [("MatMul:logits", "Dense"), ("Gemm:hidden", "Dense")]
            );
            let near = |a: f64, b: f32| assert!((a - f64::from(b)).abs() < 1e-4, "{name}: {a} {b}");
            near(got.scores[0], ledger.arriving[[0, 0]]);
            near(sum(&got.inner[0].1), ledger.leaving[[0, 0]]);
            near(sum(&got.inner[1].1), ledger.arriving[[0, 1]]);
            near(sum(&got.relevance), ledger.leaving[[0, 1]]);
            assert_eq!(ledger.bias[[0, 0]], 0.0, "the last layer has no bias");
            // Biases of the units that are on are negative here, and z⁺ leaves those out.
            assert_eq!(ledger.bias[[0, 1]] == 0.0, name == "zplus", "{name}");
            // What is neither handed on nor the bias's is the stabiliser's: a share of ε.
            let rest = ledger.stabiliser();
            let small = if name == "epsilon_0.1" { 1.0 } else { 1e-3 };
            assert!(rest.iter().all(|rest| rest.abs() < small), "{name}: {rest}");
            let options = Options::new(Method::Relevance(
                format!("{name}_zerobias").parse().unwrap(),
            ));
            let got = explained(&*engine, &graph, &x, options);
            assert_eq!(got.ledger.unwrap().bias, Array2::<f32>::zeros((1, 2)));
        }
    }
}

/// `x` [1, 1, 5, 5] → Conv 3 × 3 → BatchNormalization → Relu → Conv → Flatten → Gemm.
fn stress_like() -> GraphBytes {
    let mut graph = model();
    let dims = [1.into(), 1.into(), 5.into(), 5.into()];
    graph.input("x", ElementType::Float32, &dims);
    let positive = |n, seed| {
        numbers(n, seed)
            .iter()
            .map(|x| x.abs() + 0.5)
            .collect::<Vec<_>>()
    };
    for (name, values) in [
        ("gain", positive(2, 1)),
        ("offset", numbers(2, 2)),
        ("mean", numbers(2, 3)),
        ("variance", positive(2, 4)),
    ] {
        graph.init_f32(name, &[2], &values);
    }
    graph
        .init_f32("w", &[2, 1, 3, 3], &numbers(18, 5))
        .init_f32("b", &[2], &numbers(2, 6))
        .init_f32("v", &[2, 2, 3, 3], &numbers(36, 7))
        .init_f32("c", &[2], &numbers(2, 8))
        .init_f32("u", &[2, 2], &numbers(4, 9))
        .node("Conv", &["x", "w", "b"], &["conv"], &[])
        .node(
            "BatchNormalization",
            &["conv", "gain", "offset", "mean", "variance"],
            &["norm"],
            &[],
        )
        .node("Relu", &["norm"], &["active"], &[])
        .node("Conv", &["active", "v", "c"], &["second"], &[])
        .node("Flatten", &["second"], &["flat"], &[])
        .node("Gemm", &["flat", "u"], &["logits"], &[])
        .output("logits");
    GraphBytes::new(graph.finish())
}

/// The stress paper's assignment by hand, layer by layer.
#[test]
fn the_stress_assignment_keeps_norms_apart_and_biases_whole() {
    let graph = stress_like();
    let x = array(&[1, 1, 5, 5], 12);
    let composite: Composite = Composite::STRESS.parse().unwrap();
    assert_eq!(composite.convolution, Rule::PositiveWeights);
    for engine in engines() {
        let inner = ["conv", "norm", "active", "second"].map(str::to_owned);
        let options = Options {
            target: Target::Class(1),
            inner: inner.to_vec(),
            ..Options::new(Method::Relevance(composite.clone()))
        };
        let got = explained(&*engine, &graph, &x, options);
        let at = |k: usize| &got.inner[k].1;
        // Values of the forward pass, in 64 bits.
        let (w, b, v, c) = (numbers(18, 5), numbers(2, 6), numbers(36, 7), numbers(2, 8));
        let (u, x) = (numbers(4, 9), x.mapv(f64::from));
        let conv = |k: usize, i: usize, j: usize| {
            let tap = |t: usize| f64::from(w[k * 9 + t]) * x[[0, 0, i + t / 3, j + t % 3]];
            (0..9).map(tap).sum::<f64>() + f64::from(b[k])
        };
        let absolute = |n, seed| {
            numbers(n, seed)
                .iter()
                .map(|x| f64::from(x.abs() + 0.5))
                .collect::<Vec<_>>()
        };
        let (gain, variance) = (absolute(2, 1), absolute(2, 4));
        let (offset, mean) = (numbers(2, 2), numbers(2, 3));
        let scale = |k: usize| gain[k] / (variance[k] + 1e-5).sqrt();
        let norm =
            |k: usize, i, j| (conv(k, i, j) - f64::from(mean[k])) * scale(k) + f64::from(offset[k]);
        let second = |m: usize, positive: bool| {
            let mut sum = f64::from(c[m]);
            for k in 0..2 {
                for t in 0..9 {
                    let weight = f64::from(v[m * 18 + k * 9 + t]);
                    let weight = if positive { weight.max(0.0) } else { weight };
                    sum += weight * norm(k, t / 3, t % 3).max(0.0);
                }
            }
            sum
        };
        // Two dense inputs: z is their sum, and class one explains itself.
        let handed = |m: usize| second(m, false) * f64::from(u[m * 2 + 1]);
        for m in 0..2 {
            let far = (f64::from(at(3)[[0, m, 0, 0]]) - handed(m)).abs();
            assert!(far < 1e-4, "{far}");
        }
        for k in 0..2 {
            for t in 0..9 {
                let (i, j) = (t / 3, t % 3);
                let part = |m: usize| {
                    let weight = f64::from(v[m * 18 + k * 9 + t]).max(0.0);
                    norm(k, i, j).max(0.0) * weight / second(m, true) * handed(m)
                };
                let expected = part(0) + part(1);
                let far = (f64::from(at(2)[[0, k, i, j]]) - expected).abs();
                assert!(far < 1e-3 * expected.abs().max(0.1), "{far}");
                let apart = conv(k, i, j) * scale(k) / norm(k, i, j) * expected;
                let far = (f64::from(at(0)[[0, k, i, j]]) - apart).abs();
                assert!(far < 1e-3 * apart.abs().max(0.1), "{far}");
            }
        }
    }
}

#[test]
fn bounds_of_an_item_are_its_least_and_largest_number() {
    let graph = stress_like();
    let x = array(&[1, 1, 5, 5], 13);
    let low = x.iter().copied().fold(f32::INFINITY, f32::min);
    let high = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for engine in engines() {
        let with = |bounds| {
            let options = Options {
                bounds,
                target: Target::Class(0),
                ..Options::new(Method::Relevance("first_zbox".parse().unwrap()))
            };
            explained(&*engine, &graph, &x, options).relevance
        };
        let stated = |n: usize| Bounds::Stated {
            low: vec![low; n],
            high: vec![high; n],
        };
        let expected = with(stated(1)).mapv(f64::from);
        for bounds in [Bounds::Item, stated(25)] {
            assert!(error(with(bounds).view(), expected.view()) < 1e-4);
        }
        let options = Options {
            bounds: stated(7),
            ..Options::new(Method::Relevance("first_zbox".parse().unwrap()))
        };
        let refused = Explainer::open(&*engine, &graph, None, x.shape(), options)
            .err()
            .unwrap();
        assert!(refused.to_string().contains("low bound"), "{refused}");
    }
}
