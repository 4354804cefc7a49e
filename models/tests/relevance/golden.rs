//! Maps of Zennit and Captum in 64 bits on two small networks (`golden/lrp`).

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, ArrayD, Axis};
use ndarray_npy::NpzReader;
use phonoscope_analysis::task::Cancel;
use phonoscope_models::GraphBytes;
use phonoscope_models::engine::Engine;
use phonoscope_models::relevance::{
    Bounds, Composite, Emission, Explainer, Method, Options, Target,
};

use crate::engines::{engines, error, wide};

fn folder() -> Option<PathBuf> {
    let shared = env::var_os("PHONOSCOPE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("golden/lrp");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no {}", folder.display());
    None
}

struct Golden {
    name: String,
    graph: GraphBytes,
    floats: BTreeMap<String, ArrayD<f32>>,
    targets: Vec<usize>,
    logits: Array2<f64>,
    tolerance: BTreeMap<String, f64>,
}

fn golden() -> Vec<Golden> {
    let Some(folder) = folder() else {
        return vec![];
    };
    let meta = fs::read(folder.join("meta.json")).unwrap();
    let meta: serde_json::Value = serde_json::from_slice(&meta).unwrap();
    let tolerance: BTreeMap<String, f64> =
        serde_json::from_value(meta["tolerance"].clone()).unwrap();
    let load = |name: &str| {
        let file = File::open(folder.join(format!("{name}.npz"))).unwrap();
        let mut archive = NpzReader::new(file).unwrap();
        let mut floats = BTreeMap::new();
        for member in archive.names().unwrap() {
            if let Ok(array) = archive.by_name::<_, ndarray::IxDyn>(&member) {
                floats.insert(member.trim_end_matches(".npy").to_owned(), array);
            }
        }
        let targets: Array1<i64> = archive.by_name("target.npy").unwrap();
        Golden {
            name: name.to_owned(),
            graph: GraphBytes::new(fs::read(folder.join(format!("{name}.onnx"))).unwrap()),
            floats,
            targets: targets.iter().map(|target| *target as usize).collect(),
            logits: archive.by_name("logits.npy").unwrap(),
            tolerance: tolerance.clone(),
        }
    };
    ["plain", "bnres"].map(load).into()
}

impl Golden {
    fn input(&self) -> &ArrayD<f32> {
        &self.floats["input"]
    }

    fn weights(&self) -> Array2<f32> {
        let mut weights = Array2::zeros(self.logits.raw_dim());
        for (item, target) in self.targets.iter().enumerate() {
            weights[[item, *target]] = 1.0;
        }
        weights
    }

    fn explainer(&self, engine: &dyn Engine, options: Options, shape: &[usize]) -> Explainer {
        Explainer::open(engine, &self.graph, None, shape, options).unwrap()
    }

    /// Says how far a map is from the reference, and fails beyond the tolerance.
    fn check(&self, engine: &dyn Engine, how: &str, case: &str, got: &ArrayD<f32>) {
        let tolerance = self.tolerance[&format!("{}/{case}", self.name)];
        let far = error(got.view(), wide(&self.floats[case]).view());
        println!(
            "{} {how} {}/{case}: {far:.1e} of {tolerance:.1e}",
            engine.info(),
            self.name
        );
        assert!(
            far <= tolerance,
            "{}/{case}: {far:e} of {tolerance:e}",
            self.name
        );
    }
}

fn numbers(array: &ArrayD<f32>) -> Vec<f32> {
    array.iter().copied().collect()
}

#[test]
fn rules_and_composites_agree_with_zennit() {
    let golden = golden();
    for engine in engines() {
        for one in &golden {
            let cases: Vec<&str> = one
                .floats
                .keys()
                .filter_map(|key| key.strip_prefix("R/"))
                .collect();
            assert_eq!(cases.len(), 15);
            for case in cases {
                for emission in [Emission::Optimised, Emission::Literal] {
                    let composite: Composite = case.parse().unwrap();
                    let options = Options {
                        target: Target::Given,
                        bounds: Bounds::Stated {
                            low: numbers(&one.floats["low"]),
                            high: numbers(&one.floats["high"]),
                        },
                        emission,
                        ..Options::new(Method::Relevance(composite))
                    };
                    let mut explainer = one.explainer(&*engine, options, one.input().shape());
                    let got = explainer
                        .explain_weighted(one.input().view(), &one.weights(), &Cancel::new())
                        .unwrap();
                    let how = format!("{emission:?}");
                    one.check(&*engine, &how, &format!("R/{case}"), &got.relevance);
                    let far = error(got.logits.view().into_dyn(), one.logits.view().into_dyn());
                    assert!(far < 1e-5, "logits: {far:e}");
                    conserves(&got);
                }
            }
        }
    }
}

/// The ledger closes: what arrives anywhere is what left above, and sums are those of the map.
fn conserves(got: &phonoscope_models::relevance::Explanation) {
    let ledger = got.ledger.as_ref().unwrap();
    let last = ledger.layers.len() - 1;
    for (item, map) in got.relevance.axis_iter(Axis(0)).enumerate() {
        let sum: f64 = map.iter().map(|r| f64::from(*r)).sum();
        let size: f64 = map.iter().map(|r| f64::from(r.abs())).sum();
        let arrived = f64::from(ledger.arriving[[item, 0]]);
        assert!((arrived - got.scores[item]).abs() <= 1e-5 * arrived.abs().max(1.0));
        let left = f64::from(ledger.leaving[[item, last]]);
        assert!((left - sum).abs() <= 1e-4 * size.max(1.0), "{left} {sum}");
    }
}

#[test]
fn gradient_methods_agree_with_captum() {
    for engine in engines() {
        for one in golden() {
            for (method, case) in [
                (Method::Gradient, "A/gradient"),
                (Method::GradientXInput, "A/gradient_x_input"),
                (Method::GuidedBackprop, "A/guided_backprop"),
                (Method::Deconvnet, "A/deconvnet"),
            ] {
                for emission in [Emission::Optimised, Emission::Literal] {
                    let options = Options {
                        target: Target::Given,
                        emission,
                        ..Options::new(method.clone())
                    };
                    let mut explainer = one.explainer(&*engine, options, one.input().shape());
                    let got = explainer
                        .explain_weighted(one.input().view(), &one.weights(), &Cancel::new())
                        .unwrap();
                    one.check(&*engine, &format!("{emission:?}"), case, &got.relevance);
                }
            }
            integrated(&one, &*engine);
            smoothed(&one, &*engine);
        }
    }
}

fn integrated(one: &Golden, engine: &dyn Engine) {
    let input = one.input();
    let mut maps = ArrayD::zeros(input.raw_dim());
    let mut shape = input.shape().to_vec();
    shape[0] = 1;
    for (item, target) in one.targets.iter().enumerate() {
        let options = Options {
            target: Target::Class(*target),
            ..Options::new(Method::IntegratedGradients { steps: 32 })
        };
        let mut explainer = one.explainer(engine, options, &shape);
        let x = input.index_axis(Axis(0), item).insert_axis(Axis(0));
        let got = explainer.explain(x, &Cancel::new()).unwrap();
        let sum: f64 = got.relevance.iter().map(|r| f64::from(*r)).sum();
        let gain = got.gain.unwrap()[0];
        assert!(
            (sum - gain).abs() < 0.05 * gain.abs().max(0.5),
            "{sum} {gain}"
        );
        let map = got.relevance.index_axis_move(Axis(0), 0);
        maps.index_axis_mut(Axis(0), item).assign(&map);
    }
    one.check(engine, "32 runs", "A/integrated_gradients_mid32", &maps);
}

fn smoothed(one: &Golden, engine: &dyn Engine) {
    let options = Options {
        target: Target::Given,
        ..Options::new(Method::Gradient)
    };
    let mut explainer = one.explainer(engine, options, one.input().shape());
    let noise = &one.floats["smoothgrad_noise"];
    let mut sum = ArrayD::<f64>::zeros(one.input().raw_dim());
    for field in noise.axis_iter(Axis(0)) {
        let noisy = one.input() + &field;
        let got = explainer
            .explain_weighted(noisy.view(), &one.weights(), &Cancel::new())
            .unwrap();
        sum += &wide(&got.relevance);
    }
    let mean = sum.mapv(|g| (g / noise.len_of(Axis(0)) as f64) as f32);
    one.check(engine, "8 runs", "A/smoothgrad_8", &mean);
}
