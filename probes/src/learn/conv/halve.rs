//! The largest of 2 × 2 values.
//!
//! `candle`'s own max-pooling is not used: its gradient (0.11) is multiplied by the share of the
//! window that is largest, a quarter without ties, where it should be divided among them.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

use super::unfold::floats;

/// The largest of 2 × 2 in the last two of four axes, without overlap; an odd last one is left out.
/// The gradient goes to the first of the largest, row by row.
pub(super) struct Halve;

/// Offset of the largest value of every window, in the order of the windows.
fn largest(values: &[f32], [planes, rows, columns]: [usize; 3]) -> Vec<usize> {
    let mut found = Vec::with_capacity(planes * (rows / 2) * (columns / 2));
    for plane in 0..planes {
        for row in 0..rows / 2 {
            for column in 0..columns / 2 {
                let first = (plane * rows + 2 * row) * columns + 2 * column;
                let mut best = first;
                for at in [first + 1, first + columns, first + columns + 1] {
                    if values[at] > values[best] {
                        best = at;
                    }
                }
                found.push(best);
            }
        }
    }
    found
}

fn planes(dims: &[usize]) -> Result<[usize; 3]> {
    match dims {
        [a, b, rows, columns] => Ok([a * b, *rows, *columns]),
        other => bail!("four axes are halved, not {}", other.len()),
    }
}

impl CustomOp1 for Halve {
    fn name(&self) -> &'static str {
        "halve"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let values = floats(storage, layout)?;
        let (a, b, rows, columns) = layout.shape().dims4()?;
        let best = largest(values, planes(layout.dims())?);
        let out = best.iter().map(|at| values[*at]).collect();
        let shape = Shape::from((a, b, rows / 2, columns / 2));
        Ok((CpuStorage::F32(out), shape))
    }

    fn bwd(&self, arg: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let values = arg.flatten_all()?.to_vec1::<f32>()?;
        let grad = grad.flatten_all()?.to_vec1::<f32>()?;
        let mut out = vec![0f32; values.len()];
        let best = largest(&values, planes(arg.dims())?);
        for (at, grad) in best.iter().zip(grad) {
            out[*at] += grad;
        }
        Ok(Some(Tensor::from_vec(out, arg.shape(), arg.device())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    #[test]
    fn the_whole_gradient_goes_to_the_first_of_the_largest() {
        // Two rows of two windows and an odd last column and row.
        let values = [
            1f32, 4.0, 2.0, 2.0, 9.0, //
            3.0, 4.0, 2.0, 1.0, 9.0, //
            9.0, 9.0, 9.0, 9.0, 9.0,
        ];
        let x = Var::from_slice(&values, (1, 1, 3, 5), &Device::Cpu).unwrap();
        let halved = x.as_tensor().apply_op1(Halve).unwrap();
        assert_eq!(halved.dims(), [1, 1, 1, 2]);
        let weights = Tensor::from_slice(&[3f32, 5.0], (1, 1, 1, 2), &Device::Cpu).unwrap();
        let loss = halved.mul(&weights).unwrap().sum_all().unwrap();
        assert_eq!(loss.to_scalar::<f32>().unwrap(), 3.0 * 4.0 + 5.0 * 2.0);
        let grads = loss.backward().unwrap();
        let found = grads.get(x.as_tensor()).unwrap().flatten_all().unwrap();
        let mut expected = [0f32; 15];
        (expected[1], expected[2]) = (3.0, 5.0);
        assert_eq!(found.to_vec1::<f32>().unwrap(), expected);
    }
}
