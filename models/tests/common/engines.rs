//! The engines that tests run on.

use std::env;
use std::sync::Arc;

use phonoscope_analysis::task::Task;
use phonoscope_models::engine::{Engine, EngineChoice, open_engine};
use phonoscope_models::{Cache, Network};

/// Set to `required`, a missing ONNX Runtime is fetched, and a failure instead of a skip.
const POLICY: &str = "PHONOSCOPE_TEST_ENGINE";

/// The engine that is built in.
pub(crate) fn rten() -> Arc<dyn Engine> {
    open_engine(
        EngineChoice::Rten,
        &Cache::locate(),
        Network::Offline,
        &Task::silent(),
    )
    .unwrap()
}

/// ONNX Runtime, where it is to be had.
pub(crate) fn onnxruntime() -> Option<Arc<dyn Engine>> {
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
pub(crate) fn engines() -> Vec<Arc<dyn Engine>> {
    std::iter::once(rten()).chain(onnxruntime()).collect()
}
