//! Both engines on graphs that the tests write themselves.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it measured"
)]

mod agreement;
mod cancelling;
#[path = "../common/engines.rs"]
mod common;
mod faults;
mod graphs;
mod surgery;
mod taps;
mod types;

use ndarray::ArrayD;
use phonoscope_analysis::task::Cancel;
use phonoscope_models::GraphBytes;
use phonoscope_models::engine::Engine;

use common::{engines, onnxruntime, rten};

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
