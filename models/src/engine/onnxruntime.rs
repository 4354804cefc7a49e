//! ONNX Runtime, loaded while the program runs. The only module that names the `ort` crate.

mod arena;
mod tensors;

use std::env;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ndarray::{ArrayD, ArrayViewD, CowArray, IxDyn};
use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::RunOptions;
use ort::session::builder::GraphOptimizationLevel;
use phonoscope_analysis::task::{Cancel, Task};

use self::arena::Arena;
use self::tensors::{input_value, output_array};
use super::guard::guarded;
use super::locate::{self, Candidate, Places, Version};
use super::{Engine, EngineInfo, Session, TELEMETRY, fetch, values};
use crate::graph::Opening;
use crate::{Cache, Error, GraphBytes, Network, Result};

/// The oldest release line whose interface the `ort` crate speaks here (1.MINOR).
const OLDEST_MINOR: u32 = 17;
/// The first release line whose libraries may send telemetry (1.MINOR).
const TELEMETRY_MINOR: u32 = 29;

/// The library and environment of this process: there can be only one.
static LOADED: Mutex<Option<Arc<OnnxRuntime>>> = Mutex::new(None);

/// Why there is no ONNX Runtime.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// The path that the user gave does not do.
    Explicit(String),
    /// No place had one; what each said.
    Nowhere(String),
    /// The caller asked to stop.
    Cancelled,
}

/// The loaded library.
#[derive(Debug)]
pub(super) struct OnnxRuntime {
    info: EngineInfo,
    environment: Environment,
}

/// The library of this process, found, fetched and loaded at the first call.
pub(super) fn open(
    cache: &Cache,
    network: Network,
    task: &Task,
) -> Result<Arc<OnnxRuntime>, Absent> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(engine) = loaded.as_ref() {
        return Ok(Arc::clone(engine));
    }
    let folder = cache.root().join(format!("onnxruntime-{}", fetch::RELEASE));
    let engine = Arc::new(find(&Places::of_process(folder), network, task)?);
    *loaded = Some(Arc::clone(&engine));
    Ok(engine)
}

fn find(places: &Places, network: Network, task: &Task) -> Result<OnnxRuntime, Absent> {
    let mut answers = Vec::new();
    if let Some((key, path, candidates)) = places.explicit_candidates() {
        return first(&candidates, &mut answers).ok_or_else(|| {
            let why = if answers.is_empty() {
                "the folder holds no library".to_owned()
            } else {
                answers.join("; ")
            };
            Absent::Explicit(format!("{key} is {}: {why}", path.display()))
        });
    }
    if let Some(engine) = first(&places.candidates(), &mut answers) {
        return Ok(engine);
    }
    if network == Network::Offline {
        answers.push("not fetched: offline".to_owned());
        return Err(Absent::Nowhere(answers.join("; ")));
    }
    match fetch::fetch(&places.cache, task) {
        Ok(path) => {
            let fetched = Candidate {
                path,
                place: "fetched into the cache".to_owned(),
            };
            first(&[fetched], &mut answers).ok_or_else(|| Absent::Nowhere(answers.join("; ")))
        }
        Err(fetch::Failure::Cancelled) => Err(Absent::Cancelled),
        Err(fetch::Failure::Refused(why)) => {
            answers.push(format!("not fetched: {why}"));
            Err(Absent::Nowhere(answers.join("; ")))
        }
    }
}

/// The first candidate that loads; the answers of those before it are kept.
fn first(candidates: &[Candidate], answers: &mut Vec<String>) -> Option<OnnxRuntime> {
    candidates.iter().find_map(|candidate| {
        load(candidate)
            .map_err(|why| answers.push(format!("{}: {why}", candidate.place)))
            .ok()
    })
}

fn load(candidate: &Candidate) -> Result<OnnxRuntime, String> {
    let path = &candidate.path;
    fetch::check_record(path)?;
    let version = locate::version_of(path);
    check_version(path, version, env::var(TELEMETRY).as_deref() == Ok("1"))?;
    let quiet = Arc::new(|_: LogLevel, _: &str, _: &str, _: &str, _: &str| {});
    let environment = ort::init_from(path)
        .map_err(|error| one_line(&error.to_string()))?
        .with_name("phonoscope")
        .with_telemetry(false)
        .with_logger(quiet)
        .build()
        .map_err(|error| one_line(error.message()))?;
    environment.set_log_level(LogLevel::Fatal);
    let version = version.or_else(|| locate::version_of(&locate::loaded_file()?));
    Ok(OnnxRuntime {
        info: EngineInfo {
            name: "onnxruntime".to_owned(),
            version: version.map_or_else(|| "unknown".to_owned(), |version| version.to_string()),
            found: format!("{} ({})", candidate.place, path.display()),
        },
        environment,
    })
}

fn check_version(path: &Path, version: Option<Version>, silenced: bool) -> Result<(), String> {
    match version {
        Some(version) if (version.major, version.minor) < (1, OLDEST_MINOR) => Err(format!(
            "{} is {version}, older than 1.{OLDEST_MINOR}",
            path.display()
        )),
        Some(version) if (version.major, version.minor) >= (1, TELEMETRY_MINOR) && !silenced => {
            Err(format!(
                "{} is {version}, which may send telemetry ({TELEMETRY} is not 1)",
                path.display()
            ))
        }
        _ => Ok(()),
    }
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl OnnxRuntime {
    fn error(&self, action: &str, error: &ort::Error) -> Error {
        engine_error(&self.info, action, error)
    }

    fn session(&self, graph: &[u8], weights: Option<&Path>) -> ort::Result<ort::session::Session> {
        let mut builder = ort::session::Session::builder(&self.environment)?
            .with_log_level(LogLevel::Fatal)?
            .with_optimization_level(GraphOptimizationLevel::All)?
            .with_intra_threads(1)?
            .with_intra_op_spinning(false)?;
        if let Some(folder) = weights {
            builder = builder.with_config_entry(
                "session.model_external_initializers_file_folder_path",
                // The folder of a bare file name is empty.
                Path::new(".").join(folder).to_string_lossy(),
            )?;
        }
        builder.commit_from_memory(graph)
    }
}

fn engine_error(info: &EngineInfo, action: &str, error: &ort::Error) -> Error {
    Error::Engine {
        engine: info.to_string(),
        action: action.to_owned(),
        why: one_line(error.message()),
    }
}

fn run_options(gives_back: bool) -> ort::Result<RunOptions> {
    let mut options = RunOptions::new()?;
    options.set_log_level(LogLevel::Fatal)?;
    if gives_back {
        options.set("memory.enable_memory_arena_shrinkage", "cpu:0")?;
    }
    Ok(options)
}

impl Engine for OnnxRuntime {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn open_beside(
        &self,
        graph: &GraphBytes,
        outputs: &[String],
        weights: Option<&Path>,
    ) -> Result<Box<dyn Session>> {
        let opening = Opening::new(graph, outputs)?;
        opening.files.paths(weights)?;
        let session = self
            .session(&opening.bytes(graph)?, weights)
            .map_err(|error| self.error("open the graph", &error))?;
        let options = |gives_back| {
            run_options(gives_back)
                .map(Arc::new)
                .map_err(|error| self.error("prepare a run", &error))
        };
        Ok(Box::new(OnnxRuntimeSession {
            info: self.info.clone(),
            session,
            options: options(false)?,
            giving_back: options(true)?,
            arena: Arena::default(),
            opening,
            outputs: outputs.to_vec(),
        }))
    }
}

struct OnnxRuntimeSession {
    info: EngineInfo,
    session: ort::session::Session,
    options: Arc<RunOptions>,
    /// The same for a run after which memory is given back.
    giving_back: Arc<RunOptions>,
    arena: Arena,
    opening: Opening,
    outputs: Vec<String>,
}

impl Session for OnnxRuntimeSession {
    fn run(
        &mut self,
        inputs: &[(&str, ArrayViewD<'_, f32>)],
        cancel: &Cancel,
    ) -> Result<Vec<ArrayD<f32>>> {
        let Self {
            info,
            session,
            options,
            giving_back,
            arena,
            opening,
            outputs,
        } = self;
        let arrays: Vec<CowArray<'_, f32, IxDyn>> = values::arrange(&opening.inputs, inputs)?
            .into_iter()
            .map(|array| array.as_standard_layout())
            .collect();
        let mut given = Vec::with_capacity(arrays.len());
        for (input, array) in opening.inputs.iter().zip(&arrays) {
            let value = input_value(input, array, |error| {
                engine_error(info, &format!("take input `{}`", input.name), error)
            })?;
            given.push((input.name.as_str(), value));
        }
        let values = arrays.iter().map(|array| array.len()).sum();
        let options = if arena.gives_back(values) {
            giving_back
        } else {
            options
        };
        options
            .unterminate()
            .map_err(|error| engine_error(info, "prepare a run", &error))?;
        let to_stop = Arc::clone(options);
        let hook = cancel.on_cancel(move || {
            // The run notices between two operators; one that has ended needs no telling.
            drop(to_stop.terminate());
        });
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let got = guarded(info, "run the graph", || {
            Ok(session.run_with_options(given, options))
        });
        drop(hook);
        let got = match got {
            Err(_) | Ok(Err(_)) if cancel.is_cancelled() => return Err(Error::Cancelled),
            other => other?.map_err(|error| engine_error(info, "run the graph", &error))?,
        };
        let read = |(name, place): (&String, &usize)| -> Result<ArrayD<f32>> {
            let action = format!("read `{name}`");
            let fail = |error: ort::Error| engine_error(info, &action, &error);
            // The crate panics over a value that the library left out.
            guarded(info, &action, || Ok(output_array(name, &got[*place], fail)))?
        };
        outputs.iter().zip(&opening.places).map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::locate::EXPLICIT;

    fn nowhere() -> Places {
        Places::default()
    }

    #[test]
    fn old_libraries_and_those_with_telemetry_are_passed_over() {
        let of = |minor| {
            Some(Version {
                major: 1,
                minor,
                patch: 0,
            })
        };
        let check = |minor, silenced| check_version(Path::new("lib"), of(minor), silenced);
        assert!(check(16, true).unwrap_err().contains("older"));
        assert!(check(17, false).is_ok());
        assert!(check(28, false).is_ok());
        assert!(check(29, false).unwrap_err().contains("telemetry"));
        assert!(check(31, true).is_ok());
    }

    #[test]
    fn offline_says_where_it_looked_and_fetches_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let places = Places {
            cache: dir.path().join("cache"),
            loader_names: vec!["libonnxruntime-that-is-nowhere.so"],
            ..nowhere()
        };
        let absent = find(&places, Network::Offline, &Task::silent()).unwrap_err();
        let Absent::Nowhere(why) = absent else {
            panic!("{absent:?}")
        };
        assert!(
            why.contains("the system's loader") && why.ends_with("offline"),
            "{why}"
        );
        assert!(!places.cache.exists());
    }

    #[test]
    fn an_explicit_path_that_fails_is_an_error_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("libonnxruntime.so.1.28.0");
        std::fs::write(&text, b"not a library").unwrap();
        for (path, reason) in [
            (text.clone(), "libonnxruntime.so.1.28.0"),
            (dir.path().join("missing"), "missing"),
            (dir.path().join("."), "libonnxruntime.so.1.28.0"),
        ] {
            let places = Places {
                explicit: Some((EXPLICIT[0], path)),
                ..nowhere()
            };
            let absent = find(&places, Network::Allowed, &Task::silent()).unwrap_err();
            let Absent::Explicit(why) = absent else {
                panic!("{absent:?}")
            };
            assert!(why.contains(EXPLICIT[0]) && why.contains(reason), "{why}");
        }
    }
}
