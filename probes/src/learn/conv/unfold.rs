//! Patches of an image as columns, so that a convolution is one matrix product.
//!
//! Values are `[channel, item, bin, frame]`: then the product `[output, patch] · [patch, position]`
//! is the convolution of a whole batch, and lies in that order again.

use super::architecture::Window;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

/// How a kernel slides over `[channel, item, bin, frame]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sliding {
    /// Sizes of the values.
    pub(super) sizes: [usize; 4],
    pub(super) window: Window,
}

impl Sliding {
    /// Bins and frames of the result.
    pub(super) fn positions(&self) -> [usize; 2] {
        let along = |axis: usize| {
            let padded = self.sizes[axis + 2] + 2 * self.window.pads[axis];
            let seen = 1 + (self.window.kernel[axis] - 1) * self.window.dilations[axis];
            1 + padded.saturating_sub(seen) / self.window.strides[axis].max(1)
        };
        [along(0), along(1)]
    }

    /// `[patch, position]`
    fn columns(&self) -> [usize; 2] {
        let [rows, columns] = self.positions();
        let patch = self.sizes[0] * self.window.kernel[0] * self.window.kernel[1];
        [patch, self.sizes[1] * rows * columns]
    }

    /// Visits every run of positions along the frames: where it begins in the columns, where in the
    /// values, and how many there are. Positions that fall into the padding are left out.
    fn runs(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let [channels, items, bins, frames] = self.sizes;
        let [rows, columns] = self.positions();
        let stride = self.window.strides[1];
        let mut row_of_patch = 0;
        for channel in 0..channels {
            for bin_in in (0..self.window.kernel[0]).map(|k| k * self.window.dilations[0]) {
                for frame_in in (0..self.window.kernel[1]).map(|k| k * self.window.dilations[1]) {
                    // Columns c with 0 ≤ c · stride + frame_in − pad < frames.
                    let first = self.window.pads[1]
                        .saturating_sub(frame_in)
                        .div_ceil(stride);
                    let end = (frames + self.window.pads[1]).saturating_sub(frame_in);
                    let end = end.div_ceil(stride).min(columns);
                    for item in 0..items {
                        for row in 0..rows {
                            let bin = row * self.window.strides[0] + bin_in;
                            if bin < self.window.pads[0]
                                || bin - self.window.pads[0] >= bins
                                || first >= end
                            {
                                continue;
                            }
                            let to = ((row_of_patch * items + item) * rows + row) * columns + first;
                            let line = (channel * items + item) * bins + bin - self.window.pads[0];
                            let from =
                                line * frames + first * stride + frame_in - self.window.pads[1];
                            visit(to, from, end - first);
                        }
                    }
                    row_of_patch += 1;
                }
            }
        }
    }
}

/// Values to columns.
pub(super) struct Unfold(pub(super) Sliding);

/// The sum, for every value, of the columns that it went to: the gradient of [`Unfold`].
struct Fold(Sliding);

/// The values of contiguous storage.
pub(super) fn floats<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let all = storage.as_slice::<f32>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(all.get(start..end).unwrap_or_default()),
        None => bail!("values are not contiguous"),
    }
}

impl CustomOp1 for Unfold {
    fn name(&self) -> &'static str {
        "unfold"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let values = floats(storage, layout)?;
        let [patch, positions] = self.0.columns();
        let mut out = vec![0f32; patch * positions];
        let stride = self.0.window.strides[1];
        self.0.runs(|to, from, count| {
            let to = &mut out[to..to + count];
            if stride == 1 {
                to.copy_from_slice(&values[from..from + count]);
            } else {
                let from = values[from..].iter().step_by(stride);
                to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
        });
        Ok((CpuStorage::F32(out), Shape::from((patch, positions))))
    }

    fn bwd(&self, _arg: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(grad.contiguous()?.apply_op1_no_bwd(&Fold(self.0))?))
    }
}

impl CustomOp1 for Fold {
    fn name(&self) -> &'static str {
        "fold"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let columns = floats(storage, layout)?;
        let [channels, items, bins, frames] = self.0.sizes;
        let mut out = vec![0f32; channels * items * bins * frames];
        let stride = self.0.window.strides[1];
        self.0.runs(|from, to, count| {
            let from = &columns[from..from + count];
            let to = out[to..].iter_mut().step_by(stride);
            to.zip(from).for_each(|(to, from)| *to += *from);
        });
        let shape = Shape::from((channels, items, bins, frames));
        Ok((CpuStorage::F32(out), shape))
    }
}
