//! Frames side by side, at a lower rate.

use ndarray::Array2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Stacking of frames: `m` neighbours side by side, every `n` frames. The first frame is repeated
/// `(m − 1) / 2` times before the beginning, the last as often as needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lfr {
    /// Frames side by side.
    pub m: usize,
    /// Frames from one stack to the next.
    pub n: usize,
}

impl Lfr {
    pub(super) fn stack(self, frames: &Array2<f32>) -> Array2<f32> {
        let (n_frames, dim) = frames.dim();
        let before = (self.m - 1) / 2;
        let last = n_frames.saturating_sub(1);
        Array2::from_shape_fn((n_frames.div_ceil(self.n), self.m * dim), |(stack, at)| {
            let frame = (stack * self.n + at / dim).saturating_sub(before).min(last);
            frames[[frame, at % dim]]
        })
    }
}
