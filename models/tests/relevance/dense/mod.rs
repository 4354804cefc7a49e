//! Relevance on explicit matrices: every layer is written out as the weights between each output and
//! each input, and every rule element by element. Nothing here is shared with the program: no
//! transposed convolution, no stacking, no knowledge of signs. In 64 bits, and in 32 to see what the
//! reference itself loses.

mod back;
mod matrices;
mod run;
mod windows;

pub(crate) use back::{Rules, explain};
pub(crate) use windows::Windows;

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// 32 or 64 bits.
pub(crate) trait Number:
    Copy
    + Debug
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    fn of(x: f64) -> Self;
    fn wide(self) -> f64;
}

impl Number for f32 {
    fn of(x: f64) -> Self {
        x as Self
    }
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Number for f64 {
    fn of(x: f64) -> Self {
        x
    }
    fn wide(self) -> f64 {
        self
    }
}

/// What a batch norm multiplies and adds, by channel: gain, offset, mean, variance.
pub(crate) type Norm = [Vec<f32>; 4];

pub(crate) const NORM_EPSILON: f32 = 1e-3;

/// A layer with weights, as ONNX stores them.
#[derive(Debug, Clone)]
pub(crate) struct Weighted {
    pub(crate) kind: Weighing,
    pub(crate) outputs: usize,
    pub(crate) weight: Vec<f32>,
    pub(crate) bias: Option<Vec<f32>>,
    pub(crate) norm: Option<Norm>,
}

#[derive(Debug, Clone)]
pub(crate) enum Weighing {
    Convolution(Windows, usize),
    /// With the output padding.
    Transposed(Windows, usize, Vec<usize>),
    Dense,
}

/// One step of a network; shapes are without the batch.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Weighted(Weighted),
    Relu,
    Leaky,
    Tanh,
    Sigmoid,
    MaxPool(Windows),
    /// With whether padding counts.
    AveragePool(Windows, bool),
    GlobalAverage,
    GlobalMax,
    Flatten,
    /// Exchanges channel and first axis.
    Swap,
    /// Zeros around the axes behind the channel.
    Pad(Vec<usize>, Vec<usize>),
    /// The sum of two branches.
    Sum(Vec<Self>, Vec<Self>),
    /// Two branches side by side as channels.
    Join(Vec<Self>, Vec<Self>),
}

/// A value, `[channel, axes…]`.
#[derive(Debug, Clone)]
pub(crate) struct Value<T> {
    pub(crate) dims: Vec<usize>,
    pub(crate) data: Vec<T>,
}
