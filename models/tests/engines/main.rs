//! Both engines on graphs that the tests write themselves.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it measured"
)]

mod agreement;
mod cancelling;
mod faults;
mod graphs;
mod surgery;
mod taps;
mod types;

use std::env;
use std::sync::Arc;

use ndarray::ArrayD;
use phonoscope_analysis::task::{Cancel, Task};
use phonoscope_models::engine::{Engine, EngineChoice, open_engine};
use phonoscope_models::{Cache, GraphBytes, Network};

/// Set to `required`, a missing ONNX Runtime is fetched, and a failure instead of a skip.
const POLICY: &str = "PHONOSCOPE_TEST_ENGINE";

fn rten() -> Arc<dyn Engine> {
    open_engine(
        EngineChoice::Rten,
        &Cache::locate(),
        Network::Offline,
        &Task::silent(),
    )
    .unwrap()
}

fn onnxruntime() -> Option<Arc<dyn Engine>> {
    let required = env::var(POLICY).is_ok_and(|policy| policy == "required");
    let network = if required {
        Network::Allowed
    } else {
        Network::Offline
    };
    match open_engine(
        EngineChoice::OnnxRuntime,
        &Cache::locate(),
        network,
        &Task::silent(),
    ) {
        Ok(engine) => Some(engine),
        Err(error) if required => panic!("{error}"),
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    }
}

/// Every engine to be had.
fn engines() -> Vec<Arc<dyn Engine>> {
    std::iter::once(rten()).chain(onnxruntime()).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn run(
    engine: &dyn Engine,
    graph: &GraphBytes,
    outputs: &[&str],
    inputs: &[(&str, &ArrayD<f32>)],
) -> Vec<ArrayD<f32>> {
    let views: Vec<_> = inputs
        .iter()
        .map(|(name, array)| (*name, array.view()))
        .collect();
    engine
        .open(graph, &names(outputs))
        .and_then(|mut session| session.run(&views, &Cancel::new()))
        .unwrap_or_else(|error| panic!("{}: {error}", engine.info()))
}

fn difference(a: &ArrayD<f32>, b: &ArrayD<f32>) -> f32 {
    assert_eq!(a.shape(), b.shape());
    a.iter()
        .zip(b)
        .map(|(x, y)| (x - y).abs())
        .fold(
            0.0,
            |most, d| if d.is_nan() { f32::NAN } else { most.max(d) },
        )
}
