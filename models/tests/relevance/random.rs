//! Random networks of all kinds of layers: both emissions against each other and against the dense
//! reference.

use ndarray::{Array2, ArrayD, IxDyn};
use phonoscope_analysis::task::Cancel;
use phonoscope_models::Error;
use phonoscope_models::engine::Engine;
use phonoscope_models::relevance::{
    Bounds, Composite, Emission, Explainer, Explanation, Method, Options, Target,
};

use crate::dense::{Rules, Step, Value, Weighing, Weighted, explain};
use crate::draw::{Drawn, Draws, batch, onnx};
use crate::engines::{engines, error};

const NETWORKS: u64 = 240;
const COMPOSITES: [&str; 20] = [
    "epsilon_1e-3",
    "epsilon_0.05",
    "epsilon_0.05_zerobias",
    "gamma_0.25",
    "gamma_0.25_zerobias",
    "zplus",
    "zplus_zerobias",
    "alpha2beta1",
    "alpha2beta1_zerobias",
    "alpha1beta0",
    "wsquare",
    "wsquare_zerobias",
    "flat",
    "first_wsquare",
    "first_flat",
    "first_zbox",
    "EpsilonPlus",
    "EpsilonPlusFlat",
    "EpsilonGammaBox",
    "EpsilonAlpha2Beta1Flat",
];

/// The steps with zeros around the input of a convolution as its padding: for rules that know no
/// input, such zeros are no inputs.
fn without_pads(steps: &[Step]) -> Vec<Step> {
    let mut kept: Vec<Step> = vec![];
    for step in steps {
        let mut step = step.clone();
        if let Step::Weighted(Weighted {
            kind: Weighing::Convolution(windows, _),
            ..
        }) = &mut step
            && let Some(Step::Pad(before, after)) = kept.last().cloned()
        {
            kept.pop();
            for axis in 0..before.len() {
                windows.before[axis] += before[axis];
                windows.after[axis] += after[axis];
            }
        }
        kept.push(step);
    }
    kept
}

/// One network, its inputs, and what the reference says.
struct Case {
    drawn: Drawn,
    items: Vec<Value<f32>>,
    class: usize,
    rules: Rules,
    logits: ArrayD<f64>,
    relevance: ArrayD<f64>,
    /// What the reference loses in 32 bits.
    lost: f64,
}

impl Case {
    /// The first network of a seed whose score has relevance at all: some are dead.
    fn new(seed: u64) -> Self {
        let alive = |case: &Self| case.relevance.iter().any(|r| *r != 0.0);
        let mut cases = (0..).map(|attempt| Self::drawn(seed, attempt));
        cases.find(alive).unwrap()
    }

    fn drawn(seed: u64, attempt: u64) -> Self {
        let mut draws = Draws::new(seed + attempt * NETWORKS);
        let drawn = draws.network();
        let items: Vec<_> = (0..1 + draws.below(2))
            .map(|_| draws.input(&drawn.dims))
            .collect();
        let class = draws.below(drawn.classes);
        let name = COMPOSITES[seed as usize % COMPOSITES.len()];
        let rules = Rules {
            composite: name.parse().unwrap(),
            low: -1.0,
            high: 1.5,
        };
        let dims = [&[items.len()], drawn.dims.as_slice()].concat();
        let (mut logits, mut relevance, mut narrow) = (vec![], vec![], vec![]);
        let steps = without_pads(&drawn.steps);
        for item in &items {
            let (scores, map) = explain::<f64>(&steps, item, class, &rules);
            logits.extend(scores);
            relevance.extend(map);
            narrow.extend(explain::<f32>(&steps, item, class, &rules).1);
        }
        let shaped = |data| ArrayD::from_shape_vec(IxDyn(&dims), data).unwrap();
        let relevance = shaped(relevance);
        let narrow = shaped(narrow).mapv(|x| x as f32);
        Self {
            logits: ArrayD::from_shape_vec(IxDyn(&[items.len(), drawn.classes]), logits).unwrap(),
            lost: error(narrow.view(), relevance.view()),
            drawn,
            items,
            class,
            rules,
            relevance,
        }
    }

    fn explained(&self, engine: &dyn Engine, emission: Emission) -> Result<Explanation, Error> {
        let x = batch(&self.items);
        let options = Options {
            target: Target::Given,
            bounds: Bounds::Stated {
                low: vec![self.rules.low],
                high: vec![self.rules.high],
            },
            emission,
            ..Options::new(Method::Relevance(self.rules.composite.clone()))
        };
        let graph = onnx(&self.drawn);
        let mut explainer = Explainer::open(engine, &graph, None, x.shape(), options)?;
        let mut weights = Array2::zeros((self.items.len(), self.drawn.classes));
        weights.column_mut(self.class).fill(1.0);
        explainer.explain_weighted(x.view(), &weights, &Cancel::new())
    }

    fn about(&self) -> String {
        format!("{}, {:?}", self.rules.composite.name, self.drawn)
    }
}

#[derive(Default)]
struct Errors {
    sorted: Vec<f64>,
    worst: (f64, String),
}

impl Errors {
    /// Takes up an error and the share that it is of what is tolerated.
    fn add(&mut self, error: f64, share: f64, about: impl Fn() -> String) {
        self.sorted.push(error);
        if share >= self.worst.0 {
            self.worst = (share, about());
        }
    }

    fn tell(&mut self, what: &str) {
        self.sorted.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = (self.sorted.len() - 1) as f64 * share;
            self.sorted[place as usize]
        };
        println!(
            "{what}: n {}, median {:.1e}, 90 % {:.1e}, 99 % {:.1e}, worst {:.1e}; closest to what \
             is tolerated ({:.2} of it): {}",
            self.sorted.len(),
            at(0.5),
            at(0.9),
            at(0.99),
            at(1.0),
            self.worst.0,
            self.worst.1
        );
    }
}

#[test]
fn emissions_agree_with_each_other_and_with_a_dense_reference() {
    let cases: Vec<Case> = (0..NETWORKS).map(Case::new).collect();
    for engine in engines() {
        let is_rten = engine.info().name == "rten";
        let (mut against, mut between) = (Errors::default(), Errors::default());
        let mut refused = 0;
        for (seed, case) in cases.iter().enumerate() {
            let tolerated = (10.0 * case.lost).max(1e-5);
            let about = || format!("seed {seed}, {}", case.rules.composite.name);
            let both = [Emission::Optimised, Emission::Literal]
                .map(|emission| case.explained(&*engine, emission));
            let [optimised, literal] = match both {
                [Ok(optimised), Ok(literal)] => [optimised, literal],
                [Err(_), _] | [_, Err(_)] if is_rten => {
                    refused += 1;
                    continue;
                }
                [Err(error), _] | [_, Err(error)] => panic!("{error}: {}", case.about()),
            };
            for got in [&optimised, &literal] {
                let far = error(got.relevance.view(), case.relevance.view());
                assert!(
                    far <= tolerated,
                    "seed {seed}: {far:e} of {tolerated:e}: {}",
                    case.about()
                );
                against.add(far, far / tolerated, about);
                let logits = got.logits.view().into_dyn();
                assert!(error(logits, case.logits.view()) < 1e-4, "{}", case.about());
            }
            let wide = literal.relevance.mapv(f64::from);
            let far = error(optimised.relevance.view(), wide.view());
            assert!(
                far <= tolerated,
                "seed {seed}: {far:e} of {tolerated:e}: {}",
                case.about()
            );
            between.add(far, far / tolerated, about);
        }
        let name = engine.info().to_string();
        against.tell(&format!(
            "{name}, both emissions against the dense reference"
        ));
        between.tell(&format!("{name}, optimised against literal"));
        println!("{name}: {refused} of {NETWORKS} networks not run");
        // What rten cannot run is mostly 3-D convolutions; much more would be a loss of ours.
        assert!(refused <= NETWORKS / 5, "{name} ran too few networks");
        assert!(is_rten || refused == 0);
    }
}

#[test]
fn the_reference_knows_the_rules_by_hand() {
    // z = 2·1 − 1·3 + 0.5 = −0.5 for the only class.
    let steps = [Step::Weighted(Weighted {
        kind: Weighing::Dense,
        outputs: 1,
        weight: vec![1.0, -1.0],
        bias: Some(vec![0.5]),
        norm: None,
    })];
    let x = Value {
        dims: vec![2],
        data: vec![2.0, 3.0],
    };
    let explained = |name: &str| {
        let composite: Composite = name.parse().unwrap();
        let rules = Rules {
            composite,
            low: 0.0,
            high: 4.0,
        };
        explain::<f64>(&steps, &x, 0, &rules).1
    };
    let near = |got: Vec<f64>, expected: [f64; 2]| {
        let far = |(a, b): (&f64, &f64)| (a - b).abs() > 1e-5;
        assert!(!got.iter().zip(&expected).any(far), "{got:?} {expected:?}");
    };
    near(explained("epsilon_1e-6"), [2.0, -3.0]);
    near(explained("epsilon_1e-6_zerobias"), [1.0, -1.5]);
    near(explained("zplus"), [-0.5 * 2.0 / 2.5, 0.0]);
    near(explained("alpha2beta1"), [-0.8, 0.5]);
    near(explained("wsquare"), [-0.5 / 2.25, -0.5 / 2.25]);
    near(explained("flat"), [-0.25, -0.25]);
    // x·w − l·w⁺ − h·w⁻ = 2 − 0, −3 + 4.
    near(explained("first_zbox"), [-0.5 * 2.0 / 3.0, -0.5 / 3.0]);
    // Where z < 0, what is negative counts 1.25 times: 2 − 3.75 + 0.5 = −1.25.
    near(explained("gamma_0.25"), [0.8, -1.5]);
}
