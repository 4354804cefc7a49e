//! The engine that is built in, in pure Rust. The only file that names the `rten` crates.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};
use phonoscope_analysis::task::Cancel;
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::prelude::*;

use super::guard::guarded;
use super::{Engine, EngineInfo, Session, values};
use crate::graph::{Input, Opening, with_files, with_settings_spelt_out};
use crate::wire::ElementType;
use crate::{Error, GraphBytes, Result};

/// The release of the `rten` crate that is built in.
const RELEASE: &str = "0.27.0";

/// The engine.
#[derive(Debug)]
pub(super) struct Rten {
    info: EngineInfo,
}

impl Rten {
    /// `found` goes into [`EngineInfo::found`].
    pub(super) fn new(found: String) -> Self {
        Self {
            info: EngineInfo {
                name: "rten".to_owned(),
                version: RELEASE.to_owned(),
                found,
            },
        }
    }

    fn model(
        &self,
        graph: &GraphBytes,
        opening: &Opening,
        weights: Option<&Path>,
    ) -> Result<Model> {
        let mut options = ModelOptions::with_all_ops();
        // rten takes bare names with certain endings only: the files get such names.
        let mut names = BTreeMap::new();
        for (count, (file, path)) in opening.files.paths(weights)?.into_iter().enumerate() {
            let name = format!("weights{count}.data");
            let data = fs::read(&path).map_err(Error::io("read", &path))?;
            options.external_data(&name, data);
            names.insert(file, name);
        }
        let spelt_out = with_settings_spelt_out(graph)?;
        let graph = spelt_out.as_ref().unwrap_or(graph);
        let bytes = if names.is_empty() {
            opening.bytes(graph)?
        } else {
            opening.bytes(&with_files(graph, &names)?)?
        };
        guarded(&self.info, "open the graph", || {
            options.load(bytes).map_err(|error| error.to_string())
        })
    }
}

impl Engine for Rten {
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
        let model = self.model(graph, &opening, weights)?;
        let lost = |name: &str| Error::Engine {
            engine: self.info.to_string(),
            action: format!("open `{name}`"),
            why: "the loaded graph has no such value".to_owned(),
        };
        let mut input_ids = Vec::with_capacity(opening.inputs.len());
        for input in &opening.inputs {
            input_ids.push(
                model
                    .find_node(&input.name)
                    .ok_or_else(|| lost(&input.name))?,
            );
        }
        // By place and not by name: two outputs may have become one value, which a run must not
        // be asked for twice.
        let mut ids: Vec<NodeId> = Vec::new();
        let mut picks = Vec::with_capacity(outputs.len());
        for (name, place) in outputs.iter().zip(&opening.places) {
            let id = *model.output_ids().get(*place).ok_or_else(|| lost(name))?;
            picks.push(
                ids.iter()
                    .position(|known| *known == id)
                    .unwrap_or(ids.len()),
            );
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(Box::new(RtenSession {
            info: self.info.clone(),
            model,
            threads: Arc::new(ThreadPool::with_num_threads(1)),
            inputs: opening.inputs,
            input_ids,
            ids,
            picks,
            outputs: outputs.to_vec(),
        }))
    }
}

struct RtenSession {
    info: EngineInfo,
    model: Model,
    threads: Arc<ThreadPool>,
    inputs: Vec<Input>,
    input_ids: Vec<NodeId>,
    /// Values that a run computes, each once.
    ids: Vec<NodeId>,
    /// For each wanted output, its place in `ids`.
    picks: Vec<usize>,
    outputs: Vec<String>,
}

impl Session for RtenSession {
    fn run(
        &mut self,
        inputs: &[(&str, ArrayViewD<'_, f32>)],
        cancel: &Cancel,
    ) -> Result<Vec<ArrayD<f32>>> {
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let arrays = values::arrange(&self.inputs, inputs)?;
        let mut given = Vec::with_capacity(arrays.len());
        for ((input, id), array) in self.inputs.iter().zip(&self.input_ids).zip(arrays) {
            given.push((*id, ValueOrView::Value(input_value(input, array)?)));
        }
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let got = guarded(&self.info, "run the graph", || {
            self.model
                .run(given, &self.ids, Some(options))
                .map_err(|error| error.to_string())
        })?;
        let read = |(name, pick): (&String, &usize)| {
            got.get(*pick)
                .ok_or_else(|| values::unsupported_output(name, "nothing"))
                .and_then(|value| output_array(name, value))
        };
        self.outputs.iter().zip(&self.picks).map(read).collect()
    }
}

fn input_value(input: &Input, array: &ArrayViewD<'_, f32>) -> Result<Value> {
    let shape = array.shape();
    let value = match input.element {
        // rten computes all floats in 32 bits.
        ElementType::Float32 | ElementType::Float64 | ElementType::Float16 => {
            Value::from_shape(shape, array.iter().copied().collect::<Vec<f32>>())
        }
        ElementType::Int32 | ElementType::Int64 | ElementType::Bool => {
            let range = match input.element {
                ElementType::Bool => values::BOOL_RANGE,
                _ => values::I32_RANGE,
            };
            let whole = values::integers(input, array, |x| x as i32, range)?;
            return Value::from_shape(shape, whole.into_iter().collect::<Vec<i32>>())
                .map_err(|_e| values::unsupported_input(input));
        }
        _ => return Err(values::unsupported_input(input)),
    };
    value.map_err(|_e| values::unsupported_input(input))
}

fn output_array(name: &str, value: &Value) -> Result<ArrayD<f32>> {
    match value {
        Value::FloatTensor(tensor) => values::shaped(name, tensor.shape(), tensor.to_vec()),
        Value::Int32Tensor(tensor) => values::exact_floats(
            name,
            ElementType::Int32,
            tensor.shape(),
            tensor.iter().map(|&x| i64::from(x)),
        ),
        Value::Int8Tensor(tensor) => {
            let floats = tensor.iter().map(|&x| f32::from(x)).collect();
            values::shaped(name, tensor.shape(), floats)
        }
        Value::UInt8Tensor(tensor) => {
            let floats = tensor.iter().map(|&x| f32::from(x)).collect();
            values::shaped(name, tensor.shape(), floats)
        }
        other => Err(values::unsupported_output(name, &other.dtype().to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_is_the_one_in_the_lock_file() {
        let lock = include_str!("../../../Cargo.lock");
        let found = lock
            .split("[[package]]")
            .find(|package| package.contains("name = \"rten\"\n"))
            .unwrap();
        assert!(
            found.contains(&format!("version = \"{RELEASE}\"")),
            "{found}"
        );
    }
}
