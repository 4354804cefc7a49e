//! Where the windows of convolutions and pools lie.

/// Sliding windows over the axes after batch and channel; one entry an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::relevance) struct Window {
    pub(in crate::relevance) kernel: Vec<usize>,
    pub(in crate::relevance) strides: Vec<usize>,
    pub(in crate::relevance) dilations: Vec<usize>,
    /// Zeros put in front of each axis.
    pub(in crate::relevance) before: Vec<usize>,
    /// Zeros put behind each axis.
    pub(in crate::relevance) after: Vec<usize>,
}

impl Window {
    pub(in crate::relevance) fn axes(&self) -> usize {
        self.kernel.len()
    }

    /// From the first to the last element that a window reads along an axis.
    pub(in crate::relevance) fn extent(&self, axis: usize) -> usize {
        self.dilations[axis] * (self.kernel[axis] - 1) + 1
    }

    fn padded(&self, axis: usize, size: usize) -> Option<usize> {
        size.checked_add(self.before[axis])?
            .checked_add(self.after[axis])
    }

    /// Number of windows along each axis; `None` where not one fits.
    pub(in crate::relevance) fn counts(&self, sizes: &[usize]) -> Option<Vec<usize>> {
        let count = |(axis, size): (usize, &usize)| {
            let room = self.padded(axis, *size)?.checked_sub(self.extent(axis))?;
            Some(room / self.strides[axis] + 1)
        };
        sizes.iter().enumerate().map(count).collect()
    }

    /// What lies behind the last window along each axis and is read by none.
    pub(in crate::relevance) fn remainders(&self, sizes: &[usize]) -> Vec<usize> {
        let rest = |(axis, size): (usize, &usize)| {
            let room = self.padded(axis, *size).unwrap_or(0);
            room.saturating_sub(self.extent(axis)) % self.strides[axis]
        };
        sizes.iter().enumerate().map(rest).collect()
    }

    /// Adds zeros behind each axis so that the windows which `ceil_mode` adds become whole. A last
    /// window that would begin in the zeros behind is not made, as in ONNX Runtime and PyTorch.
    pub(in crate::relevance) fn rounded_up(&mut self, sizes: &[usize]) -> Option<()> {
        for (axis, size) in sizes.iter().enumerate() {
            let stride = self.strides[axis];
            let room = self.padded(axis, *size)?.checked_sub(self.extent(axis))?;
            let mut count = room.div_ceil(stride) + 1;
            if (count - 1) * stride >= size + self.before[axis] {
                count -= 1;
            }
            let needed = (count - 1) * stride + self.extent(axis);
            let short = needed.saturating_sub(self.padded(axis, *size)?);
            self.after[axis] += short;
        }
        Some(())
    }

    /// Elements that each window counts along an axis: those inside the input and, with
    /// `padding_counts`, inside the stated zeros, `after` behind.
    pub(in crate::relevance) fn divisors(
        &self,
        axis: usize,
        size: usize,
        windows: usize,
        padding_counts: Option<usize>,
    ) -> Vec<usize> {
        let (low, high) = match padding_counts {
            Some(after) => (0, self.before[axis] + size + after),
            None => (self.before[axis], self.before[axis] + size),
        };
        let (dilation, last) = (self.dilations[axis], self.kernel[axis] - 1);
        let count = |window: usize| {
            let start = window * self.strides[axis];
            let first = low.saturating_sub(start).div_ceil(dilation);
            match high.checked_sub(start + 1) {
                Some(room) => (room / dilation)
                    .min(last)
                    .saturating_add(1)
                    .saturating_sub(first),
                None => 0,
            }
        };
        (0..windows).map(count).collect()
    }

    /// Zeros before, then behind, as attributes have them.
    pub(in crate::relevance) fn pads(&self) -> Vec<i64> {
        wide(self.before.iter().chain(&self.after))
    }

    /// Whether windows lie side by side and cover the input exactly.
    pub(in crate::relevance) fn tiles(&self, sizes: &[usize]) -> bool {
        let fits = |(axis, size): (usize, &usize)| {
            self.kernel[axis] == self.strides[axis] && size.is_multiple_of(self.kernel[axis])
        };
        self.unpadded()
            && self.dilations.iter().all(|d| *d == 1)
            && sizes.iter().enumerate().all(fits)
    }

    /// Whether one window is the whole input.
    pub(in crate::relevance) fn covers(&self, sizes: &[usize]) -> bool {
        self.unpadded() && self.kernel == sizes && self.dilations.iter().all(|d| *d == 1)
    }

    /// Whether no element is in two windows, and there are no zeros around.
    pub(in crate::relevance) fn apart(&self) -> bool {
        let mut axes = self.kernel.iter().zip(&self.strides);
        self.unpadded()
            && self.dilations.iter().all(|d| *d == 1)
            && axes.all(|(kernel, stride)| stride >= kernel)
    }

    fn unpadded(&self) -> bool {
        self.before.iter().chain(&self.after).all(|pad| *pad == 0)
    }
}

/// Sizes as the wire format wants them.
pub(in crate::relevance) fn wide<'a>(sizes: impl IntoIterator<Item = &'a usize>) -> Vec<i64> {
    let wide = |size: &usize| i64::try_from(*size).unwrap_or(i64::MAX);
    sizes.into_iter().map(wide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(kernel: usize, stride: usize, before: usize, after: usize) -> Window {
        Window {
            kernel: vec![kernel],
            strides: vec![stride],
            dilations: vec![1],
            before: vec![before],
            after: vec![after],
        }
    }

    #[test]
    fn windows_are_counted_and_rounded_up() {
        assert_eq!(window(3, 2, 1, 1).counts(&[8]), Some(vec![4]));
        assert_eq!(window(9, 1, 0, 0).counts(&[8]), None);
        let mut up = window(3, 2, 0, 0);
        up.rounded_up(&[8]).unwrap();
        assert_eq!((up.after[0], up.counts(&[8])), (1, Some(vec![4])));
        // The fourth window would begin in the zeros behind.
        let mut dropped = window(2, 3, 1, 1);
        dropped.rounded_up(&[8]).unwrap();
        assert_eq!(dropped.counts(&[8]), Some(vec![3]));
    }

    #[test]
    fn divisors_count_what_lies_inside() {
        let padded = window(3, 2, 1, 1);
        assert_eq!(padded.divisors(0, 6, 3, None), [2, 3, 3]);
        assert_eq!(padded.divisors(0, 6, 3, Some(1)), [3, 3, 3]);
        assert_eq!(window(3, 2, 0, 1).divisors(0, 6, 3, Some(0)), [3, 3, 2]);
        let mut apart = window(3, 1, 2, 2);
        apart.dilations[0] = 2;
        assert_eq!(apart.divisors(0, 5, 5, None), [2, 2, 3, 2, 2]);
    }
}
