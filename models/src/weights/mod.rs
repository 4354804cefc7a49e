//! Reading weight files into named tensors. Nothing in a file is ever executed.

pub mod ct2;
mod cursor;
mod pickle;
pub mod torch;

use std::collections::BTreeMap;

use crate::{Error, Result};

/// Elements of a weight in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub enum Elements {
    /// Floats; half, bfloat16 and double are converted to `f32`.
    Floats(Vec<f32>),
    /// Integers and truth values, also those of quantised weights.
    Integers(Vec<i64>),
}

/// One tensor of a weight file.
#[derive(Debug, Clone, PartialEq)]
pub struct Weight {
    /// Sizes of the axes; empty for a scalar.
    pub shape: Vec<usize>,
    /// The values.
    pub elements: Elements,
}

/// Tensors by name, as the weight file names them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights {
    tensors: BTreeMap<String, Weight>,
}

impl Weights {
    /// Adds a tensor, or replaces the one of the same name.
    pub fn insert(&mut self, name: impl Into<String>, weight: Weight) {
        self.tensors.insert(name.into(), weight);
    }

    /// The tensor of this name.
    pub fn get(&self, name: &str) -> Option<&Weight> {
        self.tensors.get(name)
    }

    /// Names and tensors in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Weight)> {
        self.tensors.iter().map(|(name, w)| (name.as_str(), w))
    }

    /// Values of the float tensor `name`, which must have exactly this shape.
    ///
    /// # Errors
    /// [`Error::Weights`] naming the tensor and what was expected of it.
    pub fn floats(&self, name: &str, shape: &[usize]) -> Result<&[f32]> {
        let weight = self.require(name)?;
        if weight.shape != shape {
            return Err(wrong(format!(
                "weight `{name}` has shape {:?}, needed {shape:?}",
                weight.shape
            )));
        }
        match &weight.elements {
            Elements::Floats(values) => Ok(values),
            Elements::Integers(_) => Err(wrong(format!(
                "weight `{name}` is quantised; weights in floats are needed"
            ))),
        }
    }

    /// Shape of the tensor `name`.
    ///
    /// # Errors
    /// [`Error::Weights`] when it is missing.
    pub fn shape(&self, name: &str) -> Result<&[usize]> {
        Ok(&self.require(name)?.shape)
    }

    /// The whole number stored as the scalar `name`.
    ///
    /// # Errors
    /// [`Error::Weights`] when it is missing or no such number.
    pub fn count(&self, name: &str) -> Result<usize> {
        match &self.require(name)?.elements {
            Elements::Integers(values) => match values.as_slice() {
                [n] if *n > 0 => usize::try_from(*n).ok(),
                _ => None,
            },
            Elements::Floats(_) => None,
        }
        .ok_or_else(|| wrong(format!("weight `{name}` is not a positive whole number")))
    }

    fn require(&self, name: &str) -> Result<&Weight> {
        self.get(name)
            .ok_or_else(|| wrong(format!("weight `{name}` is missing")))
    }
}

fn wrong(why: String) -> Error {
    Error::Weights {
        model: "the graph".to_owned(),
        why,
    }
}

/// Product of the sizes, unless it overflows.
fn volume(shape: &[usize]) -> Option<usize> {
    shape
        .iter()
        .try_fold(1usize, |n, size| n.checked_mul(*size))
}
