//! Running graphs: ONNX Runtime where it is to be had, rten always.
//!
//! Both engines take the same bytes and give the same arrays within float rounding (about the
//! sixth digit). Which one ran is part of every result ([`EngineInfo`]). A session uses one thread:
//! run several sessions for several items at once.

mod fetch;
mod guard;
mod locate;
mod onnxruntime;
mod rten;
mod values;

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};
use phonoscope_analysis::task::{Cancel, Task};

use crate::{Cache, Error, GraphBytes, Network, Result};

/// The variable that ONNX Runtime reads when it is loaded.
const TELEMETRY: &str = "ORT_DISABLE_TELEMETRY";

/// Which engine to run graphs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EngineChoice {
    /// ONNX Runtime, or rten when there is none.
    #[default]
    Auto,
    /// ONNX Runtime, or an error.
    OnnxRuntime,
    /// The engine that is built in.
    Rten,
}

impl EngineChoice {
    /// All choices, in the order that help shows them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::OnnxRuntime, Self::Rten];
}

impl fmt::Display for EngineChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::OnnxRuntime => "onnxruntime",
            Self::Rten => "rten",
        })
    }
}

impl FromStr for EngineChoice {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|choice| choice.to_string() == name)
            .ok_or_else(|| Error::NoEngine {
                engine: format!("engine `{name}`"),
                why: "it is one of auto, onnxruntime, rten".to_owned(),
            })
    }
}

/// Which engine ran, for reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// `onnxruntime` or `rten`.
    pub name: String,
    /// Its release, for example `1.28.0`; `unknown` when the library does not tell.
    pub version: String,
    /// Where it was found, in words; for rten chosen by `auto` also why there is no ONNX Runtime.
    pub found: String,
}

impl fmt::Display for EngineInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// An inference engine. Sessions are opened from any thread.
pub trait Engine: Send + Sync {
    /// What it is and where it was found.
    fn info(&self) -> &EngineInfo;

    /// Opens a graph for reading `outputs`: outputs of the graph or inner values, in any order,
    /// repeated or not.
    ///
    /// # Errors
    /// [`Error::NotOnnx`], [`Error::UnknownTensor`], or [`Error::Engine`] when the engine refuses
    /// the graph.
    fn open(&self, graph: &GraphBytes, outputs: &[String]) -> Result<Box<dyn Session>> {
        self.open_beside(graph, outputs, None)
    }

    /// As [`Engine::open`], for a graph whose weights lie in files of the folder `weights`.
    ///
    /// # Errors
    /// As [`Engine::open`]; [`Error::External`] when the graph refers to files and no folder is
    /// given, or a file is missing, too short, or outside the folder.
    fn open_beside(
        &self,
        graph: &GraphBytes,
        outputs: &[String],
        weights: Option<&Path>,
    ) -> Result<Box<dyn Session>>;
}

/// A graph opened for certain outputs. It runs on one thread.
pub trait Session: Send {
    /// Runs the graph on named inputs and gives the outputs in the order that they were asked for.
    ///
    /// Inputs of other types are made from the floats given (whole numbers only), and taps of other
    /// types are given as floats (integers only where a float holds them exactly).
    ///
    /// # Errors
    /// [`Error::Shape`] naming what was expected and what was found when a name, rank or fixed
    /// dimension does not fit; [`Error::Cancelled`] when `cancel` is raised before the run, and
    /// with ONNX Runtime also during it (noticed between two operators); [`Error::Engine`] when the
    /// engine fails.
    fn run(
        &mut self,
        inputs: &[(&str, ArrayViewD<'_, f32>)],
        cancel: &Cancel,
    ) -> Result<Vec<ArrayD<f32>>>;
}

/// Keeps every ONNX Runtime library loaded later from gathering telemetry.
///
/// Call it as the first statement of `main`: it sets an environment variable, which must not happen
/// while another thread reads the environment. Without it, [`open_engine`] refuses the libraries
/// that may send telemetry (1.29 and later).
pub fn disable_telemetry() {
    #[expect(
        unsafe_code,
        reason = "called as the first statement of main, while there is one thread"
    )]
    unsafe {
        std::env::set_var(TELEMETRY, "1");
    }
}

/// Finds, and if need be fetches, the engine of the user's choice.
///
/// ONNX Runtime is looked for at an explicit path (`PHONOSCOPE_ONNXRUNTIME` or `ORT_DYLIB_PATH`:
/// a library or its folder), beside the program, in the environment that the program is installed
/// in, in `cache`, in the active, the user's and the system's Python packages, and with the
/// system's loader; with [`Network::Allowed`], release 1.28.0 is then fetched once into `cache`
/// through pip or uv, by pinned hash. A process loads one library at most: later calls get the one
/// that is loaded.
///
/// # Errors
/// [`Error::NoEngine`] with every place's answer when the choice is ONNX Runtime and there is none,
/// or when an explicit path fails, whatever the choice but rten; [`Error::Cancelled`].
pub fn open_engine(
    choice: EngineChoice,
    cache: &Cache,
    network: Network,
    task: &Task,
) -> Result<Arc<dyn Engine>> {
    use onnxruntime::Absent;
    if choice == EngineChoice::Rten {
        return Ok(Arc::new(rten::Rten::new("built in".to_owned())));
    }
    let missing = |why| Error::NoEngine {
        engine: "ONNX Runtime".to_owned(),
        why,
    };
    match onnxruntime::open(cache, network, task) {
        Ok(engine) => Ok(engine),
        Err(Absent::Nowhere(why)) if choice == EngineChoice::Auto => Ok(Arc::new(rten::Rten::new(
            format!("built in, used because there is no ONNX Runtime: {why}"),
        ))),
        Err(Absent::Nowhere(why) | Absent::Explicit(why)) => Err(missing(why)),
        Err(Absent::Cancelled) => Err(Error::Cancelled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_as_they_are_shown() {
        for choice in EngineChoice::ALL {
            assert_eq!(choice.to_string().parse::<EngineChoice>().unwrap(), choice);
        }
        let error = "torch".parse::<EngineChoice>().unwrap_err().to_string();
        assert!(
            error.contains("`torch`") && error.contains("rten"),
            "{error}"
        );
    }
}
