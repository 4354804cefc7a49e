//! Stored constants of a model by name.

use std::collections::BTreeMap;
use std::path::Path;

use half::f16;

use super::integers::Ints;
use crate::relevance::tensor::Tensor;
use crate::twin::Stored;
use crate::wire::{self, ElementType, Fields, Node, Setting, Survey, Value};
use crate::{Error, Result};

/// Fields of `ModelProto` and `GraphProto`.
const GRAPH: u32 = 7;
const INITIALIZER: u32 = 5;

/// A value known before the network runs.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    Floats(Tensor),
    Ints(Ints),
}

/// The stored weights of a model, by name. Types that neither weights nor shapes have are left out.
pub(super) fn stored(
    model: &[u8],
    survey: &Survey,
    folder: Option<&Path>,
) -> Result<BTreeMap<String, Constant>> {
    let mut found = BTreeMap::new();
    for tensor in &survey.initializers {
        if let Some(ints) = integers(tensor)? {
            found.insert(tensor.name.clone(), Constant::Ints(ints));
        }
    }
    for field in Fields::new(model) {
        let (GRAPH, Value::Bytes(graph)) = field? else {
            continue;
        };
        for field in Fields::new(graph) {
            let (INITIALIZER, Value::Bytes(tensor)) = field? else {
                continue;
            };
            let stored = Stored::read(tensor)?;
            if let Some(numbers) = stored.floats(folder)? {
                let dims = sizes(stored.dims.iter().map(|dim| usize::try_from(*dim).ok()))
                    .ok_or_else(|| wrong(&stored.name))?;
                let tensor = Tensor::new(dims, numbers);
                found.insert(stored.name.clone(), Constant::Floats(tensor));
            }
        }
    }
    Ok(found)
}

/// What a `Constant` node makes.
pub(super) fn made(model: &[u8], node: &Node) -> Result<Option<Constant>> {
    let floats = |data: Vec<f32>, dims| Some(Constant::Floats(Tensor::new(dims, data)));
    let ints = |data: Vec<i64>, dims| Some(Constant::Ints(Ints { dims, data }));
    for (name, setting) in &node.attributes {
        return Ok(match (name.as_str(), setting) {
            ("value", Setting::Tensor(tensor)) => match integers(tensor)? {
                Some(found) => Some(Constant::Ints(found)),
                None => tensor_floats(model, tensor)?.map(Constant::Floats),
            },
            ("value_float", Setting::Float(one)) => floats(vec![*one], vec![]),
            ("value_floats", Setting::Floats(all)) => floats(all.clone(), vec![all.len()]),
            ("value_int", Setting::Int(one)) => ints(vec![*one], vec![]),
            ("value_ints", Setting::Ints(all)) => ints(all.clone(), vec![all.len()]),
            _ => continue,
        });
    }
    Ok(None)
}

/// A small tensor of integers: shapes, axes, indices.
fn integers(tensor: &wire::Tensor) -> Result<Option<Ints>> {
    if !matches!(tensor.element, ElementType::Int64 | ElementType::Int32) {
        return Ok(None);
    }
    let Some(data) = tensor.integers() else {
        return Ok(None);
    };
    let dims = sizes(tensor.dims.iter().map(|dim| usize::try_from(*dim).ok()))
        .ok_or_else(|| wrong(&tensor.name))?;
    Ok(Some(Ints { dims, data }))
}

fn tensor_floats(model: &[u8], tensor: &wire::Tensor) -> Result<Option<Tensor>> {
    let dims = sizes(tensor.dims.iter().map(|dim| usize::try_from(*dim).ok()))
        .ok_or_else(|| wrong(&tensor.name))?;
    let is_float = matches!(
        tensor.element,
        ElementType::Float32 | ElementType::Float64 | ElementType::Float16
    );
    if !is_float {
        return Ok(None);
    }
    let data: Vec<f32> = match (&tensor.values, &tensor.raw) {
        (Some(values), _) => values.iter().map(|value| *value as f32).collect(),
        (None, Some(raw)) => decoded(model.get(raw.clone()).unwrap_or_default(), tensor.element),
        (None, None) => return Ok(None),
    };
    let fits = data.len() == dims.iter().product::<usize>();
    fits.then(|| Tensor::new(dims, data))
        .map(Some)
        .ok_or_else(|| wrong(&tensor.name))
}

fn decoded(raw: &[u8], element: ElementType) -> Vec<f32> {
    fn each<const N: usize>(raw: &[u8], read: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        raw.as_chunks().0.iter().map(|chunk| read(*chunk)).collect()
    }
    match element {
        ElementType::Float64 => each(raw, |bytes| f64::from_le_bytes(bytes) as f32),
        ElementType::Float16 => each(raw, |bytes| f16::from_le_bytes(bytes).to_f32()),
        _ => each(raw, f32::from_le_bytes),
    }
}

fn sizes(dims: impl Iterator<Item = Option<usize>>) -> Option<Vec<usize>> {
    let dims: Vec<usize> = dims.collect::<Option<_>>()?;
    let elements = dims.iter().try_fold(1usize, |n, size| n.checked_mul(*size));
    elements.map(|_| dims)
}

fn wrong(name: &str) -> Error {
    Error::malformed(
        format!("weight `{name}`"),
        "its sizes and its numbers do not fit each other",
    )
}
