//! A user's own ONNX file.

use std::fs;
use std::path::Path;

use phonoscope_analysis::frontend::FrontEnd;

use crate::input::only_input;
use crate::model::{GraphBytes, Model, own_taps};
use crate::ort_format::{is_ort, ort_to_onnx};
use crate::wire::survey;
use crate::{Error, Result};

/// A user's own ONNX file, or one in ONNX Runtime's own format (`.ort`), with the taps of its layer
/// map; any other value can be selected by its raw name.
///
/// # Errors
/// [`Error::Io`] when it cannot be read; [`Error::NotOnnx`] when it is no ONNX model, needs other
/// files, or has not exactly one input.
pub fn load_file(path: &Path, front_end: FrontEnd) -> Result<Model> {
    let mut bytes = fs::read(path).map_err(Error::io("read", path))?;
    if is_ort(&bytes) {
        bytes = ort_to_onnx(&bytes)?;
    }
    let what = path.display().to_string();
    let graph = GraphBytes::new(bytes);
    let found = survey(graph.bytes()).map_err(|error| match error {
        Error::NotOnnx { why, .. } => Error::NotOnnx {
            what: what.clone(),
            why,
        },
        other => other,
    })?;
    if let Some(file) = found.initializers.iter().find_map(|t| t.external.as_ref()) {
        return Err(Error::malformed(
            what,
            format!("its weights are in another file (`{file}`); save it as one file"),
        ));
    }
    let name = path
        .file_stem()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    Ok(Model {
        name: name.into_owned(),
        source: what.clone(),
        weights_dir: None,
        weights_sha256: graph.sha256().to_owned(),
        inputs: only_input(&found, &what)?,
        front_end,
        taps: own_taps(&found),
        embedding: None,
        licence: "not stated".to_owned(),
        citation: String::new(),
        trained_on: "not stated".to_owned(),
        graph,
    })
}
