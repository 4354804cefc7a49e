//! Constant tensors of floats.

use std::sync::Arc;

/// A constant, row-major. Clones share the numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor {
    pub(super) dims: Vec<usize>,
    pub(super) data: Arc<[f32]>,
}

impl Tensor {
    /// `data` must have as many numbers as `dims` say.
    pub(super) fn new(dims: Vec<usize>, data: impl Into<Arc<[f32]>>) -> Self {
        Self {
            dims,
            data: data.into(),
        }
    }

    pub(super) fn filled(dims: Vec<usize>, value: f32) -> Self {
        let count = dims.iter().product();
        Self::new(dims, vec![value; count])
    }

    pub(super) fn map(&self, f: impl Fn(f32) -> f32) -> Self {
        let data: Vec<f32> = self.data.iter().map(|x| f(*x)).collect();
        Self::new(self.dims.clone(), data)
    }

    /// The parts that lie side by side along `axis`, which all of them have the other sizes of.
    pub(super) fn concatenated(parts: &[&Self], axis: usize) -> Self {
        let Some(first) = parts.first() else {
            return Self::new(vec![0], vec![]);
        };
        let outer: usize = first.dims.iter().take(axis).product();
        let mut data = Vec::with_capacity(parts.iter().map(|part| part.data.len()).sum());
        for row in 0..outer {
            for part in parts {
                let inner = part.data.len() / outer.max(1);
                data.extend_from_slice(&part.data[row * inner..(row + 1) * inner]);
            }
        }
        let mut dims = first.dims.clone();
        if let Some(size) = dims.get_mut(axis) {
            *size = parts.iter().map(|part| part.dims[axis]).sum();
        }
        Self::new(dims, data)
    }

    /// The same numbers in another shape of as many.
    pub(super) fn reshaped(&self, dims: Vec<usize>) -> Self {
        debug_assert_eq!(dims.iter().product::<usize>(), self.data.len());
        Self {
            dims,
            data: Arc::clone(&self.data),
        }
    }
}

/// The max(x, 0) of every number.
pub(super) fn positive(x: f32) -> f32 {
    x.max(0.0)
}

/// The min(x, 0) of every number.
pub(super) fn negative(x: f32) -> f32 {
    x.min(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_side_by_side_along_an_axis() {
        let a = Tensor::new(vec![2, 1, 2], vec![1., 2., 3., 4.]);
        let b = Tensor::new(vec![2, 2, 2], vec![5., 6., 7., 8., 9., 10., 11., 12.]);
        let both = Tensor::concatenated(&[&a, &b], 1);
        assert_eq!(both.dims, [2, 3, 2]);
        assert_eq!(
            *both.data,
            [1., 2., 5., 6., 7., 8., 3., 4., 9., 10., 11., 12.]
        );
    }
}
