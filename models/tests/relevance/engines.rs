//! The engines at hand.

use std::env;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD, Axis};
use phonoscope_analysis::task::Task;
use phonoscope_models::engine::{Engine, EngineChoice, open_engine};
use phonoscope_models::{Cache, Network};

/// rten, and ONNX Runtime where it is to be had.
pub(crate) fn engines() -> Vec<Arc<dyn Engine>> {
    let required = env::var("PHONOSCOPE_TEST_ENGINE").is_ok_and(|policy| policy == "required");
    let network = if required {
        Network::Allowed
    } else {
        Network::Offline
    };
    let open = |choice| open_engine(choice, &Cache::locate(), network, &Task::silent());
    let mut engines = vec![open(EngineChoice::Rten).unwrap()];
    match open(EngineChoice::OnnxRuntime) {
        Ok(engine) => engines.insert(0, engine),
        Err(error) if required => panic!("{error}"),
        Err(error) => println!("skipped: {error}"),
    }
    engines
}

/// max |a − b| / max |b|, the largest over items; NaN where any number is.
pub(crate) fn error(a: ArrayViewD<'_, f32>, b: ArrayViewD<'_, f64>) -> f64 {
    assert_eq!(a.shape(), b.shape());
    let items = a.axis_iter(Axis(0)).zip(b.axis_iter(Axis(0)));
    let one = |(a, b): (ArrayViewD<'_, f32>, ArrayViewD<'_, f64>)| {
        let most = |x: f64, y: f64| if y.is_nan() || y > x { y } else { x };
        let pairs = a.iter().zip(b.iter());
        let gap = pairs
            .map(|(a, b)| (f64::from(*a) - b).abs())
            .fold(0.0, most);
        let size = b.iter().map(|b| b.abs()).fold(0.0, most);
        if gap == 0.0 { 0.0 } else { gap / size }
    };
    items
        .map(one)
        .fold(0.0, |x, y| if y.is_nan() || y > x { y } else { x })
}

/// The same in 64 bits.
pub(crate) fn wide(x: &ArrayD<f32>) -> ArrayD<f64> {
    x.mapv(f64::from)
}
