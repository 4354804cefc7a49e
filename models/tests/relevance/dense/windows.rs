//! Where the elements of windows lie.

/// Sliding windows, one entry an axis.
#[derive(Debug, Clone)]
pub(crate) struct Windows {
    pub(crate) kernel: Vec<usize>,
    pub(crate) strides: Vec<usize>,
    pub(crate) dilations: Vec<usize>,
    pub(crate) before: Vec<usize>,
    pub(crate) after: Vec<usize>,
    pub(crate) ceil: bool,
}

pub(super) fn places(sizes: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for size in sizes {
        let longer = |at: &Vec<usize>| {
            (0..*size)
                .map(|i| [at.as_slice(), &[i]].concat())
                .collect::<Vec<_>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

pub(super) fn index(at: &[usize], sizes: &[usize]) -> usize {
    at.iter()
        .zip(sizes)
        .fold(0, |sum, (at, size)| sum * size + at)
}

impl Windows {
    pub(crate) fn extent(&self, axis: usize) -> usize {
        (self.kernel[axis] - 1) * self.dilations[axis] + 1
    }

    /// Number of windows; `None` where not one fits.
    pub(crate) fn counts(&self, sizes: &[usize]) -> Option<Vec<usize>> {
        let count = |axis: usize| {
            let padded = sizes[axis] + self.before[axis] + self.after[axis];
            let room = padded.checked_sub(self.extent(axis))?;
            let mut count = room / self.strides[axis] + 1;
            let more = self.ceil && room % self.strides[axis] != 0;
            if more && count * self.strides[axis] < sizes[axis] + self.before[axis] {
                count += 1;
            }
            Some(count)
        };
        (0..sizes.len()).map(count).collect()
    }

    /// Where an element of a window lies in the input, if it does.
    pub(super) fn seen(
        &self,
        window: &[usize],
        element: &[usize],
        sizes: &[usize],
    ) -> Option<Vec<usize>> {
        (0..sizes.len())
            .map(|axis| {
                let at = window[axis] * self.strides[axis] + element[axis] * self.dilations[axis];
                at.checked_sub(self.before[axis])
                    .filter(|at| *at < sizes[axis])
            })
            .collect()
    }

    /// How many elements of a window lie in the input or the stated padding.
    pub(super) fn counted(&self, window: &[usize], sizes: &[usize]) -> usize {
        let inside = |element: &Vec<usize>| {
            (0..sizes.len()).all(|axis| {
                let at = window[axis] * self.strides[axis] + element[axis] * self.dilations[axis];
                at < sizes[axis] + self.before[axis] + self.after[axis]
            })
        };
        places(&self.kernel).iter().filter(|e| inside(e)).count()
    }
}
